"""The loading list of one convoy: what goes in first, for which stop, and how full it is then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods, planning
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.operations.situation import Situation
    from geo.model import Item
    from routing.itinerary import HandOut


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stop:
    """A stop as `loading_order` sees it."""

    number: int
    place_id: str
    hand_out: tuple[HandOut, ...]


def loading_list(situation: Situation, plan_id: str, convoy_id: str) -> list[dict[str, Any]]:
    """Give what goes into the vehicle of a convoy, in the order of loading.

    Returns
    -------
    list
        Rows ``{order, item, quantity, unit, kg, m3, stop, place_id, kg_after, m3_after}``: order 1
        goes in first, `kg_after` and `m3_after` are in the vehicle then.

    Raises
    ------
    UnknownIdError
        There is no such plan or convoy.
    """
    from routing.exports.sheet.loading import loading_order

    plan = planning.load_plan(situation, plan_id)
    convoy = next((one for one in plan["convoys"] if one["convoy_id"] == convoy_id), None)
    if convoy is None:
        raise UnknownIdError(
            convoy_id, f"{plan_id} has no such convoy", "take an id from `qafila plan --json`"
        )
    catalogue = goods.relief_items(situation)
    stops = [
        _Stop(number=number, place_id=stop["place_id"], hand_out=_hand_out(stop, catalogue))
        for number, stop in enumerate(convoy["stops"], start=1)
    ]
    return [
        {
            "order": one.order,
            "item": one.item.item_id,
            "quantity": one.item.quantity,
            "unit": one.item.unit,
            "kg": one.item.kg,
            "m3": one.item.m3,
            "stop": one.stop.number,
            "place_id": one.stop.place_id,
            "kg_after": one.kg_before + one.item.kg,
            "m3_after": one.m3_before + one.item.m3,
        }
        for one in loading_order(stops)
    ]


def _hand_out(stop: dict[str, Any], catalogue: Mapping[str, Item]) -> tuple[HandOut, ...]:
    from routing.itinerary import hand_out_of

    return tuple(
        hand_out_of(item, quantity, catalogue) for item, quantity in stop["deliver"].items()
    )
