"""A coordinate is read as it was meant, whatever its form, or refused with the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from geo.coordinates import MAX_TEXT, other_readings, read_coordinate
from geo.errors import EmptyInputError, InputError, TooLargeError

HAOUZ = (-9.5, 30.2, -7.0, 31.8)
WORLD = (-180.0, -90.0, 180.0, 90.0)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("31.06, -8.12", "decimal"),
        ("31,06; -8,12", "decimal"),
        ("31,06,-8,12", "decimal"),
        ("31,06 -8,12", "decimal"),
        ("(31.06 −8.12)", "decimal"),
        ("٣١٫٠٦ ، -٨٫١٢", "decimal"),
        ("lat: 31.06, lon: -8.12", "decimal"),
        ("Longitude = -8,12 Latitude = 31,06", "decimal"),
        ("31.06N 8.12W", "dms"),
        ("N31.06 O8.12", "dms"),
        ("31°03'36\"N 8°07'12\"W", "dms"),
        ("31° 3.6' Nord, 8° 7.2' Ouest", "dms"),
        ("31 03 36 N 8 07 12 O", "dms"),
        ("8°07'12''W, 31°03'36''N", "dms"),
        ("31°03’36” -8°07’12”", "dms"),
        ("31°03'36\" ش 8°07'12\" غ", "dms"),
        ("31.06 شمالا 8.12 غربا", "dms"),
        ("POINT (-8.12 31.06)", "wkt"),
        ("geo:31.06,-8.12?z=12", "link"),
        ("https://maps.google.com/?q=31.06,-8.12", "link"),
        ("https://www.google.com/maps/search/?api=1&query=31.06%2C-8.12", "link"),
        ("https://www.google.com/maps/dir/31.0,-8.0/31.06,-8.12", "link"),
        ("https://www.google.com/maps/place/X/@31,-8,15z/data=!4m2!3d31.06!4d-8.12", "link"),
        (
            "https://www.google.com/maps/place/31%C2%B003'36.0%22N+8%C2%B007'12.0%22W/@31,-8,9z",
            "link",
        ),
        ("https://www.openstreetmap.org/?mlat=31.06&mlon=-8.12#map=15/31/-8", "link"),
    ],
)
def test_every_form_is_read(text: str, form: str) -> None:
    read = read_coordinate(text, area=HAOUZ)
    assert (read.lat, read.lon) == (pytest.approx(31.06), pytest.approx(-8.12))
    assert (read.form, read.warning) == (form, "")


@pytest.mark.parametrize(
    "text",
    [
        "https://www.google.com/maps/@31.06,-8.12,15z",
        "https://www.openstreetmap.org/#map=15/31.06/-8.12",
    ],
)
def test_a_map_view_is_read_with_a_warning(text: str) -> None:
    read = read_coordinate(text)
    assert (read.lat, read.lon) == (31.06, -8.12)
    assert "middle of a map view" in read.warning


def test_swapped_values_are_told_by_the_area() -> None:
    read = read_coordinate("-8.12, 31.06", area=HAOUZ)
    assert (read.lat, read.lon, read.form) == (31.06, -8.12, "swapped decimal")
    assert "longitude, latitude" in read.warning
    assert read_coordinate("-8.12, 31.06").lat == -8.12
    assert read_coordinate("151.2, -33.9").lat == -33.9


def test_a_point_outside_the_area_is_flagged() -> None:
    assert read_coordinate("48.85, 2.35", area=HAOUZ).warning == "outside the area"
    assert "other sign of the longitude" in read_coordinate("31.06, 8.12", area=HAOUZ).warning


# Centres given by the reference implementation of Open Location Code.
@pytest.mark.parametrize(
    ("code", "lon", "lat"),
    [
        ("8FVC9G8F+6W", 8.5248125, 47.3655625),
        ("7FG49QCJ+2V", 2.7821875, 20.3700625),
        ("7FG49Q00+", 2.775, 20.375),
        ("8FVC9G8F+6WQ", 8.524859375, 47.3655875),
    ],
)
def test_a_full_plus_code_is_its_cell(code: str, lon: float, lat: float) -> None:
    for text in (code, code.lower(), f"{code} Zürich"):
        read = read_coordinate(text)
        assert (read.lon, read.lat) == (pytest.approx(lon, abs=1e-9), pytest.approx(lat, abs=1e-9))


def test_a_short_plus_code_needs_the_area() -> None:
    read = read_coordinate("XXV7+9C Ijoukak", area=(-8.2, 30.9, -7.9, 31.1))
    assert (read.lon, read.lat) == (pytest.approx(-8.0364375), pytest.approx(30.9934375))
    with pytest.raises(InputError, match="needs the area"):
        read_coordinate("XXV7+9C")


def test_a_short_plus_code_across_a_cell_border_is_the_near_one() -> None:
    """The area's middle lies just south of 31° and west of 8° W, the cell beyond both."""
    read = read_coordinate("22V7+9C", area=(-8.2, 30.89, -7.9, 31.09))
    assert (read.lon, read.lat) == (pytest.approx(-7.9864375), pytest.approx(31.0434375))


# Made with PROJ: EPSG:4326 (-8, 31) in each system.
@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("29R 595459 3430028", "utm"),
        ("UTM 29 R 595459 ; 3430028", "utm"),
        ("zone 29N 595459mE 3430028mN", "utm"),
        ("EPSG:32629 595459 3430028", "utm"),
    ],
)
def test_utm_is_read(text: str, form: str) -> None:
    read = read_coordinate(text, area=HAOUZ)
    assert (read.lon, read.lat) == (pytest.approx(-8, abs=1e-4), pytest.approx(31, abs=1e-3))
    assert read.form == form


def test_band_s_is_north_unless_only_the_south_lies_in_the_area() -> None:
    assert read_coordinate("29S 600000 3600000").lat > 0
    south = read_coordinate("18S 280000 8660000", area=(-78, -13, -76, -11))
    assert south.lat == pytest.approx(-12.1, abs=0.1)


@pytest.mark.parametrize(
    "text",
    ["Merchich 26191 250000 70000", "Lambert zone 1 250000 70000", "EPSG:26191 250000 70000"],
)
def test_merchich_is_read(text: str) -> None:
    read = read_coordinate(text, area=HAOUZ)
    assert (read.lon, read.lat) == (
        pytest.approx(-8.020963, abs=1e-5),
        pytest.approx(31.1946764, abs=1e-5),
    )
    assert read.form == "merchich"


def test_bare_metres_are_read_where_the_area_allows_one_system() -> None:
    read = read_coordinate("600000 3430000", area=HAOUZ)
    assert read.form == "utm"
    assert "not said" in read.warning
    with pytest.raises(InputError, match="unnamed grid"):
        read_coordinate("600000 3430000")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Imlil", "no coordinate could be read"),
        ("31.06", "no coordinate could be read"),
        ("31,06", "one number with a decimal comma"),
        ("95.5, 200.5", "not on Earth"),
        ("31°70'N 8°07'W", "below 60"),
        ("31.5°20'N 8°07'W", "only the last"),
        ("31.06N 8.12N", "one of N or S and one of E or W"),
        ("31.06N -8.12E", "contradict"),
        ("61R 600000 3430000", "1 to 60"),
        ("EPSG:2154 600000 3430000", "Merchich"),
        ("Lambert 250000 70000", "unnamed grid"),
        ("https://maps.app.goo.gl/AbCdEf", "never opened"),
        ("https://www.google.com/maps/place/Imlil", "holds no coordinate"),
        ("8FVC9G8+6W", "not a valid Plus Code"),
        ("8FVC9G8F+6", "not a valid Plus Code"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_coordinate(text)


@pytest.mark.parametrize("text", ["", "  \n ", "0.0, 0.0", "0°N 0°E"])
def test_no_position_is_no_coordinate(text: str) -> None:
    with pytest.raises(EmptyInputError):
        read_coordinate(text)


def test_a_flood_of_text_is_refused_unread() -> None:
    with pytest.raises(TooLargeError, match="no coordinate is that long"):
        read_coordinate("1" * (MAX_TEXT + 1))


LATS = st.integers(-90 * 10**5, 90 * 10**5).map(lambda value: value / 10**5)
LONS = st.integers(-180 * 10**5, 180 * 10**5).map(lambda value: value / 10**5)


@given(LATS, LONS, st.sampled_from(["{}, {}", "{} ; {}", "[{},{}]", "geo:{},{}"]))
def test_decimal_degrees_come_back(lat: float, lon: float, shape: str) -> None:
    if (lat, lon) == (0, 0):
        return
    read = read_coordinate(shape.format(f"{lat:.5f}", f"{lon:.5f}"), area=WORLD)
    assert (read.lat, read.lon) == (lat, lon)


@given(LATS, LONS)
def test_decimal_commas_come_back(lat: float, lon: float) -> None:
    if (lat, lon) == (0, 0):
        return
    text = f"{lat:.5f} ; {lon:.5f}".replace(".", ",")
    read = read_coordinate(text)
    assert (read.lat, read.lon) == (lat, lon)


@given(
    st.tuples(st.integers(0, 89), st.integers(0, 59), st.integers(0, 599)),
    st.tuples(st.integers(0, 179), st.integers(0, 59), st.integers(1, 599)),
    st.sampled_from("NS"),
    st.sampled_from("EWO"),
    st.booleans(),
)
def test_degrees_minutes_seconds_come_back(
    north: tuple[int, int, int], east: tuple[int, int, int], ns: str, ew: str, marks: bool
) -> None:
    shape = "{}°{:02}'{:04.1f}\"{}" if marks else "{} {:02} {:04.1f} {}"
    parts = [
        shape.format(whole, minutes, tenths / 10, half)
        for (whole, minutes, tenths), half in ((north, ns), (east, ew))
    ]
    read = read_coordinate(" ".join(parts))
    lat, lon = (a + b / 60 + c / 36000 for a, b, c in (north, east))
    assert read.lat == pytest.approx(lat if ns == "N" else -lat, abs=1e-9)
    assert read.lon == pytest.approx(lon if ew == "E" else -lon, abs=1e-9)


@given(st.floats(30.3, 31.7), st.floats(-9.4, -7.1))
def test_utm_comes_back_to_a_metre(lat: float, lon: float) -> None:
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 32629, always_xy=True).transform(lon, lat)
    read = read_coordinate(f"29R {x:.1f} {y:.1f}", area=HAOUZ)
    assert read.lat == pytest.approx(lat, abs=1e-5)
    assert read.lon == pytest.approx(lon, abs=1e-5)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        read = read_coordinate(text, area=HAOUZ)
    except InputError as refused:
        assert str(refused)
    else:
        assert -90 <= read.lat <= 90
        assert -180 <= read.lon <= 180


@given(st.text(alphabet="0123456789.,;°'\" NSEWOشجغ+-@/!d=#", max_size=60))
def test_anything_like_a_coordinate_is_read_or_refused_by_name(text: str) -> None:
    try:
        read_coordinate(text, area=HAOUZ)
    except InputError as refused:
        assert str(refused)


@pytest.mark.parametrize(
    ("text", "lon", "lat"),
    [
        ("18S UJ 23371 06519", -77.03654, 38.88981),
        ("mgrs: 4QFJ12345678", -157.91682, 21.30948),
        ("56HLH3436850948", 151.20930, -33.86880),
    ],
)
def test_mgrs_is_read(text: str, lon: float, lat: float) -> None:
    found = read_coordinate(text)
    assert found.form == "mgrs"
    assert (found.lon, found.lat) == pytest.approx((lon, lat), abs=1e-4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("29R AA 12345 67890", "square AA is not in zone 29"),
        ("61R PQ 12345 67890", "zones run from 1 to 60"),
        ("29R PQ 1234 678", "as many digits east as north"),
        ("29RPQ123", "as many digits east as north"),
        ("Z AH 1234 5678", "no coordinate could be read"),
        ("ZAH12345678", "polar caps"),
    ],
)
def test_mgrs_that_cannot_be_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_coordinate(text)


@given(st.floats(-79.9, 83.9), st.floats(-179.9, 179.9))
def test_mgrs_comes_back_to_a_metre(lat: float, lon: float) -> None:
    zone = int((lon + 180) // 6) + 1
    north = lat >= 0
    x, y = Transformer.from_crs(4326, (32600 if north else 32700) + zone, always_xy=True).transform(
        lon, lat
    )
    band = "CDEFGHJKLMNPQRSTUVWX"[min(int((lat + 80) // 8), 19)]
    column = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")[(zone - 1) % 3][int(x // 100_000) - 1]
    shift = 5 if zone % 2 == 0 else 0
    row = "ABCDEFGHJKLMNPQRSTUV"[(int(y // 100_000) + shift) % 20]
    text = f"{zone}{band}{column}{row}{int(x % 100_000):05d}{int(y % 100_000):05d}"
    found = read_coordinate(text)
    _, _, apart_m = Geod(ellps="WGS84").inv(found.lon, found.lat, lon, lat)
    assert apart_m < 1


def test_a_point_outside_may_have_been_another() -> None:
    area = (-9.0, 30.0, -7.0, 32.0)

    def slips(lon: float, lat: float) -> list[str]:
        return [one.warning for one in other_readings(lon, lat, area)]

    assert slips(8.12, 31.05) == ["the sign of the longitude is lost (W for E)"]
    assert slips(31.05, -8.12) == ["latitude and longitude are swapped"]
    assert slips(31.05, 8.12) == ["latitude and longitude are swapped and a sign is lost"]
    assert slips(-81_234, 310_521) == ["decimal marks are lost"]
    assert slips(2.3, 48.8) == []
