"""One process, one port: the page, the map, the HTTP interface.

`build_app` joins them into one ASGI application, `serve` runs it with uvicorn. Streamlit is told
everything here, in the program; a ``.streamlit/config.toml`` on the machine decides nothing.
"""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import os
import re
import socket
import sys
from base64 import b64encode
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount
from streamlit import config
from streamlit.starlette import App

from dashboard import cache
from dashboard.courier import Courier
from dashboard.http.api import create_api
from dashboard.http.brief import brief_routes
from dashboard.http.field import field_routes
from dashboard.http.gate import Door, Gate
from dashboard.http.gifts import gift_routes
from dashboard.http.language import PageLanguage
from dashboard.http.limits import Limits
from dashboard.http.ogc import ogc_routes
from dashboard.http.pages import page_routes
from dashboard.http.provider import make_door, provider_routes
from dashboard.http.request_form import RequestForm
from dashboard.http.security import PAGE_POLICY, SameOriginSockets, SecurityHeaders
from dashboard.http.sign_in import sign_in_routes
from dashboard.http.streamlit_files import CompressedStreamlitFiles
from dashboard.http.wall import wall_routes
from dashboard.map.layers import LayerFiles
from dashboard.situation_desk import SituationDesk
from dashboard.state import Served, put_served
from data.access.provider_settings import ADDRESS_VARIABLE
from geo.errors import InputError, NoSituationError, QafilaError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    import uvicorn
    from starlette.routing import BaseRoute

    from dashboard.desk import Desk

logger = logging.getLogger(__name__)

SCRIPT = Path(__file__).resolve().parent / "entry" / "script.py"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8501
#: Until then nobody's first map waits for the garbage collector.
FIRST_VISIT_S = 5.0
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

STREAMLIT_OPTIONS: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "global.developmentMode": False,
    # A full collection after each run costs 60 to 190 ms with our libraries loaded; see `_settle`.
    "runner.postScriptGC": False,
    "runner.magicEnabled": False,
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    # A network that is down for an hour must not cost a session its state.
    "server.disconnectedSessionTTL": 3600,
    "server.maxUploadSize": 50,
    "theme.base": "light",
    "theme.primaryColor": "#0a5c99",
    "theme.codeTextColor": "#1d4f42",
    "theme.font": "Noto Sans, Noto Sans Arabic, Noto Sans Tifinagh, sans-serif",
}


def build_app(
    desk: Desk, *, allowed_hosts: Sequence[str] = ("*",), door: Door | None = None
) -> App:
    """Join page, map and HTTP interface into one ASGI application.

    Parameters
    ----------
    desk
        The situation that is served; one a process.
    allowed_hosts
        Values of the ``Host`` header that are answered. On a loopback address only its names are,
        so that a foreign web page cannot read the situation through a name it controls.
    door
        Who may come in; None where the desk is no situation's, as in tests.
    """
    served = Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks(), door=door)
    put_served(served)
    configure_streamlit(allowed_hosts=allowed_hosts)
    return App(
        SCRIPT,
        routes=own_routes(served),
        middleware=guards(door, allowed_hosts),
        lifespan=_lifespan(served),
    )


def own_routes(served: Served) -> list[BaseRoute]:
    """Give what is served beside Streamlit's page."""
    return [
        Mount(
            "/api/v1",
            create_api(
                served.desk,
                served.layers,
                situation_desk=served.desk if isinstance(served.desk, SituationDesk) else None,
            ),
        ),
        *(ogc_routes(served.desk.situation) if isinstance(served.desk, SituationDesk) else ()),
        *(field_routes(served.desk.situation) if isinstance(served.desk, SituationDesk) else ()),
        *(gift_routes(served.desk) if isinstance(served.desk, SituationDesk) else ()),
        *(RequestForm(served.desk).routes() if isinstance(served.desk, SituationDesk) else ()),
        *page_routes(served),
        *wall_routes(served),
        *brief_routes(served),
        *([] if served.door is None else sign_in_routes(served.door)),
        *([] if served.door is None else provider_routes(served.door)),
    ]


def guards(door: Door | None, allowed_hosts: Sequence[str]) -> list[Middleware]:
    """Give what stands before everything that is served, the outermost first."""
    return [
        Middleware(SecurityHeaders, policy=page_policy()),
        Middleware(SameOriginSockets),
        Middleware(TrustedHostMiddleware, allowed_hosts=[*allowed_hosts], www_redirect=False),
        Middleware(Gate, door=door),
        Middleware(Limits),
        Middleware(CompressedStreamlitFiles),
        Middleware(PageLanguage),
    ]


def serve(
    home: Path,
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    allowed_hosts: Sequence[str] | None = None,
    on_ready: Callable[[str], None] | None = None,
    open_to_all: bool = False,
    public_requests: bool = False,
    public_gifts: bool = False,
) -> None:
    """Serve the situation in `home` until the process is told to stop.

    Parameters
    ----------
    port
        0 takes a free one.
    allowed_hosts
        Host names under which others reach this machine; by default only loopback names and that
        of ``QAFILA_PUBLIC_ADDRESS`` on a loopback address, else any.
    on_ready
        Called with the address once requests are answered; by default a line goes to stderr.
    open_to_all
        Serve others although nobody has to sign in.
    public_requests
        Let everybody ask for help at ``/request``, where else they would have to sign in.
    public_gifts
        Let everybody see at ``/gifts`` what was given and what arrived of it.

    Raises
    ------
    InputError
        The address cannot be listened on; others could reach a situation without accounts; or the
        accounts' names are sealed and the key of the vault is not there.
    """
    require_guarded(home, host, open_to_all=open_to_all)
    listening = listen(host, port)
    address = f"http://{_shown_host(host)}:{listening.getsockname()[1]}"
    if allowed_hosts is None:
        allowed_hosts = (*LOOPBACK_NAMES, *_public_host()) if _is_loopback(host) else ("*",)
    desk = SituationDesk(home)
    try:
        door = make_door(desk, public_requests=public_requests, public_gifts=public_gifts)
        app = build_app(desk, allowed_hosts=allowed_hosts, door=door)
        make_server(app, on_ready=lambda: (on_ready or _say)(address)).run(sockets=[listening])
    finally:
        listening.close()
        desk.close()


def require_guarded(home: Path, host: str, *, open_to_all: bool) -> None:
    """Refuse to serve others what nobody guards, and accounts that nobody could sign in to."""
    from dashboard.operations.access import accounts, has_accounts
    from dashboard.operations.situation import Situation

    try:
        with Situation.open(home) as situation:
            guarded = has_accounts(situation)
            if guarded:
                accounts(situation)
    except NoSituationError:
        guarded = False
    if not guarded and not open_to_all and not _is_loopback(host):
        raise InputError(
            f"--host {host}",
            "whoever reaches this address would see and change everything: accounts are needed",
            "make them (`qafila account add NAME --role admin`), or say --open-to-all",
        )


def configure_streamlit(*, allowed_hosts: Sequence[str] = ("*",)) -> None:
    """Set every option of Streamlit that the page relies on."""
    # A config file of the user or of the working folder must not loosen anything.
    for name, value in STREAMLIT_OPTIONS.items():
        config.set_option(name, value)
    config.set_option("theme.fontFaces", font_faces())
    config.set_option("server.allowedHosts", [] if "*" in allowed_hosts else [*allowed_hosts])


def font_faces() -> list[dict[str, str]]:
    """Give the fonts of the page as Streamlit wants them: those of ``static/map/fonts.css``."""
    from dashboard.map.assets import STATIC, asset_url

    css = (STATIC / "map" / "fonts.css").read_text(encoding="utf-8")
    faces = []
    for block in re.findall(r"@font-face \{(.*?)\}", css, re.DOTALL):
        values = {
            name.strip(): value.strip()
            for name, _colon, value in (part.partition(":") for part in block.split(";"))
        }
        file = re.search(r"url\(\.\./([^)]+)\)", values["src"])
        if file is None:
            raise InputError("fonts.css", "a local address for each font is needed", "correct it")
        faces.append(
            {
                "family": values["font-family"].strip('"'),
                "url": asset_url(file[1]),
                "weight": values["font-weight"],
                "style": "normal",
                "unicodeRange": values["unicode-range"],
            }
        )
    return faces


def page_policy() -> str:
    """Give the page's Content-Security-Policy; Streamlit's one inline script goes in by hash."""
    index = Path(st.__file__).resolve().parent / "static" / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", index.read_text(encoding="utf-8"), re.DOTALL)
    hashes = " ".join(
        f"'sha256-{b64encode(sha256(script.encode()).digest()).decode('ascii')}'"
        for script in scripts
    )
    return PAGE_POLICY.replace("'sha256-{inline}'", hashes)


def _lifespan(served: Served) -> Callable[[App], Any]:
    @asynccontextmanager
    async def lifespan(_app: App) -> AsyncIterator[None]:
        settling = asyncio.create_task(_settle(served))
        courier = Courier(served.desk.situation) if isinstance(served.desk, SituationDesk) else None
        if courier is not None:
            courier.start()
        yield
        if courier is not None:
            await asyncio.to_thread(courier.end)
        settling.cancel()

    return lifespan


async def _settle(served: Served) -> None:
    """Make what the first visitor needs, then take it out of the garbage collector's sight.

    What is alive after the start stays alive; without `gc.freeze` every full collection would walk
    over all of it again, in the middle of somebody's click. The one collection that comes before
    waits until the first visitor has the map.
    """
    try:
        await asyncio.to_thread(_first_picture, served)
        await asyncio.sleep(FIRST_VISIT_S)
        gc.collect()
        gc.freeze()
    finally:
        gc.enable()


def _first_picture(served: Served) -> None:
    try:
        cache.document(served)
        served.desk.picture()
    except NoSituationError:
        logger.info("no situation yet in %s", getattr(served.desk, "home", "this folder"))
    except QafilaError as error:
        logger.warning("the first picture could not be made: %s", error)


def make_server(app: App, *, on_ready: Callable[[], object]) -> uvicorn.Server:
    """Make the server that runs `app`; `on_ready` is called once requests are answered."""
    import uvicorn

    class ReadyServer(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_ready()

    return ReadyServer(
        uvicorn.Config(
            app,
            ws="websockets-sansio",
            ws_max_size=config.get_option("server.maxMessageSize") * 1024 * 1024,
            log_config=None,
            access_log=False,
            server_header=False,
            # A browser tab left open must not keep the process from ending.
            timeout_graceful_shutdown=3,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; raises `InputError` with what to do if that is not possible."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, OverflowError) as error:
        raise _cannot_listen(host, port, error) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(256)
    except (OSError, OverflowError) as error:
        listening.close()
        raise _cannot_listen(host, port, error) from error
    listening.setblocking(False)
    return listening


def _cannot_listen(host: str, port: int, error: Exception) -> InputError:
    return InputError(
        f"{host}:{port}",
        f"an address that can be listened on is needed ({error})",
        "give another --port or --host, or stop what listens there",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _public_host() -> list[str]:
    """Name under which a server with TLS in front passes requests on to this one."""
    host = urlsplit(os.environ.get(ADDRESS_VARIABLE, "").strip()).hostname
    return [host] if host else []


def _shown_host(host: str) -> str:
    if host in {"0.0.0.0", "::", ""}:
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _say(address: str) -> None:
    sys.stderr.write(f"Qafila is served at {address}  (stop with Ctrl+C)\n")
    sys.stderr.flush()


def create_app() -> App:
    """Build the application for another ASGI server, from ``QAFILA_HOME``.

    ``uvicorn --factory dashboard.asgi:create_app``
    """
    home = os.environ.get("QAFILA_HOME")
    if not home:
        raise InputError("QAFILA_HOME", "the folder of a situation is needed", "set it")
    desk = SituationDesk(Path(home))
    return build_app(desk, door=make_door(desk))
