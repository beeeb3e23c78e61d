"""Rules: goods that move between accounts: double entry."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from data.events import StockMoved
from data.store.rules.registry import rule, unknown
from data.store.schema import DEPOTS, ITEMS, STOCK, from_micro, to_micro
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State

ACCOUNT_KINDS = ("donor", "depot", "convoy", "place", "loss", "count")


#: What lies there was brought there: no more can leave than is on hand.
HOLDING_KINDS = ("depot", "convoy")


#: Far above any stock, far below the limit of a 64-bit integer in micro-units.
MAX_BALANCE = Decimal(10) ** 12


@rule(StockMoved)
def _stock_moved(state: State, _fact: Fact, payload: StockMoved) -> None:
    what = f"movement {payload.movement_id}"
    if payload.quantity == 0:
        raise RuleError(f"{what}: quantity 0", "a quantity above 0 is needed", "correct it")
    if payload.from_account == payload.to_account:
        raise RuleError(
            f"{what}: {payload.from_account} to itself", "two accounts are needed", "correct it"
        )
    for account in (payload.from_account, payload.to_account):
        require_account(state, account, what)
    item = state.live(ITEMS, payload.item_id)
    if item is not None and item["unit"] != payload.unit:
        raise RuleError(
            f"{what}: {payload.item_id} in {payload.unit!r}",
            f"the unit {item['unit']!r} is needed, in which this item is counted here",
            "convert the quantity",
        )
    quantity = to_micro(payload.quantity)
    require_balance(state, payload.from_account, payload.item_id, -quantity)
    require_balance(state, payload.to_account, payload.item_id, quantity)


def require_account(state: State, account: str, what: str) -> None:
    """Raise `RuleError` for an unknown kind of account, `UnknownIdError` for an unknown depot."""
    kind = account.partition(":")[0]
    if kind not in ACCOUNT_KINDS:
        raise RuleError(
            f"{what}: account {account!r}",
            f"one of {', '.join(f'{known}:…' for known in ACCOUNT_KINDS)} is needed",
            "correct the account",
        )
    if kind == "depot" and state.live(DEPOTS, account) is None:
        raise unknown(account, "depot", f"{what}: ")


def require_balance(state: State, account: str, item_id: str, change: int) -> None:
    """Raise `RuleError` where a change (micro-units) makes a balance negative or absurd."""
    row = state.row(STOCK, account, item_id)
    held = row["balance_micro"] if row else 0
    after = held + change
    if change < 0 and after < 0 and account.partition(":")[0] in HOLDING_KINDS:
        raise RuleError(
            f"{account}: {_plain(-change)} {item_id} to leave",
            f"only {_plain(held)} on hand: stock never becomes negative",
            "correct the quantity, or record first what came in",
        )
    if abs(after) > to_micro(MAX_BALANCE):
        raise RuleError(
            f"{account}: {_plain(after)} {item_id}",
            f"at most {MAX_BALANCE:,} of an item in one account",
            "check the quantity and its unit",
        )


def _plain(micro: int) -> str:
    return f"{from_micro(micro).normalize():f}"
