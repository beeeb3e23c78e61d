"""A package of layers is read whole: each layer recognised or left alone with the reason."""

import json
import random
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import LineString, Point, Polygon, box

from geo.errors import CrsError, EmptyInputError, InputError, TooLargeError, UnreadableError
from geo.packages import DamagePackage, is_package, product_of, read_package

UTM = "EPSG:32633"
EAST_M, NORTH_M = 350_000.0, 4_750_000.0
NAME = "EMSR190_07TODIANO_GRADING_OVERVIEW_v1_vector.zip"
PREFIX = "EMSR190_07TODIANO_02GRADING_v1_12500_"


def house(x_m: float, y_m: float = 0.0, size_m: float = 10.0) -> Polygon:
    return box(EAST_M + x_m, NORTH_M + y_m, EAST_M + x_m + size_m, NORTH_M + y_m + size_m)


def houses(*grades: str, subtype: str = "AL015 - Building", crs: str = UTM) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {
            "src_date": ["2016-10-27"] * len(grades),
            "source_nam": ["WorldView-2"] * len(grades),
            "grading": list(grades),
            "subtype": [subtype] * len(grades),
        },
        geometry=[house(100.0 * number) for number in range(len(grades))],
        crs=UTM,
    )
    return frame.to_crs(crs)


def roads(*grades: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "nam": ["Unk"] * len(grades),
            "road_type": ["Local Road"] * len(grades),
            "functional": ["Null"] * len(grades),
            "grading": list(grades),
            "subtype": ["AP030 - Road"] * len(grades),
        },
        geometry=[
            LineString([(EAST_M, NORTH_M + 50 * n), (EAST_M + 900, NORTH_M + 50 * n)])
            for n in range(len(grades))
        ],
        crs=UTM,
    )


def area(*, size_m: float = 1000.0) -> gpd.GeoDataFrame:
    shape = box(EAST_M, NORTH_M, EAST_M + size_m, NORTH_M + size_m)
    return gpd.GeoDataFrame({"name": ["07TODIANO"], "subtype": [None]}, geometry=[shape], crs=UTM)


def seen(**shapes: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"subtype": [name.replace("_", " ") for name in shapes]},
        geometry=list(shapes.values()),
        crs=UTM,
    )


@pytest.fixture
def pack(tmp_path: Path) -> Any:
    """Write layers as shapefiles into a package; `drop` leaves out files by their ending."""

    def write(
        name: str = NAME,
        *,
        drop: tuple[str, ...] = (),
        before: bytes = b"",
        after: bytes = b"",
        more: dict[str, bytes] | None = None,
        **layers: gpd.GeoDataFrame,
    ) -> Path:
        folder = tmp_path / "layers"
        folder.mkdir(exist_ok=True)
        for theme, frame in layers.items():
            stem = theme if theme.startswith("plain_") else PREFIX + theme
            frame.to_file(folder / f"{stem}.shp", engine="pyogrio")
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                if not file.name.endswith(drop or ("\0",)):
                    archive.write(file, file.name)
                file.unlink()
            for entry, content in (more or {}).items():
                archive.writestr(entry, content)
        path.write_bytes(before + path.read_bytes() + after)
        return path

    return write


def role_of(package: DamagePackage, theme: str) -> tuple[str, str]:
    found = [one for one in package.layers if one.name.endswith(theme)]
    assert len(found) == 1
    return found[0].role, found[0].why


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "survey", "number", "version"),
    [
        ("EMSR190_07TODIANO_GRADING_OVERVIEW_v2_vector.zip", "EMSR190 07TODIANO", 0, 2),
        (
            "EMSR190_07TODIANO_GRADING_OVERVIEW-MONIT01_v1_vector.zip",
            "EMSR190 07TODIANO MONIT01",
            1,
            1,
        ),
        (
            "EMSR190_07TODIANO_02GRADING_MONIT01_v1_12500_settlements_poly_grading",
            "EMSR190 07TODIANO MONIT01",
            1,
            1,
        ),
        ("EMSR190_05AMATRICE_GRADING_DETAIL01_v3.zip", "EMSR190 05AMATRICE DETAIL01", 0, 3),
        ("EMSR695_AOI01_GRA_PRODUCT_builtUpP_v1", "EMSR695 AOI01", 0, 1),
        ("EMSR695_AOI12_GRA_MONIT02_r1_RTP01_v3_vector.zip", "EMSR695 AOI12 MONIT02", 2, 3),
        ("emsn012_aoi02_gra_product_v2.zip", "EMSN012 AOI02", 0, 2),
    ],
)
def test_product_is_read_from_names_of_all_years(
    name: str, survey: str, number: int, version: int
) -> None:
    product = product_of(name)
    assert product is not None
    assert (product.survey, product.number, product.version) == (survey, number, version)


@pytest.mark.parametrize("name", ["damage.zip", "EMSR.zip", "EMSR190_vector.zip", "grading_v1.zip"])
def test_other_names_tell_no_product(name: str) -> None:
    assert product_of(name) is None


def test_a_renamed_package_is_known_by_its_layers(pack: Any) -> None:
    package = read_package(pack("download.zip", settlements_poly_grading=houses("Damaged")))
    assert package.product is not None
    assert package.product.survey == "EMSR190 07TODIANO"
    assert set(package.points["survey"]) == {"EMSR190 07TODIANO"}
    assert set(package.points["source"]) == {"Copernicus EMS EMSR190 07TODIANO v1"}


def test_layers_are_believed_before_a_wrong_name_of_the_package(pack: Any) -> None:
    package = read_package(
        pack(NAME.replace("07TODIANO", "11GROTTI"), settlements_poly_grading=houses("Damaged"))
    )
    assert package.product is not None
    assert package.product.area == "07TODIANO"
    assert any("the file is named EMSR190 11GROTTI" in note for note in package.notes)


# --- what becomes of each layer -----------------------------------------------------------------


def test_every_layer_is_recognised_or_left_alone_with_a_reason(pack: Any) -> None:
    bridge = gpd.GeoDataFrame(
        {"grading": ["Completely Destroyed"], "subtype": ["AQ040 - Bridge"]},
        geometry=[Point(EAST_M, NORTH_M)],
        crs=UTM,
    )
    package = read_package(
        pack(
            settlements_poly_grading=houses("Completely Destroyed", "Not Affected", "Null"),
            settlements_point_grading=houses("Not Affected", subtype="AL016 - Point of interest"),
            transportation_line_grading=roads("Highly Damaged", "Not Affected"),
            transportation_point_grading=bridge,
            transportation_line=roads("x").drop(columns="grading"),
            area_of_interest=area(),
            land_cover_poly=seen(EC030___Trees=house(0)),
            general_information_poly=seen(ZD020___Void_Collection_Area=house(500, 500, 100)),
            more={"style.json": b'{"a": 1}', "layer.kmz": b"PK", "readme.txt": b"hello"},
        )
    )
    buildings = package.points[package.points["is_building"]]
    assert buildings["grade"].value_counts().to_dict() == {
        "destroyed": 1,
        "no_visible_damage": 1,
        "not_analysed": 1,
    }
    assert set(buildings["sensor"]) == {"WorldView-2"}
    assert {str(day.date()) for day in buildings["observed_at"]} == {"2016-10-27"}
    assert package.facilities == {"AL016 - Point of interest": {"no_visible_damage": 1}}
    assert sorted(package.roads["proposal"]) == ["", "check", "close"]
    assert role_of(package, "_transportation_line_grading") == ("roads", "graded roads and bridges")
    assert role_of(package, "_transportation_line") == ("left_alone", "roads without grades")
    assert role_of(package, "land_cover_poly")[0] == "left_alone"
    assert role_of(package, "style.json") == ("left_alone", "no GeoJSON")
    assert role_of(package, "general_information_poly")[0] == "seen"
    assert len(package.layers) == 9
    assert "1 archives inside the package were not opened" in package.notes


def test_the_analysed_area_is_what_images_show_less_the_voids(pack: Any) -> None:
    package = read_package(
        pack(
            settlements_poly_grading=houses("Damaged"),
            area_of_interest=area(size_m=1000),
            general_information_poly=seen(
                Satellite_Footprint=box(EAST_M, NORTH_M, EAST_M + 500, NORTH_M + 2000),
                ZD020___Void_Collection_Area=house(100, 500, 100),
                ZD040___Named_Location=house(0, 0, 5000),
            ),
        )
    )
    assert package.analysed_area is not None
    # 1000 m x 500 m of the area lie in the image, less a cloud of 100 m x 100 m.
    assert package.analysed_area.to_crs(UTM).area.sum() == pytest.approx(490_000, rel=1e-3)
    assert not package.analysed_area["is_void"].any()
    assert package.analysed_area["name"].tolist() == ["07TODIANO"]
    assert package.analysed_area["survey_number"].tolist() == [0]


def test_clouds_and_images_are_known_by_the_names_of_newer_layers(pack: Any) -> None:
    package = read_package(
        pack(
            builtUpP=houses("Damaged"),
            areaOfInterestA=area(size_m=1000),
            imageFootprintA=seen(x=box(EAST_M, NORTH_M, EAST_M + 500, NORTH_M + 2000)),
            cloudsA=seen(y=house(100, 500, 100)),
        )
    )
    assert package.analysed_area is not None
    assert package.analysed_area.to_crs(UTM).area.sum() == pytest.approx(490_000, rel=1e-3)


def test_without_an_area_of_interest_nothing_counts_as_looked_at(pack: Any) -> None:
    package = read_package(
        pack(
            settlements_poly_grading=houses("Damaged"),
            general_information_poly=seen(ZD020___Void_Collection_Area=house(100, 500, 100)),
        )
    )
    assert package.analysed_area is None
    assert any("no analysed area" in note for note in package.notes)
    assert any("stay not assessed" in note for note in package.notes)


def test_an_area_under_clouds_is_no_analysed_area(pack: Any) -> None:
    package = read_package(
        pack(
            settlements_poly_grading=houses("Damaged"),
            area_of_interest=area(),
            general_information_poly=seen(ZD020___Void_Collection_Area=house(-10, -10, 2000)),
        )
    )
    assert package.analysed_area is None
    assert any("cover all of the area" in note for note in package.notes)


def test_polygons_of_settlements_are_no_buildings(pack: Any) -> None:
    package = read_package(
        pack(settlements_poly_grading=houses("Damaged", subtype="AL020 - Built-up Area"))
    )
    assert not package.points["is_building"].any()
    assert package.settlements == 1
    assert any("count as no building" in note for note in package.notes)


def test_a_sensor_called_other_is_taken_from_the_remarks(pack: Any) -> None:
    frame = houses("Damaged", "Damaged").assign(
        source_nam="Other", src_info=["WorldView3 30cm pansharpened", "Italian Cadastral Map"]
    )
    package = read_package(pack(settlements_poly_grading=frame))
    assert package.points["sensor"].tolist() == ["WorldView3 30cm pansharpened", "Other"]


def test_layers_of_one_name_in_two_formats_are_one_layer(pack: Any) -> None:
    copy = houses("Damaged").to_crs("EPSG:4326").to_json().encode()
    package = read_package(
        pack(
            settlements_poly_grading=houses("Damaged"),
            more={f"{PREFIX}settlements_poly_grading.json": copy},
        )
    )
    assert len(package.points) == 1
    assert role_of(package, ".json") == ("left_alone", "a copy of a layer in another format")


def test_geojson_of_the_newer_packages(tmp_path: Path) -> None:
    stem = "EMSR695_AOI01_GRA_PRODUCT_"
    layers = {
        "builtUpP_v1.json": gpd.GeoDataFrame(
            {
                "obj_type": ["11-Residential Buildings", "997-Not Applicable"],
                "damage_gra": ["Destroyed", "Possibly damaged"],
            },
            geometry=[Point(-8.1, 31.0), Point(-8.2, 31.0)],
            crs="EPSG:4326",
        ),
        "transportationL_v1.json": gpd.GeoDataFrame(
            {"obj_type": ["211-Highways"], "name": ["RN7"], "damage_gra": ["Damaged"]},
            geometry=[LineString([(-8.1, 31.0), (-8.2, 31.0)])],
            crs="EPSG:4326",
        ),
        "areaOfInterestA_v1.json": gpd.GeoDataFrame(
            {"obj_type": ["997-Not Applicable"]}, geometry=[box(-9, 30, -8, 32)], crs="EPSG:4326"
        ),
    }
    path = tmp_path / "EMSR695_AOI01_GRA_PRODUCT_v1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, frame in layers.items():
            archive.writestr(stem + name, frame.to_json())
    package = read_package(path)
    assert package.points.loc[package.points["is_building"], "grade"].tolist() == [
        "destroyed",
        "possibly_damaged",
    ]
    assert package.roads[["grade", "proposal", "name"]].to_numpy().tolist() == [
        ["damaged", "check", "RN7"]
    ]
    assert package.analysed_area is not None


def test_a_geopackage_of_several_layers_is_a_package(tmp_path: Path) -> None:
    path = tmp_path / "damage.gpkg"
    houses("Damaged").to_file(path, layer="builtUpP")
    area().to_file(path, layer="areaOfInterest")
    assert is_package(path)
    package = read_package(path, source="Analysts")
    assert package.product is None
    assert len(package.points) == 1
    assert package.analysed_area is not None
    assert set(package.points["source"]) == {"Analysts"}
    assert any("tell no product" in note for note in package.notes)


def test_one_plain_layer_in_a_zip_is_no_package(pack: Any) -> None:
    assert not is_package(pack("layer.zip", plain_layer=houses("Damaged")))
    assert is_package(pack(NAME, settlements_poly_grading=houses("Damaged")))
    assert is_package(pack("two.zip", plain_a=houses("Damaged"), plain_b=area()))


# --- bad input ----------------------------------------------------------------------------------


def test_bytes_around_the_zip_are_skipped_and_said(pack: Any) -> None:
    path = pack(settlements_poly_grading=houses("Damaged"), before=b"<" * 154, after=b"\0" * 7)
    package = read_package(path)
    assert len(package.points) == 1
    assert "154 bytes before the zip in the file belong to no zip and were skipped" in package.notes
    assert "7 bytes after the zip in the file belong to no zip and were skipped" in package.notes


def test_layers_in_several_systems_are_each_brought_to_one(pack: Any) -> None:
    package = read_package(
        pack(
            settlements_poly_grading=houses("Damaged"),
            settlements_poly_b_grading=houses("Damaged", crs="EPSG:3857"),
        )
    )
    first, second = package.points.to_crs(UTM).geometry
    assert first.distance(second) < 0.01
    assert any("several coordinate systems" in note for note in package.notes)


def test_a_layer_without_prj_refuses_the_package(pack: Any) -> None:
    path = pack(
        settlements_poly_grading=houses("Damaged"),
        area_of_interest=area(),
        drop=("settlements_poly_grading.prj",),
    )
    with pytest.raises(CrsError, match=r"settlements_poly_grading\.shp: it has no CRS"):
        read_package(path)


def test_a_layer_left_alone_may_lack_its_prj(pack: Any) -> None:
    path = pack(
        settlements_poly_grading=houses("Damaged"),
        land_cover_poly=seen(EC030___Trees=house(0)),
        drop=("land_cover_poly.prj",),
    )
    assert len(read_package(path).points) == 1


def test_an_empty_layer_is_left_alone(pack: Any) -> None:
    package = read_package(
        pack(
            settlements_poly_grading=houses("Damaged"),
            settlements_point_grading=houses("Damaged").iloc[:0],
        )
    )
    assert role_of(package, "settlements_point_grading") == ("left_alone", "it holds no rows")
    assert len(package.points) == 1


def test_heights_are_left_out(pack: Any) -> None:
    frame = houses("Damaged", "Damaged")
    frame.geometry = frame.geometry.force_3d(700.0)
    package = read_package(pack(settlements_poly_grading=frame))
    assert len(package.points) == 2
    assert not package.points.geometry.has_z.any()


def test_a_package_without_grades_names_what_it_holds(pack: Any) -> None:
    path = pack(
        land_cover_poly=seen(EC030___Trees=house(0)), transportation_line=seen(road=house(0))
    )
    with pytest.raises(EmptyInputError, match=r"none of its layers holds grades.*land_cover_poly"):
        read_package(path)


def test_a_package_in_a_package_is_not_opened(pack: Any) -> None:
    inner = pack(settlements_poly_grading=houses("Damaged")).read_bytes()
    with pytest.raises(EmptyInputError, match="holds another archive"):
        read_package(pack("outer.zip", more={"inner.zip": inner}))


@pytest.mark.parametrize(
    "entry", ["../evil.shp", "/etc/evil.shp", "a/../../evil.shp", "C:\\evil.shp"]
)
def test_an_entry_that_points_outside_refuses_the_package(pack: Any, entry: str) -> None:
    path = pack(settlements_poly_grading=houses("Damaged"), more={entry: b"x"})
    for ask in (is_package, read_package):
        with pytest.raises(UnreadableError, match="points outside of its own folder"):
            ask(path)


def test_a_bomb_refuses_the_package(pack: Any) -> None:
    path = pack(settlements_poly_grading=houses("Damaged"), more={"b.shp": b"\0" * 30_000_000})
    with pytest.raises(TooLargeError, match="taken for an attack"):
        read_package(path)


def test_a_damaged_layer_refuses_the_package(pack: Any) -> None:
    path = pack(
        settlements_poly_grading=houses("Damaged"),
        more={f"{PREFIX}transportation_line_grading.shp": b"\x00\x00\x27\x0a" + b"x" * 50},
    )
    with pytest.raises(UnreadableError, match="transportation_line_grading"):
        read_package(path)


def test_a_pointer_to_another_file_is_no_layer(pack: Any) -> None:
    vrt = b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource>"
    path = pack(settlements_poly_grading=houses("Damaged"), more={"evil_grading.shp": vrt})
    with pytest.raises(UnreadableError, match="does not hold Shapefile"):
        read_package(path)


def test_unknown_grades_are_counted_and_never_guessed(pack: Any) -> None:
    package = read_package(pack(settlements_poly_grading=houses("Damaged", "Kaputt")))
    report = next(iter(package.reports.values()))
    assert dict(report.unknown_labels) == {"Kaputt": 1}
    assert sorted(package.points["grade"]) == ["damaged", "not_analysed"]
    json.dumps(package.facilities)


@pytest.mark.parametrize("ending", [".prj", ".dbf", ".shp", ".shx", ".zip"])
def test_damaged_bytes_end_in_a_named_error_or_a_package(pack: Any, ending: str) -> None:
    path = pack(settlements_poly_grading=houses("Damaged", "Null"), area_of_interest=area())
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    whole, chance = path.read_bytes(), random.Random(190)
    for _ in range(25):
        if ending == ".zip":
            path.write_bytes(damaged(whole, chance))
        else:
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in files.items():
                    hit = name.endswith(ending)
                    archive.writestr(name, damaged(content, chance) if hit else content)
        try:
            package = read_package(path)
        except InputError as error:
            assert error.todo
        else:
            assert len(package.points) + (package.analysed_area is not None) > 0


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Bytes cut short or with some of them changed."""
    if chance.random() < 0.3:
        return content[: chance.randrange(len(content))]
    changed = bytearray(content)
    for _ in range(chance.choice([1, 5, 20])):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)
