"""What is left of what was delivered: water, food and hygiene are used up day by day, tents stay.

Pure arithmetic; which item is used up how fast is the standard's (`data.needs`).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from data.needs import Climate, Standard, rule_for
from geo.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

DAY_S = 86_400.0


def daily_use(
    item_id: str, persons: float, *, climate: Climate = "temperate", standard: Standard = "sphere"
) -> float:
    """Units of an item that so many people use up in a day; 0 for what lasts.

    Raises
    ------
    RuleError
        A negative or unknown number of people.
    UnknownIdError
        An item without a rule.
    """
    if not (math.isfinite(persons) and persons >= 0):
        raise RuleError(f"{persons} people", "a number of 0 or more is needed", "correct it")
    rule = rule_for(item_id, climate=climate, standard=standard)
    if rule.per_person_day is not None:
        return persons * rule.per_person_day
    if rule.days is None:
        return 0.0
    return persons / (rule.persons or 1) * rule.units / rule.days


def left_over(
    deliveries: Iterable[tuple[datetime, float]], *, per_day: float, now: datetime
) -> float:
    """Units that are left at `now` of deliveries that were used up at `per_day` since they came.

    Parameters
    ----------
    deliveries
        When and how much, in any order; amounts below 0 went away again. Those after `now` do not
        count yet.
    per_day
        Units used up in a day, while there are any; 0 for what lasts.

    Returns
    -------
    float
        Never below 0. Nothing is owed for days without: what was not there was not used.
    """
    came = sorted((at, amount) for at, amount in deliveries if at <= now)
    if not came:
        return 0.0
    left = 0.0
    for (at, amount), (until, _) in pairwise([*came, (now, 0.0)]):
        left = max(0.0, left + amount)
        left = max(0.0, left - per_day * (until - at).total_seconds() / DAY_S)
    return left
