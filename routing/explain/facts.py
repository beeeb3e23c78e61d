"""What an explanation holds: figures, no sentences (`words` makes those)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from geo.model import VehicleClassName
    from routing.hours import EndedBy

# Where a vehicle's chance to bring one more portion ends, in the order in which it is looked at.
Stage = Literal[
    "road",  # no road there and back for its class
    "size",  # one portion does not fit the empty vehicle
    "window",  # the place, or a later stop of the day, would be served after it has closed
    "time",  # no time left in its shift, its depot's hours or the light
    "trips",  # all trips of the day are driven
    "room",  # the trip that passes has no kg or m³ left
    "stock",  # its depot has not got one more portion
    "worth",  # it could, but others would be delayed by more than it is worth
    "free",  # it could: a longer search would take it along
]
STAGES: tuple[Stage, ...] = get_args(Stage)

# What could be changed so that more of a need is brought.
Also = Literal["stock", "vehicle", "at_roadhead"]
GainKind = Literal["road", "stock", "vehicle", "hours", "window", "whole", "urgency", "teams"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far the vehicles of the plan get with one more portion of a need.

    Parameters
    ----------
    vehicles
        How many were looked at (those that carry on from a roadhead are not among them).
    stopped
        How many of them end at each stage, none left out.
    nearest
        Id of the vehicle that gets farthest, "" without vehicles.
    lacks_s
        What the nearest lacks in time, where that is the stage at which it ends.
    held, given
        Of the item, over all depots: what the plan began with and what it hands out.
    road
        Where and why the road is closed, in words; "" where none is, or nobody asked.
    """

    vehicles: int
    stopped: Mapping[Stage, int]
    nearest: str = ""
    lacks_s: float = 0.0
    held: float = 0.0
    given: float = 0.0
    road: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """One change, and how much more of the need would then be brought, all else as planned.

    Parameters
    ----------
    quantity
        Brought at least, in the item's unit: every vehicle makes at most one more halt for it.
    amount
        How much of the change that takes: units of stock, vehicles, teams, seconds more, or the
        weight of one unit (`urgency`).
    depot_id, vehicle_id, vehicle_class
        Where the stock or the vehicle would stand, and who would bring it.
    arrives_at
        When the first of it would be at the place.
    ended_by
        What would have to end later (`hours`): the shift, the light, the hours of the depot.
    closures, road
        Ids of the closures that would have to be lifted (`road`), and the way in words.
    also
        What has to come with it: more of the item at the depot, one more vehicle there, or teams
        that stand at the roadhead in the morning.
    """

    kind: GainKind
    quantity: float
    amount: float = 0.0
    depot_id: str = ""
    vehicle_id: str = ""
    vehicle_class: VehicleClassName | Literal[""] = ""
    arrives_at: datetime | None = None
    ended_by: tuple[EndedBy, ...] = ()
    closures: tuple[str, ...] = ()
    road: str = ""
    also: tuple[Also, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayTeams:
    """Teams for one place behind a roadhead: loads needed and possible, and where teams are.

    `idle` could carry on, but no vehicle brings them loads: others get more by it elsewhere.
    """

    roadhead: str
    taker: VehicleClassName
    loads_needed: int
    loads_possible: int
    loads_free: int
    teams: int
    serving: int
    elsewhere: int
    too_far: int
    way_s: float
    idle: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedWhy:
    """Why one need stays unserved and what would help, the change that brings most first."""

    limits: Limits
    gains: tuple[Gain, ...]
    relay: RelayTeams | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """The same two stops, or trips, the other way round.

    Parameters
    ----------
    other
        Place of the other stop (of the other trip: its first).
    trips
        Whether whole trips change places.
    own_s, other_s
        How much later (negative: earlier) aid would be here and there.
    worse
        What weight × quantity × hours would grow by; negative where it would fall.
    holds
        Whether the day would still keep the shift, the light and all windows.
    longer_s
        How much longer the vehicle would be out.
    """

    other: str
    trips: bool
    own_s: float
    other_s: float
    worse: float
    holds: bool
    longer_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWhy:
    """Why a stop comes when it does.

    Parameters
    ----------
    value, value_share
        Weight × quantity of what it gets, and as a share of all that the plan was asked for.
    weight
        The largest weight of one unit among it.
    number, of_stops
        Its place among all stops of the vehicle's day.
    earliest_at
        When any vehicle of the fleet could be here at the earliest, if it came here first.
    before, after
        What would happen if it changed places with the stop that follows and the one in front.
    kept
        Not empty at a re-plan: "done", "on_the_road" or "locked".
    """

    value: float
    value_share: float
    weight: float
    number: int
    of_stops: int
    arrives_at: datetime
    earliest_at: datetime | None = None
    before: Swap | None = None
    after: Swap | None = None
    kept: str = ""


def as_row(gain: Gain) -> dict[str, Any]:
    """A gain as JSON; fields that say nothing are left out."""
    row: dict[str, Any] = {"kind": gain.kind, "quantity": round(gain.quantity, 6)}
    if gain.amount:
        row["amount"] = round(gain.amount, 6)
    for name in ("depot_id", "vehicle_id", "vehicle_class", "road"):
        if value := getattr(gain, name):
            row[name] = value
    if gain.arrives_at is not None:
        row["arrives_at"] = gain.arrives_at.isoformat()
    for name in ("closures", "also", "ended_by"):
        if several := getattr(gain, name):
            row[name] = list(several)
    return row
