"""An independent look at the sums of a plan: stock, needs, and the score.

Shares no code with the solver.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo.model import Vehicle
    from routing.plan import Plan
    from routing.problem import Problem

# Quantities are kept to the millionth.
QUANTITY = 1e-6
# What an hour of a vehicle costs in the objective, as a share of one vehicle's part of all value.
VEHICLE_HOUR = 0.01


def stock_faults(problem: Problem, plan: Plan) -> list[str]:
    """More of an item than a depot holds."""
    held = {(line.depot_id, line.item_id): line.quantity for line in problem.stock}
    sent: dict[tuple[str, str], float] = defaultdict(float)
    for convoy in plan.convoys:
        for stop in convoy.stops:
            for item, quantity in stop.deliver.items():
                sent[convoy.depot_id, item] += quantity
    return [
        f"{depot} sends {quantity:g} {item}, it holds {held.get((depot, item), 0.0):g}"
        for (depot, item), quantity in sorted(sent.items())
        if quantity > held.get((depot, item), 0.0) * (1 + 1e-9) + QUANTITY
    ]


def need_faults(problem: Problem, plan: Plan) -> list[str]:
    """Needs that are met twice, parted, lost, or unserved without a reason."""
    found: list[str] = []
    needed = {(need.place_id, need.item_id): need.quantity for need in problem.needs}
    got: dict[tuple[str, str], float] = defaultdict(float)
    for convoy in plan.convoys:
        for stop in convoy.stops:
            for item, quantity in stop.deliver.items():
                got[stop.place_id, item] += quantity
    for (place, item), quantity in sorted(got.items()):
        most = needed.get((place, item), 0.0)
        if quantity > most * (1 + 1e-9) + QUANTITY:
            found.append(f"{place} gets {quantity:g} {item}, it needs {most:g}")
    for need in problem.needs:
        part = got.get((need.place_id, need.item_id), 0.0)
        if need.whole and part > 0:
            handed = [
                stop.deliver[need.item_id]
                for convoy in plan.convoys
                for stop in convoy.stops
                if stop.place_id == need.place_id and need.item_id in stop.deliver
            ]
            if len(handed) > 1 or part < need.quantity - QUANTITY:
                found.append(
                    f"{need.place_id} {need.item_id}: must not be parted, comes as "
                    f"{' + '.join(f'{one:g}' for one in handed)} of {need.quantity:g}"
                )
    missing: dict[tuple[str, str], float] = defaultdict(float)
    for row in plan.unserved:
        missing[row.place_id, row.item_id] += row.quantity
        if not row.reason.strip():
            found.append(f"{row.place_id} {row.item_id}: unserved without a reason")
        if not row.quantity > 0:
            found.append(f"{row.place_id} {row.item_id}: {row.quantity:g} unserved is no quantity")
        if (row.place_id, row.item_id) not in needed:
            found.append(f"{row.place_id} {row.item_id}: unserved, but nobody needs it")
    for key, quantity in sorted(needed.items()):
        told = got[key] + missing[key]
        if not math.isclose(told, quantity, rel_tol=1e-9, abs_tol=QUANTITY):
            place, item = key
            found.append(
                f"{place} {item}: {got[key]:g} delivered + {missing[key]:g} unserved "
                f"= {told:g}, needed {quantity:g}"
            )
    return found


def score_faults(problem: Problem, plan: Plan) -> list[str]:
    """Figures of the score that the convoys do not give."""
    found: list[str] = []
    need_of = {(need.place_id, need.item_id): need for need in problem.needs}
    needed: dict[str, float] = defaultdict(float)
    served: dict[str, float] = defaultdict(float)
    late = 0.0
    for need in problem.needs:
        needed[need.commune] += need.weight * need.quantity
    for convoy in plan.convoys:
        for stop in convoy.stops:
            hours = (stop.arrives_at - problem.departs_at) / timedelta(hours=1)
            for item, quantity in stop.deliver.items():
                if (stop.place_id, item) not in need_of:
                    continue
                need = need_of[stop.place_id, item]
                served[need.commune] += need.weight * quantity
                late += need.weight * quantity * hours
    total = sum(needed.values())
    shares = [served[name] / amount for name, amount in needed.items() if amount > 0]
    for what, said, counted in (
        ("weighted_arrival", plan.score.weighted_arrival, late),
        ("served_share", plan.score.served_share, sum(served.values()) / total if total else 1.0),
        ("worst_commune_share", plan.score.worst_commune_share, min(shares, default=1.0)),
        ("deprivation", plan.score.deprivation, late + _beside_arrival(problem, plan, served)),
    ):
        if not math.isclose(said, counted, rel_tol=1e-6, abs_tol=1e-6):
            found.append(f"score: {what} is {said:g}, the convoys give {counted:g}")
    return found


def _beside_arrival(problem: Problem, plan: Plan, served: Mapping[str, float]) -> float:
    """The objective "arrival" without the arrivals: unserved value, unfairness, vehicles' hours."""
    needed: dict[str, float] = defaultdict(float)
    for need in problem.needs:
        needed[need.commune] += need.weight * need.quantity
    needed = {name: value for name, value in needed.items() if value > 0}
    shifts = _shifts_s(problem.vehicles)
    total, hours = sum(needed.values()), problem.unserved_h + int(max(shifts, default=0)) / 3600
    missing = sum(hours * (needed[name] - served.get(name, 0.0)) for name in needed)
    uneven = sum((1 - served.get(name, 0.0) / needed[name]) ** 4 for name in needed)
    uneven *= plan.fairness / (1.01 - plan.fairness) * hours * total / max(len(needed), 1)
    back: dict[str, float] = {}
    for convoy in plan.convoys:
        after = (convoy.returns_at - problem.departs_at) / timedelta(hours=1)
        back[convoy.vehicle_id] = max(back.get(convoy.vehicle_id, 0.0), after)
    vehicle_hour = VEHICLE_HOUR * total / max(len(shifts), 1)
    return missing + uneven + vehicle_hour * sum(back.values())


def _shifts_s(vehicles: Iterable[Vehicle]) -> list[float]:
    """Shifts; of those who travel together the shortest, once."""
    shifts: dict[tuple[str, str], float] = {}
    for vehicle in vehicles:
        key = (vehicle.depot_id, f"together {vehicle.together}")
        if not vehicle.together:
            key = ("", vehicle.vehicle_id)
        shifts[key] = min(shifts.get(key, math.inf), vehicle.shift_s)
    return list(shifts.values())
