"""The table of state of situation reports that were given out."""

from __future__ import annotations

from data.store.columns import count, key, maybe, projection, text

REPORTS = projection(
    "reports",
    key("report_id"),
    text("file"),
    text("form"),
    text("language"),
    count("based_on_seq"),
    count("since_seq"),
    maybe("organisation_id"),
    text("recorded_at"),
)
