"""Alembic runs its revisions inside the transaction of the connection that it is given."""

from alembic import context

from data.store.schema import LEDGER

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=LEDGER,
    # SQLite can undo changes of the schema too; Alembic believes it only when told.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
