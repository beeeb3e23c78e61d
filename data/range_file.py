"""A file on a server, read in parts: HTTP range requests behind Python's file interface.

For rasters too large to fetch whole: a cloud-optimised GeoTIFF of a country is opened, and only the
blocks over the situation's area are asked for. GDAL has a reader of its own for this; it follows
redirects wherever they lead and reads without a limit, so the bytes are asked for here, under the
rules of `data.retrieve`: http(s) only, redirects on the same host only, counted, with a time limit.
"""

from __future__ import annotations

import io
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

import httpx
from rasterio.abc import FileContainer

from data.retrieve import (
    MAX_REDIRECTS,
    RETRY_STATUSES,
    FetchError,
    pause_s,
    request_headers,
    require_http,
    same_host,
)
from geo.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

BLOCK_BYTES = 256 * 1024
KEPT_BLOCKS = 256
MAX_READ_BYTES = 2_000_000_000
ATTEMPTS = 3
TIMEOUT = httpx.Timeout(60.0, connect=15.0)


class RangeSource:
    """The bytes of one address, asked for in blocks that are kept while they are in use.

    Close it, or use it in a ``with`` block. The first trouble stays in `error`: a library that
    reads through a `RangeFile` may swallow what is raised inside of it.
    """

    def __init__(
        self,
        url: str,
        *,
        max_read_bytes: int = MAX_READ_BYTES,
        timeout: httpx.Timeout | float = TIMEOUT,
        wait: Callable[[float], None],
    ) -> None:
        require_http(url, "address")
        self.url = url
        self.max_read_bytes = max_read_bytes
        self.read_bytes = 0
        self.error: Exception | None = None
        self._address = url
        self._wait = wait
        self._client = httpx.Client(timeout=timeout, headers=request_headers())
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._version = ""
        self.size = 0
        try:
            self._keep(0, self._ask(0, BLOCK_BYTES))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def __enter__(self) -> RangeSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, start: int, length: int) -> bytes:
        """Give the bytes from `start`; fewer at the end of the file."""
        stop = min(start + length, self.size)
        if start >= stop:
            return b""
        first, last = start // BLOCK_BYTES, (stop - 1) // BLOCK_BYTES
        found = self._have(first, last)
        joined = b"".join(found[block] for block in range(first, last + 1))
        return joined[start - first * BLOCK_BYTES : stop - first * BLOCK_BYTES]

    def _have(self, first: int, last: int) -> dict[int, bytes]:
        """Give the blocks; those that are missing are asked for in as few requests as can be."""
        found = {at: self._blocks[at] for at in range(first, last + 1) if at in self._blocks}
        for at in found:
            self._blocks.move_to_end(at)
        missing = [at for at in range(first, last + 1) if at not in found]
        while missing:
            run = 1
            while run < len(missing) and missing[run] == missing[0] + run:
                run += 1
            start = missing[0] * BLOCK_BYTES
            data = self._ask(start, min(run * BLOCK_BYTES, self.size - start))
            found |= self._keep(missing[0], data)
            missing = missing[run:]
        return found

    def _keep(self, first: int, data: bytes) -> dict[int, bytes]:
        cut = {
            first + number: data[start : start + BLOCK_BYTES]
            for number, start in enumerate(range(0, len(data), BLOCK_BYTES))
        }
        self._blocks |= cut
        while len(self._blocks) > KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return cut

    def _ask(self, start: int, length: int) -> bytes:
        if self.error is not None:
            raise self.error
        try:
            return self._answer(start, length)
        except Exception as error:
            self.error = error
            raise

    def _answer(self, start: int, length: int) -> bytes:
        if self.read_bytes + length > self.max_read_bytes:
            raise TooLargeError(
                self.url,
                f"more than {self.max_read_bytes / 1e6:,.0f} MB of it would be read",
                "load a smaller area, or download the file first",
            )
        said = ""
        status = 0
        for attempt in range(ATTEMPTS):
            try:
                status, headers, data = self._get(start, length)
            except httpx.TransportError as error:
                status, said = 0, f"the connection failed ({type(error).__name__})"
            else:
                said = f"it answered with status {status}"
                if status == 206:
                    return self._checked(headers, data, start, length)
                if status not in RETRY_STATUSES:
                    break
            if attempt + 1 < ATTEMPTS:
                self._wait(pause_s(attempt, None))
        if status == 200:
            raise FetchError(
                self.url,
                "its server gives whole files only, parts of it are needed",
                "download it first, then load the file",
                status=status,
            )
        raise FetchError(
            self.url, said, "check the address, or download it and load the file", status=status
        )

    def _get(self, start: int, length: int) -> tuple[int, httpx.Headers, bytes]:
        """Ask for a part; a redirect is followed on its host only, a whole file not read."""
        wanted = {"Range": f"bytes={start}-{start + length - 1}", "Accept-Encoding": "identity"}
        for _ in range(MAX_REDIRECTS + 1):
            with self._client.stream("GET", self._address, headers=wanted) as response:
                if response.is_redirect:
                    self._address = same_host(self._address, response.headers.get("location", ""))
                    continue
                partial = response.status_code == 206
                data = _read_at_most(response, length, self.url) if partial else b""
                return response.status_code, response.headers, data
        raise FetchError(self.url, f"more than {MAX_REDIRECTS} redirects", "check the address")

    def _checked(self, headers: httpx.Headers, data: bytes, start: int, length: int) -> bytes:
        """Give the part if it is the one that was asked for, of the same file as before."""
        self.read_bytes += len(data)
        unit, _, told = headers.get("content-range", "").partition(" ")
        part, _, size = told.partition("/")
        version = headers.get("etag", "") or headers.get("last-modified", "")
        known = unit == "bytes" and size.isdecimal() and part.startswith(f"{start}-")
        expected = min(length, int(size) - start) if known else -1
        if len(data) != expected:
            raise FetchError(
                self.url, "its server gave another part than was asked for", "download it first"
            )
        if self.size and (int(size), version) != (self.size, self._version):
            raise FetchError(self.url, "it was changed while it was read", "load it again")
        self.size, self._version = int(size), version
        return data


def _read_at_most(response: httpx.Response, length: int, url: str) -> bytes:
    n_bytes, chunks = 0, []
    for chunk in response.iter_raw():
        n_bytes += len(chunk)
        if n_bytes > length:
            raise FetchError(url, "its server gave more than was asked for", "download it first")
        chunks.append(chunk)
    return b"".join(chunks)


class RangeFile(io.RawIOBase):
    """A file object over a `RangeSource`; several may read one source."""

    def __init__(self, source: RangeSource) -> None:
        super().__init__()
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Say where it is."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read on from where it is."""
        length = self._source.size - self._at if size < 0 else size
        data = self._source.read(self._at, max(0, length))
        self._at += len(data)
        return data


class RemoteFolder(FileContainer):  # type: ignore[misc]
    """A folder with one file in it, as rasterio's `opener`: GDAL looks for many beside a raster."""

    def __init__(self, name: str, source: RangeSource) -> None:
        self._name = name
        self._source = source

    def open(self, path: str, mode: str = "r", **_: object) -> RangeFile:
        """Open the one file for reading."""
        self._require(path)
        return RangeFile(self._source)

    def isfile(self, path: str) -> bool:
        """Whether it is the one file."""
        return path == self._name

    def isdir(self, path: str) -> bool:
        """There are no folders in it."""
        return False

    def ls(self, path: str) -> list[str]:
        """Name the one file."""
        return [self._name]

    def mtime(self, path: str) -> int:
        """Nobody knows when it was changed."""
        return 0

    def rm(self, path: str) -> None:
        """Nothing is removed on a server."""
        raise PermissionError(path)

    def size(self, path: str) -> int:
        """Size of the one file in bytes."""
        self._require(path)
        return self._source.size

    def _require(self, path: str) -> None:
        if path != self._name:
            raise FileNotFoundError(path)
