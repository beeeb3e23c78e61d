"""Places that people added and names that they confirmed: two projections more."""

from alembic import op

from data.store.schema import PROJECTIONS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables that are missing, empty."""
    PROJECTIONS.create_all(op.get_bind())
