"""Values the whole house shares: ids, places, items, depots, vehicles, needs, closures.

Coordinates are EPSG:4326 degrees, order lon, lat. Quantities are in the item's own unit. Times are
aware UTC datetimes. All values are frozen; a changed value is a new one (`dataclasses.replace`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from ulid import ULID

from geo.errors import RuleError

if TYPE_CHECKING:
    from datetime import datetime

VehicleClassName = Literal["truck", "light_truck", "pickup", "motorbike", "mule", "foot", "air"]
#: Vehicles on four wheels and more, from heavy to light.
HEAVY_TO_LIGHT: tuple[VehicleClassName, ...] = ("truck", "light_truck", "pickup")
VEHICLE_CLASS_NAMES: tuple[VehicleClassName, ...] = get_args(VehicleClassName)

RoadState = Literal["open", "restricted", "closed", "unknown"]
ReachStatus = Literal["reachable", "by_relay", "cut_off", "not_on_network"]
NeedStatus = Literal[
    "reported", "verified", "planned", "met", "expired", "refuted", "withdrawn", "merged"
]
#: A need that is met, expired, refuted, withdrawn or told by another report is closed.
OPEN_NEED_STATUSES: tuple[NeedStatus, ...] = ("reported", "verified", "planned")


def new_id(prefix: str) -> str:
    """Make a new id such as ``need:01J…``: the prefix and a ULID, so ids sort by their time."""
    return f"{prefix}:{ULID()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who says so, and when: carried by every figure that leaves the program."""

    name: str
    at: datetime | None = None
    url: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An inhabited place; `people` is None where nobody knows."""

    place_id: str
    name: str
    lon: float
    lat: float
    commune_code: str = ""
    commune: str = ""
    people: float | None = None

    def __post_init__(self) -> None:
        require_lon_lat(self.place_id, self.lon, self.lat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Depot:
    """Where stock and vehicles start from."""

    depot_id: str
    name: str
    lon: float
    lat: float
    active: bool = True
    name_ar: str = ""

    def __post_init__(self) -> None:
        require_lon_lat(self.depot_id, self.lon, self.lat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A relief item with what one unit of it weighs and fills."""

    item_id: str
    unit: str
    kg_per_unit: float
    m3_per_unit: float
    names: dict[str, str] = field(default_factory=dict, hash=False)
    source: str = ""

    def name(self, language: str = "en") -> str:
        """Name in `language`, else English, else the id."""
        return self.names.get(language) or self.names.get("en") or self.item_id


# A driver and a mate: how many people unload where nobody says (a planning assumption).
STANDARD_CREW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """One vehicle or one mule team, at home at a depot.

    `speed_factor` is its speed ÷ that of its class: 0.8 for an old or overladen one. `crew` is how
    many people unload. Vehicles of one depot with the same word in `together` travel together.
    """

    vehicle_id: str
    vehicle_class: VehicleClassName
    depot_id: str
    capacity_kg: float
    capacity_m3: float
    name: str = ""
    organisation_id: str = ""
    shift_s: int = 10 * 3600
    speed_factor: float = 1.0
    crew: int = STANDARD_CREW
    together: str = ""

    def __post_init__(self) -> None:
        if self.vehicle_class not in VEHICLE_CLASS_NAMES:
            raise RuleError(
                f"vehicle {self.vehicle_id}: class {self.vehicle_class!r}",
                f"one of {', '.join(VEHICLE_CLASS_NAMES)} is needed",
                "correct the class",
            )
        for name, value in (("kg", self.capacity_kg), ("m3", self.capacity_m3)):
            # An escort may carry nothing.
            if not (math.isfinite(value) and (value > 0 or (value == 0 and self.together))):
                raise RuleError(
                    f"vehicle {self.vehicle_id}: capacity {value} {name}",
                    "a capacity above 0 is needed",
                    "correct the capacity",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a place lacks of one item; `weight` is the urgency of one unit (1 = ordinary)."""

    need_id: str
    place_id: str
    item_id: str
    quantity: float
    weight: float = 1.0
    basis: str = ""
    status: NeedStatus = "reported"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLine:
    """How much of an item lies in a depot."""

    depot_id: str
    item_id: str
    quantity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Evidence that edges of the road network are closed or restricted (rule 6 of the design).

    `edges` are edge ids; an id that ends in ``+`` or ``-`` speaks of one direction only (along or
    against the way it was drawn), a bare id of both. Empty `classes` means every vehicle class.
    `max_weight_t` says of a `restricted` road what it still carries: gross weight in t.
    """

    closure_id: str
    edges: tuple[str, ...]
    state: RoadState = "closed"
    classes: tuple[VehicleClassName, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    confidence: float = 1.0
    source: str = ""
    reason: str = ""
    max_weight_t: float | None = None

    def speaks_of(self, vehicle_class: VehicleClassName) -> bool:
        """Whether the closure says anything of this class: named, or heavier than one named.

        A road that a pickup cannot pass is passed by no lorry, whichever of them was written down.
        What is said to be open to a class says nothing of a heavier one.
        """
        if not self.classes or vehicle_class in self.classes:
            return True
        if self.state == "open" or vehicle_class not in HEAVY_TO_LIGHT:
            return False
        lighter = HEAVY_TO_LIGHT[HEAVY_TO_LIGHT.index(vehicle_class) + 1 :]
        return any(name in self.classes for name in lighter)

    def holds_at(self, at: datetime) -> bool:
        """Whether the closure is in force at `at` (an open end counts as in force)."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def require_lon_lat(what: str, lon: float, lat: float) -> None:
    """Raise `RuleError` unless lon, lat are degrees on the globe (a negative one is a number)."""
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise RuleError(
            f"{what}: coordinates lon {lon}, lat {lat}",
            "degrees between -180 and 180 east, -90 and 90 north are needed",
            "check the order (lon, lat) and the decimal sign",
        )
