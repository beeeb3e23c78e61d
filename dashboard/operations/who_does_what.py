"""Who does what where: overlaps and gaps, so that aid does not pile up in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.operations import assessing
from data import who_does_what as side_by_side
from data.catalogue import items
from data.events import ActivityStatusSet
from geo.errors import UnknownIdError
from geo.names import plain

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.operations.situation import Situation
    from data.events import ActivityStatus

#: So many rows of each list are in the answer; all are in the tables of `tables`.
MOST_LISTED = 1_000


def who_does_what(situation: Situation, *, commune: str | None = None) -> dict[str, Any]:
    """Say who works where, where two do the same, and where nobody works on what is lacking.

    Parameters
    ----------
    commune
        Only places of this commune (name or code); `UnknownIdError` where there is none.

    Returns
    -------
    dict
        ``{totals, overlaps, gaps, communes, places_without_actor, based_on_seq, at, notice}``.
        `totals` counts activities by status, organisations, overlaps (``certain`` and ``possible``,
        where days are not known), gaps (``no actor``, ``too little``) and places where nobody
        works. Lists hold at most `MOST_LISTED` rows.
    """
    found = tables(situation, commune=commune)
    work, over, lacking = found["activities"], found["overlaps"], found["gaps"]
    names = _names(situation)
    empty = found["places_without_actor"]
    return {
        "totals": {
            "activities": len(work),
            "by_status": {str(one): int(n) for one, n in work["status"].value_counts().items()},
            "organisations": int(work["actor"].nunique()),
            "places": int(work["place_id"].nunique()),
            "overlaps_certain": int(over["certain"].sum()),
            "overlaps_possible": int((~over["certain"].astype(bool)).sum()),
            "gaps_no_actor": int((lacking["kind"] == "no actor").sum()),
            "gaps_too_little": int((lacking["kind"] == "too little").sum()),
            "places_without_actor": len(empty),
        },
        "overlaps": [
            {
                "place_id": row.place_id,
                "name": names.get(row.place_id, ""),
                "what": row.what,
                "actors": row.actors,
                "activities": int(row.n_activities),
                "quantity": _maybe(row.quantity),
                "certain": bool(row.certain),
            }
            for row in over.head(MOST_LISTED).itertuples()
        ],
        "gaps": [
            {
                "place_id": row.place_id,
                "name": names.get(row.place_id, ""),
                "item": row.what,
                "kind": row.kind,
                "missing": _maybe(row.missing),
                "promised": _maybe(row.promised),
                "actors": row.actors,
            }
            for row in lacking.head(MOST_LISTED).itertuples()
        ],
        "communes": [
            {
                "commune": row.commune,
                "organisations": row.actors,
                "activities": int(row.n_activities),
                "places": int(row.n_places),
                "people_reached": _maybe(row.people_reached),
            }
            for row in found["communes"].head(MOST_LISTED).itertuples()
        ],
        "places_without_actor": [
            {"place_id": row.place_id, "name": row.name, "commune": row.commune,
             "people": _maybe(row.people)}
            for row in empty.head(MOST_LISTED).itertuples()
        ],
        "based_on_seq": situation.seq(),
        "at": situation.now().isoformat(timespec="seconds"),
        "notice": situation.info().notice,
    }  # fmt: skip


def tables(situation: Situation, *, commune: str | None = None) -> dict[str, pd.DataFrame]:
    """Give the tables behind `who_does_what`: every row, for a person or a spreadsheet."""
    return situation.remember(
        ("who does what", situation.picture_seq(), commune or ""),
        lambda: _tables(situation, commune),
    )


def set_status(
    situation: Situation, activity_id: str, status: ActivityStatus, *, note: str = ""
) -> None:
    """Say that some work began, ended or was called off."""
    situation.record([ActivityStatusSet(activity_id=activity_id, status=status, note=note[:2_000])])


def write_tables(situation: Situation, folder: Path, *, commune: str | None = None) -> list[str]:
    """Write the tables as CSV files into a folder, which is made; gives their names.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    from dashboard.operations.spreadsheet import write_table

    written = []
    for name, table in tables(situation, commune=commune).items():
        flat = table.copy()
        if "actors" in flat:
            flat["actors"] = flat["actors"].map("; ".join)
        path = folder / f"{name}.csv"
        write_table(flat, path)
        written.append(str(path))
    return written


def _tables(situation: Situation, commune: str | None) -> dict[str, pd.DataFrame]:
    places = situation.places()
    if commune:
        wanted = plain(commune)
        inside = (places["commune"].map(plain) == wanted) | (places["commune_code"] == commune)
        places = places[inside]
        if places.empty:
            raise UnknownIdError(
                f"commune {commune!r}", "no place lies in such a commune", "see `qafila places`"
            )
    here = set(places["place_id"])
    work = _activities(situation)
    work = work[work["place_id"].isin(here)]
    lacking = _lacking(situation)
    lacking = lacking[lacking["place_id"].isin(here)]
    working = set(work.loc[work["status"] != side_by_side.CALLED_OFF, "place_id"])
    empty = places.loc[~places["place_id"].isin(working), ["place_id", "name", "commune", "people"]]
    return {
        "activities": work,
        "overlaps": side_by_side.overlaps(work),
        "gaps": side_by_side.gaps(lacking, work),
        "communes": side_by_side.presence(work, places.set_index("place_id")["commune"]),
        "places_without_actor": pd.DataFrame(empty).sort_values(
            "people", ascending=False, na_position="last", ignore_index=True
        ),
    }


def _activities(situation: Situation) -> pd.DataFrame:
    records = situation.store.activities()
    current_place = situation.current_places()
    columns = [*side_by_side.ACTIVITY_COLUMNS, "sector", "activity", "funder", "unit"]
    frame = pd.DataFrame(
        [
            (
                one.activity_id,
                current_place(one.place_id),
                one.item_id or plain(one.activity) or plain(one.sector),
                one.actor,
                one.status,
                one.starts_at,
                one.ends_at,
                None if one.quantity is None else float(one.quantity),
                one.people_reached,
                one.sector,
                one.activity,
                one.funder,
                one.unit or "",
            )
            for one in records
        ],
        columns=columns,
    )
    for name in ("starts_at", "ends_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame.astype({"quantity": "float64", "people_reached": "float64"})


def _lacking(situation: Situation) -> pd.DataFrame:
    """What places lack: as the newest assessment says, else the needs that are open."""
    document = assessing.latest(situation)
    if document:
        rows = [
            (place["place_id"], need["item"], float(need.get("missing", need["quantity"])))
            for place in document["places"]
            for need in place.get("needs", ())
        ]
    else:
        current_place = situation.current_places()
        rows = [
            (current_place(need.place_id), need.item_id, max(0.0, need.quantity - need.delivered))
            for need in situation.store.needs()
        ]
    frame = pd.DataFrame(rows, columns=["place_id", "what", "missing"])
    whole = frame.groupby(["place_id", "what"], as_index=False)["missing"].max()
    return whole[whole["missing"] > 0].reset_index(drop=True)


def _names(situation: Situation) -> dict[str, str]:
    places = situation.places()
    return dict(zip(places["place_id"], places["name"], strict=True))


def _maybe(value: Any) -> float | None:
    return None if value is None or value != value else round(float(value), 3)


def item_title(what: str) -> str:
    """Say an item in the language of this run; other work keeps its words."""
    from dashboard.languages import language

    item = items().get(what)
    return item.name(language()) if item else what
