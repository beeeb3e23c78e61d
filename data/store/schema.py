"""The tables: the ledger, which is the truth, and its projections, which are made from it.

Text holds JSON in canonical form, times as ``2023-09-08T22:11:01.000000Z`` (UTC, fixed width, so
that text sorts by time) and quantities are whole micro-units (1 tent = 1,000,000), exact in every
engine. In a projection `seq` is the event that last touched the row and `removed` marks a row that
no longer counts, kept so that a map that only asks for changes can take it away.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, Table, text

from data.store.activity_table import ACTIVITIES as ACTIVITIES
from data.store.columns import PROJECTIONS as PROJECTIONS
from data.store.columns import BytesText as _Text
from data.store.columns import count as _count
from data.store.columns import flag as _flag
from data.store.columns import from_micro as from_micro
from data.store.columns import key as _key
from data.store.columns import key_columns as key_columns
from data.store.columns import maybe as _maybe
from data.store.columns import number as _number
from data.store.columns import projection as _projection
from data.store.columns import text as _text
from data.store.columns import to_micro as to_micro
from data.store.field_tables import CONVOYS_HEARD as CONVOYS_HEARD
from data.store.field_tables import FIELD_LINKS as FIELD_LINKS
from data.store.group_table import GROUP_COUNTS as GROUP_COUNTS
from data.store.microtask_table import MICROTASK_ANSWERS as MICROTASK_ANSWERS
from data.store.microtask_table import MICROTASKS as MICROTASKS
from data.store.report_table import REPORTS as REPORTS
from data.store.stock_tables import ALLOCATIONS as ALLOCATIONS
from data.store.stock_tables import COUNTS as COUNTS
from data.store.stock_tables import DELIVERIES as DELIVERIES
from data.store.stock_tables import FUNDS as FUNDS
from data.store.stock_tables import ITEMS as ITEMS
from data.store.stock_tables import LOTS as LOTS
from data.store.stock_tables import MERGES as MERGES
from data.store.stock_tables import MOVEMENTS as MOVEMENTS
from data.store.stock_tables import NEED_DELIVERED as NEED_DELIVERED
from data.store.stock_tables import NEED_MERGED as NEED_MERGED
from data.store.stock_tables import NEED_TRUST as NEED_TRUST
from data.store.stock_tables import NEEDS as NEEDS
from data.store.stock_tables import OWN_ITEMS as OWN_ITEMS
from data.store.stock_tables import PAYMENTS as PAYMENTS
from data.store.stock_tables import PLEDGES as PLEDGES
from data.store.stock_tables import RESERVATIONS as RESERVATIONS
from data.store.stock_tables import RESERVED as RESERVED
from data.store.stock_tables import RESERVED_LINES as RESERVED_LINES
from data.store.stock_tables import SLIPS as SLIPS
from data.store.stock_tables import STOCK as STOCK
from data.store.stock_tables import STOCK_LOTS as STOCK_LOTS
from data.store.volunteering_tables import ASSIGNMENTS as ASSIGNMENTS
from data.store.volunteering_tables import CERTIFICATES as CERTIFICATES
from data.store.volunteering_tables import FEEDBACK as FEEDBACK
from data.store.volunteering_tables import SHIFTS as SHIFTS
from data.store.volunteering_tables import SIGNS_OF_LIFE as SIGNS_OF_LIFE
from data.store.volunteering_tables import TASKS as TASKS

#: The newest revision in `migrations/versions`; a test compares.
REVISION = "0018"

#: Written into the header of an SQLite file ("Qafi"), so that it is known for ours.
APPLICATION_ID = 0x51616669

# Only an INTEGER PRIMARY KEY is SQLite's own row number.
_Seq = BigInteger().with_variant(Integer(), "sqlite")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


LEDGER = MetaData()

EVENTS = Table(
    "events",
    LEDGER,
    Column("seq", _Seq, primary_key=True, autoincrement=False),
    Column("event_id", _Text, nullable=False, unique=True),
    Column("type", _Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("recorded_at", _Text, nullable=False),
    Column("reported_at", _Text),
    Column("organisation_id", _Text),
    Column("actor", _Text),
    Column("provenance", _Text),
    Column("client_id", _Text, unique=True),
    Column("clock_held", Boolean, nullable=False),
    Column("payload", _Text, nullable=False),
    Column("prev_hash", _Text, nullable=False),
    Column("hash", _Text, nullable=False),
    # Copies of what stands in payload and provenance, to find the events of one thing; not hashed.
    Column("subject_id", _Text, nullable=False),
    Column("upload_id", _Text),
    Index("events_by_subject", "subject_id"),
    Index("events_by_upload", "upload_id", **_where("upload_id IS NOT NULL")),
)


SITUATION = _projection(
    "situation",
    _key("situation_id"),
    _text("name"),
    _maybe("bounds"),
    _text("working_crs"),
    _text("timezone"),
    _text("notice"),
    _flag("drill"),
    _maybe("plays_at"),
    _text("recorded_at"),
)

LAYERS = _projection(
    "layers",
    _key("layer_id"),
    _text("kind"),
    _text("name"),
    _text("files"),
    _count("rows"),
    _text("bounds"),
    _text("source"),
    _text("notes"),
    _text("details"),
    _maybe("organisation_id"),
    _text("recorded_at"),
    # Its place in the order of loading: `seq` moves when the layer is removed.
    _count("loaded_seq"),
)

ORGANISATIONS = _projection(
    "organisations",
    _key("organisation_id"),
    _text("name"),
    _text("name_ar"),
    _text("kind"),
    _text("status"),
)

DEPOTS = _projection(
    "depots",
    _key("depot_id"),
    _text("name"),
    _text("name_ar"),
    _number("lon"),
    _number("lat"),
    _flag("active"),
)

VEHICLES = _projection(
    "vehicles",
    _key("vehicle_id"),
    _text("vehicle_class"),
    _text("name"),
    _number("capacity_kg"),
    _number("capacity_m3"),
    _text("depot_id"),
    _maybe("organisation_id"),
    _count("shift_s"),
    _flag("available"),
    _number("speed_factor"),
    _count("crew"),
    _text("together"),
)

VOLUNTEERS = _projection(
    "volunteers",
    _key("volunteer_id"),
    _maybe("organisation_id"),
    _maybe("home_place_id"),
    _text("skills"),
    _text("languages"),
    _flag("available"),
    _maybe("available_from"),
    _maybe("available_until"),
    _maybe("vehicle"),
    _flag("remote"),
    _flag("consent"),
    _maybe("account_id"),
    _text("recorded_at"),
)

DAMAGE_REPORTS = _projection(
    "damage_reports",
    _key("report_id"),
    _text("place_id"),
    _count("destroyed"),
    _count("damaged"),
    Column("total", BigInteger),
    _text("observed_at"),
    _text("written_place"),
    Column("match_score", Float),
    _text("note"),
    _maybe("organisation_id"),
    _maybe("upload_id"),
    _text("recorded_at"),
)

# Places that people added; those of layers lie in the archive.
PLACES = _projection(
    "places",
    _key("place_id"),
    _text("name"),
    _text("name_ar"),
    _text("kind"),
    _number("lon"),
    _number("lat"),
    _text("commune"),
    _text("commune_code"),
    Column("people", BigInteger),
    _text("source"),
    _maybe("organisation_id"),
    _maybe("upload_id"),
    _text("recorded_at"),
)

PLACE_ALIASES = _projection(
    "place_aliases",
    _key("alias_id"),
    _text("place_id"),
    _text("written"),
    _text("note"),
    _maybe("organisation_id"),
    _maybe("upload_id"),
    _text("recorded_at"),
)

CLOSURES = _projection(
    "closures",
    _key("closure_id"),
    _text("edges"),
    _text("roads_sha256"),
    _text("state"),
    _text("classes"),
    _maybe("since"),
    _maybe("until"),
    _number("confidence"),
    _text("source"),
    _text("reason"),
    Column("max_weight_t", Float),
    _maybe("organisation_id"),
    _maybe("upload_id"),
    _text("recorded_at"),
    _maybe("reported_at"),
    _maybe("reopened_at"),
    _text("reopened_reason"),
)

# Gaps of a road layer that a person joined.
ROAD_JOINTS = _projection(
    "road_joints",
    _key("joint_id"),
    _text("layer_id"),
    _text("gaps"),
    _text("source"),
    _text("reason"),
    _maybe("organisation_id"),
    _maybe("upload_id"),
    _text("recorded_at"),
)

# What a cell knows better of vehicle classes.
VEHICLE_CHANGES = _projection(
    "vehicle_changes",
    _key("change_id"),
    _text("changes"),
    _text("source"),
    _text("reason"),
    _maybe("organisation_id"),
    _maybe("upload_id"),
    _text("recorded_at"),
)

UPLOADS = _projection(
    "uploads",
    _key("upload_id"),
    _text("kind"),
    _text("file"),
    _text("sha256"),
    _count("accepted"),
    _count("rejected"),
    _maybe("organisation_id"),
    _text("recorded_at"),
    _maybe("undone_at"),
    _text("undone_reason"),
)

ASSESSMENTS = _projection(
    "assessments",
    _key("assessment_id"),
    _text("document"),
    _count("based_on_seq"),
    _text("summary"),
    _text("recorded_at"),
)

PLANS = _projection(
    "plans",
    _key("plan_id"),
    _text("document"),
    _text("problem"),
    _count("seed"),
    _count("based_on_seq"),
    _text("summary"),
    _text("recorded_at"),
)

# Who may do what, by id: what an account is called stands in the vault (`private.PEOPLE`).
ACCOUNTS = _projection(
    "accounts",
    _key("account_id"),
    _text("role"),
    _maybe("organisation_id"),
    _flag("active"),
    _text("recorded_at"),
    _maybe("signed_in_at"),
)

KEYS = _projection(
    "keys",
    _key("key_id"),
    _text("organisation_id"),
    _text("role"),
    _text("scopes"),
    _text("label"),
    _text("expires_at"),
    _text("recorded_at"),
    _maybe("revoked_at"),
)

ERASURES = _projection(
    "erasures",
    _key("person_id"),
    _text("fields"),
    _text("reason"),
    _text("recorded_at"),
)

CONVOY_LOCKS = _projection(
    "convoy_locks",
    _key("convoy_id"),
    _text("plan_id"),
    _flag("locked"),
    _text("reason"),
    _text("recorded_at"),
)

#: All projections, in one order. (`MetaData.sorted_tables` sorts anew at every call.)
TABLES: tuple[Table, ...] = tuple(PROJECTIONS.sorted_tables)
