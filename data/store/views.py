"""Views with geometry over the projections, which QGIS and others open directly (PostGIS only).

They are made with the tables and are never written to. Where PostGIS is not installed, or where the
database's user may not switch it on, the store works without them and `missing` says so.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, delete, inspect, text
from sqlalchemy.exc import DBAPIError

from data.store.schema import PROJECTIONS, TABLES

logger = logging.getLogger(__name__)

VIEWS = {
    "qafila_places": """
        SELECT place_id, name, name_ar, kind, commune, commune_code, people, source, seq,
               ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geometry(Point, 4326) AS geom
        FROM places WHERE NOT removed
    """,
    # Places of loaded layers lie in the archive, not in the database: their needs have no geometry
    # here; QGIS joins them by place_id to a layer of places.
    "qafila_needs": """
        SELECT n.need_id, n.place_id, p.name AS place, n.item_id,
               n.quantity_micro / 1000000.0 AS quantity, n.unit, n.status, n.weight, n.note,
               n.organisation_id, n.recorded_at, n.reported_at, n.seq,
               ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)::geometry(Point, 4326) AS geom
        FROM needs n LEFT JOIN places p ON p.place_id = n.place_id AND NOT p.removed
        WHERE NOT n.removed
    """,
    "qafila_depots": """
        SELECT depot_id, name, name_ar, active, seq,
               ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geometry(Point, 4326) AS geom
        FROM depots WHERE NOT removed
    """,
    "qafila_stock": """
        SELECT s.account || ' ' || s.item_id AS stock_id, s.account AS depot_id, d.name,
               s.item_id, i.unit, s.balance_micro / 1000000.0 AS quantity, s.seq,
               ST_SetSRID(ST_MakePoint(d.lon, d.lat), 4326)::geometry(Point, 4326) AS geom
        FROM stock s JOIN depots d ON d.depot_id = s.account JOIN items i USING (item_id)
        WHERE NOT s.removed AND NOT d.removed AND s.balance_micro <> 0
    """,
    "qafila_vehicles": """
        SELECT v.vehicle_id, v.name, v.vehicle_class, v.capacity_kg, v.capacity_m3, v.available,
               v.speed_factor, v.crew, v.together, v.organisation_id, v.depot_id, v.seq,
               ST_SetSRID(ST_MakePoint(d.lon, d.lat), 4326)::geometry(Point, 4326) AS geom
        FROM vehicles v JOIN depots d USING (depot_id) WHERE NOT v.removed AND NOT d.removed
    """,
    "qafila_area": """
        SELECT situation_id, name, notice, drill, seq,
               ST_MakeEnvelope((bounds::jsonb->>0)::float8, (bounds::jsonb->>1)::float8,
                               (bounds::jsonb->>2)::float8, (bounds::jsonb->>3)::float8,
                               4326)::geometry(Polygon, 4326) AS geom
        FROM situation WHERE NOT removed AND bounds IS NOT NULL
    """,
    "qafila_layers": """
        SELECT layer_id, kind, name, rows, recorded_at, seq,
               ST_MakeEnvelope((bounds::jsonb->>0)::float8, (bounds::jsonb->>1)::float8,
                               (bounds::jsonb->>2)::float8, (bounds::jsonb->>3)::float8,
                               4326)::geometry(Polygon, 4326) AS geom
        FROM layers WHERE NOT removed
    """,
}


def missing(connection: Connection) -> str | None:
    """Why the views are not there, in one line; None where they are."""
    if connection.dialect.name != "postgresql":
        return "views with geometry need PostgreSQL with PostGIS; this situation is in SQLite"
    if _present(connection):
        return None
    return (
        "PostGIS is not switched on in this database: the store works, QGIS views are missing; "
        "the database's owner runs CREATE EXTENSION postgis, then run `qafila rebuild`"
    )


def create(connection: Connection) -> None:
    """Make the views anew where that is possible; inside the caller's transaction."""
    if connection.dialect.name != "postgresql":
        return
    if not _has_postgis(connection):
        logger.warning("%s", missing(connection))
        return
    drop(connection)
    for name, query in VIEWS.items():
        connection.execute(text(f"CREATE VIEW {name} AS {query}"))


def drop(connection: Connection) -> None:
    """Drop the views, which hold fast to the tables under them."""
    if connection.dialect.name != "postgresql":
        return
    for name in VIEWS:
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))


def renew_projections(connection: Connection, *, share: bool = False) -> None:
    """Make the tables of state anew, empty, with their views.

    With `share`, tables that are as they should be are emptied instead where the engine lets others
    read the old rows meanwhile: a reader with an older snapshot would find a new table empty.
    """
    drop(connection)
    if share and connection.dialect.name == "postgresql":
        found: dict[str, set[str]] = {}
        for table, column in connection.execute(_COLUMNS):
            found.setdefault(table, set()).add(column)
        for table in reversed(TABLES):
            if found.get(table.name) == set(table.columns.keys()):
                connection.execute(delete(table))
            else:
                table.drop(connection, checkfirst=True)
    else:
        PROJECTIONS.drop_all(connection)
    PROJECTIONS.create_all(connection)
    create(connection)


def _present(connection: Connection) -> bool:
    return set(VIEWS) <= set(inspect(connection).get_view_names())


def _has_postgis(connection: Connection) -> bool:
    """Whether PostGIS is switched on, after trying to do so."""
    known = connection.execute(
        text("SELECT installed_version FROM pg_available_extensions WHERE name = 'postgis'")
    ).one_or_none()
    if known is None:
        return False
    if known[0] is not None:
        return True
    try:
        # A savepoint: to be refused must not end the caller's transaction.
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    except DBAPIError:
        return False
    return True


_COLUMNS = text(
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema()"
)
