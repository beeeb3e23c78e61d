"""The office of volunteers: all that a coordinator sees and does by a form, each with its undo."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from dashboard.operations import certifying, microtasks, tasks, uploads, volunteering
from dashboard.operations.forms import Done, check_form, submit
from dashboard.operations.roads import reopen_road
from dashboard.operations.stockroom import Said
from data.store.acting import acting
from geo.errors import InputError, RuleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.operations.forms import Form
    from dashboard.operations.situation import Situation

MOST_ASKED = 500


def book(situation: Situation) -> dict[str, Any]:
    """Give volunteers, who is at work, tasks, hours that wait for approval, and certificates.

    Times are ISO 8601 with a zone. Nobody is named: volunteers go by their code.
    """
    found = volunteering.volunteers(situation)
    names = {one.organisation_id: one.name for one in situation.store.organisations()}
    for one in found["volunteers"]:
        one["code"] = volunteering.code_word(one["volunteer_id"])
        one["organisation"] = names.get(one["organisation_id"] or "", "")
        one["hours_waiting"] = round(one["hours"] - one["hours_approved"], 2)
    rows = tasks.tasks(situation)["tasks"]
    made_by = {one.task_id: one.organisation_id for one in situation.store.tasks()}
    for task in rows:
        task["organisation"] = names.get(made_by[task["task_id"]] or "", "")
    # What still lacks people first, what has ended last.
    rows.sort(key=lambda one: (one["status"] != "open", not one["missing"], one["starts_at"]))
    states = [one["status"] for one in found["at_work"]]
    wanted = [one["missing"] for one in rows if one["status"] == "open"]
    papers = situation.store.certificates()
    return {
        "at": situation.now().isoformat(),
        "based_on_seq": situation.store.seq(),
        "volunteers": found["volunteers"],
        "at_work": [
            {**one, "code": volunteering.code_word(one["volunteer_id"])} for one in found["at_work"]
        ],
        "tasks": rows,
        "certificates": [
            {
                "certificate_id": one.certificate_id,
                "code": volunteering.code_word(one.volunteer_id),
                "hours": round(one.seconds / 3600, 2),
                "first_day": one.first_day,
                "last_day": one.last_day,
                "issued_at": one.recorded_at.isoformat(),
                "revoked_because": one.revoked_because or "",
                "event": one.seq,
            }
            for one in papers
        ],
        "totals": {
            "volunteers": len(found["volunteers"]),
            "at_work": len(states),
            "silent": states.count("silent"),
            "help": states.count("help"),
            "open_tasks": len(wanted),
            "missing": sum(wanted),
            "hours": round(sum(one["hours"] for one in found["volunteers"]), 2),
            "hours_approved": round(sum(one["hours_approved"] for one in found["volunteers"]), 2),
            "certificates": len(papers),
        },
    }


def tasks_book(situation: Situation) -> dict[str, Any]:
    """Give the tasks and how many work, for those who may not see single volunteers."""
    whole = book(situation)
    return {
        **{name: whole[name] for name in ("at", "based_on_seq", "totals")},
        "tasks": [{**one, "assignments": []} for one in whole["tasks"]],
    }


def contact_of(situation: Situation, volunteer_id: str) -> dict[str, Any]:
    """Give name and phone of a volunteer, as far as they are kept."""
    from dashboard.operations.people import open_vault
    from data.access.roles import OWNER

    vault = open_vault(situation)
    return {} if vault is None else vault.read([volunteer_id], visitor=OWNER).get(volunteer_id, {})


def act(
    situation: Situation, action: str, fields: Mapping[str, Any], *, only: str | None = None
) -> dict[str, Any]:
    """Do what a form asks for.

    Parameters
    ----------
    action
        A key of `ACTIONS`.
    only
        Id of the organisation whose volunteers and tasks alone may be touched; None for all.

    Returns
    -------
    dict
        As `dashboard.operations.forms.submit`.

    Raises
    ------
    InputError
        No such action; a field is missing or too long.
    RuleError
        The volunteer or the task is another organisation's; and what each act refuses.
    """
    check_form(ACTIONS, action, fields)
    if only is not None:
        _require_own(situation, action, fields, only)
        fields = {**fields, "organisation": only}
    return submit(situation, ACTIONS, action, fields)


def _require_own(
    situation: Situation, action: str, fields: Mapping[str, Any], organisation_id: str
) -> None:
    """Keep an organisation to its own volunteers and tasks; a new code may be registered."""
    others = RuleError(
        action, "it is for the organisation's own volunteers and tasks", "ask the crisis cell"
    )
    owner = {one.volunteer_id: one.organisation_id for one in situation.store.volunteers()}
    named = [str(fields[one]) for one in ("volunteer", "code") if fields.get(one)]
    named += [str(one) for one in fields.get("volunteers", ()) if action == "ask"]
    for text in named:
        wanted = volunteering.volunteer_id_of(text)
        if action == "register" and wanted not in owner:
            continue
        if owner.get(wanted) != organisation_id:
            raise others
    if fields.get("task") and action in ("close_task", "ask", "answer"):
        known = tasks.find_task(situation, str(fields["task"]))
        if known.organisation_id != organisation_id:
            raise others
    if action in CELL_ONLY:
        raise others


#: Acts that decide for all: not for one organisation.
CELL_ONLY = frozenset({"revoke", "take_microtask", "take_back_evidence", "cancel_microtask"})


# --- acts ---------------------------------------------------------------------------------------


def _register(situation: Situation, fields: Mapping[str, Any]) -> Done:
    volunteering.register(
        situation,
        volunteering.Registration(
            code=str(fields["code"]),
            skills=tuple(fields["skills"]),
            home=str(fields["home"]),
            languages=tuple(fields.get("languages", ())),
            vehicle=str(fields.get("vehicle", "")),
            remote=bool(fields.get("remote")),
            available_from=_time(fields, "available_from"),
            available_until=_time(fields, "available_until"),
            consent=bool(fields.get("consent")),
            age=_age(fields.get("age")),
            name=str(fields.get("name", "")),
            phone=str(fields.get("phone", "")),
        ),
        said=_said(fields),
    )
    return Done()


def _post_task(situation: Situation, fields: Mapping[str, Any]) -> Done:
    starts, ends = _time(fields, "starts_at"), _time(fields, "ends_at")
    if starts is None or ends is None:
        raise InputError("post_task", "two times are needed", "say from when to when")
    made = tasks.post(
        situation,
        str(fields["title"]),
        starts_at=starts,
        ends_at=ends,
        place=str(fields.get("place", "")),
        skills=tuple(fields.get("skills", ())),
        languages=tuple(fields.get("languages", ())),
        vehicle=bool(fields.get("vehicle")),
        volunteers=int(fields.get("wanted", 1)),
        description=str(fields.get("description", "")),
        said=_said(fields),
    )
    return Done(undo=("close_task", {"task": made["task_id"], "status": "cancelled"}))


def _close_task(situation: Situation, fields: Mapping[str, Any]) -> Done:
    status = fields["status"]
    if status not in ("done", "cancelled"):
        raise InputError(f"status {str(status)[:40]!r}", "done or cancelled is needed", "")
    tasks.close(situation, str(fields["task"]), status, said=_said(fields))
    return Done()


def _ask(situation: Situation, fields: Mapping[str, Any]) -> Done:
    """Ask several volunteers for one task; the undo takes the question back."""
    wanted = [str(one) for one in fields["volunteers"]]
    if len(wanted) > MOST_ASKED:
        raise InputError("ask", f"at most {MOST_ASKED} at a time", "ask in parts")
    reasons: Mapping[str, str] = fields.get("reasons", {})
    tasks.assign_all(situation, str(fields["task"]), wanted, reasons=reasons, said=_said(fields))
    return Done(undo=("unask", {"task": fields["task"], "volunteers": wanted}))


def _unask(situation: Situation, fields: Mapping[str, Any]) -> Done:
    for one in fields["volunteers"]:
        tasks.answer(situation, str(fields["task"]), str(one), "withdrawn", said=_said(fields))
    return Done()


def _answer(situation: Situation, fields: Mapping[str, Any]) -> Done:
    given = fields["answer"]
    if given not in ("accepted", "declined", "withdrawn"):
        raise InputError(f"answer {str(given)[:40]!r}", "accepted, declined or withdrawn", "")
    tasks.answer(
        situation, str(fields["task"]), str(fields["volunteer"]), given, said=_said(fields)
    )
    return Done()


def _check_in(situation: Situation, fields: Mapping[str, Any]) -> Done:
    volunteering.check_in(
        situation,
        str(fields["volunteer"]),
        task=str(fields.get("task", "")),
        place=str(fields.get("place", "")),
        said=_said(fields),
    )
    return Done()


def _check_out(situation: Situation, fields: Mapping[str, Any]) -> Done:
    made = volunteering.check_out(situation, str(fields["volunteer"]), said=_said(fields))
    return Done(said=f"{made['hours']:g}")


def _heard(situation: Situation, fields: Mapping[str, Any]) -> Done:
    state = fields["state"]
    if state not in ("ok", "help"):
        raise InputError(f"state {str(state)[:40]!r}", "ok or help is needed", "")
    volunteering.heard(
        situation,
        str(fields["volunteer"]),
        state=state,
        place=str(fields.get("place", "")),
        said=_said(fields),
    )
    return Done()


def _approve(situation: Situation, fields: Mapping[str, Any]) -> Done:
    """Approve hours, by the account that asks; who has none names himself."""
    made = volunteering.approve(
        situation,
        str(fields["volunteer"]),
        by=acting().actor or str(fields.get("by", "")),
        said=_said(fields),
    )
    return Done(said=f"{made['hours']:g}")


def _feedback(situation: Situation, fields: Mapping[str, Any]) -> Done:
    by = fields["by"]
    if by not in ("volunteer", "organisation"):
        raise InputError(f"by {str(by)[:40]!r}", "volunteer or organisation is needed", "")
    tasks.give_feedback(
        situation,
        str(fields["task"]),
        str(fields["volunteer"]),
        int(fields["stars"]),
        by=by,
        said=_said(fields),
    )
    return Done()


def _certificate(situation: Situation, fields: Mapping[str, Any]) -> Done:
    made = certifying.issue(
        situation,
        str(fields["volunteer"]),
        name=str(fields.get("name", "")),
        tongue=str(fields.get("tongue", "en")),
        said=_said(fields),
    )
    paper: bytes = made.pop("paper")
    undo = {"certificate": made["certificate_id"], "reason": "issued by mistake"}
    return Done(undo=("revoke", undo), paper=paper, said=made["certificate_id"])


def _revoke(situation: Situation, fields: Mapping[str, Any]) -> Done:
    certifying.revoke(
        situation, str(fields["certificate"]), str(fields["reason"]), said=_said(fields)
    )
    return Done()


def _post_microtask(situation: Situation, fields: Mapping[str, Any]) -> Done:
    point = fields.get("point")
    made = microtasks.ask(
        situation,
        str(fields["kind"]),
        point=(float(point[0]), float(point[1])) if point else None,
        about=tuple(fields.get("about", ())),
        text=str(fields.get("text", "")),
        language=str(fields.get("language", "")),
        answers=int(fields.get("answers", 3)),
        gold=str(fields.get("gold", "")),
        said=_said(fields),
    )
    return Done(undo=("cancel_microtask", {"microtask": made["microtask_id"]}))


def _answer_microtask(situation: Situation, fields: Mapping[str, Any]) -> Done:
    microtasks.answer(
        situation,
        str(fields["microtask"]),
        str(fields["volunteer"]),
        str(fields.get("choice", "")),
        text=str(fields.get("text", "")),
        said=_said(fields),
    )
    return Done()


def _take_microtask(situation: Situation, fields: Mapping[str, Any]) -> Done:
    made = microtasks.take(situation, str(fields["microtask"]), said=_said(fields))
    evidence = made.get("layer_id") or made.get("closure_id")
    return Done(undo=("take_back_evidence", {"made": evidence}) if evidence else None)


def _take_back_evidence(situation: Situation, fields: Mapping[str, Any]) -> Done:
    made = str(fields["made"])
    if made.startswith("closure:"):
        reopen_road(situation, made, reason="the answer of a small question was taken back")
    else:
        uploads.undo(situation, made)
    return Done()


def _cancel_microtask(situation: Situation, fields: Mapping[str, Any]) -> Done:
    microtasks.cancel(situation, str(fields["microtask"]), said=_said(fields))
    return Done()


ACTIONS: dict[str, Form[Situation]] = {
    "register": (_register, ("code", "skills", "home")),
    "post_task": (_post_task, ("title", "starts_at", "ends_at")),
    "close_task": (_close_task, ("task", "status")),
    "ask": (_ask, ("task", "volunteers")),
    "unask": (_unask, ("task", "volunteers")),
    "answer": (_answer, ("task", "volunteer", "answer")),
    "check_in": (_check_in, ("volunteer",)),
    "check_out": (_check_out, ("volunteer",)),
    "heard": (_heard, ("volunteer", "state")),
    "approve": (_approve, ("volunteer",)),
    "feedback": (_feedback, ("task", "volunteer", "stars", "by")),
    "certificate": (_certificate, ("volunteer",)),
    "revoke": (_revoke, ("certificate", "reason")),
    "post_microtask": (_post_microtask, ("kind",)),
    "answer_microtask": (_answer_microtask, ("microtask", "volunteer")),
    "take_microtask": (_take_microtask, ("microtask",)),
    "take_back_evidence": (_take_back_evidence, ("made",)),
    "cancel_microtask": (_cancel_microtask, ("microtask",)),
}


def _said(fields: Mapping[str, Any]) -> Said:
    return Said(
        organisation=str(fields.get("organisation", "")),
        at=_time(fields, "at"),
        note=str(fields.get("note", "")),
    )


def _time(fields: Mapping[str, Any], name: str) -> datetime | None:
    value = fields.get(name)
    if value is None or isinstance(value, datetime):
        return value
    raise InputError(name, "a time is needed", "choose a day and a time")


def _age(value: Any) -> int | None:
    return None if value in (None, "") else int(value)
