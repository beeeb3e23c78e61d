"""An independent look at a plan: whether it holds on the ground and says the truth.

Shares no code with the solver: it reads the problem and the plan and does the sums again, in plain
arithmetic. What it finds is said in plain words; an empty list means nothing was found.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from routing.check_company import company_faults, driver_faults, members_of
from routing.check_relay import DIVISIBLE_UNITS, relay_delay_s, relay_faults, teams_ready_s
from routing.check_sums import need_faults, score_faults, stock_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.model import Vehicle
    from routing.plan import Convoy, Plan
    from routing.problem import ClassMatrix, Problem

# Plans keep whole seconds, rounded up per leg and per stop: never early, and late by no more.
ROUNDING_S = 2.0
# Weights and volumes are sums of such quantities, and rounded for the screen.
AMOUNT = 1e-5


def check(problem: Problem, plan: Plan) -> list[str]:
    """Every violation of `plan` against `problem`, in plain words.

    Looks at: ids; road, timetable and length of every trip; capacity in kg and m³; whole units;
    shifts, hours of depots and daylight; trips a day and no vehicle in two places; windows of
    places; who travels together, and what each of them carries; drivers; relays; what must stay
    whole; stock per depot and item; delivered plus unserved equals needed; reasons; the score.
    """
    found: list[str] = []
    vehicles = {vehicle.vehicle_id: vehicle for vehicle in problem.vehicles}
    for convoy in plan.convoys:
        vehicle = vehicles.get(convoy.vehicle_id)
        if vehicle is None:
            found.append(f"{convoy.convoy_id}: vehicle {convoy.vehicle_id} does not exist")
            continue
        unknown = _unknown_ids(problem, convoy, vehicle)
        found += unknown
        if not unknown:
            # What had left before a re-plan drove on other roads: `check_kept` looks at it.
            if not convoy.kept:
                found += _timetable(problem, convoy)
            found += _capacity(problem, convoy)
    found += _vehicle_days(problem, plan, vehicles)
    found += company_faults(problem, plan)
    found += driver_faults(problem, plan)
    found += stock_faults(problem, plan)
    found += relay_faults(problem, plan, vehicles)
    found += need_faults(problem, plan)
    found += score_faults(problem, plan)
    found += _identities(plan)
    return found


def _unknown_ids(problem: Problem, convoy: Convoy, vehicle: Vehicle) -> list[str]:
    found = []
    who = convoy.convoy_id
    if convoy.depot_id != vehicle.depot_id:
        found.append(f"{who}: starts at {convoy.depot_id}, its vehicle is at {vehicle.depot_id}")
    if convoy.vehicle_class != vehicle.vehicle_class:
        found.append(f"{who}: says {convoy.vehicle_class}, its vehicle is {vehicle.vehicle_class}")
    items = {item.item_id for item in problem.items}
    if not convoy.stops:
        found.append(f"{who}: has no stop")
    for stop in convoy.stops:
        if stop.place_id not in problem.places:
            found.append(f"{who}: stops at {stop.place_id}, which does not exist")
        if not stop.deliver:
            found.append(f"{who}: hands out nothing at {stop.place_id}")
        found += [
            f"{who}: hands out {item}, which does not exist"
            for item in stop.deliver
            if item not in items
        ]
    return found


def _timetable(problem: Problem, convoy: Convoy) -> list[str]:
    found: list[str] = []
    members = members_of(problem, convoy)
    speed = min(one.speed_factor for one in members)
    matrix = problem.matrices[convoy.vehicle_class]
    row = {point: number for number, point in enumerate([*problem.depots, *problem.places])}
    who, here, now = convoy.convoy_id, row[convoy.depot_id], convoy.departs_at
    length = 0.0
    legs_on = {leg_on.place_id: leg_on for leg_on in problem.relays}
    if convoy.departs_at < problem.departs_at:
        found.append(f"{who}: departs before the plan begins")
    for stop in convoy.stops:
        there = row[stop.place_id]
        leg = _leg(matrix, here, there, speed)
        if leg is None:
            return [*found, f"{who}: no road for {convoy.vehicle_class} to {stop.place_id}"]
        drive_s, leg_m = leg
        length += leg_m
        kg = _kg(problem, stop.deliver)
        walk_s = float(matrix.walk_s[there])
        halt_s = problem.service_s + 2 * walk_s + _handling_s(problem, members, kg)
        at = f"{who} at {stop.place_id}"
        found += _moment(at, "reaches the road", (stop.at_road_at - now).total_seconds(), drive_s)
        window = problem.windows.get(stop.place_id)
        leg_on = legs_on.get(stop.place_id)
        if leg_on is not None and convoy.vehicle_class not in leg_on.givers:
            leg_on = None
        if (leg_on is None) != (stop.relay is None):
            found.append(f"{at}: by relay on paper only, or through a roadhead without a relay")
            return found
        delay_s, ready_s = walk_s, 0.0
        if leg_on is not None and stop.relay is not None:
            delay_s = relay_delay_s(problem, leg_on, there, stop.relay.carries)
            ready_s = teams_ready_s(problem, leg_on, stop.relay.teams)
        comes_s = (stop.at_road_at - problem.departs_at).total_seconds()
        came_s = (stop.arrives_at - problem.departs_at).total_seconds()
        # Who comes before the place opens waits on the road; everything after it is later.
        wait_s = max(ready_s - comes_s, 0.0)
        if window is not None:
            wait_s = max(wait_s, window.earliest_s - delay_s - comes_s)
        what = "walks to the place" if leg_on is None else "is carried to the place"
        found += _moment(at, what, came_s - comes_s, wait_s + delay_s, slack=2 * ROUNDING_S)
        if window is not None and came_s < window.earliest_s - 1e-3:
            found.append(f"{at}: arrives before the place opens")
        if window is not None and came_s > window.latest_s + 1e-3:
            found.append(f"{at}: arrives after the place has closed")
        halted = (stop.leaves_at - stop.at_road_at).total_seconds()
        halt_s += wait_s
        found += _moment(at, "leaves", halted, halt_s, slack=2 * ROUNDING_S)
        if not math.isclose(stop.walk_s, walk_s, abs_tol=ROUNDING_S):
            found.append(f"{at}: says a walk of {stop.walk_s:g} s, it takes {walk_s:g} s")
        here, now = there, stop.leaves_at
    leg = _leg(matrix, here, row[convoy.depot_id], speed)
    if leg is None:
        return [*found, f"{who}: no road for {convoy.vehicle_class} back to its depot"]
    found += _moment(who, "is back", (convoy.returns_at - now).total_seconds(), leg[0])
    length += leg[1]
    took = (convoy.returns_at - convoy.departs_at).total_seconds()
    if not math.isclose(convoy.duration_s, took, abs_tol=1.0):
        found.append(f"{who}: says {convoy.duration_s:g} s, departure to return is {took:g} s")
    if not math.isclose(convoy.length_m, length, abs_tol=1.0, rel_tol=1e-9):
        found.append(f"{who}: says {convoy.length_m:g} m, its legs add up to {length:g} m")
    return found


def _handling_s(problem: Problem, members: list[Vehicle], kg: float) -> float:
    """`handling_s_per_kg` is for two people; more than a hundred find nothing to hold."""
    return problem.handling_s_per_kg * kg * 2 / min(sum(one.crew for one in members), 100)


def _leg(matrix: ClassMatrix, here: int, there: int, speed: float) -> tuple[float, float] | None:
    if not (matrix.attached[here] and matrix.attached[there]):
        return None
    time_s = float(matrix.travel_time_s[here, there]) / speed
    length_m = float(matrix.length_m[here, there])
    return (time_s, length_m) if math.isfinite(time_s) else None


def _moment(
    who: str, what: str, planned_s: float, needed_s: float, *, slack: float = ROUNDING_S
) -> list[str]:
    if planned_s < needed_s - 1e-3:
        return [f"{who}: {what} after {planned_s:g} s, that takes {needed_s:g} s"]
    if planned_s > needed_s + slack:
        return [f"{who}: {what} after {planned_s:g} s, {needed_s:g} s are enough"]
    return []


def _kg(problem: Problem, deliver: Mapping[str, float]) -> float:
    per_unit = {item.item_id: item.kg_per_unit for item in problem.items}
    return sum(per_unit[item] * quantity for item, quantity in deliver.items())


def _capacity(problem: Problem, convoy: Convoy) -> list[str]:
    found: list[str] = []
    members = members_of(problem, convoy)
    items = {item.item_id: item for item in problem.items}
    kg = m3 = 0.0
    for stop in convoy.stops:
        stop_kg = stop_m3 = 0.0
        for item_id, quantity in stop.deliver.items():
            item = items[item_id]
            what = f"{convoy.convoy_id} at {stop.place_id}: {quantity:g} {item_id}"
            if not (math.isfinite(quantity) and quantity > 0):
                found.append(f"{what} is no quantity")
            if item.unit.strip().lower() not in DIVISIBLE_UNITS and quantity != int(quantity):
                found.append(f"{what} cannot be parted")
            stop_kg += quantity * item.kg_per_unit
            stop_m3 += quantity * item.m3_per_unit
        for said, counted, unit in ((stop.load_kg, stop_kg, "kg"), (stop.load_m3, stop_m3, "m³")):
            if not math.isclose(said, counted, abs_tol=AMOUNT, rel_tol=1e-9):
                found.append(
                    f"{convoy.convoy_id} at {stop.place_id}: says {said:g} {unit}, "
                    f"hands out {counted:g} {unit}"
                )
        kg, m3 = kg + stop_kg, m3 + stop_m3
    for said, counted, most, unit in (
        (convoy.load_kg, kg, sum(one.capacity_kg for one in members), "kg"),
        (convoy.load_m3, m3, sum(one.capacity_m3 for one in members), "m³"),
    ):
        if counted > most * (1 + 1e-9) + AMOUNT:
            found.append(
                f"{convoy.convoy_id}: carries {counted:g} {unit}, "
                f"{convoy.vehicle_id} takes {most:g} {unit}"
            )
        if not math.isclose(said, counted, abs_tol=AMOUNT, rel_tol=1e-9):
            found.append(f"{convoy.convoy_id}: says {said:g} {unit}, carries {counted:g} {unit}")
    return found


def _vehicle_days(problem: Problem, plan: Plan, vehicles: dict[str, Vehicle]) -> list[str]:
    found: list[str] = []
    days: dict[str, list[Convoy]] = defaultdict(list)
    for convoy in plan.convoys:
        for vehicle_id in convoy.vehicle_ids:
            days[vehicle_id].append(convoy)
    for vehicle_id, convoys in sorted(days.items()):
        if vehicle_id not in vehicles:
            continue
        day = sorted(convoys, key=lambda convoy: convoy.departs_at)
        begun = problem.begun.get(vehicle_id)
        trips, ready_s = (begun.trips, begun.ready_s) if begun else (0, 0.0)
        if len(day) + trips > problem.max_trips:
            found.append(f"{vehicle_id}: {len(day) + trips} trips, {problem.max_trips} are allowed")
        ready_at = problem.departs_at + timedelta(seconds=ready_s)
        found += [
            f"{convoy.convoy_id}: departs before {vehicle_id} is there and loaded again"
            for convoy in day
            if convoy.departs_at < ready_at
        ]
        counted = [convoy.trip for convoy in day if convoy.vehicle_id == vehicle_id]
        if counted != list(range(1, len(counted) + 1)):
            found.append(f"{vehicle_id}: its trips are not counted 1, 2, 3 … in time")
        for before, after in itertools.pairwise(day):
            ready = before.returns_at + timedelta(seconds=problem.reload_s)
            if after.departs_at < ready:
                found.append(
                    f"{vehicle_id}: {after.convoy_id} departs before {before.convoy_id} is back "
                    "and loaded again"
                )
        found += _driver_hours(problem, vehicles[vehicle_id], day)
    return found


def _driver_hours(problem: Problem, vehicle: Vehicle, day: list[Convoy]) -> list[str]:
    """A shift counts from when the vehicle may first leave: the depot is open and it is light."""
    found: list[str] = []
    first_s, limits = 0.0, [math.inf]
    hours, light = problem.depot_hours.get(vehicle.depot_id), problem.daylight
    if hours is not None:
        first_s = max(first_s, hours.earliest_s)
        limits.append(hours.latest_s)
    dark = light is not None and vehicle.vehicle_class in light.classes
    if light is not None and dark:
        first_s = max(first_s, light.begins_s)
    begun = problem.begun.get(vehicle.vehicle_id)
    if begun is not None:
        first_s = max(first_s, begun.ready_s)
    for convoy in day:
        leaves_s = (convoy.departs_at - problem.departs_at).total_seconds()
        back_s = (convoy.returns_at - problem.departs_at).total_seconds()
        who = convoy.convoy_id
        if leaves_s < first_s - 1e-3:
            found.append(f"{who}: departs before its depot opens or before it is light")
        if convoy.kept:
            continue  # it is on the road, and comes home when it can
        if back_s > limits[-1] + 1e-3:
            found.append(f"{who}: is back after {vehicle.depot_id} has closed")
        if light is not None and dark and back_s > light.ends_s + 1e-3:
            found.append(f"{who}: drives after dark, which a {vehicle.vehicle_class} may not")
        if back_s > math.ceil(first_s) + vehicle.shift_s + 1e-3:
            found.append(f"{who}: is back after the shift of {vehicle.vehicle_id} has ended")
    return found


def _identities(plan: Plan) -> list[str]:
    counts = Counter(convoy.convoy_id for convoy in plan.convoys)
    return [f"{convoy_id} occurs {n} times" for convoy_id, n in counts.items() if n > 1]
