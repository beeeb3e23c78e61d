"""Tables of state of goods and money: accounts, lots, movements, reservations, needs, deliveries.

Quantities are whole micro-units. `lot_id` is "" for goods without a lot, `slip_id` "" for what was
not handled by a slip; both so that they can stand in keys.
"""

from __future__ import annotations

from sqlalchemy import Index

from data.store.columns import (
    count,
    flag,
    key,
    maybe,
    maybe_count,
    maybe_number,
    number,
    projection,
    text,
)

# What an item is counted in, as long as a movement of it counts.
ITEMS = projection("items", key("item_id"), text("unit"), count("movements"))

# Items that people registered, and packs of those that the catalogue knows.
OWN_ITEMS = projection(
    "own_items",
    key("item_id"),
    text("name"),
    text("unit"),
    maybe_number("kg_per_unit"),
    maybe_number("m3_per_unit"),
    text("packs"),
    text("source"),
    maybe("organisation_id"),
    text("recorded_at"),
)

STOCK = projection("stock", key("account"), key("item_id"), count("balance_micro"))

# The same by lot: per account and item they sum to `stock`.
STOCK_LOTS = projection(
    "stock_lots", key("account"), key("item_id"), key("lot_id"), count("balance_micro")
)

LOTS = projection(
    "lots",
    key("lot_id"),
    text("item_id"),
    text("code"),
    maybe("expires_on"),
    text("note"),
    maybe("organisation_id"),
    maybe("upload_id"),
    text("recorded_at"),
)

# `kept_micro` was taken from what is kept for `holder`.
MOVEMENTS = projection(
    "movements",
    key("movement_id"),
    text("item_id"),
    text("lot_id"),
    count("quantity_micro"),
    text("unit"),
    text("from_account"),
    text("to_account"),
    text("slip_id"),
    text("holder"),
    count("kept_micro"),
    text("note"),
    maybe("organisation_id"),
    maybe("upload_id"),
    text("recorded_at"),
    maybe("reported_at"),
    Index("movements_by_slip", "slip_id"),
)

COUNTS = projection(
    "counts",
    key("count_id"),
    text("depot_id"),
    text("item_id"),
    text("lot_id"),
    count("counted_micro"),
    count("booked_micro"),
    text("unit"),
    text("slip_id"),
    text("note"),
    maybe("organisation_id"),
    text("recorded_at"),
    maybe("reported_at"),
    Index("counts_by_slip", "slip_id"),
)

RESERVATIONS = projection(
    "reservations",
    key("reservation_id"),
    maybe("plan_id"),
    text("kept_for"),
    maybe("organisation_id"),
    text("recorded_at"),
    maybe("released_at"),
    text("released_reason"),
)

# `holder` is the convoy for which a plan keeps goods, else the reservation itself.
RESERVED_LINES = projection(
    "reserved_lines",
    key("holder"),
    key("depot_id"),
    key("item_id"),
    text("reservation_id"),
    count("reserved_micro"),
    count("left_micro"),
    Index("reserved_lines_by_reservation", "reservation_id"),
)

# The sum of what is left of all lines of a depot and item.
RESERVED = projection("reserved", key("depot_id"), key("item_id"), count("reserved_micro"))

# A handling that was undone.
SLIPS = projection("slips", key("slip_id"), maybe("undone_at"), text("undone_reason"))

# `status` is what counts; `said_status` what people said of the need. It is met once as much was
# delivered as was asked for, beyond `before_micro`: what had come when people said it anew.
NEEDS = projection(
    "needs",
    key("need_id"),
    text("place_id"),
    text("item_id"),
    count("quantity_micro"),
    text("unit"),
    maybe("reported_from"),
    number("weight"),
    text("status"),
    text("said_status"),
    count("delivered_micro"),
    count("before_micro"),
    maybe("expires_at"),
    text("written_place"),
    maybe_number("match_score"),
    text("note"),
    maybe("organisation_id"),
    maybe("upload_id"),
    text("recorded_at"),
    maybe("reported_at"),
    text("changed_at"),
    # Of a need that stands behind another: that one. `merged_in` counts those that stand behind it.
    maybe("merged_into"),
    count("merged_in"),
    flag("rumour"),
    text("rumour_note"),
    maybe("verified_by"),
    maybe("verified_at"),
    maybe("refuted_by"),
    maybe("refuted_at"),
    text("status_note"),
    count("revisions"),
)

# Reports that speak of one need. `undone_at` once they were parted again.
MERGES = projection(
    "merges",
    key("merge_id"),
    text("kept_id"),
    text("need_ids"),
    text("rule"),
    text("reason"),
    maybe("organisation_id"),
    text("recorded_at"),
    maybe("undone_at"),
    Index("merges_by_kept", "kept_id"),
)

# Apart from `needs` like what was delivered: a need told anew stays behind the one it stood behind.
NEED_MERGED = projection("need_merged", key("need_id"), maybe("kept_id"), count("merged_in"))

# What the cell says of trust; one row.
NEED_TRUST = projection(
    "need_trust",
    key("trust_id"),
    number("unverified_share"),
    text("pending"),
    text("reason"),
    text("recorded_at"),
)

# Apart from `needs`, because a need may be told anew while what came for it stays.
NEED_DELIVERED = projection("need_delivered", key("need_id"), count("delivered_micro"))

DELIVERIES = projection(
    "deliveries",
    key("delivery_id"),
    text("place_id"),
    text("item_id"),
    count("quantity_micro"),
    text("unit"),
    text("outcome"),
    maybe("convoy_id"),
    maybe_count("expected_micro"),
    text("needs"),
    text("slip_id"),
    text("note"),
    maybe("organisation_id"),
    maybe("upload_id"),
    text("recorded_at"),
    maybe("reported_at"),
    Index("deliveries_by_slip", "slip_id"),
)

FUNDS = projection(
    "funds",
    key("fund_id"),
    text("name"),
    text("item_id"),
    text("unit"),
    text("note"),
    text("recorded_at"),
)

PLEDGES = projection(
    "pledges",
    key("pledge_id"),
    text("fund_id"),
    text("donor"),
    count("amount_micro"),
    text("unit"),
    text("note"),
    text("recorded_at"),
)

ALLOCATIONS = projection(
    "allocations",
    key("allocation_id"),
    text("fund_id"),
    text("name"),
    text("note"),
    text("recorded_at"),
)

PAYMENTS = projection(
    "payments",
    key("payment_id"),
    text("allocation_id"),
    text("place_id"),
    count("households"),
    count("per_household_micro"),
    text("unit"),
    text("slip_id"),
    text("note"),
    maybe("organisation_id"),
    text("recorded_at"),
    maybe("reported_at"),
    Index("payments_by_slip", "slip_id"),
)
