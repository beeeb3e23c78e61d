"""What cannot be in a planning problem: every impossible value, each with what is needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

import numpy as np

from geo.errors import Problem as Cell
from geo.model import VEHICLE_CLASS_NAMES, Item, VehicleClassName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.model import Vehicle
    from routing.problem import ClassMatrix, Problem

# Units that may be divided; whatever else an item is counted in goes out whole (tents, kits …).
DIVISIBLE_UNITS = frozenset({"l", "litre", "liter", "litres", "kg", "t", "m3", "m³"})
# Above these a figure is a slip of the pen; they also keep every sum exact in 64 bits.
MAX_QUANTITY = 1e9
MAX_TIME_S = 1e9
# Slower than a tenth of its class, a vehicle belongs to another one; likewise above.
SPEED_FACTORS = (0.1, 3.0)
MOST_CREW = 100
# Classes that may travel together, on the roads of the heaviest of them.
WITH_MOTORS = frozenset({"truck", "light_truck", "pickup", "motorbike"})


def divisible(unit: str) -> bool:
    """Whether half a unit can be handed out."""
    return unit.strip().lower() in DIVISIBLE_UNITS


def problems_of(problem: Problem) -> list[Cell]:
    """Give everything about `problem` that cannot be."""
    found: list[Cell] = []
    found += _identity_problems(problem)
    found += _item_problems(problem.items)
    found += _quantity_problems(problem)
    found += _vehicle_problems(problem)
    found += _number_problems(problem)
    found += _hours_problems(problem)
    found += _relay_problems(problem)
    found += _begun_problems(problem)
    found += _driver_problems(problem)
    found += _company_problems(problem)
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
        if not SPEED_FACTORS[0] <= vehicle.speed_factor <= SPEED_FACTORS[1]:
            expected = "0.1 to 3 times the speed of its class"
            found.append(_cell(row, "speed_factor", vehicle.speed_factor, expected))
        if not (isinstance(vehicle.crew, int) and 1 <= vehicle.crew <= MOST_CREW):
            expected = f"1 to {MOST_CREW} people who unload"
            found.append(_cell(row, "crew", vehicle.crew, expected))
        found += [
            _cell(row, name, getattr(vehicle, name), "less than 1e9")
            for name in ("capacity_kg", "capacity_m3")
            if getattr(vehicle, name) > MAX_QUANTITY
        ]
    return found


def _driver_problems(problem: Problem) -> list[Cell]:
    found: list[Cell] = []
    for depot, number in problem.drivers.items():
        if depot not in problem.depots:
            found.append(_cell("drivers", "depot_id", depot, "a known depot is needed"))
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            found.append(_cell(f"drivers of {depot}", "number", number, "0 drivers or more"))
    return found


def _company_problems(problem: Problem) -> list[Cell]:
    """Who travels together uses the same roads, and all of them drive in the dark or none."""
    found: list[Cell] = []
    companies: dict[tuple[str, str], list[Vehicle]] = {}
    for vehicle in problem.vehicles:
        if vehicle.together:
            companies.setdefault((vehicle.depot_id, vehicle.together), []).append(vehicle)
    dark = set() if problem.daylight is None else set(problem.daylight.classes)
    for (_depot, word), members in companies.items():
        classes = {one.vehicle_class for one in members}
        row = f"vehicles that travel together as {word}"
        if len(classes) > 1 and not classes <= WITH_MOTORS:
            expected = "all of one class, or all with motors on the road"
            found.append(_cell(row, "vehicle_class", ", ".join(sorted(classes)), expected))
        elif classes & dark and not classes <= dark:
            expected = "all of them drive in the dark, or none"
            found.append(_cell(row, "daylight", ", ".join(sorted(classes)), expected))
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


def _hours_problems(problem: Problem) -> list[Cell]:
    found: list[Cell] = []
    for name, known, rows in (
        ("windows", set(problem.places), problem.windows),
        ("depot_hours", set(problem.depots), problem.depot_hours),
    ):
        for key, window in rows.items():
            if key not in known:
                what = "place" if name == "windows" else "depot"
                found.append(_cell(name, "id", key, f"a known {what} is needed"))
            latest = window.latest_s
            if not _within(window.earliest_s, MAX_TIME_S):
                found.append(
                    _cell(f"{name} {key}", "earliest_s", window.earliest_s, "0 s or more is needed")
                )
            if not (latest == math.inf or _within(latest, MAX_TIME_S)):
                found.append(_cell(f"{name} {key}", "latest_s", latest, "0 s or more, or inf"))
            elif latest < window.earliest_s:
                expected = f"not before it opens, at {window.earliest_s:g} s"
                found.append(_cell(f"{name} {key}", "latest_s", latest, expected))
    light = problem.daylight
    if light is not None:
        ends = (light.begins_s, light.ends_s)
        if not all(math.isfinite(one) and abs(one) <= MAX_TIME_S for one in ends):
            found.append(_cell("daylight", "begins_s, ends_s", ends, "two times in seconds"))
        elif light.ends_s < light.begins_s:
            found.append(_cell("daylight", "ends_s", light.ends_s, "not before it gets light"))
        for vehicle_class in sorted(set(light.classes) - set(VEHICLE_CLASS_NAMES)):
            expected = f"one of {', '.join(VEHICLE_CLASS_NAMES)}"
            found.append(_cell("daylight", "classes", vehicle_class, expected))
    return found


def _relay_problems(problem: Problem) -> list[Cell]:
    found: list[Cell] = []
    places, depots = set(problem.places), set(problem.depots)
    seen: set[str] = set()
    for leg in problem.relays:
        row = f"relay {leg.place_id}"
        if leg.place_id not in places:
            found.append(_cell("relay", "place_id", leg.place_id, "a known place is needed"))
        if leg.place_id in seen:
            found.append(_cell("relay", "place_id", leg.place_id, "each one may occur once only"))
        seen.add(leg.place_id)
        for name in (*leg.givers, leg.taker):
            if name not in VEHICLE_CLASS_NAMES:
                expected = f"one of {', '.join(VEHICLE_CLASS_NAMES)}"
                found.append(_cell(row, "class", name, expected))
        if not leg.givers or leg.taker in leg.givers:
            expected = "classes other than the one that carries on"
            found.append(_cell(row, "givers", ", ".join(leg.givers), expected))
        found += [
            _cell(row, name, getattr(leg, name), "0 or more is needed")
            for name in ("handling_s", "travel_time_s", "length_m", "walk_m")
            if not _within(getattr(leg, name), MAX_TIME_S)
        ]
        if not (math.isfinite(leg.lon) and abs(leg.lon) <= 180 and abs(leg.lat) <= 90):
            found.append(_cell(row, "lon, lat", (leg.lon, leg.lat), "degrees are needed"))
        for depot, ready_s in leg.ready_s.items():
            if depot not in depots:
                found.append(_cell(row, "ready_s", depot, "a known depot is needed"))
            if not _within(ready_s, MAX_TIME_S):
                found.append(_cell(row, "ready_s", ready_s, "0 s or more is needed"))
    return found


def _begun_problems(problem: Problem) -> list[Cell]:
    vehicles = {vehicle.vehicle_id for vehicle in problem.vehicles}
    found: list[Cell] = []
    for name, one in problem.begun.items():
        row = f"begun day of {name}"
        if name not in vehicles:
            found.append(_cell(row, "vehicle_id", name, "a known vehicle is needed"))
        if not _within(one.ready_s, MAX_TIME_S):
            found.append(_cell(row, "ready_s", one.ready_s, "0 s or more is needed"))
        if not (isinstance(one.trips, int) and one.trips >= 0):
            found.append(_cell(row, "trips", one.trips, "0 or more trips"))
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
