"""Cells: what a person wrote as a number, a date, a unit or a yes, turned into a value or None."""

from data.intake.cells.dates import DateOrder, moment
from data.intake.cells.numbers import ambiguous, coordinate, number

__all__ = ["DateOrder", "ambiguous", "coordinate", "moment", "number"]
