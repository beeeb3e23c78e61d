"""Needs: who reported, who verified or refuted, what is hearsay, what is told twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import (
    FINE,
    FOUND,
    Result,
    add_group,
    add_past,
    add_verb,
    open_situation,
)

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    needs = add_group(verbs, "needs", "needs: who says so, who verified, what is told twice")
    show = add_verb(needs, "list", _list, "needs with status, source, and what may be planned")
    add_past(show)
    show.add_argument("--status", action="append", default=[], help="only these; may be repeated")
    show.add_argument("--org", default="", help="only of this organisation (name)")
    show.add_argument("--place", default="", help="only of this place (id)")
    show.add_argument("--table", type=Path, metavar="FILE", help="write them to this .csv or .xlsx")
    for name, text in (
        ("verify", "somebody looked: the need is real"),
        ("refute", "somebody looked: it is not so"),
        ("reopen", "take back what was found out: it is reported again"),
    ):
        verb = add_verb(needs, name, _said, text)
        verb.add_argument("need", nargs="+", metavar="NEED")
        verb.add_argument("--by", default="", help="who found so: an organisation or an office")
        verb.add_argument("--note", default="")
        verb.set_defaults(found=name)
    rumour = add_verb(needs, "rumour", _rumour, "mark a need as hearsay: in view, not planned")
    rumour.add_argument("need", metavar="NEED")
    rumour.add_argument("--lift", action="store_true", help="take the mark off")
    rumour.add_argument("--note", default="")
    twice = add_verb(
        needs, "duplicates", _duplicates, "reports that may speak of one need, and why"
    )
    twice.add_argument(
        "--merge-equal",
        action="store_true",
        help="merge those that are equal: place, item, quantity, a day apart at most",
    )
    twice.add_argument("--dry-run", action="store_true", help="say what would be merged")
    merge = add_verb(
        needs, "merge", _merge, "let one report speak for others; `qafila undo merge:…`"
    )
    merge.add_argument("keep", metavar="KEEP", help="the need that goes on")
    merge.add_argument("need", nargs="+", metavar="NEED", help="those that stand behind it")
    merge.add_argument("--reason", default="")
    trust = add_verb(needs, "trust", _trust, "how much of what nobody verified may enter a plan")
    trust.add_argument("--share", type=float, metavar="S", help="0 to 1; without it: as it is now")
    trust.add_argument(
        "--pending",
        choices=("accounts", "quarantine", "count"),
        default="",
        help="reports of organisations that are not recognised yet: quarantine, count, or "
        "quarantine only where there are accounts",
    )
    trust.add_argument("--reason", default="")

    message = add_verb(
        verbs, "message", _message, "take in a text message, and give the answer to send back"
    )
    message.add_argument("text", metavar="TEXT", help="as it came: BESOIN Tinmel tentes 20 eau 300")
    message.add_argument(
        "--from", dest="sender", default="", help="its number, kept in the vault only"
    )
    message.add_argument("--org", default="", help="who passes it on (default: Public requests)")
    message.add_argument("--convoy", default="", help="convoy id, for OK, ARR, REF, BLK and SOS")
    message.add_argument("--id", help="the message's own id: taken in again, nothing is recorded")
    message.add_argument("--lang", choices=("ar", "fr", "en", "zgh"), help="to answer in")


def _list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import spreadsheet, trusting

    with open_situation(arguments) as situation:
        found = trusting.list_needs(
            situation,
            statuses=arguments.status,
            organisation=arguments.org,
            place_id=arguments.place,
        )
    if arguments.table:
        spreadsheet.write_any(trusting.needs_frame(found["needs"]), arguments.table)
    return found, FINE


def _said(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import trusting

    status = {"verify": "verified", "refute": "refuted", "reopen": "reported"}[arguments.found]
    with open_situation(arguments) as situation:
        return trusting.set_status(
            situation, arguments.need, status, by=arguments.by, note=arguments.note
        ), FINE


def _rumour(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import trusting

    with open_situation(arguments) as situation:
        return trusting.set_rumour(
            situation, arguments.need, rumour=not arguments.lift, note=arguments.note
        ), FINE


def _duplicates(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import duplicates

    with open_situation(arguments) as situation:
        if arguments.merge_equal:
            return duplicates.merge_equal(situation, dry_run=arguments.dry_run), FINE
        found = duplicates.duplicates(situation)
    return found, FOUND if found["groups"] else FINE


def _merge(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import duplicates

    with open_situation(arguments) as situation:
        return duplicates.merge(
            situation, arguments.keep, arguments.need, reason=arguments.reason
        ), FINE


def _trust(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import trusting

    with open_situation(arguments) as situation:
        if arguments.share is None and not arguments.pending:
            return trusting.trust_json(situation), FINE
        share = arguments.share
        if share is None:
            share = situation.store.need_trust().unverified_share
        return trusting.set_trust(
            situation, unverified_share=share, pending=arguments.pending, reason=arguments.reason
        ), FINE


def _message(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.messaging import take_message

    with open_situation(arguments) as situation:
        taken = take_message(
            situation,
            arguments.text,
            sender=arguments.sender,
            organisation=arguments.org,
            convoy_id=arguments.convoy,
            client_id=arguments.id,
            language=arguments.lang or "",
        )
    return taken, FINE if taken["understood"] else FOUND
