"""The history of one need: who said what when, down to the file, sheet, row and cell it came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.operations.organisations import organisation_names
from data.events import (
    DeliveryReported,
    NeedReported,
    NeedRevised,
    NeedRumourSet,
    NeedsMerged,
    NeedsParted,
    NeedStatusChanged,
)
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.operations.situation import Situation
    from data.events import RecordedEvent


def need_history(situation: Situation, need_id: str) -> dict[str, Any]:
    """Tell all that happened to a need, in the order in which it was recorded.

    Returns
    -------
    dict
        `need_id`, `history`: each with `event` (its number in the ledger), `at` (as reported, else
        as recorded), `recorded_at`, `what` (``reported``, ``revised``, the status that was said,
        ``rumour``, ``no_rumour``, ``kept``, ``merged``, ``parted``, ``delivered``,
        ``withdrawn``), `by`, `organisation`, `quantity` (None where it is no matter of one),
        `unit`, `note`, `other` (ids it has to do with), and `source`: ``{file, sheet, row, cell,
        upload_id}``, None for what did not come in a table.

    Raises
    ------
    UnknownIdError
        There is no such need.
    """
    own = situation.store.history(need_id)
    if not own or own[0].type != NeedReported.type:
        raise UnknownIdError(need_id[:100], "no such need here", "see `qafila needs list`")
    names = organisation_names(situation)
    unit = str(own[0].payload["unit"])
    steps = [_own_step(event, names) for event in own]
    steps += _merges(situation, need_id, names)
    steps += _deliveries(situation, need_id, names)
    steps += _undone(situation, own[0])
    steps.sort(key=lambda one: one["event"])
    return {"need_id": need_id, "history": [{**one, "unit": unit} for one in steps]}


def _own_step(event: RecordedEvent, names: Mapping[str, str]) -> dict[str, Any]:
    payload = event.payload
    if event.type == NeedReported.type:
        what = "reported"
    elif event.type == NeedRevised.type:
        what = "revised"
    elif event.type == NeedRumourSet.type:
        what = "rumour" if payload["rumour"] else "no_rumour"
    elif event.type == NeedStatusChanged.type:
        what = "reopened" if payload["status"] == "reported" else str(payload["status"])
    else:
        what = event.type
    by = str(payload.get("by") or "")
    quantity = payload.get("quantity")
    return _step(event, names, what) | {
        "by": names.get(by, by),
        "quantity": None if quantity is None else float(quantity),
        "note": str(payload.get("note") or ""),
    }


def _merges(situation: Situation, need_id: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    steps, mine = [], {}
    for event in situation.store.events(types=[NeedsMerged.type, NeedsParted.type]):
        payload = event.payload
        merge_id = payload["merge_id"]
        if event.type == NeedsParted.type and merge_id in mine:
            steps.append(_step(event, names, "parted") | {"note": payload["reason"]})
        elif event.type == NeedsMerged.type and need_id in (
            payload["kept_id"],
            *payload["need_ids"],
        ):
            kept = payload["kept_id"] == need_id
            mine[merge_id] = payload
            others = payload["need_ids"] if kept else [payload["kept_id"]]
            steps.append(
                _step(event, names, "kept" if kept else "merged")
                | {"note": payload["reason"], "other": list(others)}
            )
    return steps


def _deliveries(
    situation: Situation, need_id: str, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    return [
        _step(event, names, "delivered")
        | {
            "quantity": float(served["quantity"]),
            "note": event.payload["note"],
            "other": [event.payload["delivery_id"]],
        }
        for event in situation.store.events(types=[DeliveryReported.type])
        for served in event.payload["needs"]
        if served["need_id"] == need_id
    ]


def _undone(situation: Situation, reported: RecordedEvent) -> list[dict[str, Any]]:
    """The undoing of the upload that brought the need, which is an event of the upload."""
    upload_id = reported.provenance.upload_id if reported.provenance else None
    for one in situation.store.uploads():
        if upload_id and one.upload_id == upload_id and one.undone and one.undone_at is not None:
            at = one.undone_at.isoformat()
            return [
                _blank("withdrawn")
                | {"event": one.seq, "at": at, "recorded_at": at, "note": one.undone_reason}
            ]
    return []


def _step(event: RecordedEvent, names: Mapping[str, str], what: str) -> dict[str, Any]:
    origin = event.provenance
    return _blank(what) | {
        "event": event.seq,
        "at": (event.reported_at or event.recorded_at).isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "organisation": names.get(event.organisation_id or "", ""),
        "source": None if origin is None else origin.model_dump(mode="json"),
    }


def _blank(what: str) -> dict[str, Any]:
    return {
        "what": what,
        "by": "",
        "organisation": "",
        "quantity": None,
        "note": "",
        "other": [],
        "source": None,
    }
