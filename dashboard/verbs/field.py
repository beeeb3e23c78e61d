"""The field: links by which convoys answer, and where vehicles and volunteers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, Result, add_group, add_verb, open_situation

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    field = add_group(verbs, "field", "links by which convoy leaders answer from their phones")
    link = add_verb(field, "link", _link, "give the link of a convoy; the same as long as it holds")
    link.add_argument("convoy", metavar="CONVOY", help="convoy id")
    link.add_argument("--at", default="", help="address of this server: https://cell.example:8501")
    link.add_argument("--hours", type=float, default=72.0, help="how long it holds (%(default)g)")
    add_verb(field, "list", _list, "the links that were given out; their secret stands nowhere")
    revoke = add_verb(field, "revoke", _revoke, "make a link worth nothing, at once")
    revoke.add_argument("link", metavar="LINK|CONVOY", help="link id, or a convoy: all its links")
    revoke.add_argument("--reason", default="", help="why, for the record")

    positions = add_group(verbs, "positions", "where vehicles and volunteers are")
    add_verb(positions, "list", _positions, "the last position of each")
    forget = add_verb(positions, "forget", _forget, "forget trails: those given, else those over")
    forget.add_argument("ids", metavar="ID", nargs="*", help="ids of vehicles or volunteers")


def _link(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import answering

    with open_situation(arguments) as situation:
        return answering.issue(
            situation, arguments.convoy, at=arguments.at, hours=arguments.hours
        ), FINE


def _list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import answering

    with open_situation(arguments) as situation:
        return {"links": answering.links(situation)}, FINE


def _revoke(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import answering

    with open_situation(arguments) as situation:
        return answering.revoke(situation, arguments.link, reason=arguments.reason), FINE


def _positions(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import locating

    with open_situation(arguments) as situation:
        return {"positions": locating.show(situation, exact=True)}, FINE


def _forget(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import locating

    with open_situation(arguments) as situation:
        return locating.forget(situation, arguments.ids), FINE
