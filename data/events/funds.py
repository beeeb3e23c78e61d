"""Money and vouchers for people: pledged, received, allocated, paid. Counts, never names."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from data.events.base import Count, Event, Id, ItemId, Name, Quantity, Text


class FundOpened(Event):
    """A fund, or a new word on one already known. Its money is one item, such as ``cash_mad``."""

    type: ClassVar[str] = "fund.opened"
    subject: ClassVar[str] = "fund_id"
    fund_id: Id
    name: Name
    item_id: ItemId
    unit: Name
    note: Text = ""


class FundPledged(Event):
    """A donor promises money. Nothing moves until it is received; 0 takes the promise back."""

    type: ClassVar[str] = "fund.pledged"
    subject: ClassVar[str] = "pledge_id"
    pledge_id: Id
    fund_id: Id
    donor: Id
    amount: Quantity
    unit: Name
    note: Text = ""


class AllocationOpened(Event):
    """What a part of a fund is for: an aid, a commune, a tranche."""

    type: ClassVar[str] = "allocation.opened"
    subject: ClassVar[str] = "allocation_id"
    allocation_id: Id
    fund_id: Id
    name: Name
    note: Text = ""


class HouseholdsPaid(Event):
    """Households of a place were paid the same amount each; who they are stands nowhere here.

    The money is one movement of `households` times `per_household` with the same `slip_id`.
    """

    type: ClassVar[str] = "households.paid"
    subject: ClassVar[str] = "payment_id"
    begins: ClassVar[bool] = True
    payment_id: Id
    allocation_id: Id
    place_id: Id
    households: Annotated[Count, Field(gt=0, le=10_000_000)]
    per_household: Quantity
    unit: Name
    slip_id: Id | None = None
    note: Text = ""


EVENTS: tuple[type[Event], ...] = (FundOpened, FundPledged, AllocationOpened, HouseholdsPaid)
