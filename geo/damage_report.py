"""What was understood of a damage layer: counts in which every row appears, and plain remarks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageReport:
    """What was understood of a layer: every row is in exactly one of the counts of rows.

    `n_rows` = `n_graded` + `n_not_analysed` + `n_not_buildings` + `n_without_geometry` for graded
    layers, `n_areas` + `n_void_areas` + `n_left_out` + `n_without_geometry` for analysed areas.
    `n_missing_grade` and `unknown_labels` say why buildings are not analysed.
    """

    source: str
    kind: str
    columns: Mapping[str, str]
    n_rows: int
    n_without_geometry: int = 0
    n_graded: int = 0
    n_not_analysed: int = 0
    n_not_buildings: int = 0
    n_missing_grade: int = 0
    n_footprints: int = 0
    n_areas: int = 0
    n_void_areas: int = 0
    n_left_out: int = 0
    n_dates_swapped: int = 0
    n_dates_from_name: int = 0
    n_dates_unreadable: int = 0
    grades: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    unknown_labels: Mapping[str, int] = field(default_factory=dict)
    sensors: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def used(**columns: Any) -> dict[str, str]:
    """Which column served for what; those that were not found are left out."""
    return {use: str(column) for use, column in columns.items() if column is not None}


def counts(values: pd.Series, *, order: Sequence[str] | None = None) -> dict[str, int]:
    """How often each value occurs, in the given order or in that of the values."""
    found = Counter(values)
    keys = order if order is not None else sorted(found)
    return {str(key): int(found[key]) for key in keys if found[key]}


def with_notes(report: DamageReport) -> DamageReport:
    """Say in words what a person should know about how the layer was read."""
    unknown = ", ".join(f"{label!r} {n}" for label, n in sorted(report.unknown_labels.items()))
    said = (
        (
            report.n_without_geometry,
            f"{report.n_without_geometry} rows without a geometry left out",
        ),
        (report.n_not_buildings, f"{report.n_not_buildings} rows are no buildings"),
        (report.n_missing_grade, f"{report.n_missing_grade} buildings without a grade"),
        (unknown, f"unknown grades kept as not analysed: {unknown}"),
        (report.n_void_areas, f"{report.n_void_areas} areas were not looked at (cloud or no data)"),
        (report.n_left_out, f"{report.n_left_out} polygons are no analysed area and were left out"),
        (report.n_dates_swapped, f"day and month swapped back in {report.n_dates_swapped} dates"),
        (report.n_dates_from_name, f"{report.n_dates_from_name} dates taken from the layer's name"),
        (report.n_dates_unreadable, f"{report.n_dates_unreadable} dates could not be read"),
    )
    return replace(report, notes=tuple(text for count, text in said if count))
