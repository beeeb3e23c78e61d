"""What convoys say on the way: arrived, delivered, refused, blocked, in need of help. Once each."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods, planning
from dashboard.operations.convoy_way import position_at, require_near_way
from dashboard.operations.delivering import DeliveryCounter
from dashboard.operations.one_moment import once
from dashboard.operations.roads import closure_event
from dashboard.operations.situation import utc_now
from data.events import ConvoyReported, DeliveryReported, NewEvent, RoadClosed
from data.intake.reply import parse_reply
from data.store import positions
from geo.errors import ConflictError, InputError, QafilaError, StoreError, UnknownIdError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from dashboard.operations.situation import Situation
    from data.events import Event, RecordedEvent
    from data.events.field import ReceiverRole, ReportKind
    from geo.model import VehicleClassName

# What stands in the book is read before it is written: one report after the other.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Who reports: `sender` keeps the ids of one from those of another; `said_at` None = now."""

    sender: str = ""
    client_id: str | None = None
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a convoy says of itself.

    Parameters
    ----------
    stop
        Number of the stop, from 1.
    goods
        Quantity and item, as written.
    km, near
        Where the road is blocked: kilometre on the way, or lon, lat (degrees, EPSG:4326).
    receiver
        In what role somebody took the goods over (`data.events.field.RECEIVER_ROLES`).
    signature
        What that person drew (`require_strokes`).
    photo
        A JPEG that was written anew here (`data.photos.clean_photo`).
    """

    kind: ReportKind
    stop: int | None = None
    goods: tuple[tuple[str, str], ...] = ()
    km: float | None = None
    near: tuple[float, float] | None = None
    classes: tuple[VehicleClassName, ...] = ()
    note: str = ""
    receiver: ReceiverRole | None = None
    signature: str = ""
    photo: bytes | None = None

    def digest(self) -> str:
        """Hash of what is said, by which the same report is known again."""
        said = asdict(self) | {"photo": "" if self.photo is None else _sha256(self.photo)}
        return _sha256(json.dumps(said, sort_keys=True).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report with who told it; `words` is the message itself, where it was one."""

    said: Report
    by: Reporter
    words: str = ""

    @property
    def base(self) -> str:
        """What the ids of its events begin with; "" where the sender gave none."""
        sender = self.by.sender or "owner"
        return f"field:{sender}:{self.by.client_id}" if self.by.client_id else ""


def take_reply(
    situation: Situation, convoy_id: str, text: str, *, by: Reporter = Reporter()
) -> dict[str, Any]:
    """Record what a message of a convoy's leader says (`data.intake.reply`).

    Returns
    -------
    dict
        ``{convoy_id, kind, new, recorded}``; `recorded` are ids of deliveries, closures or the
        convoy. `new` is False where the message of this id was taken in before.
    """
    read = parse_reply(text)
    said = Report(
        kind=read.kind,
        stop=read.stop,
        goods=read.goods,
        km=read.km,
        classes=read.classes,
        note=read.note,
    )
    return take_report(situation, convoy_id, said, by=by, words=text)


def take_report(
    situation: Situation, convoy_id: str, said: Report, *, by: Reporter, words: str = ""
) -> dict[str, Any]:
    """Record what a convoy says; `words` is the message itself, where it was one.

    Raises
    ------
    UnknownIdError
        The newest plan has no such convoy, stop or item.
    ConflictError
        The id was used for a report that says otherwise.
    RuleError
        The convoy does not carry so much, or the way is not so long.
    """
    (found,) = take_reports(situation, convoy_id, [Told(said=said, by=by, words=words)])
    if isinstance(found, QafilaError):
        raise found
    return found


def take_reports(
    situation: Situation, convoy_id: str, told: Sequence[Told]
) -> list[dict[str, Any] | QafilaError]:
    """Record reports of one convoy one after the other, those that can be in one transaction.

    What stands in the book is read once for all of them.

    Returns
    -------
    list
        In the order given: as `take_report` gives it, or why this one was not recorded.

    Raises
    ------
    UnknownIdError
        No plan has such a convoy.
    StoreError
        Nobody's fault: send all of them again.
    """
    if not told:
        return []
    convoy = find_convoy(situation, convoy_id)
    with _turn:
        batch = _Batch(situation, convoy, told)
        for number in range(len(told)):
            batch.add(number)
        batch.flush()
    return [batch.found[number] for number in range(len(told))]


class _Batch:
    """Reports that are recorded together, and what became of each, by its number."""

    def __init__(self, situation: Situation, convoy: dict[str, Any], told: Sequence[Told]) -> None:
        self._situation, self._convoy, self._told = situation, convoy, told
        self.found: dict[int, dict[str, Any] | QafilaError] = {}
        ids = [base for one in told if (base := one.base)]
        self._before = situation.store.payloads_under([f"{base}:0" for base in ids])
        self._counter: DeliveryCounter | None = None
        self._waiting: dict[int, list[NewEvent]] = {}

    def add(self, number: int) -> None:
        """Make ready what is recorded of a report, unless it was recorded before."""
        one = self._told[number]
        try:
            if any(one.base and one.base == self._told[other].base for other in self._waiting):
                self.flush()
            if one.base and self._is_known(one):
                self.found[number] = self._answer(one, new=False)
                return
            self._waiting[number] = self._events(one)
        except StoreError:
            raise
        except QafilaError as error:
            self.found[number] = error
            # It may have taken goods from the book before it failed.
            self.flush()
            self._counter = None

    def flush(self) -> None:
        """Record what is ready: together, or one by one where one of them breaks a rule."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            self._record(waiting)
        except StoreError:
            raise
        except QafilaError as error:
            self._counter = None
            if len(waiting) == 1:
                self.found.update(dict.fromkeys(waiting, error))
                return
            for number in waiting:
                # Written anew: the one before may not have been recorded.
                self.add(number)
                self.flush()

    def _record(self, waiting: dict[int, list[NewEvent]]) -> None:
        signatures = [said for number in waiting if (said := self._told[number].said.signature)]
        recorded = self._situation.store.append(
            [event for events in waiting.values() for event in events],
            also=_keeps_signatures(self._situation, signatures),
        )
        answers = iter(recorded)
        for number, events in waiting.items():
            mine = [next(answers) for _event in events]
            one = self._told[number]
            if one.base:
                self._before[f"{one.base}:0"] = mine[0].payload
            self.found[number] = self._answer(one, new=True, recorded=mine)

    def _events(self, one: Told) -> list[NewEvent]:
        at = goods.require_past(self._situation, one.by.said_at)
        payloads = self._payloads(one)
        return [
            NewEvent(
                payload=payload,
                reported_at=at,
                client_id=f"{one.base}:{number}" if one.base else None,
            )
            for number, payload in enumerate(payloads)
        ]

    def _payloads(self, one: Told) -> list[Event]:
        """Give what is recorded of a report: that it came, and what it changes."""
        situation, convoy, said = self._situation, self._convoy, one.said
        stop = None if said.stop is None else _stop(convoy, said.stop)
        found: list[Event] = [_reported(situation, convoy, stop, one)]
        if said.kind in ("delivered", "refused") and stop is not None:
            if self._counter is None:
                self._counter = DeliveryCounter.of(
                    situation,
                    giver=convoy["convoy_id"],
                    place_ids=[one["place_id"] for one in convoy["stops"]],
                )
            found += _deliveries(situation, self._counter, convoy, stop, said)
        if said.kind == "blocked":
            found.append(_closure(situation, convoy, said))
        return found

    def _is_known(self, one: Told) -> bool:
        """Whether this very report was recorded before; raises `ConflictError` for another one."""
        before = self._before.get(f"{one.base}:0")
        if before is None:
            return False
        digest = before.get("said_sha256", "")
        if digest and digest != one.said.digest():
            raise ConflictError(
                "the id of this report",
                "it was used for a report that says otherwise",
                "make a new id for each report",
            )
        return True

    def _answer(
        self, one: Told, *, new: bool, recorded: Sequence[RecordedEvent] = ()
    ) -> dict[str, Any]:
        convoy_id = self._convoy["convoy_id"]
        ids = [
            str(event.payload.get("delivery_id") or event.payload.get("closure_id") or convoy_id)
            for event in recorded
            if event.type in (DeliveryReported.type, RoadClosed.type, ConvoyReported.type)
        ]
        return {"convoy_id": convoy_id, "kind": one.said.kind, "new": new, "recorded": ids}


def _keeps_signatures(
    situation: Situation, signatures: Sequence[str]
) -> Callable[[Connection], object] | None:
    """Give what puts drawn signatures into the vault, in the transaction of their reports."""
    if not signatures:
        return None
    from dashboard.operations.people import begin_vault

    vault = begin_vault(situation)
    kept = {signature_id(_sha256(one.encode())): {"signature": one} for one in signatures}
    return lambda connection: vault.keep_within(connection, kept, now=utc_now())


def signature_id(sha256: str) -> str:
    """Give the id under which the vault keeps a drawing, by its hash in the report."""
    return f"signature:{sha256[:32]}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def find_convoy(situation: Situation, convoy_id: str) -> dict[str, Any]:
    """Give a convoy of the newest plan that has it; raises `UnknownIdError`."""
    return once(situation, ("convoy", convoy_id), lambda: _found_convoy(situation, convoy_id))


def _found_convoy(situation: Situation, convoy_id: str) -> dict[str, Any]:
    for made in reversed(once(situation, "plans", situation.store.plans)):
        for one in planning.load_plan(situation, made.plan_id)["convoys"]:
            if one["convoy_id"] == convoy_id:
                return {**one, "plan_id": made.plan_id}
    raise UnknownIdError(
        convoy_id[:100], "no plan has such a convoy", "take an id from `qafila plan --json`"
    )


def last_heard(situation: Situation) -> list[dict[str, Any]]:
    """Give for each convoy that reported when it was heard last and what it said, newest first.

    A position counts as a sign of life too: `heard_at` is the later of the two.
    """
    found = {
        one.convoy_id: {
            "convoy_id": one.convoy_id,
            "heard_at": one.heard_at.isoformat(timespec="seconds"),
            "kind": one.kind,
            "place_id": one.place_id,
            "note": one.note,
            "photo": one.photo,
        }
        for one in situation.store.convoys_heard()
    }
    for point in positions.newest(situation.store):
        if point.convoy_id is None:
            continue
        silent = {"kind": "position", "place_id": None, "note": "", "photo": None}
        row = found.setdefault(point.convoy_id, {"convoy_id": point.convoy_id, **silent})
        at = point.at.isoformat(timespec="seconds")
        row["heard_at"] = max(str(row.get("heard_at", "")), at)
    return sorted(found.values(), key=lambda one: str(one["heard_at"]), reverse=True)


def _reported(
    situation: Situation, convoy: dict[str, Any], stop: dict[str, Any] | None, one: Told
) -> ConvoyReported:
    said = one.said
    return ConvoyReported(
        convoy_id=convoy["convoy_id"],
        plan_id=convoy["plan_id"],
        kind=said.kind,
        place_id=None if stop is None else stop["place_id"],
        km=said.km,
        note=(one.words or said.note)[:500],
        receiver=said.receiver,
        signature_sha256=_sha256(said.signature.encode()) if said.signature else "",
        photo=None if said.photo is None else situation.archive.put_bytes(said.photo, ".jpg"),
        said_sha256=said.digest(),
    )


def _deliveries(
    situation: Situation,
    counter: DeliveryCounter,
    convoy: dict[str, Any],
    stop: dict[str, Any],
    said: Report,
) -> list[Event]:
    slip_id = new_id("slip")
    found: list[Event] = []
    for written, item in said.goods:
        thing = goods.find_item(situation, item)
        planned = stop["deliver"].get(thing.item_id)
        quantity = thing.read(written) if said.kind == "delivered" else Decimal(0)
        found += counter.events(
            thing,
            convoy["convoy_id"],
            stop["place_id"],
            quantity,
            expected=None if planned is None else thing.read(f"{planned:f}"),
            slip_id=slip_id,
            note="said by the convoy",
        )
    return found


def _closure(situation: Situation, convoy: dict[str, Any], said: Report) -> RoadClosed:
    if said.near is not None:
        where, near = "where it stands", said.near
        require_near_way(situation, convoy, said.near)
    elif said.km is not None:
        where, near = f"at km {said.km:g}", position_at(situation, convoy, said.km)
    else:
        raise InputError("a blocked road", "the kilometre or a position is needed", "add it")
    return closure_event(
        situation,
        near=near,
        classes=said.classes,
        source=convoy["convoy_id"],
        reason=said.note or f"blocked, says the convoy {where}",
        confidence=0.9,
    )


def _stop(convoy: dict[str, Any], number: int) -> dict[str, Any]:
    stops: Sequence[dict[str, Any]] = convoy["stops"]
    if number > len(stops):
        raise InputError(
            f"stop {number} of {convoy['convoy_id']}", f"it has {len(stops)} stops", "correct it"
        )
    return stops[number - 1]
