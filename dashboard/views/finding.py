"""What somebody found out of needs: verified, refuted, hearsay; said here, and taken back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import needsheet, state
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.operations.requesting import reference_of
from dashboard.views.acts import perform
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashboard.desk import Desk

LISTED = 8
NAME_LIMIT, NOTE_LIMIT = 200, 500


def say(title: str, do: Callable[[], Any], undo: Callable[[Any], Callable[[Desk], Any]]) -> None:
    """Record something of needs; `undo` gets what `do` gave, and gives what takes it back."""
    perform(state.NEED_SAID, title, do, lambda done: {"undo": undo(done)})


def panel(desk: Desk, ticked: Sequence[needsheet.Row], words: needsheet.Words) -> None:
    """Let something be said of the ticked needs; of a single one show what is known."""
    for row in ticked[:LISTED]:
        st.markdown(markdown(line(row, words)))
    if len(ticked) > LISTED:
        st.caption(_("and {n} more").format(n=len(ticked) - LISTED))
    if desk.may("say_of_needs"):
        actions(desk, ticked)
    if len(ticked) == 1:
        history(desk, ticked[0], words)


def line(row: needsheet.Row, words: needsheet.Words) -> str:
    """Name a need in one line."""
    quantity = f"{row['quantity']:g} {words.item(row['item'])}"
    return f"{clean(row['place'])}: {quantity} – {needsheet.status_text(row)}"


def actions(desk: Desk, ticked: Sequence[needsheet.Row]) -> None:
    """Ask who found out what of the ticked needs."""
    ids = tuple(str(row["need_id"]) for row in ticked)
    before = {str(row["need_id"]): row for row in ticked}
    left, right = st.columns(2)
    by = left.text_input(
        _("Who found so: an organisation or an office"), max_chars=NAME_LIMIT, key="needs_by"
    )
    note = right.text_input(_("Remark"), max_chars=NOTE_LIMIT, key="needs_note")
    titles = {
        "verified": _("{n} needs verified").format(n=len(ids)),
        "refuted": _("{n} needs refuted").format(n=len(ids)),
        "reported": _("{n} needs are reported again").format(n=len(ids)),
    }
    buttons = (
        ("verified", _("Verified"), ":material/verified:"),
        ("refuted", _("Refuted"), ":material/block:"),
        ("reported", _("Reported again"), ":material/replay:"),
    )
    columns = st.columns(4)
    for column, (status, label, icon) in zip(columns, buttons, strict=False):
        if column.button(label, icon=icon, key=f"needs_{status}", width="stretch"):
            say(
                titles[status],
                partial(desk.say_of_needs, ids, status, by=by, note=note),
                lambda _done: lambda wanted: restore(wanted, before),
            )
    rumour = not all(row["rumour"] for row in ticked)
    label = _("It is a rumour") if rumour else _("It is no rumour")
    if columns[3].button(label, icon=":material/hearing:", key="needs_rumour", width="stretch"):
        marked = tuple(one for one in ids if before[one]["rumour"] != rumour)
        say(
            label,
            lambda: desk.mark_rumour(marked, rumour=rumour, note=note),
            lambda _done: lambda wanted: wanted.mark_rumour(marked, rumour=not rumour),
        )


def restore(desk: Desk, before: dict[str, needsheet.Row]) -> None:
    """Say of needs again what was said before; of those that only the clock ended, nothing."""
    by_state: dict[tuple[str, str], list[str]] = {}
    for need_id, row in before.items():
        by_state.setdefault(stated(row), []).append(need_id)
    for (status, by), ids in by_state.items():
        desk.say_of_needs(ids, status, by=by)


def stated(row: needsheet.Row) -> tuple[str, str]:
    """Status that was said of a need, and by whom; a plan and the clock say nothing."""
    status = str(row["said"])
    by = {"verified": row["verified_by"], "refuted": row["refuted_by"]}.get(status, "")
    return status, str(by)


def history(desk: Desk, row: needsheet.Row, words: needsheet.Words) -> None:
    """Show all that happened to a need, down to the cell in which it was told."""
    st.subheader(_("What happened to it"), anchor=False)
    if speaks := needsheet.against(row):
        st.warning(markdown(speaks), icon=":material/warning:")
    if row["reported_from_name"]:
        st.caption(
            markdown(_("The reporter is at {place}.").format(place=row["reported_from_name"]))
        )
    try:
        found = desk.need_history(str(row["need_id"]))
        contact = desk.need_contact(str(row["need_id"])) if desk.may("need_contact") else {}
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    if contact:
        who = " · ".join(contact[one] for one in ("name", "phone") if one in contact)
        if "position" in contact:
            lon, lat = contact["position"]
            who += f" · {lat:.5f}, {lon:.5f}"
        st.markdown(markdown(_("Asked by: {who}").format(who=who)))
    for step in found["history"]:
        st.markdown("- " + markdown(needsheet.step_text(step, words, str(row["unit"])), 1_000))
        if source := needsheet.source_text(step["source"]):
            st.caption(markdown(_("Read in {source}").format(source=source)))
    st.caption(
        markdown(
            _("Need {id}, number {number}; ledger, events {events}").format(
                id=row["need_id"],
                number=reference_of(str(row["need_id"])),
                events=", ".join(str(step["event"]) for step in found["history"]),
            )
        )
    )
