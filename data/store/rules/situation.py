"""Rules: the situation itself, its area and the layers loaded into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import LayerRemoved, SituationAreaSet, SituationCreated
from data.store.rules.registry import rule, unknown
from data.store.schema import LAYERS, SITUATION
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(SituationCreated)
def _situation_created(_state: State, fact: Fact, payload: SituationCreated) -> None:
    if fact.seq != 1:
        raise RuleError(
            payload.situation_id, "a situation is created once", "create another in its own home"
        )


@rule(SituationAreaSet)
def _situation_area_set(state: State, _fact: Fact, _payload: SituationAreaSet) -> None:
    if not state.rows_where(SITUATION, "removed", False):
        raise RuleError("situation.area_set", "a situation is needed first", "create it")


@rule(LayerRemoved)
def _layer_removed(state: State, _fact: Fact, payload: LayerRemoved) -> None:
    row = state.row(LAYERS, payload.layer_id)
    if row is None:
        raise unknown(payload.layer_id, "layer")
    if row["removed"]:
        raise RuleError(payload.layer_id, "the layer was removed before", "nothing is to be done")
