"""Templates: what is filled in is read whole, in every language, and nothing in them is live."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from dashboard.cli import main
from dashboard.languages import LANGUAGES, reading_in
from dashboard.operations import templating, uploads
from dashboard.operations.situation import Situation
from dashboard.templatewords import choice_labels, words
from data.intake.cells.words import road_state, urgency, vehicle_class, work_state
from data.intake.columns.guess import SURE
from data.intake.columns.titles import field_by_title
from data.templates.columns import COLUMNS
from geo.errors import EmptyInputError, InputError

PLACES = (
    "name,commune,lon,lat\nTinmel,Talat N'Yaaqoub,-8.228,30.985\nIghil,Ighil,-8.287,30.984\n"
    'Imlil,Asni,-7.919,31.137\nImlil,Ouirgane,-8.08,31.17\n"=1+1",Ighil,-8.3,30.99\n'
)
STOCK = "depot,lon,lat,item,quantity\nAsni depot,-7.98,31.25,tent,40\n"


@pytest.fixture(scope="module")
def situation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Situation]:
    folder = tmp_path_factory.mktemp("templates")
    with Situation.create(
        folder / "home", name="Valley", timezone="Africa/Casablanca"
    ) as situation:
        for kind, text in (("places", PLACES), ("stock", STOCK)):
            path = folder / f"{kind}.csv"
            path.write_text(text, encoding="utf-8")
            taken = uploads.upload(situation, kind, path, organisation="Cell", add_places=True)
            assert taken["rejected"] == 0
        yield situation


def filled(made: templating.Template, path: Path, **said: Any) -> Path:
    """Overwrite the example below the titles, as a person does, with what is said by field."""
    book = load_workbook(io.BytesIO(made.content))
    page = book.worksheets[0]
    row = page.max_row + 1
    for at, field in enumerate(made.fields, start=1):
        if field in said:
            page.cell(row, at, said[field])
    book.save(path)
    return path


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_title_and_every_choice_is_read_as_what_it_is(language: str) -> None:
    readers: dict[str, Any] = {
        "urgency": urgency,
        "class": vehicle_class,
        "state": road_state,
        "work": work_state,
    }
    with reading_in(language):
        for kind, columns in COLUMNS.items():
            titles = words(kind).fields
            for column in columns:
                assert field_by_title(f"{titles[column.field]} *", kind)[0] == column.field
        for name, entries in choice_labels().items():
            for entry, label in entries.items():
                assert readers[name](label) == readers[name](entry) is not None, (name, label)


ROWS: dict[str, dict[str, Any]] = {
    "damage": {"place": "Tinmel", "destroyed": 40, "damaged": 12, "total": 80},
    "stock": {"depot": "Asni depot", "item": "Blanket", "quantity": 9, "lot": "L-1"},
    "deliveries": {"place": "Ighil", "item": "Blanket", "quantity": 3, "funder": "Fund"},
    "vehicles": {
        **{"vehicle": "T 1", "class": "mule", "capacity_kg": 100, "capacity_m3": 1},
        **{"depot": "Asni depot", "shift_h": 8, "speed_factor": 0.8, "crew": 1, "together": "a"},
    },
    "volunteers": {"volunteer": "B-1", "place": "Tinmel", "skills": "mapper", "languages": "ar"},
    "activities": {
        **{
            "organisation": "Atlas",
            "sector": "Shelter",
            "activity": "tents",
            "item": "Family tent",
        },
        **{
            "activity": "tents",
            "quantity": 4,
            "place": "Tinmel",
            "status": "running",
            "reached": 20,
        },
        **{"start_at": date(2023, 9, 10), "end_at": date(2023, 9, 12)},
    },
    "places": {"place": "Azrou", "commune": "Ighil", "lon": -8.3, "lat": 30.9, "people": 90},
}


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_a_filled_sheet_goes_in_with_all_columns_and_without_its_example(
    situation: Situation, tmp_path: Path, kind: str
) -> None:
    made = templating.template(situation, kind, language="en")
    path = filled(made, tmp_path / "filled.xlsx", **ROWS[kind])
    told = uploads.upload(
        situation, kind, path, organisation="NGO", dry_run=True, add_places=kind == "places"
    )
    [sheet] = told["sheets"]
    assert [one["field"] for one in sheet["columns"]] == list(made.fields)
    assert all(one["confidence"] >= SURE for one in sheet["columns"])
    assert (told["accepted"], told["rejected"]) == (1, 0), told["rows"]
    assert "1 example row was left out" in told["notes"]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_needs_chosen_from_the_lists_go_in_in_every_language(
    situation: Situation, tmp_path: Path, language: str
) -> None:
    made = templating.template(situation, "needs", language=language)
    lists = load_workbook(io.BytesIO(made.content))["lists"]
    offered = {
        column[0].value: [one.value for one in column[1:] if one.value is not None]
        for column in lists.iter_cols()
    }
    assert "=1+1" not in offered["place"], "picked, it would be a formula"
    namesakes = [one for one in offered["place"] if one.startswith("Imlil")]
    assert len(namesakes) == 2
    book = load_workbook(io.BytesIO(made.content))
    page = book.worksheets[0]
    assert page.sheet_view.rightToLeft == (language == "ar")
    rules = page.data_validations.dataValidation
    assert sum(rule.type == "list" for rule in rules) == 4
    rows = [(place, item) for place in offered["place"] for item in offered["item"][:2]]
    rows += [("Tinmel", item) for item in offered["item"]]
    fields = dict(zip(made.fields, range(1, 20), strict=False))
    for at, (place, item) in enumerate(rows, start=page.max_row + 1):
        urgent = offered["urgency"][at % 4]
        for field, value in {
            "place": place,
            "item": item,
            "quantity": at,
            "weight": urgent,
        }.items():
            page.cell(at, fields[field], value)
    book.save(tmp_path / "needs.xlsx")
    told = uploads.upload(
        situation, "needs", tmp_path / "needs.xlsx", organisation="NGO", dry_run=True
    )
    assert (told["accepted"], told["rejected"]) == (len(rows), 0), told["rows"]
    assert [one["field"] for one in told["sheets"][0]["columns"]] == list(made.fields)


def test_an_empty_template_brings_nothing(situation: Situation, tmp_path: Path) -> None:
    path = filled(templating.template(situation, "needs", language="fr"), tmp_path / "empty.xlsx")
    with pytest.raises(EmptyInputError, match="no row"):
        uploads.upload(situation, "needs", path, organisation="NGO")


@pytest.mark.parametrize("kind", sorted(COLUMNS))
def test_forms_are_taken_by_the_converter_of_kobo_and_odk(
    situation: Situation, tmp_path: Path, kind: str
) -> None:
    from pyxform.xls2xform import convert

    made = templating.template(situation, kind, language="ar", form="xlsform")
    converted = convert(io.BytesIO(made.content), file_type=".xlsx", validate=False)
    assert not converted.warnings
    for code, name in LANGUAGES.items():
        assert f'lang="{name} ({code})"' in converted.xform
    assert f'lang="{LANGUAGES["ar"]} (ar)" default="true()"' in converted.xform
    assert f"qafila_{kind.replace('-', '_')}" in converted.xform


def test_answers_to_a_form_go_in_as_kobo_exports_them(situation: Situation, tmp_path: Path) -> None:
    made = templating.template(situation, "needs", language="fr", form="xlsform")
    book = load_workbook(io.BytesIO(made.content))
    questions = _rows(book["survey"])
    choices = _rows(book["choices"])
    assert [one["name"] for one in questions][:6] == [
        *("start", "end", "commune", "place_id", "place", "item")
    ]
    place = next(one for one in choices if one["label::English (en)"] == "Imlil")
    assert place["commune"] in {one["name"] for one in choices if one["list_name"] == "commune"}
    answers = dict.fromkeys((str(one["name"]) for one in questions), "")
    answers |= {"place_id": place["name"], "commune": place["commune"], "item": "tent"}
    answers |= {"quantity": "7", "weight": "critical"}
    by_hand = answers | {"place_id": "", "place": "Tinmel", "item": "blanket"}
    by_hand["commune"] = next(str(one["name"]) for one in choices if "Talat" in str(one["name"]))
    kobo = ("_id", "_uuid", "_submission_time", "_validation_status", "_status", "_submitted_by")
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([*answers, *kobo])
        for number, one in enumerate((answers, by_hand)):
            stamp = ("2023-09-12T14:00:00.000+01:00", "2023-09-12T14:01:00.000+01:00")
            said = one | {"start": stamp[0], "end": stamp[1]}
            about = (f"10{number}", f"uuid-{number}", stamp[1][:19], "", "submitted_via_web", "")
            writer.writerow([*said.values(), *about])
    told = uploads.upload(situation, "needs", path, organisation="NGO", dry_run=True)
    assert (told["accepted"], told["rejected"]) == (2, 0), told["rows"]
    # Two villages are called Imlil: the code says which, whatever the name.
    assert told["rows"][0]["place_id"] == f"place:{place['name']}"
    fields = {one["title"]: one["field"] for one in told["sheets"][0]["columns"]}
    asked = [name for name in answers if name not in ("start", "end")]
    assert {name: fields[name] for name in asked} == {name: name for name in asked}


def test_several_classes_of_a_form_are_read(situation: Situation) -> None:
    from dashboard.operations.road_reports import _classes
    from data.intake.row import Row

    def read(written: str) -> tuple[tuple[str, ...], int]:
        row = Row(1, [written], {"classes": 0})
        return _classes(row), len(row.problems)

    assert read("truck pickup") == (("truck", "pickup"), 0)
    assert read("land cruiser; mulet") == (("pickup", "mule"), 0)
    assert read("truck spaceship")[1] == 1


@pytest.mark.parametrize(
    ("kind", "language", "needed"), [("poems", "en", "road-status"), ("needs", "tlh", "zgh")]
)
def test_what_has_no_template_is_said(
    situation: Situation, kind: str, language: str, needed: str
) -> None:
    with pytest.raises(InputError, match=needed):
        templating.template(situation, kind, language=language)


def test_the_verb_writes_a_template_or_says_why_not(
    situation: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(situation.home)]
    target = tmp_path / "stock.xlsx"
    assert main(["template", "stock", "--to", str(target), "--lang", "ar", "--json", *home]) == 0
    assert "funder" in json.loads(capsys.readouterr().out)["fields"]
    assert load_workbook(target).worksheets[0]["A1"].value == "المستودع *"
    for wrong in (tmp_path / "stock.csv", target / "stock.xlsx"):
        assert main(["template", "stock", "--to", str(wrong), *home]) == 2
        assert "Traceback" not in capsys.readouterr().err


def _rows(page: Any) -> list[dict[str, Any]]:
    heads, *rows = page.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]
