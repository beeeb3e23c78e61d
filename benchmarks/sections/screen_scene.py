"""The large scene of the screen's benchmark, drawn from one seed: only its size matters."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dashboard.operations import assessing, loading, vector_layers
from dashboard.operations.situation import Situation
from data.events import NeedReported

if TYPE_CHECKING:
    from pathlib import Path

BOUNDS = (-9.0, 30.5, -7.0, 31.8)


class Scene:
    """The scene as tables, drawn from a fixed seed."""

    def __init__(self, folder: Path, share: float) -> None:
        self.folder = folder
        rng = np.random.default_rng(20230908)
        self.sizes = {
            "places": int(3_000 * share),
            "needs": int(5_000 * share),
            "edges": int(100_000 * share),
            "buildings": int(60_000 * share),
        }
        west, south, east, north = BOUNDS
        n = self.sizes["places"]
        where = np.column_stack([rng.uniform(west, east, n), rng.uniform(south, north, n)])
        self.places = gpd.GeoDataFrame(
            {
                "place_id": [f"p{i}" for i in range(n)],
                "name": [f"Douar {i}" for i in range(n)],
                "people": rng.integers(50, 2_000, n),
            },
            geometry=gpd.points_from_xy(*where.T),
            crs=4326,
        )
        turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        rings = where[:, None, :] + 0.008 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        self.units = gpd.GeoDataFrame(
            {"name": self.places["name"], "unit_id": self.places["place_id"]},
            geometry=shapely.polygons(rings),
            crs=4326,
        )
        m = self.sizes["edges"]
        starts = np.column_stack([rng.uniform(west, east, m), rng.uniform(south, north, m)])
        steps = np.cumsum(rng.normal(0, 0.0012, (m, 6, 2)), axis=1)
        kinds = ["primary", "secondary", "tertiary", "unclassified", "track", "path", "residential"]
        self.roads = gpd.GeoDataFrame(
            {
                "highway": rng.choice(kinds, m, p=[0.03, 0.04, 0.08, 0.2, 0.3, 0.25, 0.1]),
                "name": "",
            },
            geometry=shapely.linestrings(starts[:, None, :] + steps),
            crs=4326,
        )
        b = self.sizes["buildings"]
        beside = where[rng.integers(0, n, b)] + rng.normal(0, 0.003, (b, 2))
        grades = ["Destroyed", "Damaged", "Possibly Damaged"]
        self.buildings = gpd.GeoDataFrame(
            {
                "damage_gra": rng.choice(grades, b, p=[0.3, 0.3, 0.4]),
                "SensorDate": "2023-09-10",
                "SensorID": "WorldView-3",
            },
            geometry=gpd.points_from_xy(*beside.T),
            crs=4326,
        )
        self.needs = pd.DataFrame(
            {
                "place": rng.integers(0, n, self.sizes["needs"]),
                "item": rng.choice(["tent", "blanket", "food_kit"], self.sizes["needs"]),
                "quantity": rng.integers(1, 200, self.sizes["needs"]),
            }
        )

    @property
    def need_points(self) -> gpd.GeoDataFrame:
        """Every need as a point of its own, as a map without a live layer shows them."""
        points = self.places.geometry.iloc[self.needs["place"]].reset_index(drop=True)
        return gpd.GeoDataFrame(self.needs.drop(columns="place"), geometry=points, crs=4326)

    def load(self, home: Path) -> float:
        """Load the scene into a situation; gives the seconds that making the tiles took."""
        for name, frame in (("places", self.places), ("units", self.units)):
            frame.to_file(self.folder / f"{name}.geojson")
        self.roads.to_file(self.folder / "roads.gpkg")
        self.buildings.to_file(self.folder / "damage.geojson")
        with Situation.create(home, name="Scene") as situation:
            loading.load(situation, "places", [self.folder / "places.geojson"])
            loading.load(situation, "boundaries", [self.folder / "units.geojson"])
            loading.load(situation, "roads", [self.folder / "roads.gpkg"])
            loading.load(situation, "damage", [self.folder / "damage.geojson"])
            ids = situation.places()["place_id"].tolist()
            now = datetime.now(UTC)
            situation.record(
                [
                    NeedReported(
                        need_id=f"need:{i}",
                        place_id=ids[row.place % len(ids)],
                        item_id=row.item,
                        quantity=Decimal(int(row.quantity)),
                        unit={"tent": "tent", "blanket": "piece", "food_kit": "kit"}[row.item],
                        expires_at=now + timedelta(days=2),
                    )
                    for i, row in enumerate(self.needs.itertuples())
                ]
            )
            assessing.assess(situation)
            begun = time.perf_counter()
            for layer in vector_layers.vector_layers(situation):
                vector_layers.vector_file(situation, layer.key)
            return time.perf_counter() - begun
