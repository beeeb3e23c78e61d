"""Vehicles that travel together: one unit for the search, and the load of each of them after it.

Vehicles of one depot with the same word in `Vehicle.together` leave together, make the same halts
and come home together: an ambulance and the truck it goes with, two trucks where no vehicle drives
alone, a truck and its escort, which carries nothing. For the search they are one vehicle, `unit_of`
them. A plan says of each convoy who its `company` is and what each of them carries.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from routing.plan import Companion
from routing.problem_checks import MOST_CREW, divisible
from routing.solver_units import HAIR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.model import Item, Vehicle
    from routing.plan import Convoy, Stop
    from routing.problem import Begun, Problem

# The class whose roads all of them can use comes first; others travel with their own kind only.
HEAVIEST_FIRST = ("truck", "light_truck", "pickup", "motorbike")
MICRO = 1_000_000

# Kilograms and cubic metres that a vehicle takes.
Room = tuple[float, float]
# Item id → millionths of a unit.
Amounts = dict[str, int]


def companies_of(vehicles: Sequence[Vehicle]) -> dict[str, tuple[Vehicle, ...]]:
    """Give those who travel together, by the id of the one who leads; who is alone is left out."""
    found: dict[tuple[str, str], list[Vehicle]] = defaultdict(list)
    for vehicle in vehicles:
        if vehicle.together:
            found[vehicle.depot_id, vehicle.together].append(vehicle)
    companies = {}
    for members in found.values():
        if len(members) > 1:
            ordered = tuple(sorted(members, key=_rank))
            companies[ordered[0].vehicle_id] = ordered
    return dict(sorted(companies.items()))


def unit_of(members: Sequence[Vehicle]) -> Vehicle:
    """One vehicle that does what `members` do together; the first of them leads.

    It uses the roads of the heaviest class, at the pace of the slowest, for the shortest shift;
    it carries what all carry and unloads with all hands.
    """
    return replace(
        members[0],
        name=" + ".join(one.name or one.vehicle_id for one in members),
        capacity_kg=sum(one.capacity_kg for one in members),
        capacity_m3=sum(one.capacity_m3 for one in members),
        shift_s=min(int(one.shift_s) for one in members),
        speed_factor=min(one.speed_factor for one in members),
        crew=min(sum(one.crew for one in members), MOST_CREW),
    )


def units_of(vehicles: Sequence[Vehicle]) -> tuple[Vehicle, ...]:
    """Give the vehicles, those who travel together as one."""
    companies = companies_of(vehicles)
    follow = {one.vehicle_id for members in companies.values() for one in members[1:]}
    return tuple(
        unit_of(companies[one.vehicle_id]) if one.vehicle_id in companies else one
        for one in vehicles
        if one.vehicle_id not in follow
    )


def as_units(problem: Problem) -> Problem:
    """Give the problem with those who travel together as one vehicle; itself where there are none.

    Their day has begun when that of the last has, with the trips of whoever drove most.
    """
    companies = companies_of(problem.vehicles)
    if not companies:
        return problem
    begun = dict(problem.begun)
    for lead, members in companies.items():
        days = [begun.pop(one.vehicle_id) for one in members if one.vehicle_id in begun]
        if days:
            begun[lead] = _begun(days)
    return replace(problem, vehicles=units_of(problem.vehicles), begun=begun)


def with_company(
    convoys: Sequence[Convoy], vehicles: Sequence[Vehicle], items: Sequence[Item]
) -> tuple[Convoy, ...]:
    """Say of each convoy of a company who travels in it and what each of them carries."""
    companies = companies_of(vehicles)
    known = {item.item_id: item for item in items}
    return tuple(
        replace(convoy, company=_companions(convoy, companies[convoy.vehicle_id], known))
        if convoy.vehicle_id in companies
        else convoy
        for convoy in convoys
    )


def loaded_with(
    company: Sequence[Companion], stops: Sequence[Stop], items: Sequence[Item]
) -> tuple[Companion, ...]:
    """Give the company with what is left of its load for `stops`: who carried it goes on to."""
    known = {item.item_id: item for item in items}
    left: dict[str, float] = defaultdict(float)
    for stop in stops:
        for item, quantity in stop.deliver.items():
            left[item] += quantity
    found = []
    for one in company:
        load = {item: min(quantity, left[item]) for item, quantity in one.load.items()}
        for item, quantity in load.items():
            left[item] = round(left[item] - quantity, 6)
        found.append(_companion(one, load, known))
    return tuple(found)


def pack(
    rooms: Sequence[Room], amounts: Mapping[str, int], items: Mapping[str, Item]
) -> tuple[list[Amounts], Amounts]:
    """Share `amounts` out among vehicles; give what each takes, and what is left over.

    Parameters
    ----------
    rooms
        What each vehicle takes.
    amounts
        Millionths of a unit by item; what is counted in pieces stays whole.
    """
    tries = [
        _packed(rooms, amounts, items, in_shares=in_shares, heavy_first=heavy_first)
        for in_shares in (True, False)
        for heavy_first in (True, False)
    ]
    return min(tries, key=lambda one: sum(n * items[i].kg_per_unit for i, n in one[1].items()))


def _rank(vehicle: Vehicle) -> tuple[int, float, str]:
    kinds = HEAVIEST_FIRST
    kind = vehicle.vehicle_class
    first = kinds.index(kind) if kind in kinds else len(kinds)
    return first, -vehicle.capacity_kg, vehicle.vehicle_id


def _begun(days: Sequence[Begun]) -> Begun:
    return replace(
        days[0], ready_s=max(one.ready_s for one in days), trips=max(one.trips for one in days)
    )


def _companions(
    convoy: Convoy, members: Sequence[Vehicle], items: Mapping[str, Item]
) -> tuple[Companion, ...]:
    loads, _left = pack([_room(one) for one in members], _load(convoy), items)
    return tuple(
        _companion(member, {item: amount / MICRO for item, amount in load.items()}, items)
        for member, load in zip(members, loads, strict=True)
    )


def _companion(
    member: Vehicle | Companion, load: Mapping[str, float], items: Mapping[str, Item]
) -> Companion:
    units = {item: quantity for item, quantity in sorted(load.items()) if quantity > 0}
    kg = sum(items[item].kg_per_unit * quantity for item, quantity in units.items())
    m3 = sum(items[item].m3_per_unit * quantity for item, quantity in units.items())
    return Companion(
        vehicle_id=member.vehicle_id,
        vehicle_name=member.vehicle_name if isinstance(member, Companion) else member.name,
        vehicle_class=member.vehicle_class,
        load=units,
        load_kg=round(kg, 6),
        load_m3=round(m3, 6),
    )


def _room(vehicle: Vehicle) -> Room:
    return vehicle.capacity_kg, vehicle.capacity_m3


def _load(convoy: Convoy) -> Amounts:
    load: Amounts = defaultdict(int)
    for stop in convoy.stops:
        for item, quantity in stop.deliver.items():
            load[item] += round(quantity * MICRO)
    return load


def _packed(
    rooms: Sequence[Room],
    amounts: Mapping[str, int],
    items: Mapping[str, Item],
    *,
    in_shares: bool,
    heavy_first: bool,
) -> tuple[list[Amounts], Amounts]:
    """One way to do it: first, with `in_shares`, to each its share of every item; then greedily."""
    left = {item: amount for item, amount in amounts.items() if amount > 0}
    loads: list[Amounts] = [defaultdict(int) for _ in rooms]
    kg, m3 = (np.array([room[axis] for room in rooms], dtype=np.float64) for axis in (0, 1))
    shares = np.minimum(kg / max(kg.sum(), HAIR), m3 / max(m3.sum(), HAIR))
    total = dict(left)
    sign = -1 if heavy_first else 1
    order = sorted(
        left, key=lambda i: (sign * items[i].kg_per_unit / max(items[i].m3_per_unit, HAIR), i)
    )
    for sharing in (True, False) if in_shares else (False,):
        for item in order:
            thing = items[item]
            step = 1 if divisible(thing.unit) else MICRO
            for row in range(len(rooms)):
                most = min(_fitting(thing, float(kg[row]), float(m3[row])), left[item])
                if sharing:
                    most = min(most, int(float(shares[row]) * total[item]))
                part = most // step * step
                loads[row][item] += part
                left[item] -= part
                kg[row] -= part * thing.kg_per_unit / MICRO
                m3[row] -= part * thing.m3_per_unit / MICRO
    return loads, {item: amount for item, amount in left.items() if amount > 0}


def _fitting(thing: Item, kg: float, m3: float) -> int:
    """Millionths of a unit that fit into a room."""
    units = max(kg + HAIR, 0.0) / thing.kg_per_unit
    if thing.m3_per_unit > 0:
        units = min(units, max(m3 + HAIR, 0.0) / thing.m3_per_unit)
    return int(min(units * MICRO, 4e18))
