"""KML 2.2 (OGC 07-147r2): styled lines and stops, the facts of each as ExtendedData.

Descriptions are shown as HTML by Google Earth, so names are escaped twice: for HTML and for XML.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from routing.exports.wording import clean, lines, number, utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry import LineString

    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary, Leg, Position, RoadStop

SUFFIX = ".kml"
NAMESPACE = "http://www.opengis.net/kml/2.2"
# Colours are aabbggrr.
_LINES = {"way": ("ffb05a00", 5), "way-home": ("99b05a00", 3), "walk": ("ff2d7dff", 3)}
_POINTS = {"depot": "ff5c5c5c", "stop": "ffb05a00"}


def render(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give `itinerary` as one KML document."""
    root = Element("kml", {"xmlns": NAMESPACE})
    body = SubElement(root, "Document")
    convoy = itinerary.convoy
    SubElement(body, "name").text = wording.title(itinerary)
    SubElement(body, "open").text = "1"
    summary = [*wording.summary(itinerary), *wording.turns(itinerary)]
    SubElement(body, "description").text = _html(summary)
    _styles(body)
    _data(body, _convoy_facts(itinerary, wording))

    stops = _folder(body, wording.word("stop"))
    depot = _placemark(stops, wording.name(convoy.depot_id), _html(summary))
    _point(
        depot, itinerary.start, at=utc(convoy.departs_at), style="depot", facts={"kind": "depot"}
    )
    for stop in itinerary.stops:
        _stop(stops, stop, wording)
    ways = _folder(body, wording.word("leg"))
    for leg in itinerary.legs:
        _leg(ways, leg, wording)
    for stop in itinerary.stops:
        if stop.walk is not None:
            name = f"{wording.word('walk')}: {stop.number} {wording.name(stop.place_id)}"
            about = _html([wording.word("straight"), clean(wording.notice)])
            mark = _placemark(ways, name, about)
            facts = {"kind": "walk", "length_m": f"{stop.walk.length_m:.0f}"}
            _line(mark, stop.walk.geometry, style="walk", facts=facts)
    indent(root)
    document: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return document


def _convoy_facts(itinerary: Itinerary, wording: Wording) -> dict[str, str]:
    convoy = itinerary.convoy
    return {
        "notice": clean(wording.notice),
        "plan_id": clean(itinerary.plan_id),
        "convoy_id": clean(convoy.convoy_id),
        "vehicle_class": convoy.vehicle_class,
        "vehicle": clean(convoy.vehicle_name) or clean(convoy.vehicle_id),
        "departs_at": utc(convoy.departs_at),
        "returns_at": utc(convoy.returns_at),
        "load_kg": number(convoy.load_kg),
        "load_m3": number(convoy.load_m3),
        "length_km": f"{itinerary.length_km:.3f}",
    }


def _stop(folder: Element, stop: RoadStop, wording: Wording) -> None:
    name = f"{stop.number} {wording.name(stop.place_id)}"
    mark = _placemark(folder, name, _html([*wording.about(stop), clean(wording.notice)]))
    facts = {
        "kind": "stop",
        "stop": str(stop.number),
        "place_id": clean(stop.place_id),
        "arrives_at": utc(stop.arrives_at),
        "leaves_at": utc(stop.leaves_at),
        "km": f"{stop.km:.3f}",
        "deliver": wording.hand_out(stop),
    }
    facts |= {f"item {clean(row.item_id)}": number(row.quantity) for row in stop.hand_out}
    _point(mark, stop.position, at=utc(stop.arrives_at), style="stop", facts=facts)


def _leg(folder: Element, leg: Leg, wording: Wording) -> None:
    home = leg.to_stop == 0
    name = wording.word("way_home") if home else f"{leg.to_stop} {wording.name(leg.to_id)}"
    roads = ", ".join(clean(road) for road in leg.roads)
    about = [f"{wording.word('via')} {roads}" if roads else "", f"{leg.length_m / 1000:.1f} km"]
    mark = _placemark(folder, name, _html([*about, clean(wording.notice)]))
    facts = {
        "kind": "leg",
        "from": clean(leg.from_id),
        "to": clean(leg.to_id),
        "from_km": f"{leg.from_km:.3f}",
        "length_m": f"{leg.length_m:.0f}",
        "travel_time_s": f"{leg.travel_time_s:.0f}",
    }
    _line(mark, leg.geometry, style="way-home" if home else "way", facts=facts)


# --- elements, in the order that the schema asks for ------------------------------------------


def _styles(document: Element) -> None:
    for name, (colour, width) in _LINES.items():
        style = SubElement(document, "Style", {"id": name})
        line = SubElement(style, "LineStyle")
        SubElement(line, "color").text = colour
        SubElement(line, "width").text = str(width)
    for name, colour in _POINTS.items():
        # No Icon: the viewer's own pin, so nothing is fetched from a foreign host.
        style = SubElement(document, "Style", {"id": name})
        SubElement(SubElement(style, "IconStyle"), "color").text = colour


def _folder(parent: Element, name: str) -> Element:
    folder = SubElement(parent, "Folder")
    SubElement(folder, "name").text = name
    return folder


def _placemark(parent: Element, name: str, description: str) -> Element:
    mark = SubElement(parent, "Placemark")
    SubElement(mark, "name").text = name
    SubElement(mark, "description").text = description
    return mark


def _point(
    mark: Element, position: Position, *, at: str, style: str, facts: Mapping[str, str]
) -> None:
    SubElement(SubElement(mark, "TimeStamp"), "when").text = at
    SubElement(mark, "styleUrl").text = f"#{style}"
    _data(mark, facts)
    lon, lat = position
    SubElement(SubElement(mark, "Point"), "coordinates").text = f"{lon:.7f},{lat:.7f}"


def _line(mark: Element, line: LineString, *, style: str, facts: Mapping[str, str]) -> None:
    SubElement(mark, "styleUrl").text = f"#{style}"
    _data(mark, facts)
    drawn = SubElement(mark, "LineString")
    SubElement(drawn, "tessellate").text = "1"
    SubElement(drawn, "coordinates").text = " ".join(
        f"{lon:.7f},{lat:.7f}" for lon, lat, *_ in line.coords
    )


def _data(parent: Element, facts: Mapping[str, str]) -> None:
    extended = SubElement(parent, "ExtendedData")
    for name, value in facts.items():
        SubElement(SubElement(extended, "Data", {"name": name}), "value").text = value


def _html(texts: list[str]) -> str:
    return lines(escape(text) for text in texts)
