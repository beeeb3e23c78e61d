"""Chances of one need: what every gap could bring of it, and which limit ends the others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.explain.facts import STAGES, Stage
from routing.fleet import MICRO, NEVER_S
from routing.solver_units import TIME_STEP_S, to_solver_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.explain.gaps import Visit
    from routing.fleet import Fleet

# Stands for "no limit" among kilograms and cubic metres.
ENOUGH = 1e15


@dataclass(frozen=True, kw_only=True)
class Ways:
    """All gaps for one more halt at one place, whatever the class; arrays of shape (n_ways,)."""

    place: int
    vehicle: NDArray[np.int64]
    group: NDArray[np.int64]
    depot: NDArray[np.int64]
    road: NDArray[np.bool_]
    extra_s: NDArray[np.int64]
    arrives_s: NDArray[np.int64]
    spare_s: NDArray[np.int64]
    slack_s: NDArray[np.int64]
    room_kg: NDArray[np.float64]
    room_m3: NDArray[np.float64]
    behind: NDArray[np.float64]
    over: NDArray[np.bool_]
    closes_s: int

    def __len__(self) -> int:
        return len(self.vehicle)


def ways_of(place: int, visits: Sequence[Visit]) -> Ways:
    """Put the visits of all classes side by side."""

    def side_by_side(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
        # Without vehicles all arrays are empty; positions among them stay whole numbers.
        return np.concatenate(arrays) if arrays else np.empty(0, dtype=np.int64)

    gaps = [one.gaps for one in visits]
    columns = {
        name: side_by_side([getattr(one, name) for one in gaps])
        for name in (
            "vehicle", "group", "depot", "spare_s", "slack_s", "room_kg", "room_m3", "behind",
            "over",
        )
    } | {
        name: side_by_side([getattr(one, name) for one in visits])
        for name in ("road", "extra_s", "arrives_s")
    }  # fmt: skip
    closes = min((one.closes_s for one in visits), default=NEVER_S)
    return Ways(place=place, closes_s=closes, **columns)


@dataclass(frozen=True, kw_only=True)
class Chances:
    """What each way could bring of one item, under all limits or without some of them.

    Parameters
    ----------
    lacking
        Millionths that are needed still; `whole` = all of it or nothing.
    stock
        (n_depots,) millionths of the item that stay in the depots.
    weight
        Of one unit.
    unserved_h
        What is unserved counts as arriving so late; None where delaying others is not weighed.
    without
        Limits that do not count: "time", "window", "stock", "worth".
    """

    fleet: Fleet
    ways: Ways
    item: int
    lacking: int
    whole: bool
    stock: NDArray[np.int64]
    weight: float
    unserved_h: float | None
    without: frozenset[Stage] = field(default_factory=frozenset)

    def relaxed(self, *stages: Stage) -> Chances:
        """The same without these limits."""
        return replace(self, without=self.without | set(stages))

    @property
    def unit_kg(self) -> float:
        """Kilograms of a unit."""
        return float(self.fleet.unit_kg[self.item])

    @property
    def portion(self) -> int:
        """Least that is handed out, in millionths."""
        return self.lacking if self.whole else int(self.fleet.portion[self.item])

    @cached_property
    def portion_s(self) -> NDArray[np.int64]:
        """Seconds to hand out one portion in each way."""
        kg = self.portion / MICRO * self.unit_kg
        return to_solver_units(self._per_kg_s * kg, step=TIME_STEP_S, up=True)

    @cached_property
    def _per_kg_s(self) -> NDArray[np.float64]:
        """Seconds for a kilogram in each way; by the hands of the crew."""
        return self.fleet.per_kg_s[self.ways.group]

    @cached_property
    def amount(self) -> NDArray[np.int64]:
        """Millionths that each way could bring under the limits that count."""
        ways, fleet = self.ways, self.fleet
        left = self._seconds.astype(np.float64)
        by_time = np.full(len(ways), ENOUGH)
        np.divide(left, self._per_kg_s, out=by_time, where=self._per_kg_s > 0)
        kg = np.where(left >= 0, np.minimum(ways.room_kg, by_time), 0.0)
        units = kg / self.unit_kg
        unit_m3 = float(fleet.unit_m3[self.item])
        if unit_m3 > 0:
            units = np.minimum(units, ways.room_m3 / unit_m3)
        # A hair more, as loads are cut: 0.1 + 0.2 litres fit into 0.3.
        most = np.floor(np.minimum(units, ENOUGH) * MICRO + 1e-3)
        most = np.minimum(most, float(self.lacking))
        if "stock" not in self.without:
            most = np.minimum(most, self.stock[ways.depot].astype(np.float64))
        found = most.astype(np.int64)
        found -= np.where(found == self.lacking, 0, found % int(fleet.portion[self.item]))
        if self.whole:
            found = np.where(found == self.lacking, found, 0)
        possible = ways.road & ~ways.over & (left >= 0) & fleet.takes[ways.group, self.item]
        if "window" not in self.without:
            possible &= ways.arrives_s <= ways.closes_s
        found = np.where(possible, found, 0)
        if "worth" in self.without or self.unserved_h is None:
            return found
        return np.where(self._gain(found) > 0, found, 0)

    @cached_property
    def _seconds(self) -> NDArray[np.int64]:
        """Time for handing out, over all that counts."""
        ways = self.ways
        left = np.full(len(ways), NEVER_S, dtype=np.int64)
        if "time" not in self.without:
            left = np.minimum(left, ways.spare_s - ways.extra_s)
        if "window" not in self.without:
            left = np.minimum(left, ways.slack_s - ways.extra_s)
        return left

    def _gain(self, amount: NDArray[np.int64]) -> NDArray[np.float64]:
        """What the objective "arrival" wins by bringing `amount` in each way."""
        worth = self.weight * amount / MICRO
        earlier_h = (self.unserved_h or 0.0) - self.ways.arrives_s / 3600
        return worth * earlier_h - self.ways.behind * self.takes_s(amount) / 3600

    def takes_s(self, amount: NDArray[np.int64]) -> NDArray[np.float64]:
        """Seconds that the halt adds to the day with `amount`."""
        kg = amount / MICRO * self.unit_kg
        handling = np.ceil(self._per_kg_s * kg)
        return self.ways.extra_s.astype(np.float64) + handling

    @cached_property
    def stage(self) -> NDArray[np.int64]:
        """Position in `STAGES` at which each way ends."""
        ways, groups = self.ways, self.fleet.groups
        capacity_kg = np.array([group.capacity_kg for group in groups])[ways.group]
        capacity_m3 = np.array([group.capacity_m3 for group in groups])[ways.group]
        kg = self.portion / MICRO * self.unit_kg - 1e-9
        m3 = self.portion / MICRO * float(self.fleet.unit_m3[self.item]) - 1e-9
        takes_it = self.fleet.takes[ways.group, self.item]
        takes = ways.extra_s + self.portion_s
        fails = np.stack(
            [
                ~ways.road,
                (capacity_kg < kg) | (capacity_m3 < m3) | ~takes_it,
                (ways.arrives_s > ways.closes_s) | (takes > ways.slack_s),
                takes > ways.spare_s,
                ways.over,
                (ways.room_kg < kg) | (ways.room_m3 < m3),
                self.stock[ways.depot] < self.portion,
                self.amount <= 0,
            ]
        )
        return np.where(fails.any(axis=0), fails.argmax(axis=0), STAGES.index("free"))

    def brought(self) -> int:
        """Millionths that all vehicles together bring at least, each with one halt more."""
        ways, amount = self.ways, self.amount
        n_vehicles = len(self.fleet.problem.vehicles)
        best = np.zeros(n_vehicles, dtype=np.int64)
        np.maximum.at(best, ways.vehicle, amount)
        if self.whole:
            return int(best.max(initial=0))
        home = np.zeros(n_vehicles, dtype=np.int64)
        home[ways.vehicle] = ways.depot
        by_depot = np.zeros(len(self.fleet.problem.depots), dtype=np.int64)
        np.add.at(by_depot, home, best)
        if "stock" not in self.without:
            by_depot = np.minimum(by_depot, self.stock)
        return int(min(by_depot.sum(), self.lacking))

    def first(self, amount: NDArray[np.int64] | None = None) -> int:
        """The way that brings something the earliest; -1 where none does."""
        brings = self.amount if amount is None else amount
        if not (brings > 0).any():
            return -1
        return int(np.where(brings > 0, self.ways.arrives_s, np.iinfo(np.int64).max).argmin())
