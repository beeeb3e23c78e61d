"""A need that somebody told by phone, by radio or at the door: written down by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views import sender
from dashboard.views.finding import NOTE_LIMIT, say
from dashboard.views.handling import place_names
from dashboard.views.invite import request_address

if TYPE_CHECKING:
    from dashboard.needsheet import Words
    from dashboard.views.frame import Frame


def panel(drawn: Frame, words: Words) -> None:
    """Ask where, what and how many; where the reporter is and who says so may stay empty."""
    desk, places = drawn.served.desk, place_names(drawn)
    with st.form("add_need", border=True, clear_on_submit=True):
        left, right = st.columns(2)
        place = left.selectbox(
            _("Where help is needed"),
            list(places),
            index=None,
            format_func=places.__getitem__,
            placeholder=_("write its name"),
            key="need_place",
        )
        here = right.selectbox(
            _("Where the reporter is (may stay empty)"),
            list(places),
            index=None,
            format_func=places.__getitem__,
            placeholder=_("write its name"),
            key="need_from",
        )
        item = left.selectbox(
            _("What is lacking"),
            sorted(desk.item_ids(), key=words.item),
            index=None,
            format_func=words.item,
            placeholder=_("choose one"),
            key="need_item",
        )
        quantity = right.text_input(
            _("Quantity, with its unit or pack if it has one (40, 12 box)"),
            max_chars=60,
            key="need_quantity",
        )
        organisation = sender.ask(
            desk, _("Which organisation says so"), key="need_organisation", within=left
        )
        note = right.text_input(
            _("Remark; no name and no number of a person"), max_chars=NOTE_LIMIT, key="need_note"
        )
        asked = st.form_submit_button(_("Add the need"), type="primary", icon=":material/add:")
    st.caption(
        markdown(
            _("People ask for help themselves with a phone: {address}").format(
                address=request_address()
            )
        )
    )
    if asked:
        title = f"{clean(places.get(place or '', ''))}: {clean(quantity)} {words.item(item or '')}"
        say(
            _("Reported: {what}").format(what=title),
            lambda: desk.tell_need(
                place=place or "",
                item=item or "",
                quantity=quantity,
                organisation=organisation,
                reported_from=here or "",
                note=note,
            ),
            lambda done: lambda wanted: wanted.withdraw_need(done["need_id"]),
        )
