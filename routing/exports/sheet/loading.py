"""In which order a vehicle is loaded: what comes out last goes in first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.itinerary import HandOut


class Unloading(Protocol):
    """A stop, as far as loading is concerned."""

    @property
    def number(self) -> int:
        """1 is the first that is reached."""
        ...

    @property
    def hand_out(self) -> tuple[HandOut, ...]:
        """What leaves the vehicle there."""
        ...


Stop = TypeVar("Stop", bound=Unloading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Generic[Stop]):
    """One item for one stop, in the order of loading.

    Parameters
    ----------
    order
        1 goes in first, to the front of the bed.
    kg_before, m3_before
        What is in the vehicle already when this goes in.
    """

    order: int
    stop: Stop
    item: HandOut
    kg_before: float
    m3_before: float


def loading_order(stops: Sequence[Stop]) -> list[Loaded[Stop]]:
    """Order what `stops` hand out for loading.

    The last stop's goods go in first. Among the goods of one stop the densest (kg per m³) go in
    first, so that tents lie on water and not under it.
    """
    found: list[Loaded[Stop]] = []
    kg, m3 = 0.0, 0.0
    for stop in sorted(stops, key=lambda one: one.number, reverse=True):
        for item in sorted(stop.hand_out, key=lambda one: (-_density(one), one.item_id)):
            found.append(
                Loaded(order=len(found) + 1, stop=stop, item=item, kg_before=kg, m3_before=m3)
            )
            kg, m3 = kg + item.kg, m3 + item.m3
    return found


def _density(item: HandOut) -> float:
    """Kilograms per cubic metre; without a volume it lies at the bottom."""
    return item.kg / item.m3 if item.m3 > 0 else float("inf")
