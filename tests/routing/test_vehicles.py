"""Vehicle classes: the catalogue, a file that somebody edited, and the page that shows it."""

import sys
from pathlib import Path

import pytest

from data.sources.osm_tags import ROAD_KINDS
from geo.errors import SchemaError, TooLargeError, UnreadableError
from routing.vehicle_tables import travel_tables_markdown
from routing.vehicles import catalogue, vehicle_classes

SMALL = """
[pickup]
label = "Pickup"
kind = "motor"
capacity_kg = 1000
capacity_m3 = 3
gross_weight_t = 3
height_m = 2
min_width_m = 2
top_speed_kmh = 90
uses_fords = true
[pickup.highway]
primary = 60
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "classes.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_catalogue_holds_the_classes_of_the_design_motors_first() -> None:
    classes = vehicle_classes()
    assert {"truck", "pickup", "mule", "foot"} <= set(classes)
    assert [c.kind for c in classes.values()] == ["motor"] * 4 + ["walk"] * 2
    assert next(iter(classes)) == "truck"


def test_every_class_says_where_each_of_its_tables_comes_from() -> None:
    for c in vehicle_classes().values():
        tables = {"highway", "surface", "tracktype", "smoothness"} if c.kind == "motor" else set()
        named = {name for name in tables if getattr(c, name)}
        assert named <= set(c.sources), c.name
        assert all(source.strip() for source in c.sources.values())


def test_the_catalogue_speaks_of_kinds_of_road_that_are_read() -> None:
    for c in vehicle_classes().values():
        assert set(c.highway) <= ROAD_KINDS


def test_trucks_keep_off_tracks_and_pickups_off_paths() -> None:
    classes = vehicle_classes()
    assert "track" not in classes["truck"].highway
    assert "path" not in classes["pickup"].highway
    assert {"track", "path"} <= set(classes["mule"].highway)


def test_the_grades_of_a_truck_follow_the_power_that_the_source_names() -> None:
    """v = (P/m) 0.88 / (g (grade + 0.012)) with 120 kg/kW, capped at the top speed."""
    truck = vehicle_classes()["truck"]
    for grade, up_kmh, _ in truck.grade.rows:
        crawl_kmh = 3.6 * (1000 / 120) * 0.88 / (9.81 * (grade + 0.012))
        assert up_kmh == pytest.approx(min(crawl_kmh, truck.top_speed_kmh), abs=1.0)


def test_a_file_edited_by_the_cell_is_read(tmp_path: Path) -> None:
    classes = vehicle_classes(written(tmp_path, SMALL))
    assert list(classes) == ["pickup"]
    assert classes["pickup"].highway == {"primary": 60.0}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (SMALL.replace("capacity_kg = 1000", "capacity_kg = -1"), "capacity_kg"),
        (SMALL.replace("primary = 60", 'primary = "fast"'), "highway.primary"),
        (SMALL.replace("primary = 60", "primary = nan"), "highway.primary"),
        (SMALL.replace("label", "lable"), "lable"),
        (SMALL.replace('kind = "motor"', 'kind = "boat"'), "kind"),
        (SMALL + "[pickup.grade]\nrows = [[0.1, 5, 5], [0.0, 9, 9]]", "grade.rows"),
    ],
)
def test_an_impossible_value_is_named_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(SchemaError, match="problems") as caught:
        vehicle_classes(written(tmp_path, text))
    assert place in {problem.column for problem in caught.value.problems}


def test_an_unknown_class_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="submarine"):
        vehicle_classes(written(tmp_path, SMALL.replace("pickup", "submarine")))


def test_a_file_without_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="needed a class"):
        vehicle_classes(written(tmp_path, ""))


def test_a_file_that_is_no_toml_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="TOML is needed"):
        vehicle_classes(written(tmp_path, "[pickup"))
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableError, match="UTF-8"):
        vehicle_classes(tmp_path / "b.toml")
    with pytest.raises(UnreadableError, match="does not exist"):
        vehicle_classes(tmp_path / "none.toml")


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError):
        vehicle_classes(written(tmp_path, "#" * 1_100_000))


def test_the_page_shows_the_catalogue_as_it_is(checkout: Path) -> None:
    page = (checkout / "docs" / "travel.md").read_text(encoding="utf-8")
    assert page.endswith(travel_tables_markdown(catalogue())), (
        f"docs/travel.md is old: run {Path(sys.executable).name} tools/travel_tables.py"
    )
