"""What a plan is made from: stock, vehicles, needs and the travel matrices, frozen and canonical.

Points are the depots followed by the places. Every sequence is sorted by id when a `Problem` is
made, and the matrices with it, so the order in which things were handed in changes nothing in the
plan. Quantities are in the item's own unit, exact to one millionth. Travel is from the point of the
road where a vehicle stops to the next such point; the walk between road and place is apart.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import numpy as np

from geo.errors import Problem as Cell
from geo.errors import QafilaError, SchemaError, UnreadableError
from geo.model import (
    VEHICLE_CLASS_NAMES,
    Item,
    Need,
    StockLine,
    Vehicle,
    VehicleClassName,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

FORMAT = "qafila-problem-1"

# Units that may be divided; whatever else an item is counted in goes out whole (tents, kits …).
DIVISIBLE_UNITS = frozenset({"l", "litre", "liter", "litres", "kg", "t", "m3", "m³"})
# Planning assumptions, changeable in every Problem: papers and greetings at a stop; by hand ten
# tonnes come off a lorry in an hour; half an hour to load it again; four trips in a day.
SERVICE_S = 900.0
HANDLING_S_PER_KG = 0.36
RELOAD_S = 1800.0
MAX_TRIPS = 4
# What stays unserved comes with the convoys of the next day, at the end of their shift.
UNSERVED_H = 24.0
# Above these a figure is a slip of the pen; they also keep every sum exact in 64 bits.
MAX_QUANTITY = 1e9
MAX_TIME_S = 1e9

Row = TypeVar("Row")


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
    """What one place lacks of one item; `weight` is the urgency of one unit (1 = ordinary)."""

    place_id: str
    item_id: str
    quantity: float
    weight: float = 1.0
    commune: str = ""


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

    def __post_init__(self) -> None:
        problems = _problems(self)
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


def divisible(unit: str) -> bool:
    """Whether half a unit can be handed out."""
    return unit.strip().lower() in DIVISIBLE_UNITS


def to_json(problem: Problem) -> str:
    """Write `problem` so that the plan can be repeated elsewhere; infinite travel is ``null``."""
    document = _without_matrices(problem)
    document["matrices"] = {
        name: {
            "travel_time_s": _numbers(matrix.travel_time_s),
            "length_m": _numbers(matrix.length_m),
            "attached": matrix.attached.tolist(),
            "walk_s": _numbers(matrix.walk_s),
        }
        for name, matrix in problem.matrices.items()
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str) -> Problem:
    """Read what `to_json` wrote.

    Raises
    ------
    UnreadableError
        Not JSON, or not a planning problem.
    SchemaError
        A planning problem with impossible values.
    """
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']!r}")
        return Problem(
            depots=tuple(document["depots"]),
            places=tuple(document["places"]),
            items=tuple(Item(**row) for row in document["items"]),
            stock=tuple(StockLine(**row) for row in document["stock"]),
            vehicles=tuple(Vehicle(**row) for row in document["vehicles"]),
            needs=tuple(Demand(**row) for row in document["needs"]),
            matrices={name: _matrix(row) for name, row in document["matrices"].items()},
            departs_at=datetime.fromisoformat(document["departs_at"]),
            service_s=document["service_s"],
            handling_s_per_kg=document["handling_s_per_kg"],
            reload_s=document["reload_s"],
            max_trips=document["max_trips"],
            # Problems written before the objective "arrival" do not say.
            unserved_h=document.get("unserved_h", UNSERVED_H),
            reasons=document["reasons"],
        )
    except QafilaError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(
            f"planning problem: {type(error).__name__} {error}",
            f"JSON of the format {FORMAT} is needed",
            "write it again with routing.problem.to_json",
        ) from error


def digest(problem: Problem) -> str:
    """SHA-256 of the content: equal problems have the same, whatever order they were given in."""
    text = json.dumps(_without_matrices(problem), ensure_ascii=False, sort_keys=True)
    content = hashlib.sha256(text.encode())
    for name, matrix in problem.matrices.items():
        content.update(name.encode())
        for array in (matrix.travel_time_s, matrix.length_m, matrix.walk_s):
            content.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
        content.update(matrix.attached.tobytes())
    return content.hexdigest()


def _without_matrices(problem: Problem) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "departs_at": problem.departs_at.isoformat(),
        "service_s": problem.service_s,
        "handling_s_per_kg": problem.handling_s_per_kg,
        "reload_s": problem.reload_s,
        "max_trips": problem.max_trips,
        "unserved_h": problem.unserved_h,
        "depots": problem.depots,
        "places": problem.places,
        "items": [asdict(item) for item in problem.items],
        "stock": [asdict(line) for line in problem.stock],
        "vehicles": [asdict(vehicle) for vehicle in problem.vehicles],
        "needs": [asdict(need) for need in problem.needs],
        "reasons": dict(sorted(problem.reasons.items())),
    }


def _numbers(array: NDArray[np.float64]) -> list[Any]:
    shown = array.astype(object)
    shown[~np.isfinite(array)] = None
    return list(shown.tolist())


def _matrix(row: Mapping[str, Any]) -> ClassMatrix:
    return ClassMatrix(
        travel_time_s=_floats(row["travel_time_s"]),
        length_m=_floats(row["length_m"]),
        attached=np.array(row["attached"], dtype=np.bool_),
        walk_s=_floats(row["walk_s"]),
    )


def _floats(rows: ArrayLike) -> NDArray[np.float64]:
    values = np.array(rows, dtype=np.float64)  # None becomes NaN
    return np.where(np.isnan(values), np.inf, values)


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


# --- what cannot be ---------------------------------------------------------------------------


def _problems(problem: Problem) -> list[Cell]:
    found: list[Cell] = []
    found += _identity_problems(problem)
    found += _item_problems(problem.items)
    found += _quantity_problems(problem)
    found += _vehicle_problems(problem)
    found += _number_problems(problem)
    n = len(problem.points)
    for name, matrix in problem.matrices.items():
        found += _matrix_problems(name, matrix, n)
    return found


def _cell(row: object, column: str, value: object, expected: str, todo: str = "") -> Cell:
    return Cell(row=str(row), column=column, value=str(value), expected=expected, suggestion=todo)


def _identity_problems(problem: Problem) -> list[Cell]:
    keys: dict[str, list[str]] = {
        "depot or place": list(problem.points),
        "item": [item.item_id for item in problem.items],
        "vehicle": [vehicle.vehicle_id for vehicle in problem.vehicles],
        "stock": [f"{line.depot_id} {line.item_id}" for line in problem.stock],
        "need": [f"{need.place_id} {need.item_id}" for need in problem.needs],
    }
    found: list[Cell] = []
    for what, ids in keys.items():
        seen: set[str] = set()
        for key in ids:
            if not key.strip():
                found.append(_cell(what, "id", key, "an id is needed"))
            if key in seen:
                todo = "add the quantities up first" if what in {"stock", "need"} else ""
                found.append(_cell(what, "id", key, "each one may occur once only", todo))
            seen.add(key)
    depots, places = set(problem.depots), set(problem.places)
    items = {item.item_id for item in problem.items}
    for line in problem.stock:
        if line.depot_id not in depots:
            found.append(_cell("stock", "depot_id", line.depot_id, "a known depot is needed"))
        if line.item_id not in items:
            found.append(_cell("stock", "item_id", line.item_id, "a known item is needed"))
    for need in problem.needs:
        if need.place_id not in places:
            found.append(_cell("need", "place_id", need.place_id, "a known place is needed"))
        if need.item_id not in items:
            found.append(_cell("need", "item_id", need.item_id, "a known item is needed"))
    return found


def _item_problems(items: Sequence[Item]) -> list[Cell]:
    found: list[Cell] = []
    for item in items:
        if not (math.isfinite(item.kg_per_unit) and 0 < item.kg_per_unit <= MAX_QUANTITY):
            found.append(_cell(item.item_id, "kg_per_unit", item.kg_per_unit, "more than 0 kg"))
        if not (math.isfinite(item.m3_per_unit) and 0 <= item.m3_per_unit <= MAX_QUANTITY):
            found.append(_cell(item.item_id, "m3_per_unit", item.m3_per_unit, "0 m³ or more"))
    return found


def _quantity_problems(problem: Problem) -> list[Cell]:
    unit_of = {item.item_id: item.unit for item in problem.items}
    found: list[Cell] = []
    for line in problem.stock:
        if not _within(line.quantity, MAX_QUANTITY):
            row = f"stock {line.depot_id} {line.item_id}"
            found.append(_cell(row, "quantity", line.quantity, "0 or more, below 1e9"))
    for need in problem.needs:
        row = f"need {need.place_id} {need.item_id}"
        if not _within(need.quantity, MAX_QUANTITY):
            found.append(_cell(row, "quantity", need.quantity, "0 or more, below 1e9"))
        elif not divisible(unit_of.get(need.item_id, "")) and need.quantity % 1:
            expected = f"whole numbers of {unit_of.get(need.item_id) or 'units'} are needed"
            found.append(_cell(row, "quantity", need.quantity, expected, "round it up"))
        if not (_within(need.weight, MAX_QUANTITY) and need.weight > 0):
            found.append(_cell(row, "weight", need.weight, "more than 0, below 1e9"))
    return found


def _vehicle_problems(problem: Problem) -> list[Cell]:
    depots = set(problem.depots)
    found: list[Cell] = []
    for vehicle in problem.vehicles:
        row = f"vehicle {vehicle.vehicle_id}"
        if vehicle.depot_id not in depots:
            found.append(_cell(row, "depot_id", vehicle.depot_id, "a known depot is needed"))
        if vehicle.vehicle_class not in problem.matrices:
            expected = "travel times of this vehicle class are needed"
            found.append(_cell(row, "vehicle_class", vehicle.vehicle_class, expected))
        if not (0 < vehicle.shift_s <= MAX_TIME_S):
            found.append(_cell(row, "shift_s", vehicle.shift_s, "more than 0 s"))
        found += [
            _cell(row, name, getattr(vehicle, name), "less than 1e9")
            for name in ("capacity_kg", "capacity_m3")
            if getattr(vehicle, name) > MAX_QUANTITY
        ]
    return found


def _number_problems(problem: Problem) -> list[Cell]:
    found: list[Cell] = []
    for name in ("service_s", "handling_s_per_kg", "reload_s", "unserved_h"):
        value = getattr(problem, name)
        if not _within(value, MAX_TIME_S):
            unit = "h" if name.endswith("_h") else "s"
            found.append(_cell("times", name, value, f"0 {unit} or more is needed"))
    if not (isinstance(problem.max_trips, int) and 1 <= problem.max_trips <= 1000):
        found.append(_cell("times", "max_trips", problem.max_trips, "1 to 1000 trips a day"))
    if problem.departs_at.tzinfo is None:
        shown = problem.departs_at.isoformat()
        found.append(_cell("times", "departs_at", shown, "a time with its zone is needed"))
    return found


def _matrix_problems(name: str, matrix: ClassMatrix, n: int) -> list[Cell]:
    found: list[Cell] = []
    if name not in get_args(VehicleClassName):
        expected = f"one of {', '.join(VEHICLE_CLASS_NAMES)}"
        found.append(_cell("matrices", "class", name, expected))
    for column, shape in (
        ("travel_time_s", (n, n)),
        ("length_m", (n, n)),
        ("attached", (n,)),
        ("walk_s", (n,)),
    ):
        array = getattr(matrix, column)
        row = f"matrix of {name}"
        if array.shape != shape:
            expected = f"shape {shape} is needed, one row per depot and place"
            found.append(_cell(row, column, array.shape, expected))
            continue
        if column == "attached":
            continue
        # A point without a road has no walk to it: whatever stands there is not read.
        read = array[matrix.attached] if matrix.attached.shape == (n,) else array
        if column == "walk_s" and not np.isfinite(read).all():
            found.append(_cell(row, column, "nan or inf", "a walk in seconds, or not attached"))
        if np.isnan(read).any() or (read < 0).any():
            found.append(_cell(row, column, "nan or negative", "0 or more, inf for no road"))
        elif (read[np.isfinite(read)] > MAX_TIME_S).any():
            found.append(_cell(row, column, read[np.isfinite(read)].max(), "below 1e9"))
    found += _length_problems(name, matrix, n)
    return found


def _length_problems(name: str, matrix: ClassMatrix, n: int) -> list[Cell]:
    times, lengths = matrix.travel_time_s, matrix.length_m
    if times.shape != (n, n) or lengths.shape != (n, n):
        return []
    missing = np.isfinite(times) & ~np.isfinite(lengths)
    np.fill_diagonal(missing, False)
    if not missing.any():
        return []
    row = f"matrix of {name}"
    return [_cell(row, "length_m", "nan or inf", "a length wherever there is a travel time")]


def _within(value: float, most: float) -> bool:
    return math.isfinite(value) and 0 <= value <= most
