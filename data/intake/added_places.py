"""Places that people add: hamlets that no list has, each with a name and a coordinate."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from data.events import PlaceAdded
from data.intake.cells import number
from data.intake.known import Question, id_of_code
from data.intake.placing import where
from data.intake.row import Row, TakenRow
from geo.model import new_id
from geo.name_context import read_place_text
from geo.phrase import phrase
from geo.places import kind_of
from geo.scripts import split_scripts

if TYPE_CHECKING:
    from data.intake.known import Known, PlaceMatch

#: A place of this name so near (m) is asked about: it may be the same.
NAMESAKE_M = 2_500.0
#: How like a name must be to be asked about.
NAMESAKE_SCORE = 0.85
MAX_PEOPLE = 5_000_000


def take_place(row: Row, known: Known) -> TakenRow:
    """Read a row that adds a place."""
    at = where(row, known)
    text = read_place_text(row.text("place"))
    if not text.name:
        row.problem("place", phrase("the name of the place"))
    elif text.relation:
        row.problem(
            "place",
            phrase(
                "a name of its own: {written} says where it lies",
                written=f"{row.text('place')[:60]!r}",
            ),
        )
    if at is None and not row.problems:
        row.problem("position", phrase("a coordinate: a place without one is on no map"))
    people = _people(row)
    kind = kind_of(row.text("kind"))
    if row.text("kind") and not kind:
        row.problem("kind", phrase("village, hamlet, douar, isolated_dwelling, town or city"))
    _ask_about_code(row, known)
    if at is not None and not row.problems:
        _ask_about_namesake(row, known, text.name, at)
    report = row.report()
    if report.problems or at is None:
        return TakenRow(report=report)
    names = split_scripts(text.name)
    # A list that goes by codes of its own is found again by them.
    place_id = id_of_code(row.text("place_id"))
    event = PlaceAdded(
        place_id=place_id or new_id("place"),
        name=(names.latin or text.name)[:300],
        name_ar=(row.text("name_ar") or names.arabic)[:300],
        kind=kind or "hamlet",
        lon=at[0],
        lat=at[1],
        commune=(row.text("commune") or text.commune)[:300],
        people=people,
    )
    for word in {text.name, place_id} - {""}:
        known.added_places.setdefault(word, []).append(event)
    return TakenRow(report=row.report(event.place_id), events=(event,))


def _people(row: Row) -> int | None:
    if not row.text("people"):
        return None
    people = number(row.text("people"))
    if people is None or people % 1 or not 0 <= people <= Decimal(MAX_PEOPLE):
        row.problem("people", phrase("a whole number of people, or nothing"))
        return None
    return int(people)


def _ask_about_code(row: Row, known: Known) -> None:
    """Leave a row undecided whose code a place has already, known or in the sheet."""
    code = row.text("place_id")
    if code and (known.place_by_id(code) or id_of_code(code) in known.added_places):
        row.question(
            "place_id",
            phrase("a code that no place has yet"),
            phrase("leave this row out, or correct the code"),
        )


def _ask_about_namesake(row: Row, known: Known, name: str, at: tuple[float, float]) -> None:
    """Leave a row undecided where a place of such a name lies near, known or in the sheet."""
    for event in known.added_places.get(name, []):
        if known.apart_m((event.lon, event.lat), at) <= NAMESAKE_M:
            row.undecided = True
            row.problem(
                "place",
                phrase("a place that stands once in the sheet"),
                phrase("leave this row out, or give it a name that tells it apart"),
            )
            return
    if not known.place_ids:
        return
    match: PlaceMatch = known.place_by_name(Question(name=name, lon=at[0], lat=at[1]))
    same = tuple(
        one
        for one in match.ranked
        if one.method != "part"
        and (one.distance_m or 0.0) <= NAMESAKE_M
        and one.score + _lost(one.distance_m or 0.0) >= NAMESAKE_SCORE
    )
    if same:
        row.undecided = True
        row.candidates = same
        row.problem(
            "place",
            phrase("a place that is not known yet"),
            phrase(
                "{places} | if it is another: give it a name that tells it apart",
                places=" | ".join(one.label for one in same),
            ),
        )


def _lost(distance_m: float) -> float:
    """What the match took off for the distance, which says nothing of the likeness of names."""
    return 0.25 * distance_m / (distance_m + 5_000.0)
