"""How fast a vehicle is, how many unload it, and which ones travel together."""

import sqlalchemy
from alembic import op

from data.store.schema import VEHICLES
from geo.model import STANDARD_CREW

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# What vehicles have of which nobody has said anything: as in the event.
UNSAID = {"speed_factor": "1.0", "crew": str(STANDARD_CREW), "together": "''"}


def upgrade() -> None:
    """Add the columns where the table is older than they are, with what nobody has said yet."""
    known = {row["name"] for row in sqlalchemy.inspect(op.get_bind()).get_columns(VEHICLES.name)}
    for name, unsaid in UNSAID.items():
        if name not in known:
            column = sqlalchemy.Column(
                name,
                VEHICLES.c[name].type,
                nullable=False,
                server_default=sqlalchemy.text(unsaid),
            )
            op.add_column(VEHICLES.name, column)
