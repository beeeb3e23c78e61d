"""xBD labels as delivered: a JSON a picture, with the outline and grade of every building in it.

Gupta et al. 2019, *Creating xBD: A Dataset for Assessing Building Damage from Satellite Imagery*,
CVPR Workshops. Each ``…_post_disaster.json`` lists its buildings twice, in degrees (`lng_lat`) and
in pixels (`xy`), and says sensor and time in `metadata`. Analysts drew all buildings of a picture,
so the picture is the analysed area; its corners are found from those two lists.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from geo._unzip import _DAMAGE, _damaged, _require_harmless_entry
from geo.crs import STORAGE_CRS
from geo.damage import DamageLayer, damage_from_vector
from geo.errors import EmptyInputError, SchemaError, TooLargeError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from numpy.typing import NDArray

ENDING = "_post_disaster.json"
MAX_PICTURES = 20_000
MAX_JSON_BYTES = 20_000_000
MAX_TOTAL_BYTES = 1_000_000_000
HEAD_BYTES = 65_536
# Corners are carried from the outlines outwards; from a few houses in one corner that is a guess.
MIN_SPREAD = 0.25
MAX_MISFIT_PIXELS = 5.0


def is_xbd(path: Path) -> bool:
    """Whether a file, zip or folder holds labels of xBD."""
    if path.is_dir():
        return any(path.rglob(f"*{ENDING}"))
    if path.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(path) as archive:
                return any(name.endswith(ENDING) for name in archive.namelist())
        except _DAMAGE:
            return False  # who reads it says what is wrong
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    return path.name.endswith(ENDING) or (b'"lng_lat"' in head and b'"features"' in head)


def read_xbd(
    path: Path | str, *, source: str | None = None, observed_at: datetime | None = None
) -> DamageLayer:
    """Read labels of xBD.

    Parameters
    ----------
    path
        A ``…_post_disaster.json``, a folder of them, or a zip.
    source
        Who made them; None takes xBD and the name of the disaster.
    observed_at
        When it was seen, where a picture does not say so (aware).

    Returns
    -------
    DamageLayer
        Points with footprints, and the pictures of which the corners can be told as analysed area
        (None if of none). Buildings without a grade (``un-classified``) are `not_analysed`.

    Raises
    ------
    EmptyInputError
        No picture, or no building in any.
    UnreadableError, TooLargeError, SchemaError
        A file is damaged, hostile, too large, or not of this form; nothing is read then.
    """
    file = Path(path)
    rows: list[tuple[str, str, str, str]] = []
    pictures: list[tuple[str, str, Any]] = []
    disasters: set[str] = set()
    n_pictures = 0
    for name, data in _documents(file):
        n_pictures += 1
        told = _parsed(name, data)
        facts = told["metadata"]
        seen, sensor = str(facts.get("capture_date") or ""), str(facts.get("sensor") or "")
        if facts.get("disaster"):
            disasters.add(str(facts["disaster"])[:80])
        buildings = told["lng_lat"]
        rows += [(wkt, grade, sensor, seen) for wkt, grade in buildings]
        corners = _corners(facts, buildings, told["xy"])
        if corners is not None:
            pictures.append((sensor, seen, corners))
    if not rows:
        raise EmptyInputError(
            file.name,
            f"{n_pictures} pictures of xBD hold no building"
            if n_pictures
            else f"it holds no file that ends in {ENDING}",
            "give the labels made after the disaster",
        )
    frame = gpd.GeoDataFrame(
        {
            "subtype": [row[1] for row in rows],
            "obj_type": "building",
            "sensor": [row[2] for row in rows],
            "date": [row[3] for row in rows],
        },
        geometry=_outlines([row[0] for row in rows], file.name),
        crs=STORAGE_CRS,
    )
    maker = source or f"xBD {', '.join(sorted(disasters)[:3])}".strip()
    # The column is one of doubtful names elsewhere; here the format says what it is.
    layer = damage_from_vector(
        frame.rename(columns={"subtype": "damage_gra"}),
        source=maker,
        observed_at=observed_at,
        vocabulary="xbd",
    )
    return DamageLayer(
        points=layer.points,
        analysed_area=_pictures(pictures, maker, observed_at),
        report=layer.report,
    )


def _documents(file: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the labels, within the limits."""
    if file.is_dir():
        found = sorted(one for one in file.rglob(f"*{ENDING}") if one.is_file())
        _require_few(file, len(found))
        sizes = [one.stat().st_size for one in found]
        _require_small(file, sizes)
        for one in found:
            yield one.name, one.read_bytes()
    elif file.suffix.lower() == ".zip":
        yield from _zipped(file)
    else:
        _require_small(file, [file.stat().st_size])
        yield file.name, file.read_bytes()


def _zipped(file: Path) -> Iterator[tuple[str, bytes]]:
    """Read from the zip in memory: nothing of it reaches the disk."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [one for one in archive.infolist() if one.filename.endswith(ENDING)]
            _require_few(file, len(entries))
            _require_small(file, [one.file_size for one in entries])
            for entry in archive.infolist():
                _require_harmless_entry(entry, file)
            for entry in sorted(entries, key=lambda one: one.filename):
                with archive.open(entry) as stream:
                    data = stream.read(MAX_JSON_BYTES + 1)  # the header may lie
                _require_small(file, [len(data)])
                yield PurePosixPath(entry.filename).name, data
    except _DAMAGE as error:
        if isinstance(error, (UnreadableError, TooLargeError, SchemaError)):
            raise
        raise _damaged(file) from error


def _require_few(file: Path, count: int) -> None:
    if count > MAX_PICTURES:
        raise TooLargeError(
            f"{file.name}: {count:,} pictures", f"at most {MAX_PICTURES:,} are read", "give a part"
        )


def _require_small(file: Path, sizes: list[int]) -> None:
    if max(sizes, default=0) > MAX_JSON_BYTES or sum(sizes) > MAX_TOTAL_BYTES:
        raise TooLargeError(
            f"{file.name}: {sum(sizes) / 1e6:,.0f} MB of labels",
            f"at most {MAX_JSON_BYTES / 1e6:,.0f} MB a picture and {MAX_TOTAL_BYTES / 1e9:g} GB in "
            "all are read",
            "give a part of them",
        )


def _parsed(name: str, data: bytes) -> dict[str, Any]:
    """What a picture says: its metadata, and outlines with grades in degrees and in pixels."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(name, "it is no JSON", "copy or download it again") from error
    try:
        facts = told.get("metadata") or {}
        lists = {
            kind: [
                (str(one["wkt"]), str(one["properties"].get("subtype") or "un-classified"))
                for one in told["features"].get(kind) or ()
                if one["properties"].get("feature_type", "building") == "building"
            ]
            for kind in ("lng_lat", "xy")
        }
        facts.get("sensor")
    except (KeyError, TypeError, AttributeError) as error:
        raise SchemaError(
            name,
            "labels of xBD have features.lng_lat with wkt and properties.subtype",
            "check which files these are",
        ) from error
    return {"metadata": facts, **lists}


def _outlines(texts: list[str], shown: str) -> NDArray[np.object_]:
    shapes = shapely.from_wkt(np.array(texts, dtype=object), on_invalid="ignore")
    wrong = np.flatnonzero(shapely.is_missing(shapes))
    if len(wrong):
        raise SchemaError(
            f"{shown}: outline {texts[wrong[0]][:60]!r} ({len(wrong)} such)",
            "outlines in WKT are needed",
            "copy or download it again",
        )
    bounds = shapely.bounds(shapes)
    away = ~np.isnan(bounds).any(axis=1) & (
        (np.abs(bounds[:, [0, 2]]) > 180).any(axis=1) | (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)
    )
    if away.any():
        raise SchemaError(
            f"{shown}: outline {texts[np.flatnonzero(away)[0]][:60]!r}",
            "lng_lat holds degrees, longitude first",
            "check whether the outlines are in pixels",
        )
    repaired: NDArray[np.object_] = np.where(
        shapely.is_valid(shapes), shapes, shapely.make_valid(shapes)
    )
    flat: NDArray[np.object_] = np.asarray(shapely.force_2d(repaired), dtype=object)
    return flat


def _corners(
    facts: dict[str, Any], degrees: list[tuple[str, str]], pixels: list[tuple[str, str]]
) -> Any:
    """Carry the rectangle of a picture to degrees, or None where its buildings tell too little."""
    try:
        width, height = float(facts["width"]), float(facts["height"])
    except (KeyError, TypeError, ValueError):
        return None
    if not (width > 0 and height > 0) or len(degrees) != len(pixels) or not degrees:
        return None
    there, here = (
        shapely.get_coordinates(
            shapely.from_wkt(np.array([wkt for wkt, _ in both], dtype=object), on_invalid="ignore")
        )
        for both in (degrees, pixels)
    )
    if len(there) != len(here) or not (np.isfinite(there).all() and np.isfinite(here).all()):
        return None
    if (np.ptp(here, axis=0) < MIN_SPREAD * np.array([width, height])).any():
        return None
    known = np.column_stack([here, np.ones(len(here))])
    turn, _, rank, _ = np.linalg.lstsq(known, there, rcond=None)
    if rank < 3:
        return None
    misfit_pixels = np.abs(known @ turn - there).max() / np.abs(turn[:2]).max()
    if misfit_pixels > MAX_MISFIT_PIXELS:
        return None
    frame = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], dtype=float)
    return shapely.polygons(frame @ turn)


def _pictures(
    pictures: list[tuple[str, str, Any]], maker: str, observed_at: datetime | None
) -> gpd.GeoDataFrame | None:
    """Analysed areas of the pictures."""
    if not pictures:
        return None
    frame = gpd.GeoDataFrame(
        {
            "sensor": [one[0] for one in pictures],
            "date": [one[1] for one in pictures],
            "obj_type": "image footprint",
        },
        geometry=[one[2] for one in pictures],
        crs=STORAGE_CRS,
    )
    read = damage_from_vector(frame, source=maker, observed_at=observed_at, area_meaning="area")
    return read.analysed_area
