"""Beta prior, draws that are missed and invented, and what must hold whatever the numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from geo.belief import Evidence, Method, prior_weights, update
from geo.errors import InputError

PERFECT = Method(name="perfect", sensitivity=1.0, specificity=1.0, most_draws=1e9)
IMAGES = Method(name="images", sensitivity=0.5, specificity=0.98, most_draws=30)


def seen(hit: float, looked_at: float, method: Method = IMAGES) -> Evidence:
    return Evidence(method=method, looked_at=np.array([looked_at]), hit=np.array([hit]))


def bounds(frame: pd.DataFrame) -> list[float]:
    return frame.iloc[0].tolist()


def test_weights_by_hand() -> None:
    """Mean 0.5, range 0.8225: sd 0.25, alpha + beta = 0.25 / 0.0625 - 1 = 3, so Beta(1.5, 1.5)."""
    assert prior_weights([0.5], [0.08875], [0.91125])[0] == pytest.approx([1.5, 1.5])
    # A narrow range is worth no more than four buildings looked at.
    assert prior_weights([0.75], [0.74], [0.76])[0] == pytest.approx([3, 1])
    assert np.isnan(prior_weights([np.nan], [0.1], [0.2])).all()


def test_without_evidence_it_is_the_prior() -> None:
    found = bounds(update(np.array([[12.0, 12.0]])))
    assert found == pytest.approx([beta.ppf(0.05, 12, 12), 0.5, beta.ppf(0.95, 12, 12)], abs=2e-3)
    assert bounds(update(np.array([[12.0, 12.0]]), [seen(0, 0)])) == found


def test_perfect_sight_is_the_textbook_update() -> None:
    """Beta(2, 2) and 3 hit of 10: Beta(5, 9), mean 5 / 14."""
    found = bounds(update(np.array([[2.0, 2.0]]), [seen(3, 10, PERFECT)]))
    assert found == pytest.approx([beta.ppf(0.05, 5, 9), 5 / 14, beta.ppf(0.95, 5, 9)], abs=2e-3)


def test_a_method_that_misses_half_sees_half_of_the_share() -> None:
    """Flat prior, half of the hit seen, 300 of 1000 (as 1e9 draws): the share is near 0.3 / 0.5."""
    half = Method(name="half", sensitivity=0.5, specificity=1.0, most_draws=1e9)
    assert update(np.array([[1.0, 1.0]]), [seen(300, 1000, half)])["value"][0] == pytest.approx(
        0.6, abs=0.01
    )


def test_many_buildings_of_one_picture_count_as_thirty() -> None:
    few = bounds(update(np.array([[2.0, 2.0]]), [seen(3, 30)]))
    many = bounds(update(np.array([[2.0, 2.0]]), [seen(300, 3000)]))
    assert many == pytest.approx(few)


def test_nothing_seen_lowers_the_belief_but_is_not_no_damage() -> None:
    before = bounds(update(np.array([[6.0, 4.0]])))
    after = bounds(update(np.array([[6.0, 4.0]]), [seen(0, 100)]))
    assert after[1] < before[1] / 2
    assert after[2] > 0.05


@pytest.mark.parametrize("share", [1e-4, 0.999])
def test_very_small_and_very_large_shares_keep_their_mean(share: float) -> None:
    weights = prior_weights([share], [share * 0.9], [min(share * 1.1, 1)])
    assert update(weights)["value"][0] == pytest.approx(share, abs=5e-4)


weights_of = st.tuples(st.floats(0.05, 50), st.floats(0.05, 50)).map(lambda w: np.array([w]))


@given(weights_of, st.integers(0, 60), st.integers(0, 60), st.booleans())
def test_more_damage_seen_never_lowers_the_belief(
    weights: np.ndarray, hit: int, rest: int, one_more_building: bool
) -> None:
    fewer = update(weights, [seen(hit, hit + rest + 1)])
    more = update(weights, [seen(hit + 1, hit + rest + 1 + one_more_building)])
    assert (more.to_numpy() >= fewer.to_numpy() - 1e-9).all()
    # Seen, and one more building: also against nothing seen of it at all.
    without = update(weights, [seen(hit, hit + rest)])
    added = update(weights, [seen(hit + 1, hit + rest + 1)])
    assert (added.to_numpy() >= without.to_numpy() - 1e-9).all()


@given(
    weights_of,
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=4),
    st.randoms(use_true_random=False),
)
def test_order_of_the_evidence_makes_no_difference(
    weights: np.ndarray, counts: list[tuple[int, int]], random: object
) -> None:
    pieces = [
        seen(hit, hit + rest, PERFECT if n % 2 else IMAGES) for n, (hit, rest) in enumerate(counts)
    ]
    shuffled = list(pieces)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert update(weights, shuffled).to_numpy() == pytest.approx(
        update(weights, pieces).to_numpy(), abs=1e-9
    )


@given(weights_of, st.integers(0, 50), st.integers(0, 50))
def test_bounds_hold_the_value_within_zero_and_one(
    weights: np.ndarray, hit: int, rest: int
) -> None:
    low, value, high = bounds(update(weights, [seen(hit, hit + rest)]))
    assert 0 <= low <= high <= 1
    assert 0 <= value <= 1


def test_places_of_which_nothing_is_believed_stay_unknown() -> None:
    found = update(np.array([[np.nan, np.nan], [2.0, 2.0]]))
    assert found.iloc[0].isna().all()
    assert found.iloc[1].notna().all()


def test_no_places_are_no_rows() -> None:
    assert len(update(np.empty((0, 2)))) == 0


@pytest.mark.parametrize(("hit", "looked_at"), [(3, 2), (-1, 2), (np.nan, 2)])
def test_impossible_evidence_is_refused(hit: float, looked_at: float) -> None:
    with pytest.raises(InputError, match=r"evidence by images: more buildings hit than looked at"):
        update(np.array([[1.0, 1.0]]), [seen(hit, looked_at)])


def test_a_method_no_better_than_chance_is_refused() -> None:
    with pytest.raises(InputError, match="no better than chance is no evidence"):
        Method(name="coin", sensitivity=0.5, specificity=0.5, most_draws=1)
