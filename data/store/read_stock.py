"""Reading goods and money: what lies where by lot, what is kept for whom, what moved, what came."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    and_,
    func,
    or_,
    select,
)

from data.events.base import Provenance
from data.lots import is_expired
from data.store import stock_records as records
from data.store.lookup import KEYS_PER_SELECT, chunks
from data.store.schema import EVENTS, from_micro, key_columns
from data.store.stock_tables import (
    ALLOCATIONS,
    COUNTS,
    DELIVERIES,
    FUNDS,
    ITEMS,
    LOTS,
    MOVEMENTS,
    OWN_ITEMS,
    PAYMENTS,
    PLEDGES,
    RESERVATIONS,
    RESERVED_LINES,
    STOCK,
    STOCK_LOTS,
)
from geo.model import StockLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date

    from data.store.stock_records import Row

Record = TypeVar("Record")


class StockReader:
    """The part of a `data.store.Reader` that speaks of goods and money."""

    _projections: Callable[[], AbstractContextManager[Connection]]
    _ledger: Callable[[], AbstractContextManager[Connection]]

    def stock(self) -> list[StockLine]:
        """Give what lies in the depots, by depot and item; what is used up is left out."""
        wanted = and_(_is_depot(STOCK.c.account), STOCK.c.balance_micro != 0)
        return self._live(STOCK, records.stock_line, wanted)

    def balances(self) -> list[records.Balance]:
        """Give every account of the double entry, by account and item; per item they sum to 0."""
        statement = (
            select(STOCK, ITEMS.c.unit)
            .join(ITEMS, ITEMS.c.item_id == STOCK.c.item_id)
            .order_by(STOCK.c.account, STOCK.c.item_id)
        )
        return self._read(statement, records.balance)

    def lot_balances(
        self, *, accounts: Sequence[str] | None = None, depots_only: bool = False
    ) -> list[records.LotBalance]:
        """Give every account by lot; per item and lot they sum to 0, and nothing held is left out.

        Parameters
        ----------
        accounts
            Only these.
        depots_only
            Only what lies in depots.
        """
        from_tables: FromClause = STOCK_LOTS.join(
            ITEMS, ITEMS.c.item_id == STOCK_LOTS.c.item_id
        ).outerjoin(LOTS, LOTS.c.lot_id == STOCK_LOTS.c.lot_id)
        statement = (
            select(STOCK_LOTS, ITEMS.c.unit, LOTS.c.code, LOTS.c.expires_on)
            .select_from(from_tables)
            .where(STOCK_LOTS.c.balance_micro != 0)
            .order_by(STOCK_LOTS.c.account, STOCK_LOTS.c.item_id, STOCK_LOTS.c.lot_id)
        )
        if accounts is not None:
            statement = statement.where(STOCK_LOTS.c.account.in_(list(accounts)))
        if depots_only:
            statement = statement.where(_is_depot(STOCK_LOTS.c.account))
        return self._read(statement, records.lot_balance)

    def free_stock(self, *, on: date, beside_plans: bool = True) -> list[StockLine]:
        """Give what depots may hand out on a day: not expired, and not kept for others.

        Parameters
        ----------
        on
            The day in the situation's zone.
        beside_plans
            Count what plans keep as free: a new plan takes the place of the one before.
        """
        usable: dict[tuple[str, str], Decimal] = {}
        for held in self.lot_balances(depots_only=True):
            if not is_expired(held.expires_on, on):
                key = (held.account, held.item_id)
                usable[key] = usable.get(key, Decimal(0)) + held.quantity
        for line in self.reserved_lines():
            key = (line.depot_id, line.item_id)
            if key in usable and not (beside_plans and line.holder.startswith("convoy:")):
                usable[key] -= line.left
        return [
            StockLine(depot_id=depot_id, item_id=item_id, quantity=float(quantity))
            for (depot_id, item_id), quantity in sorted(usable.items())
            if quantity > 0
        ]

    def lots(self) -> list[records.LotRecord]:
        """Give the lots, by id."""
        return self._live(LOTS, records.lot_record)

    def own_items(self) -> list[records.OwnItem]:
        """Give the items, and packs of items, that people registered, by id."""
        return self._live(OWN_ITEMS, records.own_item)

    def item_units(self) -> dict[str, str]:
        """Give in which unit each item is counted, as long as anything of it moved."""
        return dict(self._live(ITEMS, lambda row: (str(row["item_id"]), str(row["unit"]))))

    def movements(self) -> list[records.MovementRecord]:
        """Give every movement of goods, by id; those taken back are marked."""
        statement = select(MOVEMENTS).order_by(MOVEMENTS.c.movement_id)
        return self._read(statement, records.movement_record)

    def newest_movements(
        self, *, limit: int, account: str = "", item_id: str = "", slip_id: str = ""
    ) -> list[records.MovementRecord]:
        """Give the movements that were last recorded or taken back, the newest first.

        Parameters
        ----------
        limit
            At most so many.
        account, item_id, slip_id
            Only those from or to this account, of this item, of this slip; "" for all.
        """
        statement = select(MOVEMENTS)
        if account:
            statement = statement.where(
                or_(MOVEMENTS.c.from_account == account, MOVEMENTS.c.to_account == account)
            )
        if item_id:
            statement = statement.where(MOVEMENTS.c.item_id == item_id)
        if slip_id:
            statement = statement.where(MOVEMENTS.c.slip_id == slip_id)
        newest = statement.order_by(MOVEMENTS.c.seq.desc(), MOVEMENTS.c.movement_id).limit(limit)
        return self._read(newest, records.movement_record)

    def provenances(self, subject_ids: Sequence[str]) -> dict[str, tuple[str, Provenance | None]]:
        """Give for each id who began it (actor, "" where nobody said) and where it was read."""
        found: dict[str, tuple[str, Provenance | None]] = {}
        with self._ledger() as connection:
            for part in chunks(list(dict.fromkeys(subject_ids)), KEYS_PER_SELECT):
                statement = (
                    select(EVENTS.c.subject_id, EVENTS.c.actor, EVENTS.c.provenance)
                    .where(EVENTS.c.subject_id.in_(part))
                    .order_by(EVENTS.c.seq)
                )
                for subject_id, actor, text in connection.execute(statement):
                    told = None if text is None else Provenance.model_validate_json(text)
                    found.setdefault(subject_id, (actor or "", told))
        return found

    def flows(self) -> dict[tuple[str, str, str], Decimal]:
        """Give how much went from each account to each other, by from, to and item.

        Summed from the movements that stand; the balances are kept apart from them, so the two
        can be held against each other.
        """
        keys = (MOVEMENTS.c.from_account, MOVEMENTS.c.to_account, MOVEMENTS.c.item_id)
        statement = (
            select(*keys, func.sum(MOVEMENTS.c.quantity_micro).label("micro"))
            .where(MOVEMENTS.c.removed.is_(False))
            .group_by(*keys)
        )
        found = self._read(
            statement,
            lambda row: (
                (row["from_account"], row["to_account"], row["item_id"]),
                # A sum is a Decimal on one engine and an int on the other.
                from_micro(int(row["micro"])),
            ),
        )
        return dict(found)

    def loaded(self) -> dict[tuple[str, str, str], Decimal]:
        """Give how much of an item each convoy took from each depot, by convoy, depot and item."""
        statement = (
            select(
                MOVEMENTS.c.to_account,
                MOVEMENTS.c.from_account,
                MOVEMENTS.c.item_id,
                func.sum(MOVEMENTS.c.quantity_micro).label("micro"),
            )
            .where(
                MOVEMENTS.c.removed.is_(False),
                MOVEMENTS.c.to_account.like("convoy:%"),
                _is_depot(MOVEMENTS.c.from_account),
            )
            .group_by(MOVEMENTS.c.to_account, MOVEMENTS.c.from_account, MOVEMENTS.c.item_id)
        )
        found = self._read(
            statement,
            lambda row: (
                (row["to_account"], row["from_account"], row["item_id"]),
                # A sum is a Decimal on one engine and an int on the other.
                from_micro(int(row["micro"])),
            ),
        )
        return dict(found)

    def counts(self) -> list[records.CountRecord]:
        """Give the counts of stock that were not undone, by id."""
        return self._live(COUNTS, records.count_record)

    def reservations(self, *, held_only: bool = True) -> list[records.ReservationRecord]:
        """Give the reservations, by id; `held_only` leaves out what was released."""
        wanted = RESERVATIONS.c.released_at.is_(None) if held_only else None
        return self._live(RESERVATIONS, records.reservation_record, wanted)

    def reserved_lines(
        self, *, depots: Sequence[str] | None = None
    ) -> list[records.ReservedLineRecord]:
        """Give what is kept and not yet taken, by holder, depot and item; of some depots."""
        wanted = RESERVED_LINES.c.left_micro != 0
        if depots is not None:
            wanted &= RESERVED_LINES.c.depot_id.in_(list(depots))
        return self._live(RESERVED_LINES, records.reserved_line, wanted)

    def deliveries(self) -> list[records.DeliveryRecord]:
        """Give the deliveries that were not undone, by id."""
        return self._live(DELIVERIES, records.delivery_record)

    def funds(self) -> list[records.FundRecord]:
        """Give the funds, by id."""
        return self._live(FUNDS, records.fund_record)

    def pledges(self) -> list[records.PledgeRecord]:
        """Give the promises to funds, by id; one of 0 was taken back."""
        return self._live(PLEDGES, records.pledge_record)

    def allocations(self) -> list[records.AllocationRecord]:
        """Give what parts of funds are for, by id."""
        return self._live(ALLOCATIONS, records.allocation_record)

    def payments(self) -> list[records.PaymentRecord]:
        """Give the payments to households that were not undone, by id."""
        return self._live(PAYMENTS, records.payment_record)

    def _live(
        self,
        table: Table,
        make: Callable[[Row], Record],
        condition: ColumnElement[bool] | None = None,
    ) -> list[Record]:
        statement = select(table).where(table.c.removed.is_(False))
        if condition is not None:
            statement = statement.where(condition)
        return self._read(statement.order_by(*(table.c[name] for name in key_columns(table))), make)

    def _read(self, statement: Select[Any], make: Callable[[Row], Record]) -> list[Record]:
        with self._projections() as connection:
            return [make(row._mapping) for row in connection.execute(statement)]


def _is_depot(account: ColumnElement[Any]) -> ColumnElement[bool]:
    return account.like("depot:%")
