"""The certificate of a volunteer's hours as PDF, with the code by which anybody checks it.

`dashboard.report.typeset` sets it.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from dashboard.languages import LANGUAGES, _, direction, reading_in
from dashboard.report.typeset import typeset
from geo.errors import InputError

if TYPE_CHECKING:
    from data.volunteering.certificate import Certificate

MODULE_PX = 4


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
    return typeset("certificate.typ", paper)


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
