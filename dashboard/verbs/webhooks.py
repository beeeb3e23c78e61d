"""Webhooks: programs that are told what is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, FOUND, Result, add_group, add_verb, open_situation

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    webhook = add_group(verbs, "webhook", "programs that are told what is recorded")
    made = add_verb(webhook, "add", _add, "tell a receiver from now on; gives its secret")
    made.add_argument("url", metavar="URL", help="where it listens: https://… on the internet")
    made.add_argument("--events", default="", help="such as need,convoy; all where none is given")
    add_verb(webhook, "list", _list, "the receivers, how far each is, and what went wrong last")
    gone = add_verb(webhook, "remove", _remove, "tell a receiver nothing any more")
    gone.add_argument("webhook", metavar="ID", help="id, see `webhook list`")
    again = add_verb(webhook, "resume", _resume, "try a receiver again at once, with all it missed")
    again.add_argument("webhook", metavar="ID", help="id, see `webhook list`")
    add_verb(webhook, "send", _send, "tell now what waits; `qafila serve` does it by itself")


def _add(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import notifying

    kinds = [one.strip() for one in arguments.events.split(",") if one.strip()]
    with open_situation(arguments) as situation:
        return notifying.add(situation, arguments.url, kinds=kinds), FINE


def _list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import notifying

    with open_situation(arguments) as situation:
        return {"webhooks": notifying.listed(situation)}, FINE


def _remove(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import notifying

    with open_situation(arguments) as situation:
        return notifying.remove(situation, arguments.webhook), FINE


def _resume(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import notifying

    with open_situation(arguments) as situation:
        return notifying.resume(situation, arguments.webhook), FINE


def _send(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import notifying

    with open_situation(arguments) as situation:
        told = notifying.send_due(situation)
    return {"webhooks": told}, FOUND if any(one["error"] for one in told) else FINE
