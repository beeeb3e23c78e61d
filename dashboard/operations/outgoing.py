"""Requests to addresses that people gave: to public hosts only, whatever a name says of itself.

The name is resolved once, every address that it gives has to be public, and the connection goes to
the very address that was looked at: a name that changes its mind in between (DNS rebinding) gains
nothing. No redirect is followed, no proxy is asked, and of the answer only the status counts.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_URL = 500
#: Other ports below this belong to services that are no receivers of ours.
FIRST_FREE_PORT = 1024
TIMEOUT_S, MOST_S = 10.0, 20.0
#: IPv6 networks that carry an IPv4 address, and how far from its end that begins (bits):
#: NAT64 (RFC 6052) and 6to4 (RFC 3056).
_CARRIERS = (("64:ff9b::/96", 0), ("2002::/16", 80))


class RefusedAddressError(InputError):
    """An address that no request is sent to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked address: `host` as a certificate names it, `path` with its query."""

    host: str
    port: int
    path: str


def target_of(url: str) -> Target:
    """Take an address apart; raises `RefusedAddressError` for one that is not plain ``https``."""
    if len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise _refused(url, f"printable ASCII of at most {MOST_URL} characters is needed")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        raise _refused(url, "it is no address") from None
    if parts.scheme != "https" or not host:
        raise _refused(url, "an address that begins with https:// is needed")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused(url, "no user, password or #part may stand in it")
    if port != 443 and port < FIRST_FREE_PORT:
        raise _refused(url, f"port 443 or one from {FIRST_FREE_PORT} on is needed")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host=host, port=port, path=path)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, and of one host."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped
        for network, shift in _CARRIERS:
            if ip in ipaddress.ip_network(network):
                inner = ipaddress.IPv4Address((int(ip) >> shift) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def resolve(host: str, port: int) -> list[str]:
    """Give the addresses of a name; raises `OSError` where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def checked_address(
    target: Target,
    *,
    resolver: Callable[[str, int], list[str]] = resolve,
    allowed: Callable[[str], bool] = is_public,
) -> str:
    """Give the address to connect to; raises `RefusedAddressError` if any of the name is private.

    Raises `OSError` where the name has none.
    """
    addresses = resolver(target.host, target.port)
    if not addresses:
        raise OSError(f"{target.host} has no address")
    for one in addresses:
        if not allowed(one):
            raise RefusedAddressError(
                target.host,
                f"it is at {one}, which is no address of the public internet",
                "give an address that others reach too",
            )
    return addresses[0]


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    resolver: Callable[[str, int], list[str]] = resolve,
    allowed: Callable[[str], bool] = is_public,
    trust: ssl.SSLContext | None = None,
    timeout_s: float = TIMEOUT_S,
    most_s: float = MOST_S,
) -> int:
    """Send a body to a public ``https`` address; gives the status of the answer.

    Parameters
    ----------
    resolver, allowed, trust
        How names are resolved, which addresses count as public, whose certificates are believed.
    timeout_s
        For the connection, and for each part of the answer.
    most_s
        For all of it: who answers a letter at a time is cut off.

    Raises
    ------
    RefusedAddressError
        The address is not public ``https``.
    OSError
        Nothing was answered: no network, no such host, a certificate that is not believed.
    """
    target = target_of(url)
    address = checked_address(target, resolver=resolver, allowed=allowed)
    connection = _PinnedConnection(
        target, address, context=trust or ssl.create_default_context(), timeout_s=timeout_s
    )
    cut = threading.Timer(most_s, connection.cut)
    cut.daemon = True
    cut.start()
    try:
        connection.request("POST", target.path, body=body, headers=dict(headers))
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"{target.host}: no answer of HTTP ({type(error).__name__})") from error
    finally:
        cut.cancel()
        connection.close()


class _PinnedConnection(http.client.HTTPSConnection):
    """A connection to one address; the certificate is still the host's."""

    def __init__(
        self, target: Target, address: str, *, context: ssl.SSLContext, timeout_s: float
    ) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s, context=context)
        self._address = address
        self._trust = context

    def connect(self) -> None:
        """Connect to the address that was looked at, not to what the name says by now."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def cut(self) -> None:
        """End it, whoever waits for it."""
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _refused(url: str, needed: str) -> RefusedAddressError:
    return RefusedAddressError(ascii(url[:100]), needed, "correct the address")
