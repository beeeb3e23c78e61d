"""Convoys that stay at a re-plan: a projection more, made from the ledger like the others."""

from alembic import op

from data.store.schema import PROJECTIONS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables that are missing, empty."""
    PROJECTIONS.create_all(op.get_bind())
