"""The exports of a plan: from a situation to files, and to one zip."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import html as lxml_html

from dashboard.cli import main
from dashboard.operations import exporting, planning, roads
from dashboard.verbs import convoys
from geo.errors import InputError
from routing.exports import FORMATS

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation


def test_every_list_of_formats_is_the_same() -> None:
    assert exporting.FORMATS == (*FORMATS, exporting.PROBLEM) == convoys.EXPORT_FORMATS


def test_a_sheet_shows_roads_closure_reasons_contact_and_version(
    valley: Situation, tmp_path: Path
) -> None:
    roads.close_road(valley, near=(-7.975, 31.0), reason="rockfall")
    plan = planning.make_plan(valley, iterations=30)
    made = exporting.export_plan(
        valley, "latest", folder=tmp_path, formats=("html",), contacts={"cell": "channel <7>"}
    )
    assert len(made["files"]) == len(plan["convoys"])
    tree = lxml_html.document_fromstring(Path(made["files"][0]).read_bytes())
    text = tree.text_content()
    assert plan["convoys"][0]["stops"][0]["why"]["text"][:40] in text
    assert "channel <7>" in text
    assert plan["plan_id"].removeprefix("plan:") in text
    assert f"event {plan['based_on_seq']}" in text
    assert tree.xpath("//svg//path[@stroke='#0b5d8f']")
    assert tree.xpath("//svg//path[@stroke='#b00020']")
    assert "back before dark" in text


def test_the_zip_holds_what_the_folder_would(valley: Situation, tmp_path: Path) -> None:
    planning.make_plan(valley, iterations=30)
    formats = ("gpx", "html", "waybills")
    made = exporting.export_plan(valley, "latest", folder=tmp_path, formats=formats)
    with zipfile.ZipFile(io.BytesIO(exporting.zipped_plan(valley, "latest", formats=formats))) as z:
        assert {name: z.read(name) for name in z.namelist()} == {
            Path(path).name: Path(path).read_bytes() for path in made["files"]
        }


@pytest.mark.parametrize("contact", [{"boss": "1"}, {"cell": "1" * 201}])
def test_a_contact_of_no_role_or_without_end_is_refused(
    valley: Situation, tmp_path: Path, contact: dict[str, str]
) -> None:
    planning.make_plan(valley, iterations=30)
    with pytest.raises(InputError, match="contact"):
        exporting.export_plan(
            valley, "latest", folder=tmp_path / "x", formats=("html",), contacts=contact
        )
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--contact", "cell"], "ROLE=HOW"),
        (["--contact", "cell="], "ROLE=HOW"),
        (["--contact", "boss=1"], "cell, depot"),
        (["--formats", "html,docx"], "docx"),
    ],
)
def test_misuse_on_the_command_line_is_one_line(
    valley: Situation,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    home = str(valley.home)
    arguments = ["export", "latest", "--to", str(tmp_path / "x"), "--home", home, *options]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
