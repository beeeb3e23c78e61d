"""Hillshade: the shape of the ground as light and shadow, for the eye only.

Measured in the projected working CRS, so that a slope is as steep as it is; drawn once when the
elevation is loaded, and kept as a cloud-optimised GeoTIFF of bytes that the map takes tiles from.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.windows import Window

from geo.cog import write_cog
from geo.crs import require_projected_crs
from geo.raster import open_raster
from geo.terrain import heights_m, warp_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from affine import Affine
    from numpy.typing import NDArray

    Progress = Callable[[float, str], None]

# Light from the north-west, half way up: what maps use, because light from below turns valleys
# into ridges for most eyes.
AZIMUTH_DEG, ALTITUDE_DEG = 315.0, 45.0
VOID = 0
STEP = 2048


def hillshade(
    elevation_path: Path | str,
    out_path: Path | str,
    *,
    crs: str,
    progress: Progress | None = None,
) -> None:
    """Draw the hillshade of an elevation raster in the projected `crs`, window by window.

    The file holds bytes: 1 (in shadow) to 255 (towards the light), 0 where a cell or one of its
    eight neighbours has no height.

    Raises
    ------
    CrsError
        `crs` does not measure in metres.
    UnreadableError, TooLargeError
        As `geo.raster.open_raster`.
    """
    require_projected_crs(crs, "hillshade")
    tell = progress or (lambda _share, _text: None)
    with tempfile.TemporaryDirectory() as folder:
        flat, shade = Path(folder) / "flat.tif", Path(folder) / "shade.tif"
        tell(0.0, "laying the elevation flat")
        warp_to(elevation_path, crs, flat)
        with open_raster(flat) as source:
            profile = source.profile | {
                "count": 1,
                "dtype": "uint8",
                "nodata": VOID,
                "predictor": 2,
            }
            with rasterio.open(shade, "w", **profile) as target:
                for row in range(0, source.height, STEP):
                    tell(0.3 + 0.4 * row / source.height, "drawing the hillshade")
                    for col in range(0, source.width, STEP):
                        window = Window(
                            col,
                            row,
                            min(STEP, source.width - col),
                            min(STEP, source.height - row),
                        )
                        heights = _with_border(source, window)
                        target.write(shaded(heights, source.transform), 1, window=window)
        with open_raster(shade) as drawn:
            write_cog(drawn, out_path, progress=lambda share, text: tell(0.7 + 0.3 * share, text))


def shaded(heights: NDArray[np.float32], transform: Affine) -> NDArray[np.uint8]:
    """Shade of the inner cells of (rows + 2, cols + 2) heights in metres; NaN is void.

    References
    ----------
    Horn, B. K. P. (1981): Hill shading and the reflectance map. Proc. IEEE 69 (1), p. 14-47,
    doi:10.1109/PROC.1981.11918.
    """
    z = heights.astype(np.float64)
    a, b, c = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:]
    d, f = z[1:-1, :-2], z[1:-1, 2:]
    g, h, i = z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
    east = ((c + 2 * f + i) - (a + 2 * d + g)) / (8 * transform.a)
    north = ((g + 2 * h + i) - (a + 2 * b + c)) / (8 * transform.e)
    azimuth, altitude = math.radians(AZIMUTH_DEG), math.radians(ALTITUDE_DEG)
    sun_east = math.sin(azimuth) * math.cos(altitude)
    sun_north = math.cos(azimuth) * math.cos(altitude)
    light = (math.sin(altitude) - east * sun_east - north * sun_north) / np.sqrt(
        1 + east**2 + north**2
    )
    shade = 1 + np.clip(light, 0, 1) * 254
    known = np.isfinite(shade) & np.isfinite(z[1:-1, 1:-1])
    return np.where(known, np.nan_to_num(shade).round(), VOID).astype(np.uint8)


def _with_border(source: rasterio.DatasetReader, window: Window) -> NDArray[np.float32]:
    """Heights of a window and one cell around it; NaN outside of the raster."""
    left, top = max(0, window.col_off - 1), max(0, window.row_off - 1)
    right = min(source.width, window.col_off + window.width + 1)
    bottom = min(source.height, window.row_off + window.height + 1)
    heights = np.full((window.height + 2, window.width + 2), np.nan, dtype=np.float32)
    rows = slice(top - window.row_off + 1, bottom - window.row_off + 1)
    cols = slice(left - window.col_off + 1, right - window.col_off + 1)
    heights[rows, cols] = heights_m(source, Window(left, top, right - left, bottom - top))
    return heights
