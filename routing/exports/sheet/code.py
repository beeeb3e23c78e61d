"""The route as QR codes: what the text messages say, for the next phone, with no network.

A phone's own camera app shows the text. One code holds at most `CODE_BYTES`, which a cheap camera
still reads from paper; a longer route takes several codes, none of which cuts a message.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from routing.exports import text

if TYPE_CHECKING:
    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary

#: 900 bytes at level L are version 22, 105 modules: 0.7 mm each on 8 cm of paper.
CODE_BYTES = 900
#: More would make the sheet heavy; the rest of the route is in the messages.
MOST_CODES = 4


def code_texts(itinerary: Itinerary, wording: Wording) -> list[str]:
    """Give what each code says: whole messages, as many as fit, in their order."""
    found: list[str] = []
    for message in text.messages(itinerary, wording):
        joined = f"{found[-1]}\n{message}" if found else message
        if found and len(joined.encode()) <= CODE_BYTES:
            found[-1] = joined
        else:
            found.append(message)
    return found[:MOST_CODES]


def code_svg(said: str) -> str:
    """Draw a code as an SVG element without any address in it."""
    import segno

    # Level L: the code is read from a flat sheet or a screen, and a denser one is harder to read.
    written = io.BytesIO()
    segno.make(said, error="l", micro=False, boost_error=False).save(
        written, kind="svg", xmldecl=False, svgns=False, nl=False, border=4, omitsize=True
    )
    return written.getvalue().decode()
