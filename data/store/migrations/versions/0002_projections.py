"""The projections: tables of state, made anew from the ledger after every upgrade.

So this revision need not say what they looked like when it was written.
"""

from alembic import op

from data.store.schema import PROJECTIONS

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty."""
    PROJECTIONS.create_all(op.get_bind())
