"""The certificate of a volunteer's hours as PDF, with the code by which anybody checks it.

Typst sets it (Arabic and Tifinagh are shaped, fonts embedded); the template gets what people wrote
as JSON and never as markup.
"""

from __future__ import annotations

import io
import json
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.languages import LANGUAGES, _, direction, reading_in
from geo.errors import InputError, QafilaError
from routing.exports.sheet.pdf import FONTS

if TYPE_CHECKING:
    import typst

    from data.volunteering.certificate import Certificate

TEMPLATE = Path(__file__).with_name("certificate.typ")
MODULE_PX = 4
# The compiler keeps its input between calls.
_lock = threading.Lock()


def certificate_pdf(certificate: Certificate, code: str, *, notice: str, tongue: str) -> bytes:
    """Set a certificate in a language; the same certificate gives the same bytes.

    Raises
    ------
    InputError
        There is no such language.
    """
    if tongue not in LANGUAGES:
        raise InputError(f"--lang {tongue!r}", f"one of {', '.join(LANGUAGES)} is needed", "")
    with reading_in(tongue):
        paper = _paper(certificate, code, notice, tongue)
    import typst

    try:
        with _lock:
            made = _compiler().compile(
                format="pdf",
                sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)},
                timestamp=0,
            )
    except typst.TypstError as error:
        raise QafilaError(
            f"PDF of {certificate.certificate_id}: {error.message}",
            "a paper that can be set is needed",
            "report this",
        ) from error
    if not isinstance(made, bytes):
        raise QafilaError(certificate.certificate_id, "nothing came out", "report this")
    return made


def _paper(certificate: Certificate, code: str, notice: str, tongue: str) -> dict[str, Any]:
    return {
        "language": tongue,
        "right_to_left": direction(tongue) == "rtl",
        "notice": notice,
        "name": certificate.name,
        "hours": f"{certificate.hours:.1f}",
        "situation": certificate.situation,
        "facts": [
            [_("Organisation"), certificate.organisation or "–"],
            [_("First day"), certificate.first_day],
            [_("Last day"), certificate.last_day],
            [_("Shifts"), str(certificate.shifts)],
            [_("Issued at"), certificate.issued_at],
            [_("Number"), certificate.certificate_id],
        ],
        "qr": _qr(code),
        "words": {
            "title": _("Certificate of voluntary work"),
            "says_that": _("This certifies that"),
            "gave": _("gave, as others confirmed who are not themselves,"),
            "hours": _("hours of voluntary work"),
            "within": _("in the response"),
            "code_alt": _("code by which this certificate is checked"),
            "check": _(
                "Anybody can check this paper: scan the code and enter what it says with "
                "`qafila certificate check`, or on the page People. The ledger holds its "
                "fingerprint, not the name."
            ),
        },
    }


def _qr(code: str) -> str:
    import segno

    drawn = io.BytesIO()
    segno.make_qr(code, error="l").save(drawn, kind="svg", scale=MODULE_PX, border=4, xmldecl=False)
    return drawn.getvalue().decode()


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    import typst

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
    return typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=fonts)
