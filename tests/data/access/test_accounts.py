"""Accounts on both engines: signing in, throttling, sessions, keys, and who is let in no more."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from data.access import api_keys, throttle
from data.access.accounts import Accounts, SignInError, oidc_subject
from data.access.passwords import STRONG, HashCost, is_password
from data.access.sessions import IDLE, LASTS
from data.access.throttle import ThrottledError
from data.access.visitors import visitor_of_key, visitor_of_session
from data.events import NewEvent, OrganisationRegistered, OrganisationStatusSet, UploadReceived
from data.people.vault import Vault
from data.store import Store
from geo.errors import InputError, RuleError, UnknownIdError
from tests.data.store.conftest import Clock

GOOD = "four wet mules sing"
# Hashing is tested beside `data.access.passwords`; here it may be quick.
CHEAP = HashCost(passes=1, memory_kib=8, lanes=1)
HERE = "10.0.0.7"
NGO = "organisation:ngo"


@pytest.fixture
def accounts(vault: Vault, clock: Clock) -> Accounts:
    registered = OrganisationRegistered(organisation_id=NGO, name="NGO One", status="pending")
    vault.store.append([NewEvent(payload=registered)])
    return Accounts(vault, clock=clock, cost=CHEAP)


@pytest.fixture
def admin(accounts: Accounts) -> str:
    return accounts.add("Amina El Fassi", role="admin", password=GOOD)


def events(store: Store) -> list[tuple[str, dict[str, Any]]]:
    return [(one.type, one.payload) for one in store.events()]


def test_an_account_signs_in_and_out_and_each_is_an_event(
    accounts: Accounts, admin: str, clock: Clock
) -> None:
    begun = accounts.sign_in("amina el fassi ", GOOD, address=HERE)
    visitor = visitor_of_session(accounts.store, begun.token, now=clock())
    assert visitor is not None
    assert (visitor.account_id, visitor.role) == (admin, "admin")
    assert visitor.may("accounts")
    accounts.sign_out(begun.token)
    assert visitor_of_session(accounts.store, begun.token, now=clock()) is None
    said = [type_ for type_, payload in events(accounts.store) if payload.get("account_id")]
    assert said == ["account.created", "account.signed_in", "account.signed_out"]


def test_no_name_password_or_token_reaches_ledger_or_database(
    accounts: Accounts, admin: str, raw: Callable[..., list[tuple[Any, ...]]]
) -> None:
    begun = accounts.sign_in("Amina El Fassi", GOOD, address=HERE)
    key = api_keys.issue_key(
        accounts.store, NGO, role="ngo", scopes=["see"], expires_at=accounts._clock() + LASTS
    )
    ledger = json.dumps(events(accounts.store))
    tables = ("people", "credentials", "sessions", "key_secrets", "sign_in_attempts", "accounts")
    rows = " ".join(str(raw(f"SELECT * FROM {table}")) for table in tables)
    for secret in ("Amina", "amina", "Fassi", "mules", begun.token, key.text[-43:], HERE):
        assert secret not in ledger
        assert secret not in rows
    assert accounts.names() == {admin: "Amina El Fassi"}


def test_a_wrong_password_and_an_unknown_name_are_refused_in_the_same_words(
    accounts: Accounts, admin: str
) -> None:
    with pytest.raises(SignInError) as wrong:
        accounts.sign_in("Amina El Fassi", "another password", address=HERE)
    with pytest.raises(SignInError) as unknown:
        accounts.sign_in("nobody at all", GOOD, address=HERE)
    assert str(wrong.value) == str(unknown.value)
    refused = [payload for type_, payload in events(accounts.store) if type_.endswith("refused")]
    assert refused == [{"account_id": admin, "reason": "password", "blocked": False}]


def test_a_guesser_is_blocked_and_others_are_not(
    accounts: Accounts, admin: str, clock: Clock
) -> None:
    for _ in range(throttle.PAIR_LIMIT):
        with pytest.raises(SignInError):
            accounts.sign_in("amina el fassi", "guess guess guess", address=HERE)
    with pytest.raises(ThrottledError, match="wait 15 min") as caught:
        accounts.sign_in("amina el fassi", GOOD, address=HERE)
    assert caught.value.retry_after_s == 900
    assert events(accounts.store)[-1][1] == {
        "account_id": admin,
        "reason": "password",
        "blocked": True,
    }
    # From elsewhere the account is still reached by who knows the password.
    accounts.sign_in("amina el fassi", GOOD, address="10.0.0.8")
    clock.forward(minutes=15, seconds=1)
    accounts.sign_in("amina el fassi", GOOD, address=HERE)


def test_one_address_is_blocked_whatever_names_it_tries(accounts: Accounts, admin: str) -> None:
    for number in range(throttle.ADDRESS_LIMIT):
        with pytest.raises(SignInError):
            accounts.sign_in(f"name {number}", "guess guess guess", address=HERE)
    with pytest.raises(ThrottledError):
        accounts.sign_in("amina el fassi", GOOD, address=HERE)


def test_many_guesses_at_once_get_no_further_than_one_after_the_other(
    accounts: Accounts, admin: str
) -> None:
    def guess(number: int) -> type[Exception] | None:
        try:
            accounts.sign_in("amina el fassi", f"guess number {number}", address=HERE)
        except (SignInError, ThrottledError) as error:
            return type(error)
        return None

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(16)))
    assert answers.count(SignInError) == throttle.PAIR_LIMIT
    assert answers.count(ThrottledError) == 16 - throttle.PAIR_LIMIT


def test_a_success_takes_typos_back(accounts: Accounts, admin: str) -> None:
    for _ in range(3):
        for _ in range(throttle.PAIR_LIMIT - 1):
            with pytest.raises(SignInError):
                accounts.sign_in("amina el fassi", "typo typo typo", address=HERE)
        accounts.sign_in("amina el fassi", GOOD, address=HERE)


def test_a_session_ends_by_itself_when_idle_and_at_the_end_of_a_shift(
    accounts: Accounts, admin: str, clock: Clock
) -> None:
    token = accounts.sign_in("amina el fassi", GOOD, address=HERE).token

    def held() -> bool:
        return visitor_of_session(accounts.store, token, now=clock()) is not None

    clock.forward(seconds=(IDLE - timedelta(seconds=1)).total_seconds())
    assert held()  # and its use is noted
    clock.forward(seconds=(IDLE - timedelta(seconds=1)).total_seconds())
    assert held()
    clock.forward(seconds=IDLE.total_seconds())
    assert not held()
    token = accounts.sign_in("amina el fassi", GOOD, address=HERE).token
    for _ in range(int(LASTS / timedelta(hours=1)) - 1):
        clock.forward(hours=1)
        assert held()
    clock.forward(hours=1)
    assert not held()


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "a" * 10_000, "é" * 43, "' OR 1=1 --"])
def test_a_forged_token_is_nobody(accounts: Accounts, admin: str, clock: Clock, token: str) -> None:
    accounts.sign_in("amina el fassi", GOOD, address=HERE)
    assert visitor_of_session(accounts.store, token, now=clock()) is None


def test_disabling_another_password_and_revoking_end_what_was_begun(
    accounts: Accounts, admin: str, clock: Clock
) -> None:
    bob = accounts.add("bob", role="ngo", organisation_id=NGO, password=GOOD)

    def begin() -> str:
        return accounts.sign_in("bob", "four dry mules sing", address=HERE).token

    accounts.set_password(bob, "four dry mules sing", actor=admin)
    with pytest.raises(SignInError):
        accounts.sign_in("bob", GOOD, address=HERE)
    tokens = [begin()]
    accounts.set_password(bob, "four dry mules sing")
    tokens.append(begin())
    accounts.set_active(bob, False, reason="left", actor=admin)
    with pytest.raises(SignInError):
        begin()
    accounts.set_active(bob, True, actor=admin)
    tokens.append(begin())
    revoked = OrganisationStatusSet(organisation_id=NGO, status="revoked", reason="fraud")
    accounts.store.append([NewEvent(payload=revoked, actor=admin)])
    with pytest.raises(SignInError):
        begin()
    for token in tokens:
        assert visitor_of_session(accounts.store, token, now=clock()) is None


def test_another_role_counts_from_the_next_request_on(
    accounts: Accounts, admin: str, clock: Clock
) -> None:
    bob = accounts.add("bob", role="cell", password=GOOD)
    token = accounts.sign_in("bob", GOOD, address=HERE).token
    accounts.set_role(bob, "viewer", organisation_id=NGO, actor=admin)
    visitor = visitor_of_session(accounts.store, token, now=clock())
    assert visitor is not None
    assert (visitor.role, visitor.organisation_id, visitor.rights) == ("viewer", NGO, {"see"})
    last = list(accounts.store.events())[-1]
    assert (last.type, last.actor) == ("account.role_set", admin)


def test_the_last_administrator_stays(accounts: Accounts, admin: str) -> None:
    for act in (
        lambda: accounts.set_active(admin, False),
        lambda: accounts.set_role(admin, "viewer", organisation_id=None),
    ):
        with pytest.raises(RuleError, match="last active administrator"):
            act()
    accounts.add("second", role="admin", password=GOOD)
    accounts.set_active(admin, False)


def test_a_weaker_hash_of_earlier_is_made_anew_at_the_next_sign_in(
    accounts: Accounts, admin: str, clock: Clock, raw: Callable[..., list[tuple[Any, ...]]]
) -> None:
    def stored() -> str:
        return str(raw("SELECT password_hash FROM credentials")[0][0])

    before = stored()
    assert "m=8,t=1" in before
    Accounts(accounts.vault, clock=clock).sign_in("amina el fassi", GOOD, address=HERE)
    assert "m=65536,t=3" in stored()
    assert is_password(GOOD, stored(), STRONG)


def test_names_are_unique_whatever_their_case(accounts: Accounts, admin: str) -> None:
    before = accounts.store.seq()
    with pytest.raises(RuleError, match="no other account has"):
        accounts.add("AMINA el fassi", role="viewer", password=GOOD)
    assert accounts.store.seq() == before
    assert len(accounts.store.accounts()) == 1


@pytest.mark.parametrize("name", ["", "a", "a" * 101, "a\nb", "account:1"])
def test_an_impossible_name_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(InputError, match="2 to 100 printable"):
        accounts.add(name, role="viewer", password=GOOD)


def test_an_unknown_account_is_said(accounts: Accounts, admin: str) -> None:
    with pytest.raises(UnknownIdError, match="no such account"):
        accounts.find("nobody")


def test_an_identity_of_a_provider_signs_in_and_is_one_accounts_only(
    accounts: Accounts, admin: str
) -> None:
    subject = oidc_subject("https://id.example/", "42")
    bob = accounts.add("bob", role="viewer", subject=subject)
    assert accounts.sign_in_by_subject(subject).account_id == bob
    with pytest.raises(SignInError):
        accounts.sign_in_by_subject(oidc_subject("https://other.example", "42"))
    with pytest.raises(RuleError, match="no other account has"):
        accounts.link(admin, subject)
    # Without a password, no password signs in.
    with pytest.raises(SignInError):
        accounts.sign_in("bob", "", address=HERE)


def test_a_key_may_no_more_than_its_scopes_until_it_ends(accounts: Accounts, clock: Clock) -> None:
    store = accounts.store
    made = api_keys.issue_key(
        store,
        NGO,
        role="ngo",
        scopes=["see", "upload"],
        expires_at=clock() + timedelta(days=1),
        label="form server",
    )
    visitor = visitor_of_key(store, made.text, now=clock())
    assert visitor.rights == {"see", "upload"}
    assert (visitor.account_id, visitor.organisation_id) == (made.key_id, NGO)
    with pytest.raises(InputError, match="expired at 2023-09-09"):
        visitor_of_key(store, made.text, now=clock() + timedelta(days=1))
    wrong = made.text[:-1] + ("A" if made.text[-1] != "A" else "B")
    for bad, why in (
        (wrong, "not known"),
        ("qafila_x", "one of the form"),
        ("", "one of the form"),
    ):
        with pytest.raises(InputError, match=why) as caught:
            visitor_of_key(store, bad, now=clock())
        assert made.text[-43:-1] not in str(caught.value)
    api_keys.revoke_key(store, made.key_id, reason="lost")
    with pytest.raises(InputError, match="revoked"):
        visitor_of_key(store, made.text, now=clock())
    with pytest.raises(RuleError, match="revoked at"):
        api_keys.revoke_key(store, made.key_id)


@pytest.mark.parametrize(
    ("role", "scopes", "error", "why"),
    [
        ("viewer", ["upload"], RuleError, "may no more than its role"),
        ("ngo", ["accounts"], InputError, "scopes accounts"),
        ("ngo", [], InputError, "scopes"),
        ("root", ["see"], InputError, "role 'root'"),
    ],
)
def test_a_key_beyond_its_role_is_refused(
    accounts: Accounts, clock: Clock, role: str, scopes: list[str], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        api_keys.issue_key(
            accounts.store, NGO, role=role, scopes=scopes, expires_at=clock() + LASTS
        )
    assert accounts.store.api_keys() == []


def test_nothing_is_taken_from_an_organisation_whose_recognition_was_revoked(
    accounts: Accounts, clock: Clock
) -> None:
    store = accounts.store
    made = api_keys.issue_key(store, NGO, role="ngo", scopes=["see"], expires_at=clock() + LASTS)
    for status in ("recognised", "revoked"):
        payload = OrganisationStatusSet(organisation_id=NGO, status=status)
        store.append([NewEvent(payload=payload)])
    upload = UploadReceived(
        upload_id="upload:1", kind="needs", file="a.csv", sha256="a" * 64, accepted=1, rejected=0
    )
    with pytest.raises(RuleError, match="revoked, nothing is taken"):
        store.append([NewEvent(payload=upload, organisation_id=NGO)])
    with pytest.raises(InputError, match="organisation was revoked"):
        visitor_of_key(store, made.text, now=clock())
    with pytest.raises(RuleError, match="revoked"):
        accounts.add("bob", role="ngo", organisation_id=NGO, password=GOOD)
    with pytest.raises(RuleError, match="it is revoked already"):
        store.append(
            [NewEvent(payload=OrganisationStatusSet(organisation_id=NGO, status="revoked"))]
        )
    again = OrganisationStatusSet(organisation_id=NGO, status="recognised")
    store.append([NewEvent(payload=again), NewEvent(payload=upload, organisation_id=NGO)])


def test_replay_gives_the_same_accounts_and_keys(accounts: Accounts, admin: str) -> None:
    accounts.sign_in("amina el fassi", GOOD, address=HERE)
    before = (accounts.store.accounts(), accounts.store.organisations())
    accounts.store.rebuild()
    assert (accounts.store.accounts(), accounts.store.organisations()) == before
    assert accounts.store.verify(projections=True).ok
    assert list(itertools.islice(accounts.store.events(types=["account.signed_in"]), 2))
    # Private tables are no projections: a rebuild leaves them alone.
    accounts.sign_in("amina el fassi", GOOD, address=HERE)
