"""Settings of an identity provider: which one is asked, as whom, whose groups have a role here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from data.access.roles import Role, require_role
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

PREFIX = "QAFILA_OIDC_"
ADDRESS_VARIABLE = "QAFILA_PUBLIC_ADDRESS"
BACK_PATH = "/sign-in/oidc/back"
DEFAULT_CLAIM = "groups"
MAX_ADDRESS = 2_000
MAX_SECRET_BYTES = 2_000
MAX_NAME = 60
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRole:
    """What the members of a group of the provider may do here, and for which organisation."""

    group: str
    role: Role
    organisation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """Which provider is asked, and as whom. The secret is in no text that this is written as."""

    issuer: str
    client_id: str
    public_address: str
    client_secret: str = field(default="", repr=False)
    name: str = ""
    scopes: str = "openid profile"
    claim: str = DEFAULT_CLAIM
    group_roles: tuple[GroupRole, ...] = ()

    @property
    def redirect_uri(self) -> str:
        """Address to which the provider sends people back; it has to be registered there."""
        return self.public_address + BACK_PATH

    @property
    def is_local(self) -> bool:
        """Whether the provider runs on this very machine, so that http is enough."""
        return urlsplit(self.issuer).scheme == "http"

    def granted(self, groups: Collection[str]) -> GroupRole | None:
        """Give what groups grant: the first line that fits, in the order of the setting."""
        return next((one for one in self.group_roles if one.group in groups), None)


def settings_from(environ: Mapping[str, str]) -> ProviderSettings | None:
    """Read the settings of a provider; None where no issuer is set.

    Parameters
    ----------
    environ
        ``QAFILA_OIDC_ISSUER``, ``…CLIENT_ID``, ``…CLIENT_SECRET`` or ``…CLIENT_SECRET_FILE``
        (neither for a client without a secret), ``…NAME``, ``…SCOPES``, ``…CLAIM``, ``…ROLES``;
        ``QAFILA_PUBLIC_ADDRESS``.

    Raises
    ------
    InputError
        One is missing or cannot be read, or an address is not https (http is taken on this machine
        only).
    """

    def told(name: str) -> str:
        return environ.get(PREFIX + name, "").strip()

    if not told("ISSUER"):
        return None
    address = environ.get(ADDRESS_VARIABLE, "").strip().rstrip("/")
    for name, value in ((PREFIX + "CLIENT_ID", told("CLIENT_ID")), (ADDRESS_VARIABLE, address)):
        if not value:
            raise InputError(name, f"it is needed beside {PREFIX}ISSUER", "set it")
    secret = told("CLIENT_SECRET")
    if told("CLIENT_SECRET_FILE"):
        secret = read_secret(Path(told("CLIENT_SECRET_FILE")))
    scopes = told("SCOPES") or "openid profile"
    if "openid" not in scopes.split():
        raise InputError(PREFIX + "SCOPES", "one of them has to be openid", "add it")
    issuer = require_address(told("ISSUER"), PREFIX + "ISSUER")
    return ProviderSettings(
        issuer=issuer,
        client_id=told("CLIENT_ID"),
        client_secret=secret,
        public_address=require_address(address, ADDRESS_VARIABLE),
        name=told("NAME")[:MAX_NAME] or str(urlsplit(issuer).hostname),
        scopes=scopes,
        claim=told("CLAIM") or DEFAULT_CLAIM,
        group_roles=parse_group_roles(told("ROLES")),
    )


def parse_group_roles(text: str) -> tuple[GroupRole, ...]:
    """Read ``group=role; group=role@Organisation; …``; raises `InputError` for what it cannot."""
    found = []
    for line in filter(None, (part.strip() for part in text.split(";"))):
        # The group may hold a `=` itself, as those of a directory do: `cn=cell,ou=relief=cell`.
        group, sign, granted = line.rpartition("=")
        role, _at, organisation = granted.partition("@")
        if not sign or not group.strip():
            raise InputError(
                f"{PREFIX}ROLES: {line[:60]!r}",
                "GROUP=ROLE or GROUP=ROLE@ORGANISATION is needed",
                "correct it",
            )
        found.append(
            GroupRole(
                group=group.strip(),
                role=require_role(role.strip()),
                organisation=organisation.strip(),
            )
        )
    return tuple(found)


def read_secret(path: Path) -> str:
    """Read the secret of a client from a file."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_SECRET_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), "a readable file with the secret", "check it") from error


def require_address(text: Any, name: str, *, local: bool = True) -> str:
    """Give an address that is https, or http on this machine where `local`; without a fragment.

    Raises `InputError`, which names the setting and not the address.
    """
    try:
        parts = urlsplit(text if isinstance(text, str) and len(text) <= MAX_ADDRESS else "")
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    here = local and parts.scheme == "http" and host in LOCAL_HOSTS
    if not host or not (parts.scheme == "https" or here) or parts.fragment or parts.username:
        raise InputError(name, "an address that begins with https:// is needed", "correct it")
    return str(text)
