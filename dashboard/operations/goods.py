"""Goods: what people call items, depots, places and amounts, found or refused in one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dashboard.operations.one_moment import once
from data.catalogue import items
from data.intake.items import item_of
from data.packs import in_unit, read_amount
from data.stock_accounts import account_of
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import Item
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.operations.situation import Situation

#: Accounts that are named by their id; depots and places go by their name too.
_OTHER_KINDS = ("donor", "convoy", "loss", "count", "fund", "allocation")


@dataclass(frozen=True, slots=True, kw_only=True)
class StockItem:
    """An item as the stock book knows it; `packs` gives how many units each pack holds."""

    item_id: str
    unit: str
    name: str = ""
    names: tuple[str, ...] = ()
    packs: Mapping[str, Decimal] = field(default_factory=dict)

    def read(self, text: str) -> Decimal:
        """Read a quantity with its unit or pack, exactly in the item's unit."""
        amount, unit = read_amount(text)
        return in_unit(amount, unit, item_id=self.item_id, unit=self.unit, packs=self.packs)


def stock_items(situation: Situation) -> dict[str, StockItem]:
    """Give the items of the catalogue and those that people registered, with their packs."""
    found = {
        item_id: StockItem(
            item_id=item_id,
            unit=item.unit,
            name=item.name(),
            names=tuple(item.names.values()),
        )
        for item_id, item in items().items()
    }
    for own in situation.store.own_items():
        found[own.item_id] = StockItem(
            item_id=own.item_id,
            unit=own.unit,
            name=own.name,
            names=(own.name, *(found[own.item_id].names if own.item_id in found else ())),
            packs={name: Decimal(size) for name, size in own.packs.items()},
        )
    for item_id, unit in situation.store.item_units().items():
        found.setdefault(item_id, StockItem(item_id=item_id, unit=unit, name=item_id))
    return found


def relief_items(situation: Situation) -> dict[str, Item]:
    """Give all items with what one unit weighs and fills: the catalogue's, and those of people.

    Who weighed an item of the catalogue knows it better than the catalogue. 0 stands for what
    nobody has said of an item of one's own.
    """
    known = items()
    for own in situation.store.own_items():
        listed = known.get(own.item_id)
        known[own.item_id] = Item(
            item_id=own.item_id,
            unit=own.unit,
            kg_per_unit=own.kg_per_unit or (listed.kg_per_unit if listed else 0.0),
            m3_per_unit=own.m3_per_unit or (listed.m3_per_unit if listed else 0.0),
            names=listed.names if listed else {"en": own.name},
            source=listed.source if listed else own.source,
        )
    return known


def loadable_items(situation: Situation) -> dict[str, Item]:
    """Give the items that a plan can carry: those whose weight and volume are known."""
    return {
        item_id: item
        for item_id, item in relief_items(situation).items()
        if item.kg_per_unit > 0 and item.m3_per_unit > 0
    }


def item_titles(situation: Situation, language: str) -> dict[str, str]:
    """Give what a person calls each item, by id, in a language."""
    return {item_id: item.name(language) for item_id, item in relief_items(situation).items()}


def item_title(situation: Situation, item_id: str, language: str) -> str:
    """Give what a person calls an item; the store is asked for one of people only."""
    listed = items().get(item_id)
    if listed is not None:
        return listed.name(language)
    return item_titles(situation, language).get(item_id, item_id)


def find_item(situation: Situation, text: str) -> StockItem:
    """Give the item of an id or a name in any language; raises `UnknownIdError`."""
    known = once(situation, "stock items", lambda: stock_items(situation))
    if text in known:
        return known[text]
    form = plain(text)
    for item in known.values():
        if form and form in (plain(item.item_id), *map(plain, item.names)):
            return item
    meant = item_of(text)
    if meant in known:
        return known[meant]
    raise UnknownIdError(
        f"item {text[:80]!r}",
        f"one of {', '.join(list(known)[:15])} is needed",
        "or register it: `qafila stock item ID --name … --unit …`",
    )


def find_depot(situation: Situation, text: str) -> str:
    """Give the id of a depot by its id or name; raises `UnknownIdError`."""
    depots = situation.store.depots()
    form = plain(text)
    for depot in depots:
        if text == depot.depot_id or (form and form in (plain(depot.name), plain(depot.name_ar))):
            return depot.depot_id
    names = ", ".join(depot.name or depot.depot_id for depot in depots[:8])
    raise UnknownIdError(
        f"depot {text[:80]!r}",
        f"a depot of this situation is needed: {names}" if names else "there is no depot yet",
        "correct it, or register it: `qafila stock depot NAME LON,LAT`",
    )


def find_place(situation: Situation, text: str) -> str:
    """Give the id of a place by its id or its name, where that decides it."""
    if text.startswith("place:"):
        current = situation.current_place(text)
        if current in set(situation.places()["place_id"]):
            return current
        raise UnknownIdError(text, "no such place in this situation", "see `qafila places --list`")
    from dashboard.operations.naming import match

    found = match(situation, text)
    if found["place_id"]:
        return str(found["place_id"])
    offered = ", ".join(f"{one['name']} ({one['place_id']})" for one in found["candidates"][:4])
    raise UnknownIdError(
        f"place {text[:80]!r}",
        f"it may be {offered}" if offered else "no such place in this situation",
        "give the id of the place",
    )


def find_account(situation: Situation, text: str) -> str:
    """Give an account by its id, or a depot, else a place, by its name."""
    kind, _, rest = text.partition(":")
    if kind in _OTHER_KINDS:
        return account_of(kind, rest)
    if kind == "depot" and rest:
        return find_depot(situation, text)
    if kind == "place" and rest:
        return find_place(situation, text)
    try:
        return find_depot(situation, text)
    except UnknownIdError:
        return find_place(situation, text)


def find_lot(situation: Situation, item_id: str, text: str | None) -> str | None:
    """Give the id of a lot of an item by its id or code; "" asks for goods without a lot."""
    if not text:
        return text
    for lot in situation.store.lots():
        if lot.item_id == item_id and text in (lot.lot_id, lot.code):
            return lot.lot_id
    raise UnknownIdError(
        f"lot {text[:80]!r} of {item_id}",
        "no such lot was registered",
        "see `qafila stock show --lots`",
    )


def read_day(text: str | None, option: str) -> date | None:
    """Read a day such as 2023-10-31."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{option} {text[:40]!r}", "a day such as 2023-10-31 is needed", "correct it"
        ) from error


def day_of(situation: Situation, at: datetime | None = None) -> date:
    """Give the day of a moment, of now unless said, in the situation's zone."""
    moment = at or situation.now()
    return moment.astimezone(ZoneInfo(situation.info().timezone)).date()


def require_past(situation: Situation, at: datetime | None) -> datetime | None:
    """Refuse a moment to come; gives it in UTC."""
    aware = situation.aware(at)
    if aware is not None and aware > situation.now():
        raise RuleError(
            f"at {aware.isoformat()}", "a time that is not in the future", "correct --at"
        )
    return aware
