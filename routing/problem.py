"""What a plan is made from: stock, vehicles, needs and the travel matrices, frozen and canonical.

Points are the depots followed by the places. Every sequence is sorted by id when a `Problem` is
made, and the matrices with it, so the order in which things were handed in changes nothing in the
plan. Quantities are in the item's own unit, exact to one millionth. Travel is from the point of the
road where a vehicle stops to the next such point; the walk between road and place is apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.errors import SchemaError
from routing.problem_checks import divisible, problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from geo.model import Item, Need, StockLine, Vehicle, VehicleClassName
    from routing.hours import Daylight, Window
    from routing.relay_legs import RelayLeg

# Planning assumptions, changeable in every Problem: papers and greetings at a stop; by hand ten
# tonnes come off a lorry in an hour; half an hour to load it again; four trips in a day.
SERVICE_S = 900.0
HANDLING_S_PER_KG = 0.36
RELOAD_S = 1800.0
MAX_TRIPS = 4
# What stays unserved comes with the convoys of the next day, at the end of their shift.
UNSERVED_H = 24.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassMatrix:
    """Travel of one vehicle class between all points.

    Parameters
    ----------
    travel_time_s, length_m
        Shape (n, n), from row to column; inf = no road this class may use. The diagonal is 0.
    attached
        Shape (n,): whether the point lies near enough to a road of this class.
    walk_s
        Shape (n,): walk from that road to the place, one way. Not read where not attached.
    """

    travel_time_s: NDArray[np.float64]
    length_m: NDArray[np.float64]
    attached: NDArray[np.bool_]
    walk_s: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name, kind in (
            ("travel_time_s", np.float64),
            ("length_m", np.float64),
            ("attached", np.bool_),
            ("walk_s", np.float64),
        ):
            array = np.asarray(getattr(self, name), dtype=kind)
            # What the caller can still change is copied; matrices are large.
            if array.flags.writeable:
                array = array.copy()
                array.setflags(write=False)
            object.__setattr__(self, name, array)

    def permuted(self, order: NDArray[np.intp]) -> ClassMatrix:
        """Give the same travel with the points in another order."""
        if np.array_equal(order, np.arange(len(order))):
            return self
        square = np.ix_(order, order)
        return _frozen(
            travel_time_s=self.travel_time_s[square],
            length_m=self.length_m[square],
            attached=self.attached[order],
            walk_s=self.walk_s[order],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one place lacks of one item; `weight` is the urgency of one unit (1 = ordinary).

    A `whole` demand arrives whole on one trip, or not at all.
    """

    place_id: str
    item_id: str
    quantity: float
    weight: float = 1.0
    commune: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The day of a vehicle that has begun: when it may leave next, and the trips it has driven.

    Its `Vehicle.shift_s` counts from `ready_s`, in seconds after `Problem.departs_at`.
    """

    ready_s: float = 0.0
    trips: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """Everything a plan depends on, and nothing else.

    Parameters
    ----------
    depots, places
        Ids of the points; the rows of every matrix are the depots, then the places, as given here.
    stock
        At most one line per depot and item.
    needs
        At most one per place and item (`demands_from_needs` adds several up).
    matrices
        One per vehicle class that occurs among `vehicles`; further ones are welcome.
    departs_at
        When the first convoys may leave, aware; kept in UTC.
    service_s, handling_s_per_kg
        Length of a stop: `service_s` + `handling_s_per_kg` × kg handed out + the walk to the place
        and back.
    reload_s
        At the depot between two trips of a vehicle.
    max_trips
        Trips of one vehicle within its shift.
    unserved_h
        What stays unserved counts as arriving so many hours after the longest shift has ended.
    reasons
        For places that no vehicle reaches: why, in plain words (from `reach`).
    windows
        For places that take aid in at certain hours only, or lie behind a checkpoint that opens
        and closes: when it may arrive, in seconds after `departs_at`. Who comes early waits.
    depot_hours
        Depots out of which no vehicle leaves before, and into which none returns after.
    daylight
        When it is light, and which classes do not drive in the dark; None = nobody asks.
    relays
        At most one per place: how aid comes there from a roadhead.
    begun
        For vehicles whose day has begun (`replan`), by id.
    drivers
        By depot: how many vehicles with a motor can leave it on the day, each with one driver, who
        stays with it. A depot that is missing has enough.

    Raises
    ------
    SchemaError
        Something is impossible; all problems are reported at once.
    """

    depots: tuple[str, ...]
    places: tuple[str, ...]
    items: tuple[Item, ...]
    stock: tuple[StockLine, ...]
    vehicles: tuple[Vehicle, ...]
    needs: tuple[Demand, ...]
    matrices: Mapping[VehicleClassName, ClassMatrix]
    departs_at: datetime
    service_s: float = SERVICE_S
    handling_s_per_kg: float = HANDLING_S_PER_KG
    reload_s: float = RELOAD_S
    max_trips: int = MAX_TRIPS
    unserved_h: float = UNSERVED_H
    reasons: Mapping[str, str] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    depot_hours: Mapping[str, Window] = field(default_factory=dict)
    daylight: Daylight | None = None
    relays: tuple[RelayLeg, ...] = ()
    begun: Mapping[str, Begun] = field(default_factory=dict)
    drivers: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = problems_of(self)
        if problems:
            first = problems[0]
            raise SchemaError(
                f"planning problem: {len(problems)} impossible value(s), first {first.row} "
                f"{first.column} {first.value!r}",
                first.expected,
                first.suggestion or "correct the input and plan again",
                problems=problems,
            )
        _make_canonical(self)

    @property
    def points(self) -> tuple[str, ...]:
        """The ids in the order of the matrices: depots, then places."""
        return self.depots + self.places


def demands_from_needs(
    needs: Iterable[Need], items: Iterable[Item], *, commune_of: Callable[[str], str]
) -> tuple[Demand, ...]:
    """Add up open needs to one demand per place and item.

    Quantities of things that go out whole are rounded up. The weight is the mean by quantity, so
    that Σ weight × quantity stays what it was.
    """
    unit_of = {item.item_id: item.unit for item in items}
    quantity: dict[tuple[str, str], float] = {}
    weighted: dict[tuple[str, str], float] = {}
    for need in needs:
        key = (need.place_id, need.item_id)
        quantity[key] = quantity.get(key, 0.0) + need.quantity
        weighted[key] = weighted.get(key, 0.0) + need.weight * need.quantity
    return tuple(
        Demand(
            place_id=place_id,
            item_id=item_id,
            quantity=amount if divisible(unit_of.get(item_id, "")) else float(_ceil(amount)),
            weight=weighted[place_id, item_id] / amount,
            commune=commune_of(place_id),
        )
        for (place_id, item_id), amount in sorted(quantity.items())
        if amount > 0
    )


# --- canonical form ---------------------------------------------------------------------------


def _make_canonical(problem: Problem) -> None:
    def put(name: str, value: object) -> None:
        object.__setattr__(problem, name, value)

    n_depots = len(problem.depots)
    depot_order = np.argsort(np.array(problem.depots, dtype=object), kind="stable")
    place_order = np.argsort(np.array(problem.places, dtype=object), kind="stable")
    order = np.concatenate([depot_order, place_order + n_depots]).astype(np.intp)
    put("matrices", {n: _tidy(m.permuted(order)) for n, m in sorted(problem.matrices.items())})
    put("depots", tuple(sorted(problem.depots)))
    put("places", tuple(sorted(problem.places)))
    put("items", tuple(sorted(problem.items, key=lambda item: item.item_id)))
    put("vehicles", tuple(sorted(problem.vehicles, key=lambda v: v.vehicle_id)))
    put("stock", tuple(_exact(sorted(problem.stock, key=lambda s: (s.depot_id, s.item_id)))))
    put("needs", tuple(_exact(sorted(problem.needs, key=lambda n: (n.place_id, n.item_id)))))
    put("departs_at", problem.departs_at.astimezone(UTC).replace(microsecond=0))
    put("reasons", {place: " ".join(text.split()) for place, text in problem.reasons.items()})
    put("windows", dict(sorted(problem.windows.items())))
    put("depot_hours", dict(sorted(problem.depot_hours.items())))
    put("drivers", dict(sorted(problem.drivers.items())))
    legs = sorted(problem.relays, key=lambda leg: leg.place_id)
    put(
        "relays",
        tuple(
            replace(
                leg,
                givers=tuple(sorted(set(leg.givers))),
                ready_s=dict(sorted(leg.ready_s.items())),
                roadhead=" ".join(leg.roadhead.split()),
            )
            for leg in legs
        ),
    )
    light = problem.daylight
    if light is not None:
        put("daylight", replace(light, classes=tuple(sorted(set(light.classes)))))


def _frozen(**arrays: NDArray[Any]) -> ClassMatrix:
    """Matrix of arrays that nobody else holds."""
    for array in arrays.values():
        array.setflags(write=False)
    return ClassMatrix(**arrays)


def _tidy(matrix: ClassMatrix) -> ClassMatrix:
    """Close what a point without road cannot use, so that one test (finite) is enough later."""
    apart = ~matrix.attached
    times, lengths = matrix.travel_time_s.copy(), matrix.length_m.copy()
    for array in (times, lengths):
        array[apart, :] = np.inf
        array[:, apart] = np.inf
        np.fill_diagonal(array, 0.0)
    lengths[np.isinf(times)] = np.inf
    return _frozen(
        travel_time_s=times,
        length_m=lengths,
        attached=matrix.attached,
        walk_s=np.where(matrix.attached, matrix.walk_s, np.inf),
    )


def _exact(rows: Sequence[Any]) -> list[Any]:
    """Cut quantities to the millionth that sums are exact in; drop rows of nothing."""
    cut = [replace(row, quantity=_millionths(row.quantity)) for row in rows]
    return [row for row in cut if row.quantity > 0]


def _millionths(quantity: float) -> float:
    step = Decimal("0.000001")
    return float(Decimal(repr(float(quantity))).quantize(step, rounding=ROUND_HALF_EVEN))


def _ceil(quantity: float) -> int:
    # 3.0000000001 tents, the trace of a division, are three.
    return math.ceil(_millionths(quantity))
