"""One register from several sources: a place that three lists know is one place with three names.

Two rows are one place if they lie near each other and a name of one is a name of the other as it is
written or sounds (`geo.name_table.name_likeness`); kind and commune speak against it. The nearest
and most alike pair of two sources is joined first, and only where no other row of the same source
comes close to it: what is not clear stays apart and is reported. Two rows of one source stay two
places, unless they bear one name within `SAME_SOURCE_M`; two census codes are always two douars.

Nothing depends on the order of the rows, and merging what was merged changes nothing: pairs are
joined until none is left. The merged register is derived from the layers and never stored, so
whoever takes a layer away gets back what was there before it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geo.crs import STORAGE_CRS
from geo.name_table import name_likeness
from geo.names import plain
from geo.places import COLUMNS, NUMBERS, require_places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

#: Farther apart, a shared name is a namesake. Positions of gazetteers are rounded to minutes of arc
#: (1.9 km), so that two sources may differ by half the diagonal of such a cell.
RADIUS_M = 2_500.0
#: What a pair loses at `RADIUS_M`, and at `_UNLIKE_M` where its names are not one as they sound:
#: *Ait Ali* and *Ait Alla* 700 m apart are two douars. Less in proportion.
_FAR = 0.25
_UNLIKE_M = 800.0
_ONE_NAME = 0.95
#: What it loses where the two are of unlike size (a town and a farm), or in two communes.
_OTHER_KIND = 0.15
_OTHER_COMMUNE = 0.12
#: At this score two rows are one place; an exact name just holds at `RADIUS_M`. An estimate: no
#: register with the truth in it was at hand to tune it on.
MERGE_SCORE = 0.74
#: Pairs that come this near to it are shown to people.
DOUBTFUL_SCORE = 0.68
#: Another row of the same source must be so much less alike.
MERGE_GAP = 0.06
#: Two rows of one source that bear one name so near are one place entered twice.
SAME_SOURCE_M = 150.0
#: A point without name so near to a named place of another source is that place, if it is the only
#: one: it tells no more than a position. Such a pair counts as this much alike.
UNNAMED_M = 250.0
_UNNAMED = 0.82
#: More pairs than this are a crowd in one point and not a country: the radius is halved.
MAX_PAIRS = 6_000_000
#: So many unclear pairs are listed; all are counted.
MAX_LISTED = 200

_ALTERNATIVES = re.compile(r"\s*[/|;]\s*")
_EARTH_RADIUS_M = 6_371_008.8
_NAMES = ("name", "name_fr", "name_ar", "name_zgh")
_SIZES = {"city": 3, "town": 2, "village": 1, "douar": 1, "hamlet": 1}
_SIZES |= {"isolated_dwelling": 0, "farm": 0}
#: Whose word counts first, by the beginning of an id: census, then OSM, then lists with ids.
_RANKS = ("place:MA-", "place:osm-", "place:geonames-")
_CENSUS = "place:MA-"
#: Columns that a merged register has besides those of places.
MERGED_COLUMNS = ("sources", "aliases", "other_ids")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A merged register and how it came about.

    Attributes
    ----------
    places
        A places table, sorted by id, with `sources` and `aliases` (JSON: ``[source, …]`` and
        ``[[name, source], …]``) and `other_ids` (the ids that were joined, parted by spaces).
    counts
        `before` and `after` (places), `merged` (ids that were joined to another), `ambiguous`.
    ambiguous
        Pairs that were not joined and may be one place: `place_ids`, `names`, `distance_m`,
        `score` and `why`.
    notes
        What people should know of it, in plain words.
    """

    places: gpd.GeoDataFrame
    counts: dict[str, int]
    ambiguous: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = field(default=())


def merge_places(
    frame: gpd.GeoDataFrame, *, progress: Callable[[float, str], None] | None = None
) -> Merge:
    """Join the rows that are one place.

    Parameters
    ----------
    frame
        A places table of one or several sources (`source` says which), or a merged register.

    Raises
    ------
    SchemaError, CrsError
        `frame` is not a places table.
    """
    require_places(frame)
    state = with_spellings(frame).sort_values("place_id", ignore_index=True)
    before = len(state)
    notes: list[str] = []
    passes = 0
    while True:
        if progress is not None:
            progress(1 - 0.5**passes, f"comparing {len(state)} places")
        pairs = _pairs(state, notes if passes == 0 else [])
        joined = _to_join(pairs)
        if joined.empty:
            break
        state = _joined(state, joined)
        passes += 1
    unclear = _unclear(state, pairs)
    counts = {
        "before": before,
        "after": len(state),
        "merged": before - len(state),
        "ambiguous": len(unclear),
    }
    if unclear:
        notes.append(
            f"{len(unclear)} pairs of places may be one and were not joined: they are listed"
        )
    return Merge(
        places=state,
        counts=counts,
        ambiguous=tuple(unclear[:MAX_LISTED]),
        notes=tuple(notes),
    )


def with_spellings(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a places table with `sources`, `aliases` and `other_ids`, where it lacks them."""
    found = frame.copy()
    if "other_ids" not in found:
        found["other_ids"] = ""
    if "sources" not in found:
        found["sources"] = [_json([source] if source else []) for source in found["source"]]
    if "aliases" not in found:
        columns = [found[column].tolist() for column in (*_NAMES, "source")]
        found["aliases"] = [
            _json(sorted([name, row[-1]] for name in set(row[:-1]) if name))
            for row in zip(*columns, strict=True)
        ]
    return found[[*COLUMNS[:-1], *MERGED_COLUMNS, *_others(found), "geometry"]]


def newest_known(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give one row an id: of every column the newest value that says something, all spellings.

    A later list that knows the positions must not erase the people that an earlier one counted.

    Parameters
    ----------
    rows
        Rows of several layers, the oldest first; an id may stand several times.

    Returns
    -------
    geopandas.GeoDataFrame
        A places table with the columns of `with_spellings`; `attrs["moved"]` lists the ids whose
        positions in two layers are more than `RADIUS_M` apart (the newest one counts).
    """
    rows = with_spellings(rows)
    moved = _moved(rows)
    doubled = rows["place_id"].duplicated(keep=False)
    if doubled.any():
        many = rows[doubled].groupby("place_id", sort=False)
        for column in ("sources", "aliases"):
            whole = many[column].agg(_union)
            again = rows["place_id"].map(whole)
            rows[column] = again.where(doubled, rows[column])
        rows["source"] = rows["source"].where(~doubled, rows["sources"].map(_shown))
    geometry = rows[["place_id", "geometry"]].drop_duplicates("place_id", keep="last")
    merged = _told(rows, rows["place_id"], last=True)
    joined = merged.merge(geometry, on="place_id", validate="one_to_one")
    found = gpd.GeoDataFrame(joined[list(rows.columns)], geometry="geometry", crs=STORAGE_CRS)
    found.attrs = {"moved": moved}
    return found


# --- pairs --------------------------------------------------------------------------------------


def _pairs(state: gpd.GeoDataFrame, notes: list[str]) -> pd.DataFrame:
    """Pairs of near rows that may be one place, with `score`, `distance_m` and what they share."""
    one, other, distance_m = _near(state, notes)
    # Two census codes are two douars, whoever lists them: the census counts as one source.
    share = np.column_stack([_member(state["sources"]), _census(state)])
    overlap: NDArray[np.bool_] = np.asarray((share[one] & share[other]).any(axis=1), dtype=bool)
    kept = ~(share[one, -1] & share[other, -1]) & (~overlap | (distance_m <= SAME_SOURCE_M))
    one, other, distance_m, overlap = one[kept], other[kept], distance_m[kept], overlap[kept]
    alike = _names_alike(state["aliases"], one, other)
    nameless = (state["aliases"] == "[]").to_numpy(dtype=bool)
    alike[(nameless[one] ^ nameless[other]) & (distance_m <= UNNAMED_M)] = _UNNAMED
    score = alike - _FAR * distance_m / np.where(alike >= _ONE_NAME, RADIUS_M, _UNLIKE_M)
    size = state["kind"].map(_SIZES).to_numpy(dtype=float)
    score -= _OTHER_KIND * (np.abs(size[one] - size[other]) >= 2)
    for column, fold in (("commune_code", str), ("commune", plain)):
        text = np.asarray([fold(value) for value in state[column]], dtype=object)
        both = (text[one] != "") & (text[other] != "")
        if column == "commune":
            code = state["commune_code"].to_numpy()
            both &= (code[one] == "") | (code[other] == "")
        score -= _OTHER_COMMUNE * (both & (text[one] != text[other]))
    score[overlap & (alike < 1)] = 0  # one source tells its places apart by the smallest difference
    good = score >= DOUBTFUL_SCORE - MERGE_GAP
    found = pd.DataFrame(
        {
            "one": one[good],
            "other": other[good],
            "distance_m": distance_m[good],
            "score": score[good],
            "overlap": overlap[good],
        }
    )
    found["lead"] = _lead(found, share)
    return found


def _census(state: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    own = state["place_id"].str.startswith(_CENSUS).to_numpy(dtype=bool)
    joined = state["other_ids"].str.contains(_CENSUS, regex=False).to_numpy(dtype=bool)
    return np.asarray(own | joined, dtype=bool)


def _near(
    state: gpd.GeoDataFrame, notes: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of rows within `RADIUS_M`, by a tree; `one` < `other`."""
    lon, lat = np.radians(state.geometry.x.to_numpy()), np.radians(state.geometry.y.to_numpy())
    at = _EARTH_RADIUS_M * np.column_stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    )
    if not len(at):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    tree = cKDTree(at)
    radius_m = RADIUS_M
    while radius_m > 1 and tree.count_neighbors(tree, radius_m) > 2 * MAX_PAIRS + len(at):
        radius_m /= 2
    if radius_m < RADIUS_M:
        notes.append(
            f"places crowd so much that only those within {radius_m:.0f} m were compared"
            if radius_m > 1
            else "thousands of places share one point: none of them were compared"
        )
    if radius_m <= 1:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    found = np.sort(tree.query_pairs(radius_m, output_type="ndarray"), axis=1)
    one, other = found[:, 0].astype(np.int64), found[:, 1].astype(np.int64)
    return one, other, np.linalg.norm(at[one] - at[other], axis=1)


def _member(sources: pd.Series) -> NDArray[np.bool_]:
    """Which source knows which row: shape (rows, sources)."""
    lists = [json.loads(text) for text in sources]
    known = {name: at for at, name in enumerate(sorted({one for part in lists for one in part}))}
    member = np.zeros((len(lists), max(len(known), 1)), dtype=bool)
    rows = np.repeat(np.arange(len(lists)), [len(part) for part in lists])
    member[rows, [known[one] for part in lists for one in part]] = True
    return member


def _names_alike(
    aliases: pd.Series, one: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Likeness of the two names that are most alike, for each pair of rows."""
    lists = [
        sorted({part for name, _ in json.loads(text) for part in _ALTERNATIVES.split(name) if part})
        for text in aliases
    ]
    known = {name: at for at, name in enumerate(sorted({one for part in lists for one in part}))}
    counts = np.asarray([len(part) for part in lists], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    flat = np.asarray([known[name] for part in lists for name in part], dtype=np.int64)
    n_pairs = counts[one] * counts[other]
    pair = np.repeat(np.arange(len(one)), n_pairs)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(n_pairs) - n_pairs, n_pairs)
    width = counts[other][pair]
    left = flat[starts[one][pair] + offset // np.maximum(width, 1)]
    right = flat[starts[other][pair] + offset % np.maximum(width, 1)]
    keys, back = np.unique(
        np.minimum(left, right) * max(len(known), 1) + np.maximum(left, right), return_inverse=True
    )
    size = max(len(known), 1)
    alike = name_likeness(list(known), keys // size, keys % size)[back]
    best = np.zeros(len(one))
    np.maximum.at(best, pair, alike)
    return best


def _lead(pairs: pd.DataFrame, share: NDArray[np.bool_]) -> NDArray[np.float64]:
    """By how much a pair is ahead of the next pair of either row with a row of the same source."""
    one, other = pairs["one"].to_numpy(dtype=np.int64), pairs["other"].to_numpy(dtype=np.int64)
    if not len(pairs):
        return np.empty(0)
    mine, theirs = np.concatenate([one, other]), np.concatenate([other, one])
    score = np.tile(pairs["score"].to_numpy(dtype=float), 2)
    # One line for each pair, seen from each of its rows, and each source of the other row.
    line, source = np.nonzero(share[theirs])
    key, told = mine[line] * share.shape[1] + source, score[line]
    order = np.lexsort([-told, key])
    keys, first = np.unique(key[order], return_index=True)
    best = told[order][first]
    following = np.minimum(first + 1, len(order) - 1)
    again = (key[order][following] == keys) & (following > first)
    second = np.where(again, told[order][following], 0.0)
    at = np.searchsorted(keys, key)
    ahead = np.where(told >= best[at], told - second[at], told - best[at])
    lead = np.full(len(mine), np.inf)
    np.minimum.at(lead, line, ahead)
    both: NDArray[np.float64] = np.minimum(lead[: len(one)], lead[len(one) :])
    return both


def _to_join(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs that are clear, no row in two of them: the most alike first, then by id."""
    clear = pairs[
        (pairs["score"] >= MERGE_SCORE) & (pairs["overlap"] | (pairs["lead"] >= MERGE_GAP))
    ]
    # Rows are sorted by id, so that their numbers break ties in the same way in any order.
    ranked = clear.assign(score=clear["score"].round(9)).sort_values(
        ["score", "one", "other"], ascending=[False, True, True]
    )
    used: set[int] = set()
    kept = []
    for at, one, other in zip(ranked.index, ranked["one"], ranked["other"], strict=True):
        if one not in used and other not in used:
            used |= {one, other}
            kept.append(at)
    return pairs.loc[kept]


# --- rows ---------------------------------------------------------------------------------------


def _joined(state: gpd.GeoDataFrame, pairs: pd.DataFrame) -> gpd.GeoDataFrame:
    """Make one row of each pair: the values of the source that counts first, all spellings."""
    cluster = np.arange(len(state))
    cluster[pairs["other"].to_numpy()] = pairs["one"].to_numpy()
    rank = np.full(len(state), len(_RANKS))
    for at, beginning in reversed(list(enumerate(_RANKS))):
        rank[state["place_id"].str.startswith(beginning).to_numpy()] = at
    order = np.lexsort([np.arange(len(state)), rank, cluster])
    rows = state.iloc[order].reset_index(drop=True)
    group = pd.Series(cluster[order])
    merged = _told(rows, group)
    merged["geometry"] = rows["geometry"][~group.duplicated()].to_numpy()
    second = np.flatnonzero(group.duplicated())
    at = group.drop_duplicates().searchsorted(group.iloc[second])
    couples = list(zip(second - 1, second, strict=True))
    for column, join in (("sources", _union), ("aliases", _union), ("other_ids", _words)):
        told = rows[column].tolist()
        if column == "other_ids":
            ids = rows["place_id"].tolist()
            for row in second:
                told[row] = f"{ids[row]} {told[row]}"
        merged.iloc[at, merged.columns.get_loc(column)] = [
            join([told[one], told[other]]) for one, other in couples
        ]
    merged.iloc[at, merged.columns.get_loc("source")] = [
        _shown(text) for text in merged["sources"].iloc[at]
    ]
    columns = [column for column in state.columns if column in merged]
    frame = gpd.GeoDataFrame(merged[columns], geometry="geometry", crs=STORAGE_CRS)
    return frame.sort_values("place_id", ignore_index=True)


def _told(rows: gpd.GeoDataFrame, group: pd.Series, *, last: bool = False) -> pd.DataFrame:
    """Of every column the first (or last) value of each group that says something."""
    known = pd.DataFrame(rows.drop(columns="geometry")).replace("", None)
    groups = known.groupby(group.to_numpy(), sort=False)
    merged = groups.last() if last else groups.first()
    text = [name for name in merged if name not in NUMBERS and rows[name].dtype.kind not in "fiub"]
    merged[text] = merged[text].fillna("")
    return merged.reset_index(drop=True)


def _words(texts: list[str]) -> str:
    return " ".join(sorted({word for text in texts for word in text.split()}))


def _moved(rows: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Ids whose layers put them far apart."""
    again = rows[rows["place_id"].duplicated(keep=False)]
    found = []
    for place_id, group in again.groupby("place_id"):
        x, y = np.radians(group.geometry.x.to_numpy()), np.radians(group.geometry.y.to_numpy())
        apart_m = _EARTH_RADIUS_M * np.hypot(np.ptp(x) * np.cos(y.mean()), np.ptp(y))
        if apart_m > RADIUS_M:
            found.append({"place_id": str(place_id), "distance_m": round(float(apart_m))})
    return found


def _unclear(state: gpd.GeoDataFrame, pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Pairs that stayed apart and may be one place, the most alike first."""
    doubtful = pairs[(pairs["score"] >= DOUBTFUL_SCORE) & ~pairs["overlap"]]
    doubtful = doubtful.sort_values(["score", "one", "other"], ascending=[False, True, True])
    ids, names = state["place_id"].tolist(), state["name"].tolist()
    return [
        {
            "place_ids": [ids[row.one], ids[row.other]],
            "names": [names[row.one], names[row.other]],
            "distance_m": round(float(row.distance_m)),
            "score": round(float(row.score), 3),
            "why": "another place is as likely" if row.score >= MERGE_SCORE else "too little alike",
        }
        for row in doubtful.itertuples(index=False)
    ]


def _others(frame: pd.DataFrame) -> list[str]:
    return [one for one in frame.columns if one not in COLUMNS and one not in MERGED_COLUMNS]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _union(texts: Iterable[str]) -> str:
    """One JSON list of several, sorted, nothing twice."""
    values = {
        json.dumps(one, ensure_ascii=False): one for text in texts for one in json.loads(text)
    }
    return _json(sorted(values.values()))


def _shown(sources: str) -> str:
    return " + ".join(json.loads(sources))
