"""Outlines of buildings, at which rasters and pictures are asked about single houses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.operations.loading.layer import LoadOptions, Prepared, prepare_frame, source_of
from geo.crs import working_crs

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.operations.situation import Progress, Situation


def prepare_footprints(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read outlines of buildings, a layer a file."""
    from geo.footprints import footprints_from_vector
    from geo.vectors import read_vector

    prepared = []
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading footprints from {path.name}")
        read = read_vector(path, layer=options.layer)
        west, south, east, north = (float(value) for value in read.total_bounds)
        crs = situation.info().working_crs or working_crs((west, south, east, north))
        frame = footprints_from_vector(read, crs=crs)
        prepared.append(
            prepare_frame(
                situation, "footprints", "footprints", frame, path.name, source_of(path, options)
            )
        )
    return prepared
