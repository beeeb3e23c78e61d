"""Gifts followed by hand, and what must hold whatever moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from data.gift_tracing import Gift, Move, trace

DAY = datetime(2023, 9, 10, tzinfo=UTC)


def moves(*told: tuple[str, str, int]) -> list[Move]:
    """Movements of tents in their order: from, to, how many."""
    return [
        Move(
            movement_id=f"movement:{at}",
            item_id="tent",
            lot_id="",
            quantity=Decimal(quantity),
            giver=giver,
            taker=taker,
            at=DAY + timedelta(hours=at),
            seq=at,
        )
        for at, (giver, taker, quantity) in enumerate(told, start=1)
    ]


def now(gift: Gift) -> dict[str, int]:
    return {account: int(one.quantity) for account, one in gift.now.items() if one.quantity}


def test_what_came_first_goes_first() -> None:
    found = trace(
        moves(
            ("donor:a", "depot:x", 10),
            ("donor:b", "depot:x", 10),
            ("depot:x", "convoy:1", 12),
            ("convoy:1", "place:p", 11),
        )
    )
    assert now(found["movement:1"]) == {"place:p": 10}
    assert now(found["movement:2"]) == {"depot:x": 8, "convoy:1": 1, "place:p": 1}
    assert found["movement:2"].now["place:p"].events == [4]
    assert found["movement:2"].now["place:p"].last_at == DAY + timedelta(hours=4)


def test_a_lot_is_followed_by_itself() -> None:
    first, second, out = moves(
        ("donor:a", "depot:x", 5), ("donor:b", "depot:x", 5), ("depot:x", "place:p", 5)
    )
    from dataclasses import replace

    found = trace([first, replace(second, lot_id="lot:2"), replace(out, lot_id="lot:2")])
    assert now(found["movement:1"]) == {"depot:x": 5}
    assert now(found["movement:2"]) == {"place:p": 5}


def test_what_comes_back_is_in_the_depot_again_and_what_a_count_finds_is_nobodys() -> None:
    found = trace(
        moves(
            ("donor:a", "depot:x", 4),
            ("count:depot:x", "depot:x", 2),
            ("depot:x", "place:p", 6),
            ("place:p", "depot:x", 3),
            ("depot:x", "donor:a", 1),
            ("depot:x", "loss:stolen", 1),
        )
    )
    assert set(found) == {"movement:1"}
    assert now(found["movement:1"]) == {
        "place:p": 1,
        "depot:x": 1,
        "donor:a": 1,
        "loss:stolen": 1,
    }


ACCOUNTS = ("donor:a", "donor:b", "depot:x", "depot:y", "convoy:1", "place:p", "count:x")


@given(
    st.lists(
        st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 9)),
        max_size=30,
    )
)
def test_no_unit_of_a_gift_is_lost_or_doubled(told: list[tuple[str, str, int]]) -> None:
    found = trace(moves(*(one for one in told if one[0] != one[1])))
    for gift in found.values():
        assert sum(one.quantity for one in gift.now.values()) == gift.given.quantity
        assert all(one.quantity >= 0 for one in gift.now.values())
