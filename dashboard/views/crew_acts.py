"""What is done with volunteers from the page: asked, answered, called by their phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import peoplesheet, state
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.operations.volunteering import code_word
from dashboard.views.acts import perform
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.desk import Desk

ASKED = "crew_suggested"
MOST_NAMED = 200


def do(desk: Desk, title: str, action: str, fields: Mapping[str, Any]) -> None:
    """Do something with volunteers, tasks or hours."""

    def told(done: dict[str, Any]) -> dict[str, Any]:
        back = done["undo"]
        undo = back and (lambda seen: seen.manage_volunteers(back["action"], back["fields"]))
        return {"paper": done["paper"], "undo": undo}

    perform(state.CREW_DONE, title, lambda: desk.manage_volunteers(action, fields), told)


def heading(text: str) -> None:
    """Head a form."""
    st.markdown(f"**{markdown(text)}**")


def contact(desk: Desk, volunteer_id: str) -> None:
    """Show by what name and phone a volunteer is reached, to those who may know."""
    if not desk.may("volunteer_contact"):
        return
    try:
        known = desk.volunteer_contact(volunteer_id)
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    text = " · ".join(clean(known[one]) for one in ("name", "phone") if known.get(one))
    st.markdown(markdown(text or _("No name and no phone are kept.")))


def task(desk: Desk, one: dict[str, Any]) -> None:
    """Show who was asked for a task and what they said; whom to ask; close it."""
    _answers(desk, one)
    if one["status"] != "open":
        return
    if one["missing"]:
        _proposals(desk, one)
    done, cancelled, _rest = st.columns([1, 1, 2])
    title = clean(one["title"], 200)
    fields = {"task": one["task_id"]}
    if done.button(_("It is done"), icon=":material/task_alt:", width="stretch"):
        said = _("Done: {task}").format(task=title)
        do(desk, said, "close_task", {**fields, "status": "done"})
    if cancelled.button(_("Call it off"), icon=":material/cancel:", width="stretch"):
        said = _("Called off: {task}").format(task=title)
        do(desk, said, "close_task", {**fields, "status": "cancelled"})


def _answers(desk: Desk, one: dict[str, Any]) -> None:
    asked = one["assignments"]
    if not asked:
        st.caption(_("Nobody was asked yet."))
        return
    for each in asked:
        code = clean(code_word(each["volunteer_id"]))
        st.markdown(f"- {markdown(code)}: {markdown(peoplesheet.answer_name(each['status']))}")
        if each["reason"]:
            st.caption(markdown(clean(each["reason"], 300)))
    open_ones = [each for each in asked if each["status"] in ("asked", "accepted")]
    if one["status"] != "open" or not open_ones:
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    who = row.selectbox(
        _("Who answered"),
        [each["volunteer_id"] for each in open_ones],
        format_func=lambda each: clean(code_word(each)),
        key=f"answer_of_{one['task_id']}",
    )
    answers = (
        ("accepted", _("said yes"), ":material/thumb_up:"),
        ("declined", _("said no"), ":material/thumb_down:"),
        ("withdrawn", _("does not come after all"), ":material/undo:"),
    )
    for answer, label, icon in answers:
        if row.button(label, icon=icon, key=f"answer_{answer}"):
            code = clean(code_word(str(who)))
            fields = {"task": one["task_id"], "volunteer": who, "answer": answer}
            do(desk, f"{code}: {label}", "answer", fields)


def _proposals(desk: Desk, one: dict[str, Any]) -> None:
    """Say whom to ask, and why, and ask them."""
    if st.button(_("Whom to ask?"), icon=":material/person_search:", type="primary"):
        with st.spinner(_("Looking for those who suit best …")):
            try:
                found = desk.suggest_volunteers(one["task_id"])
            except QafilaError as error:
                st.error(markdown(error), icon=":material/error:")
                return
        state.put(ASKED, (one["task_id"], found))
    kept = state.get(ASKED)
    if not kept or kept[0] != one["task_id"]:
        return
    found = kept[1]
    for each in found["unfilled"]:
        text = _("{n} places stay empty: {why}").format(
            n=each["missing"], why=peoplesheet.lacking(each)
        )
        st.warning(markdown(text), icon=":material/group_off:")
    proposed = found["suggestions"][:MOST_NAMED]
    if not proposed:
        return
    with st.form(f"ask_{one['task_id']}", border=True):
        st.caption(_("100 points at most: what they bring, how near they are, how rested."))
        ticked = [
            each
            for each in proposed
            if st.checkbox(
                f"**{markdown(clean(code_word(each['volunteer_id'])))}** · "
                f"{each['score']:.0f} · {markdown(peoplesheet.reason(each))}",
                value=True,
                key=f"ask_{one['task_id']}_{each['volunteer_id']}",
            )
        ]
        asked = st.form_submit_button(
            _("Ask those who are ticked"), icon=":material/outgoing_mail:"
        )
    if asked and ticked:
        state.put(ASKED, None)
        do(
            desk,
            _("{n} asked for {task}").format(n=len(ticked), task=clean(one["title"], 200)),
            "ask",
            {
                "task": one["task_id"],
                "volunteers": [each["volunteer_id"] for each in ticked],
                "reasons": {each["volunteer_id"]: each["reason"] for each in ticked},
            },
        )
