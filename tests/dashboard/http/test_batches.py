"""``/api/v1/batches``: what a phone wrote while it was away, in its order and once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.cli import main
from dashboard.operations.situation import Situation

NEED = {"kind": "need", "place": "Tinmel", "item": "tent", "quantity": 3}


def batch(number: int, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"device": "phone-7", "sequence": number, "entries": list(entries) or [NEED]}


def test_out_of_order_batches_are_held_and_then_recorded_once(
    client: Any, valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(valley.store.needs())
    early = client.post("/api/v1/batches", json=batch(2))
    assert (early.status_code, early.json()["waits_for"]) == (202, 1)
    (waiting,) = client.get("/api/v1/batches").json()["held"]
    assert (waiting["device"], waiting["sequence"]) == ("phone-7", 2)
    assert len(valley.store.needs()) == before
    # The cell sees it, too.
    assert main(["batches", "list", "--home", str(valley.home), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["held"][0]["waits_for"] == 1
    first = client.post("/api/v1/batches", json=batch(1, NEED, NEED))
    assert (first.status_code, first.json()["status"]) == (200, "applied")
    assert len({one["id"] for one in first.json()["entries"]}) == 2
    for number, entries in ((2, [NEED]), (1, [NEED, NEED])):
        again = client.post("/api/v1/batches", json=batch(number, *entries))
        assert again.json()["status"] == "applied"
    assert len(valley.store.needs()) == before + 3
    assert client.get("/api/v1/batches").json()["held"] == []


def test_a_bad_entry_is_told_and_its_neighbours_go_in(client: Any) -> None:
    closure = {"kind": "closure", "near": [-7.97, 31.0], "source": "driver"}
    bad = {"kind": "reopening", "closure_id": "closure:nowhere"}
    answer = client.post(
        "/api/v1/batches", json=batch(1, NEED | {"place": "Nowhere at all"}, closure, bad)
    )
    refused = [one["refused"] for one in answer.json()["entries"]]
    assert "Nowhere at all" in refused[0]
    assert refused[1] == ""
    assert "closure:nowhere" in refused[2]


def test_what_a_role_may_not_tell_is_refused_entry_by_entry(keyed: dict[str, Any]) -> None:
    closure = {"kind": "closure", "near": [-7.97, 31.0]}
    answer = keyed["ngo"].post("/api/v1/batches", json=batch(1, NEED, closure))
    assert [bool(one["refused"]) for one in answer.json()["entries"]] == [False, True]
    # Another sender's devices are others: this one begins at 1, too.
    assert keyed["cell"].post("/api/v1/batches", json=batch(1, closure)).status_code == 200
    assert keyed["nobody"].post("/api/v1/batches", json=batch(1)).status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"sequence": 0}, 422),
        ({"sequence": 20_000}, 400),
        ({"device": "<script>"}, 422),
        ({"entries": []}, 422),
        ({"entries": [NEED] * 501}, 422),
        ({"entries": [{"kind": "gift"}]}, 422),
        ({"entries": [NEED | {"quantity": "1e309"}]}, 422),
    ],
)
def test_a_bad_batch_is_refused_in_one_shape(
    client: Any, change: dict[str, Any], status: int
) -> None:
    answer = client.post("/api/v1/batches", json=batch(1) | change)
    assert answer.status_code == status
    assert answer.json()["status"] == status


def test_a_number_that_was_used_for_something_else_is_a_conflict(client: Any) -> None:
    client.post("/api/v1/batches", json=batch(1))
    answer = client.post("/api/v1/batches", json=batch(1, NEED | {"quantity": 4}))
    assert answer.status_code == 409


def test_a_lost_batch_is_given_up_by_a_person(
    client: Any, valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(valley.store.needs())
    client.post("/api/v1/batches", json=batch(3))
    words = ["batches", "skip", "owner", "phone-7", "--home", str(valley.home), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["recorded"][0]["sequence"] == 3
    assert len(valley.store.needs()) == before + 1
    assert main(words) == 2
    assert "nothing of it waits" in capsys.readouterr().err
