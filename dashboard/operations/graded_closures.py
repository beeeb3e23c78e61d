"""Closures that analysts' gradings propose: a person looks at them, and records those that hold."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import shapely

from dashboard.operations.roads import road_names
from data.events import NewEvent, RoadClosed
from geo.errors import InputError
from geo.model import new_id

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.operations.situation import Situation
    from routing.graded_edges import Proposal


def close_graded(situation: Situation, *, dry_run: bool = False) -> dict[str, Any]:
    """Propose, and unless it is a dry run record, the closures of all graded roads.

    What was recorded once is not recorded again, also after somebody reopened it: the word of the
    person who was there counts for more than the same picture a second time.

    Returns
    -------
    dict
        ``{graded, proposals, not_in_network, recorded, dry_run}``. A proposal says the edges,
        their roads, state, confidence, grade, source, day and whether it is known already; what
        the network does not hold stands in `not_in_network` with the distance to the nearest road.

    Raises
    ------
    InputError
        No graded roads are loaded.
    """
    from routing.graded_edges import propose_closures

    graded = situation.graded_roads()
    if graded.empty:
        raise InputError(
            "close --graded",
            "roads that analysts graded are needed, and no such layer is loaded",
            "load a package: `qafila load damage FILE.zip`",
        )
    made = propose_closures(situation.roads(), graded, crs=situation.crs())
    marks = {one.row: _mark(graded.iloc[one.row]) for one in made}
    known = set(situation.store.recorded_client_ids(sorted(set(marks.values()))))
    proposals, lost, events = [], [], []
    for proposal in made:
        row = graded.iloc[proposal.row]
        facts = _facts(row)
        if not proposal.edges:
            metres = proposal.nearest_m
            lost.append({**facts, "nearest_m": round(metres, 1) if metres < 1e9 else None})
            continue
        mark = marks[proposal.row]
        event = _event(situation, proposal, row)
        proposals.append(
            {
                "closure_id": None if dry_run or mark in known else event.closure_id,
                "edges": list(proposal.edges),
                "roads": road_names(situation, proposal.edges),
                "state": proposal.state,
                "confidence": proposal.confidence,
                "recorded_before": mark in known,
                **facts,
            }
        )
        if mark not in known:
            known.add(mark)
            events.append(NewEvent(payload=event, client_id=mark))
    if events and not dry_run:
        situation.store.append(events)
    return {
        "graded": len(graded),
        "proposals": proposals,
        "not_in_network": lost,
        "recorded": 0 if dry_run else len(events),
        "dry_run": dry_run,
    }


def _facts(row: pd.Series) -> dict[str, Any]:
    seen = row["observed_at"]
    return {
        "grade": row["grade"],
        "grade_written": row["grade_written"],
        "object": row["object"],
        "name": row["name"],
        "source": row["source"],
        "observed_at": seen.isoformat() if seen == seen else None,  # NaT is not itself
    }


def _mark(row: pd.Series) -> str:
    """What tells this word on this road from every other: survey, grade and line."""
    content = hashlib.sha256(shapely.to_wkb(shapely.normalize(row.geometry)))
    for name in ("source", "grade", "survey"):
        content.update(f"|{row.get(name, '')}".encode())
    return f"graded:{content.hexdigest()[:40]}"


def _event(situation: Situation, proposal: Proposal, row: pd.Series) -> RoadClosed:
    seen = row["observed_at"]
    what = row["object"].partition(" - ")[2] or row["object"] or "road"
    return RoadClosed(
        closure_id=new_id("closure"),
        edges=proposal.edges,
        roads_sha256=situation.roads_key(),
        state=proposal.state,
        since=seen.to_pydatetime() if seen == seen else None,
        confidence=proposal.confidence,
        source=str(row["source"])[:2_000],
        reason=f"{what} graded {row['grade_written']!r} from above"[:2_000],
    )
