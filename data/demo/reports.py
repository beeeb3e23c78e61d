"""A day of simulated need reports from three NGOs, with what such reports are like.

Numbers are rounded guesses of how many people lost their home. Two NGOs sometimes report the same
need, a few reports are about places that no analyst looked at, and some are sent from another place
than the one that needs the help.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from data.catalogue import items
from data.demo.chance import generator
from data.demo.damage import HOUSEHOLD_SIZE, analysed_areas, expected_shares
from data.demo.tables import place_id
from data.demo.terrain import CRS
from data.events import NeedReported, NewEvent, Provenance
from geo.crs import project, to_working

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.demo.tables import Tables

FIRST_AT = datetime(2023, 9, 12, 6, 0, tzinfo=UTC)
LAST_AT = datetime(2023, 9, 13, 5, 30, tzinfo=UTC)
EXPIRES_AFTER = timedelta(hours=48)
# What each NGO asks for; the file is the one it would have sent.
NGOS = {
    "toit-atlas": ("drill-ngo-1.csv", ("tent", "blanket")),
    "eau-dir": ("drill-ngo-2.csv", ("water_l", "hygiene_kit")),
    "main-tendue": ("drill-ngo-3.csv", ("food_kit", "blanket", "water_l")),
}
# Sphere Handbook 2018: 15 l of water a person and day (water supply standard 2.1), here for the two
# days until a report expires; one blanket a person (shelter and settlement standard 4, household
# items); one family tent, and here one kit of food and of hygiene, for a household of five.
PER_PERSON = {
    "water_l": 30.0,
    "blanket": 1.0,
    "tent": 1 / HOUSEHOLD_SIZE,
    "food_kit": 1 / HOUSEHOLD_SIZE,
    "hygiene_kit": 1 / HOUSEHOLD_SIZE,
}
ROUND_TO = {"water_l": 100.0}
N_PLACES, N_NOT_ASSESSED, N_DUPLICATES = 90, 3, 6
REPORTS_A_PLACE = ((1, 2, 3), (0.5, 0.4, 0.1))
GUESS_SIGMA = 0.25  # of the logarithm: two of three guesses within a quarter
SENT_FROM_ELSEWHERE_SHARE = 0.2
# Share of houses destroyed from which a unit weighs 2 and 3.
URGENT_SHARES = (0.08, 0.16)
# Far enough from the edge of an area that nobody argues whether a place was looked at.
WELL_INSIDE_M, WELL_OUTSIDE_M = 400.0, 1000.0
LEAST_AFFECTED = 15.0
FIRST_ROW = 2


def drill_needs(tables: Tables) -> list[NewEvent]:
    """Need reports in the order of their time; ids ``need:drill-0001`` and so on."""
    chance = generator("needs")
    reports = _duplicated(_drawn(tables, chance), chance)
    reports = _timed(reports, chance)
    catalogue = items()
    return [_event(row, catalogue[row.item].unit) for row in reports.itertuples()]


def _drawn(tables: Tables, chance: np.random.Generator) -> pd.DataFrame:
    """One row a report: place, item, quantity, who reports it and how urgent it is."""
    people = _people(tables)
    counts, odds = REPORTS_A_PLACE
    rows = []
    for number in _chosen(tables, people, chance):
        place = people.iloc[number]
        n_reports = int(chance.choice(counts, p=odds)) if place["inside"] else 1
        wanted = [(ngo, item) for ngo, (_, asked) in NGOS.items() for item in asked]
        taken: set[str] = set()
        for pick in chance.permutation(len(wanted)):
            ngo, item = wanted[pick]
            if len(taken) == n_reports or item in taken:
                continue
            taken.add(item)
            guess = place["affected"] * np.exp(GUESS_SIGMA * chance.standard_normal())
            rows.append(
                {
                    **place[["code", "name", "weight", "centre", "inside"]],
                    "ngo": ngo,
                    "item": item,
                    "people": guess,
                    "quantity": guess * PER_PERSON[item],
                    "elsewhere": bool(chance.random() < SENT_FROM_ELSEWHERE_SHARE),
                }
            )
    return pd.DataFrame(rows)


def _people(tables: Tables) -> pd.DataFrame:
    """A row a place: people who lost their home, urgency, whether it was looked at, its centre."""
    places = tables.places
    shares = expected_shares(tables)
    x_m, y_m = project(places["lon"], places["lat"], CRS)
    areas = shapely.union_all(to_working(analysed_areas(tables), CRS).geometry.to_numpy())
    points = gpd.points_from_xy(x_m, y_m).to_numpy()
    return pd.DataFrame(
        {
            "code": places["code"],
            "name": places["name_fr"],
            "affected": shares["affected"] * places["people"],
            "weight": 1.0 + np.searchsorted(URGENT_SHARES, shares["destroyed"], side="right"),
            "inside": shapely.covers(shapely.buffer(areas, -WELL_INSIDE_M), points),
            "outside": shapely.distance(areas, points) > WELL_OUTSIDE_M,
            "centre": _centre_of(places, x_m, y_m),
        }
    )


def _centre_of(
    places: pd.DataFrame, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.object_]:
    """Code of the nearest other place that is more than a douar: where there is a signal."""
    at = np.column_stack([x_m, y_m])
    larger = np.flatnonzero((places["kind"] != "douar").to_numpy())
    _, nearest = cKDTree(at[larger]).query(at, k=2)
    itself = larger[nearest[:, 0]] == np.arange(len(places))
    centre = larger[np.where(itself, nearest[:, 1], nearest[:, 0])]
    codes: NDArray[np.object_] = places["code"].to_numpy(dtype=object)[centre]
    return codes


def _chosen(tables: Tables, people: pd.DataFrame, chance: np.random.Generator) -> list[int]:
    """Rows of the places that are reported, those hit hard more often than others."""
    hit = people["affected"] >= LEAST_AFFECTED
    kinds = tables.places["kind"]
    seen = np.flatnonzero(hit & people["inside"])
    unseen = np.flatnonzero(hit & people["outside"] & kinds.isin(["douar", "village"]))
    odds = np.sqrt(people["affected"].to_numpy()[seen])
    n_seen = min(N_PLACES - N_NOT_ASSESSED, len(seen))
    chosen = chance.choice(seen, size=n_seen, replace=False, p=odds / odds.sum())
    more = chance.choice(unseen, size=N_NOT_ASSESSED, replace=False)
    return [int(row) for row in (*chosen, *more)]


def _duplicated(reports: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Add reports of a need that another NGO has reported too, with a number of its own."""
    others = reports["item"].map(
        lambda item: [ngo for ngo, (_, asked) in NGOS.items() if item in asked]
    )
    shared = np.flatnonzero((others.map(len) > 1) & reports["inside"])
    again = reports.iloc[np.sort(chance.choice(shared, size=N_DUPLICATES, replace=False))]
    factor = chance.uniform(0.9, 1.1, len(again))
    other = [
        next(ngo for ngo in others[row] if ngo != reports.loc[row, "ngo"]) for row in again.index
    ]
    more = again.assign(
        ngo=other, quantity=again["quantity"] * factor, people=again["people"] * factor
    )
    return pd.concat([reports, more], ignore_index=True)


def _timed(reports: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Whole quantities, times to the minute, numbers in the order of time, rows in each file."""
    n_minutes = int((LAST_AT - FIRST_AT).total_seconds() // 60)
    step = reports["item"].map(ROUND_TO).fillna(1.0)
    reports = reports.assign(
        minute=chance.integers(0, n_minutes + 1, len(reports)),
        quantity=np.maximum(np.rint(reports["quantity"] / step), 1.0) * step,
    )
    reports = reports.sort_values("minute", kind="stable").reset_index(drop=True)
    return reports.assign(
        number=np.arange(1, len(reports) + 1),
        row=FIRST_ROW + reports.groupby("ngo").cumcount(),
    )


def _event(report: Any, unit: str) -> NewEvent:
    at = FIRST_AT + timedelta(minutes=int(report.minute))
    return NewEvent(
        payload=NeedReported(
            need_id=f"need:drill-{report.number:04d}",
            place_id=place_id(report.code),
            item_id=report.item,
            quantity=int(report.quantity),
            unit=unit,
            reported_from=place_id(report.centre) if report.elsewhere else None,
            weight=float(report.weight),
            expires_at=at + EXPIRES_AFTER,
            written_place=report.name,
            note=f"about {max(round(report.people), 1)} people without a home (simulated)",
        ),
        organisation_id=f"organisation:{report.ngo}",
        reported_at=at,
        provenance=Provenance(file=NGOS[report.ngo][0], row=int(report.row)),
    )
