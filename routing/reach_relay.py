"""Reach by relay: the verdict of places that no vehicle class gets to by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from routing.chain import Chain, chains
from routing.reach_question import NEAR_CAP_SHARE, Question, with_worst, without_doubtful
from routing.relay import Relay, relay
from routing.relay_air import Flight, Pad, depot_pads, flights
from routing.verdict import ClassReach, PlaceReach

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.model import VehicleClassName
    from routing.closures import Overlay
    from routing.relay_rules import RelayRules
    from routing.vehicles import AirClass, VehicleClass

# A load changes *at* a place if it is that near. Estimate.
_AT_PLACE_M = 300.0
_ROAD_VEHICLES = frozenset({"truck", "light_truck", "pickup"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayQuestion:
    """Which relays count: the rules, and all classes that may take part in one.

    Those of them for which a verdict is asked leave the depots. With `air_counts` a place to which
    only a flight leads is reached by relay; else the flight is only said.
    """

    rules: RelayRules
    classes: Mapping[VehicleClassName, VehicleClass]
    air: AirClass | None = None
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
    too_far = [_beyond_range(chain, asked.classes) for chain in found]
    found = [None if beyond else chain for chain, beyond in zip(found, too_far, strict=True)]
    flown = _flights(question, asked, reached, found)
    result = []
    for row, place in enumerate(reached):
        chain, flight = found[row], None if place.status == "reachable" else flown[row]
        best = place.best
        if best.status != "reachable" and chain is not None:
            near_cap = chain.walk_m > question.max_walk_m * NEAR_CAP_SHARE
            # If the vehicle alone might get there, the verdict might be another too.
            weak = bool(doubt[row]) or near_cap or best.sensitive
            best = _by_relay(best, chain, sensitive=weak)
            flight = None
        elif best.status != "reachable" and flight is not None and asked.air_counts:
            best = _by_air(best, flight)
        elif best.status != "reachable" and too_far[row]:
            best = replace(best, reason=f"{best.reason}; a relay is {too_far[row]}")
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


def _beyond_range(chain: Chain | None, classes: Mapping[VehicleClassName, VehicleClass]) -> str:
    """Why no vehicle drives a chain there and back, in words; ``""`` where all do."""
    for leg in () if chain is None else chain.legs[: len(chain.classes)]:
        if leg.length_m > classes[leg.vehicle_class].range_m:
            return (
                f"beyond range: {leg.length_m / 1000:.0f} km by {leg.vehicle_class}, which goes "
                f"{classes[leg.vehicle_class].range_km:g} km from where it takes over"
            )
    return ""


def _flights(
    question: Question,
    asked: RelayQuestion,
    reached: Sequence[PlaceReach],
    found: Sequence[Chain | None],
) -> list[Flight | None]:
    """The flight to each place, from a depot or from a place that vehicles reach.

    Nothing flies to where something on the ground arrives.
    """
    flown: list[Flight | None] = [None] * len(reached)
    rows = [
        row
        for row, (place, chain) in enumerate(zip(reached, found, strict=True))
        if place.status != "reachable" and chain is None
    ]
    pads = [*depot_pads(question.depots), *_staging(question, found)]
    made = flights(
        asked.air,
        pads,
        question.sites.take(rows),
        [question.place_ids[row] for row in rows],
        max_time_s=question.max_time_s,
    )
    for row, flight in zip(rows, made, strict=True):
        flown[row] = flight
    return flown


def _staging(question: Question, found: Sequence[Chain | None]) -> list[Pad]:
    """Places that a road vehicle reaches: a load can be driven there and flown on."""
    sites = question.sites
    return [
        Pad(
            lon=float(sites.lon[row]),
            lat=float(sites.lat[row]),
            start=question.place_ids[row],
            depot_id=chain.depot_id,
            ready_s=chain.travel_time_s,
            legs=chain.legs,
        )
        for row, chain in enumerate(found)
        if chain is not None and chain.walk_m <= _AT_PLACE_M and chain.classes[-1] in _ROAD_VEHICLES
    ]


def _by_air(alone: ClassReach, flight: Flight) -> ClassReach:
    why = f"; {alone.vehicle_class} alone: {alone.reason}" if alone.vehicle_class != "air" else ""
    over = "" if flight.start == flight.depot_id else f", from the staging point {flight.start}"
    return replace(
        alone,
        vehicle_class=flight.legs[0].vehicle_class,
        status="by_relay",
        depot_id=flight.depot_id,
        travel_time_s=flight.travel_time_s,
        walk_m=0.0,
        legs=flight.legs,
        reason=f"by air{over} ({flight.basis}){why}",
        sensitive=True,
    )
