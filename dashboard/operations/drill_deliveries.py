"""The first day of the drill: what came in, left, arrived, broke and was counted before it begins.

As it was in 2023, aid went where the road was open: the places nearest by road to each depot got
something, some of them twice, the others nothing. All goes through the use cases that people have.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dashboard.operations import delivering, funding, stockroom
from dashboard.operations.goods import day_of
from dashboard.operations.stockroom import Said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboard.operations.situation import Situation
    from data.store.records import NeedRecord

#: Loaded at noon, local time 13:00; needs told until then are what the convoys take along.
LOADED_AT = datetime(2023, 9, 12, 12, 0, tzinfo=UTC)
UNLOADING = timedelta(minutes=25)
PLACES_A_CONVOY = 3
#: No more of a depot leaves on the first day than this.
DEPOT_SHARE = 0.15
#: What the last stop of a convoy still gets of what it asked for.
LAST_STOP_SHARE = 0.6
TOIT, MAIN = "organisation:toit-atlas", "organisation:main-tendue"
NOTE = "fictional, of the drill"


def record_first_day(situation: Situation, reach: Mapping[str, Any]) -> None:
    """Record the handlings of 12 September 2023 in the drill.

    Parameters
    ----------
    reach
        The JSON of `reach`: which places each depot serves by road, and how long that takes.
    """
    _lots(situation)
    stops = _stops(situation, reach)
    for number, (depot_id, rows) in enumerate(sorted(stops.items()), start=1):
        _convoy(situation, f"convoy:drill-{number}", depot_id, rows)
    if stops:
        _twice(situation, next(iter(sorted(stops.items())))[1])
    _count(situation)
    _fund(situation)


def _said(organisation: str, at: datetime) -> Said:
    return Said(organisation=organisation, at=at, note=NOTE)


def _lots(situation: Situation) -> None:
    """Goods with a last day: one that is near, and one that has gone by."""
    at = LOADED_AT - timedelta(hours=3)
    for depot, item, quantity, lot, day in (
        ("depot:asni", "food_kit", "200", "FK-0912", "2023-09-18"),
        ("depot:marrakech", "hygiene_kit", "60", "HK-07", "2023-08-31"),
    ):
        stockroom.receive(
            situation, depot, item, quantity, donor="main-tendue", lot=lot, expires=day,
            said=_said(MAIN, at),
        )  # fmt: skip


def _stops(
    situation: Situation, reach: Mapping[str, Any]
) -> dict[str, list[tuple[dict[str, Any], list[NeedRecord]]]]:
    """Give the nearest places by road of each depot that had asked for something by then."""
    asked: dict[str, list[NeedRecord]] = {}
    for need in situation.store.needs():
        if (need.reported_at or need.recorded_at) < LOADED_AT - timedelta(hours=1):
            asked.setdefault(need.place_id, []).append(need)
    near = sorted(
        (
            row
            for row in reach["places"]
            if row["status"] == "reachable" and row["place_id"] in asked
        ),
        key=lambda row: (row["travel_time_s"], row["place_id"]),
    )
    stops: dict[str, list[tuple[dict[str, Any], list[NeedRecord]]]] = {}
    for row in near:
        of_depot = stops.setdefault(row["depot_id"], [])
        if len(of_depot) < PLACES_A_CONVOY:
            of_depot.append((row, asked[row["place_id"]]))
    return stops


def _convoy(
    situation: Situation,
    convoy: str,
    depot_id: str,
    stops: Sequence[tuple[dict[str, Any], list[NeedRecord]]],
) -> None:
    """Load a convoy, hand out along its way, lose a little, bring the rest back."""
    loads = _loads(situation, depot_id, stops)
    for item_id, quantity in sorted(loads.items()):
        said = _said(TOIT, LOADED_AT)
        stockroom.move(situation, depot_id, convoy, item_id, str(quantity), said=said)
    at = LOADED_AT
    for position, (row, needs) in enumerate(stops):
        at = max(at, LOADED_AT + timedelta(seconds=row["travel_time_s"])) + UNLOADING
        share = LAST_STOP_SHARE if position == PLACES_A_CONVOY - 1 else 1.0
        for item_id, quantity in sorted(_wanted(needs).items()):
            given = min(loads.get(item_id, 0), round(quantity * share))
            if given == 0:
                continue
            loads[item_id] -= given
            delivering.deliver(
                situation, convoy, row["place_id"], item_id, str(given),
                expected=str(quantity), said=_said(TOIT, at),
            )  # fmt: skip
    back = [(item_id, left) for item_id, left in sorted(loads.items()) if left > 0]
    for item_id, left in back:
        broken = 1 if item_id in ("tent", "blanket") else 0
        said = _said(TOIT, at + UNLOADING)
        if broken:
            stockroom.lose(situation, convoy, item_id, "1", cause="damaged", said=said)
        if left > broken:
            rest = str(left - broken)
            stockroom.give_back(situation, convoy, depot_id, item_id, rest, said=said)


def _loads(
    situation: Situation,
    depot_id: str,
    stops: Sequence[tuple[dict[str, Any], list[NeedRecord]]],
) -> dict[str, int]:
    """What a convoy takes along: what its places asked for, at most a part of the depot."""
    loads: dict[str, int] = {}
    for _row, needs in stops:
        for item_id, quantity in _wanted(needs).items():
            loads[item_id] = loads.get(item_id, 0) + quantity
    free = {
        line.item_id: int(line.quantity * DEPOT_SHARE)
        for line in situation.store.free_stock(on=day_of(situation))
        if line.depot_id == depot_id
    }
    return {
        item_id: taken
        for item_id, quantity in loads.items()
        if (taken := min(quantity, free.get(item_id, 0))) > 0
    }


def _wanted(needs: Sequence[NeedRecord]) -> dict[str, int]:
    """What a place asked for; two organisations that ask for one thing mean the same people."""
    wanted: dict[str, int] = {}
    for need in needs:
        wanted[need.item_id] = max(wanted.get(need.item_id, 0), max(1, int(need.quantity)))
    return wanted


def _twice(situation: Situation, stops: Sequence[tuple[dict[str, Any], list[NeedRecord]]]) -> None:
    """An association that knew of no convoy brings blankets to the place nearest to the road."""
    row, _needs = stops[0]
    at = LOADED_AT + timedelta(hours=4)
    delivering.deliver(
        situation, "donor:main-tendue", row["place_id"], "blanket", "80", said=_said(MAIN, at)
    )


def _count(situation: Situation) -> None:
    """In the evening somebody counts the blankets of a depot and finds four fewer."""
    held = sum(
        one.quantity
        for one in situation.store.lot_balances(accounts=["depot:amizmiz"])
        if one.item_id == "blanket"
    )
    said = _said(TOIT, LOADED_AT + timedelta(hours=7))
    stockroom.count(situation, "depot:amizmiz", "blanket", str(int(held) - 4), said=said)


def _fund(situation: Situation) -> None:
    """A fund with what was promised and came; who is paid is decided later."""
    said = _said(MAIN, LOADED_AT + timedelta(hours=6))
    name = "Fonds de secours (exercice)"
    funding.open_fund(situation, name, "MAD", said=said)
    funding.pledge(situation, name, "Banque de l'exercice", "2000000", said=said)
    funding.receive(situation, name, "Banque de l'exercice", "1200000", said=said)
    funding.allocate(situation, name, "Aide d'urgence aux ménages", "500000", said=said)
