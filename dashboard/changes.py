"""What a change of the roads brought about: two pictures compared, place by place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.operations.picture import Picture

#: A journey that grew by less is not worth a line.
SLOWER_BY_S = 600.0
#: Statuses in which vehicles get to a place.
SERVED_STATUSES = frozenset({"reachable", "by_relay"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceChange:
    """A place whose reach changed; times in seconds, None where there is no way or nobody knows."""

    place_id: str
    name: str
    people: int | None
    reason: str
    before_s: float | None
    after_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityChange:
    """Quantity of one item that a place gets, or goes without, before and after."""

    place_id: str
    name: str
    item_id: str
    before: float
    after: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """Quantity of one item that the plan delivers to all places, before and after."""

    item_id: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The difference between two pictures; `planned` is False where one of them holds no plan.

    Quantities of places whose reach changed come first, the greatest loss first: a planner that
    plans anew also moves goods between places that have nothing to do with the change.
    """

    cut_off: tuple[PlaceChange, ...]
    regained: tuple[PlaceChange, ...]
    slower: tuple[PlaceChange, ...]
    unserved: tuple[QuantityChange, ...]
    deliveries: tuple[QuantityChange, ...]
    items: tuple[ItemChange, ...]
    cut_off_truck: tuple[int | None, int | None]
    cut_off_pickup: tuple[int | None, int | None]
    planned: bool

    @property
    def nothing(self) -> bool:
        """Whether neither reach nor plan changed."""
        return not any((self.cut_off, self.regained, self.slower, self.unserved, self.deliveries))


def compare(before: Picture, after: Picture) -> Change:
    """Say what is different in `after`."""
    reach_before, reach_after = _reach(before.places), _reach(after.places)
    shared = [place_id for place_id in reach_after if place_id in reach_before]
    changes = [(reach_before[place_id], reach_after[place_id]) for place_id in shared]
    cut_off = _became(changes, served=False)
    regained = _became(changes, served=True)
    slower = tuple(
        _place_change(old, new)
        for old, new in changes
        if new["travel_time_s"] - old["travel_time_s"] >= SLOWER_BY_S
    )
    planned = before.plan is not None and after.plan is not None
    names = {place_id: row["name"] for place_id, row in reach_after.items()}
    touched = {place.place_id for place in (*cut_off, *regained, *slower)}
    unserved = (_unserved(before.plan), _unserved(after.plan))
    delivered = (_delivered(before.plan), _delivered(after.plan))
    return Change(
        cut_off=cut_off,
        regained=regained,
        slower=slower,
        unserved=_quantity_changes(*unserved, names, touched, _reasons(after.plan))
        if planned
        else (),
        deliveries=_quantity_changes(*delivered, names, touched, {}) if planned else (),
        items=_item_changes(*delivered) if planned else (),
        cut_off_truck=(before.totals.get("cut_off_truck"), after.totals.get("cut_off_truck")),
        cut_off_pickup=(before.totals.get("cut_off_pickup"), after.totals.get("cut_off_pickup")),
        planned=planned,
    )


def _became(
    changes: list[tuple[dict[str, Any], dict[str, Any]]], *, served: bool
) -> tuple[PlaceChange, ...]:
    return tuple(
        _place_change(old, new)
        for old, new in changes
        if (new["reach_status"] in SERVED_STATUSES) is served
        and (old["reach_status"] in SERVED_STATUSES) is not served
    )


def _reach(places: pd.DataFrame) -> dict[str, dict[str, Any]]:
    columns = ["place_id", "name", "people", "reach_status", "reach_reason", "travel_time_s"]
    return {row["place_id"]: row for row in places[columns].to_dict("records")}


def _place_change(old: dict[str, Any], new: dict[str, Any]) -> PlaceChange:
    people = _known(new["people"])
    return PlaceChange(
        place_id=new["place_id"],
        name=new["name"],
        people=None if people is None else round(people),
        reason=new["reach_reason"] or "",
        before_s=_known(old["travel_time_s"]),
        after_s=_known(new["travel_time_s"]),
    )


def _known(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


Quantities = dict[tuple[str, str], float]


def _delivered(plan: dict[str, Any] | None) -> Quantities:
    total: Quantities = {}
    for convoy in (plan or {}).get("convoys", []):
        for stop in convoy["stops"]:
            for item_id, quantity in stop["deliver"].items():
                key = (stop["place_id"], item_id)
                total[key] = total.get(key, 0.0) + float(quantity)
    return total


def _unserved(plan: dict[str, Any] | None) -> Quantities:
    total: Quantities = {}
    for need in (plan or {}).get("unserved", []):
        key = (need["place_id"], need["item"])
        total[key] = total.get(key, 0.0) + float(need["quantity"])
    return total


def _reasons(plan: dict[str, Any] | None) -> dict[tuple[str, str], str]:
    return {
        (need["place_id"], need["item"]): need["reason"]
        for need in (plan or {}).get("unserved", [])
    }


def _quantity_changes(
    before: Quantities,
    after: Quantities,
    names: dict[str, str],
    touched: set[str],
    reasons: dict[tuple[str, str], str],
) -> tuple[QuantityChange, ...]:
    differences = {
        key: after.get(key, 0.0) - before.get(key, 0.0)
        for key in {*before, *after}
        if differs(before.get(key, 0.0), after.get(key, 0.0))
    }
    ordered = sorted(
        differences, key=lambda key: (key[0] not in touched, -abs(differences[key]), key)
    )
    return tuple(
        QuantityChange(
            place_id=place_id,
            name=names.get(place_id, place_id),
            item_id=item_id,
            before=before.get((place_id, item_id), 0.0),
            after=after.get((place_id, item_id), 0.0),
            reason=reasons.get((place_id, item_id), ""),
        )
        for place_id, item_id in ordered
    )


def _item_changes(before: Quantities, after: Quantities) -> tuple[ItemChange, ...]:
    totals = {item_id: [0.0, 0.0] for _place_id, item_id in sorted({*before, *after})}
    for side, quantities in enumerate((before, after)):
        for (_place_id, item_id), quantity in quantities.items():
            totals[item_id][side] += quantity
    return tuple(
        ItemChange(item_id=item_id, before=old, after=new)
        for item_id, (old, new) in sorted(totals.items())
        if differs(old, new)
    )


def differs(before: float, after: float) -> bool:
    """Whether two quantities differ by more than the noise of sums (6 decimals are exact)."""
    return abs(before - after) > 1e-6
