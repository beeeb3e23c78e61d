"""What cannot be planned, through `qafila plan --problem`: a reason for every need, or one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.cli import main
from routing.problem_document import to_json
from tests.routing.instances import problem_on_a_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard.operations.situation import Situation

Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    """One pickup of a tonne, 100 tents in one depot, 10 tents for each of two places."""
    read: Document = json.loads(to_json(problem_on_a_line()))
    return read


def _run(
    folder: Path, capsys: pytest.CaptureFixture[str], document: object, *options: str
) -> tuple[int, Document | None, str]:
    path = folder / "problem.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    status = main(["plan", "--problem", str(path), "--iterations", "30", "--json", *options])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    refused = [line for line in shown.err.splitlines() if line.startswith("qafila: ")]
    return status, json.loads(shown.out) if shown.out else None, "\n".join(refused)


def _heavy(document: Document) -> None:
    document["items"][0]["kg_per_unit"] = 5000


def _no_stock(document: Document) -> None:
    document["stock"] = []


def _stock_of_nothing(document: Document) -> None:
    document["stock"][0]["quantity"] = 0


def _closed_at_once(document: Document) -> None:
    document["windows"] = {"place:a": [0, 1], "place:b": [0, 1]}


def _opens_after_the_day(document: Document) -> None:
    document["windows"] = {"place:a": [80_000, None], "place:b": [80_000, None]}


def _nobody_comes(document: Document) -> None:
    for name in ("travel_time_s", "length_m"):
        rows = document["matrices"]["pickup"][name]
        rows[0][1:] = [None, None]
        rows[1][0] = rows[2][0] = None


def _no_way_home(document: Document) -> None:
    for name in ("travel_time_s", "length_m"):
        rows = document["matrices"]["pickup"][name]
        rows[1][0] = rows[2][0] = None


def _no_vehicles(document: Document) -> None:
    document["vehicles"] = []


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (_heavy, "too_large", "1 × tent (5000 kg, 0.2 m³) fits no vehicle"),
        (_no_stock, "no_stock", "no depot holds any tent"),
        (_stock_of_nothing, "no_stock", "no depot holds any tent"),
        (_closed_at_once, "window_closes", "window closes before any vehicle can be there"),
        (_opens_after_the_day, "opens_too_late", "takes nothing in before"),
        (_nobody_comes, "no_road", "no road there and back"),
        (_no_way_home, "no_road", "no road there and back"),
        (_no_vehicles, "no_vehicle_class", "no depot on it has such a vehicle"),
    ],
)
def test_what_nobody_can_bring_is_a_plan_with_reasons(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    document: Document,
    spoil: Callable[[Document], None],
    code: str,
    said: str,
) -> None:
    spoil(document)
    status, plan, _ = _run(tmp_path, capsys, document, "--strict")
    assert status == 1  # the work was done and needs stay unserved
    assert plan is not None
    assert plan["convoys"] == []
    assert [row["quantity"] for row in plan["unserved"]] == [10, 10]
    assert {row["code"] for row in plan["unserved"]} == {code}
    assert all(said in row["reason"] for row in plan["unserved"]), plan["unserved"][0]["reason"]
    assert plan["score"]["served_share"] == 0


def _twice(kind: str) -> Callable[[Document], None]:
    def spoil(document: Document) -> None:
        document[kind].append(document[kind][0])

    return spoil


def _half_a_tent(document: Document) -> None:
    document["needs"][0]["quantity"] = 2.5


def _not_a_number(document: Document) -> None:
    document["matrices"]["pickup"]["travel_time_s"][0][1] = float("nan")


def _before_it_opens(document: Document) -> None:
    document["windows"] = {"place:a": [500, 100]}


def _too_short(document: Document) -> None:
    document["matrices"]["pickup"]["walk_s"].pop()


def _other_class(document: Document) -> None:
    document["vehicles"][0]["vehicle_class"] = "truck"


def _without_length(document: Document) -> None:
    document["matrices"]["pickup"]["length_m"][0][1] = None


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        *[(_twice(kind), "once only") for kind in ("needs", "stock", "vehicles", "items")],
        (_twice("places"), "once only"),
        (_half_a_tent, "whole numbers of piece"),
        (_not_a_number, "NaN is no number; write null where there is no road"),
        (_before_it_opens, "not before it opens"),
        (_too_short, "one row per depot and place"),
        (_other_class, "travel times of this vehicle class are needed"),
        (_without_length, "a length wherever there is a travel time"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    document: Document,
    spoil: Callable[[Document], None],
    said: str,
) -> None:
    spoil(document)
    status, plan, refused = _run(tmp_path, capsys, document)
    assert (status, plan) == (2, None)
    assert said in refused
    assert "\n" not in refused


def test_litres_with_decimals_and_a_road_of_one_direction_are_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: Document
) -> None:
    document["stock"].append({"depot_id": "depot:a", "item_id": "water_l", "quantity": 100.75})
    document["needs"].append(
        {"place_id": "place:a", "item_id": "water_l", "quantity": 33.3, "commune": "north"}
    )
    # From a to b there is no road, back there is one.
    for name in ("travel_time_s", "length_m"):
        document["matrices"]["pickup"][name][1][2] = None
    status, plan, _ = _run(tmp_path, capsys, document)
    assert status == 0
    assert plan is not None
    assert plan["unserved"] == []
    water = [stop["deliver"].get("water_l", 0) for one in plan["convoys"] for stop in one["stops"]]
    assert sum(water) == pytest.approx(33.3, abs=1e-9)
    ways = [[stop["place_id"] for stop in one["stops"]] for one in plan["convoys"]]
    assert ["place:a", "place:b"] not in ways


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"format": "other"}', "\x00"])
def test_another_file_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    for given in (path, tmp_path / "missing.json", tmp_path):
        assert main(["plan", "--problem", str(given), "--json"]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert len([line for line in shown.err.splitlines() if line.startswith("qafila: ")]) == 1


def test_options_out_of_range_are_refused_before_anything_is_searched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: Document
) -> None:
    for option in (("--fairness", "2"), ("--seed", "-1"), ("--seconds", "-1")):
        status, _, refused = _run(tmp_path, capsys, document, *option)
        assert status == 2
        assert option[0].removeprefix("--") in refused


def test_a_plan_is_repeated_elsewhere_from_its_file(
    valley: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(valley.home)
    made = ["plan", "--iterations", "30", "--seed", "5", "--json"]
    assert main([*made, "--home", home]) == 0
    there = json.loads(capsys.readouterr().out)
    folder = tmp_path / "elsewhere"
    export = ["export", "latest", "--formats", "problem", "--to", str(folder), "--json"]
    assert main([*export, "--home", home]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert main([*made, "--problem", file]) == 0
    here = json.loads(capsys.readouterr().out)
    assert here["problem_sha256"] == there["problem_sha256"]
    assert here["score"] == there["score"]
    halts = [
        [
            [(stop["place_id"], stop["arrives_at"], stop["deliver"]) for stop in one["stops"]]
            for one in plan["convoys"]
        ]
        for plan in (here, there)
    ]
    assert halts[0] == halts[1]
