"""Small questions for volunteers far away: answered, weighed, taken as evidence, asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import questionsheet, state
from dashboard.languages import LANGUAGES, _
from dashboard.map.text import clean, markdown
from dashboard.operations.volunteering import code_word
from dashboard.views import grid
from dashboard.views.crew_acts import do, heading
from dashboard.views.handling import place_names
from data.events import CHOICES, MICROTASK_KINDS
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.peoplesheet import Words
    from dashboard.views.frame import Frame

TABLE_HEIGHT_PX = 300
TEXT_LIMIT = 1_000
WHO, KIND = "question_volunteer", "question_kind"


def part(drawn: Frame, book: dict[str, Any], words: Words) -> None:
    """Show the next question of a volunteer, how all stand, and the form that asks one."""
    desk = drawn.served.desk
    try:
        found = desk.small_questions()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    if desk.may("manage_volunteers"):
        _answer(drawn, book)
    rows = found["microtasks"]
    if rows:
        chosen = grid.show(
            questionsheet.questions_table(rows, words.moment),
            name="questions",
            hide_index=True,
            height="auto" if len(rows) < 8 else TABLE_HEIGHT_PX,
            on_select="rerun",
            selection_mode="single-row",
            key="questions_table",
            alt=_("Small questions"),
        )
        for at in grid.ticked(chosen, len(rows)):
            _one(drawn, rows[at])
        st.caption(
            _(
                "An answer counts once enough people gave it and it is 90 % sure, weighed by how "
                "often each is right. Taken, it is evidence like any other, with its confidence."
            )
        )
    else:
        st.info(_("No small question is asked yet."), icon=":material/quiz:")
    if found["volunteers"]:
        with st.expander(_("How well they answer")):
            grid.show(
                questionsheet.answerers_table(found["volunteers"]),
                name="answerers",
                hide_index=True,
                height="auto",
                key="answerers_table",
                alt=_("How well they answer"),
            )
    if desk.may("manage_volunteers"):
        _ask(drawn)


def _answer(drawn: Frame, book: dict[str, Any]) -> None:
    people = [one["volunteer_id"] for one in book["volunteers"]]
    desk = drawn.served.desk
    with st.container(border=True):
        heading(_("Answer"))
        who = st.selectbox(
            _("Who answers"),
            people,
            index=None,
            format_func=lambda one: clean(code_word(one)),
            placeholder=_("choose one"),
            key=WHO,
        )
        if who is None:
            return
        try:
            found = desk.next_question(who)
        except QafilaError as error:
            st.error(markdown(error), icon=":material/error:")
            return
        one = found["question"]
        if one is None:
            st.success(_("Nothing more to answer. Thank you."), icon=":material/check:")
            return
        st.markdown(f"**{markdown(questionsheet.kind_name(one['kind']))}**")
        _shown(one, found["pictures"])
        fields = {"microtask": one["microtask_id"], "volunteer": who}
        said = _("Answered. Here is the next one.")
        if one["kind"] == "translate":
            text = st.text_area(
                _("Translation"), max_chars=TEXT_LIMIT, key=f"text_{one['microtask_id']}_{who}"
            )
            if st.button(_("Send"), type="primary", disabled=not text.strip()):
                do(desk, said, "answer_microtask", {**fields, "text": text})
            choices = ["cannot_tell"]
        else:
            choices = one["choices"]
        row = st.container(horizontal=True)
        for choice in choices:
            if row.button(questionsheet.choice_name(choice), key=f"choice_{choice}"):
                do(desk, said, "answer_microtask", {**fields, "choice": choice})


def _shown(one: dict[str, Any], pictures: dict[str, bytes]) -> None:
    """Show what a question is about."""
    st.markdown(markdown(questionsheet.subject(one)))
    if one["text"] and one["kind"] == "translate":
        st.text(clean(one["text"], TEXT_LIMIT))
    elif one["text"]:
        st.caption(markdown(clean(one["text"], TEXT_LIMIT)))
    if pictures:
        st.caption(_("The one in the middle of the picture."))
        titles = {"before": _("before"), "after": _("after")}
        for column, role in zip(st.columns(2), sorted(pictures, reverse=True), strict=False):
            column.image(pictures[role], caption=titles[role], width="stretch")


def _one(drawn: Frame, row: dict[str, Any]) -> None:
    """Take the answer of the question that is ticked, or call it off."""
    desk = drawn.served.desk
    for text in row["texts"]:
        st.markdown(f"- {markdown(clean(text, TEXT_LIMIT))}")
    if not desk.may("manage_volunteers") or row["state"] in ("taken", "cancelled"):
        return
    fields = {"microtask": row["microtask_id"]}
    take, off, _rest = st.columns([2, 1, 1])
    if (
        row["state"] == "decided"
        and not row["gold"]
        and take.button(_("Take this answer as evidence"), icon=":material/check:")
    ):
        said = _("Taken as evidence: {answer}").format(
            answer=questionsheet.choice_name(row["answer"])
        )
        do(desk, said, "take_microtask", fields)
    if off.button(_("Call it off"), icon=":material/cancel:", key="question_off"):
        do(desk, _("The question is called off."), "cancel_microtask", fields)


def _ask(drawn: Frame) -> None:
    """Ask a new question."""
    places = place_names(drawn)
    with st.container(border=True):
        heading(_("Ask a small question"))
        kind = st.selectbox(
            _("What is asked"),
            MICROTASK_KINDS,
            format_func=questionsheet.kind_name,
            key=KIND,
        )
        fields: dict[str, Any] = {"kind": kind}
        if kind == "building":
            row = st.columns(2)
            lat = row[0].number_input(_("Latitude"), -85.0, 85.0, value=None, format="%.6f")
            lon = row[1].number_input(_("Longitude"), -180.0, 180.0, value=None, format="%.6f")
            ready = lat is not None and lon is not None
            fields["point"] = (lon, lat)
        elif kind == "road":
            edge = state.get(state.EDGE, "")
            st.caption(
                markdown(clean(edge)) if edge else _("Click the road on the map, page Situation.")
            )
            ready = bool(edge)
            fields["about"] = (edge,)
        elif kind == "same_place":
            row = st.columns(2)
            two = [
                column.selectbox(
                    label,
                    list(places),
                    index=None,
                    format_func=places.__getitem__,
                    placeholder=_("write its name"),
                    key=f"question_place_{at}",
                )
                for at, (column, label) in enumerate(
                    zip(row, (_("One place"), _("The other")), strict=True)
                )
            ]
            ready = None not in two and two[0] != two[1]
            fields["about"] = tuple(two)
        else:
            text = st.text_area(_("Message to translate"), max_chars=TEXT_LIMIT)
            fields["text"] = text
            fields["language"] = st.selectbox(
                _("Into"), list(LANGUAGES), format_func=LANGUAGES.__getitem__
            )
            ready = bool(text.strip())
        row = st.columns(2)
        fields["answers"] = row[0].number_input(_("How many people answer"), 2, 25, value=3)
        if CHOICES[kind]:
            gold = row[1].selectbox(
                _("Right answer, if it is known: a test"),
                CHOICES[kind],
                index=None,
                format_func=questionsheet.choice_name,
                placeholder=_("not known"),
                key=f"question_gold_{kind}",
            )
            fields["gold"] = gold or ""
        if st.button(_("Ask"), type="primary", icon=":material/quiz:", disabled=not ready):
            do(drawn.served.desk, _("The question is asked."), "post_microtask", fields)
