"""Which place a written name means: an index over all known names, asked once or in bulk.

For a written name the index gathers candidates that share letter groups with it as it sounds
(`geo.name_forms.sound`), and every name of the commune where one is given; scores the pairs by how
far their sounds and, in one script, their letters are apart; and takes commune, province and
coordinate into account. It decides alone only where the best candidate is good and clearly ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geo.errors import InputError
from geo.name_table import METHODS, NameTable, index_names, joined
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: A name is decided alone at this score and this far ahead of the runner-up, and never by some of
#: its words; the figures were tuned on one half of `benchmarks/names.py` so that fewer than 1 % of
#: the decisions are wrong, names of places that the register lacks included.
SURE_SCORE = 0.88
SURE_GAP = 0.22
#: An exact name needs a smaller lead, and so does a place where the commune or the coordinate that
#: was given says so too.
SURE_GAP_EXACT = 0.18
SURE_SCORE_AGREED = 0.80
SURE_GAP_AGREED = 0.10
SURE_GAP_EXACT_AGREED = 0.04

#: Candidates below this score are not offered.
MIN_SCORE = 0.5
#: What a candidate loses for lying in another commune or province than the one given, or where
#: its own is not known.
_OTHER_COMMUNE = 0.15
_OTHER_PROVINCE = 0.10
_UNKNOWN_PARENT = 0.08
#: What a candidate loses far from the coordinate given, half of it at the given distance (m).
_FAR_AWAY = 0.25
_FAR_SCALE_M = 5_000.0
#: What a candidate loses far from all places that the writer is known to work at: nothing within
#: the free distance, then half of it at the scale (m). Held out on the names of 807 coded places of
#: a relief register: 571 decided without, 621 with it, none wrong; half or twice the distances
#: decide 611.
_ELSEWHERE = 0.25
_ELSEWHERE_FREE_M = 10_000.0
_ELSEWHERE_SCALE_M = 10_000.0
#: So few places say nothing of where somebody works.
MIN_AROUND = 8
_EARTH_RADIUS_M = 6_371_008.8
#: A commune is taken as given if it is this like a known one; otherwise it says nothing.
_PARENT_SCORE = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMatch:
    """A candidate for a written name.

    Attributes
    ----------
    index
        Position of the place among those the index was built from.
    name
        The known name that came nearest.
    score
        0 to 1; 1 only for an exact name (in its plain form) or an alias, not lowered by context.
    method
        ``alias`` (confirmed before), ``exact``, ``spelling`` (same script), ``sound`` (across
        scripts), ``part`` (some of the words).
    gap
        Score of this candidate less that of the next one; of the last, its whole score.
    sure
        The first candidate is good and far enough ahead to be taken without asking.
    """

    index: int
    name: str
    score: float
    method: str
    gap: float
    sure: bool


class NameIndex:
    """All known names, ready to be asked; build it once with `NameIndex.build`."""

    def __init__(
        self, table: NameTable, parents: Mapping[str, _Parent], where: _Where | None
    ) -> None:
        self._names = table
        self._parents = dict(parents)
        self._where = where

    @classmethod
    def build(
        cls,
        names: pd.DataFrame,
        *,
        commune: Sequence[str] | None = None,
        province: Sequence[str] | None = None,
        lon: Sequence[float] | NDArray[np.float64] | None = None,
        lat: Sequence[float] | NDArray[np.float64] | None = None,
        aliases: Mapping[str, int] | Sequence[tuple[str, int]] = (),
    ) -> NameIndex:
        """Index the names of places.

        Parameters
        ----------
        names
            One row a place; every column is a name of it in any script, "" or missing for none.
            A name in several scripts at once, or with alternatives (``A / B``, ``A (B)``), counts
            as each of them.
        commune, province
            Name of each place's commune and province, "" where unknown.
        lon, lat
            Degrees, EPSG:4326; NaN where unknown.
        aliases
            Written names that somebody has confirmed, with the position of the place meant; pairs
            where one name may be confirmed for several places.

        Raises
        ------
        InputError
            The columns have different lengths, or an alias names a place that is not there.
        """
        count = len(names)
        for what, given in (
            ("commune", commune),
            ("province", province),
            ("lon", lon),
            ("lat", lat),
        ):
            if given is not None and len(given) != count:
                raise InputError(
                    f"{len(given)} values of {what}",
                    f"one for each of {count} places is needed",
                    "give columns of one table",
                )
        confirmed = list(aliases.items() if isinstance(aliases, Mapping) else aliases)
        strays = [name for name, at in confirmed if not 0 <= at < count]
        if strays:
            raise InputError(
                f"alias {strays[0]!r}", "its place is not among the places", "leave it out"
            )
        table = index_names(names, confirmed)
        parents = {
            what: _index_parent(list(given), table, elsewhere=elsewhere)
            for what, given, elsewhere in (
                ("commune", commune, _OTHER_COMMUNE),
                ("province", province, _OTHER_PROVINCE),
            )
            if given is not None
        }
        where = None
        if lon is not None and lat is not None:
            where = _Where(lon=np.asarray(lon, dtype=float), lat=np.asarray(lat, dtype=float))
        return cls(table, parents, where)

    def match(
        self,
        written: str,
        *,
        commune: str | None = None,
        province: str | None = None,
        lon: float | None = None,
        lat: float | None = None,
        limit: int = 3,
    ) -> list[NameMatch]:
        """Rank the places that a written name may mean, best first; none if nothing is alike.

        >>> places = pd.DataFrame({"name": ["Tinmel", "Asni"], "name_ar": ["تينمل", "أسني"]})
        >>> [best] = NameIndex.build(places).match("Tinmell")
        >>> best.name, best.sure
        ('Tinmel', True)
        """
        table = self.match_many(
            [written],
            commune=None if commune is None else [commune],
            province=None if province is None else [province],
            lon=None if lon is None else [lon],
            lat=None if lat is None else [lat],
            limit=limit,
        )
        return [
            NameMatch(
                index=int(row.place),
                name=row.name,
                score=float(row.score),
                method=row.method,
                gap=float(row.gap),
                sure=bool(row.sure),
            )
            for row in table.itertuples(index=False, name="Row")
        ]

    def match_many(
        self,
        written: Sequence[str],
        *,
        commune: Sequence[str] | None = None,
        province: Sequence[str] | None = None,
        lon: Sequence[float] | NDArray[np.float64] | None = None,
        lat: Sequence[float] | NDArray[np.float64] | None = None,
        around: NDArray[np.float64] | None = None,
        limit: int = 3,
    ) -> pd.DataFrame:
        """Rank the places for many written names at once.

        Parameters are as in `match`, one value per written name ("" and NaN where not given).
        `around` are points (lon, lat in degrees, shape (n, 2)) where the writer of all these names
        is known to work; of namesakes the one near some of them is meant. Fewer than `MIN_AROUND`
        say nothing.

        Returns
        -------
        DataFrame
            `query` (position in `written`), `rank` (1 is best), `place` (position), `name`,
            `score`, `method`, `gap`, `sure`; sorted by `query` and `rank`, no row for a name
            without candidates.
        """
        queries = [plain(text) for text in written]
        given = {
            what: self._parents[what].read(values)
            for what, values in (("commune", commune), ("province", province))
            if values is not None and what in self._parents
        }
        query, row = self._candidates(queries, written, given.get("commune"))
        score, method = self._names.score(queries, written, query, row)
        query, place, row, score, method = self._names.places_of(query, row, score, method)
        exact = score >= 1
        lost = np.zeros(len(score))
        told = np.zeros(len(score), dtype=bool)
        for what, codes in given.items():
            lost += self._parents[what].penalty(codes[query], place)
            told |= codes[query] >= 0
        if self._where is not None and lon is not None and lat is not None:
            at = np.column_stack([np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)])
            lost += self._where.penalty(at[query, 0], at[query, 1], place)
            told |= np.isfinite(at[query]).all(axis=1)
        # Not `told`: that somebody works nearby does not make a doubtful spelling a sure one.
        if self._where is not None and around is not None and len(around) >= MIN_AROUND:
            lost += self._where.elsewhere(around)[place]
        found = pd.DataFrame(
            {
                "query": query,
                "place": place,
                "row": row,
                "score": score - lost,
                "method": method,
                "exact": exact,
                "agreed": told & (lost < _UNKNOWN_PARENT),
            }
        )
        return self._ranked(found, limit=limit)

    def _candidates(
        self, queries: list[str], written: Sequence[str], commune: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        query, row = self._names.near(written)
        parts = [(query, row), self._names.same(queries)]
        if commune is not None:
            parts.append(self._parents["commune"].rows_of(commune))
        size = max(1, len(self._names.plain))
        keys = np.unique(np.concatenate([query * size + row for query, row in parts]))
        return keys // size, keys % size

    def _ranked(self, found: pd.DataFrame, *, limit: int) -> pd.DataFrame:
        """Keep the best name of each place, the best places of each query, and judge the lead."""
        # What somebody confirmed wins over everything.
        confirmed = found["method"] == METHODS.index("alias")
        found = found.assign(asked=~confirmed, score=found["score"].where(~confirmed, 1.0))
        found = found.sort_values(
            ["query", "asked", "score", "place", "row"], ascending=[True, True, False, True, True]
        )
        found = found[found["score"] >= MIN_SCORE].drop_duplicates(["query", "place"])
        query = found["query"].to_numpy()
        score = found["score"].to_numpy()
        rank = found.groupby("query").cumcount().to_numpy()
        following = np.zeros(len(found))
        following[:-1] = np.where(query[1:] == query[:-1], score[1:], 0.0)
        gap = score - following
        sure = (rank == 0) & _sure(found, gap)
        shown = rank < limit
        return pd.DataFrame(
            {
                "query": query[shown],
                "rank": rank[shown] + 1,
                "place": found["place"].to_numpy()[shown],
                "name": self._names.written[found["row"].to_numpy()[shown]],
                "score": np.round(score[shown], 4),
                "method": np.asarray(METHODS, dtype=object)[found["method"].to_numpy()[shown]],
                "gap": np.round(gap[shown], 4),
                "sure": sure[shown],
            }
        )


def _sure(found: pd.DataFrame, gap: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each candidate, were it the first, could be taken without asking."""
    agreed, exact = found["agreed"].to_numpy(), found["exact"].to_numpy()
    score, method = found["score"].to_numpy(), found["method"].to_numpy()
    lead = np.where(
        exact,
        np.where(agreed, SURE_GAP_EXACT_AGREED, SURE_GAP_EXACT),
        np.where(agreed, SURE_GAP_AGREED, SURE_GAP),
    )
    good = score >= np.where(agreed, SURE_SCORE_AGREED, SURE_SCORE)
    clear: NDArray[np.bool_] = good & (gap >= lead) & (method != METHODS.index("part"))
    clear |= (method == METHODS.index("alias")) & ~_claimed_twice(found)
    return clear


def _claimed_twice(found: pd.DataFrame) -> NDArray[np.bool_]:
    """Candidates whose query is a confirmed name of several places."""
    alias = found["method"].to_numpy() == METHODS.index("alias")
    claims = found["query"].where(alias).map(found.loc[alias, "query"].value_counts())
    twice: NDArray[np.bool_] = (claims > 1).to_numpy(dtype=bool)
    return twice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parent:
    """Communes (or provinces): how they are written, which one each place lies in, its names."""

    index: NameIndex | None
    known: dict[str, int]
    of_place: NDArray[np.int64]
    rows: tuple[NDArray[np.int64], ...]
    elsewhere: float

    def read(self, written: Sequence[str]) -> NDArray[np.int64]:
        """Position of each written parent, -1 where none is given or none is like it."""
        codes = {"": -1}
        for text in dict.fromkeys(str(text or "") for text in written):
            form = plain(text)
            if form and form in self.known:
                codes[text] = self.known[form]
            elif form and self.index is not None:
                found = self.index.match(text, limit=1)
                codes[text] = found[0].index if found and found[0].score >= _PARENT_SCORE else -1
        return np.asarray([codes.get(str(text or ""), -1) for text in written], dtype=np.int64)

    def rows_of(self, codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs of (query, name) for all names in the parent of each query."""
        given = np.flatnonzero(codes >= 0)
        rows = [self.rows[code] for code in codes[given]]
        return np.repeat(given, [len(part) for part in rows]).astype(np.int64), joined(rows)

    def penalty(self, codes: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.float64]:
        """What a place loses for not lying in the parent that is given."""
        other = self.of_place[place]
        lost = np.where(other < 0, _UNKNOWN_PARENT, np.where(other == codes, 0, self.elsewhere))
        lost[codes < 0] = 0
        return lost


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    """Coordinates of the places, in degrees."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    def penalty(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], place: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """What a place loses for lying far from the coordinate; nothing where either is unknown."""
        # Equirectangular: exact enough to tell near from far.
        east = np.radians(self.lon[place] - lon) * np.cos(np.radians(lat))
        north = np.radians(self.lat[place] - lat)
        distance_m = np.hypot(east, north) * _EARTH_RADIUS_M
        lost: NDArray[np.float64] = _FAR_AWAY * distance_m / (distance_m + _FAR_SCALE_M)
        return np.nan_to_num(lost)

    def elsewhere(self, around: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each place loses for lying far from every one of these points (lon, lat)."""
        lost = np.zeros(len(self.lon))
        known = np.isfinite(self.lon) & np.isfinite(self.lat)
        chord, _ = cKDTree(_on_sphere(around[:, 0], around[:, 1])).query(
            _on_sphere(self.lon[known], self.lat[known])
        )
        beyond_m = np.maximum(chord * _EARTH_RADIUS_M - _ELSEWHERE_FREE_M, 0)
        lost[known] = _ELSEWHERE * beyond_m / (beyond_m + _ELSEWHERE_SCALE_M)
        return lost


def _on_sphere(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points on the unit sphere, shape (n, 3): nearest neighbours hold across the date line."""
    east, north = np.radians(lon), np.radians(lat)
    level = np.cos(north)
    return np.column_stack([level * np.cos(east), level * np.sin(east), np.sin(north)])


def _index_parent(written: list[str], table: NameTable, *, elsewhere: float) -> _Parent:
    """Index the distinct parents, and the names that lie in each."""
    forms = [plain(str(text or "")) for text in written]
    known = {form: code for code, form in enumerate(dict.fromkeys(f for f in forms if f))}
    of_place = np.asarray([known.get(form, -1) for form in forms], dtype=np.int64)
    shown = dict(zip(forms, written, strict=True))
    index = None
    if known:
        index = NameIndex.build(pd.DataFrame({"name": [shown[form] for form in known]}))
    row_of = np.repeat(np.arange(len(table.plain)), np.diff(table.starts))
    code_of = of_place[table.owners]
    order = np.argsort(code_of, kind="stable")
    edges = np.searchsorted(code_of[order], np.arange(len(known) + 1))
    rows = tuple(
        np.unique(row_of[order[edges[code] : edges[code + 1]]]) for code in range(len(known))
    )
    return _Parent(index=index, known=known, of_place=of_place, rows=rows, elsewhere=elsewhere)
