"""The tree over the events: roots and paths as RFC 6962 and RFC 9162 define them."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.store.merkle import MerkleTree, inclusion_path, root_of_path


def sha(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def by_definition(hashes: list[str]) -> bytes:
    """The recursive definition of RFC 6962, 2.1, word for word."""
    if len(hashes) == 1:
        return hashlib.sha256(b"\x00" + bytes.fromhex(hashes[0])).digest()
    cut = 1
    while cut * 2 < len(hashes):
        cut *= 2
    return hashlib.sha256(
        b"\x01" + by_definition(hashes[:cut]) + by_definition(hashes[cut:])
    ).digest()


@pytest.mark.parametrize("size", range(1, 34))
def test_the_root_is_that_of_the_definition(size: int) -> None:
    hashes = [sha(number) for number in range(size)]
    assert MerkleTree(hashes).root() == by_definition(hashes).hex()


def test_a_tree_of_nothing_has_the_root_of_the_rfc() -> None:
    assert MerkleTree().root() == hashlib.sha256(b"").hexdigest()


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_every_path_leads_to_the_root_and_no_other_does(case: tuple[int, int]) -> None:
    size, index = case
    hashes = [sha(number) for number in range(size)]
    root = MerkleTree(hashes).root()
    path = inclusion_path(hashes, index)
    assert root_of_path(hashes[index], index, size, path) == root
    assert root_of_path(sha(-1), index, size, path) != root
    assert root_of_path(hashes[index], index, size, (*path, sha(0))) is None
    if path:
        assert root_of_path(hashes[index], index, size, path[:-1]) != root
        assert root_of_path(hashes[index], index, size, (sha(-1), *path[1:])) != root


def test_a_leaf_that_the_tree_does_not_have_leads_nowhere() -> None:
    assert root_of_path(sha(0), 3, 3, ()) is None
    assert root_of_path(sha(0), -1, 3, ()) is None
