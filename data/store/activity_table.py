"""The table of state of who does what where."""

from __future__ import annotations

from data.store.columns import key, maybe, maybe_count, maybe_number, projection, text

ACTIVITIES = projection(
    "activities",
    key("activity_id"),
    text("place_id"),
    text("actor"),
    text("funder"),
    text("sector"),
    text("activity"),
    maybe("item_id"),
    maybe_count("quantity_micro"),
    maybe("unit"),
    text("status"),
    maybe("starts_at"),
    maybe("ends_at"),
    maybe_count("people_reached"),
    maybe_count("households"),
    text("written_place"),
    maybe_number("match_score"),
    text("note"),
    maybe("organisation_id"),
    maybe("upload_id"),
    text("recorded_at"),
    maybe("reported_at"),
)
