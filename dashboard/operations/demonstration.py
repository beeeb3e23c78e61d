"""The Al Haouz drill: build it, assess, plan, export; a second start finds it ready."""

from __future__ import annotations

import logging
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from dashboard.operations import assessing, drill_deliveries, exporting, loading, planning, reaching
from dashboard.operations.situation import (
    DATABASE_VARIABLE,
    Progress,
    Situation,
    database_address,
    silent,
)
from data.demo.build import Drill, build_drill, digest, fingerprint
from geo.errors import InputError

logger = logging.getLogger(__name__)

READY_FILE = "drill.ready"
SEED = 1


def run_demo(home: Path, *, fresh: bool = False, progress: Progress = silent) -> dict[str, Any]:
    """Set the drill up in `home` unless it is there already, and sum it up (as JSON)."""
    set_up(home, fresh=fresh, progress=progress)
    return _summary(home)


def set_up(home: Path, *, fresh: bool = False, progress: Progress = silent) -> None:
    """Set the drill up in `home` unless it is there already.

    Parameters
    ----------
    fresh
        Drop a drill that is there (with whatever was changed in it) and build it anew.

    Raises
    ------
    InputError
        `home` holds a situation that is no drill: it is never touched. Or a database is named: the
        drill stays in its own folder.
    """
    if database_address() is not None:
        raise InputError(
            f"the drill with {DATABASE_VARIABLE}",
            "a drill in a folder of its own is needed",
            f"unset {DATABASE_VARIABLE} for this command",
        )
    if home.exists() and any(home.iterdir()):
        _require_drill(home)
        if fresh or not _ready(home):
            shutil.rmtree(home)
    if not _ready(home):
        _build(home, progress)


def _build(home: Path, progress: Progress) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / READY_FILE).write_text("building", encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        progress(0.02, "drawing the drill: places, roads, terrain")
        drill = build_drill(Path(folder))
        with Situation.create(
            home,
            name=drill.name,
            bounds=drill.bounds,
            timezone=drill.timezone,
            notice=drill.notice,
            drill=True,
            plays_at=drill.plays_at,
        ) as situation:
            progress(0.30, "recording the drill's layers and reports")
            _record(situation, drill)
            situation.engine(say=lambda text: progress(0.44, text))
            progress(0.45, "recording the deliveries of the first day")
            drill_deliveries.record_first_day(situation, reaching.make_reach(situation))
            progress(0.50, "assessing damage, people and needs")
            assessing.assess(situation)
            progress(0.60, "planning convoys")
            plan = planning.make_plan(
                situation, seed=SEED, progress=lambda share, text: progress(0.6 + 0.3 * share, text)
            )
            progress(0.92, "writing the exports")
            exporting.export_plan(situation, plan["plan_id"], folder=home / "exports")
    (home / READY_FILE).write_text(_made_of(), encoding="utf-8")
    progress(1.0, "the drill is ready")


def _record(situation: Situation, drill: Drill) -> None:
    prepared = [
        loading.prepare_heights(situation, drill.elevation, drill.source),
        loading.prepare_roads(situation, drill.roads, "drill roads"),
        _places(situation, drill),
        loading.prepare_frame(
            situation, "shakemap", "shakemap", drill.shakemap, "computed shaking", drill.source
        ),
        loading.prepare_frame(
            situation,
            "damage_points",
            "points",
            drill.damage_points,
            "simulated grading",
            drill.source,
        ),
        loading.prepare_frame(
            situation, "analysed_area", "areas", drill.analysed_areas, "drawn areas", drill.source
        ),
        loading.prepare_raster(
            situation, "damage_raster", "raster", drill.damage_raster, drill.source
        ),
    ]
    loading.record_layers(situation, prepared)
    situation.store.append(list(drill.events))


def _places(situation: Situation, drill: Drill) -> loading.Prepared:
    """Prepare the places with the shares of building typologies beside them."""
    prepared = loading.prepare_frame(
        situation, "places", "places", drill.places, "drill places", drill.source
    )
    shares = drill.building_shares.assign(place_id=drill.places["place_id"].to_numpy())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "building_shares.parquet"
        shares.to_parquet(path, index=False)
        ref = situation.archive.put_file(path, "parquet")
    return replace(prepared, files={**prepared.files, "building_shares": ref})


def _summary(home: Path) -> dict[str, Any]:
    with Situation.open(home) as situation:
        assessment = assessing.latest(situation)
        plan = planning.latest(situation)
        if assessment is None or plan is None:
            raise InputError(str(home), "the drill is not complete", "run `qafila demo --fresh`")
        reach = reaching.make_reach(situation)
        return {
            "home": str(home),
            "name": situation.info().name,
            "notice": situation.info().notice,
            "totals": assessment["totals"],
            "reach": reach["totals"],
            "plan_id": plan["plan_id"],
            "convoys": len(plan["convoys"]),
            "unserved": len(plan["unserved"]),
            "score": plan["score"],
            "exports": sorted(
                str(path.relative_to(home)) for path in (home / "exports").rglob("*.*")
            ),
        }


def _require_drill(home: Path) -> None:
    if (home / READY_FILE).exists():
        return
    raise InputError(
        str(home), "a new or empty folder, or that of a drill, is needed", "choose another --home"
    )


def _ready(home: Path) -> bool:
    mark = home / READY_FILE
    return mark.exists() and mark.read_text(encoding="utf-8") == _made_of()


def _made_of() -> str:
    """SHA-256 over all that makes the drill, its first day of deliveries included."""
    return digest([Path(drill_deliveries.__file__)]) + fingerprint()
