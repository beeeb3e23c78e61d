"""The words on the screen: every string that a person reads goes through `_`.

The source language is English. Catalogues (``locale/<language>/LC_MESSAGES/qafila.mo``) are picked
up when they are there; a missing one, or a missing word, falls back to English. The language
belongs to the run of a page, not to the process: people read in several languages at once.
"""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

SOURCE_LANGUAGE = "en"
RIGHT_TO_LEFT = frozenset({"ar"})

_LOCALE = Path(__file__).resolve().parent / "locale"
_language: ContextVar[str] = ContextVar("language", default=SOURCE_LANGUAGE)


def use_language(language: str) -> None:
    """Read in `language` from here on, in this thread or task only."""
    _language.set(language)


def language() -> str:
    """Language of this run of the page."""
    return _language.get()


def direction(language: str) -> str:
    """``rtl`` for languages written from right to left, else ``ltr``."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def _(text: str) -> str:
    """Translate `text` into the language of this run; English where nobody did."""
    return _catalogue(_language.get()).gettext(text)


def ngettext(one: str, many: str, n: int) -> str:
    """Translate the form that fits the number `n`."""
    return _catalogue(_language.get()).ngettext(one, many, n)


@lru_cache(maxsize=16)
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("qafila", _LOCALE, [language], fallback=True)
