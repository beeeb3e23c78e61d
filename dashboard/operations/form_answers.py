"""Answers to a form on phones (KoBo, ODK), sent on one by one as they come in."""

from __future__ import annotations

import json
from typing import Any

from geo.errors import RuleError


def as_table(answers: dict[str, Any]) -> bytes:
    """Write the answers of one form as the export that holds no others."""
    return json.dumps([answers], ensure_ascii=False).encode()


def require_taken(report: dict[str, Any]) -> dict[str, Any]:
    """Give the report of an upload back if a row went in, or all were here before.

    Raises
    ------
    RuleError
        No row went in, with the reason of the first. Whoever sent the form keeps it then, sends it
        again and tells its people; a form taken with all its rows refused would be lost.
    """
    if report["accepted"] or report["duplicates"]:
        return report
    refused = next((one for one in report["rows"] if one["problems"]), None)
    if refused is None:
        raise RuleError("the answers of this form", "no row of this kind is in them", "see `kind`")
    first = refused["problems"][0]
    raise RuleError(
        f"{first['column'] or 'a row'}: {first['value'] or 'nothing'}",
        f"{first['expected']} is needed",
        first["suggestion"] or "correct the form, or add the place here; then send it again",
    )
