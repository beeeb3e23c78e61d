"""Indicators: what the response achieved, each figure with formula, source, trend and rows."""

from __future__ import annotations

import html
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.indicatorsheet import UNKNOWN, indicator_names, written
from dashboard.languages import _, language
from dashboard.map.text import clean, markdown
from dashboard.views import frame, grid
from dashboard.views.figures import moment
from dashboard.vocabulary import told
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.state import Served

CHOSEN = "indicator"
PARTS_SHOWN = 30
ROWS_SHOWN = 2_000
TABLE_HEIGHT_PX = 420


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served, with_figures=False)
    if drawn is None:
        return
    try:
        with st.spinner(_("Measuring")):
            found = served.desk.indicators()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    zone = drawn.info.timezone
    st.caption(
        _("Event {seq}, computed {time}").format(
            seq=found["based_on_seq"], time=moment(found["at"], zone)
        )
        + " · "
        + _("The small line says how it was 24 h before, where that is known.")
    )
    _report(served)
    st.html(f'<dl class="q-figures q-wide">{"".join(map(_box, found["indicators"]))}</dl>')
    _taken_apart(served, found["indicators"], zone)
    frame.follow(served.desk, drawn.picture.seq)


def _report(served: Served) -> None:
    """Offer the situation report; who may give one out keeps it on record by doing so."""
    tongue, desk = language(), served.desk
    write = desk.give_report if desk.may("give_report") else desk.situation_report
    with st.container(horizontal=True, gap="small"):
        for form, label, mime in (
            ("pdf", _("Situation report (PDF)"), "application/pdf"),
            ("html", _("Situation report (web page)"), "text/html"),
        ):
            st.download_button(
                label,
                data=partial(write, form, tongue=tongue),
                file_name=f"qafila-report-{tongue}.{form}",
                mime=mime,
                icon=":material/summarize:",
                on_click="ignore",
                key=f"report_{form}",
            )
        st.link_button(
            _("Short report for a slow link"), f"../brief/{tongue}/", icon=":material/speed:"
        )


def _taken_apart(served: Served, indicators: list[dict[str, Any]], zone: str) -> None:
    """Show one indicator with its formula, its parts and the rows behind it."""
    by_id = {one["id"]: one for one in indicators}
    chosen = st.selectbox(
        _("Take a figure apart"),
        list(by_id),
        format_func=lambda one: indicator_names()[one],
        key=CHOSEN,
    )
    if chosen is None:
        return
    one = by_id[chosen]
    facts = {
        _("Definition"): markdown(told(one["definition"])),
        _("Formula"): markdown(one["formula"]),
        _("Source"): f"{markdown(one['source'])} · {moment(one['at'], zone)}",
        _("Sustainable Development Goals"): ", ".join(one["sdg"]),
    }
    st.markdown("\n\n".join(f"**{name}:** {text}" for name, text in facts.items() if text))
    if one["reason"]:
        st.info(markdown(one["reason"]), icon=":material/help:")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _parts(served, one)
    with right:
        _rows(served, chosen)


def _parts(served: Served, one: dict[str, Any]) -> None:
    if not one["parts"]:
        return
    st.subheader(_("Part by part"), anchor=False)
    table = pd.DataFrame(
        {
            _("Part"): [
                clean(served.desk.item_name(part["key"])) or UNKNOWN for part in one["parts"]
            ],
            _("Value"): [written(part["value"], one["unit"]) for part in one["parts"]],
            _("Rows"): [part["n"] for part in one["parts"]],
        }
    )
    grid.show(
        table.head(PARTS_SHOWN),
        hide_index=True,
        width="stretch",
        name="parts",
    )
    if len(table) > PARTS_SHOWN:
        st.caption(_("and {n} more").format(n=len(table) - PARTS_SHOWN))


def _rows(served: Served, indicator_id: str) -> None:
    rows = served.desk.indicator_rows(indicator_id)
    st.subheader(_("The rows behind it ({n})").format(n=len(rows)), anchor=False)
    if rows.empty:
        st.caption(_("No rows."))
        return
    shown = rows.head(ROWS_SHOWN).copy()
    if "item_id" in shown:
        shown["item_id"] = shown["item_id"].map(served.desk.item_name, na_action="ignore")
    for name in shown.select_dtypes(include=["object", "string"]).columns:
        shown[name] = shown[name].map(clean, na_action="ignore")
    grid.show(
        shown,
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        width="stretch",
        column_config=_headings(),
        name=indicator_id,
        whole=rows,
    )


def _box(one: dict[str, Any]) -> str:
    value, before, target = one["value"], one["value_day_before"], one["target"]
    missed = target is not None and value is not None and value != target
    day_before, aim = _("24 h before"), _("target")
    small = [f"{day_before}: {written(before, one['unit'])}"] if before is not None else []
    if target is not None:
        small.append(f"{aim}: {written(target, one['unit'])}")
    if one["reason"]:
        small.append(clean(one["reason"]))
    alarm = ' class="q-alarm"' if missed else ""
    lines = "".join(f"<small>{html.escape(line)}</small>" for line in small)
    label = html.escape(indicator_names()[one["id"]])
    shown = html.escape(written(value, one["unit"]))
    return f"<div{alarm}><dt>{label}</dt><dd>{shown}{lines}</dd></div>"


def _headings() -> dict[str, Any]:
    """Headings of the rows behind an indicator; a column that is not named keeps its own."""
    names = {
        "name": _("Place"),
        "item_id": _("Item"),
        "commune": _("Commune"),
        "needed": _("Needed"),
        "delivered": _("Delivered"),
        "people": _("People"),
        "affected": _("Affected"),
        "status": _("Status"),
        "weighted": _("Weighted by urgency"),
        "met": _("Met"),
        "beyond": _("Beyond need"),
        "share": _("Share"),
    }
    column = st.column_config.Column
    return {"place_id": None} | {name: column(label) for name, label in names.items()}
