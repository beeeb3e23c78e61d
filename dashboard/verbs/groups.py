"""Groups of people who need more than others: counted by place, small numbers withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, Result, add_group, add_past, add_verb, open_situation
from dashboard.verbs.stock import add_said, said_of

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    groups = add_group(verbs, "groups", "children, older people and others, counted by place")
    count = add_verb(groups, "count", _count, "record how many live in a place; replaces the last")
    count.add_argument("place", help="id or name")
    count.add_argument("group", help="children, older, disability, pregnant, bereaved or distress")
    count.add_argument("people", type=int)
    count.add_argument("--referred", type=int, default=0, help="of them, sent on to help")
    add_said(count)
    show = add_verb(groups, "show", _show, "the newest counts; numbers below 5 are withheld")
    show.add_argument("--exact", action="store_true", help="small numbers too: keep them here")
    add_past(show)


def _count(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.groups import count_group

    with open_situation(arguments) as situation:
        made = count_group(
            situation,
            arguments.place,
            arguments.group,
            arguments.people,
            referred=arguments.referred,
            said=said_of(arguments),
        )
    return made, FINE


def _show(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.groups import group_counts

    with open_situation(arguments) as situation:
        return group_counts(situation, exact=arguments.exact), FINE
