"""Rules: tables taken in from organisations, and taken back."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from data.events import DepotRegistered, PlaceAdded, StockMoved, UploadUndone
from data.store.projections import is_undone
from data.store.rules.places import require_places_unused
from data.store.rules.registry import rule, unknown
from data.store.rules.stock import require_balance
from data.store.schema import MOVEMENTS, STOCK, UPLOADS, VEHICLES, to_micro
from geo.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.store.state import Fact, State


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
    changes: defaultdict[tuple[str, str], int] = defaultdict(int)
    for earlier in came_with_it:
        if isinstance(earlier.payload, StockMoved) and state.live(
            MOVEMENTS, earlier.payload.movement_id
        ):
            quantity, item_id = to_micro(earlier.payload.quantity), earlier.payload.item_id
            changes[earlier.payload.from_account, item_id] += quantity
            changes[earlier.payload.to_account, item_id] -= quantity
    for (account, item_id), change in changes.items():
        require_balance(state, account, item_id, change)
    _require_depots_unused(state, fact, came_with_it, changes)
    require_places_unused(
        state,
        [one.payload.place_id for one in came_with_it if isinstance(one.payload, PlaceAdded)],
        brought=[one.payload.subject_id for one in came_with_it],
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
