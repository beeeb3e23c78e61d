"""Reach by relay: the verdict of places that no vehicle class gets to by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from routing.chain import Chain, Leg, chains
from routing.reach_question import NEAR_CAP_SHARE, Question, with_worst, without_doubtful
from routing.relay import Relay, relay
from routing.relay_air import Flight, flights
from routing.verdict import ClassReach, PlaceReach

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.model import VehicleClassName
    from routing.closures import Overlay
    from routing.relay_rules import RelayRules
    from routing.vehicles import VehicleClass

# A load changes *at* a place if it is that near. Estimate.
_AT_PLACE_M = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayQuestion:
    """Which relays count: the rules, and all classes that may take part in one.

    Those of them for which a verdict is asked leave the depots. With `air_counts` a place to which
    only a flight leads is reached by relay; else the flight is only said.
    """

    rules: RelayRules
    classes: Mapping[VehicleClassName, VehicleClass]
    air_counts: bool = False


def with_relays(
    question: Question,
    asked: RelayQuestion,
    classes: Sequence[VehicleClass],
    reached: Sequence[PlaceReach],
) -> list[PlaceReach]:
    """The same places, with the fastest chain of each; those that need one have it as verdict."""
    starts = [one.name for one in classes]
    now = _relay(question, asked, starts, question.overlay)
    doubt = np.zeros(len(reached), dtype=bool)
    for changed in (without_doubtful(question.overlay), with_worst(question.overlay)):
        if changed is not None:
            then = _relay(question, asked, starts, changed)
            doubt |= (then.layer >= 0) != (now.layer >= 0)
    found = chains(now, depots=question.depots, places=question.places, crs=question.crs)
    flown = flights(
        asked.rules.air, question.depots, question.sites, max_time_s=question.max_time_s
    )
    result = []
    for row, place in enumerate(reached):
        chain, flight = found[row], None if place.status == "reachable" else flown[row]
        best = place.best
        if best.status != "reachable" and chain is not None:
            near_cap = chain.walk_m > question.max_walk_m * NEAR_CAP_SHARE
            best = _by_relay(best, chain, sensitive=bool(doubt[row]) or near_cap)
            flight = None
        elif best.status != "reachable" and flight is not None and asked.air_counts:
            best = _by_air(best, flight, place.place_id)
        result.append(replace(place, best=best, relay_asked=True, chain=chain, flight=flight))
    return result


def _relay(
    question: Question,
    asked: RelayQuestion,
    starts: Sequence[VehicleClassName],
    state: Overlay,
) -> Relay:
    return relay(
        question.engine,
        question.tables,
        classes=asked.classes,
        rules=asked.rules,
        starts=starts,
        depots=question.depots,
        overlay=state,
        sites=question.sites,
        crs=question.crs,
        max_walk_m=question.max_walk_m,
        max_bypass_m=question.max_bypass_m,
        max_time_s=question.max_time_s,
    )


def _by_relay(alone: ClassReach, chain: Chain, *, sensitive: bool) -> ClassReach:
    """The verdict of a relay, from that of the class that does not get there by itself."""
    changes = "; ".join(
        f"{one.giver} to {one.taker}" + (f" {_away(one.near_m)}{one.near}" if one.near else "")
        for one in chain.roadheads
    )
    why = f"; {alone.vehicle_class} alone: {alone.reason}" if alone.reason else ""
    return ClassReach(
        vehicle_class=chain.classes[0],
        status="by_relay",
        depot_id=chain.depot_id,
        travel_time_s=chain.travel_time_s,
        walk_m=chain.walk_m,
        legs=chain.legs,
        reason=f"by relay: {changes}{why}",
        decided_by=alone.decided_by,
        sensitive=sensitive,
    )


def _away(near_m: float) -> str:
    return "at " if near_m < _AT_PLACE_M else f"{near_m / 1000:.1f} km from "


def _by_air(alone: ClassReach, flight: Flight, place_id: str) -> ClassReach:
    why = f"; {alone.vehicle_class} alone: {alone.reason}" if alone.vehicle_class != "air" else ""
    leg = Leg(
        vehicle_class="air",
        start=flight.depot_id,
        end=place_id,
        travel_time_s=flight.travel_time_s - flight.handling_s,
        length_m=flight.length_m,
        handling_s=flight.handling_s,
    )
    return replace(
        alone,
        vehicle_class="air",
        status="by_relay",
        depot_id=flight.depot_id,
        travel_time_s=flight.travel_time_s,
        walk_m=0.0,
        legs=(leg,),
        reason=f"by air ({flight.basis}){why}",
        sensitive=True,
    )
