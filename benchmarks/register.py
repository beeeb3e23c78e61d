"""How well places of several sources become one register: one JSON line a figure.

    python benchmarks/register.py [--quick]

The truth is made: 10,576 OSM nodes of Morocco (test data beside the checkout, or
``QAFILA_TEST_DATA``) are the first source, and three more are copies of them with ids of their own,
each with what such lists are like:

- ``survey``     points moved by 150 m (standard deviation on each axis), names as they are
- ``gazetteer``  points rounded to a minute of arc (up to 1.2 km off), names as they are
- ``spelled``    points moved by 300 m, Latin names misspelled by one draw of `spellings.py`

Rows are taken in this order up to 35,000. Two rows that were joined are right if they are copies of
one node; OSM holds some places twice, which counts as wrong here. `found` is the share of copies
with a name that were joined to their node. No peer that merges gazetteers by sound in three scripts
is at hand.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from benchmarks.spellings import change_latin  # noqa: E402
from data.sources.osm_nodes import read_osm_nodes  # noqa: E402
from geo.place_merge import merge_places, newest_known  # noqa: E402

SEED = 2023
ROWS = 35_000
GOAL_SECONDS = 10.0
METRES_A_DEGREE = 111_195.0


def main() -> int:
    """Print the figures; 1 if the goal was missed, 0 if not or if the data is absent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the places")
    given = parser.parse_args()
    data = Path(os.environ.get("QAFILA_TEST_DATA") or CHECKOUT.parent / "shared" / "data")
    path = data / "places" / "osm_places_morocco_2019.sqlite"
    if not path.exists():
        _line("all", "missing", None, path.name)
        return 0
    nodes = read_osm_nodes(path, source="OSM")
    if given.quick:
        nodes = nodes.head(len(nodes) // 4)
    rows, origin = four_sources(nodes)
    began = time.perf_counter()
    merge = merge_places(newest_known(rows))
    seconds = time.perf_counter() - began
    case = f"{len(rows)} rows of four sources"
    _line(case, "seconds", seconds, "s", goal=f"< {GOAL_SECONDS:g}", ok=seconds < GOAL_SECONDS)
    for figure in ("before", "after", "merged", "ambiguous"):
        _line(case, figure, merge.counts[figure], "places")
    groups = [
        [place_id, *others.split()]
        for place_id, others in zip(
            merge.places["place_id"], merge.places["other_ids"], strict=True
        )
    ]
    joined = [(one, other) for group in groups for other in group[1:] for one in group[:1]]
    wrong = sum(origin[one] != origin[other] for one, other in joined)
    _line(case, "wrong of those joined", wrong / max(1, len(joined)), "share")
    group_of = {place_id: at for at, group in enumerate(groups) for place_id in group}
    named = rows.loc[rows["name"] != "", "place_id"]
    for source in ("survey", "gazetteer", "spelled"):
        copies = [one for one in named if one.startswith(f"place:{source}-")]
        found = [group_of[one] == group_of[origin[one]] for one in copies]
        _line(source, "found", float(np.mean(found)) if found else None, "share")
    return 0 if seconds < GOAL_SECONDS else 1


def four_sources(nodes: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Give the rows of all sources, and the id of the node that each is a copy of."""
    noise, chance = np.random.default_rng(SEED), random.Random(SEED)
    frames, origin = [nodes], {one: one for one in nodes["place_id"]}
    for source in ("survey", "gazetteer", "spelled"):
        copy = nodes.copy()
        copy["place_id"] = [f"place:{source}-{at}" for at in range(len(nodes))]
        copy["source"] = source
        lon, lat = nodes.geometry.x.to_numpy(), nodes.geometry.y.to_numpy()
        if source == "gazetteer":
            lon, lat = np.round(lon * 60) / 60, np.round(lat * 60) / 60
        else:
            spread = (150 if source == "survey" else 300) / METRES_A_DEGREE
            lon = lon + noise.normal(0, spread, len(lon)) / np.cos(np.radians(lat))
            lat = lat + noise.normal(0, spread, len(lat))
        if source == "spelled":
            for column in ("name", "name_fr"):
                copy[column] = [
                    change_latin(name, chance) if name.isascii() and name else name
                    for name in copy[column]
                ]
            copy[["name_ar", "name_zgh"]] = ""
        copy["geometry"] = gpd.points_from_xy(lon, lat, crs="EPSG:4326")
        origin |= dict(zip(copy["place_id"], nodes["place_id"], strict=True))
        frames.append(copy)
    rows = pd.concat(frames, ignore_index=True).head(ROWS)
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326"), origin


def _line(
    case: str,
    figure: str,
    value: float | None,
    unit: str,
    *,
    goal: str | None = None,
    ok: bool | None = None,
) -> None:
    print(
        json.dumps(
            {
                "benchmark": "register",
                "case": case,
                "figure": figure,
                "value": None if value is None else round(float(value), 4),
                "unit": unit,
                "peer": None,
                "peer_value": None,
                "ratio": None,
                "goal": goal,
                "ok": ok,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
