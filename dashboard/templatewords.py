"""Words of templates: what an empty sheet or form calls its columns, and says of them."""

from __future__ import annotations

from dashboard.intakesheet import field_names, kind_names
from dashboard.languages import _
from data.templates.columns import Words


def words(kind: str, *, form: bool = False) -> Words:
    """Give the words of a kind of sheet, or of a form for phones, in the language of this run."""
    fields = field_names() | {"place_id": _("place")}
    if form:
        fields |= {
            "place": _("name of the place, if no list has it"),
            "position": _("position of the place"),
        }
    return Words(
        title=kind_names()[kind],
        fields=fields,
        hints=hints(),
        example=_("Example"),
    )


def hints() -> dict[str, str]:
    """Give what a person is told of a field before he fills it in."""
    return {
        "place": _("As people call it. Choose it, or write it with its commune beside it."),
        "commune": _("Needed only where several places have one name."),
        "position": _("Needed only where no list has the place."),
        "lon": _("Degrees, such as -8.23; needed only where no list has the place."),
        "lat": _("Degrees, such as 31.05; needed only where no list has the place."),
        "item": _("One thing a row."),
        "quantity": _("A number; how many are lacking, there, or brought."),
        "unit": _("Empty: the usual unit. Else kg, t, litres, boxes of 12 …"),
        "reported_at": _("Day and hour, such as 2023-09-12 14:00. Empty: when it is sent."),
        "note": _("What else matters. No name and no number of a person."),
        "destroyed": _("How many nobody can live in; 0 if none."),
        "total": _("Of how many houses; needed where none is damaged."),
        "lot": _("Number on the boxes."),
        "expected": _("How much the convoy was to bring."),
        "together": _("Vehicles of a depot with the same word travel together."),
        "speed_factor": _("1 is usual, 0.8 is slower."),
        "volunteer": _("A code, not a name: many people see this sheet."),
        "skills": _("Parted by commas."),
        "languages": _("Parted by commas."),
        "classes": _("Empty: for all vehicles."),
        "until": _("Empty: until somebody opens it."),
        "edge": _("Where it is known; else its position."),
    }


def choice_labels() -> dict[str, dict[str, str]]:
    """Give name of a list of words → entry → what people choose it by."""
    return {
        "urgency": {
            "critical": _("critical"),
            "urgent": _("urgent"),
            "medium": _("medium"),
            "low": _("low"),
        },
        "class": {
            "truck": _("truck"),
            "pickup": _("pickup"),
            "mule": _("mule"),
            "foot": _("foot"),
            "air": _("air"),
        },
        "state": {
            "closed": _("closed"),
            "restricted": _("restricted"),
            "open": _("open"),
            "unknown": _("unknown"),
        },
        "work": {
            "planned": _("planned"),
            "running": _("running"),
            "done": _("done"),
            "cancelled": _("cancelled"),
        },
    }
