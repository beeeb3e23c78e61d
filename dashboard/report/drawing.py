"""A still map for a report: roads, places by evidence, closures and depots as one small SVG."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

WIDTH = 960.0
PAD = 26.0
#: What a still map of a whole area can show; smaller roads would be a grey cloud.
ROADS_SHOWN = ("motorway", "trunk", "primary", "secondary", "tertiary")
MAX_ROADS = 6_000
LABELS = 14
#: Lines are drawn to half a unit of the drawing: finer is not seen, and triples the file.
SIMPLER = 0.5

_FILL = {"damage_seen": "#d55e00", "no_visible_damage": "#ffffff", "not_assessed": "url(#n)"}
_DEFS = (
    '<defs><pattern id="n" width="4" height="4" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="4" height="4" fill="#fff"/>'
    '<line x1="0" y1="0" x2="0" y2="4" stroke="#45423c" stroke-width="1.6"/></pattern></defs>'
)


def situation_drawing(
    places: gpd.GeoDataFrame,
    closures: gpd.GeoDataFrame,
    edges: gpd.GeoDataFrame | None,
    depots: Sequence[tuple[str, float, float]],
    *,
    crs: str,
) -> str:
    """Draw the situation.

    Parameters
    ----------
    places
        `name`, `affected`, `evidence_state`, `reach_truck`, `reach_pickup` and points, EPSG:4326.
    closures
        `state` and lines, EPSG:4326.
    edges
        `highway` and lines, EPSG:4326; None where no road is loaded.
    depots
        Name, longitude and latitude of each.
    crs
        The projected working CRS that is drawn in.

    Returns
    -------
    str
        An ``<svg>`` element; empty where there is no place to be drawn.
    """
    if places.empty or not crs:
        return ""
    points = shapely.get_coordinates(places.geometry.to_crs(crs).values)
    low, high = points.min(axis=0), points.max(axis=0)
    span = max(*(high - low), 1_000.0)
    scale = (WIDTH - 2 * PAD) / span
    height = (high[1] - low[1]) * scale + 2 * PAD

    def at(xy: np.ndarray) -> np.ndarray:
        flipped = (xy - [low[0], high[1]]) * [scale, -scale]
        return np.asarray(flipped + PAD)

    parts = [_DEFS]
    if edges is not None:
        parts.append(_roads(edges, crs, at))
    parts.append(_closures(closures, crs, at))
    parts.append(_places(places, at(points)))
    parts.append(_depots(depots, crs, at))
    parts.append(_scale_bar(scale, height))
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {max(height, 60):.0f}" role="img" direction="ltr" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _roads(edges: gpd.GeoDataFrame, crs: str, at: object) -> str:
    kept = edges[edges["highway"].isin(ROADS_SHOWN)].head(MAX_ROADS)
    return _lines(kept, crs, at, 'stroke="#8d877c" stroke-width="1.1"')


def _closures(closures: gpd.GeoDataFrame, crs: str, at: object) -> str:
    if closures.empty:
        return ""
    closed = closures["state"] == "closed"
    middles = closures.geometry.to_crs(crs).interpolate(0.5, normalized=True)
    marks = []
    for (x, y), shut in zip(
        at(shapely.get_coordinates(middles.values)),  # type: ignore[operator]
        closed,
        strict=True,
    ):
        sign = "M-4-4L4 4M-4 4L4-4" if shut else "M-4 0L4 0"
        marks.append(
            f'<g transform="translate({x:.1f} {y:.1f})"><circle r="7" fill="#f0e442" '
            f'stroke="#1b1b1b"/><path d="{sign}" stroke="#1b1b1b" stroke-width="2"/></g>'
        )
    line = 'stroke="#1b1b1b" stroke-width="3" stroke-dasharray="6 4"'
    return _lines(closures, crs, at, line) + "".join(marks)


def _lines(frame: gpd.GeoDataFrame, crs: str, at: object, style: str) -> str:
    if frame.empty:
        return ""
    lines = shapely.get_parts(frame.geometry.to_crs(crs).values)
    coordinates, index = shapely.get_coordinates(lines, return_index=True)
    drawn = shapely.linestrings(at(coordinates), indices=index)  # type: ignore[operator]
    drawn = shapely.simplify(drawn, SIMPLER)
    paths = []
    for line in drawn:
        xy = shapely.get_coordinates(line)
        paths.append("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in xy))
    return f'<path d="{"".join(paths)}" fill="none" {style}/>'


def _places(places: gpd.GeoDataFrame, xy: np.ndarray) -> str:
    affected = places["affected"].fillna(0.0).to_numpy()
    cut = ((places["reach_truck"] == "cut_off") & (places["reach_pickup"] == "cut_off")).to_numpy()
    radius = 2.5 + 1.5 * np.sqrt(np.clip(affected, 0.0, 5_000.0) / 200.0)
    shapes = []
    for (x, y), r, state, off in zip(xy, radius, places["evidence_state"], cut, strict=True):
        fill = _FILL.get(state, _FILL["not_assessed"])
        shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}"/>')
        if off:
            d = r + 3
            shapes.append(
                f'<rect x="{x - d:.1f}" y="{y - d:.1f}" width="{2 * d:.1f}" height="{2 * d:.1f}" '
                'fill="none" stroke-width="2"/>'
            )
    named = np.argsort(-affected, kind="stable")[:LABELS]
    labels = [
        f'<text x="{xy[i][0]:.1f}" y="{xy[i][1] - radius[i] - 3:.1f}">'
        f"{html.escape(str(places['name'].iloc[i])[:60])}</text>"
        for i in named
    ]
    return (
        f'<g stroke="#1b1b1b" stroke-width="0.8">{"".join(shapes)}</g>'
        '<g font-size="13" text-anchor="middle" paint-order="stroke" stroke="#fff" '
        f'stroke-width="3" fill="#1b1b1b">{"".join(labels)}</g>'
    )


def _depots(depots: Sequence[tuple[str, float, float]], crs: str, at: object) -> str:
    if not depots:
        return ""
    from pyproj import Transformer

    to = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    xy = at(  # type: ignore[operator]
        np.column_stack(to.transform([one[1] for one in depots], [one[2] for one in depots]))
    )
    return "".join(
        f'<path d="M{x - 7:.1f} {y + 6:.1f}v-8l7-6l7 6v8z" fill="#1b1b1b" stroke="#fff"/>'
        for x, y in xy
    )


def _scale_bar(scale: float, height: float) -> str:
    km = next(one for one in (50, 20, 10, 5, 2, 1, 0.5, 0.2) if one * 1_000 * scale < WIDTH / 4)
    length = km * 1_000 * scale
    y = max(height, 60) - 8
    return (
        f'<path d="M{PAD} {y - 5:.1f}v5h{length:.1f}v-5" fill="none" stroke="#1b1b1b"/>'
        f'<text x="{PAD + 4}" y="{y - 4:.1f}" font-size="12">{km:g} km</text>'
    )
