"""Work that takes seconds: done beside the page's script, which may be run anew at any click.

Streamlit ends a script in the middle when somebody clicks. A road that was closed must not stay
without its new plan for that, so the work runs in a thread of its own and a later run of the page
finds it again by its handle in the session.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.desk import Progress

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Job(Generic[Result]):
    """Work under way: how far it is, and in the end its result or its error."""

    def __init__(self, label: str, work: Callable[[Progress], Result]) -> None:
        self.label = label
        self.share = 0.0
        self.text = ""
        self.result: Result | None = None
        self.error: QafilaError | None = None
        self._work = work
        # The person's language goes with the work.
        self._thread = threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._run,),
            name=f"job: {label}",
            daemon=True,
        )
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether the work has ended, well or not."""
        return not self._thread.is_alive()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end, at most so long; says whether it has come."""
        self._thread.join(timeout_s)
        return self.done

    def _progress(self, share: float, text: str) -> None:
        self.share = min(1.0, max(0.0, float(share)))
        self.text = text

    def _run(self) -> None:
        try:
            self.result = self._work(self._progress)
        except QafilaError as error:
            self.error = error
        except Exception as error:
            logger.exception("the work %r broke", self.label)
            self.error = QafilaError(
                self.label, f"it broke with {type(error).__name__}", "the server's log says more"
            )
