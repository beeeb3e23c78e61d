"""Organisations: how far each is recognised, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from data.events import NewEvent, OrganisationStatusSet
from geo.errors import InputError, UnknownIdError

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation
    from data.events.people import OrganisationStatus
    from data.store.records import OrganisationRecord
    from geo.model import Vehicle

STATUSES = ("recognised", "pending", "revoked")


def list_organisations(situation: Situation) -> list[dict[str, Any]]:
    """Give the organisations with how far each is recognised, and since which event."""
    return [
        {
            "organisation_id": one.organisation_id,
            "name": one.name,
            "name_ar": one.name_ar,
            "kind": one.kind,
            "status": one.status,
        }
        for one in situation.store.organisations()
    ]


def set_organisation(
    situation: Situation, organisation: str, status: str, *, reason: str = ""
) -> dict[str, Any]:
    """Recognise an organisation, put it back to pending, or revoke its recognition.

    From an organisation that was revoked nothing is taken any more: its accounts and keys are
    refused, its uploads too, and its vehicles are not planned with.
    """
    if status not in STATUSES:
        raise InputError(
            f"status {status!r}", f"one of {', '.join(STATUSES)} is needed", "correct it"
        )
    known = find_organisation(situation, organisation)
    payload = OrganisationStatusSet(
        organisation_id=known.organisation_id,
        status=cast("OrganisationStatus", status),
        reason=reason[:2_000],
    )
    situation.store.append([NewEvent(payload=payload)])
    return {"organisation_id": known.organisation_id, "name": known.name, "status": status}


def find_organisation(situation: Situation, name_or_id: str) -> OrganisationRecord:
    """Give the organisation of a name or an id; raises `UnknownIdError`, registers nothing."""
    wanted = name_or_id.strip()
    for known in situation.store.organisations():
        if wanted in (known.organisation_id, known.name, known.name_ar):
            return known
    raise UnknownIdError(name_or_id, "no such organisation here", "see `qafila organisation list`")


def organisation_names(situation: Situation) -> dict[str, str]:
    """Give the name of each organisation by its id."""
    return {one.organisation_id: one.name for one in situation.store.organisations()}


def vehicles_that_count(situation: Situation) -> list[Vehicle]:
    """Give the vehicles that may be planned with: none of an organisation that was revoked."""
    revoked = {
        one.organisation_id for one in situation.store.organisations() if one.status == "revoked"
    }
    return [one for one in situation.store.vehicles() if one.organisation_id not in revoked]
