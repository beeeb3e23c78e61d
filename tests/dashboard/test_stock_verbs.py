"""Stock and funds from the command line: what is printed, and what is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main

STOCK = "depot,lon,lat,item,quantity\nAsni,-8.0,31.0,tent,40\nAmizmiz,-8.2,31.2,tent,5\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.delenv("QAFILA_DATABASE_URL", raising=False)
    options = ["--home", str(tmp_path / "home")]
    sheet = tmp_path / "stock.csv"
    sheet.write_text(STOCK, encoding="utf-8")
    assert main(["init", *options]) == 0
    assert main(["upload", "stock", str(sheet), "--org", "Amis", *options]) == 0
    return options


def test_goods_are_handled_shown_and_undone(
    home: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*words, "--json", *home]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    def on_hand() -> list[str]:
        return [one["on_hand"] for one in run("stock", "show", "--item", "tent")["stock"]]

    run("stock", "receive", "Asni", "tent", "8", "--donor", "Toit Atlas", "--lot", "=A1")
    moved = run("stock", "move", "Asni", "Amizmiz", "tente", "6", "--org", "Amis")
    run("stock", "loss", "Amizmiz", "tent", "1", "--cause", "stolen")
    assert on_hand() == ["10", "42"]
    run("undo", moved["slip_id"])
    assert on_hand() == ["4", "48"]
    at_first = run("stock", "show", "--item", "tent", "--at", "3")["stock"]
    assert at_first == []
    table = tmp_path / "moves.csv"
    shown = run("stock", "show", "--moves", "9", "--csv", str(table))
    sources = {one["source"] for one in shown["movements"]}
    assert "stock.csv, row 2" in sources
    assert [one["undone"] for one in shown["movements"]].count(True) == 1
    assert table.read_text(encoding="utf-8-sig").startswith("at,item,quantity")
    run("stock", "show", "--lots", "--csv", str(table))
    assert "'=A1" in table.read_text(encoding="utf-8-sig")
    run("fund", "open", "Quake", "MAD")
    run("fund", "receive", "Quake", "Diaspora", "1 000.50")
    assert run("fund", "show")["funds"][0]["received"] == "1000.5"


@pytest.mark.parametrize(
    "words",
    [
        ("stock", "move", "Asni", "Amizmiz", "tent", "41"),
        ("stock", "receive", "Asni", "tent", "1e309", "--donor", "x"),
        ("stock", "loss", "Asni", "tent", "1", "--cause", "eaten"),
        ("stock", "count", "Asni", "tent", "1", "--at", "yesterday"),
        ("stock", "show", "--moves", "-1"),
        ("fund", "open", "Quake", "dirham"),
        ("undo", "slip:none"),
    ],
)
def test_what_is_refused_is_one_line(
    home: list[str], capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    capsys.readouterr()
    assert main([*words, *home]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "unexpected" not in said.err
