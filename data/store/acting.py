"""On whose behalf events are recorded: said once around a piece of work, not in every call.

The page and the HTTP interface know who asks; what they call records events in many places. Inside
`acting_for` each of them carries the account and its organisation unless it names others. It holds
for the thread or task that said so, and for no other.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who acts: an account or key by its id, and its organisation; None where nobody is known."""

    actor: str | None = None
    organisation_id: str | None = None


_acting: ContextVar[Acting] = ContextVar("acting", default=Acting())  # noqa: B039 - frozen


@contextlib.contextmanager
def acting_for(*, actor: str | None, organisation_id: str | None = None) -> Iterator[None]:
    """Record events on behalf of an account until the end of the ``with`` block."""
    token = _acting.set(Acting(actor=actor or None, organisation_id=organisation_id or None))
    try:
        yield
    finally:
        _acting.reset(token)


def acting() -> Acting:
    """Give who acts now."""
    return _acting.get()
