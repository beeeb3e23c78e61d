"""Places behind a roadhead: teams given out, loads cut, plans that the checker accepts."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from geo.errors import SchemaError
from routing.check import check
from routing.explain import explain_needs
from routing.hours import Daylight
from routing.plan import plan_from_dict, plan_to_dict
from routing.problem import Demand
from routing.problem_document import digest, from_json, to_json
from routing.relay_legs import RelayLeg, services_of
from routing.solve import solve
from tests.routing.instances import (
    HOUR,
    matrix_on_a_line,
    problem_on_a_line,
    vehicle,
    wild_problems,
)


def leg(**changes):
    """From a roadhead at km 20 one hour on foot to place:b; half an hour to change loads."""
    values = {
        "place_id": "place:b",
        "roadhead": "Ijoukak",
        "lon": -8.15,
        "lat": 31.0,
        "givers": ("pickup",),
        "taker": "mule",
        "handling_s": 1800.0,
        "travel_time_s": HOUR,
        "length_m": 4000.0,
        "ready_s": {"depot:a": 0.0},
    }
    return RelayLeg(**(values | changes))


def mule(name="vehicle:m1", **changes):
    values = {"vehicle_class": "mule", "capacity_kg": 400.0, "capacity_m3": 2.0}
    return vehicle(name, **(values | changes))


def behind_a_roadhead(**changes):
    """A pickup and a mule team; 10 tents of 50 kg for place:b, a team takes 8."""
    values = {
        "vehicles": (vehicle(), mule()),
        "needs": (Demand(place_id="place:b", item_id="tent", quantity=10, commune="south"),),
        "matrices": {
            "pickup": matrix_on_a_line([0, 10, 20]),
            "mule": matrix_on_a_line([0, 10, 20], kmh=5.0, apart=[2]),
        },
        "relays": (leg(),),
    }
    return problem_on_a_line(**(values | changes))


def plan_of(problem, **options):
    plan = solve(problem, **({"iterations": 100} | options))
    assert check(problem, plan) == []
    return plan


def stops(plan):
    return [stop for convoy in plan.convoys for stop in convoy.stops]


def test_a_team_carries_on_from_the_roadhead_and_comes_back_for_the_rest():
    # 20 min out; two carries: half an hour and an hour each, and an hour back in between.
    plan = plan_of(behind_a_roadhead())
    (stop,) = stops(plan)
    assert stop.deliver == {"tent": 10}
    assert (stop.relay.roadhead, stop.relay.teams, stop.relay.carries) == (
        "Ijoukak",
        ("vehicle:m1",),
        2,
    )
    assert stop.at_road_at - plan.departs_at == timedelta(minutes=20)
    assert stop.arrives_at - stop.at_road_at == timedelta(hours=4)
    # The pickup does not wait for the mules: 10 min and a second a kilogram.
    assert stop.leaves_at - stop.at_road_at == timedelta(seconds=600 + 500)
    assert {convoy.vehicle_id for convoy in plan.convoys} == {"vehicle:a"}
    assert plan.unserved == ()


def test_other_classes_of_the_fleet_do_not_shut_the_roadhead():
    # A truck drives to place:a only; its longer delay must not count for the pickup's loads.
    problem = behind_a_roadhead(
        vehicles=(vehicle(), vehicle("vehicle:t", vehicle_class="truck"), mule()),
        needs=(
            Demand(place_id="place:a", item_id="tent", quantity=4, commune="north"),
            Demand(place_id="place:b", item_id="tent", quantity=10, commune="south"),
        ),
        matrices={
            "pickup": matrix_on_a_line([0, 10, 20]),
            "truck": matrix_on_a_line([0, 10, 20], walk_s=600.0),
            "mule": matrix_on_a_line([0, 10, 20], apart=[2]),
        },
    )
    plan = plan_of(problem)
    assert plan.unserved == ()
    assert {stop.relay is not None for stop in stops(plan)} == {True, False}


def test_with_two_teams_nobody_goes_twice():
    plan = plan_of(behind_a_roadhead(vehicles=(vehicle(), mule(), mule("vehicle:m2"))))
    arrivals = {stop.arrives_at - stop.at_road_at for stop in stops(plan)}
    assert sum(stop.deliver["tent"] for stop in stops(plan)) == 10
    assert max(arrivals) <= timedelta(hours=4)


def test_what_teams_cannot_carry_today_is_named():
    needs = (Demand(place_id="place:b", item_id="tent", quantity=80, commune="south"),)
    plan = plan_of(behind_a_roadhead(needs=needs))
    (row,) = plan.unserved
    assert row.code == "no_relay_team"
    # Ten hours: 20 min, then 1.5 h and 2.5 h each; the fourth is there after 9 h 20 min.
    assert row.quantity == 80 - 3 * 8
    assert row.reason == (
        "by relay only: mule teams from Ijoukak: 10 loads needed for this alone, "
        "3 possible today (1 of 1 teams)"
    )


def test_without_teams_or_with_teams_too_far_nothing_goes_to_the_roadhead():
    none = plan_of(behind_a_roadhead(vehicles=(vehicle(),)))
    assert stops(none) == []
    assert none.unserved[0].reason.endswith("and the fleet has none")
    far = plan_of(behind_a_roadhead(relays=(leg(ready_s={}),)))
    assert stops(far) == []
    assert "none of the 1 teams can be there" in far.unserved[0].reason


def test_a_load_waits_at_the_roadhead_for_a_team_that_is_still_on_its_way():
    plan = plan_of(behind_a_roadhead(relays=(leg(ready_s={"depot:a": 2 * HOUR}),)))
    (first, *_) = stops(plan)
    assert first.arrives_at - plan.departs_at >= timedelta(hours=3.5)


def test_mules_are_back_before_dark():
    light = Daylight(begins_s=0.0, ends_s=3 * HOUR, classes=("pickup", "mule"))
    (stop,) = stops(plan_of(behind_a_roadhead(daylight=light)))
    assert stop.relay.carries == 1
    assert stop.deliver == {"tent": 8}
    night = replace(light, ends_s=2 * HOUR)
    plan = plan_of(behind_a_roadhead(daylight=night))
    assert [row.code for row in plan.unserved] == ["no_relay_team"]


def test_the_cost_objective_leaves_relays_to_the_other_one_and_says_why():
    plan = plan_of(behind_a_roadhead(), objective="cost")
    assert [row.code for row in plan.unserved] == ["no_relay_team"]


def test_teams_go_where_they_bring_the_most():
    problem = behind_a_roadhead(
        needs=(
            Demand(place_id="place:a", item_id="tent", quantity=8, weight=1.0),
            Demand(place_id="place:b", item_id="tent", quantity=8, weight=5.0),
        ),
        matrices={
            "pickup": matrix_on_a_line([0, 10, 20]),
            "mule": matrix_on_a_line([0, 10, 20], apart=[1, 2]),
        },
        relays=(leg(), leg(place_id="place:a")),
    )
    services = services_of(problem)
    assert [problem.places[place] for place in services] == ["place:b"]
    kept = services_of(problem, {"place:a": (("vehicle:m1",), 1)})
    assert [problem.places[place] for place in kept] == ["place:a"]


def test_a_relay_survives_json_in_the_problem_and_in_the_plan():
    problem = behind_a_roadhead()
    assert digest(from_json(to_json(problem))) == digest(problem)
    plan = plan_of(problem)
    document = json.loads(json.dumps(plan_to_dict(plan)))
    assert document["convoys"][0]["stops"][0]["relay"]["class"] == "mule"
    assert plan_from_dict(document) == plan


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (lambda r: replace(r, teams=("vehicle:z",)), "vehicle:z is no mule of the fleet"),
        (lambda r: replace(r, carries=1), "2 loads to carry on, 1 teams carry 1 each"),
        (lambda r: replace(r, teams=()), "a relay without a carry, a team"),
        (lambda r: replace(r, vehicle_class="foot"), "with another class"),
        (lambda r: replace(r, carries=9), "is carried to the place after"),
        (lambda r: None, "through a roadhead without a relay"),
    ],
)
def test_the_checker_sees_a_relay_that_does_not_hold(changed, words):
    problem = behind_a_roadhead()
    plan = plan_of(problem)
    (convoy,) = plan.convoys
    (stop,) = convoy.stops
    spoilt = replace(convoy, stops=(replace(stop, relay=changed(stop.relay)),))
    assert words in " | ".join(check(problem, replace(plan, convoys=(spoilt,))))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"relays": (leg(ready_s={"depot:a": 8 * HOUR}),)}, "is carried to the place after"),
        ({"relays": (leg(ready_s={}),)}, "cannot be at the roadhead"),
        ({"relays": ()}, "is relayed, but no relay leads there"),
        (
            {"daylight": Daylight(begins_s=0.0, ends_s=2 * HOUR, classes=("mule",))},
            "is back after its shift, or after dark",
        ),
        ({"vehicles": (vehicle(), mule(shift_s=2 * 3600))}, "is back after its shift"),
    ],
)
def test_the_checker_sees_teams_that_cannot_be_there(changes, words):
    problem = behind_a_roadhead()
    plan = plan_of(problem)
    assert words in " | ".join(check(replace(problem, **changes), plan))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (leg(place_id="place:z"), "a known place is needed"),
        (leg(givers=()), "classes other than the one that carries on"),
        (leg(taker="pickup"), "classes other than the one that carries on"),
        (leg(travel_time_s=float("nan")), "0 or more is needed"),
        (leg(ready_s={"depot:z": 0.0}), "a known depot is needed"),
        (leg(lon=999.0), "degrees are needed"),
    ],
)
def test_relays_that_cannot_be_are_refused(wrong, words):
    with pytest.raises(SchemaError) as error:
        behind_a_roadhead(relays=(wrong,))
    assert words in error.value.problems[0].expected


@settings(max_examples=60)
@given(wild_problems(timed=True, relayed=True))
def test_whatever_the_relays_the_plan_holds(problem):
    plan = plan_of(problem, iterations=20)
    more = replace(
        problem,
        stock=tuple(replace(line, quantity=line.quantity + 9) for line in problem.stock),
        vehicles=(
            *problem.vehicles,
            *(replace(one, vehicle_id="vehicle:zz") for one in problem.vehicles[:1]),
        ),
    )
    again = plan_of(more, iterations=20, start=plan)
    assert again.score.deprivation <= plan.score.deprivation * (1 + 1e-9) + 1e-6


def test_the_walk_of_a_giver_to_the_roadhead_counts_before_teams_are_given_out():
    # Carries of 90 min, and 60 min back between two: six take 9 + 5 h, which a day has.
    problem = behind_a_roadhead(vehicles=(vehicle(shift_s=20 * 3600), mule(shift_s=16 * 3600)))
    (service,) = services_of(problem).values()
    walked = {
        "pickup": matrix_on_a_line([0, 10, 20], walk_s=3 * HOUR),
        "mule": matrix_on_a_line([0, 10, 20], kmh=5.0, apart=[2]),
    }
    far = replace(problem, matrices=walked, needs=(replace(problem.needs[0], quantity=48),))
    (later,) = services_of(far).values()
    ends_s = service.closes_s
    # Whatever is promised, the first vehicle can still be there in time.
    assert later.opens_s <= ends_s
    assert 20 * 60 + later.delay_s <= later.closes_s
    assert plan_of(far).convoys[0].stops[0].relay.carries == later.carries


def test_a_team_to_which_nobody_brings_anything_drives_for_itself():
    # The only pickup has no time for the roadhead; the mules have a road to place:a.
    problem = behind_a_roadhead(
        vehicles=(vehicle(shift_s=45 * 60), mule()),
        needs=(
            Demand(place_id="place:a", item_id="tent", quantity=6, weight=0.1, commune="north"),
            Demand(place_id="place:b", item_id="tent", quantity=8, weight=9.0, commune="south"),
        ),
        matrices={
            "pickup": matrix_on_a_line([0, 100, 20]),
            "mule": matrix_on_a_line([0, 2, 20], kmh=5.0, apart=[2]),
        },
    )
    assert services_of(problem)  # the teams were meant for place:b
    plan = plan_of(problem)
    assert [(one.vehicle_id, one.load_kg) for one in plan.convoys] == [("vehicle:m1", 300)]
    (row,) = plan.unserved
    assert (row.place_id, row.quantity) == ("place:b", 8)
    (why,) = explain_needs(problem, plan)
    assert why.relay is not None
    assert (why.relay.elsewhere, why.relay.serving) == (0, 0)
