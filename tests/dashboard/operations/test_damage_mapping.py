"""Damage in words of its own, and labels of xBD, through the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from dashboard.operations.situation import Situation

PLACE = (-7.98, 31.01)


def houses(path: Path) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"ETAT": state, "quoi": "maison"},
            "geometry": {"type": "Point", "coordinates": [PLACE[0] + i / 2000, PLACE[1]]},
        }
        for i, state in enumerate(["effondré", "effondré", "fissuré", "penché"])
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def labels(folder: Path) -> Path:
    folder.mkdir()
    spots = [(PLACE[0] + 0.001, PLACE[1]), (PLACE[0] + 0.002, PLACE[1])]
    listed = [
        {
            "properties": {"feature_type": "building", "subtype": "destroyed"},
            "wkt": f"POLYGON (({x} {y}, {x + 1e-4} {y}, {x} {y + 1e-4}, {x} {y}))",
        }
        for x, y in spots
    ]
    told = {
        "features": {"lng_lat": listed, "xy": []},
        "metadata": {"sensor": "WORLDVIEW03", "capture_date": "2023-09-12T11:00:00.000Z"},
    }
    (folder / "a_post_disaster.json").write_text(json.dumps(told))
    return folder


def run(situation: Situation, capsys: pytest.CaptureFixture[str], *words: str | Path) -> Any:
    code = main([*map(str, words), "--home", str(situation.home), "--json"])
    shown = capsys.readouterr()
    return json.loads(shown.out) if code == 0 else shown.err


def test_from_template_to_loaded_layer(
    valley: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = houses(tmp_path / "etat.geojson"), tmp_path / "mapping.toml"
    refused = run(valley, capsys, "load", "damage", file)
    assert "no column holds damage grades" in refused
    run(valley, capsys, "load", "damage", file, "--mapping-template", out)
    assert "a file of that name is there already" in run(
        valley, capsys, "load", "damage", file, "--mapping-template", out
    )
    assert "label 'effondré' has no grade" in run(
        valley, capsys, "load", "damage", file, "--mapping", out
    )
    text = out.read_text().replace('name = ""', 'name = "Service X"')
    text = text.replace('licence = ""', 'licence = "CC BY 4.0"').replace(
        '"effondré" = ""', '"effondré" = "destroyed"'
    )
    text = text.replace('"fissuré" = ""', '"fissuré" = "damaged"').replace(
        '"penché" = ""', "# nobody knows"
    )
    out.write_text(text)
    (layer,) = run(valley, capsys, "load", "damage", file, "--mapping", out)["layers"]
    assert layer["grades"] == {"destroyed": 2, "damaged": 1, "not_analysed": 1}
    assert layer["unknown_labels"] == {"penché": 1}
    (held,) = valley.store.layers("damage_points")
    assert (held.source.name, held.source.licence) == ("Service X", "CC BY 4.0")


def test_a_mapping_goes_with_vector_damage_only(
    valley: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = houses(tmp_path / "etat.geojson")
    said = run(valley, capsys, "load", "places", file, "--mapping", tmp_path / "m.toml")
    assert "a mapping goes with damage only" in said
    said = run(valley, capsys, "load", "damage", file, "--mapping", tmp_path / "m.toml")
    assert "no such mapping file" in said
    assert valley.store.layers("damage_points") == []


def test_a_folder_of_xbd_labels_is_loaded_once(
    valley: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = labels(tmp_path / "labels")
    (layer,) = run(valley, capsys, "load", "damage", folder)["layers"]
    assert layer["grades"] == {"destroyed": 2}
    assert layer["sensors"] == {"WORLDVIEW03": 2}
    assert "the corners of no picture can be told" in layer["notes"]
    assert "is loaded already" in run(valley, capsys, "load", "damage", folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no such file" in run(valley, capsys, "load", "damage", empty)
