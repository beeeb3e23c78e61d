"""Duplicates among needs: offered with their reasons, merged on a person's word or by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.operations.organisations import organisation_names
from data.duplicates import Duplicates, Twin, find_duplicates, told_at
from data.events import NeedsMerged, NeedsParted
from geo.errors import InputError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from data.store.need_records import NeedRecord


def duplicates(situation: Situation) -> dict[str, Any]:
    """List the open reports that may speak of one need, and the merges that hold.

    Returns
    -------
    dict
        `groups`, each with place, item, the report to `keep` and the `others` with `likeness`
        (``equal`` or ``alike``) and `why`; `merges` with who decided; counts of both.
    """
    names, current = organisation_names(situation), situation.current_places()
    places = _place_names(situation)
    groups = [
        {
            "place_id": current(group.kept.place_id),
            "place": places.get(current(group.kept.place_id), ""),
            "item": group.kept.item_id,
            "unit": group.kept.unit,
            "keep": _report(group.kept, names),
            "others": [
                _report(twin.need, names)
                | {
                    "likeness": twin.likeness,
                    "why": _why(group.kept, twin),
                    "hours_apart": round(twin.apart.total_seconds() / 3_600, 1),
                    "same_sender": twin.same_sender,
                }
                for twin in group.twins
            ],
        }
        for group in _found(situation)
    ]
    merges = [
        {
            "merge_id": one.merge_id,
            "kept_id": one.kept_id,
            "need_ids": list(one.need_ids),
            "rule": one.rule,
            "reason": one.reason,
            "at": one.recorded_at.isoformat(),
        }
        for one in situation.store.merges()
    ]
    return {
        "at": situation.now().isoformat(),
        "n_groups": len(groups),
        "n_reports": sum(1 + len(group["others"]) for group in groups),
        "n_merged": sum(len(one["need_ids"]) for one in merges),
        "groups": groups,
        "merges": merges,
    }


def merge(
    situation: Situation, kept_id: str, need_ids: Sequence[str], *, reason: str = ""
) -> dict[str, Any]:
    """Let one report speak for others, on a person's word."""
    merged = NeedsMerged(
        merge_id=new_id("merge"),
        kept_id=kept_id,
        need_ids=tuple(need_ids),
        reason=reason[:2_000],
    )
    situation.record([merged])
    return {"merge_id": merged.merge_id, "kept_id": kept_id, "need_ids": list(need_ids)}


def merge_equal(situation: Situation, *, dry_run: bool = False) -> dict[str, Any]:
    """Merge all reports that are equal: place, item and quantity the same, a day apart at most."""
    merges = [
        NeedsMerged(
            merge_id=new_id("merge"),
            kept_id=group.kept.need_id,
            need_ids=tuple(twin.need.need_id for twin in equal),
            rule="equal",
            reason="; ".join(_why(group.kept, twin) for twin in equal)[:2_000],
        )
        for group in _found(situation)
        if (equal := [twin for twin in group.twins if twin.likeness == "equal"][:1_000])
    ]
    if merges and not dry_run:
        situation.record(list(merges))
    return {
        "dry_run": dry_run,
        "n_merged": sum(len(one.need_ids) for one in merges),
        "merges": [
            {"merge_id": one.merge_id, "kept_id": one.kept_id, "need_ids": list(one.need_ids)}
            for one in merges
        ],
    }


def part(situation: Situation, merge_id: str, *, reason: str = "") -> dict[str, Any]:
    """Let each report of a merge stand for itself again."""
    if not merge_id.startswith("merge:"):
        raise InputError(merge_id, "the id of a merge (merge:…)", "see `qafila needs duplicates`")
    situation.record([NeedsParted(merge_id=merge_id, reason=reason[:2_000])])
    return {"undone": merge_id}


def _found(situation: Situation) -> list[Duplicates]:
    now = situation.now()
    live = [
        one for one in situation.store.needs() if one.expires_at is None or one.expires_at > now
    ]
    return find_duplicates(live, situation.current_places())


def _place_names(situation: Situation) -> dict[str, str]:
    places = situation.places()
    return dict(zip(places["place_id"], places["name"], strict=True))


def _report(need: NeedRecord, names: dict[str, str]) -> dict[str, Any]:
    return {
        "need_id": need.need_id,
        "organisation": names.get(need.organisation_id or "", ""),
        "quantity": need.quantity,
        "status": need.status,
        "at": told_at(need).isoformat(),
        "note": need.note,
    }


def _why(kept: NeedRecord, twin: Twin) -> str:
    """Say in words what speaks for one need."""
    hours = twin.apart.total_seconds() / 3_600
    when = f"{hours:.0f} h apart" if hours >= 1 else "within the hour"
    amounts = (
        f"both {kept.quantity:g} {kept.unit}"
        if twin.quantity_share == 1
        else f"{twin.need.quantity:g} here, {kept.quantity:g} there"
    )
    sender = "same sender, another file" if twin.same_sender else "another sender"
    return f"same place and item, {amounts}, {when}, {sender}"
