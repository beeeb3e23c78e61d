"""The big figures and the line below them that says where they come from and when."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from dashboard.languages import _
from dashboard.map.text import NOTE_LIMIT, clean
from dashboard.numerals import moment as _moment
from dashboard.numerals import number
from dashboard.vocabulary import layer_kind, told
from geo.model import ReachStatus

if TYPE_CHECKING:
    from dashboard.operations.picture import Picture

REACH_STATUSES = get_args(ReachStatus)
SOURCES_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure; with `alarm`, above 0 is a reason to act."""

    key: str
    label: str
    alarm: bool = False


def figures(picture: Picture, *, timezone: str) -> None:
    """Show the totals of a picture, and their sources and times."""
    shown = (
        Figure(key="places", label=_("Places")),
        Figure(key="people_affected", label=_("People affected")),
        Figure(key="not_assessed", label=_("Places not assessed"), alarm=True),
        Figure(key="cut_off_truck", label=_("Cut off for trucks"), alarm=True),
        Figure(key="cut_off_pickup", label=_("Cut off for pickups"), alarm=True),
        Figure(key="unserved", label=_("Needs without delivery"), alarm=True),
    )
    boxes = "".join(_box(figure, _total(picture, figure.key)) for figure in shown)
    made = moment(picture.made_at, timezone)
    lines = [_("Event {seq}, computed {time}").format(seq=picture.seq, time=made)]
    unknown = picture.totals.get("places_affected_unknown", 0)
    if unknown:
        lines.append(_("people affected unknown in {n} places").format(n=number(unknown)))
    if picture.plan_is_old:
        lines.append(_("the plan is older than the latest events"))
    line = html.escape(" · ".join(lines + source_lines(picture, timezone)))
    st.html(f'<dl class="q-figures">{boxes}</dl><p class="q-sources" dir="auto">{line}</p>')


def source_lines(picture: Picture, timezone: str, *, limit: int = SOURCES_SHOWN) -> list[str]:
    """Give one short text a source: name, time if known, what it told; then how many are left."""
    kinds_of: dict[tuple[str, str], list[str]] = {}
    for source in picture.sources:
        key = (clean(told(source["name"])), moment(source.get("at"), timezone))
        kinds_of.setdefault(key, []).append(clean(layer_kind(source.get("kind"))))
    lines = [
        name + (f" ({at})" if at else "") + _kinds(kinds) for (name, at), kinds in kinds_of.items()
    ]
    left_out = len(lines) - limit
    return lines[:limit] + (
        [_("and {n} more under Sources").format(n=left_out)] if left_out > 0 else []
    )


def _kinds(kinds: list[str]) -> str:
    known = list(dict.fromkeys(kind for kind in kinds if kind))
    return ": " + ", ".join(known) if known else ""


def moment(at: Any, timezone: str) -> str:
    """Write a moment in the situation's time zone; text that is no moment is only cleaned."""
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            return clean(at, NOTE_LIMIT)
    if at is None or at != at:
        return ""
    return _moment(at, timezone)


def _total(picture: Picture, key: str) -> Any:
    """A total, or None where nobody knows: what was not computed or not counted is not 0."""
    unknown = picture.totals.get("places_affected_unknown")
    if key == "people_affected" and unknown and unknown == len(picture.places):
        return None
    if key.startswith("cut_off") and not picture.places["reach_status"].isin(REACH_STATUSES).any():
        return None
    return picture.totals.get(key)


def _box(figure: Figure, value: Any) -> str:
    alarm = ' class="q-alarm"' if figure.alarm and value else ""
    return f"<div{alarm}><dt>{html.escape(figure.label)}</dt><dd>{number(value)}</dd></div>"
