"""A plan as people read it: the day of every vehicle, what it carries, who is left and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.model import Vehicle

Plan = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One trip on the time line; shares are of the width of the line, 0 to 1."""

    convoy_id: str
    trip: int
    begin_share: float
    end_share: float
    departs_at: datetime
    returns_at: datetime
    stops: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleDay:
    """All trips of one vehicle, in order."""

    vehicle_id: str
    name: str
    vehicle_class: str
    depot_id: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLine:
    """The day of a plan; `hours` are the full hours with their place on the line."""

    begins_at: datetime
    ends_at: datetime
    days: tuple[VehicleDay, ...]
    hours: tuple[tuple[float, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one trip carries, and which share of its vehicle that fills (None: size unknown)."""

    convoy_id: str
    vehicle: str
    vehicle_class: str
    trip: int
    departs_at: datetime
    stops: tuple[str, ...]
    load_kg: float
    load_m3: float
    kg_share: float | None
    m3_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Needs that stay without delivery for one cause."""

    code: str
    lines: int
    places: int
    by_item: Mapping[str, float]


def time_line(plan: Plan, names: Mapping[str, str]) -> TimeLine | None:
    """Give the day of every vehicle, those of one depot together; None for a plan without trips.

    Parameters
    ----------
    plan
        The contract's JSON.
    names
        Name of each place.
    """
    convoys = plan["convoys"]
    if not convoys:
        return None
    begins_at = min(_moment(one["departs_at"]) for one in convoys).replace(minute=0, second=0)
    last = max(_moment(one["returns_at"]) for one in convoys)
    hours_long = max(1, -int((begins_at - last) // timedelta(hours=1)))
    ends_at = begins_at + timedelta(hours=hours_long)

    def share(moment: datetime) -> float:
        return (moment - begins_at) / (ends_at - begins_at)

    trips: dict[tuple[str, str, str, str], list[Bar]] = defaultdict(list)
    for one in convoys:
        vehicle = one.get("vehicle_id") or one["convoy_id"]
        label = one.get("vehicle_name") or vehicle
        departs_at, returns_at = _moment(one["departs_at"]), _moment(one["returns_at"])
        trips[one["depot_id"], one["vehicle_class"], label, vehicle].append(
            Bar(
                convoy_id=one["convoy_id"],
                trip=int(one.get("trip", 1)),
                begin_share=share(departs_at),
                end_share=share(returns_at),
                departs_at=departs_at,
                returns_at=returns_at,
                stops=tuple(
                    (share(_moment(stop["arrives_at"])), names.get(stop["place_id"], "?"))
                    for stop in one["stops"]
                ),
            )
        )
    days = tuple(
        VehicleDay(
            vehicle_id=vehicle,
            name=label,
            vehicle_class=vehicle_class,
            depot_id=depot_id,
            bars=tuple(sorted(bars, key=lambda bar: bar.departs_at)),
        )
        for (depot_id, vehicle_class, label, vehicle), bars in sorted(trips.items())
    )
    step = 1 if hours_long <= 14 else 2
    hours = tuple(
        (hour / hours_long, begins_at + timedelta(hours=hour))
        for hour in range(0, hours_long + 1, step)
    )
    return TimeLine(begins_at=begins_at, ends_at=ends_at, days=days, hours=hours)


def loads(plan: Plan, vehicles: Sequence[Vehicle], names: Mapping[str, str]) -> list[Load]:
    """Give what every trip carries, in the order of departure."""
    size = {one.vehicle_id: one for one in vehicles}
    found = []
    for one in plan["convoys"]:
        room = room_of(one, size)
        load_kg, load_m3 = float(one.get("load_kg", 0.0)), float(one.get("load_m3", 0.0))
        found.append(
            Load(
                convoy_id=one["convoy_id"],
                vehicle=one.get("vehicle_name") or one.get("vehicle_id") or one["convoy_id"],
                vehicle_class=one["vehicle_class"],
                trip=int(one.get("trip", 1)),
                departs_at=_moment(one["departs_at"]),
                stops=tuple(names.get(stop["place_id"], "?") for stop in one["stops"]),
                load_kg=load_kg,
                load_m3=load_m3,
                kg_share=load_kg / room[0] if room and room[0] > 0 else None,
                m3_share=load_m3 / room[1] if room and room[1] > 0 else None,
            )
        )
    return sorted(found, key=lambda load: (load.departs_at, load.vehicle))


def room_of(
    convoy: Mapping[str, Any], vehicles: Mapping[str, Vehicle]
) -> tuple[float, float] | None:
    """Kilograms and cubic metres that a convoy takes; None where a vehicle of it is not known."""
    company = convoy.get("company") or [{"vehicle_id": convoy.get("vehicle_id", "")}]
    members = [vehicles.get(one["vehicle_id"]) for one in company]
    known = [one for one in members if one is not None]
    if len(known) < len(members):
        return None
    return sum(one.capacity_kg for one in known), sum(one.capacity_m3 for one in known)


def causes(plan: Plan) -> list[Cause]:
    """Give why needs stay without delivery, the commonest cause first."""
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in plan["unserved"]:
        lines[line.get("code", "")].append(line)
    found = []
    for code, those in lines.items():
        by_item: dict[str, float] = defaultdict(float)
        for line in those:
            by_item[line["item"]] += float(line["quantity"])
        found.append(
            Cause(
                code=code,
                lines=len(those),
                places=len({line["place_id"] for line in those}),
                by_item=dict(by_item),
            )
        )
    return sorted(found, key=lambda cause: (-cause.lines, cause.code))


def commune_shares(plan: Plan) -> list[tuple[str, float]]:
    """Give the share of need met in every commune, the worst first."""
    shares: Mapping[str, float] = plan.get("commune_shares", {})
    return sorted(((name, float(share)) for name, share in shares.items()), key=lambda one: one[1])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
