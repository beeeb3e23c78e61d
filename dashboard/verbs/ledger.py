"""The ledger: check it, hand out its head, prove an event, make its tables anew, move it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import arguments as read
from dashboard.verbs.parser import FINE, FOUND, Result, add_past, add_verb, open_situation
from geo.errors import InputError

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    verify = add_verb(verbs, "verify", _verify, "check the whole ledger")
    verify.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="HEAD",
        help="a head handed out earlier, or a file with some (may be repeated)",
    )
    verify.add_argument(
        "--signer", metavar="KEY", help="the public key that must have signed these heads"
    )

    ledger = add_verb(
        verbs, "ledger", _ledger, "hand out the head, the key, the proof of an event, or all events"
    )
    add_past(ledger)
    ledger.add_argument("what", choices=("head", "export", "prove", "key"))
    ledger.add_argument(
        "thing", nargs="?", help="export: the file; prove: number or id of the event, or of a thing"
    )
    ledger.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="head: text, .json, or a QR code (.svg .png); prove, key: a file",
    )
    ledger.add_argument(
        "--unsigned", action="store_true", help="head: without signature, which needs no key"
    )
    ledger.add_argument(
        "--against", metavar="HEAD", help="prove: for a signed head that was handed out earlier"
    )

    add_verb(verbs, "rebuild", _rebuild, "make the tables of state anew from the ledger")

    move = add_verb(verbs, "move", _move, "copy the ledger to another engine and check the copy")
    for flag, default in (("--from", "file"), ("--to", "database")):
        move.add_argument(
            flag,
            dest=flag.strip("-") + "_place",
            default=default,
            metavar="ADDRESS",
            help="file (the home's), database (QAFILA_DATABASE_URL) or an address "
            f"(default: {default})",
        )


def _verify(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.witnessing import verify

    heads = [line for given in arguments.against for line in read.head_texts(given)]
    with open_situation(arguments) as situation:
        result = verify(
            situation, heads=heads, signer=arguments.signer or "", progress=arguments.progress
        )
    return result, FINE if result["ok"] else FOUND


def _ledger(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import witnessing

    _require_fitting(arguments)
    if arguments.what == "key":
        return witnessing.show_key(to=arguments.to), FINE
    with open_situation(arguments) as situation:
        if arguments.what == "head":
            said = witnessing.make_head(situation, to=arguments.to, signed=not arguments.unsigned)
            if note := said.get("note"):
                arguments.progress(1.0, note)
            return said, FINE
        if arguments.what == "prove":
            # A proof is for a program to read, whoever asked for it.
            arguments.json = arguments.json or arguments.to is None
            heads = read.head_texts(arguments.against) if arguments.against else [None]
            return witnessing.make_proof(
                situation, arguments.thing, against=heads[-1], to=arguments.to
            ), FINE
        file = Path(arguments.thing)
        return {"file": str(file), "events": situation.store.export(file)}, FINE


def _require_fitting(arguments: argparse.Namespace) -> None:
    what = arguments.what
    if what in ("export", "prove") and arguments.thing is None:
        needed = "a file to write" if what == "export" else "the number or id of an event"
        raise InputError(f"ledger {what}", f"{needed} is needed", "name it")
    unfit = [
        option
        for option, given, verbs in (
            (str(arguments.thing), arguments.thing, ("export", "prove")),
            ("--to", arguments.to, ("head", "prove", "key")),
            ("--unsigned", arguments.unsigned, ("head",)),
            ("--against", arguments.against, ("prove",)),
            ("--at", arguments.known_at, ("head", "export", "prove")),
        )
        if given and what not in verbs
    ]
    if unfit:
        raise InputError(f"ledger {what}", f"it takes no {', '.join(unfit)}", "leave it out")


def _rebuild(arguments: argparse.Namespace) -> Result:
    with open_situation(arguments) as situation:
        situation.store.rebuild()
        return {"events": situation.seq()}, FINE


def _move(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import moving

    return moving.move(
        read.home_of(arguments.home),
        source=arguments.from_place,
        target=arguments.to_place,
        progress=arguments.progress,
    ), FINE
