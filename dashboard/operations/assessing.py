"""Assess: what was hit, who lives there, what they lack, per place, with who says so and when."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.operations.facilities import facilities_of_places
from dashboard.operations.hinting import hints_of_places, raster_buildings_of_places
from dashboard.operations.lacking import NeedsPolicy, needs_of_places, policy_in_force
from dashboard.operations.situation import Progress, Situation, silent
from data.events import AssessmentMade
from geo.assessment import Assessment, assess_places
from geo.damage_raster import DamageRaster
from geo.errors import CoverageError, InputError
from geo.model import new_id

if TYPE_CHECKING:
    from datetime import datetime

    import geopandas as gpd

    from data.needs import Climate, Standard

logger = logging.getLogger(__name__)

#: Kinds of layers that an assessment depends on.
EVIDENCE_KINDS = (
    "places",
    "boundaries",
    "damage_points",
    "analysed_area",
    "damage_raster",
    "shakemap",
    "building_stock",
    "footprints",
    "population",
)
ASSUMED_BUILDINGS = "assumed: rural High Atlas"
BUILDING_GRADES = ("destroyed", "damaged", "possibly_damaged", "no_visible_damage")


def assess(
    situation: Situation,
    *,
    days: int = 1,
    climate: Climate | None = None,
    water: Standard | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Assess every place and record the result.

    Parameters
    ----------
    days
        For how many days consumption (water, food) is counted.
    climate, water
        By which values of the standard needs are reckoned; None keeps those of the assessment
        before. Plans that rest on this assessment reckon by them too.

    Returns
    -------
    dict
        The `assess` JSON of the contract, with `totals`, `sources` and `assessment_id`.

    Raises
    ------
    InputError
        No places are loaded.
    """
    before = policy_in_force(situation)
    policy = NeedsPolicy(days=days, climate=climate or before.climate, water=water or before.water)
    now = situation.now()
    based_on = situation.seq()
    progress(0.1, "counting damage per place")
    result = compute(situation, now=now)
    progress(0.7, "needs per place")
    document = to_json(situation, result, policy=policy, now=now)
    assessment_id = new_id("assessment")
    document["assessment_id"] = assessment_id
    situation.record(
        [
            AssessmentMade(
                assessment_id=assessment_id,
                document=situation.archive.put_json(document),
                based_on_seq=based_on,
                summary=document["totals"],
            )
        ]
    )
    progress(1.0, "assessed")
    return document


def compute(situation: Situation, *, now: datetime) -> Assessment:
    """Compute the assessment of all places from the layers, without recording it."""
    places = situation.places()
    if places.empty:
        raise InputError(
            "assess", "places are needed", "load them first: `qafila load places FILE`"
        )
    layers = situation.store.layers
    rasters = damage_rasters(situation)
    areas = situation.analysed_areas()
    key = (
        "assessment",
        situation.crs(),
        *(layer.layer_id for kind in EVIDENCE_KINDS for layer in layers(kind)),
        *((one.report_id, one.seq) for one in situation.store.damage_reports()),
    )

    def make() -> Assessment:
        from geo.people import buildings_of_places

        peopled, notes = _with_people(situation, places)
        made = assess_places(
            peopled,
            damage_points=situation.damage_points(),
            analysed_areas=() if areas is None else areas,
            damage_rasters=rasters,
            shakemap=situation.shakemap(),
            building_shares=situation.building_shares(),
            field_reports=field_reports(situation),
            buildings_of_places=buildings_of_places(
                situation.footprints(), places, crs=situation.crs()
            ),
            crs=situation.crs(),
            now=now,
        )
        return _in_range_of_people(made, notes)

    return situation.remember(key, make)


def field_reports(situation: Situation) -> pd.DataFrame:
    """Give the counts of damage on the ground, as `geo.place_damage` takes them."""
    from geo.place_damage import FIELD_COLUMNS

    names = {one.organisation_id: one.name for one in situation.store.organisations()}
    current_place = situation.current_places()
    rows = [
        (
            current_place(one.place_id),
            one.destroyed,
            one.damaged,
            one.total,
            one.observed_at,
            names.get(one.organisation_id or "", "unknown"),
        )
        for one in situation.store.damage_reports()
    ]
    return pd.DataFrame(rows, columns=list(FIELD_COLUMNS))


def damage_rasters(situation: Situation) -> list[DamageRaster]:
    """Give the damage rasters with what was said of them when they were loaded."""
    return [
        DamageRaster(
            path=situation.archive.path(layer.files["raster"]),
            source=layer.source.name,
            observed_at=layer.source.at,
            classes={int(value): grade for value, grade in layer.details.get("classes", {}).items()}
            or None,
            band=layer.details.get("band"),
            scale=layer.details.get("scale"),
        )
        for layer in situation.store.layers("damage_raster")
    ]


def _with_people(
    situation: Situation, places: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Fill the people of places that nobody counted: shares of their commune, or a raster."""
    from geo.people import buildings_of_places, people_of_places

    raster, communes = situation.population(), _communes_to_share(situation)
    if raster is None and communes is None:
        return places, ()
    kinds = ("boundaries",) * (communes is not None) + ("population",) * (raster is not None)
    name = ", ".join(situation.store.layers(kind)[-1].source.name for kind in kinds)
    homes = buildings_of_places(situation.footprints(), places, crs=situation.crs())
    try:
        found = people_of_places(
            places, boundaries=communes, buildings=homes, population=raster, crs=situation.crs()
        )
    except CoverageError as error:
        logger.warning("population raster not used: %s", error)
        return places, (f"population raster {name} not used: it covers none of the places",)
    peopled = places.copy()
    for column in found.table.columns:
        peopled[column] = found.table[column]
    return peopled, tuple(f"{note} ({name})" for note in found.notes)


def _communes_to_share(situation: Situation) -> gpd.GeoDataFrame | None:
    """Give the units of which somebody said that all their places are loaded; None if none."""
    shared = [
        layer.layer_id
        for layer in situation.store.layers("boundaries")
        if layer.details.get("share_people")
    ]
    if not shared:
        return None
    units = situation.boundaries()
    return units[units["layer_id"].isin(shared)].reset_index(drop=True)


def _in_range_of_people(made: Assessment, notes: tuple[str, ...]) -> Assessment:
    """Widen the affected where the people are a guess too; the totals follow."""
    from geo.people import widen_affected

    if "people_basis" not in made.places:
        return replace(made, notes=(*made.notes, *notes))
    places = widen_affected(made.places)
    totals = {
        **made.totals,
        **{name: float(places[name].sum()) for name in ("affected_low", "affected_high")},
    }
    return replace(made, places=places, totals=totals, notes=(*made.notes, *notes))


def to_json(
    situation: Situation, assessment: Assessment, *, policy: NeedsPolicy, now: datetime
) -> dict[str, Any]:
    """Turn an assessment into the JSON of the contract, needs included."""
    needs = needs_of_places(situation, assessment, now=now, policy=policy)
    frame = assessment.places
    facilities, all_facilities = facilities_of_places(situation)
    hints, raster_buildings = hints_of_places(situation), raster_buildings_of_places(situation)
    buildings = _buildings_basis(situation, frame)
    places = []
    for row in frame.to_dict("records"):
        place_id = row["place_id"]
        places.append(
            {
                "place_id": place_id,
                "name": row["name"],
                "commune": row["commune"],
                "people": _number(row["people"]),
                "people_range": _people_range(row),
                "buildings": {grade: int(row[grade]) for grade in BUILDING_GRADES},
                "assessed": bool(row["assessed"]),
                "assessed_share": _number(row["assessed_share"]),
                "covered_by": list(row["covered_by"]),
                "facilities": facilities.get(place_id, []),
                "people_affected": {
                    "value": _number(row["affected"]),
                    "low": _number(row["affected_low"]),
                    "high": _number(row["affected_high"]),
                    "basis": row["affected_basis"],
                },
                "damage": _damage(row, buildings[place_id]),
                "evidence": row["evidence"],
                "sources": list(row["sources"]),
                "hint": hints.get(place_id),
                "raster_buildings": raster_buildings.get(place_id, []),
                "needs": needs.get(place_id, []),
                "priority": _number(row["priority"]),
            }
        )
    return {
        "made_at": now.isoformat(),
        "notice": situation.info().notice,
        "needs_policy": policy.as_json(),
        "totals": _totals(assessment, places),
        "facilities": all_facilities,
        "sources": [dict(source) for source in assessment.sources],
        "notes": list(assessment.notes),
        "places": places,
    }


def _totals(assessment: Assessment, places: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the counts: graded = rows that are buildings with a grade, merged = buildings."""
    counts = assessment.totals.items()
    return {
        **{key: int(value) if float(value).is_integer() else value for key, value in counts},
        "not_assessed": sum(not place["assessed"] for place in places),
        "people": sum(place["people"] or 0 for place in places),
        "places_in_need": sum(bool(place["needs"]) for place in places),
    }


def latest(situation: Situation) -> dict[str, Any] | None:
    """Give the newest recorded assessment, or None."""
    made = situation.store.assessments()
    if not made:
        return None
    ref = made[-1].document
    return situation.remember(("document", ref), lambda: situation.archive.get_json(ref))


def _people_range(row: dict[str, Any]) -> dict[str, Any]:
    """Give the range of the people of a place and what it rests on."""
    people = _number(row["people"])
    return {
        "low": _number(row.get("people_low", people)),
        "high": _number(row.get("people_high", people)),
        "basis": row.get("people_basis", "unknown" if people is None else "census"),
    }


def _buildings_basis(situation: Situation, frame: gpd.GeoDataFrame) -> dict[str, str]:
    """Say of each place who says of what its houses are built."""
    shares = situation.building_shares()
    said = pd.Series(ASSUMED_BUILDINGS, index=frame.index)
    if shares is not None:
        said = shares["basis"].set_axis(frame.index).fillna(ASSUMED_BUILDINGS)
    return dict(zip(frame["place_id"], said, strict=True))


def _damage(row: dict[str, Any], buildings: str) -> dict[str, Any]:
    """Give what was expected of the houses of a place, what was seen, and what is believed now.

    Shares of its houses; `hit` is destroyed or damaged. Prior and posterior are None where nothing
    is believed: not assessed is not "no damage".
    """

    def shares(name: str) -> dict[str, Any] | None:
        if pd.isna(row[f"{name}_hit_value"]):
            return None
        return {
            what: {
                bound: _number(row[f"{name}_{what}_{bound}"]) for bound in ("low", "value", "high")
            }
            for what in ("destroyed", "hit")
        }

    evidence = []
    if row["images_looked_at"] > 0:
        evidence.append(
            {
                "by": "images",
                "looked_at": _number(row["images_looked_at"]),
                "destroyed": _number(row["images_destroyed"]),
                "damaged": _number(row["images_damaged"]),
            }
        )
    if row["raster_looked_at"] > 0:
        evidence.append(
            {
                "by": "damage raster",
                "looked_at": _number(row["raster_looked_at"]),
                "hit": _number(row["raster_hit"]),
            }
        )
    if not pd.isna(row["field_by"]):
        evidence.append(
            {
                "by": row["field_by"],
                "at": row["field_at"].isoformat(),
                "looked_at": _number(row["field_total"]),
                "destroyed": _number(row["field_destroyed"]),
                "damaged": _number(row["field_damaged"]),
            }
        )
    prior = shares("prior")
    if prior is not None:
        prior = {**prior, "mmi": _number(row["mmi"]), "buildings": buildings}
    return {"prior": prior, "evidence": evidence, "posterior": shares("posterior")}


def _number(value: Any) -> float | None:
    if value is None or pd.isna(value):
        return None
    return round(float(value), 4)
