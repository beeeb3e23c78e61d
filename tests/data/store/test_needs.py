"""Needs: who found what out, reports of one need, revisions; each can be taken back."""

from types import SimpleNamespace

import pytest

from data.events import (
    DeliveryReported,
    NeedRevised,
    NeedRumourSet,
    NeedServed,
    NeedsMerged,
    NeedsParted,
    NeedStatusChanged,
    NeedTrustSet,
    UploadUndone,
)
from data.store import Store
from geo.errors import RuleError, UnknownIdError


@pytest.fixture
def reports(store: Store, make: SimpleNamespace) -> Store:
    """Three reports of one need, the third from an upload."""
    store.append(
        [
            make.new(make.need("1", quantity=20)),
            make.new(make.need("2", quantity=18)),
            make.new(make.upload("1")),
            make.new(make.need("3", quantity=25), "upload:1"),
        ]
    )
    return store


def merged(kept: str, *others: str, name: str = "1") -> NeedsMerged:
    return NeedsMerged(
        merge_id=f"merge:{name}",
        kept_id=f"need:{kept}",
        need_ids=tuple(f"need:{one}" for one in others),
        reason="the same tents",
    )


def statuses(store: Store) -> dict[str, str]:
    return {one.need_id[5:]: one.status for one in store.needs(open_only=False)}


def test_merged_reports_stand_behind_one_until_they_are_parted(
    reports: Store, make: SimpleNamespace
) -> None:
    reports.append([make.new(merged("1", "2", "3"))])
    assert statuses(reports) == {"1": "reported", "2": "merged", "3": "merged"}
    (kept,) = reports.needs()
    assert (kept.need_id, kept.merged_in) == ("need:1", 2)
    (merge,) = reports.merges()
    assert (merge.kept_id, merge.need_ids, merge.rule) == (
        "need:1",
        ("need:2", "need:3"),
        "person",
    )
    reports.append([make.new(NeedsParted(merge_id="merge:1"))])
    assert statuses(reports) == dict.fromkeys("123", "reported")
    assert (reports.merges(), [one.merged_in for one in reports.needs()]) == ([], [0, 0, 0])


def test_a_report_that_was_verified_is_so_again_when_parted(
    reports: Store, make: SimpleNamespace
) -> None:
    verified = NeedStatusChanged(need_id="need:2", status="verified", by="Red Crescent")
    reports.append([make.new(verified), make.new(merged("1", "2"))])
    reports.append([make.new(NeedsParted(merge_id="merge:1"))])
    (again,) = [one for one in reports.needs() if one.need_id == "need:2"]
    assert (again.status, again.verified_by) == ("verified", "Red Crescent")


def test_undoing_the_upload_of_a_kept_report_opens_those_behind_it(
    reports: Store, make: SimpleNamespace
) -> None:
    reports.append([make.new(merged("3", "1", "2"))])
    assert [one.need_id for one in reports.needs()] == ["need:3"]
    reports.append([make.new(UploadUndone(upload_id="upload:1"))])
    assert statuses(reports) == {"1": "reported", "2": "reported", "3": "withdrawn"}


def test_undoing_the_upload_of_a_merged_report_leaves_the_kept_one(
    reports: Store, make: SimpleNamespace
) -> None:
    reports.append([make.new(merged("1", "3"))])
    reports.append([make.new(UploadUndone(upload_id="upload:1"))])
    assert statuses(reports) == {"1": "reported", "2": "reported", "3": "withdrawn"}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (merged("1", "1"), "stands in it once"),
        (merged("1", "2", "2"), "stands in it once"),
        (merged("9", "2"), "knows no such need"),
        (merged("1", "9"), "knows no such need"),
        (merged("1", "blanket"), "needs of one item"),
        (merged("1", "met"), "only open needs"),
        (merged("met", "1"), "keep one that is open"),
        (NeedsParted(merge_id="merge:9"), "knows no such merge"),
        (NeedStatusChanged(need_id="need:1", status="merged"), "into another one"),
        (NeedRevised(need_id="need:9", quantity=3), "knows no such need"),
        (NeedRumourSet(need_id="need:1", rumour=False), "not marked as hearsay already"),
    ],
)
def test_what_is_refused(reports: Store, make: SimpleNamespace, event: object, why: str) -> None:
    reports.append(
        [
            make.new(make.need("blanket", item_id="blanket")),
            make.new(make.need("met")),
            make.new(NeedStatusChanged(need_id="need:met", status="met")),
        ]
    )
    seq = reports.head().seq
    with pytest.raises((RuleError, UnknownIdError), match=why):
        reports.append([make.new(event)])
    assert reports.head().seq == seq


def test_a_report_stands_behind_one_other(reports: Store, make: SimpleNamespace) -> None:
    reports.append([make.new(merged("1", "2"))])
    with pytest.raises(RuleError, match="stands behind need:1"):
        reports.append([make.new(merged("3", "2", name="2"))])
    with pytest.raises(RuleError, match="say it of that one"):
        reports.append([make.new(NeedStatusChanged(need_id="need:2", status="verified"))])


def test_who_verified_and_who_refuted_both_stay(reports: Store, make: SimpleNamespace) -> None:
    for status, by in (("verified", "Red Crescent"), ("refuted", "Caïd of Asni")):
        event = NeedStatusChanged(need_id="need:1", status=status, by=by, note="on the spot")
        reports.append([make.new(event)])
    (need,) = [one for one in reports.needs(open_only=False) if one.need_id == "need:1"]
    assert (need.status, need.verified_by, need.refuted_by) == (
        "refuted",
        "Red Crescent",
        "Caïd of Asni",
    )
    reports.append([make.new(NeedStatusChanged(need_id="need:1", status="reported"))])
    (need,) = [one for one in reports.needs() if one.need_id == "need:1"]
    assert (need.status, need.verified_by, need.refuted_by) == ("reported", None, None)


def test_a_revision_is_taken_back_with_its_upload(reports: Store, make: SimpleNamespace) -> None:
    revised = NeedRevised(need_id="need:1", quantity="31.5", weight=3)
    reports.append([make.new(make.upload("2")), make.new(revised, "upload:2")])

    def told() -> tuple[float, float, int]:
        (need,) = [one for one in reports.needs() if one.need_id == "need:1"]
        return need.quantity, need.weight, need.revisions

    assert told() == (31.5, 3, 1)
    reports.append([make.new(UploadUndone(upload_id="upload:2"))])
    assert told() == (20, 1, 0)


def test_a_revision_below_what_came_meets_the_need(reports: Store, make: SimpleNamespace) -> None:
    came = DeliveryReported(
        delivery_id="delivery:1",
        place_id="place:imlil",
        item_id="tent",
        quantity=12,
        unit="piece",
        outcome="arrived",
        needs=(NeedServed(need_id="need:1", quantity=12),),
    )
    reports.append([make.new(came), make.new(NeedRevised(need_id="need:1", quantity=12))])
    assert statuses(reports)["1"] == "met"


def test_hearsay_is_marked_and_unmarked(reports: Store, make: SimpleNamespace) -> None:
    for rumour in (True, False):
        reports.append([make.new(NeedRumourSet(need_id="need:1", rumour=rumour, note="radio"))])
        assert reports.needs()[0].rumour is rumour


def test_the_last_word_on_trust_counts(store: Store, make: SimpleNamespace) -> None:
    assert (store.need_trust().unverified_share, store.need_trust().pending) == (1.0, "accounts")
    for share in (0.5, 0.25):
        store.append([make.new(NeedTrustSet(unverified_share=share, pending="count"))])
    assert (store.need_trust().unverified_share, store.need_trust().pending) == (0.25, "count")


def test_events_of_the_first_version_are_read() -> None:
    old = '{"need_id":"need:1","status":"verified","note":""}'
    assert NeedStatusChanged.model_validate_json(old).by == ""
