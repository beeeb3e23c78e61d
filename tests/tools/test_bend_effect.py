"""What bends would cost: radii of known circles, and times over a straight and a bent road."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tools.bend_effect import FRICTION_AND_BANK, bent_time, radii

CIRCLE = np.array(
    [(50.0 * np.cos(a), 50.0 * np.sin(a)) for a in np.linspace(0.0, np.pi, 200)], dtype=np.float64
)


def test_three_points_of_a_circle_give_its_radius_and_a_straight_line_none() -> None:
    assert radii(CIRCLE) == pytest.approx(np.full(198, 50.0), rel=1e-3)
    assert radii([(0.0, 0.0), (15.0, 0.0), (30.0, 0.0)])[0] > 1e5


def test_a_bend_caps_the_speed_and_a_straight_road_keeps_its_time() -> None:
    straight = shapely.LineString([(0.0, 0.0), (600.0, 0.0)])
    assert bent_time(straight, 600.0, 36.0) == pytest.approx(36.0)
    bend = shapely.LineString(CIRCLE)
    limit_kmh = np.sqrt(127.0 * FRICTION_AND_BANK * 50.0)
    fast_s = bend.length / (80.0 / 3.6)
    assert bent_time(bend, bend.length, fast_s) == pytest.approx(
        bend.length / (limit_kmh / 3.6), rel=0.02
    )
    slow_s = bend.length / (20.0 / 3.6)
    assert bent_time(bend, bend.length, slow_s) == pytest.approx(slow_s)
