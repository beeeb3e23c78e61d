"""Stock and money: what lies where, what comes in, moves, arrives, is counted, lost, paid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import arguments as read
from dashboard.verbs.parser import FINE, Result, add_group, add_past, add_verb, open_situation

if TYPE_CHECKING:
    import argparse

    from dashboard.operations.stockroom import Said

LOSS_CAUSES = ("damaged", "lost", "stolen", "expired")


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    stock = add_group(
        verbs, "stock", "goods: what lies where, what comes in, moves, arrives, is lost"
    )
    _looking(stock)
    _handling(stock)
    _keeping(stock)


def _looking(stock: Any) -> None:
    show = add_verb(stock, "show", _show, "on hand, reserved, free, expiring soon, by depot")
    add_past(show)
    show.add_argument("--depot", default="", help="only this depot (id or name)")
    show.add_argument("--item", default="", help="only this item (id or name)")
    show.add_argument("--lots", action="store_true", help="with a row for each lot")
    show.add_argument(
        "--moves", type=int, default=0, metavar="N", help="with the newest N movements"
    )
    show.add_argument("--csv", type=Path, metavar="FILE", help="write the rows to this table")

    item = add_verb(stock, "item", _item, "register an item, or packs or the weight of one")
    item.add_argument("item", help="its id, such as soap")
    item.add_argument("--name", default="")
    item.add_argument("--unit", default="", help="what it is counted in: piece, kg, l, kit …")
    item.add_argument(
        "--pack", action="append", default=[], metavar="NAME=UNITS", help="such as box=48"
    )
    item.add_argument("--kg", type=float, help="weight of one unit")
    item.add_argument("--m3", type=float, help="volume of one unit")

    depot = add_verb(stock, "depot", _depot, "register a depot, or correct where one is")
    depot.add_argument("name")
    depot.add_argument("position", metavar="LON,LAT", help="degrees, such as -7.59,31.63")
    depot.add_argument("--name-ar", default="", help="its name in Arabic")


def _handling(stock: Any) -> None:
    receive = add_verb(stock, "receive", _receive, "book goods of a donor into a depot")
    receive.add_argument("depot", help="id or name")
    _goods(receive)
    receive.add_argument("--donor", required=True, help="who gave it")
    receive.add_argument("--lot", default="", help="the code on the boxes")
    receive.add_argument("--expires", default="", metavar="DAY", help="last day, 2023-10-31")
    add_said(receive)

    move = add_verb(stock, "move", _move, "move goods between depots and convoys")
    move.add_argument("source", metavar="FROM", help="a depot or convoy:ID")
    move.add_argument("goal", metavar="TO", help="a depot or convoy:ID")
    _goods(move)
    move.add_argument("--lot", help="of this lot (default: what expires first)")
    move.add_argument("--reservation", metavar="ID", help="take what is kept by this reservation")
    add_said(move)

    deliver = add_verb(stock, "deliver", _deliver, "book what arrived at a place (0: refused)")
    deliver.add_argument("source", metavar="FROM", help="convoy:ID, a depot, or donor:NAME")
    deliver.add_argument("place", help="id or name")
    _goods(deliver)
    deliver.add_argument("--expected", default="", metavar="QUANTITY", help="what was to come")
    deliver.add_argument("--lot", help="of this lot (default: what expires first)")
    add_said(deliver)

    count = add_verb(stock, "count", _count, "book what was counted; the difference is a movement")
    count.add_argument("depot", help="id or name")
    _goods(count)
    count.add_argument("--lot", help="of this lot; needed where there are several")
    add_said(count)

    loss = add_verb(stock, "loss", _loss, "book goods as damaged, lost, stolen or expired")
    loss.add_argument("source", metavar="FROM", help="a depot or convoy:ID")
    _goods(loss)
    loss.add_argument("--cause", required=True, metavar="CAUSE", help=", ".join(LOSS_CAUSES))
    loss.add_argument("--lot", help="of this lot (default: what expires first)")
    add_said(loss)

    back = add_verb(stock, "return", _return, "book goods back to a depot, or to their donor")
    back.add_argument("source", metavar="FROM", help="a place, convoy:ID or depot")
    back.add_argument("goal", metavar="TO", help="a depot, or donor:NAME")
    _goods(back)
    back.add_argument("--lot", help="of this lot (default: what expires first)")
    add_said(back)

    undo = add_verb(stock, "undo", _undo, "take back one handling as a whole")
    undo.add_argument("slip", metavar="SLIP", help="slip:… as it was said when it was booked")
    undo.add_argument("--reason", default="")


def _keeping(stock: Any) -> None:
    reserve = add_verb(stock, "reserve", _reserve, "keep goods of a depot for somebody")
    reserve.add_argument("depot", help="id or name")
    _goods(reserve)
    reserve.add_argument(
        "--for", dest="kept_for", required=True, help="for whom: no name of a person"
    )
    add_said(reserve)
    release = add_verb(stock, "release", _release, "free what is left of a reservation")
    release.add_argument("reservation", metavar="RESERVATION", help="reservation:…")
    release.add_argument("--reason", default="")


def _goods(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", help="id or name")
    parser.add_argument("quantity", help='with its unit or pack: 40, "12 box", "3.5 kg"')


def add_said(parser: argparse.ArgumentParser) -> None:
    """Add the options by which a handling says who says so, when and what more."""
    parser.add_argument("--org", default="", help="the organisation that says so")
    parser.add_argument("--at", metavar="T", help="when it happened (default: now)")
    parser.add_argument("--note", default="")


def said_of(arguments: argparse.Namespace) -> Said:
    """Give who says it, when and what more, as the command line has it."""
    from dashboard.operations.stockroom import Said

    return Said(
        organisation=arguments.org,
        at=read.moment(arguments.at, "--at"),
        note=arguments.note,
    )


def _show(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stock_report
    from dashboard.operations.spreadsheet import write_table
    from geo.errors import InputError

    if not 0 <= arguments.moves <= 10_000:
        raise InputError(f"--moves {arguments.moves}", "a number from 0 to 10000", "correct it")
    with open_situation(arguments) as situation:
        found = stock_report.show(
            situation,
            depot=arguments.depot,
            item=arguments.item,
            lots=arguments.lots,
            moves=arguments.moves,
        )
    if arguments.csv:
        rows = "movements" if arguments.moves else "lots" if arguments.lots else "stock"
        write_table(stock_report.table(found[rows]), arguments.csv)
    return found, FINE


def _item(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.own_items import register_item

    with open_situation(arguments) as situation:
        return register_item(
            situation,
            arguments.item,
            name=arguments.name,
            unit=arguments.unit,
            packs=arguments.pack,
            kg_per_unit=arguments.kg,
            m3_per_unit=arguments.m3,
        ), FINE


def _depot(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stockroom

    with open_situation(arguments) as situation:
        return stockroom.register_depot(
            situation,
            arguments.name,
            read.point(arguments.position),
            name_ar=arguments.name_ar,
        ), FINE


def _receive(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stockroom

    with open_situation(arguments) as situation:
        return stockroom.receive(
            situation,
            arguments.depot,
            arguments.item,
            arguments.quantity,
            donor=arguments.donor,
            lot=arguments.lot,
            expires=arguments.expires,
            said=said_of(arguments),
        ), FINE


def _move(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stockroom

    with open_situation(arguments) as situation:
        return stockroom.move(
            situation,
            arguments.source,
            arguments.goal,
            arguments.item,
            arguments.quantity,
            lot=arguments.lot,
            reservation=arguments.reservation,
            said=said_of(arguments),
        ), FINE


def _deliver(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import delivering

    with open_situation(arguments) as situation:
        return delivering.deliver(
            situation,
            arguments.source,
            arguments.place,
            arguments.item,
            arguments.quantity,
            expected=arguments.expected,
            lot=arguments.lot,
            said=said_of(arguments),
        ), FINE


def _count(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stockroom

    with open_situation(arguments) as situation:
        return stockroom.count(
            situation,
            arguments.depot,
            arguments.item,
            arguments.quantity,
            lot=arguments.lot,
            said=said_of(arguments),
        ), FINE


def _loss(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stockroom

    with open_situation(arguments) as situation:
        return stockroom.lose(
            situation,
            arguments.source,
            arguments.item,
            arguments.quantity,
            cause=arguments.cause,
            lot=arguments.lot,
            said=said_of(arguments),
        ), FINE


def _return(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stockroom

    with open_situation(arguments) as situation:
        return stockroom.give_back(
            situation,
            arguments.source,
            arguments.goal,
            arguments.item,
            arguments.quantity,
            lot=arguments.lot,
            said=said_of(arguments),
        ), FINE


def _undo(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stockroom

    with open_situation(arguments) as situation:
        return stockroom.undo_slip(situation, arguments.slip, reason=arguments.reason), FINE


def _reserve(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stockroom

    with open_situation(arguments) as situation:
        return stockroom.reserve(
            situation,
            arguments.depot,
            arguments.item,
            arguments.quantity,
            kept_for=arguments.kept_for,
            said=said_of(arguments),
        ), FINE


def _release(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import stockroom

    with open_situation(arguments) as situation:
        return stockroom.release(situation, arguments.reservation, reason=arguments.reason), FINE
