"""Items of one's own: what the catalogue does not know, and what people weighed themselves."""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from dashboard.operations import goods
from dashboard.operations.stockroom import NOBODY, Said, append
from data.catalogue import ITEM_ID
from data.events import ItemRegistered
from data.intake.items import find_item
from data.packs import read_amount, written
from geo.errors import InputError
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation


def register_item(
    situation: Situation,
    item_id: str,
    *,
    name: str = "",
    unit: str = "",
    packs: Sequence[str] = (),
    kg_per_unit: float | None = None,
    m3_per_unit: float | None = None,
    said: Said = NOBODY,
) -> dict[str, Any]:
    """Register an item of one's own, or packs (``box=48``) or the weight of one that is known.

    What is not given stays as it was. An item whose weight and volume are known is planned with.

    Raises
    ------
    InputError
        An id, a unit, a pack or a number that cannot be; a new item without name and unit.
    """
    if not ITEM_ID.fullmatch(item_id):
        raise InputError(
            f"item {item_id[:60]!r}", "an id such as soap or baby_kit is needed", "correct it"
        )
    known = goods.stock_items(situation).get(item_id)
    if known is not None and unit and plain(unit) != plain(known.unit):
        raise InputError(
            f"{item_id} in {unit[:20]!r}",
            f"it is counted in {known.unit}, and what lies in depots with it",
            "give the weight and volume of that, or register another item",
        )
    if known is None and not (name and unit):
        raise InputError(
            f"item {item_id}", "a new item needs a name and a unit", "give --name and --unit"
        )
    sizes = dict(known.packs) if known else {}
    for pack in packs:
        label, _, size = pack.partition("=")
        if not label.strip() or not size:
            raise InputError(f"--pack {pack[:60]!r}", "NAME=UNITS is needed", "such as box=48")
        sizes[label.strip()] = read_amount(size)[0]
    own = {one.item_id: one for one in situation.store.own_items()}.get(item_id)
    try:
        payload = ItemRegistered(
            item_id=item_id,
            name=name or (known.name if known else "") or item_id,
            unit=unit or (known.unit if known else ""),
            kg_per_unit=kg_per_unit if kg_per_unit is not None else own and own.kg_per_unit,
            m3_per_unit=m3_per_unit if m3_per_unit is not None else own and own.m3_per_unit,
            packs=sizes,
        )
    except ValidationError as error:
        wrong = error.errors()[0]
        raise InputError(
            f"item {item_id}, {'.'.join(map(str, wrong['loc']))}: {str(wrong['input'])[:40]!r}",
            wrong["msg"].removeprefix("Input ").lower(),
            "correct it",
        ) from error
    append(situation, [payload], said)
    return {
        "item": item_id,
        "name": payload.name,
        "unit": payload.unit,
        "packs": {label: written(size) for label, size in payload.packs.items()},
    }


def name_item(
    situation: Situation,
    name: str,
    unit: str,
    kg: str,
    m3: str,
    *,
    pack: str = "",
    said: Said = NOBODY,
) -> dict[str, Any]:
    """Register an item as a form has it: by its name alone, with what one unit weighs and fills.

    Parameters
    ----------
    name
        What people call it, in any language. A name that is known means that item: it is weighed.
    kg, m3
        Of one unit, as people write numbers.
    pack
        Such as ``box=48``.
    """
    return register_item(
        situation,
        _item_of_name(situation, name) or _new_item_id(situation, name),
        name=name,
        unit=unit,
        packs=[pack] if pack else [],
        kg_per_unit=_measure(kg, "kg"),
        m3_per_unit=_measure(m3, "m3"),
        said=said,
    )


def _measure(text: str, unit: str) -> float:
    """Read a weight or volume; `unit` may stand behind it and nothing else."""
    amount, written_unit = read_amount(text)
    if plain(written_unit) not in ("", unit):
        raise InputError(f"{text[:40]!r}", f"a number of {unit} is needed", "correct it")
    return float(amount)


def _item_of_name(situation: Situation, name: str) -> str:
    """Give the item that this is a name of, as a whole: a lining of tents is no tent."""
    form = plain(name)
    for item in goods.stock_items(situation).values():
        if form in map(plain, (item.item_id, *item.names)):
            return item.item_id
    found = find_item(name)
    return found.item_id if found is not None and found.exact else ""


def _new_item_id(situation: Situation, name: str) -> str:
    """Give an id like the name where that is written in Latin letters, else one with a number."""
    latin = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    like = re.sub(r"[^a-z0-9]+", "_", latin).strip("_")[:40].rstrip("_")
    known = goods.stock_items(situation)
    if re.fullmatch(r"[a-z][a-z0-9_]*", like) and like not in known:
        return like
    return next(one for one in (f"item_{n}" for n in itertools.count(1)) if one not in known)
