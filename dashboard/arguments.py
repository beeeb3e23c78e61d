"""Arguments: what a person typed, turned into values or a one-line refusal."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from geo.errors import InputError

#: A head of a ledger as it is exported.
HEAD = re.compile(r"qafila-head:[^\s\"]+")
#: Heads of every hour of some years.
MAX_HEADS_BYTES = 16 << 20
#: A longer way than ten days is no way of bringing help.
MAX_HOURS = 240.0
MAX_CREWS = 1_000


def home_of(given: Path | None) -> Path:
    """Give the situation's folder: ``--home``, ``QAFILA_HOME`` or the user's data folder."""
    if given:
        return given
    return default_home("situation")


def default_home(name: str) -> Path:
    """Give ``QAFILA_HOME`` or the platform's user data folder for a situation of this name."""
    if from_environment := os.environ.get("QAFILA_HOME"):
        return Path(from_environment)
    from platformdirs import user_data_path

    return user_data_path("qafila", appauthor=False) / name


def shielded(argument: str) -> str:
    """Keep argparse from taking ``-8.23,31.05`` for an option: a negative longitude is a number.

    A word with a blank in it is never an option to argparse; the blank goes when it is read.
    """
    return f" {argument}" if re.match(r"-[\d.]+,", argument) else argument


def file_or_address(text: str) -> Path | str:
    """Keep an address as it is typed (a path would lose a stroke of ``https://``)."""
    return text if re.match(r"https?://", text, re.IGNORECASE) else Path(text)


def moment(text: str | None, option: str) -> datetime | None:
    """Read an ISO 8601 time; one without a zone is left without (the situation's is meant)."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{option} {text!r}", "a time such as 2023-09-10T14:00+01:00 is needed", "correct it"
        ) from error
    return moment


def _numbers(text: str, count: int, what: str, form: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise InputError(f"{what} {text!r}", f"{form} in degrees is needed", "correct it")
    return numbers


def bounds(text: str) -> tuple[float, float, float, float]:
    """Read west,south,east,north in degrees."""
    west, south, east, north = _numbers(text, 4, "--area", "west,south,east,north")
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(
            f"--area {text!r}", "west < east and south < north in degrees are needed", "correct it"
        )
    return west, south, east, north


def point(text: str, option: str = "--near") -> tuple[float, float]:
    """Read LON,LAT in degrees."""
    lon, lat = _numbers(text, 2, option, "LON,LAT")
    return lon, lat


def hours(value: float) -> float:
    """Check a time limit in hours."""
    if not 0 < value <= MAX_HOURS:
        raise InputError(f"--hours {value}", f"a number above 0, at most {MAX_HOURS}", "correct it")
    return value


def minutes(text: str) -> tuple[float, ...]:
    """Read time limits in minutes, comma between."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(
            f"--minutes {text!r}", "numbers with commas between are needed", "correct them"
        ) from error


def vehicle_class_names(text: str) -> tuple[Any, ...]:
    """Read vehicle classes, comma between."""
    from geo.model import VEHICLE_CLASS_NAMES

    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if wrong := [name for name in names if name not in VEHICLE_CLASS_NAMES]:
        raise InputError(
            f"vehicle class {', '.join(wrong)}",
            f"one of {', '.join(VEHICLE_CLASS_NAMES)} is needed",
            "correct it",
        )
    return names


def one_vehicle_class(text: str) -> Any:
    """Read the name of one vehicle class."""
    names = vehicle_class_names(text)
    if len(names) != 1:
        raise InputError(f"--class {text!r}", "one vehicle class is needed", "name one")
    return names[0]


def crews(value: int) -> int:
    """Check a number of crews."""
    if not 1 <= value <= MAX_CREWS:
        raise InputError(
            f"--crews {value}", f"a number from 1 to {MAX_CREWS} is needed", "correct it"
        )
    return value


def class_map(text: str | None) -> dict[int, str] | None:
    """Read the meaning of the values of a class raster."""
    if not text:
        return None
    try:
        pairs = [part.split("=", 1) for part in text.split(",")]
        return {int(value): grade.strip() for value, grade in pairs}
    except ValueError as error:
        raise InputError(
            f"--classes {text!r}", 'pairs such as "1=damaged,2=destroyed" are needed', "correct it"
        ) from error


def head_texts(argument: str) -> list[str]:
    """Read exported heads, given as text or in a file (a line each, or in the JSON of a verb)."""
    if found := HEAD.findall(argument):
        return list(found)
    path = Path(argument)
    try:
        if path.stat().st_size > MAX_HEADS_BYTES:
            raise InputError(argument, "a file with exported heads is needed", "check the file")
        written = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(
            argument[:200],
            "an exported head (qafila-head:…) or a file with some is needed",
            "check it",
        ) from error
    if found := HEAD.findall(written):
        return list(found)
    raise InputError(argument, "it holds no exported head (qafila-head:…)", "check the file")
