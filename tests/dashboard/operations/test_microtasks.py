"""Small questions: asked, answered, weighed, taken as evidence."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from dashboard.cli import main
from dashboard.operations import loading, microtasks, volunteering
from dashboard.operations.situation import Situation
from dashboard.operations.tiles import picture_at
from dashboard.operations.volunteer_office import act
from dashboard.operations.volunteering import Registration
from geo.errors import InputError, RuleError, UnknownIdError
from tests.dashboard.operations.test_imagery import picture

BOUNDS = (-8.10, 31.10, -8.09, 31.11)
POINT = (-8.095, 31.105)
SEEN = datetime(2023, 9, 10, 11, tzinfo=UTC)


@pytest.fixture
def asked(valley: Situation) -> Situation:
    """The valley with five volunteers."""
    place = valley.places()["name"].iloc[0]
    for number in range(1, 6):
        volunteering.register(
            valley, Registration(code=f"R{number}", skills=("mapper",), home=place, remote=True)
        )
    return valley


def edge_of(situation: Situation) -> str:
    return str(situation.roads().edges["edge_id"].iloc[0])


def road_question(situation: Situation, **more: object) -> str:
    made = microtasks.ask(situation, "road", about=(edge_of(situation),), **more)  # type: ignore[arg-type]
    return str(made["microtask_id"])


def state_of(situation: Situation, question: str) -> dict:
    rows = microtasks.results(situation)["microtasks"]
    return next(one for one in rows if one["microtask_id"] == question)


def test_a_road_that_three_see_closed_becomes_a_report_with_its_confidence(
    asked: Situation,
) -> None:
    question = road_question(asked)
    for number in (1, 2):
        microtasks.answer(asked, question, f"R{number}", "closed")
        assert state_of(asked, question)["state"] == "asked"
    with pytest.raises(RuleError, match="only an answer that enough people agree on"):
        microtasks.take(asked, question)
    microtasks.answer(asked, question, "R3", "closed")
    known = state_of(asked, question)
    assert (known["state"], known["answer"], known["given"]) == ("decided", "closed", 3)
    made = microtasks.take(asked, question)
    (closure,) = [one for one in asked.store.closures() if one.closure_id == made["closure_id"]]
    assert closure.state == "closed"
    assert closure.source == microtasks.SOURCE
    assert closure.confidence == pytest.approx(known["belief"])
    assert closure.confidence < 1.0
    assert state_of(asked, question)["state"] == "taken"
    with pytest.raises(RuleError):
        microtasks.take(asked, question)


def test_who_cannot_tell_decides_nothing_and_who_disagrees_is_asked_about(
    asked: Situation,
) -> None:
    question = road_question(asked, answers=2)
    microtasks.answer(asked, question, "R1", "cannot_tell")
    microtasks.answer(asked, question, "R2", "open")
    known = state_of(asked, question)
    assert (known["state"], known["cannot_tell"], known["answer"]) == ("disputed", 1, "open")
    microtasks.answer(asked, question, "R3", "closed")
    assert state_of(asked, question)["state"] == "disputed"


def test_a_building_is_shown_before_and_after_and_becomes_damage_dated_by_the_picture(
    asked: Situation, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="a picture from after"):
        microtasks.ask(asked, "building", point=POINT)
    for role, size in (("before", 500), ("after", 600)):
        path = picture(tmp_path / f"{role}.tif", bounds=BOUNDS, size=size)
        loading.load(asked, "imagery", [path], role=role, at=SEEN)
    question = microtasks.ask(asked, "building", point=POINT)["microtask_id"]
    shown = microtasks.pictures(asked, question)
    assert [*shown] == ["before", "after"]
    pixels = np.asarray(Image.open(BytesIO(shown["after"])))
    assert pixels.shape == (256, 256, 4)
    assert (pixels[..., 3] == 255).all()
    assert np.ptp(pixels[..., 0]) > 50
    before = len(asked.damage_points())
    for number in (1, 2, 3):
        microtasks.answer(asked, question, f"R{number}", "destroyed")
    made = microtasks.take(asked, question)
    points = asked.damage_points()
    assert len(points) == before + 1
    new = points.iloc[-1] if before == 0 else points[points.geometry.x.round(6) == POINT[0]].iloc[0]
    assert new["grade"] == "destroyed"
    assert new["observed_at"].date() == SEEN.date()
    layer = next(one for one in asked.store.layers() if one.layer_id == made["layer_id"])
    assert layer.source.name == microtasks.SOURCE
    assert layer.source.at == SEEN
    # What was taken is taken back as any layer is.
    act(asked, "take_back_evidence", {"made": made["layer_id"]})
    assert len(asked.damage_points()) == before


def test_a_corner_of_a_picture_without_anything_is_no_picture(
    asked: Situation, tmp_path: Path
) -> None:
    older = picture(tmp_path / "older.tif", bounds=BOUNDS, size=500)
    loading.load(asked, "imagery", [older], role="after", at=SEEN)
    newer = picture(tmp_path / "newer.tif", bounds=BOUNDS, size=400, nodata=0)
    with rasterio.open(newer, "r+") as file:
        values = file.read()
        values[:, :200] = 0
        file.write(values)
    loading.load(asked, "imagery", [newer], role="after", at=SEEN + timedelta(days=2))
    west, south, east, north = BOUNDS
    for lat, day in ((0.75 * north + 0.25 * south, 10), (0.25 * north + 0.75 * south, 12)):
        found = picture_at(asked, "after", (west + east) / 2, lat)
        assert found is not None
        assert found.source.at is not None
        assert found.source.at.day == day
    with pytest.raises(InputError, match="a picture from after"):
        microtasks.ask(asked, "building", point=(east + 0.01, north))


def test_everybody_gets_another_order_and_now_and_then_a_test_that_is_not_told(
    asked: Situation,
) -> None:
    for _ in range(4):
        road_question(asked)
    tests = {road_question(asked, gold="open") for _ in range(2)}
    seen = []
    while (found := microtasks.next_question(asked, "R1"))["question"] is not None:
        one = found["question"]
        assert "gold" not in one
        assert found["answered"] == len(seen)
        seen.append(one["microtask_id"])
        microtasks.answer(asked, one["microtask_id"], "R1", "open")
    assert len(seen) == len(set(seen)) == 6
    assert tests <= set(seen)
    (told,) = microtasks.results(asked)["volunteers"]
    assert (told["answers"], told["gold"], told["gold_right"]) == (6, 2, 2)
    assert told["right"] > 0.75


def test_a_question_that_has_its_answers_is_given_to_nobody_more(asked: Situation) -> None:
    question = road_question(asked, answers=2)
    for number in (1, 2):
        microtasks.answer(asked, question, f"R{number}", "open")
    assert microtasks.next_question(asked, "R3")["question"] is None


def test_a_test_is_not_taken_as_evidence(asked: Situation) -> None:
    question = road_question(asked, gold="closed")
    for number in (1, 2, 3):
        microtasks.answer(asked, question, f"R{number}", "closed")
    with pytest.raises(RuleError, match="it only tests"):
        microtasks.take(asked, question)


def test_a_translation_is_decided_when_more_than_half_wrote_the_same(asked: Situation) -> None:
    made = microtasks.ask(asked, "translate", text="ⴰⵎⴰⵏ", language="fr")
    question = made["microtask_id"]
    for number, text in enumerate(("De l'eau", "de  l’eau", "du pain"), start=1):
        microtasks.answer(asked, question, f"R{number}", text=text)
    known = state_of(asked, question)
    assert (known["state"], known["answer"]) == ("decided", "De l'eau")
    assert known["belief"] is None
    assert len(known["texts"]) == 3
    assert microtasks.take(asked, question)["answer"] == "De l'eau"


def test_two_places_are_named_and_cancelled_questions_are_gone(asked: Situation) -> None:
    one, other = asked.places()["name"].tolist()[:2]
    question = microtasks.ask(asked, "same_place", about=(one, other))["microtask_id"]
    told = microtasks.next_question(asked, "R1")["question"]
    assert [each["name"] for each in told["about"]] == [one, other]
    microtasks.cancel(asked, question)
    assert microtasks.next_question(asked, "R1")["question"] is None


@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        ("weather", {}, InputError),
        ("building", {}, InputError),
        ("building", {"point": (-200.0, 31.0)}, RuleError),
        ("road", {"about": ("way:nowhere",)}, UnknownIdError),
        ("road", {"answers": 1}, InputError),
        ("same_place", {"about": ("place:nowhere", "place:other")}, UnknownIdError),
    ],
)
def test_what_is_not_there_cannot_be_asked_about(
    asked: Situation, kind: str, more: dict, error: type[Exception]
) -> None:
    with pytest.raises(error):
        microtasks.ask(asked, kind, **more)
    assert asked.store.microtasks() == []


def test_an_organisation_answers_for_its_own_and_decides_nothing(asked: Situation) -> None:
    question = road_question(asked)
    for action, fields in (
        ("answer_microtask", {"microtask": question, "volunteer": "R1", "choice": "open"}),
        ("take_microtask", {"microtask": question}),
        ("cancel_microtask", {"microtask": question}),
    ):
        with pytest.raises(RuleError, match="own volunteers and tasks"):
            act(asked, action, fields, only="organisation:other")


def test_the_command_line_asks_answers_and_takes(
    asked: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edge, home = edge_of(asked), ["--home", str(asked.home), "--json"]
    assert main(["microtask", "post", "road", edge, *home]) == 0
    question = json.loads(capsys.readouterr().out)["microtask_id"]
    for number in (1, 2, 3):
        assert main(["microtask", "next", f"R{number}", "--pictures", str(tmp_path), *home]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["question"]["microtask_id"] == question
        assert told["pictures"] == []
        assert main(["microtask", "answer", question, f"R{number}", "closed", *home]) == 0
        capsys.readouterr()
    second = ["microtask", "post", "translate", "--text", "ⴰⵎⴰⵏ", "--into", "fr", "--answers", "2"]
    assert main([*second, *home]) == 0
    told = json.loads(capsys.readouterr().out)["microtask_id"]
    assert main(["microtask", "list", *home]) == 0
    capsys.readouterr()
    for who, text in (("R1", "eau"), ("R2", "pain")):
        assert main(["microtask", "answer", told, who, "--text", text, *home]) == 0
    capsys.readouterr()
    # Who lists them hears by the status that some do not agree.
    assert main(["microtask", "list", *home]) == 1
    assert json.loads(capsys.readouterr().out)["microtasks"][0]["state"] == "decided"
    assert main(["microtask", "take", question, *home]) == 0
    assert json.loads(capsys.readouterr().out)["closure_id"].startswith("closure:")
    assert main(["microtask", "answer", question, "R4", "open", *home]) == 2
    assert "taken already" in capsys.readouterr().err


def test_a_disputed_question_is_given_to_more_people_until_it_is_decided(asked: Situation) -> None:
    question = road_question(asked, answers=2)
    microtasks.answer(asked, question, "R1", "open")
    microtasks.answer(asked, question, "R2", "closed")
    assert state_of(asked, question)["state"] == "disputed"
    for number in (3, 4):
        told = microtasks.next_question(asked, f"R{number}")["question"]
        assert told is not None
        assert told["microtask_id"] == question
        assert state_of(asked, question)["state"] == "disputed"
        microtasks.answer(asked, question, f"R{number}", "closed")
    assert state_of(asked, question)["state"] == "decided"
    assert microtasks.next_question(asked, "R5")["question"] is None


def test_what_is_lacking_comes_before_what_is_disputed(asked: Situation) -> None:
    disputed, fresh = road_question(asked, answers=2), road_question(asked, answers=2)
    for number in (1, 2):
        microtasks.answer(asked, disputed, f"R{number}", "cannot_tell")
    told = microtasks.next_question(asked, "R3")["question"]
    assert told is not None
    assert told["microtask_id"] == fresh


def test_one_question_in_five_is_a_test_and_orders_differ(asked: Situation) -> None:
    for _ in range(12):
        road_question(asked, answers=25)
    tests = {road_question(asked, gold="open") for _ in range(6)}
    orders = {}
    for who in ("R1", "R2", "R3"):
        given = []
        for _ in range(10):
            told = microtasks.next_question(asked, who)["question"]
            assert told is not None
            given.append(told["microtask_id"])
            microtasks.answer(asked, given[-1], who, "open")
        assert len(tests & set(given)) == 2
        orders[who] = [one for one in given if one not in tests]
    assert orders["R1"] != orders["R2"] != orders["R3"]


def test_evidence_of_many_is_never_certain_and_comes_with_its_closing_or_not_at_all(
    asked: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = road_question(asked, answers=5)
    for number in range(1, 6):
        microtasks.answer(asked, question, f"R{number}", "closed")
    before = asked.seq()

    def refused(*_: object, **__: object) -> None:
        raise RuleError("closing", "refused", "")

    with monkeypatch.context() as broken:
        broken.setattr(microtasks, "MicrotaskClosed", refused)
        with pytest.raises(RuleError):
            microtasks.take(asked, question)
    assert asked.seq() == before
    made = microtasks.take(asked, question)
    (closure,) = [one for one in asked.store.closures() if one.closure_id == made["closure_id"]]
    assert closure.confidence == microtasks.MOST_CONFIDENT < 1.0
    assert asked.seq() == before + 2


def test_people_who_begin_together_do_not_all_get_the_same(asked: Situation) -> None:
    for _ in range(60):
        road_question(asked)
    first = {
        microtasks.next_question(asked, f"R{number}")["question"]["microtask_id"]
        for number in range(1, 6)
    }
    assert len(first) > 1


def test_the_command_line_writes_the_pictures_of_a_building(
    asked: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = picture(tmp_path / "after.tif", bounds=BOUNDS, size=600)
    loading.load(asked, "imagery", [path], role="after", at=SEEN)
    home, where = ["--home", str(asked.home), "--json"], f"{POINT[0]},{POINT[1]}"
    assert main(["microtask", "post", "building", "--where", where, *home]) == 0
    capsys.readouterr()
    folder = tmp_path / "shown"
    assert main(["microtask", "next", "R1", "--pictures", str(folder), *home]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == ["after.png"]
    assert (folder / "after.png").read_bytes().startswith(b"\x89PNG")


def test_an_answer_of_ten_thousand_letters_is_refused_in_words(asked: Situation) -> None:
    question = road_question(asked)
    with pytest.raises(RuleError, match="one of open, closed, cannot_tell"):
        microtasks.answer(asked, question, "R1", "closed" * 2_000)
    with pytest.raises(RuleError, match="one of open, closed"):
        road_question(asked, gold="x" * 10_000)
