"""An identity provider is asked as OpenID Connect wants it, and believed only what it signed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey

from data.access.accounts import SignInError
from data.access.identity_provider import Asked, Identity, IdentityProvider, ProviderError
from data.access.provider_settings import GroupRole, parse_group_roles, settings_from
from geo.errors import InputError
from tests.data.access.fake_provider import CLIENT_SECRET, FakeProvider

WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


@pytest.fixture
def asking(provider: FakeProvider) -> Iterator[IdentityProvider]:
    settings = settings_from(provider.environment() | {"QAFILA_OIDC_CLAIM": "realm_access.roles"})
    assert settings is not None
    asking = IdentityProvider(settings)
    yield asking
    asking.close()


def come_back(provider: FakeProvider, asking: IdentityProvider) -> tuple[dict[str, str], Asked]:
    """Go to the provider and back; gives the query of the return, and what it is held against."""
    address, asked = asking.begin()
    back = provider.authorize(address)
    assert back.startswith("http://127.0.0.1:8501/sign-in/oidc/back?")
    return dict(parse_qsl(urlsplit(back).query)), asked


def test_who_comes_back_is_who_the_provider_signed_for(
    provider: FakeProvider, asking: IdentityProvider
) -> None:
    provider.claims = {
        "preferred_username": "amina",
        "realm_access": {"roles": ["cell", 7, "mappers"]},
    }
    query, asked = come_back(provider, asking)
    assert asking.finish(query, asked) == Identity(
        subject=f"{provider.issuer}#248289761001",
        name="amina",
        groups=frozenset({"cell", "mappers"}),
    )
    # A code is good once.
    with pytest.raises(SignInError):
        asking.finish(query, asked)


def test_discovery_and_keys_are_asked_for_once(
    provider: FakeProvider, asking: IdentityProvider
) -> None:
    for _time in range(3):
        asking.finish(*come_back(provider, asking))
    assert provider.asked == {WELL_KNOWN: 1, "/keys": 1, "/token": 3}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-program"},
        {"aud": ["qafila", "another-program"]},
        {"exp": int(time.time()) - 3_600},
        {"iat": int(time.time()) + 3_600},
        {"nonce": "of another time"},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"at_hash": "AAAA"},
    ],
    ids=lambda claims: "-".join(claims),
)
def test_a_token_that_does_not_hold_lets_nobody_in(
    provider: FakeProvider, asking: IdentityProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    with pytest.raises(SignInError):
        asking.finish(*come_back(provider, asking))


def test_a_token_signed_otherwise_lets_nobody_in(
    provider: FakeProvider, asking: IdentityProvider
) -> None:
    own = provider.key
    # Another key under the known name; the client's secret as key, as HS256 would have it.
    for key, alg in (
        (ECKey.generate_key("P-256", {"kid": "one"}), "ES256"),
        (OctKey.import_key(CLIENT_SECRET.ljust(32, "."), {"kid": "one"}), "HS256"),
    ):
        provider.key, provider.header = key, {"alg": alg, "kid": "one"}
        with pytest.raises(SignInError):
            asking.finish(*come_back(provider, asking))
    provider.key, provider.header = own, {"alg": "ES256"}
    assert asking.finish(*come_back(provider, asking)).subject.endswith("#248289761001")


def test_a_new_key_of_the_provider_is_fetched_and_at_most_once_a_minute(
    provider: FakeProvider,
) -> None:
    now = time.time()
    settings = settings_from(provider.environment())
    assert settings is not None
    asking = IdentityProvider(settings, clock=lambda: now)
    asking.finish(*come_back(provider, asking))
    provider.key = ECKey.generate_key("P-256", {"kid": "two"})
    provider.header = {"alg": "ES256", "kid": "two"}
    unusable = {"kty": "EC", "crv": "P-256", "x": "!", "y": "!"}
    provider.published = [{"kty": "OKP"}, unusable, provider.key.as_dict(private=False)]
    with pytest.raises(SignInError):
        asking.finish(*come_back(provider, asking))
    now += 61
    asking.finish(*come_back(provider, asking))
    asking.close()
    assert provider.asked["/keys"] == 2


def test_an_answer_to_another_question_is_not_taken(
    provider: FakeProvider, asking: IdentityProvider
) -> None:
    query, asked = come_back(provider, asking)
    _other, other = come_back(provider, asking)
    for wrong, held in (
        (query, other),
        (query | {"state": "ü"}, asked),
        (query | {"iss": "https://evil.example"}, asked),
        (query | {"code": ""}, asked),
        (query | {"code": "x" * 3_000}, asked),
        ({"error": "access_denied", "state": query["state"]}, asked),
    ):
        with pytest.raises(SignInError):
            asking.finish(wrong, held)
    assert "/token" not in provider.asked
    # The proof of who began (PKCE) does not fit the code: the provider refuses it.
    mixed = Asked(state=asked.state, nonce=asked.nonce, verifier=other.verifier)
    with pytest.raises(SignInError):
        asking.finish(query, mixed)


def _metadata(**other: Any) -> Callable[[FakeProvider], tuple[int, bytes, dict[str, str]]]:
    def make(provider: FakeProvider) -> tuple[int, bytes, dict[str, str]]:
        _status, found = provider.answer("GET", WELL_KNOWN, "", "")
        return 200, json.dumps(found | other).encode(), {}

    return make


@pytest.mark.parametrize(
    ("make", "needed"),
    [
        (lambda _provider: (302, b"{}", {"Location": "http://127.0.0.1:9/"}), "status 302"),
        (lambda _provider: (500, b"{}", {}), "status 500"),
        (lambda _provider: (200, b"<html>", {}), "is no use"),
        (lambda _provider: (200, b"[" * 100_000, {}), "is no use"),
        (lambda _provider: (200, b" " * 300_000, {}), "answered too much"),
        (_metadata(issuer="https://evil.example"), "calls itself otherwise"),
        (_metadata(token_endpoint="http://169.254.169.254/latest"), "begins with https"),
        (_metadata(token_endpoint="file:///etc/passwd"), "begins with https"),
        (_metadata(jwks_uri=7), "begins with https"),
    ],
)
def test_a_provider_that_answers_badly_is_not_followed(
    provider: FakeProvider, asking: IdentityProvider, make: Any, needed: str
) -> None:
    provider.answers[WELL_KNOWN] = make(provider)
    with pytest.raises(ProviderError, match=needed):
        asking.begin()


def test_a_provider_elsewhere_does_not_send_this_server_to_its_own_machine() -> None:
    import httpx

    issuer = "https://id.example.org"
    found = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": "http://127.0.0.1:8501/api",
        "jwks_uri": f"{issuer}/keys",
    }
    settings = settings_from(
        {
            "QAFILA_OIDC_ISSUER": issuer,
            "QAFILA_OIDC_CLIENT_ID": "qafila",
            "QAFILA_PUBLIC_ADDRESS": "https://qafila.example.org",
        }
    )
    assert settings is not None
    answering = httpx.MockTransport(lambda _request: httpx.Response(200, json=found))
    asking = IdentityProvider(settings, client=httpx.Client(transport=answering))
    with pytest.raises(ProviderError, match="token_endpoint"):
        asking.begin()
    asking.close()


def test_an_unreachable_provider_and_a_wrong_secret_are_said_without_secrets(
    provider: FakeProvider, asking: IdentityProvider
) -> None:
    query, asked = come_back(provider, asking)
    wrong = settings_from(provider.environment() | {"QAFILA_OIDC_CLIENT_SECRET": "s3cret"})
    assert wrong is not None
    assert "s3cret" not in repr(wrong)
    other = IdentityProvider(wrong)
    with pytest.raises(ProviderError, match="invalid_client") as caught:
        other.finish(query, asked)
    other.close()
    assert "s3cret" not in str(caught.value)
    provider.stop()
    with pytest.raises(ProviderError, match="cannot be reached") as caught:
        asking.finish(query, asked)
    assert query["code"] not in str(caught.value)


@pytest.mark.parametrize(
    ("other", "needed"),
    [
        ({"QAFILA_OIDC_ISSUER": "http://id.example.org"}, "begins with https"),
        ({"QAFILA_OIDC_ISSUER": "https://[::1"}, "begins with https"),
        ({"QAFILA_OIDC_ISSUER": "https://me:secret@id.example.org"}, "begins with https"),
        ({"QAFILA_OIDC_CLIENT_ID": ""}, "needed beside"),
        ({"QAFILA_PUBLIC_ADDRESS": ""}, "needed beside"),
        ({"QAFILA_PUBLIC_ADDRESS": "qafila.example.org"}, "begins with https"),
        ({"QAFILA_OIDC_CLIENT_SECRET_FILE": "/nowhere"}, "a readable file"),
        ({"QAFILA_OIDC_SCOPES": "profile"}, "has to be openid"),
        ({"QAFILA_OIDC_ROLES": "cell"}, "GROUP=ROLE"),
        ({"QAFILA_OIDC_ROLES": "cell=root"}, "one of viewer"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(other: dict[str, str], needed: str) -> None:
    good = {
        "QAFILA_OIDC_ISSUER": "https://id.example.org",
        "QAFILA_OIDC_CLIENT_ID": "qafila",
        "QAFILA_PUBLIC_ADDRESS": "https://qafila.example.org",
    }
    assert settings_from(good) is not None
    with pytest.raises(InputError, match=needed) as caught:
        settings_from(good | other)
    assert "secret" not in str(caught.value).replace("with the secret", "")
    assert settings_from(good | {"QAFILA_OIDC_ISSUER": ""}) is None


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    found = settings_from(
        {
            "QAFILA_OIDC_ISSUER": "https://id.example.org",
            "QAFILA_OIDC_CLIENT_ID": "qafila",
            "QAFILA_PUBLIC_ADDRESS": "https://qafila.example.org/",
            "QAFILA_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret"),
        }
    )
    assert found is not None
    assert found.client_secret == "s3cret"
    assert found.redirect_uri == "https://qafila.example.org/sign-in/oidc/back"


def test_the_first_group_that_fits_decides() -> None:
    lines = parse_group_roles("crisis=cell; cn=eau,ou=ngo=ngo@Eau du Dir ;all=viewer")
    assert lines == (
        GroupRole(group="crisis", role="cell"),
        GroupRole(group="cn=eau,ou=ngo", role="ngo", organisation="Eau du Dir"),
        GroupRole(group="all", role="viewer"),
    )
