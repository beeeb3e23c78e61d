"""What the verbs share: the parser, the options of every verb, and the exit statuses."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dashboard import arguments as read

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dashboard.operations.situation import Situation

FINE, FOUND = 0, 1
Result = tuple[dict[str, Any], int]


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the words of a command in one line."""

    def error(self, message: str) -> NoReturn:
        """Refuse with exit status 2."""
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def add_verb(
    verbs: Any, name: str, run: Callable[[argparse.Namespace], Result], help_text: str
) -> argparse.ArgumentParser:
    """Add a verb with the options that all of them take."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=help_text, description=help_text)
    parser.add_argument("--home", type=Path, help="the situation's folder (default: QAFILA_HOME)")
    parser.add_argument("--json", action="store_true", help="the result as JSON on stdout")
    parser.add_argument("--verbose", action="store_true", help="log what is being done to stderr")
    parser.set_defaults(run=run)
    return parser


def add_group(verbs: Any, name: str, help_text: str) -> Any:
    """Add a verb that is followed by another one, such as ``account add``; add those to it."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=help_text, description=help_text)
    return parser.add_subparsers(dest="what", required=True, metavar="WHAT")


def add_past(parser: argparse.ArgumentParser, *options: str) -> None:
    """Let a verb that reads answer as of an earlier moment; `options` where ``--at`` is taken."""
    parser.add_argument(
        *(options or ("--at", "--known-at")),
        dest="known_at",
        metavar="T",
        help="as it was known then: ISO 8601, 'yesterday 14:00', or an event's number",
    )


def add_moment(parser: argparse.ArgumentParser) -> None:
    """Let a verb answer for the roads of a moment, and with what was known at one."""
    parser.add_argument(
        "--at",
        metavar="T",
        help="moment (default: now): ISO 8601, 'yesterday 14:00', or an event's number; "
        "where the ledger reaches back to it, only what was known then counts",
    )
    parser.add_argument(
        "--known-at",
        metavar="T",
        help="what was known at another moment than --at; `now`: all that is known today",
    )
    parser.set_defaults(roads_at=True)


def open_situation(arguments: argparse.Namespace) -> Situation:
    """Open the situation that the command line names, as of the moment that it names."""
    from dashboard.operations.situation import Situation

    situation = Situation.open(read.home_of(arguments.home))
    try:
        moment = _known_at(arguments, situation)
        if moment is None:
            return situation
        from dashboard.operations.past import PastSituation

        arguments.progress(0.0, "reading the ledger up to that moment")
        past = PastSituation(situation, moment)
    except BaseException:
        situation.close()
        raise
    known = past.known
    arguments.known = {
        "event": known.seq,
        "at": known.moment.isoformat(),
        "later_events": known.later,
    }
    return past


def road_moment(arguments: argparse.Namespace, situation: Situation) -> datetime | None:
    """Give the moment whose roads count; None where it is the situation's now."""
    if not arguments.at:
        return None
    moment = _said(arguments.at, "--at", situation, drill=True)
    return None if isinstance(moment, int) else moment


def _known_at(arguments: argparse.Namespace, situation: Situation) -> int | datetime | None:
    """Give the moment whose knowledge is asked for; None where it is that of now."""
    if text := getattr(arguments, "known_at", None):
        moment = _said(text, "--at", situation)
        return None if text.strip().lower() == "now" else moment
    if not getattr(arguments, "roads_at", False) or not arguments.at:
        return None
    moment = _said(arguments.at, "--at", situation, drill=True)
    if isinstance(moment, int):
        return moment
    # A time to come, and that of a drill which plays before its ledger began, is one of the roads.
    store = situation.store
    known = store.situation().created_at <= moment < store.head().recorded_at
    return moment if known else None


def _said(text: str, option: str, situation: Situation, *, drill: bool = False) -> int | datetime:
    from dashboard.operations.past import read_moment
    from dashboard.operations.situation import utc_now

    # Knowledge goes by the clock of the ledger, roads by the one that a drill may hold.
    now = situation.now() if drill else utc_now()
    return read_moment(text, option, now=now, timezone=situation.info().timezone)
