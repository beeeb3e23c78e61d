"""What no plan can do better than: a linear programme over shares of needs, groups of vehicles.

A group may bring any share of a need, straight there; it comes as early as the first vehicle of the
group could, wherever it is in the day. What limits it: the need, the depot's stock, and for each
group (Haimovich and Rinnooy Kan, 1985)

- Σ kg · (round trip + reloading + seconds to hand out a full load) ≤ capacity · vehicles · (shift +
  reloading), and the same in m³: a trip that carries a share of a full load also pays at least that
  share of the longest of its round trips;
- Σ kg ≤ capacity · vehicles · trips, and the same in m³.

No tour, no waiting, no piece, no fairness and no vehicle's time on top: the true optimum is higher.
Teams of relays are those that `fleet_of` gives out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from routing.allocate import need_items, need_places
from routing.balance import full_balance
from routing.fleet import MICRO, fleet_of
from routing.score import terms_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.fleet import Fleet
    from routing.problem import Problem


def unreachable(problem: Problem) -> float:
    """Penalty, in value × hours, of what is needed where no vehicle can come and back."""
    fleet = fleet_of(problem)
    reached = (fleet.kg_limit > 0).any(axis=0)[need_places(fleet)]
    return float(_worth(problem)[~reached].sum() * terms_of(problem, 0.0).unserved_h)


def value_hours_at_least(problem: Problem) -> float:
    """Deprivation without fairness, below which no plan for `problem` is."""
    fleet = fleet_of(problem)
    lacking, stock = full_balance(fleet)
    group, need = np.nonzero(
        (fleet.kg_limit[:, need_places(fleet)] > 0)
        & (stock[[one.depot for one in fleet.groups]][:, need_items(fleet)] > 0)
        & (lacking > 0)
    )
    unserved_h = terms_of(problem, 0.0).unserved_h
    everything = float(_worth(problem).sum() * unserved_h)
    if not len(need):
        return everything
    gain = _worth(problem)[need] * (unserved_h - _arrives_s(fleet, group, need) / 3600)
    rows, limits = _rows(fleet, group, need)
    scale = np.where(limits > 0, limits, 1.0)
    found = linprog(
        -gain, A_ub=rows.multiply(1.0 / scale[:, None]).tocsr(), b_ub=limits / scale,
        bounds=(0.0, 1.0), method="highs",
    )  # fmt: skip
    return everything + float(found.fun)


def _worth(problem: Problem) -> NDArray[np.float64]:
    """Weight × quantity (n_needs,)."""
    return np.array([need.weight * need.quantity for need in problem.needs])


def _arrives_s(
    fleet: Fleet, group: NDArray[np.intp], need: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The earliest that each group could be there with each need (n_pairs,)."""
    place = need_places(fleet)
    soonest = np.array(
        [
            np.maximum(
                one.start_s
                + fleet.travel_s[one.profile][one.depot, fleet.n_depots :]
                + fleet.delay_s[one.profile],
                fleet.opens_s,
            )
            for one in fleet.groups
        ],
        dtype=np.float64,
    )
    return soonest[group, place[need]]


def _rows(
    fleet: Fleet, group: NDArray[np.intp], need: NDArray[np.intp]
) -> tuple[coo_array, NDArray[np.float64]]:
    """Needs, stock, and hours and trips of groups: (n_rows, n_pairs), (n_rows,)."""
    lacking, stock = full_balance(fleet)
    place, item = need_places(fleet), need_items(fleet)
    groups, reload_s = fleet.groups, fleet.reload_s
    n_needs, n_stock, n_pairs = len(lacking), stock.size, len(need)
    units = lacking[need] / MICRO
    kg, m3 = units * fleet.unit_kg[item[need]], units * fleet.unit_m3[item[need]]
    rounds = np.array(
        [
            fleet.travel_s[one.profile][one.depot, fleet.n_depots :]
            + fleet.travel_s[one.profile][fleet.n_depots :, one.depot]
            + fleet.halt_s[one.profile]
            for one in groups
        ],
        dtype=np.float64,
    )[group, place[need]]
    room = np.array([(one.capacity_kg, one.capacity_m3) for one in groups])
    number = np.array([len(one.vehicles) for one in groups], dtype=np.float64)
    shift_s = np.array([one.shift_s + reload_s for one in groups], dtype=np.float64)
    trips = np.array([one.max_trips for one in groups], dtype=np.float64)
    handing_s = fleet.per_kg_s[group] * kg
    depot = np.array([one.depot for one in groups])[group]
    first = n_needs + n_stock + 4 * group
    parts = (
        (need, np.ones(n_pairs)),
        (n_needs + depot * stock.shape[1] + item[need], units),
        (first, kg * (rounds + reload_s) + handing_s * room[group, 0]),
        (first + 1, m3 * (rounds + reload_s) + handing_s * room[group, 1]),
        (first + 2, kg),
        (first + 3, m3),
    )
    limits = np.concatenate(
        [
            np.ones(n_needs),
            (stock / MICRO).ravel(),
            np.column_stack(
                [room * (number * shift_s)[:, None], room * (number * trips)[:, None]]
            ).ravel(),
        ]
    )
    row, value = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    column = np.tile(np.arange(n_pairs), len(parts))
    return coo_array((value, (row, column)), shape=(len(limits), n_pairs)), limits
