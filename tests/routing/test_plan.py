import json

import pytest
from hypothesis import given, settings

from geo.errors import UnreadableError
from routing.plan import plan_from_dict, plan_to_dict
from routing.solve import solve
from tests.routing.instances import problem_on_a_line, vehicle, wild_problems


def a_plan():
    """Two stops of one pickup; a third of what is needed stays unserved."""
    return solve(problem_on_a_line(vehicles=(vehicle(shift_s=3600),)), iterations=50)


def test_the_json_has_every_field_of_the_contract():
    document = plan_to_dict(a_plan())
    assert document.keys() >= {"plan_id", "seed", "convoys", "unserved", "score"}
    convoy = document["convoys"][0]
    assert convoy.keys() >= {
        "convoy_id", "vehicle_class", "depot_id", "departs_at", "stops", "length_m", "duration_s",
    }  # fmt: skip
    assert convoy["stops"][0].keys() >= {"place_id", "arrives_at", "deliver"}
    assert document["unserved"][0].keys() >= {"place_id", "item", "quantity", "reason"}
    assert document["score"].keys() == {
        "weighted_arrival",
        "served_share",
        "worst_commune_share",
        "deprivation",
    }


@settings(max_examples=30)
@given(wild_problems())
def test_a_plan_survives_json(problem):
    plan = solve(problem, iterations=10, notice="drill")
    text = json.dumps(plan_to_dict(plan), allow_nan=False)
    assert plan_from_dict(json.loads(text)) == plan


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: d.pop("score"), "KeyError"),
        (lambda d: d.update(convoys=None), "TypeError"),
        (lambda d: d["score"].update(served_share=float("nan")), "is no number"),
        (lambda d: d["convoys"][0].update(departs_at="2023-09-09T06:00:00"), "no time zone"),
        (lambda d: d["convoys"][0].update(vehicle_class="sled"), "none of truck"),
        (lambda d: d["convoys"][0]["stops"][0].update(deliver={"tent": "ten"}), "is no number"),
        (lambda d: d.update(plan_id=7), "is no text"),
    ],
)
def test_what_is_no_plan_is_unreadable(spoil, words):
    document = plan_to_dict(a_plan())
    spoil(document)
    with pytest.raises(UnreadableError, match=words):
        plan_from_dict(document)
