"""Projections: groups of people that were counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import GroupCounted
from data.store.group_table import GROUP_COUNTS
from data.store.projections.registry import mark, projects

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(GroupCounted, GROUP_COUNTS)
def _group_counted(state: State, fact: Fact, payload: GroupCounted) -> None:
    state.put(
        GROUP_COUNTS,
        {
            "count_id": payload.count_id,
            "place_id": payload.place_id,
            "group_name": payload.group,
            "people": payload.count,
            "referred": payload.referred,
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            "reported_at": fact.reported_at,
            **mark(fact),
        },
    )
