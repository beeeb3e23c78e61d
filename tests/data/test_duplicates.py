"""Reports that may speak of one need are offered with what speaks for it; two needs stay two."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.duplicates import WINDOW, find_duplicates
from data.store.need_records import NeedRecord

NOON = datetime(2023, 9, 12, 12, tzinfo=UTC)


def report(
    name: str,
    quantity: float = 20,
    *,
    hours: float = 0,
    sender: str = "",
    upload: str = "",
    place: str = "imlil",
    item: str = "tent",
    status: str = "reported",
) -> NeedRecord:
    at = NOON + timedelta(hours=hours)
    return NeedRecord(
        need_id=f"need:{name}",
        place_id=f"place:{place}",
        item_id=item,
        quantity=quantity,
        weight=1,
        status=status,  # type: ignore[arg-type]  # one of its words
        unit="piece",
        delivered=0,
        reported_from=None,
        written_place="",
        match_score=None,
        note="",
        organisation_id=f"organisation:{sender or name}",
        upload_id=upload or None,
        recorded_at=at,
        reported_at=at,
        changed_at=at,
        merged_into=None,
        merged_in=0,
        rumour=False,
        rumour_note="",
        verified_by=None,
        verified_at=None,
        refuted_by=None,
        refuted_at=None,
        status_note="",
        revisions=0,
        seq=1,
    )


def groups(*needs: NeedRecord) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (one.kept.need_id[5:], [(twin.need.need_id[5:], twin.likeness) for twin in one.twins])
        for one in find_duplicates(needs, lambda place_id: place_id)
    ]


def test_three_organisations_speak_of_one_need_and_the_newest_is_kept() -> None:
    found = groups(report("a"), report("b", 20, hours=3), report("c", 15, hours=30))
    assert found == [("c", [("b", "alike"), ("a", "alike")])]


def test_equal_reports_within_a_day_are_equal() -> None:
    assert groups(report("a"), report("b", hours=24)) == [("b", [("a", "equal")])]
    assert groups(report("a"), report("b", hours=25)) == [("b", [("a", "alike")])]


def test_what_somebody_verified_is_kept_though_it_is_older() -> None:
    found = groups(report("a", status="verified"), report("b", hours=5))
    assert found == [("a", [("b", "equal")])]


@pytest.mark.parametrize(
    "other",
    [
        report("b", place="asni"),
        report("b", item="blanket"),
        report("b", hours=73),
        report("b", 9),
        report("b", 41),
        report("b", sender="a"),
    ],
)
def test_two_needs_stay_two(other: NeedRecord) -> None:
    assert groups(report("a"), other) == []


def test_one_sender_is_asked_about_two_files_and_not_about_two_rows_of_one() -> None:
    rows = [report("a", upload="upload:1", sender="x"), report("b", upload="upload:1", sender="x")]
    assert groups(*rows) == []
    assert groups(rows[0], report("c", upload="upload:2", sender="x", hours=1)) == [
        ("c", [("a", "equal")])
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 200), st.sampled_from("xyz")), max_size=12
    )
)
def test_each_report_stands_in_one_group_at_most(told: list[tuple[int, int, str]]) -> None:
    needs = [
        report(str(at), quantity, hours=hours, sender=sender)
        for at, (quantity, hours, sender) in enumerate(told)
    ]
    found = find_duplicates(needs, lambda place_id: place_id)
    ids = [one.kept.need_id for one in found]
    ids += [twin.need.need_id for one in found for twin in one.twins]
    assert len(ids) == len(set(ids))
    assert all(twin.apart <= WINDOW for one in found for twin in one.twins)
