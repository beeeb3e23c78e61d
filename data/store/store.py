"""The store: a situation's ledger with its projections, and the one way to add to them."""

from __future__ import annotations

import contextlib
import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from sqlalchemy import Connection, Engine, select

from data.events import NewEvent, RecordedEvent, SituationCreated
from data.store import migrate, views
from data.store.chain import ChainCheck, EventRow, Verification
from data.store.drafts import Draft, draft, require_same_type, sealed_rows
from data.store.engine import (
    WAIT_S,
    database_path,
    database_url,
    empty_log,
    for_writing,
    is_file,
    open_engine,
    prepare,
    reading,
    shown,
    translated,
    writing,
)
from data.store.heads import parse_head, utc_text
from data.store.lookup import Wanted, look, wanted_of
from data.store.place import make_place, no_situation, require_empty, revision_of_ours
from data.store.projections import apply, dump, touches
from data.store.read import EVENTS_PER_READ, LedgerHistory, Reader, recorded
from data.store.replay import differences, replay
from data.store.rules import check
from data.store.schema import EVENTS, REVISION
from data.store.state import Fact, State
from geo.errors import (
    InputError,
    QafilaError,
    StoreBusyError,
    StoreError,
    UnknownIdError,
)
from geo.model import new_id

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy.engine import URL

    from data.store.past import PastStore
    from data.store.postgres_rows import Statement

Clock = Callable[[], datetime]
Ids = Callable[[str], str]


def utc_now() -> datetime:
    """Present moment, aware, in UTC."""
    return datetime.now(UTC)


class Store(Reader):
    """The ledger of one situation; use `create` or `open`, and close it.

    Threads of one process share one store; several processes may open the same file. Every method
    that touches the database raises `StoreError`, `StoreBusyError` among them, and nothing foreign.
    """

    def __init__(self, engine: Engine, *, clock: Clock, ids: Ids, wait_s: float) -> None:
        super().__init__(
            ledger=functools.partial(reading, engine),
            projections=functools.partial(reading, engine),
        )
        self._engine = engine
        self._writing_engine = for_writing(engine)
        self._clock = clock
        self._ids = ids
        self._wait_s = wait_s
        # Threads of this process queue here, which is fair; the database only knows polling.
        self._writer = threading.Lock()

    @classmethod
    def create(
        cls,
        place: str | Path,
        created: SituationCreated,
        *,
        organisation_id: str | None = None,
        actor: str | None = None,
        clock: Clock = utc_now,
        ids: Ids = new_id,
        wait_s: float = WAIT_S,
    ) -> Self:
        """Begin a situation in a new database; all of it is there afterwards, or nothing.

        `place` is the path of a file, ``sqlite:///`` and that path, or ``postgresql://…``. Raises
        `StoreError` if there is a situation already, or another's data.
        """
        url = database_url(place)
        make_place(url)
        engine = open_engine(url, wait_s=wait_s)
        store = cls(engine, clock=clock, ids=ids, wait_s=wait_s)
        first = NewEvent(payload=created, organisation_id=organisation_id, actor=actor)
        try:
            with reading(engine) as connection:
                require_empty(connection)
            prepare(engine)
            with store._writing() as connection:
                require_empty(connection)
                migrate.upgrade(connection)
                views.create(connection)
                store._append([draft(first)], connection)
        except BaseException:
            engine.dispose()
            raise
        return store

    @classmethod
    def open(
        cls,
        place: str | Path,
        *,
        clock: Clock = utc_now,
        ids: Ids = new_id,
        wait_s: float = WAIT_S,
    ) -> Self:
        """Open a situation; an older schema is brought up to date after a copy was made.

        Raises `NoSituationError` if there is none, `StoreError` if the file is not ours, damaged or
        of a newer program.
        """
        url = database_url(place)
        if is_file(url) and not database_path(url).is_file():
            raise no_situation(url)
        engine = open_engine(url, wait_s=wait_s)
        store = cls(engine, clock=clock, ids=ids, wait_s=wait_s)
        try:
            with reading(engine) as connection:
                found = revision_of_ours(connection)
            if found != REVISION:
                store._upgrade()
        except BaseException:
            engine.dispose()
            raise
        return store

    def close(self) -> None:
        """Release the file; the store cannot be used afterwards."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- writing ---

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        also: Callable[[Connection], object] | None = None,
    ) -> list[RecordedEvent]:
        """Record events in one transaction, with the chain and the projections: all or none.

        An event whose `client_id` was recorded before is not recorded again; the answer holds the
        one that is there. The answer is in the order of `events`. What `also` writes into private
        tables belongs to the same transaction. Raises `RuleError` or
        `UnknownIdError` for what may not happen, `SchemaError`, `TooLargeError` or `InputError` for
        what cannot be recorded, `StoreBusyError` if others write for too long.
        """
        drafts = [draft(event) for event in events]
        if not drafts:
            return []
        asked = _wanted(drafts)
        question = None if is_file(self._engine.url) else asked.question()
        with self._writing(question) as connection:
            rows = self._append(drafts, connection, asked=asked, last=also is None)
            if also is not None:
                also(connection)
        return list(map(recorded, rows))

    def append_within(self, connection: Connection, drafts: Sequence[Draft]) -> list[RecordedEvent]:
        """Record drafts in a transaction of `writing` that does more; else as `append`."""
        return list(map(recorded, self._append(drafts, connection)))

    def check(self, events: Sequence[NewEvent]) -> list[QafilaError | None]:
        """Say for each event why `append` would refuse it, or None; nothing is recorded.

        Each is judged as if those before it that are in order were recorded, so a sheet learns
        about every bad row at once.
        """
        answers: list[QafilaError | None] = []
        with self._ledger() as connection:
            done: list[Fact] = []
            state = State(connection, _HistoryWith(LedgerHistory(connection), done))
            seq = self._last_seq(connection)
            now = utc_text(self._clock())
            for event in events:
                seq += 1
                try:
                    one = draft(event).fact(seq=seq, recorded_at=now)
                    check(state, one)
                except QafilaError as error:
                    answers.append(error)
                else:
                    apply(state, one)
                    done.append(one)
                    answers.append(None)
        return answers

    def rebuild(self) -> int:
        """Drop the projections and make them anew from the ledger; gives the number of events."""
        with self._writing() as connection:
            views.renew_projections(connection, share=True)
            return replay(source=connection, target=connection, until=None)

    # --- checking ---

    def verify(
        self,
        *,
        against: str | Sequence[str] | None = None,
        signer: str | None = None,
        projections: bool = False,
        progress: Callable[[float, str], object] | None = None,
    ) -> Verification:
        """Check the chain from its first event; `docs/ledger.md` says what that proves.

        Parameters
        ----------
        against
            Heads that were exported earlier (lines of `head_text` or of `signed_head`): finds a
            tail that was cut and a ledger that was rewritten. Raises `InputError` for what is none.
        signer
            The public key (hexadecimal) that must have signed the heads; without it the signature
            of each is checked with the key that it names.
        projections
            Whether to replay the ledger too and compare its projections with the stored ones.
        progress
            Told the share that is done and what is being checked, now and then.
        """
        lines = [against] if isinstance(against, str) else (against or ())
        walk = ChainCheck(against=[parse_head(line) for line in lines])
        if walk.against:
            # Cryptography takes a while to import, and most checks need none of it.
            from data.store.signing import head_problem
        for head in walk.against:
            if (problem := head_problem(head, signer=signer)) is not None:
                walk.report(f"the head of event {head.seq}: {problem}")
        try:
            # The replay takes about as long as the walk.
            share = 0.5 if projections else 1.0
            total = max(1, self.seq()) if progress else 0
            for row in walk.follow(self._rows_after(0, None)):
                if progress and row.seq % EVENTS_PER_READ == 0:
                    progress(share * min(1.0, row.seq / total), f"{row.seq} / {total}")
            if projections and not walk.problems:
                if progress:
                    progress(share, "rebuilding the tables of state to compare them")
                self._compare_projections(walk)
        except StoreBusyError:
            raise
        except (StoreError, QafilaError) as error:
            walk.report(f"after event {walk.last.seq if walk.last else 0}: {error}")
        return walk.finish()

    # --- other moments ---

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Reader]:
        """Reader that stands still: everything it gives is of the same moment.

        For the thread that asked, until the end of the ``with`` block.
        """
        url = self._engine.url
        with contextlib.ExitStack() as held:
            with translated(url):
                connection = held.enter_context(self._engine.connect())
                held.enter_context(connection.begin())

            @contextlib.contextmanager
            def same() -> Iterator[Connection]:
                with translated(url):
                    yield connection

            with same():
                until = self._last_seq(connection)
            yield Reader(ledger=same, projections=same, until=until)

    def as_of(self, moment: int | datetime) -> PastStore:
        """What was known at an event (its seq) or at a time: a reader, replayed into memory.

        Close it after use. Raises `UnknownIdError` for an event that is not there, and `InputError`
        for a time before the first one.
        """
        with self._ledger() as connection:
            last = self._last_seq(connection)
            until = _seq_at(connection, moment) if isinstance(moment, datetime) else moment
        if not 1 <= until <= last:
            raise UnknownIdError(
                f"event {until}", f"this ledger has the events 1 to {last}", "choose one of them"
            )
        from data.store.past import PastStore

        return PastStore(self, until=until)

    def seq_at(self, moment: datetime) -> int:
        """Number of the last event recorded at or before a moment; 0 where there was none yet."""
        with self._ledger() as connection:
            return _last_before(connection, moment)

    @property
    def url(self) -> URL:
        """Where the database is; `engine.shown` writes it without secrets."""
        return self._engine.url

    def reading(self) -> contextlib.AbstractContextManager[Connection]:
        """Connection that sees one moment, for private tables, which are no projections."""
        return reading(self._engine)

    def empty_log(self) -> None:
        """Empty the database's log of changes, which may hold what was erased, if nobody reads."""
        empty_log(self._engine)

    def writing(self) -> contextlib.AbstractContextManager[Connection]:
        """Take the writer's turn: nobody else writes until the end of the ``with`` block."""
        return self._writing()

    # --- inside ---

    @contextlib.contextmanager
    def _writing(self, question: Statement | None = None) -> Iterator[Connection]:
        if not self._writer.acquire(timeout=self._wait_s):
            raise StoreBusyError(
                shown(self._engine.url),
                f"others in this program have been writing for {self._wait_s:g} s",
                "try again in a moment",
            )
        try:
            with writing(self._writing_engine, question=question) as connection:
                yield connection
        finally:
            self._writer.release()

    def _append(
        self,
        drafts: Sequence[Draft],
        connection: Connection,
        *,
        asked: Wanted | None = None,
        last: bool = False,
    ) -> list[EventRow]:
        seen = look(connection, asked or _wanted(drafts))
        by_client = seen.known
        fresh: list[Draft] = []
        promised: dict[str, Draft] = {}
        for one in drafts:
            if one.client_id is None:
                fresh.append(one)
            elif one.client_id not in by_client and one.client_id not in promised:
                promised[one.client_id] = one
                fresh.append(one)
        rows = sealed_rows(
            fresh,
            last=seen.last,
            now=utc_text(self._clock()),
            new_id=self._ids,
        )
        if rows:
            facts = [
                one.fact(seq=row.seq, recorded_at=row.recorded_at)
                for one, row in zip(fresh, rows, strict=True)
            ]
            state = State(connection, LedgerHistory(connection))
            state.learn(seen.rows)
            state.write_first(EVENTS, [row._asdict() for row in rows])
            for each in facts:
                check(state, each)
                apply(state, each)
            state.flush(last=last)
        by_client.update({row.client_id: row for row in rows if row.client_id is not None})
        return _in_order(drafts, rows, by_client)

    def _upgrade(self) -> None:
        with self._writing() as connection:
            # Another process may have done it while this one waited.
            found = revision_of_ours(connection)
            if found == REVISION:
                return
            migrate.backup(connection, found)
            migrate.upgrade(connection)
            views.renew_projections(connection)
            replay(source=connection, target=connection, until=None)

    def _compare_projections(self, walk: ChainCheck) -> None:
        from data.store.past import PastStore

        if walk.last is None:
            return
        with (
            self.snapshot() as still,
            PastStore(self, until=still.seq()) as again,
            still._projections() as stored,
            again._projections() as replayed,
        ):
            for line in itertools.islice(differences(dump(stored), dump(replayed)), 10):
                walk.report(line)


def _wanted(drafts: Sequence[Draft]) -> Wanted:
    """What must be known before these are recorded."""
    return wanted_of(
        [one.client_id for one in drafts if one.client_id is not None],
        (touch for one in drafts for touch in touches(one.payload, one.upload_id)),
    )


class _HistoryWith:
    """The ledger's history and, after it, events that are not recorded."""

    def __init__(self, recorded_history: LedgerHistory, done: list[Fact]) -> None:
        self._recorded = recorded_history
        self._done = done

    def of_upload(self, upload_id: str, *, before: int) -> Sequence[Fact]:
        """Events that came with an upload, in order."""
        found = list(self._recorded.of_upload(upload_id, before=before))
        return found + [one for one in self._done if one.upload_id == upload_id]

    def of_subjects(self, subject_ids: Sequence[str], *, before: int) -> Sequence[Fact]:
        """Events that are about any of these, in order."""
        found = list(self._recorded.of_subjects(subject_ids, before=before))
        return found + [one for one in self._done if one.payload.subject_id in set(subject_ids)]


def _in_order(
    drafts: Sequence[Draft], rows: Iterable[EventRow], by_client: dict[str, EventRow]
) -> list[EventRow]:
    fresh = (row for row in rows if row.client_id is None)
    answer: list[EventRow] = []
    for one in drafts:
        if one.client_id is None:
            answer.append(next(fresh))
        else:
            known = by_client[one.client_id]
            require_same_type(one, known)
            answer.append(known)
    return answer


def _seq_at(connection: Connection, moment: datetime) -> int:
    found = _last_before(connection, moment)
    if not found:
        raise InputError(
            f"the time {moment.isoformat()}",
            "a time after the situation began is needed",
            "choose a later one",
        )
    return found


def _last_before(connection: Connection, moment: datetime) -> int:
    if moment.tzinfo is None:
        raise InputError(
            f"the time {moment.isoformat()}", "a time with its zone is needed", "add Z or +01:00"
        )
    found = connection.execute(
        select(EVENTS.c.seq)
        .where(EVENTS.c.recorded_at <= utc_text(moment))
        .order_by(EVENTS.c.seq.desc())
        .limit(1)
    ).scalar()
    return int(found or 0)
