"""The vault on both engines: kept sealed, read for a role, exported, erased, forgotten in time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from data.access.accounts import Accounts
from data.access.passwords import HashCost
from data.access.roles import Visitor, rights_of
from data.people.coarse import coarsened, parse_position, position_text
from data.people.fields import FIELDS
from data.people.key import VaultKey
from data.people.vault import Vault, is_in_use
from data.store import Store
from data.store.move import move
from data.store.private import PEOPLE
from geo.errors import InputError, RuleError, UnknownIdError
from tests.data.store.conftest import Clock

AMINA, BRAHIM = "volunteer:amina", "volunteer:brahim"
KEPT = {
    AMINA: {
        "name": "Amina El Fassi",
        "phone": "+212 6 12 34 56 78",
        "position": "-7.982100 31.2512",
    },
    BRAHIM: {"name": "Brahim"},
}


@pytest.fixture
def kept(vault: Vault, clock: Clock) -> Vault:
    vault.keep(KEPT, now=clock())
    return vault


def visitor(role: str) -> Visitor:
    return Visitor(account_id="", role=role, organisation_id="", rights=rights_of(role))


def test_what_is_kept_lies_sealed_and_in_no_event(
    kept: Vault, raw: Callable[..., list[tuple[Any, ...]]]
) -> None:
    rows = str(raw("SELECT * FROM people"))
    said = json.dumps([one.payload for one in kept.store.events()])
    for secret in ("Amina", "212", "31.25", "Brahim"):
        assert secret not in rows + said
    assert is_in_use(kept.store)


def test_each_role_reads_what_it_needs_and_no_more(kept: Vault) -> None:
    exact, rough = (-7.9821, 31.2512), (-7.985, 31.255)
    for role in ("cell", "admin"):
        found = kept.read(None, visitor=visitor(role))
        assert found[AMINA]["phone"] == "+212 6 12 34 56 78"
        assert found[AMINA]["position"] == exact
    for role in ("viewer", "field", "ngo", "auditor"):
        assert kept.read(None, visitor=visitor(role)) == {AMINA: {"position": rough}}
    assert set(kept.read([BRAHIM], visitor=visitor("cell"))) == {BRAHIM}


def test_coarsening_is_a_fixed_grid_of_about_a_kilometre() -> None:
    assert coarsened(-8.0, 31.0) == (-7.995, 31.005)
    assert coarsened(-8.0 + 1e-6, 31.0099) == (-7.995, 31.005)
    assert coarsened(*coarsened(-7.9821, 31.2512)) == coarsened(-7.9821, 31.2512)
    assert parse_position(position_text(-7.9821, 31.2512)) == (-7.9821, 31.2512)
    for wrong in ((200.0, 0.0), (0.0, float("nan"))):
        with pytest.raises(InputError, match="degrees"):
            position_text(*wrong)


def test_a_row_moved_to_another_person_does_not_open(kept: Vault) -> None:
    with kept.store.writing() as connection:
        row = connection.execute(
            select(PEOPLE).where(PEOPLE.c.person_id == AMINA, PEOPLE.c.field == "phone")
        ).one()
        values = {**row._mapping, "person_id": BRAHIM}
        connection.execute(PEOPLE.insert(), [values])
    with pytest.raises(InputError, match="the key it was sealed with"):
        kept.export(BRAHIM)


def test_another_key_is_said_when_the_vault_is_opened(kept: Vault) -> None:
    with pytest.raises(InputError, match=r"bring the right vault\.key"):
        Vault(kept.store, VaultKey(bytes(32)))


def test_export_gives_all_with_purpose_and_time(kept: Vault, clock: Clock) -> None:
    said = kept.export(AMINA)
    assert {one["field"]: one["value"] for one in said["fields"]} == KEPT[AMINA]
    for one in said["fields"]:
        assert one["purpose"] == FIELDS[one["field"]].purpose
        assert one["forget_at"] > one["kept_at"]
    with pytest.raises(UnknownIdError, match="nothing is kept of such a person"):
        kept.export("volunteer:nobody")


def test_erasing_removes_every_trace_and_the_chain_holds(
    kept: Vault, raw: Callable[..., list[tuple[Any, ...]]]
) -> None:
    sealed = [row[0] for row in raw(f"SELECT sealed FROM people WHERE person_id = '{AMINA}'")]
    assert kept.erase([AMINA, "volunteer:nobody"]) == {AMINA: ["name", "phone", "position"]}
    assert raw("SELECT DISTINCT person_id FROM people") == [(BRAHIM,)]
    last = list(kept.store.events())[-1]
    assert last.type == "person.erased"
    assert last.payload["fields"] == ["name", "phone", "position"]
    assert kept.store.verify(projections=True).ok
    assert [one.person_id for one in kept.store.erasures()] == [AMINA]
    assert kept.erase([AMINA]) == {}
    if kept.store.url.get_backend_name() == "sqlite":
        base = Path(str(kept.store.url.database))
        content = b"".join(path.read_bytes() for path in base.parent.glob(f"{base.name}*"))
        assert sealed
        assert not any(text.encode() in content for text in sealed)


def test_an_account_is_disabled_before_it_is_erased(vault: Vault, clock: Clock) -> None:
    accounts = Accounts(vault, clock=clock, cost=HashCost(passes=1, memory_kib=8, lanes=1))
    accounts.add("first admin", role="admin", password="four wet mules sing")
    bob = accounts.add("bob", role="viewer", password="four wet mules sing")
    with pytest.raises(RuleError, match="disable it first"):
        vault.erase([bob])
    accounts.set_active(bob, False)
    assert vault.erase([bob]) == {bob: ["login"]}
    assert bob not in accounts.names()
    # The name is free again, and the erased account cannot come back to life with a password.
    accounts.add("bob", role="viewer", password="four wet mules sing")
    with pytest.raises(RuleError, match="was erased"):
        accounts.set_password(bob, "five wet mules sing")


def test_each_field_is_forgotten_when_its_time_is_over(kept: Vault, clock: Clock) -> None:
    assert kept.forget_expired(now=clock()) == {}
    month = clock() + timedelta(days=30)
    assert kept.forget_expired(now=month) == {AMINA: ["position"]}
    quarter = clock() + timedelta(days=90)
    assert kept.forget_expired(now=quarter) == {AMINA: ["name", "phone"], BRAHIM: ["name"]}
    assert kept.people() == []
    assert {one.reason for one in kept.store.erasures()} == {"retention"}


def test_keeping_again_begins_retention_anew_and_an_empty_text_forgets(
    kept: Vault, clock: Clock
) -> None:
    later = clock() + timedelta(days=80)
    kept.keep({BRAHIM: {"name": "Brahim A."}, AMINA: {"phone": ""}}, now=later)
    assert kept.forget_expired(now=clock() + timedelta(days=90)) == {AMINA: ["name", "position"]}
    assert kept.read(None, visitor=visitor("cell")) == {BRAHIM: {"name": "Brahim A."}}


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [("religion", "x", "has no purpose is not kept"), ("phone", "1" * 61, "at most 60")],
)
def test_what_has_no_purpose_or_no_bound_is_refused(
    vault: Vault, clock: Clock, field: str, text: str, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        vault.keep({AMINA: {"name": "Amina", field: text}}, now=clock())
    assert vault.people() == []


def test_the_vault_goes_along_when_a_situation_moves_and_opens_with_the_same_key(
    kept: Vault, tmp_path: Path, key: VaultKey
) -> None:
    target = f"sqlite:///{tmp_path / 'moved' / 'situation.sqlite'}"
    move(kept.store, target)
    with Store.open(target) as moved:
        assert Vault(moved, key).export(AMINA) == kept.export(AMINA)
