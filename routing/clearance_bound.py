"""How far from the best a plan of clearance can be: an upper bound by integer programming.

The bound relaxes the choice: crews lose no time on the way and may share a site, and a place may
win all that it could if everything were open. What it keeps is that crew-hours are
limited, that a site can only be worked at once one of the sites before it is open, and that a place
wins only if a site is open from which it can be reached sooner than now. No plan wins more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from routing.clearance_kernels import cheapest_chains, open_ways, site_links

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.clearance import Clearing

MAX_BRANCHES = 500


def upper_bound(clearing: Clearing, crew_hours: float, *, longest_hours: float = np.inf) -> float:
    """No plan from here wins more than this, in the unit of the measure of `clearing`.

    Parameters
    ----------
    crew_hours
        Of all crews together.
    longest_hours
        One site is worked by one crew: a site that takes longer is never opened.
    """
    ends = clearing.ends
    gain = _all_open(clearing)
    links = site_links(clearing.table_s, ends.arc_site, ends.arc_from, ends.arc_to, ends.n_sites)
    cost = np.where(clearing.is_open, 0.0, clearing.crew_hours)
    cost = np.where(cost > longest_hours, np.inf, cost)
    total, _ = cheapest_chains(links, cost)
    able = (total <= crew_hours * (1 + 1e-12)) & ~clearing.is_open
    sites = np.flatnonzero(able)
    serves = _serves(clearing)[sites]
    wins = (gain > 0) & serves.any(axis=0)
    if not wins.any():
        return 0.0
    # Places that the same sites serve are one.
    patterns, which = np.unique(serves[:, wins], axis=1, return_inverse=True)
    group_gain = np.zeros(patterns.shape[1])
    np.add.at(group_gain, which.ravel(), gain[wins])
    return _solved(
        cost[sites], links[0][sites], links[1:][np.ix_(sites, sites)], patterns, group_gain,
        crew_hours,
    )  # fmt: skip


def _all_open(clearing: Clearing) -> NDArray[np.float64]:
    """(n_places,) what each place would win if every site were open."""
    ends, first = clearing.ends, 1 + len(clearing.ends.node)
    time_s, _, _, _ = open_ways(clearing.table_s, ends.arc_from, ends.arc_to, ends.arc_s)
    now_s, then_s, limit_s = clearing.places_s, time_s[first:], clearing.limit_s
    if clearing.measure == "time":
        won_s = np.minimum(now_s, limit_s) - np.minimum(then_s, limit_s)
        return np.asarray(clearing.weight * won_s)
    return np.asarray(clearing.weight * ((now_s > limit_s) & (then_s <= limit_s)))


def _serves(clearing: Clearing) -> NDArray[np.bool_]:
    """(n_sites, n_places) whether a place could win with this site as the last on its way."""
    ends, first = clearing.ends, 1 + len(clearing.ends.node)
    time_s, _, _, _ = open_ways(clearing.table_s, ends.arc_from, ends.arc_to, ends.arc_s)
    soonest_s = time_s[ends.arc_from] + ends.arc_s
    aim_s = np.minimum(clearing.places_s, clearing.limit_s)
    if clearing.measure == "people":
        aim_s = np.where(clearing.reached, -np.inf, clearing.limit_s)
    serves = np.zeros((ends.n_sites, ends.n_places), dtype=bool)
    for arc in np.flatnonzero(np.isfinite(soonest_s)).tolist():
        site, behind = ends.arc_site[arc], ends.arc_to[arc]
        if behind >= first:
            serves[site, behind - first] |= soonest_s[arc] <= aim_s[behind - first]
        else:
            serves[site] |= soonest_s[arc] + clearing.table_s[behind, first:] <= aim_s
    return serves


def _solved(
    cost: NDArray[np.float64],
    from_depots: NDArray[np.bool_],
    after: NDArray[np.bool_],
    patterns: NDArray[np.bool_],
    gain: NDArray[np.float64],
    crew_hours: float,
) -> float:
    """Largest gain over sites x, 0 or 1, and shares of groups of places y."""
    n_sites, n_groups = len(cost), len(gain)
    later = np.flatnonzero(~from_depots)
    x, y = sparse.eye_array(n_sites, format="csr"), sparse.eye_array(n_groups, format="csr")
    # y ≤ sum of the x that serve it; x ≤ sum of the x before it; sum of cost × x ≤ crew-hours.
    before = sparse.csr_array(after.T[later].astype(np.float64))
    rows = sparse.vstack(
        [
            sparse.hstack([-sparse.csr_array(patterns.T.astype(np.float64)), y]),
            sparse.hstack([x[later] - before, sparse.csr_array((len(later), n_groups))]),
            sparse.hstack([sparse.csr_array(cost[None, :]), sparse.csr_array((1, n_groups))]),
        ],
        format="csr",
    )
    limits = np.concatenate([np.zeros(n_groups + len(later)), [crew_hours]])
    # Whole sites, as far as a fixed number of branches proves: the solver's bound holds whenever it
    # stops, and counting branches instead of seconds gives the same bound on every machine.
    found = milp(
        np.concatenate([np.zeros(n_sites), -gain]),
        constraints=LinearConstraint(rows, ub=limits),
        bounds=Bounds(0.0, 1.0),
        integrality=np.concatenate([np.ones(n_sites), np.zeros(n_groups)]),
        options={"node_limit": MAX_BRANCHES},
    )
    bound = found.get("mip_dual_bound")
    # Without any answer of the solver the plain bound stands: everything that can be won.
    return float(gain.sum()) if bound is None else float(min(-bound, gain.sum()))
