"""A server on loopback that replays recorded answers, in place of the public ones.

Nothing of the program is patched: it is told this server's address, as an operator would name a
mirror, and talks HTTP to it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answer:
    """One recorded answer."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request that came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    form: dict[str, list[str]]
    headers: dict[str, str]


# A path is answered by one answer for ever, by a list one after the other (the last for ever), or
# by a function of what was asked.
Recorded = Answer | list[Answer] | Callable[[Asked], Answer]


class StandIn:
    """The server; `asked` has every request, in order."""

    def __init__(self, answers: dict[str, Recorded]) -> None:
        self.answers = answers
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply("")

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                self._reply(self.rfile.read(length).decode())

            def _reply(self, body: str) -> None:
                parts = urlsplit(self.path)
                answer = stand_in.answer(
                    Asked(
                        method=self.command,
                        path=parts.path,
                        query=parse_qs(parts.query),
                        form=parse_qs(body),
                        headers={name.lower(): value for name, value in self.headers.items()},
                    )
                )
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            recorded = self.answers.get(asked.path)
            if recorded is None:
                return Answer(status=404)
            if isinstance(recorded, Answer):
                return recorded
            if callable(recorded):
                return recorded(asked)
            return recorded.pop(0) if len(recorded) > 1 else recorded[0]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def ranged(data: bytes, etag: str = '"1"') -> Callable[[Asked], Answer]:
    """Answer like a server of large files: the part that was asked for (RFC 9110, section 14)."""

    def answer(asked: Asked) -> Answer:
        wanted = asked.headers.get("range", "")
        if not wanted.startswith("bytes="):
            return Answer(data)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(int(last or len(data) - 1) + 1, len(data))
        if start >= len(data):
            return Answer(status=416)
        told = {"content-range": f"bytes {start}-{stop - 1}/{len(data)}", "etag": etag}
        return Answer(data[start:stop], status=206, headers=told)

    return answer


@contextmanager
def stand_in(answers: dict[str, Recorded]) -> Iterator[StandIn]:
    """Serve `answers` by path until the block ends."""
    server = StandIn(answers)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def closed_port() -> Iterator[str]:
    """Address of a port on which nobody listens."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
