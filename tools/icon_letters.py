#!/usr/bin/env python3
"""Make the page's icons light: of Streamlit's 4,309 those that a page can show, 49 kB for 375.

    python tools/icon_letters.py          make them anew, after a new icon or another Streamlit
    python tools/icon_letters.py --check  say which icons are missing; needs nothing but Streamlit

Icons are ligatures of a font (Material Symbols Rounded, Apache-2.0): the letters of a name become
one sign. Kept are the names that our pages write (`:material/name:`) and every word of Streamlit's
own scripts that is the name of an icon. Making them needs the package `brotli` beside fonttools.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import streamlit

ROOT = Path(__file__).resolve().parent.parent
STREAMLIT = Path(streamlit.__file__).resolve().parent / "static" / "static"
FOLDER = ROOT / "dashboard" / "static" / "icons"
FONT = FOLDER / "material-symbols-rounded.woff2"
LIST = FOLDER / "material-symbols-rounded.json"
_OURS = re.compile(r":material/([a-z0-9_]+):")
_WORD = re.compile(r"""["'`]([a-z0-9][a-z0-9_]{1,40})["'`]""")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


def main() -> int:
    """Make the icons or check them; 1 where one is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="make nothing, say what is missing")
    if not parser.parse_args().check:
        make()
    lacking = missing()
    for line in lacking:
        print(line, file=sys.stderr)
    return 1 if lacking else 0


def missing() -> list[str]:
    """Say what the icons that are there lack, in lines; none where all is well."""
    kept = json.loads(LIST.read_text(encoding="utf-8"))
    lines = [f"icon {name}: not among those kept" for name in sorted(ours() - set(kept["names"]))]
    if kept["made_from_sha256"] != _sha256(source()):
        lines.append("Streamlit has another font of icons than these were taken from")
    return lines


def ours() -> set[str]:
    """Names of icons that our pages write."""
    return {
        name
        for path in (ROOT / "dashboard").rglob("*.py")
        for name in _OURS.findall(path.read_text(encoding="utf-8"))
    }


def source() -> Path:
    """Streamlit's own font of icons."""
    (path,) = (STREAMLIT / "media").glob("MaterialSymbols-Rounded.*.woff2")
    return path


def make() -> None:
    """Write the font of the icons that are kept, and their names."""
    from fontTools import subset  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    font = TTFont(source())
    letters = {
        glyph: chr(code) for code, glyph in font.getBestCmap().items() if chr(code) in _LETTERS
    }
    scripts = " ".join(
        path.read_text(encoding="utf-8", errors="ignore")
        for path in (STREAMLIT / "js").glob("*.js")
    )
    wanted = ours() | set(_WORD.findall(scripts)) | set(_OURS.findall(scripts))
    names = _keep(font, letters, wanted)
    options = subset.Options()
    options.layout_features = ["*"]
    options.glyph_names = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, _LETTERS))
    subsetter.subset(font)
    font.flavor = "woff2"
    FOLDER.mkdir(exist_ok=True)
    font.save(FONT)
    kept = {"licence": "Apache-2.0", "made_from_sha256": _sha256(source()), "names": names}
    LIST.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _keep(font: Any, letters: dict[str, str], wanted: set[str]) -> list[str]:
    """Take all other ligatures out of a font; gives the names that stay."""
    kept: set[str] = set()
    for table in _ligature_tables(font):
        for first, ligatures in list(table.ligatures.items()):
            named = {
                "".join(letters.get(glyph, "?") for glyph in (first, *one.Component)): one
                for one in ligatures
            }
            table.ligatures[first] = [one for name, one in named.items() if name in wanted]
            kept.update(named.keys() & wanted)
            if not table.ligatures[first]:
                del table.ligatures[first]
    return sorted(kept)


def _ligature_tables(font: Any) -> list[Any]:
    tables = [
        getattr(table, "ExtSubTable", table)
        for lookup in font["GSUB"].table.LookupList.Lookup
        for table in lookup.SubTable
    ]
    return [table for table in tables if hasattr(table, "ligatures")]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
