"""Rows: each row of a sheet becomes events, or a reason that its sender can act on.

A good row goes in although its neighbour is bad. A row is `accepted`, `repaired` (taken with a
reading that is shown), `undecided` (candidates are offered), `rejected` or `duplicate` (already
here).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.intake.added_places import take_place
from data.intake.kinds import activities, damage, fleet, needs, stock
from data.intake.placing import questions
from data.intake.row import Row, TakenRow
from geo.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from data.intake.formats.table import Line
    from data.intake.known import Known
    from data.intake.sheet import Sheet

#: Kind → the reader of a row, and the groups of columns of which one each is needed.
_KINDS: dict[str, tuple[Callable[[Row, Known], TakenRow], tuple[tuple[str, ...], ...]]] = {
    "needs": (needs.take_need, needs.NEEDED),
    "damage": (damage.take_damage, damage.NEEDED),
    "stock": (stock.take_stock, stock.NEEDED),
    "vehicles": (fleet.take_vehicle, fleet.NEEDED_VEHICLES),
    "volunteers": (fleet.take_volunteer, fleet.NEEDED_VOLUNTEERS),
    "activities": (activities.take_activity, activities.NEEDED),
    "places": (take_place, (("place",), ("lon", "position"))),
}
#: Road reports need the network, and deliveries what is on hand: `dashboard.operations` reads them.
_READ_ELSEWHERE: dict[str, tuple[tuple[str, ...], ...]] = {
    "road-status": (("edge", "lon", "position"),),
    "deliveries": (("place_id", "place", "lon", "position"), ("item",)),
}
KINDS: tuple[str, ...] = tuple(_KINDS)
UPLOAD_KINDS: tuple[str, ...] = (*KINDS, *_READ_ELSEWHERE)


def missing_columns(kind: str, fields: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Give the groups of fields of which a sheet of this kind has none."""
    wide = any(field.startswith("quantity_of:") for field in fields)
    return [
        group
        for group in (_READ_ELSEWHERE.get(kind) or _KINDS[kind][1])
        if not any(field in fields for field in group) and not (wide and "item" in group)
    ]


def require_columns(kind: str, sheet: Sheet) -> None:
    """Raise `SchemaError` where a sheet lacks a column without which no row can be understood."""
    if missing := missing_columns(kind, sheet.fields):
        wanted = "; ".join(" or ".join(group) for group in missing)
        raise SchemaError(
            f"{sheet.file}: columns {', '.join(sheet.titles[:12])}",
            f"a sheet of {kind} needs a column for {wanted}",
            "rename the column, or add it",
        )


def take_rows(kind: str, sheet: Sheet, known: Known) -> list[TakenRow]:
    """Read every row of a sheet of one of `KINDS`.

    Raises
    ------
    SchemaError
        The sheet lacks a column without which no row can be understood; the message names the
        columns that were found.
    """
    require_columns(kind, sheet)
    return take_lines(kind, sheet, list(sheet.rows()), known)


def take_lines(kind: str, sheet: Sheet, lines: Sequence[Line], known: Known) -> list[TakenRow]:
    """Read some rows of a sheet that has the columns it needs, in their order."""
    look_up_places(sheet, lines, known)
    take = _KINDS[kind][0]
    return [take(row, known) for row in rows_of(sheet, lines)]


def look_up_places(sheet: Sheet, lines: Sequence[Line], known: Known) -> None:
    """Find the places of many rows at once, before they are read one by one."""
    if known.place_ids and "place" in sheet.fields:
        ids = {row.text("place_id") for row in rows_of(sheet, lines)} - {""}
        known.look_up(
            (one for row in rows_of(sheet, lines) for one in questions(row, known)),
            told=filter(None, map(known.place_by_id, ids)),
        )


def rows_of(sheet: Sheet, lines: Iterable[Line]) -> Iterable[Row]:
    """Give lines of a sheet as rows with its columns and the order of its dates."""
    for line, cells in lines:
        yield Row(
            line,
            cells,
            sheet.fields,
            sheet=sheet.name,
            order=sheet.order,
            order_settled=sheet.order_settled,
        )
