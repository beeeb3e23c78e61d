"""Rules: a handling that is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import SlipUndone
from data.store.projections.slips import TABLES_OF_SLIPS, rows_of_slip
from data.store.rules.registry import rule, unknown
from data.store.rules.stock import changes_back, require_changes
from data.store.schema import MOVEMENTS, SLIPS
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(SlipUndone)
def _slip_undone(state: State, _fact: Fact, payload: SlipUndone) -> None:
    row = state.row(SLIPS, payload.slip_id)
    if row is not None:
        raise RuleError(
            payload.slip_id,
            f"the slip was undone at {row['undone_at']} before",
            "nothing is to be done",
        )
    if not any(rows_of_slip(state, table, payload.slip_id) for table in TABLES_OF_SLIPS):
        raise unknown(payload.slip_id, "slip, or nothing of it counts any longer")
    require_changes(state, changes_back(rows_of_slip(state, MOVEMENTS, payload.slip_id)))
