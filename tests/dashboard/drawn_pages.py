"""Parts of the page drawn by Streamlit's test harness, for a desk and a role."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from dashboard import cache, state
from dashboard.desk import Desk
from dashboard.map.layers import LayerFiles
from data.access.roles import Visitor, rights_of


def visitor(role: str, organisation_id: str = "") -> Visitor:
    """Somebody who signed in with this role, for this organisation or for none."""
    return Visitor(
        account_id="account:1",
        role=role,
        organisation_id=organisation_id,
        rights=rights_of(role),
    )


def drawn(desk: Desk, *lines: str) -> AppTest:
    """Run the lines as a script of the page; `served` is what is served."""
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    script = ["from dashboard import state", "served = state.get_served()", *lines]
    page = AppTest.from_string("\n".join(script) + "\n", default_timeout=60).run()
    assert not page.exception, page.exception
    return page
