"""What convoys say on the way: arrived, delivered, refused, blocked, in need of help. Once each."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods, planning
from dashboard.operations.delivering import DeliveryCounter
from dashboard.operations.roads import closure_event
from data.events import ConvoyReported, DeliveryReported, NewEvent, RoadClosed
from data.intake.reply import Reply, parse_reply
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from data.events import Event

# What stands in the book is read before it is written: one report after the other.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Who reports: `sender` keeps the ids of one from those of another; `said_at` None = now."""

    sender: str = ""
    client_id: str | None = None
    said_at: datetime | None = None


def take_reply(
    situation: Situation, convoy_id: str, text: str, *, by: Reporter = Reporter()
) -> dict[str, Any]:
    """Record what a message of a convoy's leader says (`data.intake.reply`).

    Returns
    -------
    dict
        ``{convoy_id, kind, new, recorded}``; `recorded` are ids of deliveries, closures or the
        convoy. `new` is False where the message of this id was taken in before.
    """
    return take_report(situation, convoy_id, parse_reply(text), by=by, words=text)


def take_report(
    situation: Situation, convoy_id: str, said: Reply, *, by: Reporter, words: str = ""
) -> dict[str, Any]:
    """Record what a convoy says; `words` is the message itself, where it was one.

    Raises
    ------
    UnknownIdError
        The newest plan has no such convoy, stop or item.
    RuleError
        The convoy does not carry so much, or the way is not so long.
    """
    convoy = find_convoy(situation, convoy_id)
    at = goods.require_past(situation, by.said_at)
    with _turn:
        base = f"field:{by.sender or 'owner'}:{by.client_id}"
        if by.client_id and situation.store.recorded_client_ids([f"{base}:0"]):
            return {"convoy_id": convoy_id, "kind": said.kind, "new": False, "recorded": []}
        events = _events(situation, convoy, said, words)
        recorded = situation.store.append(
            [
                NewEvent(
                    payload=one,
                    reported_at=at,
                    client_id=f"{base}:{number}" if by.client_id else None,
                )
                for number, one in enumerate(events)
            ]
        )
    kinds = (DeliveryReported.type, RoadClosed.type, ConvoyReported.type)
    ids = [
        str(one.payload.get("delivery_id") or one.payload.get("closure_id") or convoy_id)
        for one in recorded
        if one.type in kinds
    ]
    return {"convoy_id": convoy_id, "kind": said.kind, "new": True, "recorded": ids}


def find_convoy(situation: Situation, convoy_id: str) -> dict[str, Any]:
    """Give a convoy of the newest plan that has it; raises `UnknownIdError`."""
    for made in reversed(situation.store.plans()):
        for one in planning.load_plan(situation, made.plan_id)["convoys"]:
            if one["convoy_id"] == convoy_id:
                return {**one, "plan_id": made.plan_id}
    raise UnknownIdError(
        convoy_id[:100], "no plan has such a convoy", "take an id from `qafila plan --json`"
    )


def last_heard(situation: Situation) -> list[dict[str, Any]]:
    """Give for each convoy that reported when it was heard last and what it said, newest first."""
    newest: dict[str, dict[str, Any]] = {}
    for event in situation.store.events(types=[ConvoyReported.type]):
        newest[event.payload["convoy_id"]] = {
            "convoy_id": event.payload["convoy_id"],
            "heard_at": (event.reported_at or event.recorded_at).isoformat(timespec="seconds"),
            "kind": event.payload["kind"],
            "place_id": event.payload["place_id"],
            "note": event.payload["note"],
        }
    return sorted(newest.values(), key=lambda one: str(one["heard_at"]), reverse=True)


def _events(situation: Situation, convoy: dict[str, Any], said: Reply, words: str) -> list[Event]:
    """Give what is recorded of a report: that it came, and what it changes."""
    stop = None if said.stop is None else _stop(convoy, said.stop)
    found: list[Event] = [
        ConvoyReported(
            convoy_id=convoy["convoy_id"],
            plan_id=convoy["plan_id"],
            kind=said.kind,
            place_id=None if stop is None else stop["place_id"],
            km=said.km,
            note=(words or said.note)[:500],
        )
    ]
    if said.kind in ("delivered", "refused") and stop is not None:
        found += _deliveries(situation, convoy, stop, said)
    if said.kind == "blocked" and said.km is not None:
        found.append(_closure(situation, convoy, said, said.km))
    return found


def _deliveries(
    situation: Situation, convoy: dict[str, Any], stop: dict[str, Any], said: Reply
) -> list[Event]:
    counter = DeliveryCounter.of(situation)
    slip_id = new_id("slip")
    found: list[Event] = []
    for written, item in said.goods:
        thing = goods.find_item(situation, item)
        planned = stop["deliver"].get(thing.item_id)
        quantity = thing.read(written) if said.kind == "delivered" else Decimal(0)
        found += counter.events(
            thing,
            convoy["convoy_id"],
            stop["place_id"],
            quantity,
            expected=None if planned is None else thing.read(f"{planned:f}"),
            slip_id=slip_id,
            note="said by the convoy",
        )
    return found


def _closure(situation: Situation, convoy: dict[str, Any], said: Reply, km: float) -> RoadClosed:
    lon, lat = position_at(situation, convoy, km)
    return closure_event(
        situation,
        near=(lon, lat),
        classes=said.classes,
        source=convoy["convoy_id"],
        reason=said.note or f"blocked, says the convoy at km {km:g}",
        confidence=0.9,
    )


def position_at(situation: Situation, convoy: dict[str, Any], km: float) -> tuple[float, float]:
    """Give lon, lat of a kilometre of a convoy's way; raises `RuleError` beyond its end."""
    from dashboard.operations.exporting import plan_itineraries

    plan = planning.load_plan(situation, convoy["plan_id"])
    only = {**plan, "convoys": [one for one in plan["convoys"] if _is(one, convoy)]}
    (itinerary,) = plan_itineraries(situation, only)
    left_m = km * 1_000
    for leg in itinerary.legs:
        if left_m <= leg.length_m and leg.geometry is not None:
            # Of a leg the share of its length counts: its line is in degrees.
            point = leg.geometry.interpolate(left_m / max(leg.length_m, 1e-9), normalized=True)
            return float(point.x), float(point.y)
        left_m -= leg.length_m
    raise RuleError(
        f"km {km:g} of {convoy['convoy_id']}",
        f"its way is {itinerary.length_km:.1f} km long",
        "correct the kilometre",
    )


def _is(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["convoy_id"] == other["convoy_id"])


def _stop(convoy: dict[str, Any], number: int) -> dict[str, Any]:
    stops: Sequence[dict[str, Any]] = convoy["stops"]
    if number > len(stops):
        raise InputError(
            f"stop {number} of {convoy['convoy_id']}", f"it has {len(stops)} stops", "correct it"
        )
    return stops[number - 1]
