"""The archive gives back what it was given, or says that it cannot."""

import hashlib
import multiprocessing
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from data.archive import Archive
from data.events import FileRef
from geo.errors import InputError, StoreError, TooLargeError, UnknownIdError, UnreadableError


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def files(archive: Archive) -> list[Path]:
    return sorted(path for path in archive.root.rglob("*") if path.is_file())


def test_the_ref_is_the_hash_of_the_content(archive: Archive) -> None:
    ref = archive.put_bytes(b"tents", "txt")
    assert ref == hashlib.sha256(b"tents").hexdigest() + ".txt"
    assert archive.path(ref) == archive.root / ref[:2] / ref
    assert archive.path(ref).read_bytes() == b"tents"


@pytest.mark.parametrize("suffix", ["tif", ".TIF", "parquet", "osm.pbf", ".topojson"])
def test_refs_are_what_events_may_hold(archive: Archive, suffix: str) -> None:
    ref = archive.put_bytes(b"x", suffix)
    assert TypeAdapter(FileRef).validate_python(ref) == ref


@pytest.mark.parametrize(
    "suffix", ["", ".", "a/b", "../x", "..", "a..b", "é", "x" * 17, "a b", "tif\n"]
)
def test_a_suffix_is_a_plain_word(archive: Archive, suffix: str) -> None:
    with pytest.raises(InputError, match="suffix"):
        archive.put_bytes(b"x", suffix)


def test_the_same_content_is_one_file(archive: Archive, tmp_path: Path) -> None:
    source = tmp_path / "roads.tif"
    source.write_bytes(b"same")
    assert archive.put_bytes(b"same", "tif") == archive.put_file(source)
    assert len(files(archive)) == 1


def test_a_file_is_copied_not_moved(archive: Archive, tmp_path: Path) -> None:
    source = tmp_path / "big.bin"
    source.write_bytes(os.urandom(3 << 20))
    ref = archive.put_file(source, "bin")
    assert archive.path(ref).read_bytes() == source.read_bytes()


def test_a_missing_file_is_named(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=re.escape("no.tif")):
        archive.put_file(tmp_path / "no.tif")
    with pytest.raises(UnreadableError, match="readable file"):
        archive.put_file(tmp_path, "tif")
    assert files(archive) == []


def test_json_is_the_same_bytes_whatever_the_order(archive: Archive) -> None:
    ref = archive.put_json({"b": [1, 2.5], "a": "أسني"})
    assert ref == archive.put_json({"a": "أسني", "b": [1, 2.5]})
    assert archive.path(ref).read_bytes() == '{"a":"أسني","b":[1,2.5]}'.encode()
    assert archive.get_json(ref) == {"a": "أسني", "b": [1, 2.5]}


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, {"a": object()}, "\ud800"])
def test_what_json_cannot_hold_is_refused(archive: Archive, value: Any) -> None:
    with pytest.raises(InputError, match="JSON"):
        archive.put_json(value)


def test_a_document_over_the_limit_is_refused_before_it_is_read(archive: Archive) -> None:
    ref = archive.put_json(["x" * 100])
    with pytest.raises(TooLargeError, match="at most 50 bytes"):
        archive.get_json(ref, max_bytes=50)


def test_what_is_not_json_is_not_read_as_such(archive: Archive) -> None:
    with pytest.raises(UnreadableError, match="JSON"):
        archive.get_json(archive.put_bytes(b"\xff{", "json"))


def test_a_damaged_file_is_noticed(archive: Archive) -> None:
    ref = archive.put_bytes(b"grade: destroyed", "txt")
    archive.path(ref).write_bytes(b"grade: undamaged")
    with pytest.raises(StoreError, match="damaged"):
        archive.path(ref)
    with pytest.raises(StoreError, match="damaged"):
        Archive(archive.root).path(ref)


def test_a_damaged_file_is_replaced_when_it_comes_again(archive: Archive) -> None:
    ref = archive.put_bytes(b"whole", "txt")
    archive.path(ref).write_bytes(b"torn!")
    assert archive.put_bytes(b"whole", "txt") == ref
    assert archive.path(ref).read_bytes() == b"whole"


def test_an_unchanged_file_is_hashed_once(archive: Archive) -> None:
    """The second look trusts size and time: a file altered behind both is the next process's."""
    ref = archive.put_bytes(b"aaaa", "txt")
    place = archive.path(ref)
    status = place.stat()
    place.write_bytes(b"bbbb")
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert archive.path(ref) == place
    with pytest.raises(StoreError, match="damaged"):
        Archive(archive.root).path(ref)


def test_an_unknown_ref_is_said_to_be_unknown(archive: Archive) -> None:
    ref = "0" * 64 + ".tif"
    assert not archive.has(ref)
    with pytest.raises(UnknownIdError, match="no such file"):
        archive.path(ref)


@pytest.mark.parametrize(
    "ref",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "0" * 64,
        "0" * 64 + ".",
        "0" * 64 + "./../../x",
        "0" * 64 + ".tif/../x",
        "0" * 63 + "/.tif",
        "A" * 64 + ".tif",
        "0" * 64 + ".tif\n",
        "0" * 64 + ".tif\0",
        "",
    ],
)
def test_a_ref_cannot_lead_out_of_the_archive(archive: Archive, ref: str) -> None:
    for method in (archive.path, archive.has, archive.get_json):
        with pytest.raises(InputError, match="archive ref"):
            method(ref)


def test_nothing_unfinished_stays_behind(archive: Archive, tmp_path: Path) -> None:
    archive.put_bytes(b"a", "txt")
    with pytest.raises(UnreadableError):
        archive.put_file(tmp_path / "missing", "txt")
    assert list((archive.root / "tmp").iterdir()) == []


def test_files_may_be_read_by_other_accounts(archive: Archive) -> None:
    ref = archive.put_bytes(b"a", "txt")
    assert stat.S_IMODE(archive.path(ref).stat().st_mode) == 0o644


def test_a_disk_that_refuses_is_a_plain_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="the disk refused"):
        Archive(tmp_path / "file" / "archive").put_bytes(b"a", "txt")


@given(content=st.binary(max_size=200), suffix=st.from_regex(r"[a-z0-9]{1,16}", fullmatch=True))
def test_what_goes_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    archive = Archive(tmp_path_factory.getbasetemp() / "everything")
    ref = archive.put_bytes(content, suffix)
    assert archive.has(ref)
    assert archive.path(ref).read_bytes() == content


def test_processes_that_put_the_same_do_not_disturb_each_other(archive: Archive) -> None:
    content = os.urandom(1 << 20)
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        refs = pool.starmap(_put, [(archive.root, content)] * 6)
    assert len(set(refs)) == 1
    assert archive.path(refs[0]).read_bytes() == content
    assert len(files(archive)) == 1


def _put(root: Path, content: bytes) -> str:
    return Archive(root).put_bytes(content, "bin")
