"""Units of the census: codes by name where one commune bears it, names by code, 2014 and 2024."""

from __future__ import annotations

import geopandas as gpd
from shapely.geometry import Point

from data.sources.hcp_units import codes_of_2014, communes, same_commune, stamp_units


def _stamped(code: str, commune: str, lon: float = -8.2, lat: float = 31.0) -> dict[str, str]:
    frame = gpd.GeoDataFrame(
        {"place_id": ["place:x"], "commune_code": [code], "commune": [commune]},
        geometry=[Point(lon, lat)],
        crs="EPSG:4326",
    )
    return dict(stamp_units(frame).iloc[0].drop("geometry"))


def test_a_code_gives_names_and_province() -> None:
    place = _stamped("07.041.01.03", "")
    assert (place["commune"], place["commune_ar"]) == ("Amizmiz", "أمزميز")
    assert place["province"] == communes().loc["07.041.01.03", "province"] == "Al Haouz"


def test_a_name_in_either_script_gives_the_code_and_a_written_name_stands() -> None:
    for written in ("amizmiz", "AMIZMIZ", "أمزميز"):
        place = _stamped("", written)
        assert (place["commune_code"], place["commune"]) == ("07.041.01.03", written)


def test_a_name_of_several_communes_and_names_elsewhere_stay_without_code() -> None:
    names = communes()["name_fr"]
    doubled = names[names.duplicated()].iloc[0]
    assert _stamped("", doubled)["commune_code"] == ""
    assert _stamped("", "Amizmiz", lon=85.3, lat=27.7)["commune_code"] == ""


def test_unknown_communes_are_counted() -> None:
    frame = gpd.GeoDataFrame(
        {"place_id": ["place:x"], "commune_code": [""], "commune": ["Nulle Part"]},
        geometry=[Point(-8.2, 31.0)],
        crs="EPSG:4326",
    )
    assert stamp_units(frame).attrs["unknown_communes"] == {"Nulle Part": 1}


def test_the_codes_of_2014_and_2024_mean_one_commune() -> None:
    old, new = next(iter(codes_of_2014().items()))
    assert same_commune(old, new)
    assert not same_commune(old, "07.041.01.03")
    unused = next(one for one in codes_of_2014() if one not in communes().index)
    later = codes_of_2014()[unused]
    assert _stamped(unused, "")["commune"] == communes().loc[later, "name_fr"]
