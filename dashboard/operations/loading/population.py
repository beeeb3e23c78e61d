"""Population rasters: people where no census names a place."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.operations.loading.layer import (
    LoadOptions,
    Prepared,
    prepare_raster,
    require_in_area,
    source_of,
)
from geo.errors import InputError

if TYPE_CHECKING:
    from dashboard.operations.situation import Progress, Situation


def prepare_population(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read a population raster."""
    from geo.population import read_population
    from geo.raster import lon_lat_bounds, open_raster

    if len(paths) > 1:
        raise InputError(
            f"{len(paths)} population rasters", "one at a time is needed", "merge them first"
        )
    path = paths[0]
    with open_raster(path) as raster:
        require_in_area(situation, "population", path.name, lon_lat_bounds(raster))
    progress(0.1, f"reading people from {path.name}")
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / path.name
        found = read_population(path, counts, area=situation.info().bounds)
        prepared = prepare_raster(
            situation,
            "population",
            "population",
            found.path,
            source_of(path, options),
            notes=found.notes,
            details={"people": round(found.total)},
        )
    return [prepared]
