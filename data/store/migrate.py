"""The schema's age: how a database is made, recognised and brought up to date.

Alembic's revisions change the ledger's table; the projections are dropped and made anew from the
ledger after every upgrade. An upgrade is one transaction, after a copy of the file was put beside
it (SQLite); a process that dies in the middle leaves the database as it was.
"""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from data.store.engine import copy_database, database_path, is_file, shown
from data.store.schema import REVISION
from geo.errors import StoreError

logger = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parent / "migrations"


def revision(connection: Connection) -> str | None:
    """Revision of the schema, None where there is none."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def upgrade(connection: Connection, target: str = REVISION) -> None:
    """Run the revisions up to `target` inside the caller's transaction."""
    # Alembic costs 0.2 s to import, which an up-to-date database need not pay.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    # ConfigParser reads "%" as the beginning of a reference.
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, target)
    except CommandError as error:
        raise StoreError(
            shown(connection.engine.url),
            f"the schema could not be brought up to date ({error})",
            "update the program",
        ) from error


def is_newer(found: str) -> bool:
    """Whether a revision is one that this program does not know yet."""
    return not any((SCRIPTS / "versions").glob(f"{found}_*.py"))


def backup(connection: Connection, found: str) -> Path | None:
    """Copy the database beside itself before it is upgraded; a server's is its owner's to copy."""
    url = connection.engine.url
    if not is_file(url):
        logger.info("bringing %s from revision %s to %s", shown(url), found, REVISION)
        return None
    path = database_path(url)
    target = path.with_name(f"{path.name}.{found}.backup")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.{found}.backup{number}")
    copy_database(url, target)
    logger.info("copied %s to %s before its upgrade", path.name, target.name)
    return target
