"""Stock: what lies where, what is on the road, counted, moved and paid; booked and undone here."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import state, stocksheet
from dashboard.languages import _
from dashboard.map.text import markdown
from dashboard.operations.spreadsheet import csv_text, workbook_bytes
from dashboard.stocksheet import Words, account_name
from dashboard.views import convoy, frame, handling
from dashboard.views.figures import moment
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

TABLE_HEIGHT_PX = 440
PART = "stock_part"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def page(served: state.Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served, with_figures=False)
    if drawn is None:
        return
    try:
        found = served.desk.stock_and_money()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    words = words_of(drawn, found)
    check(found, words)
    if served.desk.may("report_delivery"):
        left, right = st.columns([3, 2], gap="medium")
        with right:
            handling.panel(drawn, found, words)
    else:
        left = st.container()
    with left:
        parts(drawn, found, words)
    frame.follow(served.desk, drawn.picture.seq)


def words_of(drawn: frame.Frame, found: dict[str, Any]) -> Words:
    """Give what ids are called on this page, in the language of this run."""
    picture, timezone = drawn.picture, drawn.info.timezone
    places = dict(zip(picture.places["place_id"], picture.places["name"], strict=True))
    names: dict[str, str] = {**places, **found["depots"]}
    for one in found["funds"]:
        names[one["fund_id"]] = one["name"]
        names |= {part["allocation_id"]: part["name"] for part in one["allocations"]}
    for one in (picture.plan or {}).get("convoys", ()):
        names[one["convoy_id"]] = convoy.convoy_label(one, places, timezone)
    own = {one["item"]: one["name"] for one in found["items"]}

    def item(item_id: str) -> str:
        name = drawn.served.desk.item_name(item_id)
        return own.get(item_id, name) if name == item_id else name

    return Words(
        item=item,
        account=lambda account: account_name(account, names),
        moment=lambda at: moment(at, timezone),
    )


def check(found: dict[str, Any], words: Words) -> None:
    """Say whether in = out + on hand."""
    fine, text = stocksheet.check_line(found, words)
    if fine:
        st.success(markdown(text), icon=":material/balance:")
    else:
        st.error(markdown(text), icon=":material/error:")


def parts(drawn: frame.Frame, found: dict[str, Any], words: Words) -> None:
    """Show the part that is chosen."""
    today = datetime.fromisoformat(found["at"]).astimezone(ZoneInfo(drawn.info.timezone)).date()
    titles = {
        "on_hand": _("On hand"),
        "lots": _("Lots and last days"),
        "road": _("On the road"),
        "kept": _("Reserved"),
        "balance": _("In and out"),
        "counts": _("Counts"),
        "movements": _("Movements"),
        "money": _("Money"),
        "gifts": _("Gifts"),
    }
    made: dict[str, Callable[[], pd.DataFrame]] = {
        "on_hand": partial(stocksheet.on_hand, found, words),
        "lots": partial(stocksheet.lots, found, words, today),
        "road": partial(stocksheet.on_the_road, found, words),
        "kept": partial(stocksheet.reservations, found, words),
        "balance": partial(stocksheet.balance, found, words),
        "counts": partial(stocksheet.counts, found, words),
        "movements": partial(stocksheet.movements, found, words),
        "money": partial(stocksheet.funds, found),
        "gifts": partial(stocksheet.gifts, found, words),
    }
    chosen = st.segmented_control(
        _("Part of the stock"),
        list(made),
        format_func=lambda part: titles[part],
        default="on_hand",
        key=PART,
        required=True,
        label_visibility="collapsed",
    )
    part = chosen or "on_hand"
    st.caption(explanation(part))
    table(made[part](), part, titles[part], found, words)


def explanation(part: str) -> str:
    """Say what a part shows."""
    texts = {
        "on_hand": _("What each depot holds. Free is what may leave: not expired, not reserved."),
        "lots": _("First expired, first out. What has expired is not handed out."),
        "road": _("What was loaded and is neither delivered, returned nor lost."),
        "kept": _("Kept by the plan for its convoys, or by somebody for somebody."),
        "balance": _(
            "Movements on the left are held against what lies here. A difference of 0 is right."
        ),
        "counts": _("What was counted beside what the books said. The difference was booked."),
        "movements": _("The newest 500 movements, with who said so and where it was read."),
        "money": _("Households are counted; who they are is never asked."),
        "gifts": _(
            "What became of each gift. Hand its donor the link: who has it sees this gift by "
            "commune, with a receipt, and no name."
        ),
    }
    return texts[part]


def table(rows: pd.DataFrame, part: str, title: str, found: dict[str, Any], words: Words) -> None:
    """Show a table with its source and time, and give it out as CSV and as a workbook."""
    if rows.empty:
        st.info(_("Nothing here yet."), icon=":material/inventory_2:")
        return
    column = st.column_config.NumberColumn
    numbers = rows.select_dtypes("float").columns
    st.dataframe(
        rows,
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        column_config={
            **{name: column(name, format="%.12g") for name in numbers},
            _("Link"): st.column_config.LinkColumn(_("Link")),
        },
        alt=title,
    )
    source = _("Ledger, event {event}, {time}").format(
        event=found["based_on_seq"], time=words.moment(found["at"])
    )
    st.caption(markdown(source))
    left, right, _rest = st.columns([1, 1, 2])
    name = f"qafila-{part}-{found['based_on_seq']}"
    left.download_button(
        _("Download as CSV"),
        data=lambda: csv_text(rows).encode("utf-8-sig"),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="stock_csv",
    )
    right.download_button(
        _("Download as workbook"),
        data=lambda: workbook_bytes(rows, title),
        file_name=f"{name}.xlsx",
        mime=XLSX,
        icon=":material/download:",
        on_click="ignore",
        key="stock_xlsx",
    )
