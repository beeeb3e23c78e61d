"""What was known then: verbs that read answer as of an earlier moment, and change nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.cli import main
from dashboard.operations import reaching, roads
from dashboard.operations.past import PastSituation, read_moment
from dashboard.operations.situation import Situation
from geo.errors import InputError, RuleError

TRACK = "w12:3-6"
MOTORS = ("truck", "light_truck", "pickup", "motorbike")
NOW = datetime(2023, 9, 11, 9, 30, tzinfo=UTC)
ZONE = "Africa/Casablanca"  # an hour ahead of UTC in September


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def status_of(name: str, answer: dict[str, Any]) -> str:
    return str(next(one["status"] for one in answer["places"] if one["name"] == name))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("412", 412),
        ("now", NOW),
        ("yesterday 14:00", datetime(2023, 9, 10, 13, 0, tzinfo=UTC)),
        ("Today  08:05", datetime(2023, 9, 11, 7, 5, tzinfo=UTC)),
        ("08:05", datetime(2023, 9, 11, 7, 5, tzinfo=UTC)),
        ("2023-09-10T14:00", datetime(2023, 9, 10, 13, 0, tzinfo=UTC)),
        ("2023-09-10T14:00+02:00", datetime(2023, 9, 10, 12, 0, tzinfo=UTC)),
        ("2023-09-10T14:00Z", datetime(2023, 9, 10, 14, 0, tzinfo=UTC)),
    ],
)
def test_a_moment_is_said_as_people_say_it(said: str, meant: int | datetime) -> None:
    assert read_moment(said, "--at", now=NOW, timezone=ZONE) == meant


def test_yesterday_is_that_of_the_situations_zone() -> None:
    late = datetime(2023, 9, 10, 23, 30, tzinfo=UTC)  # half past midnight of the 11th there
    meant = read_moment("yesterday 14:00", "--at", now=late, timezone=ZONE)
    assert meant == datetime(2023, 9, 10, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "-3",
        "1.5",
        "25:00",
        "yesterday",
        "14:60",
        "tomorrow 14:00",
        "1" * 400,
        "0001-01-01T00:00+02:00",
    ],
)
def test_what_is_no_moment_is_refused(said: str) -> None:
    with pytest.raises(InputError, match="number of an event"):
        read_moment(said, "--at", now=NOW, timezone=ZONE)


def test_the_past_knows_nothing_of_what_came_later(valley: Situation) -> None:
    before = valley.seq()
    reach = reaching.make_reach(valley)["places"]
    roads.close_road(valley, edges=(TRACK,), classes=MOTORS)
    with PastSituation(valley, before, keep_below=True) as past:
        assert past.store.closures() == []
        assert reaching.make_reach(past)["places"] == reach
        assert (past.known.seq, past.known.later) == (before, 1)
        assert past.engine() is valley.engine()
    assert len(valley.store.closures()) == 1


def test_the_past_cannot_be_changed(valley: Situation) -> None:
    before, head = valley.seq() - 1, valley.store.head_text()
    with PastSituation(valley, before, keep_below=True) as past:
        for change in (
            lambda: roads.close_road(past, edges=(TRACK,), classes=MOTORS),
            past.store.rebuild,
            lambda: past.store.check([]),
        ):
            with pytest.raises(RuleError, match="read only"):
                change()
        assert past.store.verify(projections=True).ok
    assert valley.store.head_text() == head


def test_closures_and_needs_end_by_the_clock_of_then(valley: Situation) -> None:
    with PastSituation(valley, 3, keep_below=True) as past:
        assert past.now() == past.store.head().recorded_at
    asked_for = valley.store.head().recorded_at + timedelta(hours=5)
    with PastSituation(valley, asked_for, keep_below=True) as past:
        assert past.now() == asked_for


def test_reach_and_the_others_answer_as_of_an_event(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley.home)]
    before = valley.seq()
    roads.close_road(valley, edges=(TRACK,), classes=MOTORS)
    assert status_of("Ighil", asked(capsys, "reach", *home)) == "by_relay"
    for option in (["--at", str(before)], ["--known-at", str(before)]):
        then = asked(capsys, "reach", *option, *home)
        assert status_of("Ighil", then) == "reachable"
        assert then["known_at"]["event"] == before
        assert then["known_at"]["later_events"] == 1
    for verb in (
        ["places"],
        ["indicators"],
        ["organisation", "list"],
        ["account", "list"],
        ["roads"],
    ):
        assert asked(capsys, *verb, "--at", str(before), *home)["known_at"]["event"] == before
    assert "known_at" not in asked(capsys, "reach", "--at", str(before), "--known-at", "now", *home)


def test_a_time_means_what_was_known_then_where_the_ledger_reaches_back(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley.home)]
    then = valley.store.head().recorded_at
    roads.close_road(valley, edges=(TRACK,), classes=MOTORS)
    at = then.isoformat()
    assert status_of("Ighil", asked(capsys, "reach", "--at", at, *home)) == "reachable"
    later = (then + timedelta(days=1)).isoformat()
    coming = asked(capsys, "reach", "--at", later, *home)
    assert (status_of("Ighil", coming), "known_at" in coming) == ("by_relay", False)


def test_the_assessment_of_then_is_shown_and_none_is_made(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley.home)]
    first = asked(capsys, "assess", *home)
    known = valley.seq()
    second = asked(capsys, "assess", *home)
    assert second["assessment_id"] != first["assessment_id"]
    shown = asked(capsys, "assess", "--at", str(known), *home)
    assert shown["assessment_id"] == first["assessment_id"]
    assert valley.seq() == known + 1
    for words in (["--at", "1"], ["--at", str(known), "--climate", "cold"]):
        assert main(["assess", *words, *home]) == 2
        assert capsys.readouterr().err.splitlines()[-1].startswith("qafila: assess --at")


def test_a_head_of_then_is_the_head_that_was_handed_out(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley.home)]
    before, line = valley.seq(), valley.store.head_text()
    roads.close_road(valley, edges=(TRACK,), classes=MOTORS)
    capsys.readouterr()
    assert main(["ledger", "head", "--unsigned", "--at", str(before), *home]) == 0
    assert capsys.readouterr().out.strip() == line


@pytest.mark.parametrize(
    ("moment", "part"),
    [("999999", "this ledger has the events 1 to"), ("0", "this ledger has"),
     ("1999-01-01", "after the situation began"), ("soon", "number of an event")],
)  # fmt: skip
def test_a_moment_that_was_not_is_one_line(
    valley: Situation, capsys: pytest.CaptureFixture[str], moment: str, part: str
) -> None:
    capsys.readouterr()
    assert main(["places", "--at", moment, "--home", str(valley.home)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert part in said[-1] and said[-1].startswith("qafila: ")
