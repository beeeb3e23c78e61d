"""The map in a Streamlit page: a frame that shows its document and says what was picked in it.

A component of the first generation, because it needs nothing from us but an address: the document
is served by this process with its own strict policy, Streamlit moves messages between the two, and
no code is evaluated in the page. The frame is kept over runs; only `args` travel, a few bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit.components.v1 as components

from dashboard.languages import LANGUAGES, language
from dashboard.map.assets import MAP_ADDRESS

MAX_ID_LENGTH = 300

# One component a language: the frame's address is fixed when a component is declared.
_maps = {
    one: components.declare_component(f"map_{one}", url=MAP_ADDRESS.format(language=one))
    for one in LANGUAGES
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What a person picked on the map: a road edge, or a closure to be reopened, or nothing."""

    edge: str = ""
    closure: str = ""
    at: int = 0


def situation_map(
    *,
    height: int,
    grow: bool = True,
    selected: str = "",
    focus: str = "",
    overlay: str = "",
    seq: int = 0,
    at: int = 0,
    key: str = "map",
) -> Picked:
    """Show the map.

    Parameters
    ----------
    height
        In CSS pixels.
    grow
        Take what a large screen has left.
    selected
        Edge id of the road to be drawn as picked.
    focus
        Id of the feature to be shown with its popup; ``id#n`` with another n shows it again.
    overlay
        Path below ``/api/v1`` of a layer file to be drawn on top; empty for none.
    seq
        Version that the page shows, so that the map asks at once when it is behind.
    at
        Event as of which the map shows what was known; 0 for now.
    """
    value = _maps[language()](
        height=height,
        grow=grow,
        selected=selected,
        focus=focus,
        overlay=overlay,
        seq=seq,
        at=at,
        default=None,
        key=key,
    )
    return parse_picked(value)


def parse_picked(value: Any) -> Picked:
    """Read what the browser says; anything unexpected counts as nothing picked."""
    if not isinstance(value, dict):
        return Picked()
    at = value.get("picked_at")
    return Picked(
        edge=_id(value.get("edge")),
        closure=_id(value.get("closure")),
        at=at if isinstance(at, int) else 0,
    )


def _id(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= MAX_ID_LENGTH else ""
