"""Roads under doubt and at work: risk, what to clear first, flights, forward bases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import arguments as read
from dashboard.verbs.parser import (
    FINE,
    Result,
    add_moment,
    add_verb,
    open_situation,
    road_moment,
)

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    risk = add_verb(verbs, "risk", _risk, "how likely each place is reached, and what decides it")
    risk.add_argument("--worlds", type=int, default=200, help="sampled worlds (default 200)")
    risk.add_argument("--hours", type=float, default=12.0, help="reached within (default 12)")
    risk.add_argument(
        "--class", dest="classes", action="append", help="vehicle class (may be repeated)"
    )
    risk.add_argument("--seed", type=int, default=1, help="the same seed, the same worlds")
    risk.add_argument("--landslides", type=Path, help="polygons of landslides seen: hints")
    add_moment(risk)

    clear = add_verb(verbs, "clear-first", _clear_first, "which blockage to open first, by whom")
    clear.add_argument("--class", dest="class_name", default="truck", help="vehicle class (truck)")
    clear.add_argument("--crews", type=int, default=2, help="crews with a machine each (default 2)")
    clear.add_argument("--hours", type=float, default=24.0, help="hours they work (default 24)")
    clear.add_argument(
        "--by",
        choices=("people", "time"),
        default="people",
        help="people who are reached again, or person-hours of travel regained",
    )
    clear.add_argument(
        "--crew-hours", type=Path, help="CSV: site (or closure, or edge id), crew_hours"
    )
    clear.add_argument("--rates", type=Path, help="TOML: crew-hours by kind of blockage")
    add_moment(clear)

    airlift = add_verb(verbs, "airlift", _airlift, "places only a flight serves, and where to land")
    airlift.add_argument("--hours", type=float, default=12.0, help="reached on the ground within")
    airlift.add_argument("--diameter", type=float, help="of the clearing, in m (default 50)")
    airlift.add_argument(
        "--obstacles",
        type=Path,
        nargs="*",
        default=[],
        help="buildings, wires, trees: vector files",
    )
    add_moment(airlift)

    staging = add_verb(verbs, "staging", _staging, "where to put a forward base, ranked")
    staging.add_argument("--points", type=int, default=5, help="how many (default 5)")
    staging.add_argument("--brings", default="truck", help="class that reaches it (truck)")
    staging.add_argument("--goes-on", default="pickup", help="class that goes on (pickup)")
    add_moment(staging)


def _risk(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import risking

    with open_situation(arguments) as situation:
        return risking.make_risk(
            situation,
            read.vehicle_class_names(",".join(arguments.classes or ())) or risking.DEFAULT_CLASSES,
            n_worlds=arguments.worlds,
            hours=read.hours(arguments.hours),
            seed=arguments.seed,
            landslides=arguments.landslides,
            at=road_moment(arguments, situation),
            progress=arguments.progress,
        ), FINE


def _clear_first(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import clearing

    with open_situation(arguments) as situation:
        return clearing.clear_first(
            situation,
            class_name=read.one_vehicle_class(arguments.class_name),
            crews=read.crews(arguments.crews),
            hours=read.hours(arguments.hours),
            measure=arguments.by,
            crew_hours=arguments.crew_hours,
            rates=arguments.rates,
            at=road_moment(arguments, situation),
            progress=arguments.progress,
        ), FINE


def _airlift(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import airlifting

    with open_situation(arguments) as situation:
        return airlifting.make_airlift(
            situation,
            hours=read.hours(arguments.hours),
            diameter_m=arguments.diameter,
            obstacles=arguments.obstacles,
            at=road_moment(arguments, situation),
            progress=arguments.progress,
        ), FINE


def _staging(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import staging_points

    with open_situation(arguments) as situation:
        return staging_points.make_staging(
            situation,
            points=arguments.points,
            brings=read.one_vehicle_class(arguments.brings),
            goes_on=read.one_vehicle_class(arguments.goes_on),
            at=road_moment(arguments, situation),
            progress=arguments.progress,
        ), FINE
