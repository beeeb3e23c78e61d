"""Causes of a change between two plans as sentences and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routing.explain.words import duration, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from routing.explain.causes import Cause
    from routing.explain.words import Speech


def said(cause: Cause, speech: Speech, *, closure: Callable[[str], str] = str) -> str:
    """One cause in one sentence.

    Parameters
    ----------
    closure
        A closure in words by its id: its road and what lies there.
    """
    say = speech.say
    closed = ", ".join(closure(one) for one in cause.closures)
    before, after = cause.before, cause.after
    match cause.kind:
        case "need":
            if not before:
                return say("new need: {after}").format(after=number(after or 0.0))
            return say("need {before} → {after}").format(
                before=number(before), after=number(after or 0.0)
            )
        case "urgency":
            return say("weight of a unit {before} → {after}").format(
                before=f"{before or 0:.3g}", after=f"{after or 0:.3g}"
            )
        case "road":
            text = _road(cause, speech)
            return f"{text} ({closed})" if closed else text
        case "relay":
            now, gone = say("by relay through {roadhead}"), say("no longer by relay")
            text = now if after else gone
            text = text.format(roadhead=cause.text)
            return f"{text} ({closed})" if closed else text
        case "stock":
            return say("stock at {depot} {before} → {after}").format(
                depot=speech.name_of(cause.depot_id),
                before=number(before or 0.0),
                after=number(after or 0.0),
            )
        case "vehicle":
            if before and after:
                text = say("{vehicle} has less room or a shorter day in one of the plans")
            else:
                text = say("{vehicle} is new") if after else say("{vehicle} is lost")
            return text.format(vehicle=speech.name_of(cause.vehicle_id))
        case "returned":
            text = say("{vehicle} comes back with it").format(
                vehicle=speech.name_of(cause.vehicle_id)
            )
            why = "; ".join(part for part in (cause.text, closed) if part)
            return f"{text} ({why})" if why else text
        case "lock":
            return say("{vehicle} is locked to its convoy {convoy}").format(
                vehicle=speech.name_of(cause.vehicle_id),
                convoy=cause.convoy_id.removeprefix("convoy:"),
            )
        case "hours":
            return say("other hours, or other light")
        case "day":
            return say("another day: {days}").format(days=cause.text)
        case "asked":
            return say("asked for otherwise: {what}").format(what=cause.text)
        case "knock_on":
            return _knock_on(cause, speech, closure)
        case _:
            return say("nothing it depends on differs: the search spends the same hours otherwise")


def _road(cause: Cause, speech: Speech) -> str:
    say, name = speech.say, cause.vehicle_class
    if cause.after is None:
        return say("no {kind} road any more").format(kind=name)
    if cause.before is None:
        return say("a {kind} road again").format(kind=name)
    return say("drive by {kind} {before} → {after}").format(
        kind=name, before=duration(cause.before), after=duration(cause.after)
    )


def _knock_on(cause: Cause, speech: Speech, closure: Callable[[str], str]) -> str:
    say = speech.say
    what = "" if cause.root is None else said(cause.root, speech, closure=closure)
    if cause.vehicle_id:
        text = say("{vehicle} has another day since {place}: {what}")
    else:
        text = say("shares the stock at {depot} with {place}: {what}")
    return text.format(
        vehicle=speech.name_of(cause.vehicle_id),
        depot=speech.name_of(cause.depot_id),
        place=speech.name_of(cause.place_id),
        what=what,
    )


def cause_row(
    cause: Cause, speech: Speech, *, closure: Callable[[str], str] = str
) -> dict[str, Any]:
    """One cause as JSON; fields that say nothing are left out."""
    row: dict[str, Any] = {"kind": cause.kind, "text": said(cause, speech, closure=closure)}
    for name in (
        "before", "after", "depot_id", "vehicle_id", "vehicle_class", "convoy_id", "place_id",
        "item_id",
    ):  # fmt: skip
        value = getattr(cause, name)
        if value not in ("", None):
            row[name] = value
    if cause.closures:
        row["closures"] = list(cause.closures)
    if cause.root is not None:
        row["root"] = cause_row(cause.root, speech, closure=closure)
    return row
