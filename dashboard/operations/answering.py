"""Answering back: the link of a convoy's leader, the page behind it, and what its phone sends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from dashboard.operations import goods, locating, planning
from dashboard.operations.exporting import name_of
from dashboard.operations.field_reports import (
    Report,
    Reporter,
    Told,
    find_convoy,
    take_reports,
)
from dashboard.operations.one_moment import one_moment
from dashboard.operations.situation import utc_now
from data.access.field_links import LASTS, MAX_LASTS, issue_link, open_link, revoke_link
from data.photos import clean_photo
from data.store.acting import acting_for
from data.store.signing import key_path, own_key
from geo.errors import InputError, QafilaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from data.store.read_field import FieldLinkRecord

Status = Literal["recorded", "known", "refused"]
#: A report may lie on a phone for so long before it is sent.
MAX_AGE = timedelta(days=14)
LANGUAGES = ("ar", "zgh", "fr", "en")
PAGE = "/field/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A report as a phone sent it.

    Parameters
    ----------
    report_id
        The phone's own id of it: sent again, nothing is recorded.
    made_at, sent_at
        By the phone's clock, which may be wrong: only what lies between them is believed.
    report
        What it says; None where it only says where the convoy is.
    photo
        As it came: written anew before it is kept.
    position
        Lon, lat (degrees, EPSG:4326) and accuracy in metres, None = not said.
    """

    report_id: str
    made_at: datetime
    sent_at: datetime
    report: Report | None
    photo: bytes | None = None
    position: tuple[float, float, float | None] | None = None


def issue(
    situation: Situation, convoy_id: str, *, at: str = "", hours: float = LASTS / timedelta(hours=1)
) -> dict[str, Any]:
    """Give the link by which a convoy answers; the same one as long as it holds.

    Parameters
    ----------
    at
        Address under which phones reach this server, such as ``https://cell.example:8501``.

    Returns
    -------
    dict
        ``{link_id, convoy_id, expires_at, token, url}``; `url` is a path where `at` is empty.
    """
    if not 0 < hours <= MAX_LASTS / timedelta(hours=1):
        raise InputError(
            f"a link for {hours:g} hours",
            f"more than 0 and at most {MAX_LASTS // timedelta(hours=1)} are possible",
            "correct it",
        )
    convoy = find_convoy(situation, convoy_id)
    key, _ = own_key(key_path())
    link, token = issue_link(
        situation.store,
        key,
        convoy_id=convoy_id,
        plan_id=convoy["plan_id"],
        now=utc_now(),
        lasts=timedelta(hours=hours),
    )
    return {**as_json(link), "token": token, "url": f"{address(at)}{PAGE}{token}/"}


def address(at: str) -> str:
    """Give an address without its last slash; raises `InputError` for what is none."""
    from urllib.parse import urlsplit

    if not at:
        return ""
    try:
        parts = urlsplit(at.strip())
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise InputError(
            f"the address {at[:100]!r}",
            "one such as https://cell.example:8501 is needed",
            "give the address under which phones reach this server",
        )
    return f"{parts.scheme}://{parts.netloc}"


def links(situation: Situation) -> list[dict[str, Any]]:
    """Give all links, the newest first, and whether each `holds`; a token stands nowhere."""
    now = utc_now()
    return [
        {**as_json(one), "holds": one.revoked_at is None and one.expires_at > now}
        for one in reversed(situation.store.field_links())
    ]


def revoke(situation: Situation, link_or_convoy: str, *, reason: str = "") -> dict[str, Any]:
    """Make a link, or all links of a convoy, worth nothing at once."""
    if link_or_convoy.startswith("link:"):
        chosen = [link_or_convoy]
    else:
        chosen = [
            one.link_id
            for one in situation.store.field_links()
            if one.convoy_id == link_or_convoy and one.revoked_at is None
        ]
    if not chosen:
        raise InputError(
            link_or_convoy[:100], "a link, or a convoy that has one, is needed", "see `field list`"
        )
    for one in chosen:
        revoke_link(situation.store, one, reason=reason)
    return {"revoked": chosen}


def open_token(situation: Situation, token: str) -> FieldLinkRecord:
    """Give the link of a token; raises `data.access.field_links.LinkError`."""
    return open_link(situation.store, token, now=utc_now())


def as_json(link: FieldLinkRecord) -> dict[str, Any]:
    """Write a link for programs and people."""
    return {
        "link_id": link.link_id,
        "convoy_id": link.convoy_id,
        "plan_id": link.plan_id,
        "expires_at": link.expires_at.isoformat(timespec="seconds"),
        "revoked_at": None
        if link.revoked_at is None
        else link.revoked_at.isoformat(timespec="seconds"),
    }


def page_values(situation: Situation, link: FieldLinkRecord) -> dict[str, Any]:
    """Give what the page of a convoy shows: its stops and goods, named in all languages."""
    plan = planning.load_plan(situation, link.plan_id)
    convoy = find_convoy(situation, link.convoy_id)
    named = {language: name_of(situation, language) for language in LANGUAGES}
    units = {item_id: item.unit for item_id, item in goods.relief_items(situation).items()}
    newest = situation.store.plans()[-1].plan_id

    def names(identifier: str) -> dict[str, str]:
        return {language: name(identifier)[:200] for language, name in named.items()}

    return {
        "convoy_id": link.convoy_id,
        "plan_id": link.plan_id,
        # An old plan may still be driven; the leader is told to ask.
        "replaced": newest != link.plan_id,
        "vehicle": convoy.get("vehicle_name") or convoy["vehicle_id"],
        "depot": names(convoy["depot_id"]),
        "departs_at": convoy["departs_at"],
        "expires_at": link.expires_at.isoformat(timespec="seconds"),
        "notice": situation.info().notice,
        "timezone": situation.info().timezone,
        "departs": plan["departs_at"],
        "stops": [
            {
                "number": number,
                "place": names(stop["place_id"]),
                "arrives_at": stop["arrives_at"],
                "goods": [
                    {
                        "item": item,
                        "names": names(item),
                        "quantity": quantity,
                        "unit": units.get(item, ""),
                    }
                    for item, quantity in sorted(stop["deliver"].items())
                ],
            }
            for number, stop in enumerate(convoy["stops"], start=1)
        ],
    }


def take(situation: Situation, link: FieldLinkRecord, sent: Sequence[Sent]) -> list[dict[str, str]]:
    """Record what a phone sends: each report by itself, in any order, once.

    Returns
    -------
    list of dict
        In the order given: ``{id, status, why}``; what is `refused` need not be sent again.
    """
    with acting_for(actor=link.link_id, organisation_id=""), one_moment():
        now = situation.now()
        said_at = [now - max(one.sent_at - one.made_at, timedelta(0)) for one in sent]
        whys: dict[int, str] = {}
        ready: dict[int, Report | None] = {}
        for number, one in enumerate(sent):
            try:
                ready[number] = _ready(one)
            except QafilaError as error:
                whys[number] = str(error)
        positions = _located(situation, link, {n: (sent[n], said_at[n]) for n in ready})
        told = {
            number: Told(
                said=said,
                by=Reporter(
                    sender=link.convoy_id,
                    client_id=sent[number].report_id,
                    said_at=said_at[number],
                ),
            )
            for number, said in ready.items()
            if said is not None
        }
        reports = dict(
            zip(told, take_reports(situation, link.convoy_id, list(told.values())), strict=True)
        )
    return [
        {"id": one.report_id, **_became(whys.get(n), reports.get(n), positions.get(n))}
        for n, one in enumerate(sent)
    ]


def _ready(one: Sent) -> Report | None:
    """Give a report as it may be kept, None for one that only says where the convoy is."""
    if one.sent_at - one.made_at > MAX_AGE:
        raise InputError("this report", f"it is older than {MAX_AGE.days} days", "tell it anew")
    if one.report is None and one.position is None:
        raise InputError("a position", "degrees are needed", "try again under the open sky")
    if one.report is None or one.photo is None:
        return one.report
    return replace(one.report, photo=clean_photo(one.photo))


def _became(
    why: str | None, report: dict[str, Any] | QafilaError | None, position: dict[str, str] | None
) -> dict[str, str]:
    """Say what became of a report; an untrue position harms none that says something else too."""
    status: Status
    if report is None and position is not None:
        why = f"the position: {position['why']}" if position["status"] == "refused" else None
        status = "known" if position["status"] == "known" else "recorded"
    elif isinstance(report, dict):
        status = "recorded" if report["new"] else "known"
    else:
        why, status = why or str(report), "refused"
    return {"status": "refused" if why else status, "why": (why or "")[:500]}


def _located(
    situation: Situation, link: FieldLinkRecord, sent: dict[int, tuple[Sent, datetime]]
) -> dict[int, dict[str, str]]:
    """Keep where the convoy's vehicle was, for those reports that say so."""
    with_position = {n: one for n, one in sent.items() if one[0].position is not None}
    if not with_position:
        return {}
    vehicle_id = find_convoy(situation, link.convoy_id)["vehicle_id"]
    sightings = []
    for one, at in with_position.values():
        lon, lat, accuracy_m = one.position or (0.0, 0.0, None)
        sightings.append(
            locating.Sighting(
                client_id=one.report_id,
                subject_id=vehicle_id,
                convoy_id=link.convoy_id,
                at=at,
                lon=lon,
                lat=lat,
                accuracy_m=accuracy_m,
            )
        )
    kept = locating.record(situation, sightings, sender=link.convoy_id)
    return dict(zip(with_position, kept, strict=True))
