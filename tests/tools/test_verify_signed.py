"""The stand-alone verifier with signed heads and with the proof of one event."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import rfc8785

from data.events import NeedReported, NewEvent, SituationCreated
from data.store import SignedHead, Store
from data.store.proofs import prove, signed_head
from data.store.signing import SigningKey, make_key

INTACT, TAMPERED, UNREADABLE = 0, 1, 2
SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "verify_ledger.py"
NOW = datetime(2023, 9, 9, tzinfo=UTC)
Check = Callable[..., tuple[int, str]]


def need(number: int) -> NewEvent:
    return NewEvent(
        payload=NeedReported(
            need_id=f"need:{number}", place_id="place:1", item_id="tent", quantity=1, unit="piece"
        )
    )


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_ledger", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(tmp_path_factory.mktemp("key") / "key.pem")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Ten events."""
    created = SituationCreated(situation_id="situation:drill", name="Al Haouz")
    with Store.create(tmp_path_factory.mktemp("signed") / "s.sqlite", created) as made:
        made.append([need(number) for number in range(9)])
        yield made


@pytest.fixture(scope="module")
def head(store: Store, key: SigningKey) -> SignedHead:
    return signed_head(store, key, at=NOW)


@pytest.fixture(scope="module")
def lines(store: Store, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("exported") / "ledger.jsonl"
    store.export(path)
    return path.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def check(tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the verifier over lines or a proof; gives the exit status and all that it said."""

    def run(content: list[str] | dict[str, Any], *options: str) -> tuple[int, str]:
        path = tmp_path / "given"
        text = json.dumps(content, indent=1) if isinstance(content, dict) else "\n".join(content)
        path.write_text(text, encoding="utf-8")
        status = tool.main([str(path), *options])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


# --- ledgers and signed heads ---------------------------------------------------------------


def test_a_genuine_head_of_the_known_signer_passes(
    lines: list[str], head: SignedHead, key: SigningKey, check: Check, tmp_path: Path
) -> None:
    public = tmp_path / "public.txt"
    public.write_text(key.public_key + "\n", encoding="utf-8")
    for signer in (key.public_key, str(public)):
        status, said = check(lines, "--against", head.text(), "--signer", signer)
        assert (status, "intact: 10 events" in said) == (INTACT, True)


def test_without_a_signer_it_says_that_the_key_is_to_be_compared(
    lines: list[str], head: SignedHead, tool: ModuleType, check: Check
) -> None:
    status, said = check(lines, "--against", head.text())
    assert status == INTACT
    assert f"signed: with the key {tool.fingerprint(head.public_key)}" in said
    assert "compare it" in said


@pytest.mark.parametrize(
    "change",
    [
        {"root": "1" * 64},
        {"hash": "1" * 64},
        {"seq": 9},
        {"situation_id": "situation:other"},
        {"signed_at": datetime(2031, 1, 1, tzinfo=UTC)},
        {"signature": "ab" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_forged_head_is_named_as_forged(
    lines: list[str], head: SignedHead, check: Check, change: dict[str, Any]
) -> None:
    status, said = check(lines, "--against", replace(head, **change).text())
    assert status == TAMPERED
    assert "its signature does not fit: it was forged" in said


def test_a_replayed_signature_is_refused(
    store: Store, lines: list[str], head: SignedHead, key: SigningKey, check: Check
) -> None:
    other = key.sign(store.head(), root=head.root, at=datetime(2024, 1, 1, tzinfo=UTC))
    replayed = replace(other, signature=head.signature)
    assert check(lines, "--against", other.text())[0] == INTACT
    assert check(lines, "--against", replayed.text())[0] == TAMPERED


def test_somebody_elses_signature_is_refused(
    store: Store, lines: list[str], key: SigningKey, check: Check, tmp_path: Path
) -> None:
    theirs = signed_head(store, make_key(tmp_path / "k.pem"), at=NOW).text()
    assert check(lines, "--against", theirs)[0] == INTACT
    status, said = check(lines, "--against", theirs, "--signer", key.public_key)
    assert status == TAMPERED
    assert "it was signed with the key" in said


def test_a_plain_head_is_no_substitute_where_a_signer_is_asked_for(
    store: Store, lines: list[str], key: SigningKey, check: Check
) -> None:
    status, said = check(lines, "--against", store.head_text(), "--signer", key.public_key)
    assert (status, "it is not signed" in said) == (TAMPERED, True)


def test_a_root_of_other_events_is_found(
    store: Store, lines: list[str], key: SigningKey, check: Check
) -> None:
    lie = key.sign(store.head(), root="0" * 64, at=NOW)
    status, said = check(lines, "--against", lie.text())
    assert (status, "another root" in said) == (TAMPERED, True)


@pytest.mark.parametrize(
    "tampered",
    [
        pytest.param(lambda lines: lines[:-1], id="tail cut"),
        pytest.param(lambda lines: [*lines[:3], *lines[4:]], id="one deleted"),
        pytest.param(lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], id="swapped"),
        pytest.param(lambda lines: [*lines[:4], lines[3], *lines[4:]], id="one inserted"),
        pytest.param(
            lambda lines: [line.replace('"quantity":"1"', '"quantity":"2"') for line in lines],
            id="edited",
        ),
    ],
)
def test_every_way_to_tamper_is_found(
    lines: list[str], head: SignedHead, check: Check, tampered: Callable[[list[str]], list[str]]
) -> None:
    assert check(tampered(lines), "--against", head.text())[0] == TAMPERED


def test_a_ledger_written_anew_with_fresh_hashes_is_found(
    lines: list[str], head: SignedHead, tool: ModuleType, check: Check
) -> None:
    anew, previous = [], "0" * 64
    for line in lines:
        event = json.loads(line.replace('"quantity":"1"', '"quantity":"2"'))
        event["prev_hash"] = previous
        event["hash"] = previous = tool.event_hash(event)
        anew.append(rfc8785.dumps(event).decode())
    assert check(anew)[0] == INTACT
    status, said = check(anew, "--against", head.text())
    assert (status, "the ledger was rewritten" in said) == (TAMPERED, True)


def test_a_file_of_many_heads_is_checked_whole(
    store: Store, lines: list[str], head: SignedHead, check: Check, tmp_path: Path
) -> None:
    file = tmp_path / "heads.txt"
    file.write_text(f"{head.text()}\n{store.head_text()}\n", encoding="utf-8")
    assert check(lines, "--against", str(file))[0] == INTACT
    with file.open("a", encoding="utf-8") as more:
        more.write(replace(head, seq=3).text() + "\n")
    assert check(lines, "--against", str(file))[0] == TAMPERED


def test_events_that_no_head_covers_are_counted(
    lines: list[str], store: Store, key: SigningKey, check: Check
) -> None:
    rows = list(store.events())
    early = Store.as_of(store, 4)
    with early:
        old = signed_head(early, key, at=NOW)
    assert len(rows) == 10
    assert "no head covers the 6 events after 4" in check(lines, "--against", old.text())[1]


# --- proofs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seq", range(1, 11))
def test_every_event_can_be_proven(
    store: Store, head: SignedHead, key: SigningKey, check: Check, seq: int
) -> None:
    proof = prove(store, seq, head).document()
    options = ("--against", head.text(), "--signer", key.public_key)
    status, said = check(proof, *options)
    assert (status, f"proven: event {seq} is one of the 10 events" in said) == (INTACT, True)
    answer = json.loads(check(proof, *options, "--json")[1])
    assert (answer["ok"], answer["event"]["seq"], answer["head"]) == (True, seq, head.text())


def test_an_edited_event_is_not_proven(store: Store, head: SignedHead, check: Check) -> None:
    proof = prove(store, 4, head).document()
    proof["event"]["payload"]["quantity"] = "9"
    status, said = check(proof)
    assert (status, "it was edited" in said) == (TAMPERED, True)


def test_an_event_with_a_fresh_hash_is_not_in_the_ledger(
    store: Store, head: SignedHead, tool: ModuleType, check: Check
) -> None:
    proof = prove(store, 4, head).document()
    proof["event"]["payload"]["quantity"] = "9"
    proof["event"]["hash"] = tool.event_hash(proof["event"])
    status, said = check(proof)
    assert (status, "not in the ledger that the head stands for" in said) == (TAMPERED, True)


@pytest.mark.parametrize("seq", [1, 3, 5, 2**60])
def test_a_proof_does_not_serve_another_place(
    store: Store, head: SignedHead, tool: ModuleType, check: Check, seq: int
) -> None:
    proof = prove(store, 4, head).document()
    proof["event"]["seq"] = seq
    proof["event"]["hash"] = tool.event_hash(proof["event"]) if seq < 2**53 else "0" * 64
    assert check(proof)[0] in (TAMPERED, UNREADABLE)


def test_a_path_that_was_changed_proves_nothing(
    store: Store, head: SignedHead, check: Check
) -> None:
    proof = prove(store, 4, head).document()
    for path in (proof["path"][:-1], [*proof["path"], "0" * 64], proof["path"][::-1], []):
        assert check({**proof, "path": path})[0] == TAMPERED


def test_a_proof_for_another_head_than_the_one_in_hand_is_refused(
    store: Store, head: SignedHead, key: SigningKey, check: Check
) -> None:
    proof = prove(store, 4, head).document()
    lie = key.sign(replace(store.head(), hash="0" * 64), root="0" * 64, at=NOW)
    status, said = check(proof, "--against", lie.text())
    assert (status, "another ledger" in said) == (TAMPERED, True)
    with store.as_of(8) as early:
        old = signed_head(early, key, at=NOW)
    assert "not of event 8" in check(proof, "--against", old.text())[1]


def test_a_forged_head_inside_a_proof_is_found(
    store: Store, head: SignedHead, check: Check
) -> None:
    proof = prove(store, 4, head).document()
    forged = replace(head, signature="0" * 128).text()
    assert check({**proof, "head": forged})[0] == TAMPERED


@pytest.mark.parametrize(
    "change",
    [
        {"qafila_proof": 2},
        {"head": "qafila-head:1:situation:drill:10:" + "0" * 64 + ":2023-09-09T00:00:00.000000Z"},
        {"head": None},
        {"path": ["zz"]},
        {"path": "0" * 64},
        {"event": {}},
        {"event": None},
    ],
    ids=str,
)
def test_what_is_no_proof_is_unreadable(
    store: Store, head: SignedHead, check: Check, change: dict[str, Any]
) -> None:
    assert check({**prove(store, 4, head).document(), **change})[0] == UNREADABLE


def test_without_cryptography_a_signed_head_is_not_passed_off_as_checked(
    lines: list[str], head: SignedHead, tmp_path: Path
) -> None:
    (tmp_path / "ledger.jsonl").write_text("\n".join(lines), encoding="utf-8")
    # -I and -S: no installed package.
    answer = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), "ledger.jsonl", "--against", head.text()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == UNREADABLE
    assert "package cryptography" in answer.stderr
