"""Lots, reservations, deliveries, funds: projections more, made from the ledger like the others."""

from alembic import op

from data.store.schema import PROJECTIONS

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables that are missing, empty."""
    PROJECTIONS.create_all(op.get_bind())
