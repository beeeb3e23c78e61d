"""The place of a situation: whether there is one, whether it is ours, room for a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.store import migrate
from data.store.engine import database_path, is_file, is_ours, shown
from data.store.schema import REVISION
from geo.errors import NoSituationError, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import URL


def revision_of_ours(connection: Connection) -> str:
    """Give the schema's revision of a situation; raises `StoreError` for what is none of ours."""
    url = connection.engine.url
    if not is_ours(connection):
        raise StoreError(
            shown(url),
            f"this {'file' if is_file(url) else 'database'} is no situation of this program",
            "name the home of a situation",
        )
    found = migrate.revision(connection)
    if found is None:
        raise no_situation(url)
    if migrate.is_newer(found):
        raise StoreError(
            shown(url),
            f"its schema {found} is newer than this program's {REVISION}",
            "update the program; nothing was changed",
        )
    return found


def require_empty(connection: Connection) -> None:
    """Refuse a database that holds something already."""
    url = connection.engine.url
    if not is_ours(connection) or migrate.revision(connection) is not None:
        raise StoreError(
            shown(url),
            "there is a situation or another database already",
            "open it, or choose another home",
        )


def no_situation(url: URL) -> NoSituationError:
    """What to say where nothing was begun yet."""
    return NoSituationError(
        shown(url),
        "there is no situation here yet",
        "begin one with `qafila init`, or name its home with --home",
    )


def make_place(url: URL) -> None:
    """Make the folder that a database file will lie in; a server's database is there already."""
    if not is_file(url):
        return
    folder = database_path(url).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            str(folder), f"the folder cannot be made ({error.strerror})", "choose another home"
        ) from error
