"""Road tables that are opened without being read give what was written, and refuse what is not."""

import json
import pickle
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from pandas.testing import assert_frame_equal

from geo import mapped_lines
from geo.errors import UnreadableError
from geo.mapped_lines import MappedLines
from geo.network import RoadTables, read_road_tables, write_road_tables
from geo.road_store import open_mapped_roads, write_mapped_roads
from tests.factories import four_villages


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    write_mapped_roads(four_villages(), tmp_path / "roads")
    return tmp_path / "roads"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many lines were made into objects, each time that some were."""
    numbers: list[int] = []
    plain = mapped_lines._lines

    def counted(points: Any, start: Any) -> Any:
        numbers.append(len(start) - 1)
        return plain(points, start)

    monkeypatch.setattr(mapped_lines, "_lines", counted)
    return numbers


def test_what_was_written_is_opened(kept: Path, tmp_path: Path) -> None:
    tables, opened = four_villages(), open_mapped_roads(kept)
    assert_frame_equal(opened.nodes, tables.nodes)
    assert_frame_equal(pd.DataFrame(opened.edges), pd.DataFrame(tables.edges))
    assert_frame_equal(opened.turns, tables.turns)
    assert (opened.source, opened.notes) == (tables.source, tables.notes)
    assert opened.edges.crs == tables.edges.crs
    # And it can be handed on as parquet.
    write_road_tables(opened, tmp_path / "parquet")
    assert (
        read_road_tables(tmp_path / "parquet")
        .edges.geometry.geom_equals(tables.edges.geometry)
        .all()
    )


def test_opening_makes_no_line_and_copies_no_text(tmp_path: Path, made: list[int]) -> None:
    tables, kept = four_villages(), tmp_path / "roads"
    long = tables.edges.assign(name=pd.Series(["n" * 1000] * 5, dtype="str"))
    write_mapped_roads(RoadTables(nodes=tables.nodes, edges=long, source=tables.source), kept)
    before = pa.total_allocated_bytes()
    opened = open_mapped_roads(kept)
    # The names alone are longer; the turns, of which there are none, are not mapped.
    assert pa.total_allocated_bytes() - before < 2000
    edges = opened.edges
    assert (edges["highway"] == "primary").shape == (5,)
    assert edges.geometry.array.bounds.shape == (5, 4)
    assert made == []
    assert isinstance(edges.geometry.array._points.base, np.memmap)
    # Only the lines that are asked for are made; of all of them once.
    assert edges.iloc[[3, 1]].geometry.iloc[0].equals(four_villages().edges.geometry.iloc[3])
    assert edges[edges["edge_id"] == edges["edge_id"].iloc[2]].geometry.is_valid.all()
    assert edges.geometry.iloc[-1].equals(four_villages().edges.geometry.iloc[-1])
    assert made == [2, 1, 1]
    assert len(shapely.get_coordinates(edges.geometry.array)) > 5
    assert edges.geometry.to_crs("EPSG:32629").array[0].is_valid
    assert made == [2, 1, 1, 5]


def test_a_line_that_is_set_changes_neither_the_file_nor_another_copy(kept: Path) -> None:
    opened = open_mapped_roads(kept)
    straight = shapely.LineString([(0, 0), (1, 2)])
    other = opened.edges.copy()
    other.loc[0, "geometry"] = straight
    assert other.geometry.iloc[0].equals(straight)
    assert other.geometry.array.bounds[0].tolist() == [0, 0, 1, 2]
    assert other.copy().geometry.iloc[0].equals(straight)
    for untouched in (opened.edges, open_mapped_roads(kept).edges):
        assert untouched.geometry.iloc[0].equals(four_villages().edges.geometry.iloc[0])


def test_lines_of_a_file_do_what_lines_in_memory_do(kept: Path) -> None:
    lines = open_mapped_roads(kept).edges.geometry.array
    plain = four_villages().edges.geometry.array
    assert isinstance(lines, MappedLines)
    assert not lines.isna().any()
    assert lines.total_bounds.tolist() == plain.total_bounds.tolist()
    assert (lines[1:4] == plain[1:4]).all()
    assert (lines[np.array([True, False, True, False, False])] == plain[[0, 2]]).all()
    assert lines.take([0, -1], allow_fill=True).isna().tolist() == [False, True]
    assert (lines.take([0, -1]) == plain.take([0, -1])).all()
    with pytest.raises(IndexError):
        lines[5]
    assert (pickle.loads(pickle.dumps(lines)) == plain).all()
    both = gpd.GeoSeries(pd.concat([gpd.GeoSeries(lines), gpd.GeoSeries(plain)]))
    assert len(both) == 10


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("roads.json", lambda path: path.write_text("{")),
        ("roads.json", lambda path: path.write_text(json.dumps({"format": 0}))),
        ("roads.json", lambda path: path.unlink()),
        ("points.npy", lambda path: path.write_bytes(path.read_bytes()[:-8])),
        ("points.npy", lambda path: np.save(path, np.zeros((2, 2)))),
        ("start.npy", lambda path: np.save(path, np.zeros(6, dtype=np.int64))),
        ("box.npy", lambda path: np.save(path, np.zeros((4, 4)))),
        ("edges.arrow", lambda path: path.write_bytes(path.read_bytes()[:200])),
        ("edges.arrow", lambda path: path.write_bytes(b"")),
        ("nodes.arrow", lambda path: path.unlink()),
    ],
)
def test_a_damaged_folder_is_refused_in_one_line(kept: Path, name: str, damage: Any) -> None:
    damage(kept / name)
    with pytest.raises(UnreadableError, match="road tables in roads") as refused:
        open_mapped_roads(kept)
    assert "\n" not in str(refused.value)


def test_a_row_number_that_leads_outside_is_refused(tmp_path: Path) -> None:
    tables = four_villages()
    wrong = RoadTables(
        nodes=tables.nodes,
        edges=tables.edges.assign(u=np.full(5, 99, dtype=np.int32)),
        source=tables.source,
    )
    write_mapped_roads(wrong, tmp_path)
    with pytest.raises(UnreadableError, match="leads outside"):
        open_mapped_roads(tmp_path)
