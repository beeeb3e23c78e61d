"""How much of each place is destroyed or damaged: prior of the shaking, evidence, posterior.

The prior is what the shaking lets expect of such buildings. Analysts' grades, else a damage raster,
then counts on the ground update it (`geo.belief`). Damage that was counted is a floor, whatever is
believed of the rest. Formulas and constants stand in `docs/evidence.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo.belief import Evidence, Method, prior_weights, update
from geo.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.affected import Looked

# Estimates of this project, no measured confusion. Their direction is published: against ground
# surveys, images underestimate the share of heavily damaged and collapsed buildings, and moderate
# damage is hard to see from above (Booth, Saito, Spence, Madabhushi and Eguchi 2011, Validating
# assessments of seismic damage made from remote sensing, Earthq. Spectra, doi:10.1193/1.3632109).
IMAGES_DESTROYED = Method(
    name="images, destroyed", sensitivity=0.65, specificity=0.99, most_draws=30
)
IMAGES_HIT = Method(
    name="images, destroyed or damaged", sensitivity=0.40, specificity=0.98, most_draws=30
)
# Sensitivity: about half of the damaged buildings were found by radar and machine learning in three
# of four earthquakes (Rao et al. 2023, NHESS 23, 789, doi:10.5194/nhess-23-789-2023); the others
# are estimates.
RASTER_HIT = Method(
    name="damage raster, destroyed or damaged", sensitivity=0.50, specificity=0.90, most_draws=10
)
# Estimates: people who stand before a house err seldom, and each house is looked at by itself.
FIELD = Method(name="count on the ground", sensitivity=0.95, specificity=0.98, most_draws=1e9)
FLAT = (1.0, 1.0)  # nothing is expected: every share is as likely
BOUNDS = ("low", "value", "high")
FIELD_COLUMNS = ("place_id", "destroyed", "damaged", "total", "at", "by")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceDamage:
    """Shares of the buildings of each place, on the index of the places.

    Attributes
    ----------
    prior_destroyed, prior_hit, destroyed, hit
        `low`, `value`, `high` before and after the evidence; hit = destroyed or damaged. NaN where
        neither shaking nor a count on the ground says anything.
    evidence
        Buildings: `images_looked_at`, `raster_looked_at`, `field_total`, and what was seen of them:
        `images_destroyed`, `images_damaged`, `raster_hit`, `field_destroyed`, `field_damaged`;
        `field_at`, `field_by`. What was not looked at is 0.
    basis
        `updated_by_field`, `updated_by_images`, `updated_by_raster`, `counted` (a floor decides),
        `expected_from_shaking` or `unknown`.
    """

    prior_destroyed: pd.DataFrame
    prior_hit: pd.DataFrame
    destroyed: pd.DataFrame
    hit: pd.DataFrame
    evidence: pd.DataFrame
    basis: pd.Series


def damage_of_places(
    places: gpd.GeoDataFrame,
    homes: NDArray[np.float64],
    table: Mapping[str, NDArray[np.int64]],
    looked: Looked,
    shaking: pd.DataFrame,
    field: pd.DataFrame | None = None,
) -> PlaceDamage:
    """Belief about the buildings of every place.

    Parameters
    ----------
    places
        With `place_id`.
    homes
        Buildings of each place, (n,), NaN or 0 = unknown.
    table
        Buildings that analysts graded, by grade, (n,) each.
    looked
        How much of each place was looked at.
    shaking
        As `geo.vulnerability.expected_damage`, on the index of `places`.
    field
        Counts on the ground with `FIELD_COLUMNS`: `total` NaN where nobody says of how many, `at`
        a time in UTC, `by` an organisation. See `newest_counts`.
    """
    counts = newest_counts(field, places)
    images = _image_draws(table, looked, homes)
    raster = _raster_draws(looked, homes, images["looked_at"])
    ground = np.where(np.isnan(counts["total"]), 0.0, counts["total"])
    with_total = ground > 0
    field_destroyed = np.where(with_total, counts["destroyed"], 0.0)
    field_hit = np.where(with_total, counts["destroyed"] + counts["damaged"], 0.0)

    expected = shaking["affected"].notna().to_numpy()
    priors = {
        name: _prior(shaking, name, flat=with_total & ~expected)
        for name in ("destroyed", "affected")
    }
    before = {name: update(weights) for name, weights in priors.items()}
    after = {
        "destroyed": update(
            priors["destroyed"],
            [
                Evidence(
                    method=IMAGES_DESTROYED,
                    looked_at=images["looked_at"],
                    hit=images["destroyed"],
                ),
                Evidence(method=FIELD, looked_at=ground, hit=field_destroyed),
            ],
        ),
        "affected": update(
            priors["affected"],
            [
                Evidence(method=IMAGES_HIT, looked_at=images["looked_at"], hit=images["hit"]),
                Evidence(method=RASTER_HIT, looked_at=raster["looked_at"], hit=raster["hit"]),
                Evidence(method=FIELD, looked_at=ground, hit=field_hit),
            ],
        ),
    }
    for name, number in (("destroyed", field_destroyed), ("affected", field_hit)):
        after[name] = _with_counted(after[name], number, ground, homes)
    floors = _floors(table, counts, homes, with_total)
    hit = _above(after["affected"], floors["hit"], floors["perhaps"])
    destroyed = _above(after["destroyed"], floors["destroyed"], floors["destroyed"])
    # What is destroyed is hit, so it is never believed to be more.
    destroyed = destroyed.where(destroyed.to_numpy() <= hit.to_numpy(), hit)
    basis = np.select(
        [
            after["affected"]["value"].isna().to_numpy(),
            with_total,
            images["looked_at"] > 0,
            raster["looked_at"] > 0,
            floors["hit"] > after["affected"]["value"].to_numpy(),
        ],
        ["unknown", "updated_by_field", "updated_by_images", "updated_by_raster", "counted"],
        "expected_from_shaking",
    )
    evidence = pd.DataFrame(
        {
            "images_looked_at": images["looked_at"],
            "images_destroyed": images["destroyed"],
            "images_damaged": images["hit"] - images["destroyed"],
            "raster_looked_at": raster["looked_at"],
            "raster_hit": raster["hit"],
            "field_total": counts["total"].to_numpy(),
            "field_destroyed": counts["destroyed"].to_numpy(),
            "field_damaged": counts["damaged"].to_numpy(),
            "field_at": counts["at"].to_numpy(),
            "field_by": counts["by"].to_numpy(),
        }
    )
    index = places.index
    return PlaceDamage(
        prior_destroyed=before["destroyed"].set_index(index),
        prior_hit=before["affected"].set_index(index),
        destroyed=destroyed.set_index(index),
        hit=hit.set_index(index),
        evidence=evidence.set_index(index),
        basis=pd.Series(basis, index=index, dtype="str"),
    )


def newest_counts(field: pd.DataFrame | None, places: gpd.GeoDataFrame) -> pd.DataFrame:
    """The count on the ground that speaks of each place, a row a place in their order.

    The newest speaks; of several of one time the one of most houses, then of most damage: so the
    order in which they arrived makes no difference. Where there is none, numbers are 0 and the
    total NaN.

    Raises
    ------
    SchemaError
        Negative counts, or more damage than houses.
    """
    if field is None or len(field) == 0:
        field = pd.DataFrame({name: pd.Series(dtype=object) for name in FIELD_COLUMNS})
    numbers = field[["destroyed", "damaged", "total"]].astype(np.float64)
    hit = numbers["destroyed"] + numbers["damaged"]
    wrong = (numbers < 0).any(axis=1) | hit.isna() | (hit > numbers["total"])
    if wrong.any():
        row = field[wrong].iloc[0]
        raise SchemaError(
            f"count on the ground at {row['place_id']}: {row['destroyed']} destroyed and "
            f"{row['damaged']} damaged of {row['total']}",
            "numbers of 0 or more, no more of them than houses, are needed",
            "correct the count",
        )
    ordered = field.assign(**numbers, hit=hit).sort_values(
        ["at", "total", "hit", "by"], kind="stable", na_position="first"
    )
    newest = ordered.drop_duplicates("place_id", keep="last").set_index("place_id")
    found = newest.reindex(places["place_id"])[["destroyed", "damaged", "total", "at", "by"]]
    found[["destroyed", "damaged"]] = found[["destroyed", "damaged"]].fillna(0.0)
    return found.reset_index(drop=True)


def _prior(shaking: pd.DataFrame, name: str, *, flat: NDArray[np.bool_]) -> NDArray[np.float64]:
    low, value, high = (
        shaking[column].to_numpy(dtype=np.float64)
        for column in (f"{name}_low", name, f"{name}_high")
    )
    weights = prior_weights(value, low, high)
    weights[flat] = FLAT
    return weights


def _image_draws(
    table: Mapping[str, NDArray[np.int64]], looked: Looked, homes: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Buildings that analysts looked at: those they graded, and those of the area they left alone.

    `possibly_damaged` says neither. Points of damage alone, where nobody states the area, do not
    tell of how many they are: they are a floor, and no draws.
    """
    destroyed = table["destroyed"].astype(np.float64)
    hit = destroyed + table["damaged"]
    graded = hit + table["no_visible_damage"]
    inside = np.nan_to_num(looked.area_share * homes) - table["possibly_damaged"]
    # Without the number of homes nobody knows how many the analysts left alone.
    with_homes = homes > 0
    told = (table["no_visible_damage"] > 0) | (with_homes & (looked.by_area | (hit <= inside)))
    looked_at = np.where(told & (graded + inside > 0), np.maximum(graded, inside), 0.0)
    return {
        "looked_at": looked_at,
        "destroyed": np.where(looked_at > 0, destroyed, 0.0),
        "hit": np.where(looked_at > 0, hit, 0.0),
    }


def _raster_draws(
    looked: Looked, homes: NDArray[np.float64], by_analysts: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Buildings under a damage raster, where no analyst looked."""
    looked_at = np.nan_to_num(looked.raster_covered * homes)
    looked_at = np.where(
        looked.by_raster & (by_analysts == 0) & np.isfinite(looked.raster_share), looked_at, 0.0
    )
    share = np.clip(np.nan_to_num(looked.raster_share), 0, 1)
    return {"looked_at": looked_at, "hit": looked_at * share}


def _floors(
    table: Mapping[str, NDArray[np.int64]],
    counts: pd.DataFrame,
    homes: NDArray[np.float64],
    with_total: NDArray[np.bool_],
) -> dict[str, NDArray[np.float64]]:
    """Shares that were counted. A count of all on the ground stands against points from above."""
    ground_destroyed = counts["destroyed"].to_numpy(dtype=np.float64)
    ground_hit = ground_destroyed + counts["damaged"].to_numpy(dtype=np.float64)
    seen_hit = (table["destroyed"] + table["damaged"]).astype(np.float64)
    counted = {
        "destroyed": (table["destroyed"].astype(np.float64), ground_destroyed),
        "hit": (seen_hit, ground_hit),
        "perhaps": (seen_hit + table["possibly_damaged"], ground_hit),
    }
    of = np.where(with_total, np.fmax(homes, counts["total"]), homes)
    floors = {}
    for name, (above, ground) in counted.items():
        number = np.where(with_total, ground, np.maximum(above, ground))
        floors[name] = np.minimum(np.divide(number, of, out=np.zeros(len(of)), where=of > 0), 1.0)
    return floors


def _with_counted(
    belief: pd.DataFrame,
    number: NDArray[np.float64],
    counted: NDArray[np.float64],
    homes: NDArray[np.float64],
) -> pd.DataFrame:
    """Houses counted on the ground are known but for errors of counting; belief is for the rest.

    Of the counted, at most 1 - specificity of the whole ones were taken for hit, and at most
    1 - sensitivity of those that are hit were overlooked.
    """
    share = np.divide(number, counted, out=np.zeros(len(counted)), where=counted > 0)
    known = np.divide(counted, homes, out=(counted > 0).astype(np.float64), where=homes > 0)
    known = np.clip(known, 0.0, 1.0)
    wrong = 1 - FIELD.specificity
    of_counted = {
        "low": np.maximum(share - wrong, 0) / FIELD.specificity,
        "value": share,
        "high": np.minimum(share / FIELD.sensitivity, 1.0),
    }
    return pd.DataFrame(
        {bound: known * of_counted[bound] + (1 - known) * belief[bound] for bound in BOUNDS}
    )


def _above(
    belief: pd.DataFrame, floor: NDArray[np.float64], high_floor: NDArray[np.float64]
) -> pd.DataFrame:
    """A belief that is nowhere below what was counted; NaN stays NaN."""
    raised = {
        "low": np.maximum(belief["low"], floor),
        "value": np.maximum(belief["value"], floor),
        "high": np.maximum(belief["high"], np.maximum(floor, high_floor)),
    }
    return pd.DataFrame(raised)
