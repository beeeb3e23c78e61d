"""The benchmark's own look at routes of PyVRP: it passes what holds and names what does not."""

import numpy as np
import pytest
import pyvrp

from benchmarks.convoy_rules import violations


def instance(**changes):
    """Two clients 10 and 20 s from the depot on one line; a vehicle that takes one a trip."""
    times = np.array([[0, 10, 20], [10, 0, 10], [20, 10, 0]])
    client = {"tw_late": 100, "release_time": 0} | changes
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0)] * 3,
        clients=[
            pyvrp.Client(location=1, delivery=[1], tw_late=100),
            pyvrp.Client(location=2, delivery=[1], **client),
        ],
        depots=[pyvrp.Depot(location=0)],
        vehicle_types=[pyvrp.VehicleType(1, capacity=[1], reload_depots=[0], max_reloads=1)],
        distance_matrices=[times],
        duration_matrices=[times],
    )


def two_trips(data):
    visit, depot = pyvrp.ActivityType.CLIENT, pyvrp.ActivityType.DEPOT
    visits = [pyvrp.Activity(visit, 0), pyvrp.Activity(depot, 0), pyvrp.Activity(visit, 1)]
    return pyvrp.Solution(data, [pyvrp.Route(data, visits, 0)])


def test_two_trips_that_hold_cost_what_they_say():
    data = instance()
    assert violations(data, two_trips(data), 60) == []
    assert violations(data, two_trips(data), 59) == ["costs 60, says 59"]


@pytest.mark.parametrize("changes", [{"tw_late": 39}, {"tw_late": 60, "release_time": 41}])
def test_a_client_that_closes_before_the_second_trip_is_there_is_named(changes):
    """The second trip leaves after 20 s, or when its goods are there, and takes 20 s."""
    data = instance(**changes)
    assert violations(data, two_trips(data), 60) == ["route 0: is too late at client 1"]


def test_a_client_that_nobody_visits_is_named():
    data = instance()
    visits = [pyvrp.Activity(pyvrp.ActivityType.CLIENT, 0)]
    solution = pyvrp.Solution(data, [pyvrp.Route(data, visits, 0)])
    assert violations(data, solution, 20) == ["client 1: visited 0 times"]
