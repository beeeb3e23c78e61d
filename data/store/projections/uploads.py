"""Projections: tables taken in from organisations, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import DeliveryReported, StockMoved, UploadReceived, UploadUndone
from data.store.projections.merges import part_from
from data.store.projections.registry import BY_TYPE, is_undone, mark, projects, touches
from data.store.projections.slips import take_delivery_back
from data.store.projections.stock import take_back
from data.store.schema import MOVEMENTS, NEEDS, UPLOADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table

    from data.store.state import Fact, State


@projects(UploadReceived, UPLOADS, undoable=False)
def _upload_received(state: State, fact: Fact, payload: UploadReceived) -> None:
    state.put(
        UPLOADS,
        {
            "upload_id": payload.upload_id,
            "kind": payload.kind,
            "file": payload.file,
            "sha256": payload.sha256,
            "accepted": payload.accepted,
            "rejected": payload.rejected,
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            "undone_at": None,
            "undone_reason": "",
            **mark(fact),
        },
    )


@projects(UploadUndone, UPLOADS, undoable=False)
def _upload_undone(state: State, fact: Fact, payload: UploadUndone) -> None:
    row = state.row(UPLOADS, payload.upload_id)
    if row is None:
        return
    state.put(
        UPLOADS,
        {
            **row,
            "undone_at": fact.recorded_at,
            "undone_reason": payload.reason,
            **mark(fact),
        },
    )
    came_with_it = state.history.of_upload(payload.upload_id, before=fact.seq)
    state.prefetch(
        touch for earlier in came_with_it for touch in touches(earlier.payload, earlier.upload_id)
    )
    for earlier in came_with_it:
        if isinstance(earlier.payload, StockMoved):
            take_back(state, fact, earlier.payload.movement_id)
        elif isinstance(earlier.payload, DeliveryReported):
            take_delivery_back(state, fact, earlier.payload.delivery_id)
    _tell_again(state, fact, came_with_it)


def _tell_again(state: State, undo: Fact, undone: Sequence[Fact]) -> None:
    """Make the rows that an upload touched anew from the events that still count.

    So a vehicle that the upload only changed is again what it was before, and what only the upload
    brought is removed; a need is kept as withdrawn, because somebody may have acted on it.
    """
    rows_of_upload: dict[tuple[str, str], Table] = {}
    for earlier in undone:
        projection = BY_TYPE[earlier.type]
        if projection.undoable and projection.table is not MOVEMENTS:
            rows_of_upload[projection.table.name, earlier.payload.subject_id] = projection.table
    before = {
        (name, subject_id): state.row(table, subject_id)
        for (name, subject_id), table in rows_of_upload.items()
    }
    for (_, subject_id), table in rows_of_upload.items():
        state.forget(table, subject_id)
    subjects = list(dict.fromkeys(subject_id for _, subject_id in rows_of_upload))
    for earlier in state.history.of_subjects(subjects, before=undo.seq):
        projection = BY_TYPE[earlier.type]
        told = (projection.table.name, earlier.payload.subject_id) in rows_of_upload
        if told and not is_undone(state, earlier.upload_id):
            projection.apply(state, earlier, earlier.payload)
    for key, table in rows_of_upload.items():
        now, then = state.row(table, key[1]), before[key]
        if now is not None:
            state.put(table, {**now, "seq": undo.seq})
        elif then is not None and table is NEEDS:
            withdrawn = {
                "status": "withdrawn",
                "said_status": "withdrawn",
                "changed_at": undo.recorded_at,
            }
            state.put(table, {**then, **withdrawn, **mark(undo)})
            if then["merged_in"]:
                part_from(state, undo, key[1])
        elif then is not None:
            state.put(table, {**then, **mark(undo, removed=True)})
