"""Small questions that people answer from a distance; what they say is evidence, never truth."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from data.events.base import Event, Id, Lat, Lon, Text

#: What is asked: how a building looks, whether a road is open, whether two places are one, what a
#: message says in another language.
MicrotaskKind = Literal["building", "road", "same_place", "translate"]
MICROTASK_KINDS: tuple[MicrotaskKind, ...] = get_args(MicrotaskKind)
#: What can be answered. ``cannot_tell`` is an answer of its own everywhere and weighs nothing.
CHOICES: dict[MicrotaskKind, tuple[str, ...]] = {
    "building": ("destroyed", "damaged", "no_visible_damage"),
    "road": ("open", "closed"),
    "same_place": ("same", "different"),
    "translate": (),
}
CANNOT_TELL = "cannot_tell"


class MicrotaskPosted(Event):
    """A question to many: about a point, a road's edge, two places, or a text.

    `answers` people are to answer it. `gold` is the right answer where it is known beforehand: such
    a question shows how well somebody answers, and nobody is told which ones they are.
    """

    type: ClassVar[str] = "microtask.posted"
    subject: ClassVar[str] = "microtask_id"
    begins: ClassVar[bool] = True
    microtask_id: Id
    kind: MicrotaskKind
    about: tuple[Annotated[str, Field(min_length=1, max_length=300)], ...] = ()
    lon: Lon | None = None
    lat: Lat | None = None
    text: Text = ""
    language: Annotated[str, Field(max_length=8)] = ""
    answers: Annotated[int, Field(ge=2, le=25)] = 3
    gold: Annotated[str, Field(max_length=32)] = ""


class MicrotaskAnswered(Event):
    """A volunteer answered: one of the choices, or a text where a translation was asked for."""

    type: ClassVar[str] = "microtask.answered"
    subject: ClassVar[str] = "answer_id"
    begins: ClassVar[bool] = True
    answer_id: Id
    microtask_id: Id
    volunteer_id: Id
    choice: Annotated[str, Field(max_length=32)] = ""
    text: Text = ""


class MicrotaskClosed(Event):
    """The answer of a question was taken as evidence, or the question called off."""

    type: ClassVar[str] = "microtask.closed"
    subject: ClassVar[str] = "microtask_id"
    microtask_id: Id
    status: Literal["taken", "cancelled"]
    note: Text = ""


EVENTS: tuple[type[Event], ...] = (MicrotaskPosted, MicrotaskAnswered, MicrotaskClosed)
