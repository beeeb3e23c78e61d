"""The stand-alone verifier finds every alteration of an exported ledger, with none of our code."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from data.events import AssessmentMade, NeedReported, NewEvent, Provenance, SituationCreated
from data.store import Store

Lines = list[str]
INTACT, TAMPERED, UNREADABLE = 0, 1, 2


@pytest.fixture(scope="module")
def script() -> Path:
    return Path(__file__).resolve().parents[2] / "tools" / "verify_ledger.py"


@pytest.fixture(scope="module")
def tool(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_ledger", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lines, str]:
    """Twelve events as `ledger export` writes them, and their head."""
    folder = tmp_path_factory.mktemp("exported")
    created = SituationCreated(
        situation_id="situation:drill", name="Al Haouz", bounds=(-9, 30, -7, 32)
    )
    with Store.create(folder / "s.sqlite", created) as store:
        for number in range(10):
            need = NeedReported(
                need_id=f"need:{number}",
                place_id="place:imlil",
                item_id="tent",
                quantity=40,
                unit="piece",
                weight=1.5,
                note="إمليل, première demande",
            )
            store.append(
                [
                    NewEvent(
                        payload=need,
                        client_id=f"phone:{number}",
                        reported_at=datetime(2023, 9, 9, tzinfo=UTC),
                        provenance=Provenance(file="needs.csv", row=number),
                    )
                ]
            )
        summary = {"tiny": 1e-7, "big": 1e21, "\U0001f600": [1.0, -0.0], "\ufb33": {"a": None}}
        made = AssessmentMade(
            assessment_id="assessment:1",
            document="a" * 64 + ".json",
            based_on_seq=3,
            summary=summary,
        )
        store.append([NewEvent(payload=made)])
        store.export(folder / "ledger.jsonl")
        head = store.head_text()
    return (folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines(), head


@pytest.fixture
def check(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run the verifier over lines; gives the exit status and all that it said."""

    def run(lines: Lines | bytes, *options: str) -> tuple[int, str]:
        path = tmp_path / "ledger.jsonl"
        data = lines if isinstance(lines, bytes) else ("\n".join(lines) + "\n").encode()
        path.write_bytes(data)
        status = tool.main([str(path), *options])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def edited(line: str, **fields: Any) -> str:
    return rfc8785.dumps({**json.loads(line), **fields}).decode()


# --- intact -----------------------------------------------------------------------------------


def test_it_runs_alone_without_any_of_our_packages(
    exported: tuple[Lines, str], script: Path, tmp_path: Path
) -> None:
    lines, head = exported
    alone = tmp_path / "elsewhere" / "verify_ledger.py"
    alone.parent.mkdir()
    alone.write_bytes(script.read_bytes())
    (tmp_path / "ledger.jsonl").write_text("\n".join(lines), encoding="utf-8")
    # -I and -S: no path of ours, no installed package.
    answer = subprocess.run(
        [sys.executable, "-I", "-S", str(alone), "ledger.jsonl", "--against", head, "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == INTACT, answer.stderr
    assert json.loads(answer.stdout) == {"ok": True, "events": 12, "head": head, "problems": []}


def test_an_intact_ledger_passes_and_its_head_is_the_stores(
    exported: tuple[Lines, str], check: Any
) -> None:
    lines, head = exported
    status, said = check(lines, "--against", head)
    assert status == INTACT
    assert f"head: {head}" in said


def test_without_a_head_it_says_what_it_cannot_see(exported: tuple[Lines, str], check: Any) -> None:
    status, said = check(exported[0])
    assert status == INTACT
    assert "a cut tail or a full rewrite cannot be seen" in said


def test_a_head_may_lie_in_a_file(exported: tuple[Lines, str], check: Any, tmp_path: Path) -> None:
    (tmp_path / "head.txt").write_text(f"received on paper\n{exported[1]}\n", encoding="utf-8")
    assert check(exported[0], "--against", str(tmp_path / "head.txt"))[0] == INTACT


def test_another_layout_of_the_same_content_passes(exported: tuple[Lines, str], check: Any) -> None:
    """The hash is over the content: spaces and line ends of a mail program change nothing."""
    lines, head = exported
    spread = [json.dumps(json.loads(line), indent=None, ensure_ascii=True) for line in lines]
    data = ("\r\n".join(spread) + "\r\n\r\n").encode()
    assert check(data, "--against", head)[0] == INTACT


# --- tampered ---------------------------------------------------------------------------------

CHANGES: dict[str, dict[str, Any]] = {
    "actor": {"actor": "person:me"},
    "client": {"client_id": "phone:77"},
    "clock": {"clock_held": True},
    "event id": {"event_id": "event:other"},
    "hash": {"hash": "0" * 64},
    "organisation": {"organisation_id": "organisation:mine"},
    "payload": {"payload": {"quantity": "400"}},
    "previous hash": {"prev_hash": "0" * 64},
    "provenance": {"provenance": None},
    "recorded": {"recorded_at": "2020-01-01T00:00:00.000000Z"},
    "reported": {"reported_at": None},
    "type": {"type": "need.refuted"},
    "version": {"version": 2},
    "sequence": {"seq": 7},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_edit_of_any_field_is_found(
    exported: tuple[Lines, str], check: Any, change: dict[str, Any]
) -> None:
    lines = list(exported[0])
    lines[4] = edited(lines[4], **change)
    status, said = check(lines)
    assert status == TAMPERED
    assert "(line 5)" in said


def test_a_changed_letter_is_found(exported: tuple[Lines, str], check: Any) -> None:
    lines = list(exported[0])
    lines[4] = lines[4].replace("première", "derniere")
    status, said = check(lines)
    assert status == TAMPERED
    assert "event 5 (line 5): its content is not what was recorded: it was edited" in said


def test_a_deleted_line_is_found(exported: tuple[Lines, str], check: Any) -> None:
    lines = list(exported[0])
    del lines[5]
    status, said = check(lines)
    assert status == TAMPERED
    assert "event 7 (line 6): it follows event 5" in said


def test_an_inserted_line_is_found(exported: tuple[Lines, str], check: Any) -> None:
    lines = list(exported[0])
    lines.insert(5, lines[4])
    status, said = check(lines)
    assert status == TAMPERED
    assert "stands twice" in said
    assert "not tied" in said


def test_a_swap_is_found(exported: tuple[Lines, str], check: Any) -> None:
    lines = list(exported[0])
    lines[4], lines[5] = lines[5], lines[4]
    assert check(lines)[0] == TAMPERED


def test_a_missing_beginning_is_found(exported: tuple[Lines, str], check: Any) -> None:
    status, said = check(exported[0][2:])
    assert status == TAMPERED
    assert "does not begin with event 1" in said


def test_a_cut_tail_is_found_with_a_head(exported: tuple[Lines, str], check: Any) -> None:
    lines, head = exported
    assert check(lines[:-3])[0] == INTACT
    status, said = check(lines[:-3], "--against", head)
    assert status == TAMPERED
    assert "its tail was cut" in said


def test_an_emptied_ledger_is_found_with_a_head(exported: tuple[Lines, str], check: Any) -> None:
    status, said = check([], "--against", exported[1])
    assert status == TAMPERED
    assert "all its events were deleted" in said


def test_a_full_rewrite_is_found_with_a_head(
    exported: tuple[Lines, str], check: Any, tool: ModuleType
) -> None:
    lines, head = exported
    forged, last = [], "0" * 64
    for line in lines:
        event = json.loads(line)
        if event["seq"] == 5:
            event["payload"]["quantity"] = "400"
        event["prev_hash"] = last
        event["hash"] = last = tool.event_hash(event)
        forged.append(rfc8785.dumps(event).decode())
    assert check(forged)[0] == INTACT
    status, said = check(forged, "--against", head)
    assert status == TAMPERED
    assert "the ledger was rewritten" in said


def test_a_head_of_another_situation_does_not_pass(exported: tuple[Lines, str], check: Any) -> None:
    lines, head = exported
    other = head.replace("situation:drill", "situation:other")
    assert check(lines, "--against", other)[0] == TAMPERED


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '"x"',
        "{}",
        '{"seq":5}',
        "\udcff",
        "[" * 100_000,
        '{"a":1,"a":1}',
        "NaN",
    ],
)
def test_a_line_that_is_no_event_is_found(
    exported: tuple[Lines, str], check: Any, line: str
) -> None:
    lines = [*exported[0][:4], line, *exported[0][4:]]
    data = "\n".join(lines).encode("utf-8", "surrogateescape")
    status, said = check(data)
    assert status == TAMPERED
    assert "line 5" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "payload",
    [
        '{"n":1e999}',
        '{"n":9007199254740993}',
        '{"n":' + "9" * 5_000 + "}",
        '{"n":"\\ud800"}',
        '{"n":' + "[" * 400 + "]" * 400 + "}",
        '{"n":NaN}',
        '{"n":1,"n":2}',
    ],
)
def test_a_payload_without_canonical_form_is_found(
    exported: tuple[Lines, str], check: Any, payload: str
) -> None:
    lines = list(exported[0])
    event = json.loads(lines[4])
    event["payload"] = "HERE"
    lines[4] = json.dumps(event).replace('"HERE"', payload)
    status, said = check(lines)
    assert status == TAMPERED
    assert "line 5" in said


def test_the_problems_do_not_flood(exported: tuple[Lines, str], check: Any) -> None:
    lines = [exported[0][0]] + ["{}"] * 5_000
    status, said = check(lines, "--json")
    assert status == TAMPERED
    assert len(json.loads(said)["problems"]) == 100


# --- unreadable -------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\x00\xff\xfe", b"SQLite format 3\x00", b"[1]\n"])
def test_what_is_no_ledger_is_unreadable(check: Any, data: bytes) -> None:
    status, said = check(data)
    assert status == UNREADABLE
    assert said.startswith("cannot check: ")
    assert said.count("\n") == 1


def test_a_missing_file_is_unreadable(tool: ModuleType, tmp_path: Path) -> None:
    assert tool.main([str(tmp_path / "none")]) == UNREADABLE
    assert tool.main([str(tmp_path)]) == UNREADABLE


@pytest.mark.parametrize("head", ["", "x", "qafila-head:1:situation:drill:1:abc:now"])
def test_what_is_no_head_is_unreadable(exported: tuple[Lines, str], check: Any, head: str) -> None:
    if head:
        assert check(exported[0], "--against", head)[0] == UNREADABLE
    else:
        assert check(exported[0], "--against", " ")[0] == UNREADABLE


def test_misuse_is_unreadable(tool: ModuleType) -> None:
    with pytest.raises(SystemExit) as leaving:
        tool.main([])
    assert leaving.value.code == UNREADABLE


# --- its own canonical JSON -------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
@example({"\U0001f600": 1, "\ufb33": 2, "": 3})
@example('\x00\x1f\x7f\u2028"\\/\b\f\n\r\t')
def test_it_writes_what_rfc8785_writes(tool: ModuleType, value: Any) -> None:
    assert tool.canonical(value) == rfc8785.dumps(value).decode()


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e16)
@example(1e-7)
@example(1e-6)
@example(1e21)
@example(1e20)
@example(123456789012345680000.0)
@example(1.5e300)
@example(5e-324)
@example(0.1)
@example(100.0)
@example(-0.0)
@example(1.7976931348623157e308)
def test_it_writes_numbers_as_ecmascript_does(tool: ModuleType, number: float) -> None:
    written = tool.number_text(number)
    assert written == rfc8785.dumps(number).decode()
    assert float(written) == number


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        # The samples of RFC 8785, appendix B.
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_the_samples_of_the_rfc(tool: ModuleType, bits: str, text: str) -> None:
    import struct

    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert tool.number_text(number) == text
