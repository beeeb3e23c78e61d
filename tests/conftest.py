"""What every test can ask for, and what none may do: reach beyond this machine."""

import importlib.util
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest
from postgres_server import REASON_VARIABLE, SERVER_VARIABLE, DatabaseServer

CHECKOUT = Path(__file__).resolve().parent.parent
LOCAL_NAMES = frozenset({"localhost", "ip6-localhost", socket.gethostname(), ""})
DISCARD_PROXY = "http://127.0.0.1:9"

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("QAFILA_HYPOTHESIS_PROFILE", "ci"))


# --- no network -------------------------------------------------------------------------------


class _NetworkGuard:
    """Refuses every connection and look-up that leaves the machine.

    An audit hook sees the calls of C extensions too and patches nobody's code. It cannot be taken
    out again, so it asks this object, which tests marked `live` switch off.
    """

    active = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.active or not event.startswith("socket."):
            return
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            sock, address = arguments[0], arguments[1]
            if sock.family == getattr(socket, "AF_UNIX", None) or address is None:
                return
            host = address[0] if isinstance(address, tuple) else address
        elif event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
            host = arguments[0]
        else:
            return
        if not _is_local(host):
            pytest.fail(
                f"{event} to {host!r}: tests use no network; "
                "replay a recorded answer from a server on 127.0.0.1",
                pytrace=True,
            )


def _is_local(host: Any) -> bool:
    if host is None:
        return True
    name = host.decode("idna", "replace") if isinstance(host, bytes) else str(host)
    return name in LOCAL_NAMES or name.startswith("127.") or name in {"::1", "0.0.0.0", "::"}


_guard = _NetworkGuard()
sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest) -> Iterator[None]:
    _guard.active = request.node.get_closest_marker("live") is None
    yield
    _guard.active = True


def pytest_configure() -> None:
    """Close the ways that no audit hook sees: libcurl inside GDAL and PROJ, and child processes."""
    _guard.active = True
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        os.environ[name] = DISCARD_PROXY
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = "localhost,127.0.0.1,::1"
    os.environ["PROJ_NETWORK"] = "OFF"
    # Whoever runs the tests keeps their own signing key.
    os.environ["QAFILA_LEDGER_KEY"] = str(
        Path(tempfile.gettempdir()) / f"qafila-key-{os.getpid()}.pem"
    )


# --- where things are -------------------------------------------------------------------------


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the repository that is under test."""
    return CHECKOUT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real source files, which are never part of the repository."""
    named = os.environ.get("QAFILA_TEST_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there; QAFILA_TEST_DATA names the folder")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a test's situation lives; not yet made, as at a first `qafila init`."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def setup_script() -> ModuleType:
    """`tools/setup.py` as a module: it belongs to no package."""
    path = CHECKOUT / "tools" / "setup.py"
    spec = importlib.util.spec_from_file_location("qafila_setup", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickling look a module up by name
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def chromium_path(setup_script: ModuleType) -> Path:
    """The browser for tests marked `browser`; skips with the reason the set-up recorded."""
    package = importlib.util.find_spec("playwright")
    driver = Path(package.origin).parent / "driver" / "node" if package and package.origin else None
    problem = setup_script.browser_problem(driver)
    if problem:
        recorded = setup_script.Environment().no_browser
        reason = recorded.read_text(encoding="utf-8").strip() if recorded.is_file() else problem
        pytest.skip(f"no browser: {reason}")
    return Path(setup_script.find_browser())


@pytest.fixture(scope="session")
def database_server(request: pytest.FixtureRequest) -> Iterator[DatabaseServer]:
    """The PostgreSQL server of this run (`tools/database.py`); skips with the reason without it."""
    url = os.environ.get(SERVER_VARIABLE)
    if not url:
        reason = os.environ.get(REASON_VARIABLE) or "start the tests with `make test`"
        pytest.skip(f"no PostgreSQL server: {reason}")
    server = DatabaseServer(url, getattr(request.config, "workerinput", {}).get("workerid", "gw"))
    yield server
    server.close()
