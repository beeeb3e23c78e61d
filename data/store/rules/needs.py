"""Rules: what places lack, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import NeedRevised, NeedRumourSet, NeedsMerged, NeedsParted, NeedStatusChanged
from data.store.rules.registry import rule, unknown
from data.store.schema import MERGES, NEEDS
from geo.errors import RuleError
from geo.model import OPEN_NEED_STATUSES

if TYPE_CHECKING:
    from data.store.state import Fact, Row, State


@rule(NeedStatusChanged)
def _need_status_changed(state: State, _fact: Fact, payload: NeedStatusChanged) -> None:
    need = _need(state, payload.need_id)
    if payload.status == "merged":
        raise RuleError(
            f"{payload.need_id}: merged",
            "a need is merged into another one",
            "say which: `qafila needs merge`",
        )
    if need["merged_into"] is not None:
        raise RuleError(
            payload.need_id,
            f"it stands behind {need['merged_into']}",
            "say it of that one, or undo the merge",
        )


@rule(NeedRevised)
def _need_revised(state: State, _fact: Fact, payload: NeedRevised) -> None:
    _need(state, payload.need_id)


@rule(NeedRumourSet)
def _need_rumour_set(state: State, _fact: Fact, payload: NeedRumourSet) -> None:
    if _need(state, payload.need_id)["rumour"] == payload.rumour:
        said = "marked as hearsay" if payload.rumour else "not marked as hearsay"
        raise RuleError(payload.need_id, f"it is {said} already", "nothing is to be done")


@rule(NeedsMerged)
def _needs_merged(state: State, _fact: Fact, payload: NeedsMerged) -> None:
    kept = _need(state, payload.kept_id)
    if kept["status"] not in OPEN_NEED_STATUSES:
        raise RuleError(payload.kept_id, f"it is {kept['status']}", "keep one that is open")
    if payload.kept_id in payload.need_ids or len(set(payload.need_ids)) < len(payload.need_ids):
        raise RuleError(payload.merge_id, "each need stands in it once", "leave out the second")
    for need_id in payload.need_ids:
        need = _need(state, need_id)
        if need["merged_into"] is not None:
            raise RuleError(need_id, f"it stands behind {need['merged_into']} already", "undo that")
        if need["item_id"] != kept["item_id"]:
            raise RuleError(
                f"{need_id} asks for {need['item_id']}, {payload.kept_id} for {kept['item_id']}",
                "needs of one item are merged",
                "leave it out",
            )
        if need["status"] not in OPEN_NEED_STATUSES:
            raise RuleError(need_id, f"it is {need['status']}", "only open needs are merged")


@rule(NeedsParted)
def _needs_parted(state: State, _fact: Fact, payload: NeedsParted) -> None:
    row = state.row(MERGES, payload.merge_id)
    if row is None:
        raise unknown(payload.merge_id, "merge")
    if row["undone_at"] is not None:
        raise RuleError(payload.merge_id, "it was undone before", "nothing is to be done")


def _need(state: State, need_id: str) -> Row:
    need = state.live(NEEDS, need_id)
    if need is None:
        raise unknown(need_id, "need")
    return need
