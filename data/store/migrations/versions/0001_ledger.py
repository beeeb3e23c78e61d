"""The ledger: one table that only grows.

The triggers keep accidents out, not an attacker who owns the file; against that stands the chain.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

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

POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION qafila_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'events are never changed or deleted'; END $$
    """,
    """
    CREATE TRIGGER events_no_update BEFORE UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION qafila_refuse()
    """,
    """
    CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION qafila_refuse()
    """,
    """
    CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION qafila_refuse()
    """,
    """
    CREATE FUNCTION qafila_no_gap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM events) THEN
            RAISE EXCEPTION 'events are numbered without gaps';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER events_no_gap BEFORE INSERT ON events
    FOR EACH ROW EXECUTE FUNCTION qafila_no_gap()
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
        sa.Column("event_id", TEXT, nullable=False, unique=True),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("recorded_at", TEXT, nullable=False),
        sa.Column("reported_at", TEXT),
        sa.Column("organisation_id", TEXT),
        sa.Column("actor", TEXT),
        sa.Column("provenance", TEXT),
        sa.Column("client_id", TEXT, unique=True),
        sa.Column("clock_held", sa.Boolean, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("prev_hash", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("subject_id", TEXT, nullable=False),
        sa.Column("upload_id", TEXT),
    )
    op.create_index("events_by_subject", "events", ["subject_id"])
    op.create_index(
        "events_by_upload",
        "events",
        ["upload_id"],
        sqlite_where=sa.text("upload_id IS NOT NULL"),
        postgresql_where=sa.text("upload_id IS NOT NULL"),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for trigger in POSTGRESQL_TRIGGERS if postgresql else TRIGGERS:
        op.execute(trigger)
