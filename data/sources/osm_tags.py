"""What the tags of an OSM way say, in our words and units.

Tags are text that anybody may write: a value that cannot be understood is unknown (NaN) and is
counted, never guessed. Meanings follow the OSM wiki, pages Key:oneway, Key:maxweight,
Key:maxheight, Key:width, Key:maxspeed, Key:barrier and Key:hgv.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Ways that somebody or something can move along. The rest (construction, proposed, raceway,
# via_ferrata, platform, rest_area, corridor …) is no road, or none yet.
ROAD_KINDS = frozenset(
    {
        *("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"),
        *("secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified"),
        *("residential", "living_street", "service", "road", "track", "byway", "busway"),
        *("pedestrian", "footway", "path", "steps", "bridleway", "cycleway"),
    }
)
# Barriers that a motor vehicle does not pass unless the node says otherwise.
BLOCKING_BARRIERS = frozenset(
    {
        *("bollard", "block", "cycle_barrier", "motorcycle_barrier", "jersey_barrier", "log"),
        *("debris", "planter", "stile", "turnstile", "full-height_turnstile", "kissing_gate"),
        *("wicket_gate", "horse_stile", "barrier_board"),
    }
)
# Barriers that open: they block only where the node says `no`.
OPENING_BARRIERS = frozenset({"gate", "lift_gate", "swing_gate", "sliding_gate", "chain"})

MAX_TEXT = 255  # the limit of the OSM database; a file made elsewhere may hold more

# Weight limits stand for `hgv=no` where nothing better is written: a heavy goods vehicle is one of
# more than 3.5 t (OSM wiki, Key:hgv).
HGV_LIMIT_T = 3.5

_NO = frozenset({"", "no", "none", "false", "0"})
_ONE_WAY = frozenset({"yes", "true", "1"})
_ONE_WAY_BACK = frozenset({"-1", "reverse"})
_NOT_STATED = frozenset({"", "none", "default", "unsigned", "no_sign", "below_default", "signals"})
_NOT_STATED |= {"variable", "no"}

_NUMBER = re.compile(r"^[~<≤]?\s*(\d{1,7}(?:[.,]\d{1,6})?)\s*([a-zA-Z\"'/]*)\.?$")
_FEET_AND_INCHES = re.compile(r"^(\d{1,3})'\s*(?:(\d{1,2}(?:\.\d{1,3})?)(?:\"|''))?$")

_TONNES = {"": 1.0, "t": 1.0, "to": 1.0, "ton": 1.0, "tonnes": 1.0, "kg": 0.001}
_TONNES |= {"st": 0.90718474, "lt": 1.0160469088, "lbs": 0.00045359237, "lb": 0.00045359237}
_METRES = {"": 1.0, "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0}
_METRES |= {"cm": 0.01, "mm": 0.001, "ft": 0.3048, "feet": 0.3048, "in": 0.0254, '"': 0.0254}
_METRES |= {"km": 1000.0}
_KMH = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}

# `maxspeed=MA:urban` and the like name the limit of the country's code. One value for all, close to
# Morocco's (60/100/120) and western Europe's (50/80-90/120-130): an estimate.
_SPEED_ZONES_KMH = {
    "urban": 50.0,
    "rural": 90.0,
    "trunk": 100.0,
    "motorway": 120.0,
    "living_street": 20.0,
    "walk": 5.0,
}


def directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether motor traffic may go along and against the way as it is drawn."""
    oneway = tags.get("oneway", "").strip().lower()
    if oneway in _ONE_WAY:
        return True, False
    if oneway in _ONE_WAY_BACK:
        return False, True
    implied = (
        tags.get("junction") in {"roundabout", "circular"} or tags.get("highway") == "motorway"
    )
    # `reversible` and `alternating` change by the hour: both directions stay possible.
    return True, oneway in _NO - {""} or oneway in {"reversible", "alternating"} or not implied


def is_set(tags: Mapping[str, str], key: str) -> bool:
    """Whether `key` is present with a value other than no."""
    return tags.get(key, "").strip().lower() not in _NO


def text(tags: Mapping[str, str], *keys: str) -> str:
    """Value of the first of `keys` that is present, trimmed and capped; else ``""``."""
    for key in keys:
        if value := tags.get(key, "").strip():
            return value[:MAX_TEXT]
    return ""


def motor_access(tags: Mapping[str, str]) -> str:
    """What is said of motor traffic in particular: the most specific tag that is present."""
    return text(tags, "motor_vehicle", "vehicle").lower()


def barrier_blocks(tags: Mapping[str, str]) -> bool:
    """Whether a barrier node stops motor vehicles."""
    said = text(tags, "motor_vehicle", "vehicle", "access").lower()
    kind = text(tags, "barrier").lower()
    if kind in BLOCKING_BARRIERS:
        return said not in {"yes", "permissive", "designated", "destination"}
    return kind in OPENING_BARRIERS and said == "no"


@lru_cache(maxsize=4096)
def tonnes(written: str) -> float | None:
    """A weight in t; NaN where no limit is stated; None where the text is not understood."""
    return _quantity(written, _TONNES, low=0.1, high=1000.0)


@lru_cache(maxsize=4096)
def metres(written: str) -> float | None:
    """A width or height in m; NaN where none is stated; None where the text is not understood."""
    if match := _FEET_AND_INCHES.match(written.strip()):
        return int(match[1]) * 0.3048 + float(match[2] or 0) * 0.0254
    return _quantity(written, _METRES, low=0.1, high=200.0)


@lru_cache(maxsize=4096)
def kilometres_per_hour(written: str) -> float | None:
    """A speed limit in km/h; NaN where none is stated; None where the text is not understood."""
    zone = written.strip().lower().rpartition(":")[2]
    if zone in _SPEED_ZONES_KMH:
        return _SPEED_ZONES_KMH[zone]
    return _quantity(written, _KMH, low=1.0, high=200.0)


@lru_cache(maxsize=256)
def layer(written: str) -> int:
    """Level above or below the ground, 0 where it is not understood."""
    match = re.match(r"^[+-]?\d{1,2}$", written.strip())
    return int(match[0]) if match else 0


def _quantity(written: str, units: Mapping[str, float], *, low: float, high: float) -> float | None:
    plain = written.strip().lower()
    if plain in _NOT_STATED:
        return math.nan
    match = _NUMBER.match(plain)
    if match is None or match[2] not in units:
        return None
    value = float(match[1].replace(",", ".")) * units[match[2]]
    return value if low <= value <= high else None
