"""Features as files that programs for maps open: GeoPackage, GeoJSON, FlatGeobuf, GeoParquet."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.operations.features import collection, features
from geo.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    import geopandas as gpd

    from dashboard.operations.situation import Situation

LAYER_TYPES = {
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
    "fgb": "application/flatgeobuf",
    "parquet": "application/vnd.apache.parquet",
}
_DRIVERS = {"gpkg": "GPKG", "geojson": "GeoJSON", "fgb": "FlatGeobuf"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFile:
    """A file that goes out: its name tells what it holds, and of what moment."""

    name: str
    content: bytes
    media_type: str
    rows: int
    at: datetime
    seq: int


def feature_file(situation: Situation, collection_id: str, form: str) -> SharedFile:
    """Write all features of a collection (EPSG:4326), those without a geometry last.

    Raises
    ------
    UnknownIdError
        There is no such collection (`operations.features`).
    InputError
        The form is none of `LAYER_TYPES`.
    """
    kind = collection(collection_id)
    # Before it is read: what is told meanwhile is then in the file and not yet counted, never the
    # other way round.
    seq, at = situation.seq(), situation.now()
    frame = features(situation, kind.collection_id)
    frame = frame.assign(notice=situation.info().notice)
    return SharedFile(
        name=f"qafila-{kind.collection_id}-{at:%Y%m%dT%H%M}.{form}",
        content=layer_bytes(frame, kind.collection_id, form),
        media_type=LAYER_TYPES[form],
        rows=len(frame),
        at=at,
        seq=seq,
    )


def layer_bytes(frame: gpd.GeoDataFrame, name: str, form: str) -> bytes:
    """Write features as a file; raises `InputError` for a form that is none of `LAYER_TYPES`."""
    if form not in LAYER_TYPES:
        raise InputError(f"form {form}", f"{', '.join(LAYER_TYPES)} are written", "name one")
    with tempfile.TemporaryDirectory(prefix="qafila-") as folder:
        path = Path(folder) / f"{name}.{form}"
        if form == "parquet":
            frame.to_parquet(path, index=False, write_covering_bbox=True)
        else:
            options = {"layer": name, "driver": _DRIVERS[form], "engine": "pyogrio"}
            if form == "fgb" and (frame.geometry.isna() | frame.geometry.is_empty).any():
                # Its index by position holds no feature without one.
                options["SPATIAL_INDEX"] = "NO"
            frame.to_file(path, **options)
        return path.read_bytes()
