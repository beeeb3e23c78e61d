"""The fleet on the day: a vehicle that broke down is out of service, a mended one is back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from data.events import VehicleRegistered
from geo.errors import RuleError, UnknownIdError

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation
    from geo.model import Vehicle


def set_available(situation: Situation, vehicle_id: str, *, available: bool) -> dict[str, Any]:
    """Record that a vehicle can no longer be planned with, or can again.

    Parameters
    ----------
    vehicle_id
        Its id, or its name where only one vehicle has it.

    Returns
    -------
    dict
        ``{vehicle_id, name, available}``.

    Raises
    ------
    UnknownIdError
        There is no such vehicle.
    RuleError
        It is out of service (in service) already, or several have this name.
    """
    vehicle = _vehicle(situation, vehicle_id)
    in_service = {one.vehicle_id for one in situation.store.vehicles()}
    if (vehicle.vehicle_id in in_service) == available:
        state = "in service" if available else "out of service"
        raise RuleError(vehicle_id, f"the vehicle is {state} already", "nothing is to be done")
    situation.record(
        [
            VehicleRegistered(
                **{**asdict(vehicle), "organisation_id": vehicle.organisation_id or None},
                available=available,
            )
        ]
    )
    return {"vehicle_id": vehicle.vehicle_id, "name": vehicle.name, "available": available}


def out_of_service(situation: Situation) -> list[Vehicle]:
    """Give the vehicles that cannot be planned with, by id."""
    in_service = {one.vehicle_id for one in situation.store.vehicles()}
    known = situation.store.vehicles(available_only=False)
    return [one for one in known if one.vehicle_id not in in_service]


def _vehicle(situation: Situation, name: str) -> Vehicle:
    known = situation.store.vehicles(available_only=False)
    found = [one for one in known if one.vehicle_id == name]
    found = found or [one for one in known if one.name.casefold() == name.strip().casefold()]
    if len(found) > 1:
        raise RuleError(
            name,
            f"{len(found)} vehicles have this name",
            f"give the id, such as {found[0].vehicle_id}",
        )
    if not found:
        raise UnknownIdError(
            name, "there is no such vehicle", "take an id from `qafila plan --json`"
        )
    return found[0]
