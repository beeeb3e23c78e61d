"""Where vehicles and volunteers were: a short trail each, in a private table, forgotten in time.

A position says where a person is, so none stands in the ledger. What is kept is the trail of the
last hours, no more points than a map needs, and nothing once the operation is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from data.store.engine import write_rows
from data.store.heads import utc_text
from data.store.private import POSITIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from data.store.records import Row
    from data.store.store import Store

#: Points of one trail, and how old the oldest may be: a day of driving, one every ten minutes.
MAX_TRAIL = 144
TRAIL_LASTS = timedelta(hours=24)
#: A vehicle that nobody heard of for so long is not on the road: its operation is over.
FORGET_AFTER = timedelta(hours=72)
_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a vehicle or volunteer was (degrees, EPSG:4326); `accuracy_m` None = not said."""

    position_id: str
    subject_id: str
    at: datetime
    received_at: datetime
    lon: float
    lat: float
    accuracy_m: float | None = None
    convoy_id: str | None = None


def record(store: Store, positions: Sequence[Position]) -> frozenset[str]:
    """Record positions; gives the ids of those that are new. One that comes again changes nothing.

    Trails are cut to `MAX_TRAIL` points and `TRAIL_LASTS` before their newest point.
    """
    if not positions:
        return frozenset()
    with store.writing() as connection:
        known = _known(connection, [one.position_id for one in positions])
        new = {one.position_id: one for one in positions if one.position_id not in known}
        if new:
            rows = [_row(one) for one in new.values()]
            write_rows(connection, POSITIONS, rows, replace=False)
            for subject_id in {one.subject_id for one in new.values()}:
                _cut(connection, subject_id)
    return frozenset(new)


def newest(store: Store, subject_ids: Collection[str] | None = None) -> list[Position]:
    """Give the newest position of every vehicle and volunteer, or of some, by their id."""
    last = (
        select(POSITIONS.c.subject_id, func.max(POSITIONS.c.at).label("at"))
        .group_by(POSITIONS.c.subject_id)
        .subquery()
    )
    statement = select(POSITIONS).join(
        last, (POSITIONS.c.subject_id == last.c.subject_id) & (POSITIONS.c.at == last.c.at)
    )
    with store.reading() as connection:
        rows = connection.execute(statement.order_by(POSITIONS.c.subject_id)).all()
    # Two points of one moment: one of them stands for both.
    found = {row._mapping["subject_id"]: _position(row._mapping) for row in rows}
    return [one for one in found.values() if subject_ids is None or one.subject_id in subject_ids]


def trail(store: Store, subject_id: str) -> list[Position]:
    """Give where a vehicle or volunteer was, the oldest point first."""
    statement = select(POSITIONS).where(POSITIONS.c.subject_id == subject_id)
    with store.reading() as connection:
        rows = connection.execute(statement.order_by(POSITIONS.c.at)).all()
    return [_position(row._mapping) for row in rows]


def forget(
    store: Store, *, before: datetime | None = None, subject_ids: Collection[str] = ()
) -> int:
    """Forget trails that ended before a moment, and those of some; gives the number of points."""
    with store.writing() as connection:
        gone = 0
        if before is not None:
            ended = (
                select(POSITIONS.c.subject_id)
                .group_by(POSITIONS.c.subject_id)
                .having(func.max(POSITIONS.c.at) < utc_text(before))
            )
            old = delete(POSITIONS).where(POSITIONS.c.subject_id.in_(ended))
            gone += connection.execute(old).rowcount
        for subject_id in subject_ids:
            one = delete(POSITIONS).where(POSITIONS.c.subject_id == subject_id)
            gone += connection.execute(one).rowcount
    return gone


def _known(connection: Connection, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), _IDS_AT_ONCE):
        part = POSITIONS.c.position_id.in_(ids[start : start + _IDS_AT_ONCE])
        found.update(connection.execute(select(POSITIONS.c.position_id).where(part)).scalars())
    return found


def _cut(connection: Connection, subject_id: str) -> None:
    of_it = POSITIONS.c.subject_id == subject_id
    newest_at = connection.execute(select(func.max(POSITIONS.c.at)).where(of_it)).scalar_one()
    begins = utc_text(datetime.fromisoformat(newest_at) - TRAIL_LASTS)
    beyond = connection.execute(
        select(POSITIONS.c.at)
        .where(of_it)
        .order_by(POSITIONS.c.at.desc())
        .offset(MAX_TRAIL)
        .limit(1)
    ).scalar()
    connection.execute(delete(POSITIONS).where(of_it, POSITIONS.c.at < begins))
    if beyond is not None:
        connection.execute(delete(POSITIONS).where(of_it, POSITIONS.c.at <= beyond))


def _row(one: Position) -> dict[str, object]:
    return {
        "position_id": one.position_id,
        "subject_id": one.subject_id,
        "convoy_id": one.convoy_id,
        "at": utc_text(one.at),
        "received_at": utc_text(one.received_at),
        "lon": one.lon,
        "lat": one.lat,
        "accuracy_m": one.accuracy_m,
    }


def _position(row: Row) -> Position:
    return Position(
        position_id=row["position_id"],
        subject_id=row["subject_id"],
        convoy_id=row["convoy_id"],
        at=datetime.fromisoformat(row["at"]),
        received_at=datetime.fromisoformat(row["received_at"]),
        lon=row["lon"],
        lat=row["lat"],
        accuracy_m=row["accuracy_m"],
    )
