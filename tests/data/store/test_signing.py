"""Signed heads: what they prove on the system; what is refused, with the rule it breaks."""

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from data.store import Store, parse_head
from data.store.proofs import prove, signed_head
from data.store.signing import (
    SigningKey,
    fingerprint,
    head_problem,
    load_key,
    make_key,
    own_key,
    public_key,
)
from geo.errors import InputError, StoreError, UnknownIdError

NOW = datetime(2023, 9, 9, 14, tzinfo=UTC)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return make_key(tmp_path / "settings" / "key.pem")


@pytest.fixture
def ledger(store: Store, path: Path, make: SimpleNamespace) -> Store:
    """Seven events in a file: what is signed does not depend on the engine."""
    store.append([make.new(make.need(str(number))) for number in range(6)])
    return store


def test_a_signed_head_is_one_line_that_verifies(ledger: Store, key: SigningKey) -> None:
    head = signed_head(ledger, key, at=NOW)
    line = head.text()
    assert line.startswith("qafila-head:2:situation:drill:7:")
    assert "\n" not in line
    assert parse_head(line) == head
    assert head_problem(head, signer=key.public_key) is None
    assert ledger.verify(against=line, signer=key.public_key).ok


def test_a_signed_head_holds_after_more_was_written(
    ledger: Store, key: SigningKey, make: SimpleNamespace
) -> None:
    old = signed_head(ledger, key, at=NOW).text()
    ledger.append([make.new(make.need("later"))])
    assert ledger.verify(against=[old, signed_head(ledger, key, at=NOW).text()]).ok


FORGERIES = {
    "another event": {"seq": 6},
    "another hash": {"hash": "0" * 64},
    "another root": {"root": "0" * 64},
    "another situation": {"situation_id": "situation:other"},
    "another time": {"signed_at": datetime(2030, 1, 1, tzinfo=UTC)},
    "no signature": {"signature": "0" * 128},
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_signature_fits_one_head_only(
    ledger: Store, key: SigningKey, change: dict[str, object]
) -> None:
    forged = replace(signed_head(ledger, key, at=NOW), **change)
    finding = ledger.verify(against=forged.text())
    assert not finding.ok
    assert "signature does not fit" in finding.problems[0]


def test_the_signature_of_an_older_head_does_not_serve_a_newer_one(
    ledger: Store, key: SigningKey, make: SimpleNamespace
) -> None:
    old = signed_head(ledger, key, at=NOW)
    ledger.append([make.new(make.need("later"))])
    replayed = replace(signed_head(ledger, key, at=NOW), signature=old.signature)
    assert "taken from another head" in str(ledger.verify(against=replayed.text()).problems)


def test_a_genuine_signature_of_somebody_else_is_refused_where_the_signer_is_known(
    ledger: Store, key: SigningKey, tmp_path: Path
) -> None:
    other = make_key(tmp_path / "other.pem")
    line = signed_head(ledger, other, at=NOW).text()
    assert ledger.verify(against=line).ok
    (problem,) = ledger.verify(against=line, signer=key.public_key).problems
    assert fingerprint(other.public_key) in problem
    assert fingerprint(key.public_key) in problem


def test_a_plain_head_does_not_pass_for_a_signed_one(ledger: Store, key: SigningKey) -> None:
    finding = ledger.verify(against=ledger.head_text(), signer=key.public_key)
    assert "not signed" in str(finding.problems)


def test_a_signed_root_of_other_events_is_found(ledger: Store, key: SigningKey) -> None:
    lie = key.sign(ledger.head(), root="0" * 64, at=NOW)
    assert "another root" in str(ledger.verify(against=lie.text()).problems)


# --- the proof of one event -----------------------------------------------------------------


def test_a_proof_shows_one_event_and_nothing_of_the_others(ledger: Store, key: SigningKey) -> None:
    head = signed_head(ledger, key, at=NOW)
    for name, seq in ((3, 3), ("need:4", 6), ("event:000007", 7)):
        document = prove(ledger, name, head).document()
        assert document["event"]["seq"] == seq
        assert document["head"] == head.text()
        text = json.dumps(document)
        others = {f'"need:{number}"' for number in range(6)} - {f'"need:{seq - 2}"'}
        assert not any(other in text for other in others)


def test_a_proof_can_be_made_for_a_head_handed_out_earlier(
    ledger: Store, key: SigningKey, make: SimpleNamespace
) -> None:
    head = signed_head(ledger, key, at=NOW)
    ledger.append([make.new(make.need("later"))])
    assert prove(ledger, 3, head).head == head
    with pytest.raises(InputError, match="take a newer head"):
        prove(ledger, 8, head)


def test_what_cannot_be_proven_says_why(
    ledger: Store, key: SigningKey, make: SimpleNamespace
) -> None:
    head = signed_head(ledger, key, at=NOW)
    with pytest.raises(UnknownIdError, match="no such event"):
        prove(ledger, 99, head)
    with pytest.raises(InputError, match="forged"):
        prove(ledger, 3, replace(head, root="0" * 64))
    ledger.append([make.new(make.depot()), make.new(make.depot(name="Again"))])
    with pytest.raises(InputError, match="8, 9 are about it"):
        prove(ledger, "depot:asni", signed_head(ledger, key, at=NOW))


# --- the key --------------------------------------------------------------------------------


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "key.pem"
    assert load_key(path) is None
    first, made = own_key(path)
    again, made_again = own_key(path)
    assert (made, made_again) == (True, False)
    assert first.public_key == again.public_key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(StoreError, match="could not be written"):
        make_key(path)
    assert [file.name for file in path.parent.iterdir()] == ["key.pem"]


def test_a_file_that_is_no_key_is_refused_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    with pytest.raises(InputError, match="Ed25519") as refused:
        load_key(path)
    assert "c2Vjcm" not in str(refused.value)


def test_a_public_key_is_digits_or_a_file(key: SigningKey, tmp_path: Path) -> None:
    file = tmp_path / "public.txt"
    file.write_text(key.public_key.upper() + "\n", encoding="utf-8")
    assert public_key(str(file)) == public_key(key.public_key) == key.public_key
    for wrong in ("", "abc", str(tmp_path), str(tmp_path / "none")):
        with pytest.raises(InputError, match="public key"):
            public_key(wrong)


def test_a_head_of_the_wrong_form_is_no_head() -> None:
    line = "qafila-head:2:situation:drill:1:" + "0" * 64
    for wrong in (line, line + ":" + "0" * 64, "qafila-head:3:" + "0" * 64):
        with pytest.raises(InputError, match="qafila ledger head"):
            parse_head(wrong)
