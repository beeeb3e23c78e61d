"""Requests of people themselves: a need told by form or message, and how its sender is reached.

What is asked for becomes a need of the organisation *Public requests*, which nobody recognised: it
is in view at once and, where the situation has accounts, in quarantine until somebody looked. Name,
phone and position of the sender go into the vault, under the id of the need; no event holds them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.operations.people import begin_vault
from dashboard.operations.recording import known_as, need_event
from dashboard.operations.situation import utc_now
from data.events import NeedReported, NewEvent
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from dashboard.operations.situation import Situation

#: Who tells what people ask for themselves.
PUBLIC = "Public requests"
#: Letters of a reference: the end of a need's id, enough to find it among a million.
REFERENCE_LENGTH = 6
#: Places so far from a phone may be the one that is meant.
NEAR_M, NEAR_OFFERED = 10_000.0, 6
# What was told before is looked up before it is told again: one request after the other.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How who asks is reached, all of it optional; `position` is lon, lat in EPSG:4326."""

    name: str = ""
    phone: str = ""
    position: tuple[float, float] | None = None

    def fields(self) -> dict[str, str]:
        """The fields of the vault that are known."""
        where = "" if self.position is None else "{:.6f} {:.6f}".format(*self.position)
        known = {"name": self.name.strip(), "phone": self.phone.strip(), "position": where}
        return {name: text for name, text in known.items() if text}


def take_request(
    situation: Situation,
    *,
    place: str,
    goods: Sequence[tuple[str, str]],
    reported_from: str = "",
    note: str = "",
    contact: Contact = Contact(),
    organisation: str = "",
    client_id: str | None = None,
    written_place: str = "",
) -> dict[str, Any]:
    """Record what somebody asks for, all of it or nothing.

    Parameters
    ----------
    place, reported_from
        Where help is needed and where the reporter is: ids, or names that decide it.
    goods
        Item and quantity of each, with a unit if it has one.
    organisation
        Who passes it on (name or id); `PUBLIC` unless said.
    client_id
        Of the form or message: told again under it, nothing is recorded.
    written_place
        The place as its sender wrote it, where `place` is an id.

    Returns
    -------
    dict
        ``{need_ids, reference, place_id, new}``.
    """
    if not goods:
        raise InputError("a request for nothing", "an item with its quantity is needed", "say what")
    base = None if client_id is None else known_as("request", client_id)
    needs = [
        need_event(
            situation,
            place=place,
            item=item,
            quantity=quantity,
            note=note,
            reported_from=reported_from,
        )[0]
        for item, quantity in goods
    ]
    if written_place:
        needs = [one.model_copy(update={"written_place": written_place[:2_000]}) for one in needs]
    with _turn:
        new = base is None or not situation.store.recorded_client_ids([f"{base}:0"])
        recorded = situation.store.append(
            _events(situation, needs, organisation, base),
            also=_keeping(situation, needs, contact) if new else None,
        )
    ids = [str(one.payload["need_id"]) for one in recorded if one.type == NeedReported.type]
    return {
        "need_ids": ids,
        "reference": reference_of(ids[0]),
        "place_id": needs[0].place_id,
        "new": new,
    }


def places_near(situation: Situation, lon: float, lat: float) -> list[str]:
    """Ids of the places around a position, the nearest first, at most `NEAR_M` away."""
    import geopandas as gpd
    from shapely.geometry import Point

    places, crs = situation.places(), situation.crs()
    here = gpd.GeoSeries([Point(lon, lat)], crs="EPSG:4326").to_crs(crs).iloc[0]
    away_m = places.to_crs(crs).distance(here)
    close = away_m[away_m <= NEAR_M].sort_values().head(NEAR_OFFERED)
    return [str(one) for one in places.loc[close.index, "place_id"]]


def reference_of(need_id: str) -> str:
    """Give what a sender calls a need by: the last letters of its id.

    >>> reference_of("need:01HQ5Y3V9K7M2QXZABCDEF1234")
    'EF1234'
    """
    return need_id[-REFERENCE_LENGTH:].upper()


def contact_of(situation: Situation, need_id: str) -> dict[str, Any]:
    """Give name, phone and position of who asked for a need, as far as they are kept."""
    from dashboard.operations.people import open_vault
    from data.access.roles import OWNER

    vault = open_vault(situation)
    return {} if vault is None else vault.read([need_id], visitor=OWNER).get(need_id, {})


def _events(
    situation: Situation, needs: Sequence[NeedReported], organisation: str, base: str | None
) -> list[NewEvent]:
    sender, begin = situation.organisation(organisation.strip() or PUBLIC)
    return [
        *(NewEvent(payload=one) for one in begin),
        *(
            NewEvent(
                payload=one,
                organisation_id=sender,
                client_id=None if base is None else f"{base}:{number}",
            )
            for number, one in enumerate(needs)
        ),
    ]


def _keeping(situation: Situation, needs: Sequence[NeedReported], contact: Contact) -> Any:
    """Give what keeps the contact within the transaction; None where there is nothing to keep."""
    fields = contact.fields()
    if not fields:
        return None
    vault = begin_vault(situation)

    def keep(connection: Connection) -> None:
        vault.keep_within(connection, {one.need_id: fields for one in needs}, now=utc_now())

    return keep
