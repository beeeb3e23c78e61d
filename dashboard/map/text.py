"""Text from people on its way to the screen: cleaned and capped, never trusted.

Escaping is the business of whoever writes markup (text nodes in the map, `markdown` here); this
module takes out what does harm even as plain text: control characters, and the marks that turn the
direction of all text after them, with which a name can disguise a whole line.
"""

from __future__ import annotations

import re
from typing import Any

LABEL_LIMIT = 120
NOTE_LIMIT = 600

# C0 and C1 controls, and the bidirectional embeddings, overrides and isolates (Unicode UAX #9).
_HARMFUL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]+")
# The thin space between thousands stays: a wider one would part a number in a line of Arabic.
_GAPS = re.compile("[^\\S\u202f]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&@])")


def clean(text: Any, limit: int = LABEL_LIMIT) -> str:
    """One line of `text` without control characters, at most `limit` long, "…" if it was cut."""
    if text is None or text != text:  # NaN from a frame
        return ""
    line = _GAPS.sub(" ", _HARMFUL.sub(" ", str(text))).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def markdown(text: Any, limit: int = NOTE_LIMIT) -> str:
    """`text`, cleaned, so that Streamlit's Markdown shows it as it is: no links, HTML, math."""
    return _MARKUP.sub(r"\\\1", clean(text, limit))
