"""Compare two plans: who gains, who loses, who gets it earlier or later, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dashboard.operations import planning

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation

#: An arrival that moves by less (s) is the same to those who wait.
WORTH_SAYING_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a plan brings of one item to one place: how much, and when the first of it comes."""

    quantity: float = 0.0
    arrives_at: datetime | None = None


def diff(situation: Situation, plan_a: str, plan_b: str) -> dict[str, Any]:
    """Say what changes for each place and item if plan B takes the place of plan A.

    Parameters
    ----------
    plan_a, plan_b
        Ids of recorded plans; ``latest`` names the newest.

    Returns
    -------
    dict
        ``{plan_a, plan_b, gains, losses, earlier, later, score}``. A row says place, item, both
        quantities and both first arrivals; a loss says why, in the words of plan B.

    Raises
    ------
    UnknownIdError
        There is no such plan.
    """
    first = planning.load_plan(situation, plan_a)
    second = planning.load_plan(situation, plan_b)
    before, after = _served(first), _served(second)
    reasons = {(row["place_id"], row["item"]): row["reason"] for row in second["unserved"]}
    names = dict(zip(situation.places()["place_id"], situation.places()["name"], strict=True))
    changes: dict[str, list[dict[str, Any]]] = {
        "gains": [], "losses": [], "earlier": [], "later": []
    }  # fmt: skip
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, Served()), after.get(key, Served())
        if kind := _kind(old, new):
            changes[kind].append(_row(key, old, new, names, reasons if kind == "losses" else {}))
    return {
        "plan_a": first["plan_id"],
        "plan_b": second["plan_id"],
        **changes,
        "score": {
            name: {"a": first["score"][name], "b": second["score"][name]} for name in first["score"]
        },
    }


def _served(plan: dict[str, Any]) -> dict[tuple[str, str], Served]:
    found: dict[tuple[str, str], Served] = {}
    for convoy in plan["convoys"]:
        for stop in convoy["stops"]:
            arrives_at = datetime.fromisoformat(stop["arrives_at"])
            for item, quantity in stop["deliver"].items():
                known = found.get((stop["place_id"], item), Served())
                first = min(filter(None, (known.arrives_at, arrives_at)))
                found[stop["place_id"], item] = Served(
                    quantity=known.quantity + quantity, arrives_at=first
                )
    return found


def _kind(old: Served, new: Served) -> str | None:
    """Name the change; a change of quantity counts before one of time."""
    if new.quantity > old.quantity:
        return "gains"
    if new.quantity < old.quantity:
        return "losses"
    if old.arrives_at is None or new.arrives_at is None:
        return None
    moved_s = (new.arrives_at - old.arrives_at).total_seconds()
    if abs(moved_s) < WORTH_SAYING_S:
        return None
    return "later" if moved_s > 0 else "earlier"


def _row(
    key: tuple[str, str],
    old: Served,
    new: Served,
    names: dict[str, str],
    reasons: dict[tuple[str, str], str],
) -> dict[str, Any]:
    place_id, item = key
    return {
        "place_id": place_id,
        "place_name": names.get(place_id, ""),
        "item": item,
        "quantity_a": old.quantity,
        "quantity_b": new.quantity,
        "arrives_a": old.arrives_at.isoformat() if old.arrives_at else None,
        "arrives_b": new.arrives_at.isoformat() if new.arrives_at else None,
        "reason": reasons.get(key, ""),
    }
