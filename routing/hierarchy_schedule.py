"""In which order, and on which core, the ranks of a hierarchy hand their times on.

Putting times in visits every pair of upward neighbours of every rank. The schedule is made once for
each hierarchy, so that this is quick:

- most ranks have few upward neighbours: those of equal number and height in the tree stand in a
  *run*, so that the processor is never surprised by where a loop ends;
- ranks that follow each other and have the same neighbours but for themselves are a *panel*
  (a fundamental supernode; Liu, Ng & Peyton 1993, doi:10.1137/0614019), computed as a dense table;
- *cells* are branches of the tree that do not touch each other, shared out as *tasks* to the cores.
  What a cell offers to arcs above it is laid aside, and taken over when all cells are done.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_elimination import LANES, LOW_DEGREE
from routing.hierarchy_schedule_kernels import (
    cells_of_tree,
    low_and_height,
    offered,
    pairs_below,
    panels_of_ranks,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]

# A cell has at most this share of all pairs; a task is some cells, and there are more tasks than
# cores, so that a core that others use too does fewer.
_MAX_CELL_SHARE = 1 / 24
_MIN_CELL_PAIRS = 2000
_N_TASKS = 10
# The ranks of a run lie in one window of memory.
_WINDOW_BITS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """Who hands times on when; int32 throughout.

    Task t are the runs ``task_run[t]:task_run[t + 1]``, then the panels of `task_panel` likewise;
    the last task is what lies above all cells. A run are the first upward arcs of its ranks,
    ``run_arc[run_start[i]:run_start[i + 1]]``, of `run_degree` neighbours each; a panel the
    `panel_size` ranks from `panel_rank` on. `run_over` and `panel_over` tell for each pair the row
    of `Metric.room_s` to which it is offered, those of task t from `run_over_at[t]` on;
    `aside_over` the upward arc for which each place laid aside stands, those of task t from
    `aside_at[t]` on. The upward arcs whose own times task t puts in are
    ``task_arc[t]:task_arc[t + 1]``. `own_slot`, beside `Hierarchy.slot_arc`, is the slot of each
    arc of the graph that has one, and `own_at` tells where an arc stands in them, -1 = loop.

    For a single rank: `pair_at` is where its pairs begin in `run_over`, or -1 - where those that
    its panel shares begin in `panel_over`; `n_inside` how many ranks of its panel follow it.
    """

    task_run: Ints
    run_start: Ints
    run_degree: Ints
    run_arc: Ints
    run_over: Ints
    run_over_at: Ints
    task_panel: Ints
    panel_rank: Ints
    panel_size: Ints
    panel_over: Ints
    panel_over_at: Ints
    aside_over: Ints
    aside_at: Ints
    task_arc: Ints
    own_slot: Ints
    own_at: Ints
    pair_at: Ints
    n_inside: Ints
    most_ranks: int
    most_columns: int
    most_neighbours: int

    @property
    def n_tasks(self) -> int:
        """Number of tasks that may be done side by side."""
        return len(self.task_run) - 2

    @property
    def n_pairs(self) -> int:
        """Number of pairs that are offered one by one."""
        return len(self.run_over) + len(self.panel_over)

    @property
    def n_bytes(self) -> int:
        """Memory of all arrays."""
        arrays = (getattr(self, field.name) for field in fields(self))
        return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))

    def working_room(self) -> NDArray[np.float64]:
        """What `routing.hierarchy_elimination.eliminate` needs to work in; one for each core."""
        return np.zeros((2, self.most_ranks + 1, self.most_columns + LANES))


def make_schedule(
    parent: Ints,
    up_start: Ints,
    up_head: Ints,
    slot_of_arc: Ints,
    slot_start: Ints,
    slot_arc: Ints,
) -> Schedule:
    """The schedule of a hierarchy, from its arrays of the same names."""
    degree = np.diff(up_start)
    below = pairs_below(parent, up_start)
    n_pairs = int(below[parent < 0].sum())
    max_pairs = max(int(n_pairs * _MAX_CELL_SHARE), _MIN_CELL_PAIRS)
    cell, root = cells_of_tree(parent, up_start, below, _MIN_CELL_PAIRS, max_pairs)
    task, n_tasks = _tasks(cell, below[root])
    aside_start = np.concatenate([[0], np.cumsum(_n_pairs(degree[root]))])
    low, height = low_and_height(parent, up_start, LOW_DEGREE)
    listed = _runs(low & (degree >= 2), task, height, degree)
    begins = np.diff(task[listed], prepend=-1) != 0
    begins |= np.diff(degree[listed], prepend=-1) != 0
    run_at = np.flatnonzero(begins)
    first, size = panels_of_ranks(parent, up_start, low, cell)
    by_task = np.argsort(task[first], kind="stable")
    first, size = first[by_task], size[by_task]
    last = first + size - 1
    pair_at, n_inside = _pairs_of_ranks(degree, listed, first, size)
    none = np.empty(0, dtype=np.int32)
    own_at = np.full(len(slot_of_arc), -1, dtype=np.int32)
    own_at[slot_arc] = np.arange(len(slot_arc), dtype=np.int32)
    return Schedule(
        task_run=_starts(task[listed[run_at]], n_tasks),
        run_start=np.append(run_at, len(listed)).astype(np.int32),
        run_degree=degree[listed[run_at]].astype(np.int32),
        run_arc=up_start[listed],
        run_over=offered(listed, cell, root, aside_start, up_start, up_head),
        run_over_at=_sums(task[listed], _n_pairs(degree[listed]), n_tasks),
        task_panel=_starts(task[first], n_tasks),
        panel_rank=first,
        panel_size=size,
        panel_over=offered(last, cell, root, aside_start, up_start, up_head),
        panel_over_at=_sums(task[first], _n_pairs(degree[last]), n_tasks),
        aside_over=offered(root, cell, none, aside_start, up_start, up_head),
        aside_at=_sums(task[root], _n_pairs(degree[root]), n_tasks),
        task_arc=_shared_out(up_start, root, task, n_tasks),
        own_slot=np.repeat(np.arange(len(slot_start) - 1, dtype=np.int32), np.diff(slot_start)),
        own_at=own_at,
        pair_at=pair_at,
        n_inside=n_inside,
        most_ranks=int(size.max(initial=0)),
        most_columns=int(degree[first].max(initial=0)) + 1,
        most_neighbours=int(degree.max(initial=0)),
    )


def _tasks(cell: Ints, cell_pairs: NDArray[np.int64]) -> tuple[NDArray[np.intp], int]:
    """The task of each rank, and how many there are.

    Cells in a row with about equal work each; the last is what lies above all cells.
    """
    done = np.cumsum(cell_pairs) - cell_pairs // 2
    share = done / max(int(cell_pairs.sum()), 1)
    number = np.unique((share * _N_TASKS).astype(np.intp), return_inverse=True)[1]
    above = int(number.max(initial=-1)) + 1
    return np.append(number, above)[cell], above + 1


def _shared_out(up_start: Ints, root: Ints, task: NDArray[np.intp], n_tasks: int) -> Ints:
    """Upward arcs in parts that hold all cells of a task; what lies between goes to either."""
    if n_tasks == 1:
        return np.array([0, up_start[-1]], dtype=np.int32)
    last = root[np.searchsorted(task[root], np.arange(n_tasks - 1), side="right") - 1]
    bounds = up_start[last + 1].copy()
    bounds[-1] = up_start[-1]
    return np.concatenate([[0], bounds, [up_start[-1]]]).astype(np.int32)


def _runs(low: NDArray[np.bool_], task: NDArray[np.intp], height: Ints, degree: Ints) -> Ints:
    """Low ranks by task, window of memory, height and degree: those below come first."""
    rank = np.flatnonzero(low)
    window = (task[rank] << 32) + (rank >> _WINDOW_BITS)
    within = (height[rank].astype(np.int64) << 8) + degree[rank]
    return rank[np.lexsort((within, window))].astype(np.int32)


def _pairs_of_ranks(degree: Ints, listed: Ints, first: Ints, size: Ints) -> tuple[Ints, Ints]:
    """`Schedule.pair_at` and `Schedule.n_inside`, from the ranks of runs and the panels."""
    pair_at = np.zeros(len(degree), dtype=np.int32)
    n_inside = np.zeros(len(degree), dtype=np.int32)
    in_runs = _n_pairs(degree[listed])
    pair_at[listed] = np.cumsum(in_runs) - in_runs
    shared = _n_pairs(degree[first + size - 1])
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    rank = np.repeat(first, size) + within
    pair_at[rank] = -1 - np.repeat(np.cumsum(shared) - shared, size)
    n_inside[rank] = np.repeat(size, size) - 1 - within
    return pair_at, n_inside


def _n_pairs(degree: NDArray[np.int32]) -> NDArray[np.int64]:
    wide = degree.astype(np.int64)
    return np.asarray(wide * (wide - 1) // 2)


def _starts(task: NDArray[np.intp], n_tasks: int) -> Ints:
    """Where each task begins in an array that is sorted by task."""
    return np.searchsorted(task, np.arange(n_tasks + 1)).astype(np.int32)


def _sums(task: NDArray[np.intp], size: NDArray[np.int64], n_tasks: int) -> Ints:
    """Where each task begins in an array that holds `size` items for each row."""
    total = np.bincount(task, weights=size, minlength=n_tasks)
    return np.concatenate([[0], np.cumsum(total)]).astype(np.int32)
