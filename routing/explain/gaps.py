"""Gaps in the days of a plan: every place in them where one more halt could be put, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.fleet import MICRO, NEVER_S
from routing.schedule import clock, halt_weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo.model import VehicleClassName
    from routing.fleet import Fleet, Group
    from routing.profile import Profile
    from routing.schedule import Days, Trip


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """All gaps of the vehicles of one class, every array of shape (n_gaps,).

    Parameters
    ----------
    vehicle, depot
        Positions in the problem; `group` that of the vehicle's group in the fleet.
    before, after
        Points between which the halt would be; both the depot for a trip of its own.
    joins
        Position of the place whose halt would be made larger, -1 = a halt of its own.
    free_s
        When the vehicle leaves `before`, or has stopped at the halt that is joined; seconds after
        the plan begins.
    spare_s
        What is left of the vehicle's hours after its day; loading for a new trip is taken off.
    slack_s
        How much later the stops behind may become before one of them closes.
    room_kg, room_m3
        What the trip can still carry.
    behind
        Weight × quantity of everything that would be delayed.
    over
        A new trip beyond the number that is allowed.
    """

    vehicle: NDArray[np.int64]
    group: NDArray[np.int64]
    depot: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    joins: NDArray[np.int64]
    free_s: NDArray[np.int64]
    spare_s: NDArray[np.int64]
    slack_s: NDArray[np.int64]
    room_kg: NDArray[np.float64]
    room_m3: NDArray[np.float64]
    behind: NDArray[np.float64]
    over: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.vehicle)


# One row per gap, in the order of the fields of `Gaps`.
_Row = tuple[int, int, int, int, int, int, int, int, int, float, float, float, bool]


def gaps_of(fleet: Fleet, days: Days, urgency: NDArray[np.float64]) -> Mapping[Profile, Gaps]:
    """Find the gaps in the day of every vehicle, those that stay at home included.

    Parameters
    ----------
    urgency
        (n_places, n_items) weight of one unit.
    """
    rows: dict[Profile, list[_Row]] = {}
    for number, group in enumerate(fleet.groups):
        for vehicle in group.vehicles:
            trips = days.get(vehicle, ())
            found = _of_day(fleet, group, number, vehicle, trips, urgency)
            rows.setdefault(group.profile, []).extend(found)
    return {profile: _arrays(found) for profile, found in rows.items()}


def new_day(fleet: Fleet, number: int) -> Gaps:
    """The gap of one more vehicle of the group `number`, which has not driven yet."""
    group = fleet.groups[number]
    row = _new_trip(fleet, group, number, -1, start_s=group.start_s, used_s=0, over=False)
    return _arrays([row])


def _of_day(
    fleet: Fleet,
    group: Group,
    number: int,
    vehicle: int,
    trips: tuple[Trip, ...],
    urgency: NDArray[np.float64],
) -> list[_Row]:
    start = group.start_s
    clocks = []
    for trip in trips:
        times = clock(fleet, trip, start)
        clocks.append((start, times))
        start += times.back_s + fleet.reload_s
    used_s = start - group.start_s - (fleet.reload_s if trips else 0)
    spare_s = group.shift_s - used_s
    rows: list[_Row] = []
    behind, slack = 0.0, NEVER_S
    # From the last stop to the first, so that what lies behind is known.
    for trip, (begins, times) in zip(reversed(trips), reversed(clocks), strict=True):
        points = [trip.depot, *(fleet.n_depots + halt.place for halt in trip.halts), trip.depot]
        room = (group.capacity_kg - trip.kg, group.capacity_m3 - trip.m3)
        for at in range(len(trip.halts), -1, -1):
            leaves = begins + (times.leaves_s[at - 1] if at else 0)
            rows.append(
                (vehicle, number, trip.depot, points[at], points[at + 1], -1, leaves, spare_s,
                 slack, *room, behind, False)
            )  # fmt: skip
            if at == 0:
                break
            halt = trip.halts[at - 1]
            at_road = begins + times.at_road_s[at - 1]
            point = fleet.n_depots + halt.place
            rows.append(
                (vehicle, number, trip.depot, point, point, halt.place, at_road, spare_s, slack,
                 *room, behind, False)
            )  # fmt: skip
            arrives = begins + times.arrives_s[at - 1]
            slack = min(slack, int(fleet.closes_s[halt.place]) - arrives)
            behind += halt_weight(halt, urgency)
    rows.reverse()
    over = len(trips) >= group.max_trips
    rows.append(_new_trip(fleet, group, number, vehicle, start_s=start, used_s=used_s, over=over))
    return rows


def _new_trip(
    fleet: Fleet, group: Group, number: int, vehicle: int, *, start_s: int, used_s: int, over: bool
) -> _Row:
    loading = fleet.reload_s if used_s else 0
    return (
        vehicle, number, group.depot, group.depot, group.depot, -1, start_s,
        group.shift_s - used_s - loading, NEVER_S, group.capacity_kg, group.capacity_m3, 0.0, over,
    )  # fmt: skip


def _arrays(rows: list[_Row]) -> Gaps:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 13
    whole = [np.array(column, dtype=np.int64) for column in columns[:9]]
    room_kg, room_m3, behind = (np.array(column, dtype=np.float64) for column in columns[9:12])
    return Gaps(
        vehicle=whole[0],
        group=whole[1],
        depot=whole[2],
        before=whole[3],
        after=whole[4],
        joins=whole[5],
        free_s=whole[6],
        spare_s=whole[7],
        slack_s=whole[8],
        room_kg=np.maximum(room_kg, 0.0),
        room_m3=np.maximum(room_m3, 0.0),
        behind=behind,
        over=np.array(columns[12], dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One more halt at one place, in every gap of one class; arrays of shape (n_gaps,).

    `extra_s` is what it takes before anything is handed out, `arrives_s` when aid is at the place.
    """

    gaps: Gaps
    vehicle_class: VehicleClassName
    road: NDArray[np.bool_]
    extra_s: NDArray[np.int64]
    arrives_s: NDArray[np.int64]
    closes_s: int


def visit(
    fleet: Fleet,
    gaps: Gaps,
    profile: Profile,
    place: int,
    *,
    out_s: NDArray[np.int64] | None = None,
    back_s: NDArray[np.int64] | None = None,
    delay_s: int | None = None,
) -> Visit:
    """Work out what a halt at `place` (a position) takes in every gap.

    Parameters
    ----------
    out_s, back_s, delay_s
        Times from all points to the place and back, and the walk, instead of those of the fleet:
        for roads that are not open.
    """
    travel = fleet.travel_s[profile]
    point = fleet.n_depots + place
    there = travel[:, point] if out_s is None else out_s
    home = travel[point, :] if back_s is None else back_s
    walk = int(fleet.delay_s[profile][place]) if delay_s is None else delay_s
    out, back = there[gaps.before], home[gaps.after]
    joins = gaps.joins == place
    # A halt that is made larger is for its own place only.
    other = (gaps.joins >= 0) & ~joins
    road = (out < fleet.blocked_s) & (back < fleet.blocked_s) & ~other
    halt = int(fleet.halt_s[profile][place]) if delay_s is None else _halt_s(fleet, delay_s)
    detour = out + back - np.where(gaps.before == gaps.after, 0, travel[gaps.before, gaps.after])
    arrives = gaps.free_s + np.where(joins, 0, out) + walk
    waits = np.maximum(int(fleet.opens_s[place]) - arrives, 0)
    extra = np.where(joins, 0, detour + halt + waits)
    return Visit(
        gaps=gaps,
        vehicle_class=profile.vehicle_class,
        road=road | joins,
        extra_s=extra,
        arrives_s=arrives + waits,
        closes_s=int(fleet.closes_s[place]),
    )


def _halt_s(fleet: Fleet, walk_s: int) -> int:
    return int(np.ceil(fleet.problem.service_s)) + 2 * walk_s


def urgency_of(fleet: Fleet) -> NDArray[np.float64]:
    """Weight of one unit (n_places, n_items), 0 where nothing is needed."""
    problem = fleet.problem
    places = {place: row for row, place in enumerate(problem.places)}
    items = {item.item_id: row for row, item in enumerate(problem.items)}
    urgency = np.zeros((len(places), len(items)))
    for need in problem.needs:
        urgency[places[need.place_id], items[need.item_id]] = need.weight
    return urgency


def in_units(amount: int) -> float:
    """Millionths as units."""
    return amount / MICRO
