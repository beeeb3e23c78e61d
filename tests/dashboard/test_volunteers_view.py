"""The page of volunteers, with a real situation: seen, asked, called, certified, undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, peoplesheet, state
from dashboard.languages import reading_in
from dashboard.map.layers import LayerFiles
from dashboard.operations import certifying, uploads
from dashboard.operations.situation import Situation
from dashboard.role_desk import desk_for
from dashboard.situation_desk import SituationDesk
from data.access.roles import Visitor, rights_of
from geo.errors import RuleError

PLACES = "name,lon,lat\nTinmel,-8.228,30.985\nIghil,-8.287,30.984\n"
HOSTILE = "<script>alert(1)</script>"


def _page() -> None:
    from dashboard import state
    from dashboard.views import volunteers

    volunteers.page(state.get_served())


def _serve(desk: Any) -> None:
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SituationDesk]:
    monkeypatch.setenv("QAFILA_LEDGER_KEY", str(tmp_path / "key.pem"))
    home = tmp_path / "home"
    with Situation.create(home, name="Valley", timezone="Africa/Casablanca") as situation:
        path = tmp_path / "places.csv"
        path.write_text(PLACES, encoding="utf-8")
        uploads.upload(situation, "places", path, organisation="Cell", add_places=True)
    desk = SituationDesk(home)
    now = desk.now()
    for code, skills in (("V1", ["medical"]), ("V2", ["cook"])):
        desk.manage_volunteers(
            "register", {"code": code, "skills": skills, "home": "Tinmel", "organisation": "NGO"}
        )
    desk.manage_volunteers(
        "post_task",
        {
            "title": f"Cook {HOSTILE}",
            "starts_at": now + timedelta(hours=1),
            "ends_at": now + timedelta(hours=3),
            "place": "Ighil",
            "skills": ["cook"],
            "wanted": 2,
        },
    )
    desk.manage_volunteers("check_in", {"volunteer": "V1", "at": now - timedelta(hours=7)})
    _serve(desk)
    yield desk
    desk.close()


def _shown(part: str = "work", **session: Any) -> AppTest:
    page = AppTest.from_function(_page, default_timeout=60)
    page.session_state["volunteers_part"] = part
    for key, value in session.items():
        page.session_state[key] = value
    page.run()
    assert not page.exception
    return page


def _pick(row: int) -> dict[str, Any]:
    return {"selection": {"rows": [row], "columns": [], "cells": []}}


def _click(page: AppTest, label: str) -> AppTest:
    next(one for one in page.button if one.label == label).click().run()
    assert not page.exception
    return page


def _text(page: AppTest) -> str:
    parts = (*page.markdown, *page.caption, *page.success, *page.warning, *page.info, *page.error)
    return "\n".join(one.value for one in parts).replace("\\", "")


def test_who_is_silent_leads_and_is_heard_again(desk: SituationDesk) -> None:
    page = _shown(at_work_table=_pick(0))
    assert page.dataframe[0].value["State"].tolist() == ["not heard for 6 h"]
    assert "No name and no phone are kept." in _text(page)
    page = _click(page, "Heard, all is well")
    assert "v1 was heard" in _text(page)
    assert desk.volunteers_book()["totals"]["silent"] == 0


def test_whom_to_ask_with_the_reason_and_the_question_taken_back(desk: SituationDesk) -> None:
    page = _click(_shown("tasks", tasks_table=_pick(0)), "Whom to ask?")
    # Of two that are wanted one can cook; the roads of this valley are not loaded.
    assert "1 places stay empty" in _text(page)
    (box,) = page.checkbox
    assert box.label.startswith("**v2**")
    assert "cook (50/50)" in box.label.replace("\\", "")
    page = _click(page, "Ask those who are ticked")
    assert desk.volunteers_book()["tasks"][0]["missing"] == 1
    _click(page, "Undo")
    assert desk.volunteers_book()["tasks"][0]["missing"] == 2


def test_hours_are_approved_and_certified_and_the_paper_is_given_once(
    desk: SituationDesk,
) -> None:
    desk.manage_volunteers("check_out", {"volunteer": "V1"})
    page = _shown("hours")
    next(one for one in page.text_input if one.label.startswith("Who approves")).input("V2")
    page = _click(page, "Approve")
    assert desk.volunteers_book()["volunteers"][0]["hours_approved"] == 7.0
    page = _click(page, "Issue")
    assert desk.volunteers_book()["certificates"][0]["code"] == "v1"
    assert page.get("download_button")
    page = _click(page, "Undo")
    assert desk.volunteers_book()["certificates"][0]["revoked_because"]


def test_anybody_checks_a_paper(desk: SituationDesk) -> None:
    desk.manage_volunteers("check_out", {"volunteer": "V1"})
    desk.manage_volunteers("approve", {"volunteer": "V1", "by": "V2"})
    made = certifying.issue(desk.situation(), "V1", name=HOSTILE)
    for code, says in ((made["code"], "7 h in 1 shifts"), (made["code"][:-3], "certificate")):
        page = _shown("check", paper_code=code)
        page = _click(page, "Check")
        assert says in _text(page)
        shown = [one.value for one in (*page.success, *page.error)]
        assert shown and all("<" not in one.replace("\\<", "") for one in shown)


def test_a_form_that_is_not_filled_in_says_what_is_needed(desk: SituationDesk) -> None:
    page = _click(_shown("volunteers"), "Register")
    assert "'code' is needed" in _text(page)
    page = _click(_shown("tasks"), "Post it")
    assert "'title' is needed" in _text(page)


@pytest.mark.parametrize("role", ["viewer", "field", "auditor"])
def test_other_roles_see_tasks_and_totals_and_no_volunteer(desk: SituationDesk, role: str) -> None:
    visitor = Visitor(account_id="account:1", role=role, organisation_id="", rights=rights_of(role))  # type: ignore[arg-type]
    _serve(desk_for(desk, visitor))
    page = AppTest.from_function(_page, default_timeout=60).run()
    assert not page.exception
    assert len(page.dataframe) == 1
    assert "v1" not in str(page.dataframe[0].value) + _text(page)
    assert [one.label for one in page.button if one.label not in ("Back to now",)] == []


def test_every_code_of_a_reason_is_said_in_every_language() -> None:
    bindings = (
        "nobody_registered", "too_few", "no_skill", "no_language", "no_vehicle", "nobody_remote",
        "nobody_free",
    )  # fmt: skip
    values = {"lacking": ["mason", "shi"], "able": 3, "hours": 4}
    said = {}
    for language in ("en", "fr", "ar", "zgh"):
        with reading_in(language):
            said[language] = [
                peoplesheet.lacking({"binding": one, "values": values}) for one in bindings
            ]
            assert len(set(said[language])) == len(bindings)
    assert not set(said["en"]) & (set(said["fr"]) | set(said["ar"]) | set(said["zgh"]))


def _asked(desk: SituationDesk, **more: Any) -> str:
    desk.manage_volunteers(
        "post_microtask", {"kind": "translate", "text": f"ⴰⵎⴰⵏ {HOSTILE}", "language": "fr", **more}
    )
    return str(desk.small_questions()["microtasks"][-1]["microtask_id"])


def test_a_small_question_is_asked_and_taken_back(desk: SituationDesk) -> None:
    page = _shown("questions")
    assert "No small question is asked yet." in _text(page)
    page.selectbox(key="question_kind").set_value("translate").run()
    next(one for one in page.text_area if one.label == "Message to translate").set_value("ⴰⵎⴰⵏ")
    page.run()
    page = _click(page, "Ask")
    (one,) = desk.small_questions()["microtasks"]
    assert (one["kind"], one["text"], one["language"], one["wanted"]) == (
        "translate", "ⴰⵎⴰⵏ", "ar", 3,
    )  # fmt: skip
    assert "The question is asked." in _text(page)
    _click(page, "Undo")
    assert desk.small_questions()["microtasks"][0]["state"] == "cancelled"


def test_a_volunteer_answers_one_question_after_another(desk: SituationDesk) -> None:
    first = _asked(desk)
    places = ("Tinmel", "Ighil")
    desk.manage_volunteers("post_microtask", {"kind": "same_place", "about": places})
    who = desk.volunteers_book()["volunteers"][0]["volunteer_id"]
    page = _shown("questions", question_volunteer=who)
    for _ in range(2):
        text = _text(page)
        if "What does this say" in text:
            assert HOSTILE not in "".join(one.value for one in page.markdown if one.allow_html)
            box = next(one for one in page.text_area if one.label == "Translation")
            box.set_value("de l'eau").run()
            page = _click(page, "Send")
        else:
            assert "Tinmel" in text
            page = _click(page, "two places")
    assert "Nothing more to answer." in _text(page)
    known = {one["microtask_id"]: one for one in desk.small_questions()["microtasks"]}
    assert known.pop(first)["texts"] == ["de l'eau"]
    assert [one["answer"] for one in known.values()] == ["different"]


def test_a_decided_answer_is_taken_and_others_are_not_offered(desk: SituationDesk) -> None:
    question = _asked(desk, answers=2)
    fields = {"microtask": question, "text": "eau"}
    desk.manage_volunteers("answer_microtask", {**fields, "volunteer": "V1"})
    page = _shown("questions", questions_table=_pick(0))
    assert "Take this answer as evidence" not in {one.label for one in page.button}
    desk.manage_volunteers("answer_microtask", {**fields, "volunteer": "V2"})
    page = _click(_shown("questions", questions_table=_pick(0)), "Take this answer as evidence")
    assert "Taken as evidence: eau" in _text(page)
    assert desk.small_questions()["microtasks"][0]["state"] == "taken"


def test_a_test_is_not_offered_as_evidence_and_a_shorter_table_ticks_nothing(
    desk: SituationDesk,
) -> None:
    places = ("Tinmel", "Ighil")
    asked = {"kind": "same_place", "about": places, "answers": 2, "gold": "different"}
    desk.manage_volunteers("post_microtask", asked)
    (one,) = desk.small_questions()["microtasks"]
    for who in ("V1", "V2"):
        fields = {"microtask": one["microtask_id"], "volunteer": who, "choice": "different"}
        desk.manage_volunteers("answer_microtask", fields)
    assert desk.small_questions()["microtasks"][0]["state"] == "decided"
    labels = {one.label for one in _shown("questions", questions_table=_pick(0)).button}
    assert "Call it off" in labels
    assert "Take this answer as evidence" not in labels
    # Ticked in a longer table, before others called questions off.
    labels = {one.label for one in _shown("questions", questions_table=_pick(7)).button}
    assert "Call it off" not in labels


def test_who_may_not_see_volunteers_sees_no_questions(desk: SituationDesk) -> None:
    visitor = Visitor(
        account_id="account:1", role="viewer", organisation_id="", rights=rights_of("viewer")
    )
    seen = desk_for(desk, visitor)
    _serve(seen)
    # Who said what, and how well, is of single volunteers.
    for look in (seen.small_questions, lambda: seen.next_question("volunteer:V1")):
        with pytest.raises(RuleError, match="'volunteers'"):
            look()
    page = _shown("questions")
    assert "Small questions" not in _text(page)
    assert {one.label for one in page.button} & {"Ask", "Send"} == set()
