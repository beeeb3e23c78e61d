"""What the documents say of the program is what the program says of itself."""

import re
from pathlib import Path

import pytest

from dashboard.verbs import build_parser
from tools import module_list
from tools.command_line import DOCUMENT, command_line_markdown

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_command_line_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == command_line_markdown()


def test_the_list_of_modules_is_current_and_no_module_is_silent() -> None:
    text = module_list.module_list_markdown()
    assert module_list.DOCUMENT.read_text(encoding="utf-8") == text
    assert not re.search(r"\*\* $", text, flags=re.MULTILINE)


def test_every_verb_of_the_contract_that_exists_takes_home_and_json() -> None:
    for name in ("demo", "init", "load", "upload", "assess", "reach", "plan", "export", "verify"):
        arguments = {
            "load": ["places", "x"],
            "upload": ["needs", "x", "--org", "o"],
            "export": ["latest", "--to", "x"],
        }.get(name, [])
        parsed = build_parser().parse_args([name, *arguments, "--home", "h", "--json"])
        assert parsed.json
        assert parsed.home == Path("h")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), target
