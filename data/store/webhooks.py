"""Webhooks: which other programs are told what is recorded, and how far each has been told.

The ledger is the outbox: a webhook remembers the number of the last event that its receiver took,
so nothing is lost when a machine stops, and nothing is kept twice. What it is signed with stands
nowhere: it follows from the key of the machine that `public_key` names, which alone sends.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from data.store.engine import write_rows
from data.store.heads import utc_text
from data.store.private import WEBHOOKS

if TYPE_CHECKING:
    from data.store.records import Row
    from data.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver and how far it is; `next_at` is when it is tried again, `stopped_at` None = on."""

    webhook_id: str
    url: str
    kinds: tuple[str, ...]
    public_key: str
    told_seq: int
    failures: int
    made_at: datetime
    next_at: datetime
    error: str = ""
    stopped_at: datetime | None = None


def add(store: Store, webhook: Webhook) -> None:
    """Record a webhook."""
    with store.writing() as connection:
        write_rows(connection, WEBHOOKS, [_row(webhook)], replace=False)


def webhooks(store: Store) -> list[Webhook]:
    """Give all webhooks in the order in which they were made."""
    statement = select(WEBHOOKS).order_by(WEBHOOKS.c.made_at, WEBHOOKS.c.webhook_id)
    with store.reading() as connection:
        return [_webhook(row._mapping) for row in connection.execute(statement)]


def remove(store: Store, webhook_id: str) -> bool:
    """Forget a webhook; False where there was none of this id."""
    gone = delete(WEBHOOKS).where(WEBHOOKS.c.webhook_id == webhook_id)
    with store.writing() as connection:
        return connection.execute(gone).rowcount > 0


def claim(store: Store, webhook: Webhook, *, now: datetime, lasts: timedelta) -> bool:
    """Take the turn to send for this webhook; False where another process has it.

    A turn ends by itself after `lasts`, so that a process that died holds nothing up.
    """
    turn = (
        update(WEBHOOKS)
        .where(
            WEBHOOKS.c.webhook_id == webhook.webhook_id,
            WEBHOOKS.c.next_at == utc_text(webhook.next_at),
            WEBHOOKS.c.told_seq == webhook.told_seq,
            WEBHOOKS.c.stopped_at.is_(None),
        )
        .values(next_at=utc_text(now + lasts))
    )
    with store.writing() as connection:
        return connection.execute(turn).rowcount == 1


def keep(store: Store, webhook: Webhook) -> None:
    """Record how far a webhook is now; one that was removed meanwhile stays removed."""
    change = update(WEBHOOKS).where(WEBHOOKS.c.webhook_id == webhook.webhook_id)
    with store.writing() as connection:
        connection.execute(change.values(_row(webhook)))


def _row(one: Webhook) -> dict[str, object]:
    return {
        "webhook_id": one.webhook_id,
        "url": one.url,
        "kinds": json.dumps(one.kinds),
        "public_key": one.public_key,
        "told_seq": one.told_seq,
        "failures": one.failures,
        "made_at": utc_text(one.made_at),
        "next_at": utc_text(one.next_at),
        "error": one.error,
        "stopped_at": None if one.stopped_at is None else utc_text(one.stopped_at),
    }


def _webhook(row: Row) -> Webhook:
    stopped = row["stopped_at"]
    return Webhook(
        webhook_id=row["webhook_id"],
        url=row["url"],
        kinds=tuple(json.loads(row["kinds"])),
        public_key=row["public_key"],
        told_seq=row["told_seq"],
        failures=row["failures"],
        made_at=datetime.fromisoformat(row["made_at"]),
        next_at=datetime.fromisoformat(row["next_at"]),
        error=row["error"],
        stopped_at=None if stopped is None else datetime.fromisoformat(stopped),
    )
