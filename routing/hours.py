"""When vehicles may drive and places may be served: windows, daylight, the hours of one vehicle.

All times are seconds after the plan begins (`Problem.departs_at`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from geo.model import Vehicle, VehicleClassName
    from routing.problem import Problem

# What ends the day of a vehicle.
EndedBy = Literal["shift", "dark", "depot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `earliest_s` to `latest_s`, both included; without a latest time it stays open."""

    earliest_s: float = 0.0
    latest_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Daylight:
    """The light of one day; `classes` do not drive outside of it (`begins_s` may be negative)."""

    begins_s: float
    ends_s: float
    classes: tuple[VehicleClassName, ...] = ()


@dataclass(frozen=True, slots=True)
class Hours:
    """Whole seconds within which one vehicle leaves, drives and is home again."""

    start_s: int
    end_s: int
    ended_by: EndedBy

    @property
    def length_s(self) -> int:
        """How long that is; 0 where it cannot drive at all."""
        return max(self.end_s - self.start_s, 0)


def hours_of(problem: Problem, vehicle: Vehicle) -> Hours:
    """Hours of `vehicle`: its shift, cut to the hours of its depot and to daylight.

    The shift, which is the driver's day, begins when the vehicle may leave.
    """
    opens = problem.depot_hours.get(vehicle.depot_id, Window())
    start, end, by_dark = opens.earliest_s, opens.latest_s, math.inf
    light = problem.daylight
    if light is not None and vehicle.vehicle_class in light.classes:
        start, by_dark = max(start, light.begins_s), light.ends_s
    begun = problem.begun.get(vehicle.vehicle_id)
    start_s = math.ceil(max(start, 0.0 if begun is None else begun.ready_s))
    by_shift = start_s + int(vehicle.shift_s)
    limits: list[tuple[float, EndedBy]] = [(by_shift, "shift"), (by_dark, "dark"), (end, "depot")]
    last, ended_by = min(limits, key=lambda limit: limit[0])
    return Hours(start_s, max(math.floor(last), 0), ended_by)
