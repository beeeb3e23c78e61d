"""Compare two states of the roads: who is newly cut off, who lost how much time, by which class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dashboard.operations import reaching
from dashboard.operations.roads import closure_event
from dashboard.operations.source_counts import counted_sources
from geo.errors import InputError, UnknownIdError
from geo.model import Closure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from geo.model import VehicleClassName

#: A journey that grew or shrank by less (s) is the same to those who wait.
WORTH_SAYING_S = 60.0
#: The fastest chain, relays included, as if it were a class.
ANY = "any"
_REACHED = frozenset({"reachable", "by_relay"})
_KINDS = ("cut_off", "regained", "slower", "faster")


def diff_roads(
    situation: Situation,
    *,
    moments: Sequence[datetime] = (),
    without: Sequence[str] = (),
    supposed: Sequence[Closure] = (),
    classes: Sequence[VehicleClassName] = (),
) -> dict[str, Any]:
    """Say what changes from state A of the roads to state B.

    Parameters
    ----------
    moments
        Two: A and B are the roads at these. One: both at that moment, now by default.
    without
        Closures (ids, or ``all``) that A leaves out.
    supposed
        Closures that nobody recorded and that B has as well: what if?
    classes
        As in `reaching.make_reach`.

    Returns
    -------
    dict
        ``{a, b, totals, places}``: `totals` by class, and for ``any`` (the fastest chain with
        relays), how many places and people are newly ``cut_off``, ``regained``, ``slower`` and
        ``faster``; `places` has a row for each that changed, the newly cut off first, then by
        people times seconds lost.
        People of places where nobody counted are not in the sums: `places_uncounted` says how many.

    Raises
    ------
    InputError
        There is nothing to tell the two states apart, or more than two moments.
    UnknownIdError
        There is no such closure.
    """
    if len(moments) > 2 or (len(moments) < 2 and not without and not supposed):
        raise InputError(
            f"{len(moments)} moments and no closure to leave out",
            "two states of the roads are needed",
            "give --at twice, --without CLOSURE (or all), or --suppose EDGE",
        )
    first, last = (moments[0], moments[-1]) if moments else (situation.now(), situation.now())
    held_a = _without(situation, _held_at(situation, first), without)
    held_b = [*_held_at(situation, last), *supposed]
    reach_a = reaching.make_reach(situation, classes, at=first, closures=held_a)
    reach_b = reaching.make_reach(situation, classes, at=last, closures=held_b)
    people = dict(zip(situation.places()["place_id"], situation.places()["people"], strict=True))
    rows = [
        row
        for a, b in zip(reach_a["places"], reach_b["places"], strict=True)
        if (row := _row(a, b, people.get(a["place_id"])))
    ]
    names = [*(name for name in reach_b["totals"] if name != ANY), ANY]
    return {
        "a": _state(first, held_a),
        "b": _state(last, held_b),
        "totals": {name: _totals(rows, name) for name in names},
        "places": sorted(rows, key=_weight),
        "people_source": counted_sources(situation.places()["source"]),
        "notice": situation.info().notice,
    }


def supposed_closure(
    situation: Situation,
    edges: Sequence[str],
    *,
    classes: Sequence[VehicleClassName] = (),
    state: str = "closed",
    max_weight_t: float | None = None,
) -> Closure:
    """Give the closure that edges would get, for `diff_roads`; nothing is recorded.

    Raises
    ------
    UnknownIdError
        The network has no such edge.
    InputError
        As in `roads.closure_event`.
    """
    event = closure_event(
        situation, edges=edges, classes=classes, state=state, max_weight_t=max_weight_t
    )
    return Closure(
        closure_id="closure:supposed",
        edges=event.edges,
        classes=event.classes,
        state=event.state,
        max_weight_t=event.max_weight_t,
        reason="supposed",
    )


def _held_at(situation: Situation, at: datetime) -> list[Closure]:
    """The closures in force at a moment, as known now.

    A drill plays at a moment of its own, at which nothing was recorded: there what is open counts.
    """
    if situation.info().drill:
        return [one for one in situation.store.closures() if one.holds_at(at)]
    return [
        one
        for one in situation.store.closures(open_only=False)
        if replace(one, since=one.since or one.recorded_at).holds_at(at)
        and (one.reopened_at is None or one.reopened_at > at)
    ]


def _without(
    situation: Situation, closures: Sequence[Closure], left_out: Sequence[str]
) -> list[Closure]:
    if "all" in left_out:
        return []
    known = {one.closure_id for one in situation.store.closures(open_only=False)}
    if unknown := [one for one in left_out if one not in known]:
        raise UnknownIdError(
            unknown[0], "no such closure here", "`qafila reach --json` names those that decide"
        )
    return [one for one in closures if one.closure_id not in left_out]


def _state(at: datetime, closures: Sequence[Closure]) -> dict[str, Any]:
    return {"at": at.isoformat(), "closures": [one.closure_id for one in closures]}


def _row(a: dict[str, Any], b: dict[str, Any], people: float | None) -> dict[str, Any] | None:
    verdicts = {name: (a["by_class"][name], b["by_class"][name]) for name in b["by_class"]}
    changes = {
        name: change
        for name, (old, new) in {**verdicts, ANY: (a, b)}.items()
        if (change := _change(old, new))
    }
    if not changes:
        return None
    counted = people is not None and people == people
    return {
        "place_id": b["place_id"],
        "name": b["name"],
        "people": round(people) if people is not None and counted else None,
        "changes": changes,
        "reason": b["reason"],
        "decided_by": b["decided_by"],
    }


def _change(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any] | None:
    was, now = old["status"] in _REACHED, new["status"] in _REACHED
    moved_s = new["travel_time_s"] - old["travel_time_s"] if was and now else 0.0
    if was and not now:
        kind = "cut_off"
    elif now and not was:
        kind = "regained"
    elif abs(moved_s) >= WORTH_SAYING_S:
        kind = "slower" if moved_s > 0 else "faster"
    elif old["status"] != new["status"] and was:
        kind = "slower" if new["status"] == "by_relay" else "faster"
    else:
        return None
    return {
        "kind": kind,
        "status_a": old["status"],
        "status_b": new["status"],
        "travel_time_a_s": old["travel_time_s"],
        "travel_time_b_s": new["travel_time_s"],
        "lost_s": round(moved_s, 1) if was and now else None,
    }


def _totals(rows: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    result = {}
    for kind in _KINDS:
        here = [row for row in rows if row["changes"].get(name, {}).get("kind") == kind]
        lost = [row["changes"][name]["lost_s"] for row in here]
        result[kind] = {
            "places": len(here),
            "people": sum(row["people"] or 0 for row in here),
            "places_uncounted": sum(row["people"] is None for row in here),
            "most_lost_s": max((abs(one) for one in lost if one is not None), default=None),
        }
    return result


def _weight(row: dict[str, Any]) -> tuple[int, float, str]:
    """Newly cut off first, then those with most people times the time they lost."""
    kinds = [change["kind"] for change in row["changes"].values()]
    lost_s = max((change["lost_s"] or 0.0 for change in row["changes"].values()), default=0.0)
    people = row["people"] or 1
    order = min(_KINDS.index(kind) for kind in kinds)
    return order, -people * (lost_s if order else 1.0), row["place_id"]
