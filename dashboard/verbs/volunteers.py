"""Volunteers: who can do what, whom to ask, who is at work, hours and their certificates."""

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
from geo.errors import InputError

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

MAX_CODE_FILE_BYTES = 100_000


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    _volunteer(add_group(verbs, "volunteer", "volunteers: who can do what, who is at work, hours"))
    _task(add_group(verbs, "task", "tasks for volunteers: post, whom to ask, who said yes"))
    _certificate(
        add_group(verbs, "certificate", "certificates of volunteers' hours: issue, check, revoke")
    )


def _volunteer(verbs: Any) -> None:
    add_past(add_verb(verbs, "list", _list, "show volunteers, their hours, who is at work"))

    one = add_verb(verbs, "register", _register, "register a volunteer, or what is new of one")
    one.add_argument("code", help="what they are called here; not their name")
    one.add_argument("--skills", required=True, help="with commas between: medical, driver_4x4 …")
    one.add_argument("--lives-in", required=True, help="the place they set out from, id or name")
    one.add_argument("--languages", default="", help="with commas between: shi, ary, fr …")
    one.add_argument("--vehicle", default="", help="class of what they drive")
    one.add_argument("--remote", action="store_true", help="also works from a distance")
    one.add_argument("--from", dest="available_from", metavar="T", help="available from")
    one.add_argument("--until", dest="available_until", metavar="T", help="available until")
    one.add_argument("--age", type=int, help="looked at, not kept")
    one.add_argument("--account", default="", help="their account, if they sign in")
    one.add_argument("--consent", action="store_true", help="they agree that this is kept")
    one.add_argument("--name", default="", help="to the vault, with their consent")
    one.add_argument("--phone", default="", help="to the vault, with their consent")
    one.add_argument("--org", default="", help="the organisation they work with")

    start = add_verb(verbs, "in", _in, "check in: the work of a volunteer begins")
    start.add_argument("volunteer", help="id or code")
    start.add_argument("--task", default="", help="id or title")
    start.add_argument("--place", default="", help="id or name")
    add_said(start)

    stop = add_verb(verbs, "out", _out, "check out: the work of a volunteer has ended")
    stop.add_argument("volunteer", help="id or code")
    add_said(stop)

    approve = add_verb(verbs, "approve", _approve, "approve the hours of somebody else")
    approve.add_argument("volunteer", help="id or code")
    approve.add_argument("--by", required=True, help="who approves: an account or a code")
    add_said(approve)

    heard = add_verb(verbs, "heard", _heard, "enter a sign of life of a volunteer at work")
    heard.add_argument("volunteer", help="id or code")
    heard.add_argument("--state", default="ok", choices=("ok", "help"))
    heard.add_argument("--place", default="", help="id or name")
    add_said(heard)


def _task(verbs: Any) -> None:
    show = add_verb(verbs, "list", _tasks, "show tasks, who was asked, who is missing")
    show.add_argument("--open", action="store_true", help="only those that are open")
    add_past(show)

    post = add_verb(verbs, "post", _post, "post a task")
    post.add_argument("title")
    post.add_argument("--from", dest="starts_at", required=True, metavar="T")
    post.add_argument("--until", dest="ends_at", required=True, metavar="T")
    post.add_argument("--place", default="", help="id or name; without it: from a distance")
    post.add_argument("--skills", default="", help="with commas between; one of them is enough")
    post.add_argument("--languages", default="", help="with commas between; one is enough")
    post.add_argument("--vehicle", action="store_true", help="who comes needs a vehicle")
    post.add_argument("--volunteers", type=int, default=1, metavar="N", help="how many")
    post.add_argument("--description", default="")
    add_said(post)

    match = add_verb(verbs, "match", _match, "say whom to ask for the open tasks, and why")
    match.add_argument("task", nargs="?", default="", help="id or title; by default all")
    add_past(match)

    ask = add_verb(verbs, "assign", _assign, "ask a volunteer for a task")
    ask.add_argument("task", help="id or title")
    ask.add_argument("volunteer", help="id or code")
    add_said(ask)

    answer = add_verb(verbs, "answer", _answer, "enter what a volunteer says who was asked")
    answer.add_argument("task", help="id or title")
    answer.add_argument("volunteer", help="id or code")
    answer.add_argument("answer", choices=("accepted", "declined", "withdrawn"))
    add_said(answer)

    done = add_verb(verbs, "close", _close, "a task is done, or called off")
    done.add_argument("task", help="id or title")
    done.add_argument("status", choices=("done", "cancelled"))
    add_said(done)

    back = add_verb(verbs, "feedback", _feedback, "what is said of a task, or of a volunteer in it")
    back.add_argument("task", help="id or title")
    back.add_argument("volunteer", help="id or code")
    back.add_argument("stars", type=int, help="1 to 5")
    back.add_argument("--by", required=True, choices=("volunteer", "organisation"))
    add_said(back)


def _certificate(verbs: Any) -> None:
    issue = add_verb(verbs, "issue", _issue, "write the certificate of a volunteer's hours")
    issue.add_argument("volunteer", help="id or code")
    issue.add_argument("--to", type=Path, required=True, metavar="FILE", help="ends in .pdf")
    issue.add_argument("--name", default="", help="what they want to be called; in no event")
    issue.add_argument("--lang", default="en", help="ar, fr, en or zgh")
    issue.add_argument("--org", default="", help="the organisation that issues it")

    check = add_verb(verbs, "check", _check, "whether a certificate is one of this ledger")
    check.add_argument("code", help="what its code says, or a file with that")

    revoke = add_verb(verbs, "revoke", _revoke, "a certificate holds no longer")
    revoke.add_argument("certificate", help="certificate:…")
    revoke.add_argument("--reason", required=True)
    revoke.add_argument("--org", default="", help="the organisation that says so")


def _list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import volunteering

    with open_situation(arguments) as situation:
        found = volunteering.volunteers(situation)
    return found, FOUND if any(one["status"] != "ok" for one in found["at_work"]) else FINE


def _register(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import volunteering
    from dashboard.operations.stockroom import Said

    who = volunteering.Registration(
        code=arguments.code,
        skills=_words(arguments.skills),
        home=arguments.lives_in,
        languages=_words(arguments.languages),
        vehicle=arguments.vehicle,
        remote=arguments.remote,
        available_from=read.moment(arguments.available_from, "--from"),
        available_until=read.moment(arguments.available_until, "--until"),
        consent=arguments.consent,
        age=arguments.age,
        name=arguments.name,
        phone=arguments.phone,
        account=arguments.account,
    )
    with open_situation(arguments) as situation:
        said = Said(organisation=arguments.org)
        return volunteering.register(situation, who, said=said), FINE


def _in(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import volunteering

    with open_situation(arguments) as situation:
        return volunteering.check_in(
            situation,
            arguments.volunteer,
            task=arguments.task,
            place=arguments.place,
            said=said_of(arguments),
        ), FINE


def _out(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import volunteering

    with open_situation(arguments) as situation:
        return volunteering.check_out(situation, arguments.volunteer, said=said_of(arguments)), FINE


def _approve(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import volunteering

    with open_situation(arguments) as situation:
        return volunteering.approve(
            situation, arguments.volunteer, by=arguments.by, said=said_of(arguments)
        ), FINE


def _heard(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import volunteering

    with open_situation(arguments) as situation:
        return volunteering.heard(
            situation,
            arguments.volunteer,
            state=arguments.state,
            place=arguments.place,
            said=said_of(arguments),
        ), FINE


def _tasks(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import tasks

    with open_situation(arguments) as situation:
        return tasks.tasks(situation, open_only=arguments.open), FINE


def _post(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import tasks

    with open_situation(arguments) as situation:
        return tasks.post(
            situation,
            arguments.title,
            starts_at=_needed(arguments.starts_at, "--from"),
            ends_at=_needed(arguments.ends_at, "--until"),
            place=arguments.place,
            skills=_words(arguments.skills),
            languages=_words(arguments.languages),
            vehicle=arguments.vehicle,
            volunteers=arguments.volunteers,
            description=arguments.description,
            said=said_of(arguments),
        ), FINE


def _match(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import suggesting

    with open_situation(arguments) as situation:
        found = suggesting.suggest(situation, arguments.task, progress=arguments.progress)
    return found, FOUND if found["unfilled"] else FINE


def _assign(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import tasks

    with open_situation(arguments) as situation:
        return tasks.assign(
            situation, arguments.task, arguments.volunteer, said=said_of(arguments)
        ), FINE


def _answer(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import tasks

    with open_situation(arguments) as situation:
        return tasks.answer(
            situation,
            arguments.task,
            arguments.volunteer,
            arguments.answer,
            said=said_of(arguments),
        ), FINE


def _close(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import tasks

    with open_situation(arguments) as situation:
        return tasks.close(
            situation, arguments.task, arguments.status, said=said_of(arguments)
        ), FINE


def _feedback(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import tasks

    with open_situation(arguments) as situation:
        return tasks.give_feedback(
            situation,
            arguments.task,
            arguments.volunteer,
            arguments.stars,
            by=arguments.by,
            said=said_of(arguments),
        ), FINE


def _issue(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import certifying
    from dashboard.operations.stockroom import Said

    with open_situation(arguments) as situation:
        return certifying.issue(
            situation,
            arguments.volunteer,
            to=arguments.to,
            name=arguments.name,
            tongue=arguments.lang,
            said=Said(organisation=arguments.org),
        ), FINE


def _check(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import certifying

    with open_situation(arguments) as situation:
        found = certifying.check(situation, _code(arguments.code))
    return found, FINE if found["valid"] else FOUND


def _revoke(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import certifying
    from dashboard.operations.stockroom import Said

    with open_situation(arguments) as situation:
        return certifying.revoke(
            situation,
            arguments.certificate,
            arguments.reason,
            said=Said(organisation=arguments.org),
        ), FINE


def _words(text: str) -> list[str]:
    return [one.strip() for one in text.replace("،", ",").replace(";", ",").split(",")]


def _needed(text: str, option: str) -> datetime:
    found = read.moment(text, option)
    if found is None:
        raise InputError(option, "a time is needed", "give it as 2023-09-10T14:00")
    return found


def _code(text: str) -> str:
    from data.volunteering.certificate import PREFIX

    if text.startswith(PREFIX):
        return text
    path = Path(text)
    try:
        if path.stat().st_size > MAX_CODE_FILE_BYTES:
            raise InputError(str(path), f"at most {MAX_CODE_FILE_BYTES} bytes are read", "")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError(
            f"certificate {text[:60]!r}", f"a text that begins with {PREFIX} is needed", ""
        ) from error
