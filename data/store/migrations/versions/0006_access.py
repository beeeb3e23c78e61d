"""Accounts, keys and the vault: projections more, and the private tables beside them."""

from alembic import op

from data.store.private import PRIVATE
from data.store.schema import PROJECTIONS

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables that are missing, empty."""
    PROJECTIONS.create_all(op.get_bind())
    PRIVATE.create_all(op.get_bind())
