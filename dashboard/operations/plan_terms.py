"""What a cell asks of a plan beside the search: priorities, drivers, hours, what stays whole.

The terms of a plan are stored with it, and its re-plans keep to them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dashboard.operations import goods
from geo.errors import InputError, UnknownIdError
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from dashboard.operations.situation import Situation
    from routing.hours import Window

#: Factors on the weight of an item.
LEAST_FACTOR, MOST_FACTOR = 0.01, 100.0
MOST_DRIVERS = 10_000
_HOURS = re.compile(r"^(\d{1,2}):(\d{2})\s*[-\u2013]\s*(\d{1,2}):(\d{2})$")
_TODO = "see `qafila plan --help`"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """Terms of a plan.

    Parameters
    ----------
    priorities
        Factor on the weight of every unit, by item: 3 counts it three times as urgent.
    drivers
        Vehicles with a motor that can leave on the day, by depot.
    hours
        Local times of day from and until, by place or depot: when aid may arrive; when vehicles
        leave and are back.
    whole
        Items of which each place gets all at once or nothing.
    """

    priorities: Mapping[str, float] = field(default_factory=dict)
    drivers: Mapping[str, int] = field(default_factory=dict)
    hours: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    whole: tuple[str, ...] = ()

    def windows(
        self, ids: Collection[str], *, leaving: datetime, timezone: str
    ) -> dict[str, Window]:
        """Hours of those of `ids` that have some, in seconds after `leaving`."""
        from routing.hours import Window

        zone = ZoneInfo(timezone)
        midnight = datetime.combine(leaving.astimezone(zone).date(), time(), tzinfo=zone)

        def seconds(text: str) -> float:
            hours, minutes = map(int, text.split(":"))
            moment = midnight + timedelta(hours=hours, minutes=minutes)
            return max((moment - leaving).total_seconds(), 0.0)

        return {
            one: Window(earliest_s=seconds(begins), latest_s=seconds(ends))
            for one, (begins, ends) in self.hours.items()
            if one in ids
        }

    def as_dict(self) -> dict[str, Any]:
        """The terms as JSON; those that say nothing are left out."""
        document: dict[str, Any] = {
            "priorities": dict(self.priorities),
            "drivers": dict(self.drivers),
            "hours": {one: list(pair) for one, pair in self.hours.items()},
            "whole": list(self.whole),
        }
        return {name: value for name, value in document.items() if value}


def terms_of(document: Mapping[str, Any]) -> PlanTerms:
    """Read the terms that a recorded plan was made under."""
    said = document.get("terms", {})
    return PlanTerms(
        priorities=dict(said.get("priorities", {})),
        drivers=dict(said.get("drivers", {})),
        hours={one: (pair[0], pair[1]) for one, pair in said.get("hours", {}).items()},
        whole=tuple(said.get("whole", ())),
    )


def read_terms(
    situation: Situation,
    *,
    priorities: Sequence[str] = (),
    drivers: Sequence[str] = (),
    hours: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> PlanTerms:
    """Read terms as people write them.

    Parameters
    ----------
    priorities
        ``ITEM=FACTOR``.
    drivers
        ``DEPOT=N``.
    hours
        ``WHERE=HH:MM-HH:MM``; WHERE is a place, all places of a commune, or a depot.
    whole
        Items.

    Raises
    ------
    InputError
        Something is written otherwise, or out of its range.
    UnknownIdError
        There is no such item, depot, place or commune, or several places have this name.
    """
    names = _Names(situation)
    opening: dict[str, tuple[str, str]] = {}
    for where, value in _pairs(hours, "hours", "WHERE=HH:MM-HH:MM"):
        pair = _hours(where, value)
        opening |= dict.fromkeys(names.places_or_depot(where), pair)
    return PlanTerms(
        priorities={
            names.item(item): _factor(item, value)
            for item, value in _pairs(priorities, "priority", "ITEM=FACTOR")
        },
        drivers={
            names.depot(depot): _drivers(depot, value)
            for depot, value in _pairs(drivers, "drivers", "DEPOT=N")
        },
        hours=opening,
        whole=tuple(sorted({names.item(one) for one in whole})),
    )


class _Names:
    """Items, depots and places of a situation by id or name."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._depots = {
            key: depot.depot_id
            for depot in situation.store.depots()
            for key in (depot.depot_id, plain(depot.name))
        }

    def item(self, written: str) -> str:
        """Id of an item."""
        return goods.find_item(self._situation, written).item_id

    def depot(self, written: str) -> str:
        """Id of a depot."""
        found = self._depots.get(written) or self._depots.get(plain(written))
        if found is None:
            known = ", ".join(sorted(set(self._depots.values())))
            raise UnknownIdError(f"depot {written!r}", f"one of {known} is needed", _TODO)
        return found

    def places_or_depot(self, written: str) -> list[str]:
        """Ids: one depot, one place, or all places of a commune."""
        name = plain(written)
        if depot := self._depots.get(written) or self._depots.get(name):
            return [depot]
        places = self._situation.places()
        if written in set(places["place_id"]):
            return [written]
        named = places.loc[[plain(one) == name for one in places["name"]], "place_id"].tolist()
        commune = places.loc[
            [name in (plain(one), plain(code)) for one, code in zip(
                places["commune"], places["commune_code"], strict=True)],
            "place_id",
        ].tolist()  # fmt: skip
        if len(named) == 1 and not commune:
            return [str(named[0])]
        if commune:
            return [str(one) for one in commune]
        if named:
            raise UnknownIdError(
                f"hours of {written!r}",
                f"{len(named)} places have this name",
                f"give an id, such as {named[0]}",
            )
        raise UnknownIdError(
            f"hours of {written!r}", "there is no such place, commune or depot", "give its id"
        )


def _pairs(given: Sequence[str], option: str, form: str) -> list[tuple[str, str]]:
    pairs = []
    for one in given:
        where, sign, value = one.rpartition("=")
        if not sign or not where.strip() or not value.strip():
            raise InputError(f"{option} {one!r}", f"{form} is needed", _TODO)
        pairs.append((where.strip(), value.strip()))
    return pairs


def _factor(item: str, written: str) -> float:
    try:
        value = float(written.replace(",", "."))
    except ValueError:
        value = math.nan
    if not LEAST_FACTOR <= value <= MOST_FACTOR:
        raise InputError(
            f"priority {item}={written}",
            f"a factor from {LEAST_FACTOR:g} to {MOST_FACTOR:g} is needed",
            "1 leaves the item as it is, 3 counts it three times as urgent",
        )
    return value


def _drivers(depot: str, written: str) -> int:
    if not written.isascii() or not written.isdigit() or int(written) > MOST_DRIVERS:
        raise InputError(
            f"drivers {depot}={written}",
            f"a number from 0 to {MOST_DRIVERS} is needed",
            "correct it",
        )
    return int(written)


def _hours(where: str, written: str) -> tuple[str, str]:
    found = _HOURS.match(written)
    if found:
        begins, ends = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
        minutes_fit = int(found[2]) < 60 and int(found[4]) < 60
        if minutes_fit and begins < ends <= 24 * 60:
            return (
                f"{begins // 60:02d}:{begins % 60:02d}",
                f"{ends // 60:02d}:{ends % 60:02d}",
            )
    raise InputError(
        f"hours {where}={written}",
        "two times of one day are needed, such as 08:00-15:30",
        "correct them; hours over midnight are two days",
    )
