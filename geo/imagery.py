"""Pictures of the ground: orthomosaics of drones and scenes of satellites, checked at the door.

Any CRS, any number type and any number of bands; what has no value is void and stays void. Nothing
is concluded from a picture here. Two of the same ground give a *hint* (`geo.change_hint`), and that
only where they are fine enough.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NodataShadowWarning
from rasterio.windows import Window

from geo.cog import is_cog
from geo.crs import crs_name
from geo.errors import EmptyInputError, InputError
from geo.raster import lon_lat_bounds, open_raster, resolution_m
from geo.raster_guards import require_upright

if TYPE_CHECKING:
    from geo.crs import Bounds

# Coarser than this nothing of a village is seen in a picture (Sentinel-2 has 10 m, Landsat 30 m).
COARSEST_M = 100.0
# More of a picture than this that is black in every band, with no void declared, is its collar.
BLACK_SHARE = 0.02
# Looking for voids, a picture is read at most this large.
LOOK_CELLS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a picture holds.

    `resolution_m` is the larger side of a cell at the centre, in metres; `rgb` the numbers of the
    bands to be shown as red, green and blue (one number for grey), from 1; `void_share` the share
    of it without a value, of an overview; `black_is_void` whether cells of 0 in all bands count as
    void because nothing else says where the picture ends; `stretch` the values to be shown as black
    and as white: 0 and 255 of bytes, else those that 2 % lie below and above.
    """

    crs: str
    bounds: Bounds
    width: int
    height: int
    dtype: str
    bands: tuple[str, ...]
    rgb: tuple[int, ...]
    resolution_m: float
    nodata: float | None
    void_share: float
    black_is_void: bool
    stretch: tuple[float, float]
    is_cog: bool
    notes: tuple[str, ...]


def look_at(path: Path | str) -> Picture:
    """Check a picture and say what it holds; an overview of it is read, not all of it.

    Raises
    ------
    UnreadableError, CrsError, TooLargeError, InputError
        As `geo.raster.open_raster`; CrsError also for a grid that is rotated, flipped or has its
        axes swapped; InputError also where a cell is larger than 100 m.
    EmptyInputError
        All of it is void.
    """
    name = Path(path).name
    with open_raster(path) as source:
        require_upright(source, name)
        bounds = lon_lat_bounds(source)
        cell_m = max(resolution_m(source, bounds))
        if cell_m > COARSEST_M:
            raise InputError(
                f"{name}: cells of {cell_m:,.0f} m",
                f"a picture of at most {COARSEST_M:g} m is needed to see a village",
                "take one from a drone, an aircraft or a satellite of 0.3 to 10 m",
            )
        there, black_is_void, stretch = _there(source)
        void_share = 1.0 - float(there.mean())
        if void_share >= 1:
            raise EmptyInputError(
                name, "a picture with values is needed, every cell of this one is void", "check it"
            )
        return Picture(
            crs=crs_name(source.crs),
            bounds=bounds,
            width=source.width,
            height=source.height,
            dtype=source.dtypes[0],
            bands=_band_names(source),
            rgb=shown_bands(source),
            resolution_m=cell_m,
            nodata=None if source.nodata is None else float(source.nodata),
            void_share=void_share,
            black_is_void=black_is_void,
            stretch=stretch,
            is_cog=is_cog(source),
            notes=_notes(source, void_share, black_is_void),
        )


def shown_bands(source: Any) -> tuple[int, ...]:
    """Give the numbers of the bands that show as red, green and blue; one where there is only grey.

    As the file says; else the first three, which is red, green, blue in nearly all products.
    """
    wanted = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    said = list(source.colorinterp)
    if all(colour in said for colour in wanted):
        return tuple(said.index(colour) + 1 for colour in wanted)
    colours = [band for band, kind in enumerate(said, 1) if kind != ColorInterp.alpha]
    return tuple(colours[:3]) if len(colours) >= 3 else (1,)


def values_and_void(
    source: Any, bands: tuple[int, ...], *, black_is_void: bool, **how: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Read bands of a picture, or of a view of one, and where it has a value.

    Returns
    -------
    tuple
        (n_bands, height, width) values of its own type, and (height, width) bool, True where there
        is a value in all of them. `how` goes to rasterio's `read` (window, out_shape …).
    """
    values = source.read(list(bands), **how)
    with warnings.catch_warnings():
        # GDAL looks at nodata only where there is an alpha band too; both are looked at here.
        warnings.simplefilter("ignore", NodataShadowWarning)
        there = (source.read_masks(list(bands), **how) > 0).all(axis=0)
    kinds = list(source.colorinterp)
    if ColorInterp.alpha in kinds:
        flat = {key: value[-2:] if key == "out_shape" else value for key, value in how.items()}
        there &= source.read(kinds.index(ColorInterp.alpha) + 1, **flat) > 0
    if np.issubdtype(values.dtype, np.floating):
        there &= np.isfinite(values).all(axis=0)
    if black_is_void:
        there &= (values != 0).any(axis=0)
    return values, there


def _there(source: Any) -> tuple[np.ndarray, bool, tuple[float, float]]:
    """Where an overview has a value, whether its black collar is void, and its dark and light."""
    step = max(1, -(-max(source.width, source.height) // LOOK_CELLS))
    shape = (max(1, source.height // step), max(1, source.width // step))
    whole = Window(0, 0, source.width, source.height)
    bands = shown_bands(source)
    values, there = values_and_void(
        source, bands, black_is_void=False, window=whole, out_shape=(len(bands), *shape)
    )
    black = (values == 0).all(axis=0)
    black_is_void = _says_nothing_of_voids(source) and bool(black.mean() > BLACK_SHARE)
    if black_is_void:
        there &= ~black
    return there, black_is_void, _stretch(values[:, there])


def _stretch(values: np.ndarray) -> tuple[float, float]:
    if values.dtype == np.uint8 or values.size == 0:
        return 0.0, 255.0
    low, high = np.percentile(values, [2, 98])
    return float(low), float(high)


def _says_nothing_of_voids(source: Any) -> bool:
    return all(flags == [MaskFlags.all_valid] for flags in source.mask_flag_enums)


def _band_names(source: Any) -> tuple[str, ...]:
    return tuple(
        str(text or kind.name)
        for text, kind in zip(source.descriptions, source.colorinterp, strict=True)
    )


def _notes(source: Any, void_share: float, black_is_void: bool) -> tuple[str, ...]:
    notes = []
    if black_is_void:
        notes.append(
            f"no void is declared: cells of 0 in all bands count as void ({void_share:.1%} of it)"
        )
    elif _says_nothing_of_voids(source):
        notes.append("no void is declared: every cell counts as seen")
    elif void_share > 0:
        notes.append(f"{void_share:.1%} of it is void")
    return tuple(notes)
