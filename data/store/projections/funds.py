"""Projections: money and vouchers: funds, promises, allocations, payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import AllocationOpened, FundOpened, FundPledged, HouseholdsPaid
from data.store.projections.registry import mark, projects
from data.store.schema import ALLOCATIONS, FUNDS, PAYMENTS, PLEDGES, to_micro

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(FundOpened, FUNDS)
def _fund_opened(state: State, fact: Fact, payload: FundOpened) -> None:
    row = {**payload.model_dump(), "recorded_at": fact.recorded_at, **mark(fact)}
    state.put(FUNDS, row)


@projects(FundPledged, PLEDGES)
def _fund_pledged(state: State, fact: Fact, payload: FundPledged) -> None:
    state.put(
        PLEDGES,
        {
            "pledge_id": payload.pledge_id,
            "fund_id": payload.fund_id,
            "donor": payload.donor,
            "amount_micro": to_micro(payload.amount),
            "unit": payload.unit,
            "note": payload.note,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(AllocationOpened, ALLOCATIONS)
def _allocation_opened(state: State, fact: Fact, payload: AllocationOpened) -> None:
    row = {**payload.model_dump(), "recorded_at": fact.recorded_at, **mark(fact)}
    state.put(ALLOCATIONS, row)


@projects(HouseholdsPaid, PAYMENTS)
def _households_paid(state: State, fact: Fact, payload: HouseholdsPaid) -> None:
    state.put(
        PAYMENTS,
        {
            "payment_id": payload.payment_id,
            "allocation_id": payload.allocation_id,
            "place_id": payload.place_id,
            "households": payload.households,
            "per_household_micro": to_micro(payload.per_household),
            "unit": payload.unit,
            "slip_id": payload.slip_id or "",
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            "reported_at": fact.reported_at,
            **mark(fact),
        },
    )
