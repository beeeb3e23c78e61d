"""A graph on disk: whatever was written comes back, and what is damaged is refused."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.errors import UnreadableError
from routing.graph import Graph, build_graph
from routing.graph_store import read_graph, write_graph
from routing.travel import arc_times
from routing.vehicles import vehicle_classes
from tests.factories import FOUR_VILLAGES_NODES, four_villages, make_roads

KEY = "roads-1"


def kept(tmp_path: Path, graph: Graph) -> Path:
    write_graph(graph, tmp_path / "graph", key=KEY)
    return tmp_path / "graph"


def with_turns() -> Graph:
    edges = [
        {"edge_id": f"طريق {n}", "u": n, "v": n + 1, "highway": "primary", "surface": "asphalt"}
        for n in range(3)
    ]
    turn = ("طريق 0", "n1", "طريق 1", "no", "motor")
    return build_graph(make_roads(FOUR_VILLAGES_NODES, edges, turns=[turn]))


@pytest.mark.parametrize("graph", [build_graph(four_villages()), with_turns()])
def test_every_array_comes_back(tmp_path: Path, graph: Graph) -> None:
    again = read_graph(kept(tmp_path, graph), key=KEY)
    for one in fields(Graph):
        before, after = getattr(graph, one.name), getattr(again, one.name)
        if isinstance(before, np.ndarray):
            np.testing.assert_array_equal(before, after)
            assert before.dtype == after.dtype, one.name
    assert again.edge_ids.tolist() == graph.edge_ids.tolist()
    assert again.rows_of(graph.edge_ids).tolist() == list(range(graph.n_edges))
    for name, tag in graph.tags.items():
        assert again.tags[name].labels == tag.labels
        assert again.tags[name].code.tolist() == tag.code.tolist()
    for name, numbers in graph.numbers.items():
        np.testing.assert_array_equal(numbers, again.numbers[name])
    np.testing.assert_array_equal(graph.copies.arc, again.copies.arc)
    truck = vehicle_classes()["truck"]
    assert np.array_equal(arc_times(graph, truck), arc_times(again, truck))


def test_what_is_opened_can_be_written_to_without_touching_the_file(tmp_path: Path) -> None:
    path = kept(tmp_path, build_graph(four_villages()))
    opened = read_graph(path, key=KEY)
    opened.length_m[0] = 1.0
    assert read_graph(path, key=KEY).length_m[0] == 6000.0


def test_a_graph_of_other_roads_is_refused(tmp_path: Path) -> None:
    path = kept(tmp_path, build_graph(four_villages()))
    with pytest.raises(UnreadableError, match="key 'roads-1': format 1 of these very roads"):
        read_graph(path, key="roads-2")


def shorten(path: Path) -> None:
    np.save(path / "head.npy", np.load(path / "head.npy")[:-1])


def change(path: Path) -> None:
    head = np.load(path / "head.npy")
    head[0] = 4
    np.save(path / "head.npy", head)


def retype(path: Path) -> None:
    np.save(path / "head.npy", np.load(path / "head.npy").astype(np.float32))


def cut(path: Path) -> None:
    whole = (path / "lon.npy").read_bytes()
    (path / "lon.npy").write_bytes(whole[: len(whole) // 2])


def lead_outside(path: Path) -> None:
    """An index that leads outside, with a checksum that fits."""
    rewrite(path, "tail", np.full(10, 99, dtype=np.int32))


def fall(path: Path) -> None:
    rewrite(path, "start", np.array([0, 9, 5, 8, 9, 10]))


def no_text(path: Path) -> None:
    size = len(np.load(path / "edge_id-text.npy"))
    rewrite(path, "edge_id-text", np.full(size, 0xFF, dtype=np.uint8))


def rewrite(path: Path, name: str, values: Any) -> None:
    from routing.graph_store import _checksum

    np.save(path / f"{name}.npy", values)
    header = json.loads((path / "header.json").read_text())
    header["arrays"][name] = {"size": len(values), "crc32": _checksum(values)}
    (path / "header.json").write_text(json.dumps(header))


def no_labels(path: Path) -> None:
    header = json.loads((path / "header.json").read_text())
    header["labels"]["highway"] = ["primary"]
    (path / "header.json").write_text(json.dumps(header))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (shorten, "head does not have the size"),
        (change, "head was changed after it was written"),
        (retype, "head holds float32, not i4"),
        (cut, "lon cannot be read"),
        (lead_outside, "an index leads outside"),
        (fall, "an index leads outside"),
        (no_text, "edge ids are no text"),
        (no_labels, "a value of highway is missing"),
        (lambda path: (path / "u.npy").unlink(), "u cannot be read"),
        (lambda path: (path / "header.json").write_text("[]"), "its header is not an object"),
        (lambda path: (path / "header.json").unlink(), "its header cannot be read"),
    ],
)
def test_a_damaged_graph_is_refused(tmp_path: Path, damage: Any, said: str) -> None:
    path = kept(tmp_path, build_graph(four_villages()))
    damage(path)
    with pytest.raises(UnreadableError, match=f"{said}.*delete it, it will be made anew"):
        read_graph(path, key=KEY)


def test_writing_anew_replaces_what_was_there(tmp_path: Path) -> None:
    kept(tmp_path, build_graph(four_villages()))
    assert read_graph(kept(tmp_path, with_turns()), key=KEY).n_edges == 3
    assert [one.name for one in tmp_path.iterdir()] == ["graph"]
