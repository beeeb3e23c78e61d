"""A later dump of a register: what it says otherwise revises what its organisation said before.

Registers come whole, again and again: most rows are those of the last dump, some are new, some say
another figure for what was told before. The first are known by their words (`row_ids`), the second
go in, and the third would count twice if they were added. A row that is not known is taken for the
newer word on an earlier one where both speak of the same (place and item; for work also who does
what), and the earlier row is no longer in the dump.

A file is a later dump where a quarter of its rows stand here already, from the same organisation;
somebody may also say so, or say that it is none. The same file sent again is not: it adds nothing.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from dashboard.operations.row_ids import RowIds, base_of
from data.events import (
    ActivityReported,
    ActivityRevised,
    Event,
    NeedReported,
    NeedRevised,
)
from data.intake.row import TakenRow, with_note
from geo.names import plain
from geo.phrase import phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dashboard.operations.situation import Situation
    from data.intake.sheet import Sheet
    from data.store.need_records import NeedRecord
    from data.store.records import ActivityRecord

#: So many of its rows stand here already where a file is a later dump. Of the two dumps of a real
#: register (Nepal 2015) that are some months apart, half the rows of the second stand in the first.
LATER_DUMP_SHARE = 0.25
#: Kinds of tables that are kept as registers, and the events that tell and revise their rows.
_TELLING: dict[str, tuple[type[Event], type[Event]]] = {
    "needs": (NeedReported, NeedRevised),
    "activities": (ActivityReported, ActivityRevised),
}
REGISTER_KINDS = frozenset(_TELLING)
#: What was found out or taken back is not told anew by a dump: it comes as a report of its own.
_ENDED = frozenset({"refuted", "withdrawn", "cancelled"})
#: Rows that are compared with the store at once.
_ROWS_AT_ONCE = 20_000

_Key = tuple[str, ...]


class _Earlier(NamedTuple):
    """Something told before: the values by which two of one key are told apart, and in words."""

    subject_id: str
    values: tuple[object, ...]
    words: str


class Register:
    """What one organisation told before by tables of one kind, beside the file that comes now."""

    def __init__(self, situation: Situation, organisation_id: str, kind: str) -> None:
        self._current_place = situation.current_places()
        uploads = [
            one.upload_id
            for one in situation.store.uploads()
            if one.organisation_id == organisation_id and one.kind == kind and not one.undone
        ]
        events = _TELLING[kind]
        self._earlier = dict(self._records(situation, kind)) if uploads else {}
        #: Row → what it told; and for each of these the row that told it last.
        self._told: defaultdict[str, list[str]] = defaultdict(list)
        self._last: dict[str, str] = {}
        types = [one.type for one in events]
        for base, subject_id in situation.store.rows_of_uploads(uploads, types):
            if subject_id in self._earlier:
                self._told[base].append(subject_id)
                self._last[subject_id] = base
        self.later_dump = False
        self._in_file: set[str] = set()

    def compare(
        self, sheets: Sequence[Sheet], ids: RowIds, *, same_file: bool, told: bool | None
    ) -> None:
        """Read the rows of a file to see whether it is a later dump.

        Parameters
        ----------
        same_file
            Whether the very file was taken in before.
        told
            What somebody says of it; None leaves it to the rows.
        """
        if told is False or (same_file and told is None) or not self._last:
            return
        n_rows = n_known = 0
        for sheet in sheets:
            lines = sheet.rows()
            while part := list(itertools.islice(lines, _ROWS_AT_ONCE)):
                bases = ids.bases(sheet, part)
                n_rows += len(bases)
                known = [base for base in bases if base in self._told]
                n_known += len(known)
                self._in_file.update(
                    one for base in known for one in self._told[base] if self._last[one] == base
                )
        self.later_dump = bool(told) or n_known >= LATER_DUMP_SHARE * n_rows

    def stand(self, client_ids: Sequence[str], sent: Sequence[bool]) -> list[bool]:
        """Whether each row that was sent before still stands: it is a duplicate then.

        Not where what it told was taken away with another upload; nor, in a later dump, where
        another row has said otherwise since.
        """
        return [
            before
            and any(not self.later_dump or self._last[one] == base for one in self._told[base])
            for base, before in zip(map(base_of, client_ids), sent, strict=True)
        ]

    def pairing(self) -> Pairing:
        """Give what rows of the file may say anew, for one reading of it."""
        waiting: defaultdict[_Key, list[_Earlier]] = defaultdict(list)
        if self.later_dump:
            for subject_id in self._last:  # in the order in which they were first told
                if subject_id not in self._in_file:
                    key, earlier = self._earlier[subject_id]
                    waiting[key].append(earlier)
        return Pairing(waiting, self._current_place)

    def _records(
        self, situation: Situation, kind: str
    ) -> Iterable[tuple[str, tuple[_Key, _Earlier]]]:
        if kind == "needs":
            for need in situation.store.needs(open_only=False):
                if need.status not in _ENDED:
                    key = _need_key(need, self._current_place)
                    words = f"{need.quantity:g} {need.unit}"
                    yield need.need_id, (key, _Earlier(need.need_id, (need.quantity,), words))
        else:
            for work in situation.store.activities():
                if work.status not in _ENDED:
                    key = _work_key(work, self._current_place)
                    values = _work_values(work)
                    words = ", ".join(
                        f"{name} {value}"
                        for name, value in zip(_WORK_VALUES, values, strict=True)
                        if value is not None and name not in ("starts_at", "ends_at")
                    )
                    yield work.activity_id, (key, _Earlier(work.activity_id, values, words))


class Pairing:
    """Takes rows of a file for the newer word on earlier ones, each of these once."""

    def __init__(
        self, waiting: dict[_Key, list[_Earlier]], current_place: Callable[[str], str]
    ) -> None:
        self._waiting, self._current_place = waiting, current_place

    @property
    def n_left(self) -> int:
        """Count what was told before and is no longer in the file."""
        return sum(map(len, self._waiting.values()))

    def revise(self, row: TakenRow) -> TakenRow:
        """Give the row with what it tells anew as revisions, and a note of what stood before."""
        if not self._waiting or not row.events:
            return row
        events, report = [], row.report
        for event in row.events:
            earlier = self._take(event)
            if earlier is None:
                events.append(event)
            else:
                events.append(_revision(event, earlier.subject_id))
                report = with_note(
                    report, phrase("told anew; before: {words}", words=earlier.words)
                )
        return TakenRow(report=report, events=tuple(events), reported_at=row.reported_at)

    def _take(self, event: Event) -> _Earlier | None:
        """Take the earlier one that is most like it; the first told among equals."""
        values: tuple[object, ...]
        if isinstance(event, NeedReported):
            key, values = _need_key(event, self._current_place), (float(event.quantity),)
        elif isinstance(event, ActivityReported):
            key, values = _work_key(event, self._current_place), _work_values(event)
        else:
            return None
        there = self._waiting.get(key)
        if not there:
            return None

        def likeness(earlier: _Earlier) -> int:
            return sum(one == other for one, other in zip(earlier.values, values, strict=True))

        found = max(there, key=likeness)
        there.remove(found)
        return found


def register_of(
    situation: Situation,
    organisation_id: str,
    kind: str,
    sheets: Sequence[Sheet],
    *,
    sha256: str,
    told: bool | None,
) -> Register | None:
    """Give what an organisation told before, compared with a file; None where nothing is kept so.

    Parameters
    ----------
    sha256
        Of the file.
    told
        Whether somebody says that it is a later dump; None leaves it to the rows.
    """
    if kind not in _TELLING:
        return None
    register = Register(situation, organisation_id, kind)
    same_file = any(
        one.sha256 == sha256
        and one.organisation_id == organisation_id
        and one.kind == kind
        and not one.undone
        for one in situation.store.uploads()
    )
    ids = RowIds(situation, organisation_id, kind)
    register.compare(sheets, ids, same_file=same_file, told=told)
    return register


def tells_anew(row: TakenRow) -> bool:
    """Whether a row says anew what was told before."""
    return any(isinstance(event, NeedRevised | ActivityRevised) for event in row.events)


_WORK_VALUES = (
    "quantity",
    "households",
    "people_reached",
    "status",
    "starts_at",
    "ends_at",
)


def _need_key(need: NeedReported | NeedRecord, current_place: Callable[[str], str]) -> _Key:
    return (current_place(need.place_id), need.item_id, need.unit)


def _work_key(work: ActivityReported | ActivityRecord, current_place: Callable[[str], str]) -> _Key:
    words = (work.actor, work.funder, work.sector, work.activity)
    return (current_place(work.place_id), work.item_id or "", *map(plain, words))


def _work_values(work: ActivityReported | ActivityRecord) -> tuple[object, ...]:
    return tuple(getattr(work, name) for name in _WORK_VALUES)


def _revision(event: Event, subject_id: str) -> Event:
    """Make of a report the revision of an earlier one."""
    if isinstance(event, NeedReported):
        return NeedRevised(
            need_id=subject_id,
            quantity=event.quantity,
            weight=event.weight,
            expires_at=event.expires_at,
            note=event.note,
        )
    if isinstance(event, ActivityReported):
        said = {name: getattr(event, name) for name in (*_WORK_VALUES, "unit", "note")}
        return ActivityRevised(activity_id=subject_id, **said)
    raise TypeError(f"{event.type} is not revised")
