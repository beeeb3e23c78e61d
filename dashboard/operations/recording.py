"""What other programs tell one at a time: recorded once, however often it is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods
from dashboard.operations.roads import closure_event
from data.events import NeedReported, NewEvent
from data.intake.times import NEED_LASTS
from geo.errors import ConflictError, InputError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from data.events import Event

#: Who sends where nobody has an account.
OWNER_SENDS = "owner"

#: A need may be valid for so long at most; later it has to be told anew.
MAX_NEED_LASTS = timedelta(days=60)


def record_once(
    situation: Situation,
    payload: Event,
    *,
    client_id: str | None,
    sender: str,
    reported_at: datetime | None = None,
    apart_from: Collection[str] = (),
) -> tuple[dict[str, Any], bool]:
    """Record an event, or find the one that the same sender told under the same id before.

    Parameters
    ----------
    client_id
        The sender's own id of what it tells; None where it has none: then it is recorded again.
    sender
        Id of the account or key; another sender's ids are others.
    apart_from
        Fields that may differ between two tellings, beside the id of the subject.

    Returns
    -------
    tuple
        The payload as recorded, and whether it is new.

    Raises
    ------
    ConflictError
        The id was used for something that says otherwise.
    """
    (recorded,) = situation.store.append(
        [
            NewEvent(
                payload=payload,
                reported_at=reported_at,
                client_id=None if client_id is None else known_as(sender, client_id),
            )
        ]
    )
    if recorded.payload[payload.subject] == payload.subject_id:
        return recorded.payload, True
    told = payload.model_dump(mode="json")
    free = {payload.subject, *apart_from}
    if any(recorded.payload.get(name) != told[name] for name in told.keys() - free):
        raise ConflictError(
            f"client_id {client_id!r}",
            f"it was used for {recorded.payload[payload.subject]}, which says otherwise",
            "make a new id for each thing that is told",
        )
    return recorded.payload, False


def known_as(sender: str, client_id: str) -> str:
    """Write a sender's own id so that another sender's is another."""
    return f"sent:{sender or OWNER_SENDS}:{client_id}"


def report_need(
    situation: Situation,
    *,
    place: str,
    item: str,
    quantity: str,
    weight: float = 1.0,
    note: str = "",
    hours: float | None = None,
    reported_at: datetime | None = None,
    reported_from: str = "",
    client_id: str | None = None,
    sender: str = "",
) -> tuple[dict[str, Any], bool]:
    """Record that a place lacks something.

    Parameters
    ----------
    place, item
        By id, or by a name that decides it.
    quantity
        With its unit or pack; a bare number counts in the item's unit.
    hours
        For how long it holds; by default as long as a need that came in a table.
    reported_from
        Where the reporter is, which need not be where help is needed; a place by id or name.

    Returns
    -------
    tuple
        The payload of the need, and whether it is new.
    """
    payload, at = need_event(
        situation,
        place=place,
        item=item,
        quantity=quantity,
        weight=weight,
        note=note,
        hours=hours,
        reported_at=reported_at,
        reported_from=reported_from,
    )
    return record_once(
        situation,
        payload,
        client_id=client_id,
        sender=sender,
        reported_at=at,
        apart_from=("expires_at",),
    )


def need_event(
    situation: Situation,
    *,
    place: str,
    item: str,
    quantity: str,
    weight: float = 1.0,
    note: str = "",
    hours: float | None = None,
    reported_at: datetime | None = None,
    reported_from: str = "",
) -> tuple[NeedReported, datetime | None]:
    """Make what `report_need` records, and the moment at which it was told; nothing is recorded."""
    thing = goods.find_item(situation, item)
    at = goods.require_past(situation, reported_at)
    lasts = NEED_LASTS if hours is None else timedelta(hours=hours)
    if not timedelta(0) < lasts <= MAX_NEED_LASTS:
        raise InputError(
            f"a need for {hours:g} hours",
            f"more than 0 and at most {MAX_NEED_LASTS // timedelta(hours=1)} are possible",
            "correct it",
        )
    payload = NeedReported(
        need_id=new_id("need"),
        place_id=goods.find_place(situation, place),
        item_id=thing.item_id,
        quantity=thing.read(quantity),
        unit=thing.unit,
        reported_from=goods.find_place(situation, reported_from) if reported_from else None,
        weight=weight,
        written_place="" if place.startswith("place:") else place[:2_000],
        expires_at=(at or situation.now()) + lasts,
        note=note[:2_000],
    )
    return payload, at


def close_once(
    situation: Situation,
    *,
    edges: Sequence[str] = (),
    near: tuple[float, float] | None = None,
    classes: Sequence[str] = (),
    state: str = "closed",
    until: datetime | None = None,
    source: str = "",
    reason: str = "",
    confidence: float = 1.0,
    max_weight_t: float | None = None,
    client_id: str | None = None,
    sender: str = "",
) -> tuple[dict[str, Any], bool]:
    """Record a closure as `roads.close_road` does; gives its payload and whether it is new."""
    payload = closure_event(
        situation,
        edges=edges,
        near=near,
        classes=classes,
        state=state,
        until=situation.aware(until),
        source=source,
        reason=reason,
        confidence=confidence,
        max_weight_t=max_weight_t,
    )
    return record_once(
        situation, payload, client_id=client_id, sender=sender, apart_from=("roads_sha256",)
    )
