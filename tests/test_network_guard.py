"""The guard of conftest.py is real: a test that reaches out fails, one that stays home does not."""

import os
import socket
import subprocess
import sys
import threading

import pytest

REFUSED = "tests use no network"
# Documentation addresses (RFC 5737): nobody answers there, should the guard ever fail.
ELSEWHERE = "192.0.2.1"


def test_connecting_to_another_machine_is_refused() -> None:
    with socket.socket() as sock, pytest.raises(pytest.fail.Exception, match=REFUSED):
        sock.connect((ELSEWHERE, 80))


def test_connecting_without_raising_is_refused_too() -> None:
    with socket.socket() as sock, pytest.raises(pytest.fail.Exception, match=REFUSED):
        sock.connect_ex((ELSEWHERE, 80))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as sock,
        pytest.raises(pytest.fail.Exception, match=REFUSED),
    ):
        sock.sendto(b"x", (ELSEWHERE, 53))


def test_looking_up_a_name_is_refused() -> None:
    with pytest.raises(pytest.fail.Exception, match=REFUSED):
        socket.getaddrinfo("example.org", 80)


def test_this_machine_and_unix_sockets_are_allowed(tmp_path: object) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        with socket.create_connection(("localhost", server.getsockname()[1]), timeout=5) as client:
            assert client.recv(1) == b""
    left, right = socket.socketpair(socket.AF_UNIX)
    with left, right:
        left.sendall(b"x")
        assert right.recv(1) == b"x"


def test_a_child_process_is_led_to_a_closed_door() -> None:
    """libcurl and child processes pass by the hook, so their proxy is a port nobody listens on."""
    code = (
        "import urllib.request as u\n"
        "try: u.urlopen('http://192.0.2.1/', timeout=5)\n"
        "except OSError as error: print(error)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert "refused" in answer.stdout
    assert os.environ["PROJ_NETWORK"] == "OFF"
