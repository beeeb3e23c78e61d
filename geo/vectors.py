"""Vector files at the door: whatever comes in leaves as one GeoDataFrame in EPSG:4326.

Read are GeoJSON, TopoJSON, GeoPackage, Shapefile (loose or in a zip), FlatGeobuf, KML and KMZ, GML,
GeoParquet, and CSV with columns of degrees. The content must be what the name says: GDAL would also
follow a file called `.geojson` that is in truth a list of other files and addresses.

What was repaired or left out on the way stands in `frame.attrs["notes"]`, a list of sentences.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from geo._formats import (
    ARCHIVES,
    read_as_is,
    read_table,
    require_file,
    require_format,
    spatial_layers,
)
from geo._unzip import unpack_layer, zipped_layers
from geo.crs import STORAGE_CRS, crs_name, require_crs, same_crs
from geo.errors import CrsError, EmptyInputError, UnreadableError

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

MAX_BYTES = 500_000_000
# Twelve decimals of a degree are a thousandth of a millimetre: room for rounding, for no more.
DEGREE_SLACK = 1e-9


def read_vector(
    path: Path | str, *, layer: str | None = None, max_bytes: int = MAX_BYTES
) -> gpd.GeoDataFrame:
    """Read a vector file into EPSG:4326, two-dimensional, with valid geometries only.

    Parameters
    ----------
    path
        A local file; its ending names the format.
    layer
        Which layer, where a GeoPackage or a zip holds several.
    max_bytes
        Larger files are refused before they are read.

    Returns
    -------
    geopandas.GeoDataFrame
        The file's columns and `geometry`, in EPSG:4326, with a RangeIndex in the file's order.
        `attrs["notes"]` says what was reprojected, repaired or left out, with counts. Where rows
        were left out, `attrs["row_numbers"]` has the original number of each row that stayed
        (features from 1, lines of a CSV from 2), so that a later complaint names the right one.

    Raises
    ------
    UnreadableError
        Missing, damaged, cut short, of no format that we read or not of the format it claims.
    TooLargeError
        Over `max_bytes`, or a zip over its limits.
    EmptyInputError
        No features, or none with a geometry.
    CrsError
        No CRS, one that is tied to no place on earth, or coordinates that do not fit it.
    SchemaError
        Several layers and none named; a CSV without columns of degrees.
    """
    file = Path(path)
    require_file(file, max_bytes=max_bytes)
    with tempfile.TemporaryDirectory(prefix="qafila-") as folder:
        source = file
        if file.suffix.lower() in ARCHIVES:
            source = unpack_layer(file, Path(folder), layer=layer)
            layer = None
        kind = require_format(source, shown=file.name)
        frame, notes = read_as_is(source, kind, layer, shown=file.name, folder=Path(folder))
    frame = _located(frame, kind, file.name, notes)
    frame = _clean(frame, file.name, notes)
    # The reader's index counts features from 0, or lines of a CSV from 2.
    numbers = frame.index.to_numpy() + (kind != "CSV")
    frame = frame.reset_index(drop=True)
    frame.attrs = {"notes": notes}
    if not np.array_equal(numbers, np.arange(1, len(frame) + 1)):
        frame.attrs["row_numbers"] = tuple(numbers.tolist())
    for note in notes:
        logger.info("%s", note)
    return frame


def read_attributes(path: Path | str, *, max_bytes: int = MAX_BYTES) -> pd.DataFrame:
    """Read a CSV without geometry, as text, to be joined to places by a code.

    The index is the line that a person sees (the header is line 1); `attrs["row_numbers"]` too.

    Raises
    ------
    UnreadableError, TooLargeError, EmptyInputError
        As `read_vector`.
    """
    file = Path(path)
    require_file(file, max_bytes=max_bytes)
    if file.suffix.lower() != ".csv":
        raise UnreadableError(
            file.name, "a second table about places is a CSV with a column code", "save it as CSV"
        )
    notes: list[str] = []
    table = read_table(file, file.name, notes)
    table.attrs = {"notes": notes, "row_numbers": tuple(table.index.tolist())}
    return table


def vector_layers(path: Path | str, *, max_bytes: int = MAX_BYTES) -> list[str]:
    """Names of the layers in a file that hold geometries, as `read_vector` takes them."""
    file = Path(path)
    require_file(file, max_bytes=max_bytes)
    if file.suffix.lower() in ARCHIVES:
        return zipped_layers(file)
    kind = require_format(file, shown=file.name)
    return [file.stem] if kind in {"CSV", "GeoParquet"} else spatial_layers(file, file.name)


def _located(frame: Any, kind: str, shown: str, notes: list[str]) -> Any:
    """Bring a frame to EPSG:4326, or raise CrsError where that would be a guess."""
    if not len(frame):
        raise EmptyInputError(
            shown, "it holds no features", "check the export, or the filter in it"
        )
    if frame.crs is None and kind == "TopoJSON":
        # The format has no place for one; its positions are those of GeoJSON, so degrees.
        frame = frame.set_crs(STORAGE_CRS)
    require_crs(frame, shown)
    crs = _horizontal(frame.crs)
    if not (crs.is_geographic or crs.is_projected):
        raise CrsError(
            f"{shown}: CRS is {crs.name}",
            "it is tied to no place on earth",
            "store it again with its real CRS",
        )
    bounds = frame.total_bounds
    if crs.is_projected and np.isfinite(bounds).all() and np.abs(bounds).max() <= 180:
        raise CrsError(
            f"{shown}: CRS is {crs_name(crs)}, coordinates {_shown_bounds(bounds)}",
            "the file says metres and holds degrees",
            "store it again with EPSG:4326 as its CRS",
        )
    if crs.is_geographic:
        _require_degrees(bounds, shown)
    frame = frame.set_crs(crs, allow_override=True)
    if same_crs(crs, STORAGE_CRS):
        return frame.set_crs(STORAGE_CRS, allow_override=True)
    notes.append(f"{shown}: reprojected from {crs_name(crs)} to {STORAGE_CRS}")
    frame = frame.to_crs(STORAGE_CRS)
    _require_degrees(frame.total_bounds, shown)
    return frame


def _horizontal(crs: Any) -> CRS:
    given = CRS.from_user_input(crs)
    if given.is_compound and given.sub_crs_list:
        given = given.sub_crs_list[0]
    return given.to_2d()


def _require_degrees(bounds: Any, shown: str) -> None:
    west, south, east, north = bounds
    finite = np.isfinite(bounds).all()
    if (
        finite
        and max(-west, east) <= 180 + DEGREE_SLACK
        and max(-south, north) <= 90 + DEGREE_SLACK
    ):
        return
    if np.isnan(bounds).all():
        return  # nothing but empty geometries, which is said later and better
    raise CrsError(
        f"{shown}: coordinates {_shown_bounds(bounds)}",
        "the file's CRS is in degrees, and these are none",
        "store it again with the CRS that its coordinates are in (metres: the UTM zone)",
    )


def _shown_bounds(bounds: Any) -> str:
    return ", ".join(f"{value:.6g}" for value in bounds)


def _clean(frame: Any, shown: str, notes: list[str]) -> Any:
    """Leave out what has no geometry and repair what is not valid; both are counted."""
    geometries = frame.geometry.to_numpy().copy()
    # Bounds are NaN for a missing and for an empty geometry, inf for a coordinate out of range.
    present = np.isfinite(shapely.bounds(geometries)).all(axis=1)
    broken = present & ~shapely.is_valid(geometries)
    geometries[broken] = _repaired(geometries[broken])
    collapsed = broken & shapely.is_empty(geometries)
    keep = present & ~collapsed
    if not keep.any():
        raise EmptyInputError(
            shown, "none of its features has a geometry", "export the layer with its geometries"
        )
    for count, what in (
        ((~present).sum(), "have no geometry"),
        (collapsed.sum(), "have a geometry without extent and were left out"),
        ((broken & ~collapsed).sum(), "had an invalid geometry that was repaired"),
    ):
        if count:
            notes.append(f"{shown}: {count} of {len(frame)} features {what}")
    frame = frame.set_geometry(gpd.GeoSeries(geometries, index=frame.index, crs=frame.crs))
    frame = frame[keep]
    if frame.geometry.name != "geometry":
        frame = frame.drop(columns=["geometry"], errors="ignore").rename_geometry("geometry")
    return frame


def _repaired(geometries: Any) -> Any:
    """Make geometries valid, and keep of each what has its own dimension; empty if nothing has."""
    repaired = shapely.make_valid(geometries)
    for index, (before, after) in enumerate(zip(geometries, repaired, strict=True)):
        dimension = shapely.get_dimensions(before)
        parts = shapely.get_parts(after)
        same = parts[shapely.get_dimensions(parts) == dimension]
        if len(same) < len(parts):
            repaired[index] = shapely.union_all(same)
    return repaired
