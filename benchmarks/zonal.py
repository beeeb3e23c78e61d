"""Zonal statistics on a raster larger than the memory allowed: one JSON line a figure.

    python benchmarks/zonal.py [--quick]

A raster of 20,000 by 20,000 cells of 10 m (uint16, tiled, deflate, some of it nodata; the same on
every machine) is written to a temporary folder, and sum, mean and count of 10,000 circles of 150 to
450 m radius are taken. Each contestant runs in a process of its own, so that its peak of memory
(VmHWM of Linux) is its own. Times are processor times of all its threads, so that other work on the
machine does not count for either. The peer is `rasterstats`, on the same circles in the order given
and once more in the order in which they lie, which suits its reading best; the ratio that counts is
to the better of the two. With ``--quick`` the peer gets a 20th of the circles (every 20th, or 500
that lie together) and its time is scaled up, and the lines say so. Where it is not installed the
lines say that, and nothing counts as beaten.

Same numbers: rasterstats counts whole cells by their centre, so it must agree to rounding on boxes
along the lines of the grid; on circles the sums over all must agree within 0.5 %.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.windows import Window

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from geo.zonal import zonal_statistics  # noqa: E402

PEER = "rasterstats"
STATISTICS = ("sum", "mean", "count")
CELLS, CELL_M, BLOCK = 20_000, 10.0, 512
WEST_M, NORTH_M, CRS = 500_000.0, 3_600_000.0, "EPSG:32629"
NODATA = 65_535
ZONES, BOXES, QUICK_STEP = 10_000, 500, 20
GOAL_RATIO, GOAL_MIB, CIRCLE_TOLERANCE = 5.0, 1024.0, 0.005


def main() -> int:
    """Print the figures; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the peer gets a 20th of the circles")
    step = QUICK_STEP if parser.parse_args().quick else 1
    with tempfile.TemporaryDirectory() as folder:
        raster = Path(folder) / "raster.tif"
        write_raster(raster)
        good = [*race(raster, step), agreement(raster)]
    return 0 if all(good) else 1


def race(raster: Path, step: int) -> list[bool]:
    """Print time and memory of both contestants on the circles."""
    ours, peak_mib, found = _alone(_ours, raster, "circles", 1)
    case = f"{ZONES} circles on {CELLS} x {CELLS} cells"
    good = [_line(case, "peak memory", round(peak_mib), "MiB", goal=f"< {GOAL_MIB:.0f}")]
    if find_spec(PEER) is None:
        _line(case, "time", round(ours, 2), "s", peer=f"{PEER} (missing)", goal=">= 5 x faster")
        return good
    runs = {order: _alone(_peer, raster, order, step) for order in ("circles", "circles in order")}
    scaled = f", scaled from {ZONES // step} circles" if step > 1 else ""
    best = min(seconds for seconds, _, _ in runs.values()) * step
    for order, (seconds, mib, sums) in runs.items():
        _line(
            case,
            f"time, peer given {order}{scaled}",
            round(ours, 2),
            "s",
            peer_value=round(seconds * step, 2),
            ratio=seconds * step / ours,
            peer_mib=round(mib),
        )
        if order == "circles":
            off = abs(sums["sum"].sum() / found["sum"][::step].sum() - 1)
    good += [
        _line(
            case,
            f"time, peer at its best{scaled}",
            round(ours, 2),
            "s",
            peer_value=round(best, 2),
            ratio=best / ours,
            goal=">= 5 x faster",
        ),
        _line(case, "difference of all sums", round(float(off), 6), "share", goal="<= 0.005"),
    ]
    return good


def agreement(raster: Path) -> bool:
    """Print the largest difference to the peer on boxes along the lines of the grid."""
    if find_spec(PEER) is None:
        return _line("boxes of whole cells", "difference", None, "", peer=f"{PEER} (missing)")
    _, _, ours = _alone(_ours, raster, "boxes", 1)
    _, _, peers = _alone(_peer, raster, "boxes", 1)
    off = max(
        float(np.max(np.abs(ours[one] - peers[one]) / np.maximum(np.abs(peers[one]), 1)))
        for one in STATISTICS
    )
    case = f"{BOXES} boxes of whole cells"
    return _line(case, "largest relative difference", off, "share", goal="<= 1e-9")


# --- contestants --------------------------------------------------------------------------------


def _ours(raster: Path, zones: gpd.GeoDataFrame) -> dict[str, np.ndarray]:
    table = zonal_statistics(raster, zones, statistics=STATISTICS)
    return {one: table[one].to_numpy() for one in STATISTICS}


def _peer(raster: Path, zones: gpd.GeoDataFrame) -> dict[str, np.ndarray]:
    from rasterstats import zonal_stats

    rows = zonal_stats(zones, str(raster), stats=list(STATISTICS))
    return {one: np.array([row[one] for row in rows], dtype=float) for one in STATISTICS}


def _alone(run: Any, raster: Path, zones: str, step: int) -> tuple[float, float, Any]:
    """Processor seconds, peak MiB and result of one contestant in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_timed, (run, raster, zones, step))


def _timed(run: Any, raster: Path, zones: str, step: int) -> tuple[float, float, Any]:
    table = boxes() if zones == "boxes" else circles()
    if zones == "circles in order":
        along = np.argsort(table.hilbert_distance().to_numpy(), kind="stable")
        table = table.iloc[along[: len(table) // step]]
    else:
        table = table.iloc[::step]
    began = time.process_time()
    found = run(raster, table)
    seconds = time.process_time() - began
    status = Path("/proc/self/status")
    peak = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.exists() else None
    return seconds, int(peak[1]) / 1024 if peak else float("nan"), found


# --- what they are given ------------------------------------------------------------------------


def write_raster(path: Path) -> None:
    """Write the raster block by block."""
    chance = np.random.default_rng(2023)
    blocks = [chance.integers(0, 200, (BLOCK, BLOCK), dtype="uint16") for _ in range(7)]
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=CELLS,
        height=CELLS,
        count=1,
        dtype="uint16",
        crs=CRS,
        transform=Affine(CELL_M, 0, WEST_M, 0, -CELL_M, NORTH_M),
        nodata=NODATA,
        tiled=True,
        blockxsize=BLOCK,
        blockysize=BLOCK,
        compress="deflate",
        zlevel=1,
        predictor=2,
    ) as target:
        number = 0
        for row in range(0, CELLS, BLOCK):
            for col in range(0, CELLS, BLOCK):
                height, width = min(BLOCK, CELLS - row), min(BLOCK, CELLS - col)
                values = blocks[number % 7][:height, :width] + np.uint16(number % 13)
                values[:20, :20] = NODATA
                target.write(values, 1, window=Window(col, row, width, height))
                number += 1


def circles() -> gpd.GeoDataFrame:
    """Circles at random spots inside the raster, in no order."""
    chance = np.random.default_rng(2024)
    side = CELLS * CELL_M
    spots = chance.uniform(1_000, side - 1_000, (ZONES, 2)) + np.array([WEST_M, NORTH_M - side])
    shapes = shapely.buffer(shapely.points(spots), chance.uniform(150, 450, ZONES), quad_segs=8)
    return gpd.GeoDataFrame(geometry=shapes, crs=CRS)


def boxes() -> gpd.GeoDataFrame:
    """Boxes whose sides lie on the lines of the grid."""
    chance = np.random.default_rng(2025)
    left, top = (chance.integers(0, CELLS - 100, BOXES) for _ in range(2))
    width, height = (chance.integers(1, 100, BOXES) for _ in range(2))
    shapes = shapely.box(
        WEST_M + left * CELL_M,
        NORTH_M - (top + height) * CELL_M,
        WEST_M + (left + width) * CELL_M,
        NORTH_M - top * CELL_M,
    )
    return gpd.GeoDataFrame(geometry=shapes, crs=CRS)


GOALS = {
    f"< {GOAL_MIB:.0f}": lambda value, _: value < GOAL_MIB,
    ">= 5 x faster": lambda _, ratio: None if ratio is None else ratio >= GOAL_RATIO,
    "<= 0.005": lambda value, _: value <= CIRCLE_TOLERANCE,
    "<= 1e-9": lambda value, _: value <= 1e-9,
}


def _line(
    case: str,
    figure: str,
    value: Any,
    unit: str,
    *,
    peer: str = PEER,
    peer_value: float | None = None,
    ratio: float | None = None,
    goal: str | None = None,
    **more: Any,
) -> bool:
    """Print one figure; False if its goal was missed."""
    ok = GOALS[goal](value, ratio) if goal in GOALS else None
    line = {
        "benchmark": "zonal",
        "case": case,
        "figure": figure,
        "value": value,
        "unit": unit,
        "peer": peer,
        "peer_value": peer_value,
        "ratio": None if ratio is None else round(ratio, 2),
        "goal": goal,
        "ok": ok,
        **more,
    }
    print(json.dumps(line), flush=True)
    return ok is not False


if __name__ == "__main__":
    sys.exit(main())
