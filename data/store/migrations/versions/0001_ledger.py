"""The ledger: one table that only grows.

The triggers keep accidents out, not an attacker who owns the file; against that stands the chain.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TRIGGERS = (
    """
    CREATE TRIGGER events_no_update BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never changed'); END
    """,
    """
    CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END
    """,
    """
    CREATE TRIGGER events_no_gap BEFORE INSERT ON events
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM events)
    BEGIN SELECT RAISE(ABORT, 'events are numbered without gaps'); END
    """,
)


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        "events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("event_id", sa.Text, nullable=False, unique=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("reported_at", sa.Text),
        sa.Column("organisation_id", sa.Text),
        sa.Column("actor", sa.Text),
        sa.Column("provenance", sa.Text),
        sa.Column("client_id", sa.Text, unique=True),
        sa.Column("clock_held", sa.Boolean, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Text, nullable=False),
        sa.Column("upload_id", sa.Text),
    )
    op.create_index("events_by_subject", "events", ["subject_id"])
    op.create_index(
        "events_by_upload",
        "events",
        ["upload_id"],
        sqlite_where=sa.text("upload_id IS NOT NULL"),
        postgresql_where=sa.text("upload_id IS NOT NULL"),
    )
    for trigger in TRIGGERS:
        op.execute(trigger)
