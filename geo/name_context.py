"""What a written place says besides its name: parents, and where it lies from another place.

*Douar Imlil, commune Asni, province Al Haouz* names parents; *near Imlil*, *3 km north of Asni* and
*between Asni and Imlil* name a neighbourhood, with or without a name before it. English, French and
Arabic; parents in Tamazight too.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from geo.scripts import clean_name

Relation = Literal["", "near", "offset", "between"]

#: Longer texts are no place and are not parsed.
MAX_TEXT = 300
#: Somebody who writes so many metres means a place on foot; more than this is another region.
MAX_OFFSET_M = 100_000.0

_COMMUNE = "commune(?: rurale| urbaine)?|municipality|cr|c\\.r\\.|جماعة|الجماعة|ⵜⴰⵖⵉⵡⴰⵏⵜ"
_PROVINCE = "province|prov\\.?|préfecture|prefecture|district|إقليم|اقليم|عمالة|ⵜⴰⵙⴳⴰ"
_OF = r"(?:de\s+la\s+|de\s+l['’]\s*|des?\s+|d['’]\s*|du\s+|of\s+)?"
_PARENT = re.compile(
    rf"(?:^|[\s,،;(\-–])(?:(?P<commune>{_COMMUNE})|(?P<province>{_PROVINCE}))\s*:?\s+{_OF}", re.I
)
_EDGES = " \t,،;()-–:."

_TO = r"(?:d['’]\s*|des?\s+|du\s+)"
_NEAR = re.compile(
    r"(?:^|(?<=[\s,،;(]))(?:near(?:by)?|close\s+to|next\s+to|beside|"
    rf"pr[eè]s\s+{_TO}|proche\s+{_TO}|[àa]\s+c[oô]t[eé]\s+{_TO}|"
    rf"aux?\s+(?:alentours|environs)\s+{_TO}|"
    r"بالقرب\s+من|قريب\s+من|قرب|بجانب|بجوار)\s*(?P<anchor>\S.*)$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"(?:^|(?<=[\s,،;(]))(?:between|entre|ما\s+بين|بين)\s+(?P<one>\S.*?)\s+(?:and\s+|et\s+|&\s*|و\s*)"
    r"(?P<other>\S.*)$",
    re.IGNORECASE,
)
_POINTS = {
    "ne": 45.0, "nw": 315.0, "se": 135.0, "sw": 225.0, "n": 0.0, "e": 90.0, "s": 180.0, "w": 270.0,
}  # fmt: skip
_WORDS = {
    "n": ("north", "nord", "شمال"),
    "s": ("south", "sud", "جنوب"),
    "e": ("east", "est", "شرق"),
    "w": ("west", "ouest", "غرب"),
}
_NS = "|".join((*_WORDS["n"], *_WORDS["s"]))
_EW = "|".join((*_WORDS["e"], *_WORDS["w"]))
_SIDE = rf"(?:(?:{_NS})(?:[\s-]*(?:ال)?(?:{_EW}))?|(?:{_EW}))"
_OFFSET = re.compile(
    r"(?:^|(?<=[\s,،;(]))(?:(?:[àa]|at|about|around|environ|على\s+بعد)\s+)?"
    r"(?P<number>\d+(?:[.,]\d+)?)\s*"
    r"(?P<unit>km|kms|kilom[eè]tres?|kilometers?|m|m[eè]tres?|meters?|كلم|كم|كيلومتر|متر)"
    r"\s+(?:(?:to\s+the|au|[àa]\s+l['’]|vers\s+le|vers\s+l['’]|في|إلى)\s*)?"
    rf"(?P<side>{_SIDE})?\s*(?:(?:of|from|away\s+from|{_TO}|من|عن)\s*)?(?P<anchor>\S.*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceText:
    """What a text about a place says.

    Attributes
    ----------
    name
        The name of the place itself, "" where the text names only a neighbourhood.
    commune, province
        Parents as written, "" where none.
    relation
        ``near`` one anchor, ``offset`` from one, ``between`` two, "" for none.
    anchors
        Names of the places that the relation is told by.
    distance_m, bearing_deg
        Of an offset: metres, and degrees clockwise from north; NaN where not said.
    """

    name: str
    commune: str = ""
    province: str = ""
    relation: Relation = ""
    anchors: tuple[str, ...] = ()
    distance_m: float = math.nan
    bearing_deg: float = math.nan


def read_place_text(text: str) -> PlaceText:
    """Part a text into the name of a place, its parents and its neighbours.

    >>> read_place_text("Douar Imlil, commune d'Asni, province Al Haouz")
    PlaceText(name='Douar Imlil', commune='Asni', province='Al Haouz', ...)
    >>> read_place_text("3 km au nord de Tinmel").bearing_deg
    0.0
    """
    whole = clean_name(text)
    if len(text) > MAX_TEXT or not whole:
        return PlaceText(name=whole)
    rest, commune, province = _parents(whole)
    if not rest:  # "Commune Asni" alone is a name like any other
        return PlaceText(name=whole)
    found = _related(rest, commune, province)
    if found is not None:
        return found
    if not commune and not province:
        parts = [part.strip(_EDGES) for part in re.split(r"[,،;]", rest)]
        parts = [part for part in parts if part]
        if 2 <= len(parts) <= 3:
            rest, commune, *more = parts
            province = more[0] if more else ""
    return PlaceText(name=rest, commune=commune, province=province)


def _parents(text: str) -> tuple[str, str, str]:
    """Name, commune and province, by the words that announce them."""
    marks = list(_PARENT.finditer(text))
    values = {"commune": "", "province": ""}
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(text)
        kind = "commune" if mark["commune"] else "province"
        values[kind] = values[kind] or text[mark.end() : end].strip(_EDGES)
    name = text[: marks[0].start()] if marks else text
    return name.strip(_EDGES) if marks else name, values["commune"], values["province"]


def _related(text: str, commune: str, province: str) -> PlaceText | None:
    for pattern, relation in ((_BETWEEN, "between"), (_OFFSET, "offset"), (_NEAR, "near")):
        found = pattern.search(text)
        if found is None:
            continue
        name = text[: found.start()].strip(_EDGES)
        told: dict[str, float] = {}
        if relation == "between":
            anchors: tuple[str, ...] = (found["one"].strip(_EDGES), found["other"].strip(_EDGES))
        else:
            anchors = (found["anchor"].strip(_EDGES),)
        if relation == "offset":
            distance_m = float(found["number"].replace(",", "."))
            if found["unit"].lower()[0] == "k" or found["unit"][0] == "ك":
                distance_m *= 1_000
            if not 0 < distance_m <= MAX_OFFSET_M:
                continue
            told["distance_m"] = distance_m
            if found["side"]:
                told["bearing_deg"] = _bearing(found["side"])
        if not all(anchors):
            continue
        return PlaceText(
            name=name,
            commune=commune,
            province=province,
            relation=relation,  # type: ignore[arg-type]  # one of the three above
            anchors=anchors,
            **told,
        )
    return None


def _bearing(side: str) -> float:
    text = side.lower()
    letters = "".join(
        letter
        for letters in ("ns", "ew")
        for letter in letters
        if any(word in text.replace("ouest", "west") for word in _WORDS[letter] if word != "ouest")
    )
    # "west" holds "est": the longer word was meant.
    if letters.endswith("ew"):
        letters = letters.removesuffix("ew") + "w"
    return _POINTS[letters]


def offset_point(
    lon: float, lat: float, distance_m: float, bearing_deg: float
) -> tuple[float, float]:
    """Longitude and latitude (EPSG:4326) at a distance and bearing, on the WGS 84 ellipsoid."""
    from pyproj import Geod

    there_lon, there_lat, _ = Geod(ellps="WGS84").fwd(lon, lat, bearing_deg, distance_m)
    return float(there_lon), float(there_lat)
