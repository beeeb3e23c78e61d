"""Why a need stays unserved, in plain words: the most binding reason first.

1. no road for any vehicle class; 2. a road, but no vehicle that may use it; 3. no stock, or none
where such a vehicle stands; 4. too large for those vehicles; 5. the place closes before they can be
there, or opens too late; 6. too far for their shift, or for the light of the day; 7. not to be
parted, and too much at once; 8. the stock that could be sent there is used up; 9. the vehicles are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from routing.fleet import MICRO
from routing.plan import Code, Unserved
from routing.problem_checks import divisible
from routing.relay_legs import load_of
from routing.relay_pieces import Piece, carries_used
from routing.schedule import used_s
from routing.solver_units import HAIR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from geo.model import Item, Vehicle
    from routing.fleet import Fleet
    from routing.schedule import Days


def unserved(
    fleet: Fleet, days: Days, *, lacking: NDArray[np.int64], stock: NDArray[np.int64]
) -> tuple[Unserved, ...]:
    """One row for every need of which something is left.

    Parameters
    ----------
    lacking
        (n_places, n_items) millionths that no trip brings.
    stock
        (n_depots, n_items) millionths that stay in the depots.
    """
    problem = fleet.problem
    places = {place: row for row, place in enumerate(problem.places)}
    items = {item.item_id: row for row, item in enumerate(problem.items)}
    left_s, left_loads = _left_s(fleet, days), _left_loads(fleet, days)
    rows = []
    for need in problem.needs:
        place, item = places[need.place_id], items[need.item_id]
        quantity = int(lacking[place, item])
        if quantity > 0:
            code, reason = _reason(
                fleet, place, item, stock=stock, left_s=left_s, left_loads=left_loads
            )
            rows.append(
                Unserved(
                    place_id=need.place_id,
                    item_id=need.item_id,
                    quantity=quantity / MICRO,
                    code=code,
                    reason=reason,
                )
            )
    return tuple(rows)


def _reason(
    fleet: Fleet,
    place: int,
    item: int,
    *,
    stock: NDArray[np.int64],
    left_s: NDArray[np.int64],
    left_loads: Mapping[int, int],
) -> tuple[Code, str]:
    groups = np.flatnonzero(fleet.has_road[:, place]).tolist()
    if fleet.problem.places[place] in fleet.relay_legs:
        return _by_relay(fleet, place, item, groups, left_loads=left_loads, left_s=left_s)
    if not groups:
        return _without_driver(fleet, place) or _without_vehicle(fleet, place)
    thing = fleet.problem.items[item]
    missing = _without_stock(fleet, thing, {fleet.groups[row].depot for row in groups})
    if missing is not None:
        return missing
    portion = int(fleet.portion[item]) / MICRO
    kg, m3 = portion * thing.kg_per_unit, portion * thing.m3_per_unit
    fitting = [
        row
        for row in groups
        if fleet.groups[row].capacity_kg >= kg
        and fleet.groups[row].capacity_m3 >= m3
        and fleet.takes[row, item]
    ]
    if not fitting:
        most_kg = max(fleet.groups[row].capacity_kg for row in groups)
        most_m3 = max(fleet.groups[row].capacity_m3 for row in groups)
        return "too_large", (
            f"{_amount(portion, thing)} ({kg:g} kg, {m3:g} m³) fits no vehicle that has a road "
            f"to the place: they take up to {most_kg:g} kg and {most_m3:g} m³"
        )
    timely = [row for row in fitting if fleet.in_time[row, place]]
    if not timely:
        return _closes(fleet, place, fitting)
    able = [row for row in timely if fleet.kg_limit[row, place] >= kg]
    if not able:
        return _opens_late(fleet, place, timely, kg) or _too_far(fleet, place, timely, kg)
    if fleet.whole[place, item]:
        parted = _would_be_parted(fleet, place, item, able)
        if parted is not None:
            return parted
        portion = _needed(fleet, place, item)
        giving = [row for row in able if stock[fleet.groups[row].depot, item] >= portion * MICRO]
        if not giving:
            return "stock_ends", (
                f"it must not be parted, and no depot has {_amount(portion, thing)} left"
            )
        return _no_vehicle(fleet, place, giving, left_s)
    giving = [row for row in able if stock[fleet.groups[row].depot, item] >= fleet.portion[item]]
    if not giving:
        return _used_up(fleet, thing, {fleet.groups[row].depot for row in able})
    return _no_vehicle(fleet, place, giving, left_s)


def _by_relay(
    fleet: Fleet,
    place: int,
    item: int,
    groups: list[int],
    *,
    left_loads: Mapping[int, int],
    left_s: NDArray[np.int64],
) -> tuple[Code, str]:
    """Why a place behind a roadhead does not get it: stock, teams, or vehicles to the roadhead."""
    problem, leg = fleet.problem, fleet.relay_legs[fleet.problem.places[place]]
    thing = problem.items[item]
    missing = _without_stock(fleet, thing, {fleet.groups[row].depot for row in groups})
    if missing is not None and groups:
        return missing
    service = fleet.services.get(place)
    teams = [one for one in problem.vehicles if one.vehicle_class == leg.taker]
    through = f"by relay only: {leg.taker} teams from {leg.roadhead}"
    if service is not None and left_loads.get(place, 0) > 0 and groups:
        able = [row for row in groups if fleet.kg_limit[row, place] > 0]
        if able:
            return _no_vehicle(fleet, place, able, left_s)
    if not teams:
        return "no_relay_team", f"{through}, and the fleet has none"
    size = load_of(
        thing,
        min(team.capacity_kg for team in teams),
        min(team.capacity_m3 for team in teams),
    )
    if size <= 0:
        return "too_large", f"{through}, and one piece fits no team"
    needed = math.ceil(_needed(fleet, place, item) / size - 1e-9)
    if service is not None:
        today = f"{service.loads} possible today ({len(service.vehicles)} of {len(teams)} teams)"
        return "no_relay_team", f"{through}: {needed} loads needed for this alone, {today}"
    if not any(team.depot_id in leg.ready_s for team in teams):
        return "no_relay_team", f"{through}, and none of the {len(teams)} teams can be there"
    busy = sum(len(one.vehicles) for one in fleet.services.values())
    return "no_relay_team", (
        f"{through}: {needed} loads needed, none possible today: of {len(teams)} teams {busy} "
        f"carry elsewhere, the others cannot be there and back, {_hours(round(leg.travel_time_s))} "
        "a way"
    )


def _left_loads(fleet: Fleet, days: Days) -> dict[int, int]:
    """Carries that the teams of every relay have left."""
    pieces = [
        Piece(halt.place, item, amount)
        for trips in days.values()
        for trip in trips
        for halt in trip.halts
        for item, amount in halt.amounts.items()
    ]
    used = carries_used(fleet, pieces)
    return {place: service.loads - used[place] for place, service in fleet.services.items()}


def _idle_at(fleet: Fleet, place: int) -> list[Vehicle]:
    """Vehicles with a road there and back that stand still for want of a driver."""
    problem, point = fleet.problem, fleet.n_depots + place
    depots = {depot: row for row, depot in enumerate(problem.depots)}
    found = []
    for row in sorted(fleet.idle):
        vehicle = problem.vehicles[row]
        times, home = (
            problem.matrices[vehicle.vehicle_class].travel_time_s,
            depots[vehicle.depot_id],
        )
        if math.isfinite(times[home, point]) and math.isfinite(times[point, home]):
            found.append(vehicle)
    return found


def _without_driver(fleet: Fleet, place: int) -> tuple[Code, str] | None:
    idle = _idle_at(fleet, place)
    if not idle:
        return None
    return "no_driver", f"no driver for any vehicle with a road to the place: {_idle(fleet, idle)}"


def _idle(fleet: Fleet, vehicles: list[Vehicle]) -> str:
    drivers = fleet.problem.drivers
    depots = sorted({one.depot_id for one in vehicles})
    few = ", ".join(f"{depot} has {drivers[depot]} driver(s) today" for depot in depots)
    return f"{len(vehicles)} stand still, {few}"


def _without_vehicle(fleet: Fleet, place: int) -> tuple[Code, str]:
    problem, point = fleet.problem, fleet.n_depots + place
    with_road = []
    for name, matrix in problem.matrices.items():
        out = matrix.travel_time_s[: fleet.n_depots, point]
        back = matrix.travel_time_s[point, : fleet.n_depots]
        if (np.isfinite(out) & np.isfinite(back)).any():
            with_road.append(name)
    if not with_road:
        given = problem.reasons.get(problem.places[place], "")
        classes = ", ".join(sorted(problem.matrices)) or "any vehicle class"
        return "no_road", given or f"no road there and back from any depot for {classes}"
    said = f"a road for {', '.join(with_road)} only"
    carrying = [
        problem.vehicles[row]
        for service in fleet.services.values()
        for row in service.vehicles
        if problem.vehicles[row].vehicle_class in with_road
    ]
    if carrying:
        return "no_vehicle_class", (
            f"{said}, and all {len(carrying)} such teams that are near carry on for other places"
        )
    return "no_vehicle_class", f"{said}, and no depot on it has such a vehicle"


def _without_stock(fleet: Fleet, thing: Item, depots: set[int]) -> tuple[Code, str] | None:
    held = _held(fleet, thing)
    if not held:
        return "no_stock", f"no depot holds any {_name(thing)}"
    if not depots & held.keys():
        return "stock_elsewhere", (
            f"{_name(thing)} lies in {_depots(fleet, held)} only, and no vehicle there has a road "
            "to the place"
        )
    return None


def _too_far(fleet: Fleet, place: int, groups: list[int], kg: float) -> tuple[Code, str]:
    shortest = int(fleet.round_s[groups, place].min())
    longest = max(fleet.groups[row].shift_s for row in groups)
    trip = min(
        int(fleet.round_s[row, place]) + fleet.handling_s(kg, fleet.groups[row].profile)
        for row in groups
    )
    for row in groups:
        group = fleet.groups[row]
        full = min(int(fleet.problem.vehicles[v].shift_s) for v in group.vehicles)
        own = int(fleet.round_s[row, place]) + fleet.handling_s(kg, group.profile)
        if group.ended_by == "dark" and own <= full:
            return "arrives_after_dark", (
                f"arrives after dark: there and back with the halt takes {_hours(own)}, a "
                f"{group.vehicle_class} has {_hours(group.shift_s)} of light"
            )
    takes = "more than two shifts" if shortest >= fleet.blocked_s else _hours(trip)
    most = f"the longest shift of a vehicle with a road to the place is {_hours(longest)}"
    if fleet.problem.begun:
        most = f"the most that a vehicle with a road to the place has left is {_hours(longest)}"
    return "shift_too_short", f"there and back with the halt takes {takes}, {most}"


def _opens_late(fleet: Fleet, place: int, groups: list[int], kg: float) -> tuple[Code, str] | None:
    """Who would be home in time but for waiting until the place opens: when it does."""
    opens_s = int(fleet.opens_s[place])
    for row in groups:
        group = fleet.groups[row]
        travel = fleet.travel_s[group.profile]
        arrives = int(travel[group.depot, fleet.n_depots + place])
        arrives += group.start_s + int(fleet.delay_s[group.profile][place])
        own = int(fleet.round_s[row, place]) - max(opens_s - arrives, 0)
        if arrives < opens_s and own + fleet.handling_s(kg, group.profile) <= group.shift_s:
            last = max(fleet.groups[one].start_s + fleet.groups[one].shift_s for one in groups)
            return "opens_too_late", (
                f"the place takes nothing in before {_hours(opens_s)} after the plan begins, and "
                f"every vehicle with a road to it has to be home after {_hours(last)}"
            )
    return None


def _closes(fleet: Fleet, place: int, groups: list[int]) -> tuple[Code, str]:
    """The place takes nothing in any more when the first vehicle could be there."""

    def arrival_s(row: int) -> int:
        group = fleet.groups[row]
        out = int(fleet.travel_s[group.profile][group.depot, fleet.n_depots + place])
        return group.start_s + out + int(fleet.delay_s[group.profile][place])

    first = min(arrival_s(row) for row in groups)
    return "window_closes", (
        f"window closes before any vehicle can be there: aid may arrive until "
        f"{_hours(int(fleet.closes_s[place]))} after the plan begins, "
        f"the first vehicle could be there after {_hours(first)}"
    )


def _would_be_parted(
    fleet: Fleet, place: int, item: int, groups: list[int]
) -> tuple[Code, str] | None:
    thing = fleet.problem.items[item]
    quantity = _needed(fleet, place, item)
    kg, m3 = quantity * thing.kg_per_unit, quantity * thing.m3_per_unit
    what = f"{_amount(quantity, thing)} ({kg:g} kg, {m3:g} m³) must not be parted, and"
    if not any(
        fleet.kg_limit[row, place] + HAIR >= kg and fleet.groups[row].capacity_m3 + HAIR >= m3
        for row in groups
    ):
        return "not_to_be_split", f"{what} no vehicle that gets to the place takes it in one trip"
    depots = {fleet.groups[row].depot for row in groups}
    if max((_held(fleet, thing).get(depot, 0.0) for depot in depots), default=0.0) < quantity:
        return "not_to_be_split", f"{what} no depot that can send it there holds all of it"
    return None


def _needed(fleet: Fleet, place: int, item: int) -> float:
    place_id, item_id = fleet.problem.places[place], fleet.problem.items[item].item_id
    return next(
        need.quantity
        for need in fleet.problem.needs
        if (need.place_id, need.item_id) == (place_id, item_id)
    )


def _used_up(fleet: Fleet, thing: Item, depots: set[int]) -> tuple[Code, str]:
    held = _held(fleet, thing)
    total = sum(held.get(depot, 0.0) for depot in depots)
    if total <= 0:
        return "stock_elsewhere", (
            f"{_name(thing)} lies in {_depots(fleet, held)} only, and no vehicle there can go to "
            "the place and back within its shift"
        )
    return "stock_ends", (
        f"the stock of {_name(thing)} ends: all {_amount(total, thing)} in the depots that "
        "can send it there are given out"
    )


def _no_vehicle(
    fleet: Fleet, place: int, groups: list[int], left_s: NDArray[np.int64]
) -> tuple[Code, str]:
    """Name the vehicle that comes nearest to another return trip."""
    vehicles = [(row, vehicle) for row in groups for vehicle in fleet.groups[row].vehicles]
    row, vehicle = min(
        vehicles, key=lambda pair: (fleet.round_s[pair[0], place] - left_s[pair[1]], pair)
    )
    left, trip = int(left_s[vehicle]), int(fleet.round_s[row, place])
    depot = fleet.problem.depots[fleet.groups[row].depot]
    one = "the one vehicle that could drive it"
    if len(vehicles) > 1:
        one = f"of the {len(vehicles)} vehicles that could drive it the freest"
    if left >= trip:
        rest = f"has driven {fleet.problem.max_trips} trips or lacks the minutes to unload"
        if fleet.has_windows:
            rest += ", or would come after a place has closed"
    else:
        rest = f"has {_hours(max(left, 0))} of its shift left"
    if idle := _idle_at(fleet, place):
        rest += f"; {len(idle)} more have a road to the place, and {_idle(fleet, idle)}"
    return "no_vehicle_free", (f"a return trip from {depot} takes {_hours(trip)}; {one} {rest}")


def _left_s(fleet: Fleet, days: Days) -> NDArray[np.int64]:
    """Rest of every vehicle's shift after its last trip and the loading for a further one."""
    left = [0] * len(fleet.problem.vehicles)
    for group in fleet.groups:
        for vehicle in group.vehicles:
            left[vehicle] = group.shift_s
    for vehicle, trips in days.items():
        left[vehicle] -= used_s(fleet, trips, fleet.starts_s[vehicle]) + fleet.reload_s
    return np.array(left, dtype=np.int64)


def _held(fleet: Fleet, thing: Item) -> dict[int, float]:
    depots = {depot: row for row, depot in enumerate(fleet.problem.depots)}
    return {
        depots[line.depot_id]: line.quantity
        for line in fleet.problem.stock
        if line.item_id == thing.item_id
    }


def _depots(fleet: Fleet, rows: Iterable[int]) -> str:
    return ", ".join(fleet.problem.depots[row] for row in sorted(rows))


def _name(thing: Item) -> str:
    return thing.name("en")


def _amount(quantity: float, thing: Item) -> str:
    shown = f"{quantity:,.3f}".rstrip("0").rstrip(".").replace(",", " ")
    if divisible(thing.unit):
        return f"{shown} {thing.unit} of {_name(thing)}"
    return f"{shown} × {_name(thing)}"


def _hours(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"
