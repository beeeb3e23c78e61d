"""The situation report: what is known at one moment, what changed, what to do next, in one page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.indicatorsheet import indicator_names
from dashboard.languages import LANGUAGES, language, reading_in
from dashboard.operations import goods, measuring, picture
from dashboard.operations.past import PastSituation
from dashboard.operations.roads import HINDERING
from dashboard.operations.situation import silent
from dashboard.report.drawing import situation_drawing
from dashboard.report.page import ReportPage, report_html
from dashboard.report.paper import report_pdf
from dashboard.report.short import short_html
from data.events import ReportGiven
from geo.errors import InputError
from geo.model import new_id
from geo.written_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from dashboard.operations.picture import Picture
    from dashboard.operations.situation import Progress, Situation
    from data.events.reports import ReportForm
    from data.store.records import Changes
    from geo.model import Item

GAPS_SHOWN = 15
CUT_OFF_SHOWN = 25
CONVOYS_SHOWN = 40
CHANGES_SHOWN = 12
_WRITERS: dict[ReportForm, Callable[[ReportPage], bytes]] = {
    "html": lambda page: report_html(page).encode(),
    "short": lambda page: short_html(page).encode(),
    "pdf": report_pdf,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """From where on something is new: the event before, and the moment it was asked for."""

    seq: int
    at: datetime | None


def report(
    situation: Situation,
    path: Path,
    *,
    since: Since | None = None,
    tongue: str = "en",
    short: bool = False,
    keep: bool = True,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write the situation report to a file, and keep it on record.

    Parameters
    ----------
    path
        Ends in ``.html`` (one file that needs nothing beside it) or ``.pdf`` (A4, tagged).
    since
        Say what changed after this event; by default everything is new.
    tongue
        One of `dashboard.languages.LANGUAGES`.
    short
        As HTML without a drawing and with the first rows of each table: for a slow link.
    keep
        Keep the file in the archive and record in the ledger that it was given out. A situation as
        of an earlier moment records nothing.

    Returns
    -------
    dict
        `file`, `bytes`, `language`, `based_on_seq`, `at`, `since_seq`, `report_id` (None where it
        is not kept) and `sections`, the number of rows in each.

    Raises
    ------
    InputError
        An unknown language or ending, or a folder that cannot be written to.
    """
    form = _form(path, short=short)
    page, data = _written(situation, form, tongue, since, progress)
    write_whole(path, data)
    kept = keep and not isinstance(situation, PastSituation)
    return {
        "file": str(path),
        "bytes": len(data),
        "language": tongue,
        "based_on_seq": page.seq,
        "at": page.made_at.isoformat(),
        "since_seq": page.since_seq,
        "report_id": _keep(situation, page, data, form, tongue) if kept else None,
        "sections": page.sizes(),
    }


def written_report(
    situation: Situation, form: ReportForm, *, tongue: str, keep: bool = False
) -> bytes:
    """Give the situation report as the bytes of a file; of what is new since the last one kept.

    Raises
    ------
    InputError
        An unknown language.
    """
    given = situation.store.reports()
    since = Since(seq=given[-1].based_on_seq, at=given[-1].recorded_at) if given else None
    page, data = _written(situation, form, tongue, since, silent)
    if keep:
        _keep(situation, page, data, form, tongue)
    return data


def _written(
    situation: Situation,
    form: ReportForm,
    tongue: str,
    since: Since | None,
    progress: Progress,
) -> tuple[ReportPage, bytes]:
    if tongue not in LANGUAGES:
        raise InputError(
            f"--lang {tongue}", f"one of {', '.join(LANGUAGES)} is needed", "choose one"
        )
    with reading_in(tongue):
        progress(0.1, "collecting what is known")
        page = report_page(situation, since=since)
        progress(0.8, "writing the report")
        return page, _WRITERS[form](page)


def reports(situation: Situation) -> dict[str, Any]:
    """List the reports that were given out, the newest first."""
    return {
        "reports": [
            {
                "report_id": one.report_id,
                "at": one.recorded_at.isoformat(),
                "form": one.form,
                "language": one.language,
                "based_on_seq": one.based_on_seq,
                "since_seq": one.since_seq,
                "file": str(situation.archive.path(one.file)),
            }
            for one in reversed(situation.store.reports())
        ]
    }


def _form(path: Path, *, short: bool) -> ReportForm:
    ending = path.suffix.lower()
    if ending in {".html", ".htm"}:
        return "short" if short else "html"
    if ending == ".pdf" and not short:
        return "pdf"
    wanted = ".html" if short else ".html or .pdf"
    raise InputError(f"--to {path.name}", f"a name that ends in {wanted} is needed", "rename it")


def _keep(
    situation: Situation, page: ReportPage, data: bytes, form: ReportForm, tongue: str
) -> str:
    given = ReportGiven(
        report_id=new_id("report"),
        file=situation.archive.put_bytes(data, ".pdf" if form == "pdf" else ".html"),
        form=form,
        language=tongue,
        based_on_seq=page.seq,
        since_seq=page.since_seq,
    )
    situation.record([given])
    return given.report_id


def since(situation: Situation, told: datetime | int | None) -> Since | None:
    """Read from where on something is new: a moment, or the number of an event.

    Raises `InputError` for an event that the ledger does not have.
    """
    if told is None:
        return None
    last = situation.seq()
    if isinstance(told, int):
        if not 0 <= told <= last:
            raise InputError(
                f"--since {told}", f"this ledger has the events 1 to {last}", "choose one of them"
            )
        return Since(seq=told, at=None)
    return Since(seq=situation.store.seq_at(told), at=told)


def report_page(situation: Situation, *, since: Since | None = None) -> ReportPage:
    """Collect what the report says, in the language of this run."""
    shown = picture.picture(situation)
    info = situation.info()
    start = since or Since(seq=0, at=None)
    changes = situation.store.changes_since(start.seq)
    names = dict(zip(shown.places["place_id"], shown.places["name"], strict=True))
    known = goods.relief_items(situation)
    return ReportPage(
        title=info.name,
        notice=info.notice,
        timezone=info.timezone,
        seq=shown.seq,
        made_at=shown.made_at,
        since_seq=start.seq,
        since_at=start.at,
        totals=shown.totals,
        changed=_changed(changes),
        told=_told(changes, names, known),
        drawing=situation_drawing(
            shown.places,
            shown.closure_lines,
            situation.roads().edges if _has_roads(situation) else None,
            [(one.name, one.lon, one.lat) for one in shown.depots],
            crs=info.working_crs,
        ),
        cut_off=_cut_off(shown),
        gaps=_gaps(shown, names, known),
        n_gaps=len(shown.plan["unserved"]) if shown.plan else 0,
        convoys=_convoys(shown, names),
        n_convoys=len(shown.plan["convoys"]) if shown.plan else 0,
        plan_is_old=shown.plan_is_old,
        stock=_stock(shown, known),
        indicators=[
            {**one, "title": indicator_names().get(one["id"], one["name"])}
            for one in measuring.indicators(situation, trend=True)["indicators"]
        ],
        sources=[
            {"name": one["name"], "at": one["at"], "kind": one["kind"].replace("_", " ")}
            for one in shown.sources
        ],
    )


def _has_roads(situation: Situation) -> bool:
    return any(layer.kind == "roads" for layer in situation.store.layers())


def _changed(changes: Changes) -> dict[str, int]:
    """Count what is new or changed, by kind."""
    closures = [one for one in changes.closures if one.state in HINDERING]
    reopened = sum(one.reopened_at is not None for one in closures)
    return {
        "needs": len(changes.needs),
        "closures": len(closures) - reopened,
        "reopened": reopened,
        "layers": len(changes.layers),
        "damage_reports": len(changes.damage_reports),
        "assessments": len(changes.assessments),
        "plans": len(changes.plans),
        "uploads": len(changes.uploads),
    }


def _told(
    changes: Changes, names: dict[str, str], known: Mapping[str, Item]
) -> list[dict[str, Any]]:
    """Give the newest needs and closures in words' parts, newest first."""
    needs: list[dict[str, Any]] = [
        {
            "seq": one.seq,
            "what": "need",
            "where": names.get(one.place_id, one.written_place or one.place_id),
            "item": one.item_id,
            "quantity": one.quantity,
            "at": one.reported_at or one.recorded_at,
        }
        for one in changes.needs
    ]
    closures: list[dict[str, Any]] = [
        {
            "seq": one.seq,
            "what": "reopened" if one.reopened_at else one.state,
            "where": one.reason or one.source,
            "item": "",
            "quantity": None,
            "at": one.reopened_at or one.reported_at or one.recorded_at,
        }
        for one in changes.closures
    ]
    newest = sorted(needs + closures, key=lambda one: -one["seq"])[:CHANGES_SHOWN]
    return [{**one, "item": _item(one["item"], known)} for one in newest]


def _cut_off(shown: Picture) -> list[dict[str, Any]]:
    """Give the places that neither truck nor pickup reaches, most people first."""
    places = shown.places
    cut = places[(places["reach_truck"] == "cut_off") & (places["reach_pickup"] == "cut_off")]
    cut = cut.sort_values("affected", ascending=False, na_position="last").head(CUT_OFF_SHOWN)
    columns = ["name", "commune", "people", "affected", "reach_status", "reach_reason"]
    return [dict(zip(columns, row, strict=True)) for row in cut[columns].itertuples(index=False)]


def _gaps(shown: Picture, names: dict[str, str], known: Mapping[str, Item]) -> list[dict[str, Any]]:
    """Give the needs that the newest plan leaves, places with most people affected first."""
    if shown.plan is None:
        return []
    affected = dict(zip(shown.places["place_id"], shown.places["affected"], strict=True))

    def people(one: dict[str, Any]) -> float:
        known = affected.get(one["place_id"], 0.0)
        return float(known) if known == known else 0.0

    worst = sorted(shown.plan["unserved"], key=people, reverse=True)[:GAPS_SHOWN]
    return [
        {
            "place": names.get(one["place_id"], one["place_id"]),
            "affected": people(one),
            "item": _item(one["item"], known),
            "quantity": one["quantity"],
            "reason": one["reason"],
        }
        for one in worst
    ]


def _convoys(shown: Picture, names: dict[str, str]) -> list[dict[str, Any]]:
    if shown.plan is None:
        return []
    depots = {one.depot_id: one.name for one in shown.depots}
    first = sorted(shown.plan["convoys"], key=lambda one: one["departs_at"])[:CONVOYS_SHOWN]
    return [
        {
            "departs_at": one["departs_at"],
            "vehicle_class": one["vehicle_class"],
            "depot": depots.get(one["depot_id"], one["depot_id"]),
            "stops": " → ".join(names.get(s["place_id"], s["place_id"]) for s in one["stops"]),
            "km": one["length_m"] / 1_000.0,
            "kg": one.get("load_kg"),
        }
        for one in first
    ]


def _stock(shown: Picture, known: Mapping[str, Item]) -> list[dict[str, Any]]:
    """Give what is on hand by item, over all depots, and in how many of them."""
    total: Counter[str] = Counter()
    depots: Counter[str] = Counter()
    for line in shown.stock:
        if line.quantity > 0:
            total[line.item_id] += line.quantity  # type: ignore[assignment]
            depots[line.item_id] += 1
    return [
        {
            "item": _item(item_id, known),
            "quantity": quantity,
            "unit": known[item_id].unit if item_id in known else "",
            "depots": depots[item_id],
        }
        for item_id, quantity in sorted(total.items())
    ]


def _item(item_id: str, known: Mapping[str, Item]) -> str:
    return known[item_id].name(language()) if item_id in known else item_id
