"""The link for a convoy leader's phone: its address and code, until when it holds, and its end."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.numerals import clock, day, moment
from dashboard.views import invite
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.state import Served

Convoy = dict[str, Any]


def heard_line(served: Served, convoy: Convoy, timezone: str) -> None:
    """Say when a convoy was heard last and what it said."""
    found = heard_by_convoy(served).get(convoy["convoy_id"])
    if found is None:
        st.caption(_("Not heard yet."))
        return
    said = _("Last heard {time}: {what}").format(
        time=heard_at(found, served.desk.now(), timezone), what=report_kind(found["kind"])
    )
    st.markdown("**" + markdown(said) + "**")
    if found["note"]:
        st.caption(markdown(clean(found["note"], 300)))


def heard_by_convoy(served: Served) -> dict[str, dict[str, Any]]:
    """Give what was heard last of each convoy, by its id."""
    return {one["convoy_id"]: one for one in served.desk.convoys_heard()}


def heard_at(found: dict[str, Any], now: datetime, timezone: str) -> str:
    """Write when a convoy was heard: the hour, and the day too where it is not today."""
    at = datetime.fromisoformat(found["heard_at"])
    today = day(at, timezone) == day(now, timezone)
    return clock(at, timezone) if today else moment(at, timezone)


def report_kind(kind: str) -> str:
    """Say in words what a convoy reported (`data.events.field.ReportKind`, or a position)."""
    words = {
        "arrived": _("arrived"),
        "delivered": _("delivered"),
        "refused": _("goods refused"),
        "blocked": _("road blocked"),
        "incident": _("incident"),
        "sos": _("help is needed"),
        "position": _("its position"),
    }
    return words.get(kind, clean(kind))


def panel(served: Served, convoy: Convoy, timezone: str) -> None:
    """Offer the link of a convoy, show it, and take it back."""
    desk, convoy_id = served.desk, convoy["convoy_id"]
    if not desk.may("give_field_link"):
        return
    with st.expander(_("Phone of the convoy leader"), icon=":material/qr_code_2:"):
        st.markdown(
            _(
                "With this link the leader sees the stops and answers: arrived, delivered, "
                "refused, road blocked, position, help. It works without a network, and for this "
                "convoy only."
            )
        )
        shown = state.get(state.PHONE_LINK)
        if isinstance(shown, QafilaError):
            st.error(markdown(shown), icon=":material/error:")
            state.put(state.PHONE_LINK, None)
        holds = _holding(served, convoy_id)
        if holds:
            until = moment(holds[0]["expires_at"], timezone)
            st.caption(_("A link holds until {time}.").format(time=until))
        if isinstance(shown, dict) and shown["convoy_id"] == convoy_id and holds:
            _address(shown["url"])
        row = st.container(horizontal=True)
        if row.button(
            _("Show the link") if holds else _("Make a link"),
            icon=":material/link:",
            key="give_field_link",
        ):
            _do(lambda: desk.give_field_link(convoy_id, at=invite.server_address()))
        if holds and row.button(
            _("Withdraw the link"), icon=":material/link_off:", key="revoke_field_link"
        ):
            _do(lambda: desk.revoke_field_links(convoy_id))


def _holding(served: Served, convoy_id: str) -> list[dict[str, Any]]:
    """Give the links of a convoy that still open its page."""
    return [
        one for one in served.desk.field_links() if one["convoy_id"] == convoy_id and one["holds"]
    ]


def _address(url: str) -> None:
    st.code(url, language=None, wrap_lines=True)
    invite.show_code(url)
    if not url.startswith("https:"):
        st.caption(
            _(
                "This address is not https: the page works while it stays open, and cannot be "
                "opened again without a network."
            )
        )


def _do(act: Any) -> None:
    """Do it, keep the link for the next run (or why there is none), and draw the page anew."""
    try:
        made = act()
        state.put(state.PHONE_LINK, made if "url" in made else None)
    except QafilaError as error:
        state.put(state.PHONE_LINK, error)
    st.rerun()
