"""What lives longer than one run of the page: the process's desk, and the keys of a session.

Streamlit runs the page as a script in this process and hands it nothing, so the desk that
`dashboard.asgi` opened is left here for it. One process serves one situation.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from geo.errors import NoSituationError

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    import pandas as pd

    from dashboard.cache import RoadBooks
    from dashboard.desk import Desk
    from dashboard.http.gate import Door
    from dashboard.map.layers import LayerFiles
    from dashboard.operations.picture import Picture

MAP = "map"  # the map's own widget state: what was picked last
EDGE = "edge"  # edge id of the road that is picked
OVERLAY = "overlay"  # path of a layer file that the map shall draw on top, such as isochrones
SHOWN = "shown"  # what a table showed on the map last
FOCUS = "focus"  # feature id that the map shall show, with "#n" to show it again
PICKED_AT = "picked_at"  # when the last pick of the map was taken in
JOB = "job"  # work under way: a change of the roads
OUTCOME = "outcome"  # what the last change brought about
SIDE = "side"  # which part stands beside the map
ROADS_SIDE = "roads"  # the part that a picked road belongs to
CLOSURE = "closure"  # closure that was picked to be reopened
ROAD = "road"  # road chosen from the list
PIECE = "piece"  # piece of it chosen from the list
ANALYSIS = "analysis"  # a question that takes seconds, under way or answered
LANGUAGE = "language"  # what this session reads in
TONGUE = "tongue"  # the list of languages in the head of the page
VEHICLE_SET = "vehicle_set"  # the vehicle that was taken out of service or back last, or why not
LOCKED = "locked"  # the convoy that was locked or unlocked last, or why it could not be
PHONE_LINK = "phone_link"  # the link for a convoy's phone shown last, or why there is none
PLAN_A = "plan_a"  # the plan that another is compared with
READING = "reading"  # an uploaded table: under way, shown or recorded
PLAN_B = "plan_b"  # the other
MANAGED = "managed"  # what was changed last on the page of settings, or why it could not be
AS_OF = "as_of"  # the event as of which this session looks; none for now
GROUP_COUNTED = "group_counted"  # the last count of a group with its undo, or why there is none
NEED_SAID = "need_said"  # what was said of needs last with its undo, or why it could not be
CREW_DONE = "crew_done"  # what was done with volunteers last, or why it could not be
BOOKED = "booked"  # the handling of goods that was booked last, or why it could not be


class PictureTables:
    """Tables made from a picture, kept while it is shown: making 3,000 rows anew costs 70 ms."""

    def __init__(self, *, keep: int = 8) -> None:
        # The picture itself is kept too, so that its identity is not given to another one.
        self._made: OrderedDict[tuple[int, str], tuple[Picture, pd.DataFrame]] = OrderedDict()
        self._lock = threading.Lock()
        self._keep = keep

    def made_from(
        self, picture: Picture, name: str, make: Callable[[], pd.DataFrame]
    ) -> pd.DataFrame:
        """Give the table of this name and picture, making it the first time; to be read only."""
        key = (id(picture), name)
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key][1]
        table = make()
        with self._lock:
            self._made[key] = (picture, table)
            while len(self._made) > self._keep:
                self._made.popitem(last=False)
        return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What this process serves."""

    desk: Desk
    layers: LayerFiles
    books: RoadBooks
    tables: PictureTables = field(default_factory=PictureTables)
    door: Door | None = None


_served: list[Served] = []


def put_served(served: Served) -> None:
    """Say what this process serves; a later call replaces an earlier one."""
    _served[:] = [served]


def get_served() -> Served:
    """Give what this process serves; raises `NoSituationError` if nothing was put."""
    if not _served:
        raise NoSituationError(
            "this page", "it runs inside the Qafila server", "start it with `qafila serve`"
        )
    return _served[0]


def get(key: str, default: Any = None) -> Any:
    """Value of a session key."""
    session: MutableMapping[Any, Any] = st.session_state
    return session.get(key, default)


def put(key: str, value: Any) -> None:
    """Set a session key."""
    st.session_state[key] = value
