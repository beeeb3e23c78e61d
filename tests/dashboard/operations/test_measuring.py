"""Indicators of a whole situation, through the command line and as tables."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from dashboard.cli import main
from dashboard.operations import volunteering
from dashboard.operations.measuring import indicator_rows, indicators
from dashboard.operations.situation import Situation
from dashboard.operations.spreadsheet import csv_text
from dashboard.operations.stockroom import Said
from dashboard.operations.volunteering import Registration
from data.events import ActivityReported, NeedReported, NewEvent, OrganisationRegistered, StockMoved
from geo.errors import UnknownIdError
from tools import indicator_list


@pytest.fixture
def situation(tmp_path: Path):
    with Situation.create(tmp_path / "home", name="Test", timezone="UTC") as made:
        now = made.now()
        told = now - timedelta(hours=30)
        common = {"organisation_id": "organisation:x"}
        made.store.append(
            [
                NewEvent(
                    payload=OrganisationRegistered(organisation_id="organisation:x", name="X")
                ),
                NewEvent(
                    payload=NeedReported(
                        need_id="need:1",
                        place_id="place:a",
                        item_id="tent",
                        quantity="10",
                        unit="tent",
                    ),
                    reported_at=told,
                    **common,
                ),
                NewEvent(
                    payload=StockMoved(
                        movement_id="movement:1",
                        item_id="tent",
                        quantity="4",
                        unit="tent",
                        from_account="donor:z",
                        to_account="place:a",
                    ),
                    reported_at=told + timedelta(hours=12),
                    **common,
                ),
            ]
        )
        yield made


def by_id(found: dict) -> dict:
    return {one["id"]: one for one in found["indicators"]}


def test_values_come_with_formula_source_and_time(situation: Situation) -> None:
    found = by_id(indicators(situation, trend=True))
    met = found["need_met_share"]
    assert met["value"] == pytest.approx(0.4)
    assert met["source"] == "reports of X"
    assert met["at"].endswith("+00:00")
    assert found["wait_median_h"]["value"] == pytest.approx(12.0)
    # A day before, the need was told and nothing had come.
    assert met["value_day_before"] == 0.0
    assert found["people_reached_share"]["value"] is None
    assert "assess first" in found["people_reached_share"]["reason"]


def test_a_new_event_changes_the_value(situation: Situation) -> None:
    indicators(situation)
    situation.store.append(
        [
            NewEvent(
                payload=StockMoved(
                    movement_id="movement:2",
                    item_id="tent",
                    quantity="6",
                    unit="tent",
                    from_account="donor:z",
                    to_account="place:a",
                )
            )
        ]
    )
    assert by_id(indicators(situation))["need_met_share"]["value"] == 1.0


def test_work_and_partners_are_counted_once_somebody_approved_or_named_them(
    situation: Situation,
) -> None:
    before = by_id(indicators(situation))
    assert before["volunteer_hours"]["value"] is None
    assert before["partnerships"]["value"] is None
    assert before["sheets_spared"]["value"] == 1.0
    for code in ("V-1", "V-2"):
        volunteering.register(situation, Registration(code=code, skills=("driver",), home=""))
    now = situation.now()
    for hours in (8, 2):
        said = Said(at=now - timedelta(hours=hours))
        (volunteering.check_in if hours == 8 else volunteering.check_out)(
            situation, "V-1", said=said
        )
    activity = {"place_id": "place:a", "actor": "X", "funder": "Fund A"}
    situation.record(
        [
            ActivityReported(activity_id="activity:1", status="running", **activity),
            ActivityReported(activity_id="activity:2", status="cancelled", **activity),
        ]
    )
    found = by_id(indicators(situation))
    assert found["volunteers_active"]["value"] == 1.0
    assert found["volunteer_hours"]["value"] == 0.0, "nobody approved them yet"
    assert found["partnerships"]["value"] == 1.0
    volunteering.approve(situation, "V-1", by="V-2")
    assert by_id(indicators(situation))["volunteer_hours"]["value"] == pytest.approx(6.0)
    assert indicator_rows(situation, "partnerships")["activities"].tolist() == [1]


def test_an_unknown_indicator_is_refused_with_the_known_ones(situation: Situation) -> None:
    with pytest.raises(UnknownIdError, match="need_met_share"):
        indicator_rows(situation, "happiness")


def test_the_verb_prints_the_contract_and_writes_the_rows(
    situation: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, table = str(tmp_path / "home"), tmp_path / "rows.csv"
    assert main(["indicators", "--home", home, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["indicators"]
    assert all(
        {"id", "name", "value", "unit", "formula", "source", "at"} <= set(one) for one in told
    )
    asked = ["indicators", "--home", home, "--json", "--of", "need_met_share", "--csv", str(table)]
    assert main(asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"][0]["delivered"] == 4.0
    assert pd.read_csv(table).loc[0, "share"] == pytest.approx(0.4)


@pytest.mark.parametrize("arguments", [["--of", "happiness"], ["--csv", "x.csv"]])
def test_misuse_is_one_line(
    situation: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["indicators", "--home", str(tmp_path / "home"), *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_text_that_looks_like_a_formula_stays_text() -> None:
    frame = pd.DataFrame({"name": ["=cmd()", "-8.23", "@x", "plain", None], "n": [-1, 2, 3, 4, 5]})
    assert csv_text(frame).splitlines()[1:] == ["'=cmd(),-1", "-8.23,2", "'@x,3", "plain,4", ",5"]


def test_the_document_is_made_from_the_definitions() -> None:
    text = indicator_list.DOCUMENT.read_text(encoding="utf-8")
    assert text == indicator_list.indicator_list_markdown()
