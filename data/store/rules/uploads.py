"""Rules: tables taken in from organisations, and taken back."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from data.events import (
    DepotRegistered,
    ItemRegistered,
    LotRegistered,
    PlaceAdded,
    StockMoved,
    UploadUndone,
)
from data.store.projections import is_undone
from data.store.rules.places import require_places_unused
from data.store.rules.registry import rule, unknown
from data.store.rules.stock import Changes, changes_back, require_changes
from data.store.schema import ITEMS, MOVEMENTS, STOCK, STOCK_LOTS, UPLOADS, VEHICLES
from geo.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.events import Event
    from data.store.state import Fact, Row, State


@rule(UploadUndone)
def _upload_undone(state: State, fact: Fact, payload: UploadUndone) -> None:
    row = state.row(UPLOADS, payload.upload_id)
    if row is None:
        raise unknown(payload.upload_id, "upload")
    if row["undone_at"] is not None:
        raise RuleError(
            payload.upload_id,
            f"the upload was undone at {row['undone_at']} before",
            "nothing is to be done",
        )
    came_with_it = state.history.of_upload(payload.upload_id, before=fact.seq)
    movements = [
        row
        for earlier in came_with_it
        if isinstance(earlier.payload, StockMoved)
        and (row := state.live(MOVEMENTS, earlier.payload.movement_id)) is not None
    ]
    changes = changes_back(movements)
    require_changes(state, changes)
    _require_depots_unused(state, fact, came_with_it, changes)
    _require_lots_unused(state, fact, came_with_it, changes)
    _require_items_unused(state, fact, came_with_it, movements)
    require_places_unused(
        state,
        [one.payload.place_id for one in came_with_it if isinstance(one.payload, PlaceAdded)],
        brought=[one.payload.subject_id for one in came_with_it],
    )


def _only_here(
    state: State, undo: Fact, came_with_it: Sequence[Fact], kind: type[Event]
) -> list[str]:
    """Ids of what an upload registered and nothing else that counts did, in order."""
    ids = [one.payload.subject_id for one in came_with_it if isinstance(one.payload, kind)]
    told_elsewhere = {
        one.payload.subject_id
        for one in state.history.of_subjects(ids, before=undo.seq)
        if isinstance(one.payload, kind)
        and one.upload_id != undo.payload.subject_id
        and not is_undone(state, one.upload_id)
    }
    return sorted(set(ids) - told_elsewhere)


def _require_depots_unused(
    state: State, undo: Fact, came_with_it: Sequence[Fact], changes: Changes
) -> None:
    """Refuse to take a depot away from what others keep there."""
    brought = {one.payload.subject_id for one in came_with_it}
    by_item: defaultdict[tuple[str, str], int] = defaultdict(int)
    for (account, item_id, _lot_id), change in changes.items():
        by_item[account, item_id] += change
    for depot_id in _only_here(state, undo, came_with_it, DepotRegistered):
        vehicles = [
            row["vehicle_id"]
            for row in state.rows_where(VEHICLES, "depot_id", depot_id)
            if not row["removed"] and row["vehicle_id"] not in brought
        ]
        stock = [
            row["item_id"]
            for row in state.rows_where(STOCK, "account", depot_id)
            if row["balance_micro"] + by_item.get((depot_id, row["item_id"]), 0) != 0
        ]
        if vehicles or stock:
            raise RuleError(
                f"{undo.payload.subject_id} brought {depot_id}",
                f"the depot is in use by others ({', '.join([*vehicles, *stock][:5])})",
                "move what is there to another depot first",
            )


def _require_lots_unused(
    state: State, undo: Fact, came_with_it: Sequence[Fact], changes: Changes
) -> None:
    """Refuse to take a lot away of which others hold goods."""
    for lot_id in _only_here(state, undo, came_with_it, LotRegistered):
        for row in state.rows_where(STOCK_LOTS, "lot_id", lot_id):
            key = (row["account"], row["item_id"], lot_id)
            if row["balance_micro"] + changes.get(key, 0) != 0:
                raise RuleError(
                    f"{undo.payload.subject_id} brought {lot_id}",
                    f"others brought goods of this lot too ({row['account']})",
                    "undo what brought them first",
                )


def _require_items_unused(
    state: State, undo: Fact, came_with_it: Sequence[Fact], movements: Sequence[Row]
) -> None:
    """Refuse to take an item away that others keep books of."""
    own = Counter(row["item_id"] for row in movements)
    for item_id in _only_here(state, undo, came_with_it, ItemRegistered):
        item = state.live(ITEMS, item_id)
        if item is not None and item["movements"] > own[item_id]:
            raise RuleError(
                f"{undo.payload.subject_id} brought the item {item_id}",
                "others keep books of it",
                "undo what moved it first",
            )
