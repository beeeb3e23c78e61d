"""How many people lost their home, from what was counted and what is believed of the rest.

Every number comes with a range and with what it rests on. What nobody looked at is never zero: it
is the expectation from the shaking, or unknown. The formulas stand in `docs/evidence.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.place_damage import PlaceDamage

# A place counts as looked at from this share of its neighbourhood on.
ASSESSED_FROM = 0.5
# Sphere's planning figure of a household, and near the census (rural Morocco: 5.3 in 2014).
HOUSEHOLD_SIZE = 5.0
# Weights of priority; they sum to 1, so that priority is within 0 and 1.
AFFECTED_WEIGHT, DESTROYED_WEIGHT, UNSEEN_WEIGHT = 0.60, 0.25, 0.15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looked:
    """How much of each place was looked at, (n,) each: by analysts, and by a damage raster.

    Shares are within 0 and 1; `raster_share` and `raster_share_high` are NaN where no raster is.
    """

    area_share: NDArray[np.float64]
    raster_share: NDArray[np.float64]
    raster_share_high: NDArray[np.float64]
    raster_covered: NDArray[np.float64]

    @property
    def by_area(self) -> NDArray[np.bool_]:
        """Where analysts looked at half of the neighbourhood."""
        return self.area_share >= ASSESSED_FROM

    @property
    def by_raster(self) -> NDArray[np.bool_]:
        """Where a raster covers half of the neighbourhood."""
        return self.raster_covered >= ASSESSED_FROM

    @property
    def share(self) -> NDArray[np.float64]:
        """The larger of both shares."""
        return np.maximum(self.area_share, self.raster_covered)


def people_affected(
    places: gpd.GeoDataFrame,
    table: Mapping[str, NDArray[np.int64]],
    looked: Looked,
    believed: PlaceDamage,
) -> dict[str, Any]:
    """People whose home is destroyed or damaged, with a range and what it rests on.

    Parameters
    ----------
    places
        With `people` and `households` (NaN = unknown).
    table
        Buildings counted at each place by grade, (n,) each.
    looked
        How much of each place was looked at.
    believed
        What is believed of the buildings; where nothing is, what was counted tells alone.

    Returns
    -------
    dict
        `affected`, `affected_low`, `affected_high` (persons, NaN = unknown) and `affected_basis`
        (`counted`, `from_raster`, `unknown`, or the basis of `believed`).
    """
    people = places["people"].to_numpy(dtype=np.float64)
    homes = homes_of(places)
    hit = (table["destroyed"] + table["damaged"]).astype(np.float64)
    perhaps = hit + table["possibly_damaged"]
    seen_value, seen_high = _from_homes(hit, homes, people), _from_homes(perhaps, homes, people)

    columns = {"value": seen_value, "low": seen_value.copy(), "high": seen_high}
    basis = np.full(len(places), "counted", dtype=object)
    # What lies outside the analysed part of a neighbourhood may be hit as well.
    by_area, by_raster = looked.by_area, looked.by_raster
    partly = np.where(by_area, np.maximum(looked.area_share, ASSESSED_FROM), 1.0)
    columns["high"] = np.fmin(seen_high / partly, people)

    # A raster speaks where no analyst counted.
    raster = by_raster & ~by_area
    for bound, share in _raster_shares(looked).items():
        persons = np.fmax(people * share, columns[bound])  # never below what was seen
        columns[bound] = np.where(raster, persons, columns[bound])
    told = raster & ~(seen_value > np.nan_to_num(people * looked.raster_share, nan=-1.0))
    basis = np.where(told & ~np.isnan(people), "from_raster", basis)

    # Seen damage, but nobody says what was looked at: it may be all of them.
    nobody = ~by_area & ~raster
    columns["high"] = np.where(nobody & (perhaps > 0), np.fmax(people, seen_high), columns["high"])
    unknown = ~by_area & (perhaps == 0) & (~raster | np.isnan(people))
    for bound in columns:
        columns[bound] = np.where(unknown, np.nan, columns[bound])
    basis = np.where(unknown | np.isnan(columns["value"]), "unknown", basis)
    # What is believed of the buildings holds all of this already, and the shaking with it.
    known = believed.hit["value"].notna().to_numpy() & ~np.isnan(people)
    for bound in columns:
        share = believed.hit[bound].to_numpy(dtype=np.float64)
        columns[bound] = np.where(known, people * share, columns[bound])
    basis = np.where(known, believed.basis.to_numpy(dtype=object), basis)
    ordered = np.sort(np.column_stack([columns["low"], columns["value"], columns["high"]]), axis=1)
    return {
        "affected": columns["value"],
        "affected_low": ordered[:, 0],
        "affected_high": ordered[:, 2],
        "affected_basis": pd.array(basis, dtype="str"),
    }


def _from_homes(
    n_homes: NDArray[np.float64], homes: NDArray[np.float64], people: NDArray[np.float64]
) -> NDArray[np.float64]:
    """People of `n_homes` homes: their share of the place, or households of five if unknown."""
    share = np.minimum(np.divide(n_homes, homes, out=np.zeros_like(homes), where=homes > 0), 1.0)
    known = np.isfinite(people) & (homes > 0)
    return np.where(known, people * share, n_homes * HOUSEHOLD_SIZE)


def _raster_shares(looked: Looked) -> dict[str, NDArray[np.float64]]:
    value, high = looked.raster_share, looked.raster_share_high
    covered = np.maximum(looked.raster_covered, ASSESSED_FROM)
    return {
        "value": value,
        # The part without a value may be whole or gone.
        "low": value * covered,
        "high": np.minimum(high * covered + (1 - covered), 1.0),
    }


def homes_of(places: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Homes of each place: its households, else people / 5; NaN = unknown."""
    households = places["households"].to_numpy(dtype=np.float64)
    people = places["people"].to_numpy(dtype=np.float64)
    homes: NDArray[np.float64] = np.where(households > 0, households, people / HOUSEHOLD_SIZE)
    return homes


def priority(
    result: gpd.GeoDataFrame, shaking: pd.DataFrame, believed: PlaceDamage
) -> NDArray[np.float64]:
    """Where to look and go first, 0 to 1; the formula stands in `docs/evidence.md`."""
    affected = np.nan_to_num(result["affected"].to_numpy(dtype=np.float64))
    people = result["people"].to_numpy(dtype=np.float64)
    # A village that lost most of its homes cannot help itself; a town that lost few can.
    share = np.divide(affected, people, out=np.ones(len(result)), where=people > 0)
    burden = affected * np.clip(share, 0.0, 1.0)
    most = burden.max(initial=0.0)
    size = np.log1p(burden) / np.log1p(most) if most > 0 else np.zeros(len(result))
    homes = homes_of(result)
    destroyed = result["destroyed"].to_numpy(dtype=np.float64)
    counted = np.where(homes > 0, destroyed / np.where(homes > 0, homes, 1.0), destroyed > 0)
    counted = np.minimum(np.nan_to_num(counted), 1.0)
    gone = np.fmax(counted, believed.destroyed["value"].to_numpy(dtype=np.float64))
    at_worst = np.divide(
        result["affected_high"].to_numpy(dtype=np.float64),
        people,
        out=np.full(len(result), np.nan),
        where=people > 0,
    )
    at_worst = np.where(np.isnan(at_worst), shaking["affected_high"].fillna(1.0), at_worst)
    unseen = (1 - result["assessed_share"].to_numpy()) * np.minimum(at_worst, 1.0)
    score: NDArray[np.float64] = (
        AFFECTED_WEIGHT * size + DESTROYED_WEIGHT * gone + UNSEEN_WEIGHT * unseen
    )
    return score
