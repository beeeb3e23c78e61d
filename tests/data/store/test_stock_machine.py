"""In = out + on hand, per item, account and lot, at every event, whatever people do in any order.

A state machine moves, counts, reserves, delivers, uploads and undoes, on both engines, beside the
same book-keeping in the plainest way: dictionaries of what counts.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from data.events import (
    DepotRegistered,
    Event,
    LotRegistered,
    NewEvent,
    Provenance,
    ReservedLine,
    SituationCreated,
    SlipUndone,
    StockCounted,
    StockMoved,
    StockReleased,
    StockReserved,
    UploadReceived,
    UploadUndone,
)
from data.store import Store
from geo.errors import QafilaError

NOW = datetime(2023, 9, 10, 12, tzinfo=UTC)
EXAMPLE = itertools.count()
ACCOUNTS = ("donor:x", "depot:a", "depot:b", "convoy:c", "place:p", "loss:damaged", "count:n")
LOTS = ("", "fresh", "old")
EXPIRES = {"fresh": date(2024, 1, 1), "old": date(2023, 9, 9)}
HOLDING = ("depot", "convoy")
WILLED = ("depot", "convoy", "place", "donor")

accounts = st.sampled_from(ACCOUNTS)
lots = st.sampled_from(LOTS)
amounts = st.integers(1, 30)
slips = st.sampled_from((None, None, "s1", "s2"))
uploads = st.sampled_from((None, None, "u1"))


@dataclass
class Move:
    """A movement that counts, in whole units."""

    lot: str
    amount: int
    source: str
    target: str
    slip: str | None
    upload: str | None
    kept: int = 0


@dataclass
class Book:
    """What counts: movements, and what is kept for the convoy and for somebody else."""

    moves: list[Move] = field(default_factory=list)
    kept: dict[tuple[str, str], int] = field(default_factory=dict)
    used_slips: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)

    def balances(self, moves: list[Move] | None = None) -> dict[tuple[str, str], int]:
        totals: defaultdict[tuple[str, str], int] = defaultdict(int)
        for move in self.moves if moves is None else moves:
            totals[move.source, move.lot] -= move.amount
            totals[move.target, move.lot] += move.amount
        return {key: amount for key, amount in totals.items() if amount}

    def usable(self, depot: str) -> int:
        held = self.balances()
        return sum(held.get((depot, lot), 0) for lot in ("", "fresh"))

    def kept_in(self, depot: str) -> int:
        return sum(amount for (_, where), amount in self.kept.items() if where == depot)

    def may_move(self, lot: str, amount: int, source: str, target: str) -> bool:
        if source == target:
            return False
        kind, to = source.partition(":")[0], target.partition(":")[0]
        if kind in HOLDING and self.balances().get((source, lot), 0) < amount:
            return False
        if lot == "old" and to in ("convoy", "place"):
            return False
        if kind == "depot" and to in WILLED and lot != "old":
            own = self.kept.get((target, source), 0) if to == "convoy" else 0
            beyond = amount - min(amount, own)
            return beyond == 0 or beyond <= max(0, self.usable(source) - self.kept_in(source))
        return True

    def may_undo(self, gone: list[Move]) -> bool:
        left = [move for move in self.moves if not any(move is one for one in gone)]
        before, after = self.balances(), self.balances(left)
        return all(
            after.get(key, 0) >= min(0, before.get(key, 0))
            for key in before.keys() | after.keys()
            if key[0].partition(":")[0] in HOLDING
        )

    def undo(self, gone: list[Move]) -> None:
        self.moves = [move for move in self.moves if not any(move is one for one in gone)]
        for move in gone:
            if move.kept and (move.target, move.source) in self.kept:
                self.kept[move.target, move.source] += move.kept


class StockMachine(RuleBasedStateMachine):
    """People at work in two depots; every example has an item of its own in one database."""

    store: Store

    @initialize()
    def begin(self) -> None:
        self.tag = f"t{next(EXAMPLE)}"
        self.numbers = itertools.count()
        self.book = Book()
        self.reservations: dict[str, str] = {}
        self.reservation = ""
        depots = [
            DepotRegistered(depot_id=self.name(one), name="D", lon=-8, lat=31)
            for one in ("depot:a", "depot:b")
        ]
        lots_here = [
            LotRegistered(lot_id=self.lot(lot) or "", item_id=self.item, expires_on=day)
            for lot, day in EXPIRES.items()
        ]
        upload = UploadReceived(
            upload_id=f"upload:{self.tag}u1", kind="stock", file="s.csv", sha256="c" * 64,
            accepted=1, rejected=0,
        )  # fmt: skip
        self.store.append([NewEvent(payload=one) for one in (*depots, *lots_here, upload)])

    @rule(lot=lots, amount=amounts, source=accounts, goal=accounts, slip=slips, upload=uploads)
    def move(
        self, lot: str, amount: int, source: str, goal: str, slip: str | None, upload: str | None
    ) -> None:
        book = self.book
        allowed = (
            book.may_move(lot, amount, source, goal)
            and slip not in book.undone
            and upload not in book.undone
        )
        event = self.moved(lot, amount, source, goal, slip)
        if self.accepted([event], upload) != allowed:
            raise AssertionError(f"{source} to {goal}, {amount} of {lot!r}: {allowed=}")
        if allowed:
            own = book.kept.get((goal, source), 0) if goal.startswith("convoy:") else 0
            kept = min(amount, own)
            if kept:
                book.kept[goal, source] -= kept
            book.moves.append(Move(lot, amount, source, goal, slip, upload, kept))
            if slip:
                book.used_slips.add(slip)

    @rule(lot=lots, counted=st.integers(0, 40), wrong=st.booleans())
    def count(self, lot: str, counted: int, *, wrong: bool) -> None:
        booked = self.book.balances().get(("depot:a", lot), 0)
        events: list[Event] = [
            StockCounted(
                count_id=self.new("count"), depot_id=self.name("depot:a"), item_id=self.item,
                counted=counted, booked=booked + wrong, unit="unit", lot_id=self.lot(lot),
            )
        ]  # fmt: skip
        difference = counted - booked
        sides = ("count:n", "depot:a") if difference > 0 else ("depot:a", "count:n")
        if difference:
            events.append(self.moved(lot, abs(difference), *sides, None))
        assert self.accepted(events) == (not wrong)
        if difference and not wrong:
            self.book.moves.append(Move(lot, abs(difference), *sides, None, None))

    @rule(depot=st.sampled_from(("depot:a", "depot:b")), amount=amounts)
    def reserve(self, depot: str, amount: int) -> None:
        """Keep goods for the convoy, in place of what was kept for it in this depot."""
        book = self.book
        others = book.kept_in(depot) - book.kept.get(("convoy:c", depot), 0)
        grows = amount > book.kept.get(("convoy:c", depot), 0)
        allowed = not grows or others + amount <= book.usable(depot)
        made = self.new("reservation")
        line = ReservedLine(
            depot_id=self.name(depot), item_id=self.item, quantity=amount, unit="unit",
            convoy_id=self.name("convoy:c"),
        )  # fmt: skip
        assert self.accepted([StockReserved(reservation_id=made, lines=(line,))]) == allowed
        if allowed:
            book.kept["convoy:c", depot] = amount
            self.reservations[depot] = made

    @rule(depot=st.sampled_from(("depot:a", "depot:b")))
    def release(self, depot: str) -> None:
        held = self.reservations.pop(depot, None)
        if held is not None:
            assert self.accepted([StockReleased(reservation_id=held)])
            self.book.kept.pop(("convoy:c", depot), None)

    @rule(slip=st.sampled_from(("s1", "s2")))
    def undo_slip(self, slip: str) -> None:
        gone = [move for move in self.book.moves if move.slip == slip]
        allowed = bool(gone) and slip not in self.book.undone and self.book.may_undo(gone)
        assert self.accepted([SlipUndone(slip_id=f"slip:{self.tag}{slip}")]) == allowed
        if allowed:
            self.book.undo(gone)
            self.book.undone.add(slip)

    @rule()
    def undo_upload(self) -> None:
        gone = [move for move in self.book.moves if move.upload == "u1"]
        allowed = "u1" not in self.book.undone and self.book.may_undo(gone)
        assert self.accepted([UploadUndone(upload_id=f"upload:{self.tag}u1")]) == allowed
        if allowed:
            self.book.undo(gone)
            self.book.undone.add("u1")

    @invariant()
    def every_lot_is_where_the_book_says(self) -> None:
        if not hasattr(self, "book"):
            return
        held = {
            (one.account, one.lot_id): one.quantity
            for one in self.store.lot_balances(accounts=[self.name(one) for one in ACCOUNTS])
            if one.item_id == self.item
        }
        expected = self.book.balances()
        assert held == {
            (self.name(account), self.lot(lot) or ""): Decimal(amount)
            for (account, lot), amount in expected.items()
        }
        # In = out + on hand, by lot: what all donors gave is somewhere.
        for lot in LOTS:
            assert sum(amount for (_, one), amount in expected.items() if one == lot) == 0
        assert not any(
            amount < 0 and account.partition(":")[0] in HOLDING
            for (account, _), amount in expected.items()
        )

    @invariant()
    def the_items_are_the_sum_of_their_lots_and_what_is_kept_is_kept(self) -> None:
        if not hasattr(self, "book"):
            return
        by_account: defaultdict[str, Decimal] = defaultdict(Decimal)
        for (account, _), amount in self.book.balances().items():
            by_account[self.name(account)] += amount
        stored = {
            one.account: one.quantity
            for one in self.store.balances()
            if one.item_id == self.item and one.quantity
        }
        assert stored == {account: amount for account, amount in by_account.items() if amount}
        kept = {
            line.depot_id: line.left
            for line in self.store.reserved_lines()
            if line.item_id == self.item
        }
        assert kept == {
            self.name(depot): amount for (_, depot), amount in self.book.kept.items() if amount
        }

    def accepted(self, events: list[Event], upload: str | None = None) -> bool:
        """Whether all of these were recorded together, or none."""
        provenance = None
        if upload is not None:
            provenance = Provenance(file="s.csv", upload_id=f"upload:{self.tag}{upload}")
        try:
            self.store.append([NewEvent(payload=one, provenance=provenance) for one in events])
        except QafilaError:
            return False
        return True

    def moved(
        self, lot: str, amount: int, source: str, target: str, slip: str | None
    ) -> StockMoved:
        return StockMoved(
            movement_id=self.new("movement"), item_id=self.item, quantity=amount, unit="unit",
            from_account=self.name(source), to_account=self.name(target), lot_id=self.lot(lot),
            slip_id=None if slip is None else f"slip:{self.tag}{slip}",
        )  # fmt: skip

    @property
    def item(self) -> str:
        return f"item_{self.tag}"

    def name(self, account: str) -> str:
        return f"{account}{self.tag}"

    def lot(self, lot: str) -> str | None:
        return f"lot:{self.tag}{lot}" if lot else None

    def new(self, prefix: str) -> str:
        return f"{prefix}:{self.tag}-{next(self.numbers)}"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Store]:
    """One database for all examples: each uses depots and an item of its own."""
    if request.param == "sqlite":
        place = f"sqlite:///{tmp_path_factory.mktemp('machine') / 's.sqlite'}"
    else:
        place = request.getfixturevalue("database_server").new_database()
    created = SituationCreated(situation_id="situation:machine", name="Machine", plays_at=NOW)
    with Store.create(place, created) as store:
        yield store


def test_nothing_appears_and_nothing_vanishes_whatever_is_done(shared: Store) -> None:
    machine = type("Machine", (StockMachine,), {"store": shared})
    machine.TestCase.settings = settings(
        max_examples=25,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    machine.TestCase().runTest()


def test_the_replay_of_all_of_it_agrees(shared: Store) -> None:
    assert shared.verify(projections=True).ok
