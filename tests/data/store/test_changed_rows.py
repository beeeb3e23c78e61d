"""Rows of the tables of state by when they were touched last."""

from __future__ import annotations

import pytest

from data.events import NeedReported, NeedRevised, NewEvent
from data.store import Store
from geo.errors import UnknownIdError


def need(name: str, quantity: int = 3) -> NewEvent:
    payload = NeedReported(
        need_id=f"need:{name}", place_id="place:a", item_id="tent", quantity=quantity, unit="tent"
    )
    return NewEvent(payload=payload)


def test_all_rows_come_by_key_and_later_only_those_that_something_happened_to(
    store: Store,
) -> None:
    store.append([need("b"), need("a")])
    columns = ["need_id", "quantity_micro", "removed"]
    assert store.changed_rows("needs", columns) == {
        "need_id": ["need:a", "need:b"],
        "quantity_micro": [3_000_000, 3_000_000],
        "removed": [False, False],
    }
    seq = store.seq()
    assert store.changed_rows("needs", columns, since=seq)["need_id"] == []
    store.append([NewEvent(payload=NeedRevised(need_id="need:b", quantity=5)), need("c")])
    changed = store.changed_rows("needs", columns, since=seq)
    assert sorted(zip(changed["need_id"], changed["quantity_micro"], strict=True)) == [
        ("need:b", 5_000_000),
        ("need:c", 3_000_000),
    ]


@pytest.mark.parametrize(
    ("table", "column", "named"),
    [("nothing", "need_id", "nothing"), ("needs", "phone", "needs.phone")],
)
def test_an_unknown_table_or_column_is_refused(
    store: Store, table: str, column: str, named: str
) -> None:
    with pytest.raises(UnknownIdError) as refused:
        store.changed_rows(table, [column])
    assert refused.value.given == named
