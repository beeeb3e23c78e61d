"""A mapping file: what it says is done, what it does not say is counted, what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point, box

from geo.damage import damage_from_vector
from geo.damage_mapping import mapping_template, read_mapping
from geo.errors import SchemaError, UnreadableError

GOOD = """
[source]
name = "Service X"
licence = "CC BY 4.0"

[columns]
grade = "ETAT"
date = "vu_le"
sensor = "sat"
object = "quoi"

[grades]
"effondré" = "destroyed"
"fissuré" = "damaged"
"3" = "possibly_damaged"
"intact" = "no_visible_damage"

[objects]
buildings = ["Maison", "école"]
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Any:
    def write(text: str) -> Path:
        path = tmp_path / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def layer() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            # A column that we would take ourselves says something else.
            "damage_gra": ["Destroyed"] * 6,
            "ETAT": ["Effondré", "fissuré", "3", "intact", "penché", None],
            "vu_le": ["2025-01-08"] * 6,
            "sat": ["Pléiades Neo"] * 6,
            "quoi": ["maison", "Maison", "École", "pont", "maison", "maison"],
        },
        geometry=[Point(-8 + i / 1000, 31) for i in range(6)],
        crs="EPSG:4326",
    )


def test_columns_labels_and_objects_are_read_as_the_file_says(mapping: Any) -> None:
    read = damage_from_vector(layer(), source="x", mapping=read_mapping(mapping(GOOD)))
    assert read.points["grade"].tolist() == [
        "destroyed",
        "damaged",
        "possibly_damaged",
        "no_visible_damage",
        "not_analysed",
        "not_analysed",
    ]
    assert read.points["is_building"].tolist() == [True, True, True, False, True, True]
    assert read.points["grade_written"].tolist()[0] == "Effondré"
    assert set(read.points["sensor"]) == {"Pléiades Neo"}
    assert read.points["observed_at"].iloc[0] == pd.Timestamp("2025-01-08", tz="UTC")


def test_labels_that_the_file_does_not_name_are_counted_and_never_guessed(mapping: Any) -> None:
    # "Destroyed" is known to every vocabulary of ours, but this file does not name it.
    frame = layer()
    frame["ETAT"] = ["effondré", "Destroyed", "Destroyed", "x", None, "fissuré"]
    report = damage_from_vector(frame, source="x", mapping=read_mapping(mapping(GOOD))).report
    assert report.unknown_labels == {"Destroyed": 2, "x": 1}
    assert report.grades["destroyed"] == 1
    assert any("'Destroyed' 2" in note for note in report.notes)


def test_a_building_word_of_the_file_counts_before_ours(mapping: Any) -> None:
    text = GOOD.replace('buildings = ["Maison", "école"]', 'not_buildings = ["maison"]')
    read = damage_from_vector(layer(), source="x", mapping=read_mapping(mapping(text)))
    # Of the other objects our own words tell; "pont" and "École" are none of them.
    assert read.points["is_building"].tolist() == [False, False, True, True, False, False]


def test_who_made_it_and_under_which_licence_is_kept(mapping: Any) -> None:
    told = read_mapping(mapping(GOOD))
    assert (told.source, told.licence) == ("Service X", "CC BY 4.0")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('grade = "ETAT"', "", "does not say which column is the grade"),
        ('"destroyed"', '"gone"', "label 'effondré' has the unknown grade 'gone'"),
        ('"fissuré" = "damaged"', '"fissuré" = ""', "label 'fissuré' has no grade"),
        ("[objects]", "[objekts]", r"unknown section \[objekts\]"),
        ('sensor = "sat"', 'sensors = "sat"', r"unknown key 'sensors' in \[columns\]"),
        ('["Maison", "école"]', '"Maison"', "objects.buildings is no list of texts"),
        ('"intact" =', '"EFFONDRÉ" =', "are one label with two grades"),
        ('date = "vu_le"', "date = 3", "columns.date is no text"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(mapping: Any, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(SchemaError, match=said):
        read_mapping(mapping(GOOD.replace(old, new)))


def test_all_problems_are_named_at_once(mapping: Any) -> None:
    with pytest.raises(SchemaError, match=r"does not say which column.*names no label"):
        read_mapping(mapping('[source]\nname = "x"\n'))


def test_a_column_that_the_layer_lacks_is_named_with_those_it_has(mapping: Any) -> None:
    text = GOOD.replace('"ETAT"', '"etat_bati"')
    with pytest.raises(
        SchemaError, match=r"'etat_bati'.*it has damage_gra, ETAT, vu_le, sat, quoi"
    ):
        damage_from_vector(layer(), source="x", mapping=read_mapping(mapping(text)))


@pytest.mark.parametrize("content", [b"[columns\ngrade=1", b"\xff\xfe\x00", b"grade = { a = "])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.toml"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"no TOML in UTF-8.*--mapping-template"):
        read_mapping(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no such mapping file"):
        read_mapping(tmp_path / "none.toml")


def test_a_template_names_columns_and_labels_and_is_refused_until_it_is_filled_in(
    mapping: Any,
) -> None:
    frame = gpd.GeoDataFrame(
        {"Sensor": ["a"] * 3, "Zustand": ["Destroyed", 'schief "stark"', 'schief "stark"']},
        geometry=[box(0, 0, 1, 1)] * 3,
        crs="EPSG:4326",
    )
    text = mapping_template(frame, shown="layer.gpkg")
    assert 'grade = "Zustand"' in text
    assert 'sensor = "Sensor"' in text
    assert '"Destroyed" = "destroyed"    # 1 rows' in text
    path = mapping(text)
    with pytest.raises(SchemaError, match=r"label 'schief \"stark\"' has no grade"):
        read_mapping(path)
    filled = mapping(text.replace('\\"stark\\"" = ""', '\\"stark\\"" = "damaged"'))
    read = damage_from_vector(frame, source="x", mapping=read_mapping(filled))
    assert read.points["grade"].tolist() == ["destroyed", "damaged", "damaged"]


def test_a_template_of_unosat_finds_the_grades_by_itself(real_data: Path) -> None:
    from geo.vectors import read_vector

    frame = read_vector(real_data / "alhaouz" / "damage_unosat.geojson")
    text = mapping_template(frame, shown="damage_unosat.geojson")
    assert 'grade = "Main_Dmg"' in text
    assert 'sensor = "SensorID"' in text
