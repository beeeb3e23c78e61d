"""Words of the program that reach the page as data: translated where they are shown.

Layers, evidence, units, indicators and the drill say in English what they are, for files and
programs; a person reads it in their own language. What is not among these words is text of people
and stays as it was written.
"""

from __future__ import annotations

from dashboard.languages import N_, _

DRILL = (
    N_("Al Haouz drill"),
    N_("drill: places real; roads schematic; damage, needs, stock and people simulated"),
)
#: `LayerKind` of `data.events`, with spaces.
LAYERS = (
    N_("places"),
    N_("boundaries"),
    N_("roads"),
    N_("elevation"),
    N_("damage points"),
    N_("damage raster"),
    N_("analysed area"),
    N_("graded roads"),
    N_("shakemap"),
    N_("building stock"),
    N_("population"),
    N_("imagery"),
    N_("footprints"),
    N_("hint"),
)
#: What a verdict on a place rests on (`geo.assessment`).
EVIDENCE = (
    N_("not looked at"),
    N_("not looked at; expected from shaking"),
    N_("less than half looked at"),
    N_("some buildings looked at, area not stated"),
    N_("damage seen, area not stated"),
    N_("damage seen, less than half looked at"),
    N_("looked at by a damage raster"),
    N_("looked at by a damage raster, damage seen by analysts"),
    N_("looked at by analysts, no damage seen"),
    N_("looked at by analysts, damage seen"),
    N_("counted on the ground"),
)
UNITS = (
    N_("piece"),
    N_("set"),
    N_("kit"),
    N_("tent"),
    N_("l"),
    N_("kg"),
    N_("m"),
    N_("sack"),
    N_("pair"),
    N_("roll"),
    N_("sachet"),
    N_("box"),
    N_("bale"),
)
#: Definitions of `data.indicators`.
DEFINITIONS = (
    N_("How much of what was asked for has arrived, over all lines of need (one place, one item)."),
    N_("People affected who live in a place where at least one delivery arrived."),
    N_("The share of need met in the commune that got least."),
    N_("Gini coefficient of the share of need met among communes: 0 = the same share everywhere."),
    N_("What was delivered to a place beyond what it asked for, or without having asked."),
    N_("Hours from the report of a need to the first delivery of its item to its place."),
    N_("The wait that one need in ten exceeds."),
    N_("Needs told more than 24 h ago for which nothing of their item has come."),
    N_("People in places that no vehicle nor relay reaches from any active depot."),
    N_("Places that no vehicle nor relay reaches from any active depot."),
    N_("What the newest plan brings of the weighted need that was open when it was made."),
    N_("What the newest plan carries over its roads, for each person in the places it serves."),
    N_("Places with evidence from the ground or from pictures that cover them."),
    N_("Affected places of which anything was reported, delivered or seen in the last 24 h."),
    N_("Needs that somebody verified, planned for or met, of all that count."),
    N_("Days since what is on hand was received, if the oldest leaves first."),
    N_("Organisations that reported a need or moved goods in the last seven days."),
    N_("Registered volunteers who said that they are available."),
    N_("Volunteers of whom a shift lasts or ended in the last seven days."),
    N_("Hours of finished shifts that somebody else approved, since the beginning."),
    N_(
        "Pairs of different organisations of which one pays for what the other does, in "
        "activities that were not called off."
    ),
    N_(
        "Needs and receipts that were told without paper; an estimate: a form or a waybill has "
        "one sheet."
    ),
)
_KNOWN = frozenset((*DRILL, *LAYERS, *EVIDENCE, *UNITS, *DEFINITIONS))


def told(text: object) -> str:
    """Say a word of the program in the language of this run; other text as it stands."""
    word = "" if text is None else str(text)
    return _(word) if word in _KNOWN else word


def layer_kind(kind: object) -> str:
    """Name the kind of a layer, ``damage_points`` for example, in the language of this run."""
    return told(str(kind or "").replace("_", " "))
