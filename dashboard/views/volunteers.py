"""Volunteers: who is at work and is to be looked for, tasks and whom to ask, hours and papers."""

from __future__ import annotations

import html
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import peoplesheet, state
from dashboard.languages import _
from dashboard.map.layers import layer_file
from dashboard.map.text import clean, markdown
from dashboard.peoplesheet import Words
from dashboard.views import acts, crew_acts, crew_forms, frame, grid, papers, questions
from dashboard.views.figures import moment, number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.state import Served

MAP_HEIGHT_PX = 520
TABLE_HEIGHT_PX = 380
PART = "volunteers_part"
ROWS_SHOWN = 2_000


def page(served: Served) -> None:
    """Draw the page; who may not see single volunteers is shown tasks and totals."""
    drawn = frame.opened(served, with_figures=False)
    if drawn is None:
        return
    desk = served.desk
    whole = desk.may("volunteers_book")
    try:
        book = desk.volunteers_book() if whole else desk.tasks_book()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    zone = drawn.info.timezone
    words = Words(moment=lambda at: moment(at, zone))
    totals(book["totals"], book, words)
    acts.outcome(desk, state.CREW_DONE)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        crew_map(drawn, book, words)
    with left:
        parts(drawn, book, words, whole=whole)
    frame.follow(desk, drawn.picture.seq)


def totals(found: dict[str, Any], book: dict[str, Any], words: Words) -> None:
    """Show how many there are, at work, and to be looked for; hours given and approved."""
    boxes = [
        (_("Volunteers"), number(found["volunteers"]), False),
        (_("At work"), number(found["at_work"]), False),
        (_("Ask for help"), number(found["help"]), found["help"] > 0),
        (_("Not heard for 6 h"), number(found["silent"]), found["silent"] > 0),
        (_("Open tasks"), number(found["open_tasks"]), False),
        (_("People missing"), number(found["missing"]), False),
        (_("Hours"), number(found["hours"]), False),
        (_("of them approved"), number(found["hours_approved"]), False),
    ]
    cells = "".join(
        f"<div{' class=q-alarm' if alarm else ''}><dt>{html.escape(label)}</dt>"
        f"<dd>{value}</dd></div>"
        for label, value, alarm in boxes
    )
    line = _("Ledger, event {event}, {time}").format(
        event=book["based_on_seq"], time=words.moment(book["at"])
    )
    st.html(
        f'<dl class="q-figures">{cells}</dl><p class="q-sources" dir="auto">{html.escape(line)}</p>'
    )


def crew_map(drawn: frame.Frame, book: dict[str, Any], words: Words) -> None:
    """Show who is at work where, whom to look for, and where a task lacks people."""
    places = drawn.picture.places
    positions = dict(
        zip(
            places["place_id"],
            zip(places.geometry.x, places.geometry.y, strict=True),
            strict=True,
        )
    )
    names = dict(zip(places["place_id"], places["name"], strict=True))
    file = layer_file("crew", peoplesheet.map_features(book, positions, names, words))
    drawn.served.layers.made_from(("crew", file.sha), lambda: (file,))
    frame.show_map(drawn.picture, height=MAP_HEIGHT_PX, grow=False, overlay=file.path)


def parts(drawn: frame.Frame, book: dict[str, Any], words: Words, *, whole: bool) -> None:
    """Show the part that is chosen."""
    titles = {
        "work": _("At work"),
        "tasks": _("Tasks"),
        "volunteers": _("Volunteers"),
        "hours": _("Hours and papers"),
        "questions": _("Small questions"),
        "check": _("Check a paper"),
    }
    shown: dict[str, Callable[[], None]] = {
        "work": partial(at_work, drawn, book, words),
        "tasks": partial(crew_tasks, drawn, book, words),
        "volunteers": partial(volunteers, drawn, book),
        "hours": partial(papers.hours, drawn.served.desk, book, words),
        "questions": partial(questions.part, drawn, book, words),
        "check": partial(papers.check, drawn.served.desk),
    }
    offered = list(titles) if whole else ["tasks", "check"]
    chosen = st.segmented_control(
        _("Part"),
        offered,
        format_func=titles.__getitem__,
        default=offered[0],
        key=PART,
        required=True,
        label_visibility="collapsed",
    )
    shown[chosen or offered[0]]()


def at_work(drawn: frame.Frame, book: dict[str, Any], words: Words) -> None:
    """Show who is at work, whom to look for first; check in, hear and check out."""
    rows, desk = book["at_work"], drawn.served.desk
    if rows:
        picked = _ticked(
            grid.show(
                peoplesheet.at_work_table(rows, words),
                name="at-work",
                hide_index=True,
                height="auto" if len(rows) < 10 else TABLE_HEIGHT_PX,
                on_select="rerun",
                selection_mode="single-row",
                key="at_work_table",
                alt=_("At work"),
            ),
            rows,
        )
    else:
        picked = None
        st.info(_("Nobody is at work."), icon=":material/badge:")
    if not desk.may("manage_volunteers"):
        return
    if picked is None:
        if rows:
            st.caption(_("Tick who was heard, asks for help or ends work."))
        crew_forms.check_in(drawn, book)
        return
    crew_acts.contact(desk, picked["volunteer_id"])
    crew_forms.at_work(drawn, picked)


def volunteers(drawn: frame.Frame, book: dict[str, Any]) -> None:
    """Show all volunteers, and let one be registered."""
    rows, desk = book["volunteers"], drawn.served.desk
    if rows:
        picked = _ticked(
            grid.show(
                peoplesheet.volunteers_table(rows[:ROWS_SHOWN], crew_forms.class_name),
                name="volunteers",
                whole=peoplesheet.volunteers_table(rows, crew_forms.class_name),
                hide_index=True,
                height=TABLE_HEIGHT_PX,
                on_select="rerun",
                selection_mode="single-row",
                key="volunteers_table",
                alt=_("Volunteers"),
            ),
            rows,
        )
        if picked is not None:
            st.markdown(f"**{markdown(picked['code'])}**")
            crew_acts.contact(desk, picked["volunteer_id"])
    else:
        st.info(
            _("No volunteer is registered yet. Upload a table, or register one here."),
            icon=":material/group_add:",
        )
    if desk.may("manage_volunteers"):
        crew_forms.register(drawn)


def crew_tasks(drawn: frame.Frame, book: dict[str, Any], words: Words) -> None:
    """Show tasks; whom to ask for the one that is ticked, and what they said."""
    rows, desk = book["tasks"], drawn.served.desk
    picked = None
    if rows:
        picked = _ticked(
            grid.show(
                peoplesheet.tasks_table(rows, words),
                name="tasks",
                hide_index=True,
                height="auto" if len(rows) < 10 else TABLE_HEIGHT_PX,
                on_select="rerun",
                selection_mode="single-row",
                key="tasks_table",
                alt=_("Tasks"),
            ),
            rows,
        )
    else:
        st.info(_("No task is posted yet."), icon=":material/task_alt:")
    if not desk.may("manage_volunteers"):
        return
    if picked is None:
        if rows:
            st.caption(_("Tick a task to see whom to ask, and who said yes."))
        crew_forms.post_task(drawn)
        return
    if picked["place_id"]:
        frame.focus_once(f"crew:{picked['place_id']}")
    st.subheader(markdown(clean(picked["title"], 200)), anchor=False)
    crew_acts.task(desk, picked)


def _ticked(chosen: Any, rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Give the row of a table that is ticked."""
    at = grid.ticked(chosen, len(rows))
    return rows[at[0]] if at else None
