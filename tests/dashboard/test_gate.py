"""The gate over HTTP: nobody is let in by nothing, by forgery, by replay or by a lesser role."""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard import asgi, cache
from dashboard.desk import Desk
from dashboard.http.gate import COOKIE, Door
from dashboard.map.assets import assets_digest
from dashboard.map.layers import LayerFiles
from dashboard.operations import access
from dashboard.operations.situation import Situation
from dashboard.role_desk import LOOKING, RIGHT_OF, RoleDesk, desk_for
from dashboard.situation_desk import SituationDesk
from dashboard.state import Served
from data.access.accounts import utc_now
from data.access.api_keys import issue_key
from data.access.roles import OWNER, RIGHTS, Visitor, rights_of
from data.people.key import KEY_FILE
from geo.errors import InputError, RuleError

with warnings.catch_warnings():
    # It asks for a successor of httpx that nothing else here needs.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

GOOD = "four wet mules sing"


@pytest.fixture(scope="module")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "home"
    with Situation.create(folder, name="Test") as situation:
        access.add_account(situation, "amina", role="admin", password=GOOD)
        access.add_account(situation, "bob", role="viewer", organisation="NGO One", password=GOOD)
    return folder


@pytest.fixture
def home(built_home: Path, tmp_path: Path) -> Path:
    """A copy: hashing passwords anew for each test would take longer than the tests."""
    return shutil.copytree(built_home, tmp_path / "home")


async def page(_request: Request) -> Response:
    """Stand in for Streamlit's page and files: one process can hold only one of it."""
    return PlainTextResponse("Test inside")


async def stream(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    """All that is served of the real routes, behind the real guards."""
    desk = SituationDesk(home)
    door = Door(desk)
    served = Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks(), door=door)
    app = Starlette(
        routes=[
            *asgi.own_routes(served),
            WebSocketRoute("/_stcore/stream", stream),
            Route("/{path:path}", page, methods=["GET", "POST"]),
        ],
        middleware=asgi.guards(door, ("*",)),
    )
    yield TestClient(app, base_url="http://testserver", follow_redirects=False)
    desk.close()


def sign_in(client: TestClient, name: str = "amina", password: str = GOOD) -> int:
    form = re.search(r'name="form" value="([^"]+)"', client.get("/sign-in").text)
    assert form
    fields = {"form": form[1], "name": name, "password": password}
    return client.post("/sign-in", data=fields).status_code


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/map/", "/roads", "/api/v1/live", "/api/v1/situation", "/api/v1/openapi.json"),
        *("/static/js/x.js", "/_stcore/host-config", "/_stcore/metrics", "/sign-out"),
        f"/assets/{assets_digest()}/map/map.js",
    ],
)
def test_nobody_sees_anything_without_signing_in(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 401
    page = client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == (401 if path.startswith("/api/") else 303)
    assert "Test" not in page.text


def test_the_websocket_is_closed_to_nobody(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream"):
        pass


def test_signing_in_opens_and_signing_out_closes(client: TestClient) -> None:
    assert sign_in(client) == 303
    assert client.get("/api/v1/situation").status_code == 200
    token = client.cookies[COOKIE]
    assert client.post("/sign-out").status_code == 303
    # The same cookie, replayed.
    client.cookies.set(COOKIE, token)
    assert client.get("/api/v1/situation").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: TestClient) -> None:
    form = re.search(r'name="form" value="([^"]+)"', client.get("/sign-in").text)
    assert form
    answer = client.post("/sign-in", data={"form": form[1], "name": "amina", "password": GOOD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert GOOD not in str(answer.headers)


def test_a_session_that_was_brought_along_is_never_taken_over(client: TestClient) -> None:
    client.cookies.set(COOKIE, "A" * 43)
    assert sign_in(client) == 303
    assert client.cookies.get(COOKIE, domain="testserver.local") != "A" * 43


@pytest.mark.parametrize("token", ["", "A" * 43, "x" * 9_000, "admin", '"; drop table'])
def test_a_forged_cookie_opens_nothing(client: TestClient, token: str) -> None:
    answer = client.get("/api/v1/live", headers={"Cookie": f"{COOKIE}={token}"})
    assert answer.status_code == 401


def test_a_form_of_another_site_signs_nobody_in(client: TestClient) -> None:
    fields = {"name": "amina", "password": GOOD, "form": "guessed"}
    assert client.post("/sign-in", data=fields).status_code == 403
    client.get("/sign-in")
    assert client.post("/sign-in", data=fields).status_code == 403
    assert client.post("/sign-in", content=b"x" * 100_000).status_code == 403


def test_another_sites_page_changes_nothing_in_ones_name(client: TestClient) -> None:
    sign_in(client)
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post("/sign-out", headers=headers).status_code == 403
    assert client.get("/api/v1/situation").status_code == 200


def test_a_guesser_is_told_to_wait(client: TestClient) -> None:
    codes = [sign_in(client, password=f"guess number {n:02d}") for n in range(6)]
    assert codes == [403] * 5 + [429]
    assert sign_in(client) == 429


def test_a_disabled_account_is_out_within_seconds(client: TestClient, home: Path) -> None:
    sign_in(client, "bob")
    assert client.get("/api/v1/situation").status_code == 200
    with Situation.open(home) as situation:
        access.set_active(situation, "bob", False)
    door = Door(SituationDesk(home))
    assert door.by_token(client.cookies[COOKIE]) is None
    door.desk.close()


def test_a_key_reads_and_an_expired_or_wrong_one_says_why(client: TestClient, home: Path) -> None:
    with Situation.open(home) as situation:
        (ngo,) = situation.store.organisations()
        made = issue_key(
            situation.store,
            ngo.organisation_id,
            role="ngo",
            scopes=["see"],
            expires_at=utc_now() + timedelta(hours=1),
        )

        def ask(text: str) -> tuple[int, str]:
            answer = client.get("/api/v1/situation", headers={"Authorization": f"Bearer {text}"})
            return answer.status_code, answer.text

        assert ask(made.text)[0] == 200
        # A key opens the interface of programs, and no page.
        headers = {"Authorization": f"Bearer {made.text}"}
        assert client.get("/map/", headers=headers).status_code == 401
        assert client.post("/api/v1/situation", headers=headers).status_code == 403
        assert ask(made.text.swapcase())[0] == 401
        access.revoke_key(situation, made.key_id)
    status, text = ask(made.text)
    assert status == 401
    assert "revoked" in text
    assert made.text not in text


def test_the_sign_in_page_loads_nothing_and_escapes(client: TestClient) -> None:
    page = client.get("/sign-in?lang=ar")
    assert 'dir="rtl"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r"<script|https?:|src=", page.text)


def test_a_viewers_desk_looks_and_changes_nothing(home: Path) -> None:
    desk = SituationDesk(home)
    viewer = Visitor(
        account_id="account:1", role="viewer", organisation_id="", rights=rights_of("viewer")
    )
    seen = desk_for(desk, viewer)
    assert seen.info().name == "Test"
    for change in (
        lambda: seen.reopen_road("closure:1", source=""),
        lambda: seen.make_plan(),
        lambda: seen.assess(),
    ):
        with pytest.raises(RuleError, match="role viewer: the right"):
            change()
    desk.close()


def test_an_association_sends_and_undoes_in_its_own_name_only() -> None:
    theirs = SimpleNamespace(upload_id="upload:1", organisation_id="organisation:other")
    mine = SimpleNamespace(upload_id="upload:2", organisation_id="organisation:own")
    asked: list[object] = []
    desk = SimpleNamespace(
        uploads=lambda: [theirs, mine],
        upload=lambda *_given, organisation: asked.append(organisation),
        undo=asked.append,
    )
    own = Visitor(
        account_id="account:1",
        role="ngo",
        organisation_id="organisation:own",
        rights=rights_of("ngo"),
    )
    seen = RoleDesk(desk, own)  # type: ignore[arg-type]
    seen.upload("needs", organisation="organisation:other")
    seen.undo("upload:2")
    assert asked == ["organisation:own", "upload:2"]
    with pytest.raises(RuleError, match="own organisation only"):
        seen.undo("upload:1")


def test_every_method_of_the_desk_has_a_right() -> None:
    methods = {name for name in vars(Desk) if not name.startswith("_")}
    assert methods == LOOKING | RIGHT_OF.keys() | {"may", "as_of", "own_organisation"}
    assert all(right in RIGHTS for right in RIGHT_OF.values())


def test_who_looks_back_keeps_his_rights_and_no_more() -> None:
    past = SimpleNamespace(need_contact=lambda _need: {"name": "Fatima"}, may=lambda _method: True)
    desk = SimpleNamespace(as_of=lambda moment: past if moment == "7" else None)
    for role, allowed in (("cell", True), ("viewer", False)):
        visitor = Visitor(
            account_id="account:1", role=role, organisation_id="", rights=rights_of(role)
        )
        seen = RoleDesk(desk, visitor).as_of("7")  # type: ignore[arg-type]
        assert seen.may("need_contact") == allowed
        if allowed:
            assert seen.need_contact("need:1") == {"name": "Fatima"}
        else:
            with pytest.raises(RuleError, match="contacts"):
                seen.need_contact("need:1")


def test_who_may_not_change_is_told_so_before_he_tries() -> None:
    def desk(role: str) -> Desk:
        rights = rights_of(role)
        visitor = Visitor(account_id="account:1", role=role, organisation_id="", rights=rights)
        return desk_for(SimpleNamespace(may=lambda _method: True), visitor)  # type: ignore[arg-type]

    assert desk("admin").may("close_road")
    assert not desk("viewer").may("close_road")
    assert desk("viewer").may("suppose_closed")
    # Of the past nothing can be changed, whoever looks at it.
    past = desk_for(SimpleNamespace(may=lambda method: method in LOOKING), OWNER)  # type: ignore[arg-type]
    assert past.may("suppose_closed")
    assert not past.may("close_road")


def test_others_are_not_served_what_nobody_guards(tmp_path: Path, home: Path) -> None:
    Situation.create(tmp_path / "open", name="Open").close()
    with pytest.raises(InputError, match="accounts are needed"):
        asgi.require_guarded(tmp_path / "open", "0.0.0.0", open_to_all=False)
    asgi.require_guarded(tmp_path / "open", "0.0.0.0", open_to_all=True)
    asgi.require_guarded(tmp_path / "open", "127.0.0.1", open_to_all=False)
    asgi.require_guarded(home, "0.0.0.0", open_to_all=False)
    (home / KEY_FILE).rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="the key of the vault is needed"):
        asgi.require_guarded(home, "127.0.0.1", open_to_all=False)


def test_a_sign_in_does_not_make_the_picture_old(client: TestClient, home: Path) -> None:
    with Situation.open(home) as situation:
        before = situation.picture_seq()
        sign_in(client)
        assert situation.picture_seq() == before < situation.seq()
