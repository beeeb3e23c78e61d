"""Throttling of sign-in: a guesser is slowed down, a person with a typo is not, whoever else tries.

Every try is counted before its password is looked at, so that many at once get no further than few
one after the other; a success takes the count back. Counts survive a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from data.store.engine import write_rows
from data.store.heads import utc_text
from data.store.private import ATTEMPTS
from geo.errors import QafilaError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from data.people.key import VaultKey

#: Failures are counted together if they come within this time; a block lasts as long.
WINDOW = timedelta(minutes=15)
#: So many for one account from one address; a guesser elsewhere locks nobody out here.
PAIR_LIMIT = 5
#: So many from one address, for whatever account.
ADDRESS_LIMIT = 20
#: So many for one account from anywhere: a guesser with many addresses.
ACCOUNT_LIMIT = 50


class ThrottledError(QafilaError):
    """Too many tries to sign in; `retry_after_s` says how long to wait."""

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        minutes = max(1, -(-retry_after_s // 60))
        super().__init__("sign-in", f"too many tries failed, wait {minutes} min", "then try again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try to sign in, counted; `last` says that a failure blocks what follows."""

    subjects: tuple[str, ...]
    last: bool


def count_try(
    connection: Connection, key: VaultKey, *, login: str, address: str, now: datetime
) -> Try:
    """Count a try as failed until it is known better; raises `ThrottledError` while blocked."""
    moment = utc_text(now)
    limits = {
        key.tag("attempt", f"pair|{login}|{address}"): PAIR_LIMIT,
        key.tag("attempt", f"address|{address}"): ADDRESS_LIMIT,
        key.tag("attempt", f"account|{login}"): ACCOUNT_LIMIT,
    }
    held = {
        row.subject: row
        for row in connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.subject.in_(limits)))
    }
    blocks = [row.blocked_until for row in held.values() if row.blocked_until]
    if blocks and max(blocks) > moment:
        raise ThrottledError(_seconds(max(blocks), now))
    rows, last = [], False
    for subject, limit in limits.items():
        row = held.get(subject)
        fresh = row is None or row.blocked_until or row.last_at < utc_text(now - WINDOW)
        failures = 1 if fresh or row is None else row.failures + 1
        full = failures >= limit
        last = last or full
        rows.append(
            {
                "subject": subject,
                "failures": failures,
                "last_at": moment,
                "blocked_until": utc_text(now + WINDOW) if full else None,
            }
        )
    write_rows(connection, ATTEMPTS, rows, replace=True)
    connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.last_at < utc_text(now - 2 * WINDOW)))
    return Try(subjects=tuple(limits), last=last)


def take_back(connection: Connection, tried: Try) -> None:
    """Forget what was counted for an account and an address that turned out to be right."""
    connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.subject.in_(tried.subjects)))


def _seconds(until: str, now: datetime) -> int:
    from datetime import datetime as moment

    return max(1, round((moment.fromisoformat(until) - now).total_seconds()))
