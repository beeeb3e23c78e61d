"""Templates of a situation: empty sheets and phone forms with its own places, depots and items.

A filled one is read by `dashboard.operations.uploads` without a question about its columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from dashboard.languages import LANGUAGES, _, direction, reading_in
from dashboard.templatewords import choice_labels, words
from data.templates.columns import COLUMNS, Choice
from geo.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.operations.situation import Situation

#: A workbook to fill in, or a form for KoBo and ODK.
Form = Literal["xlsx", "xlsform"]
#: How places are called in each language; where that is empty, as everybody calls them.
_NAMES = {"ar": "name_ar", "zgh": "name_zgh"}
_PLACE, _DEPOT = "Tinmel", "Asni"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An empty sheet or form as a file; `fields` are what its columns are read as."""

    name: str
    content: bytes
    fields: tuple[str, ...]


def template(situation: Situation, kind: str, *, language: str, form: Form = "xlsx") -> Template:
    """Make an empty sheet or form of a kind of table.

    Raises
    ------
    InputError
        There is no template of this kind, or no such language.
    """
    if kind not in COLUMNS:
        raise InputError(f"template {kind}", f"{', '.join(COLUMNS)} are known", "name one of these")
    if language not in LANGUAGES:
        raise InputError(f"language {language}", f"{', '.join(LANGUAGES)} are known", "name one")
    content = (
        _form(situation, kind, language) if form == "xlsform" else _sheet(situation, kind, language)
    )
    ending = "-form" if form == "xlsform" else ""
    return Template(
        name=f"qafila-{kind}{ending}-{language}.xlsx",
        content=content,
        fields=tuple(one.field for one in COLUMNS[kind]),
    )


def _sheet(situation: Situation, kind: str, language: str) -> bytes:
    from data.templates.workbook import template_workbook

    with reading_in(language):
        lists = {name: list(entries.values()) for name, entries in choice_labels().items()}
        lists |= {
            "place": place_labels(situation.places()),
            "commune": _communes(situation.places()),
            "depot": sorted(one.name for one in situation.store.depots()),
            "item": [one.labels[language] for one in _items(situation)],
        }
        return template_workbook(
            COLUMNS[kind],
            words(kind),
            lists,
            _example(situation, lists),
            right_to_left=direction(language) == "rtl",
        )


def _form(situation: Situation, kind: str, language: str) -> bytes:
    from data.templates.xlsform import xlsform

    said, labels = {}, {}
    for code in LANGUAGES:
        with reading_in(code):
            said[code], labels[code] = words(kind, form=True), choice_labels()
    lists = {
        name: [
            Choice(name=entry, labels={code: labels[code][name][entry] for code in LANGUAGES})
            for entry in entries
        ]
        for name, entries in labels["en"].items()
    }
    places = situation.places()
    communes = _communes(places)
    lists |= {
        "item": _items(situation),
        "commune": [Choice(name=_key(one), labels={"en": one}) for one in communes],
        "place": _places(places, below_commune=bool(communes)),
        "depot": [
            Choice(name=one.depot_id, labels={"en": one.name}) for one in situation.store.depots()
        ],
    }
    return xlsform(
        kind,
        COLUMNS[kind],
        said,
        lists,
        languages=LANGUAGES,
        language=language,
        version=situation.now().strftime("%Y%m%d%H%M"),
    )


def place_labels(places: pd.DataFrame) -> list[str]:
    """Names of places in the language of this run; namesakes with their commune, as it is read."""
    from dashboard.languages import language

    names = _own_names(places, language())
    several = names.duplicated(keep=False) & (places["commune"].fillna("") != "")
    written = _("{place}, commune {commune}")
    labels = [
        written.format(place=name, commune=commune) if shared else name
        for name, commune, shared in zip(names, places["commune"], several, strict=True)
    ]
    return sorted(filter(None, labels))


def _own_names(places: pd.DataFrame, language: str) -> pd.Series[str]:
    names = places["name"].fillna("").astype(str)
    own = _NAMES.get(language)
    if own not in places:
        return names
    told = places[own].fillna("").astype(str)
    return told.where(told != "", names)


def _communes(places: pd.DataFrame) -> list[str]:
    return sorted({str(one) for one in places["commune"].dropna() if one})


def _places(places: pd.DataFrame, *, below_commune: bool) -> list[Choice]:
    """Places as choices by their code; those without a commune are written by hand."""
    if below_commune:
        places = places[places["commune"].fillna("") != ""]
    columns = {code: _own_names(places, code) for code in LANGUAGES}
    rows = zip(places["place_id"], places["commune"].fillna(""), *columns.values(), strict=True)
    found = [
        Choice(
            name=str(place_id).removeprefix("place:"),
            labels=dict(zip(columns, names, strict=True)),
            group=_key(str(commune)) if below_commune else "",
        )
        for place_id, commune, *names in rows
    ]
    return sorted(found, key=lambda one: (one.group, one.labels["en"]))


def _key(name: str) -> str:
    """Give a name as forms take it, without blanks; it is read as the name."""
    return "_".join(name.split())


def _items(situation: Situation) -> list[Choice]:
    """Items as choices, those of the catalogue first, then those that people registered."""
    from dashboard.operations.goods import stock_items
    from data.catalogue import items

    known = items()
    return [
        Choice(
            name=item_id,
            labels={
                code: (known[item_id].name(code) if item_id in known else one.name)
                for code in LANGUAGES
            },
        )
        for item_id, one in stock_items(situation).items()
    ]


def _example(situation: Situation, lists: dict[str, list[str]]) -> dict[str, Any]:
    """What the example row shows: true names where there are some, else those of the case."""
    now = situation.now().astimezone(ZoneInfo(situation.info().timezone))
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "place": next(iter(lists["place"]), _PLACE),
        "depot": next(iter(lists["depot"]), _DEPOT),
        "item": lists["item"][2],
        "quantity": 20,
        "weight": lists["urgency"][1],
        "reported_at": now.replace(second=0, microsecond=0),
        "destroyed": 12,
        "damaged": 30,
        "total": 60,
        "vehicle": "12345-A-26",
        "class": lists["class"][0],
        "capacity_kg": 10_000,
        "capacity_m3": 40,
        "volunteer": "B-017",
        "skills": "first aid, mapper",
        "languages": "zgh, ar",
        "organisation": "Association Atlas",
        "status": lists["work"][1],
        "start_at": today,
        "lon": -8.23,
        "lat": 31.05,
        "road": "RN7",
        "state": lists["state"][0],
    }
