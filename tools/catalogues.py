"""Bring the catalogues of words up to date with the program, or say what is missing in them.

    .venv/bin/python tools/catalogues.py            # collect words, keep their translations
    .venv/bin/python tools/catalogues.py --missing  # what nobody has translated yet

Words are collected from every `_("…")`, `N_("…")` and `ngettext("…", "…", n)`, and from every
`phrase("…")` of the layers below, which know no language.
A text with a brace is a `str.format` text: its fields must stand in every translation.
"""

from __future__ import annotations

import argparse
import io
import re
import string
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from dashboard.languages import LANGUAGES, SOURCE_LANGUAGE, catalogue_path  # noqa: E402

KEYWORDS = {"_": None, "N_": None, "phrase": None, "ngettext": (1, 2)}
FOLDERS = ("dashboard", "data", "geo", "routing")
WIDTH = 100
TARGETS = tuple(language for language in LANGUAGES if language != SOURCE_LANGUAGE)
# CLDR gives no rule for zgh: one form, then the other, as in its grammars.
PLURALS = {"zgh": "nplurals=2; plural=(n != 1);"}
# The day of a catalogue would change with every run; its words carry their history in the ledger
# of commits.
NEVER = datetime(2026, 1, 1, tzinfo=UTC)


def template() -> Catalog:
    """Collect the words of the program with the files in which they stand."""
    catalogue = _empty(None)
    for folder in FOLDERS:
        found = extract_from_dir(
            ROOT / folder,
            method_map=[("**.py", "python")],
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        )
        for name, _line, text, comments, _context in sorted(found, key=lambda one: one[0]):
            # Without the line: a catalogue that changes with every moved line cannot be reviewed.
            catalogue.add(text, locations=[(f"{folder}/{name}", 0)], auto_comments=comments)
    return catalogue


def updated(language: str, words: Catalog) -> Catalog:
    """Give the catalogue of a language with exactly the words of the program."""
    known = read(language)
    fresh = _empty(language)
    for message in words:
        if not message.id:
            continue
        before = known.get(message.id)
        text = before.string if before and not before.fuzzy else _nothing(message, fresh)
        fresh.add(
            message.id,
            text,
            locations=_files(message),
            auto_comments=message.auto_comments,
            user_comments=before.user_comments if before else (),
        )
    return fresh


def read(language: str) -> Catalog:
    """Read the catalogue of a language; an empty one where there is none yet."""
    path = catalogue_path(language)
    if not path.is_file():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def text_of(catalogue: Catalog) -> str:
    """Write a catalogue as the text of its file."""
    file = io.BytesIO()
    write_po(
        file, catalogue, width=WIDTH, sort_output=True, omit_header=False, ignore_obsolete=True
    )
    lines = file.getvalue().decode("utf-8").splitlines()
    dropped = re.compile(
        r'^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator):'
    )
    return "\n".join(line.rstrip() for line in lines if not dropped.match(line)) + "\n"


def missing(language: str, words: Catalog) -> list[str]:
    """Give what a catalogue lacks: words without translation, and lost or foreign fields."""
    known = read(language)
    problems = []
    for message in words:
        if not message.id:
            continue
        mine = known.get(message.id)
        forms = _forms(mine.string) if mine else ()
        if mine is None or mine.fuzzy or not forms or not all(forms):
            problems.append(f"{language}: not translated: {_first(message)!r}")
            continue
        asked = set().union(*(fields(one) for one in _forms(message.id)))
        for form in forms:
            if not fields(form) <= asked:
                problems.append(f"{language}: unknown field in {form!r}")
            elif len(forms) == 1 and fields(form) != asked:
                problems.append(f"{language}: a field of {_first(message)!r} is lost in {form!r}")
    return problems


def fields(text: str) -> set[str]:
    """Names of the `str.format` fields in a text; none in a text that is not for `format`."""
    try:
        return {name for _text, name, _spec, _way in string.Formatter().parse(text) if name}
    except ValueError:
        return set()


def _empty(language: str | None) -> Catalog:
    catalogue = Catalog(
        locale=language,
        project="Qafila",
        version="1",
        copyright_holder="the Qafila authors",
        msgid_bugs_address="",
        creation_date=NEVER,
        revision_date=NEVER,
        language_team=language or "",
        fuzzy=False,
        header_comment="# Words of Qafila's screen. Under the licence of the project.",
    )
    if language in PLURALS:
        catalogue.mime_headers = [("Plural-Forms", PLURALS[language])]
    return catalogue


def _files(message: Message) -> list[tuple[str, int]]:
    # Babel writes a file without a line where the line is None; its types do not say so.
    line: Any = None
    return [(name, line) for name in sorted({name for name, _line in message.locations})]


def _nothing(message: Message, catalogue: Catalog) -> str | tuple[str, ...]:
    return ("",) * catalogue.num_plurals if message.pluralizable else ""


def _forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    if text is None:
        return ()
    return (text,) if isinstance(text, str) else tuple(text)


def _first(message: Message) -> str:
    return _forms(message.id)[0]


def main(arguments: list[str] | None = None) -> int:
    """Run the tool; 1 with `--missing` where something is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--missing", action="store_true", help="only say what is not translated")
    asked = parser.parse_args(arguments)
    words = template()
    if asked.missing:
        problems = [one for language in TARGETS for one in missing(language, words)]
        print("\n".join(problems) or f"{len(words)} words, all in {len(LANGUAGES)} languages")
        return 1 if problems else 0
    for language in TARGETS:
        path = catalogue_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(updated(language, words)), encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {len(words)} words")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
