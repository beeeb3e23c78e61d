"""Hours and their papers: approved by somebody else, certified, checked by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import peoplesheet
from dashboard.languages import LANGUAGES, _, language
from dashboard.map.text import clean, markdown
from dashboard.views import grid
from dashboard.views.crew_acts import do, heading
from data.volunteering.certificate import MAX_NAME
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.desk import Desk
    from dashboard.peoplesheet import Words

CODE_LIMIT = 8_000
REASON_LIMIT = 300


def hours(desk: Desk, book: dict[str, Any], words: Words) -> None:
    """Approve hours that wait, write certificates of those that are approved, revoke one."""
    waiting = {one["volunteer_id"]: one for one in book["volunteers"] if one["hours_waiting"] > 0}
    if waiting:
        _approve(desk, waiting)
    else:
        st.caption(_("No hours wait for approval."))
    approved = {one["volunteer_id"]: one for one in book["volunteers"] if one["hours_approved"] > 0}
    if approved and desk.may("manage_volunteers"):
        _issue(desk, approved)
    rows = book["certificates"]
    if not rows:
        st.caption(_("No certificate was issued yet."))
        return
    grid.show(
        peoplesheet.certificates_table(rows, words),
        name="certificates",
        hide_index=True,
        alt=_("Certificates"),
    )
    if desk.may("manage_volunteers"):
        _revoke(desk, [one for one in rows if not one["revoked_because"]])


def check(desk: Desk) -> None:
    """Let anybody check a certificate by the code that is printed on it."""
    st.markdown(
        _(
            "Scan the square code on the paper and put its text here. It holds if it was issued "
            "here, was not changed and was not revoked."
        )
    )
    code = st.text_area(_("Text of the code"), max_chars=CODE_LIMIT, key="paper_code")
    if not st.button(_("Check"), icon=":material/verified:", type="primary") or not code.strip():
        return
    try:
        found = desk.check_certificate(code.strip())
    except QafilaError as error:
        st.error(markdown(error), icon=":material/gpp_bad:")
        return
    line = _(
        "{name}: {hours} h in {shifts} shifts, {first} to {last}. Ledger, event {event}"
    ).format(
        name=clean(found["name"]),
        hours=f"{found['hours']:g}",
        shifts=found["shifts"],
        first=found["first_day"],
        last=found["last_day"],
        event=found["event"],
    )
    if found["valid"]:
        st.success(markdown(line), icon=":material/verified:")
    else:
        why = _("It was revoked: {why}").format(why=clean(found["revoked_because"], 300))
        st.error(f"{markdown(why)}  \n{markdown(line)}", icon=":material/gpp_bad:")


def _approve(desk: Desk, waiting: dict[str, dict[str, Any]]) -> None:
    if not desk.may("manage_volunteers"):
        return
    with st.form("approve_hours", border=True, clear_on_submit=True):
        heading(_("Approve hours of somebody else"))
        left, right = st.columns(2)
        who = left.selectbox(
            _("Whose hours"),
            list(waiting),
            format_func=lambda one: _("{code}: {hours} h wait").format(
                code=clean(waiting[one]["code"]), hours=f"{waiting[one]['hours_waiting']:g}"
            ),
        )
        by = right.text_input(
            _("Who approves: code or account"),
            max_chars=200,
            help=_("Where people sign in, it is who signed in, whatever stands here."),
        )
        if st.form_submit_button(_("Approve"), icon=":material/verified_user:"):
            title = _("Hours approved: {code}").format(code=clean(waiting[who]["code"]))
            do(desk, title, "approve", {"volunteer": who, "by": by})


def _issue(desk: Desk, approved: dict[str, dict[str, Any]]) -> None:
    with st.form("issue_certificate", border=True):
        heading(_("Certificate of approved hours"))
        columns = st.columns(3)
        who = columns[0].selectbox(
            _("Volunteer"),
            list(approved),
            format_func=lambda one: (
                f"{clean(approved[one]['code'])}: {approved[one]['hours_approved']:g} h"
            ),
        )
        name = columns[1].text_input(
            _("Name on the paper; it goes into no event"), max_chars=MAX_NAME
        )
        tongue = columns[2].selectbox(
            _("Language of the paper"),
            list(LANGUAGES),
            index=list(LANGUAGES).index(language()),
            format_func=LANGUAGES.__getitem__,
        )
        if st.form_submit_button(_("Issue"), icon=":material/workspace_premium:"):
            title = _("Certificate issued: {code}").format(code=clean(approved[who]["code"]))
            do(desk, title, "certificate", {"volunteer": who, "name": name, "tongue": tongue})


def _revoke(desk: Desk, valid: list[dict[str, Any]]) -> None:
    if not valid:
        return
    with st.expander(_("Revoke a certificate")), st.form("revoke_certificate", border=False):
        left, right = st.columns(2)
        which = left.selectbox(
            _("Certificate"),
            [one["certificate_id"] for one in valid],
            format_func=lambda one: next(
                f"{clean(row['code'])} · {row['hours']:g} h · {one}"
                for row in valid
                if row["certificate_id"] == one
            ),
        )
        why = right.text_input(_("Why it holds no longer"), max_chars=REASON_LIMIT)
        if st.form_submit_button(_("Revoke"), icon=":material/block:"):
            fields = {"certificate": which, "reason": why}
            do(desk, _("Revoked: {what}").format(what=which), "revoke", fields)
