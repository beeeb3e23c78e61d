from dataclasses import replace

from hypothesis import event, given, settings
from hypothesis import strategies as st

from geo.model import StockLine
from routing.check import check
from routing.drivers import most_useful
from routing.fleet import MICRO, fleet_of
from routing.hours import Window
from routing.problem import Demand
from routing.schedule import Trip, make_halt, used_s
from routing.score import score
from routing.solve import plan_of_days, solve
from routing.stop_loads import dealt_anew
from routing.stowing import left_over
from routing.timetable import convoys_of, days_of
from tests.routing.instances import problem_on_a_line, vehicle, wild_problems


def a_trip(fleet, amounts):
    """One trip of the only vehicle over places 0, 1, … with tents for each."""
    halts = [make_halt(fleet, at, {0: tents * MICRO}) for at, tents in enumerate(amounts)]
    return {0: (Trip(0, fleet.groups[0].profile, tuple(halts)),)}


def tents_of(days):
    return [halt.amounts.get(0, 0) / MICRO for trip in days[0] for halt in trip.halts]


def two_villages(*, weights, stock, whole=False, **changes):
    names = ("place:a", "place:b")
    communes = ("north", "south")
    return problem_on_a_line(
        needs=tuple(
            Demand(
                place_id=name, item_id="tent", quantity=10, weight=weight, commune=commune,
                whole=whole,
            )
            for name, weight, commune in zip(names, weights, communes, strict=True)
        ),
        stock=(StockLine(depot_id="depot:a", item_id="tent", quantity=stock),),
        vehicles=(vehicle(capacity_kg=5000.0, shift_s=6 * 3600),),
        **changes,
    )  # fmt: skip


def test_scarce_tents_go_where_they_count_most():
    """12 tents, 6 to each; the second village is twice as urgent: it gets 10, the first 2."""
    fleet = fleet_of(two_villages(weights=(1.0, 2.0), stock=12))
    dealt = dealt_anew(fleet, a_trip(fleet, (6, 6)), fairness=0.0)
    assert tents_of(dealt) == [2.0, 10.0]


def test_a_stop_that_gets_nothing_is_left_out():
    fleet = fleet_of(two_villages(weights=(1.0, 2.0), stock=10))
    dealt = dealt_anew(fleet, a_trip(fleet, (5, 5)), fairness=0.0)
    assert [(halt.place, halt.kg) for halt in dealt[0][0].halts] == [(1, 500.0)]


def test_with_fairness_no_commune_is_left_without():
    """What the urgent village gains is less than what the other commune loses."""
    fleet = fleet_of(two_villages(weights=(1.0, 1.2), stock=10))
    without = dealt_anew(fleet, a_trip(fleet, (5, 5)), fairness=0.0)
    assert tents_of(without) == [10.0]
    assert min(tents_of(dealt_anew(fleet, a_trip(fleet, (5, 5)), fairness=0.9))) >= 4


def test_what_must_stay_whole_is_not_parted():
    fleet = fleet_of(two_villages(weights=(1.0, 2.0), stock=15, whole=True))
    days = a_trip(fleet, (10, 0))
    assert dealt_anew(fleet, days, fairness=0.0) == days


def test_handing_out_more_keeps_the_shift():
    """Room for both, but 1 s a kilogram: out 20 min, back 20 min, 10 min a halt, 17 min to give."""
    problem = two_villages(weights=(1.0, 1.0), stock=20)
    problem = replace(problem, vehicles=(replace(problem.vehicles[0], shift_s=60 * 60 + 1000),))
    fleet = fleet_of(problem)
    days = a_trip(fleet, (5, 5))
    dealt = dealt_anew(fleet, days, fairness=0.0)
    assert sum(tents_of(dealt)) in (19, 20)  # each halt is rounded up by itself
    assert used_s(fleet, dealt[0]) <= 60 * 60 + 1000


def test_nobody_comes_after_the_place_has_closed():
    """The second village closes 30 s after one is there: no tent (50 s) more at the first."""
    problem = two_villages(weights=(5.0, 1.0), stock=20)
    fleet = fleet_of(problem)
    arrives_s = 20 * 60 + 600 + 5 * 50
    closing = replace(problem, windows={"place:b": Window(latest_s=arrives_s + 30.0)})
    dealt = dealt_anew(fleet_of(closing), a_trip(fleet, (5, 5)), fairness=0.0)
    assert tents_of(dealt) == [5.0, 10.0]
    assert tents_of(dealt_anew(fleet, a_trip(fleet, (5, 5)), fairness=0.0)) == [10.0, 10.0]


def test_those_who_travel_together_get_no_piece_that_fits_none_of_them():
    """70 kg and 80 kg take one tent each, of 50 kg: not three, for all that 150 kg would."""
    pair = (
        vehicle("vehicle:a", capacity_kg=80.0, together="x"),
        vehicle("vehicle:b", capacity_kg=70.0, together="x"),
    )
    problem = replace(two_villages(weights=(1.0, 1.0), stock=20), vehicles=pair)
    fleet = fleet_of(problem)
    days = a_trip(fleet, (1, 1))
    assert tents_of(dealt_anew(fleet, days, fairness=0.0)) == [1.0, 1.0]
    roomy = replace(problem, vehicles=(replace(pair[0], capacity_kg=100.0), pair[1]))
    assert sum(tents_of(dealt_anew(fleet_of(roomy), days, fairness=0.0))) == 3.0


def test_more_hands_give_out_more_within_the_shift():
    """1000 s are left for handing out: 10 tents a thousand seconds for two, 20 for four."""
    problem = two_villages(weights=(1.0, 1.0), stock=20)
    crewed = replace(problem.vehicles[0], shift_s=60 * 60 + 500, crew=4)
    fleet = fleet_of(replace(problem, vehicles=(crewed,)))
    dealt = dealt_anew(fleet, a_trip(fleet, (5, 5)), fairness=0.0)
    assert sum(tents_of(dealt)) in (19, 20)
    assert used_s(fleet, dealt[0]) <= 60 * 60 + 500


def half_of(fleet, days):
    """The same trips with half of what they bring, but for relays and what must stay whole."""

    def half(halt):
        if halt.place in fleet.services:
            return halt
        portions = {item: int(fleet.portion[item]) for item in halt.amounts}
        amounts = {
            item: n
            if fleet.whole[halt.place, item]
            else max(n // 2 // portions[item], 1) * portions[item]
            for item, n in halt.amounts.items()
        }
        return make_halt(
            fleet, halt.place, {i: min(n, halt.amounts[i]) for i, n in amounts.items()}
        )

    return {
        v: tuple(replace(trip, halts=tuple(map(half, trip.halts))) for trip in trips)
        for v, trips in days.items()
    }


@settings(max_examples=25, deadline=None)
@given(
    st.one_of(wild_problems(timed=True, relayed=True), wild_problems(accompanied=True)),
    st.sampled_from([0.0, 0.5]),
)
def test_whatever_is_dealt_out_anew_keeps_every_rule(problem, fairness):
    plan = solve(problem, iterations=5, fairness=fairness)
    fleet = fleet_of(problem, first=most_useful(problem, plan))
    days = half_of(fleet, days_of(fleet, plan))
    dealt = dealt_anew(fleet, days, fairness=fairness)
    assert check(fleet.problem, plan_of_days(fleet, dealt, fairness=fairness)) == []
    if dealt != days:
        for vehicle, rooms in fleet.rooms.items():
            assert not any(left_over(fleet, trip, rooms) for trip in dealt.get(vehicle, ()))
        before, after = (
            score(fleet.problem, convoys_of(fleet, each), fairness=0.0).served_share
            for each in (days, dealt)
        )
        event(f"more is served: {after > before}")
