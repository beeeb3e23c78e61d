"""What a writer asks before it writes: every text is found as it was written, many at once too."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import text

from data.store import Store, postgres, postgres_rows
from data.store.lookup import KEYS_PER_SELECT, known_rows, look, rows_by_key, wanted_of
from data.store.schema import DEPOTS, NEEDS
from data.store.stock_tables import STOCK
from geo.errors import InputError, StoreError

# What a statement made of text could stumble over.
AWKWARD = [
    "O'Brien",
    "a''b",
    "back\\slash\\",
    "100 %s %(x)s",
    ":name",
    "{} {0}",
    'say "x"',
    "$1 $$",
    "--",
    "إمليل",
]


def test_awkward_texts_are_kept_and_found_by_their_ids(store: Store, make: SimpleNamespace) -> None:
    store.append(
        [
            make.new(make.need(f"{number}", note=text), client_id=f"client {text}")
            for number, text in enumerate(AWKWARD)
        ]
    )
    assert [need.note for need in store.needs()] == AWKWARD
    with store.writing() as connection:
        seen = look(connection, wanted_of([f"client {text}" for text in AWKWARD], []))
    assert sorted(seen.known) == sorted(f"client {text}" for text in AWKWARD)
    assert seen.last is not None
    assert seen.last.seq == store.seq()
    assert store.verify(projections=True).ok


def test_more_keys_than_one_question_takes_and_those_that_are_not_there(
    store: Store, make: SimpleNamespace
) -> None:
    count = KEYS_PER_SELECT + 5
    store.append([make.new(make.need(f"{number}")) for number in range(count)])
    keys = [(NEEDS, (f"need:{number}",)) for number in range(count)]
    absent = [(NEEDS, ("need:' OR 1=1 --",)), (DEPOTS, ("depot:none",))]
    with store.reading() as connection:
        rows = rows_by_key(connection, keys + absent)
        assert rows_by_key(connection, []) == {}
    found = [row and row["need_id"] for row in (rows[NEEDS][key] for _, key in keys)]
    assert found == [key[0] for _, key in keys]
    assert rows[NEEDS][absent[0][1]] is None
    assert rows[DEPOTS] == {("depot:none",): None}


def test_rows_of_several_keys_and_many_client_ids_are_found_in_all_their_parts(
    store: Store, make: SimpleNamespace
) -> None:
    count = KEYS_PER_SELECT + 5
    items = [f"item_{number}" for number in range(count)]
    moved = [make.moved(item, 2, "donor:x", "depot:asni", item_id=item) for item in items]
    store.append([make.new(make.depot())])
    store.append([make.new(one, client_id=f"client {at}") for at, one in enumerate(moved)])
    keys = [("depot:asni", item) for item in items]
    with store.reading() as connection:
        rows = rows_by_key(
            connection, [*((STOCK, key) for key in keys), (STOCK, ("depot:asni", "none"))]
        )
        known = known_rows(connection, [f"client {at}" for at in range(count)])
    held = {key: row and row["balance_micro"] for key, row in rows[STOCK].items()}
    assert held == dict.fromkeys(keys, 2_000_000) | {("depot:asni", "none"): None}
    # A flag is one, in a file too.
    assert {type(row["removed"]) for row in rows[STOCK].values() if row} == {bool}
    assert len(known) == count
    again = store.append([make.new(one, client_id=f"client {at}") for at, one in enumerate(moved)])
    assert [event.seq for event in again] == [known[f"client {at}"].seq for at in range(count)]


def test_an_id_with_a_nul_is_refused_before_a_server_sees_it(store: Store) -> None:
    with store.reading() as connection:
        if connection.dialect.name == "postgresql":
            with pytest.raises(InputError, match="NUL"):
                look(connection, wanted_of(["a\x00b"], []))
        else:
            assert look(connection, wanted_of(["a\x00b"], [])).known == {}


def test_a_write_asks_a_server_with_its_begin_and_writes_with_its_end(
    store: Store, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    run = postgres._run

    def hear(connection: object, statements: str) -> object:
        said.append(statements)
        return run(connection, statements)

    store.append([make.new(make.need("before"))])
    monkeypatch.setattr(postgres, "_run", hear)
    store.append([make.new(make.need("after"), client_id="phone 7")])
    store.append([make.new(make.need("later"), client_id="phone 8")])
    monkeypatch.undo()
    if store.url.get_backend_name() == "postgresql":
        first_begin, first_end, begin, end = said
        assert first_begin.startswith("BEGIN")
        assert "phone 7" in first_begin
        assert first_end.count("EXECUTE") == 2
        # The second time the server has the plans already.
        assert "PREPARE" in first_begin
        assert "PREPARE" not in begin + end
        assert "phone 8" in begin
        assert "COMMIT" in end
    assert {need.need_id for need in store.needs()} == {"need:before", "need:after", "need:later"}
    assert store.verify(projections=True).ok


def test_a_connection_that_holds_many_plans_makes_no_more_and_writes_all_the_same(
    store: Store, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "MAX_PREPARED", 1)
    for number in range(3):
        store.append([make.new(make.need(f"{number}"), client_id=f"phone {number}")])
    assert len(list(store.needs())) == 3
    assert store.verify(projections=True).ok


def test_events_come_back_as_they_were_written_whatever_is_in_them(
    store: Store, make: SimpleNamespace
) -> None:
    texts = [
        *AWKWARD,
        "\\N",
        "\\",
        "a\\tb",
        "tab\there",
        "line\nend\r\v\f\b",
        "\\\\N",
        "\x1f\x85\u2028",
    ]
    store.append(
        [
            make.new(make.need(f"{number}", note=text), client_id=text)
            for number, text in enumerate(texts)
        ]
    )
    found = list(store.events())[-len(texts) :]
    assert [event.client_id for event in found] == texts
    assert [event.payload["note"] for event in found] == texts
    assert store.verify(projections=True).ok


def test_a_write_that_fails_at_its_end_leaves_nothing_and_the_next_goes_on(
    store: Store, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store.url.get_backend_name() != "postgresql":
        pytest.skip("a file is written before the end")
    broken_statement = postgres_rows.Statement("SELECT 1 / {}::int", ("0",))
    with monkeypatch.context() as broken:
        broken.setattr(postgres_rows, "written", lambda _writes: [broken_statement])
        with pytest.raises(StoreError, match="division by zero"):
            store.append([make.new(make.need("lost"))])
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM events")).scalar_one() == store.seq()
    store.append([make.new(make.need("kept"))])
    assert [need.need_id for need in store.needs()] == ["need:kept"]
    assert store.verify(projections=True).ok
