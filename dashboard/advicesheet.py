"""Advice in words: what to do next, in the language of this run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.languages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashboard.operations.advising import Advice

#: As many names of places are written out.
PLACES_NAMED = 4


def said(advice: Advice, item_name: Callable[[str], str], number: Callable[[Any], str]) -> str:
    """Say one piece of advice; texts of people in it stay as they are: who shows it escapes them.

    Parameters
    ----------
    item_name, number
        How items and numbers are written here.
    """
    values = {
        key: item_name(value)
        if key == "item"
        else number(value)
        if key in ("quantity", "crew_hours", "days")
        else value
        for key, value in advice.values.items()
        if key != "places"
    }
    return _template(advice.kind, advice.values).format(
        **values, places=_places(advice.values.get("places", []))
    )


def area_of(kind: str) -> str:
    """Give the page on which a kind of advice is followed."""
    return {
        "look_for": "people",
        "plan": "convoys",
        "verify": "needs",
        "send": "stock",
        "clear": "roads",
        "ask": "activities",
        "look_at": "damage",
        "use_first": "stock",
        "order": "stock",
    }[kind]


def _template(kind: str, values: Mapping[str, Any]) -> str:
    if kind == "plan":
        if values.get("old"):
            return _("Plan anew: something that the plan rests on has changed since.")
        return _("Make a plan: needs are told and no convoy is planned.")
    if kind == "look_for":
        if values.get("status") == "help":
            return _("Help volunteer {volunteer} in {place}: they asked for help.")
        return _("Look for volunteer {volunteer} ({place}): not heard since {heard_at}.")
    return {
        "verify": _("Verify what is said of {place}: {item}. A plan may not take all of it."),
        "send": _("Move {quantity} {item} from {depot}, which has too much, to {to}."),
        "clear": _("Open {road} ({crew_hours} crew-hours): {places} come within reach again."),
        "ask": _("Ask {organisation} for {quantity} {item} in {place}: nobody works on it there."),
        "look_at": _("Have somebody look at {place}: nobody knows how it stands there."),
        "use_first": _("Send {quantity} {item} from {depot} first: the last day is {day}."),
        "order": _("Order {quantity} {item}: so much is missing for the next {days} days."),
    }[kind]


def _places(names: list[str]) -> str:
    shown = ", ".join(names[:PLACES_NAMED])
    more = len(names) - PLACES_NAMED
    return shown if more <= 0 else _("{places} and {n} more").format(places=shown, n=more)
