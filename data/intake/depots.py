"""Depots of a sheet: found by name, or registered with a coordinate."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from data.events import DepotRegistered, Event
from data.intake.placing import where
from geo.names import plain
from geo.phrase import phrase

if TYPE_CHECKING:
    from data.intake.known import Known
    from data.intake.row import Row


def depot_of(row: Row, known: Known) -> str | None:
    """Find the depot of a row; a new name with a coordinate registers a new depot."""
    written = row.text("depot")
    found = known.depots.get(written) or known.depots.get(plain(written))
    if found:
        return found
    at = where(row, known)
    if row.problems and row.problems[-1].column in ("lon", "lat", "position"):
        return None
    if not written or at is None or abs(at[0]) > 180 or abs(at[1]) > 90:
        row.problem(
            "depot",
            phrase("a depot of this situation, or a new name with lon and lat"),
            ", ".join(known.depot_names[:8])
            or phrase("none yet: `qafila stock depot NAME LON,LAT`"),
        )
        return None
    lon, lat = at
    depot_id = stable_id("depot", written)
    # Later rows of this sheet need not repeat the coordinate.
    known.depots[plain(written)] = depot_id
    known.new_depots[depot_id] = DepotRegistered(depot_id=depot_id, name=written, lon=lon, lat=lat)
    return depot_id


def registering(depot_id: str, known: Known) -> tuple[Event, ...]:
    """Give the event that registers a new depot, with the first row that is taken."""
    event = known.new_depots.pop(depot_id, None)
    return () if event is None else (event,)


def stable_id(prefix: str, name: str) -> str:
    """Make an id from a name, so that the same name in a second sheet is the same thing."""
    form = plain(name)
    slug = "".join(char if char.isascii() and char.isalnum() else "-" for char in form).strip("-")
    digest = hashlib.sha256(form.encode()).hexdigest()[:8]
    return f"{prefix}:{slug[:40] or 'x'}-{digest}"
