"""The small situation of the store's tests, on both engines, with a vault."""

from __future__ import annotations

import pytest

from data.people.key import VaultKey
from data.people.vault import Vault
from data.store import Store
from tests.data.store.conftest import (  # noqa: F401 - fixtures
    Clock,
    begun,
    clock,
    created,
    place,
    pytest_generate_tests,
    raw,
    store,
)


@pytest.fixture
def key() -> VaultKey:
    return VaultKey(bytes(range(32)))


@pytest.fixture
def vault(store: Store, key: VaultKey) -> Vault:  # noqa: F811
    return Vault(store, key)
