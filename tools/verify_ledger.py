#!/usr/bin/env python3
"""Checks an exported ledger off the system that wrote it, trusting nothing of it.

    python3 verify_ledger.py LEDGER [--against HEAD] [--json]

LEDGER is what `qafila ledger export FILE` wrote: one event a line, each a JSON object. HEAD is a
line that was handed out earlier (`qafila-head:1:…`), or the name of a file that holds it.

Exit status: 0 intact; 1 tampered (it says where and how); 2 the input cannot be read.

This file needs Python 3.9 or later and nothing else. It shares no code with the program whose
ledgers it checks, so that a mistake in one does not hide in the other. What it does:

1. Each event names the hash of the event before it (`prev_hash`; 64 zeros for the first) and its
   own (`hash`): the SHA-256 of its canonical JSON (RFC 8785) without the field `hash`.
2. Events are numbered 1, 2, 3 … without gaps, no id stands twice, time never runs backwards.
3. With HEAD: the event of that number has that hash, in a ledger of that situation. So a tail that
   was cut off, or a ledger that was written anew from some event on, does not pass.

Without HEAD a ledger that somebody wrote anew from beginning to end, or cut at its end, passes:
only a head that left the system before can tell.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

INTACT, TAMPERED, UNREADABLE = 0, 1, 2

GENESIS = "0" * 64
MAX_LINE_BYTES = 64 << 20
MAX_PROBLEMS = 100

_QUOTED = json.JSONEncoder(ensure_ascii=False).encode

FIELDS = {
    "actor": (str, type(None)),
    "client_id": (str, type(None)),
    "clock_held": (bool,),
    "event_id": (str,),
    "hash": (str,),
    "organisation_id": (str, type(None)),
    "payload": (dict,),
    "prev_hash": (str,),
    "provenance": (dict, type(None)),
    "recorded_at": (str,),
    "reported_at": (str, type(None)),
    "seq": (int,),
    "type": (str,),
    "version": (int,),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
HEAD = re.compile(
    r"qafila-head:1:(?P<situation>[a-z_]+:\S+):(?P<seq>[1-9][0-9]{0,15}):(?P<hash>[0-9a-f]{64})"
    r":(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)",
    re.ASCII,
)


class UnreadableError(Exception):
    """The input is not what it should be; the message is for the person."""


class FaultError(ValueError):
    """A line is not an event that any ledger could hold."""


# --- the check --------------------------------------------------------------------------------


class Check:
    """One walk along a ledger."""

    def __init__(self, against: dict[str, str] | None) -> None:
        self.against = against
        self.problems: list[str] = []
        self.events = 0
        self.situation = ""
        self.last: dict[str, Any] | None = None
        self._event_ids: set[str] = set()
        self._client_ids: set[str] = set()

    def follow(self, lines: Iterator[tuple[int, bytes]]) -> None:
        """Check every line, in order."""
        for number, line in lines:
            try:
                event = read_event(line)
            except FaultError as fault:
                if self.last is None and not self.problems:
                    raise UnreadableError(
                        f"line {number} is no event of a ledger ({fault}); "
                        "give a file that `qafila ledger export` wrote"
                    ) from fault
                self.report(f"line {number}: {fault}")
                continue
            for problem in self._faults(event):
                self.report(f"event {event['seq']} (line {number}): {problem}")
            self.events += 1
            self.last = event

    def finish(self) -> None:
        """Compare the end with the head."""
        given, last = self.against, self.last
        if given is None:
            if last is None:
                raise UnreadableError("the file holds no event; give an exported ledger")
            return
        if last is None:
            self.report("the ledger is empty: all its events were deleted")
        elif given["situation"] != self.situation:
            self.report(f"the head is one of {given['situation']}, this ledger is {self.situation}")
        elif last["seq"] < int(given["seq"]):
            self.report(
                f"the head names event {given['seq']}, the ledger ends at {last['seq']}: "
                "its tail was cut"
            )

    def head(self) -> str:
        """The line that stands for this ledger as it is now."""
        if self.last is None:
            return ""
        last = self.last
        return f"qafila-head:1:{self.situation}:{last['seq']}:{last['hash']}:{last['recorded_at']}"

    def report(self, problem: str) -> None:
        """Note a problem, unless there are too many already."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def _faults(self, event: dict[str, Any]) -> Iterator[str]:
        last = self.last
        if last is None:
            self.situation = str(event["payload"].get("situation_id", ""))
            if event["seq"] != 1:
                yield "the ledger does not begin with event 1: events before it were deleted"
            elif event["prev_hash"] != GENESIS or event["type"] != "situation.created":
                yield "the ledger does not begin as every ledger does: its beginning was replaced"
        else:
            if event["seq"] != last["seq"] + 1:
                yield (
                    f"it follows event {last['seq']}: events were deleted, inserted or put in "
                    "another order"
                )
            if event["prev_hash"] != last["hash"]:
                yield (
                    f"it is not tied to event {last['seq']} before it: something was inserted, "
                    "deleted or put in another order"
                )
            if event["recorded_at"] < last["recorded_at"]:
                yield f"it was recorded before event {last['seq']}"
        try:
            computed = event_hash(event)
        except FaultError as fault:
            yield f"it has no canonical form ({fault}): it was edited"
        else:
            if computed != event["hash"]:
                yield "its content is not what was recorded: it was edited"
        if event["event_id"] in self._event_ids:
            yield f"its id {event['event_id']} stands twice"
        self._event_ids.add(event["event_id"])
        if event["client_id"] is not None:
            if event["client_id"] in self._client_ids:
                yield f"its client id {event['client_id']} stands twice"
            self._client_ids.add(event["client_id"])
        given = self.against
        if given and event["seq"] == int(given["seq"]) and event["hash"] != given["hash"]:
            yield "it is another event than the head names: the ledger was rewritten"


def event_hash(event: dict[str, Any]) -> str:
    """SHA-256 of an event's canonical JSON without its own hash."""
    content = {name: value for name, value in event.items() if name != "hash"}
    try:
        return hashlib.sha256(canonical(content).encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise FaultError("it holds half a character") from error
    except RecursionError as error:
        raise FaultError("it is nested too deeply") from error


# --- reading ----------------------------------------------------------------------------------


def read_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give each line with its number, empty ones left out."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise UnreadableError(f"line {number} is longer than {MAX_LINE_BYTES} bytes")
        if line.strip():
            yield number, line


def read_event(line: bytes) -> dict[str, Any]:
    """Read one line; raises `FaultError` unless it has the form of an event."""
    try:
        event = json.loads(
            line.decode("utf-8"),
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_no_twins,
        )
    except FaultError:
        raise
    except (ValueError, RecursionError) as error:
        raise FaultError("it is not JSON") from error
    if not isinstance(event, dict):
        raise FaultError("it is not a JSON object")
    if event.keys() != FIELDS.keys():
        odd = sorted(event.keys() ^ FIELDS.keys())
        raise FaultError(f"it lacks or adds fields: {', '.join(odd[:5])}")
    for name, kinds in FIELDS.items():
        value = event[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise FaultError(f"its field {name} is of another type")
    if not TIME.fullmatch(event["recorded_at"]):
        raise FaultError("its recorded_at is not a time")
    return event


def read_head(text: str) -> dict[str, str]:
    """Read a head from the line itself or from a file that holds it."""
    match = HEAD.fullmatch(text.strip())
    if match is None:
        try:
            lines = Path(text).read_text(encoding="utf-8").split("\n")
        except (OSError, ValueError):
            lines = []
        # The line may stand in the JSON of `qafila ledger head --json` too.
        words = [word for line in lines for word in re.findall(r"qafila-head:[^\s\"]+", line)]
        match = next((found for word in words if (found := HEAD.fullmatch(word))), None)
    if match is None:
        raise UnreadableError(
            f"{text[:80]!r} is neither a head (qafila-head:1:…) nor a file that holds one"
        )
    return match.groupdict()


def _integer(text: str) -> float | int:
    # JSON of this kind knows doubles only: beyond 2^53 an integer must be written as one is.
    number = int(text) if len(text) < 400 else 10**400
    if abs(number) < 2**53:
        return number
    if abs(number) >= 2**1024 or number_text(float(number)) != text:
        raise FaultError(f"the number {text[:40]} cannot be kept exactly")
    return float(number)


def _no_constant(name: str) -> NoReturn:
    raise FaultError(f"{name} is no JSON number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FaultError("a key stands twice in one object")
    return found


# --- canonical JSON (RFC 8785) ----------------------------------------------------------------


def canonical(value: Any) -> str:
    """Write a value as RFC 8785 says: sorted keys, shortest numbers, no space."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # Python escapes what the RFC escapes, in the same letters: quote, backslash, control.
        return _QUOTED(value)
    if isinstance(value, int):
        if abs(value) >= 2**53:
            raise FaultError(f"the number {value} cannot be kept exactly")
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(canonical(one) for one in value) + "]"
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=_utf16)
        return "{" + ",".join(f"{canonical(key)}:{canonical(one)}" for key, one in pairs) + "}"
    raise FaultError(f"JSON has no {type(value).__name__}")


def _utf16(pair: tuple[str, Any]) -> bytes:
    # Keys are sorted by UTF-16 code units, in which characters beyond U+FFFF come before U+E000.
    return pair[0].encode("utf-16-be", "surrogatepass")


def number_text(number: float) -> str:
    """Write a double as ECMAScript does (ECMA-262, Number::toString, radix 10)."""
    if not math.isfinite(number):
        raise FaultError(f"{number} is no JSON number")
    if number == 0:
        return "0"
    if number < 0:
        return "-" + number_text(-number)
    # repr gives the shortest digits that read back as the same double, which is what ECMAScript
    # wants; only where the point stands and when an exponent is written differs.
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    power = point - 1
    sign = "+" if power > 0 else "-"
    rest = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{rest}e{sign}{abs(power)}"


# --- the command ------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Check the file that the arguments name, print the finding, give the exit status."""
    parser = argparse.ArgumentParser(
        description="Check an exported ledger off the system that wrote it.",
        epilog="Exit status: 0 intact, 1 tampered, 2 unreadable.",
    )
    parser.add_argument("ledger", metavar="LEDGER", help="one event a line, as it was exported")
    parser.add_argument("--against", metavar="HEAD", help="a head handed out earlier, or its file")
    parser.add_argument("--json", action="store_true", help="print the finding as JSON")
    given = parser.parse_args(arguments)
    try:
        check = Check(read_head(given.against) if given.against else None)
        try:
            with Path(given.ledger).open("rb") as file:
                check.follow(read_lines(file))
        except OSError as error:
            raise UnreadableError(f"{given.ledger}: {error.strerror}") from error
        check.finish()
    except UnreadableError as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return UNREADABLE
    _print(check, as_json=given.json)
    return TAMPERED if check.problems else INTACT


def _print(check: Check, *, as_json: bool) -> None:
    if as_json:
        finding = {
            "ok": not check.problems,
            "events": check.events,
            "head": check.head(),
            "problems": check.problems,
        }
        print(json.dumps(finding, ensure_ascii=False))
        return
    for problem in check.problems:
        print(f"TAMPERED: {problem}")
    if not check.problems:
        print(f"intact: {check.events} events")
        if check.against is None:
            print("note: without --against a cut tail or a full rewrite cannot be seen")
    print(f"head: {check.head()}")


if __name__ == "__main__":
    sys.exit(main())
