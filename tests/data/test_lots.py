"""First expired, first out."""

from __future__ import annotations

from datetime import date

from data.lots import Shelf, first_expired_first, is_expired, pick

TODAY = date(2023, 9, 10)
LASTS = Shelf(lot_id="", expires_on=None, micro=50)
OLD = Shelf(lot_id="lot:old", expires_on=date(2023, 9, 9), micro=7)
LAST_DAY = Shelf(lot_id="lot:b", expires_on=TODAY, micro=10)
LATER = Shelf(lot_id="lot:a", expires_on=date(2023, 12, 1), micro=20)
SHELVES = [LASTS, LATER, OLD, LAST_DAY]


def test_what_expires_first_comes_first_and_what_lasts_last() -> None:
    assert first_expired_first(SHELVES) == [OLD, LAST_DAY, LATER, LASTS]


def test_a_lot_may_be_handed_out_on_its_last_day() -> None:
    assert not is_expired(TODAY, TODAY)
    assert is_expired(date(2023, 9, 9), TODAY)
    assert not is_expired(None, TODAY)


def test_goods_come_from_the_lots_that_expire_first_and_none_that_has() -> None:
    picked = pick(SHELVES, 35, today=TODAY)
    assert picked.parts == (("lot:b", 10), ("lot:a", 20), ("", 5))
    assert (picked.missing, picked.expired) == (0, 7)


def test_what_is_missing_is_said() -> None:
    picked = pick(SHELVES, 100, today=TODAY)
    assert sum(micro for _, micro in picked.parts) == 80
    assert (picked.missing, picked.expired) == (20, 7)


def test_expired_goods_leave_first_where_they_may() -> None:
    picked = pick(SHELVES, 8, today=TODAY, expired_too=True)
    assert picked.parts == (("lot:old", 7), ("lot:b", 1))
