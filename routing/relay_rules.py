"""Which vehicle class may hand a load to which, and how long that takes.

The numbers are data (``catalog/relay.toml``); this file gives them their shape and checks a file
that a crisis cell has edited.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from geo.errors import Problem, SchemaError, TooLargeError, UnreadableError
from geo.model import VEHICLE_CLASS_NAMES, VehicleClassName

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from routing.vehicles import VehicleClass

MAX_BYTES = 1_000_000
Minutes = Annotated[float, Field(ge=0, le=24 * 60, allow_inf_nan=False)]


class Change(BaseModel):
    """A load may go from one class to another.

    `handling_min` is from arrival to departure; None = as long as the taker says for itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    giver: VehicleClassName = Field(alias="from")
    taker: VehicleClassName = Field(alias="to")
    handling_min: Minutes | None = None

    def handling_s(self, taker: VehicleClass) -> float:
        """How long the change takes in seconds."""
        own = self.handling_min
        return (taker.handling_min if own is None else own) * 60.0

    @model_validator(mode="after")
    def _forward(self) -> Change:
        """From the larger to the smaller, so that no chain comes back to where it was."""
        order = VEHICLE_CLASS_NAMES.index
        if order(self.giver) >= order(self.taker) or self.taker == "air":
            names = ", ".join(VEHICLE_CLASS_NAMES[:-1])
            raise ValueError(f"a class and one that comes after it in {names}")
        return self


class RelayRules(BaseModel):
    """The changes that are made; a pair of classes stands in it once at most."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    no_handover_on: frozenset[str] = frozenset()
    change: tuple[Change, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> RelayRules:
        pairs = [(one.giver, one.taker) for one in self.change]
        if twice := [pair for pair in pairs if pairs.count(pair) > 1]:
            raise ValueError(f"each change once; {' to '.join(twice[0])} is there twice")
        return self

    def among(self, members: Collection[VehicleClassName]) -> RelayRules:
        """Only the changes between these classes."""
        kept = [one for one in self.change if one.giver in members and one.taker in members]
        return self.model_copy(update={"change": tuple(kept)})

    def classes_from(self, starts: Collection[VehicleClassName]) -> tuple[VehicleClassName, ...]:
        """The classes that a load from these may come to, themselves included, in order."""
        found = set(starts) - {"air"}
        for name in VEHICLE_CLASS_NAMES:
            if name in found:
                found |= {one.taker for one in self.change if one.giver == name}
        return tuple(name for name in VEHICLE_CLASS_NAMES if name in found)


def relay_rules(path: Path | None = None) -> RelayRules:
    """The rules of `path`, or of our own catalogue.

    Raises
    ------
    UnreadableError
        The file is missing or not TOML.
    TooLargeError
        The file is over 1 MB.
    SchemaError
        A change or a value is impossible; all problems at once, each with its place in the file.
    """
    name, written = _read(path)
    try:
        return RelayRules.model_validate(tomllib.loads(written))
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(name, f"TOML is needed: {error}", "correct that line") from error
    except ValidationError as error:
        problems = [
            Problem(
                row=str(detail["loc"][1]) if len(detail["loc"]) > 1 else "",
                column=".".join(str(part) for part in detail["loc"]),
                value=str(detail["input"])[:60],
                expected=detail["msg"],
            )
            for detail in error.errors(include_url=False)
        ]
        first = problems[0]
        raise SchemaError(
            name,
            f"{len(problems)} problems, first: {first.column} = {first.value!r}, "
            f"needed {first.expected}",
            "correct the file",
            problems=problems,
        ) from error


def _read(path: Path | None) -> tuple[str, str]:
    if path is None:
        name = "relay.toml"
        return name, (resources.files("routing") / "catalog" / name).read_text(encoding="utf-8")
    if not path.is_file():
        raise UnreadableError(path.name, "the file does not exist", "check the path")
    if path.stat().st_size > MAX_BYTES:
        raise TooLargeError(path.name, f"at most {MAX_BYTES:,} bytes are read", "check the file")
    try:
        return path.name, path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(path.name, "UTF-8 text is needed", "save it as UTF-8") from error
