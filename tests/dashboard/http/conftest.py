"""The four villages, served through the real routes and guards without Streamlit's page."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from dashboard import asgi, cache
from dashboard.http.gate import Door
from dashboard.map.layers import LayerFiles
from dashboard.operations import access
from dashboard.operations.situation import Situation
from dashboard.situation_desk import SituationDesk
from dashboard.state import Served
from tests.dashboard.operations.conftest import empty, valley

with warnings.catch_warnings():
    # It asks for a successor of httpx that nothing else here needs.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["empty", "valley"]


@pytest.fixture
def app(valley: Situation) -> Iterator[Starlette]:
    """All own routes of the valley behind its gate; nobody has an account."""
    desk = SituationDesk(valley.home)
    door = Door(desk)
    served = Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks(), door=door)
    yield Starlette(routes=asgi.own_routes(served), middleware=asgi.guards(door, ("*",)))
    desk.close()


@pytest.fixture
def client(app: Starlette) -> TestClient:
    """A program that asks."""
    return TestClient(app, base_url="http://testserver", follow_redirects=False)


@pytest.fixture
def keyed(valley: Situation, app: Starlette) -> dict[str, TestClient]:
    """The same with accounts: a client for each key, by its role; `nobody` has none."""
    access.add_account(valley, "amina", role="admin", password="four wet mules sing")
    rights = {
        "viewer": ["see"],
        "ngo": ["see", "report", "upload"],
        "cell": ["see", "report", "upload", "roads", "ledger"],
        "auditor": ["see", "ledger"],
    }
    found = {"nobody": TestClient(app)}
    for role, scopes in rights.items():
        made = access.issue_key(valley, "NGO One", role=role, scopes=scopes, days=1)
        headers = {"Authorization": f"Bearer {made['key']}"}
        found[role] = TestClient(app, headers=headers)
    return found
