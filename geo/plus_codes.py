"""Plus Codes (Open Location Code, open specification of 2015): their decoding, short ones too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geo.errors import InputError

if TYPE_CHECKING:
    from geo.crs import Bounds

_ALPHABET = "23456789CFGHJMPQRVWX"
_LETTERS = f"[{_ALPHABET}]"
_CODE = re.compile(rf"({_LETTERS}{{0,8}}0{{0,6}})\+({_LETTERS}{{0,7}})(?=$|[\s,])", re.IGNORECASE)
# Degrees of latitude and longitude that each pair of digits parts: 20, 1, 1/20 … down to 1/8000.
_PAIR_DEGREES = (20.0, 1.0, 0.05, 0.0025, 0.000125)
_GRID_ROWS, _GRID_COLUMNS = 5, 4


def decode_plus_code(text: str, area: Bounds | None) -> tuple[float, float] | None:
    """Give (lon, lat) of the middle of a Plus Code's cell, or None where the text begins with none.

    A short code (``XXV7+9C``, often with the name of a town behind) means the nearest cell of that
    name, here to the middle of the `area`.

    Raises
    ------
    InputError
        A short code without an area, or a code that the specification does not allow.
    """
    found = _CODE.match(text)
    if not found:
        return None
    before, after = found[1].upper(), found[2].upper()
    wrong = len(before) % 2 or len(after) == 1 or ("0" in before and (after or len(before) != 8))
    if wrong or not before:
        raise InputError(repr(text[:40]), "not a valid Plus Code", "copy it again from the map")
    if len(before) == 8:
        return _decode(before.rstrip("0") + after)
    if area is None:
        raise InputError(
            repr(text[:40]),
            "a short Plus Code needs the area it lies in",
            "give the full code, such as 8C2HXXV7+9C",
        )
    return _nearest(before + after, 8 - len(before), area)


def _decode(digits: str) -> tuple[float, float]:
    south, west = -90.0, -180.0
    step_lat = step_lon = 20.0
    for place, degrees in enumerate(_PAIR_DEGREES):
        pair = digits[2 * place : 2 * place + 2]
        if not pair:
            break
        south += _ALPHABET.index(pair[0]) * degrees
        west += _ALPHABET.index(pair[1]) * degrees
        step_lat = step_lon = degrees
    for digit in digits[10:]:
        step_lat /= _GRID_ROWS
        step_lon /= _GRID_COLUMNS
        row, column = divmod(_ALPHABET.index(digit), _GRID_COLUMNS)
        south += row * step_lat
        west += column * step_lon
    # Ten decimals are a hundredth of a millimetre; the rest is rounding of the sums.
    return round(west + step_lon / 2, 10), round(south + step_lat / 2, 10)


def _nearest(digits: str, missing: int, area: Bounds) -> tuple[float, float]:
    """Complete a code by the cell of the area's middle, or its neighbour if that is nearer."""
    middle_lon, middle_lat = (area[0] + area[2]) / 2, (area[1] + area[3]) / 2
    prefix = ""
    lat, lon = middle_lat + 90, middle_lon + 180
    for degrees in _PAIR_DEGREES[: missing // 2]:
        row, column = int(lat // degrees), int(lon // degrees)
        prefix += _ALPHABET[min(row, 19)] + _ALPHABET[min(column, 19)]
        lat, lon = lat - row * degrees, lon - column * degrees
    found_lon, found_lat = _decode(prefix + digits)
    size = _PAIR_DEGREES[missing // 2 - 1]
    found_lat += _towards(found_lat, middle_lat, size, limit=90)
    found_lon += _towards(found_lon, middle_lon, size, limit=180)
    return round(found_lon, 10), round(found_lat, 10)


def _towards(found: float, middle: float, size: float, *, limit: float) -> float:
    """How far to move by one cell where that comes nearer and stays on Earth."""
    if found - middle > size / 2 and found - size >= -limit:
        return -size
    if middle - found > size / 2 and found + size <= limit:
        return size
    return 0.0
