"""Volunteers through the use cases: registered, matched by road, at work, certified, checked."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from dashboard.cli import main
from dashboard.operations import certifying, people, stockroom, suggesting, tasks, volunteering
from dashboard.operations.picture import picture
from dashboard.operations.situation import Situation
from dashboard.operations.stockroom import Said
from dashboard.operations.volunteering import Registration
from geo.errors import InputError, QafilaError, RuleError, UnknownIdError


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QAFILA_LEDGER_KEY", str(tmp_path / "key.pem"))


def ago(situation: Situation, hours: float) -> Said:
    return Said(at=situation.now() - timedelta(hours=hours))


def later(situation: Situation, hours: float) -> datetime:
    return situation.now() + timedelta(hours=hours)


@pytest.fixture
def crew(valley: Situation) -> Situation:
    """A nurse in Asni, a nurse in Ighil, a translator who works from afar."""
    for who in (
        Registration(code="V1", skills=["infirmière"], home="Asni", languages=["tachelhit"]),
        Registration(code="V2", skills=["nurse"], home="Ighil", languages=["fr", "ⵜⴰⵛⵍⵃⵉⵜ"]),
        Registration(code="V3", skills=["traducteur"], home="Asni", languages=["shi"], remote=True),
    ):
        volunteering.register(valley, who)
    return valley


def post(situation: Situation, title: str = "First aid", **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "starts_at": later(situation, 1),
        "ends_at": later(situation, 5),
        "place": "Tinmel",
        "skills": ["medical"],
    }
    return tasks.post(situation, title, **given | more)


def test_the_picture_counts_volunteers_by_where_they_set_out_from(crew: Situation) -> None:
    names = dict(zip(crew.places()["place_id"], crew.places()["name"], strict=True))
    found = picture(crew).volunteers_by_place
    assert {names[place_id]: n for place_id, n in found.items()} == {"Asni": 2, "Ighil": 1}


def test_words_of_every_language_become_the_same_skill(crew: Situation) -> None:
    found = volunteering.volunteers(crew)["volunteers"]
    assert sorted(one["skills"][0] for one in found) == ["medical", "medical", "translator"]
    assert all("shi" in one["languages"] for one in found)


def test_who_is_nearer_by_road_is_asked_and_the_reason_says_so(crew: Situation) -> None:
    post(crew, languages=["shi"])
    post(crew, "Read messages", place="", skills=["translator"])
    found = suggesting.suggest(crew)
    by_title = {one["title"]: one for one in found["suggestions"]}
    assert by_title["Read messages"]["volunteer_id"] == volunteering.volunteer_id_of("V3")
    first = by_title["First aid"]
    assert re.search(r"medical, shi \(50/50\); \d+ min away \(\d+/30\); 0 h", first["reason"])
    # Whoever is proposed has the shorter way of the two.
    minutes = {}
    for code in ("V1", "V2"):
        other = {"V1": "V2", "V2": "V1"}[code]
        task = post(crew, f"Only {code}")["task_id"]
        bound = post(crew, f"Bind {other}")["task_id"]
        tasks.assign(crew, bound, other)
        (only,) = suggesting.suggest(crew, task)["suggestions"]
        minutes[only["volunteer_id"]] = int(re.findall(r"(\d+) min", only["reason"])[0])
        tasks.answer(crew, bound, other, "withdrawn")
        tasks.close(crew, bound, "cancelled")
    assert minutes[first["volunteer_id"]] == min(minutes.values())
    assert len(set(minutes.values())) == 2


def test_what_nobody_can_do_is_said_with_what_binds(crew: Situation) -> None:
    post(crew, "Build", skills=["mason"])
    post(crew, "Heal", volunteers=3)
    post(crew, "Explain", skills=[], languages=["es"])
    post(crew, "Drive", skills=[], vehicle=True)
    reasons = {one["title"]: one for one in suggesting.suggest(crew)["unfilled"]}
    assert reasons["Build"]["reason"] == "nobody has mason"
    assert reasons["Heal"]["missing"] == 1
    assert reasons["Explain"]["reason"] == "nobody speaks es"
    assert reasons["Drive"]["reason"] == "nobody has a vehicle"


def test_an_answer_counts_and_frees_or_fills_a_place(crew: Situation) -> None:
    task = post(crew)["task_id"]
    tasks.assign(crew, task, "V1")
    assert tasks.tasks(crew)["tasks"][0]["missing"] == 0
    assert suggesting.suggest(crew)["suggestions"] == []
    tasks.answer(crew, task, "V1", "declined")
    assert tasks.tasks(crew)["tasks"][0]["missing"] == 1
    with pytest.raises(RuleError, match="not asked"):
        tasks.answer(crew, task, "V2", "accepted")
    tasks.assign(crew, task, "V2")
    tasks.answer(crew, task, "V2", "accepted")
    tasks.give_feedback(crew, task, "V2", 4, by="volunteer")
    assert tasks.tasks(crew)["tasks"][0]["stars"] == 4


def test_who_is_not_heard_is_looked_for_and_who_asks_for_help_comes_first(crew: Situation) -> None:
    for code, hours in (("V1", 7.0), ("V2", 5.0), ("V3", 8.0)):
        volunteering.check_in(crew, code, place="Tinmel", said=ago(crew, hours))
    volunteering.heard(crew, "V3", said=ago(crew, 1))
    shown = volunteering.at_work(crew)
    assert [one["status"] for one in shown] == ["silent", "ok", "ok"]
    assert shown[0]["volunteer_id"] == volunteering.volunteer_id_of("V1")
    volunteering.heard(crew, "V2", state="help", place="Ighil", said=Said(note="ankle"))
    (first, *_) = volunteering.at_work(crew)
    assert (first["status"], first["place"], first["note"]) == ("help", "Ighil", "ankle")


def worked(situation: Situation, code: str, hours: float, *, by: str = "coordinator") -> None:
    volunteering.check_in(situation, code, said=ago(situation, hours + 1))
    volunteering.check_out(situation, code, said=ago(situation, 1))
    volunteering.approve(situation, code, by=by)


def test_hours_are_approved_by_somebody_else(crew: Situation) -> None:
    worked(crew, "V1", 4, by="V2")
    volunteering.check_in(crew, "V2", said=ago(crew, 3))
    volunteering.check_out(crew, "V2", said=ago(crew, 1))
    with pytest.raises(RuleError, match="nobody approves their own"):
        volunteering.approve(crew, "V2", by="V2")
    with pytest.raises(RuleError, match="do not approve each other"):
        volunteering.approve(crew, "V2", by="V1")
    assert volunteering.approve(crew, "V2", by="V3")["hours"] == pytest.approx(2.0, abs=0.01)
    hours = {one["volunteer_id"]: one for one in volunteering.volunteers(crew)["volunteers"]}
    assert hours[volunteering.volunteer_id_of("V1")]["hours_approved"] == pytest.approx(4, abs=0.01)


def test_a_certificate_is_checked_against_the_ledger(crew: Situation, tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no hours are approved"):
        certifying.issue(crew, "V1", to=tmp_path / "a.pdf")
    worked(crew, "V1", 4)
    paper = tmp_path / "a.pdf"
    issued = certifying.issue(crew, "V1", to=paper, name="عائشة بنت أحمد", tongue="ar")
    text = pypdfium2.PdfDocument(paper).get_page(0).get_textpage().get_text_bounded()
    assert "4.0" in text
    found = certifying.check(crew, issued["code"])
    assert (found["valid"], found["name"], found["hours"]) == (True, "عائشة بنت أحمد", 4.0)
    # No event knows the name.
    assert "عائشة" not in json.dumps(
        [one.payload for one in crew.store.events()], ensure_ascii=False
    )
    certifying.revoke(crew, issued["certificate_id"], "issued twice")
    assert certifying.check(crew, issued["code"])["revoked_because"] == "issued twice"


def test_a_signed_certificate_that_was_never_issued_is_refused(
    crew: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked(crew, "V1", 4)
    paper = tmp_path / "a.pdf"

    def refuse(*_: Any, **__: Any) -> None:
        raise RuleError("the ledger", "it is full", "")

    kept: dict[str, str] = {}
    monkeypatch.setattr(stockroom, "append", refuse)
    real = certifying.code_of
    monkeypatch.setattr(
        certifying, "code_of", lambda *a, **k: kept.setdefault("code", real(*a, **k))
    )
    with pytest.raises(RuleError, match="it is full"):
        certifying.issue(crew, "V1", to=paper)
    assert not paper.exists()
    with pytest.raises(UnknownIdError, match="knows no such certificate"):
        certifying.check(crew, kept["code"])


@pytest.mark.parametrize(
    ("who", "needed"),
    [
        (Registration(code=" ", skills=["mason"], home="Asni"), "1 to 100 characters"),
        (Registration(code="V9", skills=[" "], home="Asni"), "1 to 20 skills"),
        (Registration(code="V9", skills=["mason"], home="Asni", age=9), "18 to 100 years"),
        (Registration(code="V9", skills=["mason"], home="Nowhere"), "no such place"),
        (Registration(code="V9", skills=["mason"], home="Asni", vehicle="ufo"), "one of truck"),
        (Registration(code="V9", skills=["mason"], home="Asni", name="A"), "with their consent"),
        (
            Registration(code="V9", skills=["mason"], home="Asni", phone="--", consent=True),
            "digits are needed",
        ),
    ],
)
def test_a_registration_that_cannot_be_is_refused(
    valley: Situation, who: Registration, needed: str
) -> None:
    seq = valley.store.seq()
    with pytest.raises(QafilaError, match=needed):
        volunteering.register(valley, who)
    assert [one.type for one in valley.store.events(since=seq)] == []


def test_one_phone_is_one_volunteer_and_goes_to_the_vault_alone(valley: Situation) -> None:
    first = Registration(
        code="V1", skills=["mason"], home="Asni", name="Ali", phone="+212 661-12 34 56",
        consent=True,
    )  # fmt: skip
    volunteer_id = volunteering.register(valley, first)["volunteer_id"]
    with pytest.raises(RuleError, match="kept for volunteer:v1"):
        volunteering.register(
            valley,
            Registration(
                code="V2", skills=["mason"], home="Asni", phone="٠٦٦١١٢٣٤٥٦", consent=True
            ),
        )
    # Again with the same phone is the same person, with what is new of them.
    volunteering.register(valley, first)
    kept = people.export_person(valley, volunteer_id)
    assert {one["field"]: one["value"] for one in kept["fields"]}["phone"] == first.phone
    assert "661" not in json.dumps([one.payload for one in valley.store.events()])


@pytest.mark.parametrize(
    ("more", "needed"),
    [
        ({"ends_at": -1.0, "starts_at": -5.0}, "has not ended yet"),
        ({"ends_at": 1.0, "starts_at": 2.0}, "ends after it begins"),
        ({"volunteers": 0}, "1 to 10,000"),
    ],
)
def test_a_task_that_cannot_be_is_refused(
    valley: Situation, more: dict[str, float], needed: str
) -> None:
    times = {key: later(valley, value) for key, value in more.items() if key.endswith("_at")}
    with pytest.raises((InputError, RuleError), match=needed):
        post(valley, **more | times)


def test_from_the_command_line(
    crew: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(crew.home)]

    def run(*words: str, status: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*words, "--json", *home]) == status
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    begins, ends = (later(crew, hours).isoformat() for hours in (1, 3))
    times = ("--from", begins, "--until", ends)
    run("task", "post", "Sort", *times, "--place", "Asni", "--skills", "nurse", "--volunteers", "3")
    found = run("task", "match", status=1)
    assert (len(found["suggestions"]), found["unfilled"][0]["missing"]) == (2, 1)
    run("task", "assign", "Sort", "V1")
    run("volunteer", "in", "V1", "--task", "Sort", "--at", ago(crew, 3).at.isoformat())  # type: ignore[union-attr]
    run("volunteer", "out", "V1")
    run("volunteer", "approve", "V1", "--by", "desk")
    paper = tmp_path / "c.pdf"
    issued = run("certificate", "issue", "V1", "--to", str(paper), "--lang", "zgh")
    code = tmp_path / "code.txt"
    code.write_text(issued["code"], encoding="ascii")
    assert run("certificate", "check", str(code))["hours"] == 3.0
    assert main(["certificate", "check", "no file at all", *home]) == 2
    assert "begins with qafila-certificate:1" in capsys.readouterr().err
    run("certificate", "revoke", issued["certificate_id"], "--reason", "misspelled")
    assert run("certificate", "check", str(code), status=1)["valid"] is False
