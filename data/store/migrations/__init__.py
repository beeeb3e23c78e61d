"""Alembic's environment and revisions of the ledger's table; run by `data.store.migrate` only."""
