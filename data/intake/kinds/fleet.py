"""Vehicles and volunteers: who and what can go."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from data.events import VehicleRegistered, VolunteerRegistered
from data.intake.cells.numbers import ambiguous, number
from data.intake.cells.words import unit_word, vehicle_class
from data.intake.depots import depot_of, registering, stable_id
from data.intake.placing import events_of, place_of
from data.intake.row import Row, TakenRow
from data.volunteering.skills import LANGUAGES, SKILLS, language_of, skill_of
from geo.model import VEHICLE_CLASS_NAMES
from geo.phrase import phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from data.intake.known import Known

NEEDED_VEHICLES = (("vehicle",), ("class",), ("capacity_kg",), ("capacity_m3",), ("depot",))
NEEDED_VOLUNTEERS = (("volunteer",),)
# What the event takes (`data.events.fleet`).
MIN_SHIFT_S, DAY_S = 600, 86_400
SLOWEST, FASTEST = Decimal("0.1"), Decimal(3)
MOST_CREW = 100
_PLACE_FIELDS = ("place", "place_id", "lon", "position")
_PARTS = re.compile(r"[,;|،؛/\n]")
_AND = re.compile(r"\s+(?:and|et|&|\+|ⴷ)\s+|\s+و\s*")


def take_vehicle(row: Row, known: Known) -> TakenRow:
    """Read a vehicle or a mule team with what it carries and where it stands."""
    depot_id = depot_of(row, known)
    name = row.text("vehicle")
    if not name:
        row.problem("vehicle", phrase("a name or number plate"))
    kind = vehicle_class(row.text("class"))
    if kind is None:
        row.problem(
            "class",
            phrase("one of {names}", names=", ".join(VEHICLE_CLASS_NAMES)),
        )
    together = " ".join(row.text("together").split())[:100]
    kg = _capacity(row, "capacity_kg", 100_000, or_nothing=bool(together))
    m3 = _capacity(row, "capacity_m3", 1_000, or_nothing=bool(together))
    # What nobody says is as the event has it.
    said: dict[str, Any] = {
        "shift_s": _shift_s(row),
        "speed_factor": _speed_factor(row),
        "crew": _crew(row),
        "together": together or None,
    }
    report = row.report()
    if report.problems or depot_id is None or kind is None or kg is None or m3 is None:
        return TakenRow(report=report)
    event = VehicleRegistered(
        vehicle_id=stable_id("vehicle", name),
        vehicle_class=kind,
        name=name,
        capacity_kg=float(kg),
        capacity_m3=float(m3),
        depot_id=depot_id,
        **{name: value for name, value in said.items() if value is not None},
    )
    return TakenRow(report=report, events=(*registering(depot_id, known), event))


def take_volunteer(row: Row, known: Known) -> TakenRow:
    """Read a volunteer by code, with skills and languages; where they live is a place."""
    name = row.text("volunteer")
    if not name:
        row.problem("volunteer", phrase("a code (no real name: this sheet is seen by many)"))
    place_id, score = (None, None)
    if any(row.text(field) for field in _PLACE_FIELDS):
        place_id, score = place_of(row, known)
    skills = _listed(row, "skills", SKILLS, skill_of)
    languages = _listed(row, "languages", LANGUAGES, language_of)
    report = row.report(place_id, score)
    if report.problems:
        return TakenRow(report=report)
    event = VolunteerRegistered(
        volunteer_id=stable_id("volunteer", name),
        home_place_id=place_id,
        skills=skills,
        languages=languages,
    )
    return TakenRow(report=report, events=(*events_of(place_id, known), event))


def _capacity(row: Row, field: str, limit: int, *, or_nothing: bool) -> Decimal | None:
    """Read a capacity, with "t" or "kg" behind it where it is a weight.

    With `or_nothing` it may be 0: an escort carries nothing.
    """
    written = row.text(field)
    value = number(written)
    if value is None and field == "capacity_kg":
        bare = written.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ. ")
        unit = unit_word(written[len(bare) :])
        value = number(bare) if unit is not None and unit.base == "kg" else None
        if value is not None and unit is not None:
            value *= unit.factor
            if unit.factor != 1:
                row.repair(phrase("{written} are {value} kg", written=written, value=f"{value:f}"))
    if value is None or not 0 <= value <= limit or (value == 0 and not or_nothing):
        row.problem(
            field,
            phrase("one number above 0, at most {limit}", limit=f"{limit:,}".replace(",", " ")),
        )
        return None
    row.repaired = row.repaired or ambiguous(written)
    return value.quantize(Decimal("0.000001")).normalize() + 0


def _shift_s(row: Row) -> int | None:
    """Read the hours of a driver's day: "8", "8,5", "8 h", "08:30"."""
    written = row.text("shift_h")
    if not written:
        return None
    hours, _, minutes = written.casefold().removesuffix("h").strip().partition(":")
    whole, part = number(hours), number(minutes or "0")
    if whole is not None and part is not None and 0 <= part < 60:
        seconds = round(float(whole) * 3600 + float(part) * 60)
        if MIN_SHIFT_S <= seconds <= DAY_S:
            return seconds
    row.problem("shift_h", phrase("hours of work a day, from 0.2 to 24"))
    return None


def _speed_factor(row: Row) -> float | None:
    """Read the speed for one of its class: "0,8" or "80 %"."""
    written = row.text("speed_factor")
    if not written:
        return None
    bare = written.rstrip("%٪ ")
    value = number(bare)
    if value is not None and bare != written.rstrip():
        value /= 100
    if value is None or not SLOWEST <= value <= FASTEST:
        row.problem(
            "speed_factor", phrase("0.1 to 3 times the speed of its class, or 10 % to 300 %")
        )
        return None
    return float(value)


def _crew(row: Row) -> int | None:
    """Read how many people unload."""
    written = row.text("crew")
    if not written:
        return None
    value = number(written)
    if value is None or value % 1 or not 1 <= value <= MOST_CREW:
        row.problem("crew", phrase("how many people unload, 1 to {most}", most=MOST_CREW))
        return None
    return int(value)


def _listed(
    row: Row, field: str, listed: Container[str], read: Callable[[str], str]
) -> tuple[str, ...]:
    """Read several words of a controlled list; what is in no list is kept, and the row says so."""
    found: list[str] = []
    for part in _PARTS.split(row.text(field)):
        if not part.strip():
            continue
        # Whole first: "search and rescue" is one skill, "arabe et français" are two languages.
        ways = ([part], _AND.split(part), part.split())
        said = next((way for way in ways if all(read(one) in listed for one in way)), ways[0])
        found += [read(one)[:100] for one in said]
    words = tuple(dict.fromkeys(found))[:50]
    unknown = [one for one in words if one not in listed]
    if unknown:
        row.notes.append(
            phrase("kept as written, for no list has it: {words}", words=", ".join(unknown)[:200])
        )
    return words
