"""Tables of state of what convoys say on their way, and of the links by which they say it."""

from __future__ import annotations

from data.store.columns import key, maybe, maybe_number, projection, text

#: The last that was heard of each convoy, by the time at which it was said.
CONVOYS_HEARD = projection(
    "convoys_heard",
    key("convoy_id"),
    text("plan_id"),
    text("heard_at"),
    text("kind"),
    maybe("place_id"),
    maybe_number("km"),
    text("note"),
    maybe("photo"),
)

FIELD_LINKS = projection(
    "field_links",
    key("link_id"),
    text("convoy_id"),
    text("plan_id"),
    text("public_key"),
    text("expires_at"),
    text("recorded_at"),
    maybe("revoked_at"),
)
