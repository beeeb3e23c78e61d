"""What to do next: each piece of advice with what it would win and how that was reckoned.

There is no score behind it: every line is a figure of another use case (what a plan may not take,
what opening a road wins, what a depot has too much of), written as people who would be helped, with
its arithmetic. People of two lines may be the same people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from dashboard.operations import (
    assessing,
    clearing,
    forecasting,
    planning,
    stock_report,
    volunteering,
    who_does_what,
)
from dashboard.operations.situation import silent
from dashboard.operations.trusting import trust_in_force
from data.catalogue import items
from data.needs import persons_per_unit
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dashboard.operations.situation import Progress, Situation

Kind = Literal[
    "look_for", "plan", "verify", "send", "clear", "ask", "look_at", "use_first", "order"
]
#: Of each kind as many are given, those that win most.
MOST_OF_A_KIND = 3
#: Lives and the plan come first, whatever the others would win.
FIRST: tuple[Kind, ...] = ("look_for", "plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing to do.

    `values` fill the words of its kind (`dashboard.advicesheet`); `people` is what it would win,
    None where that is not counted in people; `arithmetic` is how that was reckoned, in figures.
    """

    kind: Kind
    people: float | None
    arithmetic: str
    values: Mapping[str, Any] = field(default_factory=dict)


def advise(
    situation: Situation, *, made: dict[str, Any] | None = None, progress: Progress = silent
) -> list[Advice]:
    """Give what to do next, the most urgent first; what cannot be reckoned yet is left out.

    Parameters
    ----------
    made
        The forecast that moving and ordering goods rests on (`forecasting.make_forecast`); made
        here unless given.
    """
    parts: tuple[Callable[[Situation], Iterator[Advice]], ...] = (
        _look_for,
        _plan,
        _verify,
        _look_at,
        _ask,
        _use_first,
        partial(_stock, made=made),
        _clear,
    )
    found: list[Advice] = []
    for number, part in enumerate(parts):
        progress(number / len(parts), "reckoning what would help most")
        try:
            found += _best(part(situation))
        except InputError:
            # Nothing is loaded yet from which this could be told; the other parts can be.
            continue
    return sorted(
        found,
        key=lambda one: (
            FIRST.index(one.kind) if one.kind in FIRST else len(FIRST),
            -(one.people or 0.0),
            one.kind,
        ),
    )


def _best(found: Iterator[Advice]) -> list[Advice]:
    by_kind: dict[str, list[Advice]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(one)
    return [
        one
        for rows in by_kind.values()
        for one in sorted(rows, key=lambda one: -(one.people or 0.0))[:MOST_OF_A_KIND]
    ]


def _look_for(situation: Situation) -> Iterator[Advice]:
    for one in volunteering.at_work(situation):
        if one["status"] != "ok":
            yield Advice(
                kind="look_for",
                people=1.0,
                arithmetic=f"{one['status']}; {one['since']} → {one['heard_at']}",
                values={
                    "volunteer": one["volunteer_id"].removeprefix("volunteer:"),
                    "place": one["place"],
                    "heard_at": one["heard_at"],
                    "status": one["status"],
                },
            )


def _plan(situation: Situation) -> Iterator[Advice]:
    needs = len(situation.store.needs())
    plan = planning.latest(situation)
    if needs and plan is None:
        yield Advice(kind="plan", people=None, arithmetic=str(needs), values={"old": False})
    elif plan is not None and planning.is_old(situation, plan):
        yield Advice(kind="plan", people=None, arithmetic=str(needs), values={"old": True})


def _verify(situation: Situation) -> Iterator[Advice]:
    """Reports of which a plan may not reckon with all, by the people who wait for the rest."""
    trust = trust_in_force(situation)
    helps = persons_per_unit(sorted(items()))
    names = volunteering.place_names(situation)
    current = situation.current_places()
    for need in situation.store.needs():
        held = float(need.quantity) - trust.amount(need)
        if held <= 0 or need.status == "verified":
            continue
        each = helps.get(need.item_id, 1.0)
        yield Advice(
            kind="verify",
            people=held * each,
            arithmetic=f"({figure(need.quantity)} − {figure(trust.amount(need))}) {need.unit} "
            f"× {figure(each)}",
            values={
                "need_id": need.need_id,
                "item": need.item_id,
                "place": names.get(current(need.place_id), need.place_id),
            },
        )


def _look_at(situation: Situation) -> Iterator[Advice]:
    """Places where nobody looked, by those expected to be hit there, else by who lives there."""
    document = assessing.latest(situation)
    for one in document["places"] if document else []:
        expected = (one.get("people_affected") or {}).get("value")
        people = one.get("people") if expected is None else expected
        if not one.get("assessed") and people:
            yield Advice(
                kind="look_at",
                people=float(people),
                arithmetic=figure(people),
                values={"place": one["name"], "place_id": one["place_id"]},
            )


def _ask(situation: Situation) -> Iterator[Advice]:
    """Needs that nobody works on, where somebody does that work elsewhere."""
    tables = who_does_what.tables(situation)
    work, gaps = tables["activities"], tables["gaps"]
    if work.empty or gaps.empty:
        return
    helps = persons_per_unit(sorted(items()))
    doing = work[work["status"].isin(["running", "planned"])]
    by_item = doing.groupby("what")["actor"].agg(lambda one: one.value_counts().index[0])
    names = volunteering.place_names(situation)
    for row in gaps[gaps["kind"] == "no actor"].itertuples():
        actor = by_item.get(row.what)
        if actor is None:
            continue
        each = helps.get(row.what, 1.0)
        yield Advice(
            kind="ask",
            people=float(row.missing) * each,
            arithmetic=f"{figure(row.missing)} × {figure(each)}",
            values={
                "organisation": actor,
                "item": row.what,
                "quantity": float(row.missing),
                "place": names.get(row.place_id, row.place_id),
            },
        )


def _use_first(situation: Situation) -> Iterator[Advice]:
    """Goods whose last day is near."""
    helps = persons_per_unit(sorted(items()))
    for row in stock_report.show(situation)["stock"]:
        soon = float(row["expiring_soon"])
        if soon <= 0:
            continue
        each = helps.get(row["item"], 1.0)
        yield Advice(
            kind="use_first",
            people=soon * each,
            arithmetic=f"{figure(soon)} {row['unit']} × {figure(each)}",
            values={
                "item": row["item"],
                "quantity": soon,
                "depot": row["depot"],
                "day": row["next_expiry"],
            },
        )


def _stock(situation: Situation, *, made: dict[str, Any] | None) -> Iterator[Advice]:
    """What to move from depot to depot, and what to order: by the forecast."""
    made = made or forecasting.make_forecast(situation)
    helps = persons_per_unit(sorted(items()))
    spare, short = _spare(situation, made), {}
    for row in made["depots"]:
        if row["depot_id"] and row["short"] > 0:
            short[row["depot_id"], row["item"]] = row
    for (_, item), lacks in short.items():
        for giver, quantity in spare.get(item, {}).items():
            amount = min(quantity, lacks["short"])
            if giver == lacks["depot"] or amount < 1:
                continue
            each = helps.get(item, 1.0)
            yield Advice(
                kind="send",
                people=amount * each,
                arithmetic=f"min({figure(quantity)}, {figure(lacks['short'])}) {lacks['unit']} "
                f"× {figure(each)}",
                values={"item": item, "quantity": amount, "depot": giver, "to": lacks["depot"]},
            )
    for row in made["items"]:
        if row["order"] > 0:
            each = helps.get(row["item"], 1.0)
            days = len(made["days"])
            people = row["order"] * each / (days if row["per_day"] else 1)
            yield Advice(
                kind="order",
                people=people,
                arithmetic=f"{figure(row['by_day'][-1])} − {figure(row['free'])} = "
                f"{figure(row['order'])} {row['unit']}; × {figure(each)}"
                + (f" / {days}" if row["per_day"] else ""),
                values={"item": row["item"], "quantity": row["order"], "days": days},
            )


def _spare(situation: Situation, made: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Give what depots hold beyond what their places need in the days of a forecast, by item."""
    need = {(row["depot_id"], row["item"]): row["need"] for row in made["depots"]}
    found: dict[str, dict[str, float]] = {}
    for row in stock_report.show(situation)["stock"]:
        over = float(row["free"]) - need.get((row["depot_id"], row["item"]), 0.0)
        if over > 0:
            found.setdefault(row["item"], {})[row["depot"]] = over
    return found


def _clear(situation: Situation) -> Iterator[Advice]:
    """Blockages whose opening brings people within reach."""
    for step in clearing.clear_first(situation)["order"]:
        if step["gain"] > 0:
            places = [one["name"] for one in step["reconnects"]]
            yield Advice(
                kind="clear",
                people=float(step["gain"]),
                arithmetic=" + ".join(figure(one["people"]) for one in step["reconnects"]),
                values={
                    "road": "; ".join(step["roads"]),
                    "crew_hours": step["crew_hours"],
                    "places": places,
                },
            )


def figure(value: float) -> str:
    """Write a figure of an arithmetic: whole from 100 on, else with three digits that say much."""
    return f"{value:,.0f}".replace(",", "\u202f") if abs(value) >= 100 else f"{value:.3g}"
