"""Projections: what each type of event does to the tables of state. One function per type.

They never refuse: what may not happen is refused by `rules` before an event is recorded, and a
ledger of years ago must replay under the rules of today. What they need from elsewhere they read
through `State`, so a replay gives the same rows, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, Table, select

from data.events import (
    EVENT_TYPES,
    AssessmentMade,
    ConvoyLockSet,
    DamageReported,
    DepotRegistered,
    Event,
    LayerLoaded,
    LayerRemoved,
    NeedReported,
    NeedStatusChanged,
    OrganisationRegistered,
    PlaceAdded,
    PlaceAliasConfirmed,
    PlaceAliasWithdrawn,
    PlaceWithdrawn,
    PlanMade,
    RoadClosed,
    RoadReopened,
    SituationAreaSet,
    SituationCreated,
    StockMoved,
    UploadReceived,
    UploadUndone,
    VehicleRegistered,
    VolunteerRegistered,
)
from data.store.canonical import canonical_json, canonical_text
from data.store.chain import utc_text
from data.store.schema import (
    ASSESSMENTS,
    CLOSURES,
    CONVOY_LOCKS,
    DAMAGE_REPORTS,
    DEPOTS,
    ITEMS,
    LAYERS,
    MOVEMENTS,
    NEEDS,
    ORGANISATIONS,
    PLACE_ALIASES,
    PLACES,
    PLANS,
    SITUATION,
    STOCK,
    TABLES,
    UPLOADS,
    VEHICLES,
    VOLUNTEERS,
    key_columns,
    to_micro,
)
from data.store.state import Fact, Key, Row, State

if TYPE_CHECKING:
    from datetime import datetime

Apply: TypeAlias = Callable[[State, Fact, Any], None]


@dataclass(frozen=True, slots=True)
class Projection:
    """The table whose row an event is about, and what the event does to it."""

    table: Table
    apply: Apply
    #: Whether `upload.undone` takes the event's effect back. What was computed stays computed.
    undoable: bool = True


BY_TYPE: dict[str, Projection] = {}

# Not canonical JSON: a balance may be beyond 2^53.
_ROW = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


def apply(state: State, fact: Fact) -> None:
    """Change the state by one event."""
    BY_TYPE[fact.type].apply(state, fact, fact.payload)


def touches(fact: Fact) -> Iterator[tuple[Table, Key]]:
    """Rows that rules and projection will read, as far as the event alone tells."""
    payload = fact.payload
    if isinstance(payload, StockMoved):
        yield ITEMS, (payload.item_id,)
        for account in (payload.from_account, payload.to_account):
            yield STOCK, (account, payload.item_id)
            if account.startswith("depot:"):
                yield DEPOTS, (account,)
    elif isinstance(payload, VehicleRegistered):
        yield DEPOTS, (payload.depot_id,)
    if fact.upload_id is not None:
        yield UPLOADS, (fact.upload_id,)
    if payload.subject:
        yield BY_TYPE[fact.type].table, (payload.subject_id,)


def dump(connection: Connection) -> Iterator[str]:
    """Write every row of every projection as a line, in the order of table and key."""
    for table in TABLES:
        keys = [table.c[name] for name in key_columns(table)]
        for row in connection.execute(select(table).order_by(*keys)):
            yield f"{table.name} {_ROW.encode(dict(row._mapping))}"


def _projects(
    event: type[Event], table: Table, *, undoable: bool = True
) -> Callable[[Apply], Apply]:
    def register(function: Apply) -> Apply:
        BY_TYPE[event.type] = Projection(table, function, undoable)
        return function

    return register


# --- the situation ----------------------------------------------------------------------------


@_projects(SituationCreated, SITUATION, undoable=False)
def _situation_created(state: State, fact: Fact, payload: SituationCreated) -> None:
    state.put(
        SITUATION,
        {
            "situation_id": payload.situation_id,
            "name": payload.name,
            "bounds": None if payload.bounds is None else canonical_json(payload.bounds),
            "working_crs": payload.working_crs,
            "timezone": payload.timezone,
            "notice": payload.notice,
            "drill": payload.drill,
            "plays_at": _time(payload.plays_at),
            "recorded_at": fact.recorded_at,
            **_mark(fact),
        },
    )


@_projects(SituationAreaSet, SITUATION, undoable=False)
def _situation_area_set(state: State, fact: Fact, payload: SituationAreaSet) -> None:
    for row in state.rows_where(SITUATION, "removed", False):
        state.put(
            SITUATION,
            {
                **row,
                "bounds": canonical_json(payload.bounds),
                "working_crs": payload.working_crs,
                **_mark(fact),
            },
        )


@_projects(LayerLoaded, LAYERS)
def _layer_loaded(state: State, fact: Fact, payload: LayerLoaded) -> None:
    state.put(
        LAYERS,
        {
            "layer_id": payload.layer_id,
            "kind": payload.kind,
            "name": payload.name,
            "files": canonical_json(payload.files),
            "rows": payload.rows,
            "bounds": canonical_json(payload.bounds),
            "source": canonical_text(payload.source.model_dump_json()),
            "notes": canonical_json(payload.notes),
            "details": canonical_json(payload.details),
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            "loaded_seq": fact.seq,
            **_mark(fact),
        },
    )


@_projects(LayerRemoved, LAYERS)
def _layer_removed(state: State, fact: Fact, payload: LayerRemoved) -> None:
    row = state.row(LAYERS, payload.layer_id)
    if row is not None:
        state.put(LAYERS, {**row, **_mark(fact, removed=True)})


# --- who and what there is --------------------------------------------------------------------


@_projects(OrganisationRegistered, ORGANISATIONS)
def _organisation_registered(state: State, fact: Fact, payload: OrganisationRegistered) -> None:
    state.put(
        ORGANISATIONS,
        {
            "organisation_id": payload.organisation_id,
            "name": payload.name,
            "name_ar": payload.name_ar,
            "kind": payload.kind,
            "status": payload.status,
            **_mark(fact),
        },
    )


@_projects(DepotRegistered, DEPOTS)
def _depot_registered(state: State, fact: Fact, payload: DepotRegistered) -> None:
    state.put(
        DEPOTS,
        {
            "depot_id": payload.depot_id,
            "name": payload.name,
            "name_ar": payload.name_ar,
            "lon": payload.lon,
            "lat": payload.lat,
            "active": payload.active,
            **_mark(fact),
        },
    )


@_projects(VehicleRegistered, VEHICLES)
def _vehicle_registered(state: State, fact: Fact, payload: VehicleRegistered) -> None:
    state.put(
        VEHICLES,
        {
            "vehicle_id": payload.vehicle_id,
            "vehicle_class": payload.vehicle_class,
            "name": payload.name,
            "capacity_kg": payload.capacity_kg,
            "capacity_m3": payload.capacity_m3,
            "depot_id": payload.depot_id,
            "organisation_id": payload.organisation_id or fact.organisation_id,
            "shift_s": payload.shift_s,
            "available": payload.available,
            **_mark(fact),
        },
    )


@_projects(VolunteerRegistered, VOLUNTEERS)
def _volunteer_registered(state: State, fact: Fact, payload: VolunteerRegistered) -> None:
    state.put(
        VOLUNTEERS,
        {
            "volunteer_id": payload.volunteer_id,
            "organisation_id": payload.organisation_id or fact.organisation_id,
            "home_place_id": payload.home_place_id,
            "skills": canonical_json(payload.skills),
            "languages": canonical_json(payload.languages),
            "available": payload.available,
            **_mark(fact),
        },
    )


# --- stock: what leaves one account arrives in another ----------------------------------------


@_projects(StockMoved, MOVEMENTS)
def _stock_moved(state: State, fact: Fact, payload: StockMoved) -> None:
    row = {
        "movement_id": payload.movement_id,
        "item_id": payload.item_id,
        "quantity_micro": to_micro(payload.quantity),
        "unit": payload.unit,
        "from_account": payload.from_account,
        "to_account": payload.to_account,
        "note": payload.note,
        "organisation_id": fact.organisation_id,
        "upload_id": fact.upload_id,
        "recorded_at": fact.recorded_at,
        "reported_at": fact.reported_at,
        **_mark(fact),
    }
    state.put(MOVEMENTS, row)
    _book(state, fact, row, direction=1)


def _book(state: State, fact: Fact, movement: Row, *, direction: int) -> None:
    """Move a quantity between two accounts, or back (`direction` -1)."""
    item_id, quantity = movement["item_id"], movement["quantity_micro"] * direction
    for account, change in (
        (movement["from_account"], -quantity),
        (movement["to_account"], quantity),
    ):
        held = state.row(STOCK, account, item_id)
        balance = (held["balance_micro"] if held else 0) + change
        state.put(
            STOCK,
            {"account": account, "item_id": item_id, "balance_micro": balance, **_mark(fact)},
        )
    item = state.row(ITEMS, item_id)
    movements = (item["movements"] if item else 0) + direction
    # The unit is free again when the last movement of an item was taken back.
    unit = item["unit"] if item and item["movements"] > 0 else movement["unit"]
    state.put(
        ITEMS,
        {
            "item_id": item_id,
            "unit": unit,
            "movements": movements,
            **_mark(fact, removed=movements == 0),
        },
    )


# --- needs and roads --------------------------------------------------------------------------


@_projects(NeedReported, NEEDS)
def _need_reported(state: State, fact: Fact, payload: NeedReported) -> None:
    state.put(
        NEEDS,
        {
            "need_id": payload.need_id,
            "place_id": payload.place_id,
            "item_id": payload.item_id,
            "quantity_micro": to_micro(payload.quantity),
            "unit": payload.unit,
            "reported_from": payload.reported_from,
            "weight": payload.weight,
            "status": payload.status,
            "expires_at": _time(payload.expires_at),
            "written_place": payload.written_place,
            "match_score": payload.match_score,
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            "reported_at": fact.reported_at,
            "changed_at": fact.recorded_at,
            **_mark(fact),
        },
    )


@_projects(NeedStatusChanged, NEEDS)
def _need_status_changed(state: State, fact: Fact, payload: NeedStatusChanged) -> None:
    row = state.row(NEEDS, payload.need_id)
    if row is not None:
        state.put(
            NEEDS,
            {**row, "status": payload.status, "changed_at": fact.recorded_at, **_mark(fact)},
        )


@_projects(DamageReported, DAMAGE_REPORTS)
def _damage_reported(state: State, fact: Fact, payload: DamageReported) -> None:
    observed = _time(payload.observed_at) or fact.reported_at or fact.recorded_at
    state.put(
        DAMAGE_REPORTS,
        {
            "report_id": payload.report_id,
            "place_id": payload.place_id,
            "destroyed": payload.destroyed,
            "damaged": payload.damaged,
            "total": payload.total,
            "observed_at": observed,
            "written_place": payload.written_place,
            "match_score": payload.match_score,
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            **_mark(fact),
        },
    )


@_projects(PlaceAdded, PLACES)
def _place_added(state: State, fact: Fact, payload: PlaceAdded) -> None:
    state.put(
        PLACES,
        {
            **payload.model_dump(),
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            **_mark(fact),
        },
    )


@_projects(PlaceWithdrawn, PLACES)
def _place_withdrawn(state: State, fact: Fact, payload: PlaceWithdrawn) -> None:
    row = state.row(PLACES, payload.place_id)
    if row is not None:
        state.put(PLACES, {**row, **_mark(fact, removed=True)})


@_projects(PlaceAliasConfirmed, PLACE_ALIASES)
def _place_alias_confirmed(state: State, fact: Fact, payload: PlaceAliasConfirmed) -> None:
    state.put(
        PLACE_ALIASES,
        {
            **payload.model_dump(),
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            **_mark(fact),
        },
    )


@_projects(PlaceAliasWithdrawn, PLACE_ALIASES)
def _place_alias_withdrawn(state: State, fact: Fact, payload: PlaceAliasWithdrawn) -> None:
    row = state.row(PLACE_ALIASES, payload.alias_id)
    if row is not None:
        state.put(PLACE_ALIASES, {**row, **_mark(fact, removed=True)})


@_projects(RoadClosed, CLOSURES)
def _road_closed(state: State, fact: Fact, payload: RoadClosed) -> None:
    state.put(
        CLOSURES,
        {
            "closure_id": payload.closure_id,
            "edges": canonical_json(payload.edges),
            "roads_sha256": payload.roads_sha256,
            "state": payload.state,
            "classes": canonical_json(payload.classes),
            "since": _time(payload.since),
            "until": _time(payload.until),
            "confidence": payload.confidence,
            "source": payload.source,
            "reason": payload.reason,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            "reported_at": fact.reported_at,
            "reopened_at": None,
            "reopened_reason": "",
            **_mark(fact),
        },
    )


@_projects(RoadReopened, CLOSURES)
def _road_reopened(state: State, fact: Fact, payload: RoadReopened) -> None:
    row = state.row(CLOSURES, payload.closure_id)
    if row is not None:
        state.put(
            CLOSURES,
            {
                **row,
                "reopened_at": fact.recorded_at,
                "reopened_reason": payload.reason,
                **_mark(fact),
            },
        )


# --- what was computed ------------------------------------------------------------------------


@_projects(AssessmentMade, ASSESSMENTS, undoable=False)
def _assessment_made(state: State, fact: Fact, payload: AssessmentMade) -> None:
    state.put(
        ASSESSMENTS,
        {
            "assessment_id": payload.assessment_id,
            "document": payload.document,
            "based_on_seq": payload.based_on_seq,
            "summary": canonical_json(payload.summary),
            "recorded_at": fact.recorded_at,
            **_mark(fact),
        },
    )


@_projects(PlanMade, PLANS, undoable=False)
def _plan_made(state: State, fact: Fact, payload: PlanMade) -> None:
    state.put(
        PLANS,
        {
            "plan_id": payload.plan_id,
            "document": payload.document,
            "problem": payload.problem,
            "seed": payload.seed,
            "based_on_seq": payload.based_on_seq,
            "summary": canonical_json(payload.summary),
            "recorded_at": fact.recorded_at,
            **_mark(fact),
        },
    )


@_projects(ConvoyLockSet, CONVOY_LOCKS, undoable=False)
def _convoy_lock_set(state: State, fact: Fact, payload: ConvoyLockSet) -> None:
    state.put(
        CONVOY_LOCKS,
        {
            "convoy_id": payload.convoy_id,
            "plan_id": payload.plan_id,
            "locked": payload.locked,
            "reason": payload.reason,
            "recorded_at": fact.recorded_at,
            **_mark(fact),
        },
    )


# --- uploads, and how one is undone -----------------------------------------------------------


@_projects(UploadReceived, UPLOADS, undoable=False)
def _upload_received(state: State, fact: Fact, payload: UploadReceived) -> None:
    state.put(
        UPLOADS,
        {
            "upload_id": payload.upload_id,
            "kind": payload.kind,
            "file": payload.file,
            "sha256": payload.sha256,
            "accepted": payload.accepted,
            "rejected": payload.rejected,
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            "undone_at": None,
            "undone_reason": "",
            **_mark(fact),
        },
    )


@_projects(UploadUndone, UPLOADS, undoable=False)
def _upload_undone(state: State, fact: Fact, payload: UploadUndone) -> None:
    row = state.row(UPLOADS, payload.upload_id)
    if row is None:
        return
    state.put(
        UPLOADS,
        {
            **row,
            "undone_at": fact.recorded_at,
            "undone_reason": payload.reason,
            **_mark(fact),
        },
    )
    came_with_it = state.history.of_upload(payload.upload_id, before=fact.seq)
    state.prefetch(touch for earlier in came_with_it for touch in touches(earlier))
    for earlier in came_with_it:
        if isinstance(earlier.payload, StockMoved):
            _take_back(state, fact, earlier.payload.movement_id)
    _tell_again(state, fact, came_with_it)


def _take_back(state: State, fact: Fact, movement_id: str) -> None:
    movement = state.live(MOVEMENTS, movement_id)
    if movement is not None:
        state.put(MOVEMENTS, {**movement, **_mark(fact, removed=True)})
        _book(state, fact, movement, direction=-1)


def _tell_again(state: State, undo: Fact, undone: Sequence[Fact]) -> None:
    """Make the rows that an upload touched anew from the events that still count.

    So a vehicle that the upload only changed is again what it was before, and what only the upload
    brought is removed; a need is kept as withdrawn, because somebody may have acted on it.
    """
    rows_of_upload: dict[tuple[str, str], Table] = {}
    for earlier in undone:
        projection = BY_TYPE[earlier.type]
        if projection.undoable and projection.table is not MOVEMENTS:
            rows_of_upload[projection.table.name, earlier.payload.subject_id] = projection.table
    before = {
        (name, subject_id): state.row(table, subject_id)
        for (name, subject_id), table in rows_of_upload.items()
    }
    for (_, subject_id), table in rows_of_upload.items():
        state.forget(table, subject_id)
    subjects = list(dict.fromkeys(subject_id for _, subject_id in rows_of_upload))
    for earlier in state.history.of_subjects(subjects, before=undo.seq):
        projection = BY_TYPE[earlier.type]
        told = (projection.table.name, earlier.payload.subject_id) in rows_of_upload
        if told and not is_undone(state, earlier.upload_id):
            projection.apply(state, earlier, earlier.payload)
    for key, table in rows_of_upload.items():
        now, then = state.row(table, key[1]), before[key]
        if now is not None:
            state.put(table, {**now, "seq": undo.seq})
        elif then is not None and table is NEEDS:
            withdrawn = {"status": "withdrawn", "changed_at": undo.recorded_at}
            state.put(table, {**then, **withdrawn, **_mark(undo)})
        elif then is not None:
            state.put(table, {**then, **_mark(undo, removed=True)})


def is_undone(state: State, upload_id: str | None) -> bool:
    """Whether an upload was taken back."""
    if upload_id is None:
        return False
    row = state.row(UPLOADS, upload_id)
    return row is not None and row["undone_at"] is not None


def _mark(fact: Fact, *, removed: bool = False) -> Row:
    return {"removed": removed, "seq": fact.seq}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)


if missing := EVENT_TYPES.keys() - BY_TYPE.keys():
    raise TypeError(f"no projection for {', '.join(sorted(missing))}")
