"""Tables from organisations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, FOUND, Result, add_verb, open_situation

if TYPE_CHECKING:
    import argparse

UPLOAD_KINDS = ("needs", "damage", "stock", "vehicles", "volunteers", "road-status")


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    upload = add_verb(verbs, "upload", _upload, "take in a table from an organisation (CSV)")
    upload.add_argument("kind", choices=UPLOAD_KINDS, metavar="KIND", help=", ".join(UPLOAD_KINDS))
    upload.add_argument("file", type=Path)
    upload.add_argument("--org", required=True, help="the organisation the file comes from")
    upload.add_argument("--dry-run", action="store_true", help="report, change nothing")
    upload.add_argument(
        "--rejects", type=Path, help="write the rows that were not taken to this CSV"
    )


def _upload(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import uploads

    with open_situation(arguments) as situation:
        result = uploads.upload(
            situation,
            arguments.kind,
            arguments.file,
            organisation=arguments.org,
            dry_run=arguments.dry_run,
            rejects=arguments.rejects,
        )
    return result, FOUND if result["rejected"] else FINE
