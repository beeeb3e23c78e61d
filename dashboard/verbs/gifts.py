"""Gifts: what became of what donors gave, and the link by which each sees its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, Result, add_group, add_past, add_verb, open_situation

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    group = add_group(verbs, "gift", "gifts: what became of what donors gave")
    every = add_verb(group, "list", _list, "every gift, how much of it arrived, its donor's link")
    every.add_argument(
        "--arrived-since",
        metavar="T",
        help="only those that arrived in full, the last of it from then on: tell their donors",
    )
    add_past(every)
    one = add_verb(group, "show", _show, "what a donor sees of one gift")
    one.add_argument("gift", metavar="GIFT", help="movement:… as `gift list` gives it")
    add_past(one)


def _list(arguments: argparse.Namespace) -> Result:
    from dashboard.arguments import moment
    from dashboard.operations import gifts

    with open_situation(arguments) as situation:
        told = arguments.arrived_since
        since = situation.aware(moment(told, "--arrived-since")) if told else None
        return gifts.gifts(situation, arrived_since=since), FINE


def _show(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import gifts

    with open_situation(arguments) as situation:
        return gifts.gift(situation, arguments.gift), FINE
