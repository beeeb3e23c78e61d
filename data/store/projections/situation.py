"""Projections: the situation itself, its area and the layers loaded into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import LayerLoaded, LayerRemoved, SituationAreaSet, SituationCreated
from data.store.canonical import canonical_json, canonical_text
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import LAYERS, SITUATION

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(SituationCreated, SITUATION, undoable=False)
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
            "plays_at": time_text(payload.plays_at),
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(SituationAreaSet, SITUATION, undoable=False)
def _situation_area_set(state: State, fact: Fact, payload: SituationAreaSet) -> None:
    for row in state.rows_where(SITUATION, "removed", False):
        state.put(
            SITUATION,
            {
                **row,
                "bounds": canonical_json(payload.bounds),
                "working_crs": payload.working_crs,
                **mark(fact),
            },
        )


@projects(LayerLoaded, LAYERS)
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
            **mark(fact),
        },
    )


@projects(LayerRemoved, LAYERS)
def _layer_removed(state: State, fact: Fact, payload: LayerRemoved) -> None:
    row = state.row(LAYERS, payload.layer_id)
    if row is not None:
        state.put(LAYERS, {**row, **mark(fact, removed=True)})
