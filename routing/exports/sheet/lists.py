"""Loading list and waybills as CSV, for spreadsheets and stock programs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from routing.exports.sheet.papers import sheet_of
from routing.exports.table import BYTE_ORDER_MARK, text_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from routing.exports.sheet.papers import Goods, Sheet
    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary

LOADING_SUFFIX, WAYBILLS_SUFFIX = ".loading.csv", ".waybills.csv"
_GOODS = ("item_id", "item", "quantity", "unit", "kg", "m3")
_CONVOY = ("convoy_id", "vehicle", "depot", "departs_at_local")
LOADING_COLUMNS = (
    *_CONVOY, "order", "stop", "place_id", "place", *_GOODS, "plan_version", "notice",
)  # fmt: skip
WAYBILL_COLUMNS = (
    "waybill", *_CONVOY, "stop", "place_id", "place", "arrives_at_local", *_GOODS, "received",
    "remarks", "plan_version", "notice",
)  # fmt: skip


def render_loading(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give the loading list: one row per item and stop, in the order of loading."""
    sheet = sheet_of(itinerary, wording)
    rows = (
        {
            **_convoy(sheet),
            "order": str(line.order),
            "stop": str(line.stop),
            "place_id": text_cell(line.place_id),
            "place": text_cell(line.place),
            **_goods(line.goods),
        }
        for line in sheet.loading
    )
    return _table(LOADING_COLUMNS, rows, wording)


def render_waybills(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give the waybills: one row per waybill and item; what was received is left to be filled."""
    sheet = sheet_of(itinerary, wording)
    rows = (
        {
            "waybill": text_cell(bill.number),
            **_convoy(sheet),
            "stop": str(bill.stop.number),
            "place_id": text_cell(bill.stop.place_id),
            "place": text_cell(bill.stop.place),
            "arrives_at_local": bill.stop.arrives,
            **_goods(goods),
            "received": "",
            "remarks": "",
        }
        for bill in sheet.waybills
        for goods in bill.goods
    )
    return _table(WAYBILL_COLUMNS, rows, wording)


def _convoy(sheet: Sheet) -> dict[str, str]:
    return {
        "convoy_id": text_cell(sheet.convoy_id),
        "vehicle": text_cell(sheet.vehicle),
        "depot": text_cell(sheet.depot),
        "departs_at_local": sheet.departs,
        "plan_version": text_cell(sheet.version),
        "notice": text_cell(sheet.notice),
    }


def _goods(goods: Goods) -> dict[str, str]:
    return {
        "item_id": text_cell(goods.item_id),
        "item": text_cell(goods.item),
        "quantity": goods.quantity,
        "unit": text_cell(goods.unit),
        "kg": goods.kg,
        "m3": goods.m3,
    }


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, str]], wording: Wording) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return ((BYTE_ORDER_MARK if wording.bom else "") + text.getvalue()).encode()
