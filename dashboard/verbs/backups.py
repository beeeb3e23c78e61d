"""Backups: one file with all of a situation, and the way back from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import arguments as read
from dashboard.verbs.parser import FINE, FOUND, Result, add_verb, open_situation

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    backup = add_verb(verbs, "backup", _backup, "write a checked backup, while others go on")
    backup.add_argument("file", type=Path, help="a new file, best on another disk")
    backup.add_argument(
        "--with-key",
        action="store_true",
        help="put the key of the vault in, too: who holds the file reads names and phones then",
    )
    restore = add_verb(verbs, "restore", _restore, "bring a situation back from a backup")
    restore.add_argument("file", type=Path)
    restore.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="HEAD",
        help="a head handed out earlier that the backup must hold, or a file with some",
    )


def _backup(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import backing_up

    with open_situation(arguments) as situation:
        made = backing_up.backup(
            situation, arguments.file, with_key=arguments.with_key, progress=arguments.progress
        )
    return made, FOUND if made["n_missing"] else FINE


def _restore(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import backing_up

    heads = [line for given in arguments.against for line in read.head_texts(given)]
    return backing_up.restore(
        read.home_of(arguments.home), arguments.file, against=heads, progress=arguments.progress
    ), FINE
