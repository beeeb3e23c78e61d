"""Volunteers as people read them: words for skills, states and reasons, and tables of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.languages import LANGUAGES as TONGUES
from dashboard.languages import _
from dashboard.map.text import clean
from data.volunteering.matching import NEAR_POINTS, REST_DAYS, REST_POINTS, SKILL_POINTS

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How moments are written on this page."""

    moment: Callable[[Any], str]


def skill_name(skill: str) -> str:
    """Say a skill; one that is in no list stands as it was written."""
    names = {
        "medical": _("medical care"),
        "psychosocial": _("psychosocial support"),
        "driver_4x4": _("4x4 driver"),
        "driver": _("driver"),
        "mason": _("mason"),
        "electrician": _("electrician"),
        "engineer": _("engineer"),
        "translator": _("translator"),
        "mapper": _("mapper"),
        "logistics": _("logistics"),
        "cook": _("cook"),
        "teacher": _("teacher"),
        "guide": _("mountain guide"),
        "search_rescue": _("search and rescue"),
        "communication": _("communication"),
        "data": _("data entry"),
    }
    return names.get(skill, clean(skill))


def language_name(code: str) -> str:
    """Say a language that is spoken."""
    names = {
        "shi": _("Tachelhit"),
        "zgh": TONGUES["zgh"],
        "ary": _("Darija"),
        "ar": TONGUES["ar"],
        "fr": TONGUES["fr"],
        "en": TONGUES["en"],
        "es": _("Spanish"),
        "sign": _("sign language"),
    }
    return names.get(code, clean(code))


def brought_name(word: str) -> str:
    """Say a skill or a language."""
    said = skill_name(word)
    return language_name(word) if said == clean(word) else said


def work_state(status: str) -> str:
    """Say how it stands with somebody at work."""
    names = {
        "help": _("asks for help"),
        "silent": _("not heard for 6 h"),
        "ok": _("heard"),
    }
    return names.get(status, status)


def task_state(status: str) -> str:
    """Say how it stands with a task."""
    names = {
        "open": _("open"),
        "over": _("its time is over"),
        "done": _("done"),
        "cancelled": _("called off"),
    }
    return names.get(status, status)


def answer_name(status: str) -> str:
    """Say what somebody who was asked for a task said."""
    names = {
        "asked": _("asked"),
        "accepted": _("said yes"),
        "declined": _("said no"),
        "withdrawn": _("taken back"),
    }
    return names.get(status, status)


def at_work_table(rows: Iterable[Row], words: Words) -> pd.DataFrame:
    """Give who is at work; whom to look for comes first."""
    rows = list(rows)
    return pd.DataFrame(
        {
            _("Volunteer"): [clean(one["code"]) for one in rows],
            _("State"): [work_state(one["status"]) for one in rows],
            _("Heard last"): [words.moment(one["heard_at"]) for one in rows],
            _("Where"): [clean(one["place"]) for one in rows],
            _("Task"): [clean(one["task"]) for one in rows],
            _("At work since"): [words.moment(one["since"]) for one in rows],
            _("Remark"): [clean(one["note"], 300) for one in rows],
        }
    )


def volunteers_table(rows: Iterable[Row], vehicle_name: Callable[[str], str]) -> pd.DataFrame:
    """Give volunteers by code with what they can do and the hours they gave."""
    rows = list(rows)
    return pd.DataFrame(
        {
            _("Volunteer"): [clean(one["code"]) for one in rows],
            _("Organisation"): [clean(one["organisation"]) for one in rows],
            _("Skills"): [", ".join(map(skill_name, one["skills"])) for one in rows],
            _("Languages"): [", ".join(map(language_name, one["languages"])) for one in rows],
            _("Sets out from"): [clean(one["home"]) for one in rows],
            _("Vehicle"): [vehicle_name(one["vehicle"]) if one["vehicle"] else "" for one in rows],
            _("From a distance"): [bool(one["remote"]) for one in rows],
            _("Available"): [bool(one["available"]) for one in rows],
            _("At work now"): [bool(one["at_work"]) for one in rows],
            _("Hours"): [float(one["hours"]) for one in rows],
            _("Hours approved"): [float(one["hours_approved"]) for one in rows],
        }
    )


def tasks_table(rows: Iterable[Row], words: Words) -> pd.DataFrame:
    """Give tasks with when, where, who is wanted, and how many are still missing."""
    rows = list(rows)
    asks = [
        ", ".join([*map(skill_name, one["skills"]), *map(language_name, one["languages"])])
        for one in rows
    ]
    return pd.DataFrame(
        {
            _("Task"): [clean(one["title"], 200) for one in rows],
            _("Organisation"): [clean(one["organisation"]) for one in rows],
            _("Where"): [clean(one["place"]) or _("from a distance") for one in rows],
            _("From"): [words.moment(one["starts_at"]) for one in rows],
            _("Until"): [words.moment(one["ends_at"]) for one in rows],
            _("Asks for"): asks,
            _("Wanted"): [int(one["volunteers"]) for one in rows],
            _("Missing"): [int(one["missing"]) for one in rows],
            _("State"): [task_state(one["status"]) for one in rows],
            _("Stars"): [one["stars"] for one in rows],
        }
    )


def certificates_table(rows: Iterable[Row], words: Words) -> pd.DataFrame:
    """Give the papers that were issued."""
    rows = list(rows)
    return pd.DataFrame(
        {
            _("Certificate"): [one["certificate_id"] for one in rows],
            _("Volunteer"): [clean(one["code"]) for one in rows],
            _("Hours"): [float(one["hours"]) for one in rows],
            _("From"): [one["first_day"] for one in rows],
            _("Until"): [one["last_day"] for one in rows],
            _("Issued"): [words.moment(one["issued_at"]) for one in rows],
            _("Revoked because"): [clean(one["revoked_because"], 300) for one in rows],
            _("Event"): [int(one["event"]) for one in rows],
        }
    )


def reason(one: Row) -> str:
    """Say why somebody is proposed for a task: three sums that add up to 100 at most."""
    points = one["points"]
    brings = ", ".join(map(brought_name, one["brings"])) or _("no skill asked for")
    if one["remote"]:
        where = _("from a distance")
    elif one["travel_min"] is None:
        where = _("way not known")
    else:
        where = _("{n} min away").format(n=one["travel_min"])
    worked = _("{hours} h in {days} days").format(hours=f"{one['hours']:.0f}", days=REST_DAYS)
    parts = (
        (brings, points["skills"], SKILL_POINTS),
        (where, points["near"], NEAR_POINTS),
        (worked, points["rest"], REST_POINTS),
    )
    return "; ".join(f"{text} ({got:.0f}/{most:.0f})" for text, got, most in parts)


def lacking(one: Row) -> str:
    """Say what keeps places of a task empty."""
    values = one["values"]
    words = _(" or ").join(map(brought_name, values.get("lacking", ())))
    texts = {
        "nobody_registered": _("no volunteer is registered"),
        "too_few": _("{able} can, and are proposed for other tasks or too few"),
        "no_skill": _("nobody can: {words}"),
        "no_language": _("nobody speaks {words}"),
        "no_vehicle": _("nobody has a vehicle"),
        "nobody_remote": _("nobody works from a distance"),
        "nobody_free": _("nobody fits who is free and within {hours} h"),
    }
    text = texts[one["binding"]]
    return text.format(words=words, able=values.get("able", ""), hours=values.get("hours", ""))


def map_features(
    book: Mapping[str, Any],
    positions: Mapping[str, tuple[float, float]],
    names: Mapping[str, str],
    words: Words,
) -> list[dict[str, Any]]:
    """Give a mark for each place where somebody is at work or a task lacks people.

    Parameters
    ----------
    positions
        lon, lat in EPSG:4326 by place id; what is elsewhere is left out.
    names
        Names of places by id.
    """
    lines: dict[str, list[tuple[int, str, str]]] = {}
    order = ("help", "silent", "ok", "task")
    for one in book.get("at_work", ()):
        told = f"{clean(one['code'])}: {work_state(one['status'])}, {words.moment(one['heard_at'])}"
        lines.setdefault(one["place_id"], []).append(
            (order.index(one["status"]), one["status"], told)
        )
    for one in book["tasks"]:
        if one["status"] != "open" or not one["missing"]:
            continue
        told = _("{task}: {n} people are missing").format(
            task=clean(one["title"], 200), n=one["missing"]
        )
        lines.setdefault(one["place_id"] or "", []).append((3, "task", told))
    features = []
    for place_id, there in lines.items():
        if place_id not in positions:
            continue
        there.sort()
        lon, lat = positions[place_id]
        features.append(
            {
                "type": "Feature",
                "id": f"crew:{place_id}",
                "geometry": {"type": "Point", "coordinates": [round(lon, 5), round(lat, 5)]},
                "properties": {
                    "kind": "crew",
                    "name": clean(names.get(place_id, "")),
                    "status": there[0][1],
                    "n": len(there),
                    "lines": [told for _order, _status, told in there[:12]],
                },
            }
        )
    return sorted(features, key=lambda one: str(one["id"]))
