"""The whole server over HTTP: one port, headers, caching, hosts, and what is not served."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from dashboard import asgi
from dashboard.map.assets import SCRIPTS, STATIC, assets_digest
from geo.errors import InputError
from tools import icon_letters

if TYPE_CHECKING:
    from tests.dashboard.conftest import ValleyServer


def get(server: ValleyServer, path: str, **headers: str) -> httpx.Response:
    return httpx.get(server.address + path, headers=headers, timeout=30)


def test_page_api_map_and_files_share_one_port(valley_server: ValleyServer) -> None:
    for path, *kinds in (
        ("/", "text/html"),
        ("/map/en/", "text/html"),
        ("/api/v1/health", "application/json"),
        (f"/assets/{assets_digest()}/map/map.js", "text/javascript", "application/javascript"),
        ("/_stcore/health", "text/plain"),
    ):
        answer = get(valley_server, path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].split(";")[0] in kinds, path


@pytest.mark.parametrize(
    "path", ["/", "/map/en/", "/api/v1/live", "/api/v1/nothing", "/favicon.png"]
)
def test_every_answer_carries_the_headers(valley_server: ValleyServer, path: str) -> None:
    headers = get(valley_server, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/", "/map/en/"])
def test_no_policy_names_a_foreign_host_or_allows_foreign_code(
    valley_server: ValleyServer, path: str
) -> None:
    policy = get(valley_server, path).headers["content-security-policy"]
    assert not re.search(r"https?:|wss?:|\*", policy)
    scripts = re.search(r"script-src ([^;]+)", policy)
    assert scripts
    assert "unsafe" not in scripts[1]


def test_the_map_document_is_asked_for_again_and_not_sent_again(
    valley_server: ValleyServer,
) -> None:
    first = get(valley_server, "/map/en/")
    again = get(valley_server, "/map/en/", **{"If-None-Match": first.headers["etag"]})
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


def test_the_map_document_is_small_and_the_same_for_all(valley_server: ValleyServer) -> None:
    documents = {get(valley_server, "/map/en/").text for _ in range(3)}
    assert len(documents) == 1
    assert len(documents.pop()) < 50_000


def test_every_layer_that_the_map_names_is_served_for_ever(valley_server: ValleyServer) -> None:
    html = get(valley_server, "/map/en/").text
    paths = re.findall(r'"url": "\.\./\.\.(/api/v1/layers/[^"]+)"', html)
    assert len(paths) == 1
    for path in paths:
        answer = get(valley_server, path)
        assert answer.json()["type"] == "FeatureCollection"
        assert "immutable" in answer.headers["cache-control"]
    tiles = re.findall(r'"url": "\.\./\.\.(/api/v1/tiles/[^"]+\.pmtiles)"', html)
    assert len(tiles) == 2
    for path in tiles:
        assert get(valley_server, path).content[:7] == b"PMTiles"


def test_the_scripts_of_the_map_come_as_one_in_their_order(valley_server: ValleyServer) -> None:
    html = get(valley_server, "/map/en/").text
    _bridge, script = re.findall(r'<script src="\.\./\.\.(/assets/[^"]+)"', html)
    answer = get(valley_server, script)
    assert "immutable" in answer.headers["cache-control"]
    places = [answer.content.index((STATIC / path).read_bytes()) for path in SCRIPTS]
    assert places == sorted(places)
    plain = get(valley_server, script, **{"Accept-Encoding": "identity"})
    assert plain.content == answer.content
    assert "content-encoding" not in plain.headers


def test_who_asks_for_streamlit_s_icons_gets_those_that_a_page_can_show(
    valley_server: ValleyServer,
) -> None:
    theirs = icon_letters.source()
    address = f"{valley_server.address}/static/media/{theirs.name}"
    answer = httpx.get(address, timeout=30, follow_redirects=True)
    assert answer.content == icon_letters.FONT.read_bytes()
    assert len(answer.content) < theirs.stat().st_size / 5


def test_every_icon_that_a_page_names_is_among_those_kept() -> None:
    assert icon_letters.missing() == []
    assert "local_shipping" in icon_letters.ours()


def test_static_files_may_be_kept_for_ever(valley_server: ValleyServer) -> None:
    answer = get(valley_server, f"/assets/{assets_digest()}/vendor/leaflet-1.9.4/leaflet.js")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == (STATIC / "vendor/leaflet-1.9.4/leaflet.js").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "/assets/{digest}/../../asgi.py",
        "/assets/{digest}/..%2f..%2fasgi.py",
        "/assets/{digest}/%2e%2e/%2e%2e/asgi.py",
        "/assets/{digest}/vendor",
        "/static/../../../../etc/passwd",
        "/static/..%2f..%2f__init__.py",
    ],
)
def test_nothing_outside_the_static_folders_is_served(
    valley_server: ValleyServer, path: str
) -> None:
    # httpx would tidy the path: speak plainly.
    host, port = valley_server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        plain.sendall(
            f"GET {path.format(digest=assets_digest())} HTTP/1.1\r\nHost: {host}\r\n"
            "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b""
        while part := plain.recv(65_536):
            answer += part
    head = answer.partition(b"\r\n")[0]
    # Streamlit answers unknown addresses with its own page, so that views have addresses.
    assert head.split()[1] in {b"400", b"404"} or b"<title>Streamlit</title>" in answer
    assert b"build_app" not in answer
    assert b"root:" not in answer


def test_a_foreign_host_name_is_refused(valley_server: ValleyServer) -> None:
    # A web page elsewhere can point its own name at 127.0.0.1; it must not read the situation.
    for path in ("/api/v1/live", "/", "/map/en/"):
        assert get(valley_server, path, Host="evil.example").status_code == 400


def test_streamlit_scripts_come_compressed_and_unaltered(valley_server: ValleyServer) -> None:
    page = get(valley_server, "/").text
    match = re.search(r'src="\./(static/js/index[^"]+)"', page)
    assert match
    packed = get(valley_server, "/" + match[1])
    plain = get(valley_server, "/" + match[1], **{"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < 0.5 * len(plain.content)


def test_who_asks_for_streamlit_s_letters_gets_ours(valley_server: ValleyServer) -> None:
    page = get(valley_server, "/", Accept="text/html").text
    ours = re.search(r'<link rel="preload" href="(/assets/[^"]+\.woff2)" as="font"', page)
    assert ours
    assert "SourceSans" not in page
    theirs = httpx.get(
        valley_server.address + "/static/media/SourceSansVF-Upright.ttf.x.woff2",
        timeout=30,
        follow_redirects=True,
    )
    assert theirs.content == get(valley_server, ours[1]).content
    assert len(theirs.content) < 40_000


def test_streamlit_does_not_report_home_nor_show_traces(valley_server: ValleyServer) -> None:
    assert asgi.STREAMLIT_OPTIONS["browser.gatherUsageStats"] is False
    assert asgi.STREAMLIT_OPTIONS["client.showErrorDetails"] == "none"
    assert asgi.STREAMLIT_OPTIONS["server.enableXsrfProtection"] is True
    assert asgi.STREAMLIT_OPTIONS["server.maxUploadSize"] == 50
    # The agent interface of Streamlit would let a program drive the page.
    answer = httpx.post(valley_server.address + "/_stcore/agent/interact", json={}, timeout=30)
    assert answer.status_code >= 400


def test_every_option_of_streamlit_exists_in_this_version() -> None:
    from streamlit import config

    asgi.configure_streamlit()
    for name, value in asgi.STREAMLIT_OPTIONS.items():
        assert config.get_option(name) == value


def test_the_fonts_of_the_page_are_files_of_ours() -> None:
    faces = asgi.font_faces()
    families = {face["family"] for face in faces}
    assert families == {"Noto Sans", "Noto Sans Arabic", "Noto Sans Tifinagh"}
    for face in faces:
        path = face["url"].removeprefix(f"/assets/{assets_digest()}/")
        assert (STATIC / path).is_file()


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with asgi.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match="give another --port or --host") as caught:
            asgi.serve(tmp_path, port=port)
    assert "\n" not in str(caught.value)


def test_an_impossible_port_is_said_in_one_line() -> None:
    with pytest.raises(InputError, match="an address that can be listened on is needed"):
        asgi.listen("127.0.0.1", 70_000)
