"""Children, older people and others of a place: counted, small numbers withheld, never named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.text import clean
from dashboard.views import grid, sender
from dashboard.views.acts import outcome, perform
from dashboard.views.figures import moment, number
from data.events.groups import GROUPS, MOST_PEOPLE
from data.small_cells import MIN_CELL

if TYPE_CHECKING:
    from dashboard.desk import Desk

NOTE_LIMIT = 500


def group_names() -> dict[str, str]:
    """Names of the groups in the language of this run."""
    return {
        "children": _("Children"),
        "older": _("Older people"),
        "disability": _("People with disabilities"),
        "pregnant": _("Pregnant women"),
        "bereaved": _("People who lost somebody"),
        "distress": _("People in distress"),
    }


def show(desk: Desk, place_id: str, zone: str) -> None:
    """Show the newest counts of a place, and offer to count anew to who may."""
    st.subheader(_("People who need more"), anchor=False)
    outcome(desk, state.GROUP_COUNTED)
    exact = desk.may("exact_group_counts")
    found = desk.exact_group_counts(place_id) if exact else desk.group_counts(place_id)
    if found:
        grid.show(
            _table(found, zone),
            hide_index=True,
            column_config={
                "group": st.column_config.TextColumn(_("Group")),
                "count": st.column_config.TextColumn(_("Counted")),
                "referred": st.column_config.TextColumn(_("Referred to help")),
                "organisation": st.column_config.TextColumn(_("Says who")),
                "at": st.column_config.TextColumn(_("When")),
            },
            key="groups_table",
            alt=_("People who need more"),
            name="groups",
        )
    else:
        st.caption(_("Nobody has counted them here yet."))
    if desk.may("count_group"):
        with st.expander(_("Count a group"), icon=":material/group_add:"):
            _form(desk, place_id, {one["group"]: one for one in found} if exact else {})


def _table(found: list[dict[str, Any]], zone: str) -> pd.DataFrame:
    names = group_names()
    few = _("fewer than {n}").format(n=MIN_CELL)
    return pd.DataFrame(
        [
            {
                "group": names[one["group"]],
                "count": few if one["count"] is None else number(one["count"]),
                "referred": _("withheld") if one["referred"] is None else number(one["referred"]),
                "organisation": clean(one["organisation"], 120),
                "at": moment(one["at"], zone),
            }
            for one in found
        ]
    )


def _form(desk: Desk, place_id: str, before: dict[str, dict[str, Any]]) -> None:
    """Ask for a count; a later one takes the place of an earlier one."""
    names = group_names()
    with st.form("count_group", border=False, clear_on_submit=True):
        left, right = st.columns(2)
        group = left.selectbox(
            _("Group"), list(GROUPS), format_func=names.__getitem__, key="group_chosen"
        )
        organisation = sender.ask(
            desk, _("Which organisation says so"), key="group_organisation", within=right
        )
        count = left.number_input(_("How many people"), 0, MOST_PEOPLE, 0, key="group_people")
        referred = right.number_input(
            _("Of them referred to help"), 0, MOST_PEOPLE, 0, key="group_referred"
        )
        note = st.text_input(
            _("Remark; no name and no number of a person"), max_chars=NOTE_LIMIT, key="group_note"
        )
        asked = st.form_submit_button(_("Record the count"), icon=":material/add:")
    st.caption(_("Numbers from 1 to {n} are shown to the crisis cell only.").format(n=MIN_CELL - 1))
    if asked:

        def record(people: int, sent_on: int) -> dict[str, Any]:
            return desk.count_group(
                place=place_id,
                group=group,
                count=people,
                referred=sent_on,
                organisation=organisation,
                note=note,
            )

        earlier = before.get(group)

        def told(_done: Any) -> dict[str, Any]:
            if earlier is None:
                return {}
            return {"undo": lambda _desk: record(earlier["count"], earlier["referred"])}

        title = _("Counted: {group}").format(group=names[group])
        perform(state.GROUP_COUNTED, title, lambda: record(int(count), int(referred)), told)
