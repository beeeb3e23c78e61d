"""Webhooks: other programs are told of what is recorded, signed, in order, until they took it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dashboard.operations import outgoing
from dashboard.operations.situation import utc_now
from data.events import EVENT_TYPES
from data.store import webhooks
from data.store.signing import key_path, load_key, own_key
from data.store.webhooks import Webhook
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from data.store.signing import SigningKey

#: Sends a body with headers to an address and gives the status; `OSError` where none came.
Post = Callable[[str, bytes, Mapping[str, str]], int]

#: Who may sign in and by which links is told to nobody.
SECRET_KINDS = frozenset({"account", "key", "person", "field_link"})
KINDS = tuple(sorted({one.partition(".")[0] for one in EVENT_TYPES} - SECRET_KINDS))
MOST_WEBHOOKS = 20
#: Events and bytes of one message; a single larger event goes by itself.
MOST_EVENTS, MOST_BYTES = 100, 500_000
#: The first wait after a failure; each further one doubles it up to the longest.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
#: So many failures in a row, more than three days, and nobody is there any more.
MOST_FAILURES = 80
#: How long one process has the turn to send.
TURN = timedelta(minutes=2)
#: Messages to one receiver in a row before the others have their turn.
MESSAGES_A_TURN = 20


def add(situation: Situation, url: str, *, kinds: Sequence[str] = ()) -> dict[str, Any]:
    """Tell a receiver, from now on, of what is recorded.

    Parameters
    ----------
    kinds
        Which events, by what stands before the dot of their type (``need``, ``convoy`` …); none
        means all of `KINDS`.

    Returns
    -------
    dict
        As `listed`, with the `secret` by which the receiver checks signatures.
    """
    target = outgoing.target_of(url)
    _refuse_private_number(target.host)
    unknown = [one for one in kinds if one not in KINDS]
    if unknown:
        raise InputError(
            f"events {unknown[0][:60]!a}", f"of {', '.join(KINDS)} are told", "choose of these"
        )
    if len(webhooks.webhooks(situation.store)) >= MOST_WEBHOOKS:
        raise RuleError("one more webhook", f"{MOST_WEBHOOKS} are possible", "remove another one")
    key, _path = own_key(key_path())
    now = utc_now()
    made = Webhook(
        webhook_id=new_id("webhook"),
        url=url,
        kinds=tuple(sorted(set(kinds))),
        public_key=key.public_key,
        told_seq=situation.store.head().seq,
        failures=0,
        made_at=now,
        next_at=now,
    )
    webhooks.add(situation.store, made)
    return {**as_json(made), "secret": secret_of(key, made)}


def listed(situation: Situation) -> list[dict[str, Any]]:
    """Give the webhooks with how far each is; no secret stands in them."""
    head = situation.store.head().seq
    return [
        {**as_json(one), "behind": max(0, head - one.told_seq)}
        for one in webhooks.webhooks(situation.store)
    ]


def remove(situation: Situation, webhook_id: str) -> dict[str, Any]:
    """Tell a receiver nothing any more."""
    if not webhooks.remove(situation.store, webhook_id):
        raise UnknownIdError(webhook_id[:100], "no webhook has this id", "see `webhook list`")
    return {"removed": webhook_id}


def resume(situation: Situation, webhook_id: str) -> dict[str, Any]:
    """Try a receiver again at once, also one that was given up; it is told all that it missed."""
    for one in webhooks.webhooks(situation.store):
        if one.webhook_id == webhook_id:
            again = replace(one, failures=0, next_at=utc_now(), error="", stopped_at=None)
            webhooks.keep(situation.store, again)
            return as_json(again)
    raise UnknownIdError(webhook_id[:100], "no webhook has this id", "see `webhook list`")


def as_json(webhook: Webhook) -> dict[str, Any]:
    """Write a webhook for programs and people."""
    return {
        "webhook_id": webhook.webhook_id,
        "url": webhook.url,
        "kinds": list(webhook.kinds) or list(KINDS),
        "told_seq": webhook.told_seq,
        "failures": webhook.failures,
        "error": webhook.error,
        "next_at": webhook.next_at.isoformat(timespec="seconds"),
        "stopped": webhook.stopped_at is not None,
    }


def secret_of(key: SigningKey, webhook: Webhook) -> str:
    """Give the secret of a webhook; it follows from the machine's key and stands nowhere."""
    message = f"qafila webhook secret\n{webhook.webhook_id}\n{webhook.url}".encode()
    digest = hashlib.sha256(bytes.fromhex(key.sign_bytes(message))).digest()
    return "whsec_" + base64.b64encode(digest).decode("ascii")


def signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    """Sign a message as Standard Webhooks 1.0 does: ``v1,`` and HMAC-SHA-256 in base 64."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")


def send_due(
    situation: Situation, *, post: Post = outgoing.post, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Tell every receiver whose turn it is what it was not told yet.

    Only what this machine's key signs is sent; others of the situation send theirs.

    Returns
    -------
    list of dict
        Of each receiver that was told or tried: as `listed`, with `messages` that it took.
    """
    key = load_key(key_path())
    now = now or utc_now()
    if key is None:
        return []
    head = situation.store.head().seq
    told = []
    for one in webhooks.webhooks(situation.store):
        due = one.stopped_at is None and one.next_at <= now and one.told_seq < head
        if not due or one.public_key != key.public_key:
            continue
        if webhooks.claim(situation.store, one, now=now, lasts=TURN):
            after, messages = _tell(situation, key, one, post=post, now=now)
            webhooks.keep(situation.store, after)
            told.append({**as_json(after), "messages": messages})
    return told


def _tell(
    situation: Situation, key: SigningKey, webhook: Webhook, *, post: Post, now: datetime
) -> tuple[Webhook, int]:
    """Send messages until all is told or one was not taken; gives how far the webhook is then."""
    messages = 0
    while messages < MESSAGES_A_TURN:
        lines, last = _waiting(situation, webhook)
        if lines:
            try:
                why = _sent(situation, key, webhook, lines, post=post, now=now)
            except (OSError, InputError) as error:
                why = str(error)
            if why:
                return _failed(webhook, why, now), messages
            messages += 1
        webhook = replace(webhook, told_seq=last, failures=0, error="", next_at=now)
        if last >= situation.store.head().seq:
            break
    return webhook, messages


def _waiting(situation: Situation, webhook: Webhook) -> tuple[list[str], int]:
    """Give the next events that a receiver was not told, as JSON, and up to which they reach."""
    head = situation.store.head().seq
    kinds = frozenset(webhook.kinds or KINDS)
    types = [one for one in EVENT_TYPES if one.partition(".")[0] in kinds]
    lines: list[str] = []
    n_bytes, last = 0, webhook.told_seq
    for seq, line in situation.store.numbered_lines(since=webhook.told_seq, types=types):
        n_bytes += len(line.encode())
        if lines and (len(lines) == MOST_EVENTS or n_bytes > MOST_BYTES):
            return lines, last
        lines.append(line)
        last = seq
    return lines, max(last, head)


def _sent(
    situation: Situation,
    key: SigningKey,
    webhook: Webhook,
    lines: Sequence[str],
    *,
    post: Post,
    now: datetime,
) -> str:
    """Send one message; gives why it was not taken, or nothing."""
    body = json.dumps(
        {
            "type": "qafila.events",
            "timestamp": now.isoformat(timespec="seconds"),
            "data": {
                "situation_id": situation.info().situation_id,
                "notice": situation.info().notice,
                "events": [json.loads(line) for line in lines],
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    # The same events have the same id however often they are sent.
    said = "\n".join((webhook.webhook_id, *lines)).encode()
    message_id = f"msg_{hashlib.sha256(said).hexdigest()[:32]}"
    at = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Qafila",
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(secret_of(key, webhook), message_id, at, body),
    }
    status = post(webhook.url, body, headers)
    return "" if 200 <= status < 300 else f"it answered {status}"


def _failed(webhook: Webhook, why: str, now: datetime) -> Webhook:
    failures = webhook.failures + 1
    wait = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
    return replace(
        webhook,
        failures=failures,
        error=why[:300],
        next_at=now + wait,
        stopped_at=now if failures >= MOST_FAILURES else None,
    )


def _refuse_private_number(host: str) -> None:
    """Refuse at once what is plainly of this network; names are looked at when they are asked."""
    import ipaddress

    try:
        ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
            raise _private(host) from None
        return
    if not outgoing.is_public(host):
        raise _private(host)


def _private(host: str) -> outgoing.RefusedAddressError:
    return outgoing.RefusedAddressError(
        host, "it is no host of the public internet", "give an address that others reach too"
    )
