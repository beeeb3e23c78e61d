"""Road networks and the elevation that they are laid over."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.operations.loading.layer import (
    GRAPHML_SUFFIXES,
    OSM_SUFFIXES,
    LoadOptions,
    Prepared,
    ends_with,
    prepare_raster,
    require_in_area,
    require_values,
    source_of,
)
from dashboard.operations.situation import silent
from geo.crs import working_crs
from geo.errors import CoverageError, InputError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Progress, Situation
    from geo.model import Source
    from geo.network import RoadTables
    from geo.road_gaps import Gap

LINE_SUFFIXES = (".gpkg", ".shp", ".zip", ".geojson", ".json", ".fgb", ".kml", ".gml")
#: A second piece of a road network with more than this share of its length is refused unless asked
#: for.
PIECE_SHARE = 0.10


def prepare_roads_files(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read a road network; refused where it does not fit the elevation or falls apart."""
    from dashboard.operations.road_gaps import joined_gaps
    from geo.network import components, drape
    from geo.road_gaps import repair_gaps

    if len(paths) > 1:
        raise InputError(
            f"{len(paths)} road files", "one network at a time is needed", "merge them first"
        )
    path = paths[0]
    progress(0.1, f"reading roads from {path.name}")
    tables = _read_roads(path, options)
    chosen, offered = _gaps(tables, options)
    joined = repair_gaps(tables, chosen, {gap.gap_id for gap in chosen})
    west, south, east, north = (float(value) for value in tables.edges.total_bounds)
    require_in_area(situation, "roads", path.name, (west, south, east, north))
    if not options.in_pieces:
        require_one_piece(joined, path.name)
    elevation = situation.elevation()
    if elevation is not None:
        progress(0.6, "laying the roads over the elevation")
        drape(tables, elevation)  # refuses an elevation that does not cover them
    prepared = prepare_roads(situation, tables, path.name, gaps=offered)
    # The layer stays as it was drawn: what was joined is an event of its own, and can be undone.
    return [
        replace(
            prepared,
            notes=joined.notes,
            details={**prepared.details, "pieces": int(components(joined).nunique())},
            joined=joined_gaps(chosen),
        )
    ]


def _gaps(tables: RoadTables, options: LoadOptions) -> tuple[list[Gap], tuple[Gap, ...]]:
    """Find gaps: those that somebody asked to join, and the others, which are offered."""
    from dashboard.operations.road_gaps import chosen_gaps
    from geo.road_gaps import find_gaps

    west, south, east, north = (float(value) for value in tables.edges.total_bounds)
    gaps = find_gaps(tables, crs=working_crs((west, south, east, north)))
    chosen = chosen_gaps(gaps, options.repair_gaps)
    return chosen, tuple(gap for gap in gaps if gap not in chosen)


def _read_roads(path: Path, options: LoadOptions) -> RoadTables:
    if ends_with(path, OSM_SUFFIXES):
        from data.sources.osm import read_osm

        tables = read_osm(path, places=False).roads
    elif ends_with(path, GRAPHML_SUFFIXES):
        from data.sources.graphml import read_graphml

        tables = read_graphml(path)
    elif ends_with(path, LINE_SUFFIXES):
        from data.sources.road_lines import read_road_lines

        tables = read_road_lines(path, layer=options.layer)
    else:
        raise UnreadableError(
            path.name,
            "roads are read from .osm.pbf, .osm, .osm.gz, .graphml and files of lines "
            "(.gpkg, .shp, .zip, .geojson, .fgb)",
            "convert the file, or use `qafila fetch`",
        )
    return replace(tables, source=source_of(path, options))


def require_one_piece(tables: RoadTables, name: str) -> None:
    """Refuse a network whose second-largest connected piece is more than a tenth of its length."""
    from geo.network import components

    label = components(tables)
    length = tables.edges["length_m"].groupby(label).sum().sort_values(ascending=False)
    shares = length / length.sum()
    if len(shares) > 1 and shares.iloc[1] > PIECE_SHARE:
        middle = tables.edges.geometry[label == shares.index[1]].iloc[0].coords[0]
        raise CoverageError(
            f"{name}: a road network in pieces ({shares.iloc[0]:.0%} and {shares.iloc[1]:.0%} of "
            f"its length; the second near lon {middle[0]:.4f}, lat {middle[1]:.4f})",
            "one connected network is needed, or convoys cannot pass between the pieces",
            "get a complete extract, or load with --in-pieces if the country really is in pieces",
        )


def prepare_roads(
    situation: Situation, tables: RoadTables, name: str, *, gaps: Sequence[Gap] = ()
) -> Prepared:
    """Put road tables into the archive and describe them as a layer, with the gaps on offer."""
    from dashboard.operations.road_network import gaps_as_dicts
    from geo.network import components, write_road_tables
    from geo.road_gaps import dead_ends

    with tempfile.TemporaryDirectory() as folder:
        write_road_tables(tables, Path(folder))
        files = {
            part: situation.archive.put_file(Path(folder) / f"{part}.parquet", "parquet")
            for part in ("nodes", "edges", "turns")
            if (Path(folder) / f"{part}.parquet").exists()
        }
    west, south, east, north = (float(value) for value in tables.edges.total_bounds)
    return Prepared(
        kind="roads",
        name=name,
        files=files,
        rows=len(tables.edges),
        bounds=(west, south, east, north),
        source=tables.source,
        notes=tables.notes,
        details={
            "nodes": len(tables.nodes),
            "length_km": round(float(tables.edges["length_m"].sum()) / 1000, 1),
            "pieces": int(components(tables).nunique()),
            "turn_restrictions": len(tables.turns),
            "dead_ends": len(dead_ends(tables)),
            "n_gaps": len(gaps),
            "gaps": gaps_as_dicts(gaps),
        },
    )


def prepare_elevation(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read elevation tiles as one raster, and draw its hillshade for the map."""
    from geo.raster import mosaic
    from geo.voids import fill_small_voids

    progress(0.1, f"reading elevation from {len(paths)} file(s)")
    with tempfile.TemporaryDirectory() as folder:
        merged = Path(folder) / "elevation.tif"
        info = mosaic(paths, merged)
        require_in_area(situation, "elevation", paths[0].name, info.bounds)
        require_values(info.void_share, paths[0].name)
        notes = list(info.notes)
        if options.fill_voids:
            progress(0.3, "filling small voids")
            filled = fill_small_voids(merged, Path(folder) / "filled.tif")
            merged = Path(folder) / "filled.tif"
            notes.append(filled.note())
        elif info.void_share > 0:
            notes.append(f"{info.void_share:.2%} of it is void; --fill-voids fills small ones")
        if situation.store.layers("roads"):
            from geo.network import drape

            progress(0.4, "laying the roads over the elevation")
            drape(situation.roads(), merged)  # refuses an elevation that does not cover them
        prepared = prepare_heights(
            situation,
            merged,
            source_of(paths[0], options),
            notes=notes,
            progress=lambda share, text: progress(0.5 + 0.5 * share, text),
        )
    return [replace(prepared, name=", ".join(path.name for path in paths))]


def prepare_heights(
    situation: Situation,
    path: Path,
    source: Source,
    *,
    notes: Sequence[str] = (),
    progress: Progress = silent,
) -> Prepared:
    """Put an elevation raster into the archive with the hillshade that the map shows below all."""
    from geo.hillshade import hillshade

    prepared = prepare_raster(situation, "elevation", "elevation", path, source, notes=notes)
    crs = situation.info().working_crs or working_crs(prepared.bounds)
    with tempfile.TemporaryDirectory() as folder:
        shade = Path(folder) / "hillshade.tif"
        hillshade(path, shade, crs=crs, progress=progress)
        files = {**prepared.files, "hillshade": situation.archive.put_file(shade, "tif")}
    return replace(prepared, files=files)
