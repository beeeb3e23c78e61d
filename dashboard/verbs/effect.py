"""What the response achieved: indicators, and the situation report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, Result, add_past, add_verb, open_situation

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    indicators = add_verb(
        verbs, "indicators", _indicators, "what the response achieved, with formula and source"
    )
    add_past(indicators)
    indicators.add_argument(
        "--trend", action="store_true", help="measure also as of 24 h before, where that is known"
    )
    indicators.add_argument("--of", metavar="ID", help="one indicator with the rows behind it")
    indicators.add_argument(
        "--csv", type=Path, metavar="FILE", help="write the rows behind it to this table"
    )
    report = add_verb(verbs, "report", _report, "the situation report as one file")
    add_past(report)
    report.add_argument("--to", type=Path, required=True, metavar="FILE", help="ends in .html")
    report.add_argument(
        "--since", metavar="T", help="say what changed after this time or event number"
    )
    report.add_argument("--lang", default="en", metavar="LANG", help="ar, fr, en or zgh")


def _report(arguments: argparse.Namespace) -> Result:
    from dashboard import arguments as read
    from dashboard.operations import reporting

    told = arguments.since
    with open_situation(arguments) as situation:
        if told and told.isdecimal():
            start = reporting.since(situation, int(told))
        else:
            start = reporting.since(situation, situation.aware(read.moment(told, "--since")))
        return reporting.report(
            situation,
            arguments.to,
            since=start,
            tongue=arguments.lang,
            progress=arguments.progress,
        ), FINE


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
