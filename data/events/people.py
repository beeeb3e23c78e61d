"""Organisations and volunteers; no name, phone or position of a person."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from data.events.base import Event, Id, Name, Text
from geo.model import VehicleClassName

OrganisationStatus = Literal["recognised", "pending", "revoked"]


class OrganisationRegistered(Event):
    """An organisation and how far it is recognised."""

    type: ClassVar[str] = "organisation.registered"
    subject: ClassVar[str] = "organisation_id"
    organisation_id: Id
    name: Name
    name_ar: Text = ""
    kind: Literal["authority", "association", "ngo", "international", "company", "other"] = "other"
    status: OrganisationStatus = "pending"


class OrganisationStatusSet(Event):
    """An organisation was recognised, waits for it, or lost it."""

    type: ClassVar[str] = "organisation.status_set"
    subject: ClassVar[str] = "organisation_id"
    organisation_id: Id
    status: OrganisationStatus
    reason: Text = ""


class VolunteerRegistered(Event):
    """A volunteer by pseudonym; where they live is a place, never a position.

    `vehicle` is what they drive, `remote` says that they also work from a distance, `consent` that
    they agreed to be called for tasks. `account_id` is theirs where they sign in: who has one
    cannot approve their own hours.
    """

    type: ClassVar[str] = "volunteer.registered"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[int, ...]] = (1,)
    subject: ClassVar[str] = "volunteer_id"
    volunteer_id: Id
    organisation_id: Id | None = None
    home_place_id: Id | None = None
    skills: tuple[Name, ...] = ()
    languages: tuple[Name, ...] = ()
    available: bool = True
    available_from: AwareDatetime | None = None
    available_until: AwareDatetime | None = None
    vehicle: VehicleClassName | None = None
    remote: bool = False
    consent: bool = False
    account_id: Id | None = None


EVENTS: tuple[type[Event], ...] = (
    OrganisationRegistered,
    OrganisationStatusSet,
    VolunteerRegistered,
)
