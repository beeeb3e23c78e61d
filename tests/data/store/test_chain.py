"""Whoever owns the file can alter it; `verify` says where and how, with and without an old head."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pg8000
import pytest
import rfc8785

from data.events import NewEvent
from data.store import Store
from data.store.chain import MAX_PROBLEMS
from geo.errors import StoreError

Tamper = Callable[..., None]
Raw = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def ledger(store: Store, make: SimpleNamespace) -> Store:
    """Ten events: a depot and eight needs after the beginning."""
    store.append([make.new(make.depot(), organisation_id="organisation:1", client_id="c0")])
    for number in range(8):
        upload = "upload:1" if number % 2 else None
        store.append([make.new(make.need(str(number), note="first"), upload)])
    return store


def test_an_intact_ledger_verifies(ledger: Store) -> None:
    finding = ledger.verify(against=ledger.head_text(), projections=True)
    assert (finding.ok, finding.events, finding.problems) == (True, 10, ())
    assert finding.head == ledger.head_text()


def test_an_older_head_stays_true(ledger: Store, make: SimpleNamespace) -> None:
    old = ledger.head_text()
    ledger.append([make.new(make.need("later"))])
    assert ledger.verify(against=old).ok


EDITS = {
    "payload": """payload = replace(payload, 'first', 'second')""",
    "quantity": """payload = replace(payload, '"quantity":"40"', '"quantity":"400"')""",
    "organisation": "organisation_id = 'organisation:2'",
    "actor": "actor = 'person:me'",
    "time": "recorded_at = '2023-09-08T22:11:01.000001Z'",
    "reported": "reported_at = '2023-09-08T22:11:01.000000Z'",
    "type": "type = 'need.refuted'",
    "version": "version = 2",
    "client": "client_id = 'phone:7'",
    "event id": "event_id = 'event:other'",
    "clock": "clock_held = true",
    "hash": "hash = replace(hash, substr(hash, 1, 8), '00000000')",
    "previous hash": "prev_hash = replace(prev_hash, substr(prev_hash, 1, 8), '00000000')",
    "provenance": 'provenance = \'{"cell":"A1"}\'',
    "subject column": "subject_id = 'need:other'",
    "upload column": "upload_id = 'upload:other'",
    "spelling": """payload = replace(payload, ',"unit"', ', "unit"')""",
    "type of a column": "recorded_at = 20230908",
    "binary": "payload = x'00ff'",
    "not json": "payload = '{'",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_is_found_where_it_is(ledger: Store, tamper: Tamper, edit: str) -> None:
    tamper(f"UPDATE events SET {edit} WHERE seq = 5")
    finding = ledger.verify()
    assert not finding.ok
    assert finding.problems[0].startswith("event 5: ")


def test_a_deletion_is_found(ledger: Store, tamper: Tamper) -> None:
    tamper("DELETE FROM events WHERE seq = 5")
    (gap, tie) = ledger.verify().problems
    assert gap == "event 6: it follows event 4: events between them were deleted"
    assert "not tied to event 4" in tie


def test_a_deletion_behind_new_numbers_is_found(ledger: Store, tamper: Tamper) -> None:
    moves = [f"UPDATE events SET seq = {seq - 1} WHERE seq = {seq}" for seq in range(6, 11)]
    tamper("DELETE FROM events WHERE seq = 5", *moves)
    assert ledger.verify().problems[0].startswith("event 5: ")


def test_the_beginning_cannot_be_cut_off(ledger: Store, tamper: Tamper) -> None:
    tamper("DELETE FROM events WHERE seq <= 3")
    assert "does not begin with event 1" in ledger.verify().problems[0]


def test_an_insertion_is_found(ledger: Store, tamper: Tamper) -> None:
    moves = [f"UPDATE events SET seq = {seq + 1} WHERE seq = {seq}" for seq in range(10, 4, -1)]
    columns = "type, version, recorded_at, clock_held, payload, prev_hash, hash, subject_id"
    copied = (
        f"INSERT INTO events (seq, event_id, {columns}) "
        f"SELECT 5, 'event:new', {columns} FROM events WHERE seq = 4"
    )
    tamper(*moves, copied)
    problems = ledger.verify().problems
    assert any("event 5: it is not tied to event 4" in problem for problem in problems)


def test_a_swap_is_found(ledger: Store, tamper: Tamper) -> None:
    tamper(
        "UPDATE events SET seq = 99 WHERE seq = 5",
        "UPDATE events SET seq = 5 WHERE seq = 6",
        "UPDATE events SET seq = 6 WHERE seq = 99",
    )
    problems = ledger.verify().problems
    assert any("put in another order" in problem for problem in problems)


def test_a_cut_tail_is_found_with_a_head_and_only_with_one(ledger: Store, tamper: Tamper) -> None:
    head = ledger.head_text()
    tamper("DELETE FROM events WHERE seq > 7")
    assert ledger.verify().ok
    finding = ledger.verify(against=head)
    assert finding.problems == ("the head names event 10, the ledger ends at 7: its tail was cut",)


def test_a_rewrite_is_found_with_a_head_and_only_with_one(
    ledger: Store, raw: Raw, tamper: Tamper
) -> None:
    head = ledger.head_text()
    tamper("UPDATE events SET payload = replace(payload, 'first', 'second') WHERE seq = 5")
    _forge(raw)
    assert ledger.verify().ok
    finding = ledger.verify(against=head)
    assert finding.problems == (
        "event 10: it is another event than the head names: the ledger was rewritten",
    )


def test_a_head_of_another_situation_is_none_of_this_one(ledger: Store) -> None:
    other = ledger.head_text().replace("situation:drill", "situation:other")
    assert "the head is one of situation:other" in ledger.verify(against=other).problems[0]


def test_an_emptied_ledger_is_found(ledger: Store, tamper: Tamper) -> None:
    tamper("DELETE FROM events")
    finding = ledger.verify()
    assert (finding.ok, finding.events, finding.head) == (False, 0, "")
    assert "its events were deleted" in finding.problems[0]
    with pytest.raises(StoreError, match="at least one event"):
        ledger.head()


def test_a_damaged_file_is_a_finding(ledger: Store, path: Path, make: SimpleNamespace) -> None:
    ledger.append([make.new(make.need(f"more-{number}", note="x" * 900)) for number in range(200)])
    ledger.close()
    # In the text of an event, and not in a table that is made from the events anyway.
    at = path.read_bytes().index(b'"need_id":"need:more-100"')
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * 200)
    with Store.open(path) as again:
        finding = again.verify()
    assert not finding.ok
    assert any("damaged" in problem or "edited" in problem for problem in finding.problems)


def test_problems_are_counted_up_to_a_limit(
    ledger: Store, tamper: Tamper, make: SimpleNamespace
) -> None:
    ledger.append([make.new(make.need(f"n{number}")) for number in range(200)])
    tamper("UPDATE events SET actor = 'person:me'")
    assert len(ledger.verify().problems) == MAX_PROBLEMS


def test_the_hash_is_that_of_the_canonical_json_of_the_event(ledger: Store) -> None:
    """As a stranger would compute it from what the store says of an event."""
    for event in ledger.events():
        content: dict[str, Any] = json.loads(event.model_dump_json(exclude={"hash"}))
        for name in ("recorded_at", "reported_at"):
            if content[name] is not None:
                moment = getattr(event, name)
                content[name] = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert hashlib.sha256(rfc8785.dumps(content)).hexdigest() == event.hash


def test_the_database_itself_refuses_accidents(ledger: Store, raw: Raw, engine_name: str) -> None:
    whole = {
        "sqlite": "INSERT OR REPLACE INTO events SELECT * FROM events WHERE seq = 4",
        "postgresql": "TRUNCATE events",
    }
    for accident in (
        "UPDATE events SET type = 'x'",
        "DELETE FROM events WHERE seq = 10",
        whole[engine_name],
        "INSERT INTO events SELECT 12, 'event:x', type, version, recorded_at, reported_at, "
        "organisation_id, actor, provenance, NULL, clock_held, payload, prev_hash, hash, "
        "subject_id, upload_id FROM events WHERE seq = 4",
    ):
        with pytest.raises((sqlite3.IntegrityError, pg8000.DatabaseError), match="events are"):
            raw(accident)
    assert ledger.verify(projections=True).ok


def test_numbers_in_details_hash_the_same_everywhere(store: Store) -> None:
    from data.events import AssessmentMade

    summary = {"tiny": 1e-7, "big": 1e16, "whole": 3.0, "zero": -0.0, "\U0001f600": 1, "\ufb33": 2}
    made = AssessmentMade(
        assessment_id="assessment:1",
        document="a" * 64 + ".json",
        based_on_seq=1,
        summary=summary,
    )
    store.append([NewEvent(payload=made)])
    assert store.verify(projections=True).ok
    assert store.assessments()[0].summary == summary


def _forge(raw: Raw) -> None:
    """Hash the whole ledger anew, as somebody with the program at hand can."""
    from data.store.chain import EventRow, seal

    last = "0" * 64
    for values in raw("SELECT * FROM events ORDER BY seq"):
        row = seal(EventRow._make(values)._replace(prev_hash=last))
        raw(
            "UPDATE events SET prev_hash = ?, hash = ? WHERE seq = ?",
            row.prev_hash,
            row.hash,
            row.seq,
        )
        last = row.hash
