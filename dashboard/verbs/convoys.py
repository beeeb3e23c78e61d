"""Convoys: plan, compare, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, FOUND, Result, add_verb, open_situation
from geo.errors import InputError

if TYPE_CHECKING:
    import argparse

EXPORT_FORMATS = ("gpx", "kml", "geojson", "csv", "text")


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    plan = add_verb(verbs, "plan", _plan, "plan convoys for the open needs")
    plan.add_argument("--seconds", type=float, help="stop searching after this long")
    plan.add_argument("--iterations", type=int, help="search steps per depot (default: by size)")
    plan.add_argument("--seed", type=int, default=1)
    plan.add_argument(
        "--fairness", type=float, default=0.5, help="0 total only … 1 worst commune first"
    )
    plan.add_argument("--strict", action="store_true", help="exit 1 if a need stays unserved")

    diff = add_verb(verbs, "diff", _diff, "who gains and who loses if one plan replaces another")
    diff.add_argument("plan_a", metavar="PLAN_A", help="plan id")
    diff.add_argument("plan_b", metavar="PLAN_B", help="plan id, or `latest`")

    export = add_verb(verbs, "export", _export, "write a plan's convoys to files")
    export.add_argument("plan", metavar="PLAN", help="plan id, or `latest`")
    export.add_argument("--to", type=Path, required=True, help="folder, made if absent")
    export.add_argument("--formats", default="gpx,kml,geojson,csv,text")
    export.add_argument("--lang", choices=("ar", "fr", "en", "zgh"), default="en")


def _plan(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import planning

    with open_situation(arguments) as situation:
        result = planning.make_plan(
            situation,
            seed=arguments.seed,
            seconds=arguments.seconds,
            iterations=arguments.iterations,
            fairness=arguments.fairness,
            progress=arguments.progress,
        )
    return result, FOUND if arguments.strict and result["unserved"] else FINE


def _diff(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import comparing

    with open_situation(arguments) as situation:
        return comparing.diff(situation, arguments.plan_a, arguments.plan_b), FINE


def _export(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import exporting

    formats = tuple(part.strip() for part in arguments.formats.split(",") if part.strip())
    if wrong := sorted(set(formats) - set(EXPORT_FORMATS)):
        raise InputError(
            f"--formats {','.join(wrong)}",
            f"formats known are {', '.join(EXPORT_FORMATS)}",
            "correct the list",
        )
    with open_situation(arguments) as situation:
        return exporting.export_plan(
            situation,
            arguments.plan,
            folder=arguments.to,
            formats=formats,
            language=arguments.lang,
            progress=arguments.progress,
        ), FINE
