"""Calling osmnx, which keeps its settings in a module and reports errors of several libraries.

Within `osmnx_calls` it asks our endpoints, keeps its answers in our cache, follows no redirect and
waits for no busy server; afterwards everything is as it was.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from data.retrieve import Endpoints, FetchError
from geo.errors import EmptyInputError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S = 180
_USER_AGENT = "qafila (humanitarian logistics, open source)"
# Two threads must not fetch with each other's settings.
_lock = threading.Lock()


@contextmanager
def osmnx_calls(endpoints: Endpoints, *, asked: str) -> Iterator[None]:
    """Set osmnx up for the calls in the `with` body, and speak of their errors in our words.

    Parameters
    ----------
    asked
        What is asked for, to be named in a message: ``"area 'Asni'"``.

    Raises
    ------
    FetchError
        A server cannot be reached, is busy, gives up or answers nonsense.
    EmptyInputError
        The server knows nothing of the kind.
    """
    import osmnx
    import requests

    no_answer = osmnx._errors.InsufficientResponseError
    bad_answer = osmnx._errors.ResponseStatusCodeError
    with _lock, _settings(osmnx, endpoints):
        try:
            yield
        except InputError:
            raise
        except requests.exceptions.RequestException as error:
            raise FetchError(
                f"{_host(str(getattr(error.request, 'url', '')))} (tried once)",
                "it cannot be reached; only fetching needs the internet, everything else works "
                "without",
                "try again later, or give the area as west,south,east,north",
            ) from error
        except no_answer as error:
            raise EmptyInputError(
                asked,
                "nothing of that kind is known to OpenStreetMap",
                "write it as on openstreetmap.org (Asni, Maroc), or give west,south,east,north",
            ) from error
        except (bad_answer, LookupError, TypeError, ValueError) as error:
            raise FetchError(
                asked,
                "the answer of the server cannot be understood",
                "try again later, or give the area as west,south,east,north",
            ) from error


@contextmanager
def _settings(osmnx: Any, endpoints: Endpoints) -> Iterator[None]:
    ours = {
        "nominatim_url": endpoints.nominatim_url,
        "overpass_url": endpoints.overpass_url,
        "overpass_rate_limit": False,  # one query a fetch; a busy server is reported, not awaited
        "cache_folder": endpoints.cache / "osmnx",
        "use_cache": True,
        "requests_timeout": TIMEOUT_S,
        "requests_kwargs": {"allow_redirects": False, "hooks": {"response": _require_answer}},
        "doh_url_template": None,  # names are resolved here, not by a third party
        "http_user_agent": _USER_AGENT,
        "http_referer": "qafila",
        "log_file": False,
        "log_console": False,
    }
    before = {name: getattr(osmnx.settings, name) for name in ours}
    resolver = socket.getaddrinfo  # osmnx puts its own in place and leaves it there
    try:
        for name, value in ours.items():
            setattr(osmnx.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
        socket.getaddrinfo = resolver


def _require_answer(response: Any, *_: Any, **__: Any) -> None:
    """Stop at any status but 200, and where Overpass gave up half-way.

    Left alone, osmnx waits for a busy server without end and takes half an answer for a whole one.
    """
    if response.status_code != 200:
        response.close()  # its body was not read yet
        raise FetchError(
            _host(response.url),
            f"it answered with status {response.status_code}",
            "try again later, or give the area as west,south,east,north",
            status=response.status_code,
        )
    if b'"remark"' in response.content[-4096:]:
        raise FetchError(
            _host(response.url),
            "it gave up half-way",
            "ask for a smaller area, or try again later",
        )


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the server"
