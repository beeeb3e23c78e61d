"""What the store answers about goods and money: frozen values, made from rows of the projections.

Quantities are exact, in the item's own unit; times are aware UTC; `seq` is the event that last
touched what is described. What was undone is `taken_back`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from data.store.columns import from_micro
from geo.model import StockLine

if TYPE_CHECKING:
    from decimal import Decimal

Row: TypeAlias = Mapping[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How much of an item stands on an account; negative for a donor: what was given."""

    account: str
    item_id: str
    quantity: Decimal
    unit: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LotBalance:
    """The same of one lot; `lot_id` "" are goods without one: nobody knows whether they expire."""

    account: str
    item_id: str
    lot_id: str
    code: str
    expires_on: date | None
    quantity: Decimal
    unit: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRecord:
    """A lot; `expires_on` is the last day at which it may be handed out, None where it lasts."""

    lot_id: str
    item_id: str
    code: str
    expires_on: date | None
    note: str
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnItem:
    """An item that people registered; weight and volume are None where nobody knows them."""

    item_id: str
    name: str
    unit: str
    kg_per_unit: float | None
    m3_per_unit: float | None
    packs: dict[str, str]
    source: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementRecord:
    """Goods that went from one account to another."""

    movement_id: str
    item_id: str
    lot_id: str
    quantity: Decimal
    unit: str
    from_account: str
    to_account: str
    slip_id: str
    note: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    reported_at: datetime | None
    taken_back: bool
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRecord:
    """What somebody counted in a depot, beside what the books said just before."""

    count_id: str
    depot_id: str
    item_id: str
    lot_id: str
    counted: Decimal
    booked: Decimal
    unit: str
    slip_id: str
    note: str
    organisation_id: str | None
    recorded_at: datetime
    reported_at: datetime | None
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRecord:
    """Goods that are kept for a plan or for somebody; `released_at` is None while they are."""

    reservation_id: str
    plan_id: str | None
    kept_for: str
    organisation_id: str | None
    recorded_at: datetime
    released_at: datetime | None
    released_reason: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedLineRecord:
    """What is left of a reservation in a depot; `holder` is a convoy, else the reservation."""

    holder: str
    depot_id: str
    item_id: str
    reservation_id: str
    reserved: Decimal
    left: Decimal
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """What arrived at a place; `needs` pairs the needs that it counts for with how much."""

    delivery_id: str
    place_id: str
    item_id: str
    quantity: Decimal
    unit: str
    outcome: str
    convoy_id: str | None
    expected: Decimal | None
    needs: tuple[tuple[str, Decimal], ...]
    slip_id: str
    note: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    reported_at: datetime | None
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRecord:
    """A fund; its money is the item `item_id`, counted in `unit`."""

    fund_id: str
    name: str
    item_id: str
    unit: str
    note: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeRecord:
    """A promise of a donor to a fund."""

    pledge_id: str
    fund_id: str
    donor: str
    amount: Decimal
    unit: str
    note: str
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRecord:
    """What a part of a fund is for."""

    allocation_id: str
    fund_id: str
    name: str
    note: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecord:
    """Households of a place that were paid the same amount each."""

    payment_id: str
    allocation_id: str
    place_id: str
    households: int
    per_household: Decimal
    unit: str
    slip_id: str
    note: str
    organisation_id: str | None
    recorded_at: datetime
    reported_at: datetime | None
    seq: int


def stock_line(row: Row) -> StockLine:
    """Read a row of `stock` whose account is a depot."""
    return StockLine(
        depot_id=row["account"],
        item_id=row["item_id"],
        quantity=float(from_micro(row["balance_micro"])),
    )


def balance(row: Row) -> Balance:
    """Read a row of `stock` joined with `items`."""
    return Balance(
        quantity=from_micro(row["balance_micro"]), **_only(row, "account item_id unit seq")
    )


def lot_balance(row: Row) -> LotBalance:
    """Read a row of `stock_lots` joined with `items` and `lots`."""
    return LotBalance(
        quantity=from_micro(row["balance_micro"]),
        code=row["code"] or "",
        expires_on=_day(row["expires_on"]),
        **_only(row, "account item_id lot_id unit seq"),
    )


def lot_record(row: Row) -> LotRecord:
    """Read a row of `lots`."""
    return LotRecord(
        expires_on=_day(row["expires_on"]),
        recorded_at=_time(row["recorded_at"]),
        **_only(row, "lot_id item_id code note seq"),
    )


def own_item(row: Row) -> OwnItem:
    """Read a row of `own_items`."""
    return OwnItem(
        packs=json.loads(row["packs"]),
        **_only(row, "item_id name unit kg_per_unit m3_per_unit source seq"),
    )


def movement_record(row: Row) -> MovementRecord:
    """Read a row of `movements`."""
    return MovementRecord(
        quantity=from_micro(row["quantity_micro"]),
        recorded_at=_time(row["recorded_at"]),
        reported_at=_maybe_time(row["reported_at"]),
        taken_back=row["removed"],
        **_only(
            row,
            "movement_id item_id lot_id unit from_account to_account slip_id note "
            "organisation_id upload_id seq",
        ),
    )


def count_record(row: Row) -> CountRecord:
    """Read a row of `counts`."""
    return CountRecord(
        counted=from_micro(row["counted_micro"]),
        booked=from_micro(row["booked_micro"]),
        recorded_at=_time(row["recorded_at"]),
        reported_at=_maybe_time(row["reported_at"]),
        **_only(row, "count_id depot_id item_id lot_id unit slip_id note organisation_id seq"),
    )


def reservation_record(row: Row) -> ReservationRecord:
    """Read a row of `reservations`."""
    return ReservationRecord(
        recorded_at=_time(row["recorded_at"]),
        released_at=_maybe_time(row["released_at"]),
        **_only(row, "reservation_id plan_id kept_for organisation_id released_reason seq"),
    )


def reserved_line(row: Row) -> ReservedLineRecord:
    """Read a row of `reserved_lines`."""
    return ReservedLineRecord(
        reserved=from_micro(row["reserved_micro"]),
        left=from_micro(row["left_micro"]),
        **_only(row, "holder depot_id item_id reservation_id seq"),
    )


def delivery_record(row: Row) -> DeliveryRecord:
    """Read a row of `deliveries`."""
    expected = row["expected_micro"]
    return DeliveryRecord(
        quantity=from_micro(row["quantity_micro"]),
        expected=None if expected is None else from_micro(expected),
        needs=tuple((need_id, from_micro(micro)) for need_id, micro in json.loads(row["needs"])),
        recorded_at=_time(row["recorded_at"]),
        reported_at=_maybe_time(row["reported_at"]),
        **_only(
            row,
            "delivery_id place_id item_id unit outcome convoy_id slip_id note organisation_id "
            "upload_id seq",
        ),
    )


def fund_record(row: Row) -> FundRecord:
    """Read a row of `funds`."""
    return FundRecord(**_only(row, "fund_id name item_id unit note seq"))


def pledge_record(row: Row) -> PledgeRecord:
    """Read a row of `pledges`."""
    return PledgeRecord(
        amount=from_micro(row["amount_micro"]),
        recorded_at=_time(row["recorded_at"]),
        **_only(row, "pledge_id fund_id donor unit note seq"),
    )


def allocation_record(row: Row) -> AllocationRecord:
    """Read a row of `allocations`."""
    return AllocationRecord(**_only(row, "allocation_id fund_id name note seq"))


def payment_record(row: Row) -> PaymentRecord:
    """Read a row of `payments`."""
    return PaymentRecord(
        per_household=from_micro(row["per_household_micro"]),
        recorded_at=_time(row["recorded_at"]),
        reported_at=_maybe_time(row["reported_at"]),
        **_only(
            row,
            "payment_id allocation_id place_id households unit slip_id note organisation_id seq",
        ),
    )


def _only(row: Row, names: str) -> dict[str, Any]:
    return {name: row[name] for name in names.split()}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
