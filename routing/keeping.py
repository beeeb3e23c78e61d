"""What a re-plan keeps: convoys on the road with the stops they still reach, and locked ones.

Where the road to a stop has closed since, the stop is left out and its load comes back; where the
way is longer now, the convoy is timed as if it turned round to its last stop and took the new way,
which is never too early. A company of vehicles is on the road as one: where one of them breaks
down, all of them stop.
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
from routing.profile import Drive, drive_of
from routing.together import loaded_with

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from routing.problem import Problem

# Driving times that differ by less than this are the same way.
SAME_WAY_S = 1.0

Amounts = dict[tuple[str, str], float]


@dataclass(slots=True, kw_only=True)
class Kept:
    """What stays of a plan; moments and trips are by the id of each vehicle."""

    convoys: list[Convoy] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    ready_at: dict[str, datetime] = field(default_factory=dict)
    trips: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    stranded: set[str] = field(default_factory=set)
    loaded: Amounts = field(default_factory=lambda: defaultdict(float))


def keep(before: Plan, was: Problem, now: Problem, at: datetime, locked: frozenset[str]) -> Kept:
    """What of `before`, planned from `was`, stays at the moment `at` on the roads of `now`."""
    kept = Kept()
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
        for vehicle_id in one.vehicle_ids:
            if one.stays:
                kept.stranded.add(vehicle_id)
            else:
                kept.ready_at[vehicle_id] = one.until + timedelta(seconds=now.reload_s)
            if one.convoy_id not in known:
                kept.trips[vehicle_id] += 1
    for convoys in days.values():
        last_locked = max(
            (n for n, one in enumerate(convoys) if one.convoy_id in locked), default=-1
        )
        for number, convoy in enumerate(convoys):
            ids = set(convoy.vehicle_ids)
            if convoy.departs_at < at:
                _keep_departed(kept, convoy, was, now, at, broken=not ids <= able)
            elif number <= last_locked and ids <= able and not ids & kept.stranded:
                ends_at = min(ends[one] for one in ids)
                _keep_locked(kept, convoy, was, now, ends_at, convoy.convoy_id in locked)
    return kept


def _keep_departed(
    kept: Kept, convoy: Convoy, was: Problem, now: Problem, at: datetime, *, broken: bool
) -> None:
    for stop in convoy.stops:
        for item, quantity in stop.deliver.items():
            kept.loaded[convoy.depot_id, item] += quantity
    if convoy.returns_at <= at:
        drives, back = replace(convoy, kept="done", locked=False), None
    else:
        drives, back = _go_on(convoy, was, now, at, broken=broken)
    if drives.stops:
        kept.convoys.append(drives)
    if back is not None:
        kept.returned.append(back)
        if back.stays:
            kept.stranded.update(convoy.vehicle_ids)
    ready = drives.returns_at + timedelta(seconds=math.ceil(now.reload_s))
    for vehicle_id in convoy.vehicle_ids:
        kept.trips[vehicle_id] += 1
        kept.ready_at[vehicle_id] = max(ready, kept.ready_at.get(vehicle_id, ready))


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
    kept: Kept, convoy: Convoy, was: Problem, now: Problem, ends_at: datetime, asked: bool
) -> None:
    """Keep what has not left; later if its vehicle comes back later, not at all if it cannot."""
    matrix, row = now.matrices[convoy.vehicle_class], _rows(now)
    points = [convoy.depot_id, *(stop.place_id for stop in convoy.stops), convoy.depot_id]
    drive = drive_of(now, convoy)
    legs = [_leg_s(drive, row, a, b) for a, b in itertools.pairwise(points)]
    leaves = max(
        kept.ready_at.get(vehicle_id, convoy.departs_at) for vehicle_id in convoy.vehicle_ids
    )
    leaves = max(leaves, convoy.departs_at)
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
    for vehicle_id in convoy.vehicle_ids:
        kept.trips[vehicle_id] += 1
        kept.ready_at[vehicle_id] = back + timedelta(seconds=math.ceil(now.reload_s))
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
        company=loaded_with(convoy.company, stops, was.items),
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
        company=tuple(one.vehicle_id for one in convoy.company),
    )


def _called(convoy: Convoy) -> str:
    return convoy.vehicle_name or convoy.vehicle_id


def _rows(problem: Problem) -> dict[str, int]:
    return {point: row for row, point in enumerate(problem.points)}


def _leg_s(drive: Drive, row: Mapping[str, int], here: str, there: str) -> float:
    return drive.time_s(row[here], row[there])
