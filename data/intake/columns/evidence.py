"""Evidence: what the cells of a column say for or against what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.intake.wordlists import word_set

if TYPE_CHECKING:
    from data.intake.columns.content import Content

#: How sure the cells alone can make, where a name says something that we do not know.
_CONTENT_ALONE = 0.62
#: Titles of columns that often hold items: what was given out, what a line is about.
MAY_BE_ITEMS = frozenset(("type", "description", "activity", "category", "kind"))
_TEXT = word_set(
    "place commune province region country name_ar item category description note depot "
    "organisation implementer funder sector activity "
    "modality target status contact first_name last_name sex "
    "occupation skills languages driver address branch unit team sender road reason kind "
    "building authority together"
)
_NUMBERS = word_set(
    "quantity people households destroyed damaged total capacity_kg capacity_m3 crew targeted "
    "reached cost pack_quantity families_per_item altitude precision expected"
)
_DATES = word_set("reported_at start_at end_at until expires_at birth")


def agreement(field: str, content: Content) -> float:
    """How far the content speaks for a field that the name gives: 1 if nothing is against it."""
    if content.filled == 0.0:
        return 1.0
    if field in _NUMBERS:
        return (
            1.0 if content.number >= 0.4 or (content.words <= 4 and content.number > 0.1) else 0.45
        )
    if field == "lon" or field == "lat":
        share = content.lon if field == "lon" else content.lat
        return 1.0 if share > 0.5 or (content.number < 0.5 and content.pair > 0.5) else 0.75
    if field in _DATES:
        if content.date >= 0.4:
            return 1.0
        return 0.7 if content.whole >= 0.5 else 0.5
    if field in ("item", "place", "commune", "organisation", "sector", "activity", "description"):
        if content.number > 0.8 or content.date > 0.8:
            return 0.3
    elif field in _TEXT and content.number > 0.9 and content.words <= 1.2:
        return 0.6
    if field == "place_id" and content.number < 0.3 and content.code < 0.3 and content.words > 1.5:
        return 0.7
    return 1.0


def fields_by_content(content: Content, *, named: bool) -> list[tuple[str, float]]:
    """Fields that the cells alone speak for; less sure where a name says something else."""
    if content.filled == 0.0:
        return []
    most = _CONTENT_ALONE if named else 0.85
    claims: list[tuple[str, float]] = []
    if content.email > 0.6:
        claims.append(("email", 0.95))
    if content.uuid > 0.6:
        claims.append(("reference", 0.9))
    if content.phone > 0.7 and content.date < 0.3 and content.code < 0.95:
        claims.append(("phone", most))
    if content.pair > 0.6 and content.date < 0.3 and content.phone < 0.5:
        claims.append(("position", most + 0.1))
    if content.place > 0.4 and content.place >= content.commune:
        claims.append(("place", min(most, 0.3 + content.place)))
    if content.commune > 0.5 and content.distinct < 0.9:
        claims.append(("commune", min(most, 0.2 + content.commune)))
    if content.depot > 0.5:
        claims.append(("depot", min(most, 0.3 + content.depot)))
    if content.item > 0.5 and content.words < 6:
        claims.append(("item", min(most, 0.25 + content.item * 0.5)))
    if content.date > 0.7:
        claims.append(("reported_at", min(most, 0.6)))
    if content.vehicle_class > 0.6:
        claims.append(("class", most))
    if content.road_state > 0.6:
        claims.append(("state", most))
    if content.unit > 0.8 and content.item < 0.5 and content.truth < 0.5:
        claims.append(("unit", min(most, 0.6)))
    if not named and content.lon > 0.9 and content.lat < 0.5:
        claims.append(("lon", 0.7))
    if not named and content.lat > 0.9 and content.lon < 0.5:
        claims.append(("lat", 0.7))
    if not named and content.words > 5:
        claims.append(("note", 0.5))
    return claims
