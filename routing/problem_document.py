"""A planning problem as one JSON file, so that a plan can be repeated elsewhere.

What the file holds is the `Problem`, value by value: ids as text, times in seconds after
`departs_at`, and ``null`` in a matrix where there is no road. It is read strictly: a field that is
missing, unknown or of another kind is named with its row.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import MISSING, asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from geo.errors import QafilaError, UnreadableError
from geo.model import Item, StockLine, Vehicle
from routing.hours import Daylight, Window
from routing.problem import UNSERVED_H, Begun, ClassMatrix, Demand, Problem
from routing.relay_legs import RelayLeg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT = "qafila-problem-1"

# Kinds of the fields of a row by their annotation; others are looked at where they are used.
_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "VehicleClassName": (str,),
    "float": (int, float),
    "int": (int,),
    "bool": (bool,),
}
_SAID = {str: "text", int: "a number", float: "a number", bool: "true or false"}


def to_json(problem: Problem) -> str:
    """Write `problem` so that the plan can be repeated elsewhere; infinite travel is ``null``."""
    document = _without_matrices(problem)
    document["matrices"] = {
        name: {
            "travel_time_s": _numbers(matrix.travel_time_s),
            "length_m": _numbers(matrix.length_m),
            "attached": matrix.attached.tolist(),
            "walk_s": _numbers(matrix.walk_s),
        }
        for name, matrix in problem.matrices.items()
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str) -> Problem:
    """Read what `to_json` wrote.

    Raises
    ------
    UnreadableError
        Not JSON, or not a planning problem.
    SchemaError
        A planning problem with impossible values.
    """
    try:
        document = json.loads(text, parse_constant=_no_number)
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']!r}")
        return _problem(document)
    except QafilaError:
        raise
    except KeyError as error:
        raise _unreadable(f"field {error} is missing") from error
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise _unreadable(f"{type(error).__name__} {error}") from error


def digest(problem: Problem) -> str:
    """SHA-256 of the content: equal problems have the same, whatever order they were given in."""
    text = json.dumps(_without_matrices(problem), ensure_ascii=False, sort_keys=True)
    content = hashlib.sha256(text.encode())
    for name, matrix in problem.matrices.items():
        content.update(name.encode())
        for array in (matrix.travel_time_s, matrix.length_m, matrix.walk_s):
            content.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
        content.update(matrix.attached.tobytes())
    return content.hexdigest()


# --- writing ----------------------------------------------------------------------------------


def _without_matrices(problem: Problem) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "departs_at": problem.departs_at.isoformat(),
        "service_s": problem.service_s,
        "handling_s_per_kg": problem.handling_s_per_kg,
        "reload_s": problem.reload_s,
        "max_trips": problem.max_trips,
        "unserved_h": problem.unserved_h,
        "depots": problem.depots,
        "places": problem.places,
        "items": [asdict(item) for item in problem.items],
        "stock": [asdict(line) for line in problem.stock],
        "vehicles": [asdict(vehicle) for vehicle in problem.vehicles],
        "needs": [asdict(need) for need in problem.needs],
        "reasons": dict(sorted(problem.reasons.items())),
        "windows": {name: _window_row(one) for name, one in sorted(problem.windows.items())},
        "depot_hours": {
            name: _window_row(one) for name, one in sorted(problem.depot_hours.items())
        },
        "daylight": None if problem.daylight is None else asdict(problem.daylight),
        "relays": [asdict(leg) for leg in problem.relays],
        "begun": {name: asdict(one) for name, one in sorted(problem.begun.items())},
        "drivers": dict(problem.drivers),
    }


def _window_row(window: Window) -> list[float | None]:
    """Earliest and latest second; ``null`` for no latest."""
    return [window.earliest_s, window.latest_s if math.isfinite(window.latest_s) else None]


def _numbers(array: NDArray[np.float64]) -> list[Any]:
    shown = array.astype(object)
    shown[~np.isfinite(array)] = None
    return list(shown.tolist())


# --- reading ----------------------------------------------------------------------------------


def _problem(document: Mapping[str, Any]) -> Problem:
    return Problem(
        depots=_ids(document, "depots"),
        places=_ids(document, "places"),
        items=tuple(_rows(document, "items", Item)),
        stock=tuple(_rows(document, "stock", StockLine)),
        vehicles=tuple(_rows(document, "vehicles", Vehicle)),
        needs=tuple(_rows(document, "needs", Demand)),
        matrices={name: _matrix(name, row) for name, row in document["matrices"].items()},
        departs_at=datetime.fromisoformat(document["departs_at"]),
        service_s=_number(document, "service_s"),
        handling_s_per_kg=_number(document, "handling_s_per_kg"),
        reload_s=_number(document, "reload_s"),
        max_trips=document["max_trips"],
        # Problems written before the objective "arrival" do not say.
        unserved_h=_number({"unserved_h": UNSERVED_H} | dict(document), "unserved_h"),
        reasons=dict(document["reasons"]),
        # Problems written before there were windows have none.
        windows=_windows(document, "windows"),
        depot_hours=_windows(document, "depot_hours"),
        daylight=_daylight(document.get("daylight")),
        relays=tuple(
            RelayLeg(**{**row, "givers": tuple(row["givers"])})
            for row in document.get("relays", ())
        ),
        begun={name: Begun(**row) for name, row in document.get("begun", {}).items()},
        drivers=dict(document.get("drivers", {})),
    )


def _unreadable(what: str) -> UnreadableError:
    return UnreadableError(
        f"planning problem: {what}",
        f"JSON of the format {FORMAT} is needed",
        "write one with `qafila export PLAN --formats problem` and begin with it",
    )


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number; write null where there is no road")


def _ids(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    ids = document[name]
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise _unreadable(f"{name} is no list of ids")
    return tuple(ids)


def _number(document: Mapping[str, Any], name: str) -> float:
    value = document[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unreadable(f"{name} {value!r} is no number")
    return float(value)


def _rows(document: Mapping[str, Any], name: str, kind: type[Any]) -> list[Any]:
    """Rows of a dataclass; what is missing, unknown or of another kind is named."""
    known = {one.name: one for one in fields(kind)}
    needed = {one.name for one in known.values() if one.default is one.default_factory is MISSING}
    made = []
    for number, row in enumerate(document[name]):
        where = f"{name}[{number}]"
        if not isinstance(row, dict):
            raise _unreadable(f"{where} is no object with named fields")
        if strange := sorted(set(row) - known.keys()):
            raise _unreadable(f"{where} has an unknown field {strange[0]!r}")
        if missing := sorted(needed - set(row)):
            raise _unreadable(f"{where} has no field {missing[0]!r}")
        for field, value in row.items():
            _require_kind(f"{where} {field}", str(known[field].type), value)
        made.append(kind(**row))
    return made


def _require_kind(where: str, annotation: str, value: Any) -> None:
    kinds = _KINDS.get(annotation)
    if kinds is None or (kinds == (int,) and isinstance(value, float) and value.is_integer()):
        return
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise _unreadable(f"{where} {value!r} is not {_SAID[kinds[0]]}")


def _windows(document: Mapping[str, Any], name: str) -> dict[str, Window]:
    found = {}
    for place, row in document.get(name, {}).items():
        if not isinstance(row, list) or len(row) != 2:
            raise _unreadable(f"{name} {place!r} is no pair of an earliest and a latest second")
        earliest = _number({"earliest": row[0]}, "earliest")
        latest = math.inf if row[1] is None else _number({"latest": row[1]}, "latest")
        found[place] = Window(earliest_s=earliest, latest_s=latest)
    return found


def _daylight(row: Mapping[str, Any] | None) -> Daylight | None:
    return None if row is None else Daylight(**{**row, "classes": tuple(row["classes"])})


def _matrix(name: str, row: Mapping[str, Any]) -> ClassMatrix:
    return ClassMatrix(
        travel_time_s=_floats(name, row, "travel_time_s"),
        length_m=_floats(name, row, "length_m"),
        attached=np.array(row["attached"], dtype=np.bool_),
        walk_s=_floats(name, row, "walk_s"),
    )


def _floats(name: str, row: Mapping[str, Any], column: str) -> NDArray[np.float64]:
    try:
        values = np.array(row[column], dtype=np.float64)  # None becomes NaN
    except (ValueError, TypeError) as error:
        raise _unreadable(
            f"matrix of {name}, {column}: rows of one length, of numbers and null, are needed"
        ) from error
    return np.where(np.isnan(values), np.inf, values)
