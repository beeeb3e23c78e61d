"""Projections: places that no register knew, and further names of places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import PlaceAdded, PlaceAliasConfirmed, PlaceAliasWithdrawn, PlaceWithdrawn
from data.store.projections.registry import mark, projects
from data.store.schema import PLACE_ALIASES, PLACES

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(PlaceAdded, PLACES)
def _place_added(state: State, fact: Fact, payload: PlaceAdded) -> None:
    state.put(
        PLACES,
        {
            **payload.model_dump(),
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(PlaceWithdrawn, PLACES)
def _place_withdrawn(state: State, fact: Fact, payload: PlaceWithdrawn) -> None:
    row = state.row(PLACES, payload.place_id)
    if row is not None:
        state.put(PLACES, {**row, **mark(fact, removed=True)})


@projects(PlaceAliasConfirmed, PLACE_ALIASES)
def _place_alias_confirmed(state: State, fact: Fact, payload: PlaceAliasConfirmed) -> None:
    state.put(
        PLACE_ALIASES,
        {
            **payload.model_dump(),
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(PlaceAliasWithdrawn, PLACE_ALIASES)
def _place_alias_withdrawn(state: State, fact: Fact, payload: PlaceAliasWithdrawn) -> None:
    row = state.row(PLACE_ALIASES, payload.alias_id)
    if row is not None:
        state.put(PLACE_ALIASES, {**row, **mark(fact, removed=True)})
