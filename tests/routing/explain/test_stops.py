"""Why a stop comes when it does: the other order is worked out, not claimed."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings

from routing.explain import explain_stops
from routing.explain.words import Speech, stop_row
from routing.fleet import fleet_of
from routing.problem import Demand
from routing.solve import plan_of_days
from tests.routing.instances import SIX_OCLOCK, problem_on_a_line, vehicle, wild_problems


def stops_of(problem):
    plan = plan_of_days(fleet_of(problem), {})
    return plan, explain_stops(problem, plan)


def test_the_other_order_says_who_would_wait_how_long_and_what_it_would_cost():
    plan, whys = stops_of(problem_on_a_line())
    (convoy,) = plan.convoys
    first, second = whys[convoy.convoy_id]
    assert [stop.place_id for stop in convoy.stops] == ["place:a", "place:b"]
    # a at minute 10; b: 10 + 18:20 at a + 10. The other way: b at 20, a at 20 + 18:20 + 10.
    assert first.before is not None
    assert first.before.other == "place:b"
    assert (first.before.own_s, first.before.other_s) == (2300, -1100)
    assert first.before.worse == (10 * 2300 - 10 * 1100) / 3600
    assert first.before.holds
    assert first.before.longer_s == 0
    assert second.before is None
    assert second.after is not None
    assert (second.after.other, second.after.own_s) == ("place:a", -1100)
    assert (first.number, first.of_stops, second.number) == (1, 2, 2)
    assert first.earliest_at == SIX_OCLOCK + timedelta(minutes=10) == first.arrives_at
    assert second.earliest_at == SIX_OCLOCK + timedelta(minutes=20)
    assert (first.value, first.value_share) == (10, 0.5)
    text = stop_row(first, Speech())["text"]
    assert "no vehicle could be here earlier" in text
    assert "39 min later" in text


def test_trips_change_places_as_a_whole():
    problem = problem_on_a_line(
        vehicles=(vehicle(capacity_kg=500.0),),
        needs=(
            Demand(place_id="place:a", item_id="tent", quantity=10),
            Demand(place_id="place:b", item_id="tent", quantity=10, weight=5.0),
        ),
    )
    plan, whys = stops_of(problem)
    first, second = plan.convoys
    assert [one.stops[0].place_id for one in (first, second)] == ["place:b", "place:a"]
    swap = whys[first.convoy_id][0].before
    assert swap is not None
    assert (swap.trips, swap.other) == (True, "place:a")
    # a's trip takes 20 min and 18:20, and 20 min of loading come after it.
    assert swap.own_s == 1200 + 1100 + 1200
    assert swap.worse > 0


def test_kept_convoys_say_that_they_are_kept():
    problem = problem_on_a_line()
    plan = plan_of_days(fleet_of(problem), {})
    kept = replace(plan, convoys=(replace(plan.convoys[0], kept="on_the_road"),))
    (why, _) = explain_stops(problem, kept)[plan.convoys[0].convoy_id]
    assert why.kept == "on_the_road"
    assert "on the road" in stop_row(why, Speech())["text"]


@settings(max_examples=30, deadline=None)
@given(problem=wild_problems(timed=True, relayed=True))
def test_every_stop_of_every_plan_has_an_explanation(problem):
    plan, whys = stops_of(problem)
    for convoy in plan.convoys:
        for stop, why in zip(convoy.stops, whys[convoy.convoy_id], strict=True):
            assert why.arrives_at == stop.arrives_at
            assert why.earliest_at is not None
            assert why.earliest_at <= stop.arrives_at
            assert stop_row(why, Speech())["text"]
