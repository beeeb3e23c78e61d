"""Vehicle classes as they count in a situation: the catalogue, and what the cell changed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation


def describe_vehicle_classes(situation: Situation) -> dict[str, Any]:
    """Give all classes with their limits, speeds and sources.

    Returns
    -------
    dict
        ``{changes, changed, classes: [{name, label, capacity_kg, …}]}``: `changes` is the file in
        the home that is laid over the catalogue, None where there is none; `changed` names, as
        ``class.field``, what is other than in the catalogue.
    """
    from routing.vehicles import vehicle_classes

    catalogue, here = vehicle_classes(), situation.vehicle_classes()
    own = {name: one.model_dump(mode="json") for name, one in catalogue.items()}
    now = {name: one.model_dump(mode="json") for name, one in here.items()}
    path = situation.vehicle_changes()
    return {
        "changes": None if path is None else str(path),
        "changed": sorted(
            f"{name}.{field}"
            for name, one in now.items()
            for field, value in one.items()
            if own.get(name, {}).get(field) != value
        ),
        "classes": list(now.values()),
    }
