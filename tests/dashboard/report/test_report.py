"""The situation report: what it says, in four languages, and what it refuses."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pypdfium2
import pytest
from shapely import LineString, Point

from dashboard.cli import main
from dashboard.languages import use_language
from dashboard.operations.reporting import report, written_report
from dashboard.operations.situation import Situation
from dashboard.report.drawing import situation_drawing
from dashboard.report.page import ReportPage, report_html
from dashboard.report.paper import report_pdf
from dashboard.report.short import short_html
from data.events import NeedReported, NewEvent, OrganisationRegistered, RoadClosed
from geo.errors import InputError

HOSTILE = '<script>alert(1)</script>\u202e"'


@pytest.fixture(autouse=True)
def _english_again():
    yield
    use_language("en")


def make_page(**changed: object) -> ReportPage:
    values: dict = {
        "title": "Valley",
        "notice": "drill: all simulated",
        "timezone": "Africa/Casablanca",
        "seq": 12,
        "made_at": datetime(2023, 9, 13, 6, tzinfo=UTC),
        "since_seq": 7,
        "since_at": None,
        "totals": {"places": 3, "people_affected": 1234.0, "not_assessed": 1},
        "changed": {"needs": 2, "closures": 0},
        "told": [
            {
                "seq": 9,
                "what": "need",
                "where": "Ijoukak",
                "item": "Tent",
                "quantity": 40.0,
                "at": datetime(2023, 9, 12, 6, tzinfo=UTC),
            }
        ],
        "drawing": "<svg></svg>",
        "cut_off": [
            {
                "name": "Aghbar",
                "commune": "Aghbar",
                "people": 453.0,
                "affected": float("nan"),
                "reach_status": "by_relay",
                "reach_reason": "R203 closed",
            }
        ],
        "gaps": [
            {
                "place": "Aghbar",
                "affected": 437.0,
                "item": "Tent",
                "quantity": 12.0,
                "reason": "the stock of tents ends at 310",
            }
        ],
        "n_gaps": 30,
        "convoys": [
            {
                "departs_at": "2023-09-14T05:00:00+00:00",
                "vehicle_class": "truck",
                "depot": "Asni",
                "stops": "Ijoukak → Aghbar",
                "km": 62.34,
                "kg": None,
            }
        ],
        "n_convoys": 1,
        "plan_is_old": True,
        "stock": [{"item": "Tent", "quantity": 310.0, "unit": "tent", "depots": 2}],
        "indicators": [
            {
                "title": "Share of need met",
                "value": None,
                "unit": "share",
                "reason": "no need is recorded",
                "value_day_before": 0.25,
                "target": 1.0,
                "source": "reports of X",
            }
        ],
        "sources": [{"name": "UNOSAT", "at": None, "kind": "damage points"}],
    }
    return ReportPage(**(values | changed))


def test_the_report_says_what_when_and_from_whom() -> None:
    text = report_html(make_page())
    assert "2023-09-13 07:00</time> (Africa/Casablanca), event 12" in text
    assert "<dd>1\u202f234</dd>" in text
    assert "<li>2 needs reported or changed</li>" in text
    assert "roads closed or restricted</li>" not in text, "what did not happen is not listed"
    assert "the stock of tents ends at 310" in text
    assert "and more: 30 in all" in text
    assert "The plan is older than the latest events." in text
    assert "UNOSAT" in text


def test_what_nobody_knows_is_a_dash_never_zero() -> None:
    text = report_html(make_page())
    assert "<dt>Cut off for trucks</dt><dd>–</dd>" in text
    assert re.search(r"Aghbar</td>.*?453</td><td class=\"n\">–</td>", text)
    assert '<small>no need is recorded</small></td><td class="n">–</td><td class="n">25%' in text


def test_text_from_people_is_escaped_everywhere() -> None:
    row = {"name": HOSTILE, "at": None, "kind": HOSTILE}
    page = make_page(
        title=HOSTILE,
        notice=HOSTILE,
        sources=[row],
        stock=[{"item": HOSTILE, "quantity": 1.0, "unit": HOSTILE, "depots": 1}],
        gaps=[
            {"place": HOSTILE, "affected": 1.0, "item": HOSTILE, "quantity": 1.0, "reason": HOSTILE}
        ],
    )
    text = report_html(page)
    assert "<script" not in text
    assert "\u202e" not in text
    assert text.count("&lt;script&gt;alert(1)") == 10


def test_it_asks_for_nothing_beside_it() -> None:
    text = report_html(make_page())
    assert not re.search(r"(?:src|href)\s*=|url\(|@import|https?://(?!www\.w3\.org)", text)


@pytest.mark.parametrize(
    ("tongue", "word", "way"),
    [
        ("en", "Situation report", "ltr"),
        ("fr", "Rapport de situation", "ltr"),
        ("ar", "تقرير الوضع", "rtl"),
        ("zgh", "ⴰⵏⵇⵇⵉⵙ ⵏ ⵓⴷⴷⴰⴷ", "ltr"),
    ],
)
def test_it_is_written_in_four_languages(tongue: str, word: str, way: str) -> None:
    use_language(tongue)
    text = report_html(make_page())
    assert f'<html lang="{tongue}" dir="{way}">' in text
    assert word in text


def frame(rows: list[dict], geometry: list) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry=geometry, crs="EPSG:4326")


def place(name: str, state: str, reach: str = "reachable", affected: float = 100.0) -> dict:
    return {
        "name": name,
        "affected": affected,
        "evidence_state": state,
        "reach_truck": reach,
        "reach_pickup": reach,
    }


def test_the_drawing_shows_each_state_by_form_not_by_colour_alone() -> None:
    places = frame(
        [
            place("A", "damage_seen", "cut_off"),
            place("B", "not_assessed", affected=float("nan")),
            place("C & <D>", "no_visible_damage"),
        ],
        [Point(-8.1, 31.0), Point(-8.2, 31.1), Point(-8.0, 30.9)],
    )
    closures = frame(
        [{"state": "closed"}, {"state": "restricted"}],
        [LineString([(-8.1, 31.0), (-8.0, 30.9)]), LineString([(-8.2, 31.1), (-8.1, 31.0)])],
    )
    roads = frame(
        [{"highway": "secondary"}, {"highway": "path"}],
        [LineString([(-8.1, 31.0), (-8.0, 30.9)]), LineString([(-8.2, 31.0), (-8.1, 31.0)])],
    )
    svg = situation_drawing(places, closures, roads, [("Depot", -8.1, 31.05)], crs="EPSG:32629")
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    assert svg.count("<circle") == 3 + 2
    assert svg.count('fill="none" stroke-width="2"/>') == 1, "one frame: who is cut off"
    assert svg.count("url(#n)") == 1
    assert "C &amp; &lt;D&gt;" in svg
    # North is up and east is right.
    where = {
        text.text: (float(text.get("x")), float(text.get("y")))
        for text in root.iter("{http://www.w3.org/2000/svg}text")
    }
    assert where["B"][1] < where["A"][1]
    assert where["B"][0] < where["A"][0] < where["C & <D>"][0]


def test_there_is_no_drawing_where_there_is_no_place() -> None:
    places = frame([place("A", "damage_seen")], [Point(-8.1, 31.0)])
    assert situation_drawing(places.iloc[:0], places.iloc[:0], None, [], crs="EPSG:32629") == ""
    one = situation_drawing(places, places.iloc[:0], None, [], crs="EPSG:32629")
    assert "<circle" in one, "a single place has no extent"


# --- through the command line ---


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    with Situation.create(folder, name="Test <b>", timezone="UTC") as made:
        made.store.append(
            [
                NewEvent(
                    payload=OrganisationRegistered(organisation_id="organisation:x", name="X")
                ),
                NewEvent(
                    payload=NeedReported(
                        need_id="need:1",
                        place_id="place:a",
                        item_id="tent",
                        quantity="4",
                        unit="tent",
                    ),
                    organisation_id="organisation:x",
                ),
                NewEvent(
                    payload=RoadClosed(
                        closure_id="closure:1", edges=("way:1",), state="closed", source="police"
                    )
                ),
            ]
        )
    return folder


def test_a_situation_with_almost_nothing_has_a_report(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "new" / "report.html"
    assert main(["report", "--home", str(home), "--to", str(target), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    text = target.read_text(encoding="utf-8")
    assert told["bytes"] == len(text.encode())
    assert "Test &lt;b&gt;" in text
    assert "There is no plan yet." in text
    assert told["sections"]["changes"] == 2


def test_what_changed_counts_from_an_event_on(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "report.html"
    asked = ["report", "--home", str(home), "--to", str(target), "--json", "--since"]
    assert main([*asked, "3"]) == 0
    assert json.loads(capsys.readouterr().out)["sections"]["changes"] == 1
    assert main([*asked, "2000-01-01T00:00"]) == 0
    assert json.loads(capsys.readouterr().out)["since_seq"] == 0
    assert main([*asked, "2999-01-01T00:00"]) == 0
    assert json.loads(capsys.readouterr().out)["sections"]["changes"] == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--to", "x.txt"], "ends in .html"),
        (["--to", "x.html", "--lang", "de"], "ar, zgh, fr, en"),
        (["--to", "x.html", "--since", "999"], "the events 1 to 4"),
        (["--to", "x.html", "--since", "soon"], "a time such as"),
        (["--to", "/dev/null/x.html"], "cannot be written"),
    ],
)
def test_misuse_is_one_line_and_writes_nothing(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--home", str(home), *more]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert said in error
    assert not (tmp_path / "x.html").exists()


ARABIC = "تقرير الوضع"


def pdf_text(data: bytes) -> str:
    pages = pypdfium2.PdfDocument(data)
    return "\n".join(page.get_textpage().get_text_bounded() for page in pages)


def test_the_paper_holds_the_text_in_reading_order_and_is_tagged() -> None:
    use_language("ar")
    data = report_pdf(make_page())
    # The letters in the order in which they are read, not in that in which they are drawn.
    assert ARABIC in unicodedata.normalize("NFKC", pdf_text(data))
    assert b"pdfuaid" in data
    assert b"/StructTreeRoot" in data or b"/ObjStm" in data
    use_language("zgh")
    assert "ⵜ" in pdf_text(report_pdf(make_page()))


def test_what_no_font_can_write_does_not_stop_the_paper() -> None:
    data = report_pdf(make_page(title="Valley 🚚 谷"))
    assert b"pdfuaid" not in data
    assert "Ijoukak" in pdf_text(data)


def test_markup_of_people_stays_text_on_paper_and_in_the_short_report() -> None:
    hostile = [
        {"name": HOSTILE, "at": None, "kind": '#image("/etc/passwd") *bold*'},
    ]
    page = make_page(sources=hostile)
    assert "*bold*" in pdf_text(report_pdf(page))
    text = short_html(page)
    assert "<script" not in text
    assert "\u202e" not in text
    assert len(text.encode()) < 20_000


def test_the_short_report_keeps_the_first_rows_and_is_asked_for_again_by_hand() -> None:
    row = make_page().cut_off[0]
    text = short_html(make_page(cut_off=[{**row, "name": f"Place {i}"} for i in range(20)]))
    assert "Place 7" in text
    assert "Place 8" not in text
    # Read aloud, a page that loads itself again starts over at every turn.
    assert "http-equiv" not in text
    assert '<a href="">Look again</a>' in text
    assert "<svg" not in text


def test_a_report_that_is_given_out_stays_on_record(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--home", str(home), "--json"]
    paper = tmp_path / "r.pdf"
    assert main(["report", "--to", str(paper), "--lang", "fr", *where]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["report", "--to", str(tmp_path / "r.html"), "--short", *where]) == 0
    assert main(["report", "--to", str(tmp_path / "s.html"), "--not-kept", *where]) == 0
    capsys.readouterr()
    assert main(["report", *where]) == 0
    kept = json.loads(capsys.readouterr().out)["reports"]
    assert [(one["form"], one["language"]) for one in kept] == [("short", "en"), ("pdf", "fr")]
    assert kept[1]["report_id"] == first["report_id"]
    assert Path(kept[1]["file"]).read_bytes() == paper.read_bytes()
    with Situation.open(home) as situation:
        _given_again(situation, kept[0]["based_on_seq"])


def _given_again(situation: Situation, last_seq: int) -> None:
    # What is new begins where the last one ended, and giving it out is no news.
    seq = situation.picture_seq()
    written_report(situation, "html", tongue="en", keep=True)
    assert situation.picture_seq() == seq
    assert situation.store.reports()[-1].since_seq == last_seq


def test_a_short_paper_is_refused(home: Path, tmp_path: Path) -> None:
    with Situation.open(home) as situation, pytest.raises(InputError, match=r"ends in \.html"):
        report(situation, tmp_path / "r.pdf", short=True)
