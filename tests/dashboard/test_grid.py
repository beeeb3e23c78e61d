"""A table of the page and its two files: the headings that are shown, and text that stays text."""

from __future__ import annotations

import io
from unittest import mock

import openpyxl
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.state import PictureTables
from dashboard.views import grid

# The second name begins with the mark that keeps figures in order in a line of Arabic.
ROWS = pd.DataFrame({"name": ["=1+1", "\u200eAsni"], "people": [-8, 1900]})
COLUMNS = {"name": st.column_config.TextColumn("Place"), "people": None}


def page() -> None:
    from tests.dashboard.test_grid import COLUMNS, ROWS, grid

    grid.show(ROWS, alt="Places", name="places", column_config=COLUMNS, hide_index=True)


def test_both_files_stand_below_the_table() -> None:
    run = AppTest.from_function(page).run()
    assert not run.exception
    assert len(run.dataframe) == 1
    assert [one.key for one in run.get("download_button")] == [
        "save_places_csv",
        "save_places_xlsx",
    ]


def test_the_files_have_the_headings_of_the_page_and_no_formulas() -> None:
    with mock.patch.object(st, "download_button") as button:
        grid.saved(ROWS, name="places", title="Places", columns=COLUMNS)
    made = {one.kwargs["file_name"]: one.kwargs["data"]() for one in button.call_args_list}
    assert made["qafila-places.csv"].decode("utf-8-sig").splitlines() == [
        "Place,people",
        "'=1+1,-8",
        "Asni,1900",
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(made["qafila-places.xlsx"])).active
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["Place", "people"],
        ["'=1+1", -8],
        ["Asni", 1900],
    ]


def test_an_empty_table_is_not_offered() -> None:
    with mock.patch.object(st, "download_button") as button:
        grid.saved(ROWS.head(0), name="places", title="Places")
    assert not button.called


def test_a_table_of_a_picture_is_made_once_and_old_ones_are_let_go() -> None:
    made: list[str] = []

    def make(name: str) -> pd.DataFrame:
        made.append(name)
        return ROWS

    kept, pictures = PictureTables(keep=2), [object() for _ in range(3)]
    for picture in (pictures[0], pictures[0], pictures[1], pictures[0], pictures[2], pictures[1]):
        kept.made_from(picture, "places", lambda: make("places"))  # type: ignore[arg-type]
    assert len(made) == 4  # the second picture was let go when the third came
    kept.made_from(pictures[1], "other", lambda: make("other"))  # type: ignore[arg-type]
    assert made[-1] == "other"


@pytest.mark.parametrize("columns", [{}, {"a": None}, {"a": "hidden"}])
def test_columns_without_a_label_keep_their_names(columns: dict) -> None:
    assert grid.headings(columns) == {}


def test_ticked_rows_are_those_that_the_table_still_has() -> None:
    chosen = {"selection": {"rows": [2, 0, 7], "columns": [], "cells": []}}
    assert grid.ticked(chosen, 3) == [2, 0]
    assert grid.ticked(chosen, 0) == []
    assert grid.ticked(None, 3) == []
