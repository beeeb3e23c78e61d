"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from geo.errors import InputError
from geo.written_file import whole_file, write_whole


def test_a_file_is_made_with_its_folder_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "list.csv"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [one.name for one in path.parent.iterdir()] == ["list.csv"]


def test_after_a_fault_the_old_file_stays_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_whole(path, b"old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as draft:
        draft.write_bytes(b"half")
        assert path.read_bytes() == b"old"
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    kept, path = tmp_path / "kept.txt", tmp_path / "list.csv"
    kept.write_bytes(b"kept")
    path.symlink_to(kept)
    write_whole(path, b"new")
    assert (kept.read_bytes(), path.read_bytes(), path.is_symlink()) == (b"kept", b"new", False)


def test_a_device_is_written_to_as_it_is() -> None:
    write_whole(Path(os.devnull), b"gone")
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize(
    "name", ["folder", "file.txt/list.csv", "x" * 300 + ".csv"], ids=["folder", "in a file", "long"]
)
def test_what_cannot_be_written_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.txt").write_bytes(b"a file")
    with pytest.raises(InputError, match=r"it cannot be written \(.+\); choose another folder"):
        write_whole(tmp_path / name, b"text")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file.txt", "folder"]
