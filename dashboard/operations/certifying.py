"""Certificates of volunteers' hours: issued from approved shifts, checked against the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.operations import stockroom
from dashboard.operations.situation import utc_now
from dashboard.operations.volunteering import code_word, find_volunteer
from data.events import CertificateIssued, CertificateRevoked
from data.store.signing import fingerprint, key_path, own_key
from data.volunteering.certificate import (
    MAX_NAME,
    Certificate,
    code_of,
    message_of,
    new_salt,
    read_code,
)
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import new_id
from geo.written_file import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.operations.situation import Situation
    from dashboard.operations.stockroom import Said


def issue(
    situation: Situation,
    volunteer: str,
    *,
    to: Path | None = None,
    name: str = "",
    tongue: str = "en",
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Make the certificate of all approved hours of a volunteer, and record that it exists.

    Parameters
    ----------
    to
        A file that ends in ``.pdf``; without it the paper itself is given back.
    name
        What the volunteer wants to be called on it; it is on the paper and in no event. By default
        the code under which they work.
    tongue
        Language of the paper.

    Returns
    -------
    dict
        ``{certificate_id, volunteer_id, hours, shifts, first_day, last_day, code, signed_by}``, and
        ``file``, or ``paper``: the bytes of the PDF.

    Raises
    ------
    InputError
        The name is too long, or the file cannot be written.
    RuleError
        No hours are approved.
    """
    if to is not None and to.suffix.lower() != ".pdf":
        raise InputError(f"--to {to.name}", "a name that ends in .pdf is needed", "rename it")
    made = _make(situation, volunteer, name=name, tongue=tongue, said=said)
    if to is None:
        stockroom.append(situation, [made.event], said)
        return {**made.told, "paper": made.paper}
    # The paper first: one that cannot be written is not in the ledger.
    write_whole(to, made.paper)
    try:
        stockroom.append(situation, [made.event], said)
    except BaseException:
        to.unlink(missing_ok=True)
        raise
    return {**made.told, "file": str(to)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A certificate that is not recorded yet."""

    paper: bytes
    event: CertificateIssued
    told: dict[str, Any]


def _make(situation: Situation, volunteer: str, *, name: str, tongue: str, said: Said) -> _Made:
    from dashboard.report.certificate import certificate_pdf

    if len(name.strip()) > MAX_NAME:
        raise InputError("--name", f"at most {MAX_NAME} characters fit", "shorten it")
    known = find_volunteer(situation, volunteer)
    approved = [one for one in situation.store.shifts(known.volunteer_id) if one.approved_by]
    if not approved:
        raise RuleError(
            known.volunteer_id,
            "no hours are approved",
            "somebody else approves them: `qafila volunteer approve`",
        )
    days = sorted(one.begun_at.date().isoformat() for one in approved)
    organisations = {one.organisation_id: one.name for one in situation.store.organisations()}
    info = situation.info()
    certificate = Certificate(
        certificate_id=new_id("certificate"),
        situation_id=situation.store.situation().situation_id,
        situation=info.name,
        organisation=said.organisation or organisations.get(known.organisation_id or "", ""),
        name=name.strip() or code_word(known.volunteer_id),
        volunteer_id=known.volunteer_id,
        shifts=len(approved),
        seconds=sum(int(one.worked.total_seconds()) for one in approved),
        first_day=days[0],
        last_day=days[-1],
        issued_at=utc_now().isoformat(timespec="seconds"),
        salt=new_salt(),
    )
    key, _ = own_key(key_path())
    code = code_of(
        certificate, public_key=key.public_key, signature=key.sign_bytes(message_of(certificate))
    )
    return _Made(
        paper=certificate_pdf(certificate, code, notice=info.notice, tongue=tongue),
        event=CertificateIssued(
            certificate_id=certificate.certificate_id,
            volunteer_id=known.volunteer_id,
            shifts=certificate.shifts,
            seconds=certificate.seconds,
            first_day=certificate.first_day,
            last_day=certificate.last_day,
            digest=certificate.digest(),
        ),
        told={
            "certificate_id": certificate.certificate_id,
            "volunteer_id": known.volunteer_id,
            "hours": certificate.hours,
            "shifts": certificate.shifts,
            "first_day": certificate.first_day,
            "last_day": certificate.last_day,
            "code": code,
            "signed_by": fingerprint(key.public_key),
        },
    )


def check(situation: Situation, code: str) -> dict[str, Any]:
    """Say whether a certificate that somebody shows is one of this ledger and still holds.

    Parameters
    ----------
    code
        What its QR code says.

    Raises
    ------
    InputError
        It was altered or forged, or is one of another situation.
    UnknownIdError
        This ledger knows no such certificate.
    """
    certificate, signer = read_code(code)
    own_id = situation.store.situation().situation_id
    if certificate.situation_id != own_id:
        raise InputError(
            f"certificate of {certificate.situation_id}",
            f"one of this situation ({own_id}) is needed",
            "ask the office that issued it",
        )
    found = {one.certificate_id: one for one in situation.store.certificates()}.get(
        certificate.certificate_id
    )
    if found is None or found.digest != certificate.digest():
        raise UnknownIdError(
            certificate.certificate_id,
            "the ledger knows no such certificate",
            "it was signed, but never issued here: do not accept it",
        )
    return {
        "valid": found.revoked_because is None,
        "revoked_because": found.revoked_because,
        "certificate_id": certificate.certificate_id,
        "name": certificate.name,
        "organisation": certificate.organisation,
        "hours": certificate.hours,
        "shifts": certificate.shifts,
        "first_day": certificate.first_day,
        "last_day": certificate.last_day,
        "event": found.seq,
        "signed_by": fingerprint(signer),
    }


def revoke(
    situation: Situation, certificate: str, reason: str, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Say that a certificate holds no longer, and why."""
    if not reason.strip():
        raise InputError(certificate, "a reason is needed", "say why it holds no longer")
    stockroom.append(
        situation,
        [CertificateRevoked(certificate_id=certificate, reason=reason.strip()[:300])],
        said,
    )
    return {"certificate_id": certificate, "revoked_because": reason.strip()[:300]}
