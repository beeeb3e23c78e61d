"""Money and vouchers: funds, what is pledged, received, allocated, paid per household. No names."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods, stockroom
from data.events import AllocationOpened, Event, FundOpened, FundPledged, HouseholdsPaid
from data.packs import written
from data.stock_accounts import donor_of
from geo.errors import InputError, UnknownIdError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from dashboard.operations.stockroom import Said
    from data.store.stock_records import AllocationRecord, FundRecord

NOTHING = Decimal(0)
MAX_NAME = 200


def open_fund(
    situation: Situation, name: str, currency: str, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Open a fund in one currency (ISO 4217, such as MAD); vouchers are counted the same way."""
    code = currency.strip().upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise InputError(
            f"currency {currency[:20]!r}", "three letters such as MAD are needed", "correct it"
        )
    if not name.strip():
        raise InputError("fund", "a name is needed", "name it")
    if any(one.name == name.strip() for one in situation.store.funds()):
        raise InputError(f"fund {name!r}", "a name that no fund has is needed", "choose another")
    payload = FundOpened(
        fund_id=new_id("fund"),
        name=name.strip()[:MAX_NAME],
        item_id=f"cash_{code.lower()}",
        unit=code,
        note=said.note[: stockroom.MAX_NOTE],
    )
    stockroom.append(situation, [payload], said)
    return {"fund_id": payload.fund_id, "name": payload.name, "currency": code}


def pledge(
    situation: Situation, fund: str, donor: str, amount: str, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Book a promise of a donor; nothing moves until it is received."""
    known = find_fund(situation, fund)
    payload = FundPledged(
        pledge_id=new_id("pledge"),
        fund_id=known.fund_id,
        donor=donor_of(donor),
        amount=_money(known).read(amount),
        unit=known.unit,
        note=said.note[: stockroom.MAX_NOTE],
    )
    stockroom.append(situation, [payload], said)
    return {"pledge_id": payload.pledge_id, "fund_id": known.fund_id, "donor": payload.donor,
            "amount": written(payload.amount), "unit": known.unit}  # fmt: skip


def receive(
    situation: Situation, fund: str, donor: str, amount: str, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Book money that came in from a donor."""
    known = find_fund(situation, fund)
    return _moved(situation, known, donor_of(donor), known.fund_id, amount, said)


def give_back(
    situation: Situation, fund: str, donor: str, amount: str, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Book money that went back to its donor, out of what is not set aside."""
    known = find_fund(situation, fund)
    return _moved(situation, known, known.fund_id, donor_of(donor), amount, said)


def allocate(
    situation: Situation, fund: str, purpose: str, amount: str, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Set money of a fund aside for a purpose; an allocation of that name is opened or raised."""
    known = find_fund(situation, fund)
    if not purpose.strip():
        raise InputError("allocation", "what it is for is needed", "name it")
    there = next(
        (
            one
            for one in situation.store.allocations()
            if one.fund_id == known.fund_id and purpose in (one.name, one.allocation_id)
        ),
        None,
    )
    opening: list[Event] = []
    allocation_id = there.allocation_id if there else new_id("allocation")
    if there is None:
        opening.append(
            AllocationOpened(
                allocation_id=allocation_id, fund_id=known.fund_id, name=purpose.strip()[:MAX_NAME]
            )
        )
    result = _moved(situation, known, known.fund_id, allocation_id, amount, said, before=opening)
    return {"allocation_id": allocation_id, **result}


def pay(
    situation: Situation,
    allocation: str,
    place: str,
    households: int,
    per_household: str,
    *,
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Book that households of a place were paid the same amount each: how many, never who."""
    if not 1 <= households <= 10_000_000:
        raise InputError(
            f"{households} households", "a number from 1 to 10,000,000 is needed", "correct it"
        )
    part = find_allocation(situation, allocation)
    known = find_fund(situation, part.fund_id)
    place_id, money = goods.find_place(situation, place), _money(known)
    each, slip_id = money.read(per_household), new_id("slip")
    total = each * households
    events: list[Event] = stockroom.movements(
        money,
        part.allocation_id,
        place_id,
        [("", total)],
        slip_id=slip_id,
        note=said.note[: stockroom.MAX_NOTE],
    )
    events.append(
        HouseholdsPaid(
            payment_id=new_id("payment"),
            allocation_id=part.allocation_id,
            place_id=place_id,
            households=households,
            per_household=each,
            unit=known.unit,
            slip_id=slip_id,
            note=said.note[: stockroom.MAX_NOTE],
        )
    )
    result = stockroom.record(situation, slip_id, events, said)
    return {**result, "households": households, "per_household": written(each),
            "total": written(total), "unit": known.unit}  # fmt: skip


def show(situation: Situation) -> dict[str, Any]:
    """Say of every fund what was pledged, received, allocated and paid, and what is left."""
    store = situation.store
    held = {(one.account, one.item_id): one.quantity for one in store.balances()}
    came: dict[str, Decimal] = {}
    went_back: dict[str, Decimal] = {}
    for (giver, taker, _item_id), amount in store.flows().items():
        if giver.startswith("donor:") and taker.startswith("fund:"):
            came[taker] = came.get(taker, NOTHING) + amount
        if giver.startswith("fund:") and taker.startswith("donor:"):
            went_back[giver] = went_back.get(giver, NOTHING) + amount
    funds = []
    for fund in store.funds():
        parts = [one for one in store.allocations() if one.fund_id == fund.fund_id]
        ids = {one.allocation_id for one in parts}
        paid = [one for one in store.payments() if one.allocation_id in ids]
        set_aside = sum((held.get((one, fund.item_id), NOTHING) for one in ids), NOTHING)
        spent = sum((one.per_household * one.households for one in paid), NOTHING)
        promised = sum(
            (one.amount for one in store.pledges() if one.fund_id == fund.fund_id), NOTHING
        )
        funds.append(
            {
                "fund_id": fund.fund_id,
                "name": fund.name,
                "currency": fund.unit,
                "pledged": written(promised),
                "received": written(came.get(fund.fund_id, NOTHING)),
                "returned": written(went_back.get(fund.fund_id, NOTHING)),
                "unallocated": written(held.get((fund.fund_id, fund.item_id), NOTHING)),
                "set_aside": written(set_aside),
                "paid": written(spent),
                "households": sum(one.households for one in paid),
                "allocations": [
                    {
                        "allocation_id": one.allocation_id,
                        "name": one.name,
                        "left": written(held.get((one.allocation_id, fund.item_id), NOTHING)),
                    }
                    for one in parts
                ],
            }
        )
    return {"at": situation.now().isoformat(), "based_on_seq": situation.seq(), "funds": funds}


def find_fund(situation: Situation, text: str) -> FundRecord:
    """Give the fund of an id or name; raises `UnknownIdError`."""
    for fund in situation.store.funds():
        if text in (fund.fund_id, fund.name):
            return fund
    raise UnknownIdError(f"fund {text[:80]!r}", "no such fund", "see `qafila fund show`")


def find_allocation(situation: Situation, text: str) -> AllocationRecord:
    """Give the allocation of an id or name; raises where none or several have it."""
    found = [one for one in situation.store.allocations() if text in (one.allocation_id, one.name)]
    if len(found) == 1:
        return found[0]
    raise UnknownIdError(
        f"allocation {text[:80]!r}",
        "several funds have one of this name" if found else "no such allocation",
        "give its id; see `qafila fund show`",
    )


def _money(fund: FundRecord) -> goods.StockItem:
    return goods.StockItem(item_id=fund.item_id, unit=fund.unit, name=fund.unit)


def _moved(
    situation: Situation,
    fund: FundRecord,
    giver: str,
    taker: str,
    amount: str,
    said: Said,
    *,
    before: Sequence[Event] = (),
) -> dict[str, Any]:
    money, slip_id = _money(fund), new_id("slip")
    parts = [("", money.read(amount))]
    moves = stockroom.movements(money, giver, taker, parts, slip_id=slip_id, note=said.note)
    return stockroom.record(situation, slip_id, [*before, *moves], said)
