"""Signing in by an identity provider, over HTTP: there, back, in with the role of one's group."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from dashboard import asgi, cache
from dashboard.http.gate import COOKIE, Door
from dashboard.http.provider import ASKED_COOKIE, ASKED_S, make_door, read_asked, write_asked
from dashboard.map.layers import LayerFiles
from dashboard.operations import access
from dashboard.operations.situation import Situation
from dashboard.situation_desk import SituationDesk
from dashboard.state import Served
from data.access.identity_provider import Asked
from data.people.key import VaultKey
from geo.errors import InputError
from tests.dashboard.test_gate import GOOD, page, sign_in
from tests.data.access.fake_provider import FakeProvider

with warnings.catch_warnings():
    # It asks for a successor of httpx that nothing else here needs.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HERE = "http://testserver"
ROLES = "crisis=cell; eau=ngo@Eau du Dir; heads=admin"


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


@pytest.fixture(scope="module")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "home"
    with Situation.create(folder, name="Test") as situation:
        access.add_account(situation, "amina", role="admin", password=GOOD)
    return folder


@pytest.fixture
def home(built_home: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built_home, tmp_path / "home")


@pytest.fixture
def client(
    provider: FakeProvider, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    # The address of a test's server is no https: its provider sends people back to this one.
    for name, value in provider.environment("http://localhost:8501").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("QAFILA_OIDC_ROLES", ROLES)
    monkeypatch.setenv("QAFILA_OIDC_NAME", "Relief <ID>")
    desk = SituationDesk(home)
    door = make_door(desk)
    served = Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks(), door=door)
    app = Starlette(
        routes=[*asgi.own_routes(served), Route("/{path:path}", page)],
        middleware=asgi.guards(door, ("*",)),
    )
    yield TestClient(app, base_url=HERE, follow_redirects=False)
    assert door.provider is not None
    door.provider.close()
    desk.close()


@pytest.fixture
def come(client: TestClient, provider: FakeProvider) -> Callable[[], tuple[int, str]]:
    """Go to the provider and back; gives the status and the text of what one gets then."""

    def come() -> tuple[int, str]:
        there = client.get("/sign-in/oidc")
        assert there.status_code == 303
        back = provider.authorize(there.headers["location"])
        answer = client.get(back.removeprefix("http://localhost:8501"))
        return answer.status_code, answer.text

    return come


def accounts_of(home: Path) -> dict[str, tuple[str, str]]:
    with Situation.open(home) as situation:
        listed = access.list_accounts(situation)
    return {one["name"]: (one["role"], one["organisation"]) for one in listed}


def test_a_member_of_a_group_comes_in_with_the_groups_role(
    client: TestClient, provider: FakeProvider, come: Callable[[], tuple[int, str]], home: Path
) -> None:
    assert "Sign in with Relief &lt;ID&gt;" in client.get("/sign-in").text
    # A name that somebody has here already gives nothing of theirs.
    provider.claims = {"groups": ["others", "eau"], "preferred_username": "Amina"}
    assert come() == (303, "")
    assert client.get("/").text == "Test inside"
    assert client.cookies.get(ASKED_COOKIE) is None
    own = {"amina": ("admin", ""), "Amina (2)": ("ngo", "Eau du Dir")}
    assert accounts_of(home) == own
    # At the next sign-in the role follows the group; the account stays the same one.
    provider.claims = {"groups": ["crisis"]}
    assert come()[0] == 303
    assert accounts_of(home) == own | {"Amina (2)": ("cell", "")}


def test_who_has_no_account_and_no_group_is_told_what_to_tell_an_administrator(
    client: TestClient, provider: FakeProvider, come: Callable[[], tuple[int, str]], home: Path
) -> None:
    provider.claims = {"sub": "<b>7</b>", "groups": "strangers"}
    status, text = come()
    assert status == 403
    assert f"{provider.issuer}#&lt;b&gt;7&lt;/b&gt;" in text
    assert client.cookies.get(COOKIE) is None
    with Situation.open(home) as situation:
        access.link(situation, "amina", f"{provider.issuer}#<b>7</b>")
    # Who has a password too was given the role by an administrator, and keeps it.
    assert come() == (303, "")
    assert accounts_of(home) == {"amina": ("admin", "")}


def test_groups_that_were_lost_let_nobody_in_any_more(
    provider: FakeProvider, come: Callable[[], tuple[int, str]], home: Path
) -> None:
    provider.claims = {"groups": ["heads"], "name": "\x00"}
    assert come()[0] == 303
    assert accounts_of(home)["Relief <ID>"] == ("admin", "")
    provider.claims = {"groups": ["strangers"]}
    assert come()[0] == 403
    with Situation.open(home) as situation:
        access.set_active(situation, "Relief <ID>", False)
    provider.claims = {"groups": ["crisis"]}
    assert come()[0] == 403
    assert accounts_of(home)["Relief <ID>"] == ("admin", "")


def test_the_last_administrator_stays_one(
    provider: FakeProvider, come: Callable[[], tuple[int, str]], home: Path
) -> None:
    provider.claims = {"groups": ["heads"], "preferred_username": "Idir"}
    assert come()[0] == 303
    with Situation.open(home) as situation:
        access.set_active(situation, "amina", False)
    provider.claims = {"groups": ["crisis"]}
    status, text = come()
    assert status == 503
    assert "administrator" in text
    assert accounts_of(home)["Idir"] == ("admin", "")


def test_a_return_that_this_browser_did_not_begin_is_refused(
    client: TestClient, provider: FakeProvider
) -> None:
    provider.claims = {"groups": ["crisis"]}
    mine = provider.authorize(client.get("/sign-in/oidc").headers["location"])
    back = mine.removeprefix("http://localhost:8501")
    made = client.cookies[ASKED_COOKIE]
    forged = made[:-1] + ("1" if made.endswith("0") else "0")
    for cookie in ("", "x", "é.", forged):
        client.cookies.clear()
        headers = {"cookie": f"{ASKED_COOKIE}={cookie}".encode()}
        answer = client.get(back, headers=headers)
        assert answer.status_code == 403
        assert COOKIE not in answer.headers.get("set-cookie", "")
    assert client.get("/sign-in/oidc/back?code=%00&state=%ff").status_code == 403


def test_what_was_asked_long_ago_or_under_another_key_is_not_taken() -> None:
    key, asked = VaultKey(bytes(32)), Asked(state="s", nonce="n", verifier="v")
    cookie = write_asked(asked, key, now=1_000)
    assert read_asked(cookie, key, now=1_000 + ASKED_S) == asked
    assert read_asked(cookie, key, now=1_001 + ASKED_S) is None
    assert read_asked(cookie, key, now=999) is None
    assert read_asked(cookie, VaultKey(bytes(range(32))), now=1_000) is None


def test_without_the_provider_a_password_still_opens(
    client: TestClient, provider: FakeProvider
) -> None:
    provider.stop()
    answer = client.get("/sign-in/oidc?lang=fr", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert 'name="password"' in answer.text
    assert sign_in(client) == 303
    assert client.get("/").text == "Test inside"


def test_the_cookies_of_a_server_behind_tls_are_secure(
    provider: FakeProvider, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in provider.environment("https://qafila.example.org").items():
        monkeypatch.setenv(name, value)
    desk = SituationDesk(home)
    door = make_door(desk)
    served = Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks(), door=door)
    app = Starlette(routes=asgi.own_routes(served), middleware=asgi.guards(door, ("*",)))
    client = TestClient(app, base_url=HERE, follow_redirects=False)
    cookie = client.get("/sign-in/oidc").headers["set-cookie"].lower()
    assert "secure" in cookie
    assert "httponly" in cookie
    assert door.provider is not None
    door.provider.close()
    desk.close()


def test_settings_that_cannot_be_used_keep_the_server_from_starting(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = SituationDesk(home)
    assert isinstance(make_door(desk), Door)
    monkeypatch.setenv("QAFILA_OIDC_ISSUER", "http://id.example.org")
    with pytest.raises(InputError):
        make_door(desk)
    desk.close()
