"""The store: an append-only ledger of events, chained by hash, and the tables of state.

`Store` is the one way in. Rules of this package: an event is never changed; a projection is never
written but from an event; every write is one transaction that holds the chain, the rules and the
projections together; no exception of the database leaves it.

::

    store.py        Store: create, open, append, check, rebuild, verify, snapshot, as_of
    read.py         Reader: everything that can be asked
    records.py      what it answers
    drafts.py       from a new event to a row of the ledger
    rules.py        what may not be recorded
    projections.py  what each type of event does to the tables of state
    state.py        rows inside one transaction
    chain.py        hash and verification
    heads.py        the line that stands for a ledger; signing.py its signature
    merkle.py       one root over all events; proofs.py the proof for one
    canonical.py    RFC 8785
    schema.py       the tables
    engine.py       the database and its errors
    migrate.py      the schema's age; migrations/ holds Alembic's revisions
"""

from data.store.chain import Verification
from data.store.heads import Head, SignedHead, parse_head
from data.store.past import PastStore
from data.store.read import Reader
from data.store.records import (
    AssessmentRecord,
    Changes,
    ClosureRecord,
    LayerRecord,
    NeedRecord,
    OrganisationRecord,
    PlanRecord,
    SituationRecord,
    UploadRecord,
    VolunteerRecord,
)
from data.store.stock_records import Balance, LotBalance, MovementRecord
from data.store.store import Store

__all__ = [
    "AssessmentRecord",
    "Balance",
    "Changes",
    "ClosureRecord",
    "Head",
    "LayerRecord",
    "LotBalance",
    "MovementRecord",
    "NeedRecord",
    "OrganisationRecord",
    "PastStore",
    "PlanRecord",
    "Reader",
    "SignedHead",
    "SituationRecord",
    "Store",
    "UploadRecord",
    "Verification",
    "VolunteerRecord",
    "parse_head",
]
