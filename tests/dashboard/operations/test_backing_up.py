"""A backup is all of a situation, made while others write; an altered one brings nothing back."""

from __future__ import annotations

import json
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.cli import main
from dashboard.operations.access import add_account, list_accounts
from dashboard.operations.backing_up import backup, restore
from dashboard.operations.situation import DATABASE_VARIABLE, Situation
from dashboard.operations.vehicle_catalogue import change_vehicle_classes
from data.events import DepotRegistered, LayerLoaded, SourceRef
from data.store.projections import dump
from geo.errors import InputError, QafilaError, StoreError, UnreadableError

PASSWORD = "four quiet mules in the snow"


def depot(number: int) -> DepotRegistered:
    return DepotRegistered(depot_id=f"depot:{number}", name=f"D{number}", lon=-8.0, lat=31.0)


def layer(ref: str) -> LayerLoaded:
    return LayerLoaded(
        layer_id="layer:1",
        kind="places",
        name="Villages",
        bounds=(-8.5, 30.9, -7.9, 31.2),
        files={"places": ref},
        rows=1,
        source=SourceRef(name="list"),
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """Point the program at an empty place for a ledger: the home's file, or a new database."""
    if request.param == "sqlite":
        monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
        yield lambda: None
        return
    server = request.getfixturevalue("database_server")
    urls: list[str] = []

    def new() -> None:
        urls.append(server.new_database())
        monkeypatch.setenv(DATABASE_VARIABLE, urls[-1])

    new()
    yield new
    for url in urls:
        server.drop_database(url)


def begin(home: Path) -> Situation:
    situation = Situation.create(home, name="Haut Atlas")
    situation.record([layer(situation.archive.put_bytes(b"villages", "parquet")), depot(1)])
    situation.archive.put_bytes(b"named by no event", "tif")
    change_vehicle_classes(situation, values=["truck.capacity_kg=9000"])
    add_account(situation, "amina", role="admin", password=PASSWORD)
    return situation


def state(situation: Situation) -> list[str]:
    with situation.store._projections() as connection:
        return list(dump(connection))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A backup of a small situation in a file."""
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    with begin(tmp_path / "home") as situation:
        backup(situation, tmp_path / "made.qb")
    return tmp_path / "made.qb"


def test_all_of_a_situation_comes_back(tmp_path: Path, new_place: Callable[[], None]) -> None:
    with begin(tmp_path / "home") as situation:
        result = backup(situation, tmp_path / "a.qb", with_key=True)
        before, head = state(situation), situation.store.head_text()
    assert (result["head"], result["archive_files"], result["n_missing"]) == (head, 1, 0)
    assert (tmp_path / "a.qb").stat().st_mode & 0o077 == 0
    new_place()
    back = tmp_path / "back"
    assert restore(back, tmp_path / "a.qb", against=[head])["head"] == head
    with Situation.open(back) as situation:
        assert state(situation) == before
        assert situation.store.verify(against=head, projections=True).ok
        ref = situation.store.layers("places")[0].files["places"]
        assert situation.archive.path(ref).read_bytes() == b"villages"
        assert [one["name"] for one in list_accounts(situation)] == ["amina"]
        assert situation.vehicle_classes()["truck"].capacity_kg == 9000
        situation.record([depot(2)])
    assert not [path for path in back.iterdir() if path.name.startswith(".")]
    with pytest.raises(InputError, match="nothing is ever overwritten"):
        restore(back, tmp_path / "a.qb")


def test_others_write_meanwhile_and_the_backup_is_of_one_moment(
    tmp_path: Path, new_place: Callable[[], None]
) -> None:
    with begin(tmp_path / "home") as situation:
        written: list[int] = []

        def write_once(_share: float, text: str) -> None:
            if text.startswith("making") and not written:
                # A writer of its own, which waits for nobody: the copy is half done.
                writer = threading.Thread(
                    target=lambda: written.extend(
                        one.seq for one in situation.record([depot(7), depot(8)])
                    )
                )
                writer.start()
                writer.join(timeout=20)

        before = situation.seq()
        result = backup(situation, tmp_path / "a.qb", progress=write_once)
        assert written == [before + 1, before + 2]
        assert result["events"] == before
        assert situation.store.verify(projections=True).ok
    new_place()
    assert restore(tmp_path / "back", tmp_path / "a.qb")["events"] == before


def test_the_key_stays_out_unless_it_is_asked_for(made: Path, tmp_path: Path) -> None:
    key = (tmp_path / "home" / "vault.key").read_bytes().strip()
    with zipfile.ZipFile(made) as packed:
        assert "vault.key" not in packed.namelist()
        assert not any(key in packed.read(name) for name in packed.namelist())
        assert not any(b"amina" in packed.read(name) for name in packed.namelist())
    assert "vault.key" in restore(tmp_path / "back", made)["next"]


def test_another_key_in_the_home_is_refused(made: Path, tmp_path: Path) -> None:
    from data.people.key import make_key

    (tmp_path / "back").mkdir()
    make_key(tmp_path / "back")
    with pytest.raises(InputError, match="the key it was sealed with"):
        restore(tmp_path / "back", made)
    assert [path.name for path in (tmp_path / "back").iterdir()] == ["vault.key"]


def packed_anew(made: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(made) as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    change(content)
    forged = made.with_name("forged.qb")
    with zipfile.ZipFile(forged, "w") as packed:
        for name, data in content.items():
            packed.writestr(name, data)
    return forged


def listed_anew(content: dict[str, bytes], **told: object) -> None:
    """Make the list fit what is there, as a careful forger would."""
    import hashlib

    manifest = json.loads(content["manifest.json"]) | told
    manifest["files"] = {
        name: {"n_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in content.items()
        if name != "manifest.json"
    }
    content["manifest.json"] = json.dumps(manifest).encode()


def edit_ledger(content: dict[str, bytes], folder: Path, *statements: str) -> None:
    file = folder / "edited.sqlite"
    file.write_bytes(content["situation.sqlite"])
    with sqlite3.connect(file) as database:
        for trigger in ("events_no_update", "events_no_delete", "events_no_gap"):
            database.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            database.execute(statement)
    database.close()
    content["situation.sqlite"] = file.read_bytes()
    listed_anew(content)


def refused(home: Path, file: Path, match: str, error: type[QafilaError] = UnreadableError) -> None:
    with pytest.raises(error, match=match) as caught:
        restore(home, file)
    assert "\n" not in str(caught.value)
    assert not home.exists()


def test_a_careful_forger_is_found_out(made: Path, tmp_path: Path) -> None:
    back = tmp_path / "back"

    def edited(content: dict[str, bytes]) -> None:
        edit_ledger(content, tmp_path, "UPDATE events SET actor = 'person:me' WHERE seq = 2")

    refused(back, packed_anew(made, edited), "event 2: .*edited")

    def forged_state(content: dict[str, bytes]) -> None:
        edit_ledger(content, tmp_path, "UPDATE depots SET name = 'Mine'")

    refused(back, packed_anew(made, forged_state), "differ from the ledger: .*depots")

    def cut(content: dict[str, bytes]) -> None:
        edit_ledger(content, tmp_path, "DELETE FROM events WHERE seq = 4")

    refused(back, packed_anew(made, cut), "not altered")

    def other_archive(content: dict[str, bytes]) -> None:
        name = next(name for name in content if name.startswith("archive/"))
        content[name] = b"other villages"
        listed_anew(content)

    refused(back, packed_anew(made, other_archive), "another content than its name promises")

    def without_archive(content: dict[str, bytes]) -> None:
        del content[next(name for name in content if name.startswith("archive/"))]
        listed_anew(content)

    refused(back, packed_anew(made, without_archive), "1 files that its ledger names")


@pytest.mark.parametrize("name", ["../../outside", "archive/../../x.parquet", "/tmp/x", "x.py"])
def test_names_of_other_places_are_refused(made: Path, tmp_path: Path, name: str) -> None:
    def foreign(content: dict[str, bytes]) -> None:
        content[name] = b"x"
        listed_anew(content)

    refused(tmp_path / "back", packed_anew(made, foreign), "foreign to it")


def test_more_than_the_list_says_is_not_unpacked(made: Path, tmp_path: Path) -> None:
    def bomb(content: dict[str, bytes]) -> None:
        content["situation.sqlite"] += bytes(5_000_000)

    refused(tmp_path / "back", packed_anew(made, bomb), "not what its list says")


def test_a_rewritten_ledger_is_found_with_a_head(made: Path, tmp_path: Path) -> None:
    with Situation.create(tmp_path / "other", name="Other") as other:
        foreign = other.store.head_text()
    with pytest.raises(UnreadableError, match="not altered"):
        restore(tmp_path / "back", made, against=[foreign])


def test_a_backup_that_was_cut_off_or_damaged_is_refused(made: Path, tmp_path: Path) -> None:
    whole = made.read_bytes()
    bad = tmp_path / "bad.qb"
    for size in (0, 1, len(whole) // 2, len(whole) - 1):
        bad.write_bytes(whole[:size])
        refused(tmp_path / "back", bad, "whole backup is needed")
    with Situation.open(tmp_path / "home") as situation:
        before = state(situation)
    for number, place in enumerate(range(40, len(whole), len(whole) // 20)):
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        back = tmp_path / f"back{number}"
        try:
            restore(back, bad)
        except UnreadableError:
            assert not back.exists()
        else:  # A byte that says nothing, such as the time of a file in the ZIP.
            with Situation.open(back) as situation:
                assert state(situation) == before


def test_a_lost_file_of_the_archive_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    with begin(tmp_path / "home") as situation:
        ref = situation.store.layers("places")[0].files["places"]
        place = situation.archive.path(ref)
    place.write_bytes(b"damaged!")
    assert main(["backup", str(tmp_path / "a.qb"), "--home", str(tmp_path / "home")]) == 1
    assert restore(tmp_path / "back", tmp_path / "a.qb")["n_missing"] == 1


def test_a_backup_that_fails_leaves_no_file(made: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "home" / "situation.sqlite") as database:
        database.execute("UPDATE depots SET name = 'Mine'")
    database.close()
    with Situation.open(tmp_path / "home") as situation:
        with pytest.raises(StoreError, match="qafila rebuild"):
            backup(situation, tmp_path / "b.qb")
        with pytest.raises(InputError, match="folder that is there"):
            backup(situation, tmp_path / "none" / "b.qb")
        with pytest.raises(InputError, match="not there yet"):
            backup(situation, made)
    assert {path.name for path in tmp_path.iterdir()} == {"home", "made.qb"}


def test_the_verbs_answer_in_one_line(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ["restore", str(tmp_path / "none.qb")],
        ["restore", str(tmp_path)],
        ["backup", str(made), "--home", str(tmp_path / "home")],
    ):
        capsys.readouterr()
        home = [] if "--home" in words else ["--home", str(tmp_path / "back")]
        assert main([*words, *home]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "back").exists()
