"""Accounts: who may sign in, how they prove who they are, and what they may do once they are in."""

from __future__ import annotations

import logging
import threading
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select, update

from data.access import sessions
from data.access.passwords import (
    STRONG,
    HashCost,
    hash_password,
    is_password,
    needs_new_hash,
    require_strong,
)
from data.access.roles import Visitor, require_role, rights_of
from data.access.throttle import count_try, take_back
from data.access.visitors import is_revoked
from data.events import (
    AccountActiveSet,
    AccountCreated,
    AccountPasswordSet,
    AccountRoleSet,
    AccountSignedIn,
    AccountSignedOut,
    AccountSignInRefused,
    NewEvent,
)
from data.store.engine import write_rows
from data.store.heads import utc_text
from data.store.private import CREDENTIALS
from geo.errors import InputError, QafilaError, RuleError, UnknownIdError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from data.events import Event
    from data.people.key import VaultKey
    from data.people.vault import Vault
    from data.store import Store
    from data.store.access_records import AccountRecord

logger = logging.getLogger(__name__)

Method = Literal["password", "oidc"]
#: As many passwords are hashed at once: each takes 64 MiB.
_HASHING = threading.BoundedSemaphore(2)


class SignInError(QafilaError):
    """Name or password do not fit; which of the two is not said."""

    def __init__(self) -> None:
        super().__init__(
            "sign-in", "name and password do not fit, or the account is disabled", "try again"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that has just begun: its account and the token for the browser."""

    account_id: str
    token: str


def utc_now() -> datetime:
    """Give the present moment, aware, in UTC."""
    return datetime.now(UTC)


class Accounts:
    """The accounts of one situation; every change is an event, names stay in the vault."""

    def __init__(
        self, vault: Vault, *, clock: Callable[[], datetime] = utc_now, cost: HashCost = STRONG
    ) -> None:
        self.vault = vault
        self._cost = cost
        self.store: Store = vault.store
        self.key: VaultKey = vault.key
        self._clock = clock

    # --- accounts ---

    def add(
        self,
        name: str,
        *,
        role: str,
        organisation_id: str | None = None,
        password: str | None = None,
        subject: str | None = None,
        before: Sequence[Event] = (),
        actor: str | None = None,
    ) -> str:
        """Make an account; gives its id.

        Parameters
        ----------
        name
            What it is called at sign-in; kept in the vault. Upper and lower case are the same.
        password
            Checked by `require_strong`; None where only `subject` signs in.
        subject
            Its identity at a provider: issuer and subject, see `oidc_subject`.
        before
            Events that go in before it, such as the registration of its organisation.
        """
        login = require_login(name)
        hashed = None
        if password is not None:
            hashed = hash_password(require_strong(password, name=login), self._cost)
        elif subject is None:
            raise InputError(f"account {login}", "a password is needed", "give one")
        account_id = new_id("account")
        created = AccountCreated(
            account_id=account_id, role=require_role(role), organisation_id=organisation_id
        )
        now = self._clock()
        row = {
            "account_id": account_id,
            "login_tag": self._login_tag(login),
            "password_hash": hashed,
            "subject_tag": None if subject is None else self.key.tag("subject", subject),
            "changed_at": utc_text(now),
        }

        def also(connection: Connection) -> None:
            self._require_free(connection, row, login)
            self.vault.keep_within(connection, {account_id: {"login": login}}, now=now)
            write_rows(connection, CREDENTIALS, [row], replace=False)

        self._append([*before, created], also=also, actor=actor)
        return account_id

    def find(self, name: str) -> AccountRecord:
        """Give the account of a name or an id; raises `UnknownIdError`."""
        records = {one.account_id: one for one in self.store.accounts()}
        wanted = name.strip()
        if wanted not in records and not wanted.startswith("account:"):
            with self.store.reading() as connection:
                tag = self._login_tag(require_login(wanted))
                found = connection.execute(
                    select(CREDENTIALS.c.account_id).where(CREDENTIALS.c.login_tag == tag)
                ).scalar()
            wanted = wanted if found is None else str(found)
        if wanted not in records:
            raise UnknownIdError(name, "there is no such account", "see `qafila account list`")
        return records[wanted]

    def names(self) -> dict[str, str]:
        """Give what accounts are called: account id → name; those erased are left out."""
        admin = Visitor(account_id="", role="admin", organisation_id="", rights=rights_of("admin"))
        ids = [one.account_id for one in self.store.accounts()]
        held = self.vault.read(ids, visitor=admin)
        return {one: fields["login"] for one, fields in held.items() if "login" in fields}

    def set_role(
        self,
        account_id: str,
        role: str,
        *,
        organisation_id: str | None,
        before: Sequence[Event] = (),
        actor: str | None = None,
    ) -> None:
        """Give an account another role or organisation; it counts from the next request on."""
        payload = AccountRoleSet(
            account_id=account_id, role=require_role(role), organisation_id=organisation_id
        )
        self._append([*before, payload], actor=actor)

    def set_active(
        self, account_id: str, active: bool, *, reason: str = "", actor: str | None = None
    ) -> None:
        """Let an account sign in, or no longer: its sessions end at once."""

        def also(connection: Connection) -> None:
            if not active:
                sessions.end_sessions(connection, account_id)

        payload = AccountActiveSet(account_id=account_id, active=active, reason=reason[:2_000])
        self._append([payload], also=also, actor=actor)

    def set_password(self, account_id: str, password: str, *, actor: str | None = None) -> None:
        """Set another password; all sessions of the account end."""
        name = self.names().get(account_id, "")
        hashed = hash_password(require_strong(password, name=name), self._cost)

        def also(connection: Connection) -> None:
            self._alter(connection, account_id, password_hash=hashed)
            sessions.end_sessions(connection, account_id)

        self._append([AccountPasswordSet(account_id=account_id)], also=also, actor=actor)

    def link(self, account_id: str, subject: str, *, actor: str | None = None) -> None:
        """Let an identity of a provider (`oidc_subject`) sign in to an account."""
        tag = self.key.tag("subject", subject)

        def also(connection: Connection) -> None:
            self._require_free(connection, {"account_id": account_id, "subject_tag": tag}, "")
            self._alter(connection, account_id, subject_tag=tag)

        payload = AccountPasswordSet(account_id=account_id, method="oidc")
        self._append([payload], also=also, actor=actor)

    def by_subject(self, subject: str) -> tuple[AccountRecord, bool] | None:
        """Give the account of an identity (`oidc_subject`), and whether it has a password too."""
        tag = self.key.tag("subject", subject)
        with self.store.reading() as connection:
            found = connection.execute(
                select(CREDENTIALS.c.account_id, CREDENTIALS.c.password_hash).where(
                    CREDENTIALS.c.subject_tag == tag
                )
            ).one_or_none()
        if found is None:
            return None
        return self.find(str(found.account_id)), found.password_hash is not None

    # --- signing in and out ---

    def sign_in(self, name: str, password: str, *, address: str) -> SignedIn:
        """Begin a session for a name and a password.

        Raises `SignInError` where they do not fit, `ThrottledError` after too many failures. Takes
        as long for a name that nobody has.
        """
        now = self._clock()
        login = _login(name)
        with self.store.writing() as connection:
            tried = count_try(connection, self.key, login=login, address=address, now=now)
            row = connection.execute(
                select(CREDENTIALS).where(CREDENTIALS.c.login_tag == self._login_tag(login))
            ).one_or_none()
        stored = None if row is None else row.password_hash
        with _HASHING:
            right = is_password(password, stored, self._cost)
        if row is None:
            raise SignInError
        account_id = str(row.account_id)
        if not right:
            self._refuse(account_id, "password", blocked=tried.last)
        renewed = None
        if stored is not None and needs_new_hash(stored, self._cost):
            renewed = hash_password(password, self._cost)

        def also(connection: Connection) -> None:
            take_back(connection, tried)
            if renewed is not None:
                self._alter(connection, account_id, password_hash=renewed)

        return self._begin(account_id, "password", also)

    def sign_in_by_subject(self, subject: str) -> SignedIn:
        """Begin a session for an identity that a provider vouched for; raises `SignInError`."""
        found = self.by_subject(subject)
        if found is None:
            raise SignInError
        return self._begin(found[0].account_id, "oidc", lambda _connection: None)

    def check_password(self, account_id: str, password: str, *, address: str) -> bool:
        """Whether a password is the account's, counted and throttled like a sign-in."""
        login = self.names().get(account_id, "")
        with self.store.writing() as connection:
            tried = count_try(connection, self.key, login=login, address=address, now=self._clock())
            stored = connection.execute(
                select(CREDENTIALS.c.password_hash).where(CREDENTIALS.c.account_id == account_id)
            ).scalar()
        with _HASHING:
            right = is_password(password, stored, self._cost)
        if right:
            with self.store.writing() as connection:
                take_back(connection, tried)
        return right

    def sign_out(self, token: str) -> None:
        """End a session; a token that nobody has ends nothing."""
        with self.store.writing() as connection:
            account_id = sessions.end_session(connection, token)
        if account_id is not None:
            self._append([AccountSignedOut(account_id=account_id)], actor=account_id)

    # --- inside ---

    def _append(
        self,
        payloads: Sequence[Event],
        *,
        also: Callable[[Connection], object] | None = None,
        actor: str | None,
    ) -> None:
        events = [NewEvent(payload=payload, actor=actor) for payload in payloads]
        self.store.append(events, also=also)

    def _begin(
        self, account_id: str, method: Method, also: Callable[[Connection], None]
    ) -> SignedIn:
        record = self.find(account_id)
        if not record.active:
            self._refuse(account_id, "inactive", blocked=False)
        if is_revoked(self.store, record.organisation_id):
            self._refuse(account_id, "organisation", blocked=False)
        tokens: list[str] = []

        def begin(connection: Connection) -> None:
            also(connection)
            tokens.append(sessions.begin_session(connection, account_id, now=self._clock()))

        payload = AccountSignedIn(account_id=account_id, method=method)
        try:
            self._append([payload], also=begin, actor=account_id)
        except RuleError as error:
            # It was disabled a moment ago.
            raise SignInError from error
        return SignedIn(account_id=account_id, token=tokens[0])

    def _refuse(
        self,
        account_id: str,
        reason: Literal["password", "inactive", "organisation"],
        *,
        blocked: bool,
    ) -> None:
        payload = AccountSignInRefused(account_id=account_id, reason=reason, blocked=blocked)
        self._append([payload], actor=None)
        raise SignInError

    def _login_tag(self, login: str) -> str:
        return self.key.tag("login", _login(login))

    def _require_free(self, connection: Connection, row: dict[str, Any], login: str) -> None:
        for column in ("login_tag", "subject_tag"):
            if row.get(column) is None:
                continue
            held = connection.execute(
                select(CREDENTIALS.c.account_id).where(CREDENTIALS.c[column] == row[column])
            ).scalar()
            if held is not None and held != row["account_id"]:
                raise RuleError(
                    f"account {login}".strip(),
                    "a name and an identity that no other account has are needed",
                    "choose another",
                )

    def _alter(self, connection: Connection, account_id: str, **values: Any) -> None:
        done = connection.execute(
            update(CREDENTIALS)
            .where(CREDENTIALS.c.account_id == account_id)
            .values(**values, changed_at=utc_text(self._clock()))
        )
        if done.rowcount != 1:
            raise RuleError(account_id, "what it signed in with was erased", "make another account")


def require_login(name: str) -> str:
    """Give a name as it is kept; raises `InputError` for one that cannot be."""
    login = unicodedata.normalize("NFKC", name).strip()
    if not 2 <= len(login) <= 100 or not login.isprintable() or login.startswith("account:"):
        raise InputError(
            f"account name {name[:40]!r}", "2 to 100 printable characters are needed", "correct it"
        )
    return login


def oidc_subject(issuer: str, subject: str) -> str:
    """Write an identity of a provider: its issuer and the subject that never changes there."""
    return f"{issuer.rstrip('/')}#{subject}"


def _login(name: str) -> str:
    return unicodedata.normalize("NFKC", name[:400]).strip().casefold()
