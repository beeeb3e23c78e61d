"""What a page offers to whom: no button that the visitor may not press, no other's name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.app import NEEDS, VIEWS
from dashboard.desk import Desk
from dashboard.operations import access
from dashboard.operations.situation import Situation
from dashboard.role_desk import LOOKING, desk_for
from dashboard.situation_desk import SituationDesk
from data.access.roles import OWNER
from tests.dashboard.drawn_pages import drawn, visitor
from tests.dashboard.operations.conftest import valley  # noqa: F401 - a fixture
from tests.dashboard.valley import ValleyDesk

PAGES = [name for name, _page in VIEWS if name not in NEEDS]


class PastValley(ValleyDesk):
    """The valley as it was: nothing of it can be changed."""

    def may(self, method: str) -> bool:
        return method in LOOKING


def view(desk: Desk, name: str) -> AppTest:
    return drawn(desk, "from dashboard.app import VIEWS", f"dict(VIEWS)[{name!r}](served)")


@pytest.fixture(scope="module")
def full() -> ValleyDesk:
    desk = ValleyDesk()
    desk.make_plan()
    return desk


@pytest.mark.parametrize("name", PAGES)
def test_who_may_only_look_is_offered_nothing_to_change(full: ValleyDesk, name: str) -> None:
    page = view(desk_for(full, visitor("viewer")), name)
    assert [one.label for one in page.button] == []
    past = PastValley()
    page = view(desk_for(past, OWNER), name)
    assert [one.label for one in page.button] == []


@pytest.fixture
def served(valley: Situation) -> Iterator[tuple[SituationDesk, str]]:  # noqa: F811
    access.add_account(valley, "amina", role="admin", password="four wet mules sing")
    mine = valley.organisation("NGO One")[0]
    desk = SituationDesk(valley.home)
    yield desk, mine
    desk.close()


def field(page: AppTest, key: str) -> Any:
    (found,) = [one for one in page.text_input if one.key == key]
    return found


def test_an_association_speaks_in_its_own_name_and_needs_not_write_it(
    served: tuple[SituationDesk, str], tmp_path: Path
) -> None:
    desk, mine = served
    page = view(desk_for(desk, visitor("ngo", mine)), "upload")
    asked = field(page, "upload_organisation")
    assert (asked.value, asked.disabled) == ("NGO One", True)
    page.file_uploader(key="upload_file").upload(
        "needs.csv", b"place,item,quantity\nTinmel,tent,7\n", "text/csv"
    )
    page.run()
    assert not page.exception
    assert [one.value for one in page.metric][:1] == ["1"]
    # The cell may enter what another says: its own name is only there to begin with.
    asked = field(view(desk_for(desk, visitor("cell", mine)), "upload"), "upload_organisation")
    assert (asked.value, asked.disabled) == ("NGO One", False)
    asked = field(view(desk_for(desk, OWNER), "upload"), "upload_organisation")
    assert (asked.value, asked.disabled) == ("", False)


def test_who_may_not_send_sees_what_came_and_takes_what_goes_back(
    served: tuple[SituationDesk, str],
) -> None:
    desk, _mine = served
    page = view(desk_for(desk, visitor("viewer")), "upload")
    assert page.get("file_uploader") == []
    told = " ".join(one.value for one in page.markdown).replace("\\", "")
    assert "needs.csv" in told
    assert "CSV" in [one.proto.label for one in page.get("download_button")]
