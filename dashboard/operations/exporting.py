"""Export the convoys of a plan to files that field teams and other programs open."""

from __future__ import annotations

import io
import tempfile
import zipfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from dashboard.operations import goods, planning, travelling
from dashboard.operations.roads import bare_edge_id
from dashboard.operations.situation import Progress, Situation, silent
from geo.errors import InputError, UnknownIdError
from geo.written_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from geo.model import VehicleClassName
    from routing.exports.sheet import Ground, Papers
    from routing.itinerary import Itinerary, LegPath

#: What `routing.exports` writes, and the planning problem; said here so that the command line need
#: not load it.
FORMATS = (
    "gpx", "kml", "geojson", "csv", "text", "html", "pdf", "pdfa6", "loading", "waybills", "kmz",
    "tak", "problem",
)  # fmt: skip
#: What a phone or another program opens; sheets and lists are asked for.
DEFAULT_FORMATS = FORMATS[:5]
#: The planning problem as one JSON file (`dashboard.operations.repeating` plans it again).
PROBLEM = "problem"
LARGEST_CONTACT = 200
# Degrees around the ways of all convoys within which roads and places can be on a map.
_AROUND_DEG = 0.25

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
    formats: Sequence[str] = DEFAULT_FORMATS,
    language: str = "en",
    contacts: Mapping[str, str] | None = None,
    convoys: Sequence[str] = (),
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write one file per convoy and format.

    Parameters
    ----------
    plan_id
        Id of a recorded plan, or ``latest``.
    folder
        Made if absent; files of the same name are replaced.
    contacts
        How each role is reached (`routing.exports.sheet.CONTACTS`): printed on the sheets and
        written nowhere else.
    convoys
        Ids of convoys of the plan; all of them where none is named.

    Returns
    -------
    dict
        ``{plan_id, files, notice}``; paths as text.

    Raises
    ------
    InputError
        There is no such plan, its roads are no longer those of this situation, or a contact is of
        no known role.
    """
    from routing.exports import export

    told = _contacts(contacts or {})
    plan = _only(planning.load_plan(situation, plan_id), convoys)
    if list(formats) == [PROBLEM]:
        folder.mkdir(parents=True, exist_ok=True)
        return _exported(situation, plan, [_problem_file(situation, plan["plan_id"], folder)])
    progress(0.1, f"finding the ways of {len(plan['convoys'])} convoys")
    found = plan_itineraries(situation, plan)
    drawn = found if set(formats) & {"html", "pdf", "pdfa6"} else []
    files = export(
        found,
        folder,
        formats=[one for one in formats if one != PROBLEM],
        notice=situation.info().notice,
        language=language,
        name_of=name_of(situation, language),
        zone=ZoneInfo(situation.info().timezone),
        papers=_papers(situation, plan, drawn, contacts=told),
        progress=lambda share, text: progress(0.3 + 0.7 * share, text),
    )
    if PROBLEM in formats:
        files = [*files, _problem_file(situation, plan["plan_id"], folder)]
    return _exported(situation, plan, files)


def _exported(situation: Situation, plan: dict[str, Any], files: Sequence[Path]) -> dict[str, Any]:
    return {
        "plan_id": plan["plan_id"],
        "notice": situation.info().notice,
        "files": [str(path) for path in files],
    }


def _problem_file(situation: Situation, plan_id: str, folder: Path) -> Path:
    """Write what the plan was made from, for `qafila plan --problem`."""
    made = next(one for one in situation.store.plans() if one.plan_id == plan_id)
    path = folder / f"{plan_id.replace(':', '-')}-problem.json"
    write_whole(path, situation.archive.path(made.problem).read_bytes())
    return path


def zipped_plan(
    situation: Situation,
    plan_id: str,
    *,
    formats: Sequence[str] = DEFAULT_FORMATS,
    language: str = "en",
    contacts: Mapping[str, str] | None = None,
    convoys: Sequence[str] = (),
    progress: Progress = silent,
) -> bytes:
    """Give what `export_plan` writes as one zip; arguments and errors are the same."""
    memory = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        made = export_plan(
            situation,
            plan_id,
            folder=Path(folder),
            formats=formats,
            language=language,
            contacts=contacts,
            convoys=convoys,
            progress=progress,
        )
        with zipfile.ZipFile(memory, "w", compression=zipfile.ZIP_DEFLATED) as archive:
            for path in map(Path, made["files"]):
                archive.write(path, path.name)
    return memory.getvalue()


def _capacity(situation: Situation, plan: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Give kg and m³ of every vehicle; of one that leads others, what all of them take."""
    known = {
        one.vehicle_id: (one.capacity_kg, one.capacity_m3)
        for one in situation.store.vehicles(available_only=False)
    }
    for convoy in plan["convoys"]:
        rooms = [known.get(one["vehicle_id"]) for one in convoy.get("company", ())]
        if rooms and all(rooms):
            kg, m3 = zip(*filter(None, rooms), strict=True)
            known[f"{convoy['vehicle_id']} and company"] = (sum(kg), sum(m3))
    return known


def _only(plan: dict[str, Any], convoys: Sequence[str]) -> dict[str, Any]:
    """Give the plan with these convoys only; with all where none is named."""
    known = {one["convoy_id"] for one in plan["convoys"]}
    if strange := sorted(set(convoys) - known):
        raise UnknownIdError(
            strange[0],
            f"{plan['plan_id']} has no such convoy",
            "take an id from `qafila plan --json`",
        )
    if not convoys:
        return plan
    return {**plan, "convoys": [one for one in plan["convoys"] if one["convoy_id"] in convoys]}


def _contacts(given: Mapping[str, str]) -> dict[str, str]:
    from routing.exports.sheet import CONTACTS

    if strange := sorted(set(given) - set(CONTACTS)):
        raise InputError(
            f"contact {strange[0]!r}", f"one of {', '.join(CONTACTS)} is needed", "correct the role"
        )
    if long := [role for role, how in given.items() if len(how) > LARGEST_CONTACT]:
        raise InputError(
            f"contact {long[0]}: {len(given[long[0]])} characters",
            f"at most {LARGEST_CONTACT} are needed",
            "give a number or a channel",
        )
    return dict(given)


def _papers(
    situation: Situation,
    plan: dict[str, Any],
    drawn: Sequence[Itinerary],
    *,
    contacts: Mapping[str, str],
) -> Papers:
    """Give what sheets say beside the ways; the ground only for `drawn`."""
    from routing.exports.sheet import Papers

    light = plan.get("light")
    made = next((one for one in situation.store.plans() if one.plan_id == plan["plan_id"]), None)
    return Papers(
        capacity=_capacity(situation, plan),
        made_at=None if made is None else made.recorded_at,
        event=int(plan["based_on_seq"]),
        replaces=plan.get("replaces") or "",
        dark_at=datetime.fromisoformat(light["ends_at"]) if light else None,
        contacts=contacts,
        ground=_ground(situation, plan, drawn) if drawn else None,
    )


def _ground(situation: Situation, plan: dict[str, Any], drawn: Sequence[Itinerary]) -> Ground:
    """Roads, closures of that time and places around all ways, the largest places first."""
    import shapely

    from routing.exports.sheet import Ground, road_ranks

    corners = np.array([itinerary.bounds for itinerary in drawn])
    west, south = corners[:, :2].min(axis=0) - _AROUND_DEG
    east, north = corners[:, 2:].max(axis=0) + _AROUND_DEG
    edges = situation.roads().edges
    box = shapely.bounds(edges.geometry.to_numpy())
    here = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
    near = edges[here]
    leaving = datetime.fromisoformat(plan["departs_at"])
    shut = {
        bare_edge_id(edge)
        for closure in planning.closures_then(situation, plan)
        if closure.state == "closed" and closure.holds_at(leaving)
        for edge in closure.edges
    }
    places = situation.places().sort_values("people", ascending=False, kind="stable")
    return Ground(
        roads=near.geometry.to_numpy(),
        rank=road_ranks(near["highway"].tolist()),
        names=near["ref"].where(near["ref"] != "", near["name"]).to_numpy(dtype=object),
        closed=near.geometry[near["edge_id"].isin(shut)].to_numpy(),
        places=shapely.get_coordinates(places.geometry.to_numpy()),
        place_names=places["name"].tolist(),
    )


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
    whys = {
        (row["convoy_id"], number): stop["why"]["text"]
        for row in plan["convoys"]
        for number, stop in enumerate(row["stops"], start=1)
        if stop.get("why")
    }
    return list(
        itineraries(
            plan_from_dict(plan),
            leg_path,
            position_of=where.__getitem__,
            items=goods.relief_items(situation).values(),
            whys=whys,
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
    known = goods.relief_items(situation)
    names.update({item_id: item.name(language) for item_id, item in known.items()})
    # A plan may name a place by an id that was joined to another since.
    current_place = situation.current_places()
    return lambda one: names.get(one) or names.get(current_place(one), one)


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
