"""Export the convoys of a plan to files that field teams and other programs open."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dashboard.operations import planning, travelling
from dashboard.operations.situation import Progress, Situation, silent
from data.catalogue import items
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from geo.model import VehicleClassName
    from routing.itinerary import Itinerary, LegPath

FORMATS = ("gpx", "kml", "geojson", "csv", "text")

#: Name columns of a place by language, best first.
_NAME_COLUMNS = {
    "ar": ("name_ar", "name"),
    "fr": ("name_fr", "name"),
    "zgh": ("name_zgh", "name"),
    "en": ("name",),
}


def export_plan(
    situation: Situation,
    plan_id: str,
    *,
    folder: Path,
    formats: Sequence[str] = FORMATS,
    language: str = "en",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write one file per convoy and format.

    Parameters
    ----------
    plan_id
        Id of a recorded plan, or ``latest``.
    folder
        Made if absent; files of the same name are replaced.

    Returns
    -------
    dict
        ``{plan_id, files, notice}``; paths as text.

    Raises
    ------
    InputError
        There is no such plan, or its roads are no longer those of this situation.
    """
    from routing.exports import export

    plan = planning.load_plan(situation, plan_id)
    progress(0.1, f"finding the ways of {len(plan['convoys'])} convoys")
    files = export(
        plan_itineraries(situation, plan),
        folder,
        formats=formats,
        notice=situation.info().notice,
        language=language,
        name_of=name_of(situation, language),
        zone=ZoneInfo(situation.info().timezone),
        progress=lambda share, text: progress(0.3 + 0.7 * share, text),
    )
    return {
        "plan_id": plan["plan_id"],
        "notice": situation.info().notice,
        "files": [str(path) for path in files],
    }


def plan_itineraries(situation: Situation, plan: dict[str, Any]) -> list[Itinerary]:
    """Put the convoys of a plan on the roads as they were closed when it was made."""
    from routing.itinerary import LegPath, itineraries
    from routing.plan import plan_from_dict

    depots = [one for one in situation.store.depots() if one.depot_id in _depots_of(plan)]
    places = sorted({stop["place_id"] for row in plan["convoys"] for stop in row["stops"]})
    roadheads = {
        stop["place_id"]: (stop["relay"]["lon"], stop["relay"]["lat"])
        for row in plan["convoys"]
        for stop in row["stops"]
        if stop.get("relay")
    }
    points = travelling.points_of(situation, depots, places, roadheads=roadheads)
    shown = travelling.points_of(situation, depots, places)
    names: list[VehicleClassName] = sorted({row["vehicle_class"] for row in plan["convoys"]})
    travel = travelling.travel_by_class(
        situation,
        names,
        points,
        closures=planning.closures_then(situation, plan),
        at=datetime.fromisoformat(plan["departs_at"]),
    )
    found = {name: travelling.ways(situation, travel[name], _pairs(plan, name)) for name in travel}

    def leg_path(name: VehicleClassName, start: str, end: str) -> LegPath:
        way = found.get(name, {}).get((start, end))
        if way is None:
            raise InputError(
                f"plan {plan['plan_id']}: the way from {start} to {end} by {name}",
                "the roads are no longer those the plan was made on",
                "plan again: `qafila plan`",
            )
        return LegPath(
            geometry=way.geometry,
            length_m=way.length_m,
            travel_time_s=way.travel_time_s,
            roads=way.roads,
        )

    where = dict(zip(shown.ids, zip(shown.lon, shown.lat, strict=True), strict=True))
    return list(
        itineraries(
            plan_from_dict(plan), leg_path, position_of=where.__getitem__, items=items().values()
        )
    )


def name_of(situation: Situation, language: str) -> Callable[[str], str]:
    """Give the function that names a place, depot or item in a language."""
    frame = situation.places()
    columns = _NAME_COLUMNS.get(language, ("name",))
    names: dict[str, str] = {}
    for column in reversed(columns):
        pairs = zip(frame["place_id"], frame[column], strict=True)
        names.update({place: name for place, name in pairs if name})
    for depot in situation.store.depots():
        names[depot.depot_id] = (depot.name_ar if language == "ar" else "") or depot.name
    names.update({item_id: item.name(language) for item_id, item in items().items()})
    # A plan may name a place by an id that was joined to another since.
    return lambda one: names.get(one) or names.get(situation.current_place(one), one)


def _depots_of(plan: dict[str, Any]) -> set[str]:
    return {row["depot_id"] for row in plan["convoys"]}


def _pairs(plan: dict[str, Any], name: str) -> list[tuple[str, str]]:
    pairs = []
    for row in plan["convoys"]:
        if row["vehicle_class"] == name:
            round_trip = [
                row["depot_id"], *(stop["place_id"] for stop in row["stops"]), row["depot_id"]
            ]  # fmt: skip
            pairs += list(pairwise(round_trip))
    return pairs
