"""The tables beside the map: places, convoys, closures' and figures' sources."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.languages import _, language
from dashboard.map.text import clean, markdown
from dashboard.views import frame, grid
from dashboard.views.figures import moment, number
from dashboard.vocabulary import layer_kind, told

if TYPE_CHECKING:
    from dashboard.operations.picture import Picture
    from dashboard.state import Served

TABLE_HEIGHT_PX = 560
PLACES_TABLE = "places_table"

ItemName = Callable[[str], str]


def evidence_text(evidence_state: str) -> str:
    """Say an evidence state in words; "not assessed" is never "no damage"."""
    texts = {
        "damage_seen": _("damage seen"),
        "no_visible_damage": _("no visible damage"),
        "not_assessed": _("not assessed"),
    }
    return texts.get(evidence_state, _("not assessed"))


def reach_text(status: str) -> str:
    """Say a reach status in words."""
    texts = {
        "reachable": _("reachable"),
        "by_relay": _("by relay"),
        "cut_off": _("cut off"),
        "not_on_network": _("not on the road network"),
    }
    return texts.get(status, _("not computed"))


def places(served: Served, picture: Picture, timezone: str) -> None:
    """Show the places, most urgent first; a picked row is shown on the map."""
    if picture.places.empty:
        st.caption(_("No places yet."))
        return
    frame = served.tables.made_from(
        picture,
        f"places {language()}",
        lambda: places_table(picture, served.desk.item_name),
    )
    chosen: Any = grid.show(
        frame,
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        column_order=[name for name in frame.columns if name != "place_id"],
        column_config=_place_columns(),
        on_select="rerun",
        selection_mode="single-row",
        key=PLACES_TABLE,
        placeholder="–",
        alt=_("Places, most urgent first"),
        name="places",
    )
    _show_on_map(frame, chosen)
    made = moment(picture.made_at, timezone)
    st.caption(
        _("Most urgent first. A dash: nobody knows. Tick a row to see it on the map. ")
        + markdown(_("Computed {time}.").format(time=made))
    )


def places_table(picture: Picture, item_name: ItemName) -> pd.DataFrame:
    """Give the places as the table shows them; counts of places not assessed are missing, not 0."""
    frame = picture.places.sort_values("priority", ascending=False, na_position="last")
    assessed = frame["evidence_state"] != "not_assessed"
    # A few items, asked for in thousands of places.
    item_name = functools.cache(item_name)
    return pd.DataFrame(
        {
            "place_id": frame["place_id"],
            "name": [
                _both_names(*names) for names in zip(frame["name"], frame["name_ar"], strict=True)
            ],
            "evidence": [evidence_text(value) for value in frame["evidence_state"]],
            "destroyed": frame["destroyed"].where(assessed),
            "damaged": frame["damaged"].where(assessed),
            "affected": frame["people_affected"],
            "reach": [reach_text(value) for value in frame["reach_status"]],
            "travel_min": frame["travel_time_s"] / 60,
            "needs": [_needs_text(needs, item_name) for needs in frame["needs"]],
            "why": [clean(reason, 300) for reason in frame["reach_reason"]],
            "commune": [clean(name) for name in frame["commune"]],
            "people": frame["people"],
        }
    ).reset_index(drop=True)


def convoys(
    picture: Picture, item_name: ItemName, timezone: str, replan: Callable[[], None]
) -> None:
    """Show the convoys of the latest plan and what stays without delivery, with the reason."""
    plan = picture.plan
    if plan is None:
        st.info(_("There is no plan yet."), icon=":material/local_shipping:")
    elif picture.plan_is_old:
        st.warning(_("The plan is older than the latest events."), icon=":material/history:")
    if (plan is None or picture.plan_is_old) and st.button(
        _("Plan convoys now"), type="primary", icon=":material/local_shipping:", key="replan"
    ):
        replan()
    if plan is None:
        return
    names = _names(picture)
    depots = {depot.depot_id: depot.name for depot in picture.depots}
    labels = dict(
        zip(picture.convoy_lines["convoy_id"], picture.convoy_lines["label"], strict=True)
    )
    st.subheader(_("Convoys of the latest plan"), anchor=False)
    grid.show(
        pd.DataFrame(
            {
                _("Convoy"): [
                    clean(labels.get(convoy["convoy_id"], convoy["convoy_id"]))
                    for convoy in plan["convoys"]
                ],
                _("Vehicle"): [convoy["vehicle_class"] for convoy in plan["convoys"]],
                _("Depot"): [
                    clean(depots.get(convoy["depot_id"], convoy["depot_id"]))
                    for convoy in plan["convoys"]
                ],
                _("Leaves"): [moment(convoy["departs_at"], timezone) for convoy in plan["convoys"]],
                _("Stops"): [
                    " → ".join(clean(names.get(stop["place_id"], "?")) for stop in convoy["stops"])
                    for convoy in plan["convoys"]
                ],
                _("Load"): [_needs_text(_load(convoy), item_name) for convoy in plan["convoys"]],
                "km": [round(convoy["length_m"] / 1000, 1) for convoy in plan["convoys"]],
            }
        ),
        hide_index=True,
        height=300,
        alt=_("Convoys of the latest plan"),
        name="convoys",
    )
    st.subheader(_("Needs without delivery"), anchor=False)
    if not plan["unserved"]:
        st.caption(_("Every open need is in the plan."))
        return
    grid.show(
        pd.DataFrame(
            {
                _("Place"): [clean(names.get(need["place_id"], "?")) for need in plan["unserved"]],
                _("Item"): [item_name(need["item"]) for need in plan["unserved"]],
                _("Quantity"): [need["quantity"] for need in plan["unserved"]],
                _("Reason"): [clean(need["reason"], 300) for need in plan["unserved"]],
            }
        ),
        hide_index=True,
        height=260,
        alt=_("Needs without delivery"),
        name="undelivered",
    )


def sources(picture: Picture, timezone: str) -> None:
    """Show every source with its time."""
    st.subheader(_("Where the figures come from"), anchor=False)
    if not picture.sources:
        st.caption(_("No sources are recorded yet."))
        return
    grid.show(
        pd.DataFrame(
            {
                _("Source"): [clean(told(source["name"]), 300) for source in picture.sources],
                _("For"): [clean(layer_kind(source.get("kind"))) for source in picture.sources],
                _("Time"): [moment(source.get("at"), timezone) for source in picture.sources],
            }
        ),
        hide_index=True,
        alt=_("Sources and their times"),
        name="sources",
    )


def _show_on_map(table: pd.DataFrame, chosen: Any) -> None:
    rows = grid.ticked(chosen, len(table))
    place_id = str(table["place_id"].iloc[rows[0]]) if rows else ""
    if place_id:
        frame.focus_once(place_id)


def _place_columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "name": column.TextColumn(_("Place"), width=160),
        "commune": column.TextColumn(_("Commune"), width=100),
        "evidence": column.TextColumn(_("Evidence"), width=125),
        "destroyed": column.NumberColumn(_("Destroyed"), format="%d", width=72),
        "damaged": column.NumberColumn(_("Damaged"), format="%d", width=72),
        "people": column.NumberColumn(_("People"), format="%d", width=80),
        "affected": column.NumberColumn(_("Affected"), format="%d", width=72),
        "reach": column.TextColumn(_("Reach"), width=95),
        "travel_min": column.NumberColumn(_("Minutes"), format="%d", width=70),
        "needs": column.TextColumn(_("Needs"), width="medium"),
        "why": column.TextColumn(_("Why"), width="large"),
    }


def _both_names(name: str, name_ar: str) -> str:
    return " · ".join(part for part in (clean(name), clean(name_ar)) if part)


def _names(picture: Picture) -> dict[str, str]:
    return dict(zip(picture.places["place_id"], picture.places["name"], strict=True))


def _load(convoy: dict[str, Any]) -> dict[str, float]:
    load: dict[str, float] = {}
    for stop in convoy["stops"]:
        for item_id, quantity in stop["deliver"].items():
            load[item_id] = load.get(item_id, 0.0) + float(quantity)
    return load


def _needs_text(needs: dict[str, float] | None, item_name: ItemName) -> str:
    return ", ".join(
        f"{number(quantity)} {item_name(item)}"
        for item, quantity in sorted((needs or {}).items())
        if quantity
    )
