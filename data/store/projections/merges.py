"""Projections: reports that were found to speak of one need, and parted again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from data.events import NeedsMerged, NeedsParted
from data.store.canonical import canonical_json
from data.store.projections.needs import settled
from data.store.projections.registry import mark, projects
from data.store.schema import MERGES, NEED_DELIVERED, NEED_MERGED, NEEDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Table

    from data.store.state import Fact, Key, State


def _merged_rows(payload: NeedsMerged) -> Iterator[tuple[Table, Key]]:
    for need_id in (payload.kept_id, *payload.need_ids):
        for table in (NEEDS, NEED_MERGED, NEED_DELIVERED):
            yield table, (need_id,)


@projects(NeedsMerged, MERGES, undoable=False, reads=_merged_rows)
def _needs_merged(state: State, fact: Fact, payload: NeedsMerged) -> None:
    state.put(
        MERGES,
        {
            "merge_id": payload.merge_id,
            "kept_id": payload.kept_id,
            "need_ids": canonical_json(list(payload.need_ids)),
            "rule": payload.rule,
            "reason": payload.reason,
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            "undone_at": None,
            **mark(fact),
        },
    )
    _stand_behind(state, fact, payload.need_ids, payload.kept_id)
    _count_behind(state, fact, payload.kept_id, len(payload.need_ids))


@projects(NeedsParted, MERGES, undoable=False)
def _needs_parted(state: State, fact: Fact, payload: NeedsParted) -> None:
    part(state, fact, payload.merge_id)


def part(state: State, fact: Fact, merge_id: str) -> None:
    """Let every report of a merge stand for itself again."""
    row = state.row(MERGES, merge_id)
    if row is None or row["undone_at"] is not None:
        return
    state.put(MERGES, {**row, "undone_at": fact.recorded_at, **mark(fact)})
    need_ids = json.loads(row["need_ids"])
    state.prefetch(
        (table, (need_id,))
        for need_id in (row["kept_id"], *need_ids)
        for table in (NEEDS, NEED_MERGED, NEED_DELIVERED)
    )
    _stand_behind(state, fact, need_ids, None)
    _count_behind(state, fact, row["kept_id"], -len(need_ids))


def part_from(state: State, fact: Fact, kept_id: str) -> None:
    """Part all merges that a need holds: it no longer counts, what stood behind it does."""
    for row in sorted(state.rows_where(MERGES, "kept_id", kept_id), key=lambda one: one["seq"]):
        part(state, fact, row["merge_id"])


def _stand_behind(state: State, fact: Fact, need_ids: Sequence[str], kept_id: str | None) -> None:
    for need_id in need_ids:
        _put(state, fact, need_id, kept_id, _behind(state, need_id))


def _count_behind(state: State, fact: Fact, need_id: str, change: int) -> None:
    row = state.row(NEED_MERGED, need_id)
    _put(state, fact, need_id, row["kept_id"] if row else None, _behind(state, need_id) + change)


def _behind(state: State, need_id: str) -> int:
    row = state.row(NEED_MERGED, need_id)
    return int(row["merged_in"]) if row else 0


def _put(state: State, fact: Fact, need_id: str, kept_id: str | None, merged_in: int) -> None:
    told = {"need_id": need_id, "kept_id": kept_id, "merged_in": merged_in}
    state.put(NEED_MERGED, {**told, **mark(fact)})
    need = state.row(NEEDS, need_id)
    if need is not None:
        state.put(NEEDS, settled(state, fact, {**need, **mark(fact, removed=need["removed"])}))
