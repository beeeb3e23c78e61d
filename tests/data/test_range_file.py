"""Parts of a file on a server: asked for once, checked, and limited."""

import io

import httpx
import pytest

from data.range_file import BLOCK_BYTES, RangeFile, RangeSource
from data.retrieve import FetchError
from geo.errors import InputError, TooLargeError
from tests.stand_in import Answer, closed_port, ranged, stand_in

DATA = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def waits():
    return []


def source_of(url, waits, **how):
    return RangeSource(url, wait=waits.append, timeout=5, **how)


def test_only_what_is_read_is_asked_for_and_only_once(waits):
    with stand_in({"/x": ranged(DATA)}) as server, source_of(f"{server.url}/x", waits) as source:
        file = RangeFile(source)
        assert file.seek(-10, io.SEEK_END) == len(DATA) - 10
        assert file.read() == DATA[-10:]
        assert file.read(5) == b""
        file.seek(3 * BLOCK_BYTES)
        assert file.read(4) == DATA[3 * BLOCK_BYTES :][:4]
        assert file.tell() == 3 * BLOCK_BYTES + 4
        assert source.read_bytes == 2 * BLOCK_BYTES
        assert len(server.asked) == 2
        file.seek(0)
        assert file.read() == DATA
        assert len(server.asked) == 3  # the two in the middle in one request


def test_a_server_without_ranges_is_refused_before_it_sends_the_file(waits):
    with (
        stand_in({"/x": Answer(DATA)}) as server,
        pytest.raises(FetchError, match=r"whole files only.*download it first"),
    ):
        source_of(f"{server.url}/x", waits)


def test_no_redirect_to_another_host_or_to_a_file(waits):
    for target in ("http://169.254.169.254/latest", "file:///etc/passwd", "http://localhost:1/x"):
        moved = Answer(status=302, headers={"location": target})
        with (
            stand_in({"/x": moved}) as server,
            pytest.raises(FetchError, match="redirects to another host"),
        ):
            source_of(f"{server.url}/x", waits)


def test_a_redirect_on_the_same_host_is_followed(waits):
    answers = {"/x": Answer(status=302, headers={"location": "/y"}), "/y": ranged(DATA)}
    with stand_in(answers) as server, source_of(f"{server.url}/x", waits) as source:
        assert source.read(0, 3) == DATA[:3]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/x.tif", "http://u:p@h/x.tif"])
def test_other_addresses_are_refused(url, waits):
    with pytest.raises(InputError, match="an address http"):
        source_of(url, waits)


def test_a_busy_server_is_asked_again(waits):
    good = ranged(DATA)
    calls = []

    def busy_once(asked):
        calls.append(asked)
        return Answer(status=503) if len(calls) == 1 else good(asked)

    with stand_in({"/x": busy_once}) as server, source_of(f"{server.url}/x", waits) as source:
        assert source.size == len(DATA)
    assert len(waits) == 1


def test_a_file_that_changes_while_it_is_read(waits):
    versions = [ranged(DATA, etag='"1"'), ranged(DATA, etag='"2"')]

    def changing(asked):
        return versions[min(1, len(seen))](asked)

    seen: list[int] = []
    with (
        stand_in({"/x": changing}) as server,
        source_of(f"{server.url}/x", waits) as source,
    ):
        seen.append(1)
        with pytest.raises(FetchError, match="changed while it was read"):
            source.read(BLOCK_BYTES, 1)
        assert isinstance(source.error, FetchError)


def test_another_part_than_was_asked_for(waits):
    def wrong(_asked):
        headers = {"content-range": "bytes 5-9/100"}
        return Answer(b"12345", status=206, headers=headers)

    with (
        stand_in({"/x": wrong}) as server,
        pytest.raises(FetchError, match="another part"),
    ):
        source_of(f"{server.url}/x", waits)


def test_more_than_the_limit_is_not_read(waits):
    with (
        stand_in({"/x": ranged(DATA)}) as server,
        source_of(f"{server.url}/x", waits, max_read_bytes=2 * BLOCK_BYTES) as source,
        pytest.raises(TooLargeError, match="would be read"),
    ):
        source.read(0, len(DATA))


def test_nobody_there(waits):
    with (
        closed_port() as url,
        pytest.raises(FetchError, match="connection failed"),
    ):
        RangeSource(f"{url}/x", wait=waits.append, timeout=httpx.Timeout(2.0))
