"""Every speed and limit of the vehicle classes with its source: the tables of ``docs/travel.md``.

Written from the catalogue, so that the page and the program cannot say different things.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.model import VehicleClassName
    from routing.vehicles import AirClass, Catalogue, VehicleClass


def travel_tables_markdown(catalogue: Catalogue) -> str:
    """Every speed and limit with its source, as Markdown."""
    classes = catalogue.ground
    by_tag = ("highway", "surface", "tracktype", "smoothness")
    parts = [
        _limits_table(catalogue),
        _days_table(catalogue),
        *(_speeds_table(classes, what) for what in by_tag),
        _grade_tables(classes),
        _damage_table(classes),
        _sources_list(catalogue),
    ]
    return "\n\n".join(parts) + "\n"


def _limits_table(catalogue: Catalogue) -> str:
    header = (
        "| class | what | load kg | load m³ | gross t | height m | road width m | top km/h | fords "
        "| refuses access | refuses grades above |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )
    rows = [
        f"| `{c.name}` | {c.label} | {c.capacity_kg:g} | {c.capacity_m3:g} | {c.gross_weight_t:g} "
        f"| {c.height_m:g} | {c.min_width_m:g} | {c.top_speed_kmh:g} "
        f"| {'yes' if c.uses_fords else 'no'} | {', '.join(sorted(c.refuses_access)) or 'none'} "
        f"| {'none' if c.max_grade is None else f'{c.max_grade:.0%}'} |"
        for c in catalogue.ground.values()
    ]
    if (air := catalogue.air) is not None:
        rows.append(
            f"| `air` | {air.label} | {air.capacity_kg:g} | {air.capacity_m3:g} | – | – | – "
            f"| {air.top_speed_kmh:g} | – | – | – |"
        )
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


def _days_table(catalogue: Catalogue) -> str:
    every: list[VehicleClass | AirClass] = [*catalogue.ground.values()]
    if catalogue.air is not None:
        every.append(catalogue.air)
    header = (
        "| class | range km | takes over a load in min | travels in the dark |\n|---|---|---|---|"
    )
    rows = [
        f"| `{c.name}` | {c.range_km:g} | {c.handling_min:g} "
        f"| {'no' if c.daylight_only else 'yes'} |"
        for c in every
    ]
    return "### Range, handling, daylight\n\n" + "\n".join([header, *rows])


def _damage_table(classes: Mapping[VehicleClassName, VehicleClass]) -> str:
    header = "| class | restricted | closed |\n|---|---|---|"
    rows = [f"| `{c.name}` | {c.damage.restricted:.0%} | – |" for c in classes.values()]
    return "### What damage leaves of the speed\n\n" + "\n".join([header, *rows])


def _sources_list(catalogue: Catalogue) -> str:
    every: list[VehicleClass | AirClass] = [*catalogue.ground.values()]
    if catalogue.air is not None:
        every.append(catalogue.air)
    lines = [
        f"- `{c.name}`, {what}: {source}." for c in every for what, source in c.sources.items()
    ]
    return "### Sources\n\n" + "\n".join(lines)
