"""What goes back: needs and what became of them, deliveries, who does what where, places.

Each row names its place by code, its source and its time. Names and phones of persons are not in
any of them; rows of others are told apart by their organisation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.operations import goods, trusting
from dashboard.operations.organisations import organisation_names
from geo.errors import InputError, UnknownIdError
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import geopandas as gpd

    from dashboard.operations.situation import Situation

#: Column → HXL hashtag (hxlstandard.org, 1.1); a column of every table that has it.
PLACE_TAGS = {
    "place_code": "#loc+code",
    "place": "#loc+name",
    "place_ar": "#loc+name+i_ar",
    "commune": "#adm3+name",
    "commune_code": "#adm3+code",
    "province": "#adm2+name",
    "lat": "#geo+lat",
    "lon": "#geo+lon",
}
ITEM_TAGS = {
    "item_code": "#item+code",
    "item": "#item+name",
    "quantity": "#item+num",
    "unit": "#item+unit",
}
END_TAGS = {"note": "#description", "source": "#meta+source", "id": "#meta+id"}
TAGS: dict[str, dict[str, str]] = {
    "needs": {
        **PLACE_TAGS,
        **ITEM_TAGS,
        "urgency": "#severity+num",
        "status": "#status",
        "delivered": "#output+num+delivered",
        "missing": "#indicator+num+missing",
        "reporter": "#org+reporter",
        "verified_by": "#meta+verifier",
        "reported_at": "#date+reported",
        "expires_at": "#date+expires",
        **END_TAGS,
    },
    "deliveries": {
        **PLACE_TAGS,
        **ITEM_TAGS,
        "expected": "#indicator+num+expected",
        "status": "#status",
        "convoy": "#meta+convoy",
        "reporter": "#org+reporter",
        "reported_at": "#date+delivered",
        "for_needs": "#meta+needs",
        **END_TAGS,
    },
    "activities": {
        "organisation": "#org+name",
        "funder": "#org+funder",
        "sector": "#sector+name",
        "activity": "#activity+name",
        **ITEM_TAGS,
        **PLACE_TAGS,
        "status": "#status",
        "starts_on": "#date+start",
        "ends_on": "#date+end",
        "reached": "#reached",
        "households": "#reached+hh",
        "reporter": "#org+reporter",
        "reported_at": "#date+reported",
        **END_TAGS,
    },
    "places": {
        **PLACE_TAGS,
        "kind": "#loc+type",
        "people": "#population",
        "affected": "#affected",
        "destroyed": "#impact+destroyed",
        "damaged": "#impact+damaged",
        "assessed": "#status+assessed",
        "access": "#access+status",
        "source": "#meta+source",
    },
    "groups": {
        **PLACE_TAGS,
        "group": "#group",
        "counted": "#inneed+num",
        "referred": "#reached+num",
        "reporter": "#org+reporter",
        "reported_at": "#date+reported",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTable:
    """One table as it goes back.

    Attributes
    ----------
    name
        One of `TABLES`.
    frame
        Its rows, in the columns of its tags; times are texts in ISO 8601, UTC.
    tags
        Column → hashtag, empty where the form has a standard of its own.
    at, seq
        The moment, and the ledger's last event, up to which it knows.
    situation, notice
        Whose it is, and what must be said of it (a drill).
    """

    name: str
    frame: pd.DataFrame
    tags: dict[str, str]
    at: datetime
    seq: int
    situation: str
    notice: str


def shared_table(
    situation: Situation,
    name: str,
    *,
    commune: str = "",
    organisation: str = "",
    since: datetime | None = None,
) -> SharedTable:
    """Make a table.

    Parameters
    ----------
    commune
        Only places of this commune, by name or code.
    organisation
        Only what this one reported or does, by name.
    since
        Only what was reported from then on.

    Raises
    ------
    InputError
        There is no such table.
    UnknownIdError
        No place lies in such a commune, or no row is of such an organisation.
    """
    if name not in TABLES:
        raise InputError(f"table {name}", f"{', '.join(TABLES)} are shared", "name one of these")
    from dashboard.operations.sharing.iati import iati_frame

    base = "activities" if name == "iati" else name
    seq, info = situation.seq(), situation.info()
    frame = pd.DataFrame(_ROWS[base](situation), columns=list(TAGS[base]))
    frame = _whole(_chosen(frame, commune, organisation, since))
    table = SharedTable(
        name=name,
        frame=frame,
        tags=TAGS[base],
        at=situation.now(),
        seq=seq,
        situation=info.name,
        notice=info.notice,
    )
    if name == "iati":
        return replace(table, frame=iati_frame(frame, info.name), tags={})
    return table


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """Give numbers that are all whole as whole ones, with room for those that nobody knows."""
    # Columns of numbers and gaps may have come as objects.
    told = frame.infer_objects().dropna(axis="columns", how="all").select_dtypes("number")
    whole = [name for name in told if (told[name].dropna() % 1 == 0).all()]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def _chosen(
    frame: pd.DataFrame, commune: str, organisation: str, since: datetime | None
) -> pd.DataFrame:
    if commune:
        inside = frame["commune"].map(plain) == plain(commune)
        frame = frame[inside | (frame["commune_code"] == commune)]
        if frame.empty:
            raise UnknownIdError(
                f"commune {commune!r}", "nothing is told of a place in it", "see `qafila places`"
            )
    if organisation:
        wanted = plain(organisation)
        by = [name for name in ("reporter", "organisation") if name in frame]
        mine = pd.Series(data=False, index=frame.index)
        for name in by:
            mine |= frame[name].map(plain) == wanted
        frame = frame[mine]
        if frame.empty:
            raise UnknownIdError(
                f"organisation {organisation!r}", "nothing is told by it", "see its spelling"
            )
    if since is not None and "reported_at" in frame:
        # All are texts of one form in UTC: their order is that of time.
        frame = frame[frame["reported_at"] >= _text(since)]
    return frame.reset_index(drop=True)


def _needs(situation: Situation) -> Iterator[dict[str, Any]]:
    places, titles = _Places(situation.places()), _item_titles(situation)
    for one in trusting.list_needs(situation)["needs"]:
        is_open = one["status"] in trusting.OPEN
        yield places.of(one["place_id"], one["written_place"]) | {
            **_item(one["item"], one["quantity"], one["unit"], titles),
            "urgency": one["weight"],
            "status": one["status"],
            "delivered": float(one["delivered"]),
            "missing": max(0.0, float(one["quantity"] - one["delivered"])) if is_open else 0.0,
            "reporter": one["organisation"],
            "verified_by": one["verified_by"],
            "reported_at": _text(datetime.fromisoformat(one["reported_at"])),
            "expires_at": _text(_moment(one["expires_at"])),
            "note": one["note"],
            "source": one["file"],
            "id": one["need_id"],
        }


def _deliveries(situation: Situation) -> Iterator[dict[str, Any]]:
    places, titles, source = _Places(situation.places()), _item_titles(situation), _Said(situation)
    current = situation.current_places()
    for one in reversed(situation.store.deliveries()):
        yield places.of(current(one.place_id)) | {
            **_item(one.item_id, one.quantity, one.unit, titles),
            "expected": None if one.expected is None else float(one.expected),
            "status": one.outcome,
            "convoy": one.convoy_id or "",
            "reporter": source.who(one.organisation_id),
            "reported_at": _text(one.reported_at or one.recorded_at),
            "for_needs": " ".join(need_id for need_id, _ in one.needs),
            "note": one.note,
            "source": source.file(one.upload_id),
            "id": one.delivery_id,
        }


def _activities(situation: Situation) -> Iterator[dict[str, Any]]:
    places, titles, source = _Places(situation.places()), _item_titles(situation), _Said(situation)
    current = situation.current_places()
    for one in reversed(situation.store.activities()):
        yield places.of(current(one.place_id), one.written_place) | {
            "organisation": one.actor,
            "funder": one.funder,
            "sector": one.sector,
            "activity": one.activity,
            **_item(one.item_id or "", one.quantity, one.unit or "", titles),
            "status": one.status,
            "starts_on": _day(one.starts_at),
            "ends_on": _day(one.ends_at),
            "reached": one.people_reached,
            "households": one.households,
            "reporter": source.who(one.organisation_id),
            "reported_at": _text(one.reported_at or one.recorded_at),
            "note": one.note,
            "source": source.file(one.upload_id),
            "id": one.activity_id,
        }


def _all_places(situation: Situation) -> Iterator[dict[str, Any]]:
    from dashboard.operations.picture import picture

    known = picture(situation).places
    places = _Places(known)
    for row in known.drop(columns="geometry").to_dict("records"):
        yield places.of(row["place_id"]) | {
            "kind": row.get("kind") or "",
            "people": _number(row.get("people")),
            "affected": None if (n := _number(row.get("affected"))) is None else round(n),
            # What nobody looked at is not "none": it stays empty.
            "destroyed": _number(row.get("destroyed")) if row.get("assessed") else None,
            "damaged": _number(row.get("damaged")) if row.get("assessed") else None,
            "assessed": "assessed" if row.get("assessed") else "not assessed",
            "access": row.get("reach_status") or "",
            "source": row.get("sources") or "",
        }


def _groups(situation: Situation) -> Iterator[dict[str, Any]]:
    from dashboard.operations.groups import group_counts

    places = _Places(situation.places())
    for one in group_counts(situation)["places"]:
        yield places.of(one["place_id"]) | {
            "group": one["group"],
            # What is withheld stays empty: no number below five leaves.
            "counted": one["count"],
            "referred": one["referred"],
            "reporter": one["organisation"],
            "reported_at": _text(datetime.fromisoformat(one["at"])),
        }


_ROWS: dict[str, Callable[[Situation], Iterator[dict[str, Any]]]] = {
    "needs": _needs,
    "deliveries": _deliveries,
    "activities": _activities,
    "places": _all_places,
    "groups": _groups,
}
#: Tables that go back; ``iati`` is the activities as the International Aid Transparency Initiative
#: names them.
TABLES = (*_ROWS, "iati")


class _Places:
    """Where rows are: code, names, commune and position of each place."""

    def __init__(self, places: gpd.GeoDataFrame) -> None:
        points = places.geometry.representative_point()
        table = pd.DataFrame(places.drop(columns="geometry")).assign(lon=points.x, lat=points.y)
        self._of = table.set_index("place_id").to_dict("index")

    def of(self, place_id: str, written: str = "") -> dict[str, Any]:
        row = self._of.get(place_id, {})
        return {
            "place_code": place_id.removeprefix("place:"),
            "place": row.get("name") or written,
            "place_ar": row.get("name_ar") or "",
            "commune": row.get("commune") or "",
            "commune_code": row.get("commune_code") or "",
            "province": row.get("province") or "",
            "lat": None if not row else round(row["lat"], 6),
            "lon": None if not row else round(row["lon"], 6),
        }


class _Said:
    """Who said something, and in which file."""

    def __init__(self, situation: Situation) -> None:
        self._names = organisation_names(situation)
        self._files = {one.upload_id: one.file for one in situation.store.uploads()}

    def who(self, organisation_id: str | None) -> str:
        return self._names.get(organisation_id or "", "")

    def file(self, upload_id: str | None) -> str:
        return self._files.get(upload_id or "", "")


def _item_titles(situation: Situation) -> dict[str, str]:
    """Names of items in the language of this run."""
    from dashboard.languages import language

    return goods.item_titles(situation, language())


def _item(item_id: str, quantity: Any, unit: str, titles: dict[str, str]) -> dict[str, Any]:
    return {
        "item_code": item_id,
        "item": titles.get(item_id, item_id),
        "quantity": None if quantity is None else float(quantity),
        "unit": unit,
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(moment: datetime | None) -> str:
    return "" if moment is None else moment.date().isoformat()


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
