"""The desk as of an earlier moment: it sees what was known then and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboard.operations.situation import Situation
from dashboard.past_desk import PastDesks
from dashboard.role_desk import LOOKING, RIGHT_OF
from dashboard.situation_desk import SituationDesk
from geo.errors import InputError, RuleError

TRACK = "w12:3-6"


@pytest.fixture
def desk(valley: Situation) -> Iterator[SituationDesk]:
    desk = SituationDesk(valley.home)
    yield desk
    desk.close()


def close(desk: SituationDesk) -> None:
    desk.close_road(
        edges=[TRACK], classes=(), state="closed", until=None, source="test", reason="rockfall"
    )


def test_it_sees_the_roads_of_then_while_the_desk_of_now_goes_on(desk: SituationDesk) -> None:
    before = desk.seq()
    close(desk)
    past = desk.as_of(str(before))
    then = past.known()
    assert then is not None
    assert (then.seq, then.later) == (before, 1)
    assert past.seq() == before
    assert len(past.picture().closures) == 0
    assert len(desk.picture().closures) == 1
    assert desk.known() is None
    # The present goes on, and the past does not move with it.
    close_again = desk.seq()
    assert (past.seq(), close_again) == (before, before + 1)


def test_nothing_can_be_recorded_there(desk: SituationDesk) -> None:
    before, head = desk.seq(), desk.situation().store.head_text()
    past = desk.as_of(str(before - 1))
    with pytest.raises(RuleError, match="read only"):
        close(past)
    assert desk.situation().store.head_text() == head
    changing = set(RIGHT_OF) - LOOKING
    assert changing
    assert not any(past.may(method) for method in changing)
    assert all(past.may(method) for method in LOOKING)


@pytest.mark.parametrize("moment", ["0", "999999", "soon", "", "9" * 40, "1999-01-01", "<b>"])
def test_a_moment_that_was_not_is_refused(desk: SituationDesk, moment: str) -> None:
    with pytest.raises(InputError):
        desk.as_of(moment)


def test_a_moment_is_replayed_once_and_the_oldest_is_let_go(desk: SituationDesk) -> None:
    pasts = PastDesks(keep=2)
    third = pasts.at(desk, "3")
    assert pasts.at(desk, "3") is third
    time = third.situation().store.head().recorded_at.isoformat()
    by_time = pasts.at(desk, time)
    assert by_time.seq() >= 3  # several events may bear one time
    pasts.at(desk, "4")
    pasts.at(desk, "5")
    assert pasts.at(desk, "3") is not third
