"""Write the tables of docs/travel.md from routing/catalog/vehicle_classes.toml.

Run it after a change of the catalogue: ``python tools/travel_tables.py``. A test compares.
"""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- tables: written by tools/travel_tables.py, do not edit below -->"


def page_with_tables(page: str) -> str:
    """The page with everything after the marker written anew."""
    from routing.vehicle_tables import travel_tables_markdown
    from routing.vehicles import catalogue

    head, marker, _ = page.partition(BEGIN)
    if not marker:
        raise SystemExit(f"docs/travel.md: the line {BEGIN!r} is needed; put it back")
    return f"{head}{BEGIN}\n\n{travel_tables_markdown(catalogue())}"


def main() -> None:
    """Rewrite the page in place and say so."""
    sys.path.insert(0, str(CHECKOUT))
    path = CHECKOUT / "docs" / "travel.md"
    path.write_text(page_with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
    print("wrote docs/travel.md")


if __name__ == "__main__":
    main()
