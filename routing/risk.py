"""Risk: how likely each place is reached in time, and which stretches of road decide it.

Reads sampled worlds (`routing.worlds`). A figure from 200 worlds is itself uncertain: probabilities
carry an interval, and a stretch is said to decide only if its effect stands out of chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from routing.worlds import Flip, Question, arrivals_of_flips, closed_arcs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.closure_odds import Odds

# Two-sided 95 %.
_Z = 1.96
# A stretch must be open and closed in so many worlds each to be compared at all, and differ by so
# many standard errors: among hundreds of stretches some differ by chance.
MIN_WORLDS_EACH = 4
MIN_STANDARD_ERRORS = 3.0
#: Of those that stand out, so many are looked at again in pairs of worlds, so many pairs each.
N_DECIDING, N_PAIRS = 10, 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceRisk:
    """Per place, (n_places,): the probability to be reached in time with its interval, and times.

    `mean_s` is over the worlds in which it is reached in time; `median_s`, `slow_s` are the times
    within which it is reached in half and in nine of ten worlds; inf where it is not.
    """

    probability: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean_s: NDArray[np.float64]
    median_s: NDArray[np.float64]
    slow_s: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """A stretch whose state decides how many people are reached.

    `people` more are reached in time if it is open than if it is closed, all else alike, with its
    standard error from `n_pairs` pairs of worlds. `variance_share` is how much of the uncertainty
    of the number of people reached would go if its state were known. `places` are rows, those that
    it changes most first.
    """

    stretch: int
    probability: float
    people: float
    standard_error: float
    variance_share: float
    n_pairs: int
    places: tuple[int, ...]


def place_risk(arrived_s: NDArray[np.float64], limit_s: float) -> PlaceRisk:
    """Sum up worlds, (n_worlds, n_places), for each place."""
    n_worlds = len(arrived_s)
    reached = arrived_s <= limit_s
    n_reached = reached.sum(axis=0)
    low, high = wilson(n_reached, n_worlds)
    # An infinite time times 0 would be no number.
    total_s = np.where(reached, arrived_s, 0.0).sum(axis=0)
    mean_s = np.divide(total_s, n_reached, out=np.full(len(n_reached), np.inf), where=n_reached > 0)
    within = np.where(reached, arrived_s, np.inf)
    ordered = np.sort(within, axis=0)
    return PlaceRisk(
        probability=n_reached / n_worlds,
        low=low,
        high=high,
        mean_s=mean_s,
        median_s=ordered[int(np.ceil(0.5 * n_worlds)) - 1],
        slow_s=ordered[int(np.ceil(0.9 * n_worlds)) - 1],
    )


def wilson(
    n_hits: NDArray[np.int64], n_tries: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % interval of a share (E. B. Wilson 1927, J. Am. Stat. Assoc. 22, p. 209-212)."""
    share = n_hits / n_tries
    middle = (share + _Z**2 / (2 * n_tries)) / (1 + _Z**2 / n_tries)
    half = (
        _Z
        * np.sqrt(share * (1 - share) / n_tries + _Z**2 / (4 * n_tries**2))
        / (1 + _Z**2 / n_tries)
    )
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def deciding(
    question: Question,
    odds: Odds,
    arrived_s: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    limit_s: float,
    seed: int,
) -> list[Deciding]:
    """The stretches that most decide how many people are reached, most decisive first.

    First all stretches are compared over the worlds at hand; those that stand out are then looked
    at in pairs: the same world with the stretch open and with it closed.
    """
    reached = arrived_s <= limit_s
    candidates = _standing_out(odds, reached @ weight, seed)
    variance = float(np.var(reached @ weight))
    found = [
        _paired(question, odds, reached, weight, stretch, limit_s=limit_s, seed=seed)
        for stretch in candidates
    ]
    if variance > 0:
        found = [_with_variance(one, variance) for one in found]
    kept = [one for one in found if one.people > 0]
    return sorted(kept, key=lambda one: (-one.variance_share, -one.people, one.stretch))


def _standing_out(odds: Odds, people: NDArray[np.float64], seed: int) -> list[int]:
    """Stretches whose being closed goes with fewer people reached, in the order of importance."""
    n_worlds = len(people)
    n_stretches = int(odds.stretch.max(initial=-1)) + 1
    n_closed, total, square = (np.zeros(n_stretches) for _ in range(3))
    for world, arcs in enumerate(closed_arcs(odds, range(n_worlds), seed=seed)):
        closed = np.unique(odds.stretch[arcs])
        n_closed[closed] += 1
        total[closed] += people[world]
        square[closed] += people[world] ** 2
    n_open = n_worlds - n_closed
    able = np.flatnonzero((n_closed >= MIN_WORLDS_EACH) & (n_open >= MIN_WORLDS_EACH))
    k, m = n_closed[able], n_open[able]
    mean_closed = total[able] / k
    mean_open = (people.sum() - total[able]) / m
    spread_closed = np.maximum(square[able] / k - mean_closed**2, 0.0)
    spread_open = np.maximum(((people**2).sum() - square[able]) / m - mean_open**2, 0.0)
    error = np.sqrt(spread_closed / k + spread_open / m)
    apart = mean_open - mean_closed
    stands = (apart > 0) & (apart >= MIN_STANDARD_ERRORS * error)
    explained = k / n_worlds * (m / n_worlds) * apart**2
    order = np.lexsort((able, -explained))
    return [int(able[at]) for at in order if stands[at]][:N_DECIDING]


def _paired(
    question: Question,
    odds: Odds,
    reached: NDArray[np.bool_],
    weight: NDArray[np.float64],
    stretch: int,
    *,
    limit_s: float,
    seed: int,
) -> Deciding:
    n_pairs = min(N_PAIRS, len(reached))
    flips = [
        Flip(world=world, stretch=stretch, closed=closed)
        for closed in (False, True)
        for world in range(n_pairs)
    ]
    then = arrivals_of_flips(question, odds, flips, seed=seed) <= limit_s
    gained = then[:n_pairs].astype(np.float64) - then[n_pairs:]
    people = gained @ weight
    by_place = gained.mean(axis=0) * weight
    order = np.argsort(-by_place, kind="stable")
    own = odds.stretch == stretch
    return Deciding(
        stretch=stretch,
        probability=float(odds.probability[own].max()),
        people=float(people.mean()),
        standard_error=float(people.std(ddof=1) / np.sqrt(n_pairs)) if n_pairs > 1 else 0.0,
        variance_share=0.0,
        n_pairs=n_pairs,
        places=tuple(order[by_place[order] > 0].tolist()),
    )


def _with_variance(one: Deciding, variance: float) -> Deciding:
    """First-order share: p (1 - p) effect² of the variance (I. M. Sobol' 1993)."""
    share = one.probability * (1 - one.probability) * one.people**2 / variance
    return replace(one, variance_share=min(share, 1.0))


def edges_of_stretch(odds: Odds, edge_of_arc: NDArray[np.int32], stretch: int) -> Sequence[int]:
    """Edge rows of the arcs of a stretch that may be closed, ascending."""
    own = (odds.stretch == stretch) & (odds.probability > 0)
    return [int(row) for row in np.unique(edge_of_arc[own])]
