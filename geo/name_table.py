"""The distinct names of all places, and how like a written name each of them is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rapidfuzz import fuzz, process
from scipy import sparse

from geo.name_distance import encode, likeness
from geo.name_forms import skeleton, sound
from geo.names import plain
from geo.scripts import split_scripts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

#: How a pair was found alike; `alias` and `exact` are one in plain form.
METHODS = ("alias", "exact", "spelling", "sound", "part")

#: So many names share a written one's letter groups best and are compared in full.
_CANDIDATES = 40
_QUERY_BLOCK = 512
#: Only the rarest letter groups of a written name are looked up: the common ones find everything.
_RAREST = 16
_INEXACT = 0.99
#: The score of a name of which some words are given, by the share of its letters they cover.
_PART = 0.62
_PART_COVERED = 0.30
#: Within one script, letters count as much as sounds.
_SPELLED_SHARE = 0.5
_ALTERNATIVES = re.compile(r"[/|;()\[\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTable:
    """The distinct written names, with the places that bear each (`owners[starts[r]:starts[r+1]]`).

    `alias` is true of names that were confirmed for their place, `several` of more than one word.
    """

    written: NDArray[Any]
    plain: NDArray[Any]
    sounds: NDArray[Any]
    codes: NDArray[np.uint8]
    script: NDArray[np.int8]
    alias: NDArray[np.bool_]
    several: NDArray[np.bool_]
    starts: NDArray[np.int64]
    owners: NDArray[np.int64]
    rows_by_plain: dict[str, list[int]]
    grams: dict[str, int]
    weights: NDArray[np.float32]
    postings: sparse.csr_array

    def near(self, written: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs of (query, name) that share the most and the rarest letter groups."""
        sounds = [sound(text) for text in written]
        wanted = _gram_matrix(sounds, self.grams, self.weights, rarest=_RAREST)
        queries: list[NDArray[np.int64]] = []
        rows: list[NDArray[np.int64]] = []
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
        return joined(queries), joined(rows)

    def same(self, queries: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs of (query, name) that are one in plain form."""
        pairs = [
            (at, row) for at, text in enumerate(queries) for row in self.rows_by_plain.get(text, [])
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
        many = words[query] | self.several[row]
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


def index_names(names: pd.DataFrame, aliases: Sequence[tuple[str, int]]) -> NameTable:
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
    for name, place in aliases:
        key = (plain(name), True)
        owners.setdefault(key, {})[place] = None
        shown.setdefault(key, name)
    keys = [key for key in owners if key[0]]
    sounds = [sound(shown[key]) for key in keys]
    counts = [len(owners[key]) for key in keys]
    rows_by_plain: dict[str, list[int]] = {}
    for at, (form, _) in enumerate(keys):
        rows_by_plain.setdefault(form, []).append(at)
    grams, weights, postings = _index_grams(sounds)
    return NameTable(
        written=np.asarray([shown[key] for key in keys], dtype=object),
        plain=np.asarray([form for form, _ in keys], dtype=object),
        sounds=np.asarray(sounds, dtype=object),
        codes=encode([text.replace(" ", "") for text in sounds]),
        script=_scripts([form for form, _ in keys]),
        alias=np.asarray([alias for _, alias in keys], dtype=bool),
        several=np.asarray([" " in text for text in sounds], dtype=bool),
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
    sounds: Sequence[str],
    grams: Mapping[str, int],
    weights: NDArray[np.float32],
    *,
    rarest: int | None = None,
) -> sparse.csr_array:
    """Write names as rows of weighted letter groups, each row of length 1.

    `rarest` limits how many groups of a name count, the heaviest first.
    """
    columns: list[int] = []
    ends = [0]
    weight = weights.tolist()
    for text in sounds:
        known = [grams[gram] for gram in _grams(text) if gram in grams]
        if rarest is not None and len(known) > rarest:
            known = sorted(known, key=lambda column: (-weight[column], column))[:rarest]
        columns.extend(known)
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


def joined(parts: list[NDArray[Any]]) -> NDArray[np.int64]:
    """Put positions end to end; none give none."""
    return np.concatenate([np.empty(0, dtype=np.int64), *parts]).astype(np.int64)


def name_likeness(
    names: Sequence[str], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Likeness of pairs of whole names, 0 to 1; 1 only where they are one in plain form.

    Parameters
    ----------
    names
        Names without their alternatives: one name, one script.
    left, right
        Positions in `names`: equal shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n,). As `NameTable.score`, but a name that holds the words of another is another
        name: *Tagadirt n'Oufella* is not *Tagadirt*.
    """
    forms = np.asarray([plain(name) for name in names], dtype=object)
    codes = encode([sound(name).replace(" ", "") for name in names])
    score: NDArray[np.float64] = likeness(codes, codes, (left, right)).astype(float)
    scripts = _scripts([str(form) for form in forms])
    at = np.flatnonzero((scripts[left] == scripts[right]) & (score > 0.3))
    spelled = _ratios(forms[left[at]], forms[right[at]], fuzz.ratio)
    score[at] = (1 - _SPELLED_SHARE) * score[at] + _SPELLED_SHARE * spelled
    score = np.minimum(score, _INEXACT)
    score[(forms[left] == forms[right]) & (forms[left] != "")] = 1
    return score
