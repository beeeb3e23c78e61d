"""How good a plan is: arrival, share served, worst-off commune (see `routing.plan.Score`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.plan import Convoy, Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.problem import Problem


def score(problem: Problem, convoys: Sequence[Convoy]) -> Score:
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
