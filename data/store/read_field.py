"""Reading what convoys said and the links by which they answer: a part of `data.store.Reader`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from data.store.lookup import known_rows
from data.store.schema import CONVOYS_HEARD, FIELD_LINKS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from data.store.records import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardRecord:
    """The last that was heard of a convoy, by the time at which it was said."""

    convoy_id: str
    plan_id: str
    heard_at: datetime
    kind: str
    place_id: str | None
    km: float | None
    note: str
    photo: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLinkRecord:
    """A link by which a convoy answers; `public_key` is of the machine that signed it."""

    link_id: str
    convoy_id: str
    plan_id: str
    public_key: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class FieldReader:
    """The part of a `data.store.Reader` that speaks of convoys on their way."""

    _projections: Callable[[], AbstractContextManager[Connection]]
    _ledger: Callable[[], AbstractContextManager[Connection]]

    def convoys_heard(self) -> list[HeardRecord]:
        """Give for each convoy that reported what was heard last, the newest first."""
        statement = select(CONVOYS_HEARD).order_by(
            CONVOYS_HEARD.c.heard_at.desc(), CONVOYS_HEARD.c.convoy_id
        )
        with self._projections() as connection:
            return [_heard(row._mapping) for row in connection.execute(statement)]

    def field_links(self) -> list[FieldLinkRecord]:
        """Give the links, by id, those revoked or expired too."""
        statement = select(FIELD_LINKS).order_by(FIELD_LINKS.c.link_id)
        with self._projections() as connection:
            return [_link(row._mapping) for row in connection.execute(statement)]

    def field_link(self, link_id: str) -> FieldLinkRecord | None:
        """Give one link, None where there is no such one."""
        statement = select(FIELD_LINKS).where(FIELD_LINKS.c.link_id == link_id)
        with self._projections() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else _link(row._mapping)

    def payloads_under(self, client_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Give what was recorded under client ids, undone or not; those without are left out."""
        if not client_ids:
            return {}
        with self._ledger() as connection:
            found = known_rows(connection, client_ids)
        return {client_id: dict(json.loads(row.payload)) for client_id, row in found.items()}


def _heard(row: Row) -> HeardRecord:
    return HeardRecord(
        convoy_id=row["convoy_id"],
        plan_id=row["plan_id"],
        heard_at=datetime.fromisoformat(row["heard_at"]),
        kind=row["kind"],
        place_id=row["place_id"],
        km=row["km"],
        note=row["note"],
        photo=row["photo"],
    )


def _link(row: Row) -> FieldLinkRecord:
    revoked = row["revoked_at"]
    return FieldLinkRecord(
        link_id=row["link_id"],
        convoy_id=row["convoy_id"],
        plan_id=row["plan_id"],
        public_key=row["public_key"],
        issued_at=datetime.fromisoformat(row["recorded_at"]),
        expires_at=datetime.fromisoformat(row["expires_at"]),
        revoked_at=None if revoked is None else datetime.fromisoformat(revoked),
    )
