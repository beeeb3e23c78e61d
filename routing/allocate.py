"""Which depot gives what to which need: a linear programme before any route is drawn.

Maximise the value that is delivered (weight × quantity, as a share of all), a little less for what
lies farther, moved by `fairness` towards the commune that fares worst, subject to

- no need gets more than it lacks, no depot gives more than it holds;
- what leaves a depot fits the hours of its vehicles: every kilogram to a place needs at least the
  return trip of its share of a vehicle (the radial bound of Haimovich and Rinnooy Kan, 1985,
  Mathematics of Operations Research 10(4), which no plan of routes can beat), and the trips of
  the day; both for weight and volume, and for every set of vehicles that alone reaches some places.

The bound leaves nothing out that routes could bring, so the routes decide within it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from geo.errors import RuleError
from routing.fleet import MICRO, Fleet

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Between two depots the nearer gives, but distance never outweighs a need: at most this share.
DISTANCE_SHARE = 0.01
# Even the fairest plan delivers the rest of what it can.
TOTAL_SHARE = 0.01
# HiGHS is exact to 1e-7; what it left by that is given.
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Hours:
    """What the vehicles of every group still have to give, shapes (n_groups,)."""

    time_s: NDArray[np.float64]
    longest_s: NDArray[np.float64]
    trips: NDArray[np.float64]


def full_hours(fleet: Fleet) -> Hours:
    """Everything, before the first trip."""
    shift = np.array([group.shift_s for group in fleet.groups], dtype=np.float64)
    most = np.array([group.max_trips for group in fleet.groups], dtype=np.float64)
    count = np.array([len(group.vehicles) for group in fleet.groups], dtype=np.float64)
    return Hours(time_s=shift * count, longest_s=shift, trips=count * most)


def allocate(
    fleet: Fleet,
    *,
    lacking: NDArray[np.int64],
    stock: NDArray[np.int64],
    hours: Hours,
    fairness: float,
) -> NDArray[np.int64]:
    """How much every depot gives to every need.

    Parameters
    ----------
    lacking
        (n_needs,) millionths of a unit still lacking.
    stock
        (n_depots, n_items) millionths still there.
    hours
        What the vehicles still have.
    fairness
        0 = the largest total, 1 = the worst-off commune first.

    Returns
    -------
    NDArray
        (n_depots, n_needs) millionths; whole units of what goes out whole.
    """
    pairs = _pairs(fleet, lacking=lacking, stock=stock, hours=hours)
    given = np.zeros((fleet.n_depots, len(lacking)), dtype=np.int64)
    if len(pairs.need) == 0:
        return given
    share = _solve(fleet, pairs, lacking=lacking, stock=stock, hours=hours, fairness=fairness)
    return _round(fleet, pairs, share, lacking=lacking, stock=stock)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Depot and need of every variable, with the groups that can serve it."""

    depot: NDArray[np.intp]
    need: NDArray[np.intp]
    place: NDArray[np.intp]
    item: NDArray[np.intp]
    able: NDArray[np.bool_]  # (n_pairs, n_groups)
    round_s: NDArray[np.float64]  # shortest return trip of an able group


def need_places(fleet: Fleet) -> NDArray[np.intp]:
    """Position of the place of every need."""
    at = {place: row for row, place in enumerate(fleet.problem.places)}
    return np.array([at[need.place_id] for need in fleet.problem.needs], dtype=np.intp)


def need_items(fleet: Fleet) -> NDArray[np.intp]:
    """Position of the item of every need."""
    at = {item.item_id: row for row, item in enumerate(fleet.problem.items)}
    return np.array([at[need.item_id] for need in fleet.problem.needs], dtype=np.intp)


def able_groups(fleet: Fleet, hours: Hours) -> NDArray[np.bool_]:
    """Whether a vehicle of the group can bring one portion of the need in a trip of its own.

    Shape (n_groups, n_needs).
    """
    place, item = need_places(fleet), need_items(fleet)
    portion = fleet.portion[item] / MICRO
    kg, m3 = portion * fleet.unit_kg[item], portion * fleet.unit_m3[item]
    volume = np.array([group.capacity_m3 for group in fleet.groups])[:, None]
    fits = (fleet.kg_limit[:, place] >= kg) & (volume >= m3)
    in_time = fleet.round_s[:, place] <= hours.longest_s[:, None]
    return np.asarray(fits & in_time & (hours.trips[:, None] > 0), dtype=np.bool_)


def _pairs(
    fleet: Fleet, *, lacking: NDArray[np.int64], stock: NDArray[np.int64], hours: Hours
) -> _Pairs:
    place, item = need_places(fleet), need_items(fleet)
    able = able_groups(fleet, hours)
    depot_of_group = np.array([group.depot for group in fleet.groups], dtype=np.intp)
    served = np.zeros((fleet.n_depots, len(lacking)), dtype=np.bool_)
    np.logical_or.at(served, depot_of_group, able)
    wanted = served & (stock[:, item] >= fleet.portion[item]) & (lacking > 0)
    depot, need = np.nonzero(wanted)
    of_pair = able[:, need].T & (depot_of_group[None, :] == depot[:, None])
    rounds = np.where(of_pair, fleet.round_s[:, place[need]].T.astype(np.float64), np.inf)
    return _Pairs(
        depot=depot,
        need=need,
        place=place[need],
        item=item[need],
        able=of_pair,
        round_s=rounds.min(axis=1) if rounds.size else np.zeros(0),
    )


def _solve(
    fleet: Fleet,
    pairs: _Pairs,
    *,
    lacking: NDArray[np.int64],
    stock: NDArray[np.int64],
    hours: Hours,
    fairness: float,
) -> NDArray[np.float64]:
    """Share (n_pairs,) of what a need lacks that the depot of the pair gives."""
    n_pairs = len(pairs.need)
    value = need_values(fleet, lacking)
    columns = np.arange(n_pairs)
    rows = _Rows(n_columns=n_pairs + 1)
    rows.add_each(pairs.need, columns, np.ones(n_pairs))
    held = stock[pairs.depot, pairs.item].astype(np.float64)
    rows.add_each(
        pairs.depot * len(fleet.problem.items) + pairs.item, columns, lacking[pairs.need] / held
    )
    _add_hours(rows, fleet, pairs, lacking=lacking, hours=hours)
    _add_communes(rows, fleet, pairs, lacking=lacking, stock=stock)

    far = pairs.round_s / max(float(pairs.round_s.max()), 1.0)
    total = max(float(value[np.unique(pairs.need)].sum()), 1e-300)
    gain = value[pairs.need] / total * (1 - DISTANCE_SHARE * far)
    objective = -np.append(gain * (1 - fairness + TOTAL_SHARE * fairness), fairness)
    matrix, bounds = rows.matrix()
    result = linprog(objective, A_ub=matrix, b_ub=bounds, bounds=(0.0, 1.0), method="highs")
    if result.x is None:
        raise RuleError(
            f"allocation of stock: {result.message}",
            "figures within a few orders of magnitude are needed",
            "look for absurd quantities, weights or capacities",
        )
    return np.asarray(result.x[:n_pairs], dtype=np.float64)


def need_values(fleet: Fleet, amounts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight × quantity of `amounts` (n_needs,) millionths."""
    weight = np.array([need.weight for need in fleet.problem.needs])
    return np.asarray(weight * amounts / MICRO)


class _Rows:
    """Rows of ``A x <= b`` as they are collected."""

    def __init__(self, *, n_columns: int) -> None:
        self.n_columns = n_columns
        self.n_rows = 0
        self._row: list[NDArray[np.intp]] = []
        self._column: list[NDArray[np.intp]] = []
        self._value: list[NDArray[np.float64]] = []
        self._bound: list[NDArray[np.float64]] = []

    def add_each(
        self, key: NDArray[np.intp], column: NDArray[np.intp], value: NDArray[np.float64]
    ) -> None:
        """One row ``<= 1`` for every distinct `key`."""
        _, row = np.unique(key, return_inverse=True)
        self._append(row, column, value, np.ones(int(row.max()) + 1))

    def add(self, column: NDArray[np.intp], value: NDArray[np.float64], bound: float) -> None:
        """One row."""
        self._append(np.zeros(len(column), dtype=np.intp), column, value, np.array([bound]))

    def matrix(self) -> tuple[csr_array, NDArray[np.float64]]:
        """All rows, sparse."""
        index = (np.concatenate(self._row), np.concatenate(self._column))
        shape = (self.n_rows, self.n_columns)
        return csr_array((np.concatenate(self._value), index), shape=shape), np.concatenate(
            self._bound
        )

    def _append(
        self,
        row: NDArray[np.intp],
        column: NDArray[np.intp],
        value: NDArray[np.float64],
        bound: NDArray[np.float64],
    ) -> None:
        self._row.append(row + self.n_rows)
        self._column.append(column)
        self._value.append(value)
        self._bound.append(bound)
        self.n_rows += len(bound)


def _add_hours(
    rows: _Rows, fleet: Fleet, pairs: _Pairs, *, lacking: NDArray[np.int64], hours: Hours
) -> None:
    """Rows that keep the goods within the hours and trips of the vehicles that can bring them."""
    kg = lacking[pairs.need] / MICRO * fleet.unit_kg[pairs.item]
    m3 = lacking[pairs.need] / MICRO * fleet.unit_m3[pairs.item]
    capacity_kg = np.array([group.capacity_kg for group in fleet.groups])
    capacity_m3 = np.array([group.capacity_m3 for group in fleet.groups])
    for able in np.unique(pairs.able, axis=0):
        # Goods that none but these groups can bring.
        only = np.flatnonzero(~(pairs.able & ~able).any(axis=1))
        for amount, capacity in ((kg, capacity_kg), (m3, capacity_m3)):
            time = float((capacity * hours.time_s)[able].sum())
            trips = float((capacity * hours.trips)[able].sum())
            for use, bound in ((amount * pairs.round_s, time), (amount, trips)):
                if bound > 0 and float(use[only].sum()) > bound:
                    rows.add(only, use[only] / bound, 1.0)


def _add_communes(
    rows: _Rows,
    fleet: Fleet,
    pairs: _Pairs,
    *,
    lacking: NDArray[np.int64],
    stock: NDArray[np.int64],
) -> None:
    """Rows that hold the last column below the share of every commune that can be served."""
    value = need_values(fleet, lacking)
    held = np.zeros(len(lacking))
    np.add.at(held, pairs.need, stock[pairs.depot, pairs.item].astype(np.float64))
    could = value * np.minimum(held / np.maximum(lacking, 1), 1.0)
    names = np.array([need.commune for need in fleet.problem.needs], dtype=object)
    for commune in sorted({str(names[need]) for need in np.unique(pairs.need)}):
        mine = names == commune
        most = float(could[mine].sum())
        if most <= 0:
            continue
        column = np.flatnonzero(mine[pairs.need])
        share = -value[pairs.need[column]] / most
        rows.add(np.append(column, len(pairs.need)), np.append(share, 1.0), 0.0)


def _round(
    fleet: Fleet,
    pairs: _Pairs,
    share: NDArray[np.float64],
    *,
    lacking: NDArray[np.int64],
    stock: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Whole portions of the shares; what rounding down left over goes where it was cut."""
    given = np.zeros((fleet.n_depots, len(lacking)), dtype=np.int64)
    need_left, stock_left = lacking.copy(), stock.copy()
    wanted = np.rint(share * lacking[pairs.need]).astype(np.int64)
    portion = fleet.portion[pairs.item]

    def give(pair: int, amount: int) -> None:
        depot, need, item = int(pairs.depot[pair]), int(pairs.need[pair]), int(pairs.item[pair])
        amount = min(amount, int(need_left[need]), int(stock_left[depot, item]))
        if amount < need_left[need]:
            amount -= amount % int(portion[pair])
        given[depot, need] += amount
        need_left[need] -= amount
        stock_left[depot, item] -= amount

    floors = wanted - wanted % portion
    cut = wanted - floors
    for pair in np.argsort(-share, kind="stable"):
        # Fully given by this depot alone, up to the solver's tolerance: the odd rest comes too.
        all_of_it = share[pair] >= 1 - TOLERANCE
        give(int(pair), int(lacking[pairs.need[pair]] if all_of_it else floors[pair]))
    for pair in np.lexsort((np.arange(len(cut)), -cut)):
        if cut[pair] > TOLERANCE * portion[pair]:
            give(int(pair), int(portion[pair]))
    return given
