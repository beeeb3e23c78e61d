"""The map's document, its layers and its files: local, deterministic, safe."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import folium
import folium.plugins
import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, box

from dashboard.map import assets
from dashboard.map.component import Picked, parse_picked
from dashboard.map.document import (
    MAP_TEXTS,
    MapFrame,
    content_policy,
    describe,
    map_document,
    require_local,
)
from dashboard.map.features import need_level
from dashboard.map.layers import LayerFiles, area_files, layer_file
from dashboard.map.text import clean, markdown
from dashboard.map.ways import way_files
from dashboard.roadbook import RoadBook
from geo.errors import RuleError
from geo.model import VEHICLE_CLASS_NAMES
from tests.dashboard.valley import BOUNDS, CRS, make_edges, make_picture

FRAME = MapFrame(
    situation_id="situation:valley",
    title="Valley",
    bounds=BOUNDS,
    notice="drill </script><script>alert(1)</script>",
    layers=(("roads", "layers/roads/" + "a" * 64 + ".geojson"),),
)


# --- the document ---


def test_the_same_map_is_the_same_text() -> None:
    assert map_document(FRAME).html == map_document(FRAME).html


def test_the_document_asks_for_nothing_foreign() -> None:
    html = map_document(FRAME).html
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)["']""", html)
    assert addresses
    assert all(address.startswith("../../assets/") for address in addresses)
    assert "//" not in re.sub(r"https?://www\.w3\.org/\S+", "", html)


def test_every_file_that_the_document_names_exists() -> None:
    html = map_document(FRAME).html
    for address in re.findall(r"""(?:src|href)=["']([^"']+)["']""", html):
        digest, _, path = address.removeprefix("../../assets/").partition("/")
        assert digest == assets.assets_digest()
        files = assets.SCRIPTS if path == assets.BUNDLE else (path,)
        assert all((assets.STATIC / one).is_file() for one in files), path


def test_a_notice_cannot_end_the_script() -> None:
    html = map_document(FRAME).html
    assert "alert(1)" in html
    assert "<script>alert" not in html


def test_a_plugin_with_its_usual_address_is_refused() -> None:
    described = describe(FRAME)
    folium.plugins.MarkerCluster().add_to(described)
    with pytest.raises(RuleError, match="names a foreign host"):
        require_local(described.get_root().render())


def test_plain_folium_is_refused() -> None:
    with pytest.raises(RuleError, match="must come from this server"):
        require_local(folium.Map().get_root().render())


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js">',
        "<link href='//cdn.example/x.css'>",
        "<img src=http://example/x.png>",
        "<style>a { background: url( https://example/x.png ) }</style>",
        '<style>@import "https://example/x.css"</style>',
        "<script>fetch('https://example/x')</script>",
        '<script>new WebSocket("wss://example")</script>',
    ],
)
def test_every_way_to_a_foreign_host_is_refused(html: str) -> None:
    with pytest.raises(RuleError):
        require_local(html)


def test_the_policy_lets_run_exactly_what_is_in_the_document() -> None:
    document = map_document(FRAME)
    inline = re.findall(r"<script>(.*?)</script>", document.html, re.DOTALL)
    assert document.policy.count("'sha256-") == len(inline) + document.html.count("<style>")
    assert "unsafe" not in document.policy
    assert "default-src 'none'" in document.policy
    assert "<script " not in re.sub(r'<script src="[^"]+">', "", document.html)


def test_another_script_gets_another_policy() -> None:
    assert content_policy("<script>a()</script>") != content_policy("<script>b()</script>")


def test_every_word_of_the_scripts_can_be_translated() -> None:
    used: set[str] = set()
    for script in (assets.STATIC / "map").glob("*.js"):
        used |= set(re.findall(r'\bt\(\s*"([^"]+)"', script.read_text(encoding="utf-8")))
    live = (assets.STATIC / "map" / "live.js").read_text(encoding="utf-8")
    for table in ("EVIDENCE", "REACH"):
        block = re.search(rf"const {table} = \{{(.*?)\}};", live, re.DOTALL)
        assert block
        used |= set(re.findall(r': "([^"]+)"', block[1]))
    used |= set(VEHICLE_CLASS_NAMES)
    assert used - set(MAP_TEXTS) == set()
    assert set(MAP_TEXTS) - used == set()


def test_the_scripts_never_make_markup_from_text() -> None:
    for script in (assets.STATIC / "map").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert danger not in text, f"{script.name}: {danger}"


# --- vendored files ---


@pytest.fixture
def vendor_script(checkout: Path) -> ModuleType:
    path = checkout / "tools" / "vendor.py"
    spec = importlib.util.spec_from_file_location("qafila_vendor", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_vendored_files_are_what_the_manifest_says(vendor_script: ModuleType) -> None:
    assert vendor_script.check(vendor_script.VENDOR) == []


def test_an_altered_missing_or_added_file_is_found(
    vendor_script: ModuleType, tmp_path: Path
) -> None:
    copy = tmp_path / "vendor"
    shutil.copytree(vendor_script.VENDOR, copy)
    with (copy / "leaflet-1.9.4" / "leaflet.js").open("ab") as script:
        script.write(b";")
    (copy / "leaflet-1.9.4" / "LICENSE").unlink()
    (copy / "new.js").write_text("1")
    assert vendor_script.check(copy) == [
        "leaflet-1.9.4/LICENSE: in the manifest, but missing",
        "leaflet-1.9.4/leaflet.js: altered since it was fetched",
        "new.js: not in the manifest",
    ]


def test_every_vendored_package_is_pinned_and_licensed(vendor_script: ModuleType) -> None:
    manifest = json.loads((vendor_script.VENDOR / "manifest.json").read_text(encoding="utf-8"))
    pinned = {(package.name, package.version) for package in vendor_script.PACKAGES}
    assert {(entry["name"], entry["version"]) for entry in manifest["packages"]} == pinned
    for entry in manifest["packages"]:
        assert entry["licence"] in {"BSD-2-Clause", "BSD-3-Clause", "OFL-1.1"}
        assert (vendor_script.VENDOR / entry["folder"] / "LICENSE").is_file()


def test_styles_name_only_files_that_are_here() -> None:
    for style in assets.STATIC.rglob("*.css"):
        for address in re.findall(r"url\(([^)]+)\)", style.read_text(encoding="utf-8")):
            name = address.strip("\"'")
            if name.startswith("#"):
                continue
            assert (style.parent / name).resolve().is_file(), f"{style.name}: {name}"


# --- layers ---


def test_a_layer_file_is_named_by_its_hash() -> None:
    (file,) = area_files("areas", areas_of_one(), crs=CRS)
    text = gzip.decompress(file.gzipped)
    assert file.sha == hashlib.sha256(text).hexdigest()
    assert (file.features, file.size) == (1, len(text))
    assert file.path == f"layers/areas/{file.sha}.geojson"


def areas_of_one() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["AOI 1"]}, geometry=[box(-8.2, 31.0, -8.0, 31.2)], crs=4326)


def test_ways_out_and_home_are_one_piece_and_shared_roads_are_drawn_once() -> None:
    road = [(-8.0, 31.0), (-8.0, 31.01), (-8.0, 31.02)]
    out = LineString(road)
    frame = gpd.GeoDataFrame(
        {"convoy_id": ["convoy:a", "convoy:b", "convoy:none"]},
        geometry=[
            MultiLineString([out, LineString(road[::-1])]),
            MultiLineString([LineString(road[:2])]),
            None,
        ],
        crs="EPSG:4326",
    )
    (file,) = way_files(frame, crs=CRS)
    features = json.loads(gzip.decompress(file.gzipped))["features"]
    drawn = {
        tuple(feature["properties"]["convoys"]): sorted(feature["geometry"]["coordinates"])
        for feature in features
    }
    assert drawn == {
        ("convoy:a", "convoy:b"): [[-8.0, 31.0], [-8.0, 31.01]],
        ("convoy:a",): [[-8.0, 31.01], [-8.0, 31.02]],
    }


def test_convoys_without_ways_are_no_file() -> None:
    frame = gpd.GeoDataFrame({"convoy_id": ["convoy:a"]}, geometry=[None], crs="EPSG:4326")
    assert way_files(frame, crs=CRS) == ()
    assert way_files(frame.iloc[:0], crs=CRS) == ()


def test_empty_layers_are_no_files() -> None:
    assert area_files("areas", gpd.GeoDataFrame({"name": []}, geometry=[], crs=4326), crs=CRS) == ()


def test_areas_keep_their_names_cleaned() -> None:
    frame = gpd.GeoDataFrame(
        {"name": ["AOI\u202e 1"]}, geometry=[box(-8.2, 31.0, -8.0, 31.2)], crs="EPSG:4326"
    )
    (file,) = area_files("areas", frame, crs=CRS)
    (feature,) = json.loads(gzip.decompress(file.gzipped))["features"]
    assert feature["properties"] == {"name": "AOI 1"}
    assert feature["geometry"]["type"] == "Polygon"


def test_layer_files_are_made_once_and_old_ones_go() -> None:
    files = LayerFiles(keep=2)
    made: list[str] = []

    def make(name: str) -> Any:
        made.append(name)
        return (layer_file(name, []),)

    for name in ("a", "a", "b", "c"):
        files.made_from((name,), lambda name=name: make(name))  # type: ignore[misc]
    assert made == ["a", "b", "c"]
    assert files.get("a", layer_file("a", []).sha) is None
    assert files.get("c", layer_file("c", []).sha) is not None


# --- text, picks, steps ---


@given(st.text())
def test_clean_text_is_one_short_line_without_controls(text: str) -> None:
    line = clean(text)
    assert len(line) <= 120
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", line)


def test_clean_keeps_arabic_and_tifinagh() -> None:
    assert clean("  تينمل \n ⵜⵉⵏⵎⵍ ") == "تينمل ⵜⵉⵏⵎⵍ"
    assert clean(float("nan")) == ""
    assert clean("x" * 500) == "x" * 119 + "…"


@pytest.mark.parametrize(
    "text", ["<script>", "[a](b)", "**b**", "$x$", ":red[a]", "`c`", "# h", "![i](j)", "a_b_"]
)
def test_markdown_of_text_from_people_is_inert(text: str) -> None:
    shown = markdown(text)
    assert shown.replace("\\", "") == text
    assert all(
        shown[i - 1] == "\\"
        for i, sign in enumerate(shown)
        if sign in "\\`*_[]()<>#!$:" and sign != "\\"
    )


@pytest.mark.parametrize(
    ("value", "picked"),
    [
        ({"edge": "w1:2-3", "picked_at": 5}, Picked(edge="w1:2-3", at=5)),
        ({"closure": "closure:1", "picked_at": 6}, Picked(closure="closure:1", at=6)),
        (None, Picked()),
        ("edge", Picked()),
        ({"edge": ["x"], "picked_at": "now"}, Picked()),
        ({"edge": "x" * 301, "picked_at": 1}, Picked(at=1)),
    ],
)
def test_only_well_formed_picks_count(value: Any, picked: Picked) -> None:
    assert parse_picked(value) == picked


@pytest.mark.parametrize(
    ("affected", "level"),
    [(float("nan"), -1), (0, 0), (0.4, 0), (1, 1), (99, 1), (100, 2), (499, 2), (500, 3), (9e6, 3)],
)
def test_people_affected_fall_into_the_steps_of_the_legend(affected: float, level: int) -> None:
    assert need_level(affected) == level


# --- roads as people speak of them ---


def test_a_road_is_listed_by_number_with_its_pieces_between_places() -> None:
    book = RoadBook(make_edges(), make_picture().places, crs=CRS)
    assert book.roads() == ["P2005", "R203"]
    pieces = book.pieces("R203")
    assert [(piece.start, piece.end) for piece in pieces] == [
        ("Asni", "Ouirgane"),
        ("Ouirgane", "Ijoukak"),
        ("Ijoukak", "Tinmel"),
    ]
    assert 12_000 < pieces[0].length_m < 15_000


def test_a_name_that_holds_the_number_is_not_said_twice() -> None:
    edges = make_edges()
    edges.loc[0, "name"] = "R203 bridge over the Nfis"
    edges.loc[1, "name"] = "Nfis road"
    book = RoadBook(edges, make_picture().places, crs=CRS)
    assert book.roads() == ["P2005", "R203", "R203 bridge over the Nfis", "R203 · Nfis road"]


def test_an_unnamed_track_can_be_described_by_its_id() -> None:
    book = RoadBook(make_edges(), make_picture().places, crs=CRS)
    piece = book.piece("drill:t1")
    assert piece is not None
    assert (piece.road, piece.highway, piece.start, piece.end) == (
        "",
        "track",
        "Ouirgane",
        "Azgour",
    )
    assert book.piece("drill:none") is None
    assert book.pieces("A1") == []


def test_roads_without_places_have_no_ends() -> None:
    places = make_picture().places.iloc[:0]
    piece = RoadBook(make_edges(), places, crs=CRS).piece("drill:e1")
    assert piece is not None
    assert (piece.start, piece.end) == ("", "")
