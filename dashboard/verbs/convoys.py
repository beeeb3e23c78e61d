"""Convoys: plan, compare, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import arguments as read
from dashboard.verbs.parser import FINE, FOUND, Result, add_past, add_verb, open_situation
from geo.errors import InputError

if TYPE_CHECKING:
    import argparse

EXPORT_FORMATS = (
    "gpx",
    "kml",
    "geojson",
    "csv",
    "text",
    "html",
    "pdf",
    "pdfa6",
    "loading",
    "waybills",
    "kmz",
    "tak",
    "problem",
)


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    plan = add_verb(verbs, "plan", _plan, "plan convoys for the open needs")
    plan.add_argument(
        "--objective",
        choices=("arrival", "cost"),
        default="arrival",
        help="arrival: least weight x quantity x time of arrival; cost: routine distribution, "
        "least time on the road",
    )
    plan.add_argument(
        "--seconds", type=float, help="search for this long (Ctrl-C: take the best so far)"
    )
    plan.add_argument("--iterations", type=int, help="search steps (default: by size)")
    plan.add_argument("--seed", type=int, default=1)
    plan.add_argument(
        "--fairness", type=float, default=0.5, help="0 total only … 1 worst commune first"
    )
    plan.add_argument("--by-night", action="store_true", help="let convoys drive in the dark too")
    plan.add_argument("--strict", action="store_true", help="exit 1 if a need stays unserved")
    for option, form, text in (
        ("--priority", "ITEM=FACTOR", "count each unit of an item so many times as urgent"),
        ("--drivers", "DEPOT=N", "vehicles with a motor that can leave a depot on the day"),
        (
            "--hours",
            "WHERE=HH:MM-HH:MM",
            "when a place, all places of a commune (behind a checkpoint), or a depot is open",
        ),
        ("--whole", "ITEM", "each place gets all that it needs of an item at once, or nothing"),
    ):
        plan.add_argument(
            option, action="append", default=[], metavar=form, help=f"{text} (may be repeated)"
        )
    plan.add_argument(
        "--problem",
        type=Path,
        metavar="FILE",
        help="plan this problem (JSON, as `export --formats problem` writes it) instead of the "
        "situation; nothing is recorded",
    )

    replan = add_verb(
        verbs, "replan", _replan, "plan the rest of a day anew; what is on the road or locked stays"
    )
    replan.add_argument("plan", metavar="PLAN", nargs="?", default="latest", help="plan id")
    replan.add_argument("--at", help="what left before stays (ISO 8601, default: now)")
    replan.add_argument("--seconds", type=float, help="search for this long (default 2)")
    replan.add_argument("--iterations", type=int, help="search steps instead of seconds")
    replan.add_argument("--seed", type=int, default=1)
    replan.add_argument("--strict", action="store_true", help="exit 1 if a need stays unserved")

    for name, run, text in (
        ("lock", _lock, "have a convoy of the newest plan stay as it is at a re-plan"),
        ("unlock", _unlock, "let a locked convoy be planned anew"),
    ):
        verb = add_verb(verbs, name, run, text)
        verb.add_argument("convoy", metavar="CONVOY", help="convoy id")
        verb.add_argument("--reason", default="", help="why, for the record")

    vehicle = add_verb(
        verbs, "vehicle", _vehicle, "take a vehicle out of service (it broke down), or back"
    )
    vehicle.add_argument("vehicle", metavar="VEHICLE", help="vehicle id, or its name")
    vehicle.add_argument("state", choices=("out", "back"), help="out of service, or back in it")

    diff = add_verb(
        verbs, "diff", _diff, "who gains and who loses: two plans, or two states of the roads"
    )
    add_past(diff, "--known-at")
    diff.add_argument(
        "plan_a",
        metavar="PLAN_A",
        nargs="?",
        help="plan id; else the one before the newest",
    )
    diff.add_argument("plan_b", metavar="PLAN_B", nargs="?", help="plan id; else the newest")
    diff.add_argument("--roads", action="store_true", help="compare the roads, not plans")
    diff.add_argument(
        "--at", action="append", default=[], help="with --roads: moment, ISO 8601; twice for two"
    )
    diff.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="CLOSURE",
        help="with --roads: the first state leaves this closure out, or `all` (may be repeated)",
    )
    diff.add_argument(
        "--suppose",
        action="append",
        default=[],
        metavar="EDGE",
        help="with --roads: what if this edge were closed too (may be repeated; not recorded)",
    )
    diff.add_argument(
        "--class", dest="classes", action="append", help="with --roads: as in `reach`"
    )

    reply = add_verb(
        verbs, "reply", _reply, "enter what a convoy says by text message: OK 3 40 TENTS"
    )
    reply.add_argument("convoy", metavar="CONVOY", help="convoy id")
    reply.add_argument("text", metavar="TEXT", help="the message, as it came")
    reply.add_argument("--id", help="the message's own id: entered again, nothing is recorded")
    reply.add_argument("--at", help="when it was said (ISO 8601, default: now)")
    add_verb(verbs, "heard", _heard, "when each convoy was heard last, and what it said")

    export = add_verb(verbs, "export", _export, "write a plan's convoys to files")
    add_past(export)
    export.add_argument("plan", metavar="PLAN", help="plan id, or `latest`")
    export.add_argument("--to", type=Path, required=True, help="folder, made if absent")
    export.add_argument(
        "--formats",
        default="gpx,kml,geojson,csv,text",
        help=f"some of {','.join(EXPORT_FORMATS)}, with commas between (default: %(default)s)",
    )
    export.add_argument("--lang", choices=("ar", "fr", "en", "zgh"), default="en")
    export.add_argument(
        "--contact",
        action="append",
        default=[],
        metavar="ROLE=HOW",
        help="printed on the sheets, stored nowhere: cell, depot, leader, road or medical, and a "
        "number or channel (may be repeated)",
    )


def _plan(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import plan_terms, planning, repeating

    asked = {
        name: getattr(arguments, name)
        for name in (
            "objective",
            "seed",
            "seconds",
            "iterations",
            "fairness",
            "by_night",
            "progress",
        )
    }
    written = {
        "priorities": arguments.priority,
        "drivers": arguments.drivers,
        "hours": arguments.hours,
        "whole": arguments.whole,
    }
    if arguments.problem is not None:
        if any(written.values()):
            raise InputError(
                "--problem with --priority, --drivers, --hours or --whole",
                "the file says all of these",
                "change the file, or plan the situation",
            )
        result = repeating.plan_problem(arguments.problem, **asked)
    else:
        with open_situation(arguments) as situation:
            terms = plan_terms.read_terms(situation, **written)
            result = planning.make_plan(situation, terms=terms, **asked)
    return result, FOUND if arguments.strict and result["unserved"] else FINE


def _replan(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import replanning

    at = read.moment(arguments.at, "--at")
    with open_situation(arguments) as situation:
        result = replanning.replan(
            situation,
            arguments.plan,
            at=situation.aware(at),
            seconds=arguments.seconds,
            iterations=arguments.iterations,
            seed=arguments.seed,
            progress=arguments.progress,
        )
    return result, FOUND if arguments.strict and result["unserved"] else FINE


def _lock(arguments: argparse.Namespace) -> Result:
    return _set_lock(arguments, locked=True)


def _unlock(arguments: argparse.Namespace) -> Result:
    return _set_lock(arguments, locked=False)


def _set_lock(arguments: argparse.Namespace, *, locked: bool) -> Result:
    from dashboard.operations import replanning

    with open_situation(arguments) as situation:
        return replanning.set_lock(
            situation, arguments.convoy, locked=locked, reason=arguments.reason
        ), FINE


def _vehicle(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import fleet

    with open_situation(arguments) as situation:
        return fleet.set_available(
            situation, arguments.vehicle, available=arguments.state == "back"
        ), FINE


def _diff(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import comparing, comparing_roads

    if not arguments.roads and (arguments.at or arguments.without or arguments.suppose):
        raise InputError(
            "diff", "states of the roads are compared with --roads", "see `qafila diff --help`"
        )
    with open_situation(arguments) as situation:
        if arguments.roads:
            given = [situation.aware(read.moment(one, "--at")) for one in arguments.at]
            return comparing_roads.diff_roads(
                situation,
                moments=[moment for moment in given if moment],
                without=arguments.without,
                supposed=[comparing_roads.supposed_closure(situation, arguments.suppose)]
                if arguments.suppose
                else (),
                classes=read.vehicle_class_names(",".join(arguments.classes or ())),
            ), FINE
        first = arguments.plan_a or comparing.plan_before(situation)
        return comparing.diff(situation, first, arguments.plan_b or "latest"), FINE


def _export(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import exporting

    formats = tuple(part.strip() for part in arguments.formats.split(",") if part.strip())
    if wrong := sorted(set(formats) - set(EXPORT_FORMATS)):
        raise InputError(
            f"--formats {','.join(wrong)}",
            f"formats known are {', '.join(EXPORT_FORMATS)}",
            "correct the list",
        )
    contacts: dict[str, str] = {}
    for given in arguments.contact:
        role, sign, how = given.partition("=")
        if not sign or not how.strip():
            raise InputError(
                f"--contact {given!r}", "ROLE=HOW is needed, such as cell=+212…", "correct it"
            )
        contacts[role.strip()] = how.strip()
    with open_situation(arguments) as situation:
        return exporting.export_plan(
            situation,
            arguments.plan,
            folder=arguments.to,
            formats=formats,
            language=arguments.lang,
            contacts=contacts,
            progress=arguments.progress,
        ), FINE


def _reply(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.field_reports import Reporter, take_reply

    with open_situation(arguments) as situation:
        at = situation.aware(read.moment(arguments.at, "--at"))
        taken = take_reply(
            situation,
            arguments.convoy,
            arguments.text,
            by=Reporter(client_id=arguments.id, said_at=at),
        )
    return taken, FINE


def _heard(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.field_reports import last_heard

    with open_situation(arguments) as situation:
        return {"convoys": last_heard(situation)}, FINE
