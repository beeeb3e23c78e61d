"""The desk of a real situation: what the page and the HTTP interface get from the use cases."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from dashboard import changes
from dashboard.map.features import live_features
from dashboard.map.ways import way_files
from dashboard.roadbook import RoadBook
from dashboard.situation_desk import SituationDesk
from geo.errors import NoSituationError, UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashboard.operations.situation import Situation


@pytest.fixture
def desk(valley: Situation) -> Iterator[SituationDesk]:
    desk = SituationDesk(valley.home)
    yield desk
    desk.close()


def live(desk: SituationDesk) -> dict[str, Any]:
    return live_features(
        desk.picture(), at=desk.now(), crs=desk.info().working_crs, item_name=desk.item_name
    )


def close(desk: SituationDesk, edges: list[str]) -> str:
    made = desk.close_road(
        edges=edges, classes=(), state="closed", until=None, source="test", reason="rockfall"
    )
    return str(made["closure_id"])


def test_a_folder_without_a_situation_says_so_until_there_is_one(tmp_path: Path) -> None:
    with pytest.raises(NoSituationError, match="qafila demo"):
        SituationDesk(tmp_path / "none").seq()


def test_every_place_and_depot_of_the_situation_is_on_the_map(desk: SituationDesk) -> None:
    features = live(desk)
    kinds = [feature["properties"]["kind"] for feature in features.values()]
    assert kinds.count("place") == len(desk.picture().places) > 0
    assert kinds.count("depot") == 1
    json.dumps(features, allow_nan=False)
    states = {feature["properties"].get("evidence") for feature in features.values()} - {None}
    assert states == {"not_assessed"}


def test_closing_every_road_changes_reach_and_plan_and_undo_restores_them(
    desk: SituationDesk,
) -> None:
    desk.make_plan()
    before = desk.picture()
    layer = desk.roads_layer()
    assert layer is not None
    closure_id = close(desk, list(layer[1]["edge_id"]))
    desk.make_plan()
    during = desk.picture()
    desk.reopen_road(closure_id, source="test")
    desk.make_plan()
    after = desk.picture()
    change = changes.compare(before, during)
    assert change.cut_off
    assert change.unserved
    assert changes.compare(during, after).regained
    assert changes.compare(before, after).nothing


def test_a_closure_is_on_the_map_while_it_holds(desk: SituationDesk) -> None:
    layer = desk.roads_layer()
    assert layer is not None
    closure_id = close(desk, [str(layer[1]["edge_id"].iloc[0])])
    shown = live(desk)[closure_id]
    assert shown["properties"]["reason"] == "rockfall"
    assert shown["geometry"]["coordinates"]
    desk.reopen_road(closure_id, source="test")
    assert closure_id not in live(desk)
    with pytest.raises(UnknownIdError):
        desk.reopen_road(closure_id, source="test")


def test_every_planned_convoy_has_a_way_on_the_map(desk: SituationDesk) -> None:
    plan = desk.make_plan()
    assert plan["convoys"]
    picture = desk.picture()
    (file,) = way_files(picture.convoy_lines, crs=desk.info().working_crs)
    pieces = json.loads(gzip.decompress(file.gzipped))["features"]
    passing = {convoy for piece in pieces for convoy in piece["properties"]["convoys"]}
    moving = picture.convoy_lines[~picture.convoy_lines.geometry.isna()]
    assert passing == set(moving["convoy_id"])


def test_the_roads_can_be_drawn_and_named(desk: SituationDesk) -> None:
    layer = desk.roads_layer()
    assert layer is not None
    crs = desk.info().working_crs
    book = RoadBook(layer[1], desk.picture().places, crs=crs)
    piece = book.piece(str(layer[1]["edge_id"].iloc[0]))
    assert piece is not None
    assert piece.length_m > 0


def test_layers_that_were_never_loaded_are_none(desk: SituationDesk) -> None:
    assert desk.areas_layer() is None
    assert desk.boundaries_layer() is None


def test_items_have_names(desk: SituationDesk) -> None:
    assert desk.item_name("tent") == "Family tent"
    assert desk.item_name("no_such_item") == "no_such_item"
