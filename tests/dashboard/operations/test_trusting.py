"""Trust: who verified what, what is hearsay, what is told twice, and what of it is planned."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dashboard.operations import duplicates, trusting, uploads
from dashboard.operations.organisations import set_organisation
from dashboard.operations.planning import build_problem
from dashboard.operations.situation import Situation
from geo.errors import InputError


def wanted(situation: Situation, place: str, item: str) -> float:
    """What a plan would reckon with."""
    places = situation.places().set_index("name")["place_id"]
    try:
        needs = build_problem(situation).needs
    except InputError as error:
        assert "no place has an open need" in str(error)
        return 0
    found = [one.quantity for one in needs if one.item_id == item and one.place_id == places[place]]
    return sum(found)


def need_of(situation: Situation, place: str, item: str) -> dict[str, object]:
    rows = trusting.list_needs(situation)["needs"]
    (found,) = [
        one
        for one in rows
        if (one["place"], one["item"]) == (place, item) and one["organisation"] == "NGO One"
    ]
    return found


def send(situation: Situation, folder: Path, organisation: str, rows: str) -> None:
    sheet = folder / f"{organisation}.csv"
    sheet.write_text("place,item,quantity,unit\n" + rows, encoding="utf-8")
    result = uploads.upload(situation, "needs", sheet, organisation=organisation)
    assert result["rejected"] == 0


def test_unverified_reports_enter_a_plan_by_the_share_that_is_allowed(valley: Situation) -> None:
    assert wanted(valley, "Tinmel", "tent") == 20
    trusting.set_trust(valley, unverified_share=0.4, reason="first day")
    assert wanted(valley, "Tinmel", "tent") == 8
    need_id = str(need_of(valley, "Tinmel", "tent")["need_id"])
    trusting.set_status(valley, [need_id], "verified", by="Red Crescent")
    assert wanted(valley, "Tinmel", "tent") == 20
    assert wanted(valley, "Tinmel", "blanket") == 24
    told = need_of(valley, "Tinmel", "tent")
    assert (told["status"], told["verified_by"], told["counts_for_plan"]) == (
        "verified",
        "Red Crescent",
        20,
    )


def test_hearsay_and_what_was_refuted_are_not_planned(valley: Situation) -> None:
    tent, blanket = (
        str(need_of(valley, "Tinmel", item)["need_id"]) for item in ("tent", "blanket")
    )
    trusting.set_rumour(valley, tent, rumour=True, note="heard on the radio")
    trusting.set_status(valley, [blanket], "refuted", by="Caïd", note="went there")
    assert (wanted(valley, "Tinmel", "tent"), wanted(valley, "Tinmel", "blanket")) == (0, 0)
    trusting.set_rumour(valley, tent, rumour=False)
    trusting.set_status(valley, [blanket], "reported")
    assert (wanted(valley, "Tinmel", "tent"), wanted(valley, "Tinmel", "blanket")) == (20, 60)


def test_what_pending_organisations_report_is_set_apart_until_they_are_recognised(
    valley: Situation,
) -> None:
    trusting.set_trust(valley, unverified_share=1, pending="quarantine")
    assert trusting.list_needs(valley)["trust"]["quarantined"] == ["NGO One"]
    assert need_of(valley, "Tinmel", "tent")["quarantined"] is True
    assert wanted(valley, "Tinmel", "tent") == 0
    set_organisation(valley, "NGO One", "recognised")
    assert wanted(valley, "Tinmel", "tent") == 20


def test_who_contradicts_whom_is_shown(valley: Situation, tmp_path: Path) -> None:
    send(valley, tmp_path, "NGO Two", "Tinmel,tent,90,piece\n")
    assert need_of(valley, "Tinmel", "tent")["contradiction"] == "NGO Two says 90"
    need_id = str(need_of(valley, "Tinmel", "blanket")["need_id"])
    trusting.set_status(valley, [need_id], "verified", by="Red Crescent")
    trusting.set_status(valley, [need_id], "refuted", by="Caïd")
    told = need_of(valley, "Tinmel", "blanket")["contradiction"]
    assert told == "verified by Red Crescent, refuted by Caïd"


def test_the_same_need_by_three_organisations_is_merged_and_parted(
    valley: Situation, tmp_path: Path
) -> None:
    send(valley, tmp_path, "NGO Two", "Tinmel,tent,20,piece\nIghil,tent,5,piece\n")
    send(valley, tmp_path, "NGO Three", "Tinmel,tent,18,piece\n")
    found = duplicates.duplicates(valley)
    assert (found["n_groups"], found["n_reports"]) == (2, 5)
    group = found["groups"][0]
    assert group["place"] == "Tinmel"
    assert "same place and item, 20 here, 18 there" in group["others"][0]["why"]
    merged = duplicates.merge(
        valley, group["keep"]["need_id"], [one["need_id"] for one in group["others"]]
    )
    assert trusting.list_needs(valley)["counts"]["merged"] == 2
    assert duplicates.duplicates(valley)["n_groups"] == 1
    assert wanted(valley, "Tinmel", "tent") == 18
    uploads.undo(valley, merged["merge_id"])
    assert trusting.list_needs(valley)["counts"]["merged"] == 0


def test_only_equal_reports_are_merged_by_rule(valley: Situation, tmp_path: Path) -> None:
    send(valley, tmp_path, "NGO Two", "Tinmel,tent,20,piece\nIghil,tent,5,piece\n")
    assert duplicates.merge_equal(valley, dry_run=True)["n_merged"] == 1
    assert duplicates.duplicates(valley)["merges"] == []
    duplicates.merge_equal(valley)
    (merge,) = duplicates.duplicates(valley)["merges"]
    assert (merge["rule"], len(merge["need_ids"])) == ("equal", 1)


@pytest.mark.parametrize(
    ("status", "by", "why"),
    [
        ("verified", " ", "who found so"),
        ("lost", "x", "one of reported"),
        ("merged", "x", "one of"),
    ],
)
def test_bad_words_are_refused(valley: Situation, status: str, by: str, why: str) -> None:
    seq = valley.seq()
    need_id = str(need_of(valley, "Tinmel", "tent")["need_id"])
    with pytest.raises(InputError, match=why):
        trusting.set_status(valley, [need_id], status, by=by)
    with pytest.raises(InputError, match="0 to 1"):
        trusting.set_trust(valley, unverified_share=1.5)
    assert valley.seq() == seq


def test_the_list_goes_into_a_workbook_as_text(valley: Situation, tmp_path: Path) -> None:
    from dashboard.operations.spreadsheet import write_any

    send(valley, tmp_path, "NGO Two", "Tinmel,blanket,5,piece\n")
    rows = trusting.list_needs(valley, statuses=["reported"])["needs"]
    rows[0]["note"] = "=HYPERLINK(1)"
    for name in ("needs.xlsx", "needs.csv"):
        write_any(trusting.needs_frame(rows), tmp_path / name)
    back = pd.read_excel(tmp_path / "needs.xlsx", engine="openpyxl")
    assert len(back) == len(rows) == 6
    assert back["note"][0] == "=HYPERLINK(1)"
    assert "'=HYPERLINK(1)" in (tmp_path / "needs.csv").read_text(encoding="utf-8-sig")
    with pytest.raises(InputError, match=r"\.csv or \.xlsx"):
        write_any(trusting.needs_frame(rows), tmp_path / "needs.pdf")
