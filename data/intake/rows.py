"""Rows: each row of a sheet becomes events, or a reason that its sender can act on.

A good row goes in although its neighbour is bad. A row is `accepted`, `repaired` (taken with a
reading that is shown), `undecided` (candidates are offered), `rejected` or `duplicate` (already
here).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from data.events import (
    DamageReported,
    DepotRegistered,
    Event,
    NeedReported,
    StockMoved,
    VehicleRegistered,
    VolunteerRegistered,
)
from data.intake.added_places import take_place
from data.intake.cells import ambiguous, moment, number
from data.intake.columns import item_of, understand
from data.intake.placing import events_of, place_of, questions, where
from data.intake.row import Row, TakenRow
from geo.errors import SchemaError
from geo.model import VEHICLE_CLASS_NAMES, new_id
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from data.intake.known import Known
    from data.intake.sheet import Sheet

#: A need runs out after this long and must be confirmed.
NEED_LASTS = timedelta(hours=48)
#: Clocks of phones may be wrong by so much.
CLOCKS_DIFFER = timedelta(hours=12)
#: Units that may be parted; whatever else goes out whole.
MEASURES = frozenset({"l", "kg"})
MAX_QUANTITY = Decimal(1_000_000_000)
MAX_HOUSES = 1_000_000


def take_rows(kind: str, sheet: Sheet, known: Known) -> list[TakenRow]:
    """Read every row of a sheet of needs, damage, stock, vehicles, volunteers or places.

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
        known.look_up(one for row in rows for one in questions(row, known))
    return [take(Row(line, cells, fields), known) for line, cells in sheet.rows]


def _need(row: Row, known: Known) -> TakenRow:
    place_id, score = place_of(row, known)
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
    events = (*events_of(place_id, known), event)
    return TakenRow(report=report, events=events, reported_at=reported_at)


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
    place_id, score = place_of(row, known)
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
    events = (*events_of(place_id, known), event)
    return TakenRow(report=report, events=events, reported_at=observed_at)


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
        place_id, score = place_of(row, known)
    report = row.report(place_id, score)
    if report.problems:
        return TakenRow(report=report)
    event = VolunteerRegistered(
        volunteer_id=_stable_id("volunteer", name),
        home_place_id=place_id,
        skills=_list(row.text("skills")),
        languages=_list(row.text("languages")),
    )
    return TakenRow(report=report, events=(*events_of(place_id, known), event))


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
    "places": (take_place, (("place",), ("lon", "position"))),
}


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
    at = where(row, known)
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
