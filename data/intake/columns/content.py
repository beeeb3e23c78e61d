"""What the cells of a column look like: shares of numbers, dates, coordinates, items and so on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data.intake.cells.dates import looks_like_date
from data.intake.cells.numbers import number
from data.intake.cells.words import road_state, truth, unit_word, vehicle_class
from data.intake.items import find_item
from geo.coordinates import read_coordinate
from geo.errors import InputError
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.crs import Bounds

#: So many filled cells of a column are looked at.
SAMPLE = 120
_PHONE = re.compile(r"^(?:\+|00)?[\d\s().\-]{9,20}$")
_EMAIL = re.compile(r"^\S+@\S+\.[a-z]{2,}$", re.IGNORECASE)
_UUID = re.compile(
    r"^(?:uuid:)?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$", re.I
)
_LINK = re.compile(r"^(?:https?://|geo:)", re.IGNORECASE)
_CODE = re.compile(r"^(?=.*\d)[A-Za-z]{0,5}[\-_.\s]?[\d\-_.\s/]{3,}[A-Za-z]?$")
_DECIMAL = re.compile(r"[.,٫]\d{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a situation can say of cells: plain names of places, of communes, and its area."""

    places: frozenset[str] = field(default_factory=frozenset)
    communes: frozenset[str] = field(default_factory=frozenset)
    depots: frozenset[str] = field(default_factory=frozenset)
    area: Bounds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Shares (0 to 1) of the filled cells of a column that look like something.

    `filled` is the share of all cells, `distinct` of the filled ones; `words` is the mean number of
    words; `low` and `high` are the extremes of what is a number, NaN without one.
    """

    filled: float = 0.0
    distinct: float = 0.0
    words: float = 0.0
    number: float = 0.0
    whole: float = 0.0
    decimals: float = 0.0
    date: float = 0.0
    pair: float = 0.0
    lon: float = 0.0
    lat: float = 0.0
    item: float = 0.0
    unit: float = 0.0
    truth: float = 0.0
    phone: float = 0.0
    email: float = 0.0
    uuid: float = 0.0
    code: float = 0.0
    place: float = 0.0
    commune: float = 0.0
    depot: float = 0.0
    vehicle_class: float = 0.0
    road_state: float = 0.0


def content_of(cells: Sequence[str], context: Context) -> Content:
    """Look at the cells of a column; empty ones count only against `filled`."""
    filled = [cell for cell in cells if cell][:SAMPLE]
    if not filled:
        return Content()
    n = len(filled)
    numbers = [value for cell in filled if (value := number(cell)) is not None]
    folded = [plain(cell) for cell in filled]

    def share(hits: int) -> float:
        return hits / n

    lon, lat = _degrees(filled, context.area)
    return Content(
        filled=min(1.0, sum(map(bool, cells)) / max(1, len(cells))),
        distinct=len(set(folded)) / n,
        words=sum(len(cell.split()) for cell in filled) / n,
        number=share(len(numbers)),
        whole=share(sum(value % 1 == 0 for value in numbers)),
        decimals=share(sum(bool(_DECIMAL.search(cell)) for cell in filled)),
        date=share(sum(map(looks_like_date, filled))),
        pair=share(sum(_is_pair(cell, context.area) for cell in filled[:30])) * n / min(n, 30),
        lon=lon,
        lat=lat,
        item=share(sum(_is_item(cell) for cell in filled)),
        unit=share(sum(unit_word(cell) is not None for cell in filled)),
        truth=share(sum(truth(cell) is not None for cell in filled)),
        phone=share(sum(_is_phone(cell) for cell in filled)),
        email=share(sum(bool(_EMAIL.match(cell)) for cell in filled)),
        uuid=share(sum(bool(_UUID.match(cell)) for cell in filled)),
        code=share(sum(bool(_CODE.match(cell)) for cell in filled)),
        place=share(sum(one in context.places for one in folded)),
        commune=share(sum(one in context.communes for one in folded)),
        depot=share(sum(one in context.depots for one in folded)),
        vehicle_class=share(sum(vehicle_class(cell) is not None for cell in filled)),
        road_state=share(sum(road_state(cell) is not None for cell in filled)),
    )


def _is_item(cell: str) -> bool:
    found = find_item(cell)
    return found is not None and (found.exact or len(cell.split()) <= 5)


def _is_phone(cell: str) -> bool:
    digits = sum(char.isdigit() for char in cell)
    return bool(_PHONE.match(cell)) and 9 <= digits <= 15 and "." not in cell.replace(". ", "")


def _is_pair(cell: str, area: Bounds | None) -> bool:
    """Whether both coordinates stand in one cell."""
    if len(cell) > 200 or number(cell) is not None or not any(char.isdigit() for char in cell):
        return False
    if _LINK.match(cell):
        return True
    try:
        read = read_coordinate(cell, area=area)
    except InputError:
        return False
    return read.form not in ("utm", "merchich") or "?" not in read.warning


def _degrees(cells: Sequence[str], area: Bounds | None) -> tuple[float, float]:
    """Shares of cells that can be a longitude and a latitude, in the area."""
    west, south, east, north = area or (-180.0, -90.0, 180.0, 90.0)
    lon = lat = 0
    for cell in cells:
        value = number(cell)
        if value is None or not _DECIMAL.search(cell):
            continue
        lon += west <= value <= east
        lat += south <= value <= north
    return lon / len(cells), lat / len(cells)
