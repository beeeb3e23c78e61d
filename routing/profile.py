"""What the times of a vehicle depend on: its class, how fast it is for one of it, and its crew.

Vehicles of one profile take the same time for the same trip. The lengths and walks are those of the
class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geo.model import STANDARD_CREW

if TYPE_CHECKING:
    from geo.model import Vehicle, VehicleClassName
    from routing.plan import Convoy
    from routing.problem import ClassMatrix, Problem


class Profile(NamedTuple):
    """A class, a factor on its speeds and a crew.

    Times on the road are those of the class ÷ the factor; `Problem.handling_s_per_kg` is for a
    crew of `STANDARD_CREW`, twice as many hands need half the time.
    """

    vehicle_class: VehicleClassName
    speed_factor: float = 1.0
    crew: int = STANDARD_CREW

    @property
    def handling(self) -> float:
        """Times as long as a crew of the standard size takes to hand out the same."""
        return STANDARD_CREW / self.crew


class Drive(NamedTuple):
    """Travel of one vehicle between the points of a problem, leg by leg, without a copy."""

    matrix: ClassMatrix
    speed_factor: float

    def time_s(self, here: int, there: int) -> float:
        """Seconds from point to point; inf without a road."""
        return float(self.matrix.travel_time_s[here, there]) / self.speed_factor


def profile_of(vehicle: Vehicle) -> Profile:
    """Give the profile that `vehicle` drives by."""
    return Profile(vehicle.vehicle_class, float(vehicle.speed_factor), int(vehicle.crew))


def drive_of(problem: Problem, convoy: Convoy) -> Drive:
    """How `convoy` drives: as the slowest in it; who is gone from the fleet, as the class does."""
    ids = convoy.vehicle_ids
    speed = min((v.speed_factor for v in problem.vehicles if v.vehicle_id in ids), default=1.0)
    return Drive(problem.matrices[convoy.vehicle_class], speed)
