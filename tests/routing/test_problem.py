import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given

from geo.errors import SchemaError, UnreadableError
from geo.model import Need, StockLine
from routing.problem import (
    ClassMatrix,
    Demand,
    Problem,
    demands_from_needs,
)
from routing.problem_document import digest, from_json, to_json
from tests.routing.instances import (
    SIX_OCLOCK,
    TENT,
    WATER,
    matrix_on_a_line,
    problem_on_a_line,
    vehicle,
    wild_problems,
)


def problems_of(**changes):
    with pytest.raises(SchemaError) as raised:
        problem_on_a_line(**changes)
    return raised.value.problems


def test_points_are_depots_then_places_sorted_with_their_matrix_rows():
    straight = matrix_on_a_line([0, 10, 20])
    swapped = problem_on_a_line(
        places=("place:b", "place:a"), matrices={"pickup": matrix_on_a_line([0, 20, 10])}
    )
    assert swapped.points == ("depot:a", "place:a", "place:b")
    np.testing.assert_allclose(swapped.matrices["pickup"].travel_time_s, straight.travel_time_s)


@given(wild_problems())
def test_order_of_input_changes_nothing(problem):
    n_depots, n = len(problem.depots), len(problem.points)
    order = np.array([*range(n_depots)][::-1] + [*range(n_depots, n)][::-1])
    turned = Problem(
        depots=problem.depots[::-1],
        places=problem.places[::-1],
        items=problem.items[::-1],
        stock=problem.stock[::-1],
        vehicles=problem.vehicles[::-1],
        needs=problem.needs[::-1],
        matrices={
            name: problem.matrices[name].permuted(order) for name in reversed(problem.matrices)
        },
        departs_at=problem.departs_at.astimezone(timezone(timedelta(hours=1))),
        service_s=problem.service_s,
        handling_s_per_kg=problem.handling_s_per_kg,
        reload_s=problem.reload_s,
        max_trips=problem.max_trips,
    )
    assert to_json(turned) == to_json(problem)
    assert digest(turned) == digest(problem)


@given(wild_problems())
def test_json_gives_the_same_problem_back(problem):
    text = to_json(problem)
    again = from_json(text)
    assert to_json(again) == text
    assert digest(again) == digest(problem)


def test_json_holds_no_infinity_and_reads_null_as_no_road():
    text = to_json(problem_on_a_line(matrices={"pickup": matrix_on_a_line([0, 1, 2], apart=[2])}))
    json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert np.isinf(from_json(text).matrices["pickup"].travel_time_s[0, 2])


def test_digest_sees_one_changed_second():
    late = replace(problem_on_a_line(), reload_s=1201.0)
    assert digest(late) != digest(problem_on_a_line())
    slow = problem_on_a_line(matrices={"pickup": matrix_on_a_line([0, 10, 20.1])})
    assert digest(slow) != digest(problem_on_a_line())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format":"qafila-problem-1"}', "null"])
def test_json_of_something_else_is_unreadable(text):
    with pytest.raises(UnreadableError, match="qafila-problem-1"):
        from_json(text)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("needs", 0, "quantity"), "12", "needs[0] quantity '12' is not a number"),
        (("needs", 0, "qty"), 12, "needs[0] has an unknown field 'qty'"),
        (("needs", 0), [1], "needs[0] is no object"),
        (("vehicles", 0, "vehicle_id"), 7, "vehicles[0] vehicle_id 7 is not text"),
        (("vehicles", 0, "crew"), True, "vehicles[0] crew True is not a number"),
        (("needs", 0, "whole"), 1, "needs[0] whole 1 is not true or false"),
        (("needs", 0, "quantity"), 10**400, "OverflowError"),
        (("service_s",), None, "service_s None is no number"),
        (("places",), "place:a", "places is no list of ids"),
        (("windows",), {"place:a": 3}, "windows 'place:a' is no pair"),
        (("matrices", "pickup", "travel_time_s", 0), [1], "matrix of pickup, travel_time_s"),
        (("matrices", "pickup", "travel_time_s", 0, 1), math.nan, "NaN is no number; write null"),
        (("matrices", "pickup", "length_m", 0, 1), math.inf, "Infinity is no number"),
    ],
)
def test_a_field_of_another_kind_is_named_with_its_row(path, value, said):
    document = json.loads(to_json(problem_on_a_line()))
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(UnreadableError, match=re.escape(said)):
        from_json(json.dumps(document))


def test_a_field_that_is_missing_is_named_and_so_is_a_document_without_bottom():
    document = json.loads(to_json(problem_on_a_line()))
    del document["needs"][1]["item_id"]
    with pytest.raises(UnreadableError, match=r"needs\[1\] has no field 'item_id'"):
        from_json(json.dumps(document))
    with pytest.raises(UnreadableError, match="RecursionError"):
        from_json("[" * 200_000)


def test_json_with_impossible_values_says_which():
    document = json.loads(to_json(problem_on_a_line()))
    document["needs"][0]["quantity"] = -3
    with pytest.raises(SchemaError, match="need place:a tent quantity '-3'"):
        from_json(json.dumps(document))


def test_unattached_points_are_closed_whatever_the_matrix_says():
    problem = problem_on_a_line(matrices={"pickup": matrix_on_a_line([0, 10, 20], apart=[1])})
    matrix = problem.matrices["pickup"]
    assert np.isinf(matrix.travel_time_s[0, 1])
    assert np.isinf(matrix.length_m[1, 2])
    assert matrix.travel_time_s[0, 2] == pytest.approx(1200)


def test_the_caller_cannot_change_a_matrix_afterwards():
    problem = problem_on_a_line()
    with pytest.raises(ValueError, match="read-only"):
        problem.matrices["pickup"].travel_time_s[0, 1] = 0


def test_needs_of_nothing_are_dropped_and_sums_are_exact():
    problem = problem_on_a_line(
        needs=(
            Demand(place_id="place:a", item_id="tent", quantity=0),
            Demand(place_id="place:a", item_id="water_l", quantity=0.1 + 0.2),
        )
    )
    assert [need.quantity for need in problem.needs] == [0.3]


def test_all_problems_are_reported_at_once():
    found = problems_of(
        places=("place:a", "place:a"),
        stock=(StockLine(depot_id="depot:x", item_id="tent", quantity=-1),),
        needs=(Demand(place_id="place:a", item_id="yurt", quantity=float("nan")),),
        vehicles=(vehicle(depot_id="depot:y"), vehicle("vehicle:b", vehicle_class="truck")),
        reload_s=-1.0,
    )
    columns = {problem.column for problem in found}
    assert columns >= {"id", "depot_id", "item_id", "quantity", "vehicle_class", "reload_s"}
    assert len(found) == 8


@pytest.mark.parametrize(
    ("changes", "column", "expected"),
    [
        ({"departs_at": datetime(2023, 9, 9, 6)}, "departs_at", "zone"),  # noqa: DTZ001
        ({"max_trips": 0}, "max_trips", "1 to 1000"),
        ({"service_s": float("inf")}, "service_s", "0 s or more"),
        ({"vehicles": (vehicle(shift_s=0),)}, "shift_s", "more than 0"),
        ({"vehicles": (vehicle(), vehicle())}, "id", "once"),
        ({"items": (TENT, TENT)}, "id", "once"),
        ({"items": (replace(TENT, kg_per_unit=0.0), WATER)}, "kg_per_unit", "more than 0"),
        ({"items": (replace(TENT, m3_per_unit=float("nan")), WATER)}, "m3_per_unit", "0 m³"),
        ({"matrices": {"pickup": matrix_on_a_line([0, 1])}}, "travel_time_s", "(3, 3)"),
        ({"matrices": {"pickup": matrix_on_a_line([0, 1, 2], walk_s=-1)}}, "walk_s", "0 or more"),
        ({"matrices": {"sled": matrix_on_a_line([0, 1, 2])}}, "class", "one of"),
    ],
)
def test_one_impossible_value_is_named(changes, column, expected):
    with pytest.raises(SchemaError, match="planning problem") as raised:
        problem_on_a_line(**changes)
    fitting = [problem for problem in raised.value.problems if problem.column == column]
    assert fitting
    assert expected in fitting[0].expected


@pytest.mark.parametrize(("value", "name"), [(np.nan, "travel_time_s"), (-1.0, "length_m")])
def test_nan_and_negative_travel_are_refused(value, name):
    good = matrix_on_a_line([0, 10, 20])
    spoilt = getattr(good, name).copy()
    spoilt[0, 1] = value
    arrays = {n: getattr(good, n) for n in ("travel_time_s", "length_m", "attached", "walk_s")}
    found = problems_of(matrices={"pickup": ClassMatrix(**(arrays | {name: spoilt}))})
    assert (found[0].column, found[0].value) == (name, "nan or negative")


def test_travel_without_a_length_is_refused():
    good = matrix_on_a_line([0, 10, 20])
    lengths = good.length_m.copy()
    lengths[0, 1] = np.inf
    matrix = ClassMatrix(
        travel_time_s=good.travel_time_s,
        length_m=lengths,
        attached=good.attached,
        walk_s=good.walk_s,
    )
    assert problems_of(matrices={"pickup": matrix})[0].expected.startswith("a length wherever")


def test_half_a_tent_is_refused_half_a_litre_is_not():
    found = problems_of(needs=(Demand(place_id="place:a", item_id="tent", quantity=2.5),))
    assert found[0].suggestion == "round it up"
    problem_on_a_line(needs=(Demand(place_id="place:a", item_id="water_l", quantity=2.5),))


def need(number, place, item, quantity, weight=1.0):
    return Need(
        need_id=f"need:{number}", place_id=place, item_id=item, quantity=quantity, weight=weight
    )


def test_needs_of_one_place_add_up_with_their_mean_urgency():
    demands = demands_from_needs(
        [
            need(1, "place:a", "tent", 2.2, weight=3.0),
            need(2, "place:a", "tent", 6.6, weight=1.0),
            need(3, "place:b", "water_l", 2.2),
            need(4, "place:b", "tent", 0.0),
        ],
        [TENT, WATER],
        commune_of=lambda place: f"commune of {place}",
    )
    assert demands == (
        Demand(
            place_id="place:a",
            item_id="tent",
            quantity=9.0,
            weight=pytest.approx(1.5),
            commune="commune of place:a",
        ),
        Demand(
            place_id="place:b",
            item_id="water_l",
            quantity=2.2,
            weight=pytest.approx(1.0),
            commune="commune of place:b",
        ),
    )


def test_departure_is_kept_in_utc_whole_seconds():
    local = SIX_OCLOCK.astimezone(timezone(timedelta(hours=1))).replace(microsecond=7)
    problem = problem_on_a_line(departs_at=local)
    assert (problem.departs_at, problem.departs_at.tzinfo) == (SIX_OCLOCK, UTC)


def test_a_depot_and_a_place_cannot_share_an_id():
    assert problems_of(places=("depot:a", "place:b"))[0].expected == "each one may occur once only"
