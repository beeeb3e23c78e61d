"""Small questions and their answers: projections made from the ledger."""

from alembic import op

from data.store.schema import PROJECTIONS

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables that are missing, empty."""
    PROJECTIONS.create_all(op.get_bind())
