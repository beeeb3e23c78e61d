"""Vehicle classes: what each may use, how fast it goes there, and what it carries.

The numbers are data (``catalog/vehicle_classes.toml``, every table with its source); this file
gives them their shape and checks what a crisis cell knows better. ``docs/travel.md`` is written
from the same file by `routing.vehicle_tables`.

Two choices for a disaster, which routing services make otherwise:

* A way marked private, for customers, for agriculture or for residents is used: someone can be
  asked. Only ``no`` and ``military`` are refused, and walkers refuse nothing.
* No class is kept out by a grade unless the cell gives it a `max_grade`: elevation models are too
  coarse for that. Steep is slow.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from geo.errors import Problem, SchemaError, TooLargeError, UnreadableError
from geo.model import VEHICLE_CLASS_NAMES, VehicleClassName

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAX_BYTES = 1_000_000

Speed = Annotated[float, Field(ge=0, le=200, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Minutes = Annotated[float, Field(ge=0, le=24 * 60, allow_inf_nan=False)]
Kind = Literal["motor", "walk"]
Changes: TypeAlias = Mapping[str, Any]


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


class DamageTable(BaseModel):
    """What damage leaves of the speed on an edge, as a share: `restricted` roads can be passed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    restricted: Annotated[float, Field(gt=0, le=1)] = 1.0


class VehicleClass(BaseModel):
    """One vehicle class; a missing entry of `highway` means that the class does not go there.

    Speeds are km/h; `refuses_access` are values of the OSM access tags that stop this class;
    `min_width_m`, `height_m` and `gross_weight_t` are compared with what an edge allows, where
    that is known; `max_grade` (a share) with the mean grade of an edge, None = none is refused.

    `range_km` is how far a place may lie by road: the way back is in it, without fuel or fodder
    there. `handling_min` is from the arrival of a load at a roadhead until this class leaves with
    it. `daylight_only` classes do not travel in the dark.
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
    range_km: Positive = 1e6
    handling_min: Minutes = 0.0
    daylight_only: bool = True
    uses_fords: bool
    max_grade: Annotated[float, Field(gt=0, le=2)] | None = None
    refuses_access: frozenset[str] = frozenset()
    highway: Mapping[str, Speed] = Field(min_length=1)
    surface: Mapping[str, Speed] = {}
    tracktype: Mapping[str, Speed] = {}
    smoothness: Mapping[str, Speed] = {}
    grade: GradeTable = GradeTable()
    damage: DamageTable = DamageTable()
    sources: Mapping[str, str] = {}

    @property
    def range_m(self) -> float:
        """`range_km` in metres."""
        return self.range_km * 1000.0


class AirClass(BaseModel):
    """What flies in a straight line; `range_km` is how far a place may be, there and back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Literal["air"] = "air"
    label: str = Field(min_length=1, max_length=200)
    kind: Literal["air"] = "air"
    capacity_kg: Positive
    capacity_m3: Positive
    top_speed_kmh: Annotated[float, Field(gt=0, le=1000)]
    range_km: Positive
    handling_min: Minutes
    daylight_only: bool = True
    sources: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All classes: those that travel on the network, in the order of the file, and what flies."""

    ground: dict[VehicleClassName, VehicleClass]
    air: AirClass | None


def vehicle_classes(path: Path | None = None) -> dict[VehicleClassName, VehicleClass]:
    """The classes that travel on the network, by name: of `path`, or of our own catalogue.

    Raises as `catalogue`.
    """
    return catalogue(path).ground


def catalogue(path: Path | None = None, *, changes: Sequence[Changes] = ()) -> Catalogue:
    """All vehicle classes: of `path`, or of our own catalogue.

    Parameters
    ----------
    changes
        What a crisis cell knows better, laid over the classes one after the other: just the values
        that differ (``{"truck": {"gross_weight_t": 19, "surface": {"gravel": 20}}}``). A speed of 0
        means that the class does not go there.

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
    for one in changes:
        name, tables = "changed vehicle classes", _laid_over(tables, one)
    problems: list[Problem] = []
    ground: dict[VehicleClassName, VehicleClass] = {}
    air: AirClass | None = None
    for class_name, table in tables.items():
        if not isinstance(table, dict) or class_name not in VEHICLE_CLASS_NAMES:
            expected = "a table named " + ", ".join(VEHICLE_CLASS_NAMES)
            problems.append(Problem(row=class_name, column="", value="", expected=expected))
            continue
        try:
            if class_name == "air":
                air = AirClass.model_validate(table)
                continue
            read = VehicleClass.model_validate({**table, "name": class_name})
        except ValidationError as error:
            problems += _problems(class_name, error)
        else:
            ground[read.name] = read
    if problems or not ground:
        first = (
            problems[0] if problems else Problem(row="", column="", value="", expected="a class")
        )
        raise SchemaError(
            name,
            f"{len(problems)} problems, first: {first.row} {first.column} = {first.value!r}, "
            f"needed {first.expected}",
            "correct the file" if path or not changes else "correct the value",
            problems=problems,
        )
    return Catalogue(ground=ground, air=air)


def read_changes(path: Path) -> dict[str, Any]:
    """Changes that somebody wrote into a TOML file; raises as `catalogue` does for a file."""
    _, tables = _parsed(path)
    return tables


def _parsed(path: Path | None) -> tuple[str, dict[str, Any]]:
    name, written = _read(path)
    try:
        return name, tomllib.loads(written)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(name, f"TOML is needed: {error}", "correct that line") from error


def _laid_over(tables: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
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
