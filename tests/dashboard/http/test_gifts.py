"""The donor's pages: one gift to its end, with a receipt that is checked off the system."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dashboard import asgi, cache
from dashboard.cli import main
from dashboard.http.gate import Door
from dashboard.languages import LANGUAGES
from dashboard.map.layers import LayerFiles
from dashboard.operations import access, delivering, funding, gifts, stockroom, uploads
from dashboard.operations.situation import Situation
from dashboard.situation_desk import SituationDesk
from dashboard.state import Served
from geo.errors import UnknownIdError
from tests.dashboard.http.conftest import TestClient

PLACES = "name,commune,lon,lat\nTinmel,Talat,-8.228,30.985\nIghil,Ighil,-8.287,30.984\n"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Situation]:
    """Two gifts of tents, of which 12 left and 11 arrived; money for 3 and for 40 households."""
    folder = tmp_path_factory.mktemp("gifts")
    with Situation.create(folder / "home", name="Valley <b>", timezone="UTC") as situation:
        sheet = folder / "places.csv"
        sheet.write_text(PLACES, encoding="utf-8")
        uploads.upload(situation, "places", sheet, organisation="Cell", add_places=True)
        stockroom.register_depot(situation, "Asni", (-7.98, 31.25))
        said = stockroom.Said(note="from Fatima <script>")
        for donor in ("Fatima Donor", "Rotary"):
            stockroom.receive(situation, "Asni", "tent", "10", donor=donor, said=said)
        stockroom.move(situation, "Asni", "convoy:1", "tent", "12")
        delivering.deliver(situation, "convoy:1", "Tinmel", "tent", "11")
        funding.open_fund(situation, "Winter", "MAD")
        funding.receive(situation, "Winter", "Fatima Donor", "9000")
        funding.allocate(situation, "Winter", "Cash", "9000")
        funding.pay(situation, "Cash", "Tinmel", 3, "100")
        funding.pay(situation, "Cash", "Ighil", 40, "200")
        yield situation


@pytest.fixture
def client(given: Situation) -> Iterator[TestClient]:
    desk = SituationDesk(given.home)
    yield TestClient(app_of(desk, Door(desk)))
    desk.close()


def app_of(desk: SituationDesk, door: Door) -> Starlette:
    served = Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks(), door=door)
    return Starlette(routes=asgi.own_routes(served), middleware=asgi.guards(door, ("*",)))


def tents(situation: Situation) -> list[dict[str, str]]:
    """The gifts of tents, the oldest first."""
    return [one for one in reversed(gifts.gifts(situation)["gifts"]) if one["item"] == "tent"]


def test_each_gift_is_followed_to_its_end(given: Situation) -> None:
    first, second = tents(given)
    assert (first["state"], first["arrived"], first["donor"]) == ("arrived", "10", "Fatima-Donor")
    told = {name: second[name] for name in ("given", "in_depots", "on_the_way", "arrived")}
    assert told == {"given": "10", "in_depots": "8", "on_the_way": "1", "arrived": "1"}
    assert second["state"] == "partly"
    arrived = gifts.gifts(given, arrived_since=datetime(2020, 1, 1, tzinfo=UTC))["gifts"]
    assert [one["gift_id"] for one in arrived] == [first["gift_id"]]


def test_money_for_few_households_is_not_told_by_commune(given: Situation) -> None:
    [money] = [one for one in gifts.gifts(given)["gifts"] if one["item"] == "cash_mad"]
    found = gifts.gift(given, money["gift_id"])
    assert [(one["commune"], one["quantity"], one["places"]) for one in found["communes"]] == [
        ("Ighil", "8000", 1),
        ("", "300", None),
    ]
    assert found["depots"] == [{"name": "Cash", "quantity": "700"}]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_page_says_where_it_went_and_names_nobody(
    client: TestClient, given: Situation, language: str
) -> None:
    page = client.get(f"{tents(given)[1]['path']}?lang={language}")
    assert page.status_code == 200
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page.text
    assert "Talat" in page.text
    assert "Tinmel" not in page.text, "the donor sees communes"
    for name in ("Fatima", "Rotary", "<script>", "<b>"):
        assert name not in page.text
    assert (language == "en") == ("A part of your gift has arrived." in page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"


def test_the_receipt_is_checked_off_the_system(
    client: TestClient, given: Situation, tmp_path: Path, checkout: Path
) -> None:
    gift = tents(given)[0]
    receipt = client.get(f"{gift['path']}/proof.json")
    assert receipt.json()["event"]["payload"]["movement_id"] == gift["gift_id"]
    path = tmp_path / "receipt.json"
    verifier = [sys.executable, str(checkout / "tools" / "verify_ledger.py"), str(path)]
    path.write_bytes(receipt.content)
    assert subprocess.run(verifier, check=False, capture_output=True).returncode == 0
    altered = receipt.json()
    altered["event"]["payload"]["quantity"] = "11"
    path.write_text(json.dumps(altered), encoding="utf-8")
    assert subprocess.run(verifier, check=False, capture_output=True).returncode == 1


@pytest.mark.parametrize("code", ["01M8BA3THK3PJSKJDQN1ZQ3NF1", "..%2F..%2Fetc", "a b", "x" * 300])
def test_what_is_no_gift_is_said_in_plain_words(client: TestClient, code: str) -> None:
    for path in (f"/gift/{code}", f"/gift/{code}/proof.json"):
        page = client.get(path)
        assert page.status_code == 404
        assert "Traceback" not in page.text


def test_movements_that_no_donor_made_are_no_gifts(given: Situation) -> None:
    [load] = [one for one in given.store.movements() if one.to_account == "convoy:1"][:1]
    with pytest.raises(UnknownIdError):
        gifts.gift(given, load.movement_id)


def test_the_overview_adds_up_and_names_no_donor(client: TestClient) -> None:
    page = client.get("/gifts?lang=en").text
    assert "Fatima" not in page
    row = "".join(f'<td dir="auto">{one}</td>' for one in ("20", "8", "1", "11", "0", "0", "0"))
    assert f'<td dir="auto">tent</td>{row}' in page
    assert '<td dir="auto">Talat</td><td dir="auto">Family tent</td><td dir="auto">11</td>' in page
    assert '<td dir="auto">43</td>' in page


def test_behind_accounts_a_link_opens_its_gift_and_the_overview_only_if_that_was_said(
    tmp_path: Path,
) -> None:
    with Situation.create(tmp_path / "home", name="Valley") as situation:
        stockroom.register_depot(situation, "Asni", (-7.98, 31.25))
        stockroom.receive(situation, "Asni", "tent", "10", donor="Rotary")
        access.add_account(situation, "amina", role="admin", password="four wet mules sing")
        path = tents(situation)[0]["path"]
        desk = SituationDesk(situation.home)
        for is_open in (False, True):
            client = TestClient(
                app_of(desk, Door(desk, public_gifts=is_open)), follow_redirects=False
            )
            assert client.get(path).status_code == 200
            assert (client.get("/gifts").status_code == 200) == is_open
            assert client.get("/request").status_code != 200
            assert client.get("/api/v1/stock").status_code == 401
        desk.close()


def test_the_verb_lists_gifts_and_shows_one(
    given: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--json", "--home", str(given.home)]
    assert main(["gift", "list", "--arrived-since", "2020-01-01", *home]) == 0
    [arrived] = json.loads(capsys.readouterr().out)["gifts"]
    assert main(["gift", "show", arrived["gift_id"], *home]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["communes"][0]["commune"], "donor" in found) == ("Talat", False)
    assert main(["gift", "show", "movement:nowhere", *home]) == 2
    assert "Traceback" not in capsys.readouterr().err
