"""A form for KoBo and ODK as an XLSForm (xlsform.org), with all its words in several languages.

Questions are named as the fields of `data.intake`, so an export of the answers is read without
mapping. A place is chosen below its commune; one that no list has is written, with its position.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from data.templates.columns import Choice, Column, Words

MAX_LABEL = 200
_NOT_IN_XML = re.compile(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_TYPES = {
    "number": "decimal",
    "count": "integer",
    "date": "date",
    "moment": "dateTime",
    "text": "text",
}
#: A list this long is searched by typing.
LONG = 12

Row = dict[str, str]


def xlsform(
    kind: str,
    columns: Sequence[Column],
    words: Mapping[str, Words],
    lists: Mapping[str, Sequence[Choice]],
    *,
    languages: Mapping[str, str],
    language: str,
    version: str,
) -> bytes:
    """Write a form.

    Parameters
    ----------
    words
        By language.
    lists
        Name of a list → its choices.
    languages
        Code → name of each language, in the order in which they are offered.
    language
        The one that the form opens in.
    version
        Goes up with every form of a kind, such as ``202309121400``.
    """
    labels = {code: f"{name} ({code})" for code, name in languages.items()}
    draft = _Draft(words, lists, labels)
    survey = [
        {"type": "start", "name": "start"},
        {"type": "end", "name": "end"},
        *draft.questions(columns),
    ]
    settings = [
        {
            "form_title": words[language].title,
            "form_id": f"qafila_{kind.replace('-', '_')}",
            "version": version,
            "default_language": labels[language],
        }
    ]
    return _book({"survey": survey, "choices": list(draft.choices()), "settings": settings})


class _Draft:
    """The questions of a form, and the lists that they use."""

    def __init__(
        self,
        words: Mapping[str, Words],
        lists: Mapping[str, Sequence[Choice]],
        labels: Mapping[str, str],
    ) -> None:
        self._words, self._lists, self._labels = words, lists, labels
        self._used: dict[str, None] = {}

    def questions(self, columns: Sequence[Column]) -> Iterator[Row]:
        """Give the questions in their order; longitude and latitude are one, taken by the phone."""
        fields = {one.field for one in columns}
        listed = any(one.cell == "place" for one in columns) and self._list("place")
        for column in columns:
            if column.cell == "place" and listed:
                yield from self._place(column, with_commune=bool(self._list("commune")))
            elif (column.field == "commune" and listed) or column.field == "lat":
                continue  # asked with the place, and with the longitude
            elif column.field == "lon":
                yield self._row("geopoint", "position", required=column.needed)
            else:
                yield self._question(column)
        if listed and "lon" not in fields:
            yield self._row("geopoint", "position", relevant="${place_id} = ''")

    def _place(self, column: Column, *, with_commune: bool) -> Iterator[Row]:
        """Ask for the commune, then for a place in it, then for its name if no list has it."""
        chosen = self._select("select_one", "place_id", "place")
        if with_commune:
            yield self._select("select_one", "commune", "commune")
            chosen["choice_filter"] = "commune = ${commune}"
        yield chosen
        yield self._row("text", "place", relevant="${place_id} = ''", required=column.needed)

    def _question(self, column: Column) -> Row:
        if column.cell in ("choice", "choices", "place"):
            if not self._list(column.choices):
                return self._row("text", column.field, required=column.needed)
            several = "select_multiple" if column.cell == "choices" else "select_one"
            row = self._select(several, column.field, column.choices)
            row["required"] = "yes" if column.needed else ""
            return row
        row = self._row(_TYPES[column.cell], column.field, required=column.needed)
        if column.cell in ("number", "count"):
            row["constraint"] = ". >= 0"
        return row

    def _select(self, kind: str, field: str, choices: str) -> Row:
        self._used[choices] = None
        row = self._row(f"{kind} {choices}", field)
        row["appearance"] = "minimal autocomplete" if len(self._list(choices)) > LONG else ""
        return row

    def _row(self, kind: str, field: str, *, required: bool = False, relevant: str = "") -> Row:
        row = {"type": kind, "name": field}
        for code, label in self._labels.items():
            words = self._words[code]
            row[f"label::{label}"] = _upper(words.fields[field])
            row[f"hint::{label}"] = words.hints.get(field, "")
        return row | {"required": "yes" if required else "", "relevant": relevant}

    def _list(self, name: str) -> Sequence[Choice]:
        return self._lists.get(name, ())

    def choices(self) -> Iterator[Row]:
        """Give the entries of the lists that are used."""
        for name in self._used:
            for one in self._list(name):
                said = {
                    f"label::{label}": one.labels.get(code) or one.labels.get("en") or one.name
                    for code, label in self._labels.items()
                }
                yield {"list_name": name, "name": one.name, **said, "commune": one.group}


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _book(pages: Mapping[str, Sequence[Row]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for title, rows in pages.items():
        page = book.create_sheet(title)
        heads = list(dict.fromkeys(head for row in rows for head in row))
        # A head whose column is empty is left out: readers of forms take it for a language.
        heads = [head for head in heads if any(row.get(head) for row in rows)]
        page.append(heads)
        for row in rows:
            page.append([_cell(page, row.get(head, "")) for head in heads])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(page: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(page, _NOT_IN_XML.sub(" ", text)[:MAX_LABEL] or None)
    if text:
        cell.data_type = "s"
    return cell
