"""What to clear first, through the use case and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard.cli import main
from dashboard.operations import clearing, loading, roads, uploads
from dashboard.operations.situation import Situation
from geo.errors import InputError, SchemaError, UnknownIdError
from routing import clearance
from tests.osm_file import VALLEY_NODES, write_osm


def close_valley(valley: Situation) -> dict[str, str]:
    """The road between Asni and the junction, and the one on to Tinmel."""
    first = roads.close_road(valley, near=(-7.995, 31.0), reason="rockfall", source="gendarmes")
    second = roads.close_road(valley, near=(-7.975, 31.0), reason="pont emporté", confidence=0.5)
    return {"first": first["closure_id"], "second": second["closure_id"]}


def test_the_answer_names_people_crews_hours_and_sources(valley: Situation) -> None:
    ids = close_valley(valley)
    result = clearing.clear_first(valley, crews=1, hours=100.0)
    first, second = result["order"]
    # Asni and its depot stand on the first road itself; Tinmel lies behind both.
    assert [one["name"] for one in first["reconnects"]] == ["Asni"]
    (tinmel,) = second["reconnects"]
    assert tinmel["name"] == "Tinmel"
    # 60 blankets are missing at Tinmel and 20 tents for 5: the item that most people lack counts.
    assert tinmel["people"] == 100.0
    assert result["weights"]["unmet need"] >= 1
    table = {one["closure_ids"][0]: one for one in result["sites"]}
    assert table[ids["first"]]["crew_hours_basis"].startswith("estimate: rockfall")
    assert table[ids["second"]]["crew_hours_basis"].startswith("estimate: bridge down")
    assert {"lon", "lat", "label"} <= set(result["sites"][0])
    assert result["sensitivity"]["doubtful_sites"] == [table[ids["second"]]["site_id"]]
    assert any("gendarmes" in one["name"] for one in result["sources"])
    ends = [job["ends_at"] for job in result["schedule"]]
    assert ends == sorted(ends)
    assert result["totals"]["regained"] <= result["totals"]["regained_at_most"] + 0.1
    json.dumps(result, allow_nan=False)


def test_the_first_ranking_says_that_it_compiles_and_the_next_does_not(
    valley: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_valley(valley)
    said: list[str] = []
    monkeypatch.setattr(clearance, "is_kept", lambda _kernels: False)
    clearing.clear_first(valley, progress=lambda _share, text: said.append(text))
    assert [text for text in said if "compiling the clearance list" in text]
    monkeypatch.undo()
    said.clear()
    clearing.clear_first(valley, progress=lambda _share, text: said.append(text))
    assert not [text for text in said if "compiling" in text]
    assert "opening one site after the other" in said


def test_time_regained_is_in_person_hours(valley: Situation) -> None:
    close_valley(valley)
    result = clearing.clear_first(valley, measure="time")
    assert result["unit"] == "person-hours"
    assert result["order"][0]["gain"] > 0


def test_without_closures_there_is_nothing_to_clear_and_the_answer_says_so(
    valley: Situation,
) -> None:
    result = clearing.clear_first(valley)
    assert result["order"] == result["schedule"] == result["sites"] == []
    assert result["notes"] == ["no closure in force closes a road to truck: nothing to clear"]


def test_places_where_nobody_counted_are_said_to_count_for_nothing(
    empty: Situation, tmp_path: Path
) -> None:
    nodes = [
        (number, lon, lat, {key: value for key, value in tags.items() if key != "population"})
        for number, lon, lat, tags in VALLEY_NODES
    ]
    osm = write_osm(tmp_path / "uncounted.osm", nodes)
    loading.load(empty, "roads", [osm])
    loading.load(empty, "places", [osm], clip=True)
    sheet = tmp_path / "stock.csv"
    sheet.write_text("depot,lon,lat,item,quantity,unit\nD,-8.0,31.0,tent,4,piece\n", "utf-8")
    uploads.upload(empty, "stock", sheet, organisation="NGO One")
    roads.close_road(empty, near=(-7.975, 31.0), reason="rockfall")
    result = clearing.clear_first(empty)
    assert result["order"] == []
    (note,) = result["notes"]
    assert "places that are not reached count for nothing: nobody knows" in note


def test_hours_from_a_table_are_taken_and_named(valley: Situation, tmp_path: Path) -> None:
    ids = close_valley(valley)
    sheet = tmp_path / "hours.csv"
    sheet.write_text(f'site,crew_hours\n{ids["first"]},"2,5"\n', encoding="utf-8")
    result = clearing.clear_first(valley, crew_hours=sheet)
    table = {one["closure_ids"][0]: one for one in result["sites"]}
    assert table[ids["first"]]["crew_hours"] == 2.5
    assert table[ids["first"]]["crew_hours_basis"] == "given in hours.csv"


def test_bad_tables_of_hours_are_refused_in_one_line(valley: Situation, tmp_path: Path) -> None:
    close_valley(valley)
    sheet = tmp_path / "hours.csv"
    with pytest.raises(InputError, match=r"hours.csv: the file does not exist"):
        clearing.clear_first(valley, crew_hours=sheet)
    sheet.write_text("what,hours\nx,1\n", encoding="utf-8")
    with pytest.raises(SchemaError, match="columns site and crew_hours are needed"):
        clearing.clear_first(valley, crew_hours=sheet)
    sheet.write_text("site,crew_hours\nsite:x,many\nsite:y,-2\n", encoding="utf-8")
    with pytest.raises(SchemaError, match="2 rows without usable hours, first: row 2 'many'") as e:
        clearing.clear_first(valley, crew_hours=sheet)
    assert [one.row for one in e.value.problems] == ["2", "3"]
    sheet.write_text("site,crew_hours\nsite:x,2\n", encoding="utf-8")
    with pytest.raises(UnknownIdError, match="'site:x': no such work site"):
        clearing.clear_first(valley, crew_hours=sheet)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--crews", "0"), "--crews 0: a number from 1 to 1000 is needed"),
        (("--hours", "-3"), "--hours -3.0: a number above 0"),
        (("--class", "lorry"), "vehicle class lorry: one of truck"),
        (("--class", "truck,pickup"), "one vehicle class is needed"),
        (("--class", "air"), "vehicle class air: travel is known for"),
    ],
)
def test_misuse_is_one_line_and_status_2(
    valley: Situation,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    says: str,
) -> None:
    assert main(["clear-first", "--home", str(valley.home), *options]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert "Traceback" not in shown.err


def test_an_empty_situation_says_what_it_needs(empty: Situation) -> None:
    with pytest.raises(InputError, match="places are needed"):
        clearing.clear_first(empty)


def test_the_command_line_gives_text_and_json(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    close_valley(valley)
    assert main(["clear-first", "--home", str(valley.home)]) == 0
    assert "reconnects" in capsys.readouterr().out
    assert main(["clear-first", "--home", str(valley.home), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["totals"]["sites"] == 2
