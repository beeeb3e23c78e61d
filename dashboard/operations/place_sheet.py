"""Everything that is known of one place: evidence, people, needs, deliveries, its way, work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.operations import assessing, planning, reaching, who_does_what
from dashboard.operations.goods import find_place
from geo.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from dashboard.operations.situation import Situation


def place_sheet(situation: Situation, place: str) -> dict[str, Any]:
    """Give all that is known of a place, each figure with who says so and when.

    Parameters
    ----------
    place
        Its id or its name, where that decides it.

    Returns
    -------
    dict
        ``{place, assessment, needs, reports, deliveries, reach, coming, unserved, activities,
        volunteers, field_reports, based_on_seq, at, notice}``. `assessment` is the place's part of
        the newest one, None without one: "not assessed" is not "undamaged". `needs` is what it
        lacks after that, `reports` who asked for what; `coming` are the stops of the newest plan
        here, `unserved` what it leaves and why; `reach` is None where no roads or depots are there.

    Raises
    ------
    UnknownIdError
        There is no such place, or the name may mean several.
    """
    place_id = find_place(situation, place)
    frame = situation.places()
    row = frame[frame["place_id"] == place_id].iloc[0]
    names = {one.organisation_id: one.name for one in situation.store.organisations()}
    current = situation.current_places()
    document = assessing.latest(situation)
    found = {one["place_id"]: one for one in document["places"]} if document else {}
    assessment = found.get(place_id)
    plan = planning.latest(situation)
    work = who_does_what.tables(situation)["activities"]
    return {
        "place": _place(row),
        "assessment": assessment,
        "assessed_at": document["made_at"] if document else None,
        "needs": assessment["needs"] if assessment else [],
        "reports": [
            {
                "need_id": one.need_id,
                "item": one.item_id,
                "quantity": float(one.quantity),
                "delivered": float(one.delivered),
                "status": one.status,
                "organisation": names.get(one.organisation_id or "", ""),
                "at": _text(one.reported_at or one.recorded_at),
                "until": _text(one.expires_at),
                "note": one.note,
            }
            for one in situation.store.needs(open_only=False)
            if current(one.place_id) == place_id
        ],
        "deliveries": [
            {
                "item": one.item_id,
                "quantity": float(one.quantity),
                "unit": one.unit,
                "outcome": one.outcome,
                "convoy_id": one.convoy_id,
                "organisation": names.get(one.organisation_id or "", ""),
                "at": _text(one.reported_at or one.recorded_at),
            }
            for one in situation.store.deliveries()
            if current(one.place_id) == place_id
        ],
        "reach": _reach(situation, place_id),
        "coming": [] if plan is None else _coming(plan, place_id),
        "unserved": []
        if plan is None
        else [one for one in plan["unserved"] if one["place_id"] == place_id],
        "activities": [
            {
                "actor": one.actor,
                "what": one.what,
                "status": one.status,
                "quantity": None if one.quantity != one.quantity else one.quantity,
                "from": None if one.starts_at is None else _day(one.starts_at),
                "to": None if one.ends_at is None else _day(one.ends_at),
            }
            for one in work[work["place_id"] == place_id].itertuples()
        ],
        "volunteers": sum(
            current(one.home_place_id) == place_id
            for one in situation.store.volunteers()
            if one.home_place_id
        ),
        "field_reports": [
            {
                "destroyed": one.destroyed,
                "damaged": one.damaged,
                "total": one.total,
                "organisation": names.get(one.organisation_id or "", ""),
                "at": _text(one.observed_at),
                "note": one.note,
            }
            for one in situation.store.damage_reports()
            if current(one.place_id) == place_id
        ],
        "based_on_seq": situation.seq(),
        "at": situation.now().isoformat(timespec="seconds"),
        "notice": situation.info().notice,
    }


def _place(row: Any) -> dict[str, Any]:
    point = row["geometry"]
    numbers = {
        name: None if row[name] != row[name] else round(float(row[name]), 1)
        for name in ("people", "households", "elevation_m")
    }
    texts = "place_id name name_fr name_ar name_zgh kind commune_code commune province source"
    return {
        **{name: str(row[name] or "") for name in texts.split() if name in row},
        **numbers,
        "aliases": [str(one) for one in row["aliases"]] if "aliases" in row else [],
        "lon": round(float(point.x), 6),
        "lat": round(float(point.y), 6),
    }


def _reach(situation: Situation, place_id: str) -> dict[str, Any] | None:
    try:
        result = reaching.make_reach(situation)
    except InputError:
        return None  # the sheet says that roads or depots are needed
    return next((one for one in result["places"] if one["place_id"] == place_id), None)


def _coming(plan: dict[str, Any], place_id: str) -> list[dict[str, Any]]:
    return [
        {
            "convoy_id": convoy["convoy_id"],
            "vehicle": convoy.get("vehicle_name") or convoy.get("vehicle_id", ""),
            "departs_at": convoy["departs_at"],
            "arrives_at": stop["arrives_at"],
            "deliver": stop["deliver"],
        }
        for convoy in plan["convoys"]
        for stop in convoy["stops"]
        if stop["place_id"] == place_id
    ]


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _day(at: Any) -> str | None:
    return None if at != at else str(at.date())
