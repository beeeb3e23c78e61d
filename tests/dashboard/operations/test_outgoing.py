"""Requests to addresses that people gave: to public hosts, to the address that was looked at."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dashboard.operations import outgoing
from dashboard.operations.outgoing import RefusedAddressError, is_public, post, target_of

HOST = "receiver.example"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what came; answers what the test says."""

    status: ClassVar[int] = 200
    came: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.came.append((self.path, dict(self.headers), self.rfile.read(length)))
        self.send_response(self.status)
        self.send_header("Location", "https://127.0.0.1/inner")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of the receiver's name, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    begins = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=3))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    """A receiver that listens on this machine, by TLS."""
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    Receiver.status, Receiver.came[:] = 200, []
    yield int(server.server_address[1])
    server.shutdown()
    thread.join()
    server.server_close()


def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def send(port: int, certificate: Path, *, host: str = HOST, **options: Any) -> int:
    trust = ssl.create_default_context(cafile=str(certificate))
    given = {"resolver": here, "allowed": lambda _one: True, "trust": trust} | options
    return post(f"https://{host}:{port}/hook?a=1", b"{}", {"x-one": "1"}, **given)


def test_a_body_arrives_with_its_headers_under_the_name_of_the_host(
    port: int, certificate: Path
) -> None:
    assert send(port, certificate) == 200
    path, headers, body = Receiver.came[0]
    assert (path, body, headers["x-one"]) == ("/hook?a=1", b"{}", "1")
    assert headers["Host"] == f"{HOST}:{port}"


def test_a_certificate_of_another_name_is_not_believed(port: int, certificate: Path) -> None:
    with pytest.raises(OSError, match="certificate"):
        send(port, certificate, host="other.example")
    assert Receiver.came == []


def test_a_redirect_is_an_answer_and_is_not_followed(port: int, certificate: Path) -> None:
    Receiver.status = 307
    assert send(port, certificate) == 307
    assert len(Receiver.came) == 1


@pytest.mark.parametrize(
    "addresses",
    [
        *(["127.0.0.1"], ["10.1.2.3"], ["172.16.0.1"], ["192.168.1.1"], ["169.254.169.254"]),
        *(["0.0.0.0"], ["100.64.0.1"], ["224.0.0.1"], ["255.255.255.255"], ["192.0.2.1"]),
        *(["::1"], ["::"], ["fe80::1%eth0"], ["fd00::1"], ["ff02::1"], ["::ffff:127.0.0.1"]),
        *(["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["2001:db8::1"]),
        ["9.9.9.9", "10.0.0.1"],
    ],
    ids=",".join,
)
def test_a_name_of_this_network_is_refused_and_nothing_is_sent(
    addresses: list[str], port: int, certificate: Path
) -> None:
    with pytest.raises(RefusedAddressError, match="no address of the public internet"):
        send(port, certificate, resolver=lambda *_asked: addresses, allowed=is_public)
    assert Receiver.came == []


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::9", "::ffff:9.9.9.9", "64:ff9b::909:909"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
    assert ipaddress.ip_address(address)


def test_the_name_is_asked_once_and_the_address_that_was_looked_at_is_taken(
    port: int, certificate: Path
) -> None:
    """DNS rebinding: the second answer of a name is never used."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    seen: list[str] = []
    send(port, certificate, resolver=rebinding, allowed=lambda one: seen.append(one) is None)
    assert (asked, seen) == ([HOST], ["127.0.0.1"])


def test_who_answers_a_letter_at_a_time_is_cut_off(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            plain, _who = listening.accept()
            with plain, context.wrap_socket(plain, server_side=True) as taken:
                while not ended.wait(0.02):
                    try:
                        taken.send(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(OSError, match=r".+"):
            send(listening.getsockname()[1], certificate, most_s=0.3)
        ended.set()
        thread.join()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://a.example/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("gopher://a.example/", "https://"),
        ("https:///x", "https://"),
        ("https://u:p@a.example/", "no user"),
        ("https://a.example/#x", "no user"),
        ("https://a.example:22/", "443"),
        ("https://a.example:99999/", "no address"),
        ("https://a.example/a b", "printable"),
        ("https://a.example/\r\nX-Evil: 1", "printable"),
        ("https://ä.example/", "printable"),
        ("https://a.example/" + "a" * 500, "at most 500"),
        ("https://[::1/", "no address"),
    ],
)
def test_other_addresses_are_refused_in_one_line(url: str, why: str) -> None:
    with pytest.raises(RefusedAddressError, match=why) as refused:
        target_of(url)
    assert "\n" not in str(refused.value)


def test_a_name_without_an_address_is_no_answer() -> None:
    target = outgoing.target_of("https://nowhere.example/")
    with pytest.raises(OSError, match="no address"):
        outgoing.checked_address(target, resolver=lambda *_asked: [])
