"""The map of a convoy's way as SVG: roads around it, closures, depot and stops, names of places.

Plain shapes and text, no script, no style sheet, no address: it is drawn the same inside the HTML
sheet and inside the PDF. North is up; one scale along both axes, true in the middle of the map.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.exports.sheet.ground import N_RANKS
from routing.exports.wording import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from routing.exports.sheet.ground import Bounds, Ground
    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary, Position

WIDTH = 1000
LARGEST_BYTES = 150_000
# A map of less ground than this shows nothing that a driver could know again.
SMALLEST_M = 3000.0
_MARGIN_SHARE = 0.08
_SHAPES = (0.5, 1.6)
# Two parts stand on a page: a taller one would have letters that nobody can read.
_TALLEST_PART = 0.75
# One degree of latitude on a sphere of 6,371 km.
_M_PER_DEGREE = 111_195.0
# A point of a line costs about this much text ("-12 34 ").
_BYTES_PER_POINT = 7
_ROADS = (
    ("#777", 5.0), ("#888", 4.0), ("#999", 3.0), ("#aaa", 2.0), ("#bbb", 1.4), ("#ccc", 1.0),
)  # fmt: skip
_MOST_NAMES, _LONGEST_NAME = 40, 28
# Numbers are written on main, secondary and tertiary roads.
_NUMBERED_RANK, _MOST_NUMBERS = 2, 25
_TEXT = 20
_HALO = 'paint-order="stroke" stroke="#fff" stroke-width="5" stroke-linejoin="round"'


@dataclass(frozen=True, slots=True)
class _Frame:
    """From lon, lat to the drawing: `WIDTH` by `height` units, y down."""

    bounds: Bounds
    per_lon: float
    per_lat: float
    height: int

    def xy(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        west, _south, _east, north = self.bounds
        return np.column_stack(
            ((lonlat[:, 0] - west) * self.per_lon, (north - lonlat[:, 1]) * self.per_lat)
        )

    def point(self, position: Position) -> tuple[int, int]:
        x, y = self.xy(np.array([position]))[0]
        return round(x), round(y)

    @property
    def m_per_unit(self) -> float:
        return _M_PER_DEGREE / self.per_lat


def road_map(
    itinerary: Itinerary,
    ground: Ground,
    wording: Wording,
    *,
    bounds: Bounds | None = None,
    largest_bytes: int = LARGEST_BYTES,
) -> str:
    """Draw the way of `itinerary` on `ground`.

    Parameters
    ----------
    bounds
        Only this part of it (west, south, east, north in degrees), such as a leg's; all of it
        unless said.
    largest_bytes
        Footways, then tracks, then small roads are left out until the map is no larger; the way
        itself, closures and stops always stay.
    """
    frame = _frame(itinerary.bounds) if bounds is None else _frame(bounds, tallest=_TALLEST_PART)
    here = ground.within(frame.bounds)
    top = "".join(
        (_closed(here, frame), _way(itinerary, frame), _numbers(here, frame),
         _names(itinerary, here, frame, wording), _marks(itinerary, frame, wording),
         _scale(frame))
    )  # fmt: skip
    roads = _roads(here, frame, room=largest_bytes - len(top.encode()) - 500)
    label = escape(wording.title(itinerary), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {frame.height}" role="img" '
        f'aria-label="{label}" font-family="Noto Sans, Noto Sans Arabic, Noto Sans Tifinagh, '
        f'sans-serif" font-size="{_TEXT}">'
        f'<rect width="{WIDTH}" height="{frame.height}" fill="#fbfaf5"/>{roads}{top}</svg>'
    )


def _frame(bounds: Bounds, *, tallest: float = _SHAPES[1]) -> _Frame:
    west, south, east, north = bounds
    m_per_lon = _M_PER_DEGREE * max(math.cos(math.radians((south + north) / 2)), 0.01)
    width_m = max((east - west) * m_per_lon, SMALLEST_M) * (1 + 2 * _MARGIN_SHARE)
    height_m = max((north - south) * _M_PER_DEGREE, SMALLEST_M) * (1 + 2 * _MARGIN_SHARE)
    height_m = max(height_m, width_m * _SHAPES[0])
    width_m = max(width_m, height_m / tallest)
    lon, lat = (west + east) / 2, (south + north) / 2
    half_lon, half_lat = width_m / m_per_lon / 2, height_m / _M_PER_DEGREE / 2
    scale = WIDTH / width_m
    return _Frame(
        bounds=(lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat),
        per_lon=m_per_lon * scale,
        per_lat=_M_PER_DEGREE * scale,
        height=round(height_m * scale),
    )


def _roads(ground: Ground, frame: _Frame, *, room: int) -> str:
    """Roads by rank, the boldest on top; ranks that do not fit into `room` bytes are left out."""
    parts: list[str] = []
    for rank in range(N_RANKS):
        lines = _drawn(ground.roads[ground.rank == rank], frame)
        if _BYTES_PER_POINT * int(shapely.get_num_coordinates(lines).sum()) > room:
            break
        colour, width = _ROADS[rank]
        part = _path(lines, f'stroke="{colour}" stroke-width="{width}"')
        room -= len(part)
        if room < 0:
            break
        parts.append(part)
    return "".join(reversed(parts))


def _drawn(lines: NDArray[np.object_], frame: _Frame) -> NDArray[np.object_]:
    """Lines in units of the drawing, cut at its edge and without points that nobody sees."""
    if len(lines) == 0:
        return lines
    flat = shapely.transform(shapely.force_2d(lines), frame.xy)
    cut = shapely.clip_by_rect(flat, -20, -20, WIDTH + 20, frame.height + 20)
    plain = shapely.get_parts(shapely.simplify(cut, 1.0, preserve_topology=False))
    kept: NDArray[np.object_] = plain[
        (shapely.get_type_id(plain) == 1) & (shapely.length(plain) >= 1.5)
    ]
    return kept


def _path(lines: Iterable[shapely.LineString], style: str) -> str:
    """One path of all lines, in whole units, each point relative to the one before it."""
    pieces: list[str] = []
    for line in lines:
        points = np.rint(shapely.get_coordinates(line)).astype(int)
        steps = np.diff(points, axis=0)
        steps = steps[(steps != 0).any(axis=1)]
        if len(steps):
            moves = "".join(f"{x} {y} " for x, y in steps.tolist())
            pieces.append(f"M{points[0, 0]} {points[0, 1]}l{moves.rstrip()}")
    if not pieces:
        return ""
    return (
        f'<path d="{"".join(pieces)}" fill="none" {style} stroke-linejoin="round" '
        'stroke-linecap="round"/>'
    )


def _numbers(ground: Ground, frame: _Frame) -> str:
    """Numbers of the larger roads, each once, on the longest piece that is drawn of it."""
    wide = (ground.rank <= _NUMBERED_RANK) & (ground.names != "")
    names, lines = ground.names[wide], ground.roads[wide]
    longest = np.argsort(-shapely.length(lines), kind="stable")
    _distinct, first = np.unique(names[longest].astype(str), return_index=True)
    parts = []
    for row in longest[np.sort(first)][:_MOST_NUMBERS]:
        middle = shapely.line_interpolate_point(lines[row], 0.5, normalized=True)
        x, y = frame.point((middle.x, middle.y))
        if 0 < x < WIDTH and 0 < y < frame.height:
            text = escape(clean(str(names[row]), longest=_LONGEST_NAME))
            parts.append(
                f'<text x="{x}" y="{y}" direction="ltr" text-anchor="middle" font-size="16" '
                f'fill="#7a4a00" {_HALO}>{text}</text>'
            )
    return "".join(parts)


def _closed(ground: Ground, frame: _Frame) -> str:
    lines = _drawn(shapely.get_parts(ground.closed), frame)
    crosses = []
    for x, y in shapely.get_coordinates(
        shapely.line_interpolate_point(lines, 0.5, normalized=True)
    ).tolist():
        if 0 <= x <= WIDTH and 0 <= y <= frame.height:
            crosses.append(f"M{x - 8:.0f} {y - 8:.0f}l16 16m0 -16l-16 16")
    cross = f'<path d="{"".join(crosses)}" stroke="#b00020" stroke-width="5"/>' if crosses else ""
    return _path(lines, 'stroke="#b00020" stroke-width="7" stroke-dasharray="4 12"') + cross


def _way(itinerary: Itinerary, frame: _Frame) -> str:
    legs = _drawn(np.array([leg.geometry for leg in itinerary.legs], dtype=object), frame)
    walks = [stop.walk.geometry for stop in itinerary.stops if stop.walk is not None]
    last = _drawn(np.array(walks, dtype=object), frame) if walks else ()
    return _path(legs, 'stroke="#0b5d8f" stroke-width="8" stroke-opacity=".85"') + _path(
        last, 'stroke="#2e7d32" stroke-width="5" stroke-dasharray="2 11"'
    )


def _marks(itinerary: Itinerary, frame: _Frame, wording: Wording) -> str:
    """The depot as a square, the stops as numbered circles, with their names."""
    x, y = frame.point(itinerary.start)
    parts = [
        f'<rect x="{x - 12}" y="{y - 12}" width="24" height="24" fill="#111" stroke="#fff" '
        'stroke-width="3"/>',
        _label(x, y, wording.name(itinerary.convoy.depot_id), frame, bold=True),
    ]
    for stop in itinerary.stops:
        x, y = frame.point(stop.position)
        parts.append(
            f'<circle cx="{x}" cy="{y}" r="16" fill="#fff" stroke="#0b5d8f" stroke-width="5"/>'
            f'<text x="{x}" y="{y + 7}" text-anchor="middle" font-weight="bold">{stop.number}'
            "</text>"
        )
        parts.append(_label(x, y, wording.name(stop.place_id), frame, bold=True))
    return "".join(parts)


def _names(itinerary: Itinerary, ground: Ground, frame: _Frame, wording: Wording) -> str:
    """Names of places beside the way, as many as find room."""
    marked = [frame.point(itinerary.start)]
    marked += [frame.point(stop.position) for stop in itinerary.stops]
    taken = {cell for x, y in marked for cell in _cells(x, y)}
    told = {wording.name(stop.place_id) for stop in itinerary.stops}
    parts: list[str] = []
    for name, (x, y) in zip(ground.place_names, frame.xy(ground.places).tolist(), strict=True):
        cells = _cells(round(x), round(y))
        text = clean(name, longest=_LONGEST_NAME)
        if text and text not in told and taken.isdisjoint(cells):
            taken.update(cells)
            parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="#555"/>')
            parts.append(_label(round(x), round(y), text, frame, bold=False))
        if len(parts) >= 2 * _MOST_NAMES:
            break
    return "".join(parts)


def _cells(x: int, y: int) -> set[tuple[int, int]]:
    """Cells of a coarse grid that a name at x, y lies over."""
    return {(column, y // 40) for column in range((x - 20) // 60, (x + 200) // 60)}


def _label(x: int, y: int, text: str, frame: _Frame, *, bold: bool) -> str:
    """Name beside a mark: on the side where there is room."""
    left = x > WIDTH * 0.7
    away = 22 if bold else 9
    weight = ' font-weight="bold" fill="#111"' if bold else ' fill="#444" font-size="17"'
    short = escape(clean(text, longest=_LONGEST_NAME))
    # The anchor is meant in the drawing, whatever the direction of the page around it.
    return (
        f'<text x="{x - away if left else x + away}" y="{min(y + 7, frame.height - 6)}" '
        f'direction="ltr" text-anchor="{"end" if left else "start"}"{weight} {_HALO}>{short}</text>'
    )


def _scale(frame: _Frame) -> str:
    """A bar of a round length, and north."""
    longest_m = 250 * frame.m_per_unit
    power = 10 ** math.floor(math.log10(longest_m))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= longest_m)
    units, y = length_m / frame.m_per_unit, frame.height - 22
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    return (
        f'<path d="M20 {y - 8}v8h{units:.0f}v-8" fill="none" stroke="#111" stroke-width="3"/>'
        f'<text x="{28 + units:.0f}" y="{y}" direction="ltr" {_HALO}>{text}</text>'
        f'<path d="M{WIDTH - 40} 60l12 -40l12 40l-12 -10z" fill="#111"/>'
        f'<text x="{WIDTH - 28}" y="82" text-anchor="middle" {_HALO}>N</text>'
    )
