"""Write docs/modules.md, the table of contents of the code: ``python tools/module_list.py``."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "modules.md"
PACKAGES = ("geo", "data", "routing", "dashboard")
HEAD = """# Modules

What each file is for, in its own words. Made by `python tools/module_list.py`; a test compares.
"""


def module_list_markdown() -> str:
    """Give the first line of every module's docstring, folder by folder."""
    parts = [HEAD]
    for package in PACKAGES:
        folders = sorted({path.parent for path in (ROOT / package).rglob("*.py")})
        for folder in folders:
            parts.append(f"\n## {folder.relative_to(ROOT).as_posix()}\n\n")
            parts += [_line(path) for path in sorted(folder.glob("*.py"))]
    return "".join(parts)


def _line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = docstring.split("\n", 1)[0]
    return f"- **{'(package)' if path.name == '__init__.py' else path.name}** {first}\n"


if __name__ == "__main__":
    DOCUMENT.write_text(module_list_markdown(), encoding="utf-8")
