"""What an auditor asks of the command line: heads as text, file and QR code, proofs, the key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.cli import main

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_ledger.py"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("QAFILA_LEDGER_KEY", str(tmp_path / "key.pem"))
    monkeypatch.delenv("QAFILA_DATABASE_URL", raising=False)
    options = ["--home", str(tmp_path / "home")]
    assert main(["init", *options]) == 0
    return options


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(list(words)) == 0
    return capsys.readouterr().out


def test_a_head_leaves_as_text_as_json_and_as_a_code_to_photograph(
    home: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import segno

    for kind in ("txt", "json", "svg", "png"):
        file = tmp_path / f"head.{kind}"
        line = said(capsys, "ledger", "head", "--to", str(file), *home).strip()
        assert line.startswith("qafila-head:2:")
        content = file.read_bytes()
        if kind == "txt":
            assert content.decode() == line + "\n"
        elif kind == "json":
            assert json.loads(content)["head"] == line
        elif kind == "png":
            assert content.startswith(b"\x89PNG")
            code = segno.make(line, error="m", micro=False)
            assert int.from_bytes(content[16:20], "big") == code.symbol_size(6, 4)[0]
        else:
            assert content.lstrip().startswith((b"<?xml", b"<svg"))
        if kind in ("txt", "json"):
            assert main(["verify", "--against", str(file), *home]) == 0


def test_a_new_key_is_announced_once(
    home: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["ledger", "head", *home]) == 0
    assert "a new signing key was made" in capsys.readouterr().err
    assert main(["ledger", "head", *home]) == 0
    assert capsys.readouterr().err == ""
    public = tmp_path / "public.txt"
    shown = json.loads(said(capsys, "ledger", "key", "--to", str(public), "--json", *home))
    assert public.read_text(encoding="utf-8").strip() == shown["public_key"]
    head = said(capsys, "ledger", "head", *home).strip()
    assert main(["verify", "--against", head, "--signer", str(public), *home]) == 0
    assert main(["verify", "--against", head, "--signer", "0" * 64, *home]) == 1


def test_a_donor_checks_one_event_elsewhere(
    home: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = said(capsys, "ledger", "head", *home).strip()
    proof = tmp_path / "proof.json"
    said(capsys, "ledger", "prove", "1", "--against", head, "--to", str(proof), *home)
    alone = [sys.executable, str(TOOL), str(proof), "--against", head]
    assert subprocess.run(alone, check=False, capture_output=True).returncode == 0
    printed = json.loads(said(capsys, "ledger", "prove", "1", *home))
    assert printed["event"] == json.loads(proof.read_text(encoding="utf-8"))["event"]


def test_an_unsigned_head_needs_no_key(
    home: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = said(capsys, "ledger", "head", "--unsigned", *home)
    assert line.startswith("qafila-head:1:")
    assert not (tmp_path / "key.pem").exists()


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["export"], "a file to write is needed"),
        (["prove"], "the number or id of an event is needed"),
        (["prove", "99"], "no such event"),
        (["prove", "1", "--against", "qafila-head:1:x"], "qafila ledger head"),
        (["head", "--to", "/proc/nowhere/all.png"], "cannot be written"),
        (["head", "file.txt"], "it takes no file.txt"),
        (["key", "--unsigned"], "it takes no --unsigned"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_what_cannot_be_done_is_one_line(
    home: list[str], capsys: pytest.CaptureFixture[str], words: list[str], needed: str
) -> None:
    capsys.readouterr()
    assert main(["ledger", *words, *home]) == 2
    refusal = capsys.readouterr().err
    assert needed in refusal
    assert refusal.strip().count("\n") <= 1


def test_a_key_that_is_none_is_refused(
    home: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key.pem").write_text("secret words", encoding="utf-8")
    capsys.readouterr()
    assert main(["ledger", "head", *home]) == 2
    refusal = capsys.readouterr().err
    assert "Ed25519" in refusal
    assert "secret" not in refusal
