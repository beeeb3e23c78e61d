"""Relay legs of a plan: the fastest chain to each place that no vehicle class gets to alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.operations import reaching
from geo.model import VEHICLE_CLASS_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from dashboard.operations.travelling import Travel
    from geo.model import VehicleClassName
    from routing.relay_legs import RelayLeg

#: How much longer than the nearest class another may carry loads from its road to the roadhead.
WALK_AT_ROADHEAD_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained:
    """A place and the chain to it, as `reach` gives it: one change, at one roadhead."""

    place_id: str
    chain: dict[str, Any]

    @property
    def roadhead(self) -> dict[str, Any]:
        """Where the load changes."""
        head: dict[str, Any] = self.chain["roadheads"][0]
        return head

    @property
    def position(self) -> tuple[float, float]:
        """Lon, lat of the roadhead."""
        return self.roadhead["lon"], self.roadhead["lat"]


def chained_places(
    situation: Situation,
    places: Sequence[str],
    classes: Sequence[VehicleClassName],
    *,
    at: datetime,
) -> list[Chained]:
    """Give the places that a relay of these classes reaches, and none of them alone.

    Chains with several changes are left out: nobody stays at a roadhead in between.
    """
    ordered = tuple(name for name in VEHICLE_CLASS_NAMES if name in classes)
    if not ordered:
        return []
    wanted = set(places)
    rows = reaching.make_reach(situation, ordered, at=at)["places"]
    return [
        Chained(place_id=row["place_id"], chain=row["relay"])
        for row in rows
        if row["place_id"] in wanted
        and row["status"] == "by_relay"
        and row.get("relay")
        and len(row["relay"]["roadheads"]) == 1
    ]


def relay_legs(
    situation: Situation,
    chained: Sequence[Chained],
    travel: Mapping[VehicleClassName, Travel],
    *,
    now: datetime,
    leaving: datetime,
) -> tuple[RelayLeg, ...]:
    """Give the relay legs; in `travel` the points of the places are their roadheads.

    Teams set out as soon as the plan is made, on foot, by night too, and carry from `leaving` on.
    """
    from routing.relay_legs import RelayLeg
    from routing.relay_rules import relay_rules

    known = situation.vehicle_classes()
    may_give = {
        (change.giver, change.taker): change.handling_s(known[change.taker])
        for change in relay_rules().change
        if change.taker in known
    }
    legs = []
    for one in chained:
        head, taker = one.roadhead, one.roadhead["to_class"]
        if taker not in travel:
            continue
        own = travel[taker]
        row = own.points.ids.index(one.place_id)
        walks_s = {
            name: float(travel[name].matrix.walk_s[row])
            for name in travel
            if (name, taker) in may_give and travel[name].matrix.attached[row]
        }
        # Who would have to carry loads for minutes from its road has its roadhead elsewhere.
        most_s = min(walks_s.values(), default=0.0) + WALK_AT_ROADHEAD_S
        givers = tuple(name for name, walk_s in walks_s.items() if walk_s <= most_s)
        if not givers:
            continue
        after = _after_change(one.chain, taker)
        lead_s = (leaving - now).total_seconds()
        teams_s = own.matrix.travel_time_s[: own.points.n_depots, row].tolist()
        legs.append(
            RelayLeg(
                place_id=one.place_id,
                roadhead=head["near"] or head["edge_id"],
                lon=head["lon"],
                lat=head["lat"],
                givers=givers,
                taker=taker,
                handling_s=max(may_give[name, taker] for name in givers),
                travel_time_s=sum(leg["travel_time_s"] for leg in after),
                length_m=sum(leg["length_m"] for leg in after),
                walk_m=one.chain["walk_m"],
                ready_s={
                    depot: max(walk_s - lead_s, 0.0)
                    for depot, walk_s in zip(own.points.ids, teams_s, strict=False)
                    if math.isfinite(walk_s)
                },
            )
        )
    return tuple(legs)


def _after_change(chain: dict[str, Any], taker: str) -> list[dict[str, Any]]:
    """The legs from the roadhead on; before it is one leg of the giver."""
    legs: list[dict[str, Any]] = chain["legs"]
    first = next(row for row, leg in enumerate(legs) if leg["class"] == taker and row > 0)
    return legs[first:]
