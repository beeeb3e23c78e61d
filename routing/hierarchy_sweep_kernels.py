"""Compiled parts of the road engine that sweep downward: from few origins to many ranks at once.

`weight_s`, shape (n_up_arcs, 2), are seconds up (column 0) and down (column 1) an upward arc,
inf where there is no way. A table has a row for each selected rank, highest first, and a column for
each origin; arrays of indices are int32. Kernels that call each other stand in one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_compiler import bare_kernel, kernel, wide_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float64]
    Words = NDArray[np.uint64]
    Flags = NDArray[np.bool_]

#: Columns of a table that stand side by side in a sweep; it has so many or more.
LANES = 4


@kernel
def ancestors(parent: Ints, ranks: Ints) -> tuple[Ints, Ints]:
    """All ranks on the tree above `ranks`, highest first, and the row of each rank, -1 = none."""
    row = np.full(len(parent), -1, np.int32)
    n_found = 0
    for start in ranks:
        rank = start
        while rank >= 0 and row[rank] < 0:
            row[rank] = 0
            n_found += 1
            rank = parent[rank]
    found = np.empty(n_found, np.int32)
    at = 0
    for rank in range(len(parent) - 1, -1, -1):
        if row[rank] == 0:
            found[at] = rank
            row[rank] = at
            at += 1
    return found, row


@kernel
def selected_arcs(
    selected: Ints, row: Ints, up_start: Ints, up_head: Ints
) -> tuple[Ints, Ints, Ints]:
    """Upward arcs of the selected ranks as (start, row of the head), and each rank's first arc."""
    start = np.zeros(len(selected) + 1, np.int32)
    first = np.empty(len(selected), np.int32)
    for at in range(len(selected)):
        rank = selected[at]
        first[at] = up_start[rank]
        start[at + 1] = start[at] + up_start[rank + 1] - up_start[rank]
    head = np.empty(start[len(selected)], np.int32)
    for at in range(len(selected)):
        place = start[at]
        for arc in range(up_start[selected[at]], up_start[selected[at] + 1]):
            head[place] = row[up_head[arc]]
            place += 1
    return start, head, first


@wide_kernel
def _sweep_columns(
    table_s: Floats,
    row: np.uint64,
    a: np.uint64,
    b: np.uint64,
    c: np.uint64,
    begin: np.uint64,
    end: np.uint64,
    arc: np.uint64,
    head: Ints,
    weight_s: Floats,
) -> None:
    """The least of what a row holds and of the ways down to it: four columns from a, b and c each.

    They stay in registers while the arcs of the row pass by: those ``begin:end`` of the table,
    which are the upward arcs from ``arc + begin`` on.
    """
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    c0, c4, c8 = a, b, c
    c1, c2, c3 = c0 + one, c0 + two, c0 + three
    c5, c6, c7 = c4 + one, c4 + two, c4 + three
    c9, c10, c11 = c8 + one, c8 + two, c8 + three
    s0 = table_s[row, c0]
    s1 = table_s[row, c1]
    s2 = table_s[row, c2]
    s3 = table_s[row, c3]
    s4 = table_s[row, c4]
    s5 = table_s[row, c5]
    s6 = table_s[row, c6]
    s7 = table_s[row, c7]
    s8 = table_s[row, c8]
    s9 = table_s[row, c9]
    s10 = table_s[row, c10]
    s11 = table_s[row, c11]
    for at in range(begin, end):
        down_s = weight_s[arc + at, one]
        above = np.uint64(head[at])
        t0 = table_s[above, c0] + down_s
        t1 = table_s[above, c1] + down_s
        t2 = table_s[above, c2] + down_s
        t3 = table_s[above, c3] + down_s
        t4 = table_s[above, c4] + down_s
        t5 = table_s[above, c5] + down_s
        t6 = table_s[above, c6] + down_s
        t7 = table_s[above, c7] + down_s
        t8 = table_s[above, c8] + down_s
        t9 = table_s[above, c9] + down_s
        t10 = table_s[above, c10] + down_s
        t11 = table_s[above, c11] + down_s
        s0 = t0 if t0 < s0 else s0
        s1 = t1 if t1 < s1 else s1
        s2 = t2 if t2 < s2 else s2
        s3 = t3 if t3 < s3 else s3
        s4 = t4 if t4 < s4 else s4
        s5 = t5 if t5 < s5 else s5
        s6 = t6 if t6 < s6 else s6
        s7 = t7 if t7 < s7 else s7
        s8 = t8 if t8 < s8 else s8
        s9 = t9 if t9 < s9 else s9
        s10 = t10 if t10 < s10 else s10
        s11 = t11 if t11 < s11 else s11
    table_s[row, c0] = s0
    table_s[row, c1] = s1
    table_s[row, c2] = s2
    table_s[row, c3] = s3
    table_s[row, c4] = s4
    table_s[row, c5] = s5
    table_s[row, c6] = s6
    table_s[row, c7] = s7
    table_s[row, c8] = s8
    table_s[row, c9] = s9
    table_s[row, c10] = s10
    table_s[row, c11] = s11


@wide_kernel
def sweep(table_s: Floats, start: Ints, head: Ints, first: Ints, weight_s: Floats) -> None:
    """Ways downward to all selected rows at once (restricted PHAST), a column for each origin.

    There must be `LANES` columns or more. The last fours may overlap those before, a least time
    found twice is the same.
    """
    one, four = np.uint64(1), np.uint64(LANES)
    n_columns = np.uint64(table_s.shape[1])
    last = n_columns - four
    for row in range(np.uint64(len(start) - 1)):
        begin, end = np.uint64(start[row]), np.uint64(start[row + one])
        arc = np.uint64(first[row]) - begin
        column = np.uint64(0)
        while column < n_columns:
            b, c = min(column + four, last), min(column + four + four, last)
            _sweep_columns(
                table_s, np.uint64(row), min(column, last), b, c, begin, end, arc, head, weight_s
            )
            column += four + four + four


@kernel
def taken(table_s: Floats, rows: Ints, n_columns: int) -> Floats:
    """The first columns of the table at some rows, (n_columns, n_rows), inf for row -1."""
    result = np.full((n_columns, len(rows)), np.inf)
    for at in range(len(rows)):
        if rows[at] >= 0:
            for column in range(n_columns):
                result[column, at] = table_s[rows[at], column]
    return result


# --- sweeps again, after some arcs were closed --------------------------------------------------


@kernel
def givers(
    table_s: Floats, climbed_s: Floats, start: Ints, head: Ints, first: Ints, weight_s: Floats
) -> tuple[Ints, Ints, Words]:
    """Which rows above give each row of a swept table its times: (start, row above, columns).

    Those of row r are ``start[r]:start[r + 1]``. Columns are bits, that of column c is ``c % 64``.
    A time that `climbed_s` has already is given by no row.
    """
    n_rows, n_columns = table_s.shape
    giver_start = np.zeros(n_rows + 1, np.int32)
    giver, columns = np.empty(1024, np.int32), np.empty(1024, np.uint64)
    n_found = 0
    for row in range(n_rows):
        if n_found + n_columns > len(giver):
            more, wider = np.empty(2 * len(giver), np.int32), np.empty(2 * len(giver), np.uint64)
            more[:n_found], wider[:n_found] = giver[:n_found], columns[:n_found]
            giver, columns = more, wider
        begin = n_found
        for column in range(n_columns):
            if table_s[row, column] == climbed_s[row, column]:
                continue
            at, arc = start[row], first[row]
            while table_s[head[at], column] + weight_s[arc, 1] != table_s[row, column]:
                at += 1
                arc += 1
            place = begin
            while place < n_found and giver[place] != head[at]:
                place += 1
            if place == n_found:
                giver[place], columns[place] = head[at], np.uint64(0)
                n_found += 1
            columns[place] |= np.uint64(1) << np.uint64(column & 63)
        giver_start[row + 1] = n_found
    return giver_start, giver[:n_found].copy(), columns[:n_found].copy()


@bare_kernel
def mark_risen_rows(
    dirty: Words,
    weight_s: Floats,
    before_s: Floats,
    up_tail: Ints,
    row: Ints,
    climbed_row: Ints,
    climbed_s: Floats,
    climbed_before_s: Floats,
    must: Flags,
) -> None:
    """Mark the rows to which a way down, or the climb, takes longer than before.

    `dirty` has the upward arcs that may have changed, 64 bits a word; `climbed_row` the rows that
    the climbs reach.
    """
    for word in range(len(dirty)):
        left, arc = dirty[word], word << 6
        while left:
            if left & np.uint64(1) and weight_s[arc, 1] != before_s[arc, 1]:
                at = row[up_tail[arc]]
                if at >= 0:
                    must[at] = True
            left >>= np.uint64(1)
            arc += 1
    for at in climbed_row:
        for column in range(climbed_s.shape[1]):
            if climbed_s[at, column] != climbed_before_s[at, column]:
                must[at] = True


@wide_kernel
def sweep_again(
    table_s: Floats,
    before_s: Floats,
    climbed_s: Floats,
    must: Flags,
    giver_start: Ints,
    giver: Ints,
    columns: Words,
    moved: Words,
    changed: Ints,
    start: Ints,
    head: Ints,
    first: Ints,
    weight_s: Floats,
) -> int:
    """Sweep only the rows that a rise of some times can reach; returns how many have changed.

    `table_s` comes as `before_s`, the swept table of the lower times. A row is swept if it is
    marked in `must` (which is cleared) or a row that gives it a time has changed in that column:
    all others have risen at most, so its own giver still is the least. `changed` gets the rows
    that differ, and `moved`, which comes as 0, in which columns, as bits.
    """
    one, four = np.uint64(1), np.uint64(LANES)
    n_columns = np.uint64(table_s.shape[1])
    last = n_columns - four
    n_changed = np.uint64(0)
    for row in range(np.uint64(len(start) - 1)):
        hit = must[row]
        must[row] = False
        for at in range(np.uint64(giver_start[row]), np.uint64(giver_start[row + one])):
            hit |= (moved[np.uint64(giver[at])] & columns[at]) != 0
        if not hit:
            continue
        for each in range(n_columns):
            table_s[row, each] = climbed_s[row, each]
        begin, end = np.uint64(start[row]), np.uint64(start[row + one])
        arc = np.uint64(first[row]) - begin
        column = np.uint64(0)
        while column < n_columns:
            b, c = min(column + four, last), min(column + four + four, last)
            _sweep_columns(
                table_s, np.uint64(row), min(column, last), b, c, begin, end, arc, head, weight_s
            )
            column += four + four + four
        bits = np.uint64(0)
        for each in range(n_columns):
            if table_s[row, each] != before_s[row, each]:
                bits |= one << (each & np.uint64(63))
        moved[row] = bits
        if bits:
            changed[n_changed] = row
            n_changed += one
    return int(n_changed)


@bare_kernel
def put_back(
    table_s: Floats,
    before_s: Floats,
    moved: Words,
    changed: Ints,
    n_changed: int,
    dirty: Words,
    weight_s: Floats,
    weight_before_s: Floats,
) -> None:
    """Undo `sweep_again`, and the weights of the arcs that are marked in `dirty`."""
    for at in range(n_changed):
        row = changed[at]
        moved[row] = np.uint64(0)
        for column in range(table_s.shape[1]):
            table_s[row, column] = before_s[row, column]
    for word in range(len(dirty)):
        left, arc = dirty[word], word << 6
        while left:
            if left & np.uint64(1):
                weight_s[arc, 0], weight_s[arc, 1] = (
                    weight_before_s[arc, 0],
                    weight_before_s[arc, 1],
                )
            left >>= np.uint64(1)
            arc += 1
