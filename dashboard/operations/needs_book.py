"""The book of needs: all that the page of needs shows, and what a person adds to it by hand."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from dashboard.operations import trusting
from dashboard.operations.duplicates import duplicates
from dashboard.operations.recording import need_event
from data.events import NeedReported, NewEvent
from geo.errors import InputError, RuleError, UnknownIdError

if TYPE_CHECKING:
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from data.events import Event


def needs_book(situation: Situation) -> dict[str, Any]:
    """Give needs, what is told twice, and what waits for an organisation to be recognised.

    Returns
    -------
    dict
        As `trusting.list_needs`, with `duplicates` (as `duplicates.duplicates`), `pending`
        (organisations in quarantine with the number of their open needs) and `based_on_seq`.
    """
    seq = situation.store.seq()
    book = trusting.list_needs(situation)
    held = Counter(
        one["organisation"]
        for one in book["needs"]
        if one["quarantined"] and one["status"] in trusting.OPEN
    )
    return book | {
        "based_on_seq": seq,
        "duplicates": duplicates(situation),
        "pending": [
            {
                "organisation_id": one.organisation_id,
                "name": one.name,
                "status": one.status,
                "n_needs": held[one.name],
            }
            for one in situation.store.organisations()
            if one.status != "recognised" and held[one.name]
        ],
    }


def tell_need(
    situation: Situation,
    *,
    place: str,
    item: str,
    quantity: str,
    organisation: str = "",
    reported_from: str = "",
    weight: float = 1.0,
    note: str = "",
    at: datetime | None = None,
) -> dict[str, Any]:
    """Record a need that somebody told by word of mouth, phone or radio.

    Parameters
    ----------
    organisation
        Who says so (name or id); an unknown one is registered as pending. "" where it is whoever
        records it.
    reported_from
        Where the reporter is, by id or name; "" where nobody said.

    Returns
    -------
    dict
        The payload as recorded.
    """
    for name, text in (("place", place), ("item", item), ("quantity", quantity)):
        if not text.strip():
            raise InputError(f"need: {name} is empty", "it is needed", "fill it in")
    payload, told = need_event(
        situation,
        place=place.strip(),
        item=item.strip(),
        quantity=quantity.strip(),
        weight=weight,
        note=note.strip(),
        reported_at=at,
        reported_from=reported_from.strip(),
    )
    organisation_id: str | None = None
    begin: list[Event] = []
    if organisation.strip():
        organisation_id, begin = situation.organisation(organisation.strip())
    *_before, recorded = situation.store.append(
        [
            *(NewEvent(payload=one) for one in begin),
            NewEvent(payload=payload, organisation_id=organisation_id, reported_at=told),
        ]
    )
    return recorded.payload


def withdraw_need(situation: Situation, need_id: str) -> dict[str, Any]:
    """Take back a need that was told by hand; one that came in a table goes with its upload."""
    told = situation.store.history(need_id)
    if not told or told[0].type != NeedReported.type:
        raise UnknownIdError(need_id[:100], "no such need here", "see `qafila needs list`")
    if told[0].provenance is not None and told[0].provenance.upload_id:
        raise RuleError(need_id, "it came in a table", "undo the upload, or refute the need")
    return trusting.set_status(situation, [need_id], "withdrawn")
