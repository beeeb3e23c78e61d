"""Pictures of the ground: checked, kept as cloud-optimised GeoTIFFs, told before from after."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.operations.loading.layer import (
    LoadOptions,
    Prepared,
    require_in_area,
    source_of,
)

if TYPE_CHECKING:
    from dashboard.operations.situation import Progress, Situation


def prepare_imagery(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read pictures; one that is tiled with overviews already is kept byte by byte."""
    from geo.imagery import look_at

    looked = []
    for path in paths:
        picture = look_at(path)
        require_in_area(situation, "imagery", path.name, picture.bounds)
        looked.append((path, picture))
    return [
        _kept(situation, path, picture, options, _part(progress, number, len(looked)))
        for number, (path, picture) in enumerate(looked)
    ]


def _kept(
    situation: Situation, path: Path, picture: Any, options: LoadOptions, progress: Progress
) -> Prepared:
    from geo.cog import write_cog
    from geo.raster import open_raster

    notes = list(picture.notes)
    if picture.is_cog:
        progress(0.1, f"keeping {path.name}")
        ref = situation.archive.put_file(path, "tif")
    else:
        with tempfile.TemporaryDirectory() as folder, open_raster(path) as source:
            packed = Path(folder) / "imagery.tif"
            write_cog(source, packed, progress=lambda share, text: progress(0.9 * share, text))
            ref = situation.archive.put_file(packed, "tif")
        notes.append("stored anew in tiles with overviews; no value was changed")
    return Prepared(
        kind="imagery",
        name=path.name,
        files={"imagery": ref},
        rows=picture.width * picture.height,
        bounds=picture.bounds,
        source=source_of(path, options),
        notes=tuple(notes),
        details={
            "role": options.role,
            "resolution_m": round(picture.resolution_m, 4),
            "crs": picture.crs,
            "dtype": picture.dtype,
            "bands": list(picture.bands),
            "rgb": list(picture.rgb),
            "nodata": _plain(picture.nodata),
            "void_share": round(picture.void_share, 6),
            "black_is_void": picture.black_is_void,
            "stretch": list(picture.stretch),
        },
    )


def _plain(nodata: float | None) -> float | str | None:
    """Give the value that JSON can hold: NaN is written out."""
    return "nan" if nodata is not None and nodata != nodata else nodata


def _part(progress: Progress, number: int, of: int) -> Progress:
    return lambda share, text: progress((number + share) / of, text)
