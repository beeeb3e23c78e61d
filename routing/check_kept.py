"""An independent look at what a re-plan kept: whether it is what left, and comes no earlier.

`check` looks at everything else. Shares no code with `replan`.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from routing.plan import Convoy, Plan
    from routing.problem import Problem

# Whole seconds, rounded once a leg.
ROUNDING_S = 2.0


def check_kept(before: Plan, now: Problem, plan: Plan, *, at: datetime) -> list[str]:
    """Every violation, in plain words.

    What left before `at` is in the plan or has come back; a kept convoy is one of `before`, with
    its vehicle and the stops it had, those behind it unchanged and those ahead no earlier than the
    roads of `now` allow; what it does not deliver comes back.
    """
    found: list[str] = []
    old = {convoy.convoy_id: convoy for convoy in before.convoys}
    back = {one.convoy_id: one for one in plan.returned}
    kept = {convoy.convoy_id: convoy for convoy in plan.convoys if convoy.kept}
    known_back = {one.convoy_id for one in before.returned}
    for name, convoy in kept.items():
        if name not in old:
            found.append(f"{name}: said to be kept, but the old plan does not have it")
        else:
            found += _same(old[name], convoy, at)
            found += _ways(now, convoy, at, stays=name in back and back[name].stays)
    for name, convoy in old.items():
        if convoy.departs_at >= at:
            continue
        if name not in kept and name not in back:
            found.append(f"{name}: left before, but the new plan has lost it")
            continue
        loaded = _amounts(convoy)
        brought = _amounts(kept[name]) if name in kept else Counter()
        if name in back:
            brought.update(back[name].load)
        if name in known_back:
            continue  # looked at when it came back
        found += [
            f"{name}: left with {loaded[item]:g} {item}, {brought[item]:g} accounted for"
            for item in sorted(loaded.keys() | brought.keys())
            if not math.isclose(loaded[item], brought[item], rel_tol=1e-9, abs_tol=1e-6)
        ]
    return found


def _same(old: Convoy, new: Convoy, at: datetime) -> list[str]:
    found = []
    who = old.convoy_id
    if (old.vehicle_ids, old.depot_id) != (new.vehicle_ids, new.depot_id):
        found.append(f"{who}: kept, but with another vehicle or depot")
    if old.departs_at < at and new.departs_at != old.departs_at:
        found.append(f"{who}: left at {old.departs_at}, the new plan says {new.departs_at}")
    if new.departs_at < old.departs_at:
        found.append(f"{who}: kept, but leaves earlier")
    known = [(stop.place_id, dict(stop.deliver)) for stop in old.stops]
    found += [
        f"{who} at {stop.place_id}: kept, but does not bring what it had"
        for stop in new.stops
        if (stop.place_id, dict(stop.deliver)) not in known
    ]
    moments = {(stop.place_id, stop.at_road_at) for stop in new.stops}
    found += [
        f"{who} at {stop.place_id}: was there before the re-plan, which has lost it"
        for stop in old.stops
        if stop.at_road_at <= at and (stop.place_id, stop.at_road_at) not in moments
    ]
    return found


def _ways(now: Problem, convoy: Convoy, at: datetime, *, stays: bool) -> list[str]:
    """Legs that lie ahead take no less than the roads of now allow."""
    matrix = now.matrices[convoy.vehicle_class]
    mine = [v.speed_factor for v in now.vehicles if v.vehicle_id in convoy.vehicle_ids]
    speed = min(mine, default=1.0)
    row = {point: number for number, point in enumerate([*now.depots, *now.places])}
    found = []
    here, left = convoy.depot_id, convoy.departs_at
    for stop in convoy.stops:
        if stop.at_road_at > at:
            needs_s = float(matrix.travel_time_s[row[here], row[stop.place_id]]) / speed
            took_s = (stop.at_road_at - left).total_seconds()
            if not took_s >= needs_s - ROUNDING_S:
                found.append(
                    f"{convoy.convoy_id}: reaches {stop.place_id} after {took_s:g} s, "
                    f"that takes {needs_s:g} s"
                )
        here, left = stop.place_id, stop.leaves_at
    if convoy.returns_at > at and not stays:
        needs_s = float(matrix.travel_time_s[row[here], row[convoy.depot_id]]) / speed
        took_s = (convoy.returns_at - left).total_seconds()
        if not took_s >= needs_s - ROUNDING_S:
            found.append(f"{convoy.convoy_id}: is back after {took_s:g} s, it takes {needs_s:g} s")
    return found


def _amounts(convoy: Convoy) -> Counter[str]:
    total: Counter[str] = Counter()
    for stop in convoy.stops:
        total.update(stop.deliver)
    return total
