"""Whether routes that PyVRP found hold: every rule of the instance, worked out again in integers.

Reads the instance and the order of visits, nothing that PyVRP says about its own routes but when
they leave; so a figure of `convoys.py` is not the solver's word for itself.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyvrp


def violations(instance: pyvrp.ProblemData, solution: pyvrp.Solution, cost: int) -> list[str]:
    """Everything that does not hold: visits, vehicles, loads, windows, releases, shifts, cost."""
    found: list[str] = []
    seen: Counter[int] = Counter()
    used: Counter[int] = Counter()
    total = 0
    for number, route in enumerate(solution.routes()):
        used[route.vehicle_type()] += 1
        said, spent, visits = _route(instance, route)
        found += [f"route {number}: {one}" for one in said]
        total += spent
        seen.update(visits)
    for client in range(instance.num_clients):
        if seen[client] != 1:
            found.append(f"client {client}: visited {seen[client]} times")
    for kind, count in used.items():
        if count > instance.vehicle_type(kind).num_available:
            found.append(f"vehicle type {kind}: {count} in use")
    if total != cost:
        found.append(f"costs {total}, says {cost}")
    return found


def _route(instance: pyvrp.ProblemData, route: pyvrp.Route) -> tuple[list[str], int, list[int]]:
    """What is wrong with one route, what it costs and the clients it visits."""
    kind = instance.vehicle_type(route.vehicle_type())
    lengths = instance.distance_matrix(kind.profile)
    times = instance.duration_matrix(kind.profile)
    acts = [(bool(one.is_client()), int(one.idx)) for one in route.schedule()]
    found: list[str] = []
    if acts[0] != (False, kind.start_depot) or acts[-1] != (False, kind.end_depot):
        found.append("does not begin or end at the depots of its vehicle")
    begins = now = int(route.start_time())
    if not kind.tw_early <= begins <= min(kind.tw_late, kind.start_late):
        found.append("leaves outside the hours of its vehicle")
    length, trips = 0, 1
    load = [0] * len(kind.capacity)
    here, visits = instance.depot(kind.start_depot).location, []
    for place, (is_client, row) in enumerate(acts):
        stop = instance.client(row) if is_client else instance.depot(row)
        length += int(lengths[here, stop.location])
        now = max(now + int(times[here, stop.location]), stop.tw_early)
        here = stop.location
        if now > stop.tw_late:
            found.append(f"is too late at {'client' if is_client else 'depot'} {row}")
        if not is_client:
            again = 0 < place < len(acts) - 1
            if again and row not in kind.reload_depots:
                found.append(f"reloads at depot {row}")
            trips += again
            load = [0] * len(kind.capacity)
            if place < len(acts) - 1:
                # It waits at the depot until the goods of its next trip are there.
                now = max(now + stop.service_duration, _released(instance, acts[place + 1 :]))
            continue
        visits.append(row)
        now += stop.service_duration
        load = [have + more for have, more in zip(load, stop.delivery, strict=True)]
        if any(have > most for have, most in zip(load, kind.capacity, strict=True)):
            found.append(f"carries too much at client {row}")
    if now > kind.tw_late or now - begins > kind.shift_duration + kind.max_overtime:
        found.append("works too long")
    if length > kind.max_distance:
        found.append("drives too far")
    if trips > kind.max_trips:
        found.append(f"{trips} trips")
    spent = kind.fixed_cost + kind.unit_distance_cost * length
    return found, int(spent + kind.unit_duration_cost * (now - begins)), visits


def _released(instance: pyvrp.ProblemData, acts: list[tuple[bool, int]]) -> int:
    """When the goods of the clients before the next depot are all there."""
    trip = itertools.takewhile(lambda act: act[0], acts)
    return max((int(instance.client(row).release_time) for _, row in trip), default=0)
