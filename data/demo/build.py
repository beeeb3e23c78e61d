"""Build the Al Haouz drill from its tables: the same content in every run, in a few seconds."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import geo.shaking
import geo.vulnerability
from data.catalogue import CATALOGUE
from data.demo.closures import drill_closures
from data.demo.crew import drill_crew
from data.demo.damage import analysed_areas, damage_points, draw_buildings
from data.demo.damage_raster import write_damage_raster
from data.demo.places import building_shares, drill_places
from data.demo.reports import drill_needs
from data.demo.roads import drill_roads
from data.demo.roster import drill_roster
from data.demo.shaking import drill_shakemap
from data.demo.tables import TABLES, Tables, read_tables
from data.demo.terrain import write_terrain
from geo.model import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import pandas as pd

    from data.events import NewEvent
    from geo.network import RoadTables

logger = logging.getLogger(__name__)

NAME = "Al Haouz drill"
NOTICE = "drill: places real; roads schematic; damage, needs, stock and people simulated"
TIMEZONE = "Africa/Casablanca"
# The second morning: the army is clearing the R203, most of the upper valleys are still cut off.
PLAYS_AT = datetime(2023, 9, 13, 6, 0, tzinfo=UTC)
LICENCE = (
    "positions and names: © OpenStreetMap contributors (ODbL 1.0), GeoNames (CC BY 4.0), HCP RGPH "
    "2024; all else written for the drill"
)
MARGIN_DEG = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drill:
    """Everything that the drill's situation is made of.

    Frames have the columns of ``docs/architecture.md`` and lie in EPSG:4326. `building_shares` has
    a row a place, in the order of `places`, and a column a typology of `geo.vulnerability`.
    """

    name: str
    notice: str
    timezone: str
    plays_at: datetime
    bounds: tuple[float, float, float, float]
    source: Source
    places: gpd.GeoDataFrame
    building_shares: pd.DataFrame
    roads: RoadTables
    elevation: Path
    shakemap: gpd.GeoDataFrame
    damage_points: gpd.GeoDataFrame
    damage_raster: Path
    analysed_areas: gpd.GeoDataFrame
    events: tuple[NewEvent, ...]


def fingerprint() -> str:
    """SHA-256 over the tables and the code that make the drill: another one, another drill."""
    ours = [*Path(__file__).parent.glob("*.py"), *TABLES.glob("*.csv")]
    physics = [Path(str(module.__file__)) for module in (geo.shaking, geo.vulnerability)]
    return digest([*sorted(ours), *physics, CATALOGUE])


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files, in the order given."""
    sha256 = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        sha256.update(f"{path.name}\0{len(content)}\0".encode())
        sha256.update(content)
    return sha256.hexdigest()


def build_drill(folder: Path) -> Drill:
    """Build the drill; its two rasters are written into `folder` as GeoTIFF.

    Raises
    ------
    UnreadableError
        A table is missing: the installation is not whole.
    """
    tables = read_tables()
    source = Source(name=NAME, at=PLAYS_AT, licence=LICENCE)
    bounds = _bounds(tables)
    folder.mkdir(parents=True, exist_ok=True)
    elevation, damage_raster = folder / "elevation.tif", folder / "damage_proxy.tif"
    write_terrain(tables, elevation, bounds=bounds)
    roads = drill_roads(tables, source=source)
    buildings = draw_buildings(tables)
    write_damage_raster(tables, buildings, damage_raster)
    drill = Drill(
        name=NAME,
        notice=NOTICE,
        timezone=TIMEZONE,
        plays_at=PLAYS_AT,
        bounds=bounds,
        source=source,
        places=drill_places(tables),
        building_shares=building_shares(tables),
        roads=roads.tables,
        elevation=elevation,
        shakemap=drill_shakemap(tables, bounds=bounds),
        damage_points=damage_points(tables, buildings),
        damage_raster=damage_raster,
        analysed_areas=analysed_areas(tables),
        events=(
            *drill_roster(tables),
            *drill_closures(tables, roads, at=PLAYS_AT),
            *drill_needs(tables),
            *drill_crew(tables),
        ),
    )
    logger.info(
        "built the drill: %d places, %d edges, %d damage points, %d events",
        len(drill.places),
        len(drill.roads.edges),
        len(drill.damage_points),
        len(drill.events),
    )
    return drill


def _bounds(tables: Tables) -> tuple[float, float, float, float]:
    """West, south, east, north of all places, waypoints and depots, with some margin."""
    lon = np.concatenate([tables.points["lon"], tables.depots["lon"]])
    lat = np.concatenate([tables.points["lat"], tables.depots["lat"]])
    return (
        round(float(lon.min()) - MARGIN_DEG, 2),
        round(float(lat.min()) - MARGIN_DEG, 2),
        round(float(lon.max()) + MARGIN_DEG, 2),
        round(float(lat.max()) + MARGIN_DEG, 2),
    )
