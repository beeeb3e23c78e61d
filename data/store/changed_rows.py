"""Rows of the tables of state as columns, and only those that something happened to since.

What is counted over a whole situation (indicators) would else read every row anew after each
event. No row of a table of state is ever deleted, and each says which event touched it last, so
that what is new is one range of an index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from data.store.columns import PROJECTIONS, key_columns
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager


class ChangedRowsReader:
    """The part of a `data.store.Reader` that gives rows by when they were touched last."""

    _projections: Callable[[], AbstractContextManager[Connection]]

    def changed_rows(
        self, table: str, columns: Sequence[str], *, since: int = 0
    ) -> dict[str, list[Any]]:
        """Give columns of the rows that an event after `since` touched; all rows come by key.

        Parameters
        ----------
        table
            Name of a table of state, such as ``needs``.
        columns
            Names of its columns, as they lie in it: times are ISO 8601, quantities whole
            micro-units.
        since
            Number of an event; 0 for all rows.

        Returns
        -------
        dict
            A list for each of `columns`, of one length. Removed rows are among them (`removed`).

        Raises
        ------
        UnknownIdError
            There is no such table or column.
        """
        known = PROJECTIONS.tables.get(table)
        if known is None:
            raise UnknownIdError(table, "a table of state is needed", "see data/store")
        missing = [name for name in columns if name not in known.columns]
        if missing:
            raise UnknownIdError(
                f"{table}.{missing[0]}", "a column of that table is needed", "see data/store"
            )
        statement = select(*(known.c[name] for name in columns))
        # Sorted by key, some engines read the whole table for three rows.
        if since > 0:
            statement = statement.where(known.c.seq > since)
        else:
            statement = statement.order_by(*(known.c[name] for name in key_columns(known)))
        with self._projections() as connection:
            rows = connection.execute(statement).fetchall()
        found = list(zip(*rows, strict=True)) or [()] * len(columns)
        return {name: list(values) for name, values in zip(columns, found, strict=True)}
