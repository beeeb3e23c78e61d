"""A plan made anew in the middle of the day: what is on the road stays, the rest is planned again.

Convoys that left before the moment `at` are kept with their remaining stops. Where the road to a
stop has closed since, the stop is left out and its load comes back; where the way is longer now,
the convoy is timed as if it turned round to its last stop and took the new way, which is never too
early. Locked convoys that have not left stay with their hour, and so do the trips of their
vehicle before them. Everything else is planned anew, beginning with the old plan. A load that
comes back counts as stock again once somebody reports it.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from routing.hours import hours_of
from routing.plan import Convoy, Plan, Returned, Stop
from routing.problem import Begun, Demand, Problem
from routing.problem_document import digest
from routing.profile import Drive, drive_of
from routing.score import commune_shares, score
from routing.solve import solve

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterable, Mapping

    from geo.model import StockLine, Vehicle
    from routing.solve import Progress

# Driving times that differ by less than this are the same way.
SAME_WAY_S = 1.0
# Stands for "the shift is over": a vehicle is given no shift of 0 s.
OVER_S = 1

Amounts = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What was reported since the old plan: out of (depot, item), and at (place, item)."""

    left_depot: Mapping[tuple[str, str], float] = field(default_factory=dict)
    reached_place: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """The new plan and what it is checked against.

    Parameters
    ----------
    plan
        Kept and new convoys.
    rest
        What was planned anew: without what is kept.
    whole
        The day: needs, stock and shifts with what is kept. It is what `plan` is stored with, and
        `was` of the next re-plan.
    """

    plan: Plan
    rest: Problem
    whole: Problem


@dataclass(slots=True, kw_only=True)
class _Kept:
    convoys: list[Convoy] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    ready_at: dict[str, datetime] = field(default_factory=dict)
    trips: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    stranded: set[str] = field(default_factory=set)
    loaded: Amounts = field(default_factory=lambda: defaultdict(float))


def replan(
    before: Plan,
    was: Problem,
    now: Problem,
    *,
    at: datetime,
    locked: Collection[str] = (),
    reported: Reported | None = None,
    seed: int = 1,
    iterations: int | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Replanned:
    """Plan the rest of the day of `before`.

    Parameters
    ----------
    before, was
        The plan in force and the problem it was made from.
    now
        The problem as it stands: needs, stock, vehicles and roads as reported, with `departs_at`
        of `was` and all depots and places of the convoys on the road.
    at
        What left before is kept.
    locked
        Ids of convoys that stay though they have not left.
    reported
        Movements that `now` counts already.
    """
    told = reported or Reported()
    kept = _keep(before, was, now, at, frozenset(locked))
    rest, whole = _problems(before, was, now, at, kept, told)
    names = {convoy.convoy_id for convoy in kept.convoys}
    gone = names | {one.convoy_id for one in kept.returned}
    begun = replace(
        before, convoys=tuple(one for one in before.convoys if one.convoy_id not in gone)
    )
    made = solve(
        rest,
        objective=before.objective,
        seed=seed,
        iterations=iterations,
        seconds=seconds,
        fairness=before.fairness,
        start=begun,
        notice=before.notice,
        progress=progress,
        stop=stop,
    )
    convoys = _numbered(kept.convoys, made.convoys)
    plan = replace(
        made,
        convoys=convoys,
        score=score(whole, convoys, fairness=before.fairness),
        commune_shares=commune_shares(whole, convoys),
        problem_sha256=digest(whole),
        replaces=before.plan_id,
        replanned_at=at,
        returned=tuple(kept.returned),
    )
    return Replanned(plan=plan, rest=rest, whole=whole)


# --- what is kept -----------------------------------------------------------------------------


def _keep(before: Plan, was: Problem, now: Problem, at: datetime, locked: frozenset[str]) -> _Kept:
    kept = _Kept()
    able = {vehicle.vehicle_id for vehicle in now.vehicles}
    ends = {
        vehicle.vehicle_id: now.departs_at + timedelta(seconds=hours_of(now, vehicle).end_s)
        for vehicle in now.vehicles
    }
    days: dict[str, list[Convoy]] = defaultdict(list)
    for convoy in sorted(before.convoys, key=lambda one: one.departs_at):
        days[convoy.vehicle_id].append(convoy)
    # What came back earlier left its depot, and counts as a trip.
    known = {convoy.convoy_id for convoy in before.convoys}
    for one in before.returned:
        for item, quantity in one.load.items():
            kept.loaded[one.depot_id, item] += quantity
        kept.returned.append(one)
        if one.stays:
            kept.stranded.add(one.vehicle_id)
        else:
            kept.ready_at[one.vehicle_id] = one.until + timedelta(seconds=now.reload_s)
        if one.convoy_id not in known:
            kept.trips[one.vehicle_id] += 1
    for vehicle_id, convoys in days.items():
        last_locked = max(
            (n for n, one in enumerate(convoys) if one.convoy_id in locked), default=-1
        )
        for number, convoy in enumerate(convoys):
            if convoy.departs_at < at:
                _keep_departed(kept, convoy, was, now, at, broken=vehicle_id not in able)
            elif number <= last_locked and vehicle_id in able and vehicle_id not in kept.stranded:
                _keep_locked(kept, convoy, was, now, ends[vehicle_id], convoy.convoy_id in locked)
    return kept


def _keep_departed(
    kept: _Kept, convoy: Convoy, was: Problem, now: Problem, at: datetime, *, broken: bool
) -> None:
    for stop in convoy.stops:
        for item, quantity in stop.deliver.items():
            kept.loaded[convoy.depot_id, item] += quantity
    kept.trips[convoy.vehicle_id] += 1
    if convoy.returns_at <= at:
        drives, back = replace(convoy, kept="done", locked=False), None
    else:
        drives, back = _go_on(convoy, was, now, at, broken=broken)
    if drives.stops:
        kept.convoys.append(drives)
    if back is not None:
        kept.returned.append(back)
        if back.stays:
            kept.stranded.add(convoy.vehicle_id)
    ready = drives.returns_at + timedelta(seconds=math.ceil(now.reload_s))
    kept.ready_at[convoy.vehicle_id] = max(ready, kept.ready_at.get(convoy.vehicle_id, ready))


def _go_on(
    convoy: Convoy, was: Problem, now: Problem, at: datetime, *, broken: bool
) -> tuple[Convoy, Returned | None]:
    """The convoy with the stops that it still reaches, and what it does not bring."""
    old, new = drive_of(was, convoy), drive_of(now, convoy)
    old_row, new_row = _rows(was), _rows(now)
    stops = [stop for stop in convoy.stops if stop.at_road_at <= at]
    ahead = convoy.stops[len(stops) :]
    here = stops[-1].place_id if stops else convoy.depot_id
    left_at = stops[-1].leaves_at if stops else convoy.departs_at
    if broken:
        until = max(at, left_at)
        reason = f"{_called(convoy)} is no longer available"
        return (
            _driven(convoy, stops, until, was, now, at),
            _not_brought(convoy, ahead, until, True, reason),
        )
    target = ahead[0].place_id if ahead else convoy.depot_id
    as_planned_s = _leg_s(old, old_row, here, target)
    way_s = _leg_s(new, new_row, here, target)
    cut_off = not math.isfinite(_leg_s(new, new_row, target, convoy.depot_id))
    clock, skipped, turned = left_at, [], False
    if left_at < at and (way_s > as_planned_s + SAME_WAY_S or cut_off):
        # It is somewhere on a way that is closed or cut: back to where it came from.
        clock, turned = at + (at - left_at), True
    for stop in ahead:
        drive_s = _leg_s(new, new_row, here, stop.place_id)
        home_s = _leg_s(new, new_row, stop.place_id, convoy.depot_id)
        if not math.isfinite(drive_s + home_s) or not _same_relay(was, now, stop):
            skipped.append(stop)
            continue
        came_from, left = _before(convoy, stop)
        planned_s = (stop.at_road_at - left).total_seconds()
        if turned or here != came_from or planned_s < drive_s:
            planned_s = math.ceil(drive_s)
        late = clock + timedelta(seconds=planned_s) - stop.at_road_at
        stops.append(_later(stop, late))
        here, clock, turned = stop.place_id, stops[-1].leaves_at, False
    home_s = _leg_s(new, new_row, here, convoy.depot_id)
    stays = not math.isfinite(home_s)
    until = clock if stays else clock + timedelta(seconds=math.ceil(home_s))
    if convoy.stops and not stays and clock == convoy.stops[-1].leaves_at:
        until = max(until, convoy.returns_at) if here == convoy.stops[-1].place_id else until
    until = max(until, at)
    back = None
    if skipped or stays:
        lost = ", ".join(stop.place_id for stop in skipped)
        reason = f"its road to {lost} is closed" if skipped else ""
        if stays:
            reason += " and " * bool(reason) + f"its way home from {here} is closed"
        back = _not_brought(convoy, skipped, until, stays, reason)
    return _driven(convoy, stops, until, was, now, at), back


def _same_relay(was: Problem, now: Problem, stop: Stop) -> bool:
    """Whether the stop is still at the same point: the place, or the same roadhead."""
    old, new = (
        next((leg for leg in one.relays if leg.place_id == stop.place_id), None)
        for one in (was, now)
    )
    if old is None or new is None:
        return old is new
    return (old.lon, old.lat, old.givers, old.taker) == (new.lon, new.lat, new.givers, new.taker)


def _before(convoy: Convoy, stop: Stop) -> tuple[str, datetime]:
    """Where the convoy was to come from to this stop, and when it was to leave there."""
    row = convoy.stops.index(stop)
    if row == 0:
        return convoy.depot_id, convoy.departs_at
    return convoy.stops[row - 1].place_id, convoy.stops[row - 1].leaves_at


def _later(stop: Stop, late: timedelta) -> Stop:
    return replace(
        stop,
        at_road_at=stop.at_road_at + late,
        arrives_at=stop.arrives_at + late,
        leaves_at=stop.leaves_at + late,
    )


def _keep_locked(
    kept: _Kept, convoy: Convoy, was: Problem, now: Problem, ends_at: datetime, asked: bool
) -> None:
    """Keep what has not left; later if its vehicle comes back later, not at all if it cannot."""
    matrix, row = now.matrices[convoy.vehicle_class], _rows(now)
    points = [convoy.depot_id, *(stop.place_id for stop in convoy.stops), convoy.depot_id]
    drive = drive_of(now, convoy)
    legs = [_leg_s(drive, row, a, b) for a, b in itertools.pairwise(points)]
    leaves = max(convoy.departs_at, kept.ready_at.get(convoy.vehicle_id, convoy.departs_at))
    if not all(map(math.isfinite, legs)) or not all(
        _same_relay(was, now, stop) for stop in convoy.stops
    ):
        return
    clock, stops = leaves, []
    for stop, drive_s in zip(convoy.stops, legs, strict=False):
        late = clock + timedelta(seconds=math.ceil(drive_s)) - stop.at_road_at
        stops.append(_later(stop, late))
        clock = stops[-1].leaves_at
    back = clock + timedelta(seconds=math.ceil(legs[-1]))
    if back > ends_at:
        return
    for stop in stops:
        for item, quantity in stop.deliver.items():
            kept.loaded[convoy.depot_id, item] += quantity
    kept.trips[convoy.vehicle_id] += 1
    kept.ready_at[convoy.vehicle_id] = back + timedelta(seconds=math.ceil(now.reload_s))
    length = sum(float(matrix.length_m[row[a], row[b]]) for a, b in itertools.pairwise(points))
    kept.convoys.append(
        replace(
            convoy,
            departs_at=leaves,
            returns_at=back,
            stops=tuple(stops),
            duration_s=(back - leaves).total_seconds(),
            length_m=round(length, 1),
            kept="locked",
            locked=asked,
        )
    )


def _driven(
    convoy: Convoy, stops: list[Stop], until: datetime, was: Problem, now: Problem, at: datetime
) -> Convoy:
    """The convoy over `stops` and back at `until`."""
    old_row, new_row = _rows(was), _rows(now)
    old, new = was.matrices[convoy.vehicle_class], now.matrices[convoy.vehicle_class]
    here, length = convoy.depot_id, 0.0
    for stop in stops:
        matrix, row = (old, old_row) if stop.at_road_at <= at else (new, new_row)
        length += float(matrix.length_m[row[here], row[stop.place_id]])
        here = stop.place_id
    home = float(new.length_m[new_row[here], new_row[convoy.depot_id]])
    length += home if math.isfinite(home) else 0.0
    return replace(
        convoy,
        stops=tuple(stops),
        returns_at=until,
        duration_s=(until - convoy.departs_at).total_seconds(),
        length_m=round(length, 1),
        load_kg=round(sum(stop.load_kg for stop in stops), 6),
        load_m3=round(sum(stop.load_m3 for stop in stops), 6),
        kept="on_the_road",
        locked=False,
    )


def _not_brought(
    convoy: Convoy, stops: Iterable[Stop], until: datetime, stays: bool, reason: str
) -> Returned:
    load: dict[str, float] = defaultdict(float)
    for stop in stops:
        for item, quantity in stop.deliver.items():
            load[item] += quantity
    return Returned(
        convoy_id=convoy.convoy_id,
        vehicle_id=convoy.vehicle_id,
        depot_id=convoy.depot_id,
        until=until,
        stays=stays,
        load=dict(sorted(load.items())),
        reason=reason,
    )


def _called(convoy: Convoy) -> str:
    return convoy.vehicle_name or convoy.vehicle_id


def _rows(problem: Problem) -> dict[str, int]:
    return {point: row for row, point in enumerate(problem.points)}


def _leg_s(drive: Drive, row: Mapping[str, int], here: str, there: str) -> float:
    return drive.time_s(row[here], row[there])


# --- what is planned anew ---------------------------------------------------------------------


def _shift_ends(problem: Problem) -> dict[str, datetime]:
    return {
        vehicle.vehicle_id: problem.departs_at
        + timedelta(seconds=hours_of(problem, vehicle).start_s + int(vehicle.shift_s))
        for vehicle in problem.vehicles
    }


def _problems(
    before: Plan, was: Problem, now: Problem, at: datetime, kept: _Kept, told: Reported
) -> tuple[Problem, Problem]:
    start, ends = now.departs_at, _shift_ends(was)
    brought: Amounts = defaultdict(float)
    sent: Amounts = defaultdict(float)
    for convoy in kept.convoys:
        for stop in convoy.stops:
            for item, quantity in stop.deliver.items():
                brought[stop.place_id, item] += quantity
                sent[convoy.depot_id, item] += quantity
    teams, relayed = _relayed(kept.convoys)
    stock = [_less(line, kept.loaded, told) for line in now.stock]
    needs = [_needed(need, brought, told) for need in now.needs]
    vehicles, begun, whole_vehicles = [], {}, {}
    for vehicle in now.vehicles:
        name = vehicle.vehicle_id
        opens = start + timedelta(seconds=hours_of(now, vehicle).start_s)
        ends_at = ends.get(name, max(at, opens) + timedelta(seconds=int(vehicle.shift_s)))
        ready_at = max(at, opens, kept.ready_at.get(name, opens))
        left_s = math.floor((ends_at - ready_at).total_seconds())
        if name in kept.stranded | teams or kept.trips[name] >= now.max_trips:
            left_s = OVER_S
        ready_s = (ready_at - start).total_seconds()
        begun[name] = Begun(ready_s=math.ceil(ready_s), trips=kept.trips[name])
        vehicles.append(replace(vehicle, shift_s=max(left_s, OVER_S)))
        whole_vehicles[name] = replace(
            vehicle, shift_s=max(math.ceil((ends_at - opens).total_seconds()), OVER_S)
        )
    # Teams stay with the place that they carry to: it gets no more by relay today.
    relays = tuple(
        replace(leg, ready_s={}) if leg.place_id in relayed else leg for leg in now.relays
    )
    rest = replace(
        now,
        relays=relays,
        stock=tuple(stock),
        needs=tuple(needs),
        vehicles=tuple(vehicles),
        begun=begun,
    )
    return rest, _whole(was, now, rest, kept, brought, sent, whole_vehicles)


def _relayed(convoys: Iterable[Convoy]) -> tuple[set[str], set[str]]:
    """Teams that carry on for kept convoys, and the places they carry to."""
    stops = [stop for convoy in convoys for stop in convoy.stops if stop.relay is not None]
    teams = {team for stop in stops if stop.relay is not None for team in stop.relay.teams}
    return teams, {stop.place_id for stop in stops}


def _whole(
    was: Problem,
    now: Problem,
    rest: Problem,
    kept: _Kept,
    brought: Amounts,
    sent: Amounts,
    vehicles: dict[str, Vehicle],
) -> Problem:
    """The day with what is kept: what is brought was needed, what was sent was there."""
    known_as = {(need.place_id, need.item_id): need for need in (*was.needs, *now.needs)}
    needs = {(need.place_id, need.item_id): need for need in rest.needs}
    for key, quantity in brought.items():
        known = needs.get(key) or replace(known_as[key], quantity=0.0)
        # What goes out on top of what is kept has parted it.
        whole = known.whole and known.quantity == 0
        needs[key] = replace(known, quantity=known.quantity + quantity, whole=whole)
    stock = {(line.depot_id, line.item_id): line for line in rest.stock}
    lay_there = {(line.depot_id, line.item_id): line for line in (*was.stock, *now.stock)}
    for key, quantity in sent.items():
        line = stock.get(key) or replace(lay_there[key], quantity=0.0)
        stock[key] = replace(line, quantity=line.quantity + quantity)
    teams, relayed = _relayed(kept.convoys)
    legs = {leg.place_id: leg for leg in now.relays}
    legs |= {leg.place_id: leg for leg in was.relays if leg.place_id in relayed}
    drove = teams | {one.vehicle_id for one in kept.convoys}
    for vehicle in was.vehicles:
        if vehicle.vehicle_id in drove:
            vehicles.setdefault(vehicle.vehicle_id, vehicle)
    return replace(
        rest,
        needs=tuple(needs.values()),
        stock=tuple(stock.values()),
        vehicles=tuple(vehicles.values()),
        relays=tuple(legs.values()),
        begun={},
    )


def _less(line: StockLine, loaded: Amounts, told: Reported) -> StockLine:
    """Stock without what left and is not yet written off."""
    key = (line.depot_id, line.item_id)
    gone = max(loaded.get(key, 0.0) - told.left_depot.get(key, 0.0), 0.0)
    return replace(line, quantity=max(round(line.quantity - gone, 6), 0.0))


def _needed(need: Demand, brought: Amounts, told: Reported) -> Demand:
    """The need without what is on its way, or was brought and is not yet reported."""
    key = (need.place_id, need.item_id)
    coming = max(brought.get(key, 0.0) - told.reached_place.get(key, 0.0), 0.0)
    return replace(need, quantity=max(round(need.quantity - coming, 6), 0.0))


def _numbered(kept: Iterable[Convoy], new: Iterable[Convoy]) -> tuple[Convoy, ...]:
    """All convoys in time, the trips of every vehicle counted anew."""
    count: dict[str, int] = defaultdict(int)
    convoys = []
    order = sorted([*kept, *new], key=lambda c: (c.departs_at, c.depot_id, c.vehicle_id))
    for convoy in order:
        count[convoy.vehicle_id] += 1
        convoys.append(replace(convoy, trip=count[convoy.vehicle_id]))
    return tuple(convoys)
