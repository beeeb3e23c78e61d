"""Projections: what each type of event does to the tables of state. One function per type.

They never refuse: what may not happen is refused by `rules` before an event is recorded, and a
ledger of years ago must replay under the rules of today. What they need from elsewhere they read
through `State`, so a replay gives the same rows, byte for byte.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from data.events import EVENT_TYPES
from data.store.projections import (  # noqa: F401 - each registers what it projects
    access,
    activities,
    damage,
    field,
    fleet,
    funds,
    groups,
    merges,
    microtasks,
    needs,
    people,
    places,
    plans,
    reports,
    reservations,
    roads,
    situation,
    slips,
    stock,
    uploads,
    volunteering,
)
from data.store.projections.registry import BY_TYPE as BY_TYPE
from data.store.projections.registry import Projection as Projection
from data.store.projections.registry import apply as apply
from data.store.projections.registry import is_undone as is_undone
from data.store.projections.registry import touches as touches
from data.store.schema import TABLES, key_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

# Not canonical JSON: a balance may be beyond 2^53.
_ROW = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


def dump(connection: Connection) -> Iterator[str]:
    """Write every row of every projection as a line, in the order of table and key."""
    for table in TABLES:
        keys = [table.c[name] for name in key_columns(table)]
        for row in connection.execute(select(table).order_by(*keys)):
            yield f"{table.name} {_ROW.encode(dict(row._mapping))}"


if missing := EVENT_TYPES.keys() - BY_TYPE.keys():
    raise TypeError(f"no projection for {', '.join(sorted(missing))}")
