"""The drill as a whole: complete, the same in every run, and always labelled."""

import hashlib
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

from data.demo.build import Drill, build_drill, digest, fingerprint
from data.demo.tables import TABLES, Tables, place_id, read_tables
from data.events import (
    AssignmentAnswered,
    ShiftApproved,
    ShiftEnded,
    TaskClosed,
    VolunteerHeard,
    payload_class,
)
from geo.assessment import assess_places
from geo.damage_raster import DamageRaster
from geo.errors import UnreadableError
from geo.places import COLUMNS, require_places

CHECKOUT = Path(__file__).parents[3]
DIGEST_SCRIPT = """
import sys
from pathlib import Path
from data.demo.build import build_drill
sys.path.insert(0, str(Path(sys.argv[1])))
from test_build import content_digest
print(content_digest(build_drill(Path(sys.argv[2]))))
"""


def content_digest(drill: Drill) -> str:
    sha256 = hashlib.sha256()
    frames = (drill.places, drill.shakemap, drill.damage_points, drill.analysed_areas)
    for frame in (*frames, drill.roads.edges):
        sha256.update(frame.drop(columns="geometry").to_csv().encode())
        sha256.update(b"".join(shapely.to_wkb(frame.geometry.to_numpy())))
    sha256.update(drill.roads.nodes.to_csv().encode())
    sha256.update(drill.elevation.read_bytes() + drill.damage_raster.read_bytes())
    sha256.update("".join(event.model_dump_json() for event in drill.events).encode())
    return sha256.hexdigest()


def test_it_says_what_it_is(drill: Drill) -> None:
    assert drill.name == "Al Haouz drill"
    assert drill.notice == (
        "drill: places real; roads schematic; damage, needs, stock and people simulated"
    )
    assert drill.timezone == "Africa/Casablanca"
    assert drill.plays_at == datetime(2023, 9, 13, 6, tzinfo=UTC)
    assert drill.source.name == "Al Haouz drill"
    assert "OpenStreetMap" in drill.source.licence


def test_two_builds_are_equal_in_frames_events_and_bytes(drill: Drill, tmp_path: Path) -> None:
    again = build_drill(tmp_path)
    for name in ("places", "shakemap", "damage_points", "analysed_areas"):
        assert_geodataframe_equal(getattr(drill, name), getattr(again, name))
    assert_geodataframe_equal(drill.roads.edges, again.roads.edges)
    assert_frame_equal(drill.roads.nodes, again.roads.nodes)
    assert drill.events == again.events
    assert drill.elevation.read_bytes() == again.elevation.read_bytes()
    assert drill.damage_raster.read_bytes() == again.damage_raster.read_bytes()


def test_another_process_with_another_hash_seed_builds_the_same(
    drill: Drill, tmp_path: Path
) -> None:
    arguments = [sys.executable, "-c", DIGEST_SCRIPT, str(Path(__file__).parent), str(tmp_path)]
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(CHECKOUT)}
    run = subprocess.run(
        arguments, capture_output=True, text=True, env=environment, cwd=CHECKOUT, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == content_digest(drill)


def test_places_are_those_of_the_table_with_their_commune(drill: Drill, tables: Tables) -> None:
    require_places(drill.places)
    assert list(drill.places.columns) == list(COLUMNS)
    assert len(drill.places) == len(tables.places) >= 150
    assert (drill.places["commune"] != "").all()
    ighil = drill.places.set_index("place_id").loc["place:MA-0410705201022"]
    assert (ighil["name"], ighil["commune"], ighil["people"]) == ("Ighil", "Ighil", 246.0)
    assert ighil["name_zgh"] == "ⵉⵖⵉⵍ"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0410705201022", "place:MA-0410705201022"),
        ("drill-asni-01", "place:drill-asni-01"),
        ("123456789", "place:123456789"),
        ("drill-sidi-ghanem-071610515-01", "place:drill-sidi-ghanem-071610515-01"),
    ],
)
def test_only_a_census_code_makes_a_moroccan_id(code: str, expected: str) -> None:
    assert place_id(code) == expected


def test_everything_lies_within_the_bounds(drill: Drill) -> None:
    area = shapely.box(*drill.bounds)
    for frame in (drill.places, drill.roads.edges, drill.damage_points, drill.shakemap):
        assert shapely.covers(area, frame.geometry.to_numpy()).all()


def test_building_shares_stand_beside_the_places(drill: Drill) -> None:
    assert list(drill.building_shares.index) == list(drill.places.index)
    assert drill.building_shares.sum(axis=1).round(6).eq(1.0).all()


def test_every_event_survives_its_canonical_form(drill: Drill) -> None:
    for event in drill.events:
        payload = event.payload
        read = payload_class(payload.type, payload.version).model_validate_json(
            payload.model_dump_json()
        )
        assert read == payload
        assert event.reported_at is not None
        assert event.reported_at <= drill.plays_at
        assert event.provenance is not None
        assert event.provenance.file.endswith(".csv")
    # What is told later of a task, a shift or a volunteer speaks of what was begun before.
    later = (TaskClosed, AssignmentAnswered, ShiftEnded, ShiftApproved, VolunteerHeard)
    told = [event.payload for event in drill.events]
    ids = [one.subject_id for one in told if not isinstance(one, later)]
    assert len(set(ids)) == len(ids)
    assert {one.subject_id for one in told if isinstance(one, later)} <= set(ids)


def test_the_assessment_leaves_places_not_assessed(drill: Drill) -> None:
    assessed = assess_places(
        drill.places,
        damage_points=drill.damage_points,
        analysed_areas=drill.analysed_areas,
        damage_rasters=[DamageRaster(path=drill.damage_raster, source="proxy")],
        shakemap=drill.shakemap,
        building_shares=drill.building_shares,
        crs="EPSG:32629",
        now=drill.plays_at,
    )
    assert 50 <= (~assessed.places["assessed"]).sum() <= 110
    assert assessed.places["mmi"].notna().all()
    assert assessed.totals["unassigned"] == 0
    # The stock of the tables is meant for some 60,000 people and is short of tents and blankets.
    assert 40_000 < assessed.totals["affected"] < 90_000


def test_a_missing_table_is_said_by_its_name(tmp_path: Path) -> None:
    for path in TABLES.glob("*.csv"):
        if path.name != "bridges.csv":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(UnreadableError, match=r"bridges\.csv are missing; install"):
        read_tables(tmp_path)


def test_the_fingerprint_is_a_hash_that_stays() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint())
    assert fingerprint() == fingerprint()


def test_a_digest_changes_with_content_and_with_name(tmp_path: Path) -> None:
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("x,1")
    other.write_text("x,1")
    before = digest([one])
    assert digest([other]) != before
    one.write_text("x,2")
    assert digest([one]) != before
