"""The office of volunteers: each act with its undo, an organisation kept to its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.operations import certifying, tasks, volunteer_office, volunteering
from dashboard.operations.situation import Situation
from dashboard.operations.volunteering import Registration
from data.store.acting import acting_for
from geo.errors import InputError, QafilaError, RuleError


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QAFILA_LEDGER_KEY", str(tmp_path / "key.pem"))


def act(situation: Situation, action: str, **fields: Any) -> dict[str, Any]:
    return volunteer_office.act(situation, action, fields)


def undo(situation: Situation, done: dict[str, Any]) -> dict[str, Any]:
    return volunteer_office.act(situation, done["undo"]["action"], done["undo"]["fields"])


@pytest.fixture
def office(valley: Situation) -> Situation:
    """V1 and V2 of two organisations, and a task of the first for two nurses."""
    for code, organisation in (("V1", "Tiwizi"), ("V2", "Eau")):
        act(
            valley, "register", code=code, skills=["medical"], home="Asni",
            organisation=organisation,
        )  # fmt: skip
    now = valley.now()
    act(
        valley,
        "post_task",
        title="First aid",
        starts_at=now + timedelta(hours=1),
        ends_at=now + timedelta(hours=5),
        place="Asni",
        skills=["medical"],
        wanted=2,
        organisation="Tiwizi",
    )
    return valley


def test_the_book_shows_what_the_forms_did(office: Situation) -> None:
    book = volunteer_office.book(office)
    assert [one["code"] for one in book["volunteers"]] == ["v1", "v2"]
    assert [one["organisation"] for one in book["volunteers"]] == ["Tiwizi", "Eau"]
    (task,) = book["tasks"]
    assert (task["organisation"], task["missing"]) == ("Tiwizi", 2)
    totals = book["totals"]
    assert (totals["volunteers"], totals["open_tasks"], totals["missing"]) == (2, 1, 2)


def test_who_may_not_see_volunteers_gets_no_code_of_one(office: Situation) -> None:
    act(office, "ask", task="First aid", volunteers=["V1"])
    act(office, "check_in", volunteer="V1")
    shown = volunteer_office.tasks_book(office)
    assert "v1" not in str(shown)
    assert shown["totals"]["at_work"] == 1
    assert shown["tasks"][0]["missing"] == 1


def test_several_are_asked_together_or_nobody_and_the_question_is_taken_back(
    office: Situation,
) -> None:
    before = office.seq()
    with pytest.raises(QafilaError):
        act(office, "ask", task="First aid", volunteers=["V1", "nobody"])
    assert office.seq() == before
    done = act(office, "ask", task="First aid", volunteers=["V1", "V2"])
    assert tasks.tasks(office)["tasks"][0]["missing"] == 0
    undo(office, done)
    assert tasks.tasks(office)["tasks"][0]["missing"] == 2


def test_a_task_posted_by_mistake_is_called_off(office: Situation) -> None:
    now = office.now()
    done = act(office, "post_task", title="No", starts_at=now, ends_at=now + timedelta(hours=1))
    undo(office, done)
    named = {one["title"]: one["status"] for one in tasks.tasks(office)["tasks"]}
    assert named == {"First aid": "open", "No": "cancelled"}


def test_hours_are_approved_by_who_signed_in_and_end_on_a_paper(office: Situation) -> None:
    now = office.now()
    act(office, "check_in", volunteer="V1", at=now - timedelta(hours=3))
    act(office, "check_out", volunteer="V1", at=now - timedelta(hours=1))
    assert volunteer_office.book(office)["volunteers"][0]["hours_waiting"] == 2.0
    with pytest.raises(QafilaError):
        act(office, "approve", volunteer="V1", by="V1")
    with acting_for(actor="account:amina"):
        act(office, "approve", volunteer="V1", by="V1")  # the field does not count
    (shift,) = office.store.shifts()
    assert shift.approved_by == "account:amina"
    done = act(office, "certificate", volunteer="V1", name="Fatima", tongue="ar")
    assert done["paper"].startswith(b"%PDF")
    assert "Fatima" not in str(office.store.certificates())
    assert volunteer_office.book(office)["certificates"][0]["hours"] == 2.0
    undo(office, done)
    assert volunteer_office.book(office)["certificates"][0]["revoked_because"]


def test_who_asks_for_help_or_is_silent_leads_the_list(office: Situation) -> None:
    now = office.now()
    act(office, "check_in", volunteer="V1", at=now - timedelta(hours=7))
    act(office, "check_in", volunteer="V2", at=now - timedelta(hours=1))
    totals = volunteer_office.book(office)["totals"]
    assert (totals["at_work"], totals["silent"], totals["help"]) == (2, 1, 0)
    act(office, "heard", volunteer="V2", state="help", place="Asni")
    assert [one["status"] for one in volunteer_office.book(office)["at_work"]] == ["help", "silent"]
    act(office, "heard", volunteer="V1", state="ok")
    assert volunteer_office.book(office)["totals"]["silent"] == 0


def test_name_and_phone_are_found_again_in_the_vault_only(office: Situation) -> None:
    act(
        office, "register", code="V3", skills=["cook"], home="Asni", consent=True,
        name="Brahim", phone="0612345678",
    )  # fmt: skip
    found = volunteer_office.contact_of(office, volunteering.volunteer_id_of("V3"))
    assert found == {"name": "Brahim", "phone": "0612345678"}
    assert volunteering.code_word(volunteering.volunteer_id_of("V3")) == "v3"
    assert volunteering.code_word(volunteering.volunteer_id_of("الف")).startswith("x-")
    assert volunteer_office.contact_of(office, "volunteer:none") == {}
    assert "Brahim" not in str(volunteer_office.book(office))


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("check_in", {"volunteer": "V2"}),
        ("heard", {"volunteer": "V2", "state": "ok"}),
        ("approve", {"volunteer": "V2", "by": "x"}),
        ("certificate", {"volunteer": "V2"}),
        ("register", {"code": "V2", "skills": ["cook"], "home": "Asni"}),
        ("ask", {"task": "First aid", "volunteers": ["V1", "V2"]}),
        ("check_in", {"volunteer": "volunteer:unknown"}),
        ("revoke", {"certificate": "certificate:1", "reason": "x"}),
    ],
)
def test_an_organisation_touches_its_own_only(
    office: Situation, action: str, fields: dict[str, Any]
) -> None:
    (mine,) = [one.organisation_id for one in office.store.organisations() if one.name == "Tiwizi"]
    before = office.seq()
    with pytest.raises(RuleError, match="own volunteers and tasks"):
        volunteer_office.act(office, action, fields, only=mine)
    assert office.seq() == before


def test_an_organisation_may_call_its_own_and_register_new_ones(office: Situation) -> None:
    (mine,) = [one.organisation_id for one in office.store.organisations() if one.name == "Tiwizi"]
    fields = {"code": "V9", "skills": ["cook"], "home": "Asni", "organisation": "Eau"}
    volunteer_office.act(office, "register", fields, only=mine)
    known = {one.volunteer_id: one.organisation_id for one in office.store.volunteers()}
    assert known[volunteering.volunteer_id_of("V9")] == mine  # whatever the form says
    volunteer_office.act(office, "check_in", {"volunteer": "V9"}, only=mine)
    with pytest.raises(RuleError, match="own volunteers"):
        other = tasks.post(
            office, "Other", starts_at=office.now(), ends_at=office.now() + timedelta(hours=1)
        )
        fields = {"task": other["task_id"], "status": "done"}
        volunteer_office.act(office, "close_task", fields, only=mine)


@pytest.mark.parametrize(
    ("action", "fields", "says"),
    [
        ("hire", {}, "register"),
        ("check_in", {}, "'volunteer' is needed"),
        ("heard", {"volunteer": "V1", "state": "dead"}, "ok or help"),
        ("close_task", {"task": "First aid", "status": "open"}, "done or cancelled"),
        ("answer", {"task": "First aid", "volunteer": "V1", "answer": "maybe"}, "accepted"),
        ("ask", {"task": "First aid", "volunteers": ["V1"] * 501}, "at most 500"),
        ("check_in", {"volunteer": "V" * 5_000}, "at most 4000"),
        ("post_task", {"title": "x", "starts_at": "soon", "ends_at": "late"}, "a time is needed"),
        ("feedback", {"task": "First aid", "volunteer": "V1", "stars": 3, "by": "me"}, "volunteer"),
    ],
)
def test_what_cannot_be_done_says_what_is_needed(
    office: Situation, action: str, fields: dict[str, Any], says: str
) -> None:
    before = office.seq()
    with pytest.raises(InputError, match=says):
        act(office, action, **fields)
    assert office.seq() == before


def test_a_paper_that_was_made_here_is_checked_here(office: Situation) -> None:
    now = office.now()
    volunteering.register(office, Registration(code="V5", skills=["cook"], home="Asni"))
    act(office, "check_in", volunteer="V5", at=now - timedelta(hours=2))
    act(office, "check_out", volunteer="V5", at=now)
    act(office, "approve", volunteer="V5", by="V1")
    made = certifying.issue(office, "V5", tongue="fr")
    assert certifying.check(office, made["code"])["valid"]
