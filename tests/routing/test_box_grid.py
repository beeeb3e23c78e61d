"""Boxes that meet, by the grid and by comparing all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import box_grid
from routing.box_grid import BoxGrid


def boxes(rng: np.random.Generator, n: int, middle: tuple[float, float]) -> np.ndarray:
    """Boxes of all sizes up to a degree, also points; some at the edges of cells."""
    size = 10.0 ** rng.uniform(-7, 0, (2, n)) * (rng.random(n) < 0.9)
    at = np.array(middle)[:, None] + rng.uniform(-0.3, 0.3, (2, n))
    at = np.where(rng.random(n) < 0.2, np.round(at / 0.02) * 0.02, at)
    return np.concatenate([at, at + size])


@given(
    seed=st.integers(0, 10_000),
    middle=st.sampled_from([(-8.0, 31.0), (0.0, 0.0), (179.9, -89.9), (-179.9, 89.8)]),
    few=st.sampled_from([0, 1000]),
)
@settings(max_examples=25, deadline=None)
def test_the_grid_finds_what_comparing_all_finds(
    seed: int, middle: tuple[float, float], few: int
) -> None:
    rng = np.random.default_rng(seed)
    kept, asked = boxes(rng, 200, middle), boxes(rng, 30, middle)
    asked[:, 0] = (-180.0, -90.0, 180.0, 90.0)
    kept[:, 7] = np.nan
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(box_grid, "_FEW_BOXES", few)
        row, hit = BoxGrid(kept).query(asked)
    a, b = asked[:, :, None], kept[:, None, :]
    meets = (b[0] <= a[2]) & (b[2] >= a[0]) & (b[1] <= a[3]) & (b[3] >= a[1])
    assert sorted(zip(row.tolist(), hit.tolist(), strict=True)) == sorted(
        map(tuple, np.argwhere(meets).tolist())
    )
    assert (np.diff(row) >= 0).all()


def test_no_box_and_nothing_asked_are_fine() -> None:
    none, one = np.empty((4, 0)), np.array([[0.0], [0.0], [1.0], [1.0]])
    for kept, asked in ((none, one), (one, none), (none, none)):
        row, hit = BoxGrid(kept).query(asked)
        assert len(row) == len(hit) == 0
