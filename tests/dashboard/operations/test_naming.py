"""Names: what is decided and what is asked, aliases that are learned, places that people add."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import Point

from dashboard.cli import main
from dashboard.operations import assessing, loading, naming, picture, reaching, uploads
from dashboard.operations.situation import Situation
from geo.errors import InputError, RuleError, UnknownIdError

TINMEL = "place:osm-n102"


def _sheet(folder: Path, text: str, name: str = "sheet.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _needs(
    valley: Situation, folder: Path, place: str, *, add_places: bool = False, **more: str
) -> dict[str, object]:
    header = ",".join(("place", "item", "quantity", *more))
    cells = ",".join(f'"{cell}"' for cell in (place, "tent", "5", *more.values()))
    sheet = _sheet(folder, f"{header}\n{cells}\n")
    result = uploads.upload(valley, "needs", sheet, organisation="NGO Two", add_places=add_places)
    row: dict[str, object] = result["rows"][0]
    return row | {"upload_id": result["upload_id"]}


# --- what is decided ---------------------------------------------------------------------------


def test_a_match_gives_ranked_candidates_with_score_method_and_gap(valley: Situation) -> None:
    found = naming.match(valley, "Tinmell")
    assert found["place_id"] == TINMEL
    best = found["candidates"][0]
    assert (best["name"], best["method"]) == ("Tinmel", "spelling")
    assert 0.88 <= best["score"] < 1
    assert best["gap"] > 0.2


def test_a_name_like_nothing_is_not_decided(valley: Situation) -> None:
    found = naming.match(valley, "Zzyzx")
    assert (found["place_id"], found["status"]) == (None, "rejected")


def test_the_upload_says_how_a_place_was_found(valley: Situation, tmp_path: Path) -> None:
    row = _needs(valley, tmp_path, "Tinmell")
    match = row["match"]
    assert isinstance(match, dict)
    assert match["method"] == "spelling"
    assert match["gap"] > 0


@pytest.mark.parametrize("text", ["near Tinmel", "3 km north of Tinmel", "entre Tinmel et Ighil"])
def test_neighbours_alone_never_decide(valley: Situation, tmp_path: Path, text: str) -> None:
    row = _needs(valley, tmp_path, text)
    assert row["status"] == "undecided"
    assert row["place_id"] is None
    assert "says only where it lies" in str(row["problems"])
    assert row["candidates"]


def test_a_name_beside_its_neighbour_is_found(valley: Situation, tmp_path: Path) -> None:
    row = _needs(valley, tmp_path, "Tinmel, près d'Ighil")
    assert (row["status"], row["place_id"]) == ("repaired", TINMEL)


def test_a_neighbour_that_nobody_knows_is_asked_about(valley: Situation, tmp_path: Path) -> None:
    row = _needs(valley, tmp_path, "near Zzyzx")
    assert "which 'Zzyzx' is meant" in str(row["problems"])


def test_parents_inside_the_text_tell_namesakes_apart(empty: Situation, tmp_path: Path) -> None:
    path = tmp_path / "places.geojson"
    gpd.GeoDataFrame(
        {"name": ["Imlil", "Imlil"], "commune": ["Asni", "Aghbar"]},
        geometry=[Point(-7.921, 31.137), Point(-8.442, 30.898)],
        crs="EPSG:4326",
    ).to_file(path)
    loading.load(empty, "places", [path])
    assert naming.match(empty, "Imlil")["place_id"] is None
    for text in (
        "Douar Imlil, commune d'Asni, province Al Haouz",
        "Imlil, Asni",
        "إمليل جماعة أسني",
    ):
        found = naming.match(empty, text)
        assert found["place_id"] is not None, text
        assert found["candidates"][0]["commune"] == "Asni"


def test_a_coordinate_far_from_the_place_named_is_shown(valley: Situation, tmp_path: Path) -> None:
    row = _needs(valley, tmp_path, "Tinmel", coordinates="31.0150, -7.9750")
    assert row["place_id"] in (TINMEL, None)
    said = str(row["notes"]) + str(row["problems"])
    assert "km from the place named" in said or "one place" in said


# --- coordinates outside are asked about -------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("31.001, 7.975", "31.00100, -7.97500? the sign of the longitude is lost"),
        ("48.85, 2.35", "is it another area, or a slip?"),
    ],
)
def test_a_coordinate_outside_is_asked_about(
    valley: Situation, tmp_path: Path, written: str, asked: str
) -> None:
    seq = valley.seq()
    row = _needs(valley, tmp_path, "", coordinates=written)
    assert row["status"] == "undecided"
    assert asked in str(row["problems"])
    assert valley.seq() == seq


def test_swapped_columns_are_asked_about(valley: Situation, tmp_path: Path) -> None:
    row = _needs(valley, tmp_path, "", lon="31.001", lat="-7.975")
    assert row["status"] == "undecided"
    assert "latitude and longitude are swapped" in str(row["problems"])
    row = _needs(valley, tmp_path, "", lon="0", lat="0")
    assert row["status"] == "rejected"
    assert "not 0, 0" in str(row["problems"])


# --- aliases -----------------------------------------------------------------------------------


def test_an_alias_is_learned_and_can_be_forgotten(valley: Situation, tmp_path: Path) -> None:
    written = "chez Omar l-fouqani"
    assert _needs(valley, tmp_path, written)["place_id"] is None
    alias = naming.confirm_alias(valley, TINMEL, written)
    row = _needs(valley, tmp_path, "Chez OMAR l fouqani")
    assert (row["place_id"], row["match_score"]) == (TINMEL, 1.0)
    assert naming.match(valley, written)["candidates"][0]["method"] == "alias"
    uploads.undo(valley, alias["alias_id"])
    assert naming.match(valley, written)["place_id"] is None
    with pytest.raises(UnknownIdError, match="no such confirmed name"):
        uploads.undo(valley, alias["alias_id"])


def test_an_alias_follows_its_place_to_another_id(valley: Situation, tmp_path: Path) -> None:
    naming.confirm_alias(valley, TINMEL, "chez Omar")
    path = tmp_path / "census.geojson"
    gpd.GeoDataFrame(
        {"code": ["0410713202020"], "name": ["Tinmal"]},
        geometry=[Point(-7.975, 31.001)],
        crs="EPSG:4326",
    ).to_file(path)
    loading.load(valley, "places", [path])
    assert naming.match(valley, "chez Omar")["place_id"] == "place:MA-0410713202020"


def test_a_name_confirmed_for_two_places_is_asked_about(valley: Situation) -> None:
    naming.confirm_alias(valley, TINMEL, "chez Omar")
    second = naming.confirm_alias(valley, "place:osm-n103", "Chez  Omar")
    assert "it will be asked about" in second["notes"][0]
    assert naming.match(valley, "chez Omar")["place_id"] is None


@pytest.mark.parametrize(
    ("place", "written", "error", "said"),
    [
        (TINMEL, "", InputError, "a name of 1 to 300"),
        (TINMEL, "\u202e\u200f", InputError, "a name of 1 to 300"),
        (TINMEL, "x" * 10_000, InputError, "a name of 1 to 300"),
        ("place:none", "Omar", UnknownIdError, "no such place here"),
    ],
)
def test_an_alias_that_cannot_be_is_refused(
    valley: Situation, place: str, written: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        naming.confirm_alias(valley, place, written)


def test_an_alias_is_confirmed_once(valley: Situation) -> None:
    naming.confirm_alias(valley, TINMEL, "chez Omar")
    with pytest.raises(InputError, match="confirmed already"):
        naming.confirm_alias(valley, TINMEL, "Chez Omar")


def test_the_command_line_matches_and_learns(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley.home), "--json"]
    assert main(["alias", TINMEL, "chez Omar", *home]) == 0
    alias = json.loads(capsys.readouterr().out)
    assert main(["match", "chez omar", *home]) == 0
    assert json.loads(capsys.readouterr().out)["place_id"] == TINMEL
    assert main(["undo", alias["alias_id"], *home]) == 0
    capsys.readouterr()
    assert main(["match", "chez omar", *home]) == 1


# --- places that people add --------------------------------------------------------------------

HAMLETS = (
    "name,lat,lon,kind,people,commune\n"
    "Azib n'Ait Lahcen عزيب,31.012,-7.982,hamlet,40,\n"
    "Azib Fouqani,31.02,-7.96,,,\n"
    "Tinmel,31.0012,-7.9752,,,\n"
    ",31.0,-7.97,,,\n"
    "Far,48.1,2.1,,,\n"
    "Kind,31.015,-7.97,castle,,\n"
    "Many,31.015,-7.97,,-4,\n"
    "near Tinmel,31.015,-7.97,,,\n"
    "Nowhere,,,,,\n"
)


def _add(valley: Situation, folder: Path) -> dict[str, object]:
    return uploads.upload(valley, "places", _sheet(folder, HAMLETS), organisation="Amis du douar")


def test_added_places_are_first_class(valley: Situation, tmp_path: Path) -> None:
    result = _add(valley, tmp_path)
    rows = result["rows"]
    assert isinstance(rows, list)
    assert [row["status"] for row in rows] == [
        "accepted", "accepted", "undecided", "rejected", "undecided", "rejected", "rejected",
        "rejected", "rejected",
    ]  # fmt: skip
    added = str(rows[0]["place_id"])
    place = valley.places().set_index("place_id").loc[added]
    assert (place["name"], place["name_ar"]) == ("Azib n'Ait Lahcen", "عزيب")
    assert (place["kind"], place["people"], place["source"]) == ("hamlet", 40, "Amis du douar")
    assert naming.match(valley, "azib nait lahcen")["place_id"] == added
    assert added in {one["place_id"] for one in assessing.assess(valley)["places"]}
    assert added in {one["place_id"] for one in reaching.make_reach(valley)["places"]}
    assert added in set(picture.picture(valley).places["place_id"])
    need = _needs(valley, tmp_path, "Azib n'Ait Lahcen")
    assert need["place_id"] == added


def test_a_place_that_may_be_known_is_asked_about(valley: Situation, tmp_path: Path) -> None:
    rows = _add(valley, tmp_path)["rows"]
    assert isinstance(rows, list)
    assert rows[2]["candidates"][0]["place_id"] == TINMEL
    assert "a place that is not known yet" in str(rows[2]["problems"])


def test_undoing_an_upload_takes_its_places_away_unless_they_lack_something(
    valley: Situation, tmp_path: Path
) -> None:
    before = valley.places()
    upload_id = str(_add(valley, tmp_path)["upload_id"])
    need = _needs(valley, tmp_path, "Azib Fouqani")
    with pytest.raises(RuleError, match="needs are reported for this place"):
        uploads.undo(valley, upload_id)
    uploads.undo(valley, str(need["upload_id"]))
    uploads.undo(valley, upload_id)
    assert valley.places().equals(before)


def test_one_added_place_is_taken_back(valley: Situation, tmp_path: Path) -> None:
    rows = _add(valley, tmp_path)["rows"]
    assert isinstance(rows, list)
    uploads.undo(valley, rows[1]["place_id"])
    assert rows[1]["place_id"] not in set(valley.places()["place_id"])
    with pytest.raises(UnknownIdError, match="nobody added such a place"):
        uploads.undo(valley, TINMEL)


def test_an_unknown_name_with_a_coordinate_is_offered_and_added_only_when_asked(
    valley: Situation, tmp_path: Path
) -> None:
    where = {"coordinates": "31.0140, -7.9900"}
    row = _needs(valley, tmp_path, "Bouzguemmoul", **where)
    assert row["status"] == "undecided"
    assert "--add-places" in str(row["problems"])
    row = _needs(valley, tmp_path, "Bouzguemmoul", add_places=True, **where)
    assert (row["status"], row["notes"]) == ("repaired", ["added as a place of its own"])
    assert row["place_id"] in set(valley.places()["place_id"])
    uploads.undo(valley, str(row["upload_id"]))
    assert row["place_id"] not in set(valley.places()["place_id"])


def test_two_rows_of_one_new_place_add_it_once(valley: Situation, tmp_path: Path) -> None:
    text = (
        "place,item,quantity,lat,lon\n"
        "Bouzguemmoul,tent,5,31.014,-7.99\n"
        "bouzguemmoul,blanket,x,31.014,-7.99\n"
        "BOUZGUEMMOUL,blanket,9,31.0141,-7.99\n"
    )
    count = len(valley.places())
    result = uploads.upload(
        valley, "needs", _sheet(tmp_path, text), organisation="NGO Two", add_places=True
    )
    assert [row["status"] for row in result["rows"]] == ["repaired", "rejected", "repaired"]
    assert len(valley.places()) == count + 1


def test_places_begin_a_situation(empty: Situation, tmp_path: Path) -> None:
    uploads.upload(empty, "places", _sheet(tmp_path, HAMLETS), organisation="Amis")
    assert empty.info().bounds is not None
    assert len(empty.places()) > 0
