"""Rows: each row of a sheet becomes events, or a reason that its sender can act on.

A good row goes in although its neighbour is bad. A row is `accepted`, `repaired` (taken with a
reading that is shown), `undecided` (candidates are offered), `rejected` or `duplicate` (already
here).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, get_args

from data.events import (
    DamageReported,
    DepotRegistered,
    Event,
    NeedReported,
    StockMoved,
    VehicleRegistered,
    VolunteerRegistered,
)
from data.intake.cells import ambiguous, coordinate, moment, number
from data.intake.columns import item_of, understand
from data.intake.known import Question
from geo.coordinates import read_coordinate
from geo.errors import InputError, Problem, SchemaError
from geo.model import VEHICLE_CLASS_NAMES, new_id
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from data.intake.known import Known, PlaceMatch
    from data.intake.sheet import Sheet

RowStatus = Literal["accepted", "repaired", "undecided", "rejected", "duplicate"]
ROW_STATUSES: tuple[RowStatus, ...] = get_args(RowStatus)
#: A written name this like a known one is not overruled by a coordinate of another place.
CLEAR_NAME = 0.8
#: A need runs out after this long and must be confirmed.
NEED_LASTS = timedelta(hours=48)
#: Clocks of phones may be wrong by so much.
CLOCKS_DIFFER = timedelta(hours=12)
#: Units that may be parted; whatever else goes out whole.
MEASURES = frozenset({"l", "kg"})
MAX_QUANTITY = Decimal(1_000_000_000)
MAX_HOUSES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """What became of one row."""

    row: int
    status: RowStatus
    place_id: str | None = None
    match_score: float | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRow:
    """A row's report with the events that record it, and when it was said."""

    report: RowReport
    events: tuple[Event, ...] = ()
    reported_at: datetime | None = None


class Row:
    """One row while it is being read: cells by field, and the problems found so far."""

    def __init__(self, line: int, cells: Sequence[str], fields: dict[str, int]) -> None:
        self.line = line
        self._cells = cells
        self._fields = fields
        self.problems: list[Problem] = []
        self.undecided = False
        self.repaired = False

    def text(self, field: str) -> str:
        """Give the cell of a field, empty where the sheet has no such column."""
        position = self._fields.get(field)
        return "" if position is None else self._cells[position]

    def problem(self, field: str, expected: str, suggestion: str = "") -> None:
        """Note a problem in the cell of a field."""
        self.problems.append(
            Problem(
                row=str(self.line),
                column=field,
                value=self.text(field)[:200],
                expected=expected,
                suggestion=suggestion,
            )
        )

    def report(self, place_id: str | None = None, score: float | None = None) -> RowReport:
        """Sum up: rejected with a problem, undecided where only a place is to be chosen."""
        status: RowStatus = "accepted"
        if self.problems:
            only_undecided = self.undecided and len(self.problems) == 1
            status = "undecided" if only_undecided else "rejected"
        elif self.repaired:
            status = "repaired"
        return RowReport(
            row=self.line,
            status=status,
            place_id=place_id,
            match_score=score,
            problems=tuple(self.problems),
        )


def take_rows(kind: str, sheet: Sheet, known: Known) -> list[TakenRow]:
    """Read every row of a sheet of needs, stock, vehicles or volunteers.

    Raises
    ------
    SchemaError
        The sheet lacks a column without which no row can be understood; the message names the
        columns that were found.
    """
    fields = understand(sheet.header)
    take, needed = _KINDS[kind]
    missing = [group for group in needed if not any(field in fields for field in group)]
    if missing:
        wanted = "; ".join(" or ".join(group) for group in missing)
        raise SchemaError(
            f"{sheet.file}: columns {', '.join(sheet.header[:12])}",
            f"a sheet of {kind} needs a column for {wanted}",
            "rename the column, or add it",
        )
    if known.place_ids and "place" in fields:
        rows = [Row(line, cells, fields) for line, cells in sheet.rows]
        known.look_up(_question(row, _where(row, known)) for row in rows)
    return [take(Row(line, cells, fields), known) for line, cells in sheet.rows]


def _question(row: Row, at: tuple[float, float] | None) -> Question:
    lon, lat = at or (None, None)
    return Question(name=row.text("place"), commune=row.text("commune"), lon=lon, lat=lat)


def _need(row: Row, known: Known) -> TakenRow:
    place_id, score = _place(row, known)
    item, quantity, unit = _goods(row, known)
    weight = number(row.text("weight")) if row.text("weight") else Decimal(1)
    if weight is None or not 0 < weight <= 100:
        row.problem("weight", "a number above 0, at most 100")
    reported_at = _reported_at(row, known)
    report = row.report(place_id, score)
    if report.problems or place_id is None or item is None or quantity is None:
        return TakenRow(report=report)
    event = NeedReported(
        need_id=new_id("need"),
        place_id=place_id,
        item_id=item,
        quantity=quantity,
        unit=unit,
        weight=float(weight or 1),
        written_place=row.text("place"),
        match_score=score,
        expires_at=(reported_at or known.now) + NEED_LASTS,
        note=row.text("note")[:2_000],
    )
    return TakenRow(report=report, events=(event,), reported_at=reported_at)


def _reported_at(row: Row, known: Known) -> datetime | None:
    """Read when a need was reported: not in the future, and not so old that it has run out."""
    written = row.text("reported_at")
    if not written:
        return None
    at = moment(written, zone=known.zone)
    if at is None:
        row.problem("reported_at", "a time such as 2023-09-10T14:00+01:00")
    elif at > known.now + CLOCKS_DIFFER:
        row.problem("reported_at", "a time that is not in the future", "is day and month swapped?")
    elif at + NEED_LASTS <= known.now:
        row.undecided = True
        row.problem(
            "reported_at",
            "a report of the last 48 hours",
            "ask whether it still holds, send it anew",
        )
    return at


def _damage(row: Row, known: Known) -> TakenRow:
    """Read a count of houses destroyed and damaged; none of so many refutes what was believed."""
    place_id, score = _place(row, known)
    destroyed, damaged, total = (_count(row, field) for field in ("destroyed", "damaged", "total"))
    hit = (destroyed or 0) + (damaged or 0)
    if not row.problems and destroyed is None and damaged is None:
        row.problem("destroyed", "how many houses are destroyed, or damaged; 0 if none is")
    if total is not None and hit > total:
        row.problem("total", f"{hit} or more: so many are destroyed or damaged")
    if not row.problems and hit == 0 and not total:
        row.problem("total", "of how many houses none is damaged")
    observed_at = _observed_at(row, known)
    report = row.report(place_id, score)
    if report.problems or place_id is None:
        return TakenRow(report=report)
    event = DamageReported(
        report_id=new_id("damage"),
        place_id=place_id,
        destroyed=destroyed or 0,
        damaged=damaged or 0,
        total=total,
        observed_at=observed_at,
        written_place=row.text("place"),
        match_score=score,
        note=row.text("note")[:2_000],
    )
    return TakenRow(report=report, events=(event,), reported_at=observed_at)


def _count(row: Row, field: str) -> int | None:
    """Read a number of houses; None where the cell is empty."""
    written = row.text(field)
    if not written:
        return None
    value = number(written)
    if value is None or value % 1 or not 0 <= value <= MAX_HOUSES:
        row.problem(field, f"a whole number from 0 to {MAX_HOUSES}")
        return None
    row.repaired = row.repaired or ambiguous(written)
    return int(value)


def _observed_at(row: Row, known: Known) -> datetime | None:
    """Read when somebody counted: not in the future. A count does not run out as a need does."""
    written = row.text("reported_at")
    if not written:
        return None
    at = moment(written, zone=known.zone)
    if at is None:
        row.problem("reported_at", "a time such as 2023-09-10T14:00+01:00")
    elif at > known.now + CLOCKS_DIFFER:
        row.problem("reported_at", "a time that is not in the future", "is day and month swapped?")
    return at


def _stock(row: Row, known: Known) -> TakenRow:
    depot_id = _depot(row, known)
    item, quantity, unit = _goods(row, known)
    report = row.report()
    if report.problems or depot_id is None or item is None or quantity is None:
        return TakenRow(report=report)
    moved = StockMoved(
        movement_id=new_id("movement"),
        item_id=item,
        quantity=quantity,
        unit=unit,
        from_account="donor:uploaded",
        to_account=depot_id,
        note=row.text("note")[:2_000],
    )
    return TakenRow(report=report, events=(*_registering(depot_id, known), moved))


def _vehicle(row: Row, known: Known) -> TakenRow:
    depot_id = _depot(row, known)
    name = row.text("vehicle")
    if not name:
        row.problem("vehicle", "a name or number plate")
    vehicle_class = plain(row.text("class")).replace(" ", "_")
    written = {
        plain(known_class).replace(" ", "_"): known_class for known_class in VEHICLE_CLASS_NAMES
    }
    if vehicle_class not in written:
        row.problem("class", f"one of {', '.join(VEHICLE_CLASS_NAMES)}")
    kg = _positive(row, "capacity_kg", 100_000)
    m3 = _positive(row, "capacity_m3", 1_000)
    report = row.report()
    if report.problems or depot_id is None or kg is None or m3 is None:
        return TakenRow(report=report)
    event = VehicleRegistered(
        vehicle_id=_stable_id("vehicle", name),
        vehicle_class=written[vehicle_class],
        name=name,
        capacity_kg=float(kg),
        capacity_m3=float(m3),
        depot_id=depot_id,
    )
    return TakenRow(report=report, events=(*_registering(depot_id, known), event))


def _volunteer(row: Row, known: Known) -> TakenRow:
    name = row.text("volunteer")
    if not name:
        row.problem("volunteer", "a code (no real name: this sheet is seen by many)")
    place_id, score = (None, None)
    if any(row.text(field) for field in ("place", "place_id", "lon", "position")):
        place_id, score = _place(row, known)
    report = row.report(place_id, score)
    if report.problems:
        return TakenRow(report=report)
    event = VolunteerRegistered(
        volunteer_id=_stable_id("volunteer", name),
        home_place_id=place_id,
        skills=_list(row.text("skills")),
        languages=_list(row.text("languages")),
    )
    return TakenRow(report=report, events=(event,))


#: Kind → the reader of a row, and the groups of columns of which one each is needed.
_KINDS: dict[str, tuple[Callable[[Row, Known], TakenRow], tuple[tuple[str, ...], ...]]] = {
    "needs": (_need, (("place_id", "place", "lon", "position"), ("item",), ("quantity",))),
    "damage": (
        _damage,
        (("place_id", "place", "lon", "position"), ("destroyed", "damaged")),
    ),
    "stock": (_stock, (("depot",), ("item",), ("quantity",))),
    "vehicles": (
        _vehicle,
        (("vehicle",), ("class",), ("capacity_kg",), ("capacity_m3",), ("depot",)),
    ),
    "volunteers": (_volunteer, (("volunteer",),)),
}


def _place(row: Row, known: Known) -> tuple[str | None, float | None]:
    """Find the place of a row: by id, else by name, commune and coordinate, else by coordinate."""
    if row.text("place_id"):
        place_id = known.place_by_id(row.text("place_id"))
        if place_id is not None:
            return place_id, 1.0
        if not any(row.text(field) for field in ("place", "lon", "position")):
            row.problem("place_id", "the id or code of a place of this situation")
            return None, None
    at = _where(row, known)
    if row.problems:
        return None, None
    named = None
    if row.text("place"):
        named = known.place_by_name(_question(row, at))
        if named.place_id is not None:
            row.repaired = row.repaired or named.score < 1
            return named.place_id, named.score
        if at is None:
            row.undecided = bool(named.candidates)
            row.problem(
                "place", "a place of this situation, or a coordinate", " | ".join(named.candidates)
            )
            return None, named.score
    if at is None:
        row.problem("place", "a place name, a place id or a coordinate")
        return None, None
    return _place_at(row, known, at, named)


def _place_at(
    row: Row, known: Known, at: tuple[float, float], named: PlaceMatch | None
) -> tuple[str | None, float | None]:
    """Find the place of a coordinate, unless the written name means others more clearly."""
    near = known.place_near(*at)
    if named is not None and named.score >= CLEAR_NAME and near.place_id not in named.candidate_ids:
        row.undecided = True
        row.problem(
            "place",
            "a name and a coordinate of one place",
            " | ".join((*named.candidates, *near.candidates[:1])),
        )
        return None, named.score
    if near.place_id is None:
        row.undecided = bool(near.candidates)
        field = "position" if row.text("position") else "lon"
        row.problem(
            field, "a coordinate within 500 m of a known place", " | ".join(near.candidates)
        )
        return None, near.score
    row.repaired = True
    return near.place_id, near.score


def _where(row: Row, known: Known) -> tuple[float, float] | None:
    """Read the coordinate of a row: lon and lat, or both in one cell as people write them."""
    if row.text("lon") or row.text("lat"):
        lon, lat = coordinate(row.text("lon")), coordinate(row.text("lat"))
        if lon is None or lat is None:
            row.problem("lon" if lon is None else "lat", "decimal degrees, such as -8.23 and 31.05")
            return None
        return lon, lat
    if not row.text("position"):
        return None
    try:
        read = read_coordinate(row.text("position"), area=known.area())
    except InputError as error:
        row.problem("position", error.needed, error.todo)
        return None
    row.repaired = row.repaired or bool(read.warning)
    return read.lon, read.lat


def _goods(row: Row, known: Known) -> tuple[str | None, Decimal | None, str]:
    item = item_of(row.text("item"))
    if item is None and row.text("item") in known.items:
        item = row.text("item")
    if item is None or item not in known.items:
        row.problem("item", "a relief item", ", ".join(sorted(known.items)[:12]))
        item = None
    quantity = _positive(row, "quantity", MAX_QUANTITY)
    unit = known.items[item].unit if item else ""
    written_unit = row.text("unit")
    if item and written_unit and plain(written_unit).rstrip("s") not in _unit_words(unit):
        row.problem("unit", f"{unit}, the unit of {item}")
    if quantity is not None and unit and unit not in MEASURES and quantity % 1:
        row.problem("quantity", f"a whole number: {unit} cannot be parted")
    return item, quantity, unit


def _unit_words(unit: str) -> set[str]:
    """Give the plain words for a unit; whole things may all be called pieces."""
    measures = {
        "l": ("l", "litre", "liter"),
        "kg": ("kg", "kilo", "kilogramme", "kilogram"),
    }
    pieces = ("piece", "pcs", "pc", "unit", "unite", "kit", "colis", "panier", "box", "pièce")
    return {plain(word).rstrip("s") for word in (unit, *measures.get(unit, pieces))}


def _positive(row: Row, field: str, limit: Decimal | int) -> Decimal | None:
    value = number(row.text(field))
    if value is None or not 0 < value <= limit:
        row.problem(field, f"one number above 0, at most {limit:,}".replace(",", " "))
        return None
    # "1,200" is taken as 1200, and the sender is shown that it was.
    row.repaired = row.repaired or ambiguous(row.text(field))
    return value.quantize(Decimal("0.000001")).normalize() + 0


def _depot(row: Row, known: Known) -> str | None:
    """Find the depot of a row; a new name with a coordinate registers a new depot."""
    written = row.text("depot")
    found = known.depots.get(written) or known.depots.get(plain(written))
    if found:
        return found
    at = _where(row, known)
    if row.problems and row.problems[-1].column in ("lon", "lat", "position"):
        return None
    if not written or at is None or abs(at[0]) > 180 or abs(at[1]) > 90:
        row.problem(
            "depot",
            "a depot of this situation, or a new name with lon and lat",
            ", ".join(known.depot_names[:8]),
        )
        return None
    lon, lat = at
    depot_id = _stable_id("depot", written)
    # Later rows of this sheet need not repeat the coordinate.
    known.depots[plain(written)] = depot_id
    known.new_depots[depot_id] = DepotRegistered(depot_id=depot_id, name=written, lon=lon, lat=lat)
    return depot_id


def _registering(depot_id: str, known: Known) -> tuple[Event, ...]:
    """Give the event that registers a new depot, with the first row that is taken."""
    event = known.new_depots.pop(depot_id, None)
    return () if event is None else (event,)


def _stable_id(prefix: str, name: str) -> str:
    """Make an id from a name, so that the same name in a second sheet is the same thing."""
    form = plain(name)
    slug = "".join(char if char.isascii() and char.isalnum() else "-" for char in form).strip("-")
    digest = hashlib.sha256(form.encode()).hexdigest()[:8]
    return f"{prefix}:{slug[:40] or 'x'}-{digest}"


def _list(text: str) -> tuple[str, ...]:
    parts = text.replace(";", ",").replace("|", ",").replace("،", ",").split(",")
    return tuple(part.strip()[:100] for part in parts if part.strip())[:50]
