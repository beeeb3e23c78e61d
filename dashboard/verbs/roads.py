"""Roads: closures, and who is reached."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import arguments as read
from dashboard.verbs.parser import FINE, Result, add_verb, open_situation

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    close = add_verb(verbs, "close", _close, "close or restrict a road")
    close.add_argument(
        "edge", nargs="*", metavar="EDGE", help="edge ids; + or - at the end: one direction"
    )
    close.add_argument("--near", help="LON,LAT: the nearest road")
    close.add_argument("--road", help="with --near: name or number of the road meant")
    close.add_argument("--area", type=Path, help="polygons: every road in them")
    close.add_argument(
        "--classes", default="", help="vehicle classes, comma between (default: all)"
    )
    close.add_argument("--state", choices=("closed", "restricted"), default="closed")
    close.add_argument("--until", help="end, ISO 8601 (default: open)")
    close.add_argument("--source", default="", help="who says so")
    close.add_argument("--reason", default="", help="why, for example rockfall")
    close.add_argument("--confidence", type=float, default=1.0, help="0 to 1")

    reopen = add_verb(verbs, "reopen", _reopen, "a closure no longer holds")
    reopen.add_argument("closure", metavar="CLOSURE")
    reopen.add_argument("--source", default="", help="who says so")
    reopen.add_argument("--reason", default="")

    reach = add_verb(verbs, "reach", _reach, "which place can be reached, from where, how")
    reach.add_argument(
        "--class", dest="classes", action="append", help="vehicle class (may be repeated)"
    )
    reach.add_argument("--at", help="moment, ISO 8601 (default: now)")
    reach.add_argument("--hours", type=float, default=12.0, help="time limit in hours (default 12)")


def _close(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import roads

    with open_situation(arguments) as situation:
        return roads.close_road(
            situation,
            edges=tuple(arguments.edge),
            near=read.point(arguments.near) if arguments.near else None,
            road=arguments.road,
            area=arguments.area,
            classes=read.vehicle_class_names(arguments.classes),
            state=arguments.state,
            until=situation.aware(read.moment(arguments.until, "--until")),
            source=arguments.source,
            reason=arguments.reason,
            confidence=arguments.confidence,
        ), FINE


def _reopen(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import roads

    with open_situation(arguments) as situation:
        return roads.reopen_road(
            situation, arguments.closure, source=arguments.source, reason=arguments.reason
        ), FINE


def _reach(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import reaching

    with open_situation(arguments) as situation:
        return reaching.make_reach(
            situation,
            classes=read.vehicle_class_names(",".join(arguments.classes or ()))
            or reaching.DEFAULT_CLASSES,
            at=situation.aware(read.moment(arguments.at, "--at")),
            max_time_s=read.hours(arguments.hours) * 3600.0,
        ), FINE
