"""Bands of intensity, from a ShakeMap's grid or from its contour lines.

Both end as the table that polygons give (`geo.shaking.shakemap_from_vector`): steps of 0.2, as the
USGS draws them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.features import shapes
from rasterio.transform import Affine
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import QhullError

from geo.crs import STORAGE_CRS, to_storage
from geo.errors import EmptyInputError, SchemaError
from geo.shakemap_grid import PERCENT_G
from geo.shaking import DEFAULT_BAND, MMI_MAX, MMI_MIN, Measure, intensity_from_pga, measure_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.shakemap_grid import ShakeMapGrid

# Contour lines are filled in on so many cells along the longer side.
CELLS = 500
MAX_VERTICES = 60_000
LINES = (1, 2, 5)  # line, ring, several lines


def bands_of_grid(grid: ShakeMapGrid, *, source: str) -> gpd.GeoDataFrame:
    """Bands of a ShakeMap grid; each node stands for the cell around it.

    Returns
    -------
    geopandas.GeoDataFrame
        As `geo.shaking.shakemap_from_vector`; `attrs["notes"]` says if acceleration was converted.

    Raises
    ------
    SchemaError
        No field of intensity or acceleration, or values that are none.
    """
    notes = []
    mmi = grid.values.get("MMI")
    if mmi is None:
        pga, unit = grid.values.get("PGA"), grid.units.get("PGA", "")
        if pga is None or unit not in PERCENT_G:
            raise SchemaError(
                f"shakemap of {source} with the fields {', '.join(grid.values) or 'none'}",
                "MMI, or PGA in %g, is needed",
                "take grid.xml of the ShakeMap",
            )
        mmi = intensity_from_pga(pga / 100)
        notes.append("intensity from peak acceleration (Worden et al. 2012), within about one unit")
    found = mmi[np.isfinite(mmi)]
    if len(found) == 0 or found.min() < 0 or found.max() > MMI_MAX:
        shown = f"{found.min():g} to {found.max():g}" if len(found) else "no numbers"
        raise SchemaError(
            f"shakemap of {source}: MMI: {shown}",
            "intensities of 1 to 12 are needed",
            "check the file",
        )
    bands = _bands(np.maximum(mmi, MMI_MIN), grid.lon, grid.lat, source)
    bands.attrs["notes"] = notes
    return bands


def bands_of_contours(
    frame: gpd.GeoDataFrame, *, source: str, measure: Measure = "mmi"
) -> gpd.GeoDataFrame:
    """Bands of the contour lines of a ShakeMap (`cont_mmi.json`), filled in between the lines.

    A line alone does not say which side is stronger; two of different value do. Between the lines
    the intensity is interpolated linearly over the triangles of their vertices; inside the
    innermost line it is that of the line, up to one step more; outside of them all it is unknown.

    Parameters
    ----------
    frame
        Lines in any CRS with their value in a column of `geo.shaking.MMI_COLUMNS`; a column
        `units` that says ``pctg`` or ``%g`` makes it acceleration.
    measure
        What the values are, where no such column tells.

    Raises
    ------
    EmptyInputError
        No line.
    SchemaError
        No value column, values that are no intensities, or lines of one value only.
    """
    rows = to_storage(frame)
    rows = rows[np.isin(shapely.get_type_id(rows.geometry.to_numpy()), LINES)]
    if len(rows) == 0:
        raise EmptyInputError(
            f"shakemap of {source}", "it holds no contour line", "take cont_mmi.json"
        )
    if "units" in rows.columns and rows["units"].astype(str).str.lower().isin(PERCENT_G).all():
        measure = "%g"
    mmi = measure_column(rows, source, measure)
    levels = np.unique(mmi)
    if len(levels) < 2:
        raise SchemaError(
            f"shakemap of {source}: contour lines of one value, {levels[0]:g}",
            "lines of two values or more are needed; one line does not say which side is stronger",
            "take grid.xml or mi.shp of the ShakeMap",
        )
    filled, lon, lat = _filled(rows.geometry.to_numpy(), mmi, source)
    bands = _bands(filled, lon, lat, source)
    step = float(np.median(np.diff(levels)))
    inside = bands["mmi"] >= levels[-1] - DEFAULT_BAND / 2
    bands.loc[inside, "mmi_high"] = min(float(levels[-1]) + step, MMI_MAX)
    notes = [f"filled in between contour lines {step:g} apart; outside of them it is unknown"]
    if measure != "mmi":
        notes.append("intensity from peak acceleration (Worden et al. 2012), within about one unit")
    bands.attrs["notes"] = notes
    return bands


def _filled(
    lines: NDArray[Any], mmi: NDArray[np.float64], source: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Intensity on a grid between the lines, NaN outside of their hull, north first."""
    west, south, east, north = shapely.total_bounds(lines)
    step = max(east - west, north - south) / CELLS
    # Long straight pieces get vertices of their own, or triangles would leap over them.
    lines = shapely.segmentize(lines, 4 * step)
    vertices, line = shapely.get_coordinates(lines, return_index=True)
    every = -(-len(vertices) // MAX_VERTICES)
    vertices, value = vertices[::every], mmi[line][::every]
    # A degree of longitude is shorter than one of latitude: triangles as they are on the ground.
    shrink = np.cos(np.radians((south + north) / 2))
    lon, lat = np.arange(west, east + step, step), np.arange(north, south - step, -step)
    try:
        between = LinearNDInterpolator(vertices * (shrink, 1.0), value)
    except QhullError as error:
        raise SchemaError(
            f"shakemap of {source}: contour lines that enclose nothing",
            "lines around the epicentre are needed",
            "take grid.xml or mi.shp of the ShakeMap",
        ) from error
    grid_lon, grid_lat = np.meshgrid(lon * shrink, lat)
    return between(grid_lon, grid_lat), lon, lat


def _bands(
    mmi: NDArray[np.float64], lon: NDArray[np.float64], lat: NDArray[np.float64], source: str
) -> gpd.GeoDataFrame:
    """Cells of one band as one (multi)polygon."""
    d_lon, d_lat = (lon[-1] - lon[0]) / (len(lon) - 1), (lat[0] - lat[-1]) / (len(lat) - 1)
    transform = Affine(d_lon, 0, lon[0] - d_lon / 2, 0, -d_lat, lat[0] + d_lat / 2)
    known = np.isfinite(mmi)
    # 6.2 / 0.2 is 30.999… in binary: a hair more keeps a written value in the band it begins.
    number = np.floor(np.where(known, mmi, 0.0) / DEFAULT_BAND + 1e-6).astype(np.int16)
    pieces: dict[int, list[Any]] = {}
    for shape, value in shapes(number, mask=known, transform=transform):
        rings = shape["coordinates"]
        pieces.setdefault(int(value), []).append(shapely.Polygon(rings[0], rings[1:]))
    numbers = sorted(pieces)
    low = np.round(np.array(numbers) * DEFAULT_BAND, 6)
    table = pd.DataFrame({"mmi": low, "mmi_high": np.round(low + DEFAULT_BAND, 6)})
    table["source"] = source
    return gpd.GeoDataFrame(
        table,
        geometry=[shapely.MultiPolygon(pieces[one]) for one in numbers],
        crs=STORAGE_CRS,
    )
