"""Money: funds, what is pledged, received, allocated, paid per household."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, Result, add_group, add_past, add_verb, open_situation
from dashboard.verbs.stock import add_said, said_of

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    fund = add_group(verbs, "fund", "money: pledged, received, allocated, paid per household")
    show = add_verb(fund, "show", _show, "every fund: pledged, received, allocated, paid, left")
    add_past(show)

    open_one = add_verb(fund, "open", _open, "open a fund in one currency")
    open_one.add_argument("name")
    open_one.add_argument("currency", help="three letters, such as MAD")
    add_said(open_one)

    for name, run, text in (
        ("pledge", _pledge, "book the promise of a donor"),
        ("receive", _receive, "book money that came in from a donor"),
    ):
        one = add_verb(fund, name, run, text)
        one.add_argument("fund", help="id or name")
        one.add_argument("donor")
        one.add_argument("amount")
        add_said(one)

    back = add_verb(fund, "return", _return, "book money that went back to its donor")
    back.add_argument("fund", help="id or name")
    back.add_argument("donor")
    back.add_argument("amount")
    add_said(back)

    allocate = add_verb(fund, "allocate", _allocate, "set money of a fund aside for a purpose")
    allocate.add_argument("fund", help="id or name")
    allocate.add_argument("purpose", help="what it is for, or an allocation:…")
    allocate.add_argument("amount")
    add_said(allocate)

    pay = add_verb(fund, "pay", _pay, "book what households of a place were paid each")
    pay.add_argument("allocation", help="id or name")
    pay.add_argument("place", help="id or name")
    pay.add_argument("households", type=int, help="how many; who they are is never asked")
    pay.add_argument("per_household", metavar="AMOUNT", help="for each household")
    add_said(pay)


def _show(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import funding

    with open_situation(arguments) as situation:
        return funding.show(situation), FINE


def _open(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import funding

    with open_situation(arguments) as situation:
        return funding.open_fund(
            situation, arguments.name, arguments.currency, said=said_of(arguments)
        ), FINE


def _pledge(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import funding

    with open_situation(arguments) as situation:
        return funding.pledge(
            situation, arguments.fund, arguments.donor, arguments.amount, said=said_of(arguments)
        ), FINE


def _receive(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import funding

    with open_situation(arguments) as situation:
        return funding.receive(
            situation, arguments.fund, arguments.donor, arguments.amount, said=said_of(arguments)
        ), FINE


def _return(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import funding

    with open_situation(arguments) as situation:
        return funding.give_back(
            situation, arguments.fund, arguments.donor, arguments.amount, said=said_of(arguments)
        ), FINE


def _allocate(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import funding

    with open_situation(arguments) as situation:
        return funding.allocate(
            situation, arguments.fund, arguments.purpose, arguments.amount, said=said_of(arguments)
        ), FINE


def _pay(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import funding

    with open_situation(arguments) as situation:
        return funding.pay(
            situation,
            arguments.allocation,
            arguments.place,
            arguments.households,
            arguments.per_household,
            said=said_of(arguments),
        ), FINE
