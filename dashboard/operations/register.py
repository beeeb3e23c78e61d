"""The register of places: all layers as one list, each place once, with commune and province.

Derived from the layers and never recorded: whoever undoes a layer gets back the register that was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from dashboard.operations.situation import Situation

#: Part of the name of what is kept on disk: raise it with every change of merging or stamping.
VERSION = 1
#: So many conflicts are listed; all are counted.
MAX_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """All places of a situation and how the list came about.

    Attributes
    ----------
    places
        A places table with `sources`, `aliases`, `other_ids` (see `geo.place_merge`) and the units
        of `data.sources.hcp_units`. Read-only: callers copy.
    current
        For every id that was joined to another place: the id that the place has now.
    report
        `counts` (rows, before, after, merged, ambiguous, conflicts, unnamed, without_commune),
        `ambiguous`, `conflicts`, `moved`, `unknown_communes`, `notes`.
    """

    places: gpd.GeoDataFrame
    current: dict[str, str] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)


def register(situation: Situation) -> Register:
    """Give the register of a situation; made once for each state of its layers."""
    key = situation.places_key()
    return situation.remember(("register", key), lambda: _kept(situation, key))


def summary(situation: Situation) -> dict[str, Any]:
    """Say what the register holds and what in it somebody should look at."""
    return register(situation).report


def listed(situation: Situation, *, commune: str | None = None) -> list[dict[str, Any]]:
    """Give the places with all their names, ids and units, of one commune or of all.

    Raises
    ------
    UnknownIdError
        No place lies in such a commune.
    """
    from geo.names import plain

    frame = register(situation).places
    if commune is not None:
        wanted = plain(commune)
        names = frame["commune"].map(plain)
        frame = frame[(frame["commune_code"] == commune) | (names == wanted)]
        if frame.empty:
            raise UnknownIdError(
                f"--commune {commune!r}",
                "no place of this situation lies in a commune of that name or code",
                "see the communes in `qafila places --list --json`",
            )
    return [
        {
            "place_id": row.place_id,
            "name": row.name,
            "name_ar": row.name_ar,
            "kind": row.kind,
            "commune_code": row.commune_code,
            "commune": row.commune,
            "province": row.province,
            "people": None if row.people != row.people else int(row.people),
            "lon": round(row.geometry.x, 6),
            "lat": round(row.geometry.y, 6),
            "sources": json.loads(row.sources),
            "names": [{"name": name, "source": source} for name, source in json.loads(row.aliases)],
            "other_ids": row.other_ids.split(),
        }
        for row in frame.itertuples(index=False, name="Row")
    ]


def _kept(situation: Situation, key: str) -> Register:
    """Read the register from disk, where some process has made it before."""
    import geopandas as gpd

    digest = hashlib.sha256(f"{VERSION}:{key}".encode()).hexdigest()[:32]

    def write(folder: Path) -> None:
        made = _make(situation)
        frame = made.places.copy()
        frame.attrs = {}
        frame.to_parquet(folder / "places.parquet", index=False)
        (folder / "report.json").write_text(
            json.dumps(made.report, ensure_ascii=False), encoding="utf-8"
        )

    folder = situation.kept(f"register-{digest}", write)
    places = gpd.read_parquet(folder / "places.parquet")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return Register(places=places, current=_current(places), report=report)


def _make(situation: Situation) -> Register:
    import geopandas as gpd
    import pandas as pd

    from data.sources.hcp_units import same_commune, stamp_units
    from geo.boundaries import stamp_commune
    from geo.names import plain
    from geo.place_merge import merge_places, newest_known, with_spellings
    from geo.places import empty_places

    frames = [with_spellings(frame) for frame in situation.place_layers()]
    added = _added(situation)
    if added is not None:
        frames.append(with_spellings(added))
    frames = frames or [with_spellings(empty_places())]
    rows = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    known = newest_known(gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326"))
    moved = known.attrs.get("moved", [])
    boundaries = situation.boundaries()
    stamped = known if boundaries.empty else stamp_commune(known, boundaries)
    conflicts = [
        one
        for one in stamped.attrs.get("conflicts", [])
        if not same_commune(one["written"]["code"], one["lies_in"]["code"])
        and plain(one["written"]["name"]) != plain(one["lies_in"]["name"])
    ]
    stamped = stamp_units(stamped)
    unknown = stamped.attrs.get("unknown_communes", {})
    merge = merge_places(stamped)
    frame = merge.places
    counts = {
        "rows": len(rows),
        **merge.counts,
        "conflicts": len(conflicts),
        "unnamed": int((frame["name"] == "").sum()),
        "without_commune": int(((frame["commune_code"] == "") & (frame["commune"] == "")).sum()),
    }
    report = {
        "counts": counts,
        "ambiguous": list(merge.ambiguous),
        "conflicts": conflicts[:MAX_LISTED],
        "moved": moved[:MAX_LISTED],
        "unknown_communes": unknown,
        "notes": [*merge.notes, *_notes(counts, moved)],
    }
    return Register(places=frame, current=_current(frame), report=report)


def _added(situation: Situation) -> gpd.GeoDataFrame | None:
    """Give the places that people added as a places table, None where there are none."""
    import geopandas as gpd
    import pandas as pd

    from geo.places import COLUMNS

    places = situation.store.added_places()
    if not places:
        return None
    names = {one.organisation_id: one.name for one in situation.store.organisations()}
    rows = [
        {
            **dict.fromkeys(COLUMNS[:-1], ""),
            "place_id": one.place_id,
            "name": one.name,
            "name_ar": one.name_ar,
            "kind": one.kind,
            "commune": one.commune,
            "commune_code": one.commune_code,
            "people": float("nan") if one.people is None else float(one.people),
            "households": float("nan"),
            "elevation_m": float("nan"),
            "source": one.source or names.get(one.organisation_id or "", "added by hand"),
        }
        for one in places
    ]
    points = gpd.points_from_xy([one.lon for one in places], [one.lat for one in places])
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=points, crs="EPSG:4326")


def _current(places: gpd.GeoDataFrame) -> dict[str, str]:
    joined = places[places["other_ids"] != ""]
    return {
        other: place_id
        for place_id, others in zip(joined["place_id"], joined["other_ids"], strict=True)
        for other in others.split()
    }


def _notes(counts: dict[str, int], moved: list[Any]) -> list[str]:
    notes = []
    if counts["merged"]:
        notes.append(
            f"{counts['before']} places of all sources are {counts['after']}: {counts['merged']} "
            "were joined to the same place of another source"
        )
    if counts["conflicts"]:
        notes.append(
            f"{counts['conflicts']} places lie in another commune than their list names; the list "
            "stands"
        )
    if moved:
        notes.append(f"{len(moved)} ids have far apart positions in two layers; the newest counts")
    return notes
