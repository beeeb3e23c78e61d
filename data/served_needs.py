"""Which open needs a delivery counts for.

Needs of several organisations for one place and item speak of the same people, so one delivery
counts for the needs of each; among those of one organisation the oldest is served first.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from data.events import NeedServed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from data.store.records import NeedRecord


class OpenNeeds:
    """What is still open of the needs, while deliveries are being written.

    Parameters
    ----------
    needs
        Open needs.
    current_place
        Gives the id under which a place is known today.
    """

    def __init__(self, needs: Iterable[NeedRecord], current_place: Callable[[str], str]) -> None:
        self._open: dict[tuple[str, str], dict[str, dict[str, Decimal]]] = {}
        self._current = current_place
        for need in sorted(needs, key=lambda one: (one.recorded_at, one.need_id)):
            missing = _exact(need.quantity) - _exact(need.delivered)
            if missing > 0:
                key = (current_place(need.place_id), need.item_id)
                by_sender = self._open.setdefault(key, {})
                by_sender.setdefault(need.organisation_id or "", {})[need.need_id] = missing

    def serve(self, place_id: str, item_id: str, quantity: Decimal) -> tuple[NeedServed, ...]:
        """Give how much of a delivery counts for which need; the next finds them smaller."""
        served = []
        for needs in self._open.get((self._current(place_id), item_id), {}).values():
            left = quantity
            for need_id, missing in needs.items():
                part = min(left, missing)
                if part > 0:
                    needs[need_id] -= part
                    left -= part
                    served.append(NeedServed(need_id=need_id, quantity=part))
        return tuple(served)


def _exact(quantity: float) -> Decimal:
    """Give a quantity of at most six decimals as what was written."""
    return Decimal(repr(quantity)).quantize(Decimal("0.000001"))
