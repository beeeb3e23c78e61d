"""The day of every vehicle as bars on a time line: plain HTML, no chart library."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.languages import _
from dashboard.map.text import clean
from dashboard.numerals import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.plansheet import Bar, TimeLine, VehicleDay

#: Classes that page.css has a colour and a pattern for.
KNOWN_CLASSES = frozenset({"truck", "light_truck", "pickup", "motorbike", "mule", "foot", "air"})


def show(line: TimeLine, *, depots: Mapping[str, str], timezone: str) -> None:
    """Draw the time line; every bar says in words what it shows."""
    st.html(timeline_html(line, depots=depots, timezone=timezone))


def timeline_html(line: TimeLine, *, depots: Mapping[str, str], timezone: str) -> str:
    """Give the time line as HTML; all text in it is escaped."""
    hours = "".join(
        f'<span style="inset-inline-start:{share:.2%}">{clock(at, timezone)}</span>'
        for share, at in line.hours
    )
    rows = []
    depot = None
    for day in line.days:
        if day.depot_id != depot:
            depot = day.depot_id
            name = html.escape(clean(depots.get(depot, depot)))
            rows.append(f'<div class="q-depot" dir="auto">{name}</div>')
        rows.append(_row(day, timezone))
    label = html.escape(_("Day of every vehicle"))
    return (
        f'<div class="q-timeline" role="list" aria-label="{label}">'
        f'<div class="q-hours" aria-hidden="true">{hours}</div>{"".join(rows)}</div>'
    )


def _row(day: VehicleDay, timezone: str) -> str:
    kind = day.vehicle_class if day.vehicle_class in KNOWN_CLASSES else "truck"
    bars = "".join(_bar(bar, kind, timezone) for bar in day.bars)
    name = html.escape(clean(day.name))
    return (
        f'<div class="q-day" role="listitem"><div class="q-vehicle" dir="auto">{name}</div>'
        f'<div class="q-track">{bars}</div></div>'
    )


def _bar(bar: Bar, kind: str, timezone: str) -> str:
    way = " → ".join(clean(name) for _share, name in bar.stops)
    said = _("trip {n}, {begin} to {end}: {way}").format(
        n=bar.trip,
        begin=clock(bar.departs_at, timezone),
        end=clock(bar.returns_at, timezone),
        way=way,
    )
    text = html.escape(said, quote=True)
    width = max(bar.end_share - bar.begin_share, 0.002)
    ticks = "".join(
        f'<i style="inset-inline-start:{(share - bar.begin_share) / width:.2%}"></i>'
        for share, _name in bar.stops
    )
    return (
        f'<div class="q-bar q-{kind}" tabindex="0" role="img" title="{text}" aria-label="{text}" '
        f'style="inset-inline-start:{bar.begin_share:.2%};width:{width:.2%}">'
        f"<b>{html.escape(way)}</b>{ticks}</div>"
    )
