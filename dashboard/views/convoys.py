"""Convoys: the plan with its day, loads, stops, causes and communes; plan, re-plan, compare."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import numerals, plansheet, state
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.numerals import share
from dashboard.views import convoy, fleet, frame, grid, outcome, phone_link, plan_form, timeline
from dashboard.views.figures import moment, number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashboard.operations.picture import Picture
    from dashboard.plansheet import Plan
    from dashboard.state import Served

MAP_HEIGHT_PX = 420
TABLE_HEIGHT_PX = 420
PART = "convoys_part"
#: Closures of one plan only that are named above the tables.
MOST_CLOSURES = 6


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served)
    if drawn is None:
        return
    picture = drawn.picture
    left, right = st.columns([3, 2], gap="medium")
    with left:
        frame.show_map(picture, height=MAP_HEIGHT_PX, grow=False)
    with right:
        change = st.container()
        heading(picture)
        if served.desk.may("make_plan"):
            plan_form.ask(served, picture)
    if picture.plan is not None:
        parts(drawn, picture.plan)
    frame.follow(served.desk, picture.seq)
    with change:
        outcome.show(served)


def heading(picture: Picture) -> None:
    """Say what the newest plan brings, in figures and words."""
    plan = picture.plan
    if plan is None:
        st.info(_("There is no plan yet."), icon=":material/local_shipping:")
        return
    if picture.plan_is_old:
        st.warning(_("The plan is older than the latest events."), icon=":material/history:")
    st.subheader(_("The latest plan"), anchor=False)
    score = plan["score"]
    facts = (
        (_("Trips"), number(len(plan["convoys"]))),
        (_("Share of need met"), share(score["served_share"])),
        (_("Worst commune"), share(score["worst_commune_share"])),
        (_("Needs without delivery"), number(len(plan["unserved"]))),
    )
    for column, (label, value) in zip(st.columns(len(facts)), facts, strict=True):
        column.metric(label, value)


def parts(drawn: frame.Frame, plan: Plan) -> None:
    """Show the part of the plan that is chosen."""
    picture, served = drawn.picture, drawn.served
    names = dict(zip(picture.places["place_id"], picture.places["name"], strict=True))
    titles = {
        "day": _("Day"),
        "loads": _("Loads"),
        "stops": _("Stops and locks"),
        "left": _("Needs without delivery"),
        "communes": _("Communes"),
        "vehicles": _("Vehicles"),
        "compare": _("Compare plans"),
        "papers": _("Files"),
    }
    shown: dict[str, Callable[[], None]] = {
        "day": partial(day, plan, names, picture, drawn.info.timezone),
        "loads": partial(loads, served, plan, names, picture, drawn.info.timezone),
        "stops": partial(
            convoy.one_convoy, served, plan, names, drawn.info.timezone, picture.vehicles
        ),
        "left": partial(left_over, plan, names, served.desk.item_name),
        "communes": partial(communes, plan),
        "vehicles": partial(fleet.vehicles, served, picture),
        "compare": partial(compare, served, drawn.info.timezone),
        "papers": partial(convoy.papers, served, plan, names, drawn.info.timezone, picture.seq),
    }
    chosen = st.segmented_control(
        _("Part of the plan"),
        list(shown),
        format_func=lambda part: titles[part],
        default="day",
        key=PART,
        required=True,
        label_visibility="collapsed",
    )
    shown[chosen or "day"]()


def day(plan: Plan, names: Mapping[str, str], picture: Picture, timezone: str) -> None:
    """Show when every vehicle is on the road."""
    line = plansheet.time_line(plan, names)
    if line is None:
        st.caption(_("No convoy leaves: see the needs without delivery for the reasons."))
        return
    depots = {depot.depot_id: depot.name for depot in picture.depots}
    st.caption(
        _("{day}; a mark in a bar is an arrival. Point at a bar to read it.").format(
            day=numerals.day(line.begins_at, timezone)
        )
    )
    timeline.show(line, depots=depots, timezone=timezone)


def loads(
    served: Served, plan: Plan, names: Mapping[str, str], picture: Picture, timezone: str
) -> None:
    """Show what every trip carries, how full its vehicle is, and when it was heard last."""
    column = st.column_config
    rows = plansheet.loads(plan, picture.vehicles, names)
    heard, now = phone_link.heard_by_convoy(served), served.desk.now()
    grid.show(
        pd.DataFrame(
            {
                "vehicle": [clean(row.vehicle) for row in rows],
                "class": [row.vehicle_class for row in rows],
                "trip": [row.trip for row in rows],
                "leaves": [moment(row.departs_at, timezone) for row in rows],
                "heard": [
                    phone_link.heard_at(heard[row.convoy_id], now, timezone)
                    if row.convoy_id in heard
                    else ""
                    for row in rows
                ],
                "stops": [" → ".join(clean(name) for name in row.stops) for row in rows],
                "kg": [round(row.load_kg) for row in rows],
                "kg_share": [_percent(row.kg_share) for row in rows],
                "m3": [round(row.load_m3, 1) for row in rows],
                "m3_share": [_percent(row.m3_share) for row in rows],
            }
        ),
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        column_config={
            "vehicle": column.TextColumn(_("Vehicle")),
            "class": column.TextColumn(_("Class")),
            "trip": column.NumberColumn(_("Trip"), format="%d"),
            "leaves": column.TextColumn(_("Leaves")),
            "heard": column.TextColumn(_("Last heard")),
            "stops": column.TextColumn(_("Stops"), width="large"),
            "kg": column.NumberColumn("kg", format="%d"),
            "kg_share": column.ProgressColumn(
                _("of its kg"), min_value=0, max_value=100, format="%d %%"
            ),
            "m3": column.NumberColumn("m³", format="%.1f"),
            "m3_share": column.ProgressColumn(
                _("of its m³"), min_value=0, max_value=100, format="%d %%"
            ),
        },
        alt=_("Load of every trip"),
        name="plan_loads",
    )


def left_over(plan: Plan, names: Mapping[str, str], item_name: Callable[[str], str]) -> None:
    """Show which needs stay without delivery, why, and which cause is the commonest."""
    if not plan["unserved"]:
        st.caption(_("Every open need is in the plan."))
        return
    for cause in plansheet.causes(plan):
        amounts = ", ".join(
            convoy.amount(quantity, item, item_name)
            for item, quantity in sorted(cause.by_item.items(), key=lambda one: -one[1])[:4]
        )
        text = _("{cause}: {lines} needs in {places} places ({amounts} …)").format(
            cause=cause_text(cause.code),
            lines=number(cause.lines),
            places=number(cause.places),
            amounts=amounts,
        )
        st.markdown("- " + markdown(text))
    grid.show(
        pd.DataFrame(
            {
                _("Place"): [clean(names.get(need["place_id"], "?")) for need in plan["unserved"]],
                _("Item"): [item_name(need["item"]) for need in plan["unserved"]],
                _("Quantity"): [need["quantity"] for need in plan["unserved"]],
                _("Cause"): [cause_text(need.get("code", "")) for need in plan["unserved"]],
                _("Reason"): [clean(need["reason"], 300) for need in plan["unserved"]],
                _("What would help"): [
                    clean("; ".join(one["text"] for one in need.get("helps", ())), 400)
                    for need in plan["unserved"]
                ],
                _("What binds"): [
                    clean(need.get("limits", {}).get("text", ""), 400) for need in plan["unserved"]
                ],
            }
        ),
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        alt=_("Needs without delivery"),
        name="unserved",
    )


def cause_text(code: str) -> str:
    """Say a cause in words; one that this page does not know is shown as it is written."""
    texts = {
        "no_road": _("no road is open"),
        "no_vehicle_class": _("no vehicle that may use the road"),
        "no_stock": _("no depot has it"),
        "stock_elsewhere": _("the stock lies where no vehicle brings it from"),
        "too_large": _("one piece fits no vehicle"),
        "shift_too_short": _("too far for one shift"),
        "stock_ends": _("the stock ends"),
        "no_vehicle_free": _("no vehicle is free"),
        "not_to_be_split": _("must not be parted, and too much at once"),
        "no_relay_team": _("no team is free to carry on"),
        "arrives_after_dark": _("arrives after dark"),
        "window_closes": _("closes before a vehicle can be there"),
        "weight_unknown": _("nobody has said what it weighs"),
        "no_driver": _("no driver for the vehicles there"),
        "opens_too_late": _("opens when no vehicle could be home in time"),
    }
    return texts.get(code, clean(code).replace("_", " "))


def communes(plan: Plan) -> None:
    """Show which share of its need every commune gets, the worst first."""
    rows = plansheet.commune_shares(plan)
    if not rows:
        st.caption(_("No commune is known for these places: load boundaries."))
        return
    column = st.column_config
    st.caption(_("Share of the value of its needs that the plan brings to each commune."))
    grid.show(
        pd.DataFrame(
            {
                "commune": [clean(name) or _("without commune") for name, _share in rows],
                "share": [_percent(share) for _name, share in rows],
            }
        ),
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        column_config={
            "commune": column.TextColumn(_("Commune")),
            "share": column.ProgressColumn(
                _("Share of need met"), min_value=0, max_value=100, format="%d %%"
            ),
        },
        alt=_("Share of need met by commune"),
        name="communes",
    )


def compare(served: Served, timezone: str) -> None:
    """Compare two plans: who gains, who loses, who gets it earlier or later."""
    try:
        plans = served.desk.plans()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    if len(plans) < 2:
        st.caption(_("There is one plan only. Plan anew, then compare."))
        return
    label = {plan_id: f"{moment(at, timezone)} · {plan_id[-6:]}" for plan_id, at in plans}
    ids = list(label)
    left, right = st.columns(2)
    first = left.selectbox(
        _("Before"), ids, index=1, format_func=label.__getitem__, key=state.PLAN_A
    )
    second = right.selectbox(
        _("After"), ids, index=0, format_func=label.__getitem__, key=state.PLAN_B
    )
    try:
        found = served.desk.diff(first, second)
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    _both_scores(found)
    for kind, title in (
        ("losses", _("Get less")),
        ("gains", _("Get more")),
        ("later", _("Get it later")),
        ("earlier", _("Get it earlier")),
    ):
        rows = found[kind]
        with st.expander(f"{title} ({len(rows)})", expanded=kind == "losses" and bool(rows)):
            if rows:
                grid.show(
                    _changes_table(rows, served.desk.item_name, timezone),
                    hide_index=True,
                    name=f"plan_{kind}",
                )
            else:
                st.caption(_("Nobody."))


def _changes_table(
    rows: list[dict[str, Any]], item_name: Callable[[str], str], timezone: str
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            _("Place"): [clean(row["place_name"]) for row in rows],
            _("Item"): [item_name(row["item"]) for row in rows],
            _("Before"): [row["quantity_a"] for row in rows],
            _("After"): [row["quantity_b"] for row in rows],
            _("Arrives before"): [moment(row["arrives_a"], timezone) for row in rows],
            _("Arrives after"): [moment(row["arrives_b"], timezone) for row in rows],
            _("Why"): [
                clean("; ".join(one["text"] for one in row.get("causes", ())), 400) for row in rows
            ],
            _("Reason"): [clean(row["reason"], 300) for row in rows],
        }
    )


def _both_scores(found: dict[str, Any]) -> None:
    """Say what both plans bring in all, and what they were made for otherwise."""
    facts = (
        (_("Share of need met"), "served_share"),
        (_("Worst commune"), "worst_commune_share"),
    )
    for box, (label, name) in zip(st.columns(len(facts)), facts, strict=True):
        if name in found["score"]:
            before, after = found["score"][name]["a"], found["score"][name]["b"]
            points = 100 * (after - before)
            box.metric(
                label,
                share(after),
                _("{points} points").format(points=f"{points:+.1f}")
                if abs(points) >= 0.05
                else None,
            )
    closures = found.get("closures", {})
    for kind, text in (
        ("only_b", _("Closed in the second plan only: {roads}")),
        ("only_a", _("Closed in the first plan only: {roads}")),
    ):
        if rows := closures.get(kind):
            roads = "; ".join(clean(one["text"], 120) for one in rows[:MOST_CLOSURES])
            if len(rows) > MOST_CLOSURES:
                roads += " …"
            st.caption(markdown(text.format(roads=roads)))
    if found.get("asked"):
        st.caption(markdown(_("Asked for otherwise: {what}").format(what=found["asked"])))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100.0 * share, 1)
