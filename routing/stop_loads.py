"""What every stop of a plan brings, dealt out anew by one linear programme.

The search moves whole pieces between trips; how much of a scarce item each of many stops is to
have is a question that all trips answer together. With the stops and their order as they are, the
best amounts follow from a linear programme:

- maximise Σ weight × amount × (what the unserved count as - arrival), less what handing out delays
  behind it, less unfairness between communes (by tangents of its fourth power);
- no stop gets more than its place lacks, no depot gives more than it holds, no trip carries more
  than its vehicle takes, nobody is home late or at a place after it has closed.

What handing out delays is taken from the loads as they were, so the result is only as good as that
estimate: whoever asks compares both plans by the true score.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack, vstack

from routing.balance import balance_beside, full_balance, need_rows
from routing.fleet import MICRO, NEVER_S
from routing.schedule import Halt, clock, in_time, make_halt, used_s
from routing.score import terms_of
from routing.solver_units import HAIR
from routing.stowing import left_over

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from routing.fleet import Fleet, Group
    from routing.schedule import Days, Trip

HOUR_S = 3600.0
# Shares of a commune at which its unfairness is touched; in between it is underrated a little.
TANGENTS = np.linspace(0.0, 1.0, 13)
# HiGHS is exact to 1e-7 of what a row holds; what it left by that is given.
TOLERANCE = 1e-6


def dealt_anew(fleet: Fleet, days: Days, *, fairness: float) -> Days:
    """Give the same trips with other amounts; `days` itself where nothing else was found.

    Halts that get nothing are left out. Relays and what must stay whole are not touched, nor are
    vehicles that travel together whose new loads, piece by piece, would go into none of them. The
    result keeps every rule, and is better by the estimate above, not yet by the true score.
    """
    needs = need_rows(fleet)
    stops = [
        stop for vehicle, trips in days.items() for stop in _stops(fleet, needs, vehicle, trips)
    ]
    untouched: set[int] = set()
    while True:
        columns = _columns(fleet, stops, fairness, untouched)
        if not columns:
            return days
        amounts = _solve(fleet, days, stops, columns, fairness)
        if amounts is None:
            return days
        dealt = _with_amounts(fleet, days, stops, columns, amounts)
        unfit = _too_bulky(fleet, dealt) - untouched
        if not unfit:
            return dealt if _hold(fleet, dealt) else days
        untouched |= unfit


@dataclass(frozen=True, slots=True)
class _Stop:
    """One halt of a day: halt `halt_row` of trip `trip_row` of `vehicle`."""

    vehicle: int
    group: int
    trip_row: int
    halt_row: int
    depot: int
    halt: Halt
    arrives_s: int
    waits: bool
    worth_behind: float  # weight × quantity of all stops of the day after this one


@dataclass(frozen=True, slots=True)
class _Column:
    """One item at the stop in row `stop`."""

    stop: int
    item: int
    need: int
    now: float  # units
    gain: float  # by one unit more


class _Rows:
    """Rows of ``A x <= b`` as they are collected; each has a key."""

    def __init__(self) -> None:
        self.limits: list[float] = []
        self._number: dict[tuple[object, ...], int] = {}
        self._entries: list[tuple[int, int, float]] = []

    def add(self, key: tuple[object, ...], column: int, value: float, limit: float) -> None:
        """Put `value` of a column into the row `key`, which begins with `limit`."""
        if key not in self._number:
            self._number[key] = len(self.limits)
            self.limits.append(limit)
        self._entries.append((self._number[key], column, value))

    def take_off(self, key: tuple[object, ...], amount: float) -> None:
        """Lower the limit of a row, where it is one, by what is brought anyway."""
        if key in self._number:
            self.limits[self._number[key]] -= amount

    def matrix(self, n_columns: int) -> csr_array:
        """All rows (n_rows, n_columns)."""
        row, column, value = (np.array(part) for part in zip(*self._entries, strict=True))
        shape = (len(self.limits), n_columns)
        return csr_array(coo_array((value, (row, column)), shape=shape))


# --- what may be changed ----------------------------------------------------------------------


def _stops(
    fleet: Fleet, needs: Mapping[tuple[int, int], int], vehicle: int, trips: Sequence[Trip]
) -> Iterator[_Stop]:
    group = next(row for row, one in enumerate(fleet.groups) if vehicle in one.vehicles)
    worth = [
        sum(
            fleet.problem.needs[needs[halt.place, item]].weight * amount / MICRO
            for item, amount in halt.amounts.items()
        )
        for trip in trips
        for halt in trip.halts
    ]
    left, at, start = sum(worth), 0, fleet.starts_s[vehicle]
    for trip_row, trip in enumerate(trips):
        times = clock(fleet, trip, start)
        delays = fleet.delay_s[trip.profile]
        for halt_row, halt in enumerate(trip.halts):
            left -= worth[at]
            at += 1
            arrives = times.arrives_s[halt_row]
            waits = arrives - int(delays[halt.place]) > times.at_road_s[halt_row]
            yield _Stop(
                vehicle, group, trip_row, halt_row, trip.depot, halt, start + arrives, waits, left
            )
        start += times.back_s + fleet.reload_s


def _columns(
    fleet: Fleet, stops: Sequence[_Stop], fairness: float, untouched: Container[int]
) -> list[_Column]:
    terms = terms_of(fleet.problem, fairness)
    needs = need_rows(fleet)
    _, stock = full_balance(fleet)
    needed_at: dict[int, list[tuple[int, int]]] = {}
    for (place, item), need in needs.items():
        needed_at.setdefault(place, []).append((item, need))
    columns = []
    for row, stop in enumerate(stops):
        if stop.halt.place in fleet.services or stop.vehicle in untouched:
            continue
        per_kg_h = float(fleet.per_kg_s[stop.group]) / HOUR_S
        for item, need in needed_at[stop.halt.place]:
            if fleet.whole[stop.halt.place, item] or not stock[stop.depot, item]:
                continue
            if not fleet.takes[stop.group, item]:
                continue
            hours = terms.unserved_h - stop.arrives_s / HOUR_S
            delays = per_kg_h * float(fleet.unit_kg[item])
            gain = fleet.problem.needs[need].weight * hours
            gain -= delays * (stop.worth_behind + terms.travel_price)
            now = stop.halt.amounts.get(item, 0) / MICRO
            columns.append(_Column(row, item, need, now, gain))
    return columns


# --- the programme ----------------------------------------------------------------------------


def _solve(
    fleet: Fleet,
    days: Days,
    stops: Sequence[_Stop],
    columns: Sequence[_Column],
    fairness: float,
) -> NDArray[np.float64] | None:
    """Units (n_columns,); None where the solver finds none."""
    rows = _rows(fleet, stops, columns)
    _add_hours(rows, fleet, days, stops, columns)
    n = len(columns)
    now = np.array([column.now for column in columns])
    gain = np.array([column.gain for column in columns])
    matrix = rows.matrix(n)
    # What is so already is allowed, also where sums of floats end a hair above.
    limits = np.maximum(np.array(rows.limits), matrix @ now)
    scale = np.maximum(limits, 1e-9)
    matrix, limits = csr_array(matrix.multiply((1.0 / scale)[:, None])), limits / scale
    unit = max(float(np.abs(gain).max()), 1e-300)
    gain = gain / unit
    unfair, bounds = _unfairness(fleet, stops, columns, fairness)
    if unfair is not None:
        n_communes = unfair.shape[1] - n
        empty = csr_array((matrix.shape[0], n_communes))
        matrix = csr_array(vstack([hstack([matrix, empty]), unfair]))
        limits = np.append(limits, bounds)
        worst = terms_of(fleet.problem, fairness).unfairness
        gain = np.append(gain, np.full(n_communes, -worst / unit))
    found = linprog(-gain, A_ub=matrix, b_ub=limits, bounds=(0.0, None), method="highs")
    return None if found.x is None else np.asarray(found.x[:n], dtype=np.float64)


def _rows(fleet: Fleet, stops: Sequence[_Stop], columns: Sequence[_Column]) -> _Rows:
    """Needs, stock and room."""
    lacking, stock = full_balance(fleet)
    rows = _Rows()
    for number, column in enumerate(columns):
        stop, item = stops[column.stop], column.item
        group = fleet.groups[stop.group]
        trip = (stop.vehicle, stop.trip_row)
        rows.add(("need", column.need), number, 1.0, lacking[column.need] / MICRO)
        rows.add(("stock", stop.depot, item), number, 1.0, stock[stop.depot, item] / MICRO)
        rows.add(("kg", *trip), number, float(fleet.unit_kg[item]), group.capacity_kg)
        rows.add(("m3", *trip), number, float(fleet.unit_m3[item]), group.capacity_m3)
    needs = need_rows(fleet)
    for stop, item, units in _fixed(stops, columns):
        trip = (stop.vehicle, stop.trip_row)
        rows.take_off(("need", needs[stop.halt.place, item]), units)
        rows.take_off(("stock", stop.depot, item), units)
        rows.take_off(("kg", *trip), units * float(fleet.unit_kg[item]))
        rows.take_off(("m3", *trip), units * float(fleet.unit_m3[item]))
    return rows


def _fixed(
    stops: Sequence[_Stop], columns: Sequence[_Column]
) -> Iterator[tuple[_Stop, int, float]]:
    """What is brought and has no column: relays, what must stay whole, and untouched vehicles."""
    free = {(column.stop, column.item) for column in columns}
    for row, stop in enumerate(stops):
        for item, amount in stop.halt.amounts.items():
            if (row, item) not in free:
                yield stop, item, amount / MICRO


def _add_hours(
    rows: _Rows,
    fleet: Fleet,
    days: Days,
    stops: Sequence[_Stop],
    columns: Sequence[_Column],
) -> None:
    """Nobody is later than allowed, at home or where places close.

    Handing out more delays all behind it by as much, or by less where somebody waits for a place
    to open: so what is handed out between such a wait and a limit counts by itself.
    """
    if fleet.problem.handling_s_per_kg <= 0:
        return
    of_stop: dict[int, list[int]] = {}
    for number, column in enumerate(columns):
        of_stop.setdefault(column.stop, []).append(number)
    rows_of: dict[int, list[int]] = {}
    for row, stop in enumerate(stops):
        rows_of.setdefault(stop.vehicle, []).append(row)
    for vehicle, mine in rows_of.items():
        group = stops[mine[0]].group
        per_kg_s = float(fleet.per_kg_s[group])
        for first, last, spare_s in _limits(fleet, fleet.groups[group], days[vehicle], stops, mine):
            span = [number for row in mine[first:last] for number in of_stop.get(row, ())]
            seconds = [per_kg_s * float(fleet.unit_kg[columns[number].item]) for number in span]
            now = sum(columns[n].now * s for n, s in zip(span, seconds, strict=True))
            # The handling of every halt is rounded up to a second.
            limit = max(spare_s - (last - first), 0.0) + now
            for number, one in zip(span, seconds, strict=True):
                rows.add(("hours", vehicle, first, last), number, one, limit)


def _limits(
    fleet: Fleet,
    group: Group,
    trips: Sequence[Trip],
    stops: Sequence[_Stop],
    mine: Sequence[int],
) -> Iterator[tuple[int, int, float]]:
    """From which stop to before which one handling counts together, and how much more it may be."""
    n = len(mine)
    ends = [(n, float(group.shift_s - used_s(fleet, trips, group.start_s)))]
    begins = [0]
    if fleet.has_windows:
        begins += [at for at in range(1, n) if stops[mine[at]].waits]
        for at, row in enumerate(mine):
            closes = int(fleet.closes_s[stops[row].halt.place])
            if closes < NEVER_S:
                ends.append((at, float(closes - stops[row].arrives_s)))
    for last, spare_s in ends:
        for first in begins:
            if first < last:
                yield first, last, spare_s


def _unfairness(
    fleet: Fleet, stops: Sequence[_Stop], columns: Sequence[_Column], fairness: float
) -> tuple[csr_array | None, NDArray[np.float64]]:
    """A column for (1 - share)⁴ of every commune, and the tangents that it lies above."""
    terms = terms_of(fleet.problem, fairness)
    if terms.unfairness <= 0.0:
        return None, np.zeros(0)
    number = {name: row for row, name in enumerate(sorted(terms.commune_value))}
    n, n_communes = len(columns), len(number)
    needs, problem = need_rows(fleet), fleet.problem
    fixed = np.zeros(n_communes)
    for stop, item, units in _fixed(stops, columns):
        need = problem.needs[needs[stop.halt.place, item]]
        if need.commune in number:
            fixed[number[need.commune]] += need.weight * units / terms.commune_value[need.commune]
    of = [problem.needs[column.need] for column in columns]
    counted = [row for row, need in enumerate(of) if need.commune in number]
    shares = csr_array(
        (
            [of[row].weight / terms.commune_value[of[row].commune] for row in counted],
            ([number[of[row].commune] for row in counted], counted),
        ),
        shape=(n_communes, n),
    )
    blocks, bounds = [], []
    for at in TANGENTS:
        # (1 - at)⁴ - 4 (1 - at)³ (share - at) <= its column
        slope = 4.0 * (1.0 - at) ** 3
        blocks.append(hstack([-slope * shares, -csr_array(np.eye(n_communes))]))
        bounds.append(slope * (fixed - at) - (1.0 - at) ** 4)
    return csr_array(vstack(blocks)), np.concatenate(bounds)


# --- back to trips ----------------------------------------------------------------------------


def _with_amounts(
    fleet: Fleet,
    days: Days,
    stops: Sequence[_Stop],
    columns: Sequence[_Column],
    units: NDArray[np.float64],
) -> Days:
    """Trips with the amounts of the programme, rounded down to portions; halts of nothing gone."""
    brought = {
        (stop.vehicle, stop.trip_row, stop.halt_row): dict(stop.halt.amounts) for stop in stops
    }
    for column, amount in zip(columns, units, strict=True):
        stop = stops[column.stop]
        portion, before = int(fleet.portion[column.item]), round(column.now * MICRO)
        given = int((max(amount, 0.0) + TOLERANCE) * MICRO) // portion * portion
        if abs(amount - column.now) <= TOLERANCE:
            given = before  # the last of a need may be less than a portion
        brought[stop.vehicle, stop.trip_row, stop.halt_row][column.item] = given
    found: Days = {}
    for vehicle, trips in days.items():
        changed = []
        for t, trip in enumerate(trips):
            halts = [
                make_halt(fleet, halt.place, brought[vehicle, t, h])
                for h, halt in enumerate(trip.halts)
            ]
            halts = [halt for halt in halts if halt.amounts]
            if halts:
                changed.append(replace(trip, halts=tuple(halts)))
        if changed:
            found[vehicle] = tuple(changed)
    return found


def _too_bulky(fleet: Fleet, days: Days) -> set[int]:
    """Those who travel together and cannot load a trip, piece by piece, into their vehicles."""
    return {
        vehicle
        for vehicle, trips in days.items()
        if (rooms := fleet.rooms.get(vehicle))
        and any(left_over(fleet, trip, rooms) for trip in trips)
    }


def _hold(fleet: Fleet, days: Days) -> bool:
    """Whether it all fits, and everybody is home and everywhere in time, to the second."""
    group_of = {v: group for group in fleet.groups for v in group.vehicles}
    return all((part >= 0).all() for part in balance_beside(fleet, days)) and all(
        used_s(fleet, trips, group_of[vehicle].start_s) <= group_of[vehicle].shift_s
        and in_time(fleet, vehicle, trips)
        and all(
            trip.kg <= group_of[vehicle].capacity_kg + HAIR
            and trip.m3 <= group_of[vehicle].capacity_m3 + HAIR
            for trip in trips
        )
        for vehicle, trips in days.items()
    )
