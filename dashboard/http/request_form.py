"""``/request``: people ask for help themselves, from a phone, in three taps, without an account.

What comes is `reported` by the public and nothing more (`dashboard.operations.requesting`). The
form carries a mark of this browser: no other site can send it, and sent twice it is one request.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.http.gate import REQUEST_PATH, cookie_of
from dashboard.http.limits import Allowance, asker_of
from dashboard.http.plain_form import is_own_form, read_fields
from dashboard.http.request_page import HEADERS, LENGTHS, Form, done_page, form_page
from dashboard.http.sign_in import speak
from dashboard.languages import _, language
from dashboard.operations import naming, requesting
from geo.errors import NoSituationError, QafilaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from dashboard.operations.situation import Situation
    from dashboard.situation_desk import SituationDesk

COOKIE = "qafila_request"
MARK_LASTS_S = 86_400
#: Requests a second, and how many at once: of one address, which a village may share, and of all.
PER_ADDRESS = (0.2, 20.0)
OF_ALL = (2.0, 200.0)
#: Names offered while the village is written: those of most people, so that the page stays small.
PLACES_OFFERED = 150
_MARK = re.compile(r"[\w-]{20,64}")
_REFERENCE = re.compile(r"[0-9A-Z]{6}")


class RequestForm:
    """The form of one situation, with how much of it is still taken."""

    def __init__(
        self,
        desk: SituationDesk,
        *,
        per_address: Allowance | None = None,
        of_all: Allowance | None = None,
    ) -> None:
        self.desk = desk
        self.per_address = per_address or _allowance(*PER_ADDRESS)
        self.of_all = of_all or _allowance(*OF_ALL)

    def routes(self) -> list[BaseRoute]:
        """Give the route of the form."""
        return [Route(REQUEST_PATH, self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        """Show the form, or take it in."""
        speak(request)
        try:
            if request.method == "POST":
                return await self._take(request)
            return await run_in_threadpool(self._show, request)
        except NoSituationError as error:
            return HTMLResponse(error.needed, 503, headers=HEADERS)

    def _show(self, request: Request) -> Response:
        reference = request.query_params.get("sent", "")
        if _REFERENCE.fullmatch(reference):
            info = self.desk.info()
            return HTMLResponse(done_page(info.name, info.notice, reference), headers=HEADERS)
        return self._form(request, {})

    async def _take(self, request: Request) -> Response:
        fields = await read_fields(request)
        said = {name: text.strip()[: LENGTHS.get(name, 100)] for name, text in fields.items()}
        mark = cookie_of(request.headers.get("cookie", ""), COOKIE)
        if not _MARK.fullmatch(mark) or not is_own_form(mark, said):
            # Another site's form, one of long ago, or a browser without cookies: nothing is lost.
            again = _("The form was too old. Look at it and send it again.")
            return await run_in_threadpool(self._form, request, said, again, 403)
        wait_s = self.per_address.wait_s(asker_of(request.scope)) or self.of_all.wait_s("all")
        if wait_s > 0:
            busy = _("Too many requests came at once. Wait a minute, then send it again.")
            answer = await run_in_threadpool(self._form, request, said, busy, 429)
            answer.headers["Retry-After"] = str(int(wait_s) + 1)
            return answer
        return await run_in_threadpool(self._record, request, said, mark)

    def _record(self, request: Request, said: dict[str, str], mark: str) -> Response:
        situation = self.desk.situation()
        quantity = said.get("many") or said.get("count", "")
        place_id, candidates = which_place(situation, said)
        missing = _missing(said, quantity)
        if place_id is None or missing:
            wrong = missing or _which(candidates)
            return self._form(request, said, wrong, 200 if candidates else 422, candidates)
        elsewhere = said.get("where") == "elsewhere"
        written = said.get("from", "") if elsewhere else ""
        here = place_id if not elsewhere else _decided(situation, written)
        # A village where the reporter is, and that is not known here, stays as it was written.
        notes = [said.get("note", ""), "" if here or not written else f"reporter: {written}"]
        try:
            told = requesting.take_request(
                situation,
                place=place_id,
                goods=[(said["item"], quantity)],
                reported_from=here,
                note="; ".join(filter(None, notes)),
                contact=requesting.Contact(
                    name=said.get("name", ""), phone=said.get("phone", ""), position=position(said)
                ),
                client_id=f"form-{mark}",
                written_place=said.get("place", ""),
            )
        except QafilaError as error:
            return self._form(request, said, error.needed, 422)
        sent = urlencode({"lang": language(), "sent": told["reference"]})
        answer = RedirectResponse(f"{REQUEST_PATH}?{sent}", 303, headers=HEADERS)
        answer.delete_cookie(COOKIE, path=REQUEST_PATH)
        return answer

    def _form(
        self,
        request: Request,
        said: dict[str, str],
        wrong: str = "",
        status: int = 200,
        candidates: Sequence[tuple[str, str]] = (),
    ) -> Response:
        info, situation = self.desk.info(), self.desk.situation()
        known = cookie_of(request.headers.get("cookie", ""), COOKIE)
        # The form keeps its mark while it is corrected: sent twice, it is one request.
        mark = known if _MARK.fullmatch(known) else secrets.token_urlsafe(32)
        page = form_page(
            Form(
                title=info.name,
                notice=info.notice,
                items=items_offered(first=True),
                more=items_offered(first=False),
                places=places_offered(situation),
                mark=mark,
                wrong=wrong,
                candidates=candidates,
                values=said,
            )
        )
        answer = HTMLResponse(page, status, headers=HEADERS)
        answer.set_cookie(
            COOKIE,
            mark,
            max_age=MARK_LASTS_S,
            path=REQUEST_PATH,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer


def which_place(
    situation: Situation, said: dict[str, str]
) -> tuple[str | None, list[tuple[str, str]]]:
    """Give the place that is meant, by id, name or position, else those that may be."""
    names = _names(situation)
    if said.get("place_id") in names:
        return said["place_id"], []
    written, where = said.get("place", "").strip(), position(said)
    near = "" if where is None else f"{where[1]:.6f}, {where[0]:.6f}"
    if not written and not near:
        return None, []
    found = naming.match(situation, written, near="" if written else near)
    if found["place_id"]:
        return str(found["place_id"]), []
    offered = [str(one["place_id"]) for one in found["candidates"]]
    if not offered and where is not None:
        offered = requesting.places_near(situation, *where)
    return None, [(one, names[one]) for one in offered[:6] if one in names]


def places_offered(situation: Situation) -> list[str]:
    """Names of the places of most people, in the language of this request."""
    places = situation.places()
    most = places.sort_values("people", ascending=False, na_position="last").head(PLACES_OFFERED)
    own = {"ar": "name_ar", "zgh": "name_zgh"}.get(language(), "name")
    names = [row[own] or row["name"] for row in most.to_dict("records")]
    return list(dict.fromkeys(filter(None, names)))


def items_offered(*, first: bool) -> list[tuple[str, str]]:
    """Id and name of what can be asked for, with the unit where it is not a piece.

    Parameters
    ----------
    first
        What is asked for in the first hours, in the order of the catalogue; else the rest by name.
    """
    from data.catalogue import catalogue, items

    measures = {"l": _("litres"), "kg": _("kg")}
    listed, offered = catalogue(), []
    for item_id, item in items().items():
        if (listed[item_id].group == "first") == first:
            name = item.name(language()).partition("(")[0].strip()
            measure = measures.get(item.unit)
            offered.append((item_id, f"{name} ({measure})" if measure else name))
    return offered if first else sorted(offered, key=lambda one: one[1])


def position(said: dict[str, str]) -> tuple[float, float] | None:
    """Lon, lat of the phone, None where it gave none or none on earth."""
    try:
        lon, lat = float(said.get("lon", "")), float(said.get("lat", ""))
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def _missing(said: dict[str, str], quantity: str) -> str:
    """What is still to be said, "" where nothing is; the place is looked at by itself."""
    if not said.get("item"):
        return _("Say what is needed.")
    if not quantity:
        return _("Say how many.")
    return ""


def _which(candidates: Sequence[tuple[str, str]]) -> str:
    if candidates:
        return _("Several villages may be meant: choose one.")
    return _("This village is not known here. Write it otherwise, or one near it.")


def _decided(situation: Situation, written: str) -> str:
    """Give the id of the place that a name means, "" where that is not clear."""
    if not written.strip():
        return ""
    return str(naming.match(situation, written)["place_id"] or "")


def _names(situation: Situation) -> dict[str, str]:
    places = situation.places()
    own = {"ar": "name_ar", "zgh": "name_zgh"}.get(language(), "name")
    return {
        row["place_id"]: " · ".join(filter(None, (row[own] or row["name"], row["commune"])))
        for row in places[list(dict.fromkeys(("place_id", "name", own, "commune")))].to_dict(
            "records"
        )
    }


def _allowance(rate_per_s: float, burst: float) -> Allowance:
    return Allowance(rate_per_s=rate_per_s, burst=burst)
