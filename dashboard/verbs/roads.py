"""Roads: closures, and who is reached."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dashboard import arguments as read
from dashboard.verbs.parser import (
    FINE,
    Result,
    add_moment,
    add_past,
    add_verb,
    open_situation,
    road_moment,
)
from geo.errors import InputError


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    close = add_verb(verbs, "close", _close, "close or restrict a road, or report it open")
    close.add_argument(
        "edge", nargs="*", metavar="EDGE", help="edge ids; + or - at the end: one direction"
    )
    close.add_argument("--near", help="LON,LAT: the nearest road")
    close.add_argument("--road", help="name or number of the road meant, with --near or --area")
    close.add_argument(
        "--layer", type=int, help="level of the road meant: 0 ground, 1 bridge, -1 tunnel"
    )
    close.add_argument("--area", type=Path, help="polygons: every road in them")
    close.add_argument(
        "--graded",
        action="store_true",
        help="what analysts' gradings of roads propose; see it first with --dry-run",
    )
    close.add_argument("--dry-run", action="store_true", help="with --graded: only show")
    close.add_argument(
        "--classes", default="", help="vehicle classes, comma between (default: all)"
    )
    close.add_argument(
        "--state",
        choices=("closed", "restricted", "open", "unknown"),
        help="default: closed, or with a weight restricted; open contradicts closures of the road "
        "and ends none (that is `reopen`), unknown says that nobody knows",
    )
    close.add_argument(
        "--max-weight",
        type=float,
        metavar="T",
        help="what a restricted road still carries, gross t",
    )
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
        "--class",
        dest="classes",
        action="append",
        help="only these take part (may be repeated; default: truck and pickup leave the depots, "
        "any class takes over)",
    )
    reach.add_argument(
        "--relay",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="count places that a load reaches by changing vehicles (default)",
    )
    add_moment(reach)
    reach.add_argument("--hours", type=float, default=12.0, help="time limit in hours (default 12)")

    network = add_verb(verbs, "roads", _roads, "what the road network is like, and as a file")
    add_past(network)
    network.add_argument("--to", type=Path, metavar="FILE", help="write it as GraphML for OSMnx")
    network.add_argument(
        "--gaps", type=float, metavar="M", help="ends within so many metres of a road (default 5)"
    )
    network.add_argument(
        "--join",
        default="",
        metavar="GAP,…",
        help="these gaps (or all) are none: the roads meet there; `undo joint:…` parts them again",
    )
    network.add_argument("--source", default="", help="who says so, with --join")
    network.add_argument("--reason", default="", help="with --join")

    classes = add_verb(
        verbs, "vehicle-classes", _vehicle_classes, "limits and speeds of vehicle classes"
    )
    classes.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        metavar="CLASS.FIELD=VALUE",
        help="record what you know better (may be repeated), for example truck.gross_weight_t=19",
    )
    classes.add_argument("--file", type=Path, help="the same from a TOML file")
    classes.add_argument("--source", default="", help="who says so")
    classes.add_argument("--reason", default="")

    isochrones = add_verb(verbs, "isochrones", _isochrones, "the ground within some minutes")
    isochrones.add_argument("--class", dest="vehicle_class", default="truck", help="vehicle class")
    isochrones.add_argument("--minutes", default="30,60,120", help="limits, comma between")
    add_moment(isochrones)
    isochrones.add_argument("--to", type=Path, metavar="FILE", help="write polygons as GeoJSON")


def _close(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import graded_closures, roads

    if arguments.graded:
        if arguments.edge or arguments.near or arguments.area:
            raise InputError(
                "close --graded", "it takes no EDGE, --near or --area", "give one or the other"
            )
        with open_situation(arguments) as situation:
            return graded_closures.close_graded(situation, dry_run=arguments.dry_run), FINE
    if arguments.dry_run:
        raise InputError("close --dry-run", "it goes with --graded only", "leave it out")
    with open_situation(arguments) as situation:
        return roads.close_road(
            situation,
            edges=tuple(arguments.edge),
            near=read.point(arguments.near) if arguments.near else None,
            road=arguments.road,
            layer=arguments.layer,
            area=arguments.area,
            classes=read.vehicle_class_names(arguments.classes),
            state=arguments.state or ("closed" if arguments.max_weight is None else "restricted"),
            max_weight_t=arguments.max_weight,
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
            classes=read.vehicle_class_names(",".join(arguments.classes or ())),
            relay=arguments.relay,
            at=road_moment(arguments, situation),
            max_time_s=read.hours(arguments.hours) * 3600.0,
        ), FINE


def _roads(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import road_gaps, road_network

    wanted = [one.strip() for one in arguments.join.split(",") if one.strip()]
    if arguments.join and not wanted:
        raise InputError(
            "roads --join", "a gap is needed", "take the ids from `qafila roads --json`, or all"
        )
    if wanted and arguments.to is not None:
        raise InputError("roads --join", "it does not go with --to", "ask one after the other")
    with open_situation(arguments) as situation:
        if wanted:
            return road_gaps.join_gaps(
                situation,
                wanted,
                source=arguments.source,
                reason=arguments.reason,
                max_gap_m=arguments.gaps,
            ), FINE
        return road_network.describe_roads(
            situation, to=arguments.to, max_gap_m=arguments.gaps
        ), FINE


def _vehicle_classes(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import vehicle_catalogue

    with open_situation(arguments) as situation:
        if not arguments.values and arguments.file is None:
            return vehicle_catalogue.describe_vehicle_classes(situation), FINE
        return vehicle_catalogue.change_vehicle_classes(
            situation,
            values=arguments.values,
            file=arguments.file,
            source=arguments.source,
            reason=arguments.reason,
        ), FINE


def _isochrones(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import isochrones

    names = read.vehicle_class_names(arguments.vehicle_class)
    if len(names) != 1:
        raise InputError(f"--class {arguments.vehicle_class!r}", "one class is needed", "name it")
    with open_situation(arguments) as situation:
        return isochrones.make_isochrones(
            situation,
            names[0],
            read.minutes(arguments.minutes),
            at=road_moment(arguments, situation),
            to=arguments.to,
            progress=arguments.progress,
        ), FINE
