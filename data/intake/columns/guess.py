"""Guesses: what each column of a table means, by its tag, its name and its content, and how sure.

The name says most, the content confirms or contradicts it, and alone it decides where there is no
name. One column of a kind is enough: where two claim the same field the surer one has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.intake.columns.content import Content, Context, content_of
from data.intake.columns.evidence import MAY_BE_ITEMS, agreement, fields_by_content
from data.intake.columns.tags import field_of_tag
from data.intake.columns.titles import field_by_title
from data.intake.items import find_item
from data.intake.wordlists import word_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from data.intake.header import Header

#: A guess this sure is used without asking; a weaker one is shown to the person only.
SURE = 0.5
#: Fields that several columns may hold at once.
MANY = word_set(
    "targeted reached sector note form reference people households target description activity "
    "phone email contact country region pack pack_quantity cost address"
)
#: Field of a column that holds how many of one item: ``quantity_of:tent``.
WIDE = "quantity_of:"

_ITEM_KINDS = frozenset({"needs", "stock", "deliveries", "activities"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGuess:
    """What a column is taken for.

    Attributes
    ----------
    position
        Number of the column, from 0.
    title
        What a person calls it.
    field
        The field, "" where nothing fits.
    confidence
        0 to 1; from `SURE` on it is used without asking.
    why
        ``tag``, ``name``, ``part of the name``, ``slip``, ``content``, ``remembered``, "" for none.
    samples
        Some cells of it.
    others
        Fields that were the next best.
    """

    position: int
    title: str
    field: str
    confidence: float
    why: str
    samples: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def guess_columns(
    header: Header,
    rows: Sequence[Sequence[str]],
    *,
    kind: str = "",
    context: Context | None = None,
    remembered: Mapping[str, str] | None = None,
) -> tuple[ColumnGuess, ...]:
    """Guess the field of every column.

    Parameters
    ----------
    header
        Titles and tags.
    rows
        Some rows below it, as many cells each as the header.
    kind
        What the table is said to be (needs, stock …), "" where nobody says.
    context
        Names of places, communes and depots that the situation knows, and its area.
    remembered
        What people said of sheets of this shape: title → field ("" for none of ours).
    """
    shown = header.shown
    columns = [tuple(row[at] for row in rows) for at in range(len(shown))]
    contents = [content_of(column, context or Context()) for column in columns]
    claims: list[dict[str, tuple[float, str]]] = []
    for at, content in enumerate(contents):
        if remembered is not None and shown[at] in remembered:
            field = remembered[shown[at]]
            claims.append({field: (1.0, "remembered")} if field else {})
        else:
            claims.append(_claims(header, at, content, kind))
    _wide_items(header, contents, claims, kind)
    _bare_quantity(header, contents, claims)
    chosen = _share_out(claims)
    return tuple(
        ColumnGuess(
            position=at,
            title=shown[at],
            field=chosen[at],
            confidence=round(claims[at][chosen[at]][0], 2) if chosen[at] else 0.0,
            why=claims[at][chosen[at]][1] if chosen[at] else "",
            samples=tuple(dict.fromkeys(cell[:80] for cell in columns[at] if cell))[:3],
            others=tuple(
                name
                for name, _ in sorted(claims[at].items(), key=lambda one: -one[1][0])
                if name != chosen[at]
            )[:3],
        )
        for at in range(len(shown))
    )


def fields_of(guesses: Sequence[ColumnGuess]) -> dict[str, int]:
    """Give field → position of the columns that are sure enough to be used."""
    fields: dict[str, int] = {}
    for guess in sorted(guesses, key=lambda one: (-one.confidence, one.position)):
        if guess.field and guess.confidence >= SURE:
            fields.setdefault(guess.field, guess.position)
    return fields


def understand(titles: Sequence[str]) -> dict[str, int]:
    """Give field → column position by titles alone; of two that say the same the first wins."""
    fields: dict[str, int] = {}
    for position, title in enumerate(titles):
        field, _, _ = field_by_title(title, "")
        if field:
            fields.setdefault(field, position)
    return fields


def _claims(header: Header, at: int, content: Content, kind: str) -> dict[str, tuple[float, str]]:
    """Every field that a column may be, with how sure and why."""
    found: dict[str, tuple[float, str]] = {}

    def claim(field: str, confidence: float, why: str) -> None:
        if field and confidence > found.get(field, (0.0, ""))[0]:
            found[field] = (confidence, why)

    if header.tags[at]:
        claim(field_of_tag(header.tags[at]), 0.98, "tag")
    title, parent = header.titles[at], header.parents[at]
    field, confidence, why = field_by_title(title, kind)
    if field:
        claim(field, confidence * agreement(field, content), why)
        if (
            field == "place_id"
            and content.whole < 0.2
            and content.code < 0.5
            and content.place > 0.3
        ):
            claim("place", 0.8, "content")
    if field in MAY_BE_ITEMS and content.item > 0.5:
        claim("item", 0.96, "content")
    if parent and parent != title:
        # "Site management / Date": the title itself first, the group above only where it is mute.
        above, confidence, _ = field_by_title(parent, kind)
        if above and not field:
            claim(above, 0.55 * confidence * agreement(above, content), "name")
    for field, confidence in fields_by_content(content, named=bool(title)):
        claim(field, confidence, "content")
    return found


def _wide_items(
    header: Header,
    contents: Sequence[Content],
    claims: list[dict[str, tuple[float, str]]],
    kind: str,
) -> None:
    """Columns that are called like an item and hold numbers: how many of it.

    "Besoin en eau" and "tentes" beside each other are such; a single one is, if it holds numbers.
    """
    if kind and kind not in _ITEM_KINDS:
        return
    for at, content in enumerate(contents):
        title = header.titles[at].rsplit("/", 1)[-1]
        item = find_item(title)
        if item is None or len(title.split()) > 6:
            continue
        counted = content.number >= 0.5 or content.truth >= 0.8
        held = max((sure for sure, _ in claims[at].values()), default=0.0)
        if (counted or content.filled == 0.0) and held < 0.9:
            claims[at][f"{WIDE}{item.item_id}"] = (0.9 if item.exact else 0.8, "name")


def _bare_quantity(
    header: Header, contents: Sequence[Content], claims: list[dict[str, tuple[float, str]]]
) -> None:
    """The only column of whole numbers beside a column of items says how many."""
    if any("quantity" in one for one in claims) or not any(
        one.get("item", (0.0, ""))[0] >= SURE for one in claims
    ):
        return
    bare = [
        at
        for at, content in enumerate(contents)
        if content.number > 0.8 and content.date < 0.3 and not claims[at]
    ]
    if len(bare) == 1:
        titled = bool(header.titles[bare[0]])
        claims[bare[0]]["quantity"] = (0.5 if titled else 0.6, "content")


def _share_out(claims: Sequence[Mapping[str, tuple[float, str]]]) -> list[str]:
    """Give each column a field: the surest claims first, most fields once."""
    ranked = sorted(
        (-sure, at, field) for at, found in enumerate(claims) for field, (sure, _) in found.items()
    )
    chosen = [""] * len(claims)
    taken: set[str] = set()
    for _, at, field in ranked:
        if not chosen[at] and (field in MANY or field not in taken):
            chosen[at] = field
            taken.add(field)
    return chosen
