"""The pages of the ledger and of settings, with a real situation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, state
from dashboard.map.layers import LayerFiles
from dashboard.operations import access
from dashboard.operations.managing import ACTIONS, manage
from dashboard.operations.situation import Situation
from dashboard.role_desk import desk_for
from dashboard.situation_desk import SituationDesk
from dashboard.views.settings import right_names, role_names
from data.access.roles import OWNER, RIGHTS, ROLES, Visitor, rights_of
from geo.errors import InputError, RuleError

GOOD = "four wet mules sing"


def _settings() -> None:
    from dashboard import state
    from dashboard.views import settings

    settings.page(state.get_served())


def _ledger() -> None:
    from dashboard import state
    from dashboard.views import ledger

    ledger.page(state.get_served())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SituationDesk]:
    monkeypatch.setenv("QAFILA_LEDGER_KEY", str(tmp_path / "key.pem"))
    home = tmp_path / "home"
    with Situation.create(home, name="Valley") as situation:
        access.add_account(situation, "amina", role="admin", password=GOOD)
        access.add_account(situation, "bob", role="viewer", organisation="NGO One", password=GOOD)
    desk = SituationDesk(home)
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    yield desk
    desk.close()


def run(page: Any, part: str = "") -> AppTest:
    test = AppTest.from_function(page, default_timeout=60)
    if part:
        test.session_state["settings_part"] = part
    test.run()
    assert not test.exception
    return test


def press(page: AppTest, label: str) -> AppTest:
    next(one for one in page.button if one.label == label).click().run()
    assert not page.exception
    return page


def shown(page: AppTest) -> list[str]:
    return [one.value for one in page.code]


# --- settings -----------------------------------------------------------------------------------


def test_an_account_is_added_its_password_shown_once_and_undone(desk: SituationDesk) -> None:
    page = run(_settings)
    assert page.dataframe[0].value["Name"].tolist() == ["amina", "bob"]
    page.text_input[0].input("chaima")
    page = press(page, "Add")
    assert page.dataframe[0].value["Name"].tolist() == ["amina", "bob", "chaima"]
    (password,) = shown(page)
    assert len(password) >= 15
    assert shown(page.run()) == []
    page = press(page, "Undo")
    assert page.dataframe[0].value["May sign in"].tolist() == ["yes", "yes", "no"]


def test_a_role_is_changed_and_given_back(desk: SituationDesk) -> None:
    page = run(_settings)
    bob = desk.access_overview()["accounts"][1]["account_id"]
    page.selectbox(key="account_chosen").set_value(bob).run()
    page.selectbox(key=f"role_of_{bob}").set_value("cell").run()
    page = press(page, "Give this role")
    assert page.dataframe[0].value["Role"].tolist() == ["administrator", "crisis cell"]
    page = press(page, "Undo")
    assert page.dataframe[0].value["Role"].tolist() == ["administrator", "viewer"]


def test_the_last_administrator_is_not_locked_out(desk: SituationDesk) -> None:
    page = press(run(_settings), "Disable: ends its sessions")
    assert "administrator" in page.error[0].value
    assert page.dataframe[0].value["May sign in"].tolist() == ["yes", "yes"]


def test_a_key_is_shown_once_and_revoked(desk: SituationDesk) -> None:
    page = press(run(_settings, "keys"), "Issue")
    (key,) = shown(page)
    assert key.startswith("qafila_")
    assert shown(page.run()) == []
    page.checkbox[0].check()
    page = press(page, "Revoke")
    assert page.dataframe[0].value["Status"].tolist() == ["revoked"]


def test_an_organisation_is_revoked_and_the_undo_gives_it_back(desk: SituationDesk) -> None:
    page = run(_settings, "organisations")
    assert page.dataframe[0].value["Status"].tolist() == ["recognition pending"]
    page.selectbox[1].set_value("revoked")
    page = press(page, "Set")
    assert page.dataframe[0].value["Status"].tolist() == ["recognition revoked"]
    page = press(page, "Undo")
    assert page.dataframe[0].value["Status"].tolist() == ["recognition pending"]


def test_a_vehicle_class_is_changed_marked_and_restored(desk: SituationDesk) -> None:
    page = run(_settings, "vehicles")
    names = page.dataframe[0].value["Class"].tolist()
    page.selectbox[0].set_value("truck")
    page.selectbox[1].set_value("gross_weight_t")
    page.number_input[0].set_value(19.0)
    page = press(page, "Change")
    assert not page.error
    assert page.dataframe[0].value["gross_weight_t"][names.index("truck")] == "19 *"
    page = press(page, "Undo")
    assert "*" not in page.dataframe[0].value["gross_weight_t"][names.index("truck")]


def test_the_first_account_needs_a_password_that_its_owner_knows(tmp_path: Path) -> None:
    with Situation.create(tmp_path / "home", name="Empty") as situation:
        with pytest.raises(InputError, match="everybody must sign in"):
            manage(situation, "add_account", {"name": "amina", "role": "admin"})
        given = {"name": "amina", "role": "admin", "password": GOOD}
        assert manage(situation, "add_account", given)["secret"] == ""
        assert access.has_accounts(situation)


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("erase_everything", {}, "one of add_account"),
        ("add_account", {"name": "x"}, "'role' is needed"),
        ("add_account", {"name": "x" * 5000, "role": "cell"}, "at most 4000"),
        ("set_role", {"account": "account:none", "role": "cell"}, "no such account"),
    ],
)
def test_a_bad_form_is_refused_in_one_line(
    desk: SituationDesk, action: str, fields: dict[str, str], said: str
) -> None:
    before = desk.situation().store.seq()
    with pytest.raises(InputError, match=said):
        desk.manage_access(action, fields)
    assert desk.situation().store.seq() == before


def test_only_administrators_manage_and_only_some_see_the_ledger(desk: SituationDesk) -> None:
    for role in ROLES:
        visitor = Visitor(
            account_id="account:x", role=role, organisation_id="", rights=rights_of(role)
        )
        seen = desk_for(desk, visitor)
        assert seen.may("manage_access") == (role == "admin")
        assert seen.may("verify_ledger") == (role in ("cell", "auditor", "admin"))
        if role != "admin":
            for action in ACTIONS:
                with pytest.raises(RuleError, match="accounts"):
                    seen.manage_access(action, {})
            with pytest.raises(RuleError):
                seen.access_overview()
        if role in ("viewer", "field", "ngo"):
            with pytest.raises(RuleError):
                seen.ledger_head()
    assert desk_for(desk, OWNER).may("manage_access")


def test_every_role_and_right_has_its_words() -> None:
    assert set(role_names()) == set(ROLES)
    assert right_names() == {right: words for right, (words, _) in RIGHTS.items()}


# --- ledger -------------------------------------------------------------------------------------


def test_the_ledger_is_checked_against_a_head(desk: SituationDesk) -> None:
    head = desk.ledger_head()["head"]
    page = run(_ledger)
    page.text_area(key="heads").input(head)
    page = press(page, "Check")
    assert "Intact" in page.success[0].value
    page.text_area(key="heads").input(head.replace("situation:", "situation:x"))
    page = press(page, "Check")
    assert page.error


def test_a_head_is_signed_shown_and_taken_away(desk: SituationDesk) -> None:
    page = press(run(_ledger), "Sign the head of now")
    line = desk.situation().store.head()
    assert any(f":{line.seq}:{line.hash}:" in text for text in shown(page))
    assert len(page.get("download_button")) == 3


def test_one_event_is_proven_and_a_wrong_name_is_told(desk: SituationDesk) -> None:
    page = run(_ledger)
    page.text_input[1].input("2")
    page = press(page, "Make the proof")
    assert '"seq":2' in page.json[0].value.replace(" ", "")
    page.text_input[1].input("event:nowhere")
    page = press(page, "Make the proof")
    assert "no such event" in page.error[0].value
    assert not page.json
