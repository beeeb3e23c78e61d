"""Write docs/indicators.md from the definitions in the code: ``python tools/indicator_list.py``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "indicators.md"
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from data.indicators.catalogue import INDICATORS  # noqa: E402

HEAD = """# Indicators

What a response achieved, not how busy it was. `qafila indicators` prints them, the page
*Indicators* shows them, and each can be taken apart down to its rows: `qafila indicators --of
need_met_share --csv rows.csv`. `--trend` measures those whose facts carry their time also as of
24 h before.

A value that cannot be known is *none*, with the reason; it is never 0. A need counts while it is
reported, verified, planned or met; one that was refuted, expired or withdrawn does not. A
delivery is a movement of goods to a place; what a place gives back is taken off. Times are those
of the report, or of the record where nobody said.

What is read is kept and brought up to date by the rows that events touched since; values of a day
before are kept for five minutes. Over a million events of 3,000 places in 1,000 communes
(`python benchmarks/indicators.py`, 2 cores shared with others, 27 November 2026): the first answer
after the start in 7.6 s (goal 10), the next after an event in 0.9 s (goal 1).

Made by `python tools/indicator_list.py` from the definitions in `data/indicators/catalogue.py`; a
test compares.
"""


def indicator_list_markdown() -> str:
    """Give the document: one section an indicator."""
    parts = [HEAD]
    for one in INDICATORS:
        target = (
            f"{one.target:g} ({one.target_source})" if one.target is not None else "none agreed"
        )
        parts.append(
            f"\n## {one.name}\n\n"
            f"{one.definition}\n\n"
            f"- id `{one.id}`, unit {one.unit}, better: {one.better}\n"
            f"- formula: {one.formula}\n"
            f"- reads: {', '.join(one.of)}; target: {target}; "
            f"as of earlier moments: {'yes' if one.dated else 'no'}\n"
            f"- Sustainable Development Goals, targets: {', '.join(one.sdg) or 'none'}\n"
        )
    return "".join(parts)


if __name__ == "__main__":
    DOCUMENT.write_text(indicator_list_markdown(), encoding="utf-8")
