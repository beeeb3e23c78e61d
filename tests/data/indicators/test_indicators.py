"""Indicators on a situation small enough to be counted by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.indicators.catalogue import BY_ID, INDICATORS
from data.indicators.coverage import gini, met
from data.indicators.facts import ACTIVITY_COLUMNS, RECEIPT_COLUMNS, SHIFT_COLUMNS, Facts
from data.indicators.stores import on_hand

NOW = datetime(2023, 9, 13, 6, tzinfo=UTC)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def frame(columns: str, rows: list[tuple]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns.split())
    for name in ("told_at", "moved_at", "at"):
        if name in table:
            table[name] = pd.to_datetime(table[name], utc=True)
    return table


PLACES = frame(
    "place_id name commune people affected assessed reach_status",
    [
        ("place:a", "A", "Ijoukak", 100.0, 60.0, True, "reachable"),
        ("place:b", "B", "Ijoukak", 200.0, 40.0, False, "cut_off"),
        ("place:c", "C", "Asni", 300.0, 0.0, True, "by_relay"),
        ("place:d", "D", "Asni", math.nan, 100.0, False, "cut_off"),
    ],
)
NEEDS = frame(
    "need_id place_id item_id quantity weight status told_at organisation_id",
    [
        ("need:1", "place:a", "tent", 10.0, 1.0, "planned", ago(40), "organisation:x"),
        ("need:2", "place:a", "water_l", 1000.0, 1.0, "reported", ago(30), "organisation:x"),
        ("need:3", "place:b", "tent", 20.0, 2.0, "reported", ago(50), "organisation:y"),
        ("need:4", "place:d", "tent", 5.0, 1.0, "verified", ago(2), "organisation:y"),
        ("need:5", "place:d", "tent", 500.0, 1.0, "refuted", ago(60), "organisation:y"),
    ],
)
MOVEMENTS = frame(
    "movement_id item_id quantity from_account to_account moved_at organisation_id",
    [
        ("m:1", "tent", 40.0, "donor:z", "depot:p", ago(100), "organisation:z"),
        ("m:2", "tent", 10.0, "donor:z", "depot:p", ago(52), "organisation:z"),
        ("m:3", "tent", 5.0, "depot:p", "place:a", ago(28), "organisation:x"),
        ("m:4", "tent", 15.0, "depot:p", "place:a", ago(16), "organisation:x"),
        ("m:5", "tent", 5.0, "place:a", "depot:p", ago(10), "organisation:x"),
        ("m:6", "tent", 5.0, "depot:p", "place:d", ago(90), "organisation:z"),
    ],
)


def facts(**changed: object) -> Facts:
    news = pd.concat(
        [
            NEEDS[["place_id", "told_at"]].rename(columns={"told_at": "at"}),
            frame("place_id at", [("place:b", ago(3))]),
        ]
    )
    made = Facts(
        now=NOW,
        seq=7,
        places=PLACES,
        needs=NEEDS,
        movements=MOVEMENTS,
        volunteers=frame(
            "volunteer_id available organisation_id",
            [
                ("v:1", True, "organisation:x"),
                ("v:2", False, "organisation:x"),
                ("v:3", True, None),
            ],
        ),
        organisations=frame(
            "organisation_id name status",
            [
                ("organisation:x", "X", "recognised"),
                ("organisation:y", "Y", "pending"),
                ("organisation:z", "Z", "recognised"),
                ("organisation:w", "W", "recognised"),
            ],
        ),
        closures=frame("closure_id state told_at", []),
        shifts=frame(
            SHIFT_COLUMNS,
            [
                ("s:1", "v:1", "organisation:x", ago(3), None, False),
                ("s:2", "v:1", "organisation:x", ago(52), ago(48), True),
                ("s:3", "v:3", None, ago(222), ago(216), True),
            ],
        ),
        activities=frame(
            ACTIVITY_COLUMNS,
            [
                ("a:1", "place:a", "X", "Fund A", "done"),
                ("a:2", "place:b", "x", "FUND A", "running"),
                ("a:3", "place:b", "Y", "Y", "planned"),
                ("a:4", "place:b", "Y", "", "planned"),
            ],
        ),
        receipts=frame(RECEIPT_COLUMNS, [("d:1", "place:a", ago(16)), ("d:2", "place:d", ago(90))]),
        news=news,
        plan={
            "score": {"served_share": 0.3},
            "convoys": [
                {"load_kg": 2_000.0, "length_m": 30_000.0, "stops": [{"place_id": "place:a"}]},
                {"load_kg": 1_000.0, "length_m": 40_000.0, "stops": [{"place_id": "place:b"}]},
            ],
        },
    )
    return replace(made, **changed)


def value(indicator_id: str, of: Facts | None = None) -> float | None:
    return BY_ID[indicator_id].measure(of or facts()).value


def test_what_arrived_is_counted_up_to_the_need_and_returns_are_taken_off() -> None:
    table = met(facts()).set_index(["place_id", "item_id"])
    assert table.loc[("place:a", "tent"), ["needed", "delivered", "met", "beyond"]].tolist() == [
        10.0,
        15.0,
        10.0,
        5.0,
    ]
    assert table.loc[("place:a", "water_l"), "share"] == 0.0
    assert table.loc[("place:d", "tent"), "needed"] == 5.0, "a refuted need does not count"


@pytest.mark.parametrize(
    ("indicator_id", "expected"),
    [
        # Lines: a tent 1, a water 0, b tent 0 (counts twice), d tent 1.
        ("need_met_share", (1 + 0 + 2 * 0 + 1) / 5),
        ("worst_commune_share", 1 / 4),
        ("people_reached_share", 160 / 200),
        # 15 + 5 tents delivered, 5 of them beyond the need of a.
        ("duplication_share", 5 / 20),
        # need:1 waited 12 h; the delivery to d came before its need was told.
        ("wait_median_h", 12.0),
        ("wait_p90_h", 12.0),
        ("needs_waiting", 2.0),
        ("people_cut_off", 200.0),
        ("places_cut_off", 2.0),
        ("plan_served_share", 0.3),
        ("tonne_km_per_person", (2 * 30 + 1 * 40) / 300),
        ("assessed_share", 0.5),
        ("fresh_places_share", 2 / 3),
        ("verified_share", 2 / 4),
        ("organisations_active", 3.0),
        ("volunteers_available", 2.0),
        # s:1 lasts, s:2 ended two days ago, both of v:1; s:3 of v:3 ended nine days ago.
        ("volunteers_active", 1.0),
        ("volunteer_hours", 4.0 + 6.0),
        # X with Fund A, however written; who pays for itself is no pair, nor is nobody.
        ("partnerships", 1.0),
        ("sheets_spared", 5.0 + 2.0),
    ],
)
def test_each_value_can_be_counted_by_hand(indicator_id: str, expected: float) -> None:
    assert value(indicator_id) == pytest.approx(expected)


def test_inequality_is_that_of_the_textbook() -> None:
    # Shares 1/4 (need 50 of 55) and 1 (need 5): weighted mean difference over twice the mean.
    weights = np.array([1010.0 + 40.0, 5.0])
    shares = np.array([0.25, 1.0])
    w = weights / weights.sum()
    direct = sum(w[i] * w[j] * abs(shares[i] - shares[j]) for i in range(2) for j in range(2)) / (
        2 * (w * shares).sum()
    )
    assert value("coverage_gini") == pytest.approx(direct)


@given(
    st.lists(st.tuples(st.floats(0, 1e3), st.floats(0.01, 1e3)), min_size=1, max_size=12).filter(
        lambda rows: sum(v for v, _ in rows) > 1e-6
    )
)
def test_gini_equals_the_double_sum(rows: list[tuple[float, float]]) -> None:
    values, weights = (np.array(one) for one in zip(*rows, strict=True))
    w = weights / weights.sum()
    direct = np.abs(values[:, None] - values[None, :])
    expected = (w[:, None] * w[None, :] * direct).sum() / (2 * (w * values).sum())
    assert gini(values, weights) == pytest.approx(expected, abs=1e-9)


def test_the_oldest_leaves_first() -> None:
    left = on_hand(facts())
    # 40 and 10 came, 5 came back, 25 left: 15 of the first 40 are there, and all later ones.
    assert left[["quantity", "left_share"]].to_numpy().tolist() == [
        [15.0, 0.375],
        [10.0, 1.0],
        [5.0, 1.0],
    ]
    assert value("stock_age_days") == pytest.approx(52 / 24)


def test_a_refused_need_and_an_empty_situation_are_unknown_never_zero() -> None:
    empty = Facts(
        now=NOW,
        seq=1,
        places=PLACES.iloc[:0],
        needs=NEEDS.iloc[:0],
        movements=MOVEMENTS.iloc[:0],
        volunteers=facts().volunteers.iloc[:0],
        organisations=facts().organisations.iloc[:0],
        closures=facts().closures,
        news=facts().news.iloc[:0],
    )
    for one in INDICATORS:
        measured = one.measure(empty)
        assert measured.value is None, one.id
        assert measured.reason, one.id


def test_reach_that_was_not_computed_is_unknown() -> None:
    places = PLACES.assign(reach_status="unknown")
    measured = BY_ID["people_cut_off"].measure(facts(places=places))
    assert measured.value is None
    assert "not computed" in measured.reason


def test_people_whom_nobody_counted_are_said() -> None:
    assert BY_ID["people_cut_off"].measure(facts()).reason == "people unknown in 1 of them"


def test_the_rows_behind_a_figure_make_it_up() -> None:
    measured = BY_ID["people_reached_share"].measure(facts())
    rows = measured.rows
    assert rows["reached_people"].sum() / rows["affected"].sum() == measured.value
    assert [part.key for part in measured.parts] == ["Ijoukak", "Asni"]


@pytest.mark.parametrize(
    ("indicator", "column", "first"),
    [
        ("need_met_share", "share", "least"),
        ("wait_median_h", "wait_h", "unknown"),
        ("fresh_places_share", "newest", "least"),
        ("people_reached_share", "reached", "least"),
        ("duplication_share", "beyond", "most"),
    ],
)
def test_what_matters_most_stands_first_among_the_rows(
    indicator: str, column: str, first: str
) -> None:
    measured = BY_ID[indicator].measure(facts())
    rows = measured.ordered_rows()
    assert sorted(rows.index) == sorted(measured.rows.index)
    values = rows[column]
    if first == "unknown":
        n_unknown = int(values.isna().sum())
        assert 0 < n_unknown < len(values)
        assert values.iloc[:n_unknown].isna().all()
    else:
        told = values.tolist()
        assert len(set(told)) > 1
        assert told == sorted(told, reverse=first == "most")


def test_facts_that_are_changed_forget_what_was_made_of_the_others() -> None:
    before = facts()
    assert len(before.deliveries()) > 0
    assert len(met(before)) > 0
    after = replace(before, movements=before.movements.iloc[:0], needs=before.needs.iloc[:1])
    assert after.deliveries().empty
    assert len(met(after)) == 1
    assert len(before.deliveries()) > 0


def test_ids_are_unique_and_every_definition_is_complete() -> None:
    assert len(BY_ID) == len(INDICATORS)
    for one in INDICATORS:
        assert one.definition.endswith(".")
        assert one.formula
        assert one.of
        assert (one.target is None) == (not one.target_source)
