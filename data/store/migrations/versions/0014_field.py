"""What was heard of convoys and links to answer by, made from the ledger; positions, empty."""

from alembic import op

from data.store.private import PRIVATE
from data.store.schema import PROJECTIONS

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables that are missing, empty."""
    PROJECTIONS.create_all(op.get_bind())
    PRIVATE.create_all(op.get_bind())
