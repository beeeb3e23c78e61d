"""Tables of facts that grow with every event, kept and brought up to date instead of read anew.

An indicator over a million events is a sum over some columns of half a million rows. Reading them
takes seconds, an event changes one of them: what is kept takes in only the rows that something
happened to since (`data.store.changed_rows`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from data.indicators.facts import ACTIVITY_COLUMNS, RECEIPT_COLUMNS, SHIFT_COLUMNS
from data.store.columns import MICRO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data.store.read import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSource:
    """Which columns of which table of state become a table of facts.

    Parameters
    ----------
    table, key
        The table of state and the column that names its rows.
    columns
        Column of the facts → column of the table. A value that is missing is taken from the column
        after the bar: ``reported_at|recorded_at``.
    shown
        Names of the columns of the facts, in their order.
    times, quantities, flags
        Columns that are times, micro-units, and presences (is there a value?).
    places
        Columns that hold ids of places, which may be known by another one today.
    repeated
        Columns with few values in many rows: kept as categories, which are grouped and looked for
        without comparing texts.
    but
        Values of `status` whose rows do not count.
    """

    table: str
    key: str
    columns: Mapping[str, str]
    shown: str
    times: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


def _same(names: str) -> dict[str, str]:
    return {name: name for name in names.split()}


TOLD = "reported_at|recorded_at"
NEED_COLUMNS = "need_id place_id item_id quantity weight status told_at organisation_id"
MOVEMENT_COLUMNS = "movement_id item_id quantity from_account to_account moved_at organisation_id"
SOURCES: Mapping[str, FactSource] = {
    "needs": FactSource(
        table="needs",
        key="need_id",
        columns=_same("need_id place_id item_id weight status organisation_id")
        | {"quantity": "quantity_micro", "told_at": TOLD},
        shown=NEED_COLUMNS,
        times=("told_at",),
        quantities=("quantity",),
        places=("place_id",),
        repeated=("place_id", "item_id", "status", "organisation_id"),
    ),
    "movements": FactSource(
        table="movements",
        key="movement_id",
        columns=_same("movement_id item_id from_account to_account organisation_id")
        | {"quantity": "quantity_micro", "moved_at": TOLD},
        shown=MOVEMENT_COLUMNS,
        times=("moved_at",),
        quantities=("quantity",),
        places=("from_account", "to_account"),
        repeated=("item_id", "from_account", "to_account", "organisation_id"),
    ),
    "seen": FactSource(
        table="damage_reports",
        key="report_id",
        columns=_same("report_id place_id") | {"at": "observed_at"},
        shown="place_id at",
        times=("at",),
        places=("place_id",),
    ),
    "volunteers": FactSource(
        table="volunteers",
        key="volunteer_id",
        columns=_same("volunteer_id available organisation_id"),
        shown="volunteer_id available organisation_id",
    ),
    "shifts": FactSource(
        table="shifts",
        key="shift_id",
        columns=_same("shift_id volunteer_id organisation_id begun_at ended_at")
        | {"approved": "approved_by"},
        shown=SHIFT_COLUMNS,
        times=("begun_at", "ended_at"),
        flags=("approved",),
    ),
    "activities": FactSource(
        table="activities",
        key="activity_id",
        columns=_same("activity_id place_id actor funder status"),
        shown=ACTIVITY_COLUMNS,
        places=("place_id",),
        but=("cancelled",),
    ),
    "receipts": FactSource(
        table="deliveries",
        key="delivery_id",
        columns=_same("delivery_id place_id") | {"told_at": TOLD},
        shown=RECEIPT_COLUMNS,
        times=("told_at",),
        places=("place_id",),
    ),
}


@dataclass(slots=True)
class FactTables:
    """The tables of facts of one situation, as far as event `seq`; thread-safe."""

    seq: int = 0
    _kept: dict[str, pd.DataFrame] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def upto_now(self, reader: Reader, current: Mapping[str, str]) -> dict[str, pd.DataFrame]:
        """Take in what happened since, and give all tables; they are not to be changed.

        Parameters
        ----------
        reader
            The situation as it is now.
        current
            Id of a place → the id under which it is known today, where that is another.
        """
        with self._lock:
            # Read before the rows: what is recorded meanwhile is taken in again the next time.
            newest = reader.seq()
            for name, source in SOURCES.items():
                changed = _changed(reader, source, self.seq)
                known = self._kept.get(name)
                self._kept[name] = changed if known is None else _renewed(known, changed, source)
            self.seq = newest
            kept = dict(self._kept)
        return {name: _shown(kept[name], source, current) for name, source in SOURCES.items()}


def _changed(reader: Reader, source: FactSource, since: int) -> pd.DataFrame:
    wanted = dict.fromkeys(
        name for written in source.columns.values() for name in written.split("|")
    )
    read = reader.changed_rows(source.table, [*wanted, "removed"], since=since)
    made = {}
    for name, written in source.columns.items():
        first, _, second = written.partition("|")
        column = pd.Series(read[first], dtype=None if name in NUMBERS else object)
        if second:
            column = column.where(column.notna(), pd.Series(read[second], dtype=object))
        if name in source.times:
            column = pd.to_datetime(column, utc=True, format="ISO8601")
        if name in source.quantities:
            column = column.astype("float64") / MICRO
        if name in source.flags:
            column = column.notna()
        made[name] = column
    frame = pd.DataFrame(made)
    for name in source.repeated:
        frame[name] = frame[name].astype("category")
    frame["removed"] = pd.Series(read["removed"], dtype=bool)
    return frame


#: Columns that lie in the store as numbers or as true and false.
NUMBERS = frozenset({"quantity", "weight", "available"})


def _renewed(known: pd.DataFrame, changed: pd.DataFrame, source: FactSource) -> pd.DataFrame:
    """Put changed rows in the place of those that they follow, by key."""
    if changed.empty:
        return known
    stays = known[~known[source.key].isin(changed[source.key])]
    if stays.empty:
        return changed
    for name in source.repeated:
        # One list of categories for both, or the joined column would be texts again.
        # Sorted, so that groups come in the same order as from a table that was read anew.
        both = stays[name].cat.categories.union(changed[name].cat.categories)
        stays = stays.assign(**{name: stays[name].cat.set_categories(both)})
        changed = changed.assign(**{name: changed[name].cat.set_categories(both)})
    return pd.concat([stays, changed], ignore_index=True)


def _shown(kept: pd.DataFrame, source: FactSource, current: Mapping[str, str]) -> pd.DataFrame:
    counts = ~kept["removed"]
    if source.but:
        counts &= ~kept["status"].isin(source.but)
    frame = kept.loc[counts, source.shown.split()].reset_index(drop=True)
    for name in source.places:
        known = frame[name].unique()
        moved = {one: current[one] for one in known if one in current}
        if moved:
            texts = frame[name].astype(object).replace(moved)
            frame[name] = texts.astype("category") if name in source.repeated else texts
    return frame
