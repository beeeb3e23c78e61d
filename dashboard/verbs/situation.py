"""The situation itself: begin, fetch, demonstrate, serve, undo."""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import TYPE_CHECKING, Any

from dashboard import arguments as read
from dashboard.verbs.parser import FINE, Result, add_verb, open_situation

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    demo = add_verb(
        verbs, "demo", _demo, "build the Al Haouz drill, assess, plan, export, then serve it"
    )
    demo.add_argument("--no-serve", action="store_true", help="stop after the exports")
    demo.add_argument("--port", type=int, default=8501, help="port to serve on (default 8501)")
    demo.add_argument("--host", default="127.0.0.1", help="address to serve on (default 127.0.0.1)")
    demo.add_argument(
        "--fresh", action="store_true", help="set the drill up anew, dropping changes"
    )

    init = add_verb(verbs, "init", _init, "begin a new situation in --home")
    init.add_argument("--name", default="Situation", help="name shown on every page")
    init.add_argument(
        "--area", help="west,south,east,north in degrees (default: from the first layer)"
    )
    init.add_argument(
        "--timezone", default="UTC", help="zone for display, for example Africa/Casablanca"
    )

    fetch = add_verb(verbs, "fetch", _fetch, "download open data for an area (needs the internet)")
    fetch.add_argument("area", metavar="AREA", help="a place name, or west,south,east,north")
    fetch.add_argument("--large", action="store_true", help="allow an area over 2,500 km2")

    undo = add_verb(
        verbs,
        "undo",
        _undo,
        "undo an upload, a layer, an alias, an added place, merged needs, gaps, changed classes, "
        "the newest plan",
    )
    undo.add_argument(
        "id",
        metavar="UPLOAD",
        help="upload:…, layer:…, alias:…, place:…, merge:…, joint:…, change:… or plan:…",
    )

    serve = add_verb(verbs, "serve", _serve, "serve the page and the HTTP interface")
    serve.add_argument("--host", default="127.0.0.1")
    for verb in (demo, serve):
        verb.add_argument(
            "--open-to-all",
            action="store_true",
            help="serve other machines although there are no accounts",
        )
        verb.add_argument(
            "--public-requests",
            action="store_true",
            help="let everybody ask for help at /request, without an account",
        )
        verb.add_argument(
            "--public-gifts",
            action="store_true",
            help="let everybody see at /gifts what was given and what arrived",
        )
    serve.add_argument("--port", type=int, default=8501)


def _demo(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import demonstration

    home = arguments.home or read.default_home("drill")
    if arguments.no_serve:
        return demonstration.run_demo(
            home, fresh=arguments.fresh, progress=arguments.progress
        ), FINE
    demonstration.set_up(home, fresh=arguments.fresh, progress=arguments.progress)
    _serve_home(home, arguments)
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

    with open_situation(arguments) as situation:
        return fetching.fetch(
            situation, arguments.area.strip(), large=arguments.large, progress=arguments.progress
        ), FINE


def _undo(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import uploads

    with open_situation(arguments) as situation:
        return uploads.undo(situation, arguments.id), FINE


def _serve(arguments: argparse.Namespace) -> Result:
    home = read.home_of(arguments.home)
    open_situation(
        arguments
    ).close()  # a missing or broken situation is said now, not in the browser
    _serve_home(home, arguments)
    return {"served": str(home)}, FINE


#: Of malloc.h.
_M_ARENA_MAX = -8


def _share_arenas() -> None:
    """Let all threads take memory from two heaps instead of one each, where glibc is.

    Every session runs in a thread of its own: what it frees would stay in that thread's heap, a
    fifth of what a session holds (measured with `benchmarks/screen.py --only sessions`).
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return  # another C library, which has no such heaps
    mallopt(_M_ARENA_MAX, 2)


def _serve_home(home: Path, arguments: argparse.Namespace) -> None:
    # What a start makes stays: collecting it over and over costs a tenth of the start. The server
    # enables it again once the first picture is made.
    gc.disable()
    _share_arenas()
    from dashboard import asgi

    asgi.serve(
        home,
        host=arguments.host,
        port=arguments.port,
        open_to_all=arguments.open_to_all,
        public_requests=arguments.public_requests,
        public_gifts=arguments.public_gifts,
    )
