"""The vault: fields of persons, kept, read for a role, exported, erased, and forgotten in time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from data.events import NewEvent, PersonErased
from data.people.coarse import coarsened, parse_position
from data.people.fields import FIELDS, field_named
from data.store.engine import write_rows
from data.store.heads import utc_text
from data.store.private import CREDENTIALS, PEOPLE, SESSIONS, VAULT_MARK
from geo.errors import InputError, RuleError, UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from data.access.roles import Visitor
    from data.people.key import VaultKey
    from data.store import Store

_MARK = "key"
_MARK_TEXT = "this key opens the vault"
#: As many persons are forgotten in one transaction.
FORGET_AT_ONCE = 500


def is_in_use(store: Store) -> bool:
    """Whether anything was ever sealed here, so that a key must exist."""
    with store.reading() as connection:
        return connection.execute(select(VAULT_MARK.c.name)).first() is not None


class Vault:
    """The vault of one situation, opened with its key.

    Raises `InputError` when it is made with another key than the one it was begun with.
    """

    def __init__(self, store: Store, key: VaultKey) -> None:
        self.store = store
        self.key = key
        with store.reading() as connection:
            self._check_mark(connection)

    # --- writing ---

    def keep(self, people: Mapping[str, Mapping[str, str]], *, now: datetime) -> None:
        """Keep fields of persons: person id → field → text; an empty text forgets the field."""
        with self.store.writing() as connection:
            self.keep_within(connection, people, now=now)

    def keep_within(
        self, connection: Connection, people: Mapping[str, Mapping[str, str]], *, now: datetime
    ) -> None:
        """Keep fields inside a transaction of the caller (`Store.append(…, also=…)`)."""
        self.begin_within(connection)
        rows = []
        for person_id, fields in people.items():
            for name, text in fields.items():
                field = field_named(name)
                if len(text) > field.max_length:
                    raise InputError(
                        f"{name} of {person_id}: {len(text)} characters",
                        f"at most {field.max_length} are kept",
                        "shorten it",
                    )
                if not text:
                    _delete(connection, person_id, [name])
                    continue
                ends = None if field.retention is None else utc_text(now + field.retention)
                rows.append(
                    {
                        "person_id": person_id,
                        "field": name,
                        "sealed": self.key.seal(text, about=f"{person_id}|{name}"),
                        "kept_at": utc_text(now),
                        "forget_at": ends,
                    }
                )
        if rows:
            write_rows(connection, PEOPLE, rows, replace=True)

    def begin_within(self, connection: Connection) -> None:
        """Mark the vault with its key before the first thing is sealed."""
        if not self._check_mark(connection):
            sealed = self.key.seal(_MARK_TEXT, about=_MARK)
            write_rows(connection, VAULT_MARK, [{"name": _MARK, "sealed": sealed}], replace=False)

    # --- reading ---

    def read(
        self, person_ids: Sequence[str] | None, *, visitor: Visitor
    ) -> dict[str, dict[str, Any]]:
        """Give what a visitor may know of these persons (None: of all): person id → field → value.

        A position is coarsened for those without the right to exact ones; other fields that a
        visitor may not read are left out.
        """
        found: dict[str, dict[str, Any]] = defaultdict(dict)
        for row in self._rows(person_ids):
            name = row["field"]
            field = FIELDS.get(name)
            exact = field is not None and visitor.may(field.right)
            if not exact and name != "position":
                continue
            text = self._open(row)
            if name == "position":
                lon, lat = parse_position(text)
                found[row["person_id"]][name] = (lon, lat) if exact else coarsened(lon, lat)
            else:
                found[row["person_id"]][name] = text
        return dict(found)

    def export(self, person_id: str) -> dict[str, Any]:
        """Give everything that is kept of a person, with purpose and time, as JSON.

        Raises `UnknownIdError` where nothing is kept.
        """
        rows = list(self._rows([person_id]))
        if not rows:
            raise UnknownIdError(
                person_id, "nothing is kept of such a person", "see `qafila people list`"
            )
        return {
            "person_id": person_id,
            "fields": [
                {
                    "field": row["field"],
                    "value": self._open(row),
                    "purpose": FIELDS[row["field"]].purpose if row["field"] in FIELDS else "",
                    "kept_at": row["kept_at"],
                    "forget_at": row["forget_at"],
                }
                for row in rows
            ],
        }

    def people(self) -> list[dict[str, Any]]:
        """List of whom something is kept: ids and names of fields, no content."""
        found: dict[str, list[str]] = defaultdict(list)
        first: dict[str, str | None] = {}
        for row in self._rows(None):
            found[row["person_id"]].append(row["field"])
            ends = row["forget_at"]
            held = first.get(row["person_id"])
            first[row["person_id"]] = min(filter(None, (ends, held)), default=None)
        return [
            {"person_id": one, "fields": fields, "forget_at": first[one]}
            for one, fields in sorted(found.items())
        ]

    # --- forgetting ---

    def erase(self, person_ids: Sequence[str], *, actor: str | None = None) -> dict[str, list[str]]:
        """Erase what is kept of persons, for good; gives person id → fields that were erased.

        An event per person says that it was done, without a word of what. An active account cannot
        be erased: it must be disabled first. Persons of whom nothing is kept are left out.
        """
        held: dict[str, list[str]] = defaultdict(list)
        for row in self._rows(person_ids):
            held[row["person_id"]].append(row["field"])
        active = {one.account_id for one in self.store.accounts() if one.active}
        for person_id in held:
            if person_id in active:
                raise RuleError(
                    person_id,
                    "an account that is disabled is needed",
                    "disable it first: `qafila account disable`",
                )
        return self._forget(held, reason="asked", actor=actor)

    def forget_expired(self, *, now: datetime) -> dict[str, list[str]]:
        """Erase every field whose retention has ended; gives person id → fields."""
        moment = utc_text(now)
        held: dict[str, list[str]] = defaultdict(list)
        with self.store.reading() as connection:
            expired = connection.execute(
                select(PEOPLE.c.person_id, PEOPLE.c.field)
                .where(PEOPLE.c.forget_at.is_not(None), PEOPLE.c.forget_at <= moment)
                .order_by(PEOPLE.c.person_id, PEOPLE.c.field)
            )
            for person_id, name in expired:
                held[person_id].append(name)
        return self._forget(held, reason="retention", actor=None)

    def _forget(
        self, held: Mapping[str, Sequence[str]], *, reason: str, actor: str | None
    ) -> dict[str, list[str]]:
        persons = sorted(held)
        for start in range(0, len(persons), FORGET_AT_ONCE):
            part = persons[start : start + FORGET_AT_ONCE]

            def remove(connection: Connection, part: Sequence[str] = part) -> None:
                for person_id in part:
                    _delete(connection, person_id, held[person_id])

            events = [
                NewEvent(
                    payload=PersonErased(
                        person_id=person_id,
                        fields=tuple(sorted(held[person_id])),
                        reason="asked" if reason == "asked" else "retention",
                    ),
                    actor=actor,
                )
                for person_id in part
            ]
            self.store.append(events, also=remove)
        if persons:
            # What was deleted must not live on in the log of the database.
            self.store.empty_log()
        return {person_id: sorted(held[person_id]) for person_id in persons}

    # --- inside ---

    def _check_mark(self, connection: Connection) -> bool:
        found = connection.execute(
            select(VAULT_MARK.c.sealed).where(VAULT_MARK.c.name == _MARK)
        ).scalar()
        if found is None:
            return False
        self.key.unseal(str(found), about=_MARK)
        return True

    def _rows(self, person_ids: Sequence[str] | None) -> Iterable[Mapping[str, Any]]:
        wanted = select(PEOPLE).order_by(PEOPLE.c.person_id, PEOPLE.c.field)
        if person_ids is not None:
            wanted = wanted.where(PEOPLE.c.person_id.in_(list(person_ids)))
        with self.store.reading() as connection:
            return [row._mapping for row in connection.execute(wanted)]  # type: ignore[misc]

    def _open(self, row: Mapping[str, Any]) -> str:
        return self.key.unseal(row["sealed"], about=f"{row['person_id']}|{row['field']}")


def _delete(connection: Connection, person_id: str, fields: Sequence[str]) -> None:
    connection.execute(
        delete(PEOPLE).where(PEOPLE.c.person_id == person_id, PEOPLE.c.field.in_(list(fields)))
    )
    if "login" in fields:
        connection.execute(delete(CREDENTIALS).where(CREDENTIALS.c.account_id == person_id))
        connection.execute(delete(SESSIONS).where(SESSIONS.c.account_id == person_id))
