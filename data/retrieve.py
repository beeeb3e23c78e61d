"""Fetching from the internet: one seam, with a cache on disk and limits on everything.

Whoever needs bytes from outside asks a `Retriever`. `HttpRetriever` asks the network and keeps
every answer, so that the same question is never asked twice and works again without a network.
Beside each answer lies a sidecar: address, time, SHA-256, licence, version of this program.

Addresses and the cache folder come from the environment (`Endpoints`), so that a mirror, a national
instance or a test's stand-in server can take the place of the public ones.
"""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
import json
import logging
import os
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

import httpx
import platformdirs

from geo.errors import InputError, TooLargeError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)

RETRY_STATUSES = frozenset({429, 502, 503, 504})
ATTEMPTS = 4
# Waits of about 2, 4, 8 seconds; Overpass frees a slot within half a minute, mostly.
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 60.0
MAX_REDIRECTS = 3
MAX_BYTES = 1_000_000_000
# Overpass may think for three minutes before the first byte.
TIMEOUT = httpx.Timeout(200.0, connect=15.0)


class FetchError(InputError):
    """What was asked for could not be had from the network; `status` is 0 without an answer."""

    def __init__(self, given: str, needed: str, todo: str, *, status: int = 0) -> None:
        super().__init__(given, needed, todo)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where open data is fetched from, and where it is kept."""

    cache: Path
    overpass_url: str = "https://overpass-api.de/api"
    nominatim_url: str = "https://nominatim.openstreetmap.org"
    elevation_url: str = "https://elevation-tiles-prod.s3.amazonaws.com/skadi"

    def __post_init__(self) -> None:
        for name in ("overpass_url", "nominatim_url", "elevation_url"):
            require_http(getattr(self, name), f"QAFILA_{name.upper()}")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Endpoints:
        """Take QAFILA_CACHE, QAFILA_OVERPASS_URL, QAFILA_NOMINATIM_URL, QAFILA_ELEVATION_URL."""
        cache = environ.get("QAFILA_CACHE") or platformdirs.user_cache_dir("qafila")
        given = {
            name: environ[f"QAFILA_{name.upper()}"].rstrip("/")
            for name in ("overpass_url", "nominatim_url", "elevation_url")
            if environ.get(f"QAFILA_{name.upper()}")
        }
        return cls(cache=Path(cache), **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of the network.

    `form` makes it a POST. `check` looks at an answer before it is kept and raises if it is not
    what was asked for: some servers answer an error with status 200.
    """

    url: str
    form: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    max_bytes: int = MAX_BYTES
    check: Callable[[Path], None] | None = None

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the answer."""
        asked = json.dumps([self.url, sorted(self.form.items())], ensure_ascii=True)
        return hashlib.sha256(asked.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """An answer on disk; the file belongs to the cache and is not to be changed."""

    path: Path
    url: str
    sha256: str
    retrieved_at: datetime
    licence: str
    from_cache: bool


class Retriever(Protocol):
    """Whatever can answer a `Request`."""

    def retrieve(self, request: Request) -> Retrieved:
        """Give the answer, or raise FetchError."""
        ...


class HttpRetriever:
    """Asks by HTTP, once: answers are kept in `cache_dir` and given again from there.

    Parameters
    ----------
    cache_dir
        Made if it is not there.
    attempts
        How often in all, where the server is busy (429, 502, 503, 504) or not to be reached.
    timeout
        Seconds, for httpx.
    wait
        Sleeps the seconds it is given; tests give one that does not.
    """

    def __init__(
        self,
        cache_dir: Path,
        *,
        attempts: int = ATTEMPTS,
        timeout: httpx.Timeout | float = TIMEOUT,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.cache_dir = cache_dir
        self.attempts = attempts
        self.timeout = timeout
        self.wait = wait

    def retrieve(self, request: Request) -> Retrieved:
        """Give the answer from the cache, else from the network.

        Raises
        ------
        FetchError
            No answer, or another status than 200; `status` says which.
        TooLargeError
            The answer is longer than `request.max_bytes`.
        InputError
            Whatever `request.check` raises; the answer is not kept then.
        """
        require_http(request.url, "address")
        kept = self._kept(request)
        if kept is not None:
            logger.info("from the cache: %s", request.url)
            return kept
        return self._fetched(request)

    def _paths(self, request: Request) -> tuple[Path, Path]:
        folder = self.cache_dir / request.key[:2]
        return folder / f"{request.key}.data", folder / f"{request.key}.json"

    def _kept(self, request: Request) -> Retrieved | None:
        """Give the kept answer if it is whole: the sidecar is written last and has its SHA-256."""
        data, sidecar = self._paths(request)
        try:
            said = json.loads(sidecar.read_text(encoding="utf-8"))
            kept = Retrieved(
                path=data,
                url=str(said["url"]),
                sha256=str(said["sha256"]),
                retrieved_at=datetime.fromisoformat(said["retrieved_at"]),
                licence=str(said["licence"]),
                from_cache=True,
            )
            whole = data.is_file() and _sha256(data) == kept.sha256
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not whole:
            logger.warning("a kept answer is damaged and is fetched again: %s", request.url)
        return kept if whole else None

    def _fetched(self, request: Request) -> Retrieved:
        data, sidecar = self._paths(request)
        partial = data.with_suffix(f".{os.getpid()}.part")
        try:
            data.parent.mkdir(parents=True, exist_ok=True)
            self._download(request, partial)
            if request.check is not None:
                request.check(partial)
            answer = Retrieved(
                path=data,
                url=request.url,
                sha256=_sha256(partial),
                retrieved_at=datetime.now(UTC).replace(microsecond=0),
                licence=request.licence,
                from_cache=False,
            )
            partial.replace(data)
            _write_sidecar(sidecar, request, answer)
        except OSError as error:
            raise UnreadableError(
                f"cache {self.cache_dir}",
                f"it cannot be written ({error.strerror or type(error).__name__})",
                "free some space, or name another folder in QAFILA_CACHE",
            ) from error
        finally:
            with contextlib.suppress(OSError):
                partial.unlink()
        return answer

    def _download(self, request: Request, target: Path) -> None:
        """Try until there is an answer, with waits that grow and differ between machines."""
        said = ""
        status = 0
        for attempt in range(self.attempts):
            try:
                with httpx.Client(timeout=self.timeout, headers=request_headers()) as client:
                    status, wait_s = _stream(client, request, target)
                if status == 200:
                    return
                said = f"it answered with status {status}"
            except httpx.TransportError as error:
                status, wait_s, said = 0, None, _plain(error)
                if isinstance(error, httpx.ConnectError) and attempt:
                    break  # no network, most likely: a person is waiting to be told
            if status and status not in RETRY_STATUSES:
                break
            if attempt + 1 < self.attempts:
                wait_now_s = pause_s(attempt, wait_s)
                logger.info("%s: %s, again in %.0f s", request.url, said, wait_now_s)
                self.wait(wait_now_s)
        raise _no_answer(request, said, status, attempt + 1)


def _stream(client: httpx.Client, request: Request, target: Path) -> tuple[int, float | None]:
    """Write the answer to `target`; give its status and the seconds the server asks to wait."""
    url = request.url
    for _ in range(MAX_REDIRECTS + 1):
        with client.stream(
            "POST" if request.form else "GET", url, data=dict(request.form) or None
        ) as response:
            if response.is_redirect:
                url = same_host(url, response.headers.get("location", ""))
                continue
            if response.status_code == 200:
                _write(response, request, target)
            return response.status_code, _asked_wait_s(response.headers.get("retry-after", ""))
    raise FetchError(
        request.url, f"more than {MAX_REDIRECTS} redirects", "check the address of the server"
    )


def _write(response: httpx.Response, request: Request, target: Path) -> None:
    n_bytes = 0
    with target.open("wb") as sink:
        for chunk in response.iter_bytes():
            n_bytes += len(chunk)
            if n_bytes > request.max_bytes:
                raise TooLargeError(
                    request.url,
                    f"the answer is longer than {request.max_bytes / 1e6:,.0f} MB",
                    "ask for a smaller area",
                )
            sink.write(chunk)


def same_host(url: str, location: str) -> str:
    """Address of a redirect, if it stays on its host: nobody sends us into a private network."""
    target = urljoin(url, location)
    here, there = urlsplit(url), urlsplit(target)
    secured = here.scheme == there.scheme or (here.scheme, there.scheme) == ("http", "https")
    same_port = here.port == there.port or (here.port, there.port) == (None, None)
    if here.hostname == there.hostname and secured and same_port:
        return target
    raise FetchError(
        url,
        f"it redirects to another host ({there.hostname or 'nowhere'}), which is not followed",
        "name the right address in the environment (see docs/loading.md)",
    )


def _asked_wait_s(retry_after: str) -> float | None:
    """Seconds of a Retry-After header, which holds a number or a date (RFC 9110, 10.2.3)."""
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        at = email.utils.parsedate_to_datetime(retry_after)
        left_s: float = (at - datetime.now(UTC)).total_seconds()
        return max(0.0, left_s)
    except (TypeError, ValueError):
        return None


def pause_s(attempt: int, asked_s: float | None) -> float:
    """Seconds to wait: what the server asks, at least twice as long as before, plus up to half."""
    grown_s = FIRST_WAIT_S * 2.0**attempt
    return min(max(grown_s, asked_s or 0.0), LONGEST_WAIT_S) * random.uniform(1.0, 1.5)


def _plain(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return "it cannot be reached"
    return f"the connection broke ({type(error).__name__})"


def _no_answer(request: Request, said: str, status: int, attempts: int) -> FetchError:
    host = urlsplit(request.url).hostname or request.url
    times = "once" if attempts == 1 else f"{attempts} times"
    return FetchError(
        f"{host} (tried {times})",
        f"{said}; only fetching needs the internet, everything else works without",
        "try again later, or load files that you have (qafila load roads FILE.osm.pbf)",
        status=status,
    )


def require_http(url: str, what: str) -> None:
    """Raise InputError unless `url` is an address http(s)://host/… without a user's name."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise InputError(
            f"{what}: {url[:120]!r}", "an address http(s)://host/… is needed", "correct it"
        )


def request_headers() -> dict[str, str]:
    """Say who is asking."""
    # Nominatim's and Overpass's rules of use ask who is calling.
    return {"User-Agent": f"qafila/{_version()} (humanitarian logistics, open source)"}


def _version() -> str:
    try:
        return version("qafila")
    except PackageNotFoundError:
        return "0"


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_sidecar(sidecar: Path, request: Request, answer: Retrieved) -> None:
    said = {
        "url": answer.url,
        "form": dict(request.form),
        "retrieved_at": answer.retrieved_at.isoformat(),
        "sha256": answer.sha256,
        "licence": answer.licence,
        "qafila": _version(),
    }
    partial = sidecar.with_suffix(f".{os.getpid()}.part")
    partial.write_text(json.dumps(said, indent=1, ensure_ascii=False), encoding="utf-8")
    partial.replace(sidecar)
