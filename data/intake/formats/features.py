"""Geographic files as tables: one line a feature, with its attributes and a point in it."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.intake.formats.table import MAX_COLUMNS, Book, Line, Table, clean_cell, held
from data.intake.wordlists import word_set
from geo.phrase import phrase
from geo.vectors import read_vector, vector_layers

if TYPE_CHECKING:
    import geopandas as gpd

MAX_BYTES = 100_000_000
#: Columns that GDAL makes of a KML, which say nothing.
_KML_STYLE = word_set(
    "id timestamp begin end altitudemode tessellate extrude visibility draworder icon"
)
_TAG = re.compile(r"<[^<>]{0,500}>")
_SUFFIX = {"geojson": ".geojson", "gpkg": ".gpkg", "kml": ".kml", "kmz": ".kmz"}


def read_features(path: Path, form: str) -> Book:
    """Read a GeoJSON, GeoPackage or KML file; columns ``lon`` and ``lat`` hold a point in each.

    Raises
    ------
    InputError
        As `geo.vectors.read_vector`.
    """
    suffix = _SUFFIX[form]
    with tempfile.TemporaryDirectory(prefix="qafila-") as folder:
        source = path
        if path.suffix.lower() != suffix:
            # The reader wants the ending that the content has.
            source = Path(folder) / f"{path.stem[:80] or 'file'}{suffix}"
            source.symlink_to(path.resolve())
        layers = vector_layers(source, max_bytes=MAX_BYTES)
        frames = [
            (layer, read_vector(source, layer=layer if len(layers) > 1 else None))
            for layer in layers
        ]
    return Book(
        file=path.name,
        form=form,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size=path.stat().st_size,
        tables=tuple(_table(layer if len(frames) > 1 else "", frame) for layer, frame in frames),
    )


def _table(name: str, frame: gpd.GeoDataFrame) -> Table:
    columns = [
        column
        for column in frame.columns
        if column != frame.geometry.name
        and str(column).lower() not in _KML_STYLE
        and str(column).lower() not in ("lon", "lat")
        and frame[column].notna().any()
    ][: MAX_COLUMNS - 2]
    inside = frame.geometry.representative_point()
    numbers = frame.attrs.get("row_numbers", range(1, len(frame) + 1))
    rows: list[Line] = [(0, (*map(clean_cell, map(str, columns)), "lon", "lat"))]
    values = (
        zip(*(frame[column] for column in columns), strict=True) if columns else [()] * len(frame)
    )
    for number, cells, x, y in zip(numbers, values, inside.x, inside.y, strict=True):
        rows.append((int(number), (*map(_text, cells), f"{x:.7f}", f"{y:.7f}")))
    drawn = not (frame.geometry.geom_type == "Point").all()
    notes = tuple(frame.attrs.get("notes", ()))
    if drawn:
        notes += (phrase("of lines and areas a point inside was taken"),)
    return Table(name=clean_cell(name), open_rows=held(rows), titled=True, notes=notes)


def _text(value: Any) -> str:
    if value is None or value != value:  # NaN and NaT are not equal to themselves
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return clean_cell(_TAG.sub(" ", str(value)))
