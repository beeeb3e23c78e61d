"""Groups of people that were counted: a projection made from the ledger."""

from alembic import op

from data.store.schema import PROJECTIONS

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables that are missing, empty."""
    PROJECTIONS.create_all(op.get_bind())
