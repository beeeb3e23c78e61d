"""Rules: goods that move between accounts, by lot: double entry."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from data.events import ItemRegistered, LotRegistered, StockCounted, StockMoved
from data.lots import is_expired
from data.store.projections.stock import holder_of
from data.store.rules.registry import rule, unknown
from data.store.schema import (
    ALLOCATIONS,
    DEPOTS,
    FUNDS,
    ITEMS,
    LOTS,
    OWN_ITEMS,
    RESERVED,
    RESERVED_LINES,
    SITUATION,
    SLIPS,
    STOCK,
    STOCK_LOTS,
    from_micro,
    to_micro,
)
from geo.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from data.store.state import Fact, State

ACCOUNT_KINDS = ("donor", "depot", "convoy", "place", "loss", "count", "fund", "allocation")


#: What lies there was brought there: no more can leave than is on hand.
HOLDING_KINDS = ("depot", "convoy", "fund", "allocation")

#: From a depot to these, goods leave by somebody's will; a loss or a count is a fact.
WILLED_KINDS = ("depot", "convoy", "place", "donor")

#: Here goods are handed out, so they must not have expired.
HANDED_OUT_KINDS = ("convoy", "place")


#: Far above any stock, far below the limit of a 64-bit integer in micro-units.
MAX_BALANCE = Decimal(10) ** 12

#: Changes of balances in micro-units, by account, item and lot.
Changes = dict[tuple[str, str, str], int]


@rule(StockMoved)
def _stock_moved(state: State, fact: Fact, payload: StockMoved) -> None:
    what = f"movement {payload.movement_id}"
    if payload.quantity == 0:
        raise RuleError(f"{what}: quantity 0", "a quantity above 0 is needed", "correct it")
    if payload.from_account == payload.to_account:
        raise RuleError(
            f"{what}: {payload.from_account} to itself", "two accounts are needed", "correct it"
        )
    for account in (payload.from_account, payload.to_account):
        require_account(state, account, what, payload.item_id)
    _require_allocation_of_fund(state, payload)
    require_unit(state, payload.item_id, payload.unit, what)
    _require_lot(state, fact, payload, what)
    if payload.slip_id is not None and state.row(SLIPS, payload.slip_id) is not None:
        raise RuleError(
            f"{what} of {payload.slip_id}", "a slip that was not undone is needed", "make a new one"
        )
    quantity, lot_id = to_micro(payload.quantity), payload.lot_id or ""
    # First by item: who asks for too much of it should hear that, not of lots.
    for account, change in ((payload.from_account, -quantity), (payload.to_account, quantity)):
        require_balance(state, account, payload.item_id, change)
    for account, change in ((payload.from_account, -quantity), (payload.to_account, quantity)):
        require_lot_balance(state, account, payload.item_id, lot_id, change)
    _require_free(state, fact, payload, quantity)


def require_account(state: State, account: str, what: str, item_id: str = "") -> None:
    """Refuse an account of an unknown kind, and a depot, fund or allocation that nobody knows.

    Raises
    ------
    RuleError
        No such kind, or goods on an account of money.
    UnknownIdError
        The depot, fund or allocation was never registered.
    """
    kind = account.partition(":")[0]
    if kind not in ACCOUNT_KINDS:
        raise RuleError(
            f"{what}: account {account!r}",
            f"one of {', '.join(f'{known}:…' for known in ACCOUNT_KINDS)} is needed",
            "correct the account",
        )
    if kind == "depot" and state.live(DEPOTS, account) is None:
        raise unknown(account, "depot", f"{what}: ")
    if kind not in ("fund", "allocation"):
        return
    fund_id = account
    if kind == "allocation":
        allocation = state.live(ALLOCATIONS, account)
        if allocation is None:
            raise unknown(account, "allocation", f"{what}: ")
        fund_id = allocation["fund_id"]
    fund = state.live(FUNDS, fund_id)
    if fund is None:
        raise unknown(fund_id, "fund", f"{what}: ")
    if item_id and fund["item_id"] != item_id:
        raise RuleError(
            f"{what}: {item_id} on {account}",
            f"this account holds {fund['item_id']} only",
            "correct the item or the account",
        )


def _require_allocation_of_fund(state: State, payload: StockMoved) -> None:
    """Refuse money that would go past its fund: an allocation takes from its own fund only."""
    sides = (payload.from_account, payload.to_account)
    for one, other in (sides, sides[::-1]):
        if one.startswith("allocation:") and other.startswith("fund:"):
            allocation = state.live(ALLOCATIONS, one)
            if allocation is not None and allocation["fund_id"] != other:
                raise RuleError(
                    f"movement {payload.movement_id}: {one} and {other}",
                    f"an allocation belongs to one fund, this one to {allocation['fund_id']}",
                    "correct the fund",
                )


def require_unit(state: State, item_id: str, unit: str, what: str) -> None:
    """Refuse a second unit for an item."""
    item, own = state.live(ITEMS, item_id), state.live(OWN_ITEMS, item_id)
    counted_in = item["unit"] if item is not None else own["unit"] if own is not None else unit
    if counted_in != unit:
        raise RuleError(
            f"{what}: {item_id} in {unit!r}",
            f"an item has one unit: {counted_in!r} is the one in which this item is counted here",
            "convert the quantity",
        )


def _require_lot(state: State, fact: Fact, payload: StockMoved, what: str) -> None:
    """Refuse a lot that is unknown, of another item, or expired where it would be handed out."""
    if payload.lot_id is None:
        return
    lot = state.live(LOTS, payload.lot_id)
    if lot is None:
        raise unknown(payload.lot_id, "lot", f"{what}: ")
    if lot["item_id"] != payload.item_id:
        raise RuleError(
            f"{what}: {payload.item_id} of {payload.lot_id}",
            f"a lot is of one item, this one of {lot['item_id']}",
            "correct the lot",
        )
    if lot["expires_on"] is None or payload.to_account.partition(":")[0] not in HANDED_OUT_KINDS:
        return
    today = day_of(state, fact)
    if is_expired(date.fromisoformat(lot["expires_on"]), today):
        raise RuleError(
            f"{what}: {payload.lot_id} expired on {lot['expires_on']}",
            f"expired goods are not handed out (it is {today.isoformat()})",
            "record it as a loss, or correct the day of the lot",
        )


def day_of(state: State, fact: Fact) -> date:
    """Give the day of an event in the situation's zone: when it is said to have happened.

    A drill plays at its own time.
    """
    rows = state.rows_where(SITUATION, "removed", False)
    plays_at, zone = (rows[0]["plays_at"], rows[0]["timezone"]) if rows else (None, "UTC")
    moment = datetime.fromisoformat(fact.reported_at or plays_at or fact.recorded_at)
    return moment.astimezone(ZoneInfo(zone) if zone else UTC).date()


def require_balance(state: State, account: str, item_id: str, change: int) -> None:
    """Raise `RuleError` where a change (micro-units) makes a balance negative or absurd."""
    row = state.row(STOCK, account, item_id)
    held = row["balance_micro"] if row else 0
    after = held + change
    if change < 0 and after < 0 and account.partition(":")[0] in HOLDING_KINDS:
        raise RuleError(
            f"{account}: {plain(-change)} {item_id} to leave",
            f"only {plain(held)} on hand: stock never becomes negative",
            "correct the quantity, or record first what came in",
        )
    if abs(after) > to_micro(MAX_BALANCE):
        raise RuleError(
            f"{account}: {plain(after)} {item_id}",
            f"at most {MAX_BALANCE:,} of an item in one account",
            "check the quantity and its unit",
        )


def require_lot_balance(state: State, account: str, item_id: str, lot_id: str, change: int) -> None:
    """Raise `RuleError` where a change makes what is held of one lot negative."""
    if change >= 0 or account.partition(":")[0] not in HOLDING_KINDS:
        return
    row = state.row(STOCK_LOTS, account, item_id, lot_id)
    held = row["balance_micro"] if row else 0
    if held + change < 0:
        raise RuleError(
            f"{account}: {plain(-change)} {item_id} of {lot_id or 'no lot'} to leave",
            f"only {plain(held)} of it on hand: no lot becomes negative",
            "take another lot, or several (`qafila stock show --lots` shows them)",
        )


def require_changes(state: State, changes: Mapping[tuple[str, str, str], int]) -> None:
    """Refuse changes that would make any account negative, by item or by lot."""
    by_item: defaultdict[tuple[str, str], int] = defaultdict(int)
    for (account, item_id, _lot_id), change in changes.items():
        by_item[account, item_id] += change
    for (account, item_id), change in by_item.items():
        require_balance(state, account, item_id, change)
    for (account, item_id, lot_id), change in changes.items():
        require_lot_balance(state, account, item_id, lot_id, change)


def changes_back(movements: Iterable[Mapping[str, object]]) -> Changes:
    """Give what changes where these rows of `movements` are booked back."""
    changes: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for row in movements:
        item_id, lot_id, quantity = row["item_id"], row["lot_id"], row["quantity_micro"]
        changes[str(row["from_account"]), str(item_id), str(lot_id)] += int(str(quantity))
        changes[str(row["to_account"]), str(item_id), str(lot_id)] -= int(str(quantity))
    return dict(changes)


def usable_micro(state: State, depot_id: str, item_id: str, today: date) -> int:
    """What a depot holds of an item and may hand out: what has not expired."""
    usable = 0
    for row in state.rows_where(STOCK_LOTS, "account", depot_id):
        if row["item_id"] != item_id or not row["balance_micro"]:
            continue
        lot = state.row(LOTS, row["lot_id"]) if row["lot_id"] else None
        expires = lot["expires_on"] if lot else None
        if not is_expired(None if expires is None else date.fromisoformat(expires), today):
            usable += row["balance_micro"]
    return usable


def _require_free(state: State, fact: Fact, payload: StockMoved, quantity: int) -> None:
    """Refuse to take what is kept for others."""
    depot_id, item_id = payload.from_account, payload.item_id
    if not depot_id.startswith("depot:"):
        return
    if payload.to_account.partition(":")[0] not in WILLED_KINDS:
        return
    row = state.row(RESERVED, depot_id, item_id)
    kept = row["reserved_micro"] if row else 0
    holder = holder_of(payload)
    own = state.live(RESERVED_LINES, holder, depot_id, item_id) if holder else None
    if payload.reservation_id is not None and own is None:
        raise unknown(payload.reservation_id, "reservation of it", f"{depot_id}, {item_id}: ")
    own_micro = min(quantity, own["left_micro"]) if own else 0
    beyond = quantity - own_micro
    if kept == own_micro or beyond == 0:
        return
    today = day_of(state, fact)
    if payload.lot_id is not None:
        lot = state.live(LOTS, payload.lot_id)
        if lot and lot["expires_on"] and is_expired(date.fromisoformat(lot["expires_on"]), today):
            return  # nobody waits for it
    free = max(0, usable_micro(state, depot_id, item_id, today) - kept)
    if beyond > free:
        raise RuleError(
            f"{depot_id}: {plain(quantity)} {item_id} to leave",
            f"only {plain(free + own_micro)} are free: {plain(kept - own_micro)} are reserved",
            "take less, name the reservation, or release it (`qafila stock release`)",
        )


@rule(LotRegistered)
def _lot_registered(state: State, _fact: Fact, payload: LotRegistered) -> None:
    known = state.live(LOTS, payload.lot_id)
    if known is not None and known["item_id"] != payload.item_id:
        raise RuleError(
            f"{payload.lot_id} of {payload.item_id}",
            f"a lot is of one item, this one of {known['item_id']}",
            "give the lot another id",
        )


@rule(ItemRegistered)
def _item_registered(state: State, _fact: Fact, payload: ItemRegistered) -> None:
    counted = state.live(ITEMS, payload.item_id)
    if counted is not None and counted["unit"] != payload.unit:
        raise RuleError(
            f"item {payload.item_id} in {payload.unit!r}",
            f"an item has one unit: it is counted in {counted['unit']!r} here already",
            "keep the unit, and register the other as a pack",
        )
    for name, size in payload.packs.items():
        if size == 0:
            raise RuleError(
                f"item {payload.item_id}: pack {name!r} of 0",
                "a pack holds more than nothing",
                "correct it",
            )


@rule(StockCounted)
def _stock_counted(state: State, _fact: Fact, payload: StockCounted) -> None:
    what = f"count {payload.count_id}"
    require_account(state, payload.depot_id, what)
    if not payload.depot_id.startswith("depot:"):
        raise RuleError(f"{what}: {payload.depot_id}", "a depot is counted", "name a depot:…")
    require_unit(state, payload.item_id, payload.unit, what)
    if payload.lot_id is not None:
        lot = state.live(LOTS, payload.lot_id)
        if lot is None or lot["item_id"] != payload.item_id:
            raise unknown(payload.lot_id, f"lot of {payload.item_id}", f"{what}: ")
    row = state.row(STOCK_LOTS, payload.depot_id, payload.item_id, payload.lot_id or "")
    held = row["balance_micro"] if row else 0
    if held != to_micro(payload.booked):
        raise RuleError(
            f"{what}: {payload.item_id} in {payload.depot_id}, books at "
            f"{plain(to_micro(payload.booked))}",
            f"the books say {plain(held)} now: something moved while it was counted",
            "count again",
        )


def plain(micro: int) -> str:
    """Write micro-units as people read them."""
    return f"{from_micro(micro).normalize():f}"
