"""The Merkle tree over the events of a ledger: one root for all, a short proof for one.

The tree is that of RFC 6962 (section 2.1), its leaves the hashes of the events as 32 bytes. A proof
holds the hashes of the neighbours on the way from an event to the root: 20 of them in a ledger of a
million events, none of which tells what another event says.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEAF, _NODE = b"\x00", b"\x01"


class MerkleTree:
    """Grows by one event at a time and keeps only the roots of its whole parts."""

    def __init__(self, hashes: Iterable[str] = ()) -> None:
        self.size = 0
        # Roots of complete parts, the largest first, their sizes the binary digits of `size`.
        self._parts: list[bytes] = []
        for one in hashes:
            self.add(one)

    def add(self, event_hash: str) -> None:
        """Add the next event by its hash (hexadecimal)."""
        node, size = leaf(event_hash), self.size
        while size & 1:
            node = _join(self._parts.pop(), node)
            size >>= 1
        self._parts.append(node)
        self.size += 1

    def root(self) -> str:
        """Root over all events so far, in hexadecimal; of none, SHA-256 of nothing."""
        if not self._parts:
            return hashlib.sha256(b"").hexdigest()
        node = self._parts[-1]
        for part in reversed(self._parts[:-1]):
            node = _join(part, node)
        return node.hex()


def leaf(event_hash: str) -> bytes:
    """Leaf of the tree for an event."""
    return hashlib.sha256(_LEAF + bytes.fromhex(event_hash)).digest()


def inclusion_path(hashes: Sequence[str], index: int) -> tuple[str, ...]:
    """Neighbours on the way from leaf `index` (from 0) to the root over all `hashes`."""
    nodes = [leaf(one) for one in hashes]
    path: list[str] = []
    while len(nodes) > 1:
        neighbour = index ^ 1
        if neighbour < len(nodes):
            path.append(nodes[neighbour].hex())
        # A last node without a neighbour moves up as it is.
        joined = [_join(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=False)]
        nodes = joined + nodes[len(joined) * 2 :]
        index //= 2
    return tuple(path)


def root_of_path(event_hash: str, index: int, size: int, path: Sequence[str]) -> str | None:
    """Root to which a path leads (RFC 9162, 2.1.3.2); None where no such tree has it."""
    if not 0 <= index < size:
        return None
    node, last = leaf(event_hash), size - 1
    for neighbour in path:
        if last == 0:
            return None
        other = bytes.fromhex(neighbour)
        if index & 1 or index == last:
            node = _join(other, node)
            while not index & 1 and index:
                index >>= 1
                last >>= 1
        else:
            node = _join(node, other)
        index >>= 1
        last >>= 1
    return node.hex() if last == 0 else None


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
