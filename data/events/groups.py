"""People who need more than others: counted by place, never named."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from data.events.base import Count, Event, Id, Text

#: Groups of the sources: who is overlooked where everybody gets the same.
Group = Literal["children", "older", "disability", "pregnant", "bereaved", "distress"]
GROUPS: tuple[Group, ...] = get_args(Group)
MOST_PEOPLE = 1_000_000


class GroupCounted(Event):
    """Somebody counted people of a group in a place, and how many were referred to help.

    A later count of the same place and group takes the place of this one. `count` is exact: who
    may not read contacts sees no number below five (`data.small_cells`).
    """

    type: ClassVar[str] = "group.counted"
    subject: ClassVar[str] = "count_id"
    begins: ClassVar[bool] = True
    count_id: Id
    place_id: Id
    group: Group
    count: Annotated[Count, Field(le=MOST_PEOPLE)]
    referred: Annotated[Count, Field(le=MOST_PEOPLE)] = 0
    note: Text = ""


EVENTS: tuple[type[Event], ...] = (GroupCounted,)
