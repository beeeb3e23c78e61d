"""Bad files inside a package: one line says which and why, and nothing is given of the package."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from geo.errors import CrsError, UnreadableError
from geo.packages import read_package

POINTS = "EMSR695_AOI01_GRA_PRODUCT_builtUpP_v1.geojson"
AREA = "EMSR695_AOI01_GRA_PRODUCT_areaOfInterestA_v1"
ENTITY = '<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
LAUGHS = '<!DOCTYPE k [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
KML = (
    '<?xml version="1.0"?>{}<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>'
    "x</name><Point><coordinates>-8,31</coordinates></Point></Placemark></Document></kml>"
)


def graded(*positions: tuple[float, float], crs: str | None = None) -> str:
    told: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"damage_gra": "Destroyed"},
                "geometry": {"type": "Point", "coordinates": list(position)},
            }
            for position in positions
        ],
    }
    if crs:
        told["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(told)


def pack(tmp_path: Path, **more: str) -> Path:
    path = tmp_path / "EMSR695_AOI01_GRA_PRODUCT_v1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in more.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("declared", [ENTITY, LAUGHS])
def test_xml_with_entities_refuses_the_package(tmp_path: Path, declared: str) -> None:
    path = pack(tmp_path, **{POINTS: graded((-8, 31)), f"{AREA}.kml": KML.format(declared)})
    with pytest.raises(UnreadableError, match=r"areaOfInterestA_v1\.kml: the XML declares"):
        read_package(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (graded((1e300, 5), (-8, 31)), "the file's CRS is in degrees, and these are none"),
        (graded((float("inf"), 5), (-8, 31)), "the file's CRS is in degrees, and these are none"),
        (graded((560_000, 3_430_000)), "the file's CRS is in degrees, and these are none"),
        (graded((-8, 31), crs="urn:ogc:def:crs:EPSG::32629"), "says metres and holds degrees"),
    ],
)
def test_coordinates_that_cannot_be_refuse_the_package(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(CrsError, match=said):
        read_package(pack(tmp_path, **{POINTS: content}))


def test_a_point_without_numbers_is_left_out_and_said(tmp_path: Path) -> None:
    package = read_package(pack(tmp_path, **{POINTS: graded((float("nan"), 5), (-8, 31))}))
    assert len(package.points) == 1
    assert any("1 of 2 features have no geometry" in note for note in package.notes)


def test_a_package_with_a_password_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path, **{POINTS: graded((-8, 31))})
    data = bytearray(path.read_bytes())
    for start, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(start) + flags] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(UnreadableError, match=r"builtUpP_v1\.geojson': it is encrypted"):
        read_package(path)
