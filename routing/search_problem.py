"""A `Problem` as the search sees it, and what the search found as trips of vehicles.

Needs are cut into jobs beforehand (Chen, Golden, Wang and Wasil, 2017, cut demands into pieces of
falling size for the same reason): first what fills the largest vehicle, then halves down to what
the smallest takes, so that every kind of vehicle finds pieces for it. Pieces for one place that
follow each other on a trip are one halt again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.allocate import need_items, need_places
from routing.balance import need_rows
from routing.fleet import MICRO, NEVER_S, Fleet
from routing.loads import make_load
from routing.relay_pieces import Piece, carries_left, carry_of, relay_pieces
from routing.schedule import make_trip
from routing.score import terms_of
from routing.search_arrays import BLOCKED_S, RELOAD, Instance
from routing.solver_units import HAIR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from routing.profile import Profile
    from routing.schedule import Days, Trip

# Above so many jobs the smallest pieces are made larger.
MOST_JOBS = 6000
# Where an item is scarce it is cut finer than vehicles ask for, so that it can be shared out.
FINEST_SHARE = 1 / 32
# A depot that holds an item for so few needs of this size is the boundary between depots: likewise.
FEW_NEEDS = 3
# Points that count as near to a point.
MOST_NEAR = 200
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Translation:
    """What the positions in an `Instance` mean; `vehicles` are positions in `Problem.vehicles`."""

    instance: Instance
    pieces: tuple[Piece, ...]
    vehicles: tuple[int, ...]
    start: tuple[tuple[int, ...], ...] | None


def translate(
    fleet: Fleet,
    *,
    lacking: NDArray[np.int64],
    stock: NDArray[np.int64],
    fairness: float,
    start: Days | None = None,
) -> Translation:
    """Cut the needs into jobs and lay everything out in arrays.

    Parameters
    ----------
    lacking
        (n_needs,) millionths of a unit.
    stock
        (n_depots, n_items) millionths.
    start
        Trips to begin with: what they bring is cut as they bring it.
    """
    vehicles = tuple(vehicle for group in fleet.groups for vehicle in group.vehicles)
    pieces, days = _begun(fleet, lacking.copy(), stock, vehicles, start or {})
    left = _left(fleet, lacking, pieces)
    pieces += _cut_all(fleet, left, stock, pieces)
    return Translation(
        instance=_instance(fleet, pieces, vehicles, stock, fairness),
        pieces=tuple(pieces),
        vehicles=vehicles,
        start=tuple(days) if start is not None else None,
    )


def days_from(fleet: Fleet, made: Translation, days: Sequence[Sequence[int]]) -> Days:
    """Trips of vehicles out of days of jobs."""
    found: Days = {}
    for row, day in enumerate(days):
        if not day:
            continue
        vehicle = made.vehicles[row]
        group = next(group for group in fleet.groups if vehicle in group.vehicles)
        trips: list[list[int]] = [[]]
        for job in day:
            if job == RELOAD:
                trips.append([])
            else:
                trips[-1].append(job)
        found[vehicle] = tuple(
            make_trip(
                fleet,
                group.depot,
                group.profile,
                [
                    make_load(fleet, group.depot, piece.place, {piece.item: piece.amount})
                    for piece in (made.pieces[job] for job in trip)
                ],
            )
            for trip in trips
        )
    return dict(sorted(found.items()))


# --- cutting ----------------------------------------------------------------------------------


def _begun(
    fleet: Fleet,
    lacking: NDArray[np.int64],
    stock: NDArray[np.int64],
    vehicles: Sequence[int],
    start: Mapping[int, Sequence[Trip]],
) -> tuple[list[Piece], list[tuple[int, ...]]]:
    """Pieces and days of the trips to begin with, as far as they are still needed."""
    row_of = need_rows(fleet)
    pieces: list[Piece] = []
    days: list[tuple[int, ...]] = []
    for vehicle in vehicles:
        day: list[int] = []
        for trip in start.get(vehicle, ()):
            if day and day[-1] != RELOAD:
                day.append(RELOAD)
            for halt in trip.halts:
                for item, amount in halt.amounts.items():
                    need = row_of.get((halt.place, item))
                    wanted = 0 if need is None else min(amount, int(lacking[need]))
                    if need is None or wanted <= 0:
                        continue
                    if fleet.whole[halt.place, item] and wanted < lacking[need]:
                        continue
                    if carries_left(fleet, pieces, Piece(halt.place, item, wanted)) < 0:
                        continue
                    lacking[need] -= wanted
                    # Cut as needs are, so that parts may move; together they are one halt.
                    parts = _cut(fleet, stock, halt.place, item, wanted, 1.0, False)
                    if halt.place in fleet.services:
                        size = max(carry_of(fleet, halt.place, item), 1)
                        parts = [min(size, wanted - at) for at in range(0, wanted, size)]
                    for part in parts if sum(parts) == wanted else [wanted]:
                        day.append(len(pieces))
                        pieces.append(Piece(halt.place, item, part))
        if day and day[-1] == RELOAD:
            day.pop()
        days.append(tuple(day))
    return pieces, days


def _left(fleet: Fleet, lacking: NDArray[np.int64], pieces: Sequence[Piece]) -> NDArray[np.int64]:
    left = lacking.copy()
    row_of = need_rows(fleet)
    for piece in pieces:
        left[row_of[piece.place, piece.item]] -= piece.amount
    return left


def _cut_all(
    fleet: Fleet, lacking: NDArray[np.int64], stock: NDArray[np.int64], begun: Sequence[Piece]
) -> list[Piece]:
    if not fleet.groups or not lacking.any():
        return []
    relayed = relay_pieces(fleet, lacking, stock, begun)
    lacking = np.where(np.isin(need_places(fleet), list(fleet.services)), 0, lacking)
    place, item = need_places(fleet), need_items(fleet)
    wanted = np.zeros(len(fleet.problem.items), dtype=np.float64)
    np.add.at(wanted, item, lacking.astype(np.float64))
    scarce = wanted > stock.sum(axis=0)
    coarser = 1.0
    while True:
        pieces = [
            Piece(int(place[need]), int(item[need]), amount)
            for need in np.flatnonzero(lacking)
            for amount in _cut(
                fleet,
                stock,
                int(place[need]),
                int(item[need]),
                int(lacking[need]),
                coarser,
                bool(scarce[item[need]]),
            )
        ]
        if len(pieces) <= max(MOST_JOBS, int(np.count_nonzero(lacking))) or coarser > 1e4:
            return relayed + pieces
        coarser *= 2.0


def _cut(
    fleet: Fleet,
    stock: NDArray[np.int64],
    place: int,
    item: int,
    lacking: int,
    coarser: float,
    scarce: bool,
) -> list[int]:
    """Amounts that one need is cut into; empty if nobody can bring any of it."""
    portion = int(fleet.portion[item])
    unit_kg, unit_m3 = float(fleet.unit_kg[item]), float(fleet.unit_m3[item])
    rooms: list[int] = []
    trips = 0
    able = (fleet.kg_limit[:, place] > 0) & fleet.takes[:, item]
    able &= stock[fleet.group_depots, item] >= portion
    for row in np.flatnonzero(able).tolist():
        group, kg = fleet.groups[row], float(fleet.kg_limit[row, place])
        units = (kg + HAIR) / unit_kg
        if unit_m3 > 0:
            units = min(units, (group.capacity_m3 + HAIR) / unit_m3)
        room = int(min(units * MICRO, 4e18)) // portion * portion
        if room > 0:
            rooms.append(room)
            trips += len(group.vehicles) * group.max_trips
    if not rooms:
        return []
    if fleet.whole[place, item]:
        fits = max(rooms) >= lacking and int(stock[:, item].max()) >= lacking
        return [lacking] if fits else []
    largest = min(max(rooms), int(stock[:, item].max()) // portion * portion)
    smallest = max(min(rooms), portion)
    held = stock[:, item]
    if scarce or int(held[held > 0].min()) < FEW_NEEDS * lacking:
        smallest = min(smallest, max(int(lacking * FINEST_SHARE), portion))
    smallest = int(smallest * coarser)
    amounts: list[int] = []
    left = lacking
    while left > largest and len(amounts) < trips:
        amounts.append(largest)
        left -= largest
    if left > largest:
        return amounts
    while left > smallest:
        half = min(-(-left // (2 * portion)) * portion, largest)
        if half >= left:
            break
        amounts.append(half)
        left -= half
    if left > 0:
        amounts.append(left)
    return amounts


# --- arrays -----------------------------------------------------------------------------------


def _instance(
    fleet: Fleet,
    pieces: Sequence[Piece],
    vehicles: Sequence[int],
    stock: NDArray[np.int64],
    fairness: float,
) -> Instance:
    problem, n_depots = fleet.problem, fleet.n_depots
    group_of = {v: row for row, group in enumerate(fleet.groups) for v in group.vehicles}
    profiles = sorted({group.profile for group in fleet.groups})
    places = np.array(sorted({piece.place for piece in pieces}), dtype=np.int64)
    points = np.concatenate([np.arange(n_depots), n_depots + places])
    point_of = {int(place): n_depots + row for row, place in enumerate(places)}
    place = np.array([piece.place for piece in pieces], dtype=np.int64)
    item = np.array([piece.item for piece in pieces], dtype=np.int64)
    amount = np.array([piece.amount for piece in pieces], dtype=np.int64)
    kg = amount * fleet.unit_kg[item] / MICRO
    m3 = amount * fleet.unit_m3[item] / MICRO
    # Not rounded: the search rounds the handling of a halt, as the plan does.
    handling = np.outer([problem.handling_s_per_kg * one.handling for one in profiles], kg)
    halts = np.array([fleet.halt_s[profile] for profile in profiles], dtype=np.float64)
    delays = np.array([fleet.delay_s[profile] for profile in profiles], dtype=np.float64)
    travel_s = _travel(fleet, profiles, points, places)

    terms = terms_of(problem, fairness)
    row_of = need_rows(fleet)
    need = [problem.needs[row_of[piece.place, piece.item]] for piece in pieces]
    communes = {name: row for row, name in enumerate(sorted(terms.commune_value))}
    value = amount / MICRO * np.array([one.weight for one in need])
    groups = np.array([group_of[v] for v in vehicles], dtype=np.int64)
    group_rows = [fleet.groups[row] for row in groups]
    n, k = len(pieces), len(profiles)
    by_point = np.argsort([point_of[int(p)] for p in place], kind="stable")
    count = np.bincount([point_of[int(p)] for p in place], minlength=len(points))
    capacity_m3 = np.array([group.capacity_m3 for group in fleet.groups])
    allowed = (fleet.kg_limit[:, place] + HAIR >= kg) & (capacity_m3[:, None] + HAIR >= m3)
    allowed &= fleet.takes[:, item]
    opens, closes = _windows(fleet, profiles, place, halts - delays)
    return Instance(
        travel_s=travel_s,
        service_s=handling.reshape(k, n),
        offset_s=np.ascontiguousarray((halts - delays)[:, place].reshape(k, n)),
        job=np.column_stack(
            [
                value / HOUR_S,
                kg,
                m3,
                opens,
                closes,
                value * terms.unserved_h,
            ]
        ),
        job_at=np.column_stack(
            [
                [point_of[int(p)] for p in place],
                item,
                [communes[one.commune] for one in need],
            ]
        )
        .astype(np.int32)
        .reshape(n, 3),
        amount=amount,
        allowed=allowed.reshape(len(fleet.groups), n),
        vehicle=np.array(
            [
                (
                    group.start_s,
                    group.start_s + group.shift_s,
                    group.capacity_kg,
                    group.capacity_m3,
                    fleet.reload_s,
                )
                for group in group_rows
            ],
            dtype=np.float64,
        ).reshape(-1, 5),
        vehicle_at=np.array(
            [
                (
                    profiles.index(group.profile),
                    group.depot,
                    group.max_trips,
                    row,
                    group.depot,
                )
                for row, group in zip(groups, group_rows, strict=True)
            ],
            dtype=np.int32,
        ).reshape(-1, 5),
        stock=stock.copy(),
        near=_near(travel_s, n_depots),
        jobs_from=np.concatenate([[0], np.cumsum(count)]).astype(np.int32),
        jobs_at=by_point.astype(np.int32),
        commune_worth=np.array([terms.commune_value[name] for name in communes]) / HOUR_S,
        remote_s=fleet.round_s[:, place].min(axis=0, initial=fleet.blocked_s).astype(np.float64),
        travel_price=terms.travel_price / HOUR_S,
        unfairness=terms.unfairness,
        windows=fleet.has_windows,
    )


def _windows(
    fleet: Fleet,
    profiles: Sequence[Profile],
    place: NDArray[np.int64],
    offset_s: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Earliest and latest end of the way in of every job, safe for whichever profile brings it.

    Windows are of the arrival at the place, which the search knows only as the end of the way in
    less an offset (n_profiles, n_places) that differs by class where the walks do.
    """
    if not fleet.has_windows or not len(place):
        return np.zeros(len(place)), np.full(len(place), float(NEVER_S))
    drives = np.array(
        [
            np.isfinite(fleet.problem.matrices[one.vehicle_class].walk_s[fleet.n_depots :])
            for one in profiles
        ]
    ).reshape(len(profiles), -1)
    for at, service in fleet.services.items():
        drives[:, at] &= np.array([one.vehicle_class in service.leg.givers for one in profiles])
    most = np.where(drives, offset_s, -np.inf).max(axis=0)[place]
    most = np.where(np.isfinite(most), most, 0.0)
    least = np.where(drives, offset_s, np.inf).min(axis=0)[place]
    least = np.where(np.isfinite(least), least, 0.0)
    opens, closes = fleet.opens_s[place], fleet.closes_s[place]
    return (
        np.where(opens > 0, opens + most, 0.0),
        np.where(closes < NEVER_S, closes + least, float(NEVER_S)),
    )


def _travel(
    fleet: Fleet, profiles: Sequence[Profile], points: NDArray[np.int64], places: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Driving with the halt at the place of arrival (n_profiles, n_points, n_points)."""
    travel_s = np.empty((len(profiles), len(points), len(points)))
    for row, name in enumerate(profiles):
        direct = fleet.travel_s[name][np.ix_(points, points)]
        travel_s[row] = np.where(direct >= fleet.blocked_s, BLOCKED_S, direct)
        travel_s[row][:, fleet.n_depots :] += fleet.halt_s[name][places]
        np.fill_diagonal(travel_s[row], 0.0)
    return travel_s


def _near(travel_s: NDArray[np.float64], n_depots: int) -> NDArray[np.int32]:
    """Points by nearness for whichever profile is fastest, depots last."""
    n = travel_s.shape[1]
    if n == 0:
        return np.zeros((0, 0), dtype=np.int32)
    fastest = travel_s.min(axis=0) if len(travel_s) else np.zeros((n, n))
    both_ways = fastest + fastest.T
    both_ways[:, :n_depots] = np.inf
    np.fill_diagonal(both_ways, -1.0)
    size = min(n, MOST_NEAR)
    if size < n:
        chosen = np.sort(np.argpartition(both_ways, size - 1, axis=1)[:, :size], axis=1)
    else:
        chosen = np.broadcast_to(np.arange(n), (n, n))
    order = np.argsort(np.take_along_axis(both_ways, chosen, axis=1), axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1).astype(np.int32)
