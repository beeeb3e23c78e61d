"""Which vehicles can bring what to which place and back within one shift.

Vehicles of one depot that are alike (class, speed, capacities, hours) form a group: for the search
they are interchangeable. Times here are whole seconds, rounded up once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from routing.drivers import without_driver
from routing.hours import EndedBy, hours_of
from routing.problem_checks import divisible
from routing.profile import Profile, profile_of
from routing.relay_legs import RelayLeg, Service, services_of
from routing.solver_units import HAIR, TIME_STEP_S, to_solver_units, whole_seconds
from routing.together import Room, as_units, companies_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from geo.model import VehicleClassName
    from routing.problem import Problem

# Quantities are counted in millionths of a unit, as exact integers.
MICRO = 1_000_000
# Stands for "no latest time": later than any shift.
NEVER_S = 10**11
# Divisible goods are parted in portions of about one kilogram.
PORTION_KG = 1.0


# What vehicles of a group have in common; what fits a company depends on each of its vehicles.
_Alike = tuple[int, Profile, float, float, int, int, EndedBy, int, tuple[Room, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """Interchangeable vehicles of one depot; `vehicles` are positions in `Problem.vehicles`.

    They leave at `start_s` at the earliest and are home `shift_s` later, or before. `rooms` are kg
    and m³ of each of several vehicles that travel together.
    """

    depot: int
    profile: Profile
    capacity_kg: float
    capacity_m3: float
    shift_s: int
    start_s: int
    ended_by: EndedBy
    max_trips: int
    vehicles: tuple[int, ...]
    rooms: tuple[Room, ...] = ()

    @property
    def vehicle_class(self) -> VehicleClassName:
        """Whose roads they may use."""
        return self.profile.vehicle_class


@dataclass(frozen=True)
class Fleet:
    """Positions instead of ids, whole seconds instead of floats, for one `Problem`.

    In `problem` those who travel together are one vehicle. `services` are the relays of the day by
    position of the place; their teams are in no group, nor are the vehicles of `idle`, which have
    no driver. `rooms` are kg and m³ of each vehicle of a company, by the position of the company.
    """

    problem: Problem
    groups: tuple[Group, ...]
    services: Mapping[int, Service] = field(default_factory=dict)
    idle: frozenset[int] = frozenset()
    rooms: Mapping[int, tuple[Room, ...]] = field(default_factory=dict)

    @property
    def n_depots(self) -> int:
        """Points before the first place."""
        return len(self.problem.depots)

    @cached_property
    def blocked_s(self) -> int:
        """A travel time that no shift can hold: stands for "no road"."""
        longest = max((group.shift_s for group in self.groups), default=0)
        return 2 * longest + self.reload_s + 1

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """Profiles of the vehicles, teams of relays included."""
        return tuple(sorted({profile_of(vehicle) for vehicle in self.problem.vehicles}))

    @cached_property
    def travel_s(self) -> dict[Profile, NDArray[np.int64]]:
        """Per profile the travel times (n, n); `blocked_s` or more = no use."""
        found = {
            profile: np.minimum(
                to_solver_units(
                    self._drive_s(profile), step=TIME_STEP_S, up=True, blocked=self.blocked_s
                ),
                self.blocked_s,
            )
            for profile in self.profiles
        }
        places = {place: row for row, place in enumerate(self.problem.places)}
        for leg in self.problem.relays:
            place = places[leg.place_id]
            # With teams a place is served through the roadhead, without them not by those who
            # would only get to the roadhead.
            for profile in found:
                if (profile.vehicle_class in leg.givers) != (place in self.services):
                    found[profile][self.n_depots + place, :] = self.blocked_s
                    found[profile][:, self.n_depots + place] = self.blocked_s
        return found

    def _drive_s(self, profile: Profile) -> NDArray[np.float64]:
        times = self.problem.matrices[profile.vehicle_class].travel_time_s
        return times if profile.speed_factor == 1.0 else times / profile.speed_factor

    @cached_property
    def walk_s(self) -> dict[Profile, NDArray[np.int64]]:
        """Per profile the walk from road to place (n_places,); 0 where there is no road."""
        return {
            profile: to_solver_units(
                np.where(matrix.attached, matrix.walk_s, 0.0)[self.n_depots :],
                step=TIME_STEP_S,
                up=True,
            )
            for profile in self.profiles
            for matrix in (self.problem.matrices[profile.vehicle_class],)
        }

    @cached_property
    def delay_s(self) -> dict[Profile, NDArray[np.int64]]:
        """Per profile, from stopping at the road until aid is at the place: a walk, or a relay."""
        found = {profile: walk.copy() for profile, walk in self.walk_s.items()}
        for place, service in self.services.items():
            for profile in found:
                if profile.vehicle_class in service.leg.givers:
                    found[profile][place] = service.delay_s
        return found

    @cached_property
    def halt_s(self) -> dict[Profile, NDArray[np.int64]]:
        """Per profile the part of a stop that does not depend on the load (n_places,)."""
        service = int(to_solver_units(self.problem.service_s, step=TIME_STEP_S, up=True))
        return {profile: service + 2 * walk for profile, walk in self.walk_s.items()}

    @cached_property
    def reload_s(self) -> int:
        """Seconds at the depot between two trips."""
        return int(to_solver_units(self.problem.reload_s, step=TIME_STEP_S, up=True))

    def handling_s(self, kg: float, profile: Profile) -> int:
        """Seconds in which the crew of a vehicle hands out `kg`."""
        per_kg = self.problem.handling_s_per_kg * profile.handling
        return whole_seconds(per_kg * kg)

    @cached_property
    def per_kg_s(self) -> NDArray[np.float64]:
        """Seconds in which the crews of each group hand out a kilogram (n_groups,)."""
        per_kg = self.problem.handling_s_per_kg
        return np.array([per_kg * group.profile.handling for group in self.groups])

    @cached_property
    def round_s(self) -> NDArray[np.int64]:
        """Out, halt and back for one stop (n_groups, n_places); `blocked_s` or more = no road."""
        n_places = len(self.problem.places)
        rounds = np.full((len(self.groups), n_places), self.blocked_s, dtype=np.int64)
        for row, group in enumerate(self.groups):
            travel = self.travel_s[group.profile]
            out = travel[group.depot, self.n_depots :]
            back = travel[self.n_depots :, group.depot]
            wait = self.opens_s - self.delay_s[group.profile] - group.start_s - out
            halt = self.halt_s[group.profile] + np.maximum(wait, 0)
            there_and_back = out + back + halt
            open_road = (out < self.blocked_s) & (back < self.blocked_s)
            rounds[row] = np.where(open_road, there_and_back, self.blocked_s)
        return rounds

    @cached_property
    def opens_s(self) -> NDArray[np.int64]:
        """When aid may arrive at a place at the earliest (n_places,)."""
        windows = [self.problem.windows.get(place) for place in self.problem.places]
        opens = np.array(
            [0 if one is None else int(np.ceil(one.earliest_s)) for one in windows], dtype=np.int64
        )
        for place, service in self.services.items():
            opens[place] = max(opens[place], service.opens_s)
        return opens

    @cached_property
    def closes_s(self) -> NDArray[np.int64]:
        """When aid may arrive at a place at the latest (n_places,); `NEVER_S` for always."""
        windows = [self.problem.windows.get(place) for place in self.problem.places]
        latest = [NEVER_S if one is None else min(one.latest_s, NEVER_S) for one in windows]
        closes = np.floor(np.array(latest, dtype=np.float64)).astype(np.int64)
        for place, service in self.services.items():
            closes[place] = min(closes[place], service.closes_s)
        return closes

    @cached_property
    def has_windows(self) -> bool:
        """Whether any place has hours."""
        return bool(self.opens_s.any() or (self.closes_s < NEVER_S).any())

    @cached_property
    def in_time(self) -> NDArray[np.bool_]:
        """Whether the first trip of the day comes before a place closes (n_groups, n_places)."""
        rows = [
            group.start_s
            + self.travel_s[group.profile][group.depot, self.n_depots :]
            + self.delay_s[group.profile]
            <= self.closes_s
            for group in self.groups
        ]
        return np.array(rows, dtype=np.bool_).reshape(len(self.groups), len(self.problem.places))

    @cached_property
    def starts_s(self) -> dict[int, int]:
        """When each vehicle, by its position, may leave."""
        return {v: group.start_s for group in self.groups for v in group.vehicles}

    @cached_property
    def relay_legs(self) -> dict[str, RelayLeg]:
        """Relay legs by the id of their place."""
        return {leg.place_id: leg for leg in self.problem.relays}

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """Whether a need must not be parted (n_places, n_items)."""
        places = {place: row for row, place in enumerate(self.problem.places)}
        items = {item.item_id: row for row, item in enumerate(self.problem.items)}
        found = np.zeros((len(places), len(items)), dtype=np.bool_)
        for need in self.problem.needs:
            found[places[need.place_id], items[need.item_id]] = need.whole
        return found

    @cached_property
    def has_road(self) -> NDArray[np.bool_]:
        """Whether there is a road there and back, however long (n_groups, n_places)."""
        rows = []
        for group in self.groups:
            time = self.problem.matrices[group.vehicle_class].travel_time_s
            out, back = time[group.depot, self.n_depots :], time[self.n_depots :, group.depot]
            rows.append(np.isfinite(out) & np.isfinite(back))
        return np.array(rows, dtype=np.bool_).reshape(len(self.groups), len(self.problem.places))

    @cached_property
    def kg_limit(self) -> NDArray[np.float64]:
        """Most that one trip to one place can bring (n_groups, n_places); 0 = cannot go.

        The capacity, or less where handing out more would break the shift.
        """
        shift = np.array([group.shift_s for group in self.groups], dtype=np.int64)[:, None]
        capacity = np.array([group.capacity_kg for group in self.groups])[:, None]
        spare = (shift - self.round_s).astype(np.float64)
        limit = np.broadcast_to(capacity, spare.shape)
        if self.problem.handling_s_per_kg > 0:
            limit = np.minimum(limit, spare / self.per_kg_s[:, None])
        possible = (spare >= 0) & (self.round_s < self.blocked_s) & self.in_time
        return np.where(possible, np.maximum(limit, 0.0), 0.0)

    @cached_property
    def unit_kg(self) -> NDArray[np.float64]:
        """Kilograms of one unit of every item."""
        return np.array([item.kg_per_unit for item in self.problem.items])

    @cached_property
    def unit_m3(self) -> NDArray[np.float64]:
        """Cubic metres of one unit of every item."""
        return np.array([item.m3_per_unit for item in self.problem.items])

    @cached_property
    def portion(self) -> NDArray[np.int64]:
        """Smallest quantity handed out, in millionths: one piece, or about a kilogram."""
        return np.array(
            [
                _portion(item.kg_per_unit) if divisible(item.unit) else MICRO
                for item in self.problem.items
            ],
            dtype=np.int64,
        )

    @cached_property
    def takes(self) -> NDArray[np.bool_]:
        """Whether a portion of an item fits into one vehicle of a group (n_groups, n_items)."""
        kg = self.portion / MICRO * self.unit_kg
        m3 = self.portion / MICRO * self.unit_m3
        rows = [
            np.any([(kg <= room[0] + HAIR) & (m3 <= room[1] + HAIR) for room in rooms], axis=0)
            for group in self.groups
            for rooms in (group.rooms or ((group.capacity_kg, group.capacity_m3),),)
        ]
        return np.array(rows, dtype=np.bool_).reshape(len(self.groups), len(self.problem.items))

    @cached_property
    def group_depots(self) -> NDArray[np.int64]:
        """Depot of every group (n_groups,)."""
        return np.array([group.depot for group in self.groups], dtype=np.int64)

    @cached_property
    def groups_at(self) -> tuple[tuple[int, ...], ...]:
        """Groups of every depot."""
        rows: list[list[int]] = [[] for _ in self.problem.depots]
        for row, group in enumerate(self.groups):
            rows[group.depot].append(row)
        return tuple(tuple(row) for row in rows)


def fleet_of(
    problem: Problem,
    *,
    relay: bool = True,
    kept: Mapping[str, tuple[Sequence[str], int]] | None = None,
    first: Sequence[str] = (),
    only: Collection[str] | None = None,
) -> Fleet:
    """Group the vehicles of `problem`; with `relay` teams are given out first (`services_of`).

    Those who travel together are one vehicle from here on. `first` are ids of vehicles that have a
    driver before others, where drivers are few; with `only` no place but these is served by relay.
    """
    names = without_driver(problem, first)
    companies = companies_of(problem.vehicles)
    problem = as_units(problem)
    idle = frozenset(row for row, v in enumerate(problem.vehicles) if v.vehicle_id in names)
    rooms = {
        row: tuple((one.capacity_kg, one.capacity_m3) for one in companies[vehicle.vehicle_id])
        for row, vehicle in enumerate(problem.vehicles)
        if vehicle.vehicle_id in companies
    }
    services = services_of(problem, kept, never=rooms.keys()) if relay else {}
    if only is not None:
        services = {row: one for row, one in services.items() if one.leg.place_id in only}
    teams = {row for service in services.values() for row in service.vehicles}
    depot_at = {depot: row for row, depot in enumerate(problem.depots)}
    alike: dict[_Alike, list[int]] = {}
    for row, vehicle in enumerate(problem.vehicles):
        if row in teams or row in idle:
            continue
        hours = hours_of(problem, vehicle)
        begun = problem.begun.get(vehicle.vehicle_id)
        trips = 0 if begun is None else begun.trips
        key = (
            depot_at[vehicle.depot_id],
            profile_of(vehicle),
            vehicle.capacity_kg,
            vehicle.capacity_m3,
            hours.length_s,
            hours.start_s,
            hours.ended_by,
            max(problem.max_trips - trips, 0),
            rooms.get(row, ()),
        )
        alike.setdefault(key, []).append(row)
    return Fleet(
        problem=problem,
        groups=tuple(
            Group(*key[:-1], rooms=key[-1], vehicles=tuple(rows))
            for key, rows in sorted(alike.items())
        ),
        services=services,
        idle=idle,
        rooms=rooms,
    )


def _portion(kg_per_unit: float) -> int:
    """Largest power of ten millionths of a unit that weighs a kilogram or less, at most 1 unit."""
    portion = MICRO
    while portion > 1 and portion * kg_per_unit > PORTION_KG * MICRO:
        portion //= 10
    return portion
