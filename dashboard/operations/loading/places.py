"""Places and boundaries, from extracts, vector files and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.operations.loading.layer import (
    OSM_SUFFIXES,
    LoadOptions,
    Prepared,
    ends_with,
    prepare_frame,
    source_of,
)
from dashboard.operations.situation import AREA_MARGIN_DEG, Progress, Situation
from geo.errors import CoverageError, EmptyInputError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geo.model import Source

#: Place nodes in an SQLite table (`data.sources.osm_nodes`).
SQLITE_SUFFIXES = (".sqlite", ".sqlite3", ".db")


def prepare_places(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read inhabited places; points and a table of the same places become one layer."""
    from geo.vectors import read_attributes

    prepared = []
    tables = [path for path in paths if ends_with(path, (".csv", ".tsv"))]
    if len(tables) == 1 and len(paths) == 2:
        # Points and a list of the same places: one layer, joined by code.
        attributes = read_attributes(tables[0])
        paths = [path for path in paths if path not in tables]
    else:
        attributes = None
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading places from {path.name}")
        made_by = source_of(path, options)
        frame = _read(path, made_by, options, attributes)
        frame = _somewhere(frame, path)
        frame = _inside_area(situation, frame, path, clip=options.clip)
        prepared.append(prepare_frame(situation, "places", "places", frame, path.name, made_by))
    return prepared


def _read(
    path: Path, made_by: Source, options: LoadOptions, attributes: pd.DataFrame | None
) -> gpd.GeoDataFrame:
    """Read one file of places, by what it is."""
    from geo.places import places_from_osm, places_from_vector
    from geo.vectors import read_vector

    if ends_with(path, OSM_SUFFIXES):
        from data.sources.osm import read_osm

        extract = read_osm(path)
        if extract.places.empty:
            raise EmptyInputError(
                path.name, "it holds no inhabited place (place=*)", "give another extract"
            )
        return places_from_osm(extract.places, source=made_by)
    if ends_with(path, SQLITE_SUFFIXES):
        from data.sources.osm_nodes import read_osm_nodes

        return read_osm_nodes(path, source=made_by)
    if ends_with(path, (".txt", ".tsv")):
        from data.sources.geonames import is_geonames, read_geonames

        if is_geonames(path) or ends_with(path, (".txt",)):
            return read_geonames(path, source=made_by)
    return places_from_vector(
        read_vector(path, layer=options.layer), source=made_by, attributes=attributes
    )


def _somewhere(frame: gpd.GeoDataFrame, path: Path) -> gpd.GeoDataFrame:
    """Leave out what lies at 0, 0: a device without a position writes that."""
    nowhere = (frame.geometry.x == 0) & (frame.geometry.y == 0)
    if not nowhere.any():
        return frame
    if nowhere.all():
        raise EmptyInputError(
            f"{path.name}: {len(frame)} places at 0, 0",
            "0, 0 means that a device had no position",
            "give real coordinates",
        )
    kept = frame.loc[~nowhere].reset_index(drop=True)
    kept.attrs["notes"] = [
        *frame.attrs.get("notes", []),
        f"{int(nowhere.sum())} places at 0, 0 (a device without a position) were left out",
    ]
    return kept


def _inside_area(
    situation: Situation, frame: gpd.GeoDataFrame, path: Path, *, clip: bool
) -> gpd.GeoDataFrame:
    """Refuse places outside the situation's area, or leave them out when asked to."""
    from geo.places import outside

    bounds = situation.info().bounds
    if bounds is None:
        return frame
    out = outside(frame, bounds, AREA_MARGIN_DEG)
    if not out.any():
        return frame
    first = frame.loc[out].iloc[0]
    if not clip or out.all():
        west, south, east, north = bounds
        raise CoverageError(
            f"{path.name}: {int(out.sum())} of {len(frame)} places, the first {first['name']!r} at "
            f"lon {first.geometry.x:.4f}, lat {first.geometry.y:.4f}",
            f"places in the situation's area (lon {west:.2f} to {east:.2f}, lat {south:.2f} to "
            f"{north:.2f}) are needed",
            "check the order of lon and lat" if out.all() else "load with --clip to leave them out",
        )
    kept = frame.loc[~out].reset_index(drop=True)
    kept.attrs["notes"] = [
        *frame.attrs.get("notes", []),
        f"{int(out.sum())} places outside the area were left out (--clip)",
    ]
    return kept


def prepare_boundaries(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read administrative boundaries, and of what their houses are built where a file says it."""
    from dashboard.operations.loading.buildings import prepare_stock, stock_of_table
    from geo.boundaries import boundaries_from_vector
    from geo.building_stock import building_stock
    from geo.vectors import read_vector

    prepared = []
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading boundaries from {path.name}")
        made_by = source_of(path, options)
        if ends_with(path, (".csv",)):
            prepared.append(stock_of_table(situation, path, made_by))
            continue
        read = read_vector(path, layer=options.layer)
        frame = boundaries_from_vector(read, source=made_by)
        if options.share_people and not frame["people"].notna().any():
            raise InputError(
                f"{path.name}, --share-people",
                "units with a number of people are needed, and none has one",
                "leave the option out, or load boundaries with a census",
            )
        one = prepare_frame(
            situation,
            "boundaries",
            "boundaries",
            frame,
            path.name,
            made_by,
            details={"share_people": True} if options.share_people else None,
        )
        prepared.append(one)
        polygons = read.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
        stock = building_stock(
            read.loc[polygons].drop(columns="geometry"),
            source=made_by.name,
            unit_ids=frame["unit_id"].tolist(),
        )
        if stock is not None:
            prepared.append(prepare_stock(situation, stock, path, made_by, bounds=one.bounds))
    return prepared
