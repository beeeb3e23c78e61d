"""Put an earlier plan in force again: the undo of planning.

Nothing is taken out of the record. The earlier plan is recorded once more, under a new id and with
the ids of its convoys, so that locks, loads and reports of its convoys go on to count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.operations import plan_stock, planning
from data.events import PlanMade
from geo.errors import RuleError, UnknownIdError
from geo.model import new_id

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation


def put_in_force(situation: Situation, plan_id: str) -> dict[str, Any]:
    """Record an earlier plan anew as the newest; its loads are kept for its convoys again.

    Returns
    -------
    dict
        The `plan` JSON with `restores`, the id of the earlier plan. It was made for what was known
        at its own `based_on_seq`: if more was recorded since, it counts as old.

    Raises
    ------
    UnknownIdError
        There is no such plan.
    RuleError
        It is the newest plan.
    """
    made = situation.store.plans()
    record = next((one for one in made if one.plan_id == plan_id), None)
    if record is None:
        raise UnknownIdError(
            plan_id, "there is no plan of this id", "take one from the list of plans"
        )
    if record is made[-1]:
        raise RuleError(plan_id, "it is in force already", "name an earlier plan")
    document = {
        **situation.archive.get_json(record.document),
        "plan_id": new_id("plan"),
        "restores": plan_id,
    }
    situation.record(
        [
            PlanMade(
                plan_id=document["plan_id"],
                document=situation.archive.put_json(document),
                problem=record.problem,
                seed=record.seed,
                based_on_seq=record.based_on_seq,
                summary=record.summary,
            ),
            *plan_stock.reserving(situation, document),
        ]
    )
    return planning.load_plan(situation, document["plan_id"])


def undo_plan(situation: Situation, plan_id: str) -> dict[str, Any]:
    """Put the plan in force again that the newest one took the place of.

    Raises
    ------
    RuleError
        `plan_id` is not the newest plan, or there was none before it.
    """
    made = [one.plan_id for one in situation.store.plans()]
    if not made or made[-1] != plan_id:
        newest = made[-1] if made else "none"
        raise RuleError(plan_id, f"only the newest plan ({newest}) can be undone", "name that one")
    if len(made) < 2:
        raise RuleError(
            plan_id,
            "it is the first plan: there was none before it",
            "plan anew with `qafila plan` once needs, stock or roads are corrected",
        )
    return put_in_force(situation, made[-2])
