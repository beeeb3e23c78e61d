"""``/gift/…``: a donor sees what became of one gift; ``/gifts``: all gifts together.

The address of a gift cannot be guessed and says by itself what may be seen: this gift, by commune.
The overview is for those who are signed in, or for everybody where the server was told so.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dashboard.http.asking import heavy
from dashboard.http.gate import GIFTS_PATH
from dashboard.http.gift_page import HEADERS, gift_page, missing_page, overview_page
from dashboard.http.problem import problem, status_of
from dashboard.http.sign_in import speak
from dashboard.languages import language
from dashboard.operations import gifts
from geo.errors import QafilaError, UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from dashboard.operations.situation import Situation
    from dashboard.situation_desk import SituationDesk

_CODE = re.compile(r"[0-9A-Za-z_.-]{1,100}")


def gift_routes(desk: SituationDesk) -> list[BaseRoute]:
    """Give the routes of the donor's pages."""

    def answering(make: Callable[[Situation, str], Response]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            speak(request)
            code = str(request.path_params.get("code", ""))
            try:
                return await run_in_threadpool(_made, make, desk.situation, code)
            except QafilaError as error:
                return problem(status_of(error), title=error.needed, detail=str(error))

        return answer

    return [
        Route(GIFTS_PATH, answering(_overview), methods=["GET"]),
        Route("/gift/{code}", answering(_gift), methods=["GET"]),
        Route("/gift/{code}/proof.json", answering(_proof), methods=["GET"]),
    ]


def _made(
    make: Callable[[Situation, str], Response], opened: Callable[[], Situation], code: str
) -> Response:
    situation = opened()
    try:
        if code and not _CODE.fullmatch(code):
            raise UnknownIdError("gift", "no such gift is in the books", "check the link")
        return make(situation, code)
    except UnknownIdError:
        page = missing_page(situation.info().name, GIFTS_PATH)
        return HTMLResponse(page, 404, headers=HEADERS)


def _gift(situation: Situation, code: str) -> Response:
    found, info = gifts.gift(situation, code), situation.info()
    unit = gifts.item_unit(situation, found["item"])
    item = _item_name(situation)(found["item"])
    page = gift_page(info.name, found, item, unit, info.timezone, found["path"])
    return HTMLResponse(page, headers=HEADERS)


def _proof(situation: Situation, code: str) -> Response:
    from dashboard.operations.witnessing import make_proof

    found = gifts.gift(situation, code)
    with heavy():
        proof = make_proof(situation, str(found["event"]))
    text = json.dumps(proof, ensure_ascii=False, indent=1) + "\n"
    name = f"qafila-gift-{found['reference']}.json"
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="application/json", headers=headers)


def _overview(situation: Situation, _code: str) -> Response:
    info = situation.info()
    page = overview_page(
        info.name, gifts.overview(situation), _item_name(situation), info.timezone, GIFTS_PATH
    )
    return HTMLResponse(page, headers=HEADERS)


def _item_name(situation: Situation) -> Callable[[str], str]:
    """What items are called in the language of this request."""
    from dashboard.operations.goods import stock_items
    from data.catalogue import items

    known, own, tongue = items(), stock_items(situation), language()
    money = {fund.item_id: fund.unit for fund in situation.store.funds()}

    def name(item_id: str) -> str:
        if item_id in known:
            return known[item_id].name(tongue)
        return money.get(item_id) or (own[item_id].name if item_id in own else item_id)

    return name
