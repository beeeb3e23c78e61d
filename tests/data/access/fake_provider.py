"""An identity provider on this machine, for tests: small, and as dishonest as a test wants it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT_ID, CLIENT_SECRET = "qafila", "wet mules/four"


class FakeProvider:
    """Answers discovery, keys, authorization and token requests as OpenID Connect Core wants.

    `claims` go into every token over the honest ones; `answers` replace what a path answers with
    (status, body, headers); `asked` counts the requests by path.
    """

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        self.published: list[dict[str, Any]] = [self.key.as_dict(private=False)]
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "one"}
        self.claims: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.asked: dict[str, int] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Be unreachable from now on."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def environment(self, public_address: str = "http://127.0.0.1:8501") -> dict[str, str]:
        """Settings with which a server asks this provider."""
        return {
            "QAFILA_OIDC_ISSUER": self.issuer,
            "QAFILA_OIDC_CLIENT_ID": CLIENT_ID,
            "QAFILA_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "QAFILA_PUBLIC_ADDRESS": public_address,
        }

    def authorize(self, address: str) -> str:
        """Sign somebody in there; gives the address to which the browser is sent back."""
        query = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def answer(self, method: str, path: str, body: str, authorization: str) -> tuple[int, Any]:
        """Answer one request: its status, and what goes out as JSON."""
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            }
        if path == "/keys":
            return 200, {"keys": self.published}
        if (method, path) != ("POST", "/token"):
            return 404, {"error": "not_found"}
        form = {name: value[0] for name, value in parse_qs(body).items()}
        basic = base64.b64encode(b"qafila:wet+mules%2Ffour").decode()
        if authorization != f"Basic {basic}":
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        if asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        } | self.claims
        token = jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])
        return 200, {"id_token": token, "access_token": "unused", "token_type": "Bearer"}


def _handler(provider: FakeProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply("GET")

        def do_POST(self) -> None:
            self._reply("POST")

        def _reply(self, method: str) -> None:
            path = urlsplit(self.path).path
            provider.asked[path] = provider.asked.get(path, 0) + 1
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            given = provider.answers.get(path)
            if given is None:
                authorization = self.headers.get("authorization") or ""
                status, found = provider.answer(method, path, body, authorization)
                given = (status, json.dumps(found).encode(), {})
            status, content, headers = given
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
