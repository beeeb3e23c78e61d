"""What is lacking and what is in stock, in millionths, before and beside what vehicles bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.allocate import need_items, need_places
from routing.fleet import MICRO, Fleet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.schedule import Days


def full_balance(fleet: Fleet) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All that is lacking (n_needs,) and all that is in stock (n_depots, n_items)."""
    problem = fleet.problem
    lacking = _micro([need.quantity for need in problem.needs])
    depots = {depot: row for row, depot in enumerate(problem.depots)}
    items = {item.item_id: row for row, item in enumerate(problem.items)}
    stock = np.zeros((len(depots), len(items)), dtype=np.int64)
    for line, amount in zip(
        problem.stock, _micro([line.quantity for line in problem.stock]), strict=True
    ):
        stock[depots[line.depot_id], items[line.item_id]] = amount
    return lacking, stock


def balance_beside(fleet: Fleet, days: Days) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What is lacking and in stock beside what `days` bring."""
    lacking, stock = full_balance(fleet)
    rows = need_rows(fleet)
    for trips in days.values():
        for trip in trips:
            for halt in trip.halts:
                for item, amount in halt.amounts.items():
                    lacking[rows[halt.place, item]] -= amount
                    stock[trip.depot, item] -= amount
    return lacking, stock


def need_rows(fleet: Fleet) -> dict[tuple[int, int], int]:
    """Row of every need by the positions of its place and item."""
    pairs = zip(need_places(fleet), need_items(fleet), strict=True)
    return {(int(place), int(item)): row for row, (place, item) in enumerate(pairs)}


def _micro(quantities: Sequence[float]) -> NDArray[np.int64]:
    return np.array([round(quantity * MICRO) for quantity in quantities], dtype=np.int64)
