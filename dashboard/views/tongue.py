"""The language of the page: chosen in its head, kept in the address, remembered by the browser."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.http.language import COOKIE, PARAMETER
from dashboard.languages import (
    LANGUAGES,
    RIGHT_TO_LEFT,
    SOURCE_LANGUAGE,
    _,
    chosen_language,
    direction,
    use_language,
)

# Streamlit knows no right-to-left mode. Its parts follow the direction of the text; what is drawn
# on a canvas (tables) and code stay as they are, and our own parts use logical sides. The document
# itself says the direction of the language that it was loaded in; who changes it later has this.
_DIRECTION = """<style>
.stApp, .stAppHeader, [data-baseweb="popover"], [data-testid="stTooltipContent"],
.react-aria-Popover { direction: %s; }
</style>"""
_RIGHT_TO_LEFT = """<style>
  [data-testid="InputInstructions"] { right: auto; left: 0.5rem; }
.stApp pre, .stApp code, .stDataFrame, .stApp canvas { direction: ltr; }
.stApp pre, .stApp code { text-align: left; }
.stApp [data-testid="stMetricValue"], .stApp label, .stApp p, .stApp li, .stApp h1, .stApp h2,
.stApp h3 { text-align: start; }
.stApp h1, .q-drill, .q-sources, .q-depot, .q-vehicle { text-align: right !important; }
[data-variant="segmented_control"] { margin: 0 0 0 -1px; border-radius: 0; }
[data-variant="segmented_control"]:first-of-type { border-radius: 0 0.5rem 0.5rem 0; }
[data-variant="segmented_control"]:last-of-type { border-radius: 0.5rem 0 0 0.5rem; }
.q-hours span { transform: translateX(50%); }
.q-hours span:first-child { transform: none; }
.q-hours span:last-child { transform: translateX(100%); }
</style>"""


def speak() -> str:
    """Decide the language of this run and read in it from here on; give it."""
    told = st.query_params.get(PARAMETER)
    language = chosen_language(
        told, state.get(state.LANGUAGE), st.context.cookies.get(COOKIE), st.context.locale
    )
    if told != language and (told is not None or state.get(state.LANGUAGE)):
        # The address says what is seen, so that it can be sent to somebody.
        st.query_params[PARAMETER] = language
    state.put(state.LANGUAGE, language)
    use_language(language)
    st.html(_DIRECTION % direction(language))
    if language in RIGHT_TO_LEFT:
        st.html(_RIGHT_TO_LEFT)
    return language


def choose(language: str) -> None:
    """Show the languages, each by its own name."""
    # The list follows the address: "back" in the browser changes it too.
    state.put(state.TONGUE, language)
    with st.container(key="tongues"):
        st.selectbox(
            _("Language"),
            list(LANGUAGES),
            format_func=lambda one: LANGUAGES[one],
            label_visibility="collapsed",
            key=state.TONGUE,
            on_change=_changed,
        )


def _changed() -> None:
    language = state.get(state.TONGUE, SOURCE_LANGUAGE)
    state.put(state.LANGUAGE, language)
    st.query_params[PARAMETER] = language
