"""Which place a written name means: an index over all known names, asked once or in bulk.

For a written name the index gathers candidates that share letter groups with it as it sounds
(`geo.name_forms.sound`), and every name of the commune where one is given; scores the pairs by how
far their sounds and, in one script, their letters are apart; and takes commune, province and
coordinate into account. It decides alone only where the best candidate is good and clearly ahead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process
from scipy import sparse

from geo.errors import InputError
from geo.name_distance import encode, likeness
from geo.name_forms import skeleton, sound
from geo.names import plain
from geo.scripts import split_scripts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

#: A name is decided alone at this score and this far ahead of the runner-up; the figures were
#: tuned on one half of `benchmarks/names.py` so that fewer than 1 % of decisions are wrong.
SURE_SCORE = 0.86
SURE_GAP = 0.10
#: The exact name needs a smaller lead: only another exact name, or nearly, makes it doubtful.
SURE_GAP_EXACT = 0.04

#: Candidates below this score are not offered.
MIN_SCORE = 0.5
_CANDIDATES = 30
_QUERY_BLOCK = 512
#: What a candidate loses for lying in another commune or province than the one given, or in one
#: that is not known.
_OTHER_COMMUNE = 0.15
_OTHER_PROVINCE = 0.10
_UNKNOWN_PARENT = 0.05
#: What a candidate loses far from the coordinate given, half of it at the given distance (m).
_FAR_AWAY = 0.25
_FAR_SCALE_M = 5_000.0
_EARTH_RADIUS_M = 6_371_008.8
#: A commune is taken as given if it is this like a known one; otherwise it says nothing.
_PARENT_SCORE = 0.75
_INEXACT = 0.99
#: The score of a name of which some words are given, by the share of its letters they cover.
_PART = 0.70
_PART_COVERED = 0.25
_SPELLED_SHARE = 0.4
_ALTERNATIVES = re.compile(r"[/|;()\[\]]+")
METHODS = ("alias", "exact", "spelling", "sound", "part")


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

    def __init__(self, table: _Names, parents: Mapping[str, _Parent], where: _Where | None) -> None:
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
        aliases: Mapping[str, int] | None = None,
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
            Written names that somebody has confirmed, with the position of the place meant.

        Raises
        ------
        InputError
            The columns have different lengths, or an alias names a place that is not there.
        """
        count = len(names)
        for what, given in (("commune", commune), ("province", province), ("lon", lon)):
            if given is not None and len(given) != count:
                raise InputError(
                    f"{len(given)} values of {what}",
                    f"one for each of {count} places is needed",
                    "give columns of one table",
                )
        lost = [name for name, at in (aliases or {}).items() if not 0 <= at < count]
        if lost:
            raise InputError(
                f"alias {lost[0]!r}", "its place is not among the places", "leave it out"
            )
        table = _index_names(names, aliases or {})
        parents = {
            what: _index_parent(list(given), table)
            for what, given in (("commune", commune), ("province", province))
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
        limit: int = 3,
    ) -> pd.DataFrame:
        """Rank the places for many written names at once.

        Parameters are as in `match`, one value per written name ("" and NaN where not given).

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
        for what, codes in given.items():
            score = score - self._parents[what].penalty(codes[query], place)
        if self._where is not None and lon is not None and lat is not None:
            score = score - self._where.penalty(
                np.asarray(lon, dtype=float)[query], np.asarray(lat, dtype=float)[query], place
            )
        return self._ranked(query, place, row, score, method, exact, limit=limit)

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

    def _ranked(
        self,
        query: NDArray[np.int64],
        place: NDArray[np.int64],
        row: NDArray[np.int64],
        score: NDArray[np.float64],
        method: NDArray[np.int8],
        exact: NDArray[np.bool_],
        *,
        limit: int,
    ) -> pd.DataFrame:
        """Keep the best name of each place, the best places of each query, and judge the lead."""
        # What somebody confirmed wins over everything but the order of the other candidates.
        confirmed = method == METHODS.index("alias")
        score = np.where(confirmed, 1.0, score)
        order = np.lexsort((row, -score, ~confirmed, place, query))
        query, place, row, confirmed = query[order], place[order], row[order], confirmed[order]
        score, method, exact = score[order], method[order], exact[order]
        first = np.ones(len(query), dtype=bool)
        first[1:] = (query[1:] != query[:-1]) | (place[1:] != place[:-1])
        keep = np.flatnonzero(first & (score >= MIN_SCORE))
        keep = keep[np.lexsort((place[keep], -score[keep], ~confirmed[keep], query[keep]))]
        query, place, row = query[keep], place[keep], row[keep]
        score, method, exact = score[keep], method[keep], exact[keep]
        starts = np.flatnonzero(np.r_[True, query[1:] != query[:-1]]) if len(query) else keep
        rank = np.arange(len(query)) - np.repeat(starts, np.diff(np.r_[starts, len(query)]))
        following = np.zeros(len(query))
        if len(query):
            following[:-1] = np.where(query[1:] == query[:-1], score[1:], 0.0)
        gap = score - following
        needed = np.where(exact, SURE_GAP_EXACT, SURE_GAP)
        sure = (rank == 0) & (score >= SURE_SCORE) & (gap >= needed)
        sure |= (rank == 0) & (method == METHODS.index("alias"))
        shown = rank < limit
        return pd.DataFrame(
            {
                "query": query[shown],
                "rank": rank[shown] + 1,
                "place": place[shown],
                "name": self._names.written[row[shown]],
                "score": np.round(score[shown], 4),
                "method": np.asarray(METHODS, dtype=object)[method[shown]],
                "gap": np.round(gap[shown], 4),
                "sure": sure[shown],
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """The distinct written names, with the places that bear each (`owners[starts[r]:starts[r+1]]`).

    `alias` is true of names that were confirmed for their place.
    """

    written: NDArray[Any]
    plain: NDArray[Any]
    sounds: NDArray[Any]
    codes: NDArray[np.uint8]
    script: NDArray[np.int8]
    alias: NDArray[np.bool_]
    starts: NDArray[np.int64]
    owners: NDArray[np.int64]
    rows_by_plain: dict[str, list[int]]
    grams: dict[str, int]
    weights: NDArray[np.float32]
    postings: sparse.csr_array

    def near(self, written: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs of (query, name) that share the most and the rarest letter groups."""
        wanted = _gram_matrix([sound(text) for text in written], self.grams, self.weights)
        queries, rows = [], []
        for start in range(0, wanted.shape[0], _QUERY_BLOCK):
            shared = wanted[start : start + _QUERY_BLOCK] @ self.postings
            for offset in range(shared.shape[0]):
                low, high = shared.indptr[offset], shared.indptr[offset + 1]
                found = shared.indices[low:high]
                if len(found) > _CANDIDATES:
                    best = np.argpartition(shared.data[low:high], -_CANDIDATES)[-_CANDIDATES:]
                    found = found[best]
                rows.append(found)
                queries.append(np.full(len(found), start + offset, dtype=np.int64))
        return _joined(queries), _joined(rows)

    def same(self, queries: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs of (query, name) that are one in plain form."""
        pairs = [
            (at, row) for at, text in enumerate(queries) for row in self.rows_by_plain.get(text, ())
        ]
        found = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def score(
        self,
        queries: list[str],
        written: Sequence[str],
        query: NDArray[np.int64],
        row: NDArray[np.int64],
    ) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
        """Score pairs from 0 to 1, and say by which method."""
        if not len(query):
            return np.empty(0), np.empty(0, dtype=np.int8)
        sounds = np.asarray([sound(text) for text in written], dtype=object)
        texts = np.asarray(queries, dtype=object)
        codes = encode([text.replace(" ", "") for text in sounds])
        heard = likeness(codes, self.codes, (query, row)).astype(float)
        same_script = _scripts(queries)[query] == self.script[row]
        score = heard.copy()
        at = np.flatnonzero(same_script)
        spelled = _ratios(texts[query[at]], self.plain[row[at]], fuzz.ratio)
        score[at] = (1 - _SPELLED_SHARE) * heard[at] + _SPELLED_SHARE * spelled
        method = np.where(same_script, METHODS.index("spelling"), METHODS.index("sound"))
        method = method.astype(np.int8)
        words = np.asarray([" " in text for text in sounds])
        many = words[query] | np.asarray([" " in text for text in self.sounds])[row]
        at = np.flatnonzero(many & (score > 0.3))
        one, other = sounds[query[at]], self.sounds[row[at]]
        lengths = np.asarray([[len(a), len(b)] for a, b in zip(one, other, strict=True)])
        lengths = lengths.reshape(-1, 2)
        covered = lengths.min(axis=1) / np.maximum(lengths.max(axis=1), 1)
        parts = _ratios(one, other, fuzz.token_set_ratio) * (_PART + _PART_COVERED * covered)
        better = parts > score[at]
        score[at[better]] = parts[better]
        method[at[better]] = METHODS.index("part")
        score = np.minimum(score, _INEXACT)
        exact = texts[query] == self.plain[row]
        exact &= texts[query] != ""
        score[exact] = 1
        method[exact] = METHODS.index("exact")
        method[exact & self.alias[row]] = METHODS.index("alias")
        return score, method

    def places_of(
        self,
        query: NDArray[np.int64],
        row: NDArray[np.int64],
        score: NDArray[np.float64],
        method: NDArray[np.int8],
    ) -> tuple[Any, ...]:
        """Give each pair once for every place that bears the name."""
        counts = self.starts[row + 1] - self.starts[row]
        again = np.repeat(np.arange(len(row)), counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        place = self.owners[self.starts[row][again] + np.arange(len(again)) - first]
        return query[again], place, row[again], score[again], method[again]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parent:
    """Communes (or provinces): how they are written, which one each place lies in, its names."""

    index: NameIndex | None
    known: dict[str, int]
    of_place: NDArray[np.int64]
    rows: tuple[NDArray[np.int64], ...]

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
        return np.repeat(given, [len(part) for part in rows]).astype(np.int64), _joined(rows)

    def penalty(
        self, codes: NDArray[np.int64], place: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """What a place loses for not lying in the parent that is given."""
        other = self.of_place[place]
        lost = np.where(other < 0, _UNKNOWN_PARENT, np.where(other == codes, 0, _OTHER_COMMUNE))
        return np.where(codes < 0, 0, lost)


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
        return np.nan_to_num(_FAR_AWAY * distance_m / (distance_m + _FAR_SCALE_M))


def _index_names(names: pd.DataFrame, aliases: Mapping[str, int]) -> _Names:
    """Collect the distinct names with their owners and their letter groups."""
    owners: dict[tuple[str, bool], dict[int, None]] = {}
    shown: dict[tuple[str, bool], str] = {}
    columns = [names[column].tolist() for column in names.columns]
    for place, row in enumerate(zip(*columns, strict=True)):
        for cell in dict.fromkeys(row):
            for name in _names_in(cell):
                key = (plain(name), False)
                owners.setdefault(key, {})[place] = None
                shown.setdefault(key, name)
    for name, place in aliases.items():
        key = (plain(name), True)
        owners.setdefault(key, {})[place] = None
        shown.setdefault(key, name)
    keys = [key for key in owners if key[0]]
    sounds = [sound(shown[key]) for key in keys]
    counts = [len(owners[key]) for key in keys]
    rows_by_plain: dict[str, list[int]] = {}
    for row, (form, _) in enumerate(keys):
        rows_by_plain.setdefault(form, []).append(row)
    grams, weights, postings = _index_grams(sounds)
    return _Names(
        written=np.asarray([shown[key] for key in keys], dtype=object),
        plain=np.asarray([form for form, _ in keys], dtype=object),
        sounds=np.asarray(sounds, dtype=object),
        codes=encode([text.replace(" ", "") for text in sounds]),
        script=_scripts([form for form, _ in keys]),
        alias=np.asarray([alias for _, alias in keys], dtype=bool),
        starts=np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64),
        owners=np.asarray([place for key in keys for place in owners[key]], dtype=np.int64),
        rows_by_plain=rows_by_plain,
        grams=grams,
        weights=weights,
        postings=postings,
    )


def _names_in(cell: object) -> list[str]:
    """Part a cell into names: one per script and per alternative, and the whole of each script."""
    if not isinstance(cell, str) or not cell:
        return []
    scripts = split_scripts(cell)
    found: dict[str, None] = {}
    for part in (scripts.latin, scripts.arabic, scripts.tifinagh):
        if not part:
            continue
        found[part] = None
        if _ALTERNATIVES.search(part):
            found.update(dict.fromkeys(one.strip() for one in _ALTERNATIVES.split(part)))
    return [name for name in found if len(name) > 1] or [cell]


def _index_parent(written: list[str], table: _Names) -> _Parent:
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
    return _Parent(index=index, known=known, of_place=of_place, rows=rows)


def _index_grams(
    sounds: list[str],
) -> tuple[dict[str, int], NDArray[np.float32], sparse.csr_array]:
    """Give letter group → column, the weight of each, and the matrix (groups × names)."""
    grams: dict[str, int] = {}
    for text in sounds:
        for gram in _grams(text):
            grams.setdefault(gram, len(grams))
    plain_counts = _gram_matrix(sounds, grams, np.ones(len(grams), dtype=np.float32))
    spread = np.bincount(plain_counts.indices, minlength=len(grams))
    # Inverse document frequency, smoothed: a group that all names share says nothing.
    weights = np.log((1 + len(sounds)) / (1 + spread)).astype(np.float32) + 0.1
    postings = sparse.csr_array(_gram_matrix(sounds, grams, weights).T.tocsr())
    return grams, weights, postings


def _gram_matrix(
    sounds: Sequence[str], grams: Mapping[str, int], weights: NDArray[np.float32]
) -> sparse.csr_array:
    """Write names as rows of weighted letter groups, each row of length 1."""
    columns: list[int] = []
    ends = [0]
    for text in sounds:
        columns.extend(grams[gram] for gram in _grams(text) if gram in grams)
        ends.append(len(columns))
    indices = np.asarray(columns, dtype=np.int32)
    matrix = sparse.csr_array(
        (weights[indices], indices, np.asarray(ends, dtype=np.int32)),
        shape=(len(sounds), len(grams)),
    )
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    scale = sparse.dia_array(
        (1 / np.maximum(lengths, 1e-6)[None, :], [0]), shape=(len(sounds), len(sounds))
    )
    return sparse.csr_array((scale @ matrix).astype(np.float32))


def _grams(sounded: str) -> set[str]:
    """Letter groups of a name: two and three of its skeleton, three of its sound."""
    bones = f"^{skeleton(sounded)}$"
    heard = f" {sounded.replace(' ', '')} "
    found = {bones[at : at + 3] for at in range(len(bones) - 2)}
    found.update(bones[at : at + 2] for at in range(len(bones) - 1))
    found.update("~" + heard[at : at + 3] for at in range(len(heard) - 2))
    return found


def _scripts(texts: Sequence[str]) -> NDArray[np.int8]:
    """Script of each plain text by its first letter: 0 Latin, 1 Arabic, 2 Tifinagh, 3 other."""
    return np.asarray([_script(text) for text in texts], dtype=np.int8)


def _script(text: str) -> int:
    first = next((char for char in text if char.isalpha()), "a")
    if first < "\u0370":
        return 0
    if "\u0600" <= first < "\u0900" or first > "\ufb4f":
        return 1
    return 2 if "\u2d30" <= first <= "\u2d7f" else 3


def _ratios(one: NDArray[Any], other: NDArray[Any], scorer: Any) -> NDArray[np.float64]:
    if not len(one):
        return np.empty(0)
    found = process.cpdist(one.tolist(), other.tolist(), scorer=scorer, dtype=np.float32)
    return np.asarray(found, dtype=float) / 100


def _joined(parts: list[NDArray[Any]]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts]).astype(np.int64)
