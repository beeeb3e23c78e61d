"""Reading: what the situation is, what happened, and what changed.

A `Reader` looks at the ledger and at projections. The store is one, at its newest event; so is what
`Store.as_of` gives, at an earlier one, and what `Store.snapshot` gives, which stands still.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, func, or_, select

from data.events import Provenance, RecordedEvent, payload_class
from data.store import access_records, postgres_rows, records
from data.store.chain import EventRow, event_json, head_of
from data.store.changed_rows import ChangedRowsReader
from data.store.engine import is_file
from data.store.lookup import KEYS_PER_SELECT, chunks
from data.store.need_records import need_record
from data.store.read_field import FieldReader
from data.store.read_needs import NeedReader
from data.store.read_stock import StockReader
from data.store.read_volunteering import VolunteerReader
from data.store.schema import (
    ACCOUNTS,
    ACTIVITIES,
    ASSESSMENTS,
    CLOSURES,
    CONVOY_LOCKS,
    DAMAGE_REPORTS,
    DEPOTS,
    ERASURES,
    EVENTS,
    KEYS,
    LAYERS,
    NEEDS,
    ORGANISATIONS,
    PLACE_ALIASES,
    PLACES,
    PLANS,
    REPORTS,
    ROAD_JOINTS,
    SITUATION,
    STOCK,
    TABLES,
    UPLOADS,
    VEHICLE_CHANGES,
    VEHICLES,
    VOLUNTEERS,
    key_columns,
)
from data.store.state import Fact
from data.store.stock_records import stock_line
from data.store.volunteering_records import volunteer_record
from geo.errors import InputError, NoSituationError, StoreError, UnknownIdError

if TYPE_CHECKING:
    from data.store.heads import Head
    from geo.model import Depot, Vehicle

Connect: TypeAlias = Callable[[], AbstractContextManager[Connection]]
Record = TypeVar("Record")

EVENTS_PER_READ = 5_000

_LAST_SEQ = 2**62


class Reader(ChangedRowsReader, FieldReader, NeedReader, StockReader, VolunteerReader):
    """A situation at one event; thread-safe, and it never changes anything.

    Parameters
    ----------
    ledger, projections
        Give a connection to the events, and one to the tables of state.
    until
        The last event that counts; None where the newest does.
    """

    def __init__(self, *, ledger: Connect, projections: Connect, until: int | None = None) -> None:
        self._ledger = ledger
        self._projections = projections
        self._until = until

    # --- the ledger ---

    def seq(self) -> int:
        """Give the number of the last event: the version of everything."""
        with self._ledger() as connection:
            return self._last_seq(connection)

    def seq_besides(self, types: Iterable[str]) -> int:
        """Give the number of the last event that is of none of these types."""
        condition = EVENTS.c.type.not_in(sorted(set(types)))
        with self._ledger() as connection:
            until = self._last_seq(connection)
            found = connection.execute(_LAST.where(condition, EVENTS.c.seq <= until)).scalar()
        return int(found or 0)

    def head(self) -> Head:
        """Give the last event's number, hash and time."""
        with self._ledger() as connection:
            last = self._last_seq(connection)
            rows = list(event_rows(connection, after=last - 1, until=last))
            first = next(iter(event_rows(connection, after=0, until=1)), None)
        if not rows or first is None:
            raise StoreError("the ledger", "at least one event is needed", "restore it from a copy")
        return head_of(rows[-1], first.subject_id)

    def head_text(self) -> str:
        """Give the head as a line to print, to send and to compare later."""
        return self.head().text()

    def events(
        self, *, since: int = 0, types: Iterable[str] | None = None
    ) -> Iterator[RecordedEvent]:
        """Yield the events after number `since`, in order, up to the last one at the call."""
        condition = None if types is None else EVENTS.c.type.in_(sorted(set(types)))
        return map(recorded, self._rows_after(since, condition))

    def history(self, subject_id: str) -> list[RecordedEvent]:
        """Give all events about one thing: a need, a vehicle, a closure or another."""
        return list(map(recorded, self._rows_after(0, EVENTS.c.subject_id == subject_id)))

    def lines(self) -> Iterator[str]:
        """Yield the events as they are exported, up to the last one at the call."""
        return map(event_json, self._rows_after(0, None))

    def numbered_lines(
        self, *, since: int, types: Iterable[str] | None = None
    ) -> Iterator[tuple[int, str]]:
        """Yield the events after number `since` with their numbers, as they are exported."""
        condition = None if types is None else EVENTS.c.type.in_(sorted(set(types)))
        return ((row.seq, event_json(row)) for row in self._rows_after(since, condition))

    def hashes(self, until: int) -> list[str]:
        """Give the hashes of the events 1 to `until`, in order."""
        statement = select(EVENTS.c.hash).where(EVENTS.c.seq <= until).order_by(EVENTS.c.seq)
        with self._ledger() as connection:
            return list(connection.execute(statement).scalars())

    def event_line(self, name: int | str) -> str:
        """Give one event as it is exported, by its number, its id or the only thing it is about.

        Raises `UnknownIdError` where there is none, `InputError` where several are about it.
        """
        if isinstance(name, int):
            condition = EVENTS.c.seq == min(name, _LAST_SEQ)
        else:
            condition = or_(EVENTS.c.event_id == name, EVENTS.c.subject_id == name)
        found = list(itertools.islice(self._rows_after(0, condition), 6))
        if not found:
            raise UnknownIdError(f"event {name}", "no such event is in this ledger", "check it")
        if len(found) > 1:
            numbers = ", ".join(str(row.seq) for row in found[:5])
            more = " …" if len(found) > 5 else ""
            raise InputError(
                f"{name}: the events {numbers}{more} are about it",
                "the number of one of them is needed",
                "name it",
            )
        return event_json(found[0])

    def export(self, path: Path) -> int:
        """Write one canonical JSON event a line, and give their number.

        The file appears whole or not at all. `tools/verify_ledger.py` checks it anywhere.
        """
        path = Path(path)
        count = 0
        try:
            with tempfile.NamedTemporaryFile(
                "w",
                encoding="utf-8",
                newline="\n",
                dir=path.parent,
                prefix=".ledger-",
                delete=False,
            ) as file:
                unfinished = Path(file.name)
                try:
                    for row in self._rows_after(0, None):
                        file.write(event_json(row) + "\n")
                        count += 1
                    unfinished.chmod(0o644)
                    unfinished.replace(path)
                finally:
                    unfinished.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                str(path),
                f"the ledger could not be written there ({error.strerror})",
                "choose a folder that exists and may be written to",
            ) from error
        return count

    # --- the state ---

    def situation(self) -> records.SituationRecord:
        """Give the situation itself."""
        found = self._all(SITUATION, records.situation_record)
        if not found:
            raise NoSituationError(
                "the store", "it holds no situation", "begin one with `qafila init`"
            )
        return found[0]

    def layers(self, kind: str | None = None) -> list[records.LayerRecord]:
        """Give the layers that count, in the order of loading: the last one is the newest."""
        wanted = None if kind is None else LAYERS.c.kind == kind
        return self._all(LAYERS, records.layer_record, wanted, order="loaded_seq")

    def organisations(self) -> list[records.OrganisationRecord]:
        """Give all organisations, by id."""
        return self._all(ORGANISATIONS, records.organisation_record)

    def depots(self, *, active_only: bool = False) -> list[Depot]:
        """Give the depots, by id."""
        wanted = DEPOTS.c.active.is_(True) if active_only else None
        return self._all(DEPOTS, records.depot, wanted)

    def vehicles(self, *, available_only: bool = True) -> list[Vehicle]:
        """Give the vehicles that may be planned with, by id."""
        wanted = VEHICLES.c.available.is_(True) if available_only else None
        return self._all(VEHICLES, records.vehicle, wanted)

    def damage_reports(self) -> list[records.DamageReportRecord]:
        """Give the counts of damage on the ground, by id."""
        return self._all(DAMAGE_REPORTS, records.damage_report_record)

    def added_places(self) -> list[records.AddedPlace]:
        """Give the places that people added, by id; those of layers lie in the archive."""
        return self._all(PLACES, records.added_place)

    def place_aliases(self) -> list[records.PlaceAlias]:
        """Give the names that people confirmed for places, by id."""
        return self._all(PLACE_ALIASES, records.place_alias)

    def closures(self, open_only: bool = True) -> list[records.ClosureRecord]:
        """Give the closures, by id; `open_only` leaves out what was reopened.

        Whether one is in force at a time is `Closure.holds_at`.
        """
        wanted = CLOSURES.c.reopened_at.is_(None) if open_only else None
        return self._all(CLOSURES, records.closure_record, wanted)

    def road_joints(self) -> list[records.RoadJoint]:
        """Give the gaps that were joined and not parted again, in the order of recording."""
        return self._all(ROAD_JOINTS, records.road_joint, order="seq")

    def activities(self) -> list[records.ActivityRecord]:
        """Give who does what where, called off or not, in the order of recording."""
        return self._all(ACTIVITIES, records.activity, order="seq")

    def vehicle_changes(self) -> list[records.VehicleChange]:
        """Give the changes of vehicle classes that count, in the order of recording."""
        return self._all(VEHICLE_CHANGES, records.vehicle_change, order="seq")

    def uploads(self) -> list[records.UploadRecord]:
        """Give the uploads in the order in which they came."""
        return self._all(UPLOADS, records.upload_record, order="recorded_at")

    def assessments(self) -> list[records.AssessmentRecord]:
        """Give the assessments, the newest last."""
        return self._all(ASSESSMENTS, records.assessment_record, order="seq")

    def plans(self) -> list[records.PlanRecord]:
        """Give the plans, the newest last."""
        return self._all(PLANS, records.plan_record, order="seq")

    def reports(self) -> list[records.ReportRecord]:
        """Give the situation reports that were given out, the newest last."""
        return self._all(REPORTS, records.report_record, order="seq")

    def locked_convoys(self) -> frozenset[str]:
        """Give the ids of the convoys that are to stay at a re-plan."""
        wanted = CONVOY_LOCKS.c.locked.is_(True)
        return frozenset(self._all(CONVOY_LOCKS, lambda row: str(row["convoy_id"]), wanted))

    def accounts(self) -> list[access_records.AccountRecord]:
        """Give the accounts, by id, those that are disabled too."""
        return self._all(ACCOUNTS, access_records.account_record)

    def api_keys(self) -> list[access_records.KeyRecord]:
        """Give the keys of organisations, by id, those revoked or expired too."""
        return self._all(KEYS, access_records.key_record)

    def erasures(self) -> list[access_records.ErasureRecord]:
        """Give of whom something was erased, by id."""
        return self._all(ERASURES, access_records.erasure_record)

    def changes_since(self, seq: int) -> records.Changes:
        """Give what changed after event `seq`; from 0 it is everything."""
        with self._projections() as connection:
            newest = self._newest(connection)
            changed: dict[str, tuple[Any, ...]] = {}
            removed: dict[str, tuple[str, ...]] = {}
            for table, make in _CHANGING.items():
                statement = (
                    select(table)
                    .where(table.c.seq > min(seq, _LAST_SEQ))
                    .order_by(*(table.c[name] for name in key_columns(table)))
                )
                if table is STOCK:
                    statement = statement.where(_is_depot(STOCK.c.account))
                rows = [row._mapping for row in connection.execute(statement)]
                changed[table.name] = tuple(make(row) for row in rows if not row["removed"])
                gone = tuple(row[key_columns(table)[0]] for row in rows if row["removed"])
                if gone:
                    removed[table.name] = gone
        return records.Changes(since=seq, seq=newest, removed=removed, **changed)

    def _all(
        self,
        table: Table,
        make: Callable[[records.Row], Record],
        condition: ColumnElement[bool] | None = None,
        *,
        order: str | None = None,
    ) -> list[Record]:
        keys = [table.c[name] for name in key_columns(table)]
        statement = select(table).where(table.c.removed.is_(False))
        if condition is not None:
            statement = statement.where(condition)
        statement = statement.order_by(*([] if order is None else [table.c[order]]), *keys)
        with self._projections() as connection:
            return [make(row._mapping) for row in connection.execute(statement)]

    def _newest(self, connection: Connection) -> int:
        """Number of the newest event that touched a table; the others left none of them changed."""
        seqs = (connection.execute(select(func.max(table.c.seq))).scalar() or 0 for table in TABLES)
        return max(seqs)

    def _rows_after(self, since: int, condition: ColumnElement[bool] | None) -> Iterator[EventRow]:
        """Read in parts, each in a transaction of its own, so that no reader holds up the log."""
        with self._ledger() as connection:
            until = self._last_seq(connection)
        while since < until:
            with self._ledger() as connection:
                rows = list(
                    event_rows(
                        connection,
                        after=since,
                        until=until,
                        condition=condition,
                        limit=EVENTS_PER_READ,
                    )
                )
            yield from rows
            since = rows[-1].seq if len(rows) == EVENTS_PER_READ else until

    def _last_seq(self, connection: Connection) -> int:
        last = int(connection.execute(_LAST).scalar() or 0)
        return last if self._until is None else min(last, self._until)


class LedgerHistory:
    """Earlier events for rules and projections, read over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_upload(self, upload_id: str, *, before: int) -> Sequence[Fact]:
        """Events below seq `before` that came with an upload, in order."""
        rows = event_rows(
            self._connection, until=before - 1, condition=EVENTS.c.upload_id == upload_id
        )
        return list(map(fact, rows))

    def of_subjects(self, subject_ids: Sequence[str], *, before: int) -> Sequence[Fact]:
        """Events below seq `before` that are about any of these, in order."""
        found: list[Fact] = []
        for part in chunks(list(dict.fromkeys(subject_ids)), KEYS_PER_SELECT):
            rows = event_rows(
                self._connection, until=before - 1, condition=EVENTS.c.subject_id.in_(part)
            )
            found.extend(map(fact, rows))
        return sorted(found, key=lambda one: one.seq)


def event_rows(
    connection: Connection,
    *,
    after: int = 0,
    until: int | None = None,
    condition: ColumnElement[bool] | None = None,
    limit: int | None = None,
) -> Iterator[EventRow]:
    """Read events with numbers in (after, until], in order."""
    statement: Select[Any] = _BETWEEN if condition is None else _BETWEEN.where(condition)
    if limit is not None:
        statement = statement.limit(limit)
    values = {
        "after": max(-1, min(after, _LAST_SEQ)),
        "until": _LAST_SEQ if until is None else max(-1, min(until, _LAST_SEQ)),
    }
    if not is_file(connection.engine.url):
        if condition is None:
            return map(_from_texts, postgres_rows.copy_out(connection, statement, values))
        return map(EventRow._make, postgres_rows.read(connection, statement, values))
    return map(EventRow._make, connection.execute(statement, values))


def _from_texts(fields: Sequence[Any]) -> EventRow:
    seq, event_id, kind, version, *told, held, payload, before, digest, subject, upload = fields
    now = (int(seq), event_id, kind, int(version), *told, held == "t")
    return EventRow._make((*now, payload, before, digest, subject, upload))


def fact(row: EventRow) -> Fact:
    """Read an event as rules and projections see it.

    Raises `SchemaError` if a newer program wrote it, `StoreError` if it was altered.
    """
    try:
        payload = payload_class(row.type, row.version).model_validate_json(row.payload)
    except ValidationError as error:
        raise _altered(row) from error
    return Fact(
        seq=row.seq,
        type=row.type,
        recorded_at=row.recorded_at,
        reported_at=row.reported_at,
        organisation_id=row.organisation_id,
        upload_id=row.upload_id,
        payload=payload,
    )


def recorded(row: EventRow) -> RecordedEvent:
    """Read an event as the ledger holds it; raises `StoreError` if it was altered."""
    reported_at, provenance = row.reported_at, row.provenance
    try:
        return RecordedEvent(
            seq=row.seq,
            event_id=row.event_id,
            type=row.type,
            version=row.version,
            recorded_at=datetime.fromisoformat(row.recorded_at),
            reported_at=None if reported_at is None else datetime.fromisoformat(reported_at),
            organisation_id=row.organisation_id,
            actor=row.actor,
            provenance=None if provenance is None else Provenance.model_validate_json(provenance),
            client_id=row.client_id,
            clock_held=row.clock_held,
            payload=json.loads(row.payload),
            prev_hash=row.prev_hash,
            hash=row.hash,
        )
    except (ValueError, TypeError) as error:
        raise _altered(row) from error


def _altered(row: EventRow) -> StoreError:
    return StoreError(
        f"event {row.seq}",
        "it cannot be read as what it says it is: the ledger was altered",
        "run `qafila verify`, and restore the ledger from a copy",
    )


def _is_depot(account: ColumnElement[Any]) -> ColumnElement[bool]:
    return account.like("depot:%")


_LAST = select(EVENTS.c.seq).order_by(EVENTS.c.seq.desc()).limit(1)
_BETWEEN = (
    select(EVENTS)
    .where(EVENTS.c.seq > bindparam("after"), EVENTS.c.seq <= bindparam("until"))
    .order_by(EVENTS.c.seq)
)
_CHANGING: dict[Table, Callable[[records.Row], Any]] = {
    SITUATION: records.situation_record,
    LAYERS: records.layer_record,
    ORGANISATIONS: records.organisation_record,
    DEPOTS: records.depot,
    VEHICLES: records.vehicle,
    VOLUNTEERS: volunteer_record,
    STOCK: stock_line,
    NEEDS: need_record,
    DAMAGE_REPORTS: records.damage_report_record,
    PLACES: records.added_place,
    PLACE_ALIASES: records.place_alias,
    CLOSURES: records.closure_record,
    ROAD_JOINTS: records.road_joint,
    ACTIVITIES: records.activity,
    VEHICLE_CHANGES: records.vehicle_change,
    UPLOADS: records.upload_record,
    ASSESSMENTS: records.assessment_record,
    PLANS: records.plan_record,
}
