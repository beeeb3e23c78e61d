"""Trust in needs: who reported, who verified or refuted, what is hearsay, what may be planned."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from dashboard.operations.need_conflicts import conflict_text, conflicts
from dashboard.operations.organisations import organisation_names
from data.duplicates import told_at
from data.events import NeedRumourSet, NeedStatusChanged, NeedTrustSet
from data.need_trust import Trust
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

    from dashboard.operations.situation import Situation
    from data.store.need_records import NeedRecord
    from geo.model import NeedStatus

#: What a person may say of a need. ``planned`` follows from the newest plan, ``met`` from
#: deliveries (or a person's word), ``expired`` from the clock.
SAID: tuple[NeedStatus, ...] = ("reported", "verified", "refuted", "met", "expired", "withdrawn")
PENDING = ("accounts", "quarantine", "count")
#: Shown as one of these, a need still asks for something.
OPEN = ("reported", "verified", "planned")
SHOWN = (
    "reported",
    "verified",
    "planned",
    "met",
    "expired",
    "refuted",
    "withdrawn",
    "merged",
)


def list_needs(
    situation: Situation,
    *,
    statuses: Collection[str] = (),
    organisation: str = "",
    place_id: str = "",
) -> dict[str, Any]:
    """List needs with status, source, who found out what, and how much of each may be planned.

    Parameters
    ----------
    statuses
        Only those of these (of `SHOWN`); all where none is named.
    organisation, place_id
        Only those of this sender (name) and place.

    Returns
    -------
    dict
        `needs`, the newest first; `counts` by status (of all); `trust` as it is set.
    """
    if unknown := [one for one in statuses if one not in SHOWN]:
        raise InputError(f"status {unknown[0]}", f"one of {', '.join(SHOWN)}", "correct it")
    names, places = organisation_names(situation), situation.places()
    where = places.set_index("place_id")[["name", "commune"]].to_dict("index")
    trust, planned = trust_in_force(situation), _planned(situation)
    current = situation.current_places()
    files = {one.upload_id: one.file for one in situation.store.uploads()}
    rows, counts = [], dict.fromkeys(SHOWN, 0)
    needs = situation.store.needs(open_only=False)
    against = conflicts(needs, situation.current_places(), names)
    for need in sorted(needs, key=told_at, reverse=True):
        at_place = current(need.place_id)
        status = _status(need, (at_place, need.item_id) in planned, now=situation.now())
        counts[status] += 1
        sender = names.get(need.organisation_id or "", "")
        wanted = not statuses or status in statuses
        if not wanted or (organisation and organisation != sender):
            continue
        if place_id and place_id != at_place:
            continue
        place = where.get(at_place, {"name": need.written_place, "commune": ""})
        rows.append(
            {
                "need_id": need.need_id,
                "place_id": at_place,
                "place": place["name"],
                "commune": place["commune"],
                "item": need.item_id,
                "quantity": need.quantity,
                "unit": need.unit,
                "delivered": need.delivered,
                "counts_for_plan": _counted(need, status, trust),
                "status": status,
                "said": str(need.status),
                "rumour": need.rumour,
                "quarantined": (need.organisation_id or "") in trust.quarantined,
                "organisation": sender,
                "organisation_id": need.organisation_id or "",
                "reported_at": told_at(need).isoformat(),
                "expires_at": None if need.expires_at is None else need.expires_at.isoformat(),
                "verified_by": names.get(need.verified_by or "", need.verified_by or ""),
                "refuted_by": names.get(need.refuted_by or "", need.refuted_by or ""),
                "contradiction": conflict_text(against.get(need.need_id, ())),
                "conflicts": [asdict(one) for one in against.get(need.need_id, ())],
                "merged_into": need.merged_into or "",
                "merged_in": need.merged_in,
                "note": need.note,
                "status_note": need.status_note or need.rumour_note,
                "upload_id": need.upload_id or "",
                "file": files.get(need.upload_id or "", ""),
                "written_place": need.written_place,
                "reported_from": need.reported_from or "",
                "reported_from_name": where.get(current(need.reported_from or ""), {}).get(
                    "name", ""
                ),
                "weight": need.weight,
            }
        )
    return {
        "at": situation.now().isoformat(),
        "counts": counts,
        "trust": trust_json(situation),
        "needs": rows,
    }


def set_status(
    situation: Situation, need_ids: Sequence[str], status: str, *, by: str = "", note: str = ""
) -> dict[str, Any]:
    """Record what somebody found out of needs; ``reported`` takes it back.

    Raises
    ------
    InputError
        The status is not one of `SAID`, or nobody is said to have verified or refuted it.
    """
    if status not in SAID:
        raise InputError(f"status {status!r}", f"one of {', '.join(SAID)} is needed", "correct it")
    if status in ("verified", "refuted") and not by.strip():
        raise InputError(
            f"{status} by nobody", "who found so: an organisation or an office", "say who"
        )
    if not need_ids:
        raise InputError("no need", "the id of at least one need", "see `qafila needs list`")
    said: NeedStatus = status
    situation.record(
        [
            NeedStatusChanged(need_id=one, status=said, by=by.strip()[:300], note=note[:2_000])
            for one in need_ids
        ]
    )
    return {"need_ids": list(need_ids), "status": status, "by": by.strip()}


def set_rumour(
    situation: Situation, need_id: str, *, rumour: bool, note: str = ""
) -> dict[str, Any]:
    """Mark a need as hearsay, or take the mark off: hearsay stays in view and is not planned."""
    set_rumours(situation, [need_id], rumour=rumour, note=note)
    return {"need_id": need_id, "rumour": rumour}


def set_rumours(
    situation: Situation, need_ids: Sequence[str], *, rumour: bool, note: str = ""
) -> dict[str, Any]:
    """Mark needs as hearsay, or take the mark off, all or none of them."""
    situation.record(
        [NeedRumourSet(need_id=one, rumour=rumour, note=note[:2_000]) for one in need_ids]
    )
    return {"need_ids": list(need_ids), "rumour": rumour}


def set_trust(
    situation: Situation, *, unverified_share: float, pending: str = "", reason: str = ""
) -> dict[str, Any]:
    """Set how much of what nobody verified may enter a plan (0 to 1)."""
    if not 0 <= unverified_share <= 1:
        raise InputError(f"share {unverified_share:g}", "0 to 1 is needed", "0.5 is a half")
    pending = pending or situation.store.need_trust().pending
    if pending not in PENDING:
        raise InputError(f"pending {pending!r}", f"one of {', '.join(PENDING)}", "correct it")
    situation.record(
        [
            NeedTrustSet(
                unverified_share=unverified_share,
                pending=cast("Any", pending),
                reason=reason[:2_000],
            )
        ]
    )
    return trust_json(situation)


def trust_in_force(situation: Situation) -> Trust:
    """Give what counts for a plan now.

    Reports of organisations that are not recognised are set apart where the cell said so, and else
    where several have accounts: who types at the cell's own machine has looked at what it types.
    """
    said = situation.store.need_trust()
    apart = said.pending == "quarantine" or (
        said.pending == "accounts" and any(one.active for one in situation.store.accounts())
    )
    pending = (
        one.organisation_id
        for one in situation.store.organisations()
        if one.status in ("pending", "revoked")
    )
    return Trust(
        unverified_share=said.unverified_share,
        quarantined=frozenset(pending) if apart else frozenset(),
    )


def trust_json(situation: Situation) -> dict[str, Any]:
    """Write the setting as people read it."""
    said, in_force = situation.store.need_trust(), trust_in_force(situation)
    names = organisation_names(situation)
    return {
        "unverified_share": said.unverified_share,
        "pending": said.pending,
        "reason": said.reason,
        "set_at": None if said.recorded_at is None else said.recorded_at.isoformat(),
        "quarantined": sorted(names[one] for one in in_force.quarantined),
    }


def needs_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Needs as a table to hand on, in the columns of `list_needs` that hold one value."""
    import pandas as pd

    return pd.DataFrame(rows).drop(columns="conflicts", errors="ignore")


def _status(need: NeedRecord, planned: bool, *, now: Any) -> str:
    """The status as it is shown: what was said, the clock, and the newest plan."""
    if need.status not in ("reported", "verified", "planned"):
        return str(need.status)
    if need.expires_at is not None and need.expires_at <= now:
        return "expired"
    return "planned" if planned else str(need.status)


def _counted(need: NeedRecord, status: str, trust: Trust) -> float:
    if status not in OPEN:
        return 0.0
    return trust.amount(need)


def _planned(situation: Situation) -> frozenset[tuple[str, str]]:
    """Place and item of what the convoys of the newest plan bring."""
    made = situation.store.plans()
    if not made:
        return frozenset()
    ref = made[-1].document
    document = situation.remember(("document", ref), lambda: situation.archive.get_json(ref))
    return frozenset(
        (stop["place_id"], item)
        for convoy in document["convoys"]
        for stop in convoy["stops"]
        for item, amount in stop["deliver"].items()
        if amount
    )
