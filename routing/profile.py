"""What the driving times of a vehicle depend on: its class, and how fast it is for one of it.

Vehicles of one profile have the same travel times. The lengths and walks are those of the class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from geo.model import Vehicle, VehicleClassName
    from routing.plan import Convoy
    from routing.problem import ClassMatrix, Problem


class Profile(NamedTuple):
    """A class and a factor on its speeds: times on the road are those of the class ÷ the factor."""

    vehicle_class: VehicleClassName
    speed_factor: float = 1.0


class Drive(NamedTuple):
    """Travel of one vehicle between the points of a problem, leg by leg, without a copy."""

    matrix: ClassMatrix
    speed_factor: float

    def time_s(self, here: int, there: int) -> float:
        """Seconds from point to point; inf without a road."""
        return float(self.matrix.travel_time_s[here, there]) / self.speed_factor


def profile_of(vehicle: Vehicle) -> Profile:
    """Give the profile that `vehicle` drives by."""
    return Profile(vehicle.vehicle_class, float(vehicle.speed_factor))


def drive_of(problem: Problem, convoy: Convoy) -> Drive:
    """How the vehicle of `convoy` drives; one that is gone from the fleet, as its class does."""
    name = convoy.vehicle_id
    speed = next((v.speed_factor for v in problem.vehicles if v.vehicle_id == name), 1.0)
    return Drive(problem.matrices[convoy.vehicle_class], speed)
