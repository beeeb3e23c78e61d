"""Reading needs and the rows they came with: the part of a `data.store.Reader` that does so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, bindparam, select

from data.store.group_table import GROUP_COUNTS, GroupCountRecord, group_count
from data.store.lookup import known_rows
from data.store.need_records import (
    MergeRecord,
    NeedRecord,
    NeedTrust,
    merge_record,
    need_record,
    need_trust,
)
from data.store.schema import EVENTS, MERGES, NEED_TRUST, NEEDS
from geo.model import OPEN_NEED_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager


class NeedReader:
    """The part of a `data.store.Reader` that speaks of needs and of rows that came before."""

    _projections: Callable[[], AbstractContextManager[Connection]]
    _ledger: Callable[[], AbstractContextManager[Connection]]
    _last_seq: Callable[[Connection], int]

    def needs(
        self, open_only: bool = True, *, place_ids: Sequence[str] | None = None
    ) -> list[NeedRecord]:
        """Give the needs, by id, of some places or all.

        Open ones are neither met, refuted, withdrawn nor said expired.

        Whether `expires_at` has passed is for the caller to say, who knows the time that counts.
        Those that stand behind another are not open: that one speaks for them.
        """
        statement = select(NEEDS).where(NEEDS.c.removed.is_(False)).order_by(NEEDS.c.need_id)
        if open_only:
            statement = statement.where(NEEDS.c.status.in_(OPEN_NEED_STATUSES))
        if place_ids is not None:
            statement = statement.where(NEEDS.c.place_id.in_(list(place_ids)))
        with self._projections() as connection:
            return [need_record(row._mapping) for row in connection.execute(statement)]

    def merges(self) -> list[MergeRecord]:
        """Give the merges that hold, in the order in which they were made."""
        statement = select(MERGES).where(MERGES.c.undone_at.is_(None)).order_by(MERGES.c.seq)
        with self._projections() as connection:
            return [merge_record(row._mapping) for row in connection.execute(statement)]

    def group_counts(self) -> list[GroupCountRecord]:
        """Give the counts of groups of people, exact, in the order of recording."""
        statement = (
            select(GROUP_COUNTS)
            .where(GROUP_COUNTS.c.removed.is_(False))
            .order_by(GROUP_COUNTS.c.seq)
        )
        with self._projections() as connection:
            return [group_count(dict(row._mapping)) for row in connection.execute(statement)]

    def need_trust(self) -> NeedTrust:
        """Give what the cell says of trust, the default where it said nothing."""
        with self._projections() as connection:
            row = connection.execute(select(NEED_TRUST)).one_or_none()
        return NeedTrust() if row is None else need_trust(row._mapping)

    def client_ids(self, bases: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Give for each base the uploads that brought rows with client ids ``row:BASE:…``.

        In the order in which they came, whether undone or not; bases that never came are left out.
        """
        found: dict[str, tuple[str, ...]] = {}
        with self._ledger() as connection:
            until = self._last_seq(connection)
            for base in dict.fromkeys(bases):
                # ";" is the character after ":", so this is every text that begins with the base.
                rows = connection.execute(
                    _UPLOADS_OF_CLIENT_IDS,
                    {"first": f"row:{base}:", "end": f"row:{base};", "until": until},
                )
                uploads = tuple(dict.fromkeys(upload for (upload,) in rows))
                if uploads:
                    found[base] = uploads
        return found

    def recorded_client_ids(self, client_ids: Sequence[str]) -> frozenset[str]:
        """Give those of these client ids under which something was recorded, undone or not."""
        with self._ledger() as connection:
            return frozenset(known_rows(connection, client_ids))

    def subjects_of_rows(self, bases: Sequence[str]) -> frozenset[str]:
        """Give the ids of everything that rows with client ids ``row:BASE:…`` told."""
        found: set[str] = set()
        with self._ledger() as connection:
            until = self._last_seq(connection)
            for base in dict.fromkeys(bases):
                span = {"first": f"row:{base}:", "end": f"row:{base};", "until": until}
                found.update(one for (one,) in connection.execute(_SUBJECTS_OF_ROWS, span))
        return frozenset(found)

    def rows_of_uploads(
        self, upload_ids: Sequence[str], types: Sequence[str]
    ) -> Iterator[tuple[str, str]]:
        """Yield the base of each row's client id and what it told, by upload and in their order."""
        with self._ledger() as connection:
            until = self._last_seq(connection)
            for upload_id in upload_ids:
                rows = connection.execute(
                    _ROWS_OF_UPLOAD, {"upload_id": upload_id, "types": list(types), "until": until}
                )
                for client_id, subject_id in rows:
                    yield client_id.split(":")[1], subject_id


def _of_rows(column: str) -> Select[Any]:
    return (
        select(EVENTS.c[column])
        .where(
            EVENTS.c.client_id >= bindparam("first"),
            EVENTS.c.client_id < bindparam("end"),
            EVENTS.c.upload_id.is_not(None),
            EVENTS.c.seq <= bindparam("until"),
        )
        .order_by(EVENTS.c.seq)
    )


_UPLOADS_OF_CLIENT_IDS = _of_rows("upload_id")
_SUBJECTS_OF_ROWS = _of_rows("subject_id")
_ROWS_OF_UPLOAD = (
    select(EVENTS.c.client_id, EVENTS.c.subject_id)
    .where(
        EVENTS.c.upload_id == bindparam("upload_id"),
        EVENTS.c.type.in_(bindparam("types", expanding=True)),
        EVENTS.c.client_id.like("row:%"),
        EVENTS.c.seq <= bindparam("until"),
    )
    .order_by(EVENTS.c.seq)
)
