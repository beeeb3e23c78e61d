"""Conversions come back, and a road that nobody can drive takes for ever."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import units

SIZES = st.floats(1e-3, 1e6)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (units.mps_from_kmh, units.kmh_from_mps),
        (units.m_from_km, units.km_from_m),
        (units.kg_from_t, units.t_from_kg),
        (units.s_from_hours, units.hours_from_s),
    ],
)
@given(value=SIZES)
def test_there_and_back(there, back, value):
    assert back(there(value)) == pytest.approx(value)


def test_known_values():
    assert units.kmh_from_mph(30) == pytest.approx(48.28032)
    assert units.m_from_ft(10) == pytest.approx(3.048)
    assert units.t_from_short_ton(1.0) == pytest.approx(0.90718474)
    assert units.km2_from_m2(2_500_000.0) == 2.5
    assert units.slope_deg_from_share(1.0) == pytest.approx(45)


def test_ten_kilometres_at_60_take_ten_minutes():
    assert units.travel_time_s(10_000, 60) == pytest.approx(600)


def test_no_speed_means_for_ever_and_unknown_stays_unknown():
    time_s = units.travel_time_s([100.0, 100.0, np.nan, 100.0], [0.0, -5.0, 50.0, np.nan])
    assert math.isinf(time_s[0])
    assert math.isinf(time_s[1])
    assert np.isnan(time_s[2:]).all()
