"""Serves the valley in a process of its own: ``python -m tests.dashboard.valley_server``.

Prints its address, then obeys lines on standard input, so that a test can change the situation as
somebody else would: ``close EDGE``, ``rename PLACE NAME``, ``plan``, ``reset``.
"""

from __future__ import annotations

import argparse
import sys
import threading

from dashboard import asgi
from tests.dashboard.valley import ValleyDesk


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--plan-takes-s", type=float, default=0.5)
    parser.add_argument("--edges", type=int, default=0, help="edges added to the network")
    arguments = parser.parse_args()
    desk = ValleyDesk(plan_takes_s=arguments.plan_takes_s, more_edges=arguments.edges)
    desk.make_plan()
    threading.Thread(target=_obey, args=(desk,), daemon=True).start()
    listening = asgi.listen("127.0.0.1", arguments.port)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = asgi.build_app(desk, allowed_hosts=asgi.LOOPBACK_NAMES)
    asgi.make_server(app, on_ready=lambda: _print(address)).run(sockets=[listening])


def _obey(desk: ValleyDesk) -> None:
    for line in sys.stdin:
        verb, *words = line.split(maxsplit=2)
        if verb == "close":
            desk.close_road(
                edges=words, classes=(), state="closed", until=None, source="test", reason="rock"
            )
        elif verb == "reset":
            desk.reset()
        elif verb == "rename":
            desk.rename(*words)
        elif verb == "plan":
            desk.make_plan()
        _print(f"done {verb}")


def _print(text: str) -> None:
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
