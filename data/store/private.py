"""Private tables: what no event may hold and no ledger export carries.

They stand beside ledger and projections in the same database and are neither: rows here are
changed and deleted. What people are called lies here sealed (`data.people`), what proves who
somebody is lies here as hashes (`data.access`). A copy of the database without the key of the vault
tells neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, Table, Text, select

from data.store.engine import write_rows
from data.store.schema import key_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

PRIVATE = MetaData()
ROWS_PER_COPY = 2_000


def _text(name: str, *, key: bool = False, maybe: bool = False) -> Column[Any]:
    kind = Text().with_variant(Text(collation="C"), "postgresql")
    return Column(name, kind, primary_key=key, nullable=maybe and not key)


#: By which key the rows of `PEOPLE` are sealed: a value that only this key opens.
VAULT_MARK = Table("vault_mark", PRIVATE, _text("name", key=True), _text("sealed"))

#: Fields of persons, sealed one by one. `forget_at` is when retention ends.
PEOPLE = Table(
    "people",
    PRIVATE,
    _text("person_id", key=True),
    _text("field", key=True),
    _text("sealed"),
    _text("kept_at"),
    _text("forget_at", maybe=True),
    Index("people_by_forget_at", "forget_at"),
)

#: How accounts prove who they are; `login_tag` and `subject_tag` are keyed hashes of names.
CREDENTIALS = Table(
    "credentials",
    PRIVATE,
    _text("account_id", key=True),
    _text("login_tag"),
    _text("password_hash", maybe=True),
    _text("subject_tag", maybe=True),
    _text("changed_at"),
    Index("credentials_by_login", "login_tag", unique=True),
    Index("credentials_by_subject", "subject_tag", unique=True),
)

KEY_SECRETS = Table("key_secrets", PRIVATE, _text("key_id", key=True), _text("secret_hash"))

SESSIONS = Table(
    "sessions",
    PRIVATE,
    _text("token_hash", key=True),
    _text("account_id"),
    _text("began_at"),
    _text("seen_at"),
    _text("ends_at"),
    Index("sessions_by_account", "account_id"),
)

#: Failed sign-ins, by account and by address (both as keyed hashes).
ATTEMPTS = Table(
    "sign_in_attempts",
    PRIVATE,
    _text("subject", key=True),
    Column("failures", Integer, nullable=False),
    _text("last_at"),
    _text("blocked_until", maybe=True),
)

#: What devices sent that were away; held ones wait for those before them (`data.store.batches`).
BATCHES = Table(
    "batches",
    PRIVATE,
    _text("sender", key=True),
    _text("device", key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _text("status"),
    _text("digest"),
    _text("body"),
    Column("n_entries", Integer, nullable=False),
    _text("received_at"),
)

#: Where vehicles and volunteers were (`data.store.positions`): forgotten when the operation ends.
POSITIONS = Table(
    "positions",
    PRIVATE,
    _text("position_id", key=True),
    _text("subject_id"),
    _text("convoy_id", maybe=True),
    _text("at"),
    _text("received_at"),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("accuracy_m", Float),
    Index("positions_by_subject", "subject_id", "at"),
)

#: Which programs are told what is recorded, and how far each is (`data.store.webhooks`).
WEBHOOKS = Table(
    "webhooks",
    PRIVATE,
    _text("webhook_id", key=True),
    _text("url"),
    _text("kinds"),
    _text("public_key"),
    Column("told_seq", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    _text("made_at"),
    _text("next_at"),
    _text("error"),
    _text("stopped_at", maybe=True),
)

#: What a copy of a situation carries. Not webhooks: both would tell the same. Sessions and attempts
#: end with the place they were made at.
CARRIED = (VAULT_MARK, PEOPLE, CREDENTIALS, KEY_SECRETS, BATCHES)


def rows_of(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Give all rows of a table, some thousand at a time, in the order of their keys."""
    keys = [table.c[name] for name in key_columns(table)]
    found = connection.execute(select(table).order_by(*keys))
    while part := found.fetchmany(ROWS_PER_COPY):
        yield [dict(row._mapping) for row in part]


def copy_private(origin: Connection, target: Connection) -> int:
    """Copy what a copy of a situation carries; gives the number of rows."""
    count = 0
    for table in CARRIED:
        for rows in rows_of(origin, table):
            write_rows(target, table, rows, replace=False)
            count += len(rows)
    return count
