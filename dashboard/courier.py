"""The courier: while a situation is served, a thread that tells webhooks what is recorded."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from dashboard.operations.notifying import send_due
from geo.errors import NoSituationError, QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.operations.situation import Situation

logger = logging.getLogger(__name__)

LOOKS_EVERY_S = 5.0


class Courier:
    """Looks every few seconds whether there is something to tell; ends with the server."""

    def __init__(
        self,
        open_situation: Callable[[], Situation],
        *,
        every_s: float = LOOKS_EVERY_S,
        send: Callable[[Situation], object] = send_due,
    ) -> None:
        self._open, self._every_s, self._send = open_situation, every_s, send
        self._ended = threading.Event()
        # A receiver that does not answer must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def end(self, *, wait_s: float = 3.0) -> None:
        """Stop looking; what is under way is sent again by the next one."""
        self._ended.set()
        self._thread.join(wait_s)

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                self._send(self._open())
            except NoSituationError:
                continue
            except QafilaError as error:
                logger.warning("webhooks could not be told: %s", error)
            except Exception:
                # What nobody foresaw must not end the thread: no webhook would hear of anything
                # again until the server is started anew.
                logger.exception("webhooks could not be told")
