"""Why needs stay unserved, and what would help: every limit taken away by itself, and looked again.

The plan stays as it is; only one more halt per vehicle is tried, so what a change is said to bring
is brought at least. Two needs may name the same free hour: each is looked at by itself.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from routing.balance import balance_beside, full_balance
from routing.drivers import most_useful
from routing.explain.chances import Chances, Ways, ways_of
from routing.explain.facts import STAGES, Gain, GainKind, Limits, NeedWhy
from routing.explain.gaps import Gaps, gaps_of, new_day, urgency_of, visit
from routing.explain.relay_needs import RelayLooks
from routing.fleet import MICRO, Fleet, fleet_of
from routing.hours import Window
from routing.score import terms_of
from routing.timetable import days_of, relays_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.model import VehicleClassName
    from routing.hours import EndedBy
    from routing.plan import Plan
    from routing.problem import ClassMatrix, Problem
    from routing.profile import Profile
    from routing.schedule import Days

# Longer than this nobody asks a driver to stay out, and no place to stay open.
LONGEST_MORE_S = 4 * 3600
# What is said of one need.
MOST_GAINS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoads:
    """Travel as it would be if nothing were closed, for the points of the problem.

    Parameters
    ----------
    matrices
        As `Problem.matrices`, in the order of `Problem.points`.
    closures
        By place: ids of the closures on the way that would be open.
    said
        By place: where and why it is closed, in words.
    """

    matrices: Mapping[VehicleClassName, ClassMatrix]
    closures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)


def explain_needs(
    problem: Problem, plan: Plan, *, open_roads: OpenRoads | None = None
) -> tuple[NeedWhy, ...]:
    """Explain every row of `plan.unserved`, in its order.

    Parameters
    ----------
    problem
        What the convoys of `plan` were planned from: of a re-plan its rest (`Replanned.rest`), and
        the convoys that were not kept.
    open_roads
        For what a road would bring that is closed now; without, that is not looked at.
    """
    if not plan.unserved:
        return ()
    by_arrival = plan.objective == "arrival"
    fleet = fleet_of(
        problem,
        relay=by_arrival,
        kept=relays_of(plan),
        first=most_useful(problem, plan),
        only=relays_of(plan).keys(),
    )
    days = days_of(fleet, plan)
    looked = _Looks(fleet, days, plan.fairness if by_arrival else None, open_roads)
    return tuple(
        looked.at(row.place_id, row.item_id, round(row.quantity * MICRO)) for row in plan.unserved
    )


class _Looks:
    """All that explanations of one plan share."""

    def __init__(
        self, fleet: Fleet, days: Days, fairness: float | None, open_roads: OpenRoads | None
    ) -> None:
        problem = fleet.problem
        self.fleet = fleet
        self.open_roads = open_roads
        self.urgency = urgency_of(fleet)
        self.unserved_h = None if fairness is None else terms_of(problem, fairness).unserved_h
        self.gaps = gaps_of(fleet, days, self.urgency)
        _, self.held = full_balance(fleet)
        _, self.stock = balance_beside(fleet, days)
        self.newcomers = _newcomers(fleet)
        self.relays = RelayLooks(fleet, days)
        self.places = {place: row for row, place in enumerate(problem.places)}
        self.items = {item.item_id: row for row, item in enumerate(problem.items)}
        self._ways: dict[int, Ways] = {}

    def at(self, place_id: str, item_id: str, lacking: int) -> NeedWhy:
        """Explain one need."""
        place, item = self.places[place_id], self.items[item_id]
        chances = self._chances(self.ways(place), place, item, lacking)
        limits = self._limits(chances)
        if place_id in self.fleet.relay_legs:
            relay = self.relays.teams(place, item, lacking)
            gains = self.relays.gains(place, item, lacking, self.stock[:, item])
            gains += self._road(chances)
            return NeedWhy(limits=limits, gains=_best(gains), relay=relay)
        return NeedWhy(limits=limits, gains=_best(self._gains(chances)))

    def ways(self, place: int) -> Ways:
        """Where one more halt at the place could go."""
        if place not in self._ways:
            visits = [visit(self.fleet, gaps, name, place) for name, gaps in self.gaps.items()]
            self._ways[place] = ways_of(place, visits)
        return self._ways[place]

    def _chances(self, ways: Ways, place: int, item: int, lacking: int) -> Chances:
        return Chances(
            fleet=self.fleet,
            ways=ways,
            item=item,
            lacking=lacking,
            whole=bool(self.fleet.whole[place, item]),
            stock=self.stock[:, item],
            weight=float(self.urgency[place, item]),
            unserved_h=self.unserved_h,
        )

    def _limits(self, chances: Chances) -> Limits:
        ways, stage = chances.ways, chances.stage
        held = float(self.held[:, chances.item].sum()) / MICRO
        given = held - float(self.stock[:, chances.item].sum()) / MICRO
        if not len(ways):
            return Limits(vehicles=0, stopped={}, held=held, given=given)
        vehicles = np.unique(ways.vehicle)
        furthest = np.full(len(self.fleet.problem.vehicles), -1, dtype=np.int64)
        np.maximum.at(furthest, ways.vehicle, stage)
        counted = Counter(furthest[vehicles].tolist())
        takes = ways.extra_s + chances.portion_s - ways.spare_s
        last = int(furthest.max())
        nearest = int(np.where(stage == last, takes, np.iinfo(np.int64).max).argmin())
        return Limits(
            vehicles=len(vehicles),
            stopped={name: counted[row] for row, name in enumerate(STAGES) if counted[row]},
            nearest=self.fleet.problem.vehicles[int(ways.vehicle[nearest])].vehicle_id,
            lacks_s=float(max(takes[nearest], 0)) if STAGES[last] == "time" else 0.0,
            held=held,
            given=given,
            road=self._closed(chances.ways.place),
        )

    def _closed(self, place: int) -> str:
        """Where and why the way to the place is closed, as reach says it."""
        place_id = self.fleet.problem.places[place]
        said = {} if self.open_roads is None else self.open_roads.said
        return said.get(place_id) or self.fleet.problem.reasons.get(place_id, "")

    # --- what would help --------------------------------------------------------------------------

    def _gains(self, chances: Chances) -> list[Gain]:
        base = chances.brought()
        found = [
            *self._stock(chances, base),
            *self._hours(chances),
            *self._window(chances),
            *self._urgency(chances, base),
            *self._whole(chances),
            *self._road(chances),
            *self._vehicle(chances),
        ]
        if found or base:
            return found
        return self._vehicle(chances, more_stock=True)

    def _stock(self, chances: Chances, base: int) -> list[Gain]:
        """More of the item where it would be fetched the most of; one depot."""
        more = chances.relaxed("stock")
        if more.brought() <= base:
            return []
        best: Gain | None = None
        for depot in range(self.fleet.n_depots):
            at = np.where(more.ways.depot == depot, more.amount, 0)
            per_vehicle = np.zeros(len(self.fleet.problem.vehicles), dtype=np.int64)
            np.maximum.at(per_vehicle, more.ways.vehicle, at)
            brought = int(
                per_vehicle.max() if more.whole else min(per_vehicle.sum(), chances.lacking)
            )
            extra = brought - min(brought, int(chances.stock[depot]))
            if extra <= 0 or (best is not None and brought / MICRO <= best.quantity):
                continue
            way = more.first(at)
            best = self._gain("stock", more.ways, way, brought, amount=extra / MICRO, depot=depot)
        return [] if best is None else [best]

    def _hours(self, chances: Chances) -> list[Gain]:
        """A longer shift, or more light, for the one vehicle that would bring the most by it."""
        more = chances.relaxed("time")
        takes = more.takes_s(more.amount) - more.ways.spare_s
        amount = np.where((takes > 0) & (takes <= LONGEST_MORE_S), more.amount, 0)
        if not amount.any():
            return []
        way = int(np.lexsort((more.ways.arrives_s, takes, -amount))[0])
        later_s = float(takes[way])
        gain = self._gain("hours", more.ways, way, int(amount[way]), amount=later_s)
        return [replace(gain, ended_by=self._ends(more.ways, way, later_s))]

    def _ends(self, ways: Ways, way: int, later_s: float) -> tuple[EndedBy, ...]:
        """What ends before the vehicle would be home: all of it would have to end later."""
        problem = self.fleet.problem
        group = self.fleet.groups[int(ways.group[way])]
        vehicle = problem.vehicles[int(ways.vehicle[way])]
        home_s = group.start_s + group.shift_s + later_s
        light, hours = problem.daylight, problem.depot_hours.get(vehicle.depot_id, Window())
        dark = light is not None and vehicle.vehicle_class in light.classes
        ends: list[tuple[EndedBy, float]] = [
            ("shift", group.start_s + int(vehicle.shift_s)),
            ("dark", light.ends_s if light is not None and dark else math.inf),
            ("depot", hours.latest_s),
        ]
        return tuple(name for name, at in ends if at < home_s)

    def _window(self, chances: Chances) -> list[Gain]:
        """The place, or the stops behind it, taking aid in for longer."""
        if not self.fleet.has_windows:
            return []
        more = chances.relaxed("window")
        late = np.maximum(
            more.ways.arrives_s - more.ways.closes_s,
            more.takes_s(more.amount) - more.ways.slack_s,
        )
        amount = np.where((late > 0) & (late <= LONGEST_MORE_S), more.amount, 0)
        if not amount.any():
            return []
        way = int(np.lexsort((more.ways.arrives_s, late, -amount))[0])
        return [self._gain("window", more.ways, way, int(amount[way]), amount=float(late[way]))]

    def _urgency(self, chances: Chances, base: int) -> list[Gain]:
        """The weight from which on it would be worth the delay of others."""
        more = chances.relaxed("worth")
        if self.unserved_h is None or more.brought() <= base:
            return []
        amount = more.amount
        earlier_h = self.unserved_h - more.ways.arrives_s / 3600
        able = (amount > 0) & (earlier_h > 0)
        if not able.any():
            return []
        delays = more.ways.behind * more.takes_s(amount) / 3600
        needed = np.full(len(amount), np.inf)
        needed[able] = delays[able] / (amount[able] / MICRO * earlier_h[able])
        way = int(needed.argmin())
        if needed[way] <= chances.weight:
            return []
        return [self._gain("urgency", more.ways, way, int(amount[way]), amount=float(needed[way]))]

    def _whole(self, chances: Chances) -> list[Gain]:
        """Parting what is to stay whole."""
        if not chances.whole:
            return []
        parted = replace(chances, whole=False)
        brought = parted.brought()
        return [self._gain("whole", parted.ways, parted.first(), brought)] if brought > 0 else []

    def _road(self, chances: Chances) -> list[Gain]:
        """The closed roads to the place open: for the days as they are, else for one vehicle more.

        All vehicles may be busy elsewhere just because nobody gets there.
        """
        roads = self.open_roads
        place = chances.ways.place
        place_id = self.fleet.problem.places[place]
        if roads is None or not roads.closures.get(place_id):
            return []
        as_they_are = self._opened(chances, roads, self.gaps)
        brought = as_they_are.brought()
        if brought > chances.brought():
            gain = self._gain("road", as_they_are.ways, as_they_are.first(), brought)
        elif bool(self.fleet.has_road[:, place].any()):
            return []
        else:
            further = self._opened(chances, roads, self.newcomers)
            gains = self._newcomer(further) or self._newcomer(further, more_stock=True)
            if not gains:
                return []
            gain = replace(gains[0], kind="road", amount=0.0, also=("vehicle", *gains[0].also))
        return [replace(gain, closures=roads.closures[place_id], road=roads.said.get(place_id, ""))]

    def _opened(self, chances: Chances, roads: OpenRoads, gaps: Mapping[Profile, Gaps]) -> Chances:
        """The same need with the roads to its place open."""
        place = chances.ways.place
        point, blocked = self.fleet.n_depots + place, float(self.fleet.blocked_s)
        visits = []
        for profile, of_class in gaps.items():
            if profile.vehicle_class not in roads.matrices:
                continue
            matrix = roads.matrices[profile.vehicle_class]
            out = matrix.travel_time_s[:, point] / profile.speed_factor
            back = matrix.travel_time_s[point, :] / profile.speed_factor
            walk = float(matrix.walk_s[point]) if matrix.attached[point] else 0.0
            visits.append(
                visit(
                    self.fleet,
                    of_class,
                    profile,
                    place,
                    out_s=np.ceil(np.minimum(out, blocked)).astype(np.int64),
                    back_s=np.ceil(np.minimum(back, blocked)).astype(np.int64),
                    delay_s=math.ceil(walk),
                )
            )
        return replace(chances, ways=ways_of(place, visits))

    def _vehicle(self, chances: Chances, *, more_stock: bool = False) -> list[Gain]:
        """One more vehicle of a class that the fleet has, at one depot, with a day of its own."""
        place = chances.ways.place
        visits = [visit(self.fleet, gaps, name, place) for name, gaps in self.newcomers.items()]
        further = replace(chances, ways=ways_of(place, visits))
        return self._newcomer(further, more_stock=more_stock)

    def _newcomer(self, found: Chances, *, more_stock: bool = False) -> list[Gain]:
        """The best of the further vehicles that are the ways of `found`."""
        if more_stock:
            found = found.relaxed("stock")
        ways, once = found.ways, found.amount
        if not once.any():
            return []
        takes = found.takes_s(once) + self.fleet.reload_s
        trips = np.floor((ways.spare_s + self.fleet.reload_s) / np.maximum(takes, 1)).astype(int)
        trips = np.clip(trips, 1, max(self.fleet.problem.max_trips, 1))
        total = np.minimum(once if found.whole else once * trips, found.lacking)
        if not more_stock:
            total = np.minimum(total, found.stock[ways.depot])
        total = np.where(once > 0, total, 0)
        way = int(np.lexsort((ways.arrives_s, -total))[0])
        gain = self._gain("vehicle", ways, way, int(total[way]), amount=1.0, newcomer=True)
        return [replace(gain, also=("stock",) if more_stock else ())]

    def _gain(
        self,
        kind: GainKind,
        ways: Ways,
        way: int,
        brought: int,
        *,
        amount: float = 0.0,
        depot: int | None = None,
        newcomer: bool = False,
    ) -> Gain:
        problem = self.fleet.problem
        group = self.fleet.groups[int(ways.group[way])]
        vehicle = problem.vehicles[int(ways.vehicle[way])]
        home = int(ways.depot[way]) if depot is None else depot
        return Gain(
            kind=kind,
            quantity=brought / MICRO,
            amount=amount,
            depot_id=problem.depots[home],
            vehicle_id="" if newcomer else vehicle.vehicle_id,
            vehicle_class=group.vehicle_class,
            arrives_at=problem.departs_at + timedelta(seconds=int(ways.arrives_s[way])),
        )


def _newcomers(fleet: Fleet) -> dict[Profile, Gaps]:
    """One more vehicle of every profile at every depot: as large as the largest of its kind."""
    by_profile: dict[Profile, list[int]] = defaultdict(list)
    for number, group in enumerate(fleet.groups):
        by_profile[group.profile].append(number)
    found = {}
    for profile, numbers in by_profile.items():
        model = max(numbers, key=lambda n: (fleet.groups[n].capacity_kg, fleet.groups[n].shift_s))
        one = new_day(fleet, model)
        homes = np.arange(fleet.n_depots, dtype=np.int64)
        columns = {
            column.name: np.repeat(getattr(one, column.name), fleet.n_depots)
            for column in fields(Gaps)
        }
        columns["vehicle"] = np.full(fleet.n_depots, fleet.groups[model].vehicles[0])
        found[profile] = Gaps(**(columns | dict.fromkeys(("depot", "before", "after"), homes)))
    return found


def _best(gains: list[Gain]) -> tuple[Gain, ...]:
    """The changes that bring most first."""
    order = ("road", "stock", "teams", "hours", "window", "whole", "vehicle", "urgency")
    ranked = sorted(gains, key=lambda gain: (-gain.quantity, order.index(gain.kind)))
    return tuple(ranked[:MOST_GAINS])
