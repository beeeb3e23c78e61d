"""How good a plan is: arrival, share served, worst-off commune (see `routing.plan.Score`).

The objective of the search for early arrival, `deprivation`, is stated here once, and by the
checker again: docs/convoys.md has the formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from routing.plan import Convoy, Score
from routing.together import units_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from routing.problem import Problem

# An hour of one vehicle's day costs as much as an hour of delay for this share of what one vehicle
# would have to bring: it decides between ways that are equally good for people, and no more.
TRAVEL_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Terms:
    """Prices of the objective, all in value × hours.

    Parameters
    ----------
    unserved_h
        What a unit of value that stays unserved costs: it counts as arriving so late.
    travel_price
        What an hour of a vehicle's day costs.
    unfairness
        What a commune that gets nothing costs beyond that; one that gets a share s costs
        (1 - s)⁴ of it, so the worst weigh the most.
    commune_value
        Value that every commune needs.
    """

    unserved_h: float
    travel_price: float
    unfairness: float
    commune_value: Mapping[str, float]


def terms_of(problem: Problem, fairness: float) -> Terms:
    """Prices for `problem`."""
    values = {name: value for name, value in _by_commune(problem).items() if value > 0}
    total = sum(values.values())
    vehicles = units_of(problem.vehicles)
    longest_h = max((int(vehicle.shift_s) for vehicle in vehicles), default=0) / 3600
    unserved_h = problem.unserved_h + longest_h
    return Terms(
        unserved_h=unserved_h,
        travel_price=TRAVEL_SHARE * total / max(len(vehicles), 1),
        unfairness=_dominance(fairness) * unserved_h * total / max(len(values), 1),
        commune_value=values,
    )


def _dominance(fairness: float) -> float:
    """From 0 over 1 (at one half) to 100: at 1 the worst-off commune comes before any total."""
    return fairness / (1.01 - fairness)


def score(problem: Problem, convoys: Sequence[Convoy], *, fairness: float = 0.0) -> Score:
    """Score of `convoys` for the needs of `problem`."""
    weight = {(need.place_id, need.item_id): need.weight for need in problem.needs}
    hours_weighted = 0.0
    for convoy in convoys:
        for stop in convoy.stops:
            hours = (stop.arrives_at - problem.departs_at).total_seconds() / 3600
            for item, quantity in stop.deliver.items():
                hours_weighted += weight[stop.place_id, item] * quantity * hours
    shares = commune_shares(problem, convoys)
    return Score(
        weighted_arrival=round(hours_weighted, 6),
        served_share=_share(problem, convoys),
        worst_commune_share=min(shares.values(), default=1.0),
        deprivation=round(hours_weighted + _beside(problem, convoys, shares, fairness), 6),
    )


def _beside(
    problem: Problem, convoys: Sequence[Convoy], shares: Mapping[str, float], fairness: float
) -> float:
    """What the objective adds to weighted arrival: the unserved, unfairness, vehicles' time."""
    terms = terms_of(problem, fairness)
    unserved = sum(value * (1 - shares[name]) for name, value in terms.commune_value.items())
    unfair = sum((1 - shares[name]) ** 4 for name in terms.commune_value)
    home: dict[str, float] = {}
    for convoy in convoys:
        hours = (convoy.returns_at - problem.departs_at) / timedelta(hours=1)
        home[convoy.vehicle_id] = max(hours, home.get(convoy.vehicle_id, 0.0))
    return (
        unserved * terms.unserved_h
        + unfair * terms.unfairness
        + sum(home.values()) * terms.travel_price
    )


def commune_shares(problem: Problem, convoys: Sequence[Convoy]) -> dict[str, float]:
    """Share of its need, weight × quantity, that every commune with a need gets."""
    needed = _by_commune(problem)
    served = dict.fromkeys(needed, 0.0)
    value, commune = _value_of(problem), _commune_of(problem)
    for place_id, item_id, quantity in _delivered(convoys):
        served[commune[place_id, item_id]] += value[place_id, item_id] * quantity
    return {name: _ratio(served[name], needed[name]) for name in sorted(needed)}


def _share(problem: Problem, convoys: Sequence[Convoy]) -> float:
    value = _value_of(problem)
    needed = sum(value[need.place_id, need.item_id] * need.quantity for need in problem.needs)
    served = sum(value[place, item] * quantity for place, item, quantity in _delivered(convoys))
    return _ratio(served, needed)


def _ratio(served: float, needed: float) -> float:
    return min(round(served / needed, 9), 1.0) if needed > 0 else 1.0


def _value_of(problem: Problem) -> dict[tuple[str, str], float]:
    return {(need.place_id, need.item_id): need.weight for need in problem.needs}


def _commune_of(problem: Problem) -> dict[tuple[str, str], str]:
    return {(need.place_id, need.item_id): need.commune for need in problem.needs}


def _by_commune(problem: Problem) -> dict[str, float]:
    value = _value_of(problem)
    totals: dict[str, float] = {}
    for need in problem.needs:
        worth = value[need.place_id, need.item_id] * need.quantity
        totals[need.commune] = totals.get(need.commune, 0.0) + worth
    return totals


def _delivered(convoys: Sequence[Convoy]) -> list[tuple[str, str, float]]:
    return [
        (stop.place_id, item, quantity)
        for convoy in convoys
        for stop in convoy.stops
        for item, quantity in stop.deliver.items()
    ]
