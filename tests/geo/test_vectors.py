"""Every format in, one table out; and what is refused, with the reason."""

import json
import zipfile

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from geo.errors import (
    CrsError,
    EmptyInputError,
    SchemaError,
    TooLargeError,
    UnreadableError,
)
from geo.vectors import read_vector, vector_layers

NAMES = ["Asni", "Tahannaout é", "أسني"]
POINTS = gpd.GeoDataFrame(
    {"name": NAMES, "code": ["0410", "0411", "0412"], "people": [10, 20, 30]},
    geometry=[Point(-7.98, 31.25), Point(-7.95, 31.35), Point(-8.1, 31.1)],
    crs="EPSG:4326",
)


def geojson(*geometries, crs=None, **more):
    features = [
        {"type": "Feature", "properties": {"n": n}, "geometry": geometry}
        for n, geometry in enumerate(geometries)
    ]
    head = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return json.dumps({"type": "FeatureCollection"} | head | {"features": features} | more)


def write_kml(frame, path):
    """By hand: GDAL's LIBKML turns what it writes into a folder of files."""
    marks = "".join(
        f"<Placemark><name>{name}</name><Point><coordinates>{place.x},{place.y},900</coordinates>"
        "</Point></Placemark>"
        for name, place in zip(frame["name"], frame.geometry, strict=True)
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document>{marks}</Document></kml>",
        encoding="utf-8",
    )


def write(frame, path):
    if path.suffix == ".kml":
        write_kml(frame, path)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    return path


def point(*coordinates):
    return {"type": "Point", "coordinates": list(coordinates)}


def zipped(folder, name="layer.zip", **files):
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in files.items():
            archive.writestr(entry, data)
    return path


def shapefile(folder, frame=POINTS, **options):
    folder.mkdir(exist_ok=True)
    frame.to_file(folder / "places.shp", **({"encoding": "utf-8"} | options))
    return folder / "places.shp"


# --- formats ------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".fgb", ".kml", ".gml"])
def test_every_format_gives_the_same_places(tmp_path, suffix):
    path = write(POINTS, tmp_path / f"places{suffix}")
    frame = read_vector(path)
    assert frame.crs == "EPSG:4326"
    key = "Name" if suffix == ".kml" else "name"
    found = dict(zip(frame[key], frame.geometry, strict=True))
    for name, place in zip(NAMES, POINTS.geometry, strict=True):
        assert found[name].distance(place) < 1e-6
    assert all("repaired" not in note for note in frame.attrs["notes"])


def test_geoparquet(tmp_path):
    POINTS.to_crs("EPSG:32629").to_parquet(tmp_path / "places.parquet")
    frame = read_vector(tmp_path / "places.parquet")
    assert frame.geometry[0].distance(POINTS.geometry[0]) < 1e-6
    assert frame.attrs["notes"] == ["places.parquet: reprojected from EPSG:32629 to EPSG:4326"]


def test_topojson_is_unfolded_from_its_arcs(tmp_path):
    (tmp_path / "units.topojson").write_text(
        json.dumps(
            {
                "type": "Topology",
                "transform": {"scale": [0.01, 0.01], "translate": [-8, 31]},
                "arcs": [[[0, 0], [10, 0], [0, 10], [-10, 0], [0, -10]]],
                "objects": {
                    "units": {
                        "type": "GeometryCollection",
                        "geometries": [
                            {"type": "Polygon", "arcs": [[0]], "properties": {"name": "Asni"}}
                        ],
                    }
                },
            }
        )
    )
    frame = read_vector(tmp_path / "units.topojson")
    np.testing.assert_allclose(frame.total_bounds, [-8, 31, -7.9, 31.1])
    assert frame["name"].tolist() == ["Asni"]


def test_csv_keeps_codes_as_text_and_counts_rows_without_coordinates(tmp_path):
    (tmp_path / "places.csv").write_text(
        "code;nom;lat;lon\n0410705201021;Ighil;30,98;-8,28\n0410705201022;Sans;;\n"
        "0410705201023;Aghbar;30.9;-8.4\n",
        encoding="cp1252",
    )
    frame = read_vector(tmp_path / "places.csv")
    assert frame["code"].tolist() == ["0410705201021", "0410705201023"]
    assert frame.geometry[0].equals(Point(-8.28, 30.98))
    assert frame.attrs["notes"] == ["places.csv: 1 of 3 rows have no coordinates"]
    assert frame.attrs["row_numbers"] == (2, 4)  # the lines that a person sees


def test_a_negative_longitude_is_a_number(tmp_path):
    (tmp_path / "places.csv").write_text("name,lon,lat\nAsni,-7.98,31.25\n")
    assert read_vector(tmp_path / "places.csv").geometry[0].x == -7.98


def test_cells_beyond_the_header_are_left_out_and_that_is_said(tmp_path):
    (tmp_path / "places.csv").write_text("name,lon,lat\nAsni,-7.98,31.25,extra\n")
    frame = read_vector(tmp_path / "places.csv")
    assert frame["name"].tolist() == ["Asni"]
    assert "longer than the header" in frame.attrs["notes"][0]


def test_csv_without_coordinates_says_which_columns_it_has(tmp_path):
    (tmp_path / "places.csv").write_text("name,x_utm,y_utm\nAsni,600000,3400000\n")
    with pytest.raises(SchemaError, match=r"columns name, x_utm, y_utm.*name them lon and lat"):
        read_vector(tmp_path / "places.csv")


def test_heights_are_dropped(tmp_path):
    (tmp_path / "z.geojson").write_text(geojson(point(-8, 31, 1500)))
    frame = read_vector(tmp_path / "z.geojson")
    assert not frame.has_z.any()
    assert frame.attrs["notes"] == []


def test_the_input_file_gets_no_companions(tmp_path):
    POINTS.to_file(tmp_path / "places.gml")
    (tmp_path / "places.xsd").unlink(missing_ok=True)
    read_vector(tmp_path / "places.gml")
    assert [path.name for path in tmp_path.iterdir()] == ["places.gml"]


# --- layers -------------------------------------------------------------------------------------


def test_several_layers_ask_for_a_name(tmp_path):
    path = tmp_path / "all.gpkg"
    POINTS.to_file(path, layer="douars")
    POINTS.head(1).to_file(path, layer="depots", mode="a")
    assert sorted(vector_layers(path)) == ["depots", "douars"]
    with pytest.raises(SchemaError, match=r"2 layer\(s\).*name one of them"):
        read_vector(path)
    with pytest.raises(SchemaError, match=r"layer 'roads'.*douars"):
        read_vector(path, layer="roads")
    assert len(read_vector(path, layer="depots")) == 1


def test_folders_of_a_kml_are_joined(tmp_path):
    placemark = (
        "<Placemark><name>{}</name><Point><coordinates>{},31,900</coordinates></Point></Placemark>"
    )
    folders = "".join(
        f"<Folder><name>f{n}</name>{placemark.format(name, -8 + n / 10)}</Folder>"
        for n, name in enumerate(("Asni", "Imlil"))
    )
    (tmp_path / "places.kml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document>{folders}</Document></kml>"
    )
    frame = read_vector(tmp_path / "places.kml")
    assert frame["Name"].tolist() == ["Asni", "Imlil"]
    assert not frame.has_z.any()
    assert "2 layers joined: f0, f1" in frame.attrs["notes"][0]


def test_a_kmz_is_unpacked(tmp_path):
    write_kml(POINTS, tmp_path / "doc.kml")
    path = zipped(tmp_path, "places.kmz", **{"doc.kml": (tmp_path / "doc.kml").read_bytes()})
    assert len(read_vector(path)) == 3


# --- refused ------------------------------------------------------------------------------------


def test_a_missing_file(tmp_path):
    with pytest.raises(
        UnreadableError, match=r"places\.gpkg: there is no such file; check the path"
    ):
        read_vector(tmp_path / "places.gpkg")


def test_an_empty_file(tmp_path):
    (tmp_path / "places.geojson").touch()
    with pytest.raises(UnreadableError, match="the file is empty"):
        read_vector(tmp_path / "places.geojson")


def test_an_unknown_ending(tmp_path):
    (tmp_path / "places.dwg").write_text("AC1032")
    with pytest.raises(UnreadableError, match=r"\.dwg is no vector format.*GeoPackage"):
        read_vector(tmp_path / "places.dwg")


@pytest.mark.parametrize(
    "suffix", [".gpkg", ".shp", ".fgb", ".parquet", ".geojson", ".kml", ".gml"]
)
def test_text_under_another_name(tmp_path, suffix):
    (tmp_path / f"places{suffix}").write_text("name,lon,lat\nAsni,-7.98,31.25\n")
    with pytest.raises(UnreadableError, match=f"called {suffix} but does not hold"):
        read_vector(tmp_path / f"places{suffix}")


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".fgb", ".parquet", ".kml"])
def test_a_truncated_file(tmp_path, suffix):
    many = gpd.GeoDataFrame(
        {"name": [f"place {n}" for n in range(2000)]},
        geometry=gpd.points_from_xy(np.linspace(-9, -7, 2000), np.linspace(30, 32, 2000)),
        crs="EPSG:4326",
    )
    path = write(many, tmp_path / f"places{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableError, match="damaged, cut short"):
        read_vector(path)


def test_a_truncated_shapefile(tmp_path):
    path = shapefile(tmp_path / "cut")
    path.write_bytes(path.read_bytes()[:120])
    with pytest.raises((UnreadableError, EmptyInputError)):
        read_vector(path)


def test_the_message_tells_no_path_of_this_machine(tmp_path):
    (tmp_path / "places.gpkg").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(UnreadableError) as caught:
        read_vector(tmp_path / "places.gpkg")
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_oversized_file_is_refused_before_it_is_read(tmp_path):
    (tmp_path / "places.geojson").write_text("{" * 1000)  # reading it would be another error
    with pytest.raises(TooLargeError, match="at most 0 MB are read"):
        read_vector(tmp_path / "places.geojson", max_bytes=999)


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline ! read secret.geojson"}',
        '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>secret.geojson</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>",
    ],
)
@pytest.mark.parametrize("suffix", [".geojson", ".kml", ".gml", ".gpkg"])
def test_a_file_that_points_to_other_files_is_not_followed(tmp_path, text, suffix):
    (tmp_path / "secret.geojson").write_text(geojson(point(-8, 31)))
    (tmp_path / f"places{suffix}").write_text(text)
    with pytest.raises(UnreadableError):
        read_vector(tmp_path / f"places{suffix}")


@pytest.mark.parametrize("padding", [0, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_entities_are_refused_wherever_they_stand(tmp_path, padding, encoding):
    (tmp_path / "places.kml").write_text(
        f'<?xml version="1.0" encoding="{encoding}"?>{" " * padding}'
        '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa">]>'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>&a;</name></Placemark></kml>',
        encoding=encoding,
    )
    with pytest.raises(UnreadableError, match="document type or entities"):
        read_vector(tmp_path / "places.kml")


def test_no_features(tmp_path):
    (tmp_path / "places.geojson").write_text(geojson())
    with pytest.raises(EmptyInputError, match="holds no features"):
        read_vector(tmp_path / "places.geojson")


def test_features_without_any_geometry(tmp_path):
    (tmp_path / "places.geojson").write_text(geojson(None, None))
    with pytest.raises(EmptyInputError, match="none of its features has a geometry"):
        read_vector(tmp_path / "places.geojson")


def test_a_table_without_geometry_column(tmp_path):
    import pyogrio

    pyogrio.write_dataframe(POINTS.drop(columns="geometry"), tmp_path / "list.gpkg")
    with pytest.raises(EmptyInputError, match="no layer with geometries"):
        read_vector(tmp_path / "list.gpkg")


# --- CRS ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".fgb"])
def test_another_crs_is_reprojected_and_that_is_said(tmp_path, suffix):
    POINTS.to_crs("EPSG:26191").to_file(tmp_path / f"places{suffix}")  # Merchich / Nord Maroc
    frame = read_vector(tmp_path / f"places{suffix}")
    assert frame.geometry[0].distance(POINTS.geometry[0]) < 1e-5
    assert any("reprojected from EPSG:26191 to EPSG:4326" in n for n in frame.attrs["notes"])


def test_a_shapefile_without_prj_is_refused_with_what_to_do(tmp_path):
    path = shapefile(tmp_path / "bare")
    path.with_suffix(".prj").unlink()
    with pytest.raises(CrsError, match=r"places\.shp: it has no CRS.*store it again with its CRS"):
        read_vector(path)


def test_metres_in_a_file_of_degrees_are_refused(tmp_path):
    (tmp_path / "places.geojson").write_text(geojson(point(600_000, 3_430_000)))
    with pytest.raises(CrsError, match=r"600000, 3.43e.06.*in degrees, and these are none"):
        read_vector(tmp_path / "places.geojson")


def test_degrees_in_a_file_of_metres_are_refused(tmp_path):
    wrong = POINTS.set_crs("EPSG:32629", allow_override=True)
    wrong.to_file(tmp_path / "places.gpkg")
    with pytest.raises(CrsError, match="says metres and holds degrees"):
        read_vector(tmp_path / "places.gpkg")


def test_a_crs_that_is_tied_to_no_place(tmp_path):
    shapefile(tmp_path / "site").with_suffix(".prj").write_text('LOCAL_CS["site",UNIT["metre",1]]')
    with pytest.raises(CrsError, match="tied to no place"):
        read_vector(tmp_path / "site" / "places.shp")


# --- geometry -----------------------------------------------------------------------------------


def test_a_bow_tie_is_repaired_and_counted(tmp_path):
    tie = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    frame = gpd.GeoDataFrame(geometry=[tie, Point(0, 0).buffer(1)], crs="EPSG:4326")
    frame.to_file(tmp_path / "areas.gpkg")
    read = read_vector(tmp_path / "areas.gpkg")
    assert read.is_valid.all()
    assert read.geometry[0].area == pytest.approx(0.5)
    assert read.attrs["notes"] == [
        "areas.gpkg: 1 of 2 features had an invalid geometry that was repaired"
    ]


def test_a_repaired_polygon_stays_a_polygon(tmp_path):
    spiked = Polygon([(0, 0), (0, 1), (1, 1), (1, 0), (0.5, 0), (0.5, -1), (0.5, 0)])
    gpd.GeoDataFrame(geometry=[spiked], crs="EPSG:4326").to_file(tmp_path / "areas.gpkg")
    assert isinstance(read_vector(tmp_path / "areas.gpkg").geometry[0], Polygon | MultiPolygon)


def test_a_polygon_without_extent_is_left_out_and_counted(tmp_path):
    flat = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}
    (tmp_path / "areas.geojson").write_text(geojson(flat, point(1, 1)))
    frame = read_vector(tmp_path / "areas.geojson")
    assert frame["n"].tolist() == [1]
    assert any("without extent" in note for note in frame.attrs["notes"])


def test_features_without_geometry_are_left_out_and_the_rest_keep_their_number(tmp_path):
    (tmp_path / "places.geojson").write_text(geojson(point(0, 0), None, point(1, 1)))
    frame = read_vector(tmp_path / "places.geojson")
    assert frame["n"].tolist() == [0, 2]
    assert frame.index.tolist() == [0, 1]
    assert frame.attrs["row_numbers"] == (1, 3)
    assert frame.attrs["notes"] == ["places.geojson: 1 of 3 features have no geometry"]


def test_a_column_called_geometry_does_no_harm(tmp_path):
    feature = {
        "type": "Feature",
        "properties": {"geometry": "none", "name": "Asni"},
        "geometry": point(-8, 31),
    }
    (tmp_path / "places.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]})
    )
    frame = read_vector(tmp_path / "places.geojson")
    assert frame.geometry[0].equals(Point(-8, 31))
    assert frame["name"].tolist() == ["Asni"]


# --- text of shapefiles -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "declared", "names"),
    [
        ("utf-8", None, NAMES),
        ("utf-8", "ISO-8859-1", NAMES),
        ("cp1252", None, ["Asni", "Tahannaout é", "Aït Çaïd"]),
        ("cp1252", "UTF-8", ["Asni", "Tahannaout é", "Aït Çaïd"]),
        ("cp1256", None, ["أسني", "الحوز", "Asni"]),
        ("cp1256", "1252", ["أسني", "الحوز", "Asni"]),
    ],
)
def test_text_is_read_in_the_encoding_it_is_in(tmp_path, written, declared, names):
    path = shapefile(tmp_path / "enc", POINTS.assign(name=names), encoding=written)
    path.with_suffix(".cpg").unlink()
    if declared:
        path.with_suffix(".cpg").write_text(declared)
    frame = read_vector(path)
    assert frame["name"].tolist() == names
    assert any(f"text read as {written}" in note for note in frame.attrs["notes"])


def test_a_declared_encoding_that_is_true_needs_no_note(tmp_path):
    assert read_vector(shapefile(tmp_path / "enc")).attrs["notes"] == []


def test_a_utf8_text_cut_inside_a_letter_is_still_utf8(tmp_path):
    # dBASE cuts a text at 254 bytes, here inside the last letter.
    path = shapefile(tmp_path / "enc", POINTS.assign(name=["Asni", "é", "x" * 254]))
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"x" * 254, ("a" + "أ" * 127).encode()[:254]))
    frame = read_vector(path)
    assert frame["name"].tolist() == ["Asni", "é", "a" + "أ" * 126]
    assert frame.attrs["notes"] == [
        "places.shp: 1 texts were cut inside their last letter, which was left out"
    ]


def test_a_shapefile_without_index_or_table(tmp_path):
    path = shapefile(tmp_path / "parts")
    path.with_suffix(".dbf").unlink()
    frame = read_vector(path)
    assert len(frame) == 3
    assert "no .dbf" in frame.attrs["notes"][0]
    path.with_suffix(".shx").unlink()
    with pytest.raises(UnreadableError, match=r"\.shx"):
        read_vector(path)


def test_a_damaged_table_is_named(tmp_path):
    path = shapefile(tmp_path / "dbf")
    path.with_suffix(".dbf").write_bytes(b"\x03" * 20)
    with pytest.raises(UnreadableError, match="the table of the shapefile is damaged"):
        read_vector(path)


# --- zip ----------------------------------------------------------------------------------------


@pytest.fixture
def parts(tmp_path):
    path = shapefile(tmp_path / "parts")
    return {
        f"places{suffix}": path.with_suffix(suffix).read_bytes()
        for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg")
    }


def test_a_zipped_shapefile(tmp_path, parts):
    frame = read_vector(zipped(tmp_path, **parts))
    assert frame["name"].tolist() == NAMES


def test_a_zip_made_on_a_mac_and_in_a_folder(tmp_path, parts):
    files = {f"data/{name.upper()}": data for name, data in parts.items()}
    frame = read_vector(zipped(tmp_path, **files, **{"__MACOSX/data/._PLACES.SHP": b"x"}))
    assert frame["name"].tolist() == NAMES


def test_a_zip_without_prj(tmp_path, parts):
    del parts["places.prj"]
    with pytest.raises(CrsError, match=r"layer\.zip: it has no CRS"):
        read_vector(zipped(tmp_path, **parts))


def test_a_zip_of_several_layers_asks_for_one(tmp_path, parts):
    more = {name.replace("places", "depots"): data for name, data in parts.items()}
    path = zipped(tmp_path, **parts, **more)
    assert vector_layers(path) == ["depots", "places"]
    with pytest.raises(SchemaError, match="depots, places"):
        read_vector(path)
    assert len(read_vector(path, layer="depots")) == 3


@pytest.mark.parametrize(
    "name",
    ["../places.shp", "/etc/places.shp", "a/../../places.shp", "C:\\places.shp", "..\\p.shp"],
)
def test_entries_that_point_outside_are_refused(tmp_path, parts, name):
    with pytest.raises(UnreadableError, match="points outside of its own folder"):
        read_vector(zipped(tmp_path, **parts, **{name: b"x"}))
    assert not (tmp_path.parent / "places.shp").exists()


def test_a_link_in_a_zip_is_refused(tmp_path, parts):
    path = zipped(tmp_path, **parts)
    link = zipfile.ZipInfo("passwd.shp")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnreadableError, match="it is a link"):
        read_vector(path)


def test_a_zip_bomb_is_refused_by_its_ratio(tmp_path):
    path = zipped(tmp_path, **{"places.shp": b"\0" * 20_000_000})
    with pytest.raises(TooLargeError, match=r"packed .* times.*attack"):
        read_vector(path)


def test_a_zip_bomb_that_lies_about_its_size_is_stopped(tmp_path):
    path = zipped(tmp_path, **{"places.shp": b"\0" * 20_000_000})
    data = path.read_bytes()
    real = (20_000_000).to_bytes(4, "little")
    path.write_bytes(data.replace(real, (1000).to_bytes(4, "little")))
    with pytest.raises((UnreadableError, TooLargeError)):
        read_vector(path)


def test_too_many_entries(tmp_path, parts):
    with pytest.raises(TooLargeError, match="206 entries"):
        read_vector(zipped(tmp_path, **parts, **{f"{n}.txt": b"x" for n in range(201)}))


def test_an_archive_in_an_archive_is_not_opened(tmp_path, parts):
    inner = zipped(tmp_path, "inner.zip", **parts).read_bytes()
    with pytest.raises(EmptyInputError, match="another archive, and those are not opened"):
        read_vector(zipped(tmp_path, **{"inner.zip": inner}))


def test_a_zip_of_something_else(tmp_path):
    with pytest.raises(EmptyInputError, match="no shapefile or other vector layer"):
        read_vector(zipped(tmp_path, **{"readme.txt": b"hello"}))


def test_a_damaged_zip(tmp_path, parts):
    path = zipped(tmp_path, **parts)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UnreadableError, match="no zip, or a damaged one"):
        read_vector(path)


def test_a_zip_with_a_broken_entry(tmp_path):
    path = zipped(tmp_path, **{"places.geojson": geojson(*[point(n / 10, 0) for n in range(100)])})
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match="no zip, or a damaged one"):
        read_vector(path)


# --- real ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("alhaouz/communes.geojson", 40),
        ("alhaouz/alhaouz_core_douars_points.geojson", 135),
        ("alhaouz/alhaouz_core_douars.csv", 95),
        ("alhaouz/damage_unosat.geojson", 4920),
        ("alhaouz/damage_copernicus.geojson", 273),
        ("alhaouz/shakemap_mmi.geojson", 20),
        ("admin/provinces.topojson", 75),
        ("admin/Al-Haouz.xml", 45),
        ("admin/Marrakech.xml", 23),
    ],
)
def test_real_files_are_read_whole(real_data, name, rows):
    frame = read_vector(real_data / name)
    assert len(frame) == rows
    assert frame.is_valid.all()
    west, south, east, north = frame.total_bounds
    assert -18 < west < east < 0
    assert 20 < south < north < 37


def test_a_real_copernicus_package_is_read_layer_by_layer(real_data):
    package = real_data / "emsr190" / "EMSR190_22SANGINESIO_GRADING_OVERVIEW_v1_vector.zip"
    layers = vector_layers(package)
    assert len(layers) == 7
    buildings = next(layer for layer in layers if "settlements_poly" in layer)
    frame = read_vector(package, layer=buildings)
    assert len(frame) == 2407
    assert any("reprojected from EPSG:32633" in note for note in frame.attrs["notes"])
    assert LineString([frame.geometry[0].centroid, Point(13.32, 43.1)]).length < 0.1
