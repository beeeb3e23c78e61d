"""Small questions to volunteers far away: post, answer, weigh, take as evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import arguments as read
from dashboard.verbs.parser import (
    FINE,
    FOUND,
    Result,
    add_group,
    add_past,
    add_verb,
    open_situation,
)
from dashboard.verbs.stock import add_said, said_of

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    group = add_group(verbs, "microtask", "small questions for volunteers far away")
    ask = add_verb(group, "post", _post, "ask several people one small question")
    ask.add_argument("kind", help="building, road, same_place or translate")
    ask.add_argument("about", nargs="*", help="of road: an edge; of same_place: two places")
    ask.add_argument("--where", metavar="LON,LAT", help="where the building is")
    ask.add_argument("--text", default="", help="the message to translate, or a hint")
    ask.add_argument("--into", default="", metavar="LANG", help="language to translate into")
    ask.add_argument("--answers", type=int, default=3, help="how many people (default 3)")
    ask.add_argument("--gold", default="", help="the right answer, where it is known: a test")
    add_said(ask)

    after = add_verb(group, "next", _next, "the question that a volunteer should answer next")
    after.add_argument("volunteer", help="id or code")
    after.add_argument("--pictures", type=Path, metavar="FOLDER", help="write its pictures there")

    told = add_verb(group, "answer", _answer, "record what a volunteer answers")
    told.add_argument("microtask_id")
    told.add_argument("volunteer", help="id or code")
    told.add_argument("choice", nargs="?", default="", help="one of the choices, or cannot_tell")
    told.add_argument("--text", default="", help="the translation")
    add_said(told)

    add_past(add_verb(group, "list", _list, "questions, how their answers stand, who answers well"))

    take = add_verb(group, "take", _take, "take a decided answer as evidence, with its confidence")
    take.add_argument("microtask_id")
    add_said(take)

    off = add_verb(group, "cancel", _cancel, "call a question off")
    off.add_argument("microtask_id")
    add_said(off)


def _post(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.microtasks import ask

    with open_situation(arguments) as situation:
        made = ask(
            situation,
            arguments.kind,
            point=read.point(arguments.where, "--where") if arguments.where else None,
            about=arguments.about,
            text=arguments.text,
            language=arguments.into,
            answers=arguments.answers,
            gold=arguments.gold,
            said=said_of(arguments),
        )
    return made, FINE


def _next(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.microtasks import next_question, pictures
    from geo.written_file import write_whole

    with open_situation(arguments) as situation:
        found = next_question(situation, arguments.volunteer)
        if found["question"] is not None and arguments.pictures is not None:
            arguments.pictures.mkdir(parents=True, exist_ok=True)
            shown = pictures(situation, found["question"]["microtask_id"])
            for role, png in shown.items():
                write_whole(arguments.pictures / f"{role}.png", png)
            found = {**found, "pictures": sorted(f"{role}.png" for role in shown)}
    return found, FINE


def _answer(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.microtasks import answer

    with open_situation(arguments) as situation:
        made = answer(
            situation,
            arguments.microtask_id,
            arguments.volunteer,
            arguments.choice,
            text=arguments.text,
            said=said_of(arguments),
        )
    return made, FINE


def _list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.microtasks import results

    with open_situation(arguments) as situation:
        found = results(situation)
    disputed = any(one["state"] == "disputed" for one in found["microtasks"])
    return found, FOUND if disputed else FINE


def _take(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.microtasks import take

    with open_situation(arguments) as situation:
        return take(situation, arguments.microtask_id, said=said_of(arguments)), FINE


def _cancel(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.microtasks import cancel

    with open_situation(arguments) as situation:
        return cancel(situation, arguments.microtask_id, said=said_of(arguments)), FINE
