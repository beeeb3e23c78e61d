"""Signing in and out: one page of plain HTML, without script, that loads nothing."""

from __future__ import annotations

import html
import secrets
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.http.gate import COOKIE, cookie_of, session_token
from dashboard.http.language import PARAMETER, remembered
from dashboard.http.plain_form import is_own_form, read_fields
from dashboard.languages import _, chosen_language, direction, language, use_language
from dashboard.operations.access import accounts
from data.access.accounts import SignInError
from data.access.throttle import ThrottledError
from geo.errors import QafilaError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from dashboard.http.gate import Door
    from data.access.accounts import SignedIn

FORM_COOKIE = "qafila_form"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>Qafila</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{{font:1.1rem/1.5 "Noto Sans","Noto Sans Arabic",sans-serif;margin:0;display:grid;
place-items:center;min-height:100vh;background:#f4f6f8;color:#16242f}}
main{{background:#fff;padding:2rem;border-radius:.5rem;width:min(22rem,90vw);
border:1px solid #c9d3db}}
h1{{margin:0 0 1rem;font-size:1.5rem}}label{{display:block;margin:.8rem 0 .2rem}}
input,button{{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;border-radius:.3rem;
border:1px solid #6b7c8a}}button{{margin-top:1.2rem;background:#0a5c99;color:#fff;border:0}}
.other{{display:block;text-align:center;margin-top:1.2rem;padding:.6rem;border-radius:.3rem;
border:1px solid #0a5c99;color:#0a5c99;text-decoration:none}}
.wrong{{background:#fdecea;border-inline-start:.3rem solid #a3261a;padding:.5rem .8rem;margin:0;
overflow-wrap:anywhere}}
</style></head><body><main><h1>Qafila</h1>{wrong}
<form method="post" action="/sign-in"><input type="hidden" name="form" value="{form}">
<label for="name">{name}</label><input id="name" name="name" autocomplete="username" required
autofocus maxlength="100"><label for="password">{password}</label><input id="password"
name="password" type="password" autocomplete="current-password" required maxlength="256">
<button>{sign_in}</button></form>{other}</main></body></html>"""


def sign_in_routes(door: Door) -> list[BaseRoute]:
    """Give the routes of signing in and out."""

    async def sign_in(request: Request) -> Response:
        speak(request)
        if request.method == "GET":
            return sign_in_page(request, door, "")
        fields = await read_fields(request)
        if not is_own_form(cookie_of(request.headers.get("cookie", ""), FORM_COOKIE), fields):
            # Not the form that this browser was given: another site's, or one of long ago.
            return sign_in_page(request, door, _("The form was too old. Try again."), 403)
        address = request.client.host if request.client else ""
        try:
            begun = await run_in_threadpool(
                _begin, door, fields.get("name", ""), fields.get("password", ""), address
            )
        except ThrottledError as error:
            answer = sign_in_page(
                request, door, _("Too many tries failed. Wait, then try again."), 429
            )
            answer.headers["Retry-After"] = str(error.retry_after_s)
            return answer
        except SignInError:
            return sign_in_page(
                request, door, _("Name and password do not fit, or it is disabled."), 403
            )
        except QafilaError as error:
            return sign_in_page(request, door, str(error), 503)
        secure = request.url.scheme == "https"
        answer = await enter(door, begun, old=session_token(request.scope), secure=secure)
        answer.delete_cookie(FORM_COOKIE, path="/sign-in")
        return answer

    async def sign_out(request: Request) -> Response:
        token = session_token(request.scope)
        if token:
            await run_in_threadpool(end_session, door, token)
        answer = RedirectResponse("/sign-in", 303, headers={"Cache-Control": "no-store"})
        answer.delete_cookie(COOKIE)
        return answer

    return [
        Route("/sign-in", sign_in, methods=["GET", "POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]


async def enter(door: Door, begun: SignedIn, *, old: str, secure: bool) -> Response:
    """Send a browser in with its new session; the one that it had before ends."""
    if old:
        await run_in_threadpool(end_session, door, old)
    answer = RedirectResponse("/", 303, headers={"Cache-Control": "no-store"})
    _set(answer, COOKIE, begun.token, secure=secure)
    return answer


def speak(request: Request) -> None:
    """Read in the language that the address or the browser asks for."""
    asked = request.query_params.get(PARAMETER), remembered(request.scope)
    use_language(chosen_language(*asked, request.headers.get("accept-language")))


def _begin(door: Door, name: str, password: str, address: str) -> SignedIn:
    made = accounts(door.desk.situation())
    if made is None:
        raise SignInError
    return made.sign_in(name, password, address=address)


def end_session(door: Door, token: str) -> None:
    """End a session at once, here and in every other process."""
    made = accounts(door.desk.situation())
    if made is not None:
        made.sign_out(token)
    door.forget(token)


def sign_in_page(request: Request, door: Door, wrong: str, status: int = 200) -> Response:
    """Give the page of signing in, with what went wrong before, in words."""
    mark = secrets.token_urlsafe(32)
    body = _PAGE.format(
        lang=language(),
        dir=direction(language()),
        wrong=f'<p class="wrong" role="alert">{html.escape(wrong)}</p>' if wrong else "",
        form=mark,
        name=html.escape(_("Name")),
        password=html.escape(_("Password")),
        sign_in=html.escape(_("Sign in")),
        other=_other(door),
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    answer = HTMLResponse(body, status, headers=headers)
    _set(answer, FORM_COOKIE, mark, secure=request.url.scheme == "https", path="/sign-in")
    return answer


def _other(door: Door) -> str:
    """Give the way to the identity provider, where there is one."""
    if door.provider is None:
        return ""
    text = _("Sign in with {provider}").format(provider=door.provider.settings.name)
    return f'<a class="other" href="/sign-in/oidc">{html.escape(text)}</a>'


def _set(answer: Response, name: str, value: str, *, secure: bool, path: str = "/") -> None:
    answer.set_cookie(name, value, path=path, httponly=True, samesite="lax", secure=secure)
