"""Gaps of the road network that a person accepts: joined by an event, and parted again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from data.events import JoinedGap, RoadGapsJoined, RoadGapsParted
from geo.errors import InputError, UnknownIdError
from geo.model import new_id
from geo.road_gaps import MAX_GAP_M, find_gaps, repair_gaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from data.store.records import RoadJoint
    from geo.network import RoadTables
    from geo.road_gaps import Gap

#: A gap that was measured in another working CRS may be a little wider there (m).
_SPARE_M = 0.5


def join_gaps(
    situation: Situation,
    wanted: Sequence[str],
    *,
    source: str = "",
    reason: str = "",
    max_gap_m: float | None = None,
) -> dict[str, Any]:
    """Say that roads meet which stop just before each other: those gaps, or ``all`` on offer.

    Returns
    -------
    dict
        ``{joint_id, gaps: [{gap_id, lon, lat, distance_m, edge, other_edge}], pieces_before,
        pieces}``; `qafila undo` with the id makes them gaps again.

    Raises
    ------
    InputError
        Nothing was named.
    UnknownIdError
        No such gap is on offer.
    """
    from geo.network import components

    limit_m = gap_limit(max_gap_m)
    tables = situation.roads()
    offered = find_gaps(tables, crs=situation.crs(), max_gap_m=limit_m)
    chosen = chosen_gaps(offered, wanted)
    if not chosen:
        raise InputError("roads --join", "a gap is needed", "see the ids: `qafila roads --json`")
    layer = situation.store.layers("roads")[-1]
    event = RoadGapsJoined(
        joint_id=new_id("joint"),
        layer_id=layer.layer_id,
        gaps=joined_gaps(chosen),
        source=source[:2_000],
        reason=reason[:2_000],
    )
    # Whether it can be done is known before it is recorded.
    joined = repair_gaps(tables, chosen, {gap.gap_id for gap in chosen})
    situation.record([event])
    return {
        "joint_id": event.joint_id,
        "gaps": [gap.model_dump(mode="json") for gap in event.gaps],
        "pieces_before": int(components(tables).nunique()),
        "pieces": int(components(joined).nunique()),
    }


def part_gaps(situation: Situation, joint_id: str) -> None:
    """Make gaps again of what was joined."""
    situation.record([RoadGapsParted(joint_id=joint_id)])


def joints_in_force(situation: Situation) -> list[dict[str, Any]]:
    """Give what was joined in the newest road layer: who said so, when, which gaps."""
    layers = situation.store.layers("roads")
    return [
        {
            "joint_id": one.joint_id,
            "gaps": [dict(gap) for gap in one.gaps],
            "source": one.source,
            "reason": one.reason,
            "at": one.recorded_at.isoformat(),
        }
        for one in situation.store.road_joints()
        if layers and one.layer_id == layers[-1].layer_id
    ]


def with_joints(tables: RoadTables, joints: Sequence[RoadJoint], *, crs: str) -> RoadTables:
    """Give the network with all joints, in the order of recording.

    What is no gap any more, because an earlier joint was undone, is named in the notes.
    """
    for joint in joints:
        wanted = {str(gap["gap_id"]) for gap in joint.gaps}
        widest_m = max(float(gap["distance_m"]) for gap in joint.gaps) + _SPARE_M
        found = find_gaps(tables, crs=crs, max_gap_m=widest_m)
        there = [gap for gap in found if gap.gap_id in wanted]
        tables = repair_gaps(tables, there, {gap.gap_id for gap in there})
        if lost := sorted(wanted - {gap.gap_id for gap in there}):
            note = f"gaps of {joint.joint_id} that are no longer there: {', '.join(lost[:20])}"
            tables = replace(tables, notes=(*tables.notes, note))
    return tables


def chosen_gaps(offered: Sequence[Gap], wanted: Sequence[str]) -> list[Gap]:
    """Give the gaps with these ids, or all; `UnknownIdError` for one that is not on offer."""
    if "all" in wanted:
        return list(offered)
    known = {gap.gap_id: gap for gap in offered}
    if unknown := [one for one in wanted if one not in known]:
        raise UnknownIdError(
            unknown[0], "no such gap is offered", "take the ids from `qafila roads --json`"
        )
    return [known[one] for one in dict.fromkeys(wanted)]


def joined_gaps(gaps: Sequence[Gap]) -> tuple[JoinedGap, ...]:
    """Give gaps as the ledger has them."""
    return tuple(
        JoinedGap(
            gap_id=gap.gap_id,
            lon=gap.lon,
            lat=gap.lat,
            distance_m=gap.distance_m,
            edge=gap.edge,
            other_edge=gap.other_edge,
        )
        for gap in gaps
    )


def gap_limit(max_gap_m: float | None) -> float:
    """Give how wide a gap may be, in metres; `InputError` for what is none."""
    limit_m = MAX_GAP_M if max_gap_m is None else max_gap_m
    if not 0 < limit_m <= 100:
        raise InputError(f"--gaps {limit_m:g}", "metres from 0 to 100 are needed", "correct it")
    return limit_m
