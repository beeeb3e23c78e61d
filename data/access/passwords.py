"""Passwords: Argon2id over them, and which are too weak to be taken."""

from __future__ import annotations

import functools
import itertools
import secrets
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from geo.errors import InputError

MIN_LENGTH = 15
#: Longer ones cost time to hash and protect nothing more.
MAX_LENGTH = 256
#: Fewer different characters than this are a pattern, not a password.
MIN_DIFFERENT = 6
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class HashCost:
    """What one hash costs: passes over memory, memory in KiB, lanes."""

    passes: int
    memory_kib: int
    lanes: int


#: RFC 9106, section 4, second recommended option. It is argon2-cffi's default too, said here so
#: that an update of the library changes nothing by itself.
STRONG = HashCost(passes=3, memory_kib=65_536, lanes=4)


@functools.cache
def _hasher(cost: HashCost) -> PasswordHasher:
    return PasswordHasher(
        time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
    )


@functools.cache
def _hash_of_nobody(cost: HashCost) -> str:
    return _hasher(cost).hash(secrets.token_hex(16))


def require_strong(password: str, *, name: str = "") -> str:
    """Give the password in one spelling (NFKC); raises `InputError` for one that is too weak.

    Length counts: 15 characters where a password is the only proof, and no rule that asks for
    digits or signs (NIST SP 800-63B-4, section 3.1.1.2). The message never repeats the password.
    """
    text = unicodedata.normalize("NFKC", password)
    if len(text) < MIN_LENGTH:
        raise InputError(
            f"a password of {len(text)} characters",
            f"at least {MIN_LENGTH} are needed",
            "take four words that have nothing to do with each other",
        )
    if len(text) > MAX_LENGTH:
        raise InputError(
            f"a password of {len(text)} characters", f"at most {MAX_LENGTH} are taken", "shorten it"
        )
    folded = text.casefold()
    if len(set(folded)) < MIN_DIFFERENT or _is_run(folded):
        raise InputError(
            "a password of few or neighbouring characters",
            f"at least {MIN_DIFFERENT} different ones, in no obvious order, are needed",
            "take four words that have nothing to do with each other",
        )
    plain_name = name.casefold().strip()
    if plain_name and (plain_name in folded or folded in plain_name):
        raise InputError(
            "a password that holds the account's name", "another one is needed", "choose it anew"
        )
    return text


def hash_password(password: str, cost: HashCost = STRONG) -> str:
    """Hash a password that `require_strong` took."""
    return _hasher(cost).hash(unicodedata.normalize("NFKC", password))


def is_password(password: str, stored: str | None, cost: HashCost = STRONG) -> bool:
    """Whether a password fits a stored hash; without a hash it takes as long and is never right."""
    given = unicodedata.normalize("NFKC", password[: MAX_LENGTH + 1])
    try:
        right = _hasher(cost).verify(stored or _hash_of_nobody(cost), given)
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def needs_new_hash(stored: str, cost: HashCost = STRONG) -> bool:
    """Whether a hash was made with weaker settings than those of today."""
    return _hasher(cost).check_needs_rehash(stored)


def new_password() -> str:
    """Make a password to be handed over once: 99 bits, in letters that nobody confuses."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def _is_run(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(text)}
    return len(steps) == 1
