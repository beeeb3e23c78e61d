"""An independent look at who travels together and who drives: companies whole, loads, drivers.

Shares no code with the solver.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.model import Item, Vehicle
    from routing.plan import Companion, Convoy, Plan
    from routing.problem import Problem

# Weights and volumes are sums of quantities to the millionth, and rounded for the screen.
AMOUNT = 1e-5
# The heaviest first: where it can go, those behind it can.
ON_WHEELS = ["truck", "light_truck", "pickup", "motorbike"]
PARTED = {"l", "litre", "liter", "litres", "kg", "t", "m3", "m³"}


def members_of(problem: Problem, convoy: Convoy) -> list[Vehicle]:
    """Vehicles of the fleet that a convoy says it consists of."""
    return [one for one in problem.vehicles if one.vehicle_id in convoy.vehicle_ids]


def company_faults(problem: Problem, plan: Plan) -> list[str]:
    """Companies that are not whole, or carry other than they say or can."""
    found: list[str] = []
    items = {item.item_id: item for item in problem.items}
    fleet = {vehicle.vehicle_id: vehicle for vehicle in problem.vehicles}
    for convoy in plan.convoys:
        vehicle = fleet.get(convoy.vehicle_id)
        if vehicle is None:
            continue
        # Who was on the road before a re-plan may have lost one since.
        if not convoy.kept:
            found += _not_whole(problem, convoy, vehicle)
        loaded: dict[str, float] = defaultdict(float)
        for one in convoy.company:
            found += _overloaded(convoy, one, fleet, items)
            for item, quantity in one.load.items():
                loaded[item] += quantity
        if convoy.company:
            found += _other_load(convoy, loaded)
    return found


def driver_faults(problem: Problem, plan: Plan) -> list[str]:
    """More vehicles with a motor on the road than a depot has drivers for."""
    fleet = {vehicle.vehicle_id: vehicle for vehicle in problem.vehicles}
    out: dict[str, set[str]] = defaultdict(set)
    kept: dict[str, set[str]] = defaultdict(set)
    for convoy in plan.convoys:
        for name in convoy.vehicle_ids:
            if name in fleet and fleet[name].vehicle_class in ON_WHEELS:
                (kept if convoy.kept else out)[convoy.depot_id].add(name)
    return [
        f"{depot}: {len(out[depot] | kept[depot])} vehicles drive, it has {number} drivers"
        for depot, number in sorted(problem.drivers.items())
        # What was on the road before a re-plan stays, however many there are.
        if len(out[depot] | kept[depot]) > max(number, len(kept[depot]))
    ]


def _not_whole(problem: Problem, convoy: Convoy, vehicle: Vehicle) -> list[str]:
    together = [
        one
        for one in problem.vehicles
        if vehicle.together and (one.depot_id, one.together) == (vehicle.depot_id, vehicle.together)
    ]
    wanted = {one.vehicle_id for one in together} if len(together) > 1 else set()
    said = [one.vehicle_id for one in convoy.company]
    if sorted(said) != sorted(wanted):
        return [
            f"{convoy.convoy_id}: {', '.join(said) or 'nobody'} travels together, "
            f"{', '.join(sorted(wanted)) or 'nobody'} must"
        ]
    heaviest = (
        min((one.vehicle_class for one in together), key=ON_WHEELS.index, default="")
        if all(one.vehicle_class in ON_WHEELS for one in together)
        else ""
    )
    if heaviest and convoy.vehicle_class != heaviest:
        return [
            f"{convoy.convoy_id}: a {heaviest} is in it, it uses roads of a {convoy.vehicle_class}"
        ]
    return []


def _overloaded(
    convoy: Convoy, one: Companion, fleet: dict[str, Vehicle], items: dict[str, Item]
) -> list[str]:
    who = f"{convoy.convoy_id}, {one.vehicle_id}"
    vehicle = fleet.get(one.vehicle_id)
    if vehicle is None:
        return [f"{who}: does not exist"]
    found = []
    kg = m3 = 0.0
    for item_id, quantity in one.load.items():
        item = items.get(item_id)
        if item is None:
            found.append(f"{who}: carries {item_id}, which does not exist")
            continue
        if not (math.isfinite(quantity) and quantity > 0):
            found.append(f"{who}: {quantity:g} {item_id} is no quantity")
        if item.unit.strip().lower() not in PARTED and quantity != int(quantity):
            found.append(f"{who}: {quantity:g} {item_id} cannot be parted")
        kg += quantity * item.kg_per_unit
        m3 += quantity * item.m3_per_unit
    for said, counted, most, unit in (
        (one.load_kg, kg, vehicle.capacity_kg, "kg"),
        (one.load_m3, m3, vehicle.capacity_m3, "m³"),
    ):
        if counted > most * (1 + 1e-9) + AMOUNT:
            found.append(f"{who}: carries {counted:g} {unit}, it takes {most:g} {unit}")
        if not math.isclose(said, counted, abs_tol=AMOUNT, rel_tol=1e-9):
            found.append(f"{who}: says {said:g} {unit}, carries {counted:g} {unit}")
    return found


def _other_load(convoy: Convoy, loaded: dict[str, float]) -> list[str]:
    wanted: dict[str, float] = defaultdict(float)
    for stop in convoy.stops:
        for item, quantity in stop.deliver.items():
            wanted[item] += quantity
    return [
        f"{convoy.convoy_id}: hands out {wanted[item]:g} {item}, "
        f"its vehicles carry {loaded[item]:g}"
        for item in sorted(wanted.keys() | loaded.keys())
        if not math.isclose(wanted[item], loaded[item], rel_tol=1e-9, abs_tol=1e-6)
    ]
