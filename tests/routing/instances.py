"""Planning problems small enough to check on paper, and a strategy that draws small wild ones."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import strategies as st

from geo.model import Item, StockLine, Vehicle
from routing.hours import Daylight, Window
from routing.problem import ClassMatrix, Demand, Problem
from routing.relay_legs import RelayLeg

SIX_OCLOCK = datetime(2023, 9, 9, 6, tzinfo=UTC)
WATER = Item(item_id="water_l", unit="l", kg_per_unit=1.0, m3_per_unit=0.001)
TENT = Item(item_id="tent", unit="piece", kg_per_unit=50.0, m3_per_unit=0.2)
KIT = Item(item_id="food_kit", unit="kit", kg_per_unit=12.0, m3_per_unit=0.03)
HOUR = 3600.0


def matrix_on_a_line(
    km: Sequence[float], *, kmh: float = 60.0, walk_s: float = 0.0, apart: Sequence[int] = ()
) -> ClassMatrix:
    """Points along one straight road at `km`; `apart` lie off it."""
    position = np.array(km, dtype=float)
    length_m = np.abs(position[:, None] - position[None, :]) * 1000
    attached = np.ones(len(km), dtype=bool)
    attached[list(apart)] = False
    return ClassMatrix(
        travel_time_s=length_m / (kmh / 3.6),
        length_m=length_m,
        attached=attached,
        walk_s=np.full(len(km), walk_s),
    )


def vehicle(name: str = "vehicle:a", **changes: Any) -> Vehicle:
    """A pickup of one tonne and five cubic metres at depot:a, unless changed."""
    values = {
        "vehicle_class": "pickup",
        "depot_id": "depot:a",
        "capacity_kg": 1000.0,
        "capacity_m3": 5.0,
    }
    return Vehicle(vehicle_id=name, **(values | changes))


def problem_on_a_line(**changes: Any) -> Problem:
    """Depot at km 0, places a, b at km 10, 20; a pickup; 10 tents to each; plenty in stock.

    60 km/h is one minute per kilometre; a stop takes 10 min and 1 s per kg; loading 20 min.
    """
    values: dict[str, Any] = {
        "depots": ("depot:a",),
        "places": ("place:a", "place:b"),
        "items": (TENT, WATER),
        "stock": (StockLine(depot_id="depot:a", item_id="tent", quantity=100),),
        "vehicles": (vehicle(),),
        "needs": (
            Demand(place_id="place:a", item_id="tent", quantity=10, commune="north"),
            Demand(place_id="place:b", item_id="tent", quantity=10, commune="south"),
        ),
        "matrices": {"pickup": matrix_on_a_line([0, 10, 20])},
        "departs_at": SIX_OCLOCK,
        "service_s": 600.0,
        "handling_s_per_kg": 1.0,
        "reload_s": 1200.0,
        "max_trips": 4,
    }
    return Problem(**(values | changes))


@st.composite
def wild_problems(
    draw: st.DrawFn, *, timed: bool = False, relayed: bool = False, accompanied: bool = False
) -> Problem:
    """Problems of 1 to 6 places with gaps, dead ends, odd capacities and impossible wishes.

    With `timed`, places, depots and daylight have hours, and some needs must not be parted. With
    `relayed`, some places lie behind a roadhead.
    """
    n_depots = draw(st.integers(1, 3))
    n_places = draw(st.integers(1, 6))
    n = n_depots + n_places
    depots = tuple(f"depot:{i}" for i in range(n_depots))
    places = tuple(f"place:{i}" for i in range(n_places))
    items = (TENT, WATER, KIT)[: draw(st.integers(1, 3))]
    kinds = ["truck", "pickup"] if accompanied else ["truck", "pickup", "mule"]
    classes = draw(st.lists(st.sampled_from(kinds), min_size=1, unique=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    closed = draw(st.sampled_from([0.0, 0.2, 0.6]))
    vehicles = [
        vehicle(
            f"vehicle:{i}",
            vehicle_class=draw(st.sampled_from(classes)),
            depot_id=draw(st.sampled_from(depots)),
            capacity_kg=draw(st.sampled_from([40.0, 333.3, 1000.0, 8000.0])),
            capacity_m3=draw(st.sampled_from([0.1, 1.7, 5.0, 30.0])),
            shift_s=draw(st.sampled_from([1800, 4 * 3600, 10 * 3600])),
            speed_factor=draw(st.sampled_from([1.0, 1.0, 0.6, 1.3])),
            crew=draw(st.sampled_from([2, 2, 1, 5])),
            together=draw(st.sampled_from(["", "", "x"])) if accompanied else "",
        )
        for i in range(draw(st.integers(0, 4)))
    ]
    needs = [
        Demand(
            place_id=place,
            item_id=item.item_id,
            quantity=_quantity(rng, item),
            weight=float(rng.choice([0.5, 1.0, 3.0])),
            commune=str(rng.choice(["north", "south"])),
            whole=timed and rng.random() < 0.4,
        )
        for place in places
        for item in items
        if rng.random() < 0.7
    ]
    stock = [
        StockLine(depot_id=depot, item_id=item.item_id, quantity=_quantity(rng, item) * 2)
        for depot in depots
        for item in items
        if rng.random() < 0.7
    ]
    return Problem(
        depots=depots,
        places=places,
        items=items,
        stock=tuple(stock),
        vehicles=tuple(vehicles),
        needs=tuple(needs),
        matrices={name: _wild_matrix(rng, n, closed) for name in classes},
        departs_at=SIX_OCLOCK,
        service_s=float(rng.choice([0.0, 600.0])),
        handling_s_per_kg=float(rng.choice([0.0, 0.36, 5.0])),
        reload_s=float(rng.choice([0.0, 1800.0])),
        max_trips=int(rng.integers(1, 4)),
        **(_wild_hours(rng, depots, places, classes) if timed else {}),
        relays=_wild_relays(rng, depots, places) if relayed else (),
        drivers={depots[0]: draw(st.integers(0, 3))} if accompanied else {},
    )


def _wild_relays(
    rng: np.random.Generator, depots: Sequence[str], places: Sequence[str]
) -> tuple[RelayLeg, ...]:
    return tuple(
        RelayLeg(
            place_id=place,
            roadhead="Ijoukak",
            lon=-8.15,
            lat=31.0,
            givers=("pickup", "truck")[: int(rng.integers(1, 3))],
            taker="mule",
            handling_s=float(rng.choice([0.0, 1800.0])),
            travel_time_s=float(rng.uniform(0, 2 * HOUR)),
            ready_s={
                depot: float(rng.choice([0.0, rng.uniform(0, 4 * HOUR)]))
                for depot in depots
                if rng.random() < 0.8
            },
        )
        for place in places
        if rng.random() < 0.6
    )


def _wild_hours(
    rng: np.random.Generator, depots: Sequence[str], places: Sequence[str], classes: Sequence[str]
) -> dict[str, Any]:
    def windows(ids: Sequence[str]) -> dict[str, Window]:
        return {
            one: Window(
                earliest_s=float(rng.uniform(0, 5 * HOUR)),
                latest_s=float(rng.choice([np.inf, rng.uniform(5, 9) * HOUR])),
            )
            for one in ids
            if rng.random() < 0.5
        }

    dark = tuple(name for name in classes if rng.random() < 0.5)
    light = Daylight(
        begins_s=float(rng.uniform(-HOUR, 2 * HOUR)),
        ends_s=float(rng.uniform(3 * HOUR, 12 * HOUR)),
        classes=dark,
    )
    return {
        "windows": windows(places),
        "depot_hours": windows(depots),
        "daylight": light if rng.random() < 0.7 else None,
    }


def _quantity(rng: np.random.Generator, item: Item) -> float:
    if item is WATER:
        return float(round(rng.uniform(0, 5000), int(rng.integers(0, 7))))
    return float(rng.integers(0, 60))


def _wild_matrix(rng: np.random.Generator, n: int, closed: float) -> ClassMatrix:
    time = rng.uniform(0, 3 * HOUR, (n, n))
    time[rng.random((n, n)) < closed] = np.inf
    return ClassMatrix(
        travel_time_s=time,
        length_m=np.where(np.isfinite(time), time * 9.7, np.inf),
        attached=rng.random(n) >= closed / 2,
        walk_s=rng.uniform(0, 900, n),
    )
