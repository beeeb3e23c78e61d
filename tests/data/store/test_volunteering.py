"""Tasks, shifts, hours and certificates: what the store answers, and what it refuses."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from data.events import (
    AssignmentAnswered,
    Event,
    FeedbackGiven,
    TaskAssigned,
    TaskClosed,
    TaskPosted,
    VolunteerRegistered,
)
from data.store import Store
from geo.errors import RuleError, UnknownIdError
from tests.data.store.volunteering_events import (
    approved,
    asked,
    begun,
    certificate,
    ended,
    hours,
    task,
    volunteering_history,
    volunteers,
)


def test_what_happened_is_what_is_answered(store: Store, make: SimpleNamespace) -> None:
    store.append(volunteering_history(make))
    first, second = store.tasks()
    assert (first.status, second.status, second.status_note) == ("open", "cancelled", "rain")
    assert [one.task_id for one in store.tasks(open_only=True)] == ["task:1"]
    assert [one.status for one in store.assignments()] == ["accepted"]
    (shift,) = store.shifts("volunteer:a")
    assert shift.worked.total_seconds() == 23_400
    assert shift.approved_by == "account:desk"
    # The later word counts, although the earlier one came after it.
    assert [one.state for one in store.signs_of_life()] == ["help"]
    assert [one.stars for one in store.feedback()] == [5]
    assert [one.revoked_because for one in store.certificates()] == ["name misspelled"]
    assert store.volunteers()[0].vehicle == "pickup"


@pytest.fixture
def ready(store: Store, make: SimpleNamespace) -> Store:
    """Two volunteers with accounts, and a task in the morning."""
    store.append([make.new(one) for one in (*volunteers(), task(1))])
    return store


@pytest.mark.parametrize(
    ("before", "refused", "needed"),
    [
        ([], task(2, starts=8, ends=8), "a task ends after it begins"),
        ([], task(2, starts=0, ends=24 * 91), "within 90 days"),
        (
            [],
            TaskPosted(task_id="task:2", title="Sort", starts_at=hours(0), ends_at=hours(1)),
            "a place is needed",
        ),
        ([TaskClosed(task_id="task:1", status="done")], asked(1, 1), "the task is done"),
        ([asked(1, 1)], asked(2, 1), "asked for this task already"),
        ([task(2, starts=7, ends=9), asked(1, 1)], asked(2, 2), "bound to 'Unload 1'"),
        (
            [VolunteerRegistered(volunteer_id="volunteer:c", available=False)],
            asked(1, 1, "volunteer:c"),
            "not available",
        ),
        (
            [asked(1, 1), AssignmentAnswered(assignment_id="assignment:1", answer="declined")],
            AssignmentAnswered(assignment_id="assignment:1", answer="accepted"),
            "it was declined already",
        ),
        ([begun(1)], begun(2, at=1), "they are at work since 2023-09-12 07:00"),
        ([begun(1), ended(1, at=4)], begun(2, at=3), "an hour counts once"),
        ([begun(1)], ended(1, at=0), "a shift ends after it begins"),
        ([begun(1)], ended(1, at=30), "30.0 hours"),
        (
            [begun(1), ended(1, at=9), begun(2, at=10)],
            ended(2, at=18),
            "17.0 hours within 24",
        ),
        ([begun(1, at=3), ended(1, at=4), begun(2, at=1)], ended(2, at=5), "an hour counts once"),
        ([begun(1)], approved(1), "it has not ended yet"),
        ([begun(1), ended(1, at=4), approved(1)], approved(1), "approved already"),
        ([begun(1), ended(1, at=4)], approved(1, "volunteer:a"), "nobody approves their own"),
        ([begun(1), ended(1, at=4)], approved(1, "account:a"), "nobody approves their own"),
        (
            [
                *(begun(1), ended(1, at=4), approved(1, "account:b")),
                *(begun(2, "volunteer:b"), ended(2, at=4)),
            ],
            approved(2, "account:a"),
            "do not approve each other",
        ),
        ([begun(1), ended(1, at=4)], certificate(1, seconds=14_400), "0.0 approved hours"),
        (
            [begun(1), ended(1, at=4), approved(1)],
            certificate(1, seconds=30_000),
            "a certificate says what was approved",
        ),
        (
            [],
            FeedbackGiven(
                feedback_id="feedback:1",
                task_id="task:1",
                volunteer_id="volunteer:b",
                by="volunteer",
                stars=1,
            ),
            "no part in this task",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule(
    ready: Store, make: SimpleNamespace, before: Sequence[Event], refused: Event, needed: str
) -> None:
    if before:
        ready.append([make.new(one) for one in before])
    seq = ready.seq()
    with pytest.raises(RuleError) as caught:
        ready.append([make.new(refused)])
    assert needed in str(caught.value)
    assert ready.seq() == seq


def test_a_break_is_no_work(ready: Store, make: SimpleNamespace) -> None:
    payloads = [begun(1), ended(1, at=8), begun(2, at=20), ended(2, at=28), approved(2)]
    ready.append([make.new(one) for one in payloads])
    # Of the second shift's 24 hours the first fills only what lies within them.
    assert [one.worked.total_seconds() for one in ready.shifts()] == [28_800, 28_800]


@pytest.mark.parametrize(
    "payload",
    [
        TaskClosed(task_id="task:9", status="done"),
        asked(1, 9),
        TaskAssigned(assignment_id="assignment:1", task_id="task:1", volunteer_id="volunteer:z"),
        AssignmentAnswered(assignment_id="assignment:9", answer="accepted"),
        begun(1, "volunteer:z"),
        ended(9, at=1),
        approved(9),
    ],
)
def test_what_nobody_knows_is_refused(ready: Store, make: SimpleNamespace, payload: Event) -> None:
    with pytest.raises(UnknownIdError):
        ready.append([make.new(payload)])
