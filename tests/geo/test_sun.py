"""Light and dark at known places."""

from datetime import UTC, date, datetime, timedelta

import pytest

from geo.sun import CIVIL_DEG, SUNRISE_DEG, light_of

TWO_MINUTES = timedelta(minutes=2)


@pytest.mark.parametrize(
    ("lon", "lat", "day", "rises", "sets"),
    [
        # London, longest day of 2023: 04:43 and 21:21 summer time.
        (-0.1278, 51.5074, date(2023, 6, 21), (21, 3, 43), (21, 20, 21)),
        # On the equator at an equinox: about six to six, plus refraction and the equation of time.
        (0.0, 0.0, date(2024, 3, 20), (20, 6, 4), (20, 18, 11)),
        # Auckland's shortest day begins the evening before, in UTC: 07:33 and 17:11.
        (174.76, -36.85, date(2023, 6, 21), (20, 19, 33), (21, 5, 11)),
    ],
)
def test_sunrise_and_sunset_of_known_days(lon, lat, day, rises, sets):
    light = light_of(day, lon=lon, lat=lat, zenith_deg=SUNRISE_DEG)
    begins = datetime(day.year, day.month, *rises, tzinfo=UTC)
    ends = datetime(day.year, day.month, *sets, tzinfo=UTC)
    assert abs(light.begins_at - begins) < TWO_MINUTES
    assert abs(light.ends_at - ends) < TWO_MINUTES


def test_civil_twilight_is_before_sunrise_and_after_sunset():
    civil = light_of(date(2023, 9, 13), lon=-7.98, lat=31.63, zenith_deg=CIVIL_DEG)
    sun = light_of(date(2023, 9, 13), lon=-7.98, lat=31.63, zenith_deg=SUNRISE_DEG)
    assert timedelta(minutes=20) < sun.begins_at - civil.begins_at < timedelta(minutes=30)
    assert timedelta(minutes=20) < civil.ends_at - sun.ends_at < timedelta(minutes=30)


def test_where_the_sun_never_sets_or_never_rises_there_is_no_answer():
    assert light_of(date(2023, 6, 21), lon=18.0, lat=75.0) is None
    assert light_of(date(2023, 12, 21), lon=18.0, lat=85.0) is None
