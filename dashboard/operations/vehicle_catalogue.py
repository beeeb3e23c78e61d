"""Vehicle classes as they count in a situation: the catalogue, and what the cell knows better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.events import VehicleClassesChanged, VehicleClassesRestored
from geo.errors import InputError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dashboard.operations.situation import Situation

#: Deeper than ``truck.surface.gravel`` nothing lies.
_MAX_DEPTH = 3


def describe_vehicle_classes(situation: Situation) -> dict[str, Any]:
    """Give all classes with their limits, speeds and sources.

    Returns
    -------
    dict
        ``{changes: [{change_id, at, source, reason, changes}], changed, classes: [{name, label,
        capacity_kg, …}]}``: `changes` are those in force, each undone by its id; `changed` names,
        as ``class.field``, what is other than in the catalogue.
    """
    from routing.vehicles import catalogue

    own, now = _as_dicts(catalogue()), _as_dicts(situation.vehicle_catalogue())
    return {
        "changes": [
            {
                "change_id": one.change_id,
                "at": one.recorded_at.isoformat(),
                "source": one.source,
                "reason": one.reason,
                "changes": one.changes,
            }
            for one in situation.store.vehicle_changes()
        ],
        "changed": sorted(
            f"{name}.{field}"
            for name, one in now.items()
            for field, value in one.items()
            if own.get(name, {}).get(field) != value
        ),
        "classes": list(now.values()),
    }


def change_vehicle_classes(
    situation: Situation,
    *,
    values: Sequence[str] = (),
    file: Path | None = None,
    source: str = "",
    reason: str = "",
) -> dict[str, Any]:
    """Record what the cell knows better of vehicle classes; it counts from the next question on.

    Parameters
    ----------
    values
        ``truck.gross_weight_t=19``, ``truck.surface.gravel=20`` …: values as TOML writes them.
    file
        A TOML file with just the values that differ.

    Returns
    -------
    dict
        As `describe_vehicle_classes`, and the `change_id`.

    Raises
    ------
    InputError
        Nothing is given, or both, or it is no value of a class; nothing is recorded then.
    """
    from routing.vehicles import catalogue, read_changes

    if bool(values) == (file is not None):
        raise InputError(
            "vehicle-classes", "either --set CLASS.FIELD=VALUE or --file FILE", "give one of them"
        )
    changes = _of_values(values) if file is None else read_changes(file)
    held = [one.changes for one in situation.store.vehicle_changes()]
    catalogue(changes=[*held, changes])  # refuses what cannot be, before it is recorded
    event = VehicleClassesChanged(
        change_id=new_id("change"),
        changes={name: dict(table) for name, table in changes.items()},
        source=source[:2_000],
        reason=reason[:2_000],
    )
    situation.record([event])
    return {"change_id": event.change_id, **describe_vehicle_classes(situation)}


def restore_vehicle_classes(situation: Situation, change_id: str) -> None:
    """Take back one change; refused where a later one would make no sense without it."""
    from routing.vehicles import catalogue

    held = situation.store.vehicle_changes()
    catalogue(changes=[one.changes for one in held if one.change_id != change_id])
    situation.record([VehicleClassesRestored(change_id=change_id)])


def _as_dicts(classes: Any) -> dict[str, dict[str, Any]]:
    every = [*classes.ground.values(), *([classes.air] if classes.air else [])]
    return {one.name: one.model_dump(mode="json") for one in every}


def _of_values(values: Sequence[str]) -> Mapping[str, Any]:
    """Give assignments as nested tables."""
    changes: dict[str, Any] = {}
    for written in values:
        key, equals, value = written.partition("=")
        parts = [part.strip() for part in key.split(".", _MAX_DEPTH - 1)]
        if not equals or len(parts) < 2 or not all(parts):
            raise InputError(
                f"--set {written[:80]!r}", "CLASS.FIELD=VALUE is needed", "truck.gross_weight_t=19"
            )
        table = changes
        for part in parts[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise InputError(f"--set {written[:80]!r}", "one value a field", "leave one out")
        table[parts[-1]] = _value(written, value.strip())
    return changes


def _value(written: str, value: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"--set {written[:80]!r}",
            "a number, true, false or a text in quotes is needed after =",
            "write 3.5 with a point",
        ) from error
