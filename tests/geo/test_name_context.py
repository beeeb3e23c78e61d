"""Parents and neighbours inside a written place are told apart from its name."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.name_context import PlaceText, offset_point, read_place_text


@pytest.mark.parametrize(
    ("text", "name", "commune", "province"),
    [
        ("Douar Imlil, commune d'Asni, province Al Haouz", "Douar Imlil", "Asni", "Al Haouz"),
        ("Imlil commune Asni", "Imlil", "Asni", ""),
        ("Imlil (commune: Asni)", "Imlil", "Asni", ""),
        ("Imlil, Asni", "Imlil", "Asni", ""),
        ("Imlil, Asni, Al Haouz", "Imlil", "Asni", "Al Haouz"),
        ("دوار إمليل جماعة أسني إقليم الحوز", "دوار إمليل", "أسني", "الحوز"),
        ("Tinmel", "Tinmel", "", ""),
        ("Commune Asni", "Commune Asni", "", ""),
        ("", "", "", ""),
    ],
)
def test_parents(text: str, name: str, commune: str, province: str) -> None:
    assert read_place_text(text) == PlaceText(name=name, commune=commune, province=province)


@pytest.mark.parametrize(
    ("text", "name", "relation", "anchors"),
    [
        ("near Imlil", "", "near", ("Imlil",)),
        ("Azib, near Imlil", "Azib", "near", ("Imlil",)),
        ("près d'Imlil", "", "near", ("Imlil",)),
        ("Azib à côté de Tinmel", "Azib", "near", ("Tinmel",)),
        ("قرب إمليل", "", "near", ("إمليل",)),
        ("between Asni and Imlil", "", "between", ("Asni", "Imlil")),
        ("entre Asni et Imlil", "", "between", ("Asni", "Imlil")),
        ("بين أسني وإمليل", "", "between", ("أسني", "إمليل")),
        ("Nearby Hill", "", "near", ("Hill",)),
        ("Entrecasteaux", "Entrecasteaux", "", ()),
        ("Tizi n'Test", "Tizi n'Test", "", ()),
    ],
)
def test_neighbours(text: str, name: str, relation: str, anchors: tuple[str, ...]) -> None:
    found = read_place_text(text)
    assert (found.name, found.relation, found.anchors) == (name, relation, anchors)


@pytest.mark.parametrize(
    ("text", "distance_m", "bearing_deg", "anchor"),
    [
        ("3 km north of Imlil", 3_000, 0, "Imlil"),
        ("3,5 km au nord-ouest de Tinmel", 3_500, 315, "Tinmel"),
        ("à 800 m à l'est d'Asni", 800, 90, "Asni"),
        ("2km south-west of Asni", 2_000, 225, "Asni"),
        ("5 km ouest Asni", 5_000, 270, "Asni"),
        ("3 كلم شمال إمليل", 3_000, 0, "إمليل"),
        ("3 كلم شمال شرق إمليل", 3_000, 45, "إمليل"),
    ],
)
def test_offsets(text: str, distance_m: float, bearing_deg: float, anchor: str) -> None:
    found = read_place_text(text)
    assert found.relation == "offset"
    assert (found.distance_m, found.bearing_deg, found.anchors) == (
        distance_m, bearing_deg, (anchor,),
    )  # fmt: skip


def test_a_distance_without_a_side_has_no_bearing() -> None:
    found = read_place_text("3 km from Imlil")
    assert (found.relation, found.distance_m, found.anchors) == ("offset", 3_000, ("Imlil",))
    assert math.isnan(found.bearing_deg)


def test_an_absurd_distance_is_no_offset() -> None:
    assert read_place_text("9000 km north of Imlil").relation == ""


def test_a_point_lies_where_it_was_said() -> None:
    lon, lat = offset_point(-8.0, 31.0, 1_000, 0)
    assert lon == pytest.approx(-8.0)
    assert lat == pytest.approx(31.00902, abs=1e-5)  # a degree is 110.86 km at 31° N


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    found = read_place_text(text)
    assert len(found.name) <= 300
    if found.relation:
        assert all(found.anchors)
