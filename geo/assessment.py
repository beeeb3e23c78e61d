"""What is known of each place after the earthquake, who says so, and what nobody has looked at.

Graded buildings go to the nearest place within a radius; the rest are counted as unassigned, so
that assigned + unassigned is what was graded. A place is *assessed* where analysts or a damage
raster looked at half of its neighbourhood; the absence of damage points says nothing elsewhere.
Every rule and number here is explained in `docs/evidence.md`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo.affected import ASSESSED_FROM, Looked, homes_of, people_affected, priority
from geo.coverage import covering, covers_of_places, looked_at, outside_share
from geo.crs import project, require_storage
from geo.damage import empty_points
from geo.damage_raster import zone_damage
from geo.errors import CoverageError, EmptyInputError, InputError, SchemaError
from geo.grades import GRADES
from geo.place_damage import BOUNDS, PlaceDamage, damage_of_places
from geo.shaking import band_at
from geo.sightings import DISTANCE_M, merge_sightings
from geo.speakers import all_sources, lists_of_sources, speakers
from geo.vulnerability import expected_damage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo.damage_raster import DamageRaster

logger = logging.getLogger(__name__)

RADIUS_M = 1000.0
# A douar of the High Atlas: some hundred houses within a few hundred metres of its point.
NEIGHBOURHOOD_M = 300.0

COUNTED = ("destroyed", "damaged", "possibly_damaged", "no_visible_damage")
PLACE_COLUMNS = ("place_id", "people", "households")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """Damage and people by place.

    Attributes
    ----------
    places
        The given places with these columns added. Buildings counted: `destroyed`, `damaged`,
        `possibly_damaged`, `no_visible_damage` (int; sightings merged). What was looked at:
        `assessed` (bool), `assessed_share` (0 to 1), `evidence` (one plain sentence), `covered_by`
        (list: analysed areas and rasters, each with source, time and share). Raster:
        `raster_share`, `raster_covered_share`. Shaking: `mmi`, `expected_destroyed_share`,
        `expected_damaged_share`. People: `affected`, `affected_low`, `affected_high` (persons, NaN
        = unknown), `affected_basis` (`counted`, `from_raster`, `unknown`, or the basis
        of `geo.place_damage.PlaceDamage`). Belief: `prior_destroyed`, `prior_hit`,
        `posterior_destroyed`, `posterior_hit` each with `_low`, `_value`, `_high` (shares, NaN =
        nothing is believed), and the columns of `PlaceDamage.evidence`. `sources` is a list of
        ``{"name", "at"}`` of those who speak of the place (`at` is ISO 8601 or None). `priority` is
        within 0 and 1.
    totals
        Counts; `assigned` + `unassigned` = `graded_merged`.
    sources
        All sources with the latest time of what they saw.
    """

    places: gpd.GeoDataFrame
    totals: Mapping[str, float]
    sources: tuple[Mapping[str, Any], ...]
    at: datetime
    notes: tuple[str, ...] = field(default=())


def assess_places(
    places: gpd.GeoDataFrame,
    *,
    damage_points: gpd.GeoDataFrame | Sequence[gpd.GeoDataFrame] = (),
    analysed_areas: gpd.GeoDataFrame | Sequence[gpd.GeoDataFrame] = (),
    damage_rasters: Sequence[DamageRaster] = (),
    shakemap: gpd.GeoDataFrame | None = None,
    building_shares: pd.DataFrame | Mapping[str, float] | None = None,
    field_reports: pd.DataFrame | None = None,
    buildings_of_places: pd.Series | None = None,
    crs: str,
    radius_m: float = RADIUS_M,
    merge_distance_m: float = DISTANCE_M,
    now: datetime,
) -> Assessment:
    """Assess all places at once from whatever evidence there is.

    Parameters
    ----------
    places
        Places in EPSG:4326 (`docs/architecture.md`); `people` and `households` may be NaN.
    damage_points, analysed_areas
        Tables of `geo.damage.damage_from_vector`, one or several. Sightings are merged here;
        merging tables that were merged before changes nothing.
    damage_rasters
        Damage rasters with their meaning.
    shakemap
        As `geo.shaking.shakemap_from_vector` gives it.
    building_shares
        Share of each building typology, for all places or a place a row on the index of `places`.
    field_reports
        Counts on the ground, `geo.place_damage.FIELD_COLUMNS`.
    buildings_of_places
        Buildings of each place, on the index of `places`; NaN where nobody counted: its homes.
    crs
        Projected working CRS in which everything is measured.
    radius_m
        A building belongs to the nearest place within this distance, in metres.
    merge_distance_m
        Distance of `geo.sightings.merge_sightings`, in metres.
    now
        Time of the assessment, aware.

    Returns
    -------
    Assessment

    Raises
    ------
    EmptyInputError
        There are no places.
    CrsError
        A table is not in EPSG:4326, or `crs` is no projected CRS in metres.
    CoverageError
        A place lies where the working CRS does not reach, or a raster lies elsewhere.
    SchemaError
        Places without the needed columns or without unique ids.
    InputError
        A radius that is no positive number, or a time without a zone; and what the rasters and
        building shares raise.
    """
    _require(places, radius_m, now)
    points = _together(damage_points, empty_points())
    areas = _together(analysed_areas, None)
    merged = merge_sightings(points, crs=crs, distance_m=merge_distance_m)
    buildings = merged[merged["is_building"].astype(bool)]
    graded = buildings[buildings["grade"] != "not_analysed"]
    place_m = _measured(places, crs)
    owner = _nearest_place(graded, place_m, crs, radius_m)

    circles = _neighbourhoods(places, place_m, crs)
    seen = None if areas is None else looked_at(areas, crs)
    area_share, cover = covering(circles.geometry.to_numpy(), seen)
    rasters, raster_shares = _raster_evidence(damage_rasters, circles)
    shaking = _shaking(places, shakemap, building_shares)

    table = _count(graded, owner, len(places))
    looked = Looked(
        area_share=area_share,
        raster_share=rasters["damage_share"],
        raster_share_high=rasters["damage_share_high"],
        raster_covered=rasters["covered_share"],
    )
    homes = homes_of(places)
    if buildings_of_places is not None:
        counted = buildings_of_places.to_numpy(dtype=np.float64)
        homes = np.where(counted > 0, counted, homes)
    believed = damage_of_places(places, homes, table, looked, shaking, field_reports)
    people = people_affected(places, table, looked, believed)
    result = places.copy()
    for grade in COUNTED:
        result[grade] = table[grade]
    on_ground = _counted_on_ground(believed, homes)
    result["assessed_share"] = np.maximum(looked.share, on_ground)
    result["assessed"] = looked.by_area | looked.by_raster | (on_ground >= ASSESSED_FROM)
    result["evidence"] = _evidence(looked, table, shaking["mmi"], on_ground)
    result["raster_share"] = rasters["damage_share"]
    result["raster_covered_share"] = rasters["covered_share"]
    result["mmi"] = shaking["mmi"]
    result["expected_destroyed_share"] = shaking["destroyed"]
    result["expected_damaged_share"] = shaking["damaged"]
    for name, values in people.items():
        result[name] = values
    for column, values in _damage_columns(believed).items():
        result[column] = values
    result["priority"] = priority(result, shaking, believed)
    result["covered_by"] = covers_of_places(cover, damage_rasters, raster_shares, len(places))
    spoken = speakers(
        graded,
        owner,
        cover,
        damage_rasters,
        rasters,
        shakemap,
        shaking["mmi"],
        _ground_speakers(believed),
    )
    result["sources"] = lists_of_sources(spoken, len(places))
    totals = _totals(result, points, merged, graded, owner)
    logger.info(
        "assessed %d places: %d assessed, %d buildings graded, %d unassigned",
        len(places),
        int(result["assessed"].sum()),
        len(graded),
        int(totals["unassigned"]),
    )
    return Assessment(
        places=result,
        totals=totals,
        sources=all_sources(points, areas, damage_rasters, shakemap),
        at=now.astimezone(UTC),
        notes=_notes(totals, areas, outside_share(graded, seen, crs)),
    )


# --- what is given ----------------------------------------------------------------------------


def _require(places: gpd.GeoDataFrame, radius_m: float, now: datetime) -> None:
    if len(places) == 0:
        raise EmptyInputError("places", "there are none", "load places first")
    require_storage(places, "places")
    missing = [name for name in PLACE_COLUMNS if name not in places.columns]
    if missing or not places["place_id"].is_unique:
        raise SchemaError(
            f"places without {', '.join(missing)}" if missing else "places with one id twice",
            "place_id (unique), people and households are needed",
            "make the table with geo.places.places_from_vector",
        )
    if not (np.isfinite(radius_m) and radius_m > 0):
        raise InputError(f"radius {radius_m} m", "a radius above 0 m is needed", "give metres")
    if now.tzinfo is None:
        raise InputError(f"time {now.isoformat()}", "it needs a zone", "give an aware time")


def _together(given: Any, nothing: gpd.GeoDataFrame | None) -> Any:
    """One table of one or several; `nothing` if there is none."""
    frames = [given] if isinstance(given, gpd.GeoDataFrame) else [f for f in given if f is not None]
    for frame in frames:
        require_storage(frame, "damage layer")
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return nothing
    return frames[0].copy() if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _measured(places: gpd.GeoDataFrame, crs: str) -> NDArray[np.float64]:
    """Places in metres of the working CRS, (n, 2)."""
    place_m = np.column_stack(project(places.geometry.x, places.geometry.y, crs))
    lost = np.flatnonzero(~np.isfinite(place_m).all(axis=1))
    if len(lost):
        place = places.iloc[lost[0]]
        raise CoverageError(
            f"place {place['place_id']} at {place.geometry.x:g}, {place.geometry.y:g} "
            f"({len(lost)} such)",
            f"{crs} does not reach there",
            "correct its coordinates or take it out",
        )
    return place_m


# --- buildings --------------------------------------------------------------------------------


def _nearest_place(
    graded: gpd.GeoDataFrame, place_m: NDArray[np.float64], crs: str, radius_m: float
) -> NDArray[np.int64]:
    """Row of the place each building belongs to; -1 beyond the radius. Ties: the first place."""
    if len(graded) == 0:
        return np.empty(0, dtype=np.int64)
    here_m = np.column_stack(project(graded.geometry.x, graded.geometry.y, crs))
    near = np.isfinite(here_m).all(axis=1)
    owner = np.full(len(graded), -1, dtype=np.int64)
    distance_m, found = cKDTree(place_m).query(here_m[near])
    owner[near] = np.where(distance_m <= radius_m, found, -1)
    return owner


def _count(
    graded: gpd.GeoDataFrame, owner: NDArray[np.int64], n_places: int
) -> dict[str, NDArray[np.int64]]:
    mine = owner >= 0
    grades = graded["grade"].to_numpy()
    return {
        grade: np.bincount(owner[mine & (grades == grade)], minlength=n_places).astype(np.int64)
        for grade in COUNTED
    }


# --- what was looked at -----------------------------------------------------------------------


def _neighbourhoods(
    places: gpd.GeoDataFrame, place_m: NDArray[np.float64], crs: str
) -> gpd.GeoSeries:
    circles = shapely.buffer(shapely.points(place_m), NEIGHBOURHOOD_M, quad_segs=8)
    return gpd.GeoDataFrame(geometry=circles, index=places.index, crs=crs)


def _raster_evidence(
    rasters: Sequence[DamageRaster], circles: gpd.GeoDataFrame
) -> tuple[dict[str, NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Damage share of each neighbourhood; of several rasters the one that covers most speaks.

    Also what share of each neighbourhood each raster covers.
    """
    covers = []
    best = {
        "damage_share": np.full(len(circles), np.nan),
        "damage_share_high": np.full(len(circles), np.nan),
        "covered_share": np.zeros(len(circles)),
        "raster": np.full(len(circles), -1.0),
    }
    for number, raster in enumerate(rasters):
        found = zone_damage(
            raster.path, circles, classes=raster.classes, band=raster.band, scale=raster.scale
        )
        covered = found["covered_share"].to_numpy(dtype=np.float64)
        covers.append(covered)
        better = covered > best["covered_share"]
        best["raster"] = np.where(better, float(number), best["raster"])
        for name in ("damage_share", "damage_share_high", "covered_share"):
            best[name] = np.where(better, found[name].to_numpy(dtype=np.float64), best[name])
    return best, covers


def _shaking(
    places: gpd.GeoDataFrame,
    shakemap: gpd.GeoDataFrame | None,
    building_shares: pd.DataFrame | Mapping[str, float] | None,
) -> pd.DataFrame:
    if shakemap is None or len(shakemap) == 0:
        bands = pd.DataFrame({"mmi": np.nan, "mmi_high": np.nan}, index=places.index)
    else:
        bands = band_at(shakemap, places.geometry)
    expected = expected_damage(
        bands["mmi"], mmi_high=bands["mmi_high"], building_shares=building_shares
    )
    return bands.join(expected)


def _damage_columns(believed: PlaceDamage) -> dict[str, pd.Series]:
    """Prior, posterior and evidence as columns of the places."""
    columns = {}
    for name, frame in (
        ("prior_destroyed", believed.prior_destroyed),
        ("prior_hit", believed.prior_hit),
        ("posterior_destroyed", believed.destroyed),
        ("posterior_hit", believed.hit),
    ):
        columns.update({f"{name}_{bound}": frame[bound] for bound in BOUNDS})
    return {**columns, **{name: believed.evidence[name] for name in believed.evidence}}


# --- who says so ------------------------------------------------------------------------------


def _counted_on_ground(believed: PlaceDamage, homes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the buildings of each place that somebody on the ground counted."""
    total = np.nan_to_num(believed.evidence["field_total"].to_numpy(dtype=np.float64))
    # Of an unknown number of homes, those that were counted are taken to be all.
    share = np.divide(total, homes, out=(total > 0).astype(np.float64), where=homes > 0)
    counted: NDArray[np.float64] = np.clip(share, 0.0, 1.0)
    return counted


def _ground_speakers(believed: PlaceDamage) -> pd.DataFrame:
    """Who counted on the ground, and when, by row of the place."""
    found = believed.evidence.reset_index(drop=True)
    found = found[found["field_by"].notna()]
    return pd.DataFrame(
        {
            "place": found.index,
            "name": found["field_by"].to_numpy(),
            "at": pd.to_datetime(found["field_at"], utc=True).to_numpy(),
        }
    )


def _evidence(
    looked: Looked,
    table: Mapping[str, NDArray[np.int64]],
    mmi: pd.Series,
    on_ground: NDArray[np.float64],
) -> pd.Series:
    """What the verdict on a place rests on, in one plain sentence."""
    damage = (table["destroyed"] + table["damaged"] + table["possibly_damaged"]) > 0
    intact = ~damage & (table["no_visible_damage"] > 0)
    partly = looked.share > 0
    said = np.full(len(damage), "not looked at", dtype=object)
    for holds, sentence in (
        (mmi.notna().to_numpy(), "not looked at; expected from shaking"),
        (partly, "less than half looked at"),
        (intact, "some buildings looked at, area not stated"),
        (damage, "damage seen, area not stated"),
        (damage & partly, "damage seen, less than half looked at"),
        (looked.by_raster, "looked at by a damage raster"),
        (looked.by_raster & damage, "looked at by a damage raster, damage seen by analysts"),
        (looked.by_area, "looked at by analysts, no damage seen"),
        (looked.by_area & damage, "looked at by analysts, damage seen"),
        (on_ground > 0, "counted on the ground"),
    ):
        said = np.where(holds, sentence, said)
    return pd.Series(said, index=mmi.index, dtype="str")


def _totals(
    result: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    merged: gpd.GeoDataFrame,
    graded: gpd.GeoDataFrame,
    owner: NDArray[np.int64],
) -> dict[str, float]:
    buildings = merged["is_building"].to_numpy(dtype=bool)
    sightings = points["is_building"].to_numpy(dtype=bool)
    totals: dict[str, float] = {
        "places": len(result),
        "places_assessed": int(result["assessed"].sum()),
        "places_not_assessed": int((~result["assessed"]).sum()),
        "places_with_damage": int((result[["destroyed", "damaged"]].sum(axis=1) > 0).sum()),
        "rows": len(points),
        "not_buildings": int((~buildings).sum()),
        "sightings": int(sightings.sum()),
        "buildings_merged": int(buildings.sum()),
        "not_analysed": int(buildings.sum()) - len(graded),
        "graded_merged": len(graded),
        "disagreeing": int(graded["disagrees"].sum()),
        "assigned": int((owner >= 0).sum()),
        "unassigned": int((owner < 0).sum()),
    }
    for grade in GRADES[:-1]:
        here = graded["grade"].to_numpy() == grade
        totals[f"{grade}"] = int(here.sum())
        totals[f"{grade}_assigned"] = int((here & (owner >= 0)).sum())
    for name in ("affected", "affected_low", "affected_high"):
        totals[name] = float(np.nansum(result[name].to_numpy(dtype=np.float64)))
    totals["places_affected_unknown"] = int(result["affected"].isna().sum())
    return totals


def _notes(
    totals: Mapping[str, float],
    areas: gpd.GeoDataFrame | None,
    outside: Mapping[str, tuple[int, int]],
) -> tuple[str, ...]:
    notes = []
    if totals["unassigned"]:
        notes.append(f"{totals['unassigned']} graded buildings are near no place")
    if totals["graded_merged"] and areas is None:
        notes.append("no layer says which area was looked at, so no place counts as assessed by it")
    if areas is not None:
        notes += [
            f"{out} of {of} graded buildings of {source} lie outside every analysed area: by them "
            "no place counts as assessed"
            for source, (out, of) in outside.items()
            if out
        ]
    if totals["places_affected_unknown"]:
        notes.append(f"of {totals['places_affected_unknown']} places nothing is known")
    return tuple(notes)
