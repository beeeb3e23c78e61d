"""Rules: places that no register knew, and further names of places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import PlaceAliasWithdrawn, PlaceWithdrawn
from data.store.rules.registry import rule, unknown
from data.store.schema import NEEDS, PLACE_ALIASES, PLACES
from geo.errors import RuleError, UnknownIdError
from geo.model import OPEN_NEED_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.store.state import Fact, State


@rule(PlaceWithdrawn)
def _place_withdrawn(state: State, _fact: Fact, payload: PlaceWithdrawn) -> None:
    if state.live(PLACES, payload.place_id) is None:
        raise UnknownIdError(
            payload.place_id,
            "nobody added such a place here",
            "a place of a layer goes with its layer: `qafila undo layer:…`",
        )
    require_places_unused(state, [payload.place_id], brought=())


@rule(PlaceAliasWithdrawn)
def _place_alias_withdrawn(state: State, _fact: Fact, payload: PlaceAliasWithdrawn) -> None:
    if state.live(PLACE_ALIASES, payload.alias_id) is None:
        raise unknown(payload.alias_id, "confirmed name")


def require_places_unused(
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
