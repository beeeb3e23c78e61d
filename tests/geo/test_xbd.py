"""xBD as delivered: a JSON a picture, in a file, a folder or a zip."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from geo.errors import EmptyInputError, SchemaError, TooLargeError, UnreadableError
from geo.xbd import MAX_JSON_BYTES, is_xbd, read_xbd

STEP = 1e-5  # degrees a pixel
WEST, NORTH = -98.0, 19.0


def square(x: float, y: float, size: float = 20) -> str:
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    return "POLYGON ((" + ", ".join(f"{a} {b}" for a, b in corners) + "))"


def square_deg(x: float, y: float, size: float = 20) -> str:
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    return (
        "POLYGON (("
        + ", ".join(f"{WEST + a * STEP:.9f} {NORTH - b * STEP:.9f}" for a, b in corners)
        + "))"
    )


def picture(*buildings: tuple[float, float, str | None], **more: Any) -> dict[str, Any]:
    def listed(kind: Any) -> list[dict[str, Any]]:
        return [
            {
                "properties": {"feature_type": "building", "uid": f"u{number}"}
                | ({"subtype": grade} if grade else {}),
                "wkt": kind(x, y),
            }
            for number, (x, y, grade) in enumerate(buildings)
        ]

    return {
        "features": {"lng_lat": listed(square_deg), "xy": listed(square)},
        "metadata": {
            "sensor": "GEOEYE01",
            "capture_date": "2017-09-20T15:50:00.000Z",
            "disaster": "mexico-earthquake",
            "width": 1024,
            "height": 1024,
            **more,
        },
    }


ALL = (
    (10.0, 10.0, "destroyed"),
    (900.0, 20.0, "major-damage"),
    (30.0, 950.0, "minor-damage"),
    (800.0, 800.0, "no-damage"),
    (500.0, 500.0, "un-classified"),
    (400.0, 100.0, None),
)


def folder(tmp_path: Path, **pictures: Any) -> Path:
    home = tmp_path / "labels"
    home.mkdir()
    for name, told in pictures.items():
        (home / f"{name}_post_disaster.json").write_text(json.dumps(told))
    return home


def zipped(home: Path) -> Path:
    path = home.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in sorted(home.iterdir()):
            archive.write(one, f"train/labels/{one.name}")
    return path


@pytest.mark.parametrize("how", ["file", "folder", "zip"])
def test_labels_are_read_from_a_file_a_folder_or_a_zip(tmp_path: Path, how: str) -> None:
    home = folder(tmp_path, a=picture(*ALL))
    path = {"file": home / "a_post_disaster.json", "folder": home, "zip": home}[how]
    path = zipped(home) if how == "zip" else path
    assert is_xbd(path)
    read = read_xbd(path)
    assert read.points["grade"].tolist() == [
        "destroyed",
        "damaged",
        "possibly_damaged",
        "no_visible_damage",
        "not_analysed",
        "not_analysed",
    ]
    assert read.points["footprint"].all()
    assert read.points["is_building"].all()
    assert set(read.points["sensor"]) == {"GEOEYE01"}
    assert read.points["observed_at"].iloc[0].isoformat() == "2017-09-20T15:50:00+00:00"
    assert set(read.points["source"]) == {"xBD mexico-earthquake"}
    assert read.report.unknown_labels == {}


def test_the_picture_is_the_analysed_area(tmp_path: Path) -> None:
    area = read_xbd(folder(tmp_path, a=picture(*ALL))).analysed_area
    assert area is not None
    west, south, east, north = area.total_bounds
    assert (west, north) == pytest.approx((WEST, NORTH), abs=1e-7)
    assert (east, south) == pytest.approx((WEST + 1024 * STEP, NORTH - 1024 * STEP), abs=1e-7)


@pytest.mark.parametrize(
    "told",
    [
        picture((10, 10, "destroyed"), (40, 40, "destroyed")),  # a few houses in one corner
        picture(*ALL, width=None),
        {**picture(*ALL), "features": {**picture(*ALL)["features"], "xy": []}},
    ],
)
def test_corners_that_cannot_be_told_are_not_made_up(tmp_path: Path, told: Any) -> None:
    assert read_xbd(folder(tmp_path, a=told)).analysed_area is None


def test_pictures_before_the_disaster_are_left_alone(tmp_path: Path) -> None:
    home = folder(tmp_path, a=picture(*ALL))
    (home / "a_pre_disaster.json").write_text(json.dumps(picture(*ALL)))
    assert len(read_xbd(home).points) == 6


def test_unknown_subtypes_are_counted(tmp_path: Path) -> None:
    read = read_xbd(folder(tmp_path, a=picture((0, 0, "wobbly"), (50, 50, "destroyed"))))
    assert read.report.unknown_labels == {"wobbly": 1}


def test_a_picture_without_buildings_is_no_evidence_alone(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="1 pictures of xBD hold no building"):
        read_xbd(folder(tmp_path, a=picture()))


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"{", UnreadableError, "it is no JSON"),
        (b"[" * 100_000, UnreadableError, "it is no JSON"),
        (b"[]", SchemaError, "features.lng_lat with wkt"),
        (b'{"features": {"lng_lat": [{"wkt": "POINT (0 0)"}]}}', SchemaError, "features.lng_lat"),
        (b" " * (MAX_JSON_BYTES + 1), TooLargeError, "at most 20 MB a picture"),
    ],
)
@pytest.mark.parametrize("how", ["folder", "zip"])
def test_one_bad_picture_refuses_all(
    tmp_path: Path, content: bytes, error: type[Exception], said: str, how: str
) -> None:
    home = folder(tmp_path, a=picture(*ALL))
    (home / "b_post_disaster.json").write_bytes(content)
    with pytest.raises(error, match=said):
        read_xbd(zipped(home) if how == "zip" else home)


@pytest.mark.parametrize(
    ("wkt", "said"),
    [
        ("POLYGON ((0 0, nonsense", "outlines in WKT are needed"),
        (square(500, 200), "longitude first"),
    ],
)
def test_outlines_that_are_none_are_refused(tmp_path: Path, wkt: str, said: str) -> None:
    told = picture(*ALL)
    told["features"]["lng_lat"][0]["wkt"] = wkt
    with pytest.raises(SchemaError, match=said):
        read_xbd(folder(tmp_path, a=told))


def test_a_hostile_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../a_post_disaster.json", json.dumps(picture(*ALL)))
    with pytest.raises(UnreadableError, match="points outside of its own folder"):
        read_xbd(path)
    path.write_bytes(path.read_bytes()[:60])
    assert not is_xbd(path)
