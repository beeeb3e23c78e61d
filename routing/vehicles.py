"""Vehicle classes: what each may use, how fast it goes there, and what it carries.

The numbers are data (``catalog/vehicle_classes.toml``, every table with its source); this file
gives them their shape and checks a file that a crisis cell has edited. ``docs/travel.md`` is
written from the same file by `travel_tables_markdown`.

Two choices for a disaster, which routing services make otherwise:

* A way marked private, for customers, for agriculture or for residents is used: someone can be
  asked. Only ``no`` and ``military`` are refused, and walkers refuse nothing.
* No class is kept out by a grade: elevation models are too coarse for that. Steep is slow.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from geo.errors import Problem, SchemaError, TooLargeError, UnreadableError
from geo.model import VEHICLE_CLASS_NAMES, VehicleClassName

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1_000_000

Speed = Annotated[float, Field(ge=0, le=200, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Kind = Literal["motor", "walk"]


class GradeTable(BaseModel):
    """Highest speed by grade: rows of (grade share, km/h uphill, km/h downhill)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: tuple[tuple[Annotated[float, Field(ge=0, le=2)], Positive, Positive], ...] = ()

    @field_validator("rows")
    @classmethod
    def _rising(cls, rows: tuple[tuple[float, float, float], ...]) -> object:
        grades = [row[0] for row in rows]
        if grades != sorted(set(grades)):
            raise ValueError("grades must rise from row to row")
        return rows


class VehicleClass(BaseModel):
    """One vehicle class; a missing entry of `highway` means that the class does not go there.

    Speeds are km/h; `refuses_access` are values of the OSM access tags that stop this class;
    `min_width_m`, `height_m` and `gross_weight_t` are compared with what an edge allows, where
    that is known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: VehicleClassName
    label: str = Field(min_length=1, max_length=200)
    kind: Kind
    capacity_kg: Positive
    capacity_m3: Positive
    gross_weight_t: Positive
    height_m: Positive
    min_width_m: Positive
    top_speed_kmh: Annotated[float, Field(gt=0, le=200)]
    pace_factor: Annotated[float, Field(gt=0, le=2)] = 1.0
    uses_fords: bool
    refuses_access: frozenset[str] = frozenset()
    highway: Mapping[str, Speed] = Field(min_length=1)
    surface: Mapping[str, Speed] = {}
    tracktype: Mapping[str, Speed] = {}
    smoothness: Mapping[str, Speed] = {}
    grade: GradeTable = GradeTable()
    sources: Mapping[str, str] = {}


def vehicle_classes(
    path: Path | None = None, *, changes: Path | None = None
) -> dict[VehicleClassName, VehicleClass]:
    """Vehicle classes by name, in the order of the file: of `path`, or of our own catalogue.

    Parameters
    ----------
    changes
        A file with what a crisis cell knows better, laid over the classes: it holds just the
        values that differ (``[truck]`` ``gross_weight_t = 19``, ``[truck.surface]``
        ``gravel = 20``). A speed of 0 means that the class does not go there.

    Raises
    ------
    UnreadableError
        The file is missing or not TOML.
    TooLargeError
        The file is over 1 MB.
    SchemaError
        A class or a value is impossible; all problems at once, each with its place in the file.
    """
    name, tables = _parsed(path)
    if changes is not None:
        name, changed = _parsed(changes)
        tables = _laid_over(tables, changed)
    problems: list[Problem] = []
    classes: dict[VehicleClassName, VehicleClass] = {}
    for class_name, table in tables.items():
        if not isinstance(table, dict) or class_name not in VEHICLE_CLASS_NAMES:
            expected = "a table named " + ", ".join(VEHICLE_CLASS_NAMES)
            problems.append(Problem(row=class_name, column="", value="", expected=expected))
            continue
        try:
            read = VehicleClass.model_validate({**table, "name": class_name})
        except ValidationError as error:
            problems += _problems(class_name, error)
        else:
            classes[read.name] = read
    if problems or not classes:
        first = (
            problems[0] if problems else Problem(row="", column="", value="", expected="a class")
        )
        raise SchemaError(
            name,
            f"{len(problems)} problems, first: {first.row} {first.column} = {first.value!r}, "
            f"needed {first.expected}",
            "correct the file",
            problems=problems,
        )
    return classes


def travel_tables_markdown(classes: Mapping[VehicleClassName, VehicleClass]) -> str:
    """Every speed and limit with its source, as the Markdown tables of ``docs/travel.md``."""
    by_tag = ("highway", "surface", "tracktype", "smoothness")
    parts = [
        _limits_table(classes),
        *(_speeds_table(classes, what) for what in by_tag),
        _grade_tables(classes),
        _sources_list(classes),
    ]
    return "\n\n".join(parts) + "\n"


def _parsed(path: Path | None) -> tuple[str, dict[str, Any]]:
    name, written = _read(path)
    try:
        return name, tomllib.loads(written)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(name, f"TOML is needed: {error}", "correct that line") from error


def _laid_over(tables: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Tables with the values of `changes`; tables in both are merged in turn."""
    merged = dict(tables)
    for key, value in changes.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = _laid_over(below, value)
        else:
            merged[key] = value
    return merged


def _read(path: Path | None) -> tuple[str, str]:
    if path is None:
        name = "vehicle_classes.toml"
        return name, (resources.files("routing") / "catalog" / name).read_text(encoding="utf-8")
    if not path.is_file():
        raise UnreadableError(path.name, "the file does not exist", "check the path")
    if path.stat().st_size > MAX_BYTES:
        raise TooLargeError(path.name, f"at most {MAX_BYTES:,} bytes are read", "check the file")
    try:
        return path.name, path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(path.name, "UTF-8 text is needed", "save it as UTF-8") from error


def _problems(class_name: str, error: ValidationError) -> list[Problem]:
    return [
        Problem(
            row=class_name,
            column=".".join(str(part) for part in detail["loc"]),
            value=str(detail["input"])[:60],
            expected=detail["msg"],
        )
        for detail in error.errors(include_url=False)
    ]


def _limits_table(classes: Mapping[VehicleClassName, VehicleClass]) -> str:
    header = (
        "| class | what | load kg | load m³ | gross t | height m | road width m | top km/h | fords "
        "| refuses access |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    rows = [
        f"| `{c.name}` | {c.label} | {c.capacity_kg:g} | {c.capacity_m3:g} | {c.gross_weight_t:g} "
        f"| {c.height_m:g} | {c.min_width_m:g} | {c.top_speed_kmh:g} "
        f"| {'yes' if c.uses_fords else 'no'} | {', '.join(sorted(c.refuses_access)) or 'none'} |"
        for c in classes.values()
    ]
    return "### Limits\n\n" + "\n".join([header, *rows])


def _speeds_table(classes: Mapping[VehicleClassName, VehicleClass], what: str) -> str:
    tables: dict[str, Mapping[str, float]] = {n: getattr(c, what) for n, c in classes.items()}
    values = list(dict.fromkeys(value for table in tables.values() for value in table))
    absent = "–" if what == "highway" else ""
    header = f"| {what} | " + " | ".join(f"`{name}`" for name in tables) + " |"
    rule = "|---" * (len(tables) + 1) + "|"
    rows = [
        f"| {value} | "
        + " | ".join(f"{t[value]:g}" if value in t else absent for t in tables.values())
        + " |"
        for value in values
    ]
    return f"### Highest speed by {what}, km/h\n\n" + "\n".join([header, rule, *rows])


def _grade_tables(classes: Mapping[VehicleClassName, VehicleClass]) -> str:
    rows = [
        f"| `{c.name}` | {grade:.0%} | {up:g} | {down:g} |"
        for c in classes.values()
        for grade, up, down in c.grade.rows
    ]
    header = "| class | grade | uphill | downhill |\n|---|---|---|---|"
    return "### Highest speed by grade, km/h\n\n" + "\n".join([header, *rows])


def _sources_list(classes: Mapping[VehicleClassName, VehicleClass]) -> str:
    lines = [
        f"- `{c.name}`, {what}: {source}."
        for c in classes.values()
        for what, source in c.sources.items()
    ]
    return "### Sources\n\n" + "\n".join(lines)
