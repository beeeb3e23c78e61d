"""How much longer a journey would take if bends slowed vehicles: what the travel times leave out.

    .venv/bin/python tools/bend_effect.py EXTRACT.osm.pbf [DEM.hgt …] --refs CG-2 CG-3

Travel times know class, surface and grade of a road, not its bends (``docs/travel.md``). Here every
15 m of a road is capped at the speed of the design formula for curves, v² = 127 R (e + f) with v in
km/h, R in m and e + f = 0.20 (AASHTO, A Policy on Geometric Design of Highways and Streets), R from
three points of the drawn line. Drawings are coarse in hairpins, so it is an order of magnitude.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from data.sources.osm import read_osm  # noqa: E402
from geo.crs import working_crs  # noqa: E402
from geo.network import RoadTables, drape  # noqa: E402
from geo.raster import mosaic  # noqa: E402
from routing.edge_index import working_lines  # noqa: E402
from routing.graph import build_graph  # noqa: E402
from routing.travel import arc_times  # noqa: E402
from routing.vehicles import vehicle_classes  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo.model import VehicleClassName

STEP_M = 15.0
FRICTION_AND_BANK = 0.20
#: Nobody creeps slower than this round a drawn corner (km/h). Estimate.
SLOWEST_KMH = 8.0
CLASSES: tuple[VehicleClassName, ...] = ("truck", "pickup")


def main() -> None:
    """Print one line a class and road."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("extract", type=Path)
    parser.add_argument("elevation", type=Path, nargs="*")
    parser.add_argument("--refs", nargs="+", required=True, help="numbers of roads")
    asked = parser.parse_args()
    tables = read_osm(asked.extract, places=False).roads
    if asked.elevation:
        with tempfile.TemporaryDirectory() as folder:
            mosaic(asked.elevation, Path(folder) / "dem.tif")
            tables = drape(tables, Path(folder) / "dem.tif")
    for name in CLASSES:
        for ref in asked.refs:
            print(effect(tables, name, ref))


def effect(tables: RoadTables, class_name: VehicleClassName, ref: str) -> str:
    """Say length, time as it is and time with bends of all pieces of a road, along the drawing."""
    graph = build_graph(tables)
    time_s = arc_times(graph, vehicle_classes()[class_name])[graph.arc_along]
    rows = np.flatnonzero((tables.edges["ref"] == ref).to_numpy() & np.isfinite(time_s))
    if not len(rows):
        return f"{class_name} {ref}: no such road for this class"
    lines = working_lines(tables, working_crs(tables.edges.total_bounds))
    length_m = tables.edges["length_m"].to_numpy()
    with_bends_s = sum(
        bent_time(lines[row], float(length_m[row]), float(time_s[row])) for row in rows
    )
    straight_s = float(time_s[rows].sum())
    return (
        f"{class_name} {ref}: {length_m[rows].sum() / 1000:.1f} km, {straight_s / 60:.1f} min, "
        f"with bends {with_bends_s / 60:.1f} min ({with_bends_s / straight_s - 1:+.0%})"
    )


def bent_time(line: shapely.LineString, length_m: float, time_s: float) -> float:
    """Time over a line, in s, where each step is no faster than its bend allows."""
    n_steps = max(round(line.length / STEP_M), 1)
    shares = np.linspace(0.0, 1.0, n_steps + 1)
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, shares, normalized=True))
    limit_kmh = np.full(n_steps, np.inf)
    if n_steps >= 2:
        at_point = np.sqrt(127.0 * FRICTION_AND_BANK * radii(points))
        limit_kmh = np.minimum(np.append(at_point, np.inf), np.insert(at_point, 0, np.inf))
    speed_kmh = np.minimum(3.6 * length_m / time_s, np.maximum(limit_kmh, SLOWEST_KMH))
    return float((length_m / n_steps / (speed_kmh / 3.6)).sum())


def radii(points: Sequence[Sequence[float]] | NDArray[np.float64]) -> NDArray[np.float64]:
    """(n - 2,) radius of the circle through each three neighbours, in m; a straight one is long."""
    at = np.asarray(points, dtype=np.float64)
    a, b, c = at[:-2], at[1:-1], at[2:]
    sides = [np.hypot(*(q - p).T) for p, q in ((a, b), (b, c), (a, c))]
    twice_area = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    radius: NDArray[np.float64] = np.prod(sides, axis=0) / np.maximum(2.0 * twice_area, 1e-3)
    return radius


if __name__ == "__main__":
    main()
