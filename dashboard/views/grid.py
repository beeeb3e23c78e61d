"""A table and its ways out: as it is shown, as CSV and as a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.languages import _
from dashboard.numerals import MARK
from dashboard.operations.spreadsheet import csv_text, workbook_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def ticked(chosen: Any, n_rows: int) -> list[int]:
    """Give which rows of a table are ticked; of a shorter one than before, those that it has.

    Parameters
    ----------
    chosen
        What `show` or `streamlit.dataframe` gave.
    """
    rows: list[int] = chosen["selection"]["rows"] if chosen else []
    return [row for row in rows if row < n_rows]


def show(
    table: pd.DataFrame, *, name: str, whole: pd.DataFrame | None = None, **options: Any
) -> Any:
    """Show a table, and below it offer it for download.

    Parameters
    ----------
    name
        What the files are called, and the widgets' keys: another one for each table of a page.
    whole
        What the files hold, where the page shows a part only.
    options
        As of `streamlit.dataframe`; `column_config` gives the files' headings too.
    """
    chosen = st.dataframe(table, **options)
    saved(
        table if whole is None else whole,
        name=name,
        title=options.get("alt") or name,
        columns=options.get("column_config") or {},
    )
    return chosen


def saved(
    table: pd.DataFrame, *, name: str, title: str, columns: Mapping[str, Any] | None = None
) -> None:
    """Offer a table as CSV and as a workbook; they are written when somebody asks for them."""
    if table.empty:
        return

    def headed() -> pd.DataFrame:
        # The mark that keeps figures in order on the screen would stop programs that read them.
        plain = table.replace(MARK, "", regex=True)
        return plain.rename(columns=headings(columns or {}))

    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        st.download_button(
            _("Download as CSV"),
            data=lambda: csv_text(headed()).encode("utf-8-sig"),
            file_name=f"qafila-{name}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
            help=title,
            key=f"save_{name}_csv",
        )
        st.download_button(
            _("Download as workbook"),
            data=lambda: workbook_bytes(headed(), title),
            file_name=f"qafila-{name}.xlsx",
            mime=XLSX,
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
            help=title,
            key=f"save_{name}_xlsx",
        )


def headings(columns: Mapping[str, Any]) -> dict[str, str]:
    """Give the heading of each column that the page names, by the column."""
    return {
        column: str(config["label"])
        for column, config in columns.items()
        if isinstance(config, dict) and config.get("label")
    }
