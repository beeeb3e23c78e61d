"""Papers of ours as PDF, set by Typst: Arabic and Tifinagh are shaped, fonts embedded, tagged.

A template gets what people wrote as JSON and never as markup. Typst loads nothing from elsewhere.
"""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from geo.errors import QafilaError
from routing.exports.sheet.pdf import FONTS

if TYPE_CHECKING:
    import typst

_NO_GLYPH = "could not be displayed with font"
HERE = Path(__file__).resolve().parent
# Arabic letters that are one glyph each: a reader finds them again in the order of the word. (Those
# of Noto Sans Arabic are drawn as a body and dots, and come out twice.)
OWN_FONTS = HERE / "fonts"
# The compiler keeps its input between calls.
_lock = threading.Lock()


def typeset(template: str, paper: dict[str, Any]) -> bytes:
    """Set `paper` by a template of this folder; the same paper gives the same bytes.

    It is PDF/UA-1. Where people wrote signs that no font here has, the standard forbids the paper:
    then it is tagged all the same, and such a sign is a box.

    Raises
    ------
    QafilaError
        It could not be set.
    """
    import typst

    def compiled(standard: Literal["ua-1"] | None) -> Any:
        with _lock:
            return _compiler(template).compile(
                format="pdf",
                sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)},
                pdf_standards=standard,
                timestamp=0,
            )

    try:
        try:
            made = compiled("ua-1")
        except typst.TypstError as error:
            if _NO_GLYPH not in str(error.message):
                raise
            made = compiled(None)
    except typst.TypstError as error:
        raise QafilaError(
            f"PDF by {template}: {error.message}",
            "a paper that can be set is needed",
            "take .html instead where there is one, and report this",
        ) from error
    if not isinstance(made, bytes):
        raise QafilaError(f"PDF by {template}", "nothing came out", "report this")
    return made


@lru_cache(maxsize=4)
def _compiler(template: str) -> typst.Compiler:
    import typst

    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(FONTS), str(OWN_FONTS)],
    )
    return typst.Compiler(str(HERE / template), root=str(HERE), font_paths=fonts)
