"""The command line: results on stdout, progress and logs on stderr, one line for what is refused.

Exit status: 0 fine; 1 the work was done and found something (rejected rows, a broken ledger,
unserved needs with ``--strict``); 2 misuse or unreadable input, with one line that says what was
given, what is needed and what to do. No traceback reaches a user unless ``QAFILA_DEBUG`` is set.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any, TextIO

from dashboard import arguments as read
from dashboard.verbs import FINE, build_parser
from geo.errors import QafilaError, SchemaError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

logger = logging.getLogger("qafila")

MISUSE = 2
INTERRUPTED = 130

#: Values that say nothing to a person.
_NOTHING: tuple[Any, ...] = (None, "", [], {})


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit status."""
    parser = build_parser()
    written = list(sys.argv[1:] if argv is None else argv)
    arguments = parser.parse_args([read.shielded(one) for one in written])
    arguments.progress = Meter(sys.stderr)
    _prepare(arguments)
    try:
        result, status = arguments.run(arguments)
    except QafilaError as error:
        return _refuse(error, arguments)
    except KeyboardInterrupt:
        sys.stderr.write("stopped; nothing more was written\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away: not an error of ours.
        sys.stderr.close()
        return FINE
    except Exception as error:
        if os.environ.get("QAFILA_DEBUG"):
            raise
        logger.debug("unexpected", exc_info=True)
        sys.stderr.write(
            f"qafila: unexpected {type(error).__name__}: {_one_line(error)}; "
            "set QAFILA_DEBUG=1 and run again to see where\n"
        )
        return MISUSE
    if known := getattr(arguments, "known", None):
        sys.stderr.write(
            f"as known at event {known['event']}, {known['at']}; "
            f"{known['later_events']} later ones are left out\n"
        )
        # What leaves as evidence stays as others check it.
        result = result if arguments.verb == "ledger" else {"known_at": known, **result}
    if arguments.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    else:
        # A head is handed to others as it is: the line alone.
        is_head = arguments.verb == "ledger" and arguments.what == "head"
        line = result.get("head") if is_head else None
        sys.stdout.write(f"{line}\n" if line else _plain(result))
    return status


class Meter:
    """Shows progress: a bar that redraws on a terminal, else one line a step."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said = ""

    def __call__(self, share: float, text: str) -> None:
        """Show that `share` (0 to 1) of the work is done and what is being done."""
        done = min(max(share, 0.0), 1.0)
        if self._stream.isatty():
            filled = round(20 * done)
            self._stream.write(f"\r[{'#' * filled}{'.' * (20 - filled)}] {text[:70]:<70}")
            if done >= 1:
                self._stream.write("\n")
        elif text != self._said:
            self._said = text
            self._stream.write(f"{done:4.0%} {text}\n")
        self._stream.flush()


def _prepare(arguments: argparse.Namespace) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if arguments.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    # A connection that died is told as one line of ours; the pool would log a traceback besides.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    # Joining layers of different CRS and measuring in degrees are errors, not warnings.
    warnings.filterwarnings("error", message="CRS mismatch", category=UserWarning)
    warnings.filterwarnings(
        "error", message="Geometry is in a geographic CRS", category=UserWarning
    )


def _refuse(error: QafilaError, arguments: argparse.Namespace) -> int:
    if isinstance(error, SchemaError) and error.problems and not arguments.json:
        for problem in error.problems[:20]:
            sys.stderr.write(
                f"  row {problem.row}, {problem.column}: {problem.value!r}; {problem.expected}\n"
            )
        if len(error.problems) > 20:
            sys.stderr.write(f"  … and {len(error.problems) - 20} more\n")
    sys.stderr.write(f"qafila: {error}\n")
    return MISUSE


def _plain(result: dict[str, Any]) -> str:
    """Show a result to a person: plain values a line each, lists as counts and first rows."""
    lines: list[str] = []
    for key, value in result.items():
        if isinstance(value, list):
            lines.append(f"{key}: {len(value)}")
            lines.extend(f"  {_words(item)}" for item in value[:15])
            if len(value) > 15:
                lines.append(f"  … {len(value) - 15} more (--json shows all)")
        else:
            lines.append(f"{key}: {_words(value) if isinstance(value, dict) else value}")
    return "\n".join(lines) + "\n"


def _words(value: Any) -> str:
    """Put a value into words: what is in it, never how many parts it has."""
    if isinstance(value, dict):
        parts = (f"{key} {_inner(one)}" for key, one in value.items() if one not in _NOTHING)
        return ", ".join(parts)
    return str(value)


def _inner(value: Any) -> str:
    if isinstance(value, dict):
        return f"({_words(value)})"
    if isinstance(value, list):
        return f"[{'; '.join(_words(one) for one in value[:6])}{'; …' if len(value) > 6 else ''}]"
    return str(value)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


if __name__ == "__main__":
    raise SystemExit(main())
