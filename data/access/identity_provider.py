"""An identity provider (OpenID Connect): people prove there who they are, its word comes here.

Authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9207). Who
somebody is, is issuer and subject and nothing else: an address or a name that a provider tells is
shown and gives no right. Signatures are checked by joserfc, claims by Authlib.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx

from data.access.accounts import SignInError, oidc_subject
from data.access.provider_settings import PREFIX, require_address
from geo.errors import InputError, QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from joserfc.jwk import KeySet

    from data.access.provider_settings import ProviderSettings

DISCOVERY = "/.well-known/openid-configuration"
#: Asymmetric only: with a symmetric one (or none) whoever knows a client's secret could sign.
ALGORITHMS = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
)
KEY_TYPES = ("RSA", "EC")
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
#: A whole answer has to be there within this time, however slowly its parts arrive.
ANSWER_S = 20.0
MAX_ANSWER_BYTES = 256_000
MAX_KEYS = 50
MAX_FIELD = 2_000
MAX_GROUPS = 1_000
#: How long keys and addresses of the provider are taken as they were.
KEPT_S = 3_600.0
#: A token signed with a key that is not known has the keys asked for anew, at most so often.
ASKED_AGAIN_S = 60.0
#: By how much the two clocks may differ.
LEEWAY_S = 60


class ProviderError(QafilaError):
    """The provider could not be asked, or what it answered is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is remembered while somebody is at the provider; only their browser brings it back."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody proved to be: `subject` as of `oidc_subject`; `name` is only to be shown."""

    subject: str
    name: str = ""
    groups: frozenset[str] = frozenset()


class IdentityProvider:
    """The provider as this server asks it; one a process, safe for threads."""

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        client: httpx.Client | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._client = client or httpx.Client(timeout=TIMEOUT, follow_redirects=False)
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Any]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def begin(self) -> tuple[str, Asked]:
        """Give the address to send a browser to, and what its return is held against.

        Raises `ProviderError` where the provider cannot be asked.
        """
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        asked = Asked(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
        )
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": self.settings.scopes,
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": create_s256_code_challenge(asked.verifier),
            "code_challenge_method": "S256",
        }
        address = self._metadata()["authorization_endpoint"]
        joint = "&" if urlsplit(address).query else "?"
        return f"{address}{joint}{urlencode(query)}", asked

    def finish(self, answer: Mapping[str, str], asked: Asked) -> Identity:
        """Give who came back, from the query of their return.

        Raises
        ------
        SignInError
            The answer is not to what was asked, or the token does not hold.
        ProviderError
            The provider cannot be asked.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), asked.state.encode()):
            raise SignInError
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:
            # An answer of another provider, passed on as if this one had given it (RFC 9207).
            raise SignInError
        code = answer.get("code", "")
        if not code or len(code) > MAX_FIELD:
            raise SignInError
        given = self._exchange(code, asked)
        token, access_token = given.get("id_token"), given.get("access_token")
        if not isinstance(token, str):
            raise SignInError
        return self._identity(token, access_token=access_token, nonce=asked.nonce)

    # --- inside ---

    def _identity(self, token: str, *, access_token: Any, nonce: str) -> Identity:
        """Check an ID token; gives the identity in it."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        settings = self.settings
        try:
            decoded = self._decoded(token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options={
                    "iss": {"essential": True, "value": settings.issuer},
                    "aud": {"essential": True, "value": settings.client_id},
                    "sub": {"essential": True},
                },
                params={
                    "nonce": nonce,
                    "client_id": settings.client_id,
                    "access_token": access_token if isinstance(access_token, str) else None,
                },
            )
            claims.validate(now=int(self._clock()), leeway=LEEWAY_S)
            subject = claims["sub"]
        except (JoseError, ValueError, TypeError, KeyError) as error:
            # What a hostile token holds stands in no message; that it does not hold is enough.
            raise SignInError from error
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise SignInError
        name = claims.get("preferred_username") or claims.get("name") or ""
        return Identity(
            subject=oidc_subject(settings.issuer, subject),
            name=name[:MAX_FIELD] if isinstance(name, str) else "",
            groups=_groups(claims, settings.claim),
        )

    def _decoded(self, token: str) -> Any:
        """Check the signature of a token, with keys asked for anew where its key is not known."""
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError

        allowed = self._metadata().get("id_token_signing_alg_values_supported")
        algorithms = [one for one in ALGORITHMS if not allowed or one in allowed]
        try:
            return jwt.decode(token, _chosen(self._keys(KEPT_S)), algorithms=algorithms)
        except InvalidKeyIdError:
            return jwt.decode(token, _chosen(self._keys(ASKED_AGAIN_S)), algorithms=algorithms)

    def _metadata(self) -> dict[str, Any]:
        """Give what the provider says of itself, its addresses checked."""

        def ask() -> dict[str, Any]:
            found = self._json("GET", self.settings.issuer.rstrip("/") + DISCOVERY)
            if found.get("issuer") != self.settings.issuer:
                raise ProviderError(
                    self.settings.issuer,
                    "the provider calls itself otherwise",
                    f"set {PREFIX}ISSUER to the very text of its metadata",
                )
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                try:
                    # A provider elsewhere may not send this server to its own machine.
                    require_address(found.get(name), name, local=self.settings.is_local)
                except InputError as error:
                    raise ProviderError(error.given, error.needed, "ask who runs it") from error
            return found

        return self._remembered("metadata", KEPT_S, ask)  # type: ignore[no-any-return]

    def _keys(self, newer_than_s: float) -> KeySet:
        def ask() -> KeySet:
            return key_set(self._json("GET", self._metadata()["jwks_uri"]))

        return self._remembered("keys", newer_than_s, ask)  # type: ignore[no-any-return]

    def _remembered(self, name: str, for_s: float, ask: Callable[[], Any]) -> Any:
        with self._lock:
            found = self._kept.get(name)
        if found is None or not 0 <= self._clock() - found[0] < for_s:
            found = (self._clock(), ask())
            with self._lock:
                self._kept[name] = found
        return found[1]

    def _exchange(self, code: str, asked: Asked) -> dict[str, Any]:
        """Hand in a code for tokens."""
        settings, metadata = self.settings, self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.redirect_uri,
            "client_id": settings.client_id,
            "code_verifier": asked.verifier,
        }
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        auth = None
        if settings.client_secret and "client_secret_basic" in methods:
            # Both are written as in a form first: RFC 6749, section 2.3.1.
            auth = httpx.BasicAuth(
                quote_plus(settings.client_id), quote_plus(settings.client_secret)
            )
        elif settings.client_secret:
            form["client_secret"] = settings.client_secret
        return self._json("POST", metadata["token_endpoint"], form=form, auth=auth)

    def _json(
        self,
        method: str,
        address: str,
        *,
        form: dict[str, str] | None = None,
        auth: httpx.Auth | None = None,
    ) -> dict[str, Any]:
        """Ask the provider; gives an object, of bounded size, without following it elsewhere."""
        host, body = urlsplit(address).netloc, b""
        try:
            until = time.monotonic() + ANSWER_S
            with self._client.stream(
                method, address, data=form, auth=auth, headers={"Accept": "application/json"}
            ) as response:
                for part in response.iter_bytes():
                    body += part
                    if len(body) > MAX_ANSWER_BYTES or time.monotonic() > until:
                        raise ProviderError(
                            host, "it answered too much or too slowly", "ask who runs it"
                        )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not the error's own words: they may hold the whole address.
            raise ProviderError(
                host,
                f"the provider cannot be reached ({type(error).__name__})",
                "sign in with a password, or try again later",
            ) from error
        try:
            found = json.loads(body)
            if not isinstance(found, dict):
                raise TypeError
        except (ValueError, TypeError, RecursionError):
            found = {}
        if form is not None and found.get("error") == "invalid_grant":
            # The code is wrong, was used before, or is not this client's (RFC 6749, section 5.2).
            raise SignInError
        if response.status_code != 200 or not found:
            raise ProviderError(
                host,
                f"its answer is no use (status {response.status_code}{_known_error(found)})",
                "sign in with a password, or try again later",
            )
        return found


#: Errors of the token endpoint that tell the operator what to correct (RFC 6749, section 5.2).
_KNOWN_ERRORS = ("invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope")


def _known_error(found: dict[str, Any]) -> str:
    """Give the provider's error where it is one of the standard's words; no other text of its."""
    return f", {found['error']}" if found.get("error") in _KNOWN_ERRORS else ""


def key_set(found: dict[str, Any]) -> KeySet:
    """Read the keys of a provider (RFC 7517); those of a kind that is not used here are left out.

    Raises `ProviderError` where none is left.
    """
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet, import_key

    listed = found.get("keys")
    keys: list[Any] = []
    for one in listed[:MAX_KEYS] if isinstance(listed, list) else ():
        if not isinstance(one, dict) or one.get("kty") not in KEY_TYPES:
            continue
        try:
            keys.append(import_key(one))
        except (JoseError, ValueError, TypeError, KeyError):
            # One that cannot be read is one that signs nothing here; its neighbours may.
            continue
    if not keys:
        raise ProviderError(
            "the keys of the provider", "a set of keys (RFC 7517) is needed", "ask who runs it"
        )
    return KeySet(keys)


def _chosen(keys: KeySet) -> Callable[[Any], Any]:
    """Choose the key that a token names; one without a name has the only key that there is."""

    def choose(token: Any) -> Any:
        alone = len(keys.keys) == 1 and not token.headers().get("kid")
        return keys.keys[0] if alone else keys

    return choose


def _groups(claims: Mapping[str, Any], claim: str) -> frozenset[str]:
    """Give the groups of a claim; a dot leads into an object: ``realm_access.roles``."""
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for step in claim.split("."):
            found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, list):
        return frozenset()
    return frozenset(one for one in found[:MAX_GROUPS] if isinstance(one, str))
