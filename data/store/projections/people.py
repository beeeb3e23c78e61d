"""Projections: organisations and volunteers; no name, phone or position of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import OrganisationRegistered, OrganisationStatusSet, VolunteerRegistered
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import ORGANISATIONS, VOLUNTEERS

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(OrganisationRegistered, ORGANISATIONS)
def _organisation_registered(state: State, fact: Fact, payload: OrganisationRegistered) -> None:
    state.put(
        ORGANISATIONS,
        {
            "organisation_id": payload.organisation_id,
            "name": payload.name,
            "name_ar": payload.name_ar,
            "kind": payload.kind,
            "status": payload.status,
            **mark(fact),
        },
    )


@projects(OrganisationStatusSet, ORGANISATIONS)
def _organisation_status_set(state: State, fact: Fact, payload: OrganisationStatusSet) -> None:
    row = state.row(ORGANISATIONS, payload.organisation_id)
    if row is not None:
        state.put(ORGANISATIONS, {**row, "status": payload.status, **mark(fact)})


@projects(VolunteerRegistered, VOLUNTEERS)
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
            "available_from": time_text(payload.available_from),
            "available_until": time_text(payload.available_until),
            "vehicle": payload.vehicle,
            "remote": payload.remote,
            "consent": payload.consent,
            "account_id": payload.account_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )
