"""The fact tables of the drill as they were written, see ``tables/README.md``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geo.errors import UnreadableError

TABLES = Path(__file__).parent / "tables"
NAMES = (
    "places",
    "spot_heights",
    "waypoints",
    "roads",
    "tracks",
    "bridges",
    "closures",
    "building_shares",
    "event",
    "depots",
    "stock",
    "vehicles",
    "organisations",
    "volunteers",
    "tasks",
    "shifts",
    "analysed_areas",
)
# What would lose its leading zeros or its emptiness if pandas guessed.
TEXT_COLUMNS = (
    "code",
    "commune_code",
    "name_zgh",
    "reopened_at",
    "place",
    "heard_at_place",
    "stars",
    "heard",
)
HCP_CODE = re.compile(r"\d{10,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """All tables of the drill; columns as in their files, empty text is ``""``."""

    places: pd.DataFrame
    spot_heights: pd.DataFrame
    waypoints: pd.DataFrame
    roads: pd.DataFrame
    tracks: pd.DataFrame
    bridges: pd.DataFrame
    closures: pd.DataFrame
    building_shares: pd.DataFrame
    event: pd.DataFrame
    depots: pd.DataFrame
    stock: pd.DataFrame
    vehicles: pd.DataFrame
    organisations: pd.DataFrame
    volunteers: pd.DataFrame
    tasks: pd.DataFrame
    shifts: pd.DataFrame
    analysed_areas: pd.DataFrame

    @property
    def points(self) -> pd.DataFrame:
        """`lon`, `lat`, `elevation_m` of every place and waypoint, indexed by its code."""
        columns = ["code", "lon", "lat", "elevation_m"]
        waypoints = self.waypoints.rename(columns={"waypoint": "code"})
        both = pd.concat([self.places[columns], waypoints[columns]], ignore_index=True)
        return both.set_index("code").astype("float64")


def read_tables(folder: Path = TABLES) -> Tables:
    """Read the tables of the drill.

    Raises
    ------
    UnreadableError
        A table is missing: the installation is not whole.
    """
    missing = [name for name in NAMES if not (folder / f"{name}.csv").is_file()]
    if missing:
        raise UnreadableError(
            f"tables of the drill in {folder.name}",
            f"{', '.join(f'{name}.csv' for name in missing)} are missing",
            "install the program again",
        )
    return Tables(**{name: _read(folder / f"{name}.csv") for name in NAMES})


def place_id(code: str) -> str:
    """Id of a place: ``place:MA-<code>`` for a code of the census (HCP), else ``place:<code>``."""
    return f"place:MA-{code}" if HCP_CODE.fullmatch(code) else f"place:{code}"


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(
        path, dtype=dict.fromkeys(TEXT_COLUMNS, str), keep_default_na=False, encoding="utf-8"
    )
