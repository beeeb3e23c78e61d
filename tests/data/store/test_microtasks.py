"""Small questions in the store: what is answered, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from data.events import (
    Event,
    MicrotaskAnswered,
    MicrotaskClosed,
    MicrotaskPosted,
    NewEvent,
    VolunteerRegistered,
)
from data.store import Store
from geo.errors import RuleError, UnknownIdError


def posted(number: int = 1, **more: Any) -> MicrotaskPosted:
    given = {"kind": "road", "about": ("way:1",)} | more
    return MicrotaskPosted(microtask_id=f"microtask:{number}", **given)


def answered(who: str = "a", number: int = 1, choice: str = "closed", **more: Any) -> Event:
    return MicrotaskAnswered(
        answer_id=f"answer:{who}{number}",
        microtask_id=f"microtask:{number}",
        volunteer_id=f"volunteer:{who}",
        choice=choice,
        **more,
    )


def closed(status: Any = "taken") -> Event:
    return MicrotaskClosed(microtask_id="microtask:1", status=status, note="as seen")


TEXT = {"kind": "translate", "about": (), "text": "ⴰⵎⴰⵏ", "language": "fr"}


@pytest.fixture
def ready(store: Store) -> Store:
    """Two volunteers and a question about a road."""
    people = [VolunteerRegistered(volunteer_id=f"volunteer:{who}") for who in "ab"]
    store.append([NewEvent(payload=one) for one in (*people, posted())])
    return store


def test_questions_and_answers_come_back_as_they_were_told(ready: Store) -> None:
    ready.append(
        [
            NewEvent(payload=posted(2, **TEXT, gold=""), organisation_id=None),
            NewEvent(payload=answered("a")),
            NewEvent(payload=answered("b", choice="cannot_tell")),
            NewEvent(payload=answered("a", 2, choice="", text="de l'eau")),
            NewEvent(payload=closed()),
        ]
    )
    first, second = ready.microtasks()
    assert (first.kind, first.about, first.answers, first.status) == (
        "road",
        ("way:1",),
        3,
        "taken",
    )
    assert first.status_note == "as seen"
    assert (second.text, second.language, second.status) == ("ⴰⵎⴰⵏ", "fr", "open")
    assert [(one.volunteer_id, one.choice, one.text) for one in ready.microtask_answers()] == [
        ("volunteer:a", "closed", ""),
        ("volunteer:b", "cannot_tell", ""),
        ("volunteer:a", "", "de l'eau"),
    ]


@pytest.mark.parametrize(
    ("event", "needed"),
    [
        (posted(2, about=()), "1 different ones are needed"),
        (posted(2, kind="same_place", about=("place:a", "place:a")), "2 different ones"),
        (posted(2, kind="building", about=()), "where the building is"),
        (posted(2, **TEXT | {"text": " "}), "a text and a language"),
        (posted(2, **TEXT | {"language": ""}), "a text and a language"),
        (posted(2, gold="destroyed"), "one of open, closed"),
        (posted(2, **TEXT, gold="eau"), "one of none"),
        (answered("a", choice="destroyed"), "one of open, closed, cannot_tell"),
        (answered("a", choice="", text="it is closed"), "one of open, closed, cannot_tell"),
    ],
)
def test_what_cannot_be_asked_or_answered_is_refused(
    ready: Store, event: Event, needed: str
) -> None:
    before = ready.seq()
    with pytest.raises(RuleError, match=needed):
        ready.append([NewEvent(payload=event)])
    assert ready.seq() == before


@pytest.mark.parametrize("text", ["", "  "])
def test_a_translation_is_a_text(ready: Store, text: str) -> None:
    ready.append([NewEvent(payload=posted(2, **TEXT))])
    with pytest.raises(RuleError, match="a text, or cannot_tell"):
        ready.append([NewEvent(payload=answered("a", 2, choice="", text=text))])


def test_one_person_answers_a_question_once_and_a_closed_one_never(ready: Store) -> None:
    ready.append([NewEvent(payload=answered("a"))])
    again = MicrotaskAnswered(
        answer_id="answer:other",
        microtask_id="microtask:1",
        volunteer_id="volunteer:a",
        choice="open",
    )
    with pytest.raises(RuleError, match="answered this question already"):
        ready.append([NewEvent(payload=again)])
    ready.append([NewEvent(payload=closed("cancelled"))])
    for event in (answered("b"), closed()):
        with pytest.raises(RuleError, match="cancelled already"):
            ready.append([NewEvent(payload=event)])


def test_an_unknown_question_or_volunteer_is_told(ready: Store) -> None:
    with pytest.raises(UnknownIdError):
        ready.append([NewEvent(payload=answered("a", 9))])
    with pytest.raises(UnknownIdError):
        ready.append([NewEvent(payload=answered("nobody"))])
