"""3W tables taken in, overlaps and gaps found; a real register reproduced independently."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from dashboard.cli import main
from dashboard.operations import uploads, who_does_what
from dashboard.operations.situation import Situation
from geo.errors import UnknownIdError

SHEET = """organisation,partenaire,village,article,quantité,statut,date début,date fin,bénéficiaires
UN,Croissant,Tinmel,tentes,20,en cours,2023-09-10,2023-09-14,100
UN,Caritas,Tinmel,tents,30,planned,2023-09-12,2023-09-20,
UN,Caritas,Ighil,couvertures,~40,منجز,2023-09-01,2023-09-02,
UN,Caritas,Ighil,formation des maçons,2,peut-être,,,
UN,,Tinmel,tents,30,planned,,,
UN,Caritas,Tinmel,tents,30,planned,2023-09-20,2023-09-12,
UN,Caritas,Atlantis,tents,30,planned,,,
"""


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "3w.csv"
    path.write_text(SHEET, encoding="utf-8")
    return path


def test_a_3w_sheet_is_taken_row_by_row(valley: Situation, sheet: Path) -> None:
    result = uploads.upload(valley, "activities", sheet, organisation="OCHA")
    # Row 5 names no partner: then the organisation of the row does the work itself.
    assert [row["status"] for row in result["rows"]] == [
        "accepted", "accepted", "repaired", "repaired", "accepted", "rejected", "rejected",
    ]  # fmt: skip
    assert [one["column"] for one in result["rows"][5]["problems"]] == ["end_at"]
    first, second, third, fourth, fifth = valley.store.activities()
    assert (first.actor, first.item_id, first.quantity) == ("Croissant", "tent", 20)
    assert (first.status, first.people_reached) == ("running", 100)
    assert (second.actor, second.status) == ("Caritas", "planned")
    assert (third.item_id, third.status) == ("blanket", "done")
    assert (fourth.item_id, fourth.quantity, fourth.status) == (None, None, "unknown")
    assert fourth.activity == "formation des maçons"
    assert fifth.actor == "UN"


def test_overlaps_gaps_and_undo(valley: Situation, sheet: Path) -> None:
    result = uploads.upload(valley, "activities", sheet, organisation="OCHA")
    found = who_does_what.who_does_what(valley)
    (over,) = found["overlaps"]
    assert (over["name"], over["what"], over["certain"]) == ("Tinmel", "tent", True)
    assert over["actors"] == ["Caritas", "Croissant", "UN"]
    gaps = {(one["name"], one["item"]): one["kind"] for one in found["gaps"]}
    assert gaps["Ighil", "tent"] == "no actor"
    assert ("Tinmel", "tent") not in gaps  # 80 are planned
    assert found["totals"]["organisations"] == 3
    assert {one["name"] for one in found["places_without_actor"]}.isdisjoint({"Tinmel", "Ighil"})
    again = uploads.upload(valley, "activities", sheet, organisation="OCHA")
    assert {one["status"] for one in again["rows"][:5]} == {"duplicate"}
    uploads.undo(valley, result["upload_id"])
    assert who_does_what.who_does_what(valley)["totals"]["activities"] == 0


def test_what_is_called_off_is_an_overlap_no_more(
    valley: Situation, sheet: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    uploads.upload(valley, "activities", sheet, organisation="OCHA")
    home = ["--json", "--home", str(valley.home)]
    for one in valley.store.activities():
        if one.actor in {"Caritas", "UN"}:
            assert main(["activities", "--set", one.activity_id, "cancelled", *home]) == 0
    capsys.readouterr()
    folder = tmp_path / "out"
    assert main(["activities", "--to", str(folder), *home]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["overlaps"] == []
    assert found["totals"]["by_status"] == {"cancelled": 4, "running": 1}
    assert len(pd.read_csv(folder / "activities.csv")) == 5
    assert len(found["files"]) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "activity:none", "done"], "no such activity"),
        (["--set", "activity:none", "perhaps"], "one of planned"),
        (["--commune", "Atlantis"], "no place lies in such a commune"),
        (["--to", "/proc/nowhere"], "it cannot be written"),
    ],
)
def test_bad_questions_are_refused_in_one_line(
    valley: Situation, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["activities", *options, "--home", str(valley.home)]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_an_unknown_commune_is_refused(valley: Situation) -> None:
    with pytest.raises(UnknownIdError):
        who_does_what.tables(valley, commune="Atlantis")


# --- the register of Nepal 2015 ---

#: Written here by hand, so that the program's own dictionary of items is not asked.
ITEMS = {"Tarpaulin": "tarpaulin", "Blankets": "blanket", "Tents": "tent"}


@pytest.mark.slow
def test_overlaps_of_a_real_register_are_those_of_a_plain_count(
    empty: Situation, real_data: Path
) -> None:
    folder = real_data / "nepal"
    columns = {"X": "lon", "Y": "lat", "VDC_NAME": "place", "HLCIT_CODE": "place_id"}
    uploads.upload(
        empty, "places", folder / "master_hlcit.csv", organisation="OCHA", columns=columns
    )
    register = folder / "agency_relief_old2.csv"
    uploads.upload(empty, "activities", register, organisation="OCHA")
    over = who_does_what.tables(empty)["overlaps"]
    rows = pd.read_csv(register, lineterminator="\r", dtype=str, encoding="utf-8").fillna("")
    rows["item"] = rows["desc"].str.strip().map(ITEMS)
    coded = rows[(rows["hlcit"].str.strip() != "") & rows["item"].notna()]
    coded = coded[coded["impl_ag"].str.strip() != ""]
    actors = coded["impl_ag"].str.casefold().str.split().str.join(" ")
    place = coded["hlcit"].str.split().str.join("-")
    counts = actors.groupby([place, coded["item"]]).nunique()
    known = set(empty.places()["place_id"].str.removeprefix("place:"))
    several = counts[(counts > 1) & counts.index.get_level_values(0).isin(known)]
    assert len(several) > 200
    assert not over["certain"].any()  # the register has no days
    found = over.set_index([over["place_id"].str.removeprefix("place:"), "what"])["n_actors"]
    # Rows that were placed by their name alone can only add organisations to what the codes say.
    assert [key for key in several.index if found.get(key, 0) < several[key]] == []
