"""People who need more than others: children, older people and so on, as counts by place.

Who may read contacts works with exact numbers. For all others, and in every table that goes out,
no number below five stands (`data.small_cells`).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods, stockroom
from data.events import GROUPS, GroupCounted
from data.small_cells import MIN_CELL, told, told_part, told_total
from geo.errors import InputError
from geo.model import new_id

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation
    from dashboard.operations.stockroom import Said
    from data.store.group_table import GroupCountRecord


def count_group(
    situation: Situation,
    place: str,
    group: str,
    count: int,
    *,
    referred: int = 0,
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Record how many people of a group live in a place; a later count replaces it.

    Raises
    ------
    InputError
        The group is none of ours, or a number is none of people.
    RuleError
        More were referred than counted.
    """
    if group not in GROUPS:
        raise InputError(f"group {group[:40]!r}", f"one of {', '.join(GROUPS)}", "correct it")
    for number in (count, referred):
        if not 0 <= number <= 1_000_000:
            raise InputError(f"{number} people", "a number from 0 to 1,000,000", "correct it")
    payload = GroupCounted(
        count_id=new_id("count"),
        place_id=goods.find_place(situation, place),
        group=group,
        count=count,
        referred=referred,
        note=said.note[: stockroom.MAX_NOTE],
    )
    stockroom.append(situation, [payload], said)
    return {
        "count_id": payload.count_id,
        "place_id": payload.place_id,
        "group": group,
        "count": count,
        "referred": referred,
    }


def group_counts(situation: Situation, *, exact: bool = False) -> dict[str, Any]:
    """Give the newest count of each group in each place, and what is known by commune.

    Parameters
    ----------
    exact
        With the numbers below five: for who may read contacts only.

    Returns
    -------
    dict
        `places`: place, commune, group, count and referred (None where withheld), source, time;
        `communes`: of each commune and group the sum of what is told, and the cells `withheld`.
    """
    newest = _newest(situation)
    names = {one.organisation_id: one.name for one in situation.store.organisations()}
    known = situation.places().set_index("place_id")
    places: list[dict[str, Any]] = []
    cells: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (place_id, group), one in sorted(newest.items()):
        row = known.loc[place_id] if place_id in known.index else None
        commune = "" if row is None else str(row["commune"] or "")
        cells[commune, group].append(one.count)
        places.append(
            {
                "place_id": place_id,
                "place": "" if row is None else str(row["name"]),
                "commune": commune,
                "group": group,
                "count": one.count if exact else told(one.count),
                "referred": one.referred if exact else told_part(one.referred, one.count),
                "organisation": names.get(one.organisation_id or "", ""),
                "at": one.at.isoformat(),
                "event": one.seq,
            }
        )
    return {
        "places": places,
        "communes": [
            _commune(commune, group, counts, exact=exact)
            for (commune, group), counts in sorted(cells.items())
        ],
        "min_cell": None if exact else MIN_CELL,
        "at": situation.now().isoformat(),
        "based_on_seq": situation.seq(),
        "notice": situation.info().notice,
    }


def _newest(situation: Situation) -> dict[tuple[str, str], GroupCountRecord]:
    """The newest count by place and group: by when it was told, then by when it was recorded."""
    current = situation.current_places()
    newest: dict[tuple[str, str], GroupCountRecord] = {}
    for one in sorted(situation.store.group_counts(), key=lambda one: (one.at, one.seq)):
        newest[current(one.place_id), one.group] = one
    return newest


def _commune(commune: str, group: str, counts: list[int], *, exact: bool) -> dict[str, Any]:
    total, withheld = (sum(counts), 0) if exact else told_total(counts)
    return {
        "commune": commune,
        "group": group,
        "count": total,
        "withheld": withheld,
        "places": len(counts),
    }
