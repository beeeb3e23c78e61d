"""The verbs of the command line: their options, and what each hands to the use cases.

Imports stand inside the verbs: geopandas and streamlit cost seconds that `qafila ledger head` need
not wait for.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dashboard import arguments as read
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.operations.situation import Situation

FINE, FOUND = 0, 1
Result = tuple[dict[str, Any], int]

LOAD_KINDS = ("places", "boundaries", "roads", "elevation", "damage", "shakemap", "population")
UPLOAD_KINDS = ("needs", "stock", "vehicles", "volunteers", "road-status")
EXPORT_FORMATS = ("gpx", "kml", "geojson", "csv", "text")


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the words of a command in one line."""

    def error(self, message: str) -> NoReturn:
        """Refuse with exit status 2."""
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all verbs; `docs/command-line.md` is its help: a test compares."""
    parser = Parser(
        prog="qafila",
        description="Who was hit, which road still carries which vehicle, which convoy goes where.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    demo = _verb(
        verbs, "demo", _demo, "build the Al Haouz drill, assess, plan, export, then serve it"
    )
    demo.add_argument("--no-serve", action="store_true", help="stop after the exports")
    demo.add_argument("--port", type=int, default=8501, help="port to serve on (default 8501)")
    demo.add_argument("--host", default="127.0.0.1", help="address to serve on (default 127.0.0.1)")
    demo.add_argument(
        "--fresh", action="store_true", help="set the drill up anew, dropping changes"
    )

    init = _verb(verbs, "init", _init, "begin a new situation in --home")
    init.add_argument("--name", default="Situation", help="name shown on every page")
    init.add_argument(
        "--area", help="west,south,east,north in degrees (default: from the first layer)"
    )
    init.add_argument(
        "--timezone", default="UTC", help="zone for display, for example Africa/Casablanca"
    )

    fetch = _verb(verbs, "fetch", _fetch, "download open data for an area (needs the internet)")
    fetch.add_argument("area", metavar="AREA", help="a place name, or west,south,east,north")
    fetch.add_argument("--large", action="store_true", help="allow an area over 2,500 km2")

    load = _verb(verbs, "load", _load, "load a geospatial layer")
    load.add_argument("kind", choices=LOAD_KINDS, metavar="KIND", help=", ".join(LOAD_KINDS))
    load.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    load.add_argument("--source", help="who made it (default: the file's name)")
    load.add_argument("--at", help="when it was made, ISO 8601")
    load.add_argument("--layer", help="layer of a file that holds several")
    load.add_argument("--clip", action="store_true", help="leave out what lies outside the area")
    load.add_argument("--in-pieces", action="store_true", help="accept a road network in pieces")
    load.add_argument(
        "--classes", help='meaning of a class raster, for example "1=possibly_damaged,2=destroyed"'
    )

    upload = _verb(verbs, "upload", _upload, "take in a table from an organisation (CSV)")
    upload.add_argument("kind", choices=UPLOAD_KINDS, metavar="KIND", help=", ".join(UPLOAD_KINDS))
    upload.add_argument("file", type=Path)
    upload.add_argument("--org", required=True, help="the organisation the file comes from")
    upload.add_argument("--dry-run", action="store_true", help="report, change nothing")
    upload.add_argument(
        "--rejects", type=Path, help="write the rows that were not taken to this CSV"
    )

    undo = _verb(verbs, "undo", _undo, "undo an upload, or any one layer")
    undo.add_argument("id", metavar="UPLOAD", help="upload:… or layer:…")

    _verb(verbs, "assess", _assess, "damage, people and needs per place")

    close = _verb(verbs, "close", _close, "close or restrict a road")
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

    reopen = _verb(verbs, "reopen", _reopen, "a closure no longer holds")
    reopen.add_argument("closure", metavar="CLOSURE")
    reopen.add_argument("--source", default="", help="who says so")
    reopen.add_argument("--reason", default="")

    reach = _verb(verbs, "reach", _reach, "which place can be reached, from where, how")
    reach.add_argument(
        "--class", dest="classes", action="append", help="vehicle class (may be repeated)"
    )
    reach.add_argument("--at", help="moment, ISO 8601 (default: now)")
    reach.add_argument("--hours", type=float, default=12.0, help="time limit in hours (default 12)")

    plan = _verb(verbs, "plan", _plan, "plan convoys for the open needs")
    plan.add_argument("--seconds", type=float, help="stop searching after this long")
    plan.add_argument("--iterations", type=int, help="search steps per depot (default: by size)")
    plan.add_argument("--seed", type=int, default=1)
    plan.add_argument(
        "--fairness", type=float, default=0.5, help="0 total only … 1 worst commune first"
    )
    plan.add_argument("--strict", action="store_true", help="exit 1 if a need stays unserved")

    diff = _verb(verbs, "diff", _diff, "who gains and who loses if one plan replaces another")
    diff.add_argument("plan_a", metavar="PLAN_A", help="plan id")
    diff.add_argument("plan_b", metavar="PLAN_B", help="plan id, or `latest`")

    export = _verb(verbs, "export", _export, "write a plan's convoys to files")
    export.add_argument("plan", metavar="PLAN", help="plan id, or `latest`")
    export.add_argument("--to", type=Path, required=True, help="folder, made if absent")
    export.add_argument("--formats", default="gpx,kml,geojson,csv,text")
    export.add_argument("--lang", choices=("ar", "fr", "en", "zgh"), default="en")

    verify = _verb(verbs, "verify", _verify, "check the whole ledger")
    verify.add_argument("--against", help="an exported head, or a file that holds one")

    ledger = _verb(verbs, "ledger", _ledger, "show the head or export the ledger")
    ledger.add_argument("what", choices=("head", "export"))
    ledger.add_argument("file", nargs="?", type=Path)

    _verb(verbs, "rebuild", _rebuild, "make the tables of state anew from the ledger")

    serve = _verb(verbs, "serve", _serve, "serve the page and the HTTP interface")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8501)
    return parser


def _verb(
    verbs: Any, name: str, run: Callable[[argparse.Namespace], Result], help_text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=help_text, description=help_text)
    parser.add_argument("--home", type=Path, help="the situation's folder (default: QAFILA_HOME)")
    parser.add_argument("--json", action="store_true", help="the result as JSON on stdout")
    parser.add_argument("--verbose", action="store_true", help="log what is being done to stderr")
    parser.set_defaults(run=run)
    return parser


# --- verbs -----------------------------------------------------------------------------------


def _demo(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import demonstration

    home = arguments.home or read.default_home("drill")
    if arguments.no_serve:
        return demonstration.run_demo(
            home, fresh=arguments.fresh, progress=arguments.progress
        ), FINE
    demonstration.set_up(home, fresh=arguments.fresh, progress=arguments.progress)
    _serve_home(home, arguments.host, arguments.port)
    return {"served": str(home)}, FINE


def _init(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.situation import Situation

    bounds = read.bounds(arguments.area) if arguments.area else None
    with Situation.create(
        read.home_of(arguments.home),
        name=arguments.name,
        bounds=bounds,
        timezone=arguments.timezone,
    ) as situation:
        return {"home": str(situation.home), "situation_id": situation.info().situation_id}, FINE


def _fetch(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import fetching

    with _open(arguments) as situation:
        return fetching.fetch(
            situation, arguments.area.strip(), large=arguments.large, progress=arguments.progress
        ), FINE


def _load(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import loading

    with _open(arguments) as situation:
        return loading.load(
            situation,
            arguments.kind,
            arguments.paths,
            source=arguments.source,
            at=situation.aware(read.moment(arguments.at, "--at")),
            layer=arguments.layer,
            clip=arguments.clip,
            in_pieces=arguments.in_pieces,
            classes=read.class_map(arguments.classes),
            progress=arguments.progress,
        ), FINE


def _upload(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import uploads

    with _open(arguments) as situation:
        result = uploads.upload(
            situation,
            arguments.kind,
            arguments.file,
            organisation=arguments.org,
            dry_run=arguments.dry_run,
            rejects=arguments.rejects,
        )
    return result, FOUND if result["rejected"] else FINE


def _undo(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import uploads

    with _open(arguments) as situation:
        return uploads.undo(situation, arguments.id), FINE


def _assess(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import assessing

    with _open(arguments) as situation:
        return assessing.assess(situation, progress=arguments.progress), FINE


def _close(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import roads

    with _open(arguments) as situation:
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

    with _open(arguments) as situation:
        return roads.reopen_road(
            situation, arguments.closure, source=arguments.source, reason=arguments.reason
        ), FINE


def _reach(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import reaching

    with _open(arguments) as situation:
        return reaching.make_reach(
            situation,
            classes=read.vehicle_class_names(",".join(arguments.classes or ()))
            or reaching.DEFAULT_CLASSES,
            at=situation.aware(read.moment(arguments.at, "--at")),
            max_time_s=read.hours(arguments.hours) * 3600.0,
        ), FINE


def _plan(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import planning

    with _open(arguments) as situation:
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

    with _open(arguments) as situation:
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
    with _open(arguments) as situation:
        return exporting.export_plan(
            situation,
            arguments.plan,
            folder=arguments.to,
            formats=formats,
            language=arguments.lang,
            progress=arguments.progress,
        ), FINE


def _verify(arguments: argparse.Namespace) -> Result:
    with _open(arguments) as situation:
        outcome = situation.store.verify(
            against=read.head_text(arguments.against), projections=True
        )
    result = {
        "ok": outcome.ok,
        "events": outcome.events,
        "head": outcome.head,
        "problems": list(outcome.problems),
    }
    return result, FINE if outcome.ok else FOUND


def _ledger(arguments: argparse.Namespace) -> Result:
    with _open(arguments) as situation:
        if arguments.what == "head":
            head = situation.store.head()
            return {"head": situation.store.head_text(), "seq": head.seq, "hash": head.hash}, FINE
        if arguments.file is None:
            raise InputError("ledger export", "a file to write is needed", "name the file")
        return {"file": str(arguments.file), "events": situation.store.export(arguments.file)}, FINE


def _rebuild(arguments: argparse.Namespace) -> Result:
    with _open(arguments) as situation:
        situation.store.rebuild()
        return {"events": situation.seq()}, FINE


def _serve(arguments: argparse.Namespace) -> Result:
    home = read.home_of(arguments.home)
    _open(arguments).close()  # a missing or broken situation is said now, not in the browser
    _serve_home(home, arguments.host, arguments.port)
    return {"served": str(home)}, FINE


def _serve_home(home: Path, host: str, port: int) -> None:
    from dashboard import asgi

    asgi.serve(home, host=host, port=port)


def _open(arguments: argparse.Namespace) -> Situation:
    from dashboard.operations.situation import Situation

    return Situation.open(read.home_of(arguments.home))
