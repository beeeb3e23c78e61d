"""The router of the page: frame, style, language, and the view that is asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.assets import STATIC
from dashboard.role_desk import desk_for
from dashboard.views import (
    activities,
    convoys,
    damage,
    indicators,
    intake,
    ledger,
    lookback,
    needs,
    network,
    outlook,
    place,
    settings,
    situation,
    stock,
    volunteers,
)
from dashboard.views.tongue import choose, speak
from dashboard.visiting import sign_out, visitor_of_run

# A file of ours: Streamlit would fetch its own symbols from a foreign host.
ICON = str(STATIC / "icon.png")
VIEWS = (
    ("situation", situation.page),
    ("place", place.page),
    ("needs", needs.page),
    ("damage", damage.page),
    ("roads", network.page),
    ("convoys", convoys.page),
    ("stock", stock.page),
    ("activities", activities.page),
    ("volunteers", volunteers.page),
    ("outlook", outlook.page),
    ("indicators", indicators.page),
    ("upload", intake.page),
    ("ledger", ledger.page),
    ("settings", settings.page),
)
#: View → the method of the desk without which it has nothing to show.
NEEDS = {"ledger": "verify_ledger", "settings": "access_overview"}


def run() -> None:
    """Draw the page; called once a run of Streamlit's script."""
    served = state.get_served()
    st.set_page_config(page_title="Qafila", page_icon=ICON, layout="wide")
    st.html(f"<style>{(STATIC / 'page.css').read_text(encoding='utf-8')}</style>")
    language = speak()
    visitor = visitor_of_run(served)
    if visitor is None:
        # A link and no button: the script of a part not shown before is no longer served.
        ended, sign_in = _("Your session has ended."), _("Sign in")
        st.warning(f"{ended} [{sign_in}](/sign-in)", icon=":material/lock:")
        return
    served = replace(served, desk=desk_for(lookback.desk_looked_at(served.desk), visitor))
    titles = {
        "situation": _("Situation"),
        "place": _("Place"),
        "needs": _("Needs"),
        "damage": _("Damage"),
        "roads": _("Roads"),
        "convoys": _("Convoys"),
        "stock": _("Stock"),
        "activities": _("Who does what"),
        "volunteers": _("Volunteers"),
        "outlook": _("What next"),
        "indicators": _("Indicators"),
        "upload": _("Upload"),
        "ledger": _("Ledger"),
        "settings": _("Settings"),
    }
    pages = [
        st.Page(partial(view, served), title=titles[name], url_path=name, default=position == 0)
        for position, (name, view) in enumerate(VIEWS)
        if name not in NEEDS or served.desk.may(NEEDS[name])
    ]
    choose(language)
    lookback.choose(served.desk)
    if visitor.account_id:
        sign_out(served, visitor)
    chosen = st.navigation(pages, position="top" if len(pages) > 1 else "hidden")
    lookback.banner(served.desk)
    chosen.run()
