from dataclasses import replace

import pytest
from shapely.geometry import LineString

from geo.errors import RuleError
from routing.itinerary import LegPath, Turn, itineraries
from tests.routing.exports.valley import (
    AREMD,
    ASNI,
    IMLIL,
    ITEMS,
    ROADHEAD,
    WAYS,
    a_plan,
    an_itinerary,
    position_of,
    way,
)


def test_kilometres_add_up_leg_by_leg_and_the_last_leg_leads_home():
    itinerary = an_itinerary()
    assert [(leg.from_id, leg.to_id, leg.to_stop) for leg in itinerary.legs] == [
        ("depot:asni", "place:imlil", 1),
        ("place:imlil", "place:aremd", 2),
        ("place:aremd", "depot:asni", 0),
    ]
    assert [leg.from_km for leg in itinerary.legs] == [0, 17.0, 18.5]
    assert [stop.km for stop in itinerary.stops] == [17.0, 18.5]
    assert itinerary.length_km == 37.0


def test_turns_name_both_roads_and_skip_what_goes_straight_on():
    """On P2005 through Imlil no turn is due; the convoy starts on R203, which is none either."""
    assert an_itinerary().turns == (
        Turn(km=0.9, leave="R203", enter=""),
        Turn(km=1.5, leave="", enter="P2005"),
        Turn(km=36.1, leave="P2005", enter="R203"),
    )
    assert an_itinerary().legs[0].roads == ("R203", "P2005")


def test_the_last_walk_is_a_piece_of_its_own_only_beyond_fifty_metres():
    imlil, aremd = an_itinerary().stops
    assert imlil.walk is None
    assert aremd.walk.length_m == pytest.approx(446, abs=2)
    assert aremd.walk.walk_s == 420
    assert list(aremd.walk.geometry.coords) == [ROADHEAD, AREMD]
    assert (aremd.road, aremd.position) == (ROADHEAD, AREMD)


def test_without_positions_a_place_lies_where_its_road_ends():
    (itinerary,) = itineraries(a_plan(), way)
    assert [stop.position for stop in itinerary.stops] == [IMLIL, ROADHEAD]
    assert [stop.walk for stop in itinerary.stops] == [None, None]


def test_what_is_handed_out_has_unit_weight_and_volume():
    tent, water = an_itinerary().stops[0].hand_out
    assert (tent.item_id, tent.quantity, tent.unit, tent.kg) == ("tent", 12, "piece", 600)
    assert (water.item_id, water.unit, water.m3) == ("water_l", "l", pytest.approx(0.0605))


def test_an_unknown_item_is_handed_out_without_weight():
    (itinerary,) = itineraries(a_plan(), way, position_of=position_of, items=ITEMS[1:])
    assert itinerary.stops[0].hand_out[0].kg == 0


def test_bounds_hold_roads_walks_and_places():
    assert an_itinerary().start == ASNI
    assert an_itinerary().bounds == (ASNI[0], AREMD[1], ROADHEAD[0], ASNI[1])


def test_a_plan_without_convoys_has_no_itinerary():
    assert itineraries(replace(a_plan(), convoys=()), way) == []


@pytest.mark.parametrize(
    "line",
    [LineString(), LineString([(0, 0), (200, 31)]), LineString([(31, -99), (0, 0)])],
)
def test_a_leg_without_a_usable_line_is_refused_by_name(line):
    broken = LegPath(geometry=line, length_m=1.0, travel_time_s=1.0)

    def leg_path(vehicle_class, from_id, to_id):
        return broken if to_id == "place:aremd" else WAYS[from_id, to_id]

    with pytest.raises(RuleError, match="way from place:imlil to place:aremd"):
        itineraries(a_plan(), leg_path)


def test_a_stop_beside_the_depot_is_a_leg_of_no_length():
    here = LegPath(geometry=LineString([ASNI, ASNI]), length_m=0.0, travel_time_s=0.0)
    (itinerary,) = itineraries(a_plan(), lambda *_: here)
    assert itinerary.length_km == 0
