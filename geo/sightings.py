"""One building seen by several satellites is one building.

Two sightings are the same building when they come from different surveys (source and sensor; for a
package of Copernicus the product), lie within a distance or are drawn over each other, and each is
the other's likeliest such neighbour: outlines with most in common first, then the nearest points.
Merging is repeated until nothing merges any more, so that merging again changes nothing; rows are
put into one order first, so that their order does not matter. Two points of the same survey are
never one building.

A corrected product (v2) takes the place of the one before it (v1), whole. A re-survey (MONIT) takes
the place of the first survey of the same area building by building: where it has nothing to say (a
cloud, a smaller map) the earlier word stays.
"""

from __future__ import annotations

import logging
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geo.crs import project, require_storage
from geo.errors import InputError, TooLargeError
from geo.grades import SEVERITY
from geo.outline_overlap import overlapping_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

# Houses of a douar stand 13 m apart (median to the nearest neighbour of the 4,804 graded buildings
# of UNOSAT EQ20230909MAR; one in twenty nearer than 7 m), and satellite products are registered to
# some 5 m. 8 m joins sightings and leaves neighbours apart.
DISTANCE_M = 8.0
MAX_PAIRS = 5_000_000
SEPARATOR = " | "

# Nominal ground sampling distance of the sensors that analysts use, in metres (makers' data sheets,
# panchromatic at nadir; aerial and drone imagery as usually delivered). Longest name first.
RESOLUTION_M: Mapping[str, float] = MappingProxyType(
    {
        "pleiades neo": 0.3,
        "pleiades": 0.5,
        "pneo": 0.3,
        "worldview 1": 0.5,
        "worldview 2": 0.46,
        "worldview 3": 0.31,
        "worldview 4": 0.31,
        "geoeye": 0.41,
        "quickbird": 0.61,
        "kompsat 3a": 0.55,
        "kompsat": 0.7,
        "ikonos": 0.82,
        "skysat": 0.5,
        "superview": 0.5,
        "gaofen 2": 0.8,
        "jilin": 0.75,
        "deimos": 0.75,
        "spot": 1.5,
        "planetscope": 3.0,
        "sentinel 2": 10.0,
        "drone": 0.05,
        "uav": 0.05,
        "aerial": 0.2,
    }
)


def merge_sightings(
    points: gpd.GeoDataFrame, *, crs: str, distance_m: float = DISTANCE_M
) -> gpd.GeoDataFrame:
    """Merge the sightings of one building by different surveys.

    Parameters
    ----------
    points
        Damage points in EPSG:4326 (columns of `docs/architecture.md`).
    crs
        Projected working CRS in which distances are measured.
    distance_m
        Two sightings further apart are two buildings, in metres.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a building and one a row that is no building, in an order that depends on the
        content only. The grade, its place, sensor and date are those of the sighting that counts:
        one that was analysed before one that was not, then the latest, then the best resolution,
        then the worst grade. Added: `sightings` (how many), `seen_by` (surveys), `grades_seen`
        (distinct grades, worst first) and `disagrees` (the surveys graded it differently).

    Raises
    ------
    CrsError
        `points` is not in EPSG:4326, or `crs` is not a projected CRS in metres.
    InputError
        The distance is not a positive number.
    TooLargeError
        More pairs of points lie within the distance than can be compared.
    """
    require_storage(points, "damage points")
    if not (np.isfinite(distance_m) and distance_m > 0):
        raise InputError(
            f"distance {distance_m} m", "a distance above 0 m is needed", "give for example 8"
        )
    rows = _in_order(_with_sightings(in_force(points)))
    if (_survey_numbers(rows) > 0).any():
        low, high = _pairs_of_buildings(rows, crs, distance_m)
        area = _survey_areas(rows)
        one_area = (area[low] == area[high]) & (area[low] != "")
        rows = _merge(rows, low[one_area], high[one_area], _rank(rows, _survey_numbers(rows)))
    merged = _merge(rows, *_pairs_of_buildings(rows, crs, distance_m), _rank(rows))
    logger.info("merged %d rows of sightings into %d", len(points), len(merged))
    return merged


def in_force(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out what a later version of the same product replaced.

    Rows of packages name their product in `survey` and its version in `survey_version` (points,
    analysed areas and graded roads alike). Rows without them stay.
    """
    if "survey" not in rows.columns or "survey_version" not in rows.columns:
        return rows
    survey = rows["survey"].fillna("").astype("str")
    version = pd.to_numeric(rows["survey_version"], errors="coerce").fillna(0)
    newest = version.groupby(survey.to_numpy()).transform("max")
    keep = (survey == "").to_numpy() | (version == newest).to_numpy()
    return rows if keep.all() else rows[keep].reset_index(drop=True)


def resolution_m(sensor: str) -> float:
    """Nominal ground sampling distance of a sensor by its name, in metres; inf if unknown."""
    name = re.sub(r"[\s_\-]+", " ", sensor.casefold().replace("é", "e").replace("ï", "i"))
    name = re.sub(r"\bwv ?(?=\d)", "worldview ", name)
    name = re.sub(r"\b(worldview|kompsat|gaofen|sentinel)(?=\d)", r"\1 ", name)
    fits = [key for key in RESOLUTION_M if key in name]
    return RESOLUTION_M[max(fits, key=len)] if fits else float("inf")


def _with_sightings(points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows with what merging adds; rows that were merged before keep what they have."""
    survey = _survey_of(points)
    fresh = {
        "sightings": np.ones(len(points), dtype="int64"),
        "seen_by": survey.str.replace(SEPARATOR.strip(), "!", regex=False).astype("str"),
        "grades_seen": points["grade"].astype("str"),
        "disagrees": np.zeros(len(points), dtype=bool),
    }
    rows = points.copy()
    for name, values in fresh.items():
        old = points[name] if name in points.columns else pd.Series(pd.NA, index=points.index)
        filled = old.astype("object").where(old.notna(), values)
        rows[name] = filled.astype(getattr(values, "dtype", "str"))
    return rows


def _survey_of(points: gpd.GeoDataFrame) -> pd.Series:
    """Who saw each row: source and sensor, or source and product where a package names one.

    One product never draws a building twice, even where it was made from two images.
    """
    by_sensor = points["source"].astype("str") + " / " + points["sensor"].astype("str")
    if "survey" not in points.columns:
        return by_sensor
    survey = points["survey"].fillna("").astype("str")
    version = pd.to_numeric(points["survey_version"], errors="coerce").fillna(0).astype("int64")
    product = survey + " v" + version.astype("str")
    both = points["source"].astype("str") + " / " + product
    # "Copernicus EMS EMSR190 07TODIANO v2" names its product already.
    named = {text: _said_once(text) for text in both.unique()}
    return both.map(named).where(survey != "", by_sensor).astype("str")


def _said_once(text: str) -> str:
    source, product = text.rsplit(" / ", 1)
    return source if source.endswith(product) else text


def _survey_areas(rows: gpd.GeoDataFrame) -> NDArray[np.object_]:
    if "survey_area" not in rows.columns:
        return np.full(len(rows), "", dtype=object)
    areas: NDArray[np.object_] = rows["survey_area"].fillna("").astype("str").to_numpy(object)
    return areas


def _survey_numbers(rows: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """0 for the first survey of an area, 1 for its first re-survey and so on."""
    if "survey_number" not in rows.columns:
        return np.zeros(len(rows))
    return np.asarray(
        pd.to_numeric(rows["survey_number"], errors="coerce").fillna(0), dtype=np.float64
    )


def _in_order(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows in an order that depends on their content only."""
    keys = pd.DataFrame(
        {
            "lon": rows.geometry.x.to_numpy(),
            "lat": rows.geometry.y.to_numpy(),
            "observed_at": _microseconds(rows["observed_at"]),
            **{
                name: rows[name].to_numpy()
                for name in (
                    "seen_by",
                    "grade",
                    "grade_written",
                    "object",
                    "is_building",
                    "source",
                    "sensor",
                    "sightings",
                    "grades_seen",
                )
            },
        }
    )
    if "outline" in rows.columns:
        # Two drawings of one point are told apart by their outlines; None is none.
        keys["outline"] = [one if isinstance(one, bytes) else b"" for one in rows["outline"]]
    order = keys.sort_values(list(keys.columns), kind="stable").index.to_numpy()
    return rows.iloc[order].reset_index(drop=True)


def _rank(rows: gpd.GeoDataFrame, first_by: NDArray[np.float64] | None = None) -> NDArray[np.int64]:
    """Position of each row among all, the one that counts most first.

    Of rows that were analysed, the larger `first_by` counts before anything else.
    """
    sharpness = rows["sensor"].map({s: resolution_m(s) for s in rows["sensor"].unique()})
    severity = rows["grade"].map(SEVERITY).to_numpy(dtype=np.float64)
    analysed = (rows["grade"] != "not_analysed").to_numpy()
    order = np.lexsort(
        (
            np.arange(len(rows)),
            -severity,
            sharpness.to_numpy(dtype=np.float64),
            -_microseconds(rows["observed_at"]),
            np.zeros(len(rows)) if first_by is None else -first_by,
            ~analysed,
        )
    )
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows))
    return rank


def _microseconds(times: pd.Series) -> NDArray[np.float64]:
    """Times as numbers, the unknown before all others."""
    numbers = times.astype("datetime64[us, UTC]").astype("int64").to_numpy(dtype=np.float64)
    return np.where(times.isna().to_numpy(), -np.inf, numbers)


def _pairs_of_buildings(
    rows: gpd.GeoDataFrame, crs: str, distance_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row numbers of the pairs that may be one building, the likeliest first."""
    place_m = np.column_stack(
        project(rows.geometry.x.to_numpy(), rows.geometry.y.to_numpy(), crs)
    ).reshape(-1, 2)
    # Shelter sites, roads and points outside the working CRS pass through as they are.
    buildings = np.flatnonzero(
        rows["is_building"].to_numpy(dtype=bool) & np.isfinite(place_m).all(axis=1)
    )
    low, high = _near_pairs(place_m[buildings], distance_m)
    low, high = buildings[low], buildings[high]
    first, second, share = overlapping_pairs(rows, buildings, place_m, crs, max_pairs=MAX_PAIRS)
    table = pd.DataFrame(
        {
            "low": np.concatenate([low, first]),
            "high": np.concatenate([high, second]),
            "share": np.concatenate([np.zeros(len(low)), share]),
            "drawn": np.concatenate([np.zeros(len(low), bool), np.ones(len(first), bool)]),
        }
    )
    apart = place_m[table["low"]] - place_m[table["high"]]
    # Outlines drawn over each other tell more than points near each other. A tenth of a per mille
    # of the share and a tenth of a millimetre are no difference: they depend on rounding.
    table["share"] = table["share"].round(4)
    table["apart_m"] = np.hypot(apart[:, 0], apart[:, 1]).round(4)
    table = table.sort_values(
        ["drawn", "share", "apart_m", "low", "high"],
        ascending=[False, False, True, True, True],
        kind="stable",
    ).drop_duplicates(["low", "high"])
    return table["low"].to_numpy(np.int64), table["high"].to_numpy(np.int64)


def _near_pairs(
    place_m: NDArray[np.float64], distance_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs of points within the distance."""
    if len(place_m) < 2:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    tree = cKDTree(place_m)
    if tree.count_neighbors(tree, distance_m) > MAX_PAIRS:
        raise TooLargeError(
            f"{len(place_m):,} damage points within {distance_m:g} m of each other",
            f"more than {MAX_PAIRS:,} pairs would have to be compared",
            "merge with a smaller distance",
        )
    pairs = tree.query_pairs(distance_m, output_type="ndarray").astype(np.int64)
    return pairs.min(axis=1, initial=len(place_m)), pairs.max(axis=1, initial=-1)


def _merge(
    rows: gpd.GeoDataFrame,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    rank: NDArray[np.int64],
) -> gpd.GeoDataFrame:
    """Join pair by pair, each time those that are each other's nearest of another survey."""
    seen_by, grades = _Texts(rows["seen_by"]), _Texts(rows["grades_seen"])
    sightings = rows["sightings"].to_numpy(dtype=np.int64).copy()
    stands = np.ones(len(rows), dtype=bool)
    while len(low):
        # A pair falls out for good once one of both was merged away or both saw one survey.
        keep = stands[low] & stands[high]
        keep[keep] = seen_by.apart(low[keep], high[keep])
        low, high = low[keep], high[keep]
        mutual = _mutual(low, high, len(rows))
        better = rank[low[mutual]] < rank[high[mutual]]
        winner = np.where(better, low[mutual], high[mutual])
        loser = np.where(better, high[mutual], low[mutual])
        seen_by.join(winner, loser)
        grades.join(winner, loser)
        sightings[winner] += sightings[loser]
        stands[loser] = False
    merged = rows.copy()
    merged["sightings"] = sightings
    merged["seen_by"] = seen_by.written()
    merged["grades_seen"] = grades.written(key=lambda grade: -SEVERITY[grade])
    analysed = merged["grades_seen"].str.replace(f"{SEPARATOR}not_analysed", "", regex=False)
    merged["disagrees"] = analysed.str.contains(SEPARATOR, regex=False).to_numpy(dtype=bool)
    return _in_order(merged[stands])


def _mutual(low: NDArray[np.int64], high: NDArray[np.int64], n_rows: int) -> NDArray[np.bool_]:
    """Which of the pairs, sorted by distance, are the first pair of both their points."""
    number = np.arange(len(low))
    first = np.full(n_rows, len(low), dtype=np.int64)
    np.minimum.at(first, low, number)
    np.minimum.at(first, high, number)
    mutual: NDArray[np.bool_] = (first[low] == number) & (first[high] == number)
    return mutual


class _Texts:
    """A column of joined texts ("a | b") whose sets are united row by row, a few sets in all."""

    def __init__(self, column: pd.Series) -> None:
        codes, texts = pd.factorize(column)
        self.codes: NDArray[np.int64] = codes.astype(np.int64)
        self.sets: list[frozenset[str]] = [frozenset(t.split(SEPARATOR)) for t in texts]
        self.number = {members: code for code, members in enumerate(self.sets)}

    def apart(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the sets of two rows have nothing in common."""
        return self._each(left, right, lambda a, b: not (self.sets[a] & self.sets[b])).astype(bool)

    def join(self, winner: NDArray[np.int64], loser: NDArray[np.int64]) -> None:
        """Give each winner what its loser has."""
        self.codes[winner] = self._each(winner, loser, self._united)

    def written(self, key: Callable[[str], Any] | None = None) -> pd.Series:
        """The column as text again, members sorted."""
        texts = np.array([SEPARATOR.join(sorted(m, key=key)) for m in self.sets], dtype=object)
        return pd.Series(texts[self.codes], dtype="str")

    def _united(self, left: int, right: int) -> int:
        members = self.sets[left] | self.sets[right]
        if members not in self.number:
            self.number[members] = len(self.sets)
            self.sets.append(members)
        return self.number[members]

    def _each(
        self, left: NDArray[np.int64], right: NDArray[np.int64], ask: Callable[[int, int], int]
    ) -> NDArray[np.int64]:
        """Ask once for every different pair of sets."""
        size = len(self.sets)
        pairs, at = np.unique(self.codes[left] * size + self.codes[right], return_inverse=True)
        answers = [int(ask(int(pair) // size, int(pair) % size)) for pair in pairs]
        return np.array(answers, dtype=np.int64)[at]
