"""MGRS references (STANAG 2211; NGA.SIG.0012): a UTM zone and band, two letters, pairs of digits.

Read here for the UTM part of the Earth, 80° S to 84° N; the polar caps are refused with the reason.
"""

from __future__ import annotations

import re

from geo.errors import InputError

_FORM = re.compile(
    r"(?:mgrs\s*:?\s*)?(?P<zone>\d{1,2})\s*(?P<band>[c-hj-np-x])\s*"
    r"(?P<square>[a-hj-np-z][a-hj-np-v])\s*(?P<digits>\d{2,10}|\d{1,5}\s+\d{1,5})",
    re.IGNORECASE,
)
_POLAR = re.compile(r"(?:mgrs\s*:?\s*)?[abyz]\s*[a-z]{2}\s*\d{2,10}", re.IGNORECASE)
_COLUMNS = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
_BANDS = "CDEFGHJKLMNPQRSTUVWX"
#: Metres north of the equator of a degree of latitude, at least: enough to find the right 2,000 km.
_DEGREE_M = 110_500.0
_CYCLE_M = 2_000_000.0


def utm_of_mgrs(text: str) -> tuple[int, float, float] | None:
    """Give EPSG code, easting and northing of the middle of the square, None for another form.

    Raises
    ------
    InputError
        A zone, a column of letters or digits that cannot be, or a polar reference.

    >>> utm_of_mgrs("29R PQ 12345 67890")
    (32629, 612345.5, 3467890.5)
    """
    found = _FORM.fullmatch(text)
    if found is None:
        if _POLAR.fullmatch(text):
            raise InputError(
                repr(text[:80]), "MGRS of the polar caps is not read", "write degrees instead"
            )
        return None
    zone, band, square = int(found["zone"]), found["band"].upper(), found["square"].upper()
    if not 1 <= zone <= 60:
        raise InputError(f"MGRS zone {zone}", "zones run from 1 to 60", "check the zone")
    columns = _COLUMNS[(zone - 1) % 3]
    if square[0] not in columns:
        raise InputError(
            repr(text[:80]),
            f"square {square} is not in zone {zone}: its columns are {columns[0]} to {columns[-1]}",
            "check the letters",
        )
    easting, northing, size = _within(found["digits"], text)
    easting += (columns.index(square[0]) + 1) * 100_000.0
    northing += (_ROWS.index(square[1]) - (5 if zone % 2 == 0 else 0)) % 20 * 100_000.0
    # The letters repeat every 2,000 km: the band says which.
    south_deg = _BANDS.index(band) * 8 - 80
    northern = band >= "N"
    lowest = south_deg * _DEGREE_M + (0.0 if northern else 10_000_000.0)
    while northing + size < lowest - (0.0 if northern else 100_000.0):
        northing += _CYCLE_M
    return (32600 if northern else 32700) + zone, easting + size / 2, northing + size / 2


def _within(digits: str, text: str) -> tuple[float, float, float]:
    """Metres east and north of the square's corner, and the size of the cell."""
    parts = digits.split()
    if len(parts) == 1:
        half = len(digits) // 2
        parts = [digits[:half], digits[half:]]
    if len(parts[0]) != len(parts[1]):
        raise InputError(
            repr(text[:80]), "MGRS needs as many digits east as north", "check the digits"
        )
    size = 10.0 ** (5 - len(parts[0]))
    return int(parts[0]) * size, int(parts[1]) * size, size
