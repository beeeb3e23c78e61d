"""Compare two plans: who gains, who loses, who gets it earlier or later, by how much, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dashboard.operations import explaining, planning, reaching
from geo.errors import InputError
from geo.model import VEHICLE_CLASS_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashboard.operations.situation import Situation
    from geo.model import Closure
    from routing.explain.causes import ChangeKind, Key, Side

#: An arrival that moves by less (s) is the same to those who wait.
WORTH_SAYING_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a plan brings of one item to one place: how much, and when the first of it comes."""

    quantity: float = 0.0
    arrives_at: datetime | None = None


def plan_before(situation: Situation) -> str:
    """Give the id of the plan before the newest; raises `InputError` where there is none."""
    made = situation.store.plans()
    if len(made) < 2:
        raise InputError(
            "diff",
            "two plans are needed, there is one" if made else "two plans are needed, there is none",
            "make one with `qafila plan` or `qafila replan`",
        )
    return made[-2].plan_id


def diff(situation: Situation, plan_a: str, plan_b: str) -> dict[str, Any]:
    """Say what changes for each place and item if plan B takes the place of plan A.

    Parameters
    ----------
    plan_a, plan_b
        Ids of recorded plans; ``latest`` names the newest.

    Returns
    -------
    dict
        ``{plan_a, plan_b, gains, losses, earlier, later, score, closures, asked}``. A row says
        place, item, both quantities, both first arrivals and its `causes`, the most direct first; a
        loss has the reason of plan B too. `closures` says which hold in one plan only, `asked` what
        B was asked for otherwise.

    Raises
    ------
    UnknownIdError
        There is no such plan.
    """
    first = planning.load_plan(situation, plan_a)
    second = planning.load_plan(situation, plan_b)
    before, after = _served(first), _served(second)
    kinds: dict[Key, ChangeKind] = {}
    for key in sorted(before.keys() | after.keys()):
        if kind := _kind(before.get(key, Served()), after.get(key, Served())):
            kinds[key] = kind
    reasons = {(row["place_id"], row["item"]): row["reason"] for row in second["unserved"]}
    names = dict(zip(situation.places()["place_id"], situation.places()["name"], strict=True))
    told = _Told(situation, first, second)
    causes = told.causes(kinds)
    changes: dict[str, list[dict[str, Any]]] = {
        "gains": [], "losses": [], "earlier": [], "later": []
    }  # fmt: skip
    for key, kind in kinds.items():
        row = _row(
            key,
            before.get(key, Served()),
            after.get(key, Served()),
            names,
            reasons if kind == "losses" else {},
        )
        changes[kind].append({**row, "causes": causes[key]})
    return {
        "plan_a": first["plan_id"],
        "plan_b": second["plan_id"],
        **changes,
        "closures": told.closures_row(),
        "asked": told.asked(),
        "score": {
            name: {"a": first["score"][name], "b": second["score"][name]} for name in first["score"]
        },
    }


class _Told:
    """What was known when each of the two plans was made."""

    def __init__(self, situation: Situation, first: dict[str, Any], second: dict[str, Any]) -> None:
        self.situation = situation
        self.first, self.second = first, second
        self.closed_a = closures_of_plan(situation, first)
        self.closed_b = closures_of_plan(situation, second)

    def causes(self, kinds: Mapping[Key, ChangeKind]) -> dict[Key, list[dict[str, Any]]]:
        """Give the causes of every change as rows."""
        from routing.explain.cause_words import cause_row
        from routing.explain.causes import Causes

        if not kinds:
            return {}
        before, after = self._side(self.first), self._side(self.second)
        found = Causes(before, after, kinds, roads=self._deciding(kinds), asked=self.asked())
        speech = explaining.speech_of(self.situation, before.problem, after.problem)
        said = self._said()
        return {
            key: [cause_row(one, speech, closure=said) for one in causes]
            for key, causes in found.all().items()
        }

    def asked(self) -> str:
        """Say what plan B was asked for otherwise."""
        parts: list[str] = []
        for name in ("objective", "fairness", "seed", "iterations"):
            was, now = self.first.get(name), self.second.get(name)
            # How long was searched matters only beside another question.
            if was != now and (name in ("objective", "fairness") or parts):
                parts.append(f"{name} {was} → {now}")
        for name in ("priorities", "drivers", "hours", "whole"):
            was, now = (one.get("terms", {}).get(name) for one in (self.first, self.second))
            if was != now:
                parts.append(f"other {name}")
        light = [one.get("light") is not None for one in (self.first, self.second)]
        if light[0] != light[1]:
            parts.append("by night" if light[0] else "by day")
        return ", ".join(parts)

    def closures_row(self) -> dict[str, list[dict[str, str]]]:
        """Give the closures that hold in one of the plans only."""
        said = self._said()
        a, b = self.closed_a.keys(), self.closed_b.keys()
        return {
            "only_a": [{"closure_id": one, "text": said(one)} for one in sorted(a - b)],
            "only_b": [{"closure_id": one, "text": said(one)} for one in sorted(b - a)],
        }

    def _side(self, document: dict[str, Any]) -> Side:
        from routing.explain.causes import Side
        from routing.plan import plan_from_dict

        problem = planning.load_problem(self.situation, document["plan_id"])
        return Side(plan_from_dict(document), problem)

    def _said(self) -> Callable[[str], str]:
        known = self.closed_a | self.closed_b
        edges = self.situation.roads().edges.set_index("edge_id")

        def said(closure_id: str) -> str:
            closure = known.get(closure_id)
            if closure is None:
                return closure_id
            ids = [edge.rstrip("+-") for edge in closure.edges]
            rows = edges.loc[[edge for edge in ids if edge in edges.index]]
            roads = dict.fromkeys(rows["ref"].where(rows["ref"] != "", rows["name"]).tolist())
            why = closure.reason or closure.source
            parts = (", ".join(road for road in roads if road), closure.state, why and f"({why})")
            return " ".join(part for part in parts if part)

        return said

    def _deciding(self, kinds: Mapping[Key, ChangeKind]) -> dict[str, tuple[str, ...]]:
        """Closures of one plan only that decide on the way to a place that changed."""
        only = self.closed_a.keys() ^ self.closed_b.keys()
        places = {place for place, _item in kinds}
        found: dict[str, tuple[str, ...]] = {}
        if not only:
            return found
        for document, closed in ((self.second, self.closed_b), (self.first, self.closed_a)):
            classes = {row["vehicle_class"] for one in (self.first, self.second)
                       for row in one["convoys"]}  # fmt: skip
            ordered = tuple(name for name in VEHICLE_CLASS_NAMES if name in classes)
            if not ordered:
                continue
            reach = reaching.make_reach(
                self.situation,
                ordered,
                at=roads_moment(document),
                relay=False,
                closures=tuple(closed.values()),
            )
            for row in reach["places"]:
                if row["place_id"] not in places or row["place_id"] in found:
                    continue
                met = [one for name in ordered for one in row["by_class"][name]["decided_by"]]
                if deciding := tuple(dict.fromkeys(one for one in met if one in only)):
                    found[row["place_id"]] = deciding
        return found


def roads_moment(document: dict[str, Any]) -> datetime:
    """Give the moment whose roads a plan was made for."""
    return datetime.fromisoformat(document.get("replanned_at") or document["departs_at"])


def closures_of_plan(situation: Situation, document: dict[str, Any]) -> dict[str, Closure]:
    """Give the closures that a plan counted, by id: recorded by then, and in force at its hour."""
    at = roads_moment(document)
    told = planning.closures_then(situation, document)
    return {one.closure_id: one for one in told if one.holds_at(at)}


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


def _kind(old: Served, new: Served) -> ChangeKind | None:
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
