"""What the response achieved: indicators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, Result, add_verb, open_situation

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    indicators = add_verb(
        verbs, "indicators", _indicators, "what the response achieved, with formula and source"
    )
    indicators.add_argument(
        "--trend", action="store_true", help="measure also as of 24 h before, where that is known"
    )
    indicators.add_argument("--of", metavar="ID", help="one indicator with the rows behind it")
    indicators.add_argument(
        "--csv", type=Path, metavar="FILE", help="write the rows behind it to this table"
    )


def _indicators(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import measuring
    from geo.errors import InputError

    if arguments.csv and not arguments.of:
        raise InputError("--csv", "--of ID is needed with it", "say whose rows are to be written")
    with open_situation(arguments) as situation:
        found = measuring.indicators(situation, trend=arguments.trend)
        if arguments.of:
            found = measuring.one_indicator(situation, found, arguments.of, table=arguments.csv)
    return found, FINE
