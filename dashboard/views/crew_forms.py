"""Forms for volunteers: registered, called to work, heard of, sent home; a task that is posted."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import peoplesheet
from dashboard.languages import _
from dashboard.map.text import clean
from dashboard.operations.volunteering import OLDEST, YOUNGEST
from dashboard.views import sender
from dashboard.views.crew_acts import do, heading
from dashboard.views.handling import place_names
from data.volunteering.skills import LANGUAGES, SKILLS

if TYPE_CHECKING:
    from dashboard.views.frame import Frame

CODE_LIMIT, NOTE_LIMIT, TITLE_LIMIT = 100, 500, 200
CLASSES = ("pickup", "light_truck", "truck", "motorbike", "mule")


def class_name(name: str) -> str:
    """Say a vehicle class."""
    return _(name)


def register(drawn: Frame) -> None:
    """Ask for the three things that are needed, and for more that may stay empty."""
    places = place_names(drawn)
    with st.form("register_volunteer", border=True, clear_on_submit=True):
        heading(_("Register a volunteer"))
        first = st.columns(3)
        code = first[0].text_input(
            _("Code by which they go here; not their name"), max_chars=CODE_LIMIT
        )
        skills = first[1].multiselect(
            _("What they can do"),
            list(SKILLS),
            format_func=peoplesheet.skill_name,
            placeholder=_("choose one or more"),
        )
        home = first[2].selectbox(
            _("Where they set out from"),
            list(places),
            index=None,
            format_func=places.__getitem__,
            placeholder=_("write its name"),
        )
        with st.expander(_("More, which may stay empty")):
            second = st.columns(3)
            languages = second[0].multiselect(
                _("Languages they speak"),
                list(LANGUAGES),
                format_func=peoplesheet.language_name,
                placeholder=_("choose one or more"),
            )
            vehicle = second[1].selectbox(
                _("Vehicle they drive"),
                CLASSES,
                index=None,
                format_func=class_name,
                placeholder=_("none"),
            )
            organisation = sender.ask(
                drawn.served.desk, _("Organisation"), key="crew_organisation", within=second[2]
            )
            third = st.columns(3)
            age = third[0].number_input(
                _("Age: looked at, not kept"),
                min_value=0,
                max_value=150,
                value=None,
                placeholder=f"{YOUNGEST}-{OLDEST}",
            )
            name = third[1].text_input(_("Name"), max_chars=200)
            phone = third[2].text_input(_("Phone"), max_chars=40)
            remote = st.checkbox(_("They also work from a distance"))
            consent = st.checkbox(_("They agree that name and phone are kept (in the vault only)"))
        sent = st.form_submit_button(_("Register"), type="primary", icon=":material/person_add:")
    if sent:
        do(
            drawn.served.desk,
            _("Registered: {code}").format(code=clean(code)),
            "register",
            {
                "code": code,
                "skills": skills,
                "home": home or "",
                "languages": languages,
                "vehicle": vehicle or "",
                "organisation": organisation,
                "age": age,
                "name": name,
                "phone": phone,
                "remote": remote,
                "consent": consent,
            },
        )


def check_in(drawn: Frame, book: dict[str, Any]) -> None:
    """Let the work of somebody begin, for a task or without one."""
    busy = {one["volunteer_id"] for one in book["at_work"]}
    free = {one["volunteer_id"]: clean(one["code"]) for one in book["volunteers"]}
    offered = [one for one in free if one not in busy]
    if not offered:
        return
    titles = {
        one["task_id"]: clean(one["title"], 200) for one in book["tasks"] if one["status"] == "open"
    }
    places = place_names(drawn)
    with st.form("check_in", border=True, clear_on_submit=True):
        heading(_("Check in: work begins"))
        columns = st.columns(3)
        who = columns[0].selectbox(
            _("Volunteer"),
            offered,
            index=None,
            format_func=free.__getitem__,
            placeholder=_("choose one"),
        )
        task = columns[1].selectbox(
            _("Task (may stay empty)"),
            list(titles),
            index=None,
            format_func=titles.__getitem__,
            placeholder=_("none"),
        )
        place = columns[2].selectbox(
            _("Where (may stay empty)"),
            list(places),
            index=None,
            format_func=places.__getitem__,
            placeholder=_("where the task is"),
        )
        sent = st.form_submit_button(_("Check in"), type="primary", icon=":material/login:")
    if sent:
        do(
            drawn.served.desk,
            _("At work: {code}").format(code=free.get(who or "", "")),
            "check_in",
            {"volunteer": who or "", "task": task or "", "place": place or ""},
        )


def at_work(drawn: Frame, one: dict[str, Any]) -> None:
    """Enter what was heard of somebody at work, or that their work has ended."""
    desk, places, code = drawn.served.desk, place_names(drawn), clean(one["code"])
    left, right = st.columns(2)
    place = left.selectbox(
        _("Where they are (may stay empty)"),
        list(places),
        index=None,
        format_func=places.__getitem__,
        placeholder=_("write its name"),
        key=f"heard_at_{one['shift_id']}",
    )
    note = right.text_input(
        _("Remark; no name and no number of a person"),
        max_chars=NOTE_LIMIT,
        key=f"heard_note_{one['shift_id']}",
    )
    row = st.container(horizontal=True)
    fields = {"volunteer": one["volunteer_id"], "place": place or "", "note": note}
    if row.button(_("Heard, all is well"), icon=":material/call:", type="primary"):
        do(desk, _("{code} was heard").format(code=code), "heard", {**fields, "state": "ok"})
    if row.button(_("They ask for help"), icon=":material/sos:"):
        title = _("{code} asks for help").format(code=code)
        do(desk, title, "heard", {**fields, "state": "help"})
    if row.button(_("Check out: work has ended"), icon=":material/logout:"):
        do(desk, _("{code} has ended work").format(code=code), "check_out", fields)


def post_task(drawn: Frame) -> None:
    """Ask for what is to be done, when, where and by whom."""
    places = place_names(drawn)
    zone = ZoneInfo(drawn.info.timezone)
    now = drawn.served.desk.now().astimezone(zone)
    with st.form("post_task", border=True, clear_on_submit=True):
        heading(_("Post a task"))
        title = st.text_input(_("What is to be done"), max_chars=TITLE_LIMIT)
        first = st.columns(4)
        day = first[0].date_input(_("Day"), value=now.date())
        begins = first[1].time_input(_("From"), value=time((now.hour + 1) % 24), step=900)
        lasts = first[2].number_input(
            _("Hours"), min_value=0.5, max_value=72.0, value=4.0, step=0.5
        )
        wanted = first[3].number_input(
            _("How many people"), min_value=1, max_value=10_000, value=2, step=1
        )
        second = st.columns(3)
        place = second[0].selectbox(
            _("Where (empty: from a distance)"),
            list(places),
            index=None,
            format_func=places.__getitem__,
            placeholder=_("write its name"),
        )
        skills = second[1].multiselect(
            _("Skills, one of them is enough"),
            list(SKILLS),
            format_func=peoplesheet.skill_name,
            placeholder=_("none needed"),
        )
        languages = second[2].multiselect(
            _("Languages, one of them is enough"),
            list(LANGUAGES),
            format_func=peoplesheet.language_name,
            placeholder=_("none needed"),
        )
        third = st.columns([2, 1], vertical_alignment="bottom")
        description = third[0].text_input(_("More about it"), max_chars=NOTE_LIMIT)
        vehicle = third[1].checkbox(_("Who comes needs a vehicle"))
        organisation = sender.ask(
            drawn.served.desk, _("Organisation (may stay empty)"), key="task_organisation"
        )
        sent = st.form_submit_button(_("Post it"), type="primary", icon=":material/add_task:")
    if sent:
        starts = datetime.combine(day, begins, tzinfo=zone)
        do(
            drawn.served.desk,
            _("Posted: {task}").format(task=clean(title)),
            "post_task",
            {
                "title": title,
                "starts_at": starts,
                "ends_at": starts + timedelta(hours=float(lasts)),
                "place": place or "",
                "skills": skills,
                "languages": languages,
                "vehicle": vehicle,
                "wanted": int(wanted),
                "description": description,
                "organisation": organisation,
            },
        )
