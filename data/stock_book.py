"""What accounts hold by lot while movements are being written: what one took is gone for the next.

A sheet of hundred deliveries is checked row by row against it, so that a row which asks for too
much is refused alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.lots import Shelf, is_expired, pick
from data.packs import written
from data.store.columns import from_micro, to_micro
from geo.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from decimal import Decimal

    from data.store.stock_records import LotBalance, ReservedLineRecord

#: No more leaves these than is on hand.
_HOLDING = ("depot", "convoy", "fund", "allocation")
#: What has expired does not go there.
_HANDED_OUT = ("convoy", "place")


class StockBook:
    """Balances by lot and what is reserved, at one moment.

    Parameters
    ----------
    balances
        What stands on the accounts by lot.
    reserved
        What is kept in depots, for whom.
    today
        The day in the situation's zone.
    """

    def __init__(
        self,
        balances: Iterable[LotBalance],
        reserved: Iterable[ReservedLineRecord] = (),
        *,
        today: date,
    ) -> None:
        self.today = today
        self._held: dict[tuple[str, str], dict[str, int]] = {}
        self._expires: dict[str, date | None] = {"": None}
        self._kept: dict[tuple[str, str], int] = {}
        self._lines: dict[tuple[str, str, str], int] = {}
        for one in balances:
            lots = self._held.setdefault((one.account, one.item_id), {})
            lots[one.lot_id] = to_micro(one.quantity)
            self._expires[one.lot_id] = one.expires_on
        for line in reserved:
            key, left = (line.depot_id, line.item_id), to_micro(line.left)
            self._kept[key] = self._kept.get(key, 0) + left
            self._lines[line.holder, *key] = left

    def on_hand(self, account: str, item_id: str) -> Decimal:
        """Give all that an account holds of an item, of whatever lot."""
        return from_micro(sum(self._held.get((account, item_id), {}).values()))

    def take(
        self,
        source: str,
        goal: str,
        item_id: str,
        quantity: Decimal,
        *,
        lot_id: str | None = None,
        holder: str = "",
        only_expired: bool = False,
    ) -> list[tuple[str, Decimal]]:
        """Move a quantity from `source` to `goal`; gives the lots it is taken from, in parts.

        Parameters
        ----------
        lot_id
            Of this lot; first expired, first out unless said.
        holder
            The convoy or reservation whose kept goods may be taken.
        only_expired
            Take what has expired, and nothing else.

        Raises
        ------
        RuleError
            Too little is on hand, it has expired, or it is kept for others.
        """
        micro = to_micro(quantity)
        kind = source.partition(":")[0]
        if kind == "depot" and goal.partition(":")[0] in (*_HANDED_OUT, "depot", "donor"):
            self._require_free(source, goal, item_id, micro, lot_id, holder)
        picked = pick(
            self._shelves(source, item_id, lot_id, only_expired=only_expired),
            micro,
            today=self.today,
            expired_too=goal.partition(":")[0] not in _HANDED_OUT,
        )
        parts = list(picked.parts)
        if picked.missing and kind in _HOLDING:
            raise self._too_little(source, item_id, micro, picked.missing, picked.expired, lot_id)
        if picked.missing:
            # A donor has what it gives; what a place held before the books began is of no lot.
            parts.append((lot_id or "", picked.missing))
        self._use_up(source, item_id, micro, holder)
        for lot, part in parts:
            self._add(source, item_id, lot, -part)
            self._add(goal, item_id, lot, part)
        return [(lot, from_micro(part)) for lot, part in parts]

    def _shelves(
        self, account: str, item_id: str, lot_id: str | None, *, only_expired: bool
    ) -> list[Shelf]:
        return [
            Shelf(lot_id=lot, expires_on=self._expires.get(lot), micro=micro)
            for lot, micro in self._held.get((account, item_id), {}).items()
            if lot_id in (None, lot)
            and (not only_expired or is_expired(self._expires.get(lot), self.today))
        ]

    def _add(self, account: str, item_id: str, lot_id: str, micro: int) -> None:
        lots = self._held.setdefault((account, item_id), {})
        lots[lot_id] = lots.get(lot_id, 0) + micro

    def _require_free(
        self, depot_id: str, goal: str, item_id: str, micro: int, lot_id: str | None, holder: str
    ) -> None:
        lots = self._held.get((depot_id, item_id), {})
        gone = {lot for lot in lots if is_expired(self._expires.get(lot), self.today)}
        if lot_id in gone:
            return  # nobody waits for it
        usable = sum(held for lot, held in lots.items() if lot not in gone)
        kept = self._kept.get((depot_id, item_id), 0)
        own = min(micro, self._lines.get((holder, depot_id, item_id), 0)) if holder else 0
        free = max(0, usable - (kept - own))
        if goal.startswith("donor:"):
            # What has expired is sent back first, and nobody waits for it.
            free += sum(lots[lot] for lot in gone)
        if kept > own and free < micro <= sum(lots.values()):
            raise RuleError(
                f"{depot_id}: {written(from_micro(micro))} {item_id} to leave",
                f"only {written(from_micro(free))} are free: "
                f"{written(from_micro(kept - own))} are reserved",
                "take less, name the reservation, or release it (`qafila stock release`)",
            )

    def _use_up(self, depot_id: str, item_id: str, micro: int, holder: str) -> None:
        used = min(micro, self._lines.get((holder, depot_id, item_id), 0)) if holder else 0
        if used:
            self._lines[holder, depot_id, item_id] -= used
            self._kept[depot_id, item_id] -= used

    def _too_little(
        self, source: str, item_id: str, micro: int, missing: int, expired: int, lot_id: str | None
    ) -> RuleError:
        there = written(from_micro(micro - missing))
        gone = f", and {written(from_micro(expired))} that expired" if expired else ""
        of_lot = f" of {lot_id or 'no lot'}" if lot_id is not None else ""
        return RuleError(
            f"{source}: {written(from_micro(micro))} {item_id}{of_lot} to leave",
            f"only {there} on hand that may leave{gone}: stock never becomes negative",
            "correct the quantity, or record first what came in",
        )
