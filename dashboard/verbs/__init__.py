"""The verbs of the command line: their options, and what each hands to the use cases.

One file for each area. Imports stand inside the verbs: geopandas and streamlit cost seconds that
`qafila ledger head` need not wait for.
"""

from __future__ import annotations

from dashboard.verbs import (
    access,
    backups,
    batches,
    convoys,
    effect,
    field,
    funds,
    gifts,
    ground,
    groups,
    ledger,
    microtasks,
    needs,
    roads,
    roadwork,
    situation,
    stock,
    tables,
    volunteers,
    webhooks,
)
from dashboard.verbs.parser import FINE, FOUND, Parser

__all__ = ["FINE", "FOUND", "build_parser"]


def build_parser() -> Parser:
    """Build the parser of all verbs; `docs/command-line.md` is its help: a test compares."""
    parser = Parser(
        prog="qafila",
        description="Who was hit, which road still carries which vehicle, which convoy goes where.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for area in (
        situation,
        ledger,
        backups,
        ground,
        tables,
        needs,
        stock,
        roads,
        roadwork,
        convoys,
        field,
        effect,
        funds,
        gifts,
        groups,
        batches,
        volunteers,
        microtasks,
        webhooks,
        access,
    ):
        area.add(verbs)
    return parser
