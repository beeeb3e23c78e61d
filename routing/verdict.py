"""Verdicts of reach: how one vehicle class, or a relay of several, gets to a place, or why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.model import ReachStatus, VehicleClassName
    from routing.chain import Chain, Leg
    from routing.relay_air import Flight


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReach:
    """How one vehicle class reaches one place.

    Where the place is not reached `depot_id` is ``""`` and `travel_time_s` inf; `walk_m` is then
    the walk to the nearest road that the class could use (NaN if there is none). `reason` says in
    plain words what decides, ``""`` where nothing is in the way. `decided_by` are closure ids in
    the order in which a vehicle meets them.
    """

    vehicle_class: VehicleClassName
    status: ReachStatus
    depot_id: str
    travel_time_s: float
    walk_m: float
    legs: tuple[Leg, ...]
    reason: str
    decided_by: tuple[str, ...]
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceReach:
    """How a place is reached: `best`, and the verdict of every class that was asked for.

    `best` is the class that reaches the place soonest; else the relay that does, with the status
    `by_relay` and the class that leaves the depot; else the first class in the order asked that is
    cut off, else the first. `chain` is the fastest chain of classes, which may be a single one, and
    `flight` what could fly there where nothing on the ground arrives; both only if `relay_asked`.
    """

    place_id: str
    name: str
    best: ClassReach
    by_class: Mapping[VehicleClassName, ClassReach]
    relay_asked: bool = False
    chain: Chain | None = None
    flight: Flight | None = None

    @property
    def status(self) -> ReachStatus:
        """Status of `best`."""
        return self.best.status
