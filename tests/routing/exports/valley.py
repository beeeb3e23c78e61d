"""One convoy up a valley, by hand: depot, two stops (one with a walk), and home again."""

from datetime import UTC, datetime, timedelta

from shapely.geometry import LineString

from geo.model import Item
from routing.itinerary import LegPath, itineraries
from routing.plan import Convoy, Plan, Score, Stop

DEPARTS = datetime(2023, 9, 9, 6, 30, tzinfo=UTC)
NOTICE = "drill: places real; roads schematic; damage, needs, stock and people simulated"
ASNI, IMLIL, AREMD = (-7.98, 31.25), (-7.92, 31.137), (-7.9205, 31.126)
ROADHEAD = (-7.9200, 31.130)  # some 440 m below Aremd
ITEMS = (
    Item(item_id="tent", unit="piece", kg_per_unit=50.0, m3_per_unit=0.2),
    Item(item_id="water_l", unit="l", kg_per_unit=1.0, m3_per_unit=0.001),
)
WAYS = {
    ("depot:asni", "place:imlil"): LegPath(
        geometry=LineString([(*ASNI, 1150), (-7.95, 31.2, 1400), (*IMLIL, 1740)]),
        length_m=17_000.0,
        travel_time_s=2040.0,
        roads=(("R203", 0.0), ("", 900.0), ("P2005", 1500.0)),
    ),
    ("place:imlil", "place:aremd"): LegPath(
        geometry=LineString([IMLIL, ROADHEAD]), length_m=1500.0, travel_time_s=600.0,
        roads=(("P2005", 0.0),),
    ),
    ("place:aremd", "depot:asni"): LegPath(
        geometry=LineString([ROADHEAD, IMLIL, ASNI]), length_m=18_500.0, travel_time_s=2600.0,
        roads=(("P2005", 0.0), ("R203", 17_600.0)),
    ),
}  # fmt: skip
NAMES = {
    "depot:asni": "Asni",
    "place:imlil": "Imlil إمليل",
    "place:aremd": "Aremd",
    "tent": "tents",
    "water_l": "water",
}


def a_plan(**names):
    """Plan of one convoy; ids may be swapped for hostile ones through `names`."""
    convoy = Convoy(
        convoy_id=names.get("convoy_id", "convoy:0a1b2c3d-001"),
        vehicle_id="vehicle:7",
        vehicle_name=names.get("vehicle_name", "Toyota 4x4"),
        vehicle_class="pickup",
        depot_id="depot:asni",
        trip=1,
        departs_at=DEPARTS,
        returns_at=DEPARTS + timedelta(seconds=8000),
        stops=(
            stop("place:imlil", 2040, {"tent": 12.0, "water_l": 60.5}),
            stop("place:aremd", 4200, {"tent": 3.0}, walk_s=420),
        ),
        length_m=37_000.0,
        duration_s=8000.0,
        load_kg=810.5,
        load_m3=3.0605,
    )
    return Plan(
        plan_id="plan:0a1b2c3d",
        seed=1,
        departs_at=DEPARTS,
        convoys=(convoy,),
        unserved=(),
        score=Score(weighted_arrival=1.0, served_share=1.0, worst_commune_share=1.0),
    )


def stop(place_id, at_road_s, deliver, walk_s=0):
    at_road = DEPARTS + timedelta(seconds=at_road_s)
    return Stop(
        place_id=place_id,
        at_road_at=at_road,
        arrives_at=at_road + timedelta(seconds=walk_s),
        leaves_at=at_road + timedelta(seconds=1200 + 2 * walk_s),
        deliver=deliver,
        walk_s=walk_s,
    )


def way(_vehicle_class, from_id, to_id):
    return WAYS[from_id, to_id]


def position_of(place_id):
    return {"place:imlil": IMLIL, "place:aremd": AREMD}[place_id]


def an_itinerary(**names):
    """The convoy on the ground."""
    (only,) = itineraries(a_plan(**names), way, position_of=position_of, items=ITEMS)
    return only
