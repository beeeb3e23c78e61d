"""Sessions: a token that only the browser holds, and its hash here, until it ends."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from data.store.engine import write_rows
from data.store.heads import utc_text
from data.store.private import SESSIONS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

#: A session ends after this time, whatever happens: about a shift.
LASTS = timedelta(hours=12)
#: It ends earlier when nothing was asked for so long: the page was closed, or the machine left.
IDLE = timedelta(hours=2)
#: That it is in use is written down at most so often.
NOTED_EVERY = timedelta(minutes=1)
TOKEN_LENGTH = 43


def token_hash(token: str) -> str:
    """Hash a token: 256 bits of chance need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(connection: Connection, account_id: str, *, now: datetime) -> str:
    """Begin a session; gives its token, which is never the one of an earlier session."""
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": token_hash(token),
        "account_id": account_id,
        "began_at": utc_text(now),
        "seen_at": utc_text(now),
        "ends_at": utc_text(now + LASTS),
    }
    write_rows(connection, SESSIONS, [row], replace=False)
    # Those that ended are of no use to anybody.
    connection.execute(delete(SESSIONS).where(SESSIONS.c.ends_at <= utc_text(now)))
    connection.execute(delete(SESSIONS).where(SESSIONS.c.seen_at <= utc_text(now - IDLE)))
    return token


def session_of(connection: Connection, token: str, *, now: datetime) -> tuple[str, bool] | None:
    """Give the account of a session that has not ended, and whether its use is to be noted."""
    if len(token) != TOKEN_LENGTH:
        return None
    row = connection.execute(
        select(SESSIONS).where(SESSIONS.c.token_hash == token_hash(token))
    ).one_or_none()
    if row is None or row.ends_at <= utc_text(now) or row.seen_at <= utc_text(now - IDLE):
        return None
    return str(row.account_id), row.seen_at <= utc_text(now - NOTED_EVERY)


def note_use(connection: Connection, token: str, *, now: datetime) -> None:
    """Note that a session is in use."""
    connection.execute(
        update(SESSIONS)
        .where(SESSIONS.c.token_hash == token_hash(token))
        .values(seen_at=utc_text(now))
    )


def end_session(connection: Connection, token: str) -> str | None:
    """End one session; gives its account, or None where there was none."""
    row = connection.execute(
        select(SESSIONS.c.account_id).where(SESSIONS.c.token_hash == token_hash(token))
    ).scalar()
    connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash == token_hash(token)))
    return None if row is None else str(row)


def end_sessions(connection: Connection, account_id: str) -> None:
    """End all sessions of an account."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.account_id == account_id))
