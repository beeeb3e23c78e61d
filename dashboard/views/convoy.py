"""One convoy and its papers: why each stop comes when it does, its lock, files to take away."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import plansheet, state
from dashboard.languages import _, language
from dashboard.map.text import clean, markdown
from dashboard.numerals import clock
from dashboard.views import analysis, grid, phone_link
from dashboard.views.figures import moment, number
from data.catalogue import items
from geo.errors import QafilaError
from routing.problem_checks import divisible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dashboard.desk import Progress
    from dashboard.plansheet import Plan
    from dashboard.state import Served
    from geo.model import Vehicle

PAPERS = "papers"
#: What a convoy leader and a storekeeper ask for first.
FIRST_FORMATS = ("html", "pdf")
LONGEST_CONTACT = 200
Convoy = dict[str, Any]


def one_convoy(
    served: Served,
    plan: Plan,
    names: Mapping[str, str],
    timezone: str,
    vehicles: Sequence[Vehicle],
) -> None:
    """Choose a convoy; show its stops with what they get and why, and how it is loaded."""
    convoys = {one["convoy_id"]: one for one in plan["convoys"]}
    if not convoys:
        st.caption(_("No convoy leaves: see the needs without delivery for the reasons."))
        return
    chosen = st.selectbox(
        _("Convoy"),
        list(convoys),
        format_func=lambda one: convoy_label(convoys[one], names, timezone),
        key="one_convoy",
    )
    convoy = convoys[chosen]
    lock_row(served, convoy)
    phone_link.heard_line(served, convoy, timezone)
    phone_link.panel(served, convoy, timezone)
    grid.show(
        stops_table(convoy, names, served.desk.item_name, timezone),
        hide_index=True,
        alt=_("Stops of the convoy"),
        column_config={
            "#": st.column_config.NumberColumn("#", format="%d", width="small"),
            _("Why now"): st.column_config.TextColumn(_("Why now"), width="large"),
        },
        name="loading_list",
    )
    if convoy.get("company"):
        st.caption(_("These vehicles travel together:"))
        grid.show(
            company_table(convoy, served.desk.item_name),
            name="company",
            hide_index=True,
            alt=_("Vehicles that travel together"),
        )
    _loading(served, plan["plan_id"], convoy, names, vehicles)


def company_table(convoy: Convoy, item_name: Callable[[str], str]) -> pd.DataFrame:
    """Give who travels in a convoy of several vehicles, and what each of them carries."""
    company = convoy["company"]
    return pd.DataFrame(
        {
            _("Vehicle"): [clean(one["vehicle_name"] or one["vehicle_id"]) for one in company],
            _("Class"): [one["vehicle_class"] for one in company],
            _("Carries"): [
                ", ".join(
                    amount(quantity, item, item_name)
                    for item, quantity in sorted(one["load"].items())
                )
                or _("nothing")
                for one in company
            ],
            "kg": [round(one["load_kg"]) for one in company],
            "m³": [round(one["load_m3"], 1) for one in company],
        }
    )


def _loading(
    served: Served,
    plan_id: str,
    convoy: Convoy,
    names: Mapping[str, str],
    vehicles: Sequence[Vehicle],
) -> None:
    """Show in which order it is loaded, and how full it is then."""
    try:
        rows = served.desk.loading_list(plan_id, convoy["convoy_id"])
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    room = plansheet.room_of(convoy, {one.vehicle_id: one for one in vehicles})
    heading = _("Loading list: what goes in first stands first")
    st.markdown(f"**{heading}**")
    column = st.column_config
    full = {
        key: column.ProgressColumn(
            text, min_value=0, max_value=most, format=f"%{digits}f / {most:g} {unit}"
        )
        for key, text, most, digits, unit in (
            ("kg_after", _("In the vehicle then, kg"), room[0] if room else 0.0, ".0", "kg"),
            ("m3_after", _("In the vehicle then, m³"), room[1] if room else 0.0, ".1", "m³"),
        )
        if most > 0
    }
    grid.show(
        pd.DataFrame(
            {
                "order": [row["order"] for row in rows],
                "item": [served.desk.item_name(row["item"]) for row in rows],
                "quantity": [row["quantity"] for row in rows],
                "unit": [row["unit"] for row in rows],
                "stop": [
                    f"{row['stop']}. {clean(names.get(row['place_id'], '?'))}" for row in rows
                ],
                "kg": [round(row["kg"], 1) for row in rows],
                "m3": [round(row["m3"], 2) for row in rows],
                "kg_after": [row["kg_after"] for row in rows],
                "m3_after": [row["m3_after"] for row in rows],
            }
        ),
        name="loading-list",
        hide_index=True,
        alt=_("Loading list"),
        column_config={
            "order": column.NumberColumn("#", format="%d", width="small"),
            "item": column.TextColumn(_("Item")),
            "quantity": column.NumberColumn(_("Quantity")),
            "unit": column.TextColumn(_("Unit")),
            "stop": column.TextColumn(_("For stop")),
            "kg": column.NumberColumn("kg"),
            "m3": column.NumberColumn("m³"),
            **full,
        },
    )


def convoy_label(convoy: Convoy, names: Mapping[str, str], timezone: str) -> str:
    """Say when a convoy leaves, with what, and where to; a lock stands in front."""
    lock = "🔒 " if convoy.get("locked") else ""
    leaves = clock(_time(convoy["departs_at"]), timezone)
    vehicle = clean(convoy.get("vehicle_name") or convoy.get("vehicle_id") or convoy["convoy_id"])
    way = " → ".join(clean(names.get(stop["place_id"], "?")) for stop in convoy["stops"])
    return f"{lock}{leaves} · {vehicle} · {way}"


def lock_row(served: Served, convoy: Convoy) -> None:
    """Offer to lock or unlock a convoy that has not left, and to undo what was done last."""
    convoy_id, locked = convoy["convoy_id"], bool(convoy.get("locked"))
    row = st.container(horizontal=True, vertical_alignment="center")
    may = served.desk.may("set_lock")
    if _time(convoy["departs_at"]) <= served.desk.now():
        row.caption(_("It is on the road: a plan of the rest of the day keeps it as it is."))
    elif locked:
        row.caption(_("Locked: it stays as it is when the rest of the day is planned anew."))
        if may and row.button(_("Unlock"), icon=":material/lock_open:", key="unlock_convoy"):
            _set_lock(served, convoy_id, locked=False)
    else:
        row.caption(_("It may change when the rest of the day is planned anew."))
        if may and row.button(_("Lock"), icon=":material/lock:", key="lock_convoy"):
            _set_lock(served, convoy_id, locked=True)
    done = state.get(state.LOCKED)
    if done is None:
        return
    if isinstance(done, QafilaError):
        st.error(markdown(done), icon=":material/error:")
        state.put(state.LOCKED, None)
        return
    was, now_locked = done
    text = _("{convoy} is locked.") if now_locked else _("{convoy} is no longer locked.")
    row.markdown(markdown(text.format(convoy=was.removeprefix("convoy:"))))
    if row.button(_("Undo"), icon=":material/undo:", key="undo_lock"):
        _set_lock(served, was, locked=not now_locked, undo=True)


def _set_lock(served: Served, convoy_id: str, *, locked: bool, undo: bool = False) -> None:
    try:
        served.desk.set_lock(convoy_id, locked=locked)
        state.put(state.LOCKED, None if undo else (convoy_id, locked))
    except QafilaError as error:
        state.put(state.LOCKED, error)
    st.rerun()


def stops_table(
    convoy: Convoy, names: Mapping[str, str], item_name: Callable[[str], str], timezone: str
) -> pd.DataFrame:
    """Give the stops of a convoy: where, when, what, and why then."""
    stops = convoy["stops"]
    return pd.DataFrame(
        {
            "#": range(1, len(stops) + 1),
            _("Place"): [clean(names.get(stop["place_id"], "?")) for stop in stops],
            _("Arrives"): [moment(_time(stop["arrives_at"]), timezone) for stop in stops],
            _("Hands out"): [
                ", ".join(
                    amount(quantity, item, item_name)
                    for item, quantity in sorted(stop["deliver"].items())
                )
                for stop in stops
            ],
            _("Why now"): [clean((stop.get("why") or {}).get("text", ""), 400) for stop in stops],
        }
    )


def amount(quantity: float, item: str, item_name: Callable[[str], str]) -> str:
    """Say how much of an item: ``40 Family tent``, ``600 l Water``."""
    thing = items().get(item)
    unit = thing.unit if thing is not None and divisible(thing.unit) else ""
    return " ".join(part for part in (number(quantity), unit, item_name(item)) if part)


def papers(served: Served, plan: Plan, names: Mapping[str, str], timezone: str, seq: int) -> None:
    """Choose convoys and formats, make the files beside the page, then offer them as one zip."""
    convoys = {one["convoy_id"]: one for one in plan["convoys"]}
    if not convoys:
        st.caption(_("No convoy leaves: see the needs without delivery for the reasons."))
        return
    if not served.desk.may("zipped_plan"):
        st.caption(_("Files of convoys are made by those who may plan: ask the crisis cell."))
        return
    titles = format_titles()
    with st.form(PAPERS, border=True):
        chosen = st.selectbox(
            _("Of which convoy"),
            ["", *convoys],
            format_func=lambda one: (
                convoy_label(convoys[one], names, timezone)
                if one
                else _("All {n} convoys").format(n=number(len(convoys)))
            ),
            key="papers_of",
        )
        formats = st.multiselect(
            _("Files"),
            list(titles),
            default=list(FIRST_FORMATS),
            format_func=titles.__getitem__,
            key="papers_formats",
        )
        contact = st.text_input(
            _("How the crisis cell is reached (printed on the sheets, stored nowhere)"),
            max_chars=LONGEST_CONTACT,
            key="papers_contact",
        )
        asked = st.form_submit_button(_("Make the files"), icon=":material/folder_zip:")
    if asked and not formats:
        st.warning(_("Choose at least one kind of file."))
    elif asked:
        _make(served, plan["plan_id"], chosen, formats, contact, seq)
    made = analysis.answer(PAPERS, seq)
    if made is not None:
        st.download_button(
            _("Download {name} ({size} MB)").format(
                name=made["name"], size=f"{len(made['zip']) / 1e6:.1f}"
            ),
            made["zip"],
            file_name=made["name"],
            mime="application/zip",
            type="primary",
            icon=":material/download:",
            key="papers_download",
        )


def format_titles() -> dict[str, str]:
    """Say what each kind of file is for; the keys are the formats of `qafila export`."""
    return {
        "html": _("Sheet for a phone (HTML)"),
        "pdf": _("Sheet, loading list and waybills to print (PDF)"),
        "pdfa6": _("Sheet and maps for a pocket (PDF, A6)"),
        "gpx": _("Way for a navigation app (GPX)"),
        "kml": _("Way for Google Earth (KML)"),
        "kmz": _("Way for Google Earth, small (KMZ)"),
        "tak": _("Way and stops for ATAK (data package)"),
        "text": _("Text messages"),
        "csv": _("Stops as a table (CSV)"),
        "loading": _("Loading list (CSV)"),
        "waybills": _("Waybills (CSV)"),
        "geojson": _("Layer for a GIS (GeoJSON)"),
        "problem": _("What the plan was made from, to plan it again elsewhere (JSON)"),
    }


def _make(
    served: Served, plan_id: str, convoy_id: str, formats: list[str], contact: str, seq: int
) -> None:
    spoken = language()
    stem = (convoy_id or plan_id).replace(":", "-")

    def work(progress: Progress) -> dict[str, Any]:
        files = served.desk.zipped_plan(
            plan_id,
            convoys=[convoy_id] if convoy_id else [],
            formats=formats,
            language=spoken,
            contacts={"cell": contact.strip()} if contact.strip() else {},
            progress=progress,
        )
        return {"zip": files, "name": f"{stem}.zip"}

    analysis.ask(PAPERS, _("Making the files"), seq, work)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
