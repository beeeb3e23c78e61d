"""Signing in by an identity provider: the way there, and the way back.

What is held against the return stands in a cookie of the browser that left, signed with the vault's
key: whoever did not begin here cannot end here. The provider's answer is used once and its code
leaves the address at once.
"""

from __future__ import annotations

import json
import logging
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard.http.gate import Door, cookie_of, session_token
from dashboard.http.sign_in import enter, sign_in_page, speak
from dashboard.languages import _
from dashboard.operations.access import accounts
from dashboard.operations.identities import UnknownIdentityError, sign_in_by_identity
from data.access.accounts import SignInError
from data.access.identity_provider import Asked, IdentityProvider, ProviderError
from data.access.provider_settings import PREFIX, settings_from
from geo.errors import InputError, QafilaError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from dashboard.situation_desk import SituationDesk
    from data.access.accounts import SignedIn
    from data.people.key import VaultKey

logger = logging.getLogger(__name__)

ASKED_COOKIE = "qafila_asked"
#: Within which one has to come back from the provider.
ASKED_S = 600
PATH = "/sign-in/oidc"
_PURPOSE = "oidc asked"


def make_door(
    desk: SituationDesk, *, public_requests: bool = False, public_gifts: bool = False
) -> Door:
    """Make the door of a situation, with the identity provider of the environment if one is set.

    Raises `InputError` for settings of a provider that cannot be used. The provider itself is asked
    only once somebody goes there: without a network everything else works.
    """
    settings = settings_from(os.environ)
    if settings is None:
        return Door(desk, public_requests=public_requests, public_gifts=public_gifts)
    try:
        import authlib  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"{PREFIX}ISSUER",
            "sign-in by a provider needs the extra `oidc`",
            "install qafila[oidc], or unset it",
        ) from error
    provider = IdentityProvider(settings)
    return Door(desk, public_requests=public_requests, public_gifts=public_gifts, provider=provider)


def provider_routes(door: Door) -> list[BaseRoute]:
    """Give the routes to the provider and back; none where there is no provider."""
    provider = door.provider
    if provider is None:
        return []

    async def there(request: Request) -> Response:
        speak(request)
        try:
            address, cookie = await run_in_threadpool(_begin, door, provider)
        except QafilaError as error:
            return _failed(request, door, error)
        answer = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
        answer.set_cookie(
            ASKED_COOKIE,
            cookie,
            max_age=ASKED_S,
            path=PATH,
            httponly=True,
            samesite="lax",
            secure=_is_secure(provider),
        )
        return answer

    async def back(request: Request) -> Response:
        speak(request)
        cookie = cookie_of(request.headers.get("cookie", ""), ASKED_COOKIE)
        query = dict(request.query_params)
        try:
            begun = await run_in_threadpool(_finish, door, provider, cookie, query)
        except QafilaError as error:
            answer = _failed(request, door, error)
        else:
            answer = await enter(
                door, begun, old=session_token(request.scope), secure=_is_secure(provider)
            )
        answer.delete_cookie(ASKED_COOKIE, path=PATH)
        return answer

    return [Route(PATH, there, methods=["GET"]), Route(f"{PATH}/back", back, methods=["GET"])]


def _begin(door: Door, provider: IdentityProvider) -> tuple[str, str]:
    """Give the address of the provider, and the cookie that is held against the return."""
    key = _key(door)
    address, asked = provider.begin()
    return address, write_asked(asked, key, now=time.time())


def _finish(door: Door, provider: IdentityProvider, cookie: str, query: dict[str, str]) -> SignedIn:
    asked = read_asked(cookie, _key(door), now=time.time())
    if asked is None:
        raise SignInError
    identity = provider.finish(query, asked)
    return sign_in_by_identity(door.desk.situation(), identity, provider.settings)


def write_asked(asked: Asked, key: VaultKey, *, now: float) -> str:
    """Write what was asked as a cookie that only this server can have written."""
    fields = [int(now), asked.state, asked.nonce, asked.verifier]
    text = urlsafe_b64encode(json.dumps(fields).encode()).decode("ascii")
    return f"{text}.{key.tag(_PURPOSE, text)}"


def read_asked(cookie: str, key: VaultKey, *, now: float) -> Asked | None:
    """Read it again; None for one that is not ours, or of too long ago."""
    text, _dot, tag = cookie.partition(".")
    if not compare_digest(key.tag(_PURPOSE, text).encode(), tag.encode("utf-8", "replace")):
        return None
    at, state, nonce, verifier = json.loads(urlsafe_b64decode(text))
    if not 0 <= now - at <= ASKED_S:
        return None
    return Asked(state=state, nonce=nonce, verifier=verifier)


def _key(door: Door) -> VaultKey:
    made = accounts(door.desk.situation())
    if made is None:
        raise SignInError
    return made.key


def _failed(request: Request, door: Door, error: QafilaError) -> Response:
    """Say on the page of signing in why it did not work; a name and a password still do."""
    logger.info("sign-in by the provider: %s", error)
    if isinstance(error, UnknownIdentityError):
        text = _(
            "You are known there, but nobody gave you an account here. Tell an administrator "
            "this identity: {identity}"
        ).format(identity=error.subject)
        return sign_in_page(request, door, text, 403)
    if isinstance(error, SignInError):
        text = _("The provider did not let you in, or it took too long. Try again.")
        return sign_in_page(request, door, text, 403)
    if isinstance(error, ProviderError):
        text = _(
            "The provider cannot be asked now. Sign in with a name and a password, or try later."
        )
        return sign_in_page(request, door, text, 503)
    return sign_in_page(request, door, str(error), 503)


def _is_secure(provider: IdentityProvider) -> bool:
    """Whether browsers come by https: so says the address that they are sent back to."""
    return provider.settings.public_address.startswith("https:")
