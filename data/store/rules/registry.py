"""Which rule belongs to which event, and what rules share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from data.store.state import Fact, State
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from data.events import Event

Check: TypeAlias = Callable[[State, Fact, Any], None]


CHECKS: dict[str, Check] = {}


def rule(event: type[Event]) -> Callable[[Check], Check]:
    """Register the decorated function as what an event must satisfy before it is recorded."""

    def register(function: Check) -> Check:
        CHECKS[event.type] = function
        return function

    return register


def unknown(given: str, kind: str, what: str = "") -> UnknownIdError:
    """Say that an id is not known here; to be raised."""
    return UnknownIdError(
        f"{what}{given}", f"this situation knows no such {kind}", "check the id, or register it"
    )
