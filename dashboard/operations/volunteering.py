"""Volunteers: who they are by code, when they work, who approves their hours, who is not heard."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from dashboard.operations import goods, people, stockroom
from dashboard.operations.situation import utc_now
from data.events import (
    NewEvent,
    ShiftApproved,
    ShiftBegun,
    ShiftEnded,
    VolunteerHeard,
    VolunteerRegistered,
)
from data.intake.cells.words import vehicle_class
from data.intake.depots import stable_id
from data.volunteering.skills import language_of, skill_of
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import VEHICLE_CLASS_NAMES, new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from dashboard.operations.stockroom import Said
    from data.store.volunteering_records import ShiftRecord, VolunteerRecord

#: Nobody younger is sent into an area that was hit (IFRC volunteering policy: 18 for emergencies).
YOUNGEST = 18
OLDEST = 100
#: Somebody at work of whom nothing was heard for longer than this is looked for.
SILENT_AFTER = timedelta(hours=6)
MAX_CODE = 100
DIGEST = re.compile(r"-[0-9a-f]{8}$")
MAX_SKILLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a volunteer says of themselves; only the first three are needed.

    Name and phone go to the vault and to no event; the age is looked at and not kept.
    """

    code: str
    skills: Sequence[str]
    home: str
    languages: Sequence[str] = ()
    vehicle: str = ""
    remote: bool = False
    available_from: datetime | None = None
    available_until: datetime | None = None
    consent: bool = False
    age: int | None = None
    name: str = ""
    phone: str = ""
    account: str = ""


def register(
    situation: Situation, who: Registration, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Register a volunteer, or what is new of one who is known.

    Raises
    ------
    InputError
        The code or the skills are missing; younger than `YOUNGEST`; name or phone without consent.
    RuleError
        The phone is another volunteer's.
    """
    code = who.code.strip()
    if not code or len(code) > MAX_CODE:
        raise InputError(
            f"code {code[:40]!r}", f"1 to {MAX_CODE} characters are needed", "give a code, no name"
        )
    skills = tuple(dict.fromkeys(skill_of(one) for one in who.skills if one.strip()))
    if not skills or len(skills) > MAX_SKILLS:
        raise InputError(
            f"volunteer {code}", f"1 to {MAX_SKILLS} skills are needed", "say what they can do"
        )
    if who.age is not None and not YOUNGEST <= who.age <= OLDEST:
        raise InputError(
            f"volunteer {code}: {who.age} years",
            f"{YOUNGEST} to {OLDEST} years are needed for work where a disaster struck",
            "correct the age, or do not register them",
        )
    contact = {"name": who.name.strip(), "phone": who.phone.strip()}
    if any(contact.values()) and not who.consent:
        raise InputError(
            f"volunteer {code}",
            "name and phone are kept with their consent only",
            "ask them, then give --consent",
        )
    volunteer_id = volunteer_id_of(code)
    vault = people.begin_vault(situation) if any(contact.values()) else None
    if vault is not None and contact["phone"]:
        _require_own_phone(vault, volunteer_id, contact["phone"])
    payload = VolunteerRegistered(
        volunteer_id=volunteer_id,
        organisation_id=None,
        home_place_id=goods.find_place(situation, who.home) if who.home.strip() else None,
        skills=skills,
        languages=tuple(dict.fromkeys(language_of(one) for one in who.languages if one.strip())),
        available_from=situation.aware(who.available_from),
        available_until=situation.aware(who.available_until),
        vehicle=_vehicle(who.vehicle),
        remote=who.remote,
        consent=who.consent,
        account_id=_account(situation, who.account),
    )
    organisation_id, events = (
        situation.organisation(said.organisation) if said.organisation else (None, [])
    )
    situation.store.append(
        [
            *(NewEvent(payload=one) for one in events),
            NewEvent(payload=payload, organisation_id=organisation_id),
        ],
        also=None
        if vault is None
        else lambda connection: vault.keep_within(
            connection,
            {volunteer_id: {field: text for field, text in contact.items() if text}},
            now=utc_now(),
        ),
    )
    return {
        "volunteer_id": volunteer_id,
        "skills": list(payload.skills),
        "languages": list(payload.languages),
        "home_place_id": payload.home_place_id,
    }


def volunteers(situation: Situation) -> dict[str, Any]:
    """List volunteers with the hours they gave, and how it stands with those at work."""
    shifts: dict[str, list[ShiftRecord]] = defaultdict(list)
    for one in situation.store.shifts():
        shifts[one.volunteer_id].append(one)
    names = place_names(situation)
    return {
        "volunteers": [
            {
                "volunteer_id": one.volunteer_id,
                "organisation_id": one.organisation_id,
                "home": names.get(one.home_place_id or "", ""),
                "skills": list(one.skills),
                "languages": list(one.languages),
                "vehicle": one.vehicle,
                "remote": one.remote,
                "available": one.available,
                **hours_of(shifts[one.volunteer_id]),
            }
            for one in situation.store.volunteers()
        ],
        "at_work": at_work(situation),
    }


def hours_of(shifts: Sequence[ShiftRecord]) -> dict[str, Any]:
    """Sum up shifts: hours worked, hours approved, how many shifts, whether at work now."""
    worked = sum((one.worked for one in shifts), timedelta(0))
    approved = sum((one.worked for one in shifts if one.approved_by), timedelta(0))
    hour = timedelta(hours=1)
    return {
        "shifts": len(shifts),
        "hours": round(worked / hour, 2),
        "hours_approved": round(approved / hour, 2),
        "at_work": any(one.ended_at is None for one in shifts),
    }


def at_work(situation: Situation) -> list[dict[str, Any]]:
    """Say who is at work, when they were heard last, and whom to look for; these come first."""
    signs = {one.volunteer_id: one for one in situation.store.signs_of_life()}
    names, now = place_names(situation), situation.now()
    titles = {one.task_id: one.title for one in situation.store.tasks()}
    found = []
    for shift in situation.store.shifts():
        if shift.ended_at is not None:
            continue
        sign = signs.get(shift.volunteer_id)
        since = sign is not None and sign.heard_at >= shift.begun_at
        heard_at = sign.heard_at if sign is not None and since else shift.begun_at
        place = (sign.place_id if sign is not None and since else None) or shift.place_id
        status = "ok"
        if sign is not None and since and sign.state == "help":
            status = "help"
        elif now - heard_at > SILENT_AFTER:
            status = "silent"
        found.append(
            {
                "volunteer_id": shift.volunteer_id,
                "shift_id": shift.shift_id,
                "task": titles.get(shift.task_id or "", ""),
                "place_id": place,
                "place": names.get(place or "", ""),
                "since": shift.begun_at.isoformat(),
                "heard_at": heard_at.isoformat(),
                "status": status,
                "note": sign.note if sign is not None and since else "",
            }
        )
    order = {"help": 0, "silent": 1, "ok": 2}
    return sorted(found, key=lambda one: (order[one["status"]], one["heard_at"]))


def check_in(
    situation: Situation,
    volunteer: str,
    *,
    task: str = "",
    place: str = "",
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Begin a shift of a volunteer, for a task or without one."""
    from dashboard.operations.tasks import find_task

    known = find_volunteer(situation, volunteer)
    work = find_task(situation, task) if task.strip() else None
    place_id = goods.find_place(situation, place) if place.strip() else None
    payload = ShiftBegun(
        shift_id=new_id("shift"),
        volunteer_id=known.volunteer_id,
        task_id=None if work is None else work.task_id,
        place_id=place_id or (None if work is None else work.place_id),
        at=_moment(situation, said),
    )
    stockroom.append(situation, [payload], said)
    return {"shift_id": payload.shift_id, "volunteer_id": known.volunteer_id}


def check_out(
    situation: Situation, volunteer: str, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """End the shift that a volunteer is in."""
    known = find_volunteer(situation, volunteer)
    open_one = next(
        (one for one in situation.store.shifts(known.volunteer_id) if one.ended_at is None), None
    )
    if open_one is None:
        raise RuleError(known.volunteer_id, "they are not at work", "check them in first")
    payload = ShiftEnded(
        shift_id=open_one.shift_id,
        at=_moment(situation, said),
        note=said.note[: stockroom.MAX_NOTE],
    )
    stockroom.append(situation, [payload], said)
    worked = payload.at - open_one.begun_at
    return {"shift_id": open_one.shift_id, "hours": round(worked / timedelta(hours=1), 2)}


def approve(
    situation: Situation, volunteer: str, *, by: str, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Approve all hours of a volunteer that have ended and nobody approved yet.

    Parameters
    ----------
    by
        The account or the code of who approves: never the volunteer.
    """
    known = find_volunteer(situation, volunteer)
    approver = _approver(situation, by)
    waiting = [
        one
        for one in situation.store.shifts(known.volunteer_id)
        if one.ended_at is not None and one.approved_by is None
    ]
    if not waiting:
        raise RuleError(known.volunteer_id, "no hours wait for approval", "nothing is to be done")
    note = said.note[: stockroom.MAX_NOTE]
    stockroom.append(
        situation,
        [ShiftApproved(shift_id=one.shift_id, approved_by=approver, note=note) for one in waiting],
        said,
    )
    hours = sum((one.worked for one in waiting), timedelta(0)) / timedelta(hours=1)
    return {
        "volunteer_id": known.volunteer_id,
        "approved_by": approver,
        "shifts": len(waiting),
        "hours": round(hours, 2),
    }


def heard(
    situation: Situation,
    volunteer: str,
    *,
    state: Literal["ok", "help"] = "ok",
    place: str = "",
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Record a sign of life of a volunteer."""
    known = find_volunteer(situation, volunteer)
    payload = VolunteerHeard(
        volunteer_id=known.volunteer_id,
        state=state,
        place_id=goods.find_place(situation, place) if place.strip() else None,
        at=_moment(situation, said),
        note=said.note[: stockroom.MAX_NOTE],
    )
    stockroom.append(situation, [payload], said)
    return {"volunteer_id": known.volunteer_id, "state": state, "at": payload.at.isoformat()}


def find_volunteer(situation: Situation, text: str) -> VolunteerRecord:
    """Give the volunteer of an id or a code; raises `UnknownIdError`."""
    wanted = text.strip()
    ids = {wanted, f"volunteer:{wanted}"}
    if wanted:
        ids.add(volunteer_id_of(wanted))
    for one in situation.store.volunteers():
        if one.volunteer_id in ids:
            return one
    raise UnknownIdError(
        f"volunteer {wanted[:80]!r}", "no such volunteer here", "see `qafila volunteer list`"
    )


def volunteer_id_of(code: str) -> str:
    """Give the id that a volunteer's code has: the same as in an upload."""
    return code if code.startswith("volunteer:") else stable_id("volunteer", code)


def code_word(volunteer_id: str) -> str:
    """Give what people call a volunteer, whose id may end in a digest of just that."""
    code = volunteer_id.removeprefix("volunteer:")
    short = DIGEST.sub("", code)
    # Of a code without a Latin letter only the digest tells who is meant.
    return code if short in ("", "x") else short


def place_names(situation: Situation) -> dict[str, str]:
    """Give the name of each place."""
    frame = situation.places()
    return dict(zip(frame["place_id"], frame["name"], strict=True))


def _moment(situation: Situation, said: Said) -> datetime:
    return goods.require_past(situation, said.at) or situation.now()


def _vehicle(text: str) -> Any:
    if not text.strip():
        return None
    found = vehicle_class(text)
    if found is None:
        raise InputError(
            f"vehicle {text[:40]!r}", f"one of {', '.join(VEHICLE_CLASS_NAMES)} is needed", ""
        )
    return found


def _account(situation: Situation, text: str) -> str | None:
    if not text.strip():
        return None
    from data.access.accounts import Accounts

    return Accounts(people.begin_vault(situation)).find(text.strip()).account_id


def _approver(situation: Situation, text: str) -> str:
    """Give the id of who approves: an account, a volunteer by code, else a person by pseudonym."""
    wanted = text.strip()
    if not wanted:
        raise InputError("--by", "who approves is needed", "name an account or a person")
    try:
        return find_volunteer(situation, wanted).volunteer_id
    except UnknownIdError:
        return people.find_person(situation, people.begin_vault(situation), wanted)


def _require_own_phone(vault: Any, volunteer_id: str, phone: str) -> None:
    digits = _digits(phone)
    if not digits:
        raise InputError(f"phone of {volunteer_id}", "digits are needed", "correct it")
    for other in vault.people():
        if other["person_id"] == volunteer_id or not other["person_id"].startswith("volunteer:"):
            continue
        kept = {one["field"]: one["value"] for one in vault.export(other["person_id"])["fields"]}
        if _digits(kept.get("phone", "")) == digits:
            raise RuleError(
                f"phone of {volunteer_id}",
                f"it is kept for {other['person_id']} already",
                "is it the same person? One phone is one volunteer",
            )


def _digits(phone: str) -> str:
    """Give what two ways to write one number have in common: its last nine digits."""
    digits = "".join(str(int(char)) for char in phone if char.isdigit())
    return digits[-9:]
