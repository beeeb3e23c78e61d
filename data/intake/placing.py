"""Placing: which place a row means, by its id, its name with what stands around it, its coordinate.

What is not clear is asked with candidates, never taken. A coordinate outside the area is asked
about with the slip that may have happened. A name that no list knows, with a coordinate, is offered
as a place of its own, and is added where the sender asked for that.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from data.events import Event, PlaceAdded
from data.intake.cells import coordinate
from data.intake.known import PLACE_RADIUS_M, Question
from geo.coordinates import other_readings, read_coordinate
from geo.errors import InputError
from geo.model import new_id
from geo.name_context import PlaceText, offset_point, read_place_text
from geo.names import plain
from geo.phrase import joined, phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data.intake.known import Known, PlaceMatch
    from data.intake.row import Row
    from geo.coordinates import Coordinate

#: A written name this like a known one is not overruled by a coordinate of another place.
CLEAR_NAME = 0.8
#: "Near" a place, without a distance, is this far (m).
NEAR_M = 5_000.0

#: Latitude, longitude, height and accuracy, as ODK and KoBo write a point.
_WITH_HEIGHT = re.compile(
    r"^(-?\d{1,2}\.\d+)[ ,]+(-?\d{1,3}\.\d+)[ ,]+-?\d+(?:\.\d+)?(?:[ ,]+\d+(?:\.\d+)?)?$"
)

Found = tuple[str | None, float | None]


def place_of(row: Row, known: Known) -> Found:
    """Find the place of a row: by id, else by name, parents and coordinate, else by coordinate.

    A code that stands where the name belongs is taken for what it is.
    """
    if row.text("place_id"):
        place_id = known.place_by_id(row.text("place_id"))
        if place_id is not None:
            return place_id, 1.0
        if not any(row.text(field) for field in ("place", "lon", "position")):
            row.problem("place_id", phrase("the id or code of a place of this situation"))
            return None, None
    at = where(row, known)
    if row.problems:
        return None, None
    text = read_place_text(row.text("place"))
    if text.relation and _by_name(row, known, _whole(row), at).place_id is None:
        return _beside(row, known, text, at)
    named = None
    if row.text("place"):
        named = _by_name(row, known, text, at)
        if named.place_id is not None:
            row.match = named.ranked[0]
            row.repaired = row.repaired or named.score < 1
            _tell_distance(row, known, named.place_id, at)
            return named.place_id, named.score
        coded = known.place_by_id(row.text("place"))
        if coded is not None:
            # Lists that go back to organisations name places by code, and codes are copied.
            _tell_distance(row, known, coded, at)
            return coded, 1.0
        if at is None:
            row.undecided = bool(named.ranked)
            row.candidates = named.ranked
            row.problem(
                "place",
                phrase("a place of this situation, or a coordinate"),
                " | ".join(named.candidates),
            )
            return None, named.score
    if at is None:
        row.problem("place", phrase("a place name, a place id or a coordinate"))
        return None, None
    return _at(row, known, at, named, text)


def questions(row: Row, known: Known) -> Iterator[Question]:
    """Give what will be asked of the names, so that all rows are looked up at once."""
    text = read_place_text(row.text("place"))
    at = where(row, known)
    yield _question(row, text, at)
    if text.name != row.text("place"):
        yield _question(row, _whole(row), at)
    for anchor in text.anchors:
        yield Question(name=anchor, commune=row.text("commune") or text.commune)


def events_of(place_id: str | None, known: Known) -> tuple[Event, ...]:
    """Give the event that adds a place, with the first row that is taken for it."""
    event = known.pending_places.pop(place_id or "", None)
    return () if event is None else (event,)


def where(row: Row, known: Known) -> tuple[float, float] | None:
    """Read the coordinate of a row: lon and lat, or both in one cell as people write them.

    One outside the area is asked about, with what it may have been.
    """
    if row.text("lon") or row.text("lat"):
        return _from_columns(row, known)
    if not row.text("position"):
        return None
    try:
        read = read_coordinate(_without_height(row.text("position")), area=known.area())
    except InputError as error:
        row.problem("position", error.needed, error.todo)
        return None
    if read.warning:
        row.repaired = True
        row.notes.append(
            phrase(
                "{lat}, {lon}: {warning}",
                lat=f"{read.lat:.5f}",
                lon=f"{read.lon:.5f}",
                warning=read.warning,
            )
        )
    return _inside(row, known, read.lon, read.lat, field="position")


def _from_columns(row: Row, known: Known) -> tuple[float, float] | None:
    """Read longitude and latitude from two columns: degrees, or with minutes, or metres."""
    lon, lat = coordinate(row.text("lon")), coordinate(row.text("lat"))
    far = lon is not None and lat is not None and (abs(lon) > 180 or abs(lat) > 90)
    if lon is None or lat is None or far:
        written = f"{row.text('lat')} {row.text('lon')}"
        if far:  # metres of a grid have east first
            written = f"{row.text('lon')} {row.text('lat')}"
        try:
            read = read_coordinate(written, area=known.area())
        except InputError:
            read = None
        if read is not None and read.form != "decimal":
            if read.warning:
                row.repair(
                    phrase(
                        "{lat}, {lon}: {warning}",
                        lat=f"{read.lat:.5f}",
                        lon=f"{read.lon:.5f}",
                        warning=read.warning,
                    )
                )
            return _inside(row, known, read.lon, read.lat, field="lon")
    if lon is None or lat is None:
        row.problem(
            "lon" if lon is None else "lat", phrase("decimal degrees, such as -8.23 and 31.05")
        )
        return None
    if lon == lat == 0:
        row.problem("lon", phrase("not 0, 0, which a device writes that knows no position"))
        return None
    return _inside(row, known, lon, lat, field="lon")


def _without_height(text: str) -> str:
    """Take height and accuracy off a position as ODK writes it: "31.05 -8.12 1850.0 4.9"."""
    found = _WITH_HEIGHT.match(text)
    return f"{found[1]} {found[2]}" if found else text


def _inside(
    row: Row, known: Known, lon: float, lat: float, *, field: str
) -> tuple[float, float] | None:
    area = known.area()
    if area is None:
        if abs(lon) <= 180 and abs(lat) <= 90:
            return lon, lat
        row.problem(
            field, phrase("a longitude of at most 180 and a latitude of at most 90 degrees")
        )
        return None
    west, south, east, north = area
    if west <= lon <= east and south <= lat <= north:
        return lon, lat
    readings = other_readings(lon, lat, area)
    row.undecided = True
    row.problem(
        field,
        phrase(
            "a coordinate in the area (lon {west} to {east}, lat {south} to {north})",
            west=f"{west:.2f}",
            east=f"{east:.2f}",
            south=f"{south:.2f}",
            north=f"{north:.2f}",
        ),
        joined(map(_asked, readings), " | ") or phrase("is it another area, or a slip?"),
    )
    return None


def _asked(reading: Coordinate) -> str:
    return phrase(
        "{lat}, {lon}? {warning}",
        lat=f"{reading.lat:.5f}",
        lon=f"{reading.lon:.5f}",
        warning=reading.warning,
    )


def _question(row: Row, text: PlaceText, at: tuple[float, float] | None) -> Question:
    lon, lat = at or (None, None)
    return Question(
        name=text.name,
        commune=row.text("commune") or text.commune,
        province=row.text("province") or text.province,
        lon=lon,
        lat=lat,
    )


def _whole(row: Row) -> PlaceText:
    """Everything in the cell as one name, whatever words it holds."""
    return PlaceText(name=row.text("place"))


def _by_name(row: Row, known: Known, text: PlaceText, at: tuple[float, float] | None) -> PlaceMatch:
    """Ask for the name; a name that a place bears with its commas and all goes before its parts."""
    if text.name != row.text("place"):
        whole = known.place_by_name(_question(row, _whole(row), at))
        if whole.place_id is not None and whole.ranked[0].method in ("alias", "exact"):
            return whole
    return known.place_by_name(_question(row, text, at))


def _tell_distance(row: Row, known: Known, place_id: str, at: tuple[float, float] | None) -> None:
    """Show that the coordinate beside a clear name lies elsewhere."""
    if at is None:
        return
    apart_m = known.distance_m(place_id, *at)
    if apart_m > PLACE_RADIUS_M:
        row.repaired = True
        row.notes.append(
            phrase(
                "the coordinate lies {apart_m} km from the place named",
                apart_m=f"{apart_m / 1_000:.1f}",
            )
        )


def _beside(row: Row, known: Known, text: PlaceText, at: tuple[float, float] | None) -> Found:
    """Find a place that is told by its neighbours; they alone never decide."""
    commune = row.text("commune") or text.commune
    anchors: list[tuple[float, float]] = []
    for name in text.anchors:
        anchor = known.place_by_name(Question(name=name, commune=commune))
        if anchor.place_id is None:
            row.undecided = bool(anchor.ranked)
            row.candidates = anchor.ranked
            row.problem(
                "place",
                phrase("which {name} is meant", name=f"{name[:80]!r}"),
                " | ".join(anchor.candidates),
            )
            return None, None
        anchors.append(known.position(anchor.place_id))
    lon, lat, radius_m = _spot(text, anchors)
    if text.name:
        named = known.place_by_name(_question(row, text, at or (lon, lat)))
        if named.place_id is not None:
            row.match = named.ranked[0]
            row.repaired = True
            _tell_distance(row, known, named.place_id, at)
            return named.place_id, named.score
        if at is None:
            row.undecided = bool(named.ranked)
            row.candidates = named.ranked
            row.problem(
                "place",
                phrase("a place of this situation, or a coordinate"),
                " | ".join(named.candidates),
            )
            return None, named.score
    if at is not None:
        return _at(row, known, at, None, text)
    around = known.places_around(lon, lat, radius_m)
    row.undecided = bool(around.ranked)
    row.candidates = around.ranked
    row.problem(
        "place",
        phrase("the name of the place itself: this says only where it lies"),
        " | ".join(around.candidates),
    )
    return None, around.score


def _spot(text: PlaceText, anchors: list[tuple[float, float]]) -> tuple[float, float, float]:
    """The point that neighbours tell, and how far around it the place may lie (m)."""
    lon, lat = anchors[0]
    if text.relation == "between":
        other_lon, other_lat = anchors[1]
        east = math.radians(other_lon - lon) * math.cos(math.radians(lat))
        apart_m = math.hypot(east, math.radians(other_lat - lat)) * 6_371_008.8
        return (lon + other_lon) / 2, (lat + other_lat) / 2, apart_m / 2 + 1_000
    if text.relation == "offset" and math.isfinite(text.bearing_deg):
        # People tell distances to a third and sides to an eighth of a turn.
        there = offset_point(lon, lat, text.distance_m, text.bearing_deg)
        return (*there, max(1_000.0, 0.4 * text.distance_m))
    if text.relation == "offset":
        return lon, lat, 1.3 * text.distance_m + 500
    return lon, lat, NEAR_M


def _at(
    row: Row,
    known: Known,
    at: tuple[float, float],
    named: PlaceMatch | None,
    text: PlaceText,
) -> Found:
    """Find the place of a coordinate, unless the written name means others more clearly."""
    near = known.place_near(*at)
    if named is not None and named.score >= CLEAR_NAME and near.place_id not in named.candidate_ids:
        row.undecided = True
        row.candidates = (*named.ranked, *near.ranked[:1])
        row.problem(
            "place",
            phrase("a name and a coordinate of one place"),
            " | ".join((*named.candidates, *near.candidates[:1])),
        )
        return None, named.score
    if near.place_id is not None:
        row.match = near.ranked[0]
        row.repaired = True
        return near.place_id, near.score
    if text.name and known.add_places:
        return _added(row, known, at, text), 1.0
    row.undecided = bool(near.ranked)
    row.candidates = near.ranked
    field = "position" if row.text("position") else "lon"
    offers = [*near.candidates]
    if text.name:
        offers.append(
            "or a place of its own: send the sheet with --add-places, or its name and "
            "coordinate as `upload places`"
        )
    row.problem(field, phrase("a coordinate within 500 m of a known place"), " | ".join(offers))
    return None, near.score


def _added(row: Row, known: Known, at: tuple[float, float], text: PlaceText) -> str:
    """Make a place of a name that no list knows; later rows of that name and spot mean it too."""
    lon, lat = at
    key = plain(text.name)
    row.repaired = True
    for event in known.added_places.get(key, []):
        if known.apart_m((event.lon, event.lat), at) <= PLACE_RADIUS_M:
            return event.place_id
    event = PlaceAdded(
        place_id=new_id("place"),
        name=text.name[:300],
        lon=lon,
        lat=lat,
        commune=(row.text("commune") or text.commune)[:300],
    )
    known.added_places.setdefault(key, []).append(event)
    known.pending_places[event.place_id] = event
    row.notes.append(phrase("added as a place of its own"))
    return event.place_id
