"""Causes of what changes between two plans, on problems that differ in one thing."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from geo.model import StockLine
from routing.explain.cause_words import cause_row
from routing.explain.causes import Cause, Causes, Side
from routing.explain.words import Speech
from routing.fleet import fleet_of
from routing.hours import Window
from routing.plan import Returned
from routing.problem import Demand
from routing.solve import plan_of_days
from tests.routing.instances import SIX_OCLOCK, matrix_on_a_line, problem_on_a_line, vehicle

A, B = ("place:a", "tent"), ("place:b", "tent")


def side(problem, **changes):
    return Side(replace(plan_of_days(fleet_of(problem), {}), **changes), problem)


def kinds(before, after, changes, **options):
    found = Causes(before, after, changes, **options).all()
    assert found.keys() == changes.keys()
    return {key: [cause.kind for cause in causes] for key, causes in found.items()}


def closed_at_b():
    matrix = matrix_on_a_line([0, 10, 20])
    time = matrix.travel_time_s.copy()
    time[2, :2] = time[:2, 2] = np.inf
    return {"pickup": replace(matrix, travel_time_s=time)}


def test_a_road_that_closed_and_one_that_opened():
    before, after = side(problem_on_a_line()), side(problem_on_a_line(matrices=closed_at_b()))
    roads = {"place:b": ("closure:1",)}
    (cause,) = Causes(before, after, {B: "losses"}, roads=roads).all()[B]
    assert (cause.kind, cause.before, cause.after) == ("road", 1200.0, None)
    assert cause.closures == ("closure:1",)
    assert kinds(after, before, {B: "gains"}) == {B: ["road"]}
    slow = {"pickup": matrix_on_a_line([0, 10, 20], kmh=20)}
    later = side(problem_on_a_line(matrices=slow))
    assert kinds(before, later, {A: "later"}) == {A: ["road"]}
    # The first place is as near as before: what changed for it hangs on the second.
    found = Causes(before, after, {A: "gains", B: "losses"}).all()
    (far,) = found[A]
    assert (far.kind, far.place_id, far.vehicle_id) == ("knock_on", "place:b", "vehicle:a")
    assert far.root is not None
    assert far.root.kind == "road"
    text = cause_row(far, Speech())["text"]
    assert text == "vehicle:a has another day since place:b: no pickup road any more"


def test_stock_need_weight_and_vehicle():
    plain = side(problem_on_a_line())
    short = side(
        problem_on_a_line(stock=(StockLine(depot_id="depot:a", item_id="tent", quantity=12),))
    )
    (cause,) = Causes(plain, short, {B: "losses"}).all()[B]
    assert (cause.kind, cause.depot_id, cause.before, cause.after) == ("stock", "depot:a", 100, 12)
    more = side(
        problem_on_a_line(
            needs=(
                Demand(place_id="place:a", item_id="tent", quantity=15),
                Demand(place_id="place:b", item_id="tent", quantity=10, weight=2.0),
            )
        )
    )
    assert kinds(plain, more, {A: "gains"}) == {A: ["need"]}
    assert kinds(more, plain, {A: "losses"}) == {A: ["need"]}
    assert kinds(plain, more, {B: "earlier"}) == {B: ["urgency"]}
    none = side(problem_on_a_line(vehicles=()))
    assert kinds(plain, none, {A: "losses"}) == {A: ["vehicle"]}
    assert kinds(none, plain, {A: "gains"}) == {A: ["vehicle"]}
    smaller = side(problem_on_a_line(vehicles=(vehicle(capacity_kg=600.0),)))
    assert kinds(plain, smaller, {B: "losses"}) == {B: ["vehicle"]}


def test_a_load_that_came_back_and_a_lock_that_holds_the_vehicle():
    plain = side(problem_on_a_line())
    (convoy,) = plain.plan.convoys
    back = Returned(
        convoy_id=convoy.convoy_id,
        vehicle_id="vehicle:a",
        depot_id="depot:a",
        until=SIX_OCLOCK,
        stays=False,
        load={"tent": 10},
        reason="its road is closed",
    )
    came_back = replace(plain.plan, convoys=(), returned=(back,))
    (cause,) = Causes(plain, Side(came_back, plain.problem), {B: "losses"}).all()[B]
    assert (cause.kind, cause.text) == ("returned", "its road is closed")
    other = replace(convoy, convoy_id="convoy:other", kept="locked", locked=True, stops=())
    held = Side(replace(plain.plan, convoys=(other,)), plain.problem)
    assert kinds(plain, held, {A: "losses"}) == {A: ["lock"]}
    stays = Side(replace(plain.plan, convoys=(replace(convoy, kept="locked"),)), plain.problem)
    assert kinds(held, stays, {A: "gains"}) == {A: ["lock"]}


def test_hours_another_day_and_another_question():
    plain = side(problem_on_a_line())
    early = side(problem_on_a_line(windows={"place:a": Window(latest_s=1000.0)}))
    assert kinds(plain, early, {A: "later"}) == {A: ["hours"]}
    next_day = side(problem_on_a_line(departs_at=SIX_OCLOCK + timedelta(days=1)))
    assert kinds(plain, next_day, {A: "later"}) == {A: ["day"]}
    asked = kinds(plain, plain, {A: "later"}, asked="fairness 0.5 → 1.0")
    assert asked == {A: ["asked"]}
    assert kinds(plain, plain, {A: "later"}) == {A: ["search"]}


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (Cause(kind="need", before=0.0, after=40.0), "new need: 40"),
        (Cause(kind="need", before=40.0, after=10.0), "need 40 → 10"),
        (Cause(kind="stock", depot_id="depot:a", before=310.0, after=0.0),
         "stock at Asni 310 → 0"),
        (Cause(kind="vehicle", vehicle_id="v", before=1.0, after=0.0), "Truck 3 is lost"),
        (Cause(kind="road", vehicle_class="truck", before=600.0, after=4000.0,
               closures=("closure:1",)), "drive by truck 10 min → 1 h 07 (R203 closed)"),
    ],
)  # fmt: skip
def test_causes_are_said_in_one_sentence(cause: Cause, words: str):
    names = {"depot:a": "Asni", "v": "Truck 3"}
    speech = Speech(name_of=lambda one: names.get(one, one))
    row = cause_row(cause, speech, closure=lambda _one: "R203 closed")
    assert row["text"] == words
