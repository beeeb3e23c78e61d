"""Databases of the server that `tools/database.py` starts, one a test."""

import contextlib
import itertools
import os
import sqlite3
from typing import Any

from sqlalchemy.engine import make_url

SERVER_VARIABLE = "QAFILA_TEST_DATABASE_URL"
REASON_VARIABLE = "QAFILA_NO_DATABASE"


class DatabaseServer:
    """Makes and drops databases; their owner is no superuser, as in an office."""

    def __init__(self, url: str, worker: str) -> None:
        self._url = make_url(url)
        self._role = f"office_{worker}_{os.getpid()}"
        self._numbers = itertools.count(1)
        self._template = ""
        self.admin(f"CREATE ROLE {self._role} LOGIN PASSWORD 'quiet-secret'")

    def admin(self, *statements: str, database: str | None = None) -> None:
        """Run statements as the superuser."""
        url = self._url if database is None else self._url.set(database=database)
        for statement in statements:
            run_statement(url.render_as_string(hide_password=False), statement)

    def new_database(self, *, postgis: bool = False, like: str = "") -> str:
        """Make a database and give its address, as its owner would write it.

        It is empty, or a copy of the one at the address `like`, to which nobody is connected.
        """
        name = f"{self._role}_{next(self._numbers)}"
        template = self._postgis_template() if postgis else "template0"
        if like:
            template = str(make_url(like).database)
        self.admin(
            f"CREATE DATABASE {name} OWNER {self._role} TEMPLATE {template} STRATEGY file_copy",
        )
        self.admin(f"ALTER SCHEMA public OWNER TO {self._role}", database=name)
        url = self._url.set(database=name, username=self._role, password="quiet-secret")
        return url.render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is still connected."""
        self.admin(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def close(self) -> None:
        """Drop what is left."""
        if self._template:
            self.admin(f"DROP DATABASE {self._template}")

    def _postgis_template(self) -> str:
        if not self._template:
            name = f"{self._role}_postgis"
            self.admin(f"CREATE DATABASE {name} TEMPLATE template0")
            self._template = name
            self.admin("CREATE EXTENSION postgis", database=name)
        return self._template


def run_statement(place: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement by the driver alone, on a file or on a server; gives its rows."""
    if place.startswith("sqlite:///"):
        file = place.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()
    with contextlib.closing(connect(place)) as connection:
        cursor = connection.cursor()
        cursor.execute(statement.replace("?", "%s"), values)
        return [] if cursor.description is None else [tuple(row) for row in cursor.fetchall()]


def connect(place: str) -> Any:
    """Open a connection of the driver to a server; every statement is its own transaction."""
    import pg8000.dbapi

    url = make_url(place)
    connection = pg8000.dbapi.connect(
        user=str(url.username),
        password=url.password,
        host=str(url.host),
        port=url.port or 5432,
        database=url.database,
        timeout=60,
    )
    connection.autocommit = True
    return connection
