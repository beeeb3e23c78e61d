"""Tables of facts that are brought up to date are those that would be read anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.operations import stockroom
from dashboard.operations.fact_tables import SOURCES, FactTables
from dashboard.operations.situation import Situation
from data.events import (
    ActivityReported,
    ActivityStatusSet,
    DamageReported,
    Event,
    NeedReported,
    NeedRevised,
    NeedStatusChanged,
    StockMoved,
    VolunteerRegistered,
)
from data.store import Store

NAMES = st.sampled_from("abcd")
PLACES = st.sampled_from(["place:a", "place:b", "place:c"])


def tables_of(store: Store, kept: FactTables | None = None) -> dict[str, pd.DataFrame]:
    """All tables, each in the order of its rows' contents: a renewed row may stand elsewhere."""
    found = (kept or FactTables()).upto_now(store, {})
    return {
        name: frame.astype(object).sort_values(list(frame.columns)).reset_index(drop=True)
        for name, frame in found.items()
    }


@pytest.fixture
def situation(tmp_path: Path) -> Iterator[Situation]:
    with Situation.create(tmp_path / "home", name="Test") as made:
        yield made


steps = st.lists(
    st.one_of(
        st.tuples(st.just("need"), NAMES, PLACES, st.integers(1, 9)),
        st.tuples(st.just("move"), NAMES, PLACES, st.integers(1, 9)),
        st.tuples(st.just("volunteer"), NAMES, PLACES, st.integers(1, 9)),
        st.tuples(st.just("look"), NAMES, PLACES, st.just(0)),
    ),
    max_size=12,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
def test_what_is_kept_is_what_would_be_read(
    steps: list[tuple[str, str, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Situation.create(tmp_path_factory.mktemp("facts") / "home", name="Test") as situation:
        store, kept, done = situation.store, FactTables(), 0
        needs: set[str] = set()
        for kind, name, place_id, number in steps:
            done += 1
            event: Event
            if kind == "look":
                pd.testing.assert_frame_equal(
                    tables_of(store, kept)["needs"], tables_of(store)["needs"]
                )
                continue
            if kind == "need" and name in needs:
                event = NeedRevised(need_id=f"need:{name}", quantity=number)
            elif kind == "need":
                needs.add(name)
                event = NeedReported(
                    need_id=f"need:{name}",
                    place_id=place_id,
                    item_id="tent",
                    quantity=number,
                    unit="tent",
                )
            elif kind == "move":
                event = StockMoved(
                    movement_id=f"movement:{done}",
                    item_id="tent",
                    quantity=number,
                    unit="tent",
                    from_account="donor:x",
                    to_account=place_id,
                )
            else:
                event = VolunteerRegistered(
                    volunteer_id=f"volunteer:{name}", home_place_id=place_id, skills=("mason",)
                )
            situation.record([event])
        told, anew = tables_of(store, kept), tables_of(store)
        for name in SOURCES:
            pd.testing.assert_frame_equal(told[name], anew[name], obj=name)


def test_columns_hold_what_the_indicators_ask_for(situation: Situation) -> None:
    told = datetime(2023, 9, 10, 6, tzinfo=UTC)
    need = NeedReported(
        need_id="need:1", place_id="place:a", item_id="water_l", quantity="2.5", unit="l"
    )
    moved = StockMoved(
        movement_id="movement:1", item_id="water_l", quantity=1, unit="l",
        from_account="donor:x", to_account="place:a",
    )  # fmt: skip
    report = DamageReported(report_id="report:1", place_id="place:a", destroyed=2, damaged=1)
    situation.record([need, moved, report], reported_at=[told, None, None])
    found = FactTables().upto_now(situation.store, {})
    needs = found["needs"]
    assert [*needs["quantity"]] == [2.5]
    assert needs["told_at"].iloc[0] == pd.Timestamp(told)
    assert [*needs["status"]] == ["reported"]
    # Nobody said when it moved: then when it was recorded.
    recorded = situation.store.movements()[0].recorded_at
    assert found["movements"]["moved_at"].iloc[0] == pd.Timestamp(recorded)
    assert [*found["seen"]["place_id"]] == ["place:a"]
    assert found["shifts"].empty
    assert [*found["shifts"].columns] == SOURCES["shifts"].shown.split()


def test_a_row_that_is_changed_is_there_once_and_what_was_called_off_is_gone(
    situation: Situation,
) -> None:
    kept = FactTables()
    need = NeedReported(
        need_id="need:1", place_id="place:a", item_id="tent", quantity=2, unit="tent"
    )
    work = ActivityReported(
        activity_id="activity:1", place_id="place:a", actor="Red Crescent", sector="shelter",
        activity="tents", status="planned",
    )  # fmt: skip
    situation.record([need, work])
    assert len(kept.upto_now(situation.store, {})["activities"]) == 1
    situation.record(
        [
            NeedStatusChanged(need_id="need:1", status="verified"),
            ActivityStatusSet(activity_id="activity:1", status="cancelled"),
        ]
    )
    found = kept.upto_now(situation.store, {})
    assert [*found["needs"]["status"]] == ["verified"]
    assert found["activities"].empty
    assert kept.seq == situation.seq()


def test_what_was_taken_back_counts_no_more(situation: Situation) -> None:
    kept = FactTables()
    moved = StockMoved(
        movement_id="movement:1", item_id="tent", quantity=3, unit="tent",
        from_account="donor:x", to_account="place:a", slip_id="slip:1",
    )  # fmt: skip
    situation.record([moved])
    assert len(kept.upto_now(situation.store, {})["movements"]) == 1
    stockroom.undo_slip(situation, "slip:1")
    assert kept.upto_now(situation.store, {})["movements"].empty
    assert FactTables().upto_now(situation.store, {})["movements"].empty


def test_a_place_is_known_by_its_id_of_today(situation: Situation) -> None:
    need = NeedReported(
        need_id="need:1", place_id="place:old", item_id="tent", quantity=2, unit="tent"
    )
    moved = StockMoved(
        movement_id="movement:1", item_id="tent", quantity=1, unit="tent",
        from_account="place:old", to_account="place:b",
    )  # fmt: skip
    situation.record([need, moved])
    kept = FactTables()
    assert [*kept.upto_now(situation.store, {})["needs"]["place_id"]] == ["place:old"]
    found = kept.upto_now(situation.store, {"place:old": "place:new"})
    assert [*found["needs"]["place_id"]] == ["place:new"]
    assert [*found["movements"]["from_account"]] == ["place:new"]
    assert [*found["movements"]["to_account"]] == ["place:b"]
