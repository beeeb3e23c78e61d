"""The order in which a hierarchy eliminates the nodes of a network: chains, then dissection.

It depends only on which nodes are neighbours, so it is found once for each network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pymetis

from routing.hierarchy_order_kernels import contract_chains, in_postorder

if TYPE_CHECKING:
    from numpy.typing import NDArray


# METIS keeps the smaller of two separators, which may leave one side 30 % larger than the other: on
# NY 7 % fewer triangles than with its defaults, for 1.6 times the time. Five separators give 1 %
# more for three times the time (measured).
_OPTIONS = pymetis.Options(nseps=2, ufactor=300)


def elimination_order(start: NDArray[np.int32], head: NDArray[np.int32]) -> NDArray[np.int32]:
    """Nodes from the first to be eliminated to the last, (n_nodes,).

    Dead ends and chains go first; what is left is ordered by nested dissection (METIS), whose
    separators come last. The same network always gives the same order.

    Parameters
    ----------
    start, head
        Undirected neighbours of every node, without loops and doubles.
    """
    eliminated, core, core_start, core_head = contract_chains(start, head)
    order = np.concatenate([eliminated, core[_dissection(core_start, core_head)]])
    return np.asarray(in_postorder(start, head, order), dtype=np.int32)


def _dissection(start: NDArray[np.int32], head: NDArray[np.int32]) -> NDArray[np.intp]:
    if len(start) < 2:
        return np.empty(0, dtype=np.intp)
    adjacency = pymetis.CSRAdjacency(start.astype(np.int64), head.astype(np.int64))
    order, _ = pymetis.nested_dissection(adjacency, options=_OPTIONS)
    return np.asarray(order, dtype=np.intp)
