"""Double entry: in = out + on hand, per item and depot, at every event."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.events import (
    DepotRegistered,
    NewEvent,
    Provenance,
    SituationCreated,
    StockMoved,
    UploadReceived,
    UploadUndone,
)
from data.store import Store
from geo.errors import RuleError

EXAMPLE = itertools.count()
KINDS = ("donor", "depot:a", "depot:b", "convoy", "place", "loss", "count")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Store]:
    """One database for all examples: each uses depots and items of its own."""
    if request.param == "sqlite":
        place = f"sqlite:///{tmp_path_factory.mktemp('stock') / 's.sqlite'}"
    else:
        place = request.getfixturevalue("database_server").new_database()
    created = SituationCreated(situation_id="situation:stock", name="Stock")
    with Store.create(place, created) as store:
        yield store


@dataclass(frozen=True)
class Step:
    """A movement between two kinds of accounts, or the undoing of an upload."""

    source: str = ""
    target: str = ""
    item: str = "tent"
    micro: int = 0
    upload: int | None = None
    undo: int | None = None


STEPS = st.lists(
    st.one_of(
        st.builds(
            Step,
            source=st.sampled_from(KINDS),
            target=st.sampled_from(KINDS),
            item=st.sampled_from(["tent", "water_l"]),
            micro=st.integers(1, 50_000_000),
            upload=st.sampled_from([None, None, 0, 1]),
        ),
        st.builds(Step, undo=st.sampled_from([0, 1])),
    ),
    max_size=14,
)


@settings(max_examples=40)
@given(steps=STEPS)
def test_in_is_out_plus_on_hand_at_every_event(shared: Store, steps: list[Step]) -> None:
    tag = f"e{next(EXAMPLE)}"
    book = Book(tag)
    shared.append(book.opening())
    for number, step in enumerate(steps):
        expected = book.after(step)
        event = book.event(step, number)
        if expected is None:
            with pytest.raises(RuleError):
                shared.append([event])
        else:
            shared.append([event])
            book.take(step, expected)
        assert _balances(shared, tag) == book.on_accounts()
    assert all(sum(amounts) == 0 for amounts in book.by_item().values())


def test_the_replay_agrees_with_all_of_it(shared: Store) -> None:
    assert shared.verify(projections=True).ok


class Book:
    """The same book-keeping in the plainest way: a list of what counts."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.moves: list[Step] = []
        self.undone: set[int] = set()

    def opening(self) -> list[NewEvent]:
        depots = [
            NewEvent(payload=DepotRegistered(depot_id=self.name(depot), name="D", lon=-8, lat=31))
            for depot in ("depot:a", "depot:b")
        ]
        uploads = [
            NewEvent(
                payload=UploadReceived(
                    upload_id=self.upload(number),
                    kind="stock",
                    file="s.csv",
                    sha256="c" * 64,
                    accepted=1,
                    rejected=0,
                )
            )
            for number in (0, 1)
        ]
        return depots + uploads

    def event(self, step: Step, number: int) -> NewEvent:
        if step.undo is not None:
            return NewEvent(payload=UploadUndone(upload_id=self.upload(step.undo)))
        return NewEvent(
            payload=StockMoved(
                movement_id=f"movement:{self.tag}-{number}",
                item_id=f"{step.item}_{self.tag}",
                quantity=Decimal(step.micro) / 1_000_000,
                unit="unit",
                from_account=self.name(step.source),
                to_account=self.name(step.target),
            ),
            provenance=None
            if step.upload is None
            else Provenance(file="s.csv", upload_id=self.upload(step.upload)),
        )

    def after(self, step: Step) -> list[Step] | None:
        """Movements that count after the step, None if a rule forbids it."""
        if step.undo is not None:
            if step.undo in self.undone:
                return None
            left = [move for move in self.moves if move.upload != step.undo]
        elif step.source == step.target or step.upload in self.undone:
            return None
        else:
            left = [*self.moves, step]
        held = self.on_accounts(left)
        before = self.on_accounts()
        for (account, item), amount in held.items():
            short = account.startswith(("depot:", "convoy:")) and amount < 0
            if short and amount < before.get((account, item), 0):
                return None
        return left

    def take(self, step: Step, moves: list[Step]) -> None:
        self.moves = moves
        if step.undo is not None:
            self.undone.add(step.undo)

    def on_accounts(self, moves: list[Step] | None = None) -> dict[tuple[str, str], int]:
        totals: defaultdict[tuple[str, str], int] = defaultdict(int)
        for move in self.moves if moves is None else moves:
            item = f"{move.item}_{self.tag}"
            totals[self.name(move.source), item] -= move.micro
            totals[self.name(move.target), item] += move.micro
        return {key: amount for key, amount in totals.items() if amount}

    def by_item(self) -> dict[str, list[int]]:
        found: defaultdict[str, list[int]] = defaultdict(list)
        for (_, item), amount in self.on_accounts().items():
            found[item].append(amount)
        return found

    def name(self, kind: str) -> str:
        return f"{kind}-{self.tag}" if ":" in kind else f"{kind}:{self.tag}"

    def upload(self, number: int) -> str:
        return f"upload:{self.tag}-{number}"


def _balances(store: Store, tag: str) -> dict[tuple[str, str], int]:
    return {
        (balance.account, balance.item_id): int(balance.quantity * 1_000_000)
        for balance in store.balances()
        if balance.quantity and balance.item_id.endswith(f"_{tag}")
    }
