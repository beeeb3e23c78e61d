"""Dates of imagery are read as written, and day and month swapped back only with a reason."""

from datetime import UTC, datetime

import pandas as pd

from geo.sensing_dates import date_in_text, parse_dates, swap_back


def days(values: pd.Series) -> list[str]:
    return ["" if pd.isna(v) else v.strftime("%Y-%m-%d") for v in values]


def test_forms_that_occur_are_read_and_the_rest_counted() -> None:
    written = pd.Series(
        ["2023-09-10", "20230911", "12/09/2023", "2023/09/13", 1694563200000, None, "soon"]
    )
    read, n_unreadable = parse_dates(written)
    assert days(read) == [
        "2023-09-10",
        "2023-09-11",
        "2023-09-12",
        "2023-09-13",
        "2023-09-13",
        "",
        "",
    ]
    assert n_unreadable == 1
    assert str(read.dtype) == "datetime64[us, UTC]"


def test_columns_of_dates_keep_their_instant() -> None:
    aware = pd.Series(pd.to_datetime(["2023-09-10T23:30:00+02:00"]))
    assert parse_dates(aware)[0].iloc[0] == pd.Timestamp("2023-09-10T21:30", tz="UTC")
    naive = pd.Series(pd.to_datetime(["2016-10-27", None]))
    assert days(parse_dates(naive)[0]) == ["2016-10-27", ""]


def test_swapped_dates_are_put_right_where_the_others_agree() -> None:
    dates, _ = parse_dates(pd.Series(["2023-09-10"] * 9 + ["2023-10-09", None]))
    fixed, n_swapped = swap_back(dates)
    assert n_swapped == 1
    assert days(fixed) == ["2023-09-10"] * 10 + [""]


def test_nothing_is_swapped_without_a_clear_majority() -> None:
    dates, _ = parse_dates(pd.Series(["2023-09-10", "2023-10-09", "2023-12-01"]))
    fixed, n_swapped = swap_back(dates)
    assert n_swapped == 0
    assert days(fixed) == ["2023-09-10", "2023-10-09", "2023-12-01"]


def test_window_of_the_event_decides_over_the_majority() -> None:
    dates, _ = parse_dates(pd.Series(["2023-10-09", "2023-10-09", "2023-09-25"]))
    window = (datetime(2023, 9, 8, tzinfo=UTC), datetime(2023, 9, 30, tzinfo=UTC))
    fixed, n_swapped = swap_back(dates, window=window)
    assert n_swapped == 2
    assert days(fixed) == ["2023-09-10", "2023-09-10", "2023-09-25"]


def test_date_that_swapping_does_not_save_stays_as_it_is() -> None:
    dates, _ = parse_dates(pd.Series(["2023-09-10"] * 9 + ["2022-01-20"]))
    fixed, n_swapped = swap_back(dates)
    assert n_swapped == 0
    assert days(fixed)[-1] == "2022-01-20"


def test_day_is_found_in_layer_names() -> None:
    names = pd.Series(
        ["PL_20230910_IDP", "JL120230911_Damage", "PL_20231350_x", "EQ20230909MAR9", "", "2023"]
    )
    assert days(date_in_text(names)) == ["2023-09-10", "2023-09-11", "", "2023-09-09", "", ""]
