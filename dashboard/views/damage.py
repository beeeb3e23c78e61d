"""Damage: what was seen, expected and believed per place, who looked, and what analysts graded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import evidencesheet, state
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views import analysis, frame, grid, outcome
from dashboard.views.figures import moment, number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.evidencesheet import Document
    from dashboard.state import Served

MAP_HEIGHT_PX = 520
TABLE_HEIGHT_PX = 420
PART, TABLE = "damage_part", "damage_table"
ASSESS = "assess"


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served)
    if drawn is None:
        return
    try:
        document = served.desk.assessment()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        frame.show_map(drawn.picture, height=MAP_HEIGHT_PX, grow=False)
    with right:
        change = st.container()
        if document is None:
            st.info(_("Nothing is assessed yet."), icon=":material/search:")
        else:
            totals(document, drawn.info.timezone)
        assess_again(drawn)
        if document is not None:
            chosen_place(document, drawn)
    if document is not None:
        parts(drawn, document)
    frame.follow(served.desk, drawn.picture.seq)
    with change:
        outcome.show(served)


def totals(document: Document, timezone: str) -> None:
    """Say how many sightings came to how many buildings, and how many places nobody looked at."""
    figures = document["totals"]
    st.subheader(_("What is known"), anchor=False)
    lines = [
        _("{sightings} sightings of {buildings} buildings; {disagree} where they disagree").format(
            sightings=number(figures.get("sightings")),
            buildings=number(figures.get("buildings_merged")),
            disagree=number(figures.get("disagreeing")),
        ),
        _("{destroyed} destroyed, {damaged} damaged, {possibly} possibly damaged").format(
            destroyed=number(figures.get("destroyed")),
            damaged=number(figures.get("damaged")),
            possibly=number(figures.get("possibly_damaged")),
        ),
        _("{affected} people affected ({low} to {high})").format(
            affected=number(figures.get("affected")),
            low=number(figures.get("affected_low")),
            high=number(figures.get("affected_high")),
        ),
        _("{n} places not assessed: nobody looked there").format(
            n=number(figures.get("places_not_assessed"))
        ),
    ]
    st.markdown("\n".join(f"- {markdown(line)}" for line in lines))
    st.caption(markdown(_("Assessed {time}.").format(time=moment(document["made_at"], timezone))))


def assess_again(drawn: frame.Frame) -> None:
    """Offer to assess anew with what is loaded now."""
    desk = drawn.served.desk
    if not desk.may("assess"):
        return
    if st.button(_("Assess anew"), icon=":material/refresh:", key="assess_anew"):
        analysis.ask(ASSESS, _("Assessing all places"), drawn.picture.seq, partial(_assess, desk))
    asked = state.get(state.ANALYSIS)
    if asked is not None and asked.name == ASSESS:
        analysis.wait(ASSESS)
        state.put(state.ANALYSIS, None)
        st.rerun()


def _assess(desk: Any, progress: Any) -> dict[str, Any]:
    made: dict[str, Any] = desk.assess(progress=progress)
    return made


def chosen_place(document: Document, drawn: frame.Frame) -> None:
    """Show everything that is known of the place that is ticked in the table."""
    shown = state.get(state.SHOWN, "")
    place = evidencesheet.one_place(document, shown) if shown else None
    if place is None:
        st.caption(_("Tick a place in the table below to read its evidence."))
        return
    timezone = drawn.info.timezone
    with st.container(border=True, height=340):
        st.markdown(f"**{markdown(place['name'])}**: {markdown(place['evidence'])}")
        beliefs = evidencesheet.beliefs(place)
        if len(beliefs):
            words = {
                "prior": _("expected from shaking"),
                "posterior": _("believed now"),
                "destroyed": _("destroyed"),
                "hit": _("destroyed or damaged"),
            }
            for row in beliefs.to_dict("records"):
                text = _("{when}: {value} % of homes {what} ({low} to {high} %)").format(
                    when=words[row["when"]], what=words[row["what"]],
                    value=number(row["value"]), low=number(row["low"]), high=number(row["high"]),
                )  # fmt: skip
                st.markdown(f"- {markdown(text)}")
        for one in place.get("covered_by") or []:
            text = _("looked at: {share} % by {source}, {time}").format(
                share=number(100 * one["share"]),
                source=clean(one["source"], 120),
                time=moment(one["at"], timezone) or _("time unknown"),
            )
            st.markdown(f"- {markdown(text)}")
        for one in place.get("facilities") or []:
            st.markdown(f"- {markdown(facility_text(one, timezone))}")
        if place.get("hint"):
            st.markdown(f"- {markdown(hint_text(place['hint']))}")
        unknown = _("time unknown")
        sources = "; ".join(
            f"{clean(one['name'], 120)} ({moment(one['at'], timezone) or unknown})"
            for one in place["sources"]
        )
        st.caption(markdown(_("Sources: {sources}").format(sources=sources)))


def facility_text(facility: dict[str, Any], timezone: str) -> str:
    """Say what a facility is, how it was graded, by whom and when."""
    parts = [
        clean(str(facility.get("object") or facility.get("kind") or ""), 80),
        clean(str(facility.get("name") or ""), 80),
        clean(str(facility.get("grade", "")).replace("_", " ")),
        clean(str(facility.get("source") or ""), 80),
        moment(facility.get("at"), timezone),
    ]
    return _("facility: ") + ", ".join(part for part in parts if part)


def hint_text(hint: dict[str, Any]) -> str:
    """Say a hint as what it is: no grade."""
    facts = ", ".join(
        f"{clean(name).replace('_', ' ')} {clean(str(value), 60)}"
        for name, value in hint.items()
        if isinstance(value, int | float | str)
    )
    return _("hint, not a grade: {facts}").format(facts=facts)


def parts(drawn: frame.Frame, document: Document) -> None:
    """Show the part that is chosen."""
    titles = {
        "places": _("By place"),
        "layers": _("Layers of evidence"),
        "roads": _("Graded roads"),
    }
    shown: dict[str, Callable[[], None]] = {
        "places": partial(by_place, document),
        "layers": partial(layers, drawn),
        "roads": partial(graded_roads, drawn),
    }
    chosen = st.segmented_control(
        _("About the damage"),
        list(shown),
        format_func=lambda part: titles[part],
        default="places",
        key=PART,
        required=True,
        label_visibility="collapsed",
    )
    shown[chosen or "places"]()


def by_place(document: Document) -> None:
    """List the places with what was seen, expected and is believed."""
    table = evidencesheet.by_place(document)
    if table.empty:
        st.caption(_("No places yet."))
        return
    table["name"] = [clean(name) for name in table["name"]]
    table["commune"] = [clean(name) for name in table["commune"]]
    column = st.column_config
    chosen: Any = grid.show(
        table,
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        column_order=[name for name in table.columns if name != "place_id"],
        column_config={
            "name": column.TextColumn(_("Place")),
            "commune": column.TextColumn(_("Commune")),
            "assessed_share": column.ProgressColumn(
                _("Looked at"), min_value=0, max_value=100, format="%d %%"
            ),
            "destroyed": column.NumberColumn(_("Destroyed"), format="%d"),
            "damaged": column.NumberColumn(_("Damaged"), format="%d"),
            "possibly_damaged": column.NumberColumn(_("Possibly"), format="%d"),
            "no_visible_damage": column.NumberColumn(_("None visible"), format="%d"),
            "prior": column.NumberColumn(_("Expected %"), format="%.0f"),
            "low": column.NumberColumn(_("Now, from %"), format="%.0f"),
            "value": column.NumberColumn(_("Now %"), format="%.0f"),
            "high": column.NumberColumn(_("to %"), format="%.0f"),
            "facilities": column.NumberColumn(_("Facilities"), format="%d"),
            "evidence": column.TextColumn(_("Evidence"), width="medium"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key=TABLE,
        placeholder="–",
        alt=_("Damage by place"),
        name="damage_places",
    )
    st.caption(
        _(
            "Homes destroyed or damaged, in percent: expected from the shaking alone, and now, "
            "with what was seen. A dash: nobody looked."
        )
    )
    rows = grid.ticked(chosen, len(table))
    if rows:
        frame.focus_once(str(table["place_id"].iloc[rows[0]]))


def layers(drawn: frame.Frame) -> None:
    """List the layers of evidence with source, time, and what was not understood."""
    table = evidencesheet.layers(drawn.served.desk.layers())
    if table.empty:
        st.caption(_("No layer of evidence is loaded: `qafila load damage FILE`."))
        return
    grid.show(
        pd.DataFrame(
            {
                _("Kind"): table["kind"],
                _("File"): [clean(name, 120) for name in table["name"]],
                _("Source"): [clean(name, 120) for name in table["source"]],
                _("Time"): [moment(at, drawn.info.timezone) for at in table["at"]],
                _("Rows"): table["rows"],
                _("Labels not understood"): [clean(text, 200) for text in table["unknown"]],
                _("Remarks"): [clean(text, 400) for text in table["notes"]],
            }
        ),
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        alt=_("Layers of evidence"),
        name="damage_layers",
    )


def graded_roads(drawn: frame.Frame) -> None:
    """Show the closures that graded roads propose, with a button that records them."""
    desk = drawn.served.desk
    try:
        found = desk.graded_closures(dry_run=True)
    except QafilaError as error:
        st.caption(markdown(error))
        return
    fresh = [one for one in found["proposals"] if not one["recorded_before"]]
    text = _("{graded} roads graded; {n} closures proposed, {new} of them new; {lost} not in the "
             "network").format(
        graded=number(found["graded"]), n=number(len(found["proposals"])),
        new=number(len(fresh)), lost=number(len(found["not_in_network"])),
    )  # fmt: skip
    st.markdown(markdown(text))
    if fresh and st.button(
        _("Record the new ones"), type="primary", icon=":material/block:", key="record_graded"
    ):
        outcome.record_graded(drawn.served)
    rows = found["proposals"]
    if rows:
        grid.show(
            pd.DataFrame(
                {
                    _("Road"): [clean(", ".join(row["roads"]) or row["name"]) for row in rows],
                    _("Grade"): [clean(row["grade_written"]) for row in rows],
                    _("Closure"): [row["state"] for row in rows],
                    _("Confidence"): [row["confidence"] for row in rows],
                    _("Pieces"): [len(row["edges"]) for row in rows],
                    _("Recorded"): [row["recorded_before"] for row in rows],
                    _("Source"): [clean(row["source"], 120) for row in rows],
                    _("Time"): [moment(row["observed_at"], drawn.info.timezone) for row in rows],
                }
            ),
            hide_index=True,
            alt=_("Closures that graded roads propose"),
            name="graded_roads",
        )
