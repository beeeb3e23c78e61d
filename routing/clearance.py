"""Clearance: which work site to open first, for the people it reconnects or the time it saves.

Opening a site is worth nothing while another one bars the way to it. So the candidates are single
sites and *chains*: the cheapest way to get a site open from the depots, and the sites on the
fastest ways if all were open. The best chain per crew-hour is opened and everything valued anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from geo.errors import RuleError
from routing.clearance_kernels import (
    cheapest_chains,
    group_gains,
    open_arcs,
    open_ways,
    site_links,
)
from routing.hierarchy_compiler import compile_message, is_kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from routing.clearance_network import Terminals

Measure = Literal["people", "time"]
MEASURES: tuple[Measure, ...] = ("people", "time")
# A chain of more sites than this is no answer to "what first".
MAX_CHAIN = 12
# Seconds that its kernels take to compile, on one core of a 2020s machine (measured: 3 s).
_COMPILE_S = 4


def compile_notice() -> str:
    """What to tell a person before the first ranking of an installation; empty if it is kept."""
    # It compiles most of the others into itself and is called by every ranking.
    return "" if is_kept([group_gains]) else compile_message("the clearance list", _COMPILE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A chain that was opened: its sites in order, and what it won.

    `gain` is weight (people) or weight × seconds; `total` what was won so far; `reconnected` the
    places that came within the limit by this step.
    """

    sites: tuple[int, ...]
    gain: float
    crew_hours: float
    total: float
    total_crew_hours: float
    reconnected: tuple[int, ...]


class Clearing:
    """The state of a network while sites are opened one after the other.

    Parameters
    ----------
    ends
        From `routing.clearance_network.by_time` or `by_connection`; its table is copied.
    weight
        (n_places,) people, or what stands for them; 0 or more.
    crew_hours
        (n_sites,) above 0.
    limit_s
        A place farther than this counts as not reached, for the time as being just at it.
    """

    def __init__(
        self,
        ends: Terminals,
        weight: ArrayLike,
        crew_hours: ArrayLike,
        *,
        limit_s: float,
        measure: Measure = "people",
    ) -> None:
        self.ends = ends
        self.weight = _checked(weight, ends.n_places, "weights of places", above=False)
        self.crew_hours = _checked(crew_hours, ends.n_sites, "crew-hours of sites", above=True)
        self.table_s = ends.table_s.copy()
        self.limit_s = limit_s
        self.measure: Measure = measure
        self.is_open = np.zeros(ends.n_sites, dtype=bool)
        if measure == "time" and not np.isfinite(limit_s):
            raise RuleError(
                "time regained without a limit",
                "a time at which a place that is not reached counts is needed",
                "give limit_s",
            )

    @property
    def places_s(self) -> NDArray[np.float64]:
        """(n_places,) seconds from the nearest depot as things stand."""
        return self.table_s[0, 1 + len(self.ends.node) :]

    @property
    def reached(self) -> NDArray[np.bool_]:
        """(n_places,) which places are within the limit."""
        within: NDArray[np.bool_] = self.places_s <= self.limit_s
        return within

    def gains(self, groups: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """What opening each group of sites together, and nothing else, would win."""
        parts = [
            np.arange(self.ends.arc_start[site], self.ends.arc_start[site + 1], dtype=np.int32)
            for group in groups
            for site in group
        ]
        sizes = [
            sum(int(self.ends.arc_start[s + 1] - self.ends.arc_start[s]) for s in group)
            for group in groups
        ]
        return np.asarray(
            group_gains(
                self.table_s,
                self.table_s[0],
                np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
                np.concatenate([np.empty(0, dtype=np.int32), *parts]),
                self.ends.arc_from,
                self.ends.arc_to,
                self.ends.arc_s,
                self.weight,
                self.limit_s,
                self.measure == "time",
            )
        )

    def single_gains(self) -> NDArray[np.float64]:
        """(n_sites,) what opening each site alone would win: one full ranking."""
        return np.asarray(
            group_gains(
                self.table_s,
                self.table_s[0],
                self.ends.arc_start,
                np.arange(len(self.ends.arc_from), dtype=np.int32),
                self.ends.arc_from,
                self.ends.arc_to,
                self.ends.arc_s,
                self.weight,
                self.limit_s,
                self.measure == "time",
            )
        )

    def open(self, site: int) -> None:
        """Open a site for good."""
        arcs = np.arange(self.ends.arc_start[site], self.ends.arc_start[site + 1], dtype=np.int32)
        open_arcs(self.table_s, arcs, self.ends.arc_from, self.ends.arc_to, self.ends.arc_s)
        self.is_open[site] = True

    def chains(self) -> list[tuple[int, ...]]:
        """Chains of two and more sites that are worth a look, each in the order of opening."""
        found = {*self._cheapest(), *self._fastest()}
        return sorted(chain for chain in found if 1 < len(chain) <= MAX_CHAIN)

    def _cheapest(self) -> Iterable[tuple[int, ...]]:
        ends = self.ends
        links = site_links(self.table_s, ends.arc_site, ends.arc_from, ends.arc_to, ends.n_sites)
        cost = np.where(self.is_open, 0.0, self.crew_hours)
        total, before = cheapest_chains(links, cost)
        for site in np.flatnonzero(np.isfinite(total) & ~self.is_open).tolist():
            yield self._unopened(_back(site, before))

    def _fastest(self) -> Iterable[tuple[int, ...]]:
        ends = self.ends
        _, via, before, _ = open_ways(self.table_s, ends.arc_from, ends.arc_to, ends.arc_s)
        last = np.unique(via[1 + len(ends.node) :])
        for arc in last[last >= 0].tolist():
            yield self._unopened([int(ends.arc_site[one]) for one in _back(arc, before)])

    def _unopened(self, sites: Iterable[int]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(site for site in sites if not self.is_open[site]))


def clear_greedily(clearing: Clearing, *, max_crew_hours: float = np.inf) -> list[Step]:
    """Open the chain with the largest gain per crew-hour, value anew, and again.

    Chains that would go over `max_crew_hours` are passed over. Ends when nothing is won any more.
    Among equals the cheaper chain is first, then the lower numbers of sites. As a chain that is cut
    short by the hours would leave half-done work, the best chain alone is taken instead if it wins
    more than all steps together (as in budgeted maximum coverage: Khuller, Moss & Naor 1999).
    """
    fresh = copy_of(clearing)
    steps = _steps(clearing, max_crew_hours)
    if not np.isfinite(max_crew_hours) or not steps:
        return steps
    alone = _best_alone(fresh, max_crew_hours)
    if alone is None or alone.gain <= steps[-1].total:
        return steps
    for site in alone.sites:
        fresh.open(site)
    clearing.table_s[:], clearing.is_open[:] = fresh.table_s, fresh.is_open
    return [alone, *_steps(clearing, max_crew_hours, after=alone)]


def copy_of(clearing: Clearing) -> Clearing:
    """The same state, to try things out on."""
    made = Clearing(
        clearing.ends,
        clearing.weight,
        clearing.crew_hours,
        limit_s=clearing.limit_s,
        measure=clearing.measure,
    )
    made.table_s[:], made.is_open[:] = clearing.table_s, clearing.is_open
    return made


def candidates(clearing: Clearing) -> tuple[list[tuple[int, ...]], NDArray[np.float64]]:
    """Every single site that is still blocked and every chain, with what each would win."""
    single = np.flatnonzero(~clearing.is_open)
    chains = clearing.chains()
    groups = [*((int(site),) for site in single), *chains]
    gains = np.concatenate([clearing.single_gains()[single], clearing.gains(chains)])
    return groups, gains


def _steps(clearing: Clearing, max_crew_hours: float, *, after: Step | None = None) -> list[Step]:
    steps: list[Step] = []
    total = after.total if after else 0.0
    spent = after.total_crew_hours if after else 0.0
    while True:
        groups, gains = candidates(clearing)
        best = _best(clearing, groups, gains, max_crew_hours - spent)
        if best is None:
            return steps
        sites, gain, crew_hours = best
        before = clearing.reached
        for site in sites:
            clearing.open(site)
        total, spent = total + gain, spent + crew_hours
        steps.append(
            Step(
                sites=sites,
                gain=gain,
                crew_hours=crew_hours,
                total=total,
                total_crew_hours=spent,
                reconnected=tuple(np.flatnonzero(clearing.reached & ~before).tolist()),
            )
        )


def _best(
    clearing: Clearing,
    groups: list[tuple[int, ...]],
    gains: NDArray[np.float64],
    crew_hours_left: float,
) -> tuple[tuple[int, ...], float, float] | None:
    cost = np.array([clearing.crew_hours[list(group)].sum() for group in groups])
    # A sum of floats may pass what is left by a rounding.
    able = np.flatnonzero((gains > 0) & (cost <= crew_hours_left * (1 + 1e-12)))
    if len(able) == 0:
        return None
    at = min(able.tolist(), key=lambda one: (-gains[one] / cost[one], cost[one], groups[one]))
    return groups[at], float(gains[at]), float(cost[at])


def _best_alone(clearing: Clearing, max_crew_hours: float) -> Step | None:
    groups, gains = candidates(clearing)
    cost = np.array([clearing.crew_hours[list(group)].sum() for group in groups])
    able = np.flatnonzero((gains > 0) & (cost <= max_crew_hours))
    if len(able) == 0:
        return None
    at = min(able.tolist(), key=lambda one: (-gains[one], cost[one], groups[one]))
    before = clearing.reached
    then = copy_of(clearing)
    for site in groups[at]:
        then.open(site)
    return Step(
        sites=groups[at],
        gain=float(gains[at]),
        crew_hours=float(cost[at]),
        total=float(gains[at]),
        total_crew_hours=float(cost[at]),
        reconnected=tuple(np.flatnonzero(then.reached & ~before).tolist()),
    )


def _back(last: int, before: NDArray[np.int32]) -> list[int]:
    way = [last]
    while before[way[-1]] >= 0:
        way.append(int(before[way[-1]]))
    return way[::-1]


def _checked(values: ArrayLike, n: int, what: str, *, above: bool) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    fits = numbers.shape == (n,) and bool(np.isfinite(numbers).all())
    if not fits or (numbers.size and (numbers.min() <= 0 if above else numbers.min() < 0)):
        raise RuleError(
            f"{what}: {numbers.size} numbers",
            f"{n} finite numbers {'above 0' if above else 'of 0 or more'} are needed",
            "correct them",
        )
    return numbers
