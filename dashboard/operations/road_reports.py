"""Road reports of a sheet: an edge or a coordinate, and the state it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from data.intake.cells import coordinate, moment
from data.intake.cells.words import road_state, vehicle_class
from data.intake.row import Row, TakenRow
from geo.errors import QafilaError
from geo.model import VEHICLE_CLASS_NAMES
from geo.phrase import phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from data.intake.formats.table import Line
    from data.intake.sheet import Sheet


def take_road_reports(situation: Situation, sheet: Sheet, lines: Sequence[Line]) -> list[TakenRow]:
    """Read rows of road reports; each that is taken is a report about edges."""
    return [_take(situation, sheet, line, cells) for line, cells in lines]


def _take(situation: Situation, sheet: Sheet, line: int, cells: Sequence[str]) -> TakenRow:
    from dashboard.operations.roads import closure_event

    row = Row(
        line,
        cells,
        sheet.fields,
        sheet=sheet.name,
        order=sheet.order,
        order_settled=sheet.order_settled,
    )
    zone = ZoneInfo(situation.info().timezone)
    state = road_state(row.text("state")) if row.text("state") else "closed"
    if state is None:
        row.problem(
            "state",
            phrase("closed, restricted, unknown, or open (which contradicts a closure, ends none)"),
        )
    classes = _classes(row)
    until = moment(row.text("until"), zone=zone, order=row.order) if row.text("until") else None
    if row.text("until") and until is None:
        row.problem("until", phrase("a time such as 2023-09-12T18:00+01:00"))
    near = _near(situation, row)
    if row.problems:
        return TakenRow(report=row.report())
    try:
        event = closure_event(
            situation,
            edges=tuple(row.text("edge").split()),
            near=near,
            road=row.text("road") or None,
            classes=classes,
            state=state or "closed",
            until=until,
            source=sheet.file,
            reason=(row.text("reason") or row.text("note"))[:500],
        )
    except QafilaError as error:
        row.problem("edge" if row.text("edge") else "lon", str(error))
        return TakenRow(report=row.report())
    written = row.text("reported_at")
    at = moment(written, zone=zone, order=row.order) if written else None
    return TakenRow(report=row.report(), events=(event,), reported_at=at)


def _classes(row: Row) -> tuple[str, ...]:
    """The vehicle classes for which a road is closed; none given means all."""
    written = row.text("classes")
    parts = [part.strip() for part in written.replace(";", ",").split(",")]
    read = [(part, vehicle_class(part)) for part in parts if part]
    # Forms write several choices with blanks between them: "truck pickup".
    apart = [(part, vehicle_class(part)) for part in written.split()]
    if any(known is None for _, known in read) and all(known for _, known in apart):
        read = apart
    for part, known in read:
        if known is None:
            row.problem(
                "classes",
                phrase(
                    "not {part} but one of {names}",
                    part=f"{part!r}",
                    names=", ".join(VEHICLE_CLASS_NAMES),
                ),
            )
            break
    return tuple(known for _, known in read if known is not None)


def _near(situation: Situation, row: Row) -> tuple[float, float] | None:
    """The point of a row that names no edge."""
    if row.text("edge"):
        return None
    lon, lat = coordinate(row.text("lon")), coordinate(row.text("lat"))
    if lon is not None and lat is not None:
        return lon, lat
    if row.text("position"):
        from geo.coordinates import read_coordinate

        try:
            read = read_coordinate(row.text("position"), area=situation.info().bounds)
        except QafilaError as error:
            row.problem("position", str(error))
            return None
        return read.lon, read.lat
    row.problem("lon", phrase("an edge id, or decimal degrees in lon and lat"))
    return None
