"""Planning problems in mountains: on Andorra's roads, made from a fixed seed, and of the drill."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geo.model import Closure, Item, StockLine, Vehicle
from routing.closures import overlay
from routing.engine import make_engine
from routing.matrix import time_matrix
from routing.problem import ClassMatrix, Demand, Problem
from routing.vehicles import vehicle_classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.network import RoadTables
    from routing.engine import Engine
    from routing.graph import Graph

SEED = 2023
CRS = "EPSG:32631"
DEPARTS_AT = datetime(2024, 6, 1, 6, tzinfo=UTC)
MAIN_ROADS = ("primary", "secondary", "tertiary")
ITEMS = (
    Item(item_id="water_l", unit="l", kg_per_unit=1.0, m3_per_unit=0.001),
    Item(item_id="tent", unit="piece", kg_per_unit=40.0, m3_per_unit=0.2),
    Item(item_id="blanket", unit="piece", kg_per_unit=1.5, m3_per_unit=0.01),
    Item(item_id="food_kit", unit="kit", kg_per_unit=12.0, m3_per_unit=0.03),
)
CLASSES = (("truck", 8000.0, 30.0), ("light_truck", 3000.0, 14.0), ("pickup", 900.0, 3.0))


class Andorra:
    """Needs at crossroads of Andorra: two thirds can be served in a day, with some stock short."""

    def __init__(self, n_needs: int, *, n_vehicles: int | None = None) -> None:
        self.n_needs = n_needs
        self.n_vehicles = max(4, n_needs // 30) if n_vehicles is None else n_vehicles
        self.n_places, self.n_depots = n_needs // 2, max(2, min(10, n_needs // 100))
        self._rng = np.random.default_rng(SEED + n_needs)
        rows = self._rng.choice(
            len(self.tables.nodes), self.n_places + self.n_depots, replace=False
        )
        self.lon, self.lat = (self.tables.nodes[name].to_numpy()[rows] for name in ("lon", "lat"))

    @cached_property
    def tables(self) -> RoadTables:
        """All roads."""
        from data.sources.osm import read_osm

        return read_osm(data() / "roads" / "andorra_2024.osm.pbf").roads

    @cached_property
    def graph(self) -> Graph:
        """The network."""
        from routing.graph import build_graph

        return build_graph(self.tables)

    @cached_property
    def engine(self) -> Engine:
        """What finds the ways, ready before anything is timed."""
        return make_engine(self.graph, name="hierarchy")

    def matrices(self, closed: Sequence[str] = ()) -> dict[str, ClassMatrix]:
        """Travel by every class, with these edges closed."""
        closures = [Closure(closure_id="closure:a", edges=tuple(closed))] if closed else []
        marks = overlay(self.graph, closures, at=DEPARTS_AT)
        found = {}
        for name, _, _ in CLASSES:
            times = time_matrix(
                self.graph, self.tables, vehicle_class=vehicle_classes()[name], overlay=marks,
                lon=self.lon, lat=self.lat, crs=CRS, depots=np.arange(self.n_depots),
                engine=self.engine,
            )  # fmt: skip
            found[name] = ClassMatrix(
                travel_time_s=times.travel_time_s, length_m=times.length_m,
                attached=times.attached, walk_s=times.walk_s,
            )  # fmt: skip
        return found

    def roads_to_close(self, n: int) -> list[str]:
        """Edges of main roads, drawn from a seed of their own."""
        edges = self.tables.edges
        main = edges.loc[edges["highway"].isin(MAIN_ROADS), "edge_id"].to_numpy()
        rng = np.random.default_rng(SEED)
        return [str(one) for one in rng.choice(main, n, replace=False)]

    def problem(self) -> Problem:
        """Who needs what, and what there is to bring it."""
        rng, n_places, n_depots = self._rng, self.n_places, self.n_depots
        depots = tuple(f"depot:{i:02d}" for i in range(n_depots))
        places = tuple(f"place:{i:04d}" for i in range(n_places))
        people = rng.lognormal(4.0, 0.8, n_places)
        damage = rng.beta(2, 3, n_places)
        per_person = {"water_l": 15.0, "tent": 0.2, "blanket": 2.0, "food_kit": 0.2}
        helps = {"water_l": 1 / 15, "tent": 5.0, "blanket": 0.5, "food_kit": 5.0}
        needs = []
        for row, place in enumerate(places):
            for item in rng.choice(len(ITEMS), 2, replace=False):
                name = ITEMS[item].item_id
                needs.append(
                    Demand(
                        place_id=place,
                        item_id=name,
                        quantity=float(np.ceil(people[row] * damage[row] * per_person[name])),
                        weight=helps[name] * (1 + damage[row]),
                        commune=f"commune {row % 7}",
                    )
                )
        wanted = {item.item_id: 0.0 for item in ITEMS}
        for need in needs:
            wanted[need.item_id] += need.quantity
        shares = rng.dirichlet(np.ones(n_depots), len(ITEMS))
        stock = tuple(
            StockLine(
                depot_id=depot,
                item_id=item.item_id,
                quantity=float(np.floor(1.1 * wanted[item.item_id] * shares[column, row])),
            )
            for row, depot in enumerate(depots)
            for column, item in enumerate(ITEMS)
        )
        vehicles = tuple(
            Vehicle(
                vehicle_id=f"vehicle:{i:03d}",
                vehicle_class=CLASSES[i % 3][0],
                depot_id=depots[(i // 3) % n_depots],
                capacity_kg=CLASSES[i % 3][1],
                capacity_m3=CLASSES[i % 3][2],
            )
            for i in range(self.n_vehicles)
        )
        return Problem(
            depots=depots, places=places, items=ITEMS, stock=stock, vehicles=vehicles,
            needs=tuple(needs), matrices=self.matrices(), departs_at=DEPARTS_AT,
        )  # fmt: skip


def drill() -> Problem:
    """The planning problem of the Al Haouz drill."""
    from dashboard.operations import demonstration, planning
    from dashboard.operations.situation import Situation

    with tempfile.TemporaryDirectory() as folder:
        demonstration.set_up(Path(folder) / "home")
        with Situation.open(Path(folder) / "home") as situation:
            return planning.build_problem(situation)


def data() -> Path:
    """Folder of the test data."""
    named = os.environ.get("QAFILA_TEST_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
