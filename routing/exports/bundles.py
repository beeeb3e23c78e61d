"""KMZ, and data packages of Cursor-on-Target for ATAK: small zips around what one convoy needs.

A data package (MissionPackageManifest, version 2) holds the way as KMZ, which ATAK draws as an
overlay, and each stop and the depot as a point of Cursor-on-Target (CoT 2.0) with its remarks.
"""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from routing.exports import kml
from routing.exports.wording import clean, lines, utc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary, Position

KMZ_SUFFIX, TAK_SUFFIX = ".kmz", ".tak.zip"
#: A waypoint of a map, entered by a person (MIL-STD-2525 has none of these): CoT's own types.
POINT_TYPE, HOW = "b-m-p-w", "h-g-i-g-o"
#: What CoT writes where a height or an error is not known.
UNKNOWN = "9999999.0"
#: The beginning of the years that a zip can name: the same convoy is the same file.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def render_kmz(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give `itinerary` as KMZ: its KML, compressed."""
    return _zipped({"doc.kml": kml.render(itinerary, wording)})


def render_tak(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give `itinerary` as a data package for ATAK, WinTAK and iTAK."""
    convoy = itinerary.convoy
    points = {
        "depot": _point(
            itinerary,
            "depot",
            itinerary.start,
            name=wording.name(convoy.depot_id),
            remarks=lines(wording.summary(itinerary)),
            at=convoy.departs_at,
        )
    }
    for stop in itinerary.stops:
        key = f"stop-{stop.number}"
        points[key] = _point(
            itinerary,
            key,
            stop.position,
            name=f"{stop.number} {wording.name(stop.place_id)}",
            remarks=lines([*wording.about(stop), clean(wording.notice)]),
            at=stop.arrives_at,
        )
    files = {f"{key}/{key}.cot": content for key, content in points.items()}
    files["way/way.kmz"] = render_kmz(itinerary, wording)
    manifest = _manifest(itinerary, wording, files)
    return _zipped({"MANIFEST/manifest.xml": manifest, **files})


def _uid(itinerary: Itinerary, key: str) -> str:
    """Give the id of a point: the same plan makes the same, so that it is replaced, not doubled."""
    name = f"{itinerary.plan_id}/{itinerary.convoy.convoy_id}/{key}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _point(
    itinerary: Itinerary,
    key: str,
    where: Position,
    *,
    name: str,
    remarks: str,
    at: datetime,
) -> bytes:
    convoy = itinerary.convoy
    root = Element(
        "event",
        {
            "version": "2.0",
            "uid": _uid(itinerary, key),
            "type": POINT_TYPE,
            "how": HOW,
            "time": utc(convoy.departs_at),
            "start": utc(at),
            # A point that is out of date is wiped from the map: not before the convoy is home.
            "stale": utc(convoy.returns_at),
        },
    )
    lon, lat = where
    SubElement(
        root,
        "point",
        {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}", "hae": UNKNOWN, "ce": UNKNOWN, "le": UNKNOWN},
    )
    detail = SubElement(root, "detail")
    SubElement(detail, "contact", {"callsign": name})
    SubElement(detail, "remarks").text = remarks
    SubElement(detail, "archive")
    return _written(root)


def _manifest(itinerary: Itinerary, wording: Wording, files: Mapping[str, bytes]) -> bytes:
    root = Element("MissionPackageManifest", {"version": "2"})
    about = SubElement(root, "Configuration")
    facts = {"uid": _uid(itinerary, "package"), "name": wording.title(itinerary)}
    for name, value in facts.items():
        SubElement(about, "Parameter", {"name": name, "value": value})
    contents = SubElement(root, "Contents")
    for path in files:
        entry = SubElement(contents, "Content", {"ignore": "false", "zipEntry": path})
        key = path.partition("/")[0]
        if path.endswith(".cot"):
            SubElement(entry, "Parameter", {"name": "uid", "value": _uid(itinerary, key)})
    return _written(root)


def _written(root: Element) -> bytes:
    indent(root)
    document: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return document


def _zipped(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return made.getvalue()
