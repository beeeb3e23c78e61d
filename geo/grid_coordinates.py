"""Coordinates in metres: UTM, and the Lambert grids on the Merchich datum of Moroccan maps."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pyproj import Transformer

from geo.errors import InputError

if TYPE_CHECKING:
    from geo.crs import Bounds

#: Moroccan grids by EPSG code (zones I to IV: north, south, Sahara north and south).
GRIDS = {26191: "merchich", 26192: "merchich", 26194: "merchich", 26195: "merchich"}
_ZONES = {"1": 26191, "i": 26191, "nord": 26191, "north": 26191}
_ZONES |= {"2": 26192, "ii": 26192, "sud": 26192, "south": 26192}
_ZONES |= {"3": 26194, "iii": 26194, "4": 26195, "iv": 26195}

_METRES = r"[xe]?\s*[:=]?\s*(?P<x>\d{5,7}(?:\.\d+)?)\s*m?\s*e?[\s,;/]+"
_METRES += r"[yn]?\s*[:=]?\s*(?P<y>\d{5,8}(?:\.\d+)?)\s*m?\s*n?"
_UTM = re.compile(
    rf"(?:utm\s*)?(?:zone\s*)?(?P<zone>\d{{1,2}})\s*(?P<band>[c-hj-np-x])[\s,;:]*{_METRES}", re.I
)
_EPSG = re.compile(rf"epsg\s*:?\s*(?P<code>\d{{4,5}})[\s,;:]+{_METRES}", re.I)
_MERCHICH = re.compile(
    r"(?:merchich|lambert)(?:\s+(?:maroc|morocco|lambert|merchich|/))*\s*"
    r"(?:(?:zone\s*)?(?P<zone>iv|iii|ii|i|[1-4]|nord|sud|north|south)\b|(?P<code>2619[1-5]))?"
    rf"(?:\s+(?:maroc|morocco))?[\s,;:]*{_METRES}",
    re.I,
)
_BARE = re.compile(_METRES, re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCandidates:
    """The systems (EPSG code, x, y in metres) a text may mean, and whether it named the system."""

    systems: tuple[tuple[int, float, float], ...]
    named: bool


def grid_candidates(text: str, area: Bounds | None) -> GridCandidates | None:
    """Find which grid a text gives metres in, or None where it gives none.

    After a zone, ``S`` is a band of the north (32-40° N) and, read by others, the southern
    hemisphere: both are candidates, the band first.

    Raises
    ------
    InputError
        The text names a system that is not read here, or a zone that does not exist.
    """
    if found := _UTM.fullmatch(text):
        return GridCandidates(systems=_utm(found), named=True)
    if found := _EPSG.fullmatch(text):
        return GridCandidates(systems=((_known(int(found["code"])), *_metres(found)),), named=True)
    if found := _MERCHICH.fullmatch(text):
        if found["zone"] or found["code"]:
            code = _ZONES[found["zone"].lower()] if found["zone"] else _known(int(found["code"]))
            return GridCandidates(systems=((code, *_metres(found)),), named=True)
        systems = tuple((code, *_metres(found)) for code in GRIDS)
        return GridCandidates(systems=systems, named=False)
    if found := _BARE.fullmatch(text):
        codes = [26191, 26192]
        if area is not None:
            codes += _utm_codes(area)
        return GridCandidates(systems=tuple((code, *_metres(found)) for code in codes), named=False)
    return None


def from_grid(code: int, x: float, y: float) -> list[tuple[float, float]]:
    """Degrees (lon, lat) of a point in a grid: one, or none where the grid does not reach."""
    lon, lat = _transformer(code).transform(x, y)
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return []
    # The seventh decimal is a centimetre.
    return [(round(lon, 7), round(lat, 7))]


def _utm(found: re.Match[str]) -> tuple[tuple[int, float, float], ...]:
    zone, band = int(found["zone"]), found["band"].upper()
    if not 1 <= zone <= 60:
        raise InputError(f"UTM zone {zone}", "zones run from 1 to 60", "check the zone")
    north, south = (32600 + zone, *_metres(found)), (32700 + zone, *_metres(found))
    if band == "S":
        return (north, south)
    return (north,) if band >= "N" else (south,)


def _utm_codes(area: Bounds) -> list[int]:
    """UTM zones that the area touches."""
    zones = range(int((area[0] + 180) // 6) + 1, int((area[2] + 180) // 6) + 2)
    base = 32600 if (area[1] + area[3]) / 2 >= 0 else 32700
    return [base + zone for zone in zones if 1 <= zone <= 60]


def _known(code: int) -> int:
    if code in GRIDS or 32601 <= code <= 32660 or 32701 <= code <= 32760:
        return code
    raise InputError(
        f"EPSG:{code}",
        "only UTM (EPSG:326xx, 327xx) and Merchich (EPSG:26191 to 26195) metres are read",
        "convert it to degrees first",
    )


def _metres(found: re.Match[str]) -> tuple[float, float]:
    return float(found["x"]), float(found["y"])


@lru_cache(maxsize=16)
def _transformer(code: int) -> Transformer:
    return Transformer.from_crs(code, 4326, always_xy=True)
