"""Which analysed areas cover the neighbourhood of a place, and how much of it.

An area says where somebody looked, a void (cloud, no data) where nobody could. A void with a date
is a hole in what was seen on that day: the cloud of Monday is none of Tuesday. A void without a
date is a hole in everything, because it may be one in anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import to_working

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo.damage_raster import DamageRaster

COVER_COLUMNS = ("place", "area", "source", "sensor", "observed_at", "share")


def looked_at(areas: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """Areas that were looked at, less their voids, one row a source, sensor and day.

    Parameters
    ----------
    areas
        Table of `geo.damage_area` in EPSG:4326; `is_void` may be missing (nothing is a void).
    crs
        Projected working CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        `source`, `sensor`, `observed_at` (UTC, NaT = unknown) and `geometry` in `crs`; what is
        wholly under voids is left out.
    """
    rows = to_working(areas, crs)
    is_void = (
        rows["is_void"].to_numpy(dtype=bool)
        if "is_void" in rows.columns
        else np.zeros(len(rows), dtype=bool)
    )
    sensor = rows["sensor"] if "sensor" in rows.columns else pd.Series("", index=rows.index)
    seen = rows[["source", "observed_at", "geometry"]].assign(sensor=sensor.fillna(""))
    day = seen["observed_at"].dt.floor("D")
    voids, void_day = rows.geometry.to_numpy()[is_void], day[is_void]
    holes = _holes(voids, void_day)
    made = []
    groups = seen[~is_void].groupby(
        ["source", "sensor", day[~is_void].rename("day")], dropna=False, sort=True
    )
    for (source, name, at), mine in groups:
        shape = shapely.union_all(mine.geometry.to_numpy())
        for hole in _holes_of(holes, at):
            shape = shapely.difference(shape, hole)
        if shapely.area(shape) > 0:
            made.append((source, name, mine["observed_at"].max(), shape))
    source, sensor, at, shapes = (
        (list(column) for column in zip(*made, strict=True)) if made else ([], [], [], [])
    )
    return gpd.GeoDataFrame(
        {
            "source": source,
            "sensor": sensor,
            "observed_at": pd.to_datetime(pd.Series(at), utc=True).astype("datetime64[us, UTC]"),
        },
        geometry=shapes,
        crs=crs,
    )


def covering(
    rings: NDArray[np.object_], looked: gpd.GeoDataFrame | None
) -> tuple[NDArray[np.float64], pd.DataFrame]:
    """How much of each neighbourhood was looked at, by all and by each area.

    Parameters
    ----------
    rings
        Polygons in the CRS of `looked`, one a place.
    looked
        As `looked_at` gives it; None: nobody says where they looked.

    Returns
    -------
    tuple
        Share of each ring inside any area (0 to 1), and a table with `COVER_COLUMNS`: a row for
        each ring (`place`: its number) and area (`area`: its row in `looked`) that covers some of
        it.
    """
    nobody = pd.DataFrame(columns=list(COVER_COLUMNS))
    if looked is None:
        return np.zeros(len(rings)), nobody
    shares = [_shares(rings, shape) for shape in looked.geometry.to_numpy()]
    tables = [
        pd.DataFrame(
            {
                "place": np.flatnonzero(share > 0),
                "area": number,
                "source": row.source,
                "sensor": row.sensor,
                "observed_at": row.observed_at,
                "share": share[share > 0],
            }
        )
        for number, (share, row) in enumerate(
            zip(shares, looked.itertuples(index=False), strict=True)
        )
        if (share > 0).any()
    ]
    if not tables:
        return np.zeros(len(rings)), nobody
    together = shares[0]
    if len(shares) > 1:
        together = _shares(rings, shapely.union_all(looked.geometry.to_numpy()))
    return together, pd.concat(tables, ignore_index=True)


def covers_of_places(
    cover: pd.DataFrame,
    rasters: Sequence[DamageRaster],
    raster_shares: Sequence[NDArray[np.float64]],
    n_places: int,
) -> list[list[dict[str, Any]]]:
    """List for each place what covers it: ``{"kind", "source", "sensor", "at", "share"}``.

    Parameters
    ----------
    cover
        Table of `covering`.
    rasters, raster_shares
        Damage rasters, and the share of each place that each has values for.
    """
    lists: list[list[dict[str, Any]]] = [[] for _ in range(n_places)]
    for row in cover.itertuples(index=False):
        lists[row.place].append(
            {
                "kind": "analysed area",
                "source": row.source,
                "sensor": row.sensor,
                "at": _iso(row.observed_at),
                "share": round(float(row.share), 4),
            }
        )
    for raster, shares in zip(rasters, raster_shares, strict=True):
        told = {"kind": "damage raster", "source": raster.source, "sensor": ""}
        at = raster.observed_at.isoformat() if raster.observed_at else None
        for place in np.flatnonzero(shares > 0):
            lists[place].append({**told, "at": at, "share": round(float(shares[place]), 4)})
    return lists


def outside_share(
    points: gpd.GeoDataFrame, looked: gpd.GeoDataFrame | None, crs: str
) -> dict[str, tuple[int, int]]:
    """Count by source how many graded points lie outside every analysed area, and how many of all.

    A source whose points lie outside has not said (or not here) where it looked, and the places
    around them stay *not assessed* by it.
    """
    if len(points) == 0:
        return {}
    out = np.ones(len(points), dtype=bool)
    if looked is not None and len(looked):
        whole = shapely.union_all(looked.geometry.to_numpy())
        shapely.prepare(whole)
        here_m = to_working(points.geometry, crs)
        out = ~shapely.intersects_xy(whole, here_m.x.to_numpy(), here_m.y.to_numpy())
    table = pd.DataFrame({"source": points["source"].to_numpy(), "out": out})
    counted = table.groupby("source")["out"].agg(["sum", "size"])
    return {str(name): (int(row["sum"]), int(row["size"])) for name, row in counted.iterrows()}


def _iso(at: Any) -> str | None:
    return None if pd.isna(at) else pd.Timestamp(at).tz_convert("UTC").isoformat()


def _holes(
    voids: NDArray[np.object_], days: pd.Series
) -> list[tuple[pd.Timestamp | None, shapely.Geometry]]:
    """Voids of each day as one shape; None is the day of those that do not say theirs."""
    at = days.to_numpy(dtype="datetime64[us]")
    told = ~np.isnat(at)
    holes: list[tuple[Any, shapely.Geometry]] = [
        (pd.Timestamp(day, tz="UTC"), shapely.union_all(voids[at == day]))
        for day in np.unique(at[told])
    ]
    if (~told).any():
        holes.append((None, shapely.union_all(voids[~told])))
    return holes


def _holes_of(
    holes: list[tuple[pd.Timestamp | None, shapely.Geometry]], day: Any
) -> list[shapely.Geometry]:
    """Give the holes in what was seen on a day; what does not say its day has all of them."""
    return [hole for at, hole in holes if at is None or pd.isna(day) or at == day]


def _shares(rings: NDArray[np.object_], shape: shapely.Geometry) -> NDArray[np.float64]:
    """Share of each ring inside a shape."""
    parts = shapely.get_parts(shape)
    parts = parts[shapely.area(parts) > 0]
    shapely.prepare(parts)
    part, ring = shapely.STRtree(rings).query(parts, predicate="intersects")
    # Nearly all rings lie wholly inside; only those on an edge need the intersection.
    inside = shapely.covers(parts[part], rings[ring])
    area = np.where(inside, shapely.area(rings[ring]), 0.0)
    edge = np.flatnonzero(~inside)
    area[edge] = shapely.area(shapely.intersection(rings[ring[edge]], parts[part[edge]]))
    share = np.bincount(ring, weights=area, minlength=len(rings)) / shapely.area(rings)
    clipped: NDArray[np.float64] = np.clip(share, 0.0, 1.0)
    return clipped
