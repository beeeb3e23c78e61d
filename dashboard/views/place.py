"""One place: everything that is known of it, with sources and dates; its address can be sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.evidencesheet import belief_basis
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views import frame, grid, who_needs_more
from dashboard.views.activities import work_status
from dashboard.views.figures import moment, number
from dashboard.views.tables import reach_text
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.state import Served

MAP_HEIGHT_PX = 440
PARAMETER = "place"
CHOSEN = "place_chosen"
Sheet = dict[str, Any]


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served, with_figures=False)
    if drawn is None or drawn.picture.places.empty:
        return
    place_id = choose(drawn)
    if place_id is None:
        st.caption(_("Choose a place from the list."))
        frame.show_map(drawn.picture, height=MAP_HEIGHT_PX, grow=False)
        return
    try:
        sheet = served.desk.place_sheet(place_id)
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    _head(sheet)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if state.get(state.SHOWN) != place_id:
            frame.focus_once(place_id)
        frame.show_map(drawn.picture, height=MAP_HEIGHT_PX, grow=False)
    with right:
        _way(sheet)
    zone = drawn.info.timezone
    first, second = st.columns(2, gap="medium")
    with first:
        _evidence(sheet, zone)
        _work(sheet, served)
        who_needs_more.show(served.desk, place_id, zone)
    with second:
        _needs(sheet, served, zone)
        _coming(sheet, served, zone)
    frame.follow(served.desk, drawn.picture.seq)


def choose(drawn: frame.Frame) -> str | None:
    """Choose a place; the address names it, so that it can be sent to somebody."""
    places = drawn.picture.places.sort_values("name")
    titles = {
        row.place_id: " · ".join(
            dict.fromkeys(clean(one) for one in (row.name, row.name_ar, row.commune) if one)
        )
        for row in places[["place_id", "name", "name_ar", "commune"]].itertuples(index=False)
    }
    named = st.query_params.get(PARAMETER, "")
    if CHOSEN not in st.session_state and named in titles:
        st.session_state[CHOSEN] = named
    chosen = st.selectbox(
        _("Place"),
        list(titles),
        index=None,
        format_func=titles.__getitem__,
        placeholder=_("write its name"),
        key=CHOSEN,
    )
    if chosen is not None and chosen != named:
        st.query_params[PARAMETER] = chosen
    return chosen


def _head(sheet: Sheet) -> None:
    place = sheet["place"]
    names = [place[one] for one in ("name", "name_ar", "name_zgh") if place.get(one)]
    st.header(markdown(" · ".join(dict.fromkeys(names))), anchor=False)
    where = [place["commune"], place.get("province", ""), place["kind"]]
    people = _("{n} people").format(n=number(place["people"]))
    facts = [people, *filter(None, where), f"{place['lat']:.5f}, {place['lon']:.5f}"]
    if place["elevation_m"] is not None:
        facts.append(f"{number(place['elevation_m'])} m")
    st.markdown(markdown("; ".join(facts)))
    st.caption(markdown(_("Source: {source}").format(source=clean(place["source"], 300))))


def _way(sheet: Sheet) -> None:
    st.subheader(_("How to get there"), anchor=False)
    reach = sheet["reach"]
    if reach is None:
        st.caption(_("Nobody knows yet: roads and depots are needed."))
        return
    for name, one in reach["by_class"].items():
        time_s = one["travel_time_s"]
        minutes = "" if time_s is None else f", {number(time_s / 60)} min"
        st.markdown(f"**{markdown(_(name))}**: {markdown(reach_text(one['status']))}{minutes}")
        if one["reason"]:
            st.caption(markdown(clean(one["reason"], 400)))
    relay = reach.get("relay")
    if relay:
        chain = " → ".join(_(one) for one in relay["classes"])
        minutes = number(relay["travel_time_s"] / 60)
        title = _("By relay")
        st.markdown(f"**{title}**: {markdown(chain)}, {minutes} min")
        for head in relay["roadheads"]:
            before, after = head["from_class"], head["to_class"]
            text = _("change from {first} to {second} near {place}").format(
                first=_(before), second=_(after), place=clean(head["near"])
            )
            st.caption(markdown(text))
    if reach["sensitive"]:
        st.caption(_("Uncertain: it hangs on a doubtful closure or on where the road is joined."))


def _evidence(sheet: Sheet, zone: str) -> None:
    st.subheader(_("Damage"), anchor=False)
    found = sheet["assessment"]
    _on_the_ground(sheet, zone)
    if found is None:
        st.caption(_("There is no assessment yet."))
        return
    if not found["assessed"]:
        why = (
            _("not assessed: nobody said that half of the houses were looked at")
            if sheet["field_reports"]
            else _("not assessed: nobody looked")
        )
        st.markdown(f"**{why}**")
    else:
        grades = found["buildings"]
        st.markdown(
            markdown(
                _("{destroyed} destroyed, {damaged} damaged, {possibly} possibly damaged").format(
                    destroyed=number(grades["destroyed"]),
                    damaged=number(grades["damaged"]),
                    possibly=number(grades["possibly_damaged"]),
                )
            )
        )
        share = found.get("assessed_share")
        if share is not None and share < 1:
            text = _("{share} % of the place was looked at").format(share=number(100 * share))
            st.caption(markdown(text))
    people = found["people_affected"]
    if people["value"] is not None:
        text = _("People affected: {value} ({low} to {high})").format(
            value=number(people["value"]), low=number(people["low"]), high=number(people["high"])
        )
        st.markdown(markdown(text))
        st.caption(markdown(clean(belief_basis(people["basis"]), 300)))
    for one in found["covered_by"]:
        at = moment(datetime.fromisoformat(one["at"]), zone) if one["at"] else _("date unknown")
        parts = [one["source"], one["kind"], one["sensor"], at]
        st.caption(markdown(clean("; ".join(filter(None, parts)), 300)))


def _on_the_ground(sheet: Sheet, zone: str) -> None:
    for one in sheet["field_reports"]:
        text = _("On the ground: {destroyed} destroyed, {damaged} damaged; {who}, {at}").format(
            destroyed=number(one["destroyed"]),
            damaged=number(one["damaged"]),
            who=clean(one["organisation"]) or _("unknown"),
            at=_at(one["at"], zone),
        )
        st.caption(markdown(text))


def _needs(sheet: Sheet, served: Served, zone: str) -> None:
    name = served.desk.item_name
    st.subheader(_("Needs"), anchor=False)
    if sheet["needs"]:
        grid.show(
            pd.DataFrame(
                {
                    _("Item"): [name(one["item"]) for one in sheet["needs"]],
                    _("Missing"): [one.get("missing", one["quantity"]) for one in sheet["needs"]],
                    _("Reported"): [one["reported"] for one in sheet["needs"]],
                    _("By standard"): [one["computed"] for one in sheet["needs"]],
                    _("Delivered"): [one["delivered"] for one in sheet["needs"]],
                    _("Basis"): [clean(one["basis"], 300) for one in sheet["needs"]],
                }
            ),
            hide_index=True,
            alt=_("Needs of the place"),
            name="needs_of_place",
        )
    else:
        st.caption(_("Nothing is lacking, as far as we know."))
    for one in sheet["reports"]:
        text = _("{who} reported {quantity} {item} ({status}), {at}").format(
            who=clean(one["organisation"]) or _("unknown"),
            quantity=number(one["quantity"]),
            item=name(one["item"]),
            status=need_status(one["status"]),
            at=_at(one["at"], zone),
        )
        st.caption(markdown(text))


def need_status(status: str) -> str:
    """Say the state of a need in the language of this run."""
    texts = {
        "reported": _("reported"),
        "verified": _("verified"),
        "planned": _("planned"),
        "met": _("met"),
        "expired": _("expired"),
        "refuted": _("refuted"),
        "withdrawn": _("withdrawn"),
    }
    return texts.get(status, status)


def _coming(sheet: Sheet, served: Served, zone: str) -> None:
    name = served.desk.item_name
    st.subheader(_("Deliveries"), anchor=False)
    for one in sheet["deliveries"]:
        text = _("{at}: {quantity} {item} arrived, {who}").format(
            at=_at(one["at"], zone),
            quantity=number(one["quantity"]),
            item=name(one["item"]),
            who=clean(one["organisation"]) or _("unknown"),
        )
        st.markdown(markdown(text))
    for one in sheet["coming"]:
        load = ", ".join(f"{number(q)} {name(item)}" for item, q in sorted(one["deliver"].items()))
        text = _("Planned for {at}: {load}, {vehicle}").format(
            at=_at(one["arrives_at"], zone), load=load, vehicle=clean(one["vehicle"])
        )
        st.markdown(markdown(text))
    for one in sheet["unserved"]:
        text = _("Not on the plan: {quantity} {item}; {reason}").format(
            quantity=number(one["quantity"]),
            item=name(one["item"]),
            reason=clean(one["reason"], 300),
        )
        st.caption(markdown(text))
    if not (sheet["deliveries"] or sheet["coming"]):
        st.caption(_("Nothing arrived, and nothing is planned."))


def _work(sheet: Sheet, served: Served) -> None:
    st.subheader(_("Who works here"), anchor=False)
    for one in sheet["activities"]:
        days = " – ".join(filter(None, (one["from"], one["to"])))
        amount = "" if one["quantity"] is None else number(one["quantity"])
        what = f"{amount} {served.desk.item_name(one['what'])}".strip()
        parts = [one["actor"], what, work_status(one["status"]), days]
        st.markdown(markdown(clean(", ".join(filter(None, parts)), 300)))
    if not sheet["activities"]:
        st.caption(_("No organisation has said that it works here."))
    if sheet["volunteers"]:
        text = _("Volunteers who live here: {n}").format(n=number(sheet["volunteers"]))
        st.caption(markdown(text))


def _at(text: str | None, zone: str) -> str:
    return moment(datetime.fromisoformat(text), zone) if text else "–"
