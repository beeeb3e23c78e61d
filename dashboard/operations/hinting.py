"""Hints and raster evidence at single buildings: beside the counts, never among them.

A hint says where the pictures before and after differ most. Raster evidence says what a damage
raster shows at each outline. Neither is an analyst's grade: both are given per place under
their own name, and neither changes the buildings counted nor what is assessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dashboard.operations.situation import Progress, Situation, silent
from geo.errors import CoverageError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geo.imagery import Picture

LABEL = "hint: change between two pictures, not a damage grade"
RASTER_LABEL = "raster evidence at building outlines, not counted buildings"


def hint(situation: Situation, *, progress: Progress = silent) -> dict[str, Any]:
    """Compare all footprints between the pictures before and after, and record a layer `hint`.

    Each picture after is compared with the latest one before that lies over it.

    Returns
    -------
    dict
        ``{"layer_id", "label", "pairs": [{before, after, footprints, compared, high, notes}]}``

    Raises
    ------
    InputError
        No footprints or no pair of pictures is loaded, or a picture is too coarse.
    CoverageError
        No pair can be aligned or shows a footprint; the reason of the first is given.
    """
    import geopandas as gpd
    import pandas as pd

    outlines = situation.footprints()
    if outlines.empty:
        raise InputError(
            "hint", "footprints are needed", "load them first: `qafila load footprints FILE`"
        )
    pairs = _pairs(situation)
    found: list[gpd.GeoDataFrame] = []
    told: list[dict[str, Any]] = []
    refused: list[CoverageError] = []
    for number, (before, after) in enumerate(pairs):
        progress(number / len(pairs), f"comparing {before.name} with {after.name}")
        try:
            table, notes = _compared(
                situation, outlines, before, after, _part(progress, number, len(pairs), after.name)
            )
        except CoverageError as error:
            refused.append(error)
            told.append({"before": before.name, "after": after.name, "refused": str(error)})
            continue
        found.append(table)
        told.append(
            {
                "before": before.name,
                "after": after.name,
                "compared": len(table),
                "high": int(table["high"].sum()),
                "notes": list(notes),
            }
        )
    if not found:
        raise refused[0]
    # Seen in two pairs, the later picture counts; then what was compared with the earlier one.
    hints = pd.concat(found, ignore_index=True).sort_values("after_at", kind="stable")
    hints = hints.drop_duplicates("footprint", keep="last")
    hints["rank"] = hints["score"].rank(ascending=False, method="first").astype("int64")
    hints = gpd.GeoDataFrame(hints.sort_values("rank"), geometry="geometry", crs=outlines.crs)
    progress(0.95, "recording the hint")
    used = {one.layer_id for pair in pairs for one in pair}
    used |= {layer.layer_id for layer in situation.store.layers("footprints")}
    layer = _record(situation, hints, told, used)
    return {"layer_id": layer["layer_id"], "label": LABEL, "compared": len(hints), "pairs": told}


def hints_of_places(situation: Situation) -> dict[str, dict[str, Any]]:
    """Give, by place, how many of its compared footprints changed much; empty without a hint."""
    layer, hints = situation.hint_layer(), situation.hints()
    if layer is None or hints is None:
        return {}
    table = _by_place(situation, hints)
    source = layer.source
    return {
        str(place_id): {
            "label": LABEL,
            "footprints_compared": len(mine),
            "high": int(mine["high"].sum()),
            "high_share": round(float(mine["high"].mean()), 4),
            "median_score": round(float(mine["score"].median()), 4),
            "source": source.name,
            "at": source.at.isoformat() if source.at else None,
        }
        for place_id, mine in table.groupby("place_id", sort=False)
    }


def raster_buildings_of_places(situation: Situation) -> dict[str, list[dict[str, Any]]]:
    """Give, by place, what each damage raster shows at the outlines of its buildings."""
    from dashboard.operations.assessing import damage_rasters
    from geo.footprints import raster_evidence

    outlines = situation.footprints()
    result: dict[str, list[dict[str, Any]]] = {}
    if outlines.empty:
        return result
    for raster in damage_rasters(situation):
        try:
            said = situation.remember(
                ("raster evidence", str(raster), situation.layer_key("footprints")),
                lambda raster=raster: raster_evidence(outlines, raster),  # type: ignore[misc]
            )
        except CoverageError:
            continue  # none of the outlines lies under it: it says nothing of them
        table = _by_place(situation, outlines.join(said))
        for place_id, mine in table.groupby("place_id", sort=False):
            judged = mine[mine["grade"] != "not_analysed"]
            result.setdefault(str(place_id), []).append(
                {
                    "label": RASTER_LABEL,
                    "source": raster.source,
                    "at": raster.observed_at.isoformat() if raster.observed_at else None,
                    "footprints": len(mine),
                    "covered": len(judged),
                    "grades": {str(k): int(v) for k, v in judged["grade"].value_counts().items()},
                    "damaged_equivalent": round(float(judged["damage_share"].sum()), 2),
                }
            )
    return result


def _by_place(situation: Situation, shapes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Rows of the outlines that belong to a place, with its id."""
    from geo.footprints import place_of

    places = situation.places()
    owner = place_of(shapes, places, crs=situation.crs())
    table = shapes.drop(columns="geometry")[owner >= 0].copy()
    table["place_id"] = places["place_id"].to_numpy()[owner[owner >= 0]]
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A loaded picture, as it was described when it was loaded."""

    name: str
    path: Path
    role: str
    at: Any
    bounds: tuple[float, float, float, float]
    layer_id: str


def _pairs(situation: Situation) -> list[tuple[_Shown, _Shown]]:
    """Each picture after with the latest one before that lies over it."""
    shown = [
        _Shown(
            name=layer.name,
            path=situation.archive.path(layer.files["imagery"]),
            role=str(layer.details.get("role", "")),
            at=layer.source.at,
            bounds=layer.bounds,
            layer_id=layer.layer_id,
        )
        for layer in situation.store.layers("imagery")
    ]
    pairs = []
    for after in shown:
        earlier = [one for one in shown if _is_before(one, after) and _meet(one, after)]
        if earlier:
            dated = [one for one in earlier if one.at is not None]
            pairs.append((max(dated, key=lambda one: one.at) if dated else earlier[-1], after))
    if not pairs:
        raise InputError(
            f"hint: {len(shown)} picture(s) loaded",
            "one before and one after the earthquake of the same ground are needed",
            "load them with --before and --after, or with --at",
        )
    return pairs


def _is_before(one: _Shown, other: _Shown) -> bool:
    if one is other or one.role == "after" or other.role == "before":
        return False
    if one.role == "before" and other.role == "after":
        return True
    return one.at is not None and other.at is not None and bool(one.at < other.at)


def _meet(one: _Shown, other: _Shown) -> bool:
    a, b = one.bounds, other.bounds
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _compared(
    situation: Situation,
    outlines: gpd.GeoDataFrame,
    before: _Shown,
    after: _Shown,
    progress: Callable[[float], None],
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    from geo.change_hint import change_hints
    from geo.image_pair import align, open_pair
    from geo.imagery import look_at

    pictures: list[Picture] = [look_at(one.path) for one in (before, after)]
    with open_pair(
        before.path,
        after.path,
        before=pictures[0],
        after=pictures[1],
        crs=situation.crs(),
        names=(before.name, after.name),
    ) as pair:
        hints = change_hints(outlines, pair, align(pair), progress=progress)
    known = hints.table["why_not"] == ""
    table = outlines.loc[known, ["geometry"]].join(
        hints.table[["score", "high", "similarity", "texture_change", "shift_m"]]
    )
    table["footprint"] = table.index.to_numpy()
    table["before"], table["after"] = before.name, after.name
    table["after_at"] = "" if after.at is None else after.at.isoformat()
    return table, hints.notes


def _part(progress: Progress, number: int, of: int, name: str) -> Callable[[float], None]:
    return lambda share: progress((number + share) / of, f"comparing footprints with {name}")


def _record(
    situation: Situation, hints: gpd.GeoDataFrame, told: list[dict[str, Any]], used: set[str]
) -> dict[str, Any]:
    from dashboard.operations.loading import record_layers
    from dashboard.operations.loading.layer import prepare_frame
    from geo.model import Source

    days = sorted(day for day in hints["after_at"].unique() if day)
    source = Source(
        name="change between pictures, computed here (hint)",
        at=datetime.fromisoformat(days[-1]) if days else None,
    )
    layer = prepare_frame(
        situation,
        "hint",
        "hint",
        hints.drop(columns="footprint"),
        "hint",
        source,
        details={
            "label": LABEL,
            "pairs": told,
            "high": int(hints["high"].sum()),
            "made_from": sorted(used),
        },
    )
    recorded: dict[str, Any] = record_layers(situation, [layer])["layers"][0]
    return recorded
