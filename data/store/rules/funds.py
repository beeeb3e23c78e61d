"""Rules: money and vouchers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import AllocationOpened, FundOpened, FundPledged, HouseholdsPaid
from data.store.rules.registry import rule, unknown
from data.store.rules.stock import require_account, require_unit
from data.store.schema import ALLOCATIONS, FUNDS, PLEDGES
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, Row, State


@rule(FundOpened)
def _fund_opened(state: State, _fact: Fact, payload: FundOpened) -> None:
    require_unit(state, payload.item_id, payload.unit, f"fund {payload.fund_id}")
    known = state.live(FUNDS, payload.fund_id)
    if known is not None and known["item_id"] != payload.item_id:
        raise RuleError(
            f"fund {payload.fund_id} in {payload.item_id}",
            f"a fund is of one currency, this one of {known['item_id']}",
            "open another fund",
        )


@rule(FundPledged)
def _fund_pledged(state: State, _fact: Fact, payload: FundPledged) -> None:
    what = f"pledge {payload.pledge_id}"
    _require_currency(_fund(state, payload.fund_id, what), payload.unit, what)
    if not payload.donor.startswith("donor:"):
        raise RuleError(f"{what} of {payload.donor}", "a donor:… pledges", "correct it")
    known = state.live(PLEDGES, payload.pledge_id)
    if known is not None and known["fund_id"] != payload.fund_id:
        raise RuleError(what, f"it is a pledge to {known['fund_id']}", "make a new one")


@rule(AllocationOpened)
def _allocation_opened(state: State, _fact: Fact, payload: AllocationOpened) -> None:
    what = f"allocation {payload.allocation_id}"
    _fund(state, payload.fund_id, what)
    known = state.live(ALLOCATIONS, payload.allocation_id)
    if known is not None and known["fund_id"] != payload.fund_id:
        raise RuleError(what, f"it belongs to {known['fund_id']}", "open another one")


@rule(HouseholdsPaid)
def _households_paid(state: State, _fact: Fact, payload: HouseholdsPaid) -> None:
    what = f"payment {payload.payment_id}"
    require_account(state, payload.allocation_id, what)
    allocation = state.live(ALLOCATIONS, payload.allocation_id)
    if allocation is None:
        raise unknown(payload.allocation_id, "allocation", f"{what}: ")
    _require_currency(_fund(state, allocation["fund_id"], what), payload.unit, what)
    if payload.per_household == 0:
        raise RuleError(f"{what}: 0 a household", "an amount above 0 is needed", "correct it")


def _fund(state: State, fund_id: str, what: str) -> Row:
    fund = state.live(FUNDS, fund_id)
    if fund is None:
        raise unknown(fund_id, "fund", f"{what}: ")
    return fund


def _require_currency(fund: Row, unit: str, what: str) -> None:
    if fund["unit"] != unit:
        raise RuleError(
            f"{what} in {unit!r}",
            f"an item has one unit: {fund['fund_id']} is kept in {fund['unit']!r}",
            "convert the amount, or open another fund",
        )
