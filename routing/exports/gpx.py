"""GPX 1.1 (https://www.topografix.com/GPX/1/1): a waypoint per stop, a track for the way.

The track has one segment per leg; the last walks are tracks of their own, type ``walking``. Names
of waypoints are cut at 30 characters, which the screens of Garmin devices show; the full name is in
the description. Times are UTC, as the format asks; descriptions hold local time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from routing.exports.wording import clean, lines, utc

if TYPE_CHECKING:
    from datetime import datetime

    from shapely.geometry import LineString

    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary, Position

SUFFIX = ".gpx"
NAMESPACE = "http://www.topografix.com/GPX/1/1"
LONGEST_WAYPOINT_NAME = 30
# Symbols that Garmin devices and OsmAnd know by name.
DEPOT_SYMBOL, STOP_SYMBOL = "Building", "Flag, Blue"


def render(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give `itinerary` as one GPX document."""
    root = Element(
        "gpx",
        {
            "version": "1.1",
            "creator": "Qafila",
            "xmlns": NAMESPACE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": f"{NAMESPACE} {NAMESPACE}/gpx.xsd",
        },
    )
    _metadata(root, itinerary, wording)
    convoy = itinerary.convoy
    _waypoint(
        root,
        itinerary.start,
        at=convoy.departs_at,
        name=wording.name(convoy.depot_id),
        about=lines([wording.name(convoy.depot_id), *wording.summary(itinerary)]),
        symbol=DEPOT_SYMBOL,
        kind="depot",
    )
    for stop in itinerary.stops:
        name = wording.name(stop.place_id)
        _waypoint(
            root,
            stop.position,
            at=stop.arrives_at,
            name=f"{stop.number} {name}",
            about=lines([name, *wording.about(stop), clean(wording.notice)]),
            symbol=STOP_SYMBOL,
            kind="stop",
        )
    _track(
        root,
        [leg.geometry for leg in itinerary.legs],
        name=wording.title(itinerary),
        about=lines([*wording.summary(itinerary), *wording.turns(itinerary)]),
        kind=convoy.vehicle_class,
    )
    for stop in itinerary.stops:
        if stop.walk is not None:
            _track(
                root,
                [stop.walk.geometry],
                name=f"{wording.word('walk')}: {stop.number} {wording.name(stop.place_id)}",
                about=lines([wording.word("straight"), clean(wording.notice)]),
                kind="walking",
            )
    indent(root)
    document: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return document


def _metadata(root: Element, itinerary: Itinerary, wording: Wording) -> None:
    metadata = SubElement(root, "metadata")
    SubElement(metadata, "name").text = wording.title(itinerary)
    SubElement(metadata, "desc").text = lines(wording.summary(itinerary))
    SubElement(metadata, "time").text = utc(itinerary.convoy.departs_at)
    west, south, east, north = itinerary.bounds
    box = {"minlat": south, "minlon": west, "maxlat": north, "maxlon": east}
    SubElement(metadata, "bounds", {name: _degrees(value) for name, value in box.items()})


def _waypoint(
    root: Element,
    position: Position,
    *,
    at: datetime,
    name: str,
    about: str,
    symbol: str,
    kind: str,
) -> None:
    point = SubElement(root, "wpt", _lat_lon(*position))
    SubElement(point, "time").text = utc(at)
    SubElement(point, "name").text = clean(name, longest=LONGEST_WAYPOINT_NAME)
    SubElement(point, "desc").text = about
    SubElement(point, "sym").text = symbol
    SubElement(point, "type").text = kind


def _track(root: Element, segments: list[LineString], *, name: str, about: str, kind: str) -> None:
    track = SubElement(root, "trk")
    SubElement(track, "name").text = name
    SubElement(track, "desc").text = about
    SubElement(track, "type").text = kind
    for line in segments:
        segment = SubElement(track, "trkseg")
        for lon, lat, *elevation in line.coords:
            point = SubElement(segment, "trkpt", _lat_lon(lon, lat))
            if elevation and elevation[0] == elevation[0]:  # a missing elevation is NaN
                SubElement(point, "ele").text = f"{elevation[0]:.1f}"


def _lat_lon(lon: float, lat: float) -> dict[str, str]:
    # The schema ends just before 180° east, which is 180° west.
    return {"lat": _degrees(lat), "lon": _degrees(lon if lon < 180 else lon - 360)}


def _degrees(value: float) -> str:
    return f"{value:.7f}"  # a centimetre
