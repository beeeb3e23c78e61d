"""Needs that are told twice, needs in quarantine, and what of the unverified counts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import needsheet
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views.figures import number
from dashboard.views.finding import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.desk import Desk

GROUPS_SHOWN = 20
MERGES_SHOWN = 50
Group = dict[str, Any]


def panel(desk: Desk, found: dict[str, Any], words: needsheet.Words) -> None:
    """Show reports that may speak of one need, and let a person merge or part them."""
    groups = found["groups"]
    if not groups:
        st.info(_("No two reports seem to speak of one need."), icon=":material/done_all:")
    equal = sum(one["likeness"] == "equal" for group in groups for one in group["others"])
    if equal and desk.may("merge_equal_needs"):
        text = _("Merge all that are equal ({n})").format(n=equal)
        if st.button(text, icon=":material/merge:", key="needs_merge_equal"):
            say(text, desk.merge_equal_needs, lambda done: lambda wanted: _part_all(wanted, done))
    for group in groups[:GROUPS_SHOWN]:
        _group(desk, group, words)
    if len(groups) > GROUPS_SHOWN:
        st.caption(_("and {n} more").format(n=number(len(groups) - GROUPS_SHOWN)))
    _merges(desk, found["merges"], words)


def _part_all(desk: Desk, done: dict[str, Any]) -> None:
    for one in done["merges"]:
        desk.part_needs(one["merge_id"])


def _group(desk: Desk, group: Group, words: needsheet.Words) -> None:
    kept, unit = group["keep"], group["unit"]
    with st.container(border=True):
        title = f"{clean(group['place'])}: {words.item(group['item'])}"
        st.markdown(f"**{markdown(title)}**")
        st.markdown(
            markdown(_("Stays: {report}").format(report=_report(kept, unit, words))),
            width="stretch",
        )
        for other in group["others"]:
            st.markdown("- " + markdown(_report(other, unit, words)))
            st.caption(markdown(needsheet.why_twice(kept, other, unit)))
        if not desk.may("merge_needs"):
            return
        ids = [one["need_id"] for one in group["others"]]
        if st.button(_("They are one need"), icon=":material/merge:", key=f"merge_{ids[0]}"):
            say(
                _("Merged: {what}").format(what=title),
                lambda: desk.merge_needs(kept["need_id"], ids),
                lambda done: lambda wanted: wanted.part_needs(done["merge_id"]),
            )


def _report(one: Group, unit: str, words: needsheet.Words) -> str:
    sender = clean(one["organisation"]) or _("unknown")
    status = needsheet.status_name(one["status"])
    return f"{one['quantity']:g} {unit}, {sender}, {words.moment(one['at'])}, {status}"


def _merges(desk: Desk, merges: list[dict[str, Any]], words: needsheet.Words) -> None:
    if not merges:
        return
    st.subheader(_("Merged"), anchor=False)
    newest = merges[::-1][:MERGES_SHOWN]
    rules = {"person": _("by a person"), "equal": _("by rule: they were equal")}
    for one in newest:
        left, right = st.columns([4, 1], vertical_alignment="center")
        text = _("{n} reports stand behind {kept}, {rule}, {time}").format(
            n=len(one["need_ids"]),
            kept=one["kept_id"],
            rule=rules.get(one["rule"], one["rule"]),
            time=words.moment(one["at"]),
        )
        left.caption(markdown(text))
        if desk.may("part_needs") and right.button(
            _("Part them"), icon=":material/call_split:", key=f"part_{one['merge_id']}"
        ):
            say(
                _("Parted again"),
                partial(desk.part_needs, one["merge_id"]),
                partial(_merging_again, one),
            )


def _merging_again(one: Group, _done: Any) -> Callable[[Desk], Any]:
    return lambda wanted: wanted.merge_needs(one["kept_id"], one["need_ids"], reason=one["reason"])


def quarantine(desk: Desk, book: dict[str, Any], words: needsheet.Words) -> None:
    """Show what organisations reported that nobody recognised yet, and let them be recognised."""
    st.caption(
        _("What organisations report that are not recognised is in view and enters no plan.")
    )
    if not book["pending"]:
        st.info(_("Nothing is in quarantine."), icon=":material/done_all:")
        return
    for one in book["pending"]:
        with st.container(border=True):
            left, right = st.columns([3, 1], vertical_alignment="center")
            text = _("{name}: {n} open needs").format(name=clean(one["name"]), n=one["n_needs"])
            left.markdown(f"**{markdown(text)}**")
            if (
                one["status"] == "pending"
                and desk.may("manage_access")
                and right.button(
                    _("Recognise"),
                    icon=":material/how_to_reg:",
                    key=f"recognise_{one['organisation_id']}",
                    width="stretch",
                )
            ):
                _recognise(desk, one)
            rows = [
                row
                for row in book["needs"]
                if row["quarantined"] and row["organisation"] == one["name"]
            ]
            table = needsheet.table(rows, words)
            st.dataframe(
                table[[_("Place"), _("Item"), _("Quantity"), _("Status"), _("Reported")]],
                hide_index=True,
                alt=_("Needs in quarantine"),
            )


def _recognise(desk: Desk, one: dict[str, Any]) -> None:
    fields = {"organisation": one["organisation_id"], "status": "recognised"}
    say(
        _("Recognised: {name}").format(name=clean(one["name"])),
        lambda: desk.manage_access("set_organisation", fields),
        lambda _done: (
            lambda wanted: wanted.manage_access(
                "set_organisation", fields | {"status": one["status"]}
            )
        ),
    )


def trust(desk: Desk, found: dict[str, Any]) -> None:
    """Show how much of what nobody verified may enter a plan, and let the cell change it."""
    st.markdown(
        markdown(
            _(
                "What somebody verified is planned in full, rumours and what is in quarantine "
                "not at all. Of all other reports this share is planned:"
            )
        )
    )
    texts = {
        "accounts": _("kept apart where the situation has accounts"),
        "quarantine": _("kept apart until they are recognised"),
        "count": _("counted like all others"),
    }
    may = desk.may("set_need_trust")
    with st.form("needs_trust", border=True):
        share = st.slider(
            _("Share of the unverified that is planned, in %"),
            0,
            100,
            round(100 * found["unverified_share"]),
            step=5,
            disabled=not may,
            key="needs_share",
        )
        pending = st.selectbox(
            _("Reports of organisations that are not recognised"),
            list(texts),
            index=list(texts).index(found["pending"]),
            format_func=texts.__getitem__,
            disabled=not may,
            key="needs_pending",
        )
        asked = st.form_submit_button(_("Set"), type="primary", disabled=not may)
    if asked and may:
        before = {"unverified_share": found["unverified_share"], "pending": found["pending"]}
        say(
            _("Of the unverified, {share} % is planned").format(share=share),
            lambda: desk.set_need_trust(unverified_share=share / 100, pending=pending),
            lambda _done: lambda wanted: wanted.set_need_trust(**before),
        )
