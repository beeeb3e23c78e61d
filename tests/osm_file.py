"""A small real-format OpenStreetMap file: four villages on a valley road, written for tests.

::

    depot ─ A(Asni) ── 1 ── B(Tinmel)       primary road, B beyond the junction
                        └── 2 ~~ C(Ighil)   track (pickup only)
                                  D(Tachdirt) 900 m from any road, path only

About 1 km between neighbours; nodes at lat 31.0, lon -8.0 eastwards in steps of 0.01°.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

Node = tuple[int, float, float, dict[str, str]]
Way = tuple[int, Sequence[int], dict[str, str]]
#: Number, members as (type, id, role), tags.
Relation = tuple[int, Sequence[tuple[str, int, str]], dict[str, str]]

VALLEY_NODES: tuple[Node, ...] = (
    (1, -8.00, 31.00, {}),
    (2, -7.99, 31.00, {}),
    (3, -7.98, 31.00, {}),
    (4, -7.97, 31.00, {}),
    (5, -7.98, 31.01, {}),
    (6, -7.98, 31.02, {}),
    (7, -7.98, 31.028, {}),
    (
        101,
        -8.00,
        31.0005,
        {"place": "village", "name": "Asni", "name:ar": "أسني", "population": "900"},
    ),
    (
        102,
        -7.97,
        31.0005,
        {"place": "hamlet", "name": "Tinmel", "name:ar": "تينمل", "population": "240"},
    ),
    (
        103,
        -7.98,
        31.0203,
        {"place": "hamlet", "name": "Ighil", "name:ar": "إغيل", "population": "130"},
    ),
    (104, -7.98, 31.028, {"place": "hamlet", "name": "Tachdirt", "population": "60"}),
)
VALLEY_WAYS: tuple[Way, ...] = (
    (10, (1, 2, 3), {"highway": "primary", "ref": "R203", "surface": "asphalt"}),
    (11, (3, 4), {"highway": "primary", "ref": "R203", "surface": "asphalt"}),
    (12, (3, 5, 6), {"highway": "track", "surface": "gravel", "name": "Piste d'Ighil"}),
    (13, (6, 7), {"highway": "path"}),
)


def write_osm(
    path: Path,
    nodes: Sequence[Node] = VALLEY_NODES,
    ways: Sequence[Way] = VALLEY_WAYS,
    relations: Sequence[Relation] = (),
) -> Path:
    """Write nodes, ways and relations as OSM XML."""
    root = ET.Element("osm", version="0.6", generator="test")
    for number, lon, lat, tags in nodes:
        node = ET.SubElement(
            root, "node", id=str(number), lon=str(lon), lat=str(lat), version="1", visible="true"
        )
        _tags(node, tags)
    for number, refs, tags in ways:
        way = ET.SubElement(root, "way", id=str(number), version="1", visible="true")
        for ref in refs:
            ET.SubElement(way, "nd", ref=str(ref))
        _tags(way, tags)
    for number, members, tags in relations:
        relation = ET.SubElement(root, "relation", id=str(number), version="1", visible="true")
        for kind, ref, role in members:
            ET.SubElement(relation, "member", type=kind, ref=str(ref), role=role)
        _tags(relation, tags)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def _tags(element: ET.Element, tags: dict[str, str]) -> None:
    for key, value in tags.items():
        ET.SubElement(element, "tag", k=key, v=value)
