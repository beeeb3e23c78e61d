"""Who speaks of a place, and when they last looked: the sources that travel with every figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.damage_raster import DamageRaster


def speakers(
    graded: gpd.GeoDataFrame,
    owner: NDArray[np.int64],
    cover: pd.DataFrame,
    damage_rasters: Sequence[DamageRaster],
    rasters: Mapping[str, NDArray[np.float64]],
    shakemap: gpd.GeoDataFrame | None,
    mmi: pd.Series,
    ground: pd.DataFrame,
) -> pd.DataFrame:
    """Each source that speaks of a place, once, with the latest time of what it saw there.

    `ground` names who counted on the ground: `place` (row), `name`, `at`.
    """
    mine = owner >= 0
    said = [
        pd.DataFrame(
            {
                "place": owner[mine],
                "name": graded["source"].to_numpy()[mine],
                "at": graded["observed_at"].to_numpy()[mine],
            }
        )
    ]
    if len(cover):
        said.append(
            pd.DataFrame(
                {
                    "place": cover["place"].to_numpy(),
                    "name": cover["source"].to_numpy(),
                    "at": cover["observed_at"].to_numpy(),
                }
            )
        )
    for number, raster in enumerate(damage_rasters):
        place = np.flatnonzero(rasters["raster"] == number)
        at = pd.Timestamp(raster.observed_at) if raster.observed_at else pd.NaT
        said.append(pd.DataFrame({"place": place, "name": raster.source, "at": at}))
    if shakemap is not None and len(shakemap):
        place = np.flatnonzero(mmi.notna().to_numpy())
        name = str(shakemap["source"].iloc[0])
        said.append(pd.DataFrame({"place": place, "name": name, "at": pd.NaT}))
    said.append(ground)
    for table in said:
        table["at"] = pd.to_datetime(table["at"], utc=True).astype("datetime64[us, UTC]")
    spoken = pd.concat(said, ignore_index=True)
    return spoken.groupby(["place", "name"], as_index=False, sort=True)["at"].max()


def lists_of_sources(spoken: pd.DataFrame, n_places: int) -> list[list[dict[str, Any]]]:
    """For each place its sources as ``{"name", "at"}``, by name; `at` is ISO 8601 or None."""
    lists: list[list[dict[str, Any]]] = [[] for _ in range(n_places)]
    for place, name, at in zip(
        spoken["place"].tolist(), spoken["name"].tolist(), spoken["at"].tolist(), strict=True
    ):
        lists[place].append({"name": str(name), "at": _iso(at)})
    return lists


def all_sources(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame | None,
    damage_rasters: Sequence[DamageRaster],
    shakemap: gpd.GeoDataFrame | None,
) -> tuple[Mapping[str, Any], ...]:
    """All sources that were used, with their kind and the latest time of what they saw."""
    kinds = [("damage points", points[["source", "observed_at"]])]
    if areas is not None:
        kinds.append(("analysed area", areas[["source", "observed_at"]]))
    found: list[Mapping[str, Any]] = []
    for kind, table in kinds:
        latest = table.groupby("source", sort=True)["observed_at"].max()
        found += [{"name": str(name), "at": _iso(at), "kind": kind} for name, at in latest.items()]
    found += [
        {
            "name": r.source,
            "at": _iso(pd.Timestamp(r.observed_at)) if r.observed_at else None,
            "kind": "damage raster",
        }
        for r in damage_rasters
    ]
    if shakemap is not None and len(shakemap):
        found += [
            {"name": str(name), "at": None, "kind": "shakemap"}
            for name in sorted(shakemap["source"].unique())
        ]
    return tuple(found)


def _iso(at: Any) -> str | None:
    return None if pd.isna(at) else pd.Timestamp(at).tz_convert("UTC").isoformat()
