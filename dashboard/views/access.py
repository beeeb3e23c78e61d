"""Who is cut off, what to clear first, and how sure that is: the parts below the map of roads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views import analysis, frame, grid
from dashboard.views.figures import moment, number
from dashboard.views.tables import reach_text

if TYPE_CHECKING:
    from dashboard.operations.picture import Picture

TABLE_HEIGHT_PX = 420
CLASSES = ("truck", "light_truck", "pickup", "motorbike", "mule", "foot")
CLEAR, RISK = "clear_first", "risk"


def cut_off(drawn: frame.Frame) -> None:
    """List the places that truck and pickup do not reach, those with most people affected first."""
    picture = drawn.picture
    frame_ = cut_off_table(picture)
    if frame_.empty:
        st.caption(_("Every place is reached by truck or pickup, as far as we know."))
        return
    column = st.column_config
    chosen: Any = grid.show(
        frame_,
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        column_order=[name for name in frame_.columns if name != "place_id"],
        column_config={
            "name": column.TextColumn(_("Place"), width="medium"),
            "commune": column.TextColumn(_("Commune")),
            "reach": column.TextColumn(_("Reach")),
            "people": column.NumberColumn(_("People"), format="%d"),
            "affected": column.NumberColumn(_("Affected"), format="%d"),
            "minutes": column.NumberColumn(_("Minutes by relay"), format="%d"),
            "why": column.TextColumn(_("Why"), width="large"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key="cut_off_table",
        alt=_("Places that are cut off"),
        name="cut_off",
    )
    rows = grid.ticked(chosen, len(frame_))
    if rows:
        frame.focus_once(str(frame_["place_id"].iloc[rows[0]]))


def cut_off_table(picture: Picture) -> pd.DataFrame:
    """Give the places that truck and pickup do not reach by themselves."""
    places = picture.places
    away = places[places["reach_status"].isin(["by_relay", "cut_off", "not_on_network"])]
    away = away.sort_values(["affected", "people"], ascending=False, na_position="last")
    return pd.DataFrame(
        {
            "place_id": away["place_id"],
            "name": [clean(name) for name in away["name"]],
            "commune": [clean(name) for name in away["commune"]],
            "reach": [reach_text(status) for status in away["reach_status"]],
            "people": away["people"],
            "affected": away["affected"],
            "minutes": (away["travel_time_s"] / 60).round().astype("Int64"),
            "why": [clean(reason, 300) for reason in away["reach_reason"]],
        }
    ).reset_index(drop=True)


def clear_first(drawn: frame.Frame) -> None:
    """Ask which road to clear first, for whom and with how many crews; then show the ranking."""
    desk, picture = drawn.served.desk, drawn.picture
    with st.form("clear_first", border=True):
        first, second, third, fourth, fifth = st.columns(
            [2, 1, 1, 2, 1], vertical_alignment="bottom"
        )
        vehicle = first.selectbox(_("For"), CLASSES[:3], key="clear_class")
        crews = second.number_input(_("Crews"), 1, 50, 2, key="clear_crews")
        hours = third.number_input(_("Hours"), 1, 240, 24, key="clear_hours")
        measure = fourth.selectbox(
            _("Count"),
            ["people", "time"],
            format_func=lambda one: {
                "people": _("people reached again"),
                "time": _("travel time regained"),
            }[one],
            key="clear_by",
        )
        asked = fifth.form_submit_button(_("Rank"), type="primary", icon=":material/construction:")
    if asked:
        work = partial(_ask_clear_first, desk, vehicle, int(crews), float(hours), measure)
        analysis.ask(CLEAR, _("Ranking the blockages"), picture.seq, work)
    found = analysis.answer(CLEAR, picture.seq)
    if found is None:
        return
    if not found["sites"]:
        st.caption(_("Nothing is blocked for this class, as far as we know."))
        return
    st.markdown(markdown(clear_summary(found)))
    grid.show(
        order_table(found),
        hide_index=True,
        alt=_("What to clear first"),
        name="clear_first",
    )
    st.subheader(_("Crews"), anchor=False)
    if found["schedule"]:
        grid.show(
            crews_table(found, drawn.info.timezone),
            hide_index=True,
            alt=_("What each crew does"),
            name="crews",
        )
    for left in found["left"]:
        label = {one["site_id"]: one["label"] for one in found["sites"]}.get(left["site_id"], "")
        st.caption(markdown(f"{clean(label, 160)}: {clean(left['reason'], 200)}"))
    notes(found, drawn.info.timezone)


def _ask_clear_first(
    desk: Any, vehicle: str, crews: int, hours: float, measure: str, progress: Any
) -> dict[str, Any]:
    answer: dict[str, Any] = desk.clear_first(
        vehicle_class=vehicle, crews=crews, hours=hours, by=measure, progress=progress
    )
    return answer


def clear_summary(found: dict[str, Any]) -> str:
    """Say what the crews win and how far from the best possible that may be."""
    totals = found["totals"]
    text = _(
        "{sites} blockages, {hours} crew-hours in all. {crews} crews in {time} hours win {gain} "
        "of at most {bound} {unit}."
    ).format(
        sites=number(totals["sites"]),
        hours=number(totals["crew_hours"]),
        crews=number(found["crews"]),
        time=number(found["hours"]),
        gain=number(totals["regained"]),
        bound=number(totals["regained_at_most"]),
        unit=found["unit"],
    )
    return text + " " + _("Crew-hours are estimates unless somebody gave them.")


def order_table(found: dict[str, Any]) -> pd.DataFrame:
    """Give the order of clearing as a table; gains count what was cleared before."""
    rows = found["order"]
    return pd.DataFrame(
        {
            _("Rank"): [row["rank"] for row in rows],
            _("Blockage"): [clean("; ".join(row["roads"]), 200) for row in rows],
            _("Wins"): [row["gain"] for row in rows],
            _("Crew-hours"): [row["crew_hours"] for row in rows],
            _("Wins per crew-hour"): [row["gain_per_crew_hour"] for row in rows],
            _("All so far"): [row["total"] for row in rows],
            _("Places"): [
                clean(", ".join(place["name"] for place in row["reconnects"]), 300) for row in rows
            ],
        }
    )


def crews_table(found: dict[str, Any], timezone: str) -> pd.DataFrame:
    """Give what each crew does when, as a table."""
    label = {one["site_id"]: one["label"] for one in found["sites"]}
    rows = found["schedule"]
    return pd.DataFrame(
        {
            _("Crew"): [row["crew"] for row in rows],
            _("Blockage"): [clean(label.get(row["site_id"], row["site_id"]), 200) for row in rows],
            _("Leaves"): [moment(row["leaves_at"], timezone) for row in rows],
            _("Begins"): [moment(row["begins_at"], timezone) for row in rows],
            _("Ends"): [moment(row["ends_at"], timezone) for row in rows],
            _("Wins"): [row["gain"] for row in rows],
        }
    )


def risk(drawn: frame.Frame) -> None:
    """Ask how sure each place is reached, given what is not known of the roads; show it."""
    desk, picture = drawn.served.desk, drawn.picture
    with st.form("risk", border=True):
        first, second, third, fourth = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
        vehicle = first.selectbox(_("For"), CLASSES, key="risk_class")
        hours = second.number_input(_("Within hours"), 1, 72, 12, key="risk_hours")
        worlds = third.number_input(_("Worlds"), 50, 5_000, 200, 50, key="risk_worlds")
        asked = fourth.form_submit_button(_("Ask"), type="primary", icon=":material/casino:")
    if asked:
        work = partial(_ask_risk, desk, vehicle, float(hours), int(worlds))
        analysis.ask(RISK, _("Sampling what the roads may be like"), picture.seq, work)
    found = analysis.answer(RISK, picture.seq)
    if found is None:
        return
    for name, totals in found["totals"].items():
        st.markdown(markdown(risk_summary(found, name, totals)))
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(_("Places that may or may not be reached"), anchor=False)
        grid.show(
            risk_table(found),
            hide_index=True,
            height=TABLE_HEIGHT_PX,
            alt=_("Uncertain places"),
            name="uncertain",
        )
    with right:
        st.subheader(_("Roads that decide it: look at these first"), anchor=False)
        grid.show(
            deciding_table(found),
            hide_index=True,
            height=TABLE_HEIGHT_PX,
            alt=_("Roads to check"),
            name="deciding_roads",
        )
    notes(found, drawn.info.timezone)


def _ask_risk(desk: Any, vehicle: str, hours: float, worlds: int, progress: Any) -> dict[str, Any]:
    answer: dict[str, Any] = desk.risk(
        vehicle_class=vehicle, hours=hours, worlds=worlds, progress=progress
    )
    return answer


def risk_summary(found: dict[str, Any], name: str, totals: dict[str, Any]) -> str:
    """Say how many are reached for sure, perhaps, and hardly."""
    return _(
        "{name}, within {hours} h, in {worlds} worlds: {sure} places surely reached, {maybe} "
        "uncertain, {hardly} hardly; {people} of {all} people in need on average."
    ).format(
        name=name,
        hours=number(found["hours"]),
        worlds=number(found["worlds"]),
        sure=number(totals["places_surely_reached"]),
        maybe=number(totals["places_uncertain"]),
        hardly=number(totals["places_hardly_reached"]),
        people=number(totals["people_reached"]),
        all=number(totals["people"]),
    )


def risk_table(found: dict[str, Any]) -> pd.DataFrame:
    """Give the places whose reach is neither sure nor ruled out, most people first."""
    rows = [
        (place, name, odds)
        for place in found["places"]
        for name, odds in place["by_class"].items()
        if 0.02 < odds["probability"] < 0.98
    ]
    rows.sort(key=lambda row: -(row[0]["people"] or 0.0))
    return pd.DataFrame(
        {
            _("Place"): [clean(place["name"]) for place, _name, _odds in rows],
            _("People"): [place["people"] for place, _name, _odds in rows],
            _("Reached in %"): [round(100 * odds["probability"]) for _place, _name, odds in rows],
            _("from %"): [round(100 * odds["low"]) for _place, _name, odds in rows],
            _("to %"): [round(100 * odds["high"]) for _place, _name, odds in rows],
        }
    )


def deciding_table(found: dict[str, Any]) -> pd.DataFrame:
    """Give the roads whose state decides for most people."""
    rows = found["deciding"]
    return pd.DataFrame(
        {
            _("Road"): [clean(row["label"], 120) for row in rows],
            _("Closed in %"): [round(100 * row["probability_closed"]) for row in rows],
            _("Decides for people"): [row["people"] for row in rows],
            _("Places"): [
                clean(", ".join(place["name"] for place in row["places"]), 300) for row in rows
            ],
        }
    )


def notes(found: dict[str, Any], timezone: str) -> None:
    """Say what to mind, and where it comes from."""
    lines, unknown = [clean(note, 300) for note in found["notes"]], _("time unknown")
    lines += [
        f"{clean(one['name'], 200)} ({moment(one['at'], timezone) or unknown})"
        for one in found["sources"][:8]
    ]
    if lines:
        st.caption(markdown(" · ".join(lines)))
