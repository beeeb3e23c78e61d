from dataclasses import replace
from datetime import timedelta

import pytest

from geo.model import StockLine
from routing.check import check
from routing.problem import Demand
from routing.solve import solve
from tests.routing.instances import WATER, matrix_on_a_line, problem_on_a_line, vehicle

MINUTE = timedelta(minutes=1)


def problem():
    """Two trips of one pickup (20 tents each), 10 tents unserved."""
    return problem_on_a_line(
        needs=(
            Demand(place_id="place:a", item_id="tent", quantity=20, commune="north"),
            Demand(place_id="place:b", item_id="tent", quantity=30, commune="south"),
        ),
        vehicles=(vehicle(shift_s=10_000),),
    )


def plan():
    return solve(problem(), iterations=50)


def with_convoy(changed, number=0):
    """Give the plan with `changed(convoy)` in place of one convoy."""
    good = plan()
    convoys = list(good.convoys)
    convoys[number] = changed(convoys[number])
    return replace(good, convoys=tuple(convoys))


def with_stop(**changes):
    return with_convoy(lambda convoy: replace(convoy, stops=(replace(convoy.stops[0], **changes),)))


def test_a_good_plan_has_nothing_to_say_about():
    assert len(plan().convoys) == 2
    assert plan().unserved
    assert check(problem(), plan()) == []


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        (lambda: with_convoy(lambda c: replace(c, vehicle_id="vehicle:z")), "does not exist"),
        (lambda: with_convoy(lambda c: replace(c, depot_id="depot:z")), "its vehicle is at"),
        (lambda: with_convoy(lambda c: replace(c, vehicle_class="mule")), "its vehicle is pickup"),
        (lambda: with_convoy(lambda c: replace(c, stops=())), "has no stop"),
        (lambda: with_convoy(lambda c: replace(c, length_m=1.0)), "says 1 m, its legs add up"),
        (lambda: with_convoy(lambda c: replace(c, duration_s=1.0)), "says 1 s, departure to"),
        (lambda: with_convoy(lambda c: replace(c, load_kg=900.0)), "says 900 kg, carries 1000 kg"),
        (lambda: with_convoy(lambda c: replace(c, trip=2)), "not counted 1, 2, 3"),
        (
            lambda: with_convoy(lambda c: replace(c, convoy_id=plan().convoys[1].convoy_id)),
            "2 times",
        ),
        (lambda: with_stop(place_id="place:z"), "stops at place:z, which does not exist"),
        (lambda: with_stop(deliver={}), "hands out nothing"),
        (lambda: with_stop(deliver={"yurt": 1.0}), "hands out yurt, which does not exist"),
        (lambda: with_stop(deliver={"tent": 20.5}), "20.5 tent cannot be parted"),
        (lambda: with_stop(deliver={"tent": -1.0}), "-1 tent is no quantity"),
        (lambda: with_stop(deliver={"tent": 21.0}), "carries 1050 kg, vehicle:a takes 1000 kg"),
        (lambda: with_stop(deliver={"tent": 10.0}), "10 delivered + 0 unserved"),
        (lambda: with_stop(walk_s=500.0), "says a walk of 500 s, it takes 0 s"),
        (lambda: with_stop(load_m3=9.0), "says 9 m³, hands out 4 m³"),
        (
            lambda: with_stop(at_road_at=plan().departs_at + MINUTE),
            "reaches the road after 60 s, that takes 600 s",
        ),
        (
            lambda: with_stop(arrives_at=plan().convoys[0].stops[0].arrives_at + MINUTE),
            "walks to the place after 60 s, 0 s are enough",
        ),
        (lambda: with_stop(leaves_at=plan().departs_at + 11 * MINUTE), "leaves after 60 s, that"),
        (lambda: replace(plan(), unserved=()), "20 delivered + 0 unserved = 20, needed 30"),
        (
            lambda: replace(plan(), unserved=(replace(plan().unserved[0], reason=" "),)),
            "unserved without a reason",
        ),
        (
            lambda: replace(plan(), unserved=(*plan().unserved, replace(plan().unserved[0],
                item_id="water_l"))),
            "unserved, but nobody needs it",
        ),
        (
            lambda: replace(plan(), score=replace(plan().score, served_share=0.99)),
            "served_share is 0.99, the convoys give 0.8",
        ),
        (
            lambda: replace(plan(), score=replace(plan().score, weighted_arrival=0.0)),
            "weighted_arrival is 0",
        ),
        (
            lambda: replace(plan(), score=replace(plan().score, worst_commune_share=0.9)),
            "worst_commune_share is 0.9",
        ),
    ],
)  # fmt: skip
def test_each_violation_is_found_and_said_plainly(spoilt, words):
    found = check(problem(), spoilt())
    assert any(words in line for line in found), found


def moved(number, by):
    """One convoy with its whole timetable shifted."""

    def shift(convoy):
        return replace(
            convoy,
            departs_at=convoy.departs_at + by,
            returns_at=convoy.returns_at + by,
            stops=tuple(
                replace(
                    stop,
                    at_road_at=stop.at_road_at + by,
                    arrives_at=stop.arrives_at + by,
                    leaves_at=stop.leaves_at + by,
                )
                for stop in convoy.stops
            ),
        )

    return with_convoy(shift, number)


def test_a_vehicle_in_two_places_is_found():
    found = check(problem(), moved(1, -20 * MINUTE))
    assert any("departs before" in line and "is back and loaded again" in line for line in found)


def test_a_return_after_the_shift_is_found():
    found = check(problem(), moved(1, 120 * MINUTE))
    assert any("is back after the shift of vehicle:a has ended" in line for line in found)


def test_a_departure_before_the_plan_is_found():
    found = check(problem(), moved(0, -60 * MINUTE))
    assert any("departs before the plan begins" in line for line in found)


def test_more_trips_than_allowed_are_found():
    found = check(replace(problem(), max_trips=1), plan())
    assert "vehicle:a: 2 trips, 1 are allowed" in found


def test_a_depot_that_gives_what_it_has_not_is_found():
    poor = replace(problem(), stock=(StockLine(depot_id="depot:a", item_id="tent", quantity=39),))
    assert "depot:a sends 40 tent, it holds 39" in check(poor, plan())


def test_a_road_that_is_not_there_is_found():
    cut = replace(problem(), matrices={"pickup": matrix_on_a_line([0, 10, 20], apart=[2])})
    found = check(cut, plan())
    assert any("no road for pickup to place:b" in line for line in found)


def test_too_much_for_a_place_is_found():
    modest = replace(
        problem(), needs=(Demand(place_id="place:a", item_id="tent", quantity=3, commune="n"),)
    )
    found = check(modest, plan())
    assert "place:a gets 20 tent, it needs 3" in found
    assert "place:b gets 20 tent, it needs 0" in found


def test_litres_may_be_parted():
    wet = problem_on_a_line(
        items=(WATER,),
        stock=(StockLine(depot_id="depot:a", item_id="water_l", quantity=0.75),),
        needs=(Demand(place_id="place:a", item_id="water_l", quantity=0.75),),
    )
    assert check(wet, solve(wet, iterations=10)) == []
