"""What next: advice with its arithmetic, and the needs and stock of the coming days."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.advicesheet import said
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views import frame, grid
from dashboard.views.figures import moment, number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashboard.operations.advising import Advice
    from dashboard.state import Served

CLIMATE = "outlook_climate"


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served, with_figures=False)
    if drawn is None:
        return
    climates = {"temperate": _("temperate"), "cold": _("cold")}
    chosen = st.segmented_control(
        _("Weather to reckon with"),
        list(climates),
        format_func=lambda one: climates[one],
        default="temperate",
        key=CLIMATE,
        required=True,
    )
    try:
        with st.spinner(_("Reckoning what would help most")):
            advice, made = served.desk.outlook(climate=chosen or "temperate")
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    at = moment(drawn.picture.made_at, drawn.info.timezone)
    st.caption(markdown(_("Event {seq}, computed {time}").format(seq=drawn.picture.seq, time=at)))
    _advice(advice, served.desk.item_name)
    _forecast(made, served.desk.item_name, drawn.info.timezone)
    frame.follow(served.desk, drawn.picture.seq)


def _advice(advice: Sequence[Advice], item_name: Callable[[str], str]) -> None:
    st.subheader(_("What to do next"))
    if not advice:
        st.info(_("Nothing to advise: needs, stock or roads are not there yet."))
        return
    st.caption(
        _(
            "Each line is a figure of another page, written as people who would be helped; "
            "people of two lines may be the same people."
        )
    )
    st.html(f'<ol class="q-advice">{advice_lines(advice, item_name)}</ol>')


def advice_lines(advice: Sequence[Advice], item_name: Callable[[str], str]) -> str:
    """Write advice as items of a list; whatever people wrote is escaped."""
    lines = []
    for one in advice:
        text = html.escape(clean(said(one, item_name, number), 400))
        gain = "" if one.people is None else _("{n} people").format(n=number(round(one.people)))
        how = html.escape(clean(one.arithmetic, 200))
        lines.append(
            f'<li dir="auto"><span>{text}</span> <b>{html.escape(gain)}</b> '
            f'<small dir="ltr">{how}</small></li>'
        )
    return "".join(lines)


def _forecast(made: dict[str, Any], item_name: Callable[[str], str], timezone: str) -> None:
    st.subheader(_("The next {n} days").format(n=number(len(made["days"]))))
    st.caption(
        _(
            "What is missing now, and use by the standard (Sphere 2018) for the people affected; "
            "as if nobody moved and nothing else came."
        )
    )
    items = items_table(made["items"], item_name)
    depots = depots_table(made["depots"], item_name)
    errors = errors_table(made["error"], item_name)
    for title, table, name in (
        (_("What must have come by the end of each day"), items, "forecast_items"),
        (_("When depots run out"), depots, "forecast_depots"),
    ):
        st.markdown(f"**{markdown(title)}**")
        if table.empty:
            st.caption(_("No rows."))
            continue
        grid.show(table, name=name, hide_index=True, height="auto", key=name, alt=title)
    heading = _("How far off the last forecast was")
    st.markdown(f"**{markdown(heading)}**")
    if errors.empty:
        st.caption(_("There is no past yet that a forecast could be held against."))
    else:
        since = moment(made["error_since"], timezone)
        st.caption(
            _("Forecast of {time} until now, by the damage that is known now.").format(time=since)
        )
        st.dataframe(errors, hide_index=True, height="auto", alt=_("Error of the last forecast"))


def items_table(rows: Sequence[dict[str, Any]], item_name: Callable[[str], str]) -> pd.DataFrame:
    """Give what is needed of each item by the end of each day, and what to order."""
    return pd.DataFrame(
        [
            {
                _("Item"): item_name(row["item"]),
                _("Missing now"): round(row["missing_now"]),
                _("Used a day"): round(row["per_day"]),
                **{
                    _("Day {n}").format(n=number(day)): round(need)
                    for day, need in enumerate(row["by_day"], start=1)
                },
                _("In depots"): round(row["free"]),
                _("To order"): row["order"],
            }
            for row in rows
        ]
    )


def depots_table(rows: Sequence[dict[str, Any]], item_name: Callable[[str], str]) -> pd.DataFrame:
    """Give when each depot runs out of each item, the first first."""
    return pd.DataFrame(
        [
            {
                _("Depot"): clean(row["depot"]) or _("no depot serves these places"),
                _("Item"): item_name(row["item"]),
                _("In the depot"): round(row["free"]),
                _("Used a day"): round(row["per_day"]),
                _("Needed"): round(row["need"]),
                _("Runs out on"): row["runs_out_on"] or "–",
                _("Missing"): round(row["short"]),
            }
            for row in rows
        ]
    )


def errors_table(rows: Sequence[dict[str, Any]], item_name: Callable[[str], str]) -> pd.DataFrame:
    """Give what was forecast and what turned out to be needed."""
    return pd.DataFrame(
        [
            {
                _("Item"): item_name(row["item"]),
                _("Forecast"): round(row["predicted"]),
                _("Came or is missing"): round(row["actual"]),
                _("Off by"): "–" if row["error_share"] is None else f"{row['error_share']:+.1%}",
            }
            for row in rows
        ]
    )
