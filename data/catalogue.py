"""The catalogue of relief items: what one unit weighs, fills and serves, with its source.

The catalogue is `data/catalog/items.toml`; another file of the same form can take its place.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geo.errors import EmptyInputError, Problem, SchemaError, TooLargeError, UnreadableError
from geo.model import Item

if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOGUE = Path(__file__).parent / "catalog" / "items.toml"
MAX_BYTES = 1_000_000
ITEM_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=500)]


#: Headings under which people look for an item; "first" holds what is asked for in the first hours.
Group = Literal[
    "first", "food", "bedding", "clothes", "hygiene", "health", "children", "energy", "tools",
    "animals",
]  # fmt: skip


class ItemNames(BaseModel):
    """Names by language code; empty where nobody was sure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: Annotated[str, Field(min_length=1, max_length=100)]
    fr: Annotated[str, Field(max_length=100)] = ""
    ar: Annotated[str, Field(max_length=100)] = ""
    zgh: Annotated[str, Field(max_length=100)] = ""


class CatalogueItem(BaseModel):
    """One item of the catalogue as written.

    `group` is the heading under which people look for it.
    `persons_per_unit` and `days_per_unit` say what one unit serves and for how long; None where
    the question has no meaning (a litre of water) or the item lasts (a tent).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: Group = "first"
    unit: Annotated[str, Field(min_length=1, max_length=20)]
    # More than a tonne or ten cubic metres a unit is a slip of the decimal point.
    kg_per_unit: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    m3_per_unit: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]
    persons_per_unit: Positive | None = None
    days_per_unit: Positive | None = None
    basis: Literal["published", "estimate"]
    source: Text
    names: ItemNames


def items(path: Path | None = None) -> dict[str, Item]:
    """All items by their id, as the planner and the store know them.

    Parameters
    ----------
    path
        Another catalogue of the same form; None is the one that comes with the program.

    Raises
    ------
    UnreadableError
        No such file, or no TOML.
    TooLargeError
        More than 1 MB.
    EmptyInputError
        No items.
    SchemaError
        Fields that are missing, unknown or impossible; all problems are listed.
    """
    return dict(_builtin_items()) if path is None else _as_items(_read(path))


def _as_items(entries: Mapping[str, CatalogueItem]) -> dict[str, Item]:
    return {
        item_id: Item(
            item_id=item_id,
            unit=entry.unit,
            kg_per_unit=entry.kg_per_unit,
            m3_per_unit=entry.m3_per_unit,
            names={code: name for code, name in entry.names.model_dump().items() if name},
            source=entry.source if entry.basis == "published" else f"Estimate. {entry.source}",
        )
        for item_id, entry in entries.items()
    }


def catalogue(path: Path | None = None) -> Mapping[str, CatalogueItem]:
    """All entries by item id, with what one unit serves; raises as `items`."""
    return _builtin() if path is None else _read(path)


def catalogue_markdown() -> str:
    """Write the table of the catalogue for `docs/needs.md`."""
    head = "| item | unit | kg | m³ | people | days | basis | source |"
    lines = [head, "|---" * 8 + "|"]
    for item_id, entry in catalogue().items():
        lines.append(
            f"| `{item_id}` | {entry.unit} | {entry.kg_per_unit:g} | {entry.m3_per_unit:g} "
            f"| {'' if entry.persons_per_unit is None else f'{entry.persons_per_unit:g}'} "
            f"| {'' if entry.days_per_unit is None else f'{entry.days_per_unit:g}'} "
            f"| {entry.basis} | {entry.source} |"
        )
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=1)
def _builtin_items() -> Mapping[str, Item]:
    """Made once: a page asks for names thousands of times."""
    return MappingProxyType(_as_items(_builtin()))


@lru_cache(maxsize=1)
def _builtin() -> Mapping[str, CatalogueItem]:
    return _read(CATALOGUE)


def _read(path: Path) -> Mapping[str, CatalogueItem]:
    table = _toml(path)
    if not table:
        raise EmptyInputError(path.name, "it holds no items", "add at least one")
    entries: dict[str, CatalogueItem] = {}
    problems: list[Problem] = []
    for item_id, given in table.items():
        if not ITEM_ID.fullmatch(item_id):
            problems.append(
                Problem(
                    row=item_id,
                    column="",
                    value=item_id,
                    expected="an id of lower-case letters, digits and _ that starts with a letter",
                )
            )
        try:
            entries[item_id] = CatalogueItem.model_validate(given)
        except ValidationError as error:
            problems += [_problem(item_id, detail) for detail in error.errors()]
    if problems:
        first = problems[0]
        raise SchemaError(
            f"{path.name}: item {first.row}, {first.column or 'id'} = {first.value}",
            f"{first.expected} ({len(problems)} problem(s) in all)",
            "correct the catalogue",
            problems=problems,
        )
    return MappingProxyType(entries)


def _toml(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TooLargeError(path.name, f"at most {MAX_BYTES:,} bytes are read", "split it")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableError(
            path.name, "the file cannot be read", "check the path and its permissions"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(path.name, f"no valid TOML: {error}", "correct the line") from error


def _problem(item_id: str, detail: Any) -> Problem:
    return Problem(
        row=item_id,
        column=".".join(str(part) for part in detail["loc"]),
        value=str(detail.get("input", ""))[:80],
        expected=str(detail["msg"]),
    )
