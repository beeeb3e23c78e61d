"""Rules: what may not be recorded, although it is readable. Checked before an event goes in.

A replay does not ask them: what was recorded happened, under the rules of its day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from data.events import (
    AssessmentMade,
    ConvoyLockSet,
    DamageReported,
    DepotRegistered,
    Event,
    LayerLoaded,
    LayerRemoved,
    NeedReported,
    NeedStatusChanged,
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
)
from data.store.projections import BY_TYPE, is_undone
from data.store.read import OPEN_NEED_STATUSES
from data.store.schema import (
    CLOSURES,
    DEPOTS,
    ITEMS,
    LAYERS,
    MOVEMENTS,
    NEEDS,
    PLACE_ALIASES,
    PLACES,
    PLANS,
    SITUATION,
    STOCK,
    UPLOADS,
    VEHICLES,
    from_micro,
    to_micro,
)
from data.store.state import Fact, State
from geo.errors import RuleError, UnknownIdError

Check: TypeAlias = Callable[[State, Fact, Any], None]

ACCOUNT_KINDS = ("donor", "depot", "convoy", "place", "loss", "count")
#: What lies there was brought there: no more can leave than is on hand.
HOLDING_KINDS = ("depot", "convoy")
#: Far above any stock, far below the limit of a 64-bit integer in micro-units.
MAX_BALANCE = Decimal(10) ** 12

_CHECKS: dict[str, Check] = {}

# These begin something, so their id must be new. The others may be a new word on a known thing.
_BEGINNINGS = (
    AssessmentMade,
    DamageReported,
    LayerLoaded,
    NeedReported,
    PlaceAliasConfirmed,
    PlanMade,
    RoadClosed,
    StockMoved,
    UploadReceived,
)


def check(state: State, fact: Fact) -> None:
    """Raise `RuleError` or `UnknownIdError` if the event may not happen in this state."""
    payload = fact.payload
    if isinstance(payload, _BEGINNINGS):
        _require_new(state, fact)
    if is_undone(state, fact.upload_id):
        raise RuleError(
            f"{fact.type} of {fact.upload_id}",
            "an upload that was not undone is needed",
            "upload the file again",
        )
    specific = _CHECKS.get(fact.type)
    if specific is not None:
        specific(state, fact, payload)


def _require_new(state: State, fact: Fact) -> None:
    subject_id = fact.payload.subject_id
    if state.row(BY_TYPE[fact.type].table, subject_id) is not None:
        raise RuleError(
            f"{fact.type}: {subject_id}",
            "an id that was never used is needed",
            "it is recorded already; make a new id",
        )


def _rule(event: type[Event]) -> Callable[[Check], Check]:
    def register(function: Check) -> Check:
        _CHECKS[event.type] = function
        return function

    return register


@_rule(SituationCreated)
def _situation_created(_state: State, fact: Fact, payload: SituationCreated) -> None:
    if fact.seq != 1:
        raise RuleError(
            payload.situation_id, "a situation is created once", "create another in its own home"
        )


@_rule(SituationAreaSet)
def _situation_area_set(state: State, _fact: Fact, _payload: SituationAreaSet) -> None:
    if not state.rows_where(SITUATION, "removed", False):
        raise RuleError("situation.area_set", "a situation is needed first", "create it")


@_rule(DamageReported)
def _damage_reported(_state: State, _fact: Fact, payload: DamageReported) -> None:
    hit = payload.destroyed + payload.damaged
    if payload.total is not None and hit > payload.total:
        raise RuleError(
            f"{payload.report_id}: {hit} houses hit of {payload.total}",
            "no more than there are can be destroyed or damaged",
            "correct the count",
        )


@_rule(PlaceWithdrawn)
def _place_withdrawn(state: State, _fact: Fact, payload: PlaceWithdrawn) -> None:
    if state.live(PLACES, payload.place_id) is None:
        raise UnknownIdError(
            payload.place_id,
            "nobody added such a place here",
            "a place of a layer goes with its layer: `qafila undo layer:…`",
        )
    _require_places_unused(state, [payload.place_id], brought=())


@_rule(PlaceAliasWithdrawn)
def _place_alias_withdrawn(state: State, _fact: Fact, payload: PlaceAliasWithdrawn) -> None:
    if state.live(PLACE_ALIASES, payload.alias_id) is None:
        raise _unknown(payload.alias_id, "confirmed name")


@_rule(ConvoyLockSet)
def _convoy_lock_set(state: State, _fact: Fact, payload: ConvoyLockSet) -> None:
    if state.row(PLANS, payload.plan_id) is None:
        raise _unknown(payload.plan_id, "plan")


@_rule(LayerRemoved)
def _layer_removed(state: State, _fact: Fact, payload: LayerRemoved) -> None:
    row = state.row(LAYERS, payload.layer_id)
    if row is None:
        raise _unknown(payload.layer_id, "layer")
    if row["removed"]:
        raise RuleError(payload.layer_id, "the layer was removed before", "nothing is to be done")


@_rule(VehicleRegistered)
def _vehicle_registered(state: State, _fact: Fact, payload: VehicleRegistered) -> None:
    if state.live(DEPOTS, payload.depot_id) is None:
        raise _unknown(payload.depot_id, "depot", f"vehicle {payload.vehicle_id}: ")


@_rule(NeedStatusChanged)
def _need_status_changed(state: State, _fact: Fact, payload: NeedStatusChanged) -> None:
    if state.live(NEEDS, payload.need_id) is None:
        raise _unknown(payload.need_id, "need")


@_rule(RoadReopened)
def _road_reopened(state: State, _fact: Fact, payload: RoadReopened) -> None:
    row = state.live(CLOSURES, payload.closure_id)
    if row is None:
        raise _unknown(payload.closure_id, "closure")
    if row["reopened_at"] is not None:
        raise RuleError(
            payload.closure_id,
            f"the road was reopened at {row['reopened_at']} before",
            "nothing is to be done",
        )


@_rule(StockMoved)
def _stock_moved(state: State, _fact: Fact, payload: StockMoved) -> None:
    what = f"movement {payload.movement_id}"
    if payload.quantity == 0:
        raise RuleError(f"{what}: quantity 0", "a quantity above 0 is needed", "correct it")
    if payload.from_account == payload.to_account:
        raise RuleError(
            f"{what}: {payload.from_account} to itself", "two accounts are needed", "correct it"
        )
    for account in (payload.from_account, payload.to_account):
        _require_account(state, account, what)
    item = state.live(ITEMS, payload.item_id)
    if item is not None and item["unit"] != payload.unit:
        raise RuleError(
            f"{what}: {payload.item_id} in {payload.unit!r}",
            f"the unit {item['unit']!r} is needed, in which this item is counted here",
            "convert the quantity",
        )
    quantity = to_micro(payload.quantity)
    _require_balance(state, payload.from_account, payload.item_id, -quantity)
    _require_balance(state, payload.to_account, payload.item_id, quantity)


@_rule(UploadUndone)
def _upload_undone(state: State, fact: Fact, payload: UploadUndone) -> None:
    row = state.row(UPLOADS, payload.upload_id)
    if row is None:
        raise _unknown(payload.upload_id, "upload")
    if row["undone_at"] is not None:
        raise RuleError(
            payload.upload_id,
            f"the upload was undone at {row['undone_at']} before",
            "nothing is to be done",
        )
    came_with_it = state.history.of_upload(payload.upload_id, before=fact.seq)
    changes: defaultdict[tuple[str, str], int] = defaultdict(int)
    for earlier in came_with_it:
        if isinstance(earlier.payload, StockMoved) and state.live(
            MOVEMENTS, earlier.payload.movement_id
        ):
            quantity, item_id = to_micro(earlier.payload.quantity), earlier.payload.item_id
            changes[earlier.payload.from_account, item_id] += quantity
            changes[earlier.payload.to_account, item_id] -= quantity
    for (account, item_id), change in changes.items():
        _require_balance(state, account, item_id, change)
    _require_depots_unused(state, fact, came_with_it, changes)
    _require_places_unused(
        state,
        [one.payload.place_id for one in came_with_it if isinstance(one.payload, PlaceAdded)],
        brought=[one.payload.subject_id for one in came_with_it],
    )


def _require_places_unused(
    state: State, place_ids: Sequence[str], *, brought: Sequence[str]
) -> None:
    """Refuse to take an added place away while somebody says that it lacks something."""
    if not place_ids:
        return
    places, own = set(place_ids), set(brought)
    # One question for all: an upload may have brought thousands of places.
    needs = sorted(
        (row["place_id"], row["need_id"])
        for row in state.rows_where(NEEDS, "removed", False)
        if row["place_id"] in places
        and row["status"] in OPEN_NEED_STATUSES
        and row["need_id"] not in own
    )
    if needs:
        place_id = needs[0][0]
        said = [need_id for place, need_id in needs if place == place_id]
        raise RuleError(
            place_id,
            f"needs are reported for this place ({', '.join(said[:3])})",
            "withdraw them first (`qafila undo` of their upload)",
        )


def _require_depots_unused(
    state: State,
    undo: Fact,
    came_with_it: Sequence[Fact],
    changes: dict[tuple[str, str], int],
) -> None:
    """Refuse to take a depot away from what others keep there."""
    brought = {one.payload.subject_id for one in came_with_it}
    depots = [
        one.payload.depot_id for one in came_with_it if isinstance(one.payload, DepotRegistered)
    ]
    told_elsewhere = {
        one.payload.subject_id
        for one in state.history.of_subjects(depots, before=undo.seq)
        if one.upload_id != undo.payload.subject_id and not is_undone(state, one.upload_id)
    }
    for depot_id in sorted(set(depots) - told_elsewhere):
        vehicles = [
            row["vehicle_id"]
            for row in state.rows_where(VEHICLES, "depot_id", depot_id)
            if not row["removed"] and row["vehicle_id"] not in brought
        ]
        stock = [
            row["item_id"]
            for row in state.rows_where(STOCK, "account", depot_id)
            if row["balance_micro"] + changes.get((depot_id, row["item_id"]), 0) != 0
        ]
        if vehicles or stock:
            raise RuleError(
                f"{undo.payload.subject_id} brought {depot_id}",
                f"the depot is in use by others ({', '.join([*vehicles, *stock][:5])})",
                "move what is there to another depot first",
            )


def _require_account(state: State, account: str, what: str) -> None:
    kind = account.partition(":")[0]
    if kind not in ACCOUNT_KINDS:
        raise RuleError(
            f"{what}: account {account!r}",
            f"one of {', '.join(f'{known}:…' for known in ACCOUNT_KINDS)} is needed",
            "correct the account",
        )
    if kind == "depot" and state.live(DEPOTS, account) is None:
        raise _unknown(account, "depot", f"{what}: ")


def _require_balance(state: State, account: str, item_id: str, change: int) -> None:
    row = state.row(STOCK, account, item_id)
    held = row["balance_micro"] if row else 0
    after = held + change
    if change < 0 and after < 0 and account.partition(":")[0] in HOLDING_KINDS:
        raise RuleError(
            f"{account}: {_plain(-change)} {item_id} to leave",
            f"only {_plain(held)} on hand: stock never becomes negative",
            "correct the quantity, or record first what came in",
        )
    if abs(after) > to_micro(MAX_BALANCE):
        raise RuleError(
            f"{account}: {_plain(after)} {item_id}",
            f"at most {MAX_BALANCE:,} of an item in one account",
            "check the quantity and its unit",
        )


def _unknown(given: str, kind: str, what: str = "") -> UnknownIdError:
    return UnknownIdError(
        f"{what}{given}", f"this situation knows no such {kind}", "check the id, or register it"
    )


def _plain(micro: int) -> str:
    return f"{from_micro(micro).normalize():f}"
