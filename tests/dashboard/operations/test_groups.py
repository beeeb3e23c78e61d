"""Counts of people who need more: the newest counts, and no small number leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.cli import main
from dashboard.operations import uploads
from dashboard.operations.groups import count_group, group_counts
from dashboard.operations.sharing.files import share
from dashboard.operations.situation import Situation
from data.small_cells import MIN_CELL, told, told_part, told_total
from geo.errors import InputError, RuleError, UnknownIdError

PLACES = (
    "name,commune,lon,lat\nTinmel,Talat,-8.228,30.985\nIghil,Ighil,-8.287,30.984\n"
    "Azgour,Talat,-8.2,31.0\n"
)


@pytest.fixture
def valley(tmp_path: Path) -> Iterator[Situation]:
    with Situation.create(tmp_path / "home", name="Valley") as situation:
        path = tmp_path / "places.csv"
        path.write_text(PLACES, encoding="utf-8")
        uploads.upload(situation, "places", path, organisation="Cell", add_places=True)
        yield situation


def test_the_newest_count_holds_and_small_numbers_are_withheld(valley: Situation) -> None:
    count_group(valley, "Tinmel", "children", 40, referred=2)
    count_group(valley, "Tinmel", "children", 30, referred=10)
    count_group(valley, "Azgour", "children", 3, referred=3)
    count_group(valley, "Ighil", "pregnant", 0)
    found = group_counts(valley)
    shown = {
        (one["place"], one["group"]): (one["count"], one["referred"]) for one in found["places"]
    }
    assert shown == {
        ("Tinmel", "children"): (30, 10),
        ("Azgour", "children"): (None, None),
        ("Ighil", "pregnant"): (0, 0),
    }
    [talat] = [one for one in found["communes"] if one["commune"] == "Talat"]
    assert (talat["count"], talat["withheld"], talat["places"]) == (30, 1, 2)
    exact = group_counts(valley, exact=True)
    assert sorted(one["count"] for one in exact["places"]) == [0, 3, 30]
    assert max(one["count"] for one in exact["communes"]) == 33


def test_no_small_number_goes_out_in_a_table(valley: Situation) -> None:
    count_group(valley, "Tinmel", "older", 4, referred=1)
    count_group(valley, "Ighil", "older", 12, referred=11)
    rows = share(valley, "groups", "csv").content.decode("utf-8-sig").splitlines()[2:]
    cells = [row.split(",")[8:11] for row in rows]
    assert sorted(cells) == [["older", "", ""], ["older", "12", ""]]


def test_what_cannot_be_is_refused(valley: Situation) -> None:
    with pytest.raises(RuleError, match="no more are referred"):
        count_group(valley, "Tinmel", "older", 4, referred=5)
    for place, group, people, error in (
        ("Tinmel", "tall", 4, InputError),
        ("Tinmel", "older", -1, InputError),
        ("Nowhere at all", "older", 4, UnknownIdError),
    ):
        with pytest.raises(error):
            count_group(valley, place, group, people)
    assert valley.store.group_counts() == []


def test_the_verbs_count_and_show(valley: Situation, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--json", "--home", str(valley.home)]
    assert main(["groups", "count", "Tinmel", "disability", "3", "--org", "Amis", *home]) == 0
    capsys.readouterr()
    for words, wanted in (([], None), (["--exact"], 3)):
        assert main(["groups", "show", *words, *home]) == 0
        [row] = json.loads(capsys.readouterr().out)["places"]
        assert (row["count"], row["organisation"]) == (wanted, "Amis")
    assert main(["groups", "count", "Tinmel", "tall", "3", *home]) == 2
    assert "Traceback" not in capsys.readouterr().err


@given(st.lists(st.integers(0, 30), max_size=8), st.integers(0, 30))
def test_nothing_withheld_can_be_reckoned(counts: list[int], part: int) -> None:
    total, withheld = told_total(counts)
    shown = [told(one) for one in counts]
    # The total says nothing beyond the cells that are told.
    assert total == sum(one for one in shown if one is not None)
    assert withheld == shown.count(None)
    assert all(one is None or one == 0 or one >= MIN_CELL for one in shown)
    whole = part + sum(counts)
    said = told_part(part, whole)
    if said is not None:
        assert said == part
        assert all(one == 0 or one >= MIN_CELL for one in (part, whole - part, whole))
