"""What can go wrong, as a tree.

::

    QafilaError
    ├── InputError            (ValueError)   cannot be used: exit status 2, nothing changed
    │   ├── UnreadableError                  missing, truncated, not the format it claims
    │   ├── TooLargeError                    over a size or ratio limit, refused before it is read
    │   ├── EmptyInputError                  readable, and nothing in it that is asked for
    │   ├── CrsError                         no CRS, or one in which the work cannot be done
    │   ├── CoverageError                    two inputs do not lie over each other
    │   ├── SchemaError                      columns or values of a table; carries `problems`
    │   └── UnknownIdError    (KeyError)     an id that this situation does not hold
    ├── RuleError             (ValueError)   against a rule of the domain (negative stock …)
    └── StoreError            (RuntimeError) the situation's store could not do it
        ├── NoSituationError                 there is no situation at this home yet
        └── StoreBusyError                   another writer holds the store longer than we wait

Every message says what was given, what is needed and what to do, in one line that a tired
person can act on. The facts are attributes, so that a page can show them in its own words.
Unreachable places, unserved needs and stale sources are results, never exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class QafilaError(Exception):
    """Base of everything this project raises on purpose.

    Parameters
    ----------
    given
        What was given, for example ``"roads.tif"``.
    needed
        What was needed instead.
    todo
        What the person can do about it.
    """

    def __init__(self, given: str, needed: str, todo: str) -> None:
        self.given = given
        self.needed = needed
        self.todo = todo
        super().__init__(f"{given}: {needed}; {todo}" if todo else f"{given}: {needed}")

    def __str__(self) -> str:
        """Give the message in one line (``KeyError`` would quote it)."""
        return " ".join(str(self.args[0]).split())


class InputError(QafilaError, ValueError):
    """What was given cannot be used."""


class UnreadableError(InputError):
    """The file is missing, truncated or not in a format we read."""


class TooLargeError(InputError):
    """The input is over a limit and was refused before it was read."""


class EmptyInputError(InputError):
    """The input is readable and holds nothing that was asked for."""


class CrsError(InputError):
    """The input has no coordinate reference system, or one unfit for the work."""


class CoverageError(InputError):
    """Two inputs that must lie over each other do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in one cell of a table.

    `row` is what the person sees: the line of a sheet counted from 1 with its header, or a feature
    number; `suggestion` is empty where we have none.
    """

    row: str
    column: str
    value: str
    expected: str
    suggestion: str = ""


class SchemaError(InputError):
    """A table lacks columns or holds impossible values; all problems are reported at once."""

    def __init__(
        self, given: str, needed: str, todo: str, *, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(given, needed, todo)
        self.problems = tuple(problems)


class UnknownIdError(InputError, KeyError):
    """An id that this situation does not hold."""


class RuleError(QafilaError, ValueError):
    """The request is readable but breaks a rule of the domain."""


class ConflictError(RuleError):
    """Something else was recorded under the same id before."""


class StoreError(QafilaError, RuntimeError):
    """The situation's store could not do what was asked."""


class NoSituationError(StoreError):
    """There is no situation at this home."""


class StoreBusyError(StoreError):
    """Another writer held the store for longer than we wait."""
