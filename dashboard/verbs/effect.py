"""What the response achieved: indicators, and the situation report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, FOUND, Result, add_past, add_verb, open_situation

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
    activities = add_verb(
        verbs, "activities", _activities, "who does what where: overlaps, gaps, communes"
    )
    add_past(activities)
    activities.add_argument("--commune", metavar="NAME", help="only places of this commune")
    activities.add_argument(
        "--to", type=Path, metavar="FOLDER", help="write all rows as CSV tables to this folder"
    )
    activities.add_argument(
        "--set",
        nargs=2,
        metavar=("ACTIVITY", "STATUS"),
        help="say that work is planned, running, done or cancelled",
    )
    forecast = add_verb(
        verbs, "forecast", _forecast, "needs, stock and orders of the coming days, and how far off"
    )
    add_past(forecast)
    forecast.add_argument("--days", type=int, default=7, metavar="N")
    forecast.add_argument("--climate", help="temperate or cold (default: the assessment's)")
    add_past(
        add_verb(verbs, "advise", _advise, "what to do next, what it would win, its arithmetic")
    )
    report = add_verb(verbs, "report", _report, "the situation report as one file")
    add_past(report)
    report.add_argument(
        "--to", type=Path, metavar="FILE", help="ends in .html or .pdf; without it: list all"
    )
    report.add_argument("--short", action="store_true", help="for a slow link (.html)")
    report.add_argument(
        "--not-kept", action="store_true", help="do not keep it in the archive and the ledger"
    )
    report.add_argument(
        "--since", metavar="T", help="say what changed after this time or event number"
    )
    report.add_argument("--lang", default="en", metavar="LANG", help="ar, fr, en or zgh")


def _forecast(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.forecasting import make_forecast

    with open_situation(arguments) as situation:
        made = make_forecast(
            situation,
            days=arguments.days,
            climate=arguments.climate,
            progress=arguments.progress,
        )
    return made, FOUND if any(row["order"] for row in made["items"]) else FINE


def _advise(arguments: argparse.Namespace) -> Result:
    from dashboard.advicesheet import said
    from dashboard.operations.advising import advise, figure
    from dashboard.operations.goods import item_titles

    with open_situation(arguments) as situation:
        titles = item_titles(situation, "en")
        found = advise(situation, progress=arguments.progress)
        at, seq = situation.now().isoformat(), situation.seq()

    def item_name(item: str) -> str:
        return titles.get(item, item)

    return {
        "advice": [
            {
                "kind": one.kind,
                "people": None if one.people is None else round(one.people),
                "says": said(one, item_name, figure),
                "arithmetic": one.arithmetic,
                **{key: value for key, value in one.values.items() if key != "status"},
            }
            for one in found
        ],
        "at": at,
        "based_on_seq": seq,
    }, FOUND if found else FINE


def _activities(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import who_does_what
    from data.events import ACTIVITY_STATUSES
    from geo.errors import InputError

    with open_situation(arguments) as situation:
        if arguments.set:
            activity_id, status = arguments.set
            if status not in ACTIVITY_STATUSES:
                raise InputError(
                    f"status {status!r}",
                    f"one of {', '.join(ACTIVITY_STATUSES)} is needed",
                    "correct it",
                )
            who_does_what.set_status(situation, activity_id, status)
        found = who_does_what.who_does_what(situation, commune=arguments.commune)
        if arguments.to:
            found["files"] = who_does_what.write_tables(
                situation, arguments.to, commune=arguments.commune
            )
    return found, FINE


def _report(arguments: argparse.Namespace) -> Result:
    from dashboard import arguments as read
    from dashboard.operations import reporting

    told = arguments.since
    if arguments.to is None:
        with open_situation(arguments) as situation:
            return reporting.reports(situation), FINE
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
            short=arguments.short,
            keep=not arguments.not_kept,
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
