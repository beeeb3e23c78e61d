"""The road network itself: what it is like, where it has gaps, and as a file for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geo.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.operations.situation import Situation

_MOST_LISTED = 100


def describe_roads(
    situation: Situation, *, to: Path | None = None, max_gap_m: float | None = None
) -> dict[str, Any]:
    """Say what the loaded roads are like, and write them as GraphML where `to` says.

    Returns
    -------
    dict
        ``{nodes, edges, length_km, pieces: [{nodes, edges, length_km, near}], dead_ends, gaps:
        [{gap_id, lon, lat, distance_m, edges}], joints: [{joint_id, …}], length_km_by_highway,
        turn_restrictions, notes}``
    """
    from dashboard.operations.road_gaps import gap_limit, joints_in_force
    from geo.network import components
    from geo.road_gaps import dead_ends, find_gaps

    limit_m = gap_limit(max_gap_m)
    tables = situation.roads()
    gaps = find_gaps(tables, crs=situation.crs(), max_gap_m=limit_m)
    edges = tables.edges
    label = components(tables)
    length_m = edges["length_m"]
    pieces: list[dict[str, Any]] = []
    for _, rows in edges.groupby(label, sort=True):
        if len(pieces) == _MOST_LISTED:
            break
        lon, lat = rows.geometry.iloc[0].coords[0]
        pieces.append(
            {
                "nodes": len(np.unique(rows[["u", "v"]].to_numpy())),
                "edges": len(rows),
                "length_km": round(float(rows["length_m"].sum()) / 1000, 1),
                "near": [round(float(lon), 6), round(float(lat), 6)],
            }
        )
    by_kind = (length_m.groupby(edges["highway"]).sum() / 1000).sort_values(ascending=False)
    said: dict[str, Any] = {
        "nodes": len(tables.nodes),
        "edges": len(edges),
        "length_km": round(float(length_m.sum()) / 1000, 1),
        "n_pieces": int(label.nunique()),
        "pieces": pieces,
        "dead_ends": len(dead_ends(tables)),
        "n_gaps": len(gaps),
        "gaps": gaps_as_dicts(gaps),
        "joints": joints_in_force(situation),
        "length_km_by_highway": {str(kind): round(float(km), 1) for kind, km in by_kind.items()},
        "turn_restrictions": len(tables.turns),
        "notes": list(tables.notes),
    }
    if to is not None:
        said["file"] = _written(situation, to)
    return said


def gaps_as_dicts(gaps: Any) -> list[dict[str, Any]]:
    """Gaps for a person to look at: where, how wide, between which edges; the narrowest first."""
    return [
        {
            "gap_id": gap.gap_id,
            "lon": gap.lon,
            "lat": gap.lat,
            "distance_m": gap.distance_m,
            "edges": [gap.edge, gap.other_edge],
        }
        for gap in gaps[:_MOST_LISTED]
    ]


def _written(situation: Situation, to: Path) -> str:
    from geo.networkx_view import write_graphml

    if to.suffix.lower() != ".graphml":
        raise InputError(
            f"--to {to.name}", "a file name that ends in .graphml is needed", "name it so"
        )
    write_graphml(situation.roads(), to)
    return str(to)
