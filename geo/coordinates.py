"""Coordinates as people write them: recognised with a reason to trust them, or refused with one.

`read_coordinate` knows decimal degrees (point or comma), degrees with minutes and seconds, links of
Google Maps, OpenStreetMap and others (read as text, never fetched), ``geo:`` addresses and WKT
points, Plus Codes, UTM, MGRS, and Merchich / Lambert coordinates of Moroccan maps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from geo.errors import EmptyInputError, InputError, TooLargeError
from geo.grid_coordinates import GRIDS, from_grid, grid_candidates
from geo.mgrs import utm_of_mgrs
from geo.phrase import phrase
from geo.plus_codes import decode_plus_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.crs import Bounds

#: Longer texts are no coordinate.
MAX_TEXT = 2_000

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫−–‐＋", "01234567890123456789.---+")
_MARKS = str.maketrans("º˚′’‘´`″“”،؛", "°°'''''\"\"\",;")

_NUMBER = r"[+-]?\d{1,3}(?:\.\d+)?"
_PAIR = re.compile(rf"\(?\s*({_NUMBER})°?(\s*[,;/|]\s*|\s+|(?=[+-]))({_NUMBER})°?\s*\)?", re.ASCII)
_COMMA_PAIR = re.compile(
    r"\(?\s*([+-]?\d{1,3},\d+)°?(?:\s*[;/|]\s*|\s*,\s*|\s+)([+-]?\d{1,3},\d+)°?\s*\)?", re.ASCII
)
_LABELLED = re.compile(
    r"(?:lat(?:itude)?\s*[:=]?\s*(?P<lat>[+-]?\d+(?:[.,]\d+)?))\W+"
    r"(?:lon(?:g(?:itude)?)?|lng)\s*[:=]?\s*(?P<lon>[+-]?\d+(?:[.,]\d+)?)"
    r"|(?:lon(?:g(?:itude)?)?|lng)\s*[:=]?\s*(?P<lon2>[+-]?\d+(?:[.,]\d+)?)\W+"
    r"lat(?:itude)?\s*[:=]?\s*(?P<lat2>[+-]?\d+(?:[.,]\d+)?)",
    re.ASCII | re.IGNORECASE,
)
_WKT = re.compile(rf"(?:srid=4326;)?point\s*z?\s*\(\s*({_NUMBER})\s+({_NUMBER})[\s\d.+-]*\)", re.I)

_HEMISPHERES = {
    **dict.fromkeys(("n", "nord", "north", "شمالا", "شمال"), "N"),
    **dict.fromkeys(("s", "sud", "south", "جنوبا", "جنوب", "ج"), "S"),
    **dict.fromkeys(("e", "est", "east", "شرقا", "شرق"), "E"),
    **dict.fromkeys(("w", "o", "west", "ouest", "غربا", "غرب", "غ"), "W"),
    "ش": "?",  # north or east, by its turn
}
_HEMISPHERE_WORDS = "|".join(sorted(_HEMISPHERES, key=len, reverse=True))
_TOKEN = re.compile(
    rf"(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<half>(?:{_HEMISPHERE_WORDS})(?![^\W\d_]))"
    r"|(?P<mark>°|deg|'|\")|(?P<gap>[\s,;/:]+)",
    re.IGNORECASE,
)

_LINK = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:[/?#].*)", re.IGNORECASE)
_SHORT_LINK = re.compile(r"goo\.gl/|maps\.app\.|osm\.org/go/|openstreetmap\.org/go/", re.I)
_IN_LINK = rf"({_NUMBER})\s*,\s*({_NUMBER})"
# In the order of trust: a marker says where the thing is, a view only where the map was looked at.
_MARKERS = (
    re.compile(rf"!3d({_NUMBER})!4d({_NUMBER})"),
    re.compile(rf"[?&#]mlat=({_NUMBER})&mlon=({_NUMBER})"),
    re.compile(rf"[?&](?:q|query|ll|daddr|destination|sll|center|navigate)=(?:loc:)?{_IN_LINK}"),
    re.compile(rf"/(?:place|search|dir)/(?:[^/@]*/)?{_IN_LINK}(?![^/?#])"),
    re.compile(rf"[?&]lat=({_NUMBER})&lon=({_NUMBER})"),
)
_VIEWS = (
    re.compile(rf"/@{_IN_LINK}"),
    re.compile(rf"#map=[\d.]+/({_NUMBER})/({_NUMBER})"),
)
_QUERY_TEXT = re.compile(r"[?&](?:q|query)=([^&#]+)|/(?:place|search)/([^/@?#]+)")
_GEO = re.compile(rf"geo:({_NUMBER}),({_NUMBER})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinate:
    """A coordinate that somebody wrote.

    Attributes
    ----------
    lon, lat
        Degrees, EPSG:4326.
    form
        How it was written: ``decimal``, ``dms``, ``link``, ``wkt``, ``plus code``, ``utm``,
        ``mgrs``, ``merchich``, with ``swapped`` before it where longitude came first.
    warning
        What somebody should look at (outside the area, swapped, a guessed system); "" if nothing.
    """

    lon: float
    lat: float
    form: str
    warning: str = ""


def read_coordinate(text: str, *, area: Bounds | None = None) -> Coordinate:
    r"""Read a coordinate in any of the forms people write.

    Parameters
    ----------
    text
        What was written; latitude first unless it says otherwise.
    area
        (west, south, east, north) in degrees of where it should lie. It tells swapped values and
        the system of bare metres, completes short Plus Codes, and a point outside it is flagged.

    Raises
    ------
    EmptyInputError
        Nothing is written, or 0, 0, which a device writes that knows no position.
    TooLargeError
        The text is far too long for a coordinate.
    InputError
        It is in no known form, or in one that cannot be resolved; the message says why.

    >>> read_coordinate("31,0521 ; -8,1234").lat
    31.0521
    >>> read_coordinate("31°03'36\"N 8°07'30\"O").lon
    -8.125
    """
    if len(text) > MAX_TEXT:
        raise TooLargeError(
            f"{len(text)} characters", "no coordinate is that long", "give the coordinate alone"
        )
    clean = " ".join(text.translate(_DIGITS).translate(_MARKS).replace("''", '"').split())
    if not clean:
        raise EmptyInputError("empty text", "a coordinate is needed", "write 31.05, -8.12")
    for reader in (_link, _wkt, _labelled, _decimal, _dms, _mgrs, _grid, _plus):
        found = reader(clean, area)
        if found is not None:
            return _checked(found, clean, area)
    raise InputError(
        repr(text[:80]),
        "no coordinate could be read in it",
        "write latitude and longitude such as 31.05, -8.12 or 31°03'N 8°07'W, or paste a map link",
    )


def _checked(found: Coordinate, text: str, area: Bounds | None) -> Coordinate:
    """Refuse what lies nowhere and flag what lies outside the area."""
    if not (-90 <= found.lat <= 90 and -180 <= found.lon <= 180):
        raise InputError(
            repr(text[:80]),
            f"latitude {found.lat:g}, longitude {found.lon:g} is not on Earth",
            "check the order and the decimal marks",
        )
    if found.lat == 0 and found.lon == 0:
        raise EmptyInputError(
            repr(text[:80]), "0, 0 means that a device had no position", "give the real coordinate"
        )
    if area is None or _inside(found, area):
        return found
    hint: str = phrase("outside the area")
    if _inside(replace(found, lon=-found.lon), area):
        hint = phrase("outside the area; inside it with the other sign of the longitude (W for E)")
    if found.warning:
        hint = phrase("{first}; {second}", first=found.warning, second=hint)
    return replace(found, warning=hint)


def other_readings(lon: float, lat: float, area: Bounds) -> tuple[Coordinate, ...]:
    """Say what a point outside the area may have been: the slips that bring it inside.

    Parameters
    ----------
    lon, lat
        What was written, in degrees; may be far off Earth.
    area
        (west, south, east, north) in degrees.

    Returns
    -------
    tuple of Coordinate
        Those inside the area, the likeliest slip first; `warning` names the slip.

    >>> [one.warning for one in other_readings(8.12, 31.05, (-9, 30, -7, 32))]
    ['the sign of the longitude is lost (W for E)']
    """
    slips = (
        (-lon, lat, phrase("the sign of the longitude is lost (W for E)")),
        (lon, -lat, phrase("the sign of the latitude is lost (S for N)")),
        (lat, lon, phrase("latitude and longitude are swapped")),
        (-lat, lon, phrase("latitude and longitude are swapped and a sign is lost")),
        (lat, -lon, phrase("latitude and longitude are swapped and a sign is lost")),
        (-lon, -lat, phrase("both signs are lost")),
        (
            _with_mark(lon, area[0], area[2]),
            _with_mark(lat, area[1], area[3]),
            phrase("decimal marks are lost"),
        ),
    )
    found: dict[tuple[float, float], Coordinate] = {}
    for east, north, slip in slips:
        point = Coordinate(lon=east, lat=north, form="decimal", warning=slip)
        if _inside(point, area) and (east, north) != (lon, lat):
            found.setdefault((east, north), point)
    return tuple(found.values())


def _with_mark(value: float, low: float, high: float) -> float:
    """Set the decimal mark so that the number lies in the range; as it is where that fails."""
    for power in range(10):
        if low <= value / 10**power <= high:
            return value / float(10**power)
    return value


def _inside(found: Coordinate, area: Bounds) -> bool:
    west, south, east, north = area
    return west <= found.lon <= east and south <= found.lat <= north


# --- degrees ------------------------------------------------------------------------------------


def _decimal(text: str, area: Bounds | None) -> Coordinate | None:
    bare = text.removeprefix("[").removesuffix("]")
    if found := _COMMA_PAIR.fullmatch(bare):
        first, second = (float(part.replace(",", ".")) for part in found.groups())
    elif found := _PAIR.fullmatch(bare):
        if _one_number(found):
            raise InputError(
                repr(text),
                "one number with a decimal comma, or two whole degrees",
                "write both with decimals, such as 31.05, -8.12",
            )
        first, second = float(found[1]), float(found[3])
    else:
        return None
    return _in_order(first, second, area)


def _one_number(found: re.Match[str]) -> bool:
    """Whether "31,05" may as well be a single number."""
    return (
        found[2] == "," and "." not in found[1] + found[3] and not found[3].startswith(("-", "+"))
    )


def _in_order(first: float, second: float, area: Bounds | None) -> Coordinate:
    """Take latitude first, unless only the other order is on Earth or in the area."""
    straight = Coordinate(lon=second, lat=first, form="decimal")
    swapped = Coordinate(
        lon=first, lat=second, form="swapped decimal", warning=phrase("read as longitude, latitude")
    )
    if abs(first) > 90 and abs(second) <= 90:
        return swapped
    if area is not None and not _inside(straight, area) and _inside(swapped, area):
        return swapped
    return straight


def _labelled(text: str, _: Bounds | None) -> Coordinate | None:
    found = _LABELLED.search(text)
    if not found or _LINK.fullmatch(text):
        return None
    lat, lon = found["lat"] or found["lat2"], found["lon"] or found["lon2"]
    return Coordinate(
        lon=float(lon.replace(",", ".")), lat=float(lat.replace(",", ".")), form="decimal"
    )


def _wkt(text: str, _: Bounds | None) -> Coordinate | None:
    found = _WKT.fullmatch(text)
    if not found:
        return None
    return Coordinate(lon=float(found[1]), lat=float(found[2]), form="wkt")


def _dms(text: str, _: Bounds | None) -> Coordinate | None:
    angles = _angles(text)
    if angles is None:
        return None
    first, second = _halves(angles[0][0], angles[1][0])
    values = {}
    for half, (said, numbers) in zip((first, second), angles, strict=True):
        if said and str(numbers[0]).startswith("-") and half in "NE":
            raise InputError(
                repr(text[:80]), f"a minus sign and {half} contradict", "leave one of them out"
            )
        values["lat" if half in "NS" else "lon"] = _degrees(half, numbers, text)
    if len(values) != 2:
        raise InputError(
            repr(text[:80]),
            "one of N or S and one of E or W is needed",
            "write for example 31°03'N 8°07'W",
        )
    return Coordinate(lon=values["lon"], lat=values["lat"], form="dms")


def _halves(first: str, second: str) -> tuple[str, str]:
    """Settle what is not said (latitude comes first) and the Arabic letter for north and east."""
    if not first and not second:
        return "N", "E"
    if first == "?":
        first = "E" if second in ("N", "S") else "N"
    if second == "?":
        second = "N" if first in ("E", "W") else "E"
    return first, second


def _angles(text: str) -> list[tuple[str, list[float]]] | None:
    """Part the text into angles: hemisphere ("" if none) and one to three numbers."""
    tokens = list(_tokens(re.sub(r"(?<=\d),(?=\d)", ".", text)))
    kinds = "".join(kind for kind, _ in tokens)
    if "?" in kinds or not set(kinds) & {"h", "d"}:
        return None
    angles: list[tuple[str, list[float]]] = []
    if re.fullmatch(r"(hn[dnm]*){2}", kinds) or re.fullmatch(r"(n[dnm]*h){2}", kinds):
        leading = kinds[0] == "h"
        numbers: list[float] = []
        for kind, value in tokens:
            if kind == "h" and leading:
                numbers = []
                angles.append((_HEMISPHERES[value.lower()], numbers))
            elif kind == "h":
                angles.append((_HEMISPHERES[value.lower()], numbers))
                numbers = []
            elif kind == "n":
                numbers.append(float(value))
    elif re.fullmatch(r"(nd[nm]*){2}", kinds):
        # A number before a degree sign begins an angle.
        for at, (kind, value) in enumerate(tokens):
            if kind == "n" and tokens[at + 1 : at + 2] and tokens[at + 1][0] == "d":
                angles.append(("", [float(value)]))
            elif kind == "n":
                angles[-1][1].append(float(value))
    else:
        return None
    return angles


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Give (kind, text): n number, h hemisphere, d degree sign, m other mark, ? anything else."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            yield "?", text[at]
            return
        at = found.end()
        if found["number"]:
            yield "n", found[0]
        elif found["half"]:
            yield "h", found[0]
        elif found["mark"]:
            yield ("d" if found[0] in ("°", "deg") else "m"), found[0]


def _degrees(half: str, numbers: list[float], text: str) -> float:
    whole, *parts = numbers
    wrong = len(parts) > 2 or any(not 0 <= part < 60 for part in parts)
    if wrong or any(number % 1 for number in numbers[:-1]):
        raise InputError(
            repr(text[:80]),
            "minutes and seconds are numbers below 60, and only the last may have decimals",
            "write for example 31°03'36\"N 8°07'12\"W",
        )
    minutes, seconds = (*parts, 0.0, 0.0)[:2]
    value = abs(whole) + minutes / 60 + seconds / 3600
    negative = half in "SW" or str(whole).startswith("-")
    return -value if negative else value


# --- links --------------------------------------------------------------------------------------


def _link(text: str, area: Bounds | None) -> Coordinate | None:
    if found := _GEO.match(text):
        return Coordinate(lon=float(found[2]), lat=float(found[1]), form="link")
    if not _LINK.fullmatch(text):
        return None
    if _SHORT_LINK.search(text):
        raise InputError(
            repr(text[:80]),
            "a shortened link holds no coordinate, and links are never opened here",
            "open it and copy the long link or the coordinate",
        )
    plain = unquote_plus(text)
    for pattern in _MARKERS:
        if found := pattern.search(plain):
            return Coordinate(lon=float(found[2]), lat=float(found[1]), form="link")
    if found := _QUERY_TEXT.search(text):
        inner = _dms(unquote_plus(found[1] or found[2]).translate(_MARKS), area)
        if inner is not None:
            return replace(inner, form="link")
    for pattern in _VIEWS:
        if found := pattern.search(plain):
            return Coordinate(
                lon=float(found[2]),
                lat=float(found[1]),
                form="link",
                warning=phrase("the middle of a map view, not a marker"),
            )
    raise InputError(
        repr(text[:80]), "the link holds no coordinate", "copy the coordinate from the map"
    )


# --- grids and codes ----------------------------------------------------------------------------


def _plus(text: str, area: Bounds | None) -> Coordinate | None:
    found = decode_plus_code(text, area)
    if found is None:
        return None
    return Coordinate(lon=found[0], lat=found[1], form="plus code")


def _mgrs(text: str, _: Bounds | None) -> Coordinate | None:
    metres = utm_of_mgrs(text)
    if metres is None:
        return None
    for lon, lat in from_grid(*metres):
        return Coordinate(lon=lon, lat=lat, form="mgrs")
    raise InputError(repr(text[:80]), "no point of that grid", "check the letters and digits")


def _grid(text: str, area: Bounds | None) -> Coordinate | None:
    """Metres in UTM or in a Moroccan grid; without a named system only what the area decides."""
    candidates = grid_candidates(text, area)
    if candidates is None:
        return None
    read = [
        Coordinate(lon=lon, lat=lat, form=GRIDS.get(code, "utm"))
        for code, x, y in candidates.systems
        for lon, lat in from_grid(code, x, y)
    ]
    if candidates.named and read:
        inside = [one for one in read if area is None or _inside(one, area)]
        return (inside or read)[0]
    inside = [one for one in read if area is not None and _inside(one, area)]
    if len(inside) == 1:
        return replace(
            inside[0], warning=phrase("taken as {form}, which was not said", form=inside[0].form)
        )
    raise InputError(
        repr(text[:80]),
        "metres in an unnamed grid" if not candidates.named else "no point of that grid",
        'name it, such as "29R 600000 3430000" or "Merchich 26191 250000 120000"',
    )
