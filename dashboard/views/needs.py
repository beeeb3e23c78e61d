"""Needs: who lacks what, who says so, who looked, what is told twice; found out and undone here."""

from __future__ import annotations

import html
from datetime import datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import needsheet, state
from dashboard.languages import _
from dashboard.map.layers import layer_file
from dashboard.map.text import clean, markdown
from dashboard.needsheet import Wanted, Words, status_name
from dashboard.operations.spreadsheet import csv_text, workbook_bytes
from dashboard.views import acts, finding, frame, grid, need_form, twins
from dashboard.views.figures import moment, number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from dashboard.state import Served

MAP_HEIGHT_PX = 560
TABLE_HEIGHT_PX = 420
PART = "needs_part"
TABLE = "needs_table"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AGES_H = (6.0, 12.0, 24.0, 48.0, 72.0)
HIDDEN = ("need_id", "place_id")


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served, with_figures=False)
    if drawn is None:
        return
    try:
        book = served.desk.needs_book()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    zone = drawn.info.timezone
    words = Words(item=served.desk.item_name, moment=lambda at: moment(at, zone) if at else "")
    chain(book, words)
    acts.outcome(served.desk, state.NEED_SAID)
    wanted = filters(book, words)
    rows = needsheet.chosen(book["needs"], wanted, now=datetime.fromisoformat(book["at"]))
    left, right = st.columns([3, 2], gap="medium")
    with right:
        needs_map(drawn, rows, words)
    with left:
        parts(drawn, book, rows, words)
    frame.follow(served.desk, drawn.picture.seq)


def chain(book: dict[str, Any], words: Words) -> None:
    """Show how many needs stand where on their way, and what of it does not count for a plan."""
    counts, needs = book["counts"], book["needs"]
    boxes = [
        (status_name(one), counts[one], "" if position == 0 else "→ ")
        for position, one in enumerate(needsheet.CHAIN)
    ]
    boxes += [(status_name(one), counts[one], "") for one in needsheet.ENDS if counts[one]]
    rumours = sum(bool(one["rumour"]) for one in needs)
    held = sum(one["n_needs"] for one in book["pending"])
    boxes += [(_("rumours"), rumours, "")] if rumours else []
    boxes += [(_("in quarantine"), held, "")] if held else []
    cells = "".join(
        f"<div><dt>{arrow}{html.escape(label)}</dt><dd>{number(value)}</dd></div>"
        for label, value, arrow in boxes
    )
    share = number(100 * book["trust"]["unverified_share"])
    line = " · ".join(
        (
            _("Of what nobody verified, {share} % enters a plan.").format(share=share),
            _("Ledger, event {event}, {time}").format(
                event=book["based_on_seq"], time=words.moment(book["at"])
            ),
        )
    )
    st.html(
        f'<dl class="q-figures">{cells}</dl><p class="q-sources" dir="auto">{html.escape(line)}</p>'
    )


def filters(book: dict[str, Any], words: Words) -> Wanted:
    """Ask which needs are wanted; nothing chosen shows all of them."""
    needs = book["needs"]

    def present(field: str) -> list[str]:
        return sorted({str(one[field]) for one in needs if one[field]})

    with st.container(key="needs_filters"):
        first = st.columns(5)
        communes = first[0].multiselect(
            _("Commune"), present("commune"), format_func=clean, placeholder=_("all")
        )
        items = first[1].multiselect(
            _("Item"), present("item"), format_func=words.item, placeholder=_("all")
        )
        statuses = first[2].multiselect(
            _("Status"),
            [one for one in (*needsheet.CHAIN, *needsheet.ENDS) if book["counts"][one]],
            format_func=status_name,
            placeholder=_("all"),
        )
        senders = first[3].multiselect(
            _("Says who"), present("organisation"), format_func=clean, placeholder=_("all")
        )
        age = first[4].selectbox(
            _("Reported within"),
            AGES_H,
            index=None,
            format_func=lambda hours: _("{n} hours").format(n=f"{hours:.0f}"),
            placeholder=_("any time"),
        )
        second = st.columns(3)
        return Wanted(
            communes=tuple(communes),
            items=tuple(items),
            statuses=tuple(statuses),
            organisations=tuple(senders),
            max_age_h=age,
            unverified=second[0].toggle(_("Only what nobody verified"), key="needs_unverified"),
            rumours=second[1].toggle(_("Only rumours"), key="needs_rumours"),
            contradicted=second[2].toggle(_("Only what others deny"), key="needs_contradicted"),
        )


def needs_map(drawn: frame.Frame, rows: Sequence[needsheet.Row], words: Words) -> None:
    """Show the needs that are wanted on the map, a sign for each place."""
    places = drawn.picture.places
    positions = dict(
        zip(
            places["place_id"],
            zip(places.geometry.x, places.geometry.y, strict=True),
            strict=True,
        )
    )
    file = layer_file("needs", needsheet.map_features(rows, positions, words))
    drawn.served.layers.made_from(("needs", file.sha), lambda: (file,))
    frame.show_map(drawn.picture, height=MAP_HEIGHT_PX, grow=False, overlay=file.path)


def parts(
    drawn: frame.Frame, book: dict[str, Any], rows: Sequence[needsheet.Row], words: Words
) -> None:
    """Show the part that is chosen."""
    desk = drawn.served.desk
    twice = book["duplicates"]["n_groups"]
    held = sum(one["n_needs"] for one in book["pending"])
    titles = {
        "list": _("List"),
        "twice": _("Told twice ({n})").format(n=twice),
        "quarantine": _("Quarantine ({n})").format(n=held),
        "trust": _("What counts"),
        "add": _("Add a need"),
    }
    if not desk.may("tell_need"):
        del titles["add"]
    chosen = st.segmented_control(
        _("Part of the needs"),
        list(titles),
        format_func=titles.__getitem__,
        default="list",
        key=PART,
        required=True,
        label_visibility="collapsed",
    )
    if chosen == "twice":
        twins.panel(desk, book["duplicates"], words)
    elif chosen == "quarantine":
        twins.quarantine(desk, book, words)
    elif chosen == "trust":
        twins.trust(desk, book["trust"])
    elif chosen == "add":
        need_form.panel(drawn, words)
    else:
        listed(drawn, book, rows, words)


def listed(
    drawn: frame.Frame, book: dict[str, Any], rows: Sequence[needsheet.Row], words: Words
) -> None:
    """Show the list; a ticked row is shown on the map, with its history and what may be said."""
    if not book["needs"]:
        st.info(
            _("Nobody reported a need yet. Upload a table, or add a need by hand."),
            icon=":material/inbox:",
        )
        return
    if not rows:
        st.info(_("No need fits these filters."), icon=":material/filter_alt:")
        return
    table = needsheet.table(rows, words)
    column = st.column_config.NumberColumn
    numbers = table.select_dtypes("float").columns
    picked: Any = st.dataframe(
        table,
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        column_order=[name for name in table.columns if name not in HIDDEN],
        column_config={name: column(name, format="%.12g") for name in numbers},
        on_select="rerun",
        selection_mode="multi-row",
        key=TABLE,
        alt=_("Needs"),
    )
    st.caption(
        markdown(
            _("{shown} of {all} needs. Tick rows to see where they are and what is known.").format(
                shown=number(len(rows)), all=number(len(book["needs"]))
            )
        )
    )
    downloads(table, book["based_on_seq"])
    ticked = [rows[at] for at in grid.ticked(picked, len(rows))]
    if ticked:
        if len(ticked) == 1:
            frame.focus_once(f"needs:{ticked[0]['place_id']}")
        finding.panel(drawn.served.desk, ticked, words)


def downloads(table: pd.DataFrame, seq: int) -> None:
    """Give the table out as it is filtered."""
    left, right, _rest = st.columns([1, 1, 1])
    left.download_button(
        _("Download as CSV"),
        data=lambda: csv_text(table).encode("utf-8-sig"),
        file_name=f"qafila-needs-{seq}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="needs_csv",
    )
    right.download_button(
        _("Download as workbook"),
        data=lambda: workbook_bytes(table, _("Needs")),
        file_name=f"qafila-needs-{seq}.xlsx",
        mime=XLSX,
        icon=":material/download:",
        on_click="ignore",
        key="needs_xlsx",
    )
