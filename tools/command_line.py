"""Write docs/command-line.md from the parser itself: ``python tools/command_line.py``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "command-line.md"

HEAD = """# The command line

Made from the program itself (`python tools/command_line.py`); a test compares.

Results go to stdout, progress and logs to stderr. Every verb takes `--home DIR` (default:
`QAFILA_HOME`, else the user's data folder) and `--json`. Exit status: 0 fine; 1 the work was done
and found something (rejected rows, a broken ledger, unserved needs with `--strict`); 2 misuse or
unreadable input, with one line that says what was given, what is needed and what to do.
"""


def command_line_markdown() -> str:
    """Give the help of every verb as Markdown."""
    from dashboard.verbs import build_parser

    os.environ["COLUMNS"] = "100"  # argparse wraps to the terminal it finds
    parts = [HEAD]
    for name, verb in _verbs(build_parser()):
        parts.append(f"\n## {name}\n\n```\n{verb.format_help().strip()}\n```\n")
        for what, one in _verbs(verb):
            parts.append(f"\n### {name} {what}\n\n```\n{one.format_help().strip()}\n```\n")
    return "".join(parts)


def _verbs(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser]]:
    for one in parser._actions:
        if isinstance(one, argparse._SubParsersAction):
            return list(one.choices.items())
    return []


if __name__ == "__main__":
    sys.path.insert(0, str(DOCUMENT.parents[1]))
    DOCUMENT.write_text(command_line_markdown(), encoding="utf-8")
