#!/usr/bin/env python3
"""Checks an exported ledger off the system that wrote it, trusting nothing of it.

    python3 verify_ledger.py LEDGER [--against HEAD]… [--signer KEY] [--json]
    python3 verify_ledger.py PROOF [--against HEAD]… [--signer KEY] [--json]

LEDGER is what `qafila ledger export FILE` wrote: one event a line, each a JSON object. PROOF is
what `qafila ledger prove EVENT` wrote: one event, shown without the others. HEAD is a line that was
handed out earlier (`qafila-head:…`), or the name of a file that holds one or many. KEY is the
public key of whoever signs heads there, as `qafila ledger key` prints it, or a file that holds it:
take it by another way than the head.

Exit status: 0 intact; 1 tampered (it says where and how); 2 the input cannot be read.

This file needs Python 3.9 or later; for signed heads (`qafila-head:2:…`) and proofs, the package
`cryptography` too. It shares no code with the program whose ledgers it checks, so that a mistake in
one does not hide in the other. What it does:

1. Each event names the hash of the event before it (`prev_hash`; 64 zeros for the first) and its
   own (`hash`): the SHA-256 of its canonical JSON (RFC 8785) without the field `hash`.
2. Events are numbered 1, 2, 3 … without gaps, no id stands twice, time never runs backwards.
3. With HEAD: the event of that number has that hash, in a ledger of that situation. So a tail that
   was cut off, or a ledger that was written anew from some event on, does not pass.
4. A signed HEAD: its Ed25519 signature fits the line, with KEY if one is given, and the root that
   it names is that of the Merkle tree (RFC 6962) over the hashes of the events up to it.
5. PROOF: the event's hash is that of its content, and leads with the hashes of its neighbours to
   the root in a signed head; with HEAD, in one that was handed out.

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
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
_NAMED = r"(?P<situation>[a-z_]+:\S+):(?P<seq>[1-9][0-9]{0,15}):(?P<hash>[0-9a-f]{64})"
HEADS = (
    re.compile(rf"qafila-head:1:{_NAMED}:(?P<time>{_TIME})", re.ASCII),
    re.compile(
        rf"(?P<message>qafila-head:2:{_NAMED}:(?P<root>[0-9a-f]{{64}}):(?P<time>{_TIME})"
        rf":(?P<signed_at>{_TIME}):(?P<key>[0-9a-f]{{64}})):(?P<signature>[0-9a-f]{{128}})",
        re.ASCII,
    ),
)
KEY = re.compile(r"[0-9a-fA-F]{64}")
MAX_HEAD_BYTES = 16 << 20
MAX_PROOF_BYTES = 16 << 20


class UnreadableError(Exception):
    """The input is not what it should be; the message is for the person."""


class FaultError(ValueError):
    """A line is not an event that any ledger could hold."""


# --- the check --------------------------------------------------------------------------------


class Check:
    """One walk along a ledger."""

    def __init__(self, against: list[dict[str, str]], signer: str | None = None) -> None:
        self.against = against
        self.problems: list[str] = []
        self._heads: dict[int, list[dict[str, str]]] = {}
        self._tree = Tree() if any("root" in head for head in against) else None
        for head in against:
            self._heads.setdefault(int(head["seq"]), []).append(head)
            problem = signature_problem(head, signer)
            if problem is not None:
                self.report(f"the head of event {head['seq']}: {problem}")
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
        """Compare the end with the heads."""
        last = self.last
        if last is None:
            if not self.against:
                raise UnreadableError("the file holds no event; give an exported ledger")
            self.report("the ledger is empty: all its events were deleted")
            return
        for given in self.against:
            if given["situation"] != self.situation:
                self.report(
                    f"the head is one of {given['situation']}, this ledger is {self.situation}"
                )
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
            if self._tree is not None:
                self._tree.add(computed)
        if event["event_id"] in self._event_ids:
            yield f"its id {event['event_id']} stands twice"
        self._event_ids.add(event["event_id"])
        if event["client_id"] is not None:
            if event["client_id"] in self._client_ids:
                yield f"its client id {event['client_id']} stands twice"
            self._client_ids.add(event["client_id"])
        for given in self._heads.get(event["seq"], ()):
            if event["hash"] != given["hash"]:
                yield "it is another event than the head names: the ledger was rewritten"
            elif "root" in given and self._tree is not None and self._tree.root() != given["root"]:
                yield "the events up to it have another root than the head names"


def event_hash(event: dict[str, Any]) -> str:
    """SHA-256 of an event's canonical JSON without its own hash."""
    content = {name: value for name, value in event.items() if name != "hash"}
    try:
        return hashlib.sha256(canonical(content).encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise FaultError("it holds half a character") from error
    except RecursionError as error:
        raise FaultError("it is nested too deeply") from error


# --- the proof of one event ---------------------------------------------------------------------


def proof_problems(
    proof: dict[str, Any], against: list[dict[str, str]], signer: str | None
) -> list[str]:
    """Say what is wrong with a proof; nothing where the event is in the ledger of its head."""
    event, head = proof["event"], proof["head"]
    seq, size = event["seq"], int(head["seq"])
    problems = []
    problem = signature_problem(head, signer)
    if problem is not None:
        problems.append(f"the head of event {size}: {problem}")
    for given in against:
        problem = signature_problem(given, signer)
        if problem is not None:
            problems.append(f"the head of event {given['seq']}: {problem}")
        if given["situation"] != head["situation"]:
            problems.append(f"the proof is of {head['situation']}, the head {given['situation']}")
        elif int(given["seq"]) != size:
            problems.append(
                f"the proof is for the head of event {size}, not of event {given['seq']}: "
                "ask for a proof against the head that you hold"
            )
        elif given["hash"] != head["hash"] or given.get("root", head["root"]) != head["root"]:
            problems.append("the proof is for another ledger than the head that you hold")
    try:
        computed = event_hash(event)
    except FaultError as fault:
        return [*problems, f"event {seq}: it has no canonical form ({fault}): it was edited"]
    if computed != event["hash"]:
        problems.append(f"event {seq}: its content is not what was recorded: it was edited")
    if path_root(computed, seq - 1, size, proof["path"]) != head["root"]:
        problems.append(f"event {seq}: it is not in the ledger that the head stands for")
    if seq == size and event["hash"] != head["hash"]:
        problems.append(f"event {seq}: it is another event than the head names")
    return problems


def path_root(event_hash: str, index: int, size: int, path: list[str]) -> str | None:
    """Root to which a path leads, by RFC 9162 (2.1.3.2); None where no such tree has it."""
    if not 0 <= index < size:
        return None
    first, second = index, size - 1
    node = hashlib.sha256(b"\x00" + bytes.fromhex(event_hash)).digest()
    for text in path:
        if second == 0:
            return None
        neighbour = bytes.fromhex(text)
        if first % 2 == 1 or first == second:
            node = hashlib.sha256(b"\x01" + neighbour + node).digest()
            while first % 2 == 0 and first != 0:
                first, second = first // 2, second // 2
        else:
            node = hashlib.sha256(b"\x01" + node + neighbour).digest()
        first, second = first // 2, second // 2
    return node.hex() if second == 0 else None


class Tree:
    """The Merkle tree over hashes of events (RFC 6962, 2.1), of which only whole parts are kept."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, bytes]] = []

    def add(self, event_hash: str) -> None:
        """Add the next event."""
        size, node = 1, hashlib.sha256(b"\x00" + bytes.fromhex(event_hash)).digest()
        while self._parts and self._parts[-1][0] == size:
            _, left = self._parts.pop()
            size, node = 2 * size, hashlib.sha256(b"\x01" + left + node).digest()
        self._parts.append((size, node))

    def root(self) -> str:
        """Root over all events so far."""
        node = b""
        for _, part in reversed(self._parts):
            node = part if not node else hashlib.sha256(b"\x01" + part + node).digest()
        return node.hex() or hashlib.sha256(b"").hexdigest()


# --- signatures -----------------------------------------------------------------------------------


def signature_problem(head: dict[str, str], signer: str | None) -> str | None:
    """Say what is wrong with a head's signature; None where nothing is."""
    if "signature" not in head:
        return None if signer is None else "it is not signed, and --signer asks for one that is"
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise UnreadableError(
            "signatures need the package cryptography: python3 -m pip install cryptography"
        ) from error
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head["key"]))
        key.verify(bytes.fromhex(head["signature"]), head["message"].encode())
    except (InvalidSignature, ValueError):
        return (
            "its signature does not fit: it was forged, or taken from another head, "
            "or the head was altered"
        )
    if signer is not None and head["key"] != signer:
        return f"it was signed with the key {fingerprint(head['key'])}, not {fingerprint(signer)}"
    return None


def fingerprint(key: str) -> str:
    """Short form of a public key to compare by eye: 16 digits in fours."""
    digest = hashlib.sha256(bytes.fromhex(key)).hexdigest()
    return "-".join(digest[start : start + 4] for start in range(0, 16, 4))


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


def read_proof(path: Path) -> dict[str, Any] | None:
    """Read a proof; None where the file is something else."""
    with path.open("rb") as file:
        written = file.read(MAX_PROOF_BYTES + 1)
    if len(written) > MAX_PROOF_BYTES or b'"qafila_proof"' not in written:
        return None
    try:
        proof = json.loads(written.decode("utf-8"), parse_int=_integer, object_pairs_hook=_no_twins)
    except FaultError as fault:
        raise UnreadableError(f"{path} is no proof: {fault}") from fault
    except (ValueError, RecursionError):
        return None
    if not isinstance(proof, dict) or "qafila_proof" not in proof:
        return None
    if proof["qafila_proof"] != 1:
        raise UnreadableError(f"{path} is a proof of another version; take a newer verifier")
    try:
        event = read_event(json.dumps(proof.get("event")).encode())
    except FaultError as fault:
        raise UnreadableError(f"{path} is no proof of an event: {fault}") from fault
    nodes, head = proof.get("path"), _head(str(proof.get("head")))
    if not isinstance(nodes, list) or not all(
        isinstance(node, str) and KEY.fullmatch(node) for node in nodes
    ):
        raise UnreadableError(f"{path} is no proof: its path must be a list of hashes")
    if head is None or "root" not in head:
        raise UnreadableError(f"{path} is no proof: it holds no signed head (qafila-head:2:…)")
    return {"event": event, "path": nodes, "head": head}


def read_heads(text: str) -> list[dict[str, str]]:
    """Read heads from the line itself or from a file that holds some."""
    found = _head(text.strip())
    if found is not None:
        return [found]
    try:
        with Path(text).open("rb") as file:
            written = file.read(MAX_HEAD_BYTES + 1)
        lines = "" if len(written) > MAX_HEAD_BYTES else written.decode("utf-8")
    except (OSError, ValueError):
        lines = ""
    # The line may stand in the JSON of `qafila ledger head --json` too.
    words = [_head(word) for word in re.findall(r"qafila-head:[^\s\"]+", lines)]
    heads = [head for head in words if head is not None]
    if not heads or len(heads) < len(words):
        raise UnreadableError(
            f"{text[:80]!r} is neither a head (qafila-head:…) nor a file that holds heads"
        )
    return heads


def read_key(text: str) -> str:
    """Read a public key from 64 hexadecimal digits or from a file that holds them."""
    word = text.strip()
    if not KEY.fullmatch(word):
        try:
            with Path(text).open("rb") as file:
                word = file.read(1000).decode("utf-8").strip()
        except (OSError, ValueError):
            word = ""
    if not KEY.fullmatch(word):
        raise UnreadableError(f"{text[:80]!r} is neither a public key nor a file that holds one")
    return word.lower()


def _head(text: str) -> dict[str, str] | None:
    for form in HEADS:
        match = form.fullmatch(text)
        if match is not None:
            return match.groupdict()
    return None


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
        description="Check an exported ledger, or the proof of one event, off the system.",
        epilog="Exit status: 0 intact, 1 tampered, 2 unreadable.",
    )
    parser.add_argument(
        "ledger", metavar="LEDGER", help="an exported ledger (one event a line), or a proof"
    )
    parser.add_argument(
        "--against",
        metavar="HEAD",
        action="append",
        default=[],
        help="a head handed out earlier, or a file with some (may be repeated)",
    )
    parser.add_argument("--signer", metavar="KEY", help="the public key that must have signed")
    parser.add_argument("--json", action="store_true", help="print the finding as JSON")
    given = parser.parse_args(arguments)
    try:
        against = [head for text in given.against for head in read_heads(text)]
        signer = read_key(given.signer) if given.signer else None
        try:
            proof = read_proof(Path(given.ledger))
            if proof is not None:
                return _show_proof(proof, against, signer, as_json=given.json)
            check = Check(against, signer)
            with Path(given.ledger).open("rb") as file:
                check.follow(read_lines(file))
        except OSError as error:
            raise UnreadableError(f"{given.ledger}: {error.strerror}") from error
        check.finish()
    except UnreadableError as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return UNREADABLE
    _show_ledger(check, signer, as_json=given.json)
    return TAMPERED if check.problems else INTACT


def _show_ledger(check: Check, signer: str | None, *, as_json: bool) -> None:
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
        if not check.against:
            print("note: without --against a cut tail or a full rewrite cannot be seen")
        _show_signers(check.against, signer)
        newest = max((int(head["seq"]) for head in check.against), default=check.events)
        if newest < check.events:
            print(f"note: no head covers the {check.events - newest} events after {newest}")
    print(f"head: {check.head()}")


def _show_proof(
    proof: dict[str, Any], against: list[dict[str, str]], signer: str | None, *, as_json: bool
) -> int:
    problems = proof_problems(proof, against, signer)
    event, head = proof["event"], proof["head"]
    if as_json:
        line = f"{head['message']}:{head['signature']}"
        finding = {"ok": not problems, "event": event, "head": line, "problems": problems}
        print(json.dumps(finding, ensure_ascii=False))
        return TAMPERED if problems else INTACT
    for problem in problems:
        print(f"TAMPERED: {problem}")
    if not problems:
        where = f"one of the {head['seq']} events of {head['situation']}"
        print(f"proven: event {event['seq']} is {where}")
        print(f"event: {event['type']}, recorded {event['recorded_at']}")
        print(f"payload: {canonical(event['payload'])}")
        if not against:
            print("note: without --against it is the head in the proof itself that is trusted")
        _show_signers([head], signer)
    return TAMPERED if problems else INTACT


def _show_signers(heads: list[dict[str, str]], signer: str | None) -> None:
    for key in sorted({head["key"] for head in heads if "key" in head}):
        times = [head["signed_at"] for head in heads if head.get("key") == key]
        known = "" if signer else "; compare it with what the signer told you, or give --signer"
        print(f"signed: with the key {fingerprint(key)}, last at {max(times)}{known}")


if __name__ == "__main__":
    sys.exit(main())
