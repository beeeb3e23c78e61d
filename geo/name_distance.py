"""How far two sounds are apart: an edit distance in which likely slips of writers are cheap.

Leaving out or adding a vowel costs little, since Arabic writes few and dialects differ; taking one
sound for its neighbour (gh and r, q and g, s and z …) costs less than taking it for any other.
The costs of neighbouring sounds were set by hand from the habits they stand for; the cost of a
vowel was tuned on one half of `benchmarks/names.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Sounds beyond this many are cut off: longer names differ before.
MAX_SOUNDS = 28
_BLOCK = 16_384

_LETTERS = "aeiubpfvtdkgGXhrszSjlmn0123456789"
_VOWELS = "aeiu"
_VOWEL_COST = 0.35
_H_COST = 0.45
_SUBSTITUTIONS = {
    0.15: ("ae", "ei"),
    0.3: ("ai", "au", "iu", "eu", "uv", "Gr", "kg", "Xk", "Xh", "bv", "pb", "fv", "pf", "sz"),
    0.45: ("Gg", "sS", "jg", "jz", "jS", "td", "Gk", "GX", "ub", "hG", "Sk", "ij"),
    0.6: ("mn", "lr", "ln", "Xr", "Gh", "dz", "ts", "tk", "bm", "nr", "lr", "bd", "tb"),
}


def encode(sounds: Sequence[str]) -> NDArray[np.uint8]:
    """Write sounds as rows of codes, 0 where a row has ended: shape (n, MAX_SOUNDS)."""
    codes = np.zeros((len(sounds), MAX_SOUNDS), dtype=np.uint8)
    for row, text in enumerate(sounds):
        letters = [_CODE.get(letter) or _foreign(letter) for letter in text[:MAX_SOUNDS]]
        codes[row, : len(letters)] = letters
    return codes


def likeness(
    left: NDArray[np.uint8],
    right: NDArray[np.uint8],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> NDArray[np.float32]:
    """Likeness of pairs of encoded sounds, 0 (nothing in common) to 1 (the same).

    Parameters
    ----------
    left, right
        Codes from `encode`.
    pairs
        Positions in `left` and in `right`: equal shape (n,).

    Returns
    -------
    array of float32, shape (n,)
        1 minus the cost of the cheapest change over the larger cost of writing either from nothing.
    """
    one, other = pairs
    result = np.empty(len(one), dtype=np.float32)
    lengths = (left > 0).sum(axis=1)[one] * MAX_SOUNDS + (right > 0).sum(axis=1)[other]
    # Pairs of like length together, so that a block need not walk over the ends of short ones.
    order = np.argsort(lengths, kind="stable")
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        result[block] = _block_likeness(left[one[block]], right[other[block]])
    return result


def _block_likeness(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.float32]:
    a = np.ascontiguousarray(left[:, : max(1, int((left > 0).sum(axis=1).max()))].T)
    b = np.ascontiguousarray(right[:, : max(1, int((right > 0).sum(axis=1).max()))].T)
    drop_a, drop_b = _DROP[a], _DROP[b]
    a_offset = a.astype(np.int32) * 256
    zero = np.zeros((1, a.shape[1]), dtype=np.float32)
    before = np.vstack([zero, np.cumsum(drop_b, axis=0)])
    first = before[0]
    for i in range(len(a)):
        first = first + drop_a[i]
        row = np.empty_like(before)
        row[0] = first
        for j in range(len(b)):
            change = before[j] + _CHANGE[a_offset[i] + b[j]]
            np.minimum(change, before[j + 1] + drop_a[i], out=change)
            np.minimum(change, row[j] + drop_b[j], out=row[j + 1])
        before = row
    whole = np.maximum(drop_a.sum(axis=0), drop_b.sum(axis=0))
    alike: NDArray[np.float32] = np.clip(1 - before[-1] / np.maximum(whole, 1e-6), 0, 1)
    return alike


def _foreign(letter: str) -> int:
    """Code for a letter of another script: a few share one, which costs nothing that matters."""
    return len(_LETTERS) + 2 + ord(letter) % (250 - len(_LETTERS))


_CODE = {letter: position + 1 for position, letter in enumerate(_LETTERS)}


def _drop_costs() -> NDArray[np.float32]:
    costs = np.ones(256, dtype=np.float32)
    costs[0] = 0
    for vowel in _VOWELS:
        costs[_CODE[vowel]] = _VOWEL_COST
    costs[_CODE["h"]] = _H_COST
    return costs


def _change_costs(drop: NDArray[np.float32]) -> NDArray[np.float32]:
    costs = np.ones((256, 256), dtype=np.float32)
    for vowel in _VOWELS:
        # A vowel for a consonant is dearer than either alone and never worth it.
        costs[_CODE[vowel], :] = 1 + _VOWEL_COST
        costs[:, _CODE[vowel]] = 1 + _VOWEL_COST
    for cost, couples in _SUBSTITUTIONS.items():
        for couple in couples:
            one, other = _CODE[couple[0]], _CODE[couple[1]]
            costs[one, other] = costs[other, one] = cost
    costs[0, :] = drop
    costs[:, 0] = drop
    np.fill_diagonal(costs, 0)
    return costs.ravel()


_DROP = _drop_costs()
_CHANGE = _change_costs(_DROP)
