"""Who and what is there when the drill begins: organisations, depots, fleet, stock, volunteers.

All of it is fictional. Stock comes from a donor's account, so that the books close: nothing
appears from nowhere.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from data.catalogue import items
from data.demo.tables import place_id
from data.events import (
    DepotRegistered,
    Event,
    NewEvent,
    OrganisationRegistered,
    Provenance,
    StockMoved,
    VehicleRegistered,
    VolunteerRegistered,
)

if TYPE_CHECKING:
    import pandas as pd

    from data.demo.tables import Tables

# Registered before the first report of the day.
BEGINS_AT = datetime(2023, 9, 9, 5, 0, tzinfo=UTC)
# Whose gift an item is, by the trade of the organisation.
DONOR_OF = {
    "water_l": "eau-dir",
    "hygiene_kit": "croissant-solidaire",
    "food_kit": "main-tendue",
    "tent": "toit-atlas",
    "blanket": "toit-atlas",
}
FIRST_ROW = 2  # of a sheet, below its header


def drill_roster(tables: Tables) -> list[NewEvent]:
    """Events that register everything, in the order in which they refer to each other."""
    return [
        *_events("organisations", tables.organisations, _organisations(tables)),
        *_events("depots", tables.depots, _depots(tables)),
        *_events("vehicles", tables.vehicles, _vehicles(tables)),
        *_events("stock", tables.stock, _stock(tables)),
        *_events("volunteers", tables.volunteers, _volunteers(tables)),
    ]


def _events(name: str, rows: pd.DataFrame, payloads: list[Event]) -> list[NewEvent]:
    numbers = range(FIRST_ROW, FIRST_ROW + len(rows))
    return [
        NewEvent(
            payload=payload,
            reported_at=BEGINS_AT,
            provenance=Provenance(file=f"{name}.csv", row=number),
        )
        for number, payload in zip(numbers, payloads, strict=True)
    ]


def _organisations(tables: Tables) -> list[Event]:
    return [
        OrganisationRegistered(
            organisation_id=f"organisation:{row.organisation}",
            name=row.name_fr,
            name_ar=row.name_ar,
            kind=row.kind,
            status=row.status,
        )
        for row in tables.organisations.itertuples()
    ]


def _depots(tables: Tables) -> list[Event]:
    return [
        DepotRegistered(
            depot_id=f"depot:{row.depot}",
            name=row.name_fr,
            name_ar=row.name_ar,
            lon=float(row.lon),
            lat=float(row.lat),
        )
        for row in tables.depots.itertuples()
    ]


def _vehicles(tables: Tables) -> list[Event]:
    # `class` is a word of Python: itertuples would rename the column.
    return [
        VehicleRegistered(
            vehicle_id=f"vehicle:{row.vehicle}",
            vehicle_class=row.vehicle_class,
            name=row.name,
            capacity_kg=float(row.capacity_kg),
            capacity_m3=float(row.capacity_m3),
            depot_id=f"depot:{row.depot}",
            organisation_id=f"organisation:{row.organisation}",
        )
        for row in tables.vehicles.rename(columns={"class": "vehicle_class"}).itertuples()
    ]


def _stock(tables: Tables) -> list[Event]:
    # The unit is the catalogue's: the table writes "piece" where that says "tent".
    catalogue = items()
    return [
        StockMoved(
            movement_id=f"movement:drill-{number:04d}",
            item_id=row.item,
            quantity=row.quantity,
            unit=catalogue[row.item].unit,
            from_account=f"donor:{DONOR_OF[row.item]}",
            to_account=f"depot:{row.depot}",
            note="opening stock of the drill, fictional",
        )
        for number, row in enumerate(tables.stock.itertuples(), start=1)
    ]


def _volunteers(tables: Tables) -> list[Event]:
    return [
        VolunteerRegistered(
            volunteer_id=f"volunteer:{row.volunteer}",
            organisation_id=f"organisation:{row.organisation}",
            home_place_id=place_id(row.home_place),
            skills=tuple(row.skills.split()),
            languages=tuple(row.languages.split()),
        )
        for row in tables.volunteers.itertuples()
    ]
