"""What lies where: on hand, reserved, free, expiring; what moved, and who said so."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods
from data.lots import is_expired
from data.packs import written

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.operations.situation import Situation
    from data.store.stock_records import LotBalance

#: What may be handed out for no more than these days is "expiring soon".
SOON = timedelta(days=7)
MOVEMENTS_SHOWN = 200
NOTHING = Decimal(0)


def show(
    situation: Situation,
    *,
    depot: str = "",
    item: str = "",
    lots: bool = False,
    moves: int = 0,
) -> dict[str, Any]:
    """Say what depots hold of each item: on hand, reserved, free, expired and expiring soon.

    Parameters
    ----------
    depot, item
        Only this one; all unless said.
    lots
        With a row for each lot.
    moves
        With so many of the newest movements.

    Returns
    -------
    dict
        `stock` rows with depot_id, depot, item, unit, on_hand, reserved, free, expired and
        expiring_soon (texts of exact decimals) and next_expiry; `lots`, `reservations`,
        `on_the_road` (what convoys hold) and `movements` where asked for or where there are any.
    """
    depot_id = goods.find_depot(situation, depot) if depot else ""
    item_id = goods.find_item(situation, item).item_id if item else ""
    held = [
        one
        for one in situation.store.lot_balances()
        if (not item_id or one.item_id == item_id)
        and one.account.partition(":")[0] in ("depot", "convoy")
        and (not depot_id or one.account == depot_id)
    ]
    names = {one.depot_id: one.name for one in situation.store.depots()}
    today = goods.day_of(situation)
    result: dict[str, Any] = {
        "at": situation.now().isoformat(),
        "based_on_seq": situation.seq(),
        "stock": _rows(situation, held, names),
    }
    if lots:
        result["lots"] = [
            {
                "depot_id": one.account,
                "depot": names.get(one.account, ""),
                "item": one.item_id,
                "lot_id": one.lot_id,
                "code": one.code,
                "expires_on": None if one.expires_on is None else one.expires_on.isoformat(),
                "expired": is_expired(one.expires_on, today),
                "on_hand": written(one.quantity),
                "unit": one.unit,
            }
            for one in held
            if one.account.startswith("depot:")
        ]
    result["on_the_road"] = [
        {"convoy_id": one.account, "item": one.item_id, "quantity": written(one.quantity),
         "unit": one.unit}
        for one in held
        if one.account.startswith("convoy:")
    ]  # fmt: skip
    result["reservations"] = _reservations(situation, depot_id, item_id)
    if moves:
        result["movements"] = movement_rows(
            situation, limit=moves, account=depot_id, item_id=item_id
        )
    return result


def _rows(
    situation: Situation, held: list[LotBalance], names: dict[str, str]
) -> list[dict[str, Any]]:
    today = goods.day_of(situation)
    reserved: dict[tuple[str, str], Decimal] = {}
    for line in situation.store.reserved_lines():
        key = (line.depot_id, line.item_id)
        reserved[key] = reserved.get(key, NOTHING) + line.left
    groups: dict[tuple[str, str], list[LotBalance]] = {}
    for one in held:
        if one.account.startswith("depot:"):
            groups.setdefault((one.account, one.item_id), []).append(one)
    rows = []
    for (account, item_id), lots in sorted(groups.items()):
        expired = sum((x.quantity for x in lots if is_expired(x.expires_on, today)), NOTHING)
        days = sorted(
            x.expires_on for x in lots if x.expires_on is not None and x.expires_on >= today
        )
        soon = sum(
            (
                x.quantity
                for x in lots
                if x.expires_on is not None and today <= x.expires_on <= today + SOON
            ),
            NOTHING,
        )
        on_hand = sum((x.quantity for x in lots), NOTHING)
        kept = reserved.get((account, item_id), NOTHING)
        rows.append(
            {
                "depot_id": account,
                "depot": names.get(account, ""),
                "item": item_id,
                "unit": lots[0].unit,
                "on_hand": written(on_hand),
                "reserved": written(kept),
                # Below zero: what is kept was lost or has expired since.
                "free": written(on_hand - expired - kept),
                "expired": written(expired),
                "expiring_soon": written(soon),
                "next_expiry": days[0].isoformat() if days else None,
                "event": max(x.seq for x in lots),
            }
        )
    return rows


def _reservations(situation: Situation, depot_id: str, item_id: str) -> list[dict[str, Any]]:
    known = {one.reservation_id: one for one in situation.store.reservations()}
    return [
        {
            "reservation_id": line.reservation_id,
            "depot_id": line.depot_id,
            "item": line.item_id,
            "left": written(line.left),
            "convoy_id": line.holder if line.holder.startswith("convoy:") else None,
            "plan_id": known[line.reservation_id].plan_id,
            "kept_for": known[line.reservation_id].kept_for,
        }
        for line in situation.store.reserved_lines()
        if (not depot_id or line.depot_id == depot_id)
        and (not item_id or line.item_id == item_id)
        and line.reservation_id in known
    ]


def movement_rows(
    situation: Situation,
    *,
    limit: int = MOVEMENTS_SHOWN,
    account: str = "",
    item_id: str = "",
) -> list[dict[str, Any]]:
    """Give the newest movements with who said so and where it was read, the newest first."""
    moves = situation.store.newest_movements(limit=limit, account=account, item_id=item_id)
    told = situation.store.provenances([one.movement_id for one in moves])
    names = {one.organisation_id: one.name for one in situation.store.organisations()}
    rows = []
    for one in moves:
        actor, origin = told.get(one.movement_id, ("", None))
        where = ""
        if origin is not None:
            where = ", ".join(
                part
                for part in (origin.file, f"row {origin.row}" if origin.row is not None else "")
                if part
            )
        rows.append(
            {
                "at": (one.reported_at or one.recorded_at).isoformat(),
                "item": one.item_id,
                "quantity": written(one.quantity),
                "unit": one.unit,
                "from": one.from_account,
                "to": one.to_account,
                "lot_id": one.lot_id,
                "slip_id": one.slip_id,
                "organisation": names.get(one.organisation_id or "", ""),
                "actor": actor,
                "source": where,
                "upload_id": one.upload_id,
                "note": one.note,
                "undone": one.taken_back,
                "movement_id": one.movement_id,
                "event": one.seq,
            }
        )
    return rows


def table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Give rows as a table for a spreadsheet."""
    import pandas as pd

    return pd.DataFrame(rows)
