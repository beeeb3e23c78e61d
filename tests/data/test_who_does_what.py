"""Overlaps and gaps on tables small enough to check by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from data.who_does_what import ACTIVITY_COLUMNS, gaps, overlaps, presence


def work(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Rows of (place, what, actor, status, from day, to day, quantity)."""
    table = pd.DataFrame(
        [
            (f"a{i}", place, what, actor, status, start, end, quantity, None)
            for i, (place, what, actor, status, start, end, quantity) in enumerate(rows)
        ],
        columns=list(ACTIVITY_COLUMNS),
    )
    for name in ("starts_at", "ends_at"):
        table[name] = pd.to_datetime(table[name], utc=True)
    return table.astype({"quantity": "float64", "people_reached": "float64"})


D10, D12, D14, D20 = "2023-09-10", "2023-09-12", "2023-09-14", "2023-09-20"


def test_two_organisations_on_the_same_days_overlap() -> None:
    found = overlaps(
        work(
            ("p1", "tent", "Croissant", "running", D10, D14, 20),
            ("p1", "tent", "Caritas", "planned", D14, D20, 30),
        )
    )
    (row,) = found.to_dict("records")
    assert (row["place_id"], row["what"], row["actors"]) == ("p1", "tent", ["Caritas", "Croissant"])
    assert (row["n_activities"], row["quantity"], row["certain"]) == (2, 50, True)


def test_days_apart_another_place_or_item_and_one_actor_twice_are_no_overlap() -> None:
    found = overlaps(
        work(
            ("p1", "tent", "A", "done", D10, D12, 1),
            ("p1", "tent", "B", "planned", D14, D20, 1),
            ("p2", "tent", "C", "running", D10, D20, 1),
            ("p1", "blanket", "C", "running", D10, D20, 1),
            ("p3", "tent", "A", "running", D10, D12, 1),
            ("p3", "tent", " a ", "running", D10, D12, 1),
        )
    )
    assert found.empty
    assert set(found.columns) == {
        "place_id", "what", "actors", "n_actors", "n_activities", "quantity", "certain",
    }  # fmt: skip


def test_missing_days_may_meet_and_that_is_said() -> None:
    found = overlaps(
        work(
            ("p1", "tent", "A", "unknown", None, None, None),
            ("p1", "tent", "B", "unknown", D10, D12, None),
            ("p2", "tent", "A", "unknown", D10, None, 5),
            ("p2", "tent", "B", "unknown", None, D10, 6),
        )
    )
    assert dict(zip(found["place_id"], found["certain"], strict=True)) == {"p1": False, "p2": True}
    assert pd.isna(found.set_index("place_id")["quantity"]["p1"])


def test_what_was_called_off_overlaps_with_nothing() -> None:
    rows = work(
        ("p1", "tent", "A", "cancelled", D10, D12, 1), ("p1", "tent", "B", "running", D10, D12, 1)
    )
    assert overlaps(rows).empty


def lacking(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["place_id", "what", "missing"])


def test_a_gap_is_a_need_with_no_actor_or_too_little_planned() -> None:
    found = gaps(
        lacking(("p1", "tent", 100), ("p1", "blanket", 50), ("p2", "tent", 10), ("p3", "tent", 5)),
        work(
            ("p1", "tent", "A", "planned", None, None, 30),
            ("p1", "tent", "B", "running", None, None, 20),
            ("p2", "tent", "A", "planned", None, None, 10),
            ("p3", "tent", "A", "planned", None, None, None),
        ),
    )
    rows = {(row["place_id"], row["what"]): row for row in found.to_dict("records")}
    assert set(rows) == {("p1", "tent"), ("p1", "blanket")}
    assert rows["p1", "tent"]["kind"] == "too little"
    assert (rows["p1", "tent"]["promised"], rows["p1", "tent"]["actors"]) == (50, ["A", "B"])
    assert (rows["p1", "blanket"]["kind"], rows["p1", "blanket"]["promised"]) == ("no actor", 0)


def test_work_that_is_done_promises_nothing_more() -> None:
    found = gaps(lacking(("p1", "tent", 5)), work(("p1", "tent", "A", "done", D10, D12, 500)))
    assert found["kind"].tolist() == ["no actor"]


def test_communes_count_each_organisation_once() -> None:
    rows = work(
        ("p1", "tent", "A", "done", None, None, 1),
        ("p2", "blanket", "A", "done", None, None, 1),
        ("p2", "tent", "B", "cancelled", None, None, 1),
        ("p9", "tent", "C", "done", None, None, 1),
    )
    found = presence(rows, pd.Series({"p1": "Asni", "p2": "Asni"})).set_index("commune")
    assert found.loc["Asni", ["n_actors", "n_activities", "n_places"]].tolist() == [1, 2, 2]
    assert found.loc["", "actors"] == ["C"]


def test_empty_tables_have_no_overlap_and_every_need_is_a_gap() -> None:
    nothing = work()
    assert overlaps(nothing).empty
    assert gaps(lacking(("p1", "tent", 5)), nothing)["kind"].tolist() == ["no actor"]
    assert gaps(lacking(), nothing).empty
    assert presence(nothing, pd.Series(dtype="str")).empty


DAYS = st.one_of(st.none(), st.integers(1, 9))


@given(
    st.lists(
        st.tuples(st.sampled_from("pq"), st.sampled_from("tb"), st.sampled_from("ABC"), DAYS, DAYS),
        max_size=9,
    )
)
def test_overlaps_are_those_that_pairs_compared_one_by_one_give(rows: list[Any]) -> None:
    def text(day: int | None) -> str | None:
        return None if day is None else f"2023-09-0{day}"

    spans = []
    for place, what, actor, start, end in rows:
        ordered = (
            (start, end) if start is None or end is None else (min(start, end), max(start, end))
        )
        spans.append((place, what, actor, *ordered))
    table = work(*[(p, w, a, "running", text(s), text(e), 1) for p, w, a, s, e in spans])
    expected: dict[tuple[str, str], bool] = {}
    for p, w, a, s, e in spans:
        for p2, w2, a2, s2, e2 in spans:
            if (p, w) != (p2, w2) or a == a2:
                continue
            first, last = (s if s is not None else e), (e if e is not None else s)
            first2, last2 = (s2 if s2 is not None else e2), (e2 if e2 is not None else s2)
            if first is None or last is None or first2 is None or last2 is None:
                expected.setdefault((p, w), False)
            elif first <= last2 and first2 <= last:
                expected[p, w] = True
    found = overlaps(table)
    keys = zip(found["place_id"], found["what"], strict=True)
    assert dict(zip(keys, found["certain"].tolist(), strict=True)) == expected
