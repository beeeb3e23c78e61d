"""Places behind a roadhead: how many loads teams carry, how many they would have to, what helps."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from routing.explain.facts import Gain, RelayTeams
from routing.fleet import MICRO
from routing.relay_legs import could_carry, load_of, services_of
from routing.relay_pieces import Piece, carries_used

if TYPE_CHECKING:
    from collections import Counter

    import numpy as np
    from numpy.typing import NDArray

    from geo.model import Vehicle
    from routing.explain.facts import Also
    from routing.fleet import Fleet
    from routing.problem import Problem
    from routing.relay_legs import RelayLeg
    from routing.schedule import Days

# More teams than this are not asked for at one roadhead.
MOST_TEAMS = 40


class RelayLooks:
    """Relays of one plan; what more teams would carry is found once per place."""

    def __init__(self, fleet: Fleet, days: Days) -> None:
        self.fleet = fleet
        pieces = [
            Piece(halt.place, item, amount)
            for trips in days.values()
            for trip in trips
            for halt in trip.halts
            for item, amount in halt.amounts.items()
        ]
        self.used: Counter[int] = carries_used(fleet, pieces)
        self.busy = {
            row: place for place, service in fleet.services.items() for row in service.vehicles
        }
        self._more: dict[tuple[int, bool], tuple[int, int]] = {}

    def teams(self, place: int, item: int, lacking: int) -> RelayTeams:
        """Loads and teams of the place, with the item's own loads as those that are needed."""
        leg = self._leg(place)
        all_teams = self._teams(leg)
        service = self.fleet.services.get(place)
        loads = 0 if service is None else service.loads
        busy = [row for row, _team in all_teams if row in self.busy and self.busy[row] != place]
        free = [row for row, _team in all_teams if row not in self.busy]
        able = sum(could_carry(self.fleet.problem, leg, row) for row in free)
        size = self._load_size(leg, item)
        return RelayTeams(
            roadhead=leg.roadhead,
            taker=leg.taker,
            loads_needed=math.ceil(lacking / MICRO / size - 1e-9) if size > 0 else 0,
            loads_possible=loads,
            loads_free=max(loads - self.used[place], 0),
            teams=len(all_teams),
            serving=0 if service is None else len(service.vehicles),
            elsewhere=len(busy),
            too_far=len(free) - able,
            idle=able,
            way_s=leg.travel_time_s,
        )

    def gains(self, place: int, item: int, lacking: int, stock: NDArray[np.int64]) -> list[Gain]:
        """What more teams, or more of the item, would bring."""
        leg = self._leg(place)
        size = self._load_size(leg, item)
        if size <= 0:
            return []
        left = int(stock.max(initial=0)) / MICRO
        needed = lacking / MICRO
        service = self.fleet.services.get(place)
        free = 0 if service is None else max(service.loads - self.used[place], 0)
        if free and left < needed:
            brought = min(needed, free * size)
            more = brought - min(brought, left)
            return [self._gain("stock", leg, brought, more)] if more > 0 else []
        for at_roadhead in (False, True):
            teams, loads = self._more_teams(place, at_roadhead=at_roadhead)
            if not loads:
                continue
            brought = min(needed, loads * size)
            also: tuple[Also, ...] = ("at_roadhead",) if at_roadhead else ()
            if left < brought:
                also = (*also, "stock")
            wanted = min(teams, math.ceil(teams * math.ceil(brought / size) / loads))
            return [replace(self._gain("teams", leg, brought, float(wanted)), also=also)]
        return []

    def _gain(self, kind: str, leg: RelayLeg, brought: float, amount: float) -> Gain:
        depot = min(leg.ready_s, key=lambda one: (leg.ready_s[one], one), default="")
        return Gain(
            kind="teams" if kind == "teams" else "stock",
            quantity=brought,
            amount=amount,
            depot_id=depot,
            vehicle_class=leg.taker,
            road=leg.roadhead,
        )

    def _more_teams(self, place: int, *, at_roadhead: bool) -> tuple[int, int]:
        """Further teams that would be given to the place, and the loads that they would carry.

        They come from the depot that is nearest to the roadhead, or stand there in the morning.
        The very rules by which teams are given out are asked again (`services_of`).
        """
        key = (place, at_roadhead)
        if key not in self._more:
            self._more[key] = self._ask(place, at_roadhead=at_roadhead)
        return self._more[key]

    def _ask(self, place: int, *, at_roadhead: bool) -> tuple[int, int]:
        problem, leg = self.fleet.problem, self._leg(place)
        depot = min(leg.ready_s, key=lambda one: (leg.ready_s[one], one), default=None)
        if at_roadhead:
            depot = depot or problem.depots[0]
            leg = replace(leg, ready_s={depot: 0.0})
        if depot is None:
            return 0, 0
        model = self._model(leg, depot)
        needs = tuple(n for n in problem.needs if n.place_id == leg.place_id)
        if model is None or not needs:
            return 0, 0
        own = self.fleet.services.get(place)
        carriers = set() if own is None else set(own.vehicles)
        drivers = [v for row, v in enumerate(problem.vehicles) if row not in self.busy]
        drivers = [v for v in drivers if v.vehicle_class in leg.givers]
        now = [problem.vehicles[row] for row in sorted(carriers)]
        further = [replace(model, vehicle_id=f"more:{n:03d}") for n in range(MOST_TEAMS)]
        asked = self._with(problem, leg, (*drivers, *now, *further))
        kept = None
        if own is not None:
            kept = {leg.place_id: ([team.vehicle_id for team in now], own.carries)}
        found = services_of(asked, kept).get(place)
        if found is None:
            return 0, 0
        loads = found.loads - (0 if own is None else own.loads)
        return max(len(found.vehicles) - len(now), 0), max(loads, 0)

    @staticmethod
    def _with(problem: Problem, leg: RelayLeg, vehicles: tuple[Vehicle, ...]) -> Problem:
        names = {vehicle.vehicle_id for vehicle in vehicles}
        begun = {name: one for name, one in problem.begun.items() if name in names}
        return replace(problem, relays=(leg,), vehicles=vehicles, begun=begun)

    def _model(self, leg: RelayLeg, depot: str) -> Vehicle | None:
        """The largest team of the fleet, at `depot`; None where the fleet has none to go by."""
        teams = [team for _row, team in self._teams(leg)]
        if not teams:
            return None
        best = max(teams, key=lambda team: (team.capacity_kg, team.vehicle_id))
        return replace(best, depot_id=depot)

    def _load_size(self, leg: RelayLeg, item: int) -> float:
        teams = [team for _row, team in self._teams(leg)]
        if not teams:
            return 0.0
        return load_of(
            self.fleet.problem.items[item],
            min(team.capacity_kg for team in teams),
            min(team.capacity_m3 for team in teams),
        )

    def _teams(self, leg: RelayLeg) -> list[tuple[int, Vehicle]]:
        rows = enumerate(self.fleet.problem.vehicles)
        return [(row, one) for row, one in rows if one.vehicle_class == leg.taker]

    def _leg(self, place: int) -> RelayLeg:
        return self.fleet.relay_legs[self.fleet.problem.places[place]]
