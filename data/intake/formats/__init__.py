"""Formats: any file that organisations send, as tables of text; sizes are capped before reading.

What a file is, its first bytes say, never its name. Nothing in a file is run, followed or fetched:
formulas give the values that were last computed, macros and links to other files are left alone.
"""

from data.intake.formats.book import read_book
from data.intake.formats.table import Book, Table

__all__ = ["Book", "Table", "read_book"]
