"""Where vehicles and volunteers are: points that can be true are kept for a while, others refused.

Whoever may not see people's positions gets the middle of a cell of about a kilometre.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pyproj import Geod

from dashboard.operations.recording import known_as
from data.people.coarse import coarsened
from data.store import positions
from data.store.positions import FORGET_AFTER, Position
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dashboard.operations.situation import Bounds, Situation

#: Faster is no road vehicle in mountains; a helicopter's crew has its own tracking.
MAX_SPEED_KMH = 160.0
#: Two phones' idea of where one is may differ by so much at the same moment.
SLACK_M = 500.0
#: How far a clock may be ahead, and how long a phone may have been without a network.
MAX_AHEAD = timedelta(minutes=2)
MAX_AGE = timedelta(days=14)
#: Around the situation's area, in degrees: depots lie outside the mountains.
AROUND_DEG = 3.0
_GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A position as it was sent (degrees, EPSG:4326); `client_id` is the sender's own id of it."""

    client_id: str
    subject_id: str
    at: datetime
    lon: float
    lat: float
    accuracy_m: float | None = None
    convoy_id: str | None = None


def record(
    situation: Situation, sightings: Sequence[Sighting], *, sender: str
) -> list[dict[str, str]]:
    """Keep the positions that can be true.

    Returns
    -------
    list of dict
        In the order given: ``{id, status, why}``; `status` is `recorded`, `known` (it was sent
        before) or `refused` with the reason.
    """
    volunteers, vehicles = _volunteers(situation), _vehicles(situation)
    resting = volunteers - _at_work(situation) if volunteers else volunteers
    known_ids = volunteers | vehicles
    now, bounds = situation.now(), situation.info().bounds
    trails: dict[str, list[Position]] = {}
    ready: list[Position] = []
    refused: dict[int, str] = {}
    for number, one in enumerate(sightings):
        trail = trails.get(one.subject_id)
        if trail is None:
            trail = trails[one.subject_id] = positions.trail(situation.store, one.subject_id)
        position = Position(
            position_id=known_as(sender, one.client_id),
            subject_id=one.subject_id,
            convoy_id=one.convoy_id,
            at=min(situation.aware(one.at) or now, now) if one.at <= now + MAX_AHEAD else one.at,
            received_at=now,
            lon=one.lon,
            lat=one.lat,
            accuracy_m=one.accuracy_m,
        )
        why = _unbelievable(position, trail, known_ids, now, bounds)
        if not why and one.subject_id in resting:
            why = "no shift of this volunteer is open: where people are is kept while they work"
        if why:
            refused[number] = why
            continue
        ready.append(position)
        trail.append(position)
    new = positions.record(situation.store, ready)
    _forget_in_time(situation, now)
    return [
        {
            "id": one.client_id,
            "status": _status(number in refused, known_as(sender, one.client_id) in new),
            "why": refused.get(number, ""),
        }
        for number, one in enumerate(sightings)
    ]


def show(situation: Situation, *, exact: bool) -> list[dict[str, Any]]:
    """Give where everybody was last; coarsened unless `exact`."""
    since = situation.now() - FORGET_AFTER
    names = {one.vehicle_id: one for one in situation.store.vehicles(available_only=False)}
    return [
        {
            "id": one.subject_id,
            "name": names[one.subject_id].name if one.subject_id in names else "",
            "vehicle_class": (
                names[one.subject_id].vehicle_class if one.subject_id in names else None
            ),
            "convoy_id": one.convoy_id,
            **_point(one, exact=exact),
        }
        for one in positions.newest(situation.store)
        if one.at >= since
    ]


def show_trail(situation: Situation, subject_id: str, *, exact: bool) -> list[dict[str, Any]]:
    """Give where one vehicle or volunteer was; raises `UnknownIdError` for nobody's id."""
    if subject_id not in subjects(situation):
        raise UnknownIdError(
            subject_id[:100], "no vehicle or volunteer has this id", "see GET /positions"
        )
    found = [_point(one, exact=exact) for one in positions.trail(situation.store, subject_id)]
    if exact:
        return found
    # Coarse points of one cell say nothing more than the first and the last of them.
    return [
        one
        for number, one in enumerate(found)
        if number in (0, len(found) - 1)
        or (one["lon"], one["lat"]) != (found[number - 1]["lon"], found[number - 1]["lat"])
    ]


def forget(situation: Situation, subject_ids: Collection[str] = ()) -> dict[str, Any]:
    """Forget the trails of some; without one, of all whose operation is over."""
    if subject_ids:
        return {"forgotten": positions.forget(situation.store, subject_ids=subject_ids)}
    before = situation.now() - FORGET_AFTER
    return {"forgotten": positions.forget(situation.store, before=before)}


def subjects(situation: Situation) -> frozenset[str]:
    """Give the ids of vehicles and volunteers."""
    return _vehicles(situation) | _volunteers(situation)


def _vehicles(situation: Situation) -> frozenset[str]:
    return frozenset(one.vehicle_id for one in situation.store.vehicles(available_only=False))


def _volunteers(situation: Situation) -> frozenset[str]:
    return frozenset(one.volunteer_id for one in situation.store.volunteers())


def _at_work(situation: Situation) -> frozenset[str]:
    """Give the ids of volunteers in a shift: where the others are is nobody's business."""
    return frozenset(one.volunteer_id for one in situation.store.shifts() if one.ended_at is None)


def _unbelievable(
    one: Position,
    trail: Sequence[Position],
    known_ids: Collection[str],
    now: datetime,
    bounds: Bounds | None,
) -> str:
    """Say why a position cannot be true, "" where it can."""
    if one.subject_id not in known_ids:
        return "no vehicle or volunteer has this id"
    if one.at > now:
        return "it lies in the future: the clock is wrong"
    if one.at < now - MAX_AGE:
        return f"it is older than {MAX_AGE.days} days"
    if bounds is not None and not (
        bounds[0] - AROUND_DEG <= one.lon <= bounds[2] + AROUND_DEG
        and bounds[1] - AROUND_DEG <= one.lat <= bounds[3] + AROUND_DEG
    ):
        return "it lies far outside the area"
    # The neighbours in time: what came late must fit between them too.
    others = [other for other in trail if other.position_id != one.position_id]
    before = max((x for x in others if x.at <= one.at), key=lambda x: x.at, default=None)
    after = min((x for x in others if x.at > one.at), key=lambda x: x.at, default=None)
    for other in (before, after):
        if other is not None and _is_too_far(one, other):
            return f"it would be faster than {MAX_SPEED_KMH:g} km/h"
    return ""


def _is_too_far(one: Position, other: Position) -> bool:
    apart_s = abs((one.at - other.at).total_seconds())
    distance_m = _GEOD.inv(one.lon, one.lat, other.lon, other.lat)[2]
    slack_m = SLACK_M + (one.accuracy_m or 0.0) + (other.accuracy_m or 0.0)
    return bool(distance_m - slack_m > apart_s * MAX_SPEED_KMH / 3.6)


def _point(one: Position, *, exact: bool) -> dict[str, Any]:
    lon, lat = (one.lon, one.lat) if exact else coarsened(one.lon, one.lat)
    return {
        "lon": lon,
        "lat": lat,
        "at": one.at.isoformat(timespec="seconds"),
        "accuracy_m": one.accuracy_m if exact else None,
        "coarse": not exact,
    }


def _status(refused: bool, new: bool) -> str:
    return "refused" if refused else "recorded" if new else "known"


def _forget_in_time(situation: Situation, now: datetime) -> None:
    """Forget what is over, once in a while: nobody has to think of it."""
    key = ("positions forgotten", now.replace(minute=now.minute // 10 * 10, second=0).isoformat())
    situation.remember(key, lambda: positions.forget(situation.store, before=now - FORGET_AFTER))
