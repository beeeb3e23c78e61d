"""Who sits before this run of the page, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.http.gate import COOKIE
from dashboard.http.sign_in import end_session
from dashboard.languages import _
from data.access.roles import OWNER

if TYPE_CHECKING:
    from dashboard.state import Served
    from data.access.roles import Visitor


def visitor_of_run(served: Served) -> Visitor | None:
    """Give who sits before the page, asked anew at each run; None once the session has ended."""
    if served.door is None or not served.door.is_closed():
        return OWNER
    return served.door.by_token(st.context.cookies.get(COOKIE, ""))


def sign_out(served: Served, visitor: Visitor) -> None:
    """Say as whom one is signed in, and offer to sign out."""
    if st.button(
        _("Sign out ({role})").format(role=visitor.role), icon=":material/logout:", key="sign_out"
    ):
        if served.door is not None:
            end_session(served.door, st.context.cookies.get(COOKIE, ""))
        st.rerun()
