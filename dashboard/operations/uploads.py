"""Take in a table from an organisation, row by row, and undo it as a whole."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dashboard.operations.naming import known_places, undo_naming
from data.catalogue import items
from data.events import (
    Event,
    LayerRemoved,
    NewEvent,
    PlaceAdded,
    Provenance,
    UploadReceived,
    UploadUndone,
)
from data.intake.cells import coordinate, moment
from data.intake.columns import understand
from data.intake.known import known
from data.intake.row import RowReport, TakenRow
from data.intake.rows import take_rows
from data.intake.sheet import Sheet, read_sheet
from geo.errors import InputError, Problem, QafilaError, RuleError, SchemaError
from geo.model import VEHICLE_CLASS_NAMES, new_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from dashboard.operations.situation import Situation


def upload(
    situation: Situation,
    kind: str,
    path: Path,
    *,
    organisation: str,
    dry_run: bool = False,
    rejects: Path | None = None,
    add_places: bool = False,
) -> dict[str, Any]:
    """Take a sheet: good rows go in at once, the others come back with a reason.

    Sending the same rows again adds nothing: they are reported as `duplicate`.

    Parameters
    ----------
    kind
        needs, damage, stock, vehicles, volunteers, places or road-status.
    organisation
        Name or id of the sender; an unknown name is registered as pending.
    dry_run
        Report what would happen and change nothing.
    rejects
        Write the rows that were not taken to this CSV, with a reason column.
    add_places
        Add a place for a name that no list knows, where a coordinate stands beside it.

    Returns
    -------
    dict
        The `upload` JSON of the contract.
    """
    sheet = read_sheet(path)
    organisation_id, registering = situation.organisation(organisation)
    rows = _take(situation, kind, sheet, add_places=add_places)
    rows, client_ids = _mark_duplicates(situation, organisation_id, kind, sheet, rows)
    taken = [row for row in rows if row.events]
    counts = Counter(row.report.status for row in rows)
    accepted = counts["accepted"] + counts["repaired"]
    refused = counts["rejected"] + counts["undecided"]
    upload_id = new_id("upload")
    registering = [*registering, *_area_of(situation, taken)]
    if taken and not dry_run:
        received = UploadReceived(
            upload_id=upload_id,
            kind=kind,  # type: ignore[arg-type]  # one of the kinds: `_take` refused others
            file=sheet.file[:300],
            sha256=sheet.sha256,
            accepted=accepted,
            rejected=refused,
        )
        situation.store.append(
            [
                NewEvent(payload=payload, organisation_id=organisation_id)
                for payload in (*registering, received)
            ]
            + list(_row_events(sheet, rows, client_ids, organisation_id, upload_id))
        )
    if rejects is not None:
        _write_rejects(rejects, sheet, [row.report for row in rows])
    return {
        "upload_id": upload_id if taken and not dry_run else None,
        "dry_run": dry_run,
        "accepted": accepted,
        "rejected": refused,
        "undecided": counts["undecided"],
        "duplicates": counts["duplicate"],
        "notes": list(sheet.notes),
        "rows": [_row_json(row.report) for row in rows],
    }


def undo(situation: Situation, upload_or_layer_id: str) -> dict[str, Any]:
    """Take back what came with an upload, one layer, one confirmed name or one added place."""
    if upload_or_layer_id.startswith("layer:"):
        situation.record([LayerRemoved(layer_id=upload_or_layer_id)])
    elif upload_or_layer_id.startswith("upload:"):
        situation.record([UploadUndone(upload_id=upload_or_layer_id)])
    elif upload_or_layer_id.startswith(("alias:", "place:")):
        undo_naming(situation, upload_or_layer_id)
    else:
        raise InputError(
            upload_or_layer_id,
            "the id of an upload (upload:…), layer (layer:…), confirmed name (alias:…) or added "
            "place (place:…)",
            "see --json",
        )
    return {"undone": upload_or_layer_id}


def _take(situation: Situation, kind: str, sheet: Sheet, *, add_places: bool) -> list[TakenRow]:
    if kind == "road-status":
        return [_road_status(situation, sheet, line, cells) for line, cells in sheet.rows]
    if kind not in ("needs", "damage", "stock", "vehicles", "volunteers", "places"):
        raise InputError(
            f"upload {kind}",
            "needs, damage, stock, vehicles, volunteers, places and road-status are taken",
            "name one of these",
        )
    if kind in ("stock", "vehicles"):
        # They name no place: they need not wait for the places to be read.
        tables = known(
            None,
            situation.store.depots(),
            items(),
            now=situation.now(),
            zone=ZoneInfo(situation.info().timezone),
        )
        return take_rows(kind, sheet, tables)
    if kind in ("needs", "damage") and situation.places().empty:
        raise InputError(
            f"upload {kind}",
            "the places must be known first",
            "load them: `qafila load places FILE`",
        )
    return take_rows(kind, sheet, known_places(situation, add_places=add_places))


def _road_status(situation: Situation, sheet: Sheet, line: int, cells: Sequence[str]) -> TakenRow:
    """Read one row of a road report: an edge or a coordinate, and a state."""
    from dashboard.operations.roads import closure_event

    fields = understand(sheet.header)
    if not {"edge", "lon"} & fields.keys():
        raise SchemaError(
            f"{sheet.file}: columns {', '.join(sheet.header[:12])}",
            "a sheet of road-status needs a column for edge, or lon and lat",
            "rename the column, or add it",
        )

    def cell(field: str) -> str:
        return cells[fields[field]] if field in fields else ""

    def refused(column: str, expected: str) -> TakenRow:
        problem = Problem(row=str(line), column=column, value=cell(column), expected=expected)
        return TakenRow(report=RowReport(row=line, status="rejected", problems=(problem,)))

    zone = ZoneInfo(situation.info().timezone)
    state = cell("state").strip().casefold() or "closed"
    if state not in ("closed", "restricted"):
        return refused("state", "closed or restricted (a road that is open again: `qafila reopen`)")
    classes = tuple(part.strip() for part in cell("classes").replace(";", ",").split(","))
    classes = tuple(part for part in classes if part)
    if wrong := [part for part in classes if part not in VEHICLE_CLASS_NAMES]:
        return refused("classes", f"not {wrong[0]!r} but one of {', '.join(VEHICLE_CLASS_NAMES)}")
    until = moment(cell("until"), zone=zone) if cell("until") else None
    if cell("until") and until is None:
        return refused("until", "a time such as 2023-09-12T18:00+01:00")
    lon, lat = coordinate(cell("lon")), coordinate(cell("lat"))
    if not cell("edge") and (lon is None or lat is None):
        return refused("lon", "an edge id, or decimal degrees in lon and lat")
    try:
        event = closure_event(
            situation,
            edges=tuple(cell("edge").split()),
            near=None if cell("edge") or lon is None or lat is None else (lon, lat),
            road=cell("road") or None,
            classes=classes,
            state=state,
            until=until,
            source=sheet.file,
            reason=cell("reason")[:500],
        )
    except QafilaError as error:
        return refused("edge" if cell("edge") else "lon", str(error))
    reported_at = moment(cell("reported_at"), zone=zone) if cell("reported_at") else None
    report = RowReport(row=line, status="accepted")
    return TakenRow(report=report, events=(event,), reported_at=reported_at)


def _area_of(situation: Situation, rows: Sequence[TakenRow]) -> list[Event]:
    """Give the event that tells or widens the area, where rows add places."""
    points = [
        (event.lon, event.lat)
        for row in rows
        for event in row.events
        if isinstance(event, PlaceAdded)
    ]
    if not points:
        return []
    lon, lat = zip(*points, strict=True)
    return situation.area_event((min(lon), min(lat), max(lon), max(lat)))


def _mark_duplicates(
    situation: Situation,
    organisation_id: str,
    kind: str,
    sheet: Sheet,
    rows: Sequence[TakenRow],
) -> tuple[list[TakenRow], list[str]]:
    """Mark rows that this organisation sent before; give each row the id it is recorded under.

    The id is made of the row's own words and its count among equal rows, so two equal rows in one
    sheet are two, and the same sheet sent twice is one. Rows of an upload that was undone may come
    again: they get the next id.
    """
    seen: Counter[str] = Counter()
    bases = []
    for _, cells in sheet.rows:
        words = "\x1f".join((organisation_id, kind, *sheet.header, *cells))
        seen[words] += 1
        bases.append(hashlib.sha256(f"{words}\x1f{seen[words]}".encode()).hexdigest()[:40])
    held = situation.store.client_ids(bases)
    undone = {upload.upload_id for upload in situation.store.uploads() if upload.undone}
    marked, ids = [], []
    for row, base in zip(rows, bases, strict=True):
        uploads = held.get(base, ())
        live = [one for one in uploads if one not in undone]
        if row.events and live:
            row = TakenRow(report=replace(row.report, status="duplicate", problems=()))
        marked.append(row)
        ids.append(f"row:{base}:{len(uploads)}")
    return marked, ids


def _row_events(
    sheet: Sheet,
    rows: Sequence[TakenRow],
    client_ids: Sequence[str],
    organisation_id: str,
    upload_id: str,
) -> Iterator[NewEvent]:
    for row, client_id in zip(rows, client_ids, strict=True):
        for number, event in enumerate(row.events):
            yield NewEvent(
                payload=event,
                organisation_id=organisation_id,
                reported_at=row.reported_at,
                provenance=Provenance(
                    file=sheet.file[:300], row=row.report.row, upload_id=upload_id
                ),
                client_id=f"{client_id}:{number}",
            )


def _row_json(report: RowReport) -> dict[str, Any]:
    return {
        "row": report.row,
        "status": report.status,
        "place_id": report.place_id,
        "match_score": report.match_score,
        "match": None if report.match is None else asdict(report.match),
        "candidates": [asdict(one) for one in report.candidates],
        "notes": list(report.notes),
        "problems": [
            {key: value for key, value in asdict(problem).items() if key != "row"}
            for problem in report.problems
        ],
    }


def _write_rejects(path: Path, sheet: Sheet, reports: Sequence[RowReport]) -> None:
    """Write the rows that were not taken, with why, ready to be corrected and sent again."""
    if path.exists() and path.is_dir():
        raise RuleError(str(path), "a file name is needed for the rejects", "name a .csv file")
    cells = dict(sheet.rows)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*map(_safe, sheet.header), "reason", "suggestion"])
    for report in reports:
        if report.status in ("rejected", "undecided"):
            reason = "; ".join(f"{p.column}: {p.expected} is needed" for p in report.problems)
            suggestion = "; ".join(p.suggestion for p in report.problems if p.suggestion)
            writer.writerow([*map(_safe, cells[report.row]), _safe(reason), _safe(suggestion)])
    path.write_text("\ufeff" + out.getvalue(), encoding="utf-8", newline="")


def _safe(cell: str) -> str:
    """Keep a spreadsheet from running a cell as a formula; a negative number stays a number."""
    if cell.startswith(("=", "+", "@", "\t")) or (cell[:1] == "-" and coordinate(cell) is None):
        return "'" + cell
    return cell
