"""What the verbs share: the parser, the options of every verb, and the exit statuses."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dashboard import arguments as read

if TYPE_CHECKING:
    from collections.abc import Callable

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


def open_situation(arguments: argparse.Namespace) -> Situation:
    """Open the situation that the command line names."""
    from dashboard.operations.situation import Situation

    return Situation.open(read.home_of(arguments.home))
