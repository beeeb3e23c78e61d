"""Speeds: how fast a vehicle class goes along every arc of the network, and where it may not go.

The rules and their sources are in ``docs/travel.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.pace import tobler_speed_kmh
from routing.turn_states import BARRED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from routing.graph import Graph, Tag
    from routing.vehicles import VehicleClass

# A heavy goods vehicle, to which signs with a lorry speak, is one of more (OSM wiki, Key:hgv).
HEAVY_T = 3.5
# Grades beyond this are noise of the elevation model on short edges.
MAX_GRADE = 1.0


def speeds_kmh(graph: Graph, vehicle_class: VehicleClass) -> NDArray[np.float64]:
    """Speed of the class along every arc, (n_arcs,) km/h, 0 where it may not go.

    The lowest of what the road class, surface, track type, smoothness, posted limit and grade
    allow (``docs/travel.md``). An edge that climbs and descends is taken as two slopes of its
    mean grade; the speed is then the mean over the time.
    """
    level_kmh = np.minimum(_edge_speed_kmh(graph, vehicle_class), vehicle_class.top_speed_kmh)
    length_m = np.maximum(graph.length_m, 1e-6)
    climb_m, descent_m = np.nan_to_num(graph.climb_m), np.nan_to_num(graph.descent_m)
    rolling_m = climb_m + descent_m
    grade = np.clip(rolling_m / length_m, 0.0, MAX_GRADE)
    closed = level_kmh <= 0
    if vehicle_class.max_grade is not None:
        closed |= grade > vehicle_class.max_grade
    level_kmh[closed] = 1.0
    up_share = np.divide(climb_m, rolling_m, out=np.full_like(climb_m, 0.5), where=rolling_m > 0)
    up_kmh = np.minimum(level_kmh, _grade_speed_kmh(vehicle_class, grade, up=True))
    down_kmh = np.minimum(level_kmh, _grade_speed_kmh(vehicle_class, grade, up=False))
    along_kmh = 1.0 / (up_share / up_kmh + (1.0 - up_share) / down_kmh)
    against_kmh = 1.0 / ((1.0 - up_share) / up_kmh + up_share / down_kmh)
    if vehicle_class.kind == "motor":
        along_kmh[~graph.forward] = 0.0
        against_kmh[~graph.backward] = 0.0
    along_kmh[closed], against_kmh[closed] = 0.0, 0.0
    speed_kmh = np.where(graph.along, along_kmh[graph.edge], against_kmh[graph.edge])
    speed_kmh[(graph.barred & _barred_bits(vehicle_class)) > 0] = 0.0
    return np.asarray(speed_kmh, dtype=np.float64)


def _edge_speed_kmh(graph: Graph, vehicle_class: VehicleClass) -> NDArray[np.float64]:
    speed_kmh = _by_label(graph.tags["highway"], vehicle_class.highway, missing=0.0)
    for name in ("surface", "tracktype", "smoothness"):
        limits: Mapping[str, float] = getattr(vehicle_class, name)
        speed_kmh = np.minimum(speed_kmh, _by_label(graph.tags[name], limits, missing=np.inf))
    if vehicle_class.kind == "motor":
        posted = graph.numbers["maxspeed_kmh"]
        speed_kmh = np.fmin(speed_kmh, np.where(posted > 0, posted, np.nan))
    return np.where(_fits(graph, vehicle_class), speed_kmh, 0.0)


def _fits(graph: Graph, vehicle_class: VehicleClass) -> NDArray[np.bool_]:
    """Whether limits and access leave the edge to the class; what is unknown does not forbid."""
    numbers = graph.numbers
    too_narrow = numbers["width_m"] < vehicle_class.min_width_m
    too_heavy = numbers["maxweight_t"] < vehicle_class.gross_weight_t
    too_high = numbers["maxheight_m"] < vehicle_class.height_m
    in_water = graph.ford & (not vehicle_class.uses_fords)
    return ~(too_narrow | too_heavy | too_high | in_water | _refused(graph, vehicle_class))


def _refused(graph: Graph, vehicle_class: VehicleClass) -> NDArray[np.bool_]:
    access, motor = graph.tags["access"], graph.tags["motor_vehicle"]
    refused = {value: 1.0 for value in vehicle_class.refuses_access}
    by_access = _by_label(access, refused, missing=0.0) > 0
    if vehicle_class.kind != "motor":
        return by_access
    by_motor = _by_label(motor, refused, missing=0.0) > 0
    # What is said of motor vehicles outranks what is said of everybody.
    said = _by_label(motor, {"": 0.0}, missing=1.0) > 0
    return np.where(said, by_motor, by_access)


def _barred_bits(vehicle_class: VehicleClass) -> int:
    """Which turn restrictions bind the class: signs speak to motor vehicles."""
    if vehicle_class.kind != "motor":
        return 0
    heavy = vehicle_class.gross_weight_t > HEAVY_T
    return BARRED["motor"] | (BARRED["hgv"] if heavy else 0)


def _by_label(tag: Tag, values: Mapping[str, float], *, missing: float) -> NDArray[np.float64]:
    by_code = np.array([values.get(label, missing) for label in tag.labels], dtype=np.float64)
    return np.asarray(by_code[tag.code], dtype=np.float64)


def _grade_speed_kmh(
    vehicle_class: VehicleClass, grade: NDArray[np.float64], *, up: bool
) -> NDArray[np.float64]:
    if vehicle_class.kind == "walk":
        return vehicle_class.pace_factor * tobler_speed_kmh(grade if up else -grade)
    rows = vehicle_class.grade.rows
    if not rows:
        return np.full(len(grade), np.inf)
    table = np.array(rows)
    return np.asarray(np.interp(grade, table[:, 0], table[:, 1 if up else 2]), dtype=np.float64)
