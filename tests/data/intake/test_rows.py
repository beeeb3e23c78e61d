"""Each row becomes events or a reason; a bad row does not spoil its neighbour."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import geopandas as gpd
import pytest

from data.events import DepotRegistered, NeedReported, StockMoved, VehicleRegistered
from data.intake.known import Known, known
from data.intake.rows import TakenRow, take_rows
from data.intake.sheet import read_sheet
from geo.errors import SchemaError
from geo.model import Depot, Item

NOW = datetime(2023, 9, 13, 6, 0, tzinfo=UTC)


@pytest.fixture
def here() -> Known:
    """Four villages, two of them called Imlil in different communes; one depot; two items."""
    places = gpd.GeoDataFrame(
        {
            "place_id": ["place:a", "place:b", "place:c", "place:d"],
            "name": ["Tinmel", "Imlil", "Imlil", "Ighil"],
            "name_ar": ["تينمل", "إمليل", "", "اغيل"],
            "commune": ["Talat N'Yaaqoub", "Asni", "Aghbar", "Ighil"],
        },
        geometry=gpd.points_from_xy(
            [-8.226, -7.921, -8.442, -8.287], [30.985, 31.137, 30.898, 30.984]
        ),
        crs="EPSG:4326",
    )
    items = {
        "tent": Item(item_id="tent", unit="piece", kg_per_unit=60, m3_per_unit=0.3),
        "water_l": Item(item_id="water_l", unit="l", kg_per_unit=1, m3_per_unit=0.001),
    }
    return known(
        places, [Depot(depot_id="depot:asni", name="Asni", lon=-7.98, lat=31.25)], items, now=NOW
    )


def _take(folder: Path, here: Known, kind: str, text: str) -> list[TakenRow]:
    path = folder / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    return take_rows(kind, read_sheet(path), here)


def test_a_need_is_read_by_name_in_french_and_arabic(tmp_path: Path, here: Known) -> None:
    rows = _take(
        tmp_path, here, "needs", "Douar;Besoin;Quantité\nTinmell;tentes;20\nتينمل;خيام;٢٠\n"
    )
    needs = [row.events[0] for row in rows]
    assert [type(need) for need in needs] == [NeedReported, NeedReported]
    assert [need.place_id for need in needs] == ["place:a", "place:a"]  # type: ignore[attr-defined]
    assert [row.report.status for row in rows] == ["repaired", "accepted"]


def test_a_name_of_two_places_is_undecided_until_the_commune_is_given(
    tmp_path: Path, here: Known
) -> None:
    bare = _take(tmp_path, here, "needs", "place,item,quantity\nImlil,tent,3\n")[0].report
    assert bare.status == "undecided"
    assert "place:b" in bare.problems[0].suggestion
    assert "place:c" in bare.problems[0].suggestion
    told = _take(tmp_path, here, "needs", "place,commune,item,quantity\nImlil,Aghbar,tent,3\n")[0]
    assert told.report.place_id == "place:c"


def test_a_coordinate_near_a_place_names_it_and_a_far_one_is_asked_about(
    tmp_path: Path, here: Known
) -> None:
    text = "lon,lat,item,quantity\n-8.2265,30.9852,tent,3\n-8.30,31.30,tent,3\n"
    near, far = _take(tmp_path, here, "needs", text)
    assert near.report.place_id == "place:a"
    assert far.report.status == "undecided"
    assert far.events == ()


def test_a_bad_row_names_its_cell_and_leaves_its_neighbour_alone(
    tmp_path: Path, here: Known
) -> None:
    lines = ("place:a,tent,-4", "place:a,tent,30-40", "place:a,gold,1", "place:a,tent,5")
    text = "\n".join(("place_id,item,quantity", *lines))
    rows = _take(tmp_path, here, "needs", text)
    assert [row.report.status for row in rows] == ["rejected", "undecided", "rejected", "accepted"]
    problem = rows[0].report.problems[0]
    assert (problem.row, problem.column, problem.value) == ("2", "quantity", "-4")
    assert rows[2].report.problems[0].suggestion == "tent, water_l"


def test_units_are_converted_or_asked_about_in_that_row(tmp_path: Path, here: Known) -> None:
    units = ("m3", "litres", "kg", "furlong")
    lines = "\n".join(f"place:a,water_l,50,{unit}" for unit in units)
    rows = _take(tmp_path, here, "needs", f"place_id,item,quantity,unit\n{lines}\n")
    assert [row.report.status for row in rows] == ["repaired", "accepted", "undecided", "rejected"]
    (need,) = rows[0].events
    assert isinstance(need, NeedReported)
    assert (need.quantity, need.unit) == (50_000, "l")


def test_a_sheet_without_a_needed_column_is_refused_as_a_whole(tmp_path: Path, here: Known) -> None:
    with pytest.raises(SchemaError, match="needs a column for item"):
        _take(tmp_path, here, "needs", "place,colour\nTinmel,red\n")


def test_stock_may_bring_a_new_depot_with_its_coordinate(tmp_path: Path, here: Known) -> None:
    lines = ("Amizmiz,-8.24,31.22,tent,10", "Amizmiz,,,water_l,500", "Nowhere,,,tent,1")
    text = "\n".join(("depot,lon,lat,item,quantity", *lines))
    first, second, third = _take(tmp_path, here, "stock", text)
    depot, moved = first.events
    assert isinstance(depot, DepotRegistered)
    assert isinstance(moved, StockMoved)
    assert moved.to_account == depot.depot_id
    assert second.events[0].to_account == depot.depot_id  # type: ignore[attr-defined]
    assert third.report.status == "rejected"


def test_vehicles_need_a_known_class_and_a_capacity(tmp_path: Path, here: Known) -> None:
    text = (
        "vehicle,class,capacity_kg,capacity_m3,depot\n"
        "T1,truck,10000,40,Asni\nT2,boat,10,1,Asni\nT3,pickup,0,3,Asni\n"
    )
    rows = _take(tmp_path, here, "vehicles", text)
    assert [row.report.status for row in rows] == ["accepted", "rejected", "rejected"]
    event = rows[0].events[0]
    assert isinstance(event, VehicleRegistered)
    assert event.depot_id == "depot:asni"


def test_a_code_that_stands_where_the_name_belongs_is_taken_for_one(
    tmp_path: Path, here: Known
) -> None:
    rows = _take(
        tmp_path,
        here,
        "needs",
        "place,item,quantity\nplace:b,tent,4\nc,tent,5\nplace:none,tent,6\n",
    )
    assert [row.report.place_id for row in rows] == ["place:b", "place:c", None]
    assert rows[2].report.status == "rejected"


@pytest.mark.parametrize(
    ("titles", "cells"),
    [
        ("shift_h,speed_factor,crew,together", '"8,5",80 %,4,clinic'),
        (
            "heures de conduite,facteur de vitesse,équipage,voyage avec",
            '08:30,"0,8",4,clinic',
        ),
        ("ساعات السياقة,معامل السرعة,عدد أفراد الطاقم,يسير مع", "٨٫٥,٨٠٪,٤,clinic"),
        ("ⵜⵉⵙⵔⴰⴳⵉⵏ ⵏ ⵜⵡⵓⵔⵉ,ⴰⵎⴰⵙⴽⴰⵍ ⵏ ⵜⴰⵣⵣⵍⴰ,ⵜⴰⵔⴱⵉⵄⵜ ⵏ ⵓⵙⵔⵙⵉ,ⴷⵉⵎⴰ ⴰⴽⴷ", "8.5 h,0.8,4,clinic"),
    ],
)
def test_a_vehicle_has_a_day_a_speed_a_crew_and_company(
    tmp_path: Path, here: Known, titles: str, cells: str
) -> None:
    head = "vehicle,class,capacity_kg,capacity_m3,depot"
    said, unsaid = _take(
        tmp_path,
        here,
        "vehicles",
        f"{head},{titles}\nT1,truck,10000,40,Asni,{cells}\nT2,truck,10000,40,Asni,,,,\n",
    )
    event, other = said.events[0], unsaid.events[0]
    assert isinstance(event, VehicleRegistered)
    assert isinstance(other, VehicleRegistered)
    assert (event.shift_s, event.speed_factor, event.crew, event.together) == (
        30_600,
        0.8,
        4,
        "clinic",
    )
    assert (other.shift_s, other.speed_factor, other.crew, other.together) == (36_000, 1.0, 2, "")


def test_only_an_escort_may_carry_nothing(tmp_path: Path, here: Known) -> None:
    head = "vehicle,class,capacity_kg,capacity_m3,depot,together"
    escort, alone = _take(
        tmp_path, here, "vehicles", f"{head}\nE1,pickup,0,0,Asni,x\nE2,pickup,0,0,Asni,\n"
    )
    assert escort.events[0].capacity_kg == 0  # type: ignore[attr-defined]
    assert alone.report.status == "rejected"


@pytest.mark.parametrize(
    ("column", "cell", "needed"),
    [
        ("shift_h", "30", "0.2 to 24"),
        ("shift_h", "08:75", "0.2 to 24"),
        ("speed_factor", "5", "0.1 to 3"),
        ("speed_factor", "fast", "0.1 to 3"),
        ("crew", "0", "1 to 100"),
        ("crew", "2.5", "1 to 100"),
    ],
)
def test_what_no_vehicle_can_have_is_sent_back(
    tmp_path: Path, here: Known, column: str, cell: str, needed: str
) -> None:
    text = f"vehicle,class,capacity_kg,capacity_m3,depot,{column}\nT1,truck,10000,40,Asni,{cell}\n"
    (row,) = _take(tmp_path, here, "vehicles", text)
    assert row.report.status == "rejected"
    (problem,) = row.report.problems
    assert (problem.column, problem.value) == (column, cell)
    assert needed in problem.expected


def test_quantities_stay_exact(tmp_path: Path, here: Known) -> None:
    rows = _take(tmp_path, here, "needs", 'place_id,item,quantity\nplace:a,water_l,"0,1"\n')
    assert rows[0].events[0].quantity == Decimal("0.1")  # type: ignore[attr-defined]


def test_a_volunteer_needs_no_place_and_keeps_skills(tmp_path: Path, here: Known) -> None:
    rows = _take(
        tmp_path, here, "volunteers", "volunteer,skills\nV-01,medical; driver_4x4\n,mason\n"
    )
    assert rows[0].events[0].skills == ("medical", "driver_4x4")  # type: ignore[attr-defined]
    assert rows[1].report.status == "rejected"


def test_skills_and_languages_are_words_of_the_lists_in_four_languages(
    tmp_path: Path, here: Known
) -> None:
    rows = _take(
        tmp_path,
        here,
        "volunteers",
        "volunteer;skills;languages\n"
        "V-01;Infirmière / chauffeur 4x4, nurse;arabe et français\n"
        "V-02;بحث وانقاذ، ممرضة;العربية والفرنسية\n"
        "V-03;search and rescue|medical mason;ⵜⴰⵛⵍⵃⵉⵜ ⴷ ⵜⴰⴼⵔⴰⵏⵙⵉⵙⵜ\n"
        "V-04;Computer & Internet, cook;Quechua\n",
    )
    told = [(one.events[0].skills, one.events[0].languages) for one in rows]  # type: ignore[attr-defined]
    assert told == [
        (("medical", "driver_4x4"), ("ar", "fr")),
        (("search_rescue", "medical"), ("ar", "fr")),
        (("search_rescue", "medical", "mason"), ("shi", "fr")),
        (("computer & internet", "cook"), ("quechua",)),
    ]
    assert [len(one.report.notes) for one in rows] == [0, 0, 0, 2]
    assert rows[3].report.status == "accepted"
    assert rows[3].report.notes[0].endswith("computer & internet")


def test_misspelled_names_of_place_and_commune_are_read_and_said_to_be_repaired(
    tmp_path: Path, here: Known
) -> None:
    text = "place,commune,item,quantity\nDr. Imlill,arhbar,tent,3\nⵉⵖⵉⵍ,,tent,1\n"
    first, second = _take(tmp_path, here, "needs", text)
    assert (first.report.place_id, first.report.status) == ("place:c", "repaired")
    assert (second.report.place_id, second.report.status) == ("place:d", "repaired")


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("30.985, -8.226", "repaired"),
        ("-8.226, 30.985", "repaired"),
        ("30°59'06\"N 8°13'34\"W", "repaired"),
        ("https://www.openstreetmap.org/?mlat=30.985&mlon=-8.226", "repaired"),
        ("31.30, -8.30", "undecided"),
        ("48.85, 2.35", "undecided"),
        ("https://maps.app.goo.gl/AbCd", "rejected"),
        ("near the mosque", "rejected"),
    ],
)
def test_a_coordinate_in_one_cell_finds_its_place_or_is_asked_about(
    tmp_path: Path, here: Known, written: str, status: str
) -> None:
    (row,) = _take(tmp_path, here, "needs", f"GPS;item;quantity\n{_quoted(written)};tent;3\n")
    assert row.report.status == status
    assert row.report.place_id == ("place:a" if status == "repaired" else None)
    assert [problem.column for problem in row.report.problems] == (
        [] if status == "repaired" else ["position"]
    )


def test_a_coordinate_tells_namesakes_apart(tmp_path: Path, here: Known) -> None:
    text = 'place,coordonnées,item,quantity\nImlil,"30.897, -8.441",tent,3\n'
    assert _take(tmp_path, here, "needs", text)[0].report.place_id == "place:c"


def test_a_name_and_a_coordinate_of_different_places_are_asked_about(
    tmp_path: Path, here: Known
) -> None:
    text = 'place,gps,item,quantity\nTinmel,"30.9841, -8.2871",tent,3\n'
    report = _take(tmp_path, here, "needs", text)[0].report
    assert report.status == "undecided"
    assert "place:a" in report.problems[0].suggestion
    assert "place:d" in report.problems[0].suggestion


def test_an_unknown_name_with_a_coordinate_goes_to_the_place_there(
    tmp_path: Path, here: Known
) -> None:
    text = 'place,gps,item,quantity\nchez le caïd,"30.9841, -8.2871",tent,3\n'
    assert _take(tmp_path, here, "needs", text)[0].report.place_id == "place:d"


def test_a_new_depot_may_give_its_coordinate_in_one_cell(tmp_path: Path, here: Known) -> None:
    text = 'depot,position,item,quantity\nAmizmiz,"31°13\'12""N 8°14\'24""O",tent,10\n'
    depot = _take(tmp_path, here, "stock", text)[0].events[0]
    assert isinstance(depot, DepotRegistered)
    assert (depot.lon, depot.lat) == (pytest.approx(-8.24), pytest.approx(31.22))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def test_a_need_runs_out_after_48_hours_and_an_older_report_is_asked_about(
    tmp_path: Path, here: Known
) -> None:
    lines = (
        "place:a,tent,5,2023-09-12T07:00+01:00",
        "place:a,tent,5,2023-09-01",
        "place:a,tent,5,2031-01-01",
        "place:a,tent,5,",
    )
    rows = _take(tmp_path, here, "needs", "\n".join(("place_id,item,quantity,date", *lines)))
    assert [row.report.status for row in rows] == ["accepted", "undecided", "rejected", "accepted"]
    ends = [event.expires_at for row in rows for event in row.events]  # type: ignore[attr-defined]
    assert ends == [datetime(2023, 9, 14, 6, tzinfo=UTC), NOW + timedelta(hours=48)]


def test_a_number_that_reads_two_ways_is_shown_as_repaired_and_half_a_tent_refused(
    tmp_path: Path, here: Known
) -> None:
    lines = ('place:a,tent,"1,200"', "place:a,tent,3.5", "place:a,water_l,3.5")
    rows = _take(tmp_path, here, "needs", "\n".join(("place_id,item,quantity", *lines)))
    assert [row.report.status for row in rows] == ["repaired", "rejected", "accepted"]


def test_a_list_that_goes_by_codes_is_found_again_by_them(tmp_path: Path, here: Known) -> None:
    text = "HLCIT_CODE,name,lon,lat\n524 2 05 29,Taghbart,-8.30,31.02\n524 2 05 29,Tizi,-8.1,31.1\n"
    first, second = _take(tmp_path, here, "places", text)
    assert first.events[0].place_id == "place:524-2-05-29"  # type: ignore[attr-defined]
    assert second.report.status == "undecided"
    assert second.report.problems[0].expected == "a code that no place has yet"
    places = gpd.GeoDataFrame(
        {"place_id": ["place:524-2-05-29"], "name": ["Taghbart"], "commune": [""]},
        geometry=gpd.points_from_xy([-8.3], [31.02]),
        crs="EPSG:4326",
    )
    later = known(places, [], here.items, now=NOW)
    (row,) = _take(tmp_path, later, "needs", "pcode,item,quantity\n524 2 05 29,tent,3\n")
    assert row.report.place_id == "place:524-2-05-29"


def test_namesakes_are_told_apart_by_the_other_rows_of_the_sheet(tmp_path: Path) -> None:
    names = ["Jyamire", "Orang", "Lapilang", "Khokana", "Syaphru", "Timure", "Briddim", "Gumdi"]
    places = gpd.GeoDataFrame(
        {
            "place_id": [f"place:{at}" for at in range(10)],
            "name": [*names, "Manthali", "Jyamire"],
            "commune": "",
        },
        geometry=gpd.points_from_xy([85.0 + 0.01 * at for at in range(9)] + [88.0], [28.0] * 10),
        crs="EPSG:4326",
    )
    items = {"tent": Item(item_id="tent", unit="piece", kg_per_unit=60, m3_per_unit=0.3)}
    head = "code,village,item,quantity\n"
    coded = "".join(f"{at},x,tent,1\n" for at in (6, 7, 8))
    named = "".join(f",{name},tent,1\n" for name in names[:6])
    here = known(places, [], items, now=NOW)
    alone = _take(tmp_path, here, "needs", head + ",Jyamire,tent,1\n")
    assert [row.report.status for row in alone] == ["undecided"]
    rows = _take(tmp_path, known(places, [], items, now=NOW), "needs", head + coded + named)
    assert rows[3].report.place_id == "place:0"
    assert {row.report.status for row in rows} == {"accepted"}
