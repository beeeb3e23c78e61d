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

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo.model import Item, Vehicle
    from routing.plan import Convoy, Plan
    from routing.problem import ClassMatrix, Problem
    from routing.relay_legs import RelayLeg

# Plans keep whole seconds, rounded up per leg and per stop: never early, and late by no more.
ROUNDING_S = 2.0
# Quantities are kept to the millionth.
QUANTITY = 1e-6
# Weights and volumes are sums of such quantities, and rounded for the screen.
AMOUNT = 1e-5
# What an hour of a vehicle costs in the objective, as a share of one vehicle's part of all value.
VEHICLE_HOUR = 0.01
DIVISIBLE = {"l", "litre", "liter", "litres", "kg", "t", "m3", "m³"}


def check(problem: Problem, plan: Plan) -> list[str]:
    """Every violation of `plan` against `problem`, in plain words.

    Looks at: ids; road, timetable and length of every trip; capacity in kg and m³; whole units;
    shifts, hours of depots and daylight; trips a day and no vehicle in two places; windows of
    places; what must stay whole; stock per depot and item; delivered plus unserved equals needed;
    reasons; the score.
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
                found += _timetable(problem, convoy, vehicle)
            found += _capacity(problem, convoy, vehicle)
    found += _vehicle_days(problem, plan, vehicles)
    found += _stock(problem, plan)
    found += _relays(problem, plan, vehicles)
    found += _needs(problem, plan)
    found += _score(problem, plan)
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


def _timetable(problem: Problem, convoy: Convoy, vehicle: Vehicle) -> list[str]:
    found: list[str] = []
    matrix = problem.matrices[convoy.vehicle_class]
    row = {point: number for number, point in enumerate([*problem.depots, *problem.places])}
    who, here, now = convoy.convoy_id, row[convoy.depot_id], convoy.departs_at
    length = 0.0
    legs_on = {leg_on.place_id: leg_on for leg_on in problem.relays}
    if convoy.departs_at < problem.departs_at:
        found.append(f"{who}: departs before the plan begins")
    for stop in convoy.stops:
        there = row[stop.place_id]
        leg = _leg(matrix, here, there, vehicle.speed_factor)
        if leg is None:
            return [*found, f"{who}: no road for {convoy.vehicle_class} to {stop.place_id}"]
        drive_s, leg_m = leg
        length += leg_m
        kg = _kg(problem, stop.deliver)
        walk_s = float(matrix.walk_s[there])
        halt_s = problem.service_s + 2 * walk_s + _handling_s(problem, vehicle, kg)
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
            delay_s = _relay_delay_s(problem, leg_on, there, stop.relay.carries)
            ready_s = _teams_ready_s(problem, leg_on, stop.relay.teams)
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
    leg = _leg(matrix, here, row[convoy.depot_id], vehicle.speed_factor)
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


def _handling_s(problem: Problem, vehicle: Vehicle, kg: float) -> float:
    """`handling_s_per_kg` is for two people."""
    return problem.handling_s_per_kg * kg * 2 / vehicle.crew


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


def _capacity(problem: Problem, convoy: Convoy, vehicle: Vehicle) -> list[str]:
    found: list[str] = []
    items = {item.item_id: item for item in problem.items}
    kg = m3 = 0.0
    for stop in convoy.stops:
        stop_kg = stop_m3 = 0.0
        for item_id, quantity in stop.deliver.items():
            item = items[item_id]
            what = f"{convoy.convoy_id} at {stop.place_id}: {quantity:g} {item_id}"
            if not (math.isfinite(quantity) and quantity > 0):
                found.append(f"{what} is no quantity")
            if item.unit.strip().lower() not in DIVISIBLE and quantity != int(quantity):
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
        (convoy.load_kg, kg, vehicle.capacity_kg, "kg"),
        (convoy.load_m3, m3, vehicle.capacity_m3, "m³"),
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
        days[convoy.vehicle_id].append(convoy)
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
        if [convoy.trip for convoy in day] != list(range(1, len(day) + 1)):
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


def _relay_delay_s(problem: Problem, leg: RelayLeg, there: int, carries: int) -> float:
    """The last load of a team: `carries` times to the place, one time less back again."""
    walks = [
        float(matrix.walk_s[there])
        for name, matrix in problem.matrices.items()
        if name in leg.givers and matrix.attached[there]
    ]
    ways_s = carries * leg.travel_time_s + (carries - 1) * leg.travel_time_s
    return max(walks, default=0.0) + carries * leg.handling_s + ways_s


def _teams_ready_s(problem: Problem, leg: RelayLeg, teams: Iterable[str]) -> float:
    """When the last of the teams is at the roadhead and it is light."""
    depot_of = {vehicle.vehicle_id: vehicle.depot_id for vehicle in problem.vehicles}
    ready = max(
        (leg.ready_s.get(depot_of.get(team, ""), math.inf) for team in teams), default=math.inf
    )
    light = problem.daylight
    if light is not None and leg.taker in light.classes:
        ready = max(ready, light.begins_s)
    return ready


def _relays(problem: Problem, plan: Plan, vehicles: dict[str, Vehicle]) -> list[str]:
    """Teams: of the fleet, at one place only, in their hours, and with no more than they carry."""
    found: list[str] = []
    legs = {leg.place_id: leg for leg in problem.relays}
    items = {item.item_id: item for item in problem.items}
    driving = {convoy.vehicle_id for convoy in plan.convoys}
    place_of: dict[str, str] = {}
    said: dict[str, tuple[tuple[str, ...], int]] = {}
    brought: dict[str, list[tuple[str, float]]] = defaultdict(list)
    light = problem.daylight
    for convoy in plan.convoys:
        for stop in convoy.stops:
            leg, relay = legs.get(stop.place_id), stop.relay
            if relay is None:
                continue
            who = f"{convoy.convoy_id} at {stop.place_id}"
            if leg is None:
                found.append(f"{who}: is relayed, but no relay leads there")
                continue
            if said.setdefault(stop.place_id, (relay.teams, relay.carries)) != (
                relay.teams,
                relay.carries,
            ):
                found.append(f"{who}: other teams or carries than at another stop for the place")
            if relay.carries < 1 or not relay.teams or relay.vehicle_class != leg.taker:
                found.append(f"{who}: a relay without a carry, a team or with another class")
                continue
            brought[stop.place_id] += stop.deliver.items()
            for team in relay.teams:
                vehicle = vehicles.get(team)
                if vehicle is None or vehicle.vehicle_class != leg.taker:
                    found.append(f"{who}: {team} is no {leg.taker} of the fleet")
                    continue
                if team in driving:
                    found.append(f"{who}: {team} carries on and drives a convoy")
                if place_of.setdefault(team, stop.place_id) != stop.place_id:
                    found.append(f"{who}: {team} carries to {place_of[team]} too")
                if vehicle.depot_id not in leg.ready_s:
                    found.append(f"{who}: {team} cannot be at the roadhead")
                    continue
                begins_s = _teams_ready_s(problem, leg, (team,))
                last_s = begins_s + vehicle.shift_s
                if light is not None and leg.taker in light.classes:
                    last_s = min(last_s, light.ends_s)
                back_s = (stop.arrives_at - problem.departs_at).total_seconds() + leg.travel_time_s
                if back_s > last_s + 1e-3:
                    found.append(f"{who}: {team} is back after its shift, or after dark")
    for place, (teams, carries) in sorted(said.items()):
        found += _too_many_loads(place, brought[place], teams, carries, vehicles, items)
    return found


def _too_many_loads(
    place: str,
    brought: Iterable[tuple[str, float]],
    teams: tuple[str, ...],
    carries: int,
    vehicles: dict[str, Vehicle],
    items: Mapping[str, Item],
) -> list[str]:
    """A load is of one item, from one convoy, and fits the smallest of the teams."""
    known = [vehicles[team] for team in teams if team in vehicles]
    loads = 0
    for item_id, quantity in brought:
        item = items.get(item_id)
        if item is None or not known:
            continue
        units = min(team.capacity_kg for team in known) / item.kg_per_unit
        if item.m3_per_unit > 0:
            units = min(units, min(team.capacity_m3 for team in known) / item.m3_per_unit)
        if item.unit.strip().lower() not in DIVISIBLE:
            units = math.floor(units + 1e-9)
        loads += math.ceil(quantity / units - QUANTITY) if units > 0 else 10**9
    if loads > len(set(teams)) * carries:
        return [f"{place}: {loads} loads to carry on, {len(set(teams))} teams carry {carries} each"]
    return []


def _stock(problem: Problem, plan: Plan) -> list[str]:
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


def _needs(problem: Problem, plan: Plan) -> list[str]:
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


def _score(problem: Problem, plan: Plan) -> list[str]:
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
    shifts = [vehicle.shift_s for vehicle in problem.vehicles]
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


def _identities(plan: Plan) -> list[str]:
    counts = Counter(convoy.convoy_id for convoy in plan.convoys)
    return [f"{convoy_id} occurs {n} times" for convoy_id, n in counts.items() if n > 1]
