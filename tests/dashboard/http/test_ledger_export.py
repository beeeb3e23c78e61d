"""The ledger over HTTP: whole, as the verifier of an auditor reads it, and only for who may."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from dashboard.operations.situation import Situation


def test_the_whole_ledger_is_what_the_auditors_tool_reads(
    client: Any, valley: Situation, tmp_path: Path, checkout: Path
) -> None:
    answer = client.get("/api/v1/ledger/events.jsonl")
    assert answer.status_code == 200
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(answer.content)
    assert len(answer.text.splitlines()) == valley.store.seq()
    tool = [sys.executable, str(checkout / "tools" / "verify_ledger.py"), str(file)]
    assert subprocess.run(tool, check=False, capture_output=True).returncode == 0


def test_only_who_may_read_the_ledger_gets_it(keyed: dict[str, Any]) -> None:
    asked = {role: one.get("/api/v1/ledger/events.jsonl") for role, one in keyed.items()}
    assert {role: one.status_code for role, one in asked.items()} == {
        "nobody": 401, "viewer": 403, "ngo": 403, "cell": 200, "auditor": 200,
    }  # fmt: skip
