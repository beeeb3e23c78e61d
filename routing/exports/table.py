"""CSV (RFC 4180, UTF-8): one row per stop and item, the notice in a column of its own.

Numbers are written as numbers, a negative longitude too. Text that a spreadsheet would take for a
formula gets an apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from routing.exports.wording import clean, number, utc

if TYPE_CHECKING:
    from routing.exports.wording import Wording
    from routing.itinerary import HandOut, Itinerary, RoadStop

SUFFIX = ".csv"
BYTE_ORDER_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def render(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give `itinerary` as one table."""
    rows = [
        _row(itinerary, stop, item, wording) for stop in itinerary.stops for item in stop.hand_out
    ]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return ((BYTE_ORDER_MARK if wording.bom else "") + text.getvalue()).encode()


COLUMNS = (
    "convoy_id", "vehicle", "vehicle_class", "depot_id", "depot", "departs_at_local",
    "departs_at_utc", "stop", "place_id", "place", "lon", "lat", "arrives_at_local",
    "arrives_at_utc", "leaves_at_local", "leaves_at_utc", "km", "walk_m", "item_id", "item",
    "quantity", "unit", "kg", "m3", "why", "notice",
)  # fmt: skip


def _row(itinerary: Itinerary, stop: RoadStop, item: HandOut, wording: Wording) -> dict[str, str]:
    convoy = itinerary.convoy
    lon, lat = stop.position
    return {
        "convoy_id": text_cell(convoy.convoy_id),
        "vehicle": text_cell(convoy.vehicle_name or convoy.vehicle_id),
        "vehicle_class": convoy.vehicle_class,
        "depot_id": text_cell(convoy.depot_id),
        "depot": text_cell(wording.name(convoy.depot_id)),
        "departs_at_local": wording.local(convoy.departs_at),
        "departs_at_utc": utc(convoy.departs_at),
        "stop": str(stop.number),
        "place_id": text_cell(stop.place_id),
        "place": text_cell(wording.name(stop.place_id)),
        "lon": f"{lon:.7f}",
        "lat": f"{lat:.7f}",
        "arrives_at_local": wording.local(stop.arrives_at),
        "arrives_at_utc": utc(stop.arrives_at),
        "leaves_at_local": wording.local(stop.leaves_at),
        "leaves_at_utc": utc(stop.leaves_at),
        "km": f"{stop.km:.3f}",
        "walk_m": f"{stop.walk.length_m:.0f}" if stop.walk else "0",
        "item_id": text_cell(item.item_id),
        "item": text_cell(wording.name(item.item_id)),
        "quantity": number(item.quantity),
        "unit": text_cell(item.unit),
        "kg": number(item.kg),
        "m3": number(item.m3),
        "why": text_cell(stop.why),
        "notice": text_cell(wording.notice),
    }


def text_cell(text: str) -> str:
    """One line of text that no spreadsheet takes for a formula."""
    line = clean(text)
    return f"'{line}" if line.startswith(_FORMULA) else line
