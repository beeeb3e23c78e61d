"""Later dumps of a register: what is new goes in, what is said otherwise is revised, all undone."""

from pathlib import Path
from typing import Any

import pytest

from dashboard.operations import uploads
from dashboard.operations.situation import Situation

HEAD = "place,item,quantity,note\n"
FIRST = HEAD + "Tinmel,tent,5,\nIghil,tent,7,\nIghil,blanket,70,\n"
#: One row as before, one with another figure, one that is new; blankets are no longer in it.
SECOND = HEAD + "Tinmel,tent,5,\nIghil,tent,9,\nTinmel,blanket,30,\n"


def _send(
    situation: Situation, folder: Path, text: str, *, kind: str = "needs", **more: Any
) -> dict[str, Any]:
    path = folder / "register.csv"
    path.write_text(text, encoding="utf-8")
    more = {"organisation": "OCHA"} | more
    return uploads.upload(situation, kind, path, **more)


def _ours(situation: Situation) -> list[tuple[str, float]]:
    sender = {one.name: one.organisation_id for one in situation.store.organisations()}["OCHA"]
    return sorted(
        (need.item_id, need.quantity)
        for need in situation.store.needs()
        if need.organisation_id == sender
    )


def _counts(report: dict[str, Any]) -> tuple[int, int, int, int]:
    names = ("accepted", "revised", "duplicates", "no_longer_in_it")
    return tuple(report[name] for name in names)  # type: ignore[return-value]


def test_a_later_dump_adds_only_what_is_new(valley: Situation, tmp_path: Path) -> None:
    assert not _send(valley, tmp_path, FIRST)["later_dump"]
    seq = valley.seq()
    dry = _send(valley, tmp_path, SECOND, dry_run=True)
    assert valley.seq() == seq
    second = _send(valley, tmp_path, SECOND)
    assert _counts(second) == _counts(dry) == (2, 1, 1, 1)
    assert second["rows"][1]["notes"] == ["told anew; before: 7 tent"]
    assert _ours(valley) == [("blanket", 30), ("blanket", 70), ("tent", 5), ("tent", 9)]


def test_the_same_files_again_change_nothing(valley: Situation, tmp_path: Path) -> None:
    for text in (FIRST, SECOND):
        _send(valley, tmp_path, text)
    seq = valley.seq()
    for text in (FIRST, SECOND):
        assert _counts(_send(valley, tmp_path, text)) == (0, 0, 3, 0)
    assert valley.seq() == seq


def test_a_third_dump_may_go_back_to_the_first_figure(valley: Situation, tmp_path: Path) -> None:
    for text in (FIRST, SECOND):
        _send(valley, tmp_path, text)
    third = _send(valley, tmp_path, SECOND.replace("Ighil,tent,9", "Ighil,tent,7"))
    assert _counts(third)[:3] == (1, 1, 2)
    assert ("tent", 7) in _ours(valley)


def test_undoing_a_later_dump_brings_the_earlier_figures_back(
    valley: Situation, tmp_path: Path
) -> None:
    _send(valley, tmp_path, FIRST)
    before = _ours(valley)
    upload_id = _send(valley, tmp_path, SECOND)["upload_id"]
    uploads.undo(valley, upload_id)
    assert _ours(valley) == before
    assert _counts(_send(valley, tmp_path, SECOND))[:3] == (2, 1, 1)


def test_what_was_undone_with_the_first_dump_comes_again_with_the_second(
    valley: Situation, tmp_path: Path
) -> None:
    first = _send(valley, tmp_path, FIRST)["upload_id"]
    _send(valley, tmp_path, SECOND)
    uploads.undo(valley, first)
    assert _ours(valley) == [("blanket", 30)]
    assert _counts(_send(valley, tmp_path, SECOND))[:3] == (2, 0, 1)
    assert _ours(valley) == [("blanket", 30), ("tent", 5), ("tent", 9)]


def test_a_new_list_adds_and_somebody_may_say_what_it_is(valley: Situation, tmp_path: Path) -> None:
    _send(valley, tmp_path, FIRST)
    other = HEAD + "Ighil,tent,20,\nTinmel,tent,6,\n"
    assert _counts(_send(valley, tmp_path, other, dry_run=True)) == (2, 0, 0, 0)
    assert _counts(_send(valley, tmp_path, other, later_dump=True)) == (2, 2, 0, 1)
    assert _counts(_send(valley, tmp_path, SECOND, dry_run=True, later_dump=False))[:2] == (2, 0)


def test_a_refuted_need_is_not_revised(valley: Situation, tmp_path: Path) -> None:
    from data.events import NeedStatusChanged

    _send(valley, tmp_path, FIRST)
    (need_id,) = [one.need_id for one in valley.store.needs() if one.quantity == 7]
    valley.record([NeedStatusChanged(need_id=need_id, status="refuted")])
    assert _counts(_send(valley, tmp_path, SECOND)) == (2, 0, 1, 1)


def test_work_is_revised_by_who_does_what(valley: Situation, tmp_path: Path) -> None:
    head = "implementing agency,place,activity,item,quantity,households,status\n"
    row = "{},Tinmel,distribution,tent,{},{},{}\n"
    first = head + row.format("Amis", 5, 5, "planned") + row.format("Amis", 20, 20, "planned")
    first += row.format("Secours", 8, 8, "running")
    _send(valley, tmp_path, first, kind="activities")
    # Twenty tents for 25 households are nearer to the row of 20 than to that of 5.
    second = first.replace("tent,20,20,planned", "tent,20,25,done")
    report = _send(valley, tmp_path, second, kind="activities")
    assert _counts(report) == (1, 1, 2, 0)

    def told() -> list[tuple[str, float, int | None, str]]:
        return sorted(
            (one.actor, float(one.quantity or 0), one.households, one.status)
            for one in valley.store.activities()
        )

    assert told() == [
        ("Amis", 5, 5, "planned"), ("Amis", 20, 25, "done"), ("Secours", 8, 8, "running"),
    ]  # fmt: skip
    uploads.undo(valley, report["upload_id"])
    assert ("Amis", 20, 20, "planned") in told()


@pytest.mark.slow
def test_two_dumps_of_a_real_register(empty: Situation, real_data: Path) -> None:
    folder = real_data / "nepal"
    uploads.upload(empty, "places", folder / "master_hlcit.csv", organisation="OCHA")
    first, second = (
        uploads.upload(empty, "activities", folder / f"agency_relief_{n}.csv", organisation="OCHA")
        for n in ("old1", "old2")
    )
    assert _counts(first) == (4171, 0, 0, 0)
    assert second["later_dump"]
    # Of the 1,702 rows that stand in both, those without a usable place never went in.
    assert _counts(second) == (1416, 186, 1543, 2442)
    assert len(empty.store.activities()) == 4171 + 1416 - 186
