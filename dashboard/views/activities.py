"""Who does what where: overlaps and gaps, so that aid does not pile up in one place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.numerals import day
from dashboard.views import frame, grid
from dashboard.views.figures import moment, number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.state import Served

MAP_HEIGHT_PX = 420
TABLE_HEIGHT_PX = 460
ROWS_SHOWN = 2_000
PART = "activities_part"


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served, with_figures=False)
    if drawn is None:
        return
    try:
        found = served.desk.who_does_what()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    work = found["activities"]
    if work.empty:
        st.info(
            _("Nobody has said yet who does what. Upload a 3W table:"), icon=":material/groups:"
        )
        st.code("qafila upload activities FILE --org …", language="sh")
    at = moment(drawn.picture.made_at, drawn.info.timezone)
    st.markdown(f"**{markdown(summary(found))}**")
    st.caption(markdown(_("Event {seq}, computed {time}").format(seq=drawn.picture.seq, time=at)))
    frame.show_map(drawn.picture, height=MAP_HEIGHT_PX, grow=False)
    _parts(drawn, found)
    frame.follow(served.desk, drawn.picture.seq)


def summary(found: dict[str, pd.DataFrame]) -> str:
    """Say how many work where, how many overlaps and gaps there are."""
    work, over, gaps = found["activities"], found["overlaps"], found["gaps"]
    certain = int(over["certain"].sum()) if len(over) else 0
    return _(
        "{activities} activities of {actors} organisations in {places} places; {certain} overlaps, "
        "{possible} more where days are not known; {gaps} needs with no actor, {short} with too "
        "little; {empty} places where nobody works."
    ).format(
        activities=number(len(work)),
        actors=number(work["actor"].nunique()),
        places=number(work["place_id"].nunique()),
        certain=number(certain),
        possible=number(len(over) - certain),
        gaps=number(int((gaps["kind"] == "no actor").sum())),
        short=number(int((gaps["kind"] == "too little").sum())),
        empty=number(len(found["places_without_actor"])),
    )


def _parts(drawn: frame.Frame, found: dict[str, pd.DataFrame]) -> None:
    desk, names = drawn.served.desk, names_of(drawn)
    titles = {
        "gaps": _("Gaps"),
        "overlaps": _("Overlaps"),
        "communes": _("Communes"),
        "nobody": _("Nobody works here"),
        "all": _("All activities"),
    }
    shown: dict[str, Callable[[], pd.DataFrame]] = {
        "gaps": partial(gaps_table, found["gaps"], names, desk.item_name),
        "overlaps": partial(overlaps_table, found["overlaps"], names, desk.item_name),
        "communes": partial(communes_table, found["communes"]),
        "nobody": partial(nobody_table, found["places_without_actor"]),
        "all": partial(all_table, found["activities"], names, desk.item_name, drawn.info.timezone),
    }
    chosen = st.segmented_control(
        _("Part"),
        list(shown),
        format_func=lambda part: titles[part],
        default="gaps",
        key=PART,
        required=True,
        label_visibility="collapsed",
    )
    part = chosen or "gaps"
    table = shown[part]()
    _show(table, part, titles[part])


def _show(table: pd.DataFrame, part: str, title: str) -> None:
    if table.empty:
        st.caption(_("No rows."))
        return
    visible = table.drop(columns="place_id", errors="ignore")
    chosen: Any = grid.show(
        visible.head(ROWS_SHOWN),
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        on_select="rerun" if "place_id" in table else "ignore",
        selection_mode="single-row",
        key=f"activities_{part}",
        alt=title,
        name=part,
        whole=visible,
    )
    if len(table) > ROWS_SHOWN:
        st.caption(_("and {n} more").format(n=number(len(table) - ROWS_SHOWN)))
    rows = grid.ticked(chosen, len(table)) if "place_id" in table else []
    if rows:
        frame.focus_once(str(table["place_id"].iloc[rows[0]]))


def names_of(drawn: frame.Frame) -> dict[str, str]:
    """Give the name of each place by its id."""
    places = drawn.picture.places
    return dict(zip(places["place_id"], places["name"], strict=True))


def gaps_table(
    gaps: pd.DataFrame, names: dict[str, str], item_name: Callable[[str], str]
) -> pd.DataFrame:
    """Give what is lacking and nobody, or too few, work on."""
    kinds = {"no actor": _("nobody works on it"), "too little": _("too little is planned")}
    return pd.DataFrame(
        {
            "place_id": gaps["place_id"],
            _("Place"): [clean(names.get(one, "?")) for one in gaps["place_id"]],
            _("Item"): [item_name(one) for one in gaps["what"]],
            _("Missing"): gaps["missing"].round(1),
            _("Planned or under way"): gaps["promised"],
            _("Gap"): [kinds[one] for one in gaps["kind"]],
            _("Organisations"): [clean(", ".join(one), 300) for one in gaps["actors"]],
        }
    )


def overlaps_table(
    over: pd.DataFrame, names: dict[str, str], item_name: Callable[[str], str]
) -> pd.DataFrame:
    """Give where several do the same; those whose days are known to meet are marked so."""
    return pd.DataFrame(
        {
            "place_id": over["place_id"],
            _("Place"): [clean(names.get(one, "?")) for one in over["place_id"]],
            _("What"): [clean(item_name(one), 120) for one in over["what"]],
            _("Organisations"): [clean(", ".join(one), 300) for one in over["actors"]],
            _("How many"): over["n_actors"],
            _("Quantity in all"): over["quantity"],
            _("Days"): [_("the same days") if one else _("not known") for one in over["certain"]],
        }
    )


def communes_table(communes: pd.DataFrame) -> pd.DataFrame:
    """Give who works in each commune."""
    return pd.DataFrame(
        {
            _("Commune"): [clean(one) or "–" for one in communes["commune"]],
            _("How many"): communes["n_actors"],
            _("Organisations"): [clean(", ".join(one), 300) for one in communes["actors"]],
            _("Activities"): communes["n_activities"],
            _("Places"): communes["n_places"],
            _("People reached"): communes["people_reached"],
        }
    )


def nobody_table(places: pd.DataFrame) -> pd.DataFrame:
    """Give the places where no organisation works, those with most people first."""
    return pd.DataFrame(
        {
            "place_id": places["place_id"],
            _("Place"): [clean(one) for one in places["name"]],
            _("Commune"): [clean(one) for one in places["commune"]],
            _("People"): places["people"],
        }
    )


def work_status(status: str) -> str:
    """Say the state of some work in the language of this run."""
    texts = {
        "planned": _("planned"),
        "running": _("running"),
        "done": _("done"),
        "cancelled": _("called off"),
        "unknown": _("unknown"),
    }
    return texts.get(status, status)


def all_table(
    work: pd.DataFrame, names: dict[str, str], item_name: Callable[[str], str], timezone: str
) -> pd.DataFrame:
    """Give every activity."""

    def day_or_none(at: Any) -> str:
        return "" if pd.isna(at) else day(at.to_pydatetime(), timezone)

    return pd.DataFrame(
        {
            "place_id": work["place_id"],
            _("Organisation"): [clean(one) for one in work["actor"]],
            _("Place"): [clean(names.get(one, "?")) for one in work["place_id"]],
            _("What"): [clean(item_name(one), 120) for one in work["what"]],
            _("Quantity"): work["quantity"],
            _("State"): [work_status(one) for one in work["status"]],
            _("From"): [day_or_none(one) for one in work["starts_at"]],
            _("To"): [day_or_none(one) for one in work["ends_at"]],
            _("People reached"): work["people_reached"],
            _("Funder"): [clean(one) for one in work["funder"]],
        }
    )
