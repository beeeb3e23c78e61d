"""Accounts, keys, organisations and people from the command line, and what it says to misuse."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from data.people.key import KEY_FILE, VaultKey

GOOD = "four wet mules sing"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert main(["init", "--home", str(tmp_path / "home")]) == 0
    return tmp_path / "home"


class Shell:
    """Runs verbs on one home."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.home, self._capsys = home, capsys
        self._password = folder / "password"

    def run(self, *words: str, status: int = 0) -> Any:
        self._capsys.readouterr()
        assert main([*words, "--home", str(self.home), "--json"]) == status, words
        said = self._capsys.readouterr()
        if status == 2:
            assert said.err.count("\n") == 1, said.err
            return said.err
        return json.loads(said.out)

    def add(self, name: str, role: str, *more: str, password: str = GOOD, status: int = 0) -> Any:
        self._password.write_text(password + "\nsecond line", encoding="utf-8")
        words = ("account", "add", name, "--role", role, "--password-file", str(self._password))
        return self.run(*words, *more, status=status)


@pytest.fixture
def shell(home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(home, capsys, tmp_path)


def test_accounts_are_made_listed_and_altered(shell: Shell) -> None:
    assert "--role admin" in shell.add("amina", "viewer", status=2)
    shell.add("amina", "admin")
    made = shell.add("Brahim", "ngo", "--org", "Eau du Dir")
    listed = {one["name"]: one for one in shell.run("account", "list")["accounts"]}
    assert listed["Brahim"]["organisation"] == "Eau du Dir"
    assert (listed["amina"]["role"], listed["amina"]["active"]) == ("admin", True)
    shell.run("account", "role", "brahim", "field")
    shell.run("account", "disable", made["account_id"], "--reason", "left")
    listed = {one["name"]: one for one in shell.run("account", "list")["accounts"]}
    assert (listed["Brahim"]["role"], listed["Brahim"]["active"]) == ("field", False)
    assert listed["Brahim"]["organisation"] == "Eau du Dir"
    assert shell.run("verify")["ok"]


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (("account", "add", "bob", "--role", "viewer"), "--password-file"),
        (("account", "add", "bob", "--role", "root", "--new-password"), "one of viewer, field"),
        (("account", "role", "nobody", "viewer"), "no such account"),
        (("account", "disable", "amina"), "last active administrator"),
        (("account", "add", "bob", "--role", "viewer", "--oidc-subject", "1"), "give both"),
        (("account", "password", "amina", "--password-file", "/nowhere"), "a readable file"),
        (("key", "issue", "--org", "Nobody"), "no such organisation"),
        (("key", "issue", "--org", "Eau", "--scopes", "see,fly"), "scopes fly"),
        (("key", "issue", "--org", "Eau", "--days", "0"), "1 to 366 days"),
        (("key", "revoke", "key:none"), "no such key"),
        (("organisation", "set", "Eau", "famous"), "one of recognised, pending, revoked"),
        (("organisation", "set", "Nobody", "revoked"), "no such organisation"),
        (("people", "export", "nobody"), "nothing is kept of such a person"),
        (("people", "erase", "nobody"), "nothing is kept of such a person"),
        (("people", "erase", "amina"), "disable it first"),
    ],
)
def test_misuse_is_answered_in_one_line_and_changes_nothing(
    shell: Shell, words: tuple[str, ...], needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.add("amina", "admin", "--org", "Eau")
    before = shell.run("ledger", "head")["seq"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert needed in shell.run(*words, status=2)
    assert shell.run("ledger", "head")["seq"] == before


def test_a_weak_password_registers_neither_account_nor_organisation(shell: Shell) -> None:
    shell.add("amina", "admin")
    before = shell.run("ledger", "head")["seq"]
    said = shell.add("bob", "ngo", "--org", "New NGO", password="short", status=2)
    assert "at least 15 are needed" in said
    assert shell.run("ledger", "head")["seq"] == before


def test_a_key_is_shown_once(shell: Shell) -> None:
    shell.add("amina", "admin", "--org", "Eau")
    made = shell.run("key", "issue", "--org", "Eau", "--scopes", "see,upload", "--label", "forms")
    (listed,) = shell.run("key", "list")["keys"]
    assert made["key"] not in json.dumps(listed)
    assert (listed["status"], listed["scopes"]) == ("valid", ["see", "upload"])
    shell.run("key", "revoke", made["key_id"])
    assert shell.run("key", "list")["keys"][0]["status"] == "revoked"
    assert b"qafila_" not in (shell.home / "situation.sqlite").read_bytes()


def test_a_person_is_exported_and_erased(shell: Shell) -> None:
    shell.add("amina", "admin")
    shell.add("bob", "viewer")
    said = shell.run("people", "export", "Bob")
    assert [one["value"] for one in said["fields"]] == ["bob"]
    assert [one["type"] for one in said["events"]] == ["account.created"]
    shell.run("account", "disable", "bob")
    erased = shell.run("people", "erase", "bob")
    assert erased["fields"] == ["login"]
    assert erased["erased"] in (shell.home / "erased.txt").read_text(encoding="ascii")
    assert shell.run("people", "forget") == {"forgotten": []}
    assert [one["name"] for one in shell.run("account", "list")["accounts"]].count("") == 1


def test_without_its_key_the_vault_is_said_to_need_it(shell: Shell, tmp_path: Path) -> None:
    shell.add("amina", "admin")
    path = shell.home / KEY_FILE
    shutil.move(path, tmp_path / "kept.key")
    for words in (("account", "list"), ("people", "list"), ("people", "export", "amina")):
        said = shell.run(*words, status=2)
        assert "the key of the vault is needed, and it is not there" in said
    # No new key is made over what another one sealed.
    assert "is not there" in shell.add("bob", "viewer", status=2)
    assert not path.exists()
    path.write_text(VaultKey(bytes(32)).text(), encoding="ascii")
    path.chmod(0o600)
    assert "bring the right vault.key" in shell.run("account", "list", status=2)
    shutil.move(tmp_path / "kept.key", path)
    assert shell.run("account", "list")["accounts"][0]["name"] == "amina"
    path.chmod(0o644)
    assert "chmod 600" in shell.run("account", "list", status=2)


def test_the_first_answer_of_a_person_is_the_roles_table(shell: Shell) -> None:
    rights = {one["right"]: one["roles"] for one in shell.run("account", "roles")["rights"]}
    assert rights["accounts"] == ["admin"]
    assert "auditor" in rights["ledger"]
