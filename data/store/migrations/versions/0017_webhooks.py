"""Webhooks: a private table more, empty."""

from alembic import op

from data.store.private import PRIVATE

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table that is missing."""
    PRIVATE.create_all(op.get_bind())
