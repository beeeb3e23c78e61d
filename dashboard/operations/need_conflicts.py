"""Conflicts: what speaks against a need, so that somebody looks before goods leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from data.store.need_records import NeedRecord

ConflictKind = Literal["both", "refuted", "differs"]
#: Reports that differ by more than this factor contradict each other.
FAR_APART = 2
_LIVE = ("reported", "verified", "planned", "refuted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One thing that speaks against a need.

    `both`: `who` verified it and `other` refuted it; `refuted`: `who` refuted a report of the same;
    `differs`: `who` says `quantity`.
    """

    kind: ConflictKind
    who: str
    other: str = ""
    quantity: float = 0.0


def conflicts(
    needs: Iterable[NeedRecord], current_place: Callable[[str], str], names: Mapping[str, str]
) -> dict[str, tuple[Conflict, ...]]:
    """Say of each need what speaks against it: verified and refuted, or others that say otherwise.

    Others are those who report the same item for the same place with more than twice or less than
    half of it, or whose report of it was refuted.

    Parameters
    ----------
    current_place
        Gives the id under which a place is known today.
    names
        Names of organisations by id.

    Returns
    -------
    dict
        Conflicts by need id; needs that nothing speaks against are left out.
    """
    by_thing: dict[tuple[str, str], list[NeedRecord]] = {}
    for need in needs:
        if need.status in _LIVE:
            by_thing.setdefault((current_place(need.place_id), need.item_id), []).append(need)
    found = {}
    for alike in by_thing.values():
        least, most = (pick(alike, key=lambda one: one.quantity) for pick in (min, max))
        refuted = next((one for one in alike if one.status == "refuted"), None)
        for need in alike:
            if said := tuple(_against(need, (least, most), refuted, names)):
                found[need.need_id] = tuple(dict.fromkeys(said))
    return found


def conflict_text(said: Sequence[Conflict]) -> str:
    """Write conflicts in one line of English, for the command line and tables."""
    texts = {
        "both": "verified by {who}, refuted by {other}",
        "refuted": "a report of the same was refuted by {who}",
        "differs": "{who} says {quantity:g}",
    }
    return "; ".join(
        texts[one.kind].format(who=one.who, other=one.other, quantity=one.quantity) for one in said
    )


def _against(
    need: NeedRecord,
    extremes: Sequence[NeedRecord],
    refuted: NeedRecord | None,
    names: Mapping[str, str],
) -> Iterable[Conflict]:
    if need.verified_by is not None and need.refuted_by is not None:
        who, other = (names.get(one, one) for one in (need.verified_by, need.refuted_by))
        yield Conflict(kind="both", who=who, other=other)
    if refuted is not None and refuted is not need and need.status != "refuted":
        who = refuted.refuted_by or ""
        yield Conflict(kind="refuted", who=names.get(who, who))
    for other_need in extremes:
        low, high = sorted((other_need.quantity, need.quantity))
        if other_need.organisation_id != need.organisation_id and high > FAR_APART * low:
            who = names.get(other_need.organisation_id or "", "")
            yield Conflict(kind="differs", who=who, quantity=other_need.quantity)
