"""What hangs on the wall: big figures, who is cut off, what leaves, what is missing; no person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.indicatorsheet import UNKNOWN, indicator_names, written
from dashboard.languages import N_, _
from dashboard.map.text import NOTE_LIMIT, clean
from dashboard.numerals import clock, moment, number
from dashboard.vocabulary import told

if TYPE_CHECKING:
    from datetime import datetime

    from dashboard.desk import Desk
    from dashboard.operations.picture import Picture

#: Rows that can be read from four metres.
ROWS = 8
#: Those of all indicators that a wall has room for.
SHOWN = (
    "need_met_share",
    "people_reached_share",
    "worst_commune_share",
    "wait_median_h",
    "needs_waiting",
    "people_cut_off",
    "fresh_places_share",
    "verified_share",
)
FIGURES = (
    ("places", N_("Places"), False),
    ("people_affected", N_("People affected"), False),
    ("not_assessed", N_("Places not assessed"), True),
    ("cut_off_truck", N_("Cut off for trucks"), True),
    ("cut_off_pickup", N_("Cut off for pickups"), True),
    ("unserved", N_("Needs without delivery"), True),
)


def wall_values(desk: Desk) -> dict[str, Any]:
    """Give what a wall shows, in the language of this run; counts and places, never a person."""
    info, picture = desk.info(), desk.picture()
    return {
        "seq": picture.seq,
        "name": clean(told(info.name)),
        "notice": clean(told(info.notice), NOTE_LIMIT),
        "made_at": moment(picture.made_at, info.timezone),
        "last_event_at": desk.last_event_at().isoformat(timespec="seconds"),
        "figures": [_figure(picture, *one) for one in FIGURES],
        "panels": [
            {"id": "cut_off", "title": _("Who is cut off"), "rows": _cut_off(picture)},
            {
                "id": "leaving",
                "title": _("Convoys of the newest plan"),
                "rows": _leaving(picture, desk.now(), info.timezone),
            },
            {"id": "gaps", "title": _("Needs without delivery"), "rows": _gaps(desk, picture)},
            {"id": "indicators", "title": _("Indicators"), "rows": _indicators(desk)},
        ],
    }


def wall_words() -> dict[str, str]:
    """Give the words of the wall's script in the language of this run."""
    return {
        "last": _("last event {age} ago"),
        "stale": _("No news for {age}: this may be out of date."),
        "lost": _("Link lost; as of {time}. Trying again."),
        "nothing": _("Nothing to show here now."),
        "seconds": _("{n} s"),
        "minutes": _("{n} min"),
        "hours": _("{n} h"),
        "days": _("{n} days"),
        "map": _("Map of the situation"),
        "loading": _("loading …"),
    }


def _figure(picture: Picture, key: str, label: str, alarm: bool) -> dict[str, Any]:
    value = picture.totals.get(key)
    if value is None or value != value:
        return {"label": _(label), "value": UNKNOWN, "alarm": False}
    return {"label": _(label), "value": number(value), "alarm": alarm and value > 0}


def _cut_off(picture: Picture) -> list[list[str]]:
    places = picture.places
    cut = places[(places["reach_truck"] == "cut_off") & (places["reach_pickup"] == "cut_off")]
    cut = cut.sort_values("affected", ascending=False, na_position="last").head(ROWS)
    states = {"by_relay": _("by relay"), "cut_off": _("cut off")}
    return [
        [
            clean(row.name),
            clean(row.commune),
            UNKNOWN
            if row.affected != row.affected
            else _("{n} people").format(n=number(row.affected)),
            states.get(str(row.reach_status), _("cut off")),
        ]
        for row in cut[["name", "commune", "affected", "reach_status"]].itertuples(index=False)
    ]


def _leaving(picture: Picture, now: datetime, timezone: str) -> list[list[str]]:
    if picture.plan is None:
        return []
    names = dict(zip(picture.places["place_id"], picture.places["name"], strict=True))
    depots = {one.depot_id: one.name for one in picture.depots}
    later = [one for one in picture.plan["convoys"] if one["departs_at"] >= now.isoformat()]
    first = sorted(later or picture.plan["convoys"], key=lambda one: one["departs_at"])[:ROWS]
    return [
        [
            clock(one["departs_at"], timezone),
            _vehicle(one["vehicle_class"]),
            clean(depots.get(one["depot_id"], "")),
            " → ".join(clean(names.get(stop["place_id"], ""), 24) for stop in one["stops"][:4])
            + (" …" if len(one["stops"]) > 4 else ""),
        ]
        for one in first
    ]


def _gaps(desk: Desk, picture: Picture) -> list[list[str]]:
    if picture.plan is None:
        return []
    known = picture.places.set_index("place_id")
    lines = [one for one in picture.plan["unserved"] if one["place_id"] in known.index]
    affected = known["affected"].fillna(0.0)
    worst = sorted(lines, key=lambda one: -affected[one["place_id"]])[:ROWS]
    return [
        [
            clean(known.loc[one["place_id"], "name"]),
            f"{number(one['quantity'])} {clean(desk.item_name(one['item']))}",
            clean(one["reason"], 90),
        ]
        for one in worst
    ]


def _indicators(desk: Desk) -> list[list[str]]:
    names = indicator_names()
    measured = {one["id"]: one for one in desk.indicators()["indicators"]}
    return [
        [
            names[key],
            written(measured[key]["value"], measured[key]["unit"]),
            clean(measured[key]["reason"])
            or (
                _("24 h before")
                + ": "
                + written(measured[key]["value_day_before"], measured[key]["unit"])
                if measured[key]["value_day_before"] is not None
                else ""
            ),
        ]
        for key in SHOWN
        if key in measured
    ]


def _vehicle(name: str) -> str:
    words = {
        "truck": _("truck"),
        "light_truck": _("light_truck"),
        "pickup": _("pickup"),
        "motorbike": _("motorbike"),
        "mule": _("mule"),
        "foot": _("foot"),
        "air": _("air"),
    }
    return words.get(name, clean(name))
