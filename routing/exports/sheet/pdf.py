"""The papers of a convoy as PDF, set by Typst: Arabic and Tifinagh are shaped, fonts embedded.

The template (``sheet.typ``) gets the sheet as JSON and never as markup, so what people wrote stays
text. Typst loads nothing: no package, no picture, no font but those that lie beside this file.
"""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from geo.errors import QafilaError
from routing.exports.sheet.papers import sheet_of

if TYPE_CHECKING:
    import typst

    from routing.exports.sheet.papers import Sheet
    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary

SUFFIX = ".pdf"
#: The pocket size: the sheet and the maps, without lists to be filled in.
POCKET_SUFFIX = ".a6.pdf"
FONTS = Path(__file__).resolve().parent / "fonts"
TEMPLATE = Path(__file__).resolve().parent / "sheet.typ"
# The compiler keeps its input between calls.
_lock = threading.Lock()


def render(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give the papers of `itinerary` as PDF on A4."""
    return document(sheet_of(itinerary, wording, leg_maps=True))


def render_pocket(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give the sheet of `itinerary` and its maps as PDF on A6, without lists to be filled in."""
    return document(sheet_of(itinerary, wording, leg_maps=True), paper="a6")


def document(sheet: Sheet, *, paper: Literal["a4", "a6"] = "a4") -> bytes:
    """Give `sheet` as PDF; the same sheet gives the same bytes.

    Raises
    ------
    QafilaError
        The sheet could not be set.
    """
    import typst

    data = json.dumps(sheet.as_dict(), ensure_ascii=False)
    try:
        with _lock:
            inputs = {"sheet": data, "paper": paper}
            made = _compiler().compile(format="pdf", sys_inputs=inputs, timestamp=0)
    except typst.TypstError as error:
        raise QafilaError(
            f"PDF of {sheet.title}: {error.message}",
            "a sheet that can be set is needed",
            "take the format html instead, and report this",
        ) from error
    if not isinstance(made, bytes):
        raise QafilaError(f"PDF of {sheet.title}", "nothing came out", "take html instead")
    return made


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    import typst

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
    return typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=fonts)
