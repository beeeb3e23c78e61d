"""What a solver gives back: convoys with their stops, what stays unserved and why, and a score.

A convoy is one trip of one vehicle from its depot and back. `arrives_at` is when the aid is at the
place: the vehicle stops at the road at `at_road_at`, and the last walk comes on top. Times are
aware UTC in whole seconds. The dictionaries hold nothing that JSON cannot say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from geo.errors import UnreadableError
from geo.model import VEHICLE_CLASS_NAMES, VehicleClassName

if TYPE_CHECKING:
    from collections.abc import Mapping

Code = Literal[
    "no_road",  # no vehicle class has a road to the place
    "no_vehicle_class",  # a road, but no vehicle of a class that may use it
    "no_stock",  # no depot holds the item
    "stock_elsewhere",  # depots hold it, but none of those can send a vehicle there
    "stock_ends",  # all that could be sent there is on its way, here or elsewhere
    "too_large",  # one unit fits no vehicle that reaches the place
    "shift_too_short",  # there and back takes longer than any shift
    "not_to_be_split",  # no vehicle or no depot has it all at once, and it must stay whole
    "arrives_after_dark",  # there and back takes longer than it is light
    "no_relay_team",  # by relay only, and no team of the fleet is left to carry on
    "window_closes",  # the place, or the checkpoint before it, closes before a vehicle can be there
    "opens_too_late",  # the place opens when no vehicle could be home in time any more
    "weight_unknown",  # nobody has said what one of it weighs and fills
    "no_driver",  # the vehicles that reach the place stand still for want of a driver
    "no_vehicle_free",  # every vehicle that reaches the place is full or at the end of its shift
]
CODES: tuple[Code, ...] = get_args(Code)
Kept = Literal["", "done", "on_the_road", "locked"]
StoppedBy = Literal["iterations", "seconds", "stop", "nothing_to_plan"]
Objective = Literal["arrival", "cost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRelay:
    """Who carries on from the roadhead at which a convoy stops for a place.

    Each of `teams` (vehicle ids of `vehicle_class`) makes up to `carries` carries that day, with
    `handling_s` before and `travel_time_s` on each way.
    """

    roadhead: str
    lon: float
    lat: float
    vehicle_class: VehicleClassName
    teams: tuple[str, ...]
    carries: int
    handling_s: float
    travel_time_s: float
    length_m: float = 0.0
    walk_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One halt: `deliver` maps item id to quantity in the item's unit.

    With a `relay` the halt is at a roadhead, and `arrives_at` is when the last of the teams'
    carries is at the place.
    """

    place_id: str
    at_road_at: datetime
    arrives_at: datetime
    leaves_at: datetime
    deliver: Mapping[str, float]
    walk_s: float = 0.0
    load_kg: float = 0.0
    load_m3: float = 0.0
    relay: StopRelay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """One of several vehicles that travel together, and what it carries of their load."""

    vehicle_id: str
    vehicle_name: str
    vehicle_class: VehicleClassName
    load: Mapping[str, float]
    load_kg: float
    load_m3: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Convoy:
    """One trip of one vehicle, or of a `company` of which it leads.

    `trip` counts the trips of that vehicle from 1; the company includes it, and is empty where it
    travels alone.
    """

    convoy_id: str
    vehicle_id: str
    vehicle_name: str
    vehicle_class: VehicleClassName
    depot_id: str
    trip: int
    departs_at: datetime
    returns_at: datetime
    stops: tuple[Stop, ...]
    length_m: float
    duration_s: float
    load_kg: float
    load_m3: float
    kept: Kept = ""
    locked: bool = False
    company: tuple[Companion, ...] = ()

    @property
    def vehicle_ids(self) -> tuple[str, ...]:
        """Ids of all vehicles that travel in it."""
        return tuple(one.vehicle_id for one in self.company) or (self.vehicle_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a convoy does not bring, because its road closed or its vehicle broke down.

    `stays` says that nobody knows a way home; `until` is when it is back, else when it stopped.
    `company` are the ids of all vehicles in it, where there were several.
    """

    convoy_id: str
    vehicle_id: str
    depot_id: str
    until: datetime
    stays: bool
    load: Mapping[str, float]
    reason: str
    company: tuple[str, ...] = ()

    @property
    def vehicle_ids(self) -> tuple[str, ...]:
        """Ids of all vehicles that travelled in it."""
        return self.company or (self.vehicle_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """What a place does not get, with the most binding reason in plain words."""

    place_id: str
    item_id: str
    quantity: float
    code: Code
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How good a plan is.

    Parameters
    ----------
    weighted_arrival
        Σ over what is delivered of weight × quantity × hours from the start of the plan until it
        arrives. Lower is better between plans that deliver the same.
    served_share
        Share of all needs that is delivered, each counted as weight × kg. 1 without any need.
    worst_commune_share
        The same share in the commune where it is lowest.
    deprivation
        The objective "arrival": `weighted_arrival`, what stays unserved as if it came much later,
        unfairness and vehicles' time, in weight × quantity × hours (docs/convoys.md). Lower is
        better between plans for the same problem and fairness.
    """

    weighted_arrival: float
    served_share: float
    worst_commune_share: float
    deprivation: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan and what it was made with; the same problem, seed and iterations give it again."""

    plan_id: str
    seed: int
    departs_at: datetime
    convoys: tuple[Convoy, ...]
    unserved: tuple[Unserved, ...]
    score: Score
    fairness: float = 0.0
    objective: Objective = "arrival"
    iterations: int = 0
    stopped_by: StoppedBy = "iterations"
    problem_sha256: str = ""
    solver: str = ""
    commune_shares: Mapping[str, float] = field(default_factory=dict)
    notice: str = ""
    replaces: str = ""
    replanned_at: datetime | None = None
    returned: tuple[Returned, ...] = ()


def plan_to_dict(plan: Plan) -> dict[str, Any]:
    """Give the plan as the JSON that other programs rely on (the contract), with further fields."""
    document: dict[str, Any] = {
        "plan_id": plan.plan_id,
        "seed": plan.seed,
        "departs_at": plan.departs_at.isoformat(),
        "fairness": plan.fairness,
        "objective": plan.objective,
        "iterations": plan.iterations,
        "stopped_by": plan.stopped_by,
        "solver": plan.solver,
        "problem_sha256": plan.problem_sha256,
        "notice": plan.notice,
        "convoys": [_convoy_to_dict(convoy) for convoy in plan.convoys],
        "unserved": [
            {
                "place_id": row.place_id,
                "item": row.item_id,
                "quantity": row.quantity,
                "code": row.code,
                "reason": row.reason,
            }
            for row in plan.unserved
        ],
        "score": {
            "weighted_arrival": plan.score.weighted_arrival,
            "served_share": plan.score.served_share,
            "worst_commune_share": plan.score.worst_commune_share,
            "deprivation": plan.score.deprivation,
        },
        "commune_shares": dict(plan.commune_shares),
    }
    if plan.replaces and plan.replanned_at:
        document["replaces"] = plan.replaces
        document["replanned_at"] = plan.replanned_at.isoformat()
        document["returned"] = [
            {
                "convoy_id": one.convoy_id,
                "vehicle_id": one.vehicle_id,
                "depot_id": one.depot_id,
                "until": one.until.isoformat(),
                "stays": one.stays,
                "load": dict(one.load),
                "reason": one.reason,
                "company": list(one.company),
            }
            for one in plan.returned
        ]
    return document


def plan_from_dict(document: Mapping[str, Any]) -> Plan:
    """Read what `plan_to_dict` gave.

    Raises
    ------
    UnreadableError
        A field of the contract is missing or of another type.
    """
    try:
        return Plan(
            plan_id=_text(document["plan_id"]),
            seed=int(document["seed"]),
            departs_at=_time(document["departs_at"]),
            convoys=tuple(_convoy_from_dict(row) for row in document["convoys"]),
            unserved=tuple(
                Unserved(
                    place_id=_text(row["place_id"]),
                    item_id=_text(row["item"]),
                    quantity=_number(row["quantity"]),
                    code=_one_of(CODES, row["code"]),
                    reason=_text(row["reason"]),
                )
                for row in document["unserved"]
            ),
            score=Score(
                weighted_arrival=_number(document["score"]["weighted_arrival"]),
                served_share=_number(document["score"]["served_share"]),
                worst_commune_share=_number(document["score"]["worst_commune_share"]),
                # Plans of before the objective "arrival" do not have it.
                deprivation=_number(document["score"].get("deprivation", 0.0)),
            ),
            fairness=_number(document["fairness"]),
            objective=_one_of(get_args(Objective), document.get("objective", "cost")),
            iterations=int(document["iterations"]),
            stopped_by=_one_of(get_args(StoppedBy), document["stopped_by"]),
            problem_sha256=_text(document["problem_sha256"]),
            solver=_text(document["solver"]),
            commune_shares={
                _text(name): _number(share) for name, share in document["commune_shares"].items()
            },
            notice=_text(document["notice"]),
            replaces=_text(document.get("replaces", "")),
            replanned_at=_time(document["replanned_at"]) if "replanned_at" in document else None,
            returned=tuple(_returned_from_dict(row) for row in document.get("returned", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(
            f"plan: {type(error).__name__} {error}",
            "the JSON of a plan is needed",
            "write it again with `plan --json`",
        ) from error


def _convoy_to_dict(convoy: Convoy) -> dict[str, Any]:
    return {
        "convoy_id": convoy.convoy_id,
        "vehicle_class": convoy.vehicle_class,
        "vehicle_id": convoy.vehicle_id,
        "vehicle_name": convoy.vehicle_name,
        "depot_id": convoy.depot_id,
        "trip": convoy.trip,
        "departs_at": convoy.departs_at.isoformat(),
        "returns_at": convoy.returns_at.isoformat(),
        "stops": [
            {
                "place_id": stop.place_id,
                "at_road_at": stop.at_road_at.isoformat(),
                "arrives_at": stop.arrives_at.isoformat(),
                "leaves_at": stop.leaves_at.isoformat(),
                "deliver": dict(stop.deliver),
                "walk_s": stop.walk_s,
                "load_kg": stop.load_kg,
                "load_m3": stop.load_m3,
                "relay": _relay_to_dict(stop.relay),
            }
            for stop in convoy.stops
        ],
        "length_m": convoy.length_m,
        "duration_s": convoy.duration_s,
        "load_kg": convoy.load_kg,
        "load_m3": convoy.load_m3,
        "kept": convoy.kept,
        "locked": convoy.locked,
        "company": [
            {
                "vehicle_id": one.vehicle_id,
                "vehicle_name": one.vehicle_name,
                "vehicle_class": one.vehicle_class,
                "load": dict(one.load),
                "load_kg": one.load_kg,
                "load_m3": one.load_m3,
            }
            for one in convoy.company
        ],
    }


def _convoy_from_dict(row: Mapping[str, Any]) -> Convoy:
    return Convoy(
        convoy_id=_text(row["convoy_id"]),
        vehicle_id=_text(row["vehicle_id"]),
        vehicle_name=_text(row["vehicle_name"]),
        vehicle_class=_one_of(VEHICLE_CLASS_NAMES, row["vehicle_class"]),
        depot_id=_text(row["depot_id"]),
        trip=int(row["trip"]),
        departs_at=_time(row["departs_at"]),
        returns_at=_time(row["returns_at"]),
        stops=tuple(
            Stop(
                place_id=_text(stop["place_id"]),
                at_road_at=_time(stop["at_road_at"]),
                arrives_at=_time(stop["arrives_at"]),
                leaves_at=_time(stop["leaves_at"]),
                deliver={_text(item): _number(q) for item, q in stop["deliver"].items()},
                walk_s=_number(stop["walk_s"]),
                load_kg=_number(stop["load_kg"]),
                load_m3=_number(stop["load_m3"]),
                # Plans of before there were relays do not have it.
                relay=_relay_from_dict(stop.get("relay")),
            )
            for stop in row["stops"]
        ),
        length_m=_number(row["length_m"]),
        duration_s=_number(row["duration_s"]),
        load_kg=_number(row["load_kg"]),
        load_m3=_number(row["load_m3"]),
        kept=_one_of(get_args(Kept), row.get("kept", "")),
        locked=bool(row.get("locked", False)),
        # Plans of before vehicles could travel together have none.
        company=tuple(_companion_from_dict(one) for one in row.get("company", ())),
    )


def _companion_from_dict(row: Mapping[str, Any]) -> Companion:
    return Companion(
        vehicle_id=_text(row["vehicle_id"]),
        vehicle_name=_text(row["vehicle_name"]),
        vehicle_class=_one_of(VEHICLE_CLASS_NAMES, row["vehicle_class"]),
        load={_text(item): _number(quantity) for item, quantity in row["load"].items()},
        load_kg=_number(row["load_kg"]),
        load_m3=_number(row["load_m3"]),
    )


def _returned_from_dict(row: Mapping[str, Any]) -> Returned:
    return Returned(
        convoy_id=_text(row["convoy_id"]),
        vehicle_id=_text(row["vehicle_id"]),
        depot_id=_text(row["depot_id"]),
        until=_time(row["until"]),
        stays=bool(row["stays"]),
        load={_text(item): _number(q) for item, q in row["load"].items()},
        reason=_text(row["reason"]),
        company=tuple(_text(one) for one in row.get("company", ())),
    )


def _relay_to_dict(relay: StopRelay | None) -> dict[str, Any] | None:
    if relay is None:
        return None
    return {
        "roadhead": relay.roadhead,
        "lon": relay.lon,
        "lat": relay.lat,
        "class": relay.vehicle_class,
        "teams": list(relay.teams),
        "carries": relay.carries,
        "handling_s": relay.handling_s,
        "travel_time_s": relay.travel_time_s,
        "length_m": relay.length_m,
        "walk_m": relay.walk_m,
    }


def _relay_from_dict(row: Mapping[str, Any] | None) -> StopRelay | None:
    if row is None:
        return None
    return StopRelay(
        roadhead=_text(row["roadhead"]),
        lon=_number(row["lon"]),
        lat=_number(row["lat"]),
        vehicle_class=_one_of(VEHICLE_CLASS_NAMES, row["class"]),
        teams=tuple(_text(team) for team in row["teams"]),
        carries=int(row["carries"]),
        handling_s=_number(row["handling_s"]),
        travel_time_s=_number(row["travel_time_s"]),
        length_m=_number(row["length_m"]),
        walk_m=_number(row["walk_m"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _time(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return moment


def _one_of(allowed: tuple[Any, ...], value: Any) -> Any:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
    return value
