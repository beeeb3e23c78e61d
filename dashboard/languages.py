"""The words on the screen: every string that a person reads goes through `_`.

The source language is English. Each other language has a catalogue of its own,
``locale/<language>/LC_MESSAGES/qafila.po``; a missing word falls back to English. The language
belongs to the run of a page, not to the process: people read in several languages at once.
"""

from __future__ import annotations

import contextlib
import gettext
import io
import re
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from geo.phrase import told

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE_LANGUAGE = "en"
#: In the order in which they are offered, each by its own name.
LANGUAGES = {"ar": "العربية", "zgh": "ⵜⴰⵎⴰⵣⵉⵖⵜ", "fr": "Français", "en": "English"}
RIGHT_TO_LEFT = frozenset({"ar"})
LOCALE = Path(__file__).resolve().parent / "locale"
MAX_WISH_LENGTH = 200

_language: ContextVar[str] = ContextVar("language", default=SOURCE_LANGUAGE)


def use_language(language: str) -> None:
    """Read in `language` from here on, in this thread or task only."""
    _language.set(language)


@contextlib.contextmanager
def reading_in(language: str) -> Iterator[None]:
    """Read in `language` until the end of the ``with`` block."""
    before = _language.get()
    use_language(language)
    try:
        yield
    finally:
        use_language(before)


def language() -> str:
    """Language of this run of the page."""
    return _language.get()


def chosen_language(*wishes: object) -> str:
    """First of the wishes that can be met, English if none can.

    A wish is a language (``ar``), a locale (``ar-MA``) or a browser's list of them
    (``fr-FR,fr;q=0.9,en;q=0.8``), whose order is taken as it stands; anything else is passed over.
    """
    for wish in wishes:
        told = wish[:MAX_WISH_LENGTH] if isinstance(wish, str) else ""
        for part in re.split(r"[,;\s]+", told):
            # Browsers know Tamazight by several codes; all of Morocco's are read as zgh.
            short = part.replace("_", "-").partition("-")[0].lower()
            short = {"tzm": "zgh", "shi": "zgh", "ber": "zgh", "rif": "zgh"}.get(short, short)
            if short in LANGUAGES:
                return short
    return SOURCE_LANGUAGE


def direction(language: str) -> str:
    """``rtl`` for languages written from right to left, else ``ltr``."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def _(text: str) -> str:
    """Translate `text` into the language of this run; English where nobody did."""
    return _catalogue(_language.get()).gettext(text)


def tell(text: str) -> str:
    """Say a `Phrase` in the language of this run; a text of people stays as it was written."""
    return told(text, _, _language.get())


def N_(text: str) -> str:
    """Mark a text for the catalogues where it stands; it is translated later, with `_`."""
    return text


def ngettext(one: str, many: str, n: int) -> str:
    """Translate the form that fits the number `n`."""
    return _catalogue(_language.get()).ngettext(one, many, n)


@lru_cache(maxsize=16)
def _catalogue(language: str) -> gettext.NullTranslations:
    path = catalogue_path(language)
    if language == SOURCE_LANGUAGE or not path.is_file():
        return gettext.NullTranslations()
    # Read from the text that people edit: a compiled copy beside it could be an older one.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def catalogue_path(language: str) -> Path:
    """Where the catalogue of a language lies; there need not be one."""
    return LOCALE / language / "LC_MESSAGES" / "qafila.po"
