"""Plan a problem from its JSON file: a plan repeated elsewhere, without the situation it is from.

Nothing is recorded: the plan is the answer. `export --formats problem` writes such a file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dashboard.operations.planning import require_sound
from dashboard.operations.situation import Progress, silent
from geo.errors import TooLargeError, UnreadableError

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from routing.plan import Objective
    from routing.problem import Problem

#: The matrices of 3,000 points and three classes are about 400 MB.
LARGEST_BYTES = 1_000_000_000


def plan_problem(
    path: Path,
    *,
    objective: Objective = "arrival",
    seed: int = 1,
    seconds: float | None = None,
    iterations: int | None = None,
    fairness: float = 0.5,
    by_night: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Plan the problem in a file, check the plan independently and explain it.

    Parameters
    ----------
    path
        JSON as `routing.problem_document` writes it.

    Returns
    -------
    dict
        The `plan` JSON of the contract; places, depots and vehicles are called by their ids, times
        in sentences are UTC.

    Raises
    ------
    UnreadableError
        There is no such file, or it holds no planning problem.
    SchemaError
        Values of it cannot be.
    RuleError
        An option is out of its range, or the plan did not pass the checker.
    """
    from routing.check import check
    from routing.explain import explain_needs, explain_stops
    from routing.explain.words import Speech, row_of, stop_row
    from routing.plan import plan_to_dict
    from routing.solve import solve

    show = progress or silent
    problem = read_problem(path)
    if by_night:
        problem = replace(problem, daylight=None)
    plan = solve(
        problem,
        objective=objective,
        seed=seed,
        iterations=iterations,
        seconds=seconds,
        fairness=fairness,
        progress=lambda share, text: show(0.05 + 0.85 * share, text),
        stop=stop,
    )
    show(0.92, "checking the plan")
    require_sound(check(problem, plan))
    show(0.95, "explaining the plan")
    names = {vehicle.vehicle_id: vehicle.name for vehicle in problem.vehicles}
    speech = Speech(
        name_of=lambda one: names.get(one) or one,
        clock=lambda moment: f"{moment.astimezone(ZoneInfo('UTC')):%H:%M} UTC",
    )
    items = {item.item_id: item for item in problem.items}
    document = plan_to_dict(plan)
    stops = explain_stops(problem, plan)
    for convoy in document["convoys"]:
        for stop_document, why in zip(convoy["stops"], stops[convoy["convoy_id"]], strict=True):
            stop_document["why"] = stop_row(why, speech)
    for row, reason in zip(document["unserved"], explain_needs(problem, plan), strict=True):
        row.update(row_of(reason, items[row["item"]], speech))
    show(1.0, f"{len(plan.convoys)} convoys planned")
    return document


def read_problem(path: Path) -> Problem:
    """Read a planning problem from a file; its size is looked at first."""
    from routing.problem_document import from_json

    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise TooLargeError(
                f"{path.name}: {size / 1e6:.0f} MB",
                f"a planning problem of at most {LARGEST_BYTES / 1e6:.0f} MB is needed",
                "plan for fewer places at once",
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UnreadableError(
            f"{path}: {reason}",
            "the JSON of a planning problem is needed",
            "write one with `qafila export PLAN --formats problem`",
        ) from error
    return from_json(text)
