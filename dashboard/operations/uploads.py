"""Take in a table from an organisation, row by row, and undo it as a whole."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dashboard.operations import duplicates
from dashboard.operations.delivery_rows import DeliveryRows
from dashboard.operations.naming import known_places, undo_naming
from dashboard.operations.register_dumps import Register, register_of, tells_anew
from dashboard.operations.restoring import undo_plan
from dashboard.operations.road_gaps import part_gaps
from dashboard.operations.road_reports import take_road_reports
from dashboard.operations.row_ids import RowIds, mark
from dashboard.operations.vehicle_catalogue import restore_vehicle_classes
from data.catalogue import items
from data.events import (
    Event,
    LayerRemoved,
    NewEvent,
    PlaceAdded,
    Provenance,
    SlipUndone,
    UploadReceived,
    UploadUndone,
)
from data.intake.column_memory import ColumnMemory
from data.intake.known import known
from data.intake.rejects import RejectedRows, Wording, check_target, write_rejects
from data.intake.rows import UPLOAD_KINDS, missing_columns, require_columns, take_lines
from data.intake.sheet import Sheet, read_sheets, understood_as
from geo.errors import InputError, Problem
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dashboard.operations.situation import Situation
    from data.intake.formats.table import Line
    from data.intake.known import Known
    from data.intake.row import RowReport, TakenRow

    Progress = Callable[[float, str], None]

#: In the home: what people said of the columns of their sheets.
COLUMNS_FILE = "columns.json"
#: So many rows are read and recorded at once, in one transaction.
ROWS_AT_ONCE = 20_000
#: So many rows stand in the report; of a longer file those that need somebody go first.
MAX_REPORTED = 50_000
#: So many different reasons are summed up.
MAX_REASONS = 100
_WITH_PLACES = frozenset({"needs", "damage", "activities", "deliveries"})


def upload(
    situation: Situation,
    kind: str,
    path: Path,
    *,
    organisation: str,
    dry_run: bool = False,
    rejects: Path | None = None,
    add_places: bool = False,
    columns: Mapping[str, str] | None = None,
    later_dump: bool | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Take a file: good rows go in at once, the others come back with a reason.

    Sending the same rows again adds nothing: they are reported as `duplicate`. A later dump of the
    same register revises what it says otherwise (`register_dumps`). A file of more than
    20,000 rows is read twice, first to judge it and then to record it part by part.

    Parameters
    ----------
    kind
        One of `UPLOAD_KINDS`.
    organisation
        Name or id of the sender; an unknown name is registered as pending.
    dry_run
        Report what would happen and change nothing.
    rejects
        Write the rows that were not taken to this workbook or CSV, with a reason column.
    add_places
        Add a place for a name that no list knows, where a coordinate stands beside it.
    columns
        What columns mean, where the guess is wrong: title → field, "" for none of ours. Once rows
        went in, it is remembered for this organisation's sheets of the same titles.
    later_dump
        Whether the file is a newer state of a register that this organisation sent before; None
        leaves it to its rows.
    progress
        Is told how far the work is (0 to 1) and what is being done.

    Returns
    -------
    dict
        The `upload` JSON of the contract, with `sheets`: how the columns of each were understood;
        `revised` counts the rows taken that say anew what was told before, `no_longer_in_it` what
        was told before and is not in a later dump: it stays as it is.
    """
    if kind not in UPLOAD_KINDS:
        raise InputError(
            f"upload {kind}", f"{', '.join(UPLOAD_KINDS)} are taken", "name one of these"
        )
    if rejects is not None:
        check_target(rejects)
    say = progress or _silent
    say(0.0, f"reading {path.name}")
    organisation_id, registering = situation.organisation(organisation)
    tables = _tables(situation, kind, add_places=add_places)
    memory = ColumnMemory(situation.home / COLUMNS_FILE, organisation_id)
    book, sheets = read_sheets(
        path, kind=kind, context=tables.context(), now=situation.now(), memory=memory.recall
    )
    if columns:
        sheets = tuple(understood_as(sheet, columns) for sheet in sheets)
    used = _usable(kind, sheets)
    sender = (organisation_id, _name_of(situation, organisation_id, organisation))
    register = register_of(
        situation, organisation_id, kind, used, sha256=book.sha256, told=later_dump
    )
    run = _Upload(situation, kind, sender, used, tables, register)
    parts = run.parts()
    first = list(itertools.islice(parts, 2))
    small = len(first) < 2
    judged = first if small else itertools.chain(_given_away(first), parts)
    outcome = _Outcome(rejects is not None)
    for part in judged:
        outcome.add(part)
        say(0.5, f"{outcome.n_rows:,} rows read")
    n_left = run.n_left
    taken = outcome.counts["accepted"] + outcome.counts["repaired"]
    upload_id = new_id("upload")
    if taken and not dry_run:
        say(0.6, f"recording {taken:,} rows")
        received = UploadReceived(
            upload_id=upload_id,
            kind=kind,  # type: ignore[arg-type]  # one of the kinds: others were refused above
            file=book.file[:300],
            sha256=book.sha256,
            accepted=taken,
            rejected=outcome.refused,
        )
        begin: list[Event] = [*registering, *_area_of(situation, outcome.added), received]
        if not small:
            tables = _tables(situation, kind, add_places=add_places)
            run = _Upload(situation, kind, sender, used, tables, register)
        _record(situation, run, first if small else run.parts(), begin, upload_id)
    if columns and taken and not dry_run:
        for sheet in used:
            memory.remember(sheet.titles, columns)
    if rejects is not None:
        write_rejects(rejects, outcome.rejected_rows(used), _wording())
    say(1.0, "done")
    return {
        "upload_id": upload_id if taken and not dry_run else None,
        "dry_run": dry_run,
        "file": book.file,
        "form": book.form,
        "accepted": taken,
        "rejected": outcome.refused,
        "undecided": outcome.counts["undecided"],
        "repaired": outcome.counts["repaired"],
        "duplicates": outcome.counts["duplicate"],
        "later_dump": register is not None and register.later_dump,
        "revised": outcome.n_revised,
        "no_longer_in_it": n_left,
        "notes": list(dict.fromkeys(note for sheet in used for note in sheet.notes)),
        "sheets": [sheet_json(sheet, kind, used=sheet in used) for sheet in sheets],
        "reasons": outcome.reasons(),
        "rows": [_row_json(report) for report in outcome.reports],
        "rows_left_out": outcome.n_rows - len(outcome.reports),
    }


def undo(situation: Situation, upload_or_layer_id: str) -> dict[str, Any]:
    """Take back an upload, layer, name, place, merge, joined gaps, changed classes or plan."""
    if upload_or_layer_id.startswith("layer:"):
        situation.record([LayerRemoved(layer_id=upload_or_layer_id)])
    elif upload_or_layer_id.startswith("upload:"):
        situation.record([UploadUndone(upload_id=upload_or_layer_id)])
    elif upload_or_layer_id.startswith("slip:"):
        situation.record([SlipUndone(slip_id=upload_or_layer_id)])
    elif upload_or_layer_id.startswith(("alias:", "place:")):
        undo_naming(situation, upload_or_layer_id)
    elif upload_or_layer_id.startswith("merge:"):
        duplicates.part(situation, upload_or_layer_id)
    elif upload_or_layer_id.startswith("joint:"):
        part_gaps(situation, upload_or_layer_id)
    elif upload_or_layer_id.startswith("change:"):
        restore_vehicle_classes(situation, upload_or_layer_id)
    elif upload_or_layer_id.startswith("plan:"):
        undo_plan(situation, upload_or_layer_id)
    else:
        raise InputError(
            upload_or_layer_id,
            "the id of an upload (upload:…), layer (layer:…), confirmed name (alias:…), added "
            "place (place:…), merged needs (merge:…), joined gaps (joint:…), changed vehicle "
            "classes (change:…) or the newest plan (plan:…)",
            "see --json",
        )
    return {"undone": upload_or_layer_id}


def sheet_json(sheet: Sheet, kind: str, *, used: bool) -> dict[str, Any]:
    """How a sheet was understood: its columns with the guess, how sure it is, and sample cells."""
    missing = [] if used else missing_columns(kind, sheet.fields)
    return {
        "sheet": sheet.name,
        "used": used,
        "missing": [" or ".join(group) for group in missing],
        "header_lines": [number for number, _ in sheet.header.written],
        "dates": {"order": sheet.order, "settled": sheet.order_settled},
        "columns": [asdict(guess) for guess in sheet.guesses],
    }


class _Upload:
    """One file on its way in: its rows, part by part, read and marked."""

    def __init__(
        self,
        situation: Situation,
        kind: str,
        organisation: tuple[str, str],
        sheets: Sequence[Sheet],
        tables: Known,
        register: Register | None,
    ) -> None:
        self.situation, self.kind = situation, kind
        self.organisation_id, self.organisation = organisation
        self._sheets, self._tables = sheets, tables
        self._register = register
        #: Of what was told before, how much the last reading did not meet.
        self.n_left = 0

    def parts(self) -> Iterator[_Part]:
        """Read the rows of all sheets, so many at once."""
        ids = RowIds(self.situation, self.organisation_id, self.kind)
        deliveries = (
            DeliveryRows(self.situation, self.organisation, self._tables)
            if self.kind == "deliveries"
            else None
        )
        pairing = None if self._register is None else self._register.pairing()
        for sheet in self._sheets:
            lines = sheet.rows()
            while part := list(itertools.islice(lines, ROWS_AT_ONCE)):
                client_ids, sent = ids.look(sheet, part)
                if self._register is not None:
                    sent = self._register.stand(client_ids, sent)
                if self.kind == "road-status":
                    rows = take_road_reports(self.situation, sheet, part)
                elif deliveries is not None:
                    rows = deliveries.take(sheet, part, sent)
                else:
                    rows = take_lines(self.kind, sheet, part, self._tables)
                rows = mark(rows, sent)
                if pairing is not None:
                    rows = [pairing.revise(row) for row in rows]
                    self.n_left = pairing.n_left
                self._tables.forget()
                yield _Part(sheet, part, rows, client_ids)


def _given_away(parts: list[_Part]) -> Iterator[_Part]:
    """Give the parts without holding on to those that were given."""
    while parts:
        yield parts.pop(0)


class _Part:
    """Some rows of a sheet, what became of them, and the ids they are recorded under."""

    def __init__(
        self,
        sheet: Sheet,
        lines: Sequence[Line],
        rows: Sequence[TakenRow],
        client_ids: Sequence[str],
    ) -> None:
        self.sheet, self.lines, self.rows, self.client_ids = sheet, lines, rows, client_ids

    def events(self, organisation_id: str, upload_id: str) -> Iterator[NewEvent]:
        """Give what is recorded of the rows that were taken."""
        for row, client_id in zip(self.rows, self.client_ids, strict=True):
            for number, event in enumerate(row.events):
                yield NewEvent(
                    payload=event,
                    organisation_id=organisation_id,
                    reported_at=row.reported_at,
                    provenance=Provenance(
                        file=self.sheet.file[:300],
                        sheet=self.sheet.name[:300],
                        row=row.report.row,
                        upload_id=upload_id,
                    ),
                    client_id=f"{client_id}:{number}",
                )


@dataclass(slots=True)
class _Reason:
    problem: Problem
    sheet: str
    rows: int = 0


class _Outcome:
    """What became of all rows, in counts and, as far as they fit, one by one."""

    def __init__(self, keep_rejects: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.reports: list[RowReport] = []
        self.added: list[PlaceAdded] = []
        self.n_rows = self.n_revised = 0
        self._reasons: dict[tuple[str, str], _Reason] = {}
        self._rejects: dict[str, RejectedRows] | None = {} if keep_rejects else None

    @property
    def refused(self) -> int:
        """Rows that were not taken and were not here before."""
        return self.counts["rejected"] + self.counts["undecided"]

    def add(self, part: _Part) -> None:
        """Count the rows of a part, and keep what has to be shown."""
        reports = [row.report for row in part.rows]
        self.n_rows += len(reports)
        self.counts.update(report.status for report in reports)
        self.n_revised += sum(map(tells_anew, part.rows))
        self.added += [
            event for row in part.rows for event in row.events if isinstance(event, PlaceAdded)
        ]
        for report in reports:
            for problem in report.problems:
                # Rows that differ in a value only have one reason.
                kind = getattr(problem.expected, "template", problem.expected)
                first = _Reason(problem=problem, sheet=report.sheet)
                self._reasons.setdefault((problem.column, kind), first).rows += 1
        if self.n_rows > MAX_REPORTED:
            reports_kept = [one for one in reports if one.status in ("rejected", "undecided")]
        else:
            reports_kept = reports
        self.reports += reports_kept[: max(0, MAX_REPORTED - len(self.reports))]
        if self._rejects is not None:
            kept = self._rejects.setdefault(part.sheet.name, RejectedRows(part.sheet))
            kept.add(part.lines, reports)

    def reasons(self) -> list[dict[str, Any]]:
        """Say why rows were not taken, the commonest reason first, as its first row has it."""
        return [
            {
                "rows": one.rows,
                "column": one.problem.column,
                "expected": one.problem.expected,
                "first_row": int(one.problem.row),
                "first_sheet": one.sheet,
            }
            for one in sorted(self._reasons.values(), key=lambda one: -one.rows)[:MAX_REASONS]
        ]

    def rejected_rows(self, sheets: Sequence[Sheet]) -> list[RejectedRows]:
        """Give the rows that go back, by sheet."""
        kept = self._rejects or {}
        return [kept.get(sheet.name, RejectedRows(sheet)) for sheet in sheets]


def _record(
    situation: Situation,
    run: _Upload,
    parts: Iterator[_Part] | list[_Part],
    begin: list[Event],
    upload_id: str,
) -> None:
    """Append what begins the upload with its first part, and each further part by itself.

    If the machine stops between two parts, what came is there and can be undone as a whole; sending
    the file again adds what is missing.
    """
    waiting = [NewEvent(payload=one, organisation_id=run.organisation_id) for one in begin]
    for part in parts:
        waiting += part.events(run.organisation_id, upload_id)
        situation.store.append(waiting)
        waiting = []


def _usable(kind: str, sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    """The sheets that hold rows of this kind; the refusal names what the nearest one lacks."""
    used = tuple(sheet for sheet in sheets if not missing_columns(kind, sheet.fields))
    if not used:
        nearest = min(sheets, key=lambda sheet: len(missing_columns(kind, sheet.fields)))
        require_columns(kind, nearest)
    return used


def _tables(situation: Situation, kind: str, *, add_places: bool) -> Known:
    if kind in ("stock", "vehicles", "road-status"):
        # They name no place: they need not wait for the places to be read.
        return known(
            None,
            situation.store.depots(),
            items(),
            now=situation.now(),
            zone=ZoneInfo(situation.info().timezone),
            own_items=situation.store.own_items(),
            lots={one.lot_id: one.expires_on for one in situation.store.lots()},
        )
    if kind in _WITH_PLACES and situation.places().empty:
        raise InputError(
            f"upload {kind}",
            "the places must be known first",
            "load them: `qafila load places FILE`",
        )
    return known_places(situation, add_places=add_places)


def _name_of(situation: Situation, organisation_id: str, written: str) -> str:
    """The name of the sender: what they wrote, where it is no id of one that is known."""
    known = {one.organisation_id: one.name for one in situation.store.organisations()}
    return known.get(organisation_id, written)


def _area_of(situation: Situation, added: Sequence[PlaceAdded]) -> list[Event]:
    """Give the event that tells or widens the area, where rows add places."""
    if not added:
        return []
    lon = [event.lon for event in added]
    lat = [event.lat for event in added]
    return situation.area_event((min(lon), min(lat), max(lon), max(lat)))


def _row_json(report: RowReport) -> dict[str, Any]:
    return {
        "sheet": report.sheet,
        "row": report.row,
        "status": report.status,
        "place_id": report.place_id,
        "match_score": report.match_score,
        "match": None if report.match is None else asdict(report.match),
        "candidates": [asdict(one) for one in report.candidates],
        "notes": list(report.notes),
        "problems": [
            {
                "cell": report.cells.get(problem.column, ""),
                **{key: value for key, value in asdict(problem).items() if key != "row"},
            }
            for problem in report.problems
        ],
    }


def _wording() -> Wording:
    """The words of whoever asks: rows go back in the language of this run."""
    from dashboard.intakesheet import field_name
    from dashboard.languages import language, tell

    return Wording(language=language(), tell=tell, field_name=field_name)


def _silent(_share: float, _text: str) -> None:
    """Say nothing."""
