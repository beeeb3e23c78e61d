"""Load a geospatial layer: read, normalise, check against what is there, archive, record.

Everything is checked before anything is written: a refused file leaves the situation unchanged.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dashboard.operations.situation import AREA_MARGIN_DEG, Bounds, Progress, Situation, silent
from data.events import LayerKind, LayerLoaded, SourceRef
from geo.errors import CoverageError, EmptyInputError, InputError, UnreadableError
from geo.model import Source, new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd

    from geo.damage_report import DamageReport
    from geo.network import RoadTables

logger = logging.getLogger(__name__)

OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
GRAPHML_SUFFIXES = (".graphml", ".graphml.gz")
RASTER_SUFFIXES = (".tif", ".tiff", ".hgt", ".vrt", ".img")

#: One of a set of analysed areas may lie beyond the places that are loaded (degrees, some 200 km).
EVIDENCE_MARGIN_DEG = 2.0

#: Kinds of which the same file twice would count twice.
COUNTED_KINDS = ("damage_points", "damage_raster", "analysed_area", "population")

#: A second piece of a road network with more than this share of its length is refused unless asked
#: for.
PIECE_SHARE = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What the person said about the files."""

    source: str | None = None
    at: datetime | None = None
    layer: str | None = None
    clip: bool = False
    in_pieces: bool = False
    classes: dict[int, str] | None = None


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


def load(
    situation: Situation,
    kind: str,
    paths: Sequence[Path],
    *,
    source: str | None = None,
    at: datetime | None = None,
    layer: str | None = None,
    clip: bool = False,
    in_pieces: bool = False,
    classes: dict[int, str] | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Load the files of one kind.

    Parameters
    ----------
    kind
        places, boundaries, roads, elevation, damage, shakemap or population.
    paths
        Files; several elevation tiles become one raster, several other files one layer each.
    source, at
        Who made it and when; the file's name and an unknown time where not said.
    clip
        Leave out places outside the situation's area instead of refusing the file.
    in_pieces
        Accept a road network whose second piece is large.

    Returns
    -------
    dict
        ``{"layers": [{layer_id, kind, name, rows, notes, …}]}``

    Raises
    ------
    InputError
        A file cannot be used; nothing was recorded.
    """
    options = LoadOptions(
        source=source, at=at, layer=layer, clip=clip, in_pieces=in_pieces, classes=classes
    )
    digests = {path.name: _file_sha256(path) for path in paths if path.is_file()}
    _require_new(situation, digests)
    prepared = prepare(situation, kind, paths, options, progress)
    for one in prepared:
        _require_in_area(situation, one.kind, one.name, one.bounds)
    known = [
        replace(one, details={**one.details, "files_sha256": _digests_of(one, digests)})
        for one in prepared
    ]
    return record_layers(situation, known)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digests_of(layer: Prepared, digests: dict[str, str]) -> list[str]:
    """Give the hashes of the files a layer was read from: its own, or all of a mosaic."""
    return [digests[layer.name]] if layer.name in digests else sorted(digests.values())


def _require_new(situation: Situation, digests: dict[str, str]) -> None:
    """Refuse a file that is loaded already: counted twice, a building would be two."""
    held = {
        (layer.kind, digest): layer
        for layer in situation.store.layers()
        for digest in layer.details.get("files_sha256", ())
    }
    for name, digest in digests.items():
        # The same extract holds roads and places: those are two kinds.
        again = [layer for (kind, known), layer in held.items() if known == digest]
        damage = [one for one in again if one.kind in COUNTED_KINDS]
        if damage:
            raise InputError(
                f"{name}",
                f"the same file is loaded already as {damage[0].layer_id}",
                f"nothing to do; to load it anew, first `qafila undo {damage[0].layer_id}`",
            )


def _require_in_area(
    situation: Situation, kind: str, name: str, bounds: tuple[float, float, float, float]
) -> None:
    """Refuse a layer that lies wholly outside the situation's area."""
    area = situation.info().bounds
    if area is None:
        return
    margin = (
        AREA_MARGIN_DEG if kind in ("roads", "elevation", "population") else EVIDENCE_MARGIN_DEG
    )
    apart = (
        bounds[0] > area[2] + margin
        or bounds[2] < area[0] - margin
        or bounds[1] > area[3] + margin
        or bounds[3] < area[1] - margin
    )
    if apart:
        raise CoverageError(
            f"{name} ({kind.replace('_', ' ')}, lon {bounds[0]:.2f} to {bounds[2]:.2f}, "
            f"lat {bounds[1]:.2f} to {bounds[3]:.2f})",
            f"a layer that covers the situation's area (lon {area[0]:.2f} to {area[2]:.2f}, "
            f"lat {area[1]:.2f} to {area[3]:.2f}) is needed",
            "check the file, or begin another situation for that area (`qafila init`)",
        )


def prepare(
    situation: Situation,
    kind: str,
    paths: Sequence[Path],
    options: LoadOptions,
    progress: Progress = silent,
) -> list[Prepared]:
    """Read, normalise and check the files of one kind; nothing is recorded yet."""
    reader = _PREPARE.get(kind)
    if reader is None:
        raise InputError(f"load {kind}", f"kinds known are {', '.join(_PREPARE)}", "correct it")
    for path in paths:
        if not path.is_file():
            raise UnreadableError(str(path), "no such file", "check the path")
    return reader(situation, list(paths), options, progress)


def record_layers(situation: Situation, prepared: Sequence[Prepared]) -> dict[str, Any]:
    """Record prepared layers, and the area if they are the first to tell it."""
    events = [
        LayerLoaded(
            layer_id=new_id("layer"),
            kind=layer.kind,
            name=layer.name[:300],
            files=layer.files,
            rows=layer.rows,
            bounds=layer.bounds,
            source=SourceRef(
                name=layer.source.name[:300],
                at=layer.source.at,
                url=layer.source.url,
                licence=layer.source.licence,
            ),
            notes=tuple(note[:2_000] for note in layer.notes),
            details=layer.details,
        )
        for layer in prepared
    ]
    telling = [
        layer.bounds for layer in prepared if layer.kind in ("places", "roads", "boundaries")
    ]
    area = situation.area_event(_union(telling)) if telling else []
    situation.record([*area, *events])
    return {
        "layers": [
            {
                "layer_id": event.layer_id,
                "kind": event.kind,
                "name": event.name,
                "rows": event.rows,
                "notes": list(event.notes),
                **event.details,
            }
            for event in events
        ]
    }


# --- places and boundaries ---------------------------------------------------------------------


def _prepare_places(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    from geo.places import places_from_osm, places_from_vector
    from geo.vectors import read_attributes, read_vector

    prepared = []
    tables = [path for path in paths if _ends(path, (".csv", ".tsv"))]
    if len(tables) == 1 and len(paths) == 2:
        # Points and a list of the same places: one layer, joined by code.
        attributes = read_attributes(tables[0])
        paths = [path for path in paths if path not in tables]
    else:
        attributes = None
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading places from {path.name}")
        made_by = _source(path, options)
        if _ends(path, OSM_SUFFIXES):
            from data.sources.osm import read_osm

            extract = read_osm(path)
            if extract.places.empty:
                raise EmptyInputError(
                    path.name, "it holds no inhabited place (place=*)", "give another extract"
                )
            frame = places_from_osm(extract.places, source=made_by)
        else:
            frame = places_from_vector(
                read_vector(path, layer=options.layer), source=made_by, attributes=attributes
            )
        frame = _inside_area(situation, frame, path, clip=options.clip)
        prepared.append(prepare_frame(situation, "places", "places", frame, path.name, made_by))
    return prepared


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


def _prepare_boundaries(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    from geo.boundaries import boundaries_from_vector
    from geo.vectors import read_vector

    prepared = []
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading boundaries from {path.name}")
        made_by = _source(path, options)
        frame = boundaries_from_vector(read_vector(path, layer=options.layer), source=made_by)
        prepared.append(
            prepare_frame(situation, "boundaries", "boundaries", frame, path.name, made_by)
        )
    return prepared


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


# --- roads and elevation -----------------------------------------------------------------------


def _prepare_roads(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    from geo.network import drape

    if len(paths) > 1:
        raise InputError(
            f"{len(paths)} road files", "one network at a time is needed", "merge them first"
        )
    path = paths[0]
    progress(0.1, f"reading roads from {path.name}")
    tables = _read_roads(path, options)
    west, south, east, north = (float(value) for value in tables.edges.total_bounds)
    _require_in_area(situation, "roads", path.name, (west, south, east, north))
    if not options.in_pieces:
        require_one_piece(tables, path.name)
    elevation = situation.elevation()
    if elevation is not None:
        progress(0.6, "laying the roads over the elevation")
        drape(tables, elevation)  # refuses an elevation that does not cover them
    return [prepare_roads(situation, tables, path.name)]


def _read_roads(path: Path, options: LoadOptions) -> RoadTables:
    if _ends(path, OSM_SUFFIXES):
        from data.sources.osm import read_osm

        tables = read_osm(path, places=False).roads
    elif _ends(path, GRAPHML_SUFFIXES):
        from data.sources.graphml import read_graphml

        tables = read_graphml(path)
    else:
        raise UnreadableError(
            path.name,
            "roads are read from .osm.pbf, .osm, .osm.gz and .graphml",
            "convert the file, or use `qafila fetch`",
        )
    return replace(tables, source=_source(path, options))


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


def prepare_roads(situation: Situation, tables: RoadTables, name: str) -> Prepared:
    """Put road tables into the archive and describe them as a layer."""
    from geo.network import components, write_road_tables

    with tempfile.TemporaryDirectory() as folder:
        write_road_tables(tables, Path(folder))
        files = {
            part: situation.archive.put_file(Path(folder) / f"{part}.parquet", "parquet")
            for part in ("nodes", "edges")
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
        },
    )


def _prepare_elevation(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    from geo.raster import mosaic

    progress(0.1, f"reading elevation from {len(paths)} file(s)")
    with tempfile.TemporaryDirectory() as folder:
        merged = Path(folder) / "elevation.tif"
        info = mosaic(paths, merged)
        if situation.store.layers("roads"):
            from geo.network import drape

            progress(0.5, "laying the roads over the elevation")
            drape(situation.roads(), merged)  # refuses an elevation that does not cover them
        prepared = prepare_raster(
            situation,
            "elevation",
            "elevation",
            merged,
            _source(paths[0], options),
            notes=info.notes,
        )
    return [replace(prepared, name=", ".join(path.name for path in paths))]


# --- damage and shaking ------------------------------------------------------------------------


def _prepare_damage(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    from geo.packages import is_package

    prepared: list[Prepared] = []
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading damage from {path.name}")
        if _ends(path, RASTER_SUFFIXES):
            prepared.append(_damage_raster(situation, path, options))
        elif options.layer is None and is_package(path):
            package = _damage_package(situation, path, options)
            _require_new_survey(situation, prepared, package)
            prepared.extend(package)
        else:
            prepared.extend(_damage_vector(situation, path, options))
    return prepared


def _damage_package(situation: Situation, path: Path, options: LoadOptions) -> list[Prepared]:
    """Read a package whole: its points, the area that was looked at and its roads, or nothing."""
    from geo.packages import read_package

    said = _source(path, options)
    package = read_package(path, source=options.source, observed_at=said.at)
    product, tables = package.product, (package.points, package.roads, package.analysed_area)
    names = {str(name) for table in tables if table is not None for name in table["source"]}
    made_by = replace(said, name=min(names), at=said.at or _last_seen(tables))
    told: dict[str, Any] = {
        "package": path.name,
        "survey": product.survey if product else "",
        "survey_version": product.version if product else None,
    }
    contents = {
        "layers": [
            {"name": one.name, "role": one.role, "rows": one.rows, "why": one.why}
            for one in package.layers
        ],
        "facilities": package.facilities,
        "settlements": package.settlements,
    }
    graded = [report for report in package.reports.values() if report.kind == "graded"]
    roads = [report for report in package.reports.values() if report.kind == "graded_roads"]
    prepared: list[Prepared] = []
    for kind, file, table, details in (
        ("damage_points", "points", package.points, _counted(graded)),
        ("analysed_area", "areas", package.analysed_area, {}),
        ("graded_roads", "roads", package.roads, _counted(roads)),
    ):
        if table is None or table.empty:
            continue
        # What is said of the package is said once, with its first table.
        table.attrs["notes"] = [] if prepared else list(package.notes)
        details = {**told, **details, **({} if prepared else contents)}
        layer_kind = cast("LayerKind", kind)
        prepared.append(
            prepare_frame(situation, layer_kind, file, table, path.name, made_by, details=details)
        )
    return prepared


def _last_seen(tables: Sequence[gpd.GeoDataFrame | None]) -> datetime | None:
    """Give the latest day at which anything of a package was seen; None if it never says."""
    days = [table["observed_at"].max() for table in tables if table is not None and len(table)]
    known = [day.to_pydatetime() for day in days if day == day]  # NaT is not itself
    return max(known, default=None)


def _require_new_survey(
    situation: Situation, before: Sequence[Prepared], package: Sequence[Prepared]
) -> None:
    """Refuse a product that is loaded already under whatever name: it would count twice."""
    held = [(layer.layer_id, layer.details) for layer in situation.store.layers()]
    held += [(layer.name, layer.details) for layer in before]
    for one in package:
        survey, version = one.details["survey"], one.details["survey_version"]
        known = [
            name
            for name, details in held
            if survey
            and (details.get("survey"), details.get("survey_version")) == (survey, version)
        ]
        if known:
            raise InputError(
                one.name,
                f"{survey} v{version} is loaded already as {known[0]}",
                f"nothing to do; to load it anew, first `qafila undo {known[0]}`",
            )


def _counted(reports: Sequence[DamageReport]) -> dict[str, Any]:
    """Sum what several layers held; nothing where there are none."""
    sums: dict[str, Any] = {}
    for report in reports:
        for name, value in _counts(report).items():
            if isinstance(value, dict):
                counter = Counter(sums.get(name, {}))
                counter.update(value)
                sums[name] = dict(counter)
            else:
                sums[name] = sums.get(name, 0) + value
    return sums


def _damage_vector(situation: Situation, path: Path, options: LoadOptions) -> list[Prepared]:
    from geo.damage import damage_from_vector
    from geo.vectors import read_vector

    made_by = _source(path, options)
    frame = read_vector(path, layer=options.layer)
    layer = damage_from_vector(frame, source=made_by.name, observed_at=made_by.at)
    prepared = []
    if len(layer.points):
        layer.points.attrs["notes"] = [*frame.attrs.get("notes", []), *layer.report.notes]
        prepared.append(
            prepare_frame(
                situation,
                "damage_points",
                "points",
                layer.points,
                path.name,
                made_by,
                details=_counts(layer.report),
            )
        )
    if layer.analysed_area is not None:
        areas = layer.analysed_area
        areas.attrs["notes"] = list(frame.attrs.get("notes", []))
        prepared.append(
            prepare_frame(situation, "analysed_area", "areas", areas, path.name, made_by)
        )
    if not prepared:
        raise EmptyInputError(
            path.name, "it holds no graded building and no analysed area", "check"
        )
    return prepared


def _counts(report: DamageReport) -> dict[str, Any]:
    """Give what a damage layer held; unknown labels are counted, never guessed."""
    return {
        "graded": report.n_graded,
        "not_analysed": report.n_not_analysed,
        "not_buildings": report.n_not_buildings,
        "without_geometry": report.n_without_geometry,
        "dates_swapped": report.n_dates_swapped,
        "grades": dict(report.grades),
        "unknown_labels": dict(report.unknown_labels),
        "sensors": dict(report.sensors),
    }


def _damage_raster(situation: Situation, path: Path, options: LoadOptions) -> Prepared:
    from geo.damage_raster import require_damage_raster

    require_damage_raster(path, classes=options.classes)
    classes = {str(value): grade for value, grade in (options.classes or {}).items()}
    return prepare_raster(
        situation,
        "damage_raster",
        "raster",
        path,
        _source(path, options),
        details={"classes": classes},
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
    from geo.raster import raster_info

    info = raster_info(path)
    if info.void_share >= 1:
        raise EmptyInputError(
            path.name, "a raster with values is needed, every cell of this one is void", "check it"
        )
    return Prepared(
        kind=kind,
        name=path.name,
        files={file: situation.archive.put_file(path, "tif")},
        rows=info.width * info.height,
        bounds=info.bounds,
        source=source,
        notes=tuple(notes),
        details={"void_share": round(info.void_share, 6), **(details or {})},
    )


def _prepare_shakemap(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    from geo.shaking import shakemap_from_vector
    from geo.vectors import read_vector

    prepared = []
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading shaking from {path.name}")
        made_by = _source(path, options)
        frame = shakemap_from_vector(read_vector(path, layer=options.layer), source=made_by.name)
        prepared.append(prepare_frame(situation, "shakemap", "shakemap", frame, path.name, made_by))
    return prepared


def _prepare_population(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    from geo.population import read_population

    if len(paths) > 1:
        raise InputError(
            f"{len(paths)} population rasters", "one at a time is needed", "merge them first"
        )
    path = paths[0]
    progress(0.1, f"reading people from {path.name}")
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / path.name
        found = read_population(path, counts, area=situation.info().bounds)
        prepared = prepare_raster(
            situation,
            "population",
            "population",
            found.path,
            _source(path, options),
            notes=found.notes,
            details={"people": round(found.total)},
        )
    return [prepared]


_PREPARE: dict[str, Callable[[Situation, list[Path], LoadOptions, Progress], list[Prepared]]] = {
    "places": _prepare_places,
    "boundaries": _prepare_boundaries,
    "roads": _prepare_roads,
    "elevation": _prepare_elevation,
    "damage": _prepare_damage,
    "shakemap": _prepare_shakemap,
    "population": _prepare_population,
}


def _source(path: Path, options: LoadOptions) -> Source:
    at = options.at
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return Source(name=options.source or path.name, at=at)


def _ends(path: Path, suffixes: Sequence[str]) -> bool:
    return path.name.lower().endswith(tuple(suffixes))


def _union(bounds: Sequence[Bounds]) -> Bounds:
    west, south, east, north = zip(*bounds, strict=True)
    return min(west), min(south), max(east), max(north)
