"""Columns of templates: what a sheet of each kind asks for, in which order, and what it must have.

Few columns are needed: in the first hours people do not know. A field is one of
`data.intake.columns`, so what is filled in here is understood there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cell = Literal["text", "number", "count", "degrees", "date", "moment", "place", "choice", "choices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a template.

    Attributes
    ----------
    field
        The field that it is read as.
    cell
        What stands in it: ``count`` is a whole number, ``degrees`` half of a coordinate, ``moment``
        a day with its hour, ``place`` one of the known places, ``choice`` one of a list and
        ``choices`` several of it.
    needed
        Whether a row cannot do without it.
    choices
        Name of its list, "" where it has none.
    tag
        Its HXL hashtag, "" where the standard has none for it.
    """

    field: str
    cell: Cell = "text"
    needed: bool = False
    choices: str = ""
    tag: str = ""


_PLACE = Column(field="place", cell="place", needed=True, choices="place", tag="#loc+name")
_HOME = Column(field="place", cell="place", choices="place", tag="#loc+name")
_COMMUNE = Column(field="commune", cell="choice", choices="commune", tag="#adm3+name")
_POINT = (
    Column(field="lon", cell="degrees", tag="#geo+lon"),
    Column(field="lat", cell="degrees", tag="#geo+lat"),
)
_ITEM = Column(field="item", cell="choice", needed=True, choices="item", tag="#item+name")
_QUANTITY = Column(field="quantity", cell="number", needed=True, tag="#item+num")
_UNIT = Column(field="unit", tag="#item+unit")
_WHEN = Column(field="reported_at", cell="moment", tag="#date+reported")
_NOTE = Column(field="note", tag="#description")
_DEPOT = Column(field="depot", cell="choice", choices="depot")
_FUNDER = Column(field="funder", tag="#org+funder")
_LOT = Column(field="lot")

#: Kind of table → its columns. The first one says what a row is about and is text.
COLUMNS: dict[str, tuple[Column, ...]] = {
    "needs": (
        *(_PLACE, _COMMUNE, _ITEM, _QUANTITY, _UNIT),
        Column(field="weight", cell="choice", choices="urgency", tag="#severity"),
        *(_WHEN, *_POINT, _NOTE),
    ),
    "damage": (
        *(_PLACE, _COMMUNE),
        Column(field="destroyed", cell="count", needed=True),
        Column(field="damaged", cell="count"),
        Column(field="total", cell="count"),
        *(_WHEN, *_POINT, _NOTE),
    ),
    "stock": (
        Column(field="depot", cell="choice", needed=True, choices="depot"),
        *(_ITEM, _QUANTITY, _UNIT, _FUNDER, _LOT),
        Column(field="expires_at", cell="date"),
        *(_WHEN, *_POINT, _NOTE),
    ),
    "deliveries": (
        *(_PLACE, _COMMUNE, _ITEM, _QUANTITY, _UNIT, _DEPOT),
        Column(field="convoy"),
        *(_FUNDER, _LOT),
        Column(field="expected", cell="number"),
        *(_WHEN, _NOTE),
    ),
    "vehicles": (
        Column(field="vehicle", needed=True),
        Column(field="class", cell="choice", needed=True, choices="class"),
        Column(field="capacity_kg", cell="number", needed=True),
        Column(field="capacity_m3", cell="number", needed=True),
        Column(field="depot", cell="choice", needed=True, choices="depot"),
        Column(field="shift_h", cell="number"),
        Column(field="speed_factor", cell="number"),
        Column(field="crew", cell="count"),
        Column(field="together"),
        *_POINT,
    ),
    "volunteers": (
        Column(field="volunteer", needed=True),
        *(_HOME, _COMMUNE),
        Column(field="skills"),
        Column(field="languages"),
    ),
    "activities": (
        Column(field="organisation", needed=True, tag="#org+name"),
        Column(field="implementer", tag="#org+impl"),
        _FUNDER,
        Column(field="sector", tag="#sector+name"),
        Column(field="activity", tag="#activity+name"),
        Column(field="item", cell="choice", choices="item", tag="#item+name"),
        Column(field="quantity", cell="number", tag="#item+num"),
        *(_UNIT, _PLACE, _COMMUNE),
        Column(field="status", cell="choice", choices="work", tag="#status"),
        Column(field="start_at", cell="date", tag="#date+start"),
        Column(field="end_at", cell="date", tag="#date+end"),
        Column(field="reached", cell="count", tag="#reached"),
        Column(field="households", cell="count", tag="#reached+hh"),
        _NOTE,
    ),
    "places": (
        Column(field="place", needed=True, tag="#loc+name"),
        _COMMUNE,
        Column(field="lon", cell="degrees", needed=True, tag="#geo+lon"),
        Column(field="lat", cell="degrees", needed=True, tag="#geo+lat"),
        Column(field="people", cell="count", tag="#affected"),
        Column(field="households", cell="count", tag="#affected+hh"),
    ),
    "road-status": (
        Column(field="road"),
        Column(field="edge"),
        *_POINT,
        Column(field="state", cell="choice", needed=True, choices="state", tag="#access+state"),
        Column(field="classes", cell="choices", choices="class"),
        Column(field="until", cell="moment"),
        Column(field="reason", tag="#cause"),
        _WHEN,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a list: `name` is read back, `labels` are what people choose by, by language.

    `group` is the choice of another list below which it is offered, "" for none.
    """

    name: str
    labels: dict[str, str]
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a template says in one language: its title, and title and hint of each field."""

    title: str
    fields: dict[str, str]
    hints: dict[str, str]
    #: Stands before the example, so that it is never taken for a report.
    example: str
