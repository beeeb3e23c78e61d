"""Damage evidence: graded buildings and roads, analysed areas, whole packages, damage rasters."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dashboard.operations.loading.layer import (
    RASTER_SUFFIXES,
    LoadOptions,
    Prepared,
    ends_with,
    prepare_frame,
    prepare_raster,
    source_of,
)
from geo.errors import EmptyInputError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import geopandas as gpd

    from dashboard.operations.situation import Progress, Situation
    from data.events import LayerKind
    from geo.damage import DamageLayer
    from geo.damage_report import DamageReport
    from geo.model import Source


def prepare_damage(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read damage layers, packages and rasters."""
    from geo.packages import is_package
    from geo.xbd import is_xbd

    prepared: list[Prepared] = []
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading damage from {path.name}")
        if options.mapping is not None and ends_with(path, RASTER_SUFFIXES):
            raise InputError(
                f"{path.name} --mapping", "a mapping is for vector layers", "give --classes instead"
            )
        if ends_with(path, RASTER_SUFFIXES):
            prepared.append(_damage_raster(situation, path, options))
        elif options.mapping is None and is_xbd(path):
            prepared.extend(_xbd(situation, path, options))
        elif options.layer is None and options.mapping is None and is_package(path):
            package = _damage_package(situation, path, options)
            _require_new_survey(situation, prepared, package)
            prepared.extend(package)
        else:
            prepared.extend(_damage_vector(situation, path, options))
    return prepared


def _damage_package(situation: Situation, path: Path, options: LoadOptions) -> list[Prepared]:
    """Read a package whole: its points, the area that was looked at and its roads, or nothing."""
    from geo.packages import read_package

    said = source_of(path, options)
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
    from geo.damage_area import says_void
    from geo.damage_mapping import read_mapping
    from geo.vectors import read_vector

    mapping = read_mapping(options.mapping) if options.mapping else None
    made_by = source_of(path, options)
    if mapping is not None:
        made_by = replace(
            made_by,
            name=options.source or mapping.source or path.name,
            licence=mapping.licence,
            url=mapping.url,
        )
    frame = read_vector(path, layer=options.layer)
    layer = damage_from_vector(
        frame,
        source=made_by.name,
        observed_at=made_by.at,
        mapping=mapping,
        # A cloud mask often has no column at all: only its name says that nothing was seen there.
        area_meaning="void" if says_void(options.layer or path.stem) else None,
    )
    return _prepared(situation, path, layer, made_by, frame.attrs.get("notes", []))


def _xbd(situation: Situation, path: Path, options: LoadOptions) -> list[Prepared]:
    from geo.xbd import read_xbd

    said = source_of(path, options)
    layer = read_xbd(path, source=options.source, observed_at=said.at)
    made_by = replace(said, name=layer.report.source, at=said.at or _last_seen([layer.points]))
    notes = [] if layer.analysed_area is not None else ["the corners of no picture can be told"]
    return _prepared(situation, path, layer, made_by, notes)


def _prepared(
    situation: Situation, path: Path, layer: DamageLayer, made_by: Source, notes: Sequence[str]
) -> list[Prepared]:
    """Put the points and the analysed area of one layer into the archive."""
    prepared = []
    if len(layer.points):
        layer.points.attrs["notes"] = [*notes, *layer.report.notes]
        counts = _counts(layer.report)
        prepared.append(
            prepare_frame(
                situation,
                "damage_points",
                "points",
                layer.points,
                path.name,
                made_by,
                details=counts,
            )
        )
    if layer.analysed_area is not None:
        areas = layer.analysed_area
        areas.attrs["notes"] = [] if prepared else list(notes)
        prepared.append(
            prepare_frame(situation, "analysed_area", "areas", areas, path.name, made_by)
        )
    if not prepared:
        raise EmptyInputError(
            path.name, "it holds no graded building and no analysed area", "check"
        )
    return prepared


def write_mapping_template(
    paths: Sequence[Path | str], out: Path, *, layer: str | None = None
) -> dict[str, Any]:
    """Write a mapping file to be filled in for a damage layer; nothing is loaded.

    Raises
    ------
    InputError
        Several files or an address, the layer cannot be read, or a file is there already.
    """
    from geo.damage_mapping import mapping_template
    from geo.vectors import read_vector

    if len(paths) != 1 or not Path(paths[0]).is_file():
        raise InputError(
            "--mapping-template", "one damage layer (a file here) is needed", "give its path"
        )
    path = Path(paths[0])
    text = mapping_template(read_vector(path, layer=layer), shown=path.name)
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        there = isinstance(error, FileExistsError)
        raise InputError(
            f"--mapping-template {out.name}",
            "a file of that name is there already" if there else "it cannot be written",
            "give another name",
        ) from error
    return {"template": str(out), "lines": text.count("\n")}


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

    require_damage_raster(path, classes=options.classes, band=options.band, scale=options.scale)
    classes = {str(value): grade for value, grade in (options.classes or {}).items()}
    return prepare_raster(
        situation,
        "damage_raster",
        "raster",
        path,
        source_of(path, options),
        details={"classes": classes, "band": options.band, "scale": options.scale},
    )
