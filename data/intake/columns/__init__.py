"""Columns: which column of a table means what, in four languages, by tag, name and content."""

from data.intake.columns.content import Context
from data.intake.columns.guess import (
    SURE,
    WIDE,
    ColumnGuess,
    fields_of,
    guess_columns,
    understand,
)
from data.intake.columns.vocabulary import FIELDS

__all__ = [
    "FIELDS",
    "SURE",
    "WIDE",
    "ColumnGuess",
    "Context",
    "fields_of",
    "guess_columns",
    "understand",
]
