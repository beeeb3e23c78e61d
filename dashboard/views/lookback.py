"""Looking back: what was known at an earlier moment, on every page, in the address for others."""

from __future__ import annotations

import html
from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.text import markdown
from dashboard.views.figures import moment, number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.desk import Desk

PARAMETER = "as-of"
DAY, CLOCK = "as_of_day", "as_of_clock"


def desk_looked_at(desk: Desk) -> Desk:
    """Give the desk as of the moment in the address, or in this session; else the desk itself.

    The address then names the event, so that whoever opens it sees the same.
    """
    told = st.query_params.get(PARAMETER) or state.get(state.AS_OF)
    if not told:
        state.put(state.AS_OF, None)
        return desk
    try:
        past = desk.as_of(str(told))
        known = past.known()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        _back()
        return desk
    if known is None or known.later == 0:
        _back()
        return desk
    state.put(state.AS_OF, known.seq)
    st.query_params[PARAMETER] = str(known.seq)
    return past


def banner(desk: Desk) -> None:
    """Say loudly that the past is shown, and offer the way back."""
    known = desk.known()
    if known is None:
        return
    zone = desk.info().timezone
    text = _(
        "As it was known at {time}, event {seq}; {later} later events are left out. Nothing can be "
        "recorded here. Tiles of roads and pictures are those of now."
    ).format(time=moment(known.moment, zone), seq=number(known.seq), later=number(known.later))
    with st.container(key="lookback"):
        st.html(f'<div class="q-past" role="note">{html.escape(text)}</div>')
        if st.button(_("Back to now"), icon=":material/update:", key="as_of_back"):
            _back()
            st.rerun()


def choose(desk: Desk) -> None:
    """Offer to look back: a day and a time in the situation's zone, by the ledger's clock."""
    try:
        zone = ZoneInfo(desk.info().timezone)
        last = desk.last_event_at().astimezone(zone)
    except QafilaError:
        return  # there is no situation yet; the page below says so
    with st.container(key="asof"), st.popover(_("As of …"), icon=":material/history:"):
        st.caption(_("What was known then, by the time of the record (the server's)."))
        day = st.date_input(_("Day"), value=last.date(), max_value=last.date(), key=DAY)
        clock = st.time_input(_("Time"), value=time(last.hour, last.minute), key=CLOCK, step=60)
        if st.button(_("Look back"), icon=":material/history:", key="as_of_go"):
            told = datetime.combine(day, clock, tzinfo=zone)
            st.query_params[PARAMETER] = told.isoformat()
            st.rerun()


def _back() -> None:
    state.put(state.AS_OF, None)
    if PARAMETER in st.query_params:
        del st.query_params[PARAMETER]
