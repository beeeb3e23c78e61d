"""A layer that passed every check: what is put into the archive, and what is said of it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dashboard.operations.situation import AREA_MARGIN_DEG, Bounds, Situation
from geo.errors import CoverageError, EmptyInputError
from geo.model import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from data.events import JoinedGap, LayerKind
    from geo.shaking import Measure

OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
GRAPHML_SUFFIXES = (".graphml", ".graphml.gz")
RASTER_SUFFIXES = (".tif", ".tiff", ".hgt", ".vrt", ".img")

#: One of a set of analysed areas may lie beyond the places that are loaded (degrees, some 200 km).
EVIDENCE_MARGIN_DEG = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What the person said about the files."""

    source: str | None = None
    at: datetime | None = None
    layer: str | None = None
    mapping: Path | None = None
    clip: bool = False
    in_pieces: bool = False
    share_people: bool = False
    classes: dict[int, str] | None = None
    role: Literal["", "before", "after"] = ""
    measure: Measure | None = None
    band: int | None = None
    scale: float | None = None
    fill_voids: bool = False
    repair_gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A layer that passed every check and can be recorded."""

    kind: LayerKind
    name: str
    files: dict[str, str]
    rows: int
    bounds: Bounds
    source: Source
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    #: Gaps of a road network that somebody asked to join.
    joined: tuple[JoinedGap, ...] = ()


def prepare_frame(
    situation: Situation,
    kind: LayerKind,
    file: str,
    frame: gpd.GeoDataFrame,
    name: str,
    source: Source,
    *,
    details: dict[str, Any] | None = None,
) -> Prepared:
    """Put a frame into the archive as GeoParquet and describe it as a layer."""
    west, south, east, north = (float(value) for value in frame.total_bounds)
    notes = tuple(str(note) for note in frame.attrs.get("notes", []))
    stored = frame.copy()
    stored.attrs = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.parquet"
        stored.to_parquet(path, index=False)
        ref = situation.archive.put_file(path, "parquet")
    return Prepared(
        kind=kind,
        name=name,
        files={file: ref},
        rows=len(frame),
        bounds=(west, south, east, north),
        source=source,
        notes=notes,
        details=details or {},
    )


def prepare_table(
    situation: Situation,
    kind: LayerKind,
    file: str,
    table: pd.DataFrame,
    name: str,
    source: Source,
    *,
    bounds: Bounds,
    notes: Sequence[str] = (),
) -> Prepared:
    """Put a table without geometries into the archive and describe it as a layer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.parquet"
        table.to_parquet(path, index=False)
        ref = situation.archive.put_file(path, "parquet")
    return Prepared(
        kind=kind,
        name=name,
        files={file: ref},
        rows=len(table),
        bounds=bounds,
        source=source,
        notes=tuple(notes),
    )


def prepare_raster(
    situation: Situation,
    kind: LayerKind,
    file: str,
    path: Path,
    source: Source,
    *,
    notes: Sequence[str] = (),
    details: dict[str, Any] | None = None,
) -> Prepared:
    """Put a raster file into the archive and describe it as a layer."""
    from geo.raster import open_raster, raster_info
    from geo.raster_guards import require_upright

    info = raster_info(path)
    with open_raster(path) as raster:
        require_upright(raster, path.name)
    require_values(info.void_share, path.name)
    return Prepared(
        kind=kind,
        name=path.name,
        files={file: situation.archive.put_file(path, "tif")},
        rows=info.width * info.height,
        bounds=info.bounds,
        source=source,
        notes=tuple(notes),
        details={
            "void_share": round(info.void_share, 6),
            "resolution_m": round(max(info.resolution_m), 4),
            **(details or {}),
        },
    )


def require_values(void_share: float, name: str) -> None:
    """Refuse a raster of nothing but void."""
    if void_share >= 1:
        raise EmptyInputError(
            name, "a raster with values is needed, every cell of this one is void", "check it"
        )


def require_in_area(
    situation: Situation, kind: str, name: str, bounds: tuple[float, float, float, float]
) -> None:
    """Refuse a layer that lies wholly outside the situation's area."""
    area = situation.info().bounds
    if area is None:
        return
    margin = (
        AREA_MARGIN_DEG if kind in ("roads", "elevation", "population") else EVIDENCE_MARGIN_DEG
    )
    west, south, east, north = bounds
    if _apart(bounds, area, margin):
        swapped = not _apart((south, west, north, east), area, margin)
        raise CoverageError(
            f"{name} ({kind.replace('_', ' ')}, lon {bounds[0]:.2f} to {bounds[2]:.2f}, "
            f"lat {bounds[1]:.2f} to {bounds[3]:.2f})",
            f"a layer that covers the situation's area (lon {area[0]:.2f} to {area[2]:.2f}, "
            f"lat {area[1]:.2f} to {area[3]:.2f}) is needed",
            "its axes are swapped: write it again with lon as x and lat as y"
            if swapped
            else "check the file, or begin another situation for that area (`qafila init`)",
        )


def _apart(bounds: Bounds, area: Bounds, margin: float) -> bool:
    return (
        bounds[0] > area[2] + margin
        or bounds[2] < area[0] - margin
        or bounds[1] > area[3] + margin
        or bounds[3] < area[1] - margin
    )


def source_of(path: Path, options: LoadOptions) -> Source:
    """Say who made a file and when: what the person said, else the file's name."""
    at = options.at
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return Source(name=options.source or path.name, at=at)


def ends_with(path: Path, suffixes: Sequence[str]) -> bool:
    """Whether the name of a file ends in one of these, in any case."""
    return path.name.lower().endswith(tuple(suffixes))
