"""Stock: what comes in, moves, arrives, is counted, lost, returned, kept; each undone as a slip."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, get_args

from dashboard.operations import goods
from data.events import (
    DeliveryReported,
    DepotRegistered,
    Event,
    LotRegistered,
    NewEvent,
    ReservedLine,
    SlipUndone,
    StockCounted,
    StockMoved,
    StockReleased,
    StockReserved,
)
from data.intake.depots import stable_id
from data.lots import lot_id_of
from data.packs import written
from data.stock_accounts import donor_of
from data.stock_book import StockBook
from geo.errors import InputError, UnknownIdError
from geo.model import new_id
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dashboard.operations.situation import Situation

LossCause = Literal["damaged", "lost", "stolen", "expired"]
LOSS_CAUSES: tuple[LossCause, ...] = get_args(LossCause)
MAX_NOTE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who says it, when it happened, and what they add."""

    organisation: str = ""
    at: datetime | None = None
    note: str = ""


NOBODY = Said()


def receive(
    situation: Situation,
    depot: str,
    item: str,
    quantity: str,
    *,
    donor: str,
    lot: str = "",
    expires: str = "",
    said: Said = NOBODY,
) -> dict[str, Any]:
    """Book goods of a donor into a depot, with their lot and last day if they have one.

    Parameters
    ----------
    quantity
        With its unit or pack: ``40``, ``12 box``, ``3.5 kg``.
    donor
        A name, or ``donor:…``.
    lot, expires
        What stands on the boxes, and the last day at which they may be handed out.
    """
    depot_id, thing = goods.find_depot(situation, depot), goods.find_item(situation, item)
    account = donor_of(donor)
    amount, day = thing.read(quantity), goods.read_day(expires, "--expires")
    slip_id = new_id("slip")
    events: list[Event] = []
    lot_id = None
    if lot or day:
        lot_id = lot_id_of(thing.item_id, lot, day)
        known = {one.lot_id: one for one in situation.store.lots()}.get(lot_id)
        if known is None or (day is not None and known.expires_on != day):
            events.append(
                LotRegistered(lot_id=lot_id, item_id=thing.item_id, code=lot[:200], expires_on=day)
            )
    parts = [(lot_id or "", amount)]
    events += movements(thing, account, depot_id, parts, slip_id=slip_id, note=said.note)
    return record(situation, slip_id, events, said)


def move(
    situation: Situation,
    source: str,
    goal: str,
    item: str,
    quantity: str,
    *,
    lot: str | None = None,
    reservation: str | None = None,
    said: Said = NOBODY,
) -> dict[str, Any]:
    """Move goods between depots and convoys, first expired first out.

    Raises
    ------
    InputError
        The goal is a place: what arrives there is a delivery (`deliver`).
    RuleError
        Too little is on hand, it has expired, or it is kept for others.
    """
    giver, taker = goods.find_account(situation, source), goods.find_account(situation, goal)
    for account in (giver, taker):
        if account.partition(":")[0] not in ("depot", "convoy"):
            raise InputError(
                f"move {account}",
                "goods move between depots and convoys",
                "use receive, deliver, loss or return",
            )
    thing = goods.find_item(situation, item)
    return _handle(
        situation, thing, giver, taker, thing.read(quantity), lot, said, reservation=reservation
    )


def lose(
    situation: Situation,
    account: str,
    item: str,
    quantity: str,
    *,
    cause: str,
    lot: str | None = None,
    said: Said = NOBODY,
) -> dict[str, Any]:
    """Book goods of a depot or a convoy as damaged, lost, stolen or expired."""
    if cause not in LOSS_CAUSES:
        raise InputError(
            f"cause {cause[:40]!r}", f"one of {', '.join(LOSS_CAUSES)} is needed", "name it"
        )
    giver, thing = goods.find_account(situation, account), goods.find_item(situation, item)
    return _handle(
        situation,
        thing,
        giver,
        f"loss:{cause}",
        thing.read(quantity),
        lot,
        said,
        only_expired=cause == "expired" and lot is None,
    )


def give_back(
    situation: Situation,
    source: str,
    goal: str,
    item: str,
    quantity: str,
    *,
    lot: str | None = None,
    said: Said = NOBODY,
) -> dict[str, Any]:
    """Book goods back: from a place or a convoy to a depot, or from a depot to its donor."""
    giver, taker = goods.find_account(situation, source), goods.find_account(situation, goal)
    ways = {("place", "depot"), ("place", "convoy"), ("convoy", "depot"), ("depot", "donor")}
    if (giver.partition(":")[0], taker.partition(":")[0]) not in ways:
        raise InputError(
            f"return from {giver} to {taker}",
            "from a place or convoy to a depot, or from a depot to a donor:NAME",
            "use `qafila stock move` for other ways",
        )
    thing = goods.find_item(situation, item)
    return _handle(situation, thing, giver, taker, thing.read(quantity), lot, said)


def count(
    situation: Situation,
    depot: str,
    item: str,
    quantity: str,
    *,
    lot: str | None = None,
    said: Said = NOBODY,
) -> dict[str, Any]:
    """Book what was counted in a depot; the difference from the books is a movement of its own.

    Parameters
    ----------
    quantity
        What lies there: of the item, or of one `lot` of it. 0 is a count too.

    Raises
    ------
    InputError
        The depot holds several lots of the item, and no lot is named.
    """
    depot_id, thing = goods.find_depot(situation, depot), goods.find_item(situation, item)
    counted = Decimal(0) if quantity.strip() == "0" else thing.read(quantity)
    held = {
        one.lot_id: one.quantity
        for one in situation.store.lot_balances(accounts=[depot_id])
        if one.item_id == thing.item_id
    }
    lot_id = goods.find_lot(situation, thing.item_id, lot)
    if lot_id is None:
        if len(held) > 1:
            raise InputError(
                f"count of {thing.item_id} in {depot_id}",
                f"it lies there in {len(held)} lots, which are counted one by one",
                "name each with --lot; see `qafila stock show --lots`",
            )
        lot_id = next(iter(held), "")
    booked, slip_id = held.get(lot_id, Decimal(0)), new_id("slip")
    difference = counted - booked
    events: list[Event] = [
        StockCounted(
            count_id=new_id("count"),
            depot_id=depot_id,
            item_id=thing.item_id,
            counted=counted,
            booked=booked,
            unit=thing.unit,
            lot_id=lot_id or None,
            slip_id=slip_id,
            note=said.note[:MAX_NOTE],
        )
    ]
    account = f"count:{depot_id.partition(':')[2]}"
    giver, taker = (account, depot_id) if difference > 0 else (depot_id, account)
    if difference:
        parts = [(lot_id, abs(difference))]
        events += movements(thing, giver, taker, parts, slip_id=slip_id, note=said.note)
    result = record(situation, slip_id, events, said)
    return {**result, "booked": written(booked), "difference": written(difference)}


def reserve(
    situation: Situation,
    depot: str,
    item: str,
    quantity: str,
    *,
    kept_for: str,
    said: Said = NOBODY,
) -> dict[str, Any]:
    """Keep goods of a depot for somebody: an organisation, a purpose, never a person."""
    depot_id, thing = goods.find_depot(situation, depot), goods.find_item(situation, item)
    if not kept_for.strip():
        raise InputError("--for", "for whom it is kept is needed", "name it")
    line = ReservedLine(
        depot_id=depot_id, item_id=thing.item_id, quantity=thing.read(quantity), unit=thing.unit
    )
    reservation_id = new_id("reservation")
    payload = StockReserved(
        reservation_id=reservation_id, kept_for=kept_for[:MAX_NOTE], lines=(line,)
    )
    append(situation, [payload], said)
    return {"reservation_id": reservation_id, "item": thing.item_id,
            "quantity": written(line.quantity), "depot_id": depot_id}  # fmt: skip


def release(
    situation: Situation, reservation_id: str, *, reason: str = "", said: Said = NOBODY
) -> dict[str, Any]:
    """Free what is left of a reservation."""
    why = (reason or said.note)[:MAX_NOTE]
    append(situation, [StockReleased(reservation_id=reservation_id, reason=why)], said)
    return {"released": reservation_id}


def register_depot(
    situation: Situation, name: str, position: tuple[float, float], *, name_ar: str = ""
) -> dict[str, Any]:
    """Register a depot by its name, or put one that is known at another position.

    Parameters
    ----------
    position
        Longitude and latitude, in degrees.
    """
    if not plain(name):
        raise InputError(f"depot {name[:40]!r}", "a name is needed", "name it")
    lon, lat = position
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise InputError(f"position {lon},{lat}", "degrees as LON,LAT are needed", "correct it")
    depot_id = stable_id("depot", name)
    for known in situation.store.depots():
        if name == known.depot_id or plain(known.name) == plain(name):
            depot_id, name = known.depot_id, known.name
            name_ar = name_ar or known.name_ar
    payload = DepotRegistered(
        depot_id=depot_id, name=name[:200], name_ar=name_ar[:200], lon=lon, lat=lat
    )
    situation.record([payload])
    return {"depot_id": depot_id, "name": payload.name, "lon": lon, "lat": lat}


def undo_slip(situation: Situation, slip_id: str, *, reason: str = "") -> dict[str, Any]:
    """Take back one handling with all that it moved, counted, delivered or paid."""
    if not slip_id.startswith("slip:"):
        raise UnknownIdError(slip_id, "the id of a slip (slip:…) is needed", "see --json")
    situation.record([SlipUndone(slip_id=slip_id, reason=reason[:MAX_NOTE])])
    return {"undone": slip_id}


def movements(
    thing: goods.StockItem,
    giver: str,
    taker: str,
    parts: Sequence[tuple[str, Decimal]],
    *,
    slip_id: str | None,
    note: str = "",
    reservation: str | None = None,
) -> list[Event]:
    """Give a movement for each lot of one handling."""
    return [
        StockMoved(
            movement_id=new_id("movement"),
            item_id=thing.item_id,
            quantity=quantity,
            unit=thing.unit,
            from_account=giver,
            to_account=taker,
            note=note[:MAX_NOTE],
            lot_id=lot_id or None,
            slip_id=slip_id,
            reservation_id=reservation,
        )
        for lot_id, quantity in parts
    ]


def record(
    situation: Situation, slip_id: str, events: Sequence[Event], said: Said
) -> dict[str, Any]:
    """Record one handling, and say what moved by it."""
    append(situation, events, said)
    moved = [one for one in events if isinstance(one, StockMoved)]
    arrived = [one for one in events if isinstance(one, DeliveryReported)]
    result: dict[str, Any] = {
        "slip_id": slip_id,
        "movements": [
            {
                "movement_id": one.movement_id,
                "item": one.item_id,
                "lot_id": one.lot_id,
                "quantity": written(one.quantity),
                "unit": one.unit,
                "from": one.from_account,
                "to": one.to_account,
            }
            for one in moved
        ],
    }
    if arrived:
        result["deliveries"] = [
            {
                "delivery_id": one.delivery_id,
                "place_id": one.place_id,
                "outcome": one.outcome,
                "needs": {need.need_id: written(need.quantity) for need in one.needs},
            }
            for one in arrived
        ]
    return result


def append(situation: Situation, events: Sequence[Event], said: Said) -> None:
    """Record events on behalf of whoever says so, at the time that they name."""
    at = goods.require_past(situation, said.at)
    organisation_id, registering = (
        situation.organisation(said.organisation) if said.organisation else (None, [])
    )
    situation.store.append(
        [
            *(NewEvent(payload=one) for one in registering),
            *(
                NewEvent(payload=one, organisation_id=organisation_id, reported_at=at)
                for one in events
            ),
        ]
    )


def _handle(
    situation: Situation,
    thing: goods.StockItem,
    giver: str,
    taker: str,
    quantity: Decimal,
    lot: str | None,
    said: Said,
    *,
    reservation: str | None = None,
    only_expired: bool = False,
) -> dict[str, Any]:
    """Take goods from an account and book them to another as one slip."""
    slip_id = new_id("slip")
    parts = stock_book(situation, said.at).take(
        giver,
        taker,
        thing.item_id,
        quantity,
        lot_id=goods.find_lot(situation, thing.item_id, lot),
        holder=reservation or convoy_of(taker),
        only_expired=only_expired,
    )
    events = movements(
        thing, giver, taker, parts, slip_id=slip_id, note=said.note, reservation=reservation
    )
    return record(situation, slip_id, events, said)


def stock_book(
    situation: Situation, at: datetime | None, *, accounts: Sequence[str] | None = None
) -> StockBook:
    """Give what accounts hold now, some or all; what has expired is told by the day of `at`."""
    return StockBook(
        situation.store.lot_balances(accounts=accounts),
        situation.store.reserved_lines(depots=accounts),
        today=goods.day_of(situation, situation.aware(at)),
    )


def convoy_of(account: str) -> str:
    """Give an account that is a convoy, else an empty text."""
    return account if account.startswith("convoy:") else ""
