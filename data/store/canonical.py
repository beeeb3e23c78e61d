"""Canonical JSON (RFC 8785): the one way to write a value, so that its hash means something.

The package `rfc8785` is the measure. It takes 15 µs for a small event, so most texts take a shorter
way through the C encoder of the standard library, which writes the same bytes as long as there is
no number that Python spells otherwise than ECMAScript and no key that sorts otherwise in UTF-16
than in code points; anything of the kind goes to `rfc8785`. A property test holds them together.
"""

from __future__ import annotations

import json
import re
from json.encoder import (  # type: ignore[attr-defined]
    c_make_encoder,
    encode_basestring,
)
from typing import TYPE_CHECKING, Any, NoReturn

import rfc8785

from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Every integer of so many digits fits a double.
_SAFE_DIGITS = 15
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
# Python writes 1e16 and 0.0001 as "1e+16" and "0.0001", 0.00001 as "1e-05".
_PLAIN_FROM, _PLAIN_TO = 1e-4, 1e15


class _NeedsCareError(ValueError):
    """The short way would not be right."""


def canonical_json(value: Any) -> str:
    """Write a value as canonical JSON; raises `InputError` for what JSON cannot hold."""
    try:
        return rfc8785.dumps(value).decode()
    except rfc8785.IntegerDomainError:
        # 10^16 is an integer in Python and may be kept, as the double that ECMAScript writes so.
        return parse(json.dumps(value))[1]
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise InputError(
            "an event",
            f"values that canonical JSON can hold are needed ({error})",
            "use numbers below 2^53, no NaN, and no broken characters",
        ) from error


def canonical_text(text: str) -> str:
    """Write a JSON text again in canonical form."""
    return parse(text)[1]


def parse_canonical(text: str) -> Any:
    """Read a JSON text that must be canonical already; raises `InputError` if it is not."""
    value, written = parse(text)
    if written != text:
        raise InputError(_short(text), "canonical JSON (RFC 8785) is needed", "")
    return value


def parse(text: str) -> tuple[Any, str]:
    """Read a JSON text: its value and its canonical form."""
    # An escape may be half of a surrogate pair.
    if "\\u" not in text and (text.isascii() or _ASTRAL.search(text) is None):
        try:
            value, end = _scan(text, 0)
            if end == len(text):
                return value, "".join(_encode(value, 0))
        except (_NeedsCareError, StopIteration):
            # StopIteration: no value, or space before it, which the careful way tells apart.
            pass
        except (ValueError, RecursionError) as error:
            raise _unreadable(text, error) from error
    try:
        value = _CAREFUL_DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(text, error) from error
    return value, canonical_json(value)


def _simple_int(text: str) -> int:
    if len(text) > _SAFE_DIGITS:
        raise _NeedsCareError
    return int(text)


def _simple_float(text: str) -> float | int:
    number = float(text)
    size = abs(number)
    if size == 0:
        return 0
    if not _PLAIN_FROM <= size < _PLAIN_TO:
        raise _NeedsCareError
    return int(number) if number.is_integer() else number


def _exact_int(text: str) -> int | float:
    # Beyond 2^53 an integer is what ECMAScript writes for a double, or it cannot be kept exactly.
    number = int(text)
    if abs(number) < 2**53:
        return number
    if rfc8785.dumps(float(number)).decode() != text:
        raise ValueError(f"the number {_short(text)} is beyond 2^53 and would lose digits")
    return float(number)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _unreadable(text: str, error: Exception) -> InputError:
    return InputError(_short(text), f"canonical JSON is needed ({error})", "")


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


# Twice the same key: the short way keeps the last one and so writes another text than it was given,
# which is what `parse_canonical` asks.
_DECODER = json.JSONDecoder(
    parse_float=_simple_float, parse_int=_simple_int, parse_constant=_no_constant
)
_CAREFUL_DECODER = json.JSONDecoder(
    parse_int=_exact_int, parse_constant=_no_constant, object_pairs_hook=_no_twins
)
_ENCODER = json.JSONEncoder(
    sort_keys=True,
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,
    separators=(",", ":"),
)
# `decode` and `encode` make their C objects anew for every text, half of the time a small event
# takes; where there is no C encoder, the ordinary way gives the same.
_scan = _DECODER.scan_once  # type: ignore[attr-defined]
_encode: Callable[[Any, int], Iterable[str]] = (
    c_make_encoder(None, _ENCODER.default, encode_basestring, None, ":", ",", True, False, False)
    if c_make_encoder is not None
    else lambda value, _level: _ENCODER.iterencode(value)
)
