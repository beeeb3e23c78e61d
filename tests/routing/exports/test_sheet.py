"""Sheets, loading lists and waybills: what they say, that they open anywhere, hostile names."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import numpy as np
import pypdfium2
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml import html as lxml_html

from routing.exports import LANGUAGES, text
from routing.exports.sheet import Ground, Papers, html, lists, pdf, road_ranks, sheet_of
from routing.exports.sheet.code import CODE_BYTES, MOST_CODES, code_svg, code_texts
from routing.exports.sheet.loading import loading_order
from routing.exports.sheet.road_map import road_map
from routing.exports.sheet.words import word
from routing.itinerary import HandOut
from tests.routing.exports.test_exports import HOSTILE, hostile_wording, wording
from tests.routing.exports.valley import ASNI, DEPARTS, NOTICE, an_itinerary

DARK = DEPARTS + timedelta(hours=11)
SVG = "{http://www.w3.org/2000/svg}"


def a_ground(n_small=0, name="Tahannaout"):
    """The road up the valley, a closed side road, and `n_small` footways around it."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-8.0, -7.9, n_small), rng.uniform(31.12, 31.25, n_small)
    wriggle = rng.uniform(-0.002, 0.002, (n_small, 20, 2)) + np.stack([x, y], axis=1)[:, None]
    roads = [
        shapely.LineString([ASNI, (-7.95, 31.2), (-7.92, 31.137)]),
        *map(shapely.LineString, wriggle),
    ]
    return Ground(
        roads=np.array(roads, dtype=object),
        rank=road_ranks(["secondary"] + ["path"] * n_small),
        names=np.array([name] + [""] * n_small, dtype=object),
        closed=np.array([shapely.LineString([(-7.96, 31.2), (-7.94, 31.22)])], dtype=object),
        places=np.array([[-7.97, 31.16]]),
        place_names=[name],
    )


def papers(**changes):
    values = {
        "capacity": {"vehicle:7": (1500.0, 5.0)}, "made_at": DEPARTS, "event": 17,
        "dark_at": DARK, "contacts": {"cell": "+212 5 24 00 00 00"}, "ground": a_ground(),
    }  # fmt: skip
    return Papers(**(values | changes))


def told(**changes):
    return wording(papers=papers(**changes))


def rows_of(document):
    return list(csv.DictReader(io.StringIO(document.decode())))


def text_of_pdf(document):
    pages = pypdfium2.PdfDocument(document)
    return "\n".join(page.get_textpage().get_text_range() for page in pages)


# --- loading ----------------------------------------------------------------------------------


def test_what_comes_out_last_goes_in_first_and_the_dense_lies_below():
    order = loading_order(an_itinerary().stops)
    assert [(one.stop.number, one.item.item_id) for one in order] == [
        (2, "tent"), (1, "water_l"), (1, "tent"),
    ]  # fmt: skip
    assert [one.kg_before for one in order] == [0.0, 150.0, 210.5]


@given(st.lists(st.lists(st.tuples(st.floats(0.1, 99), st.floats(0, 5)), max_size=4), max_size=5))
def test_loading_keeps_every_kilogram_and_unloads_from_the_top(loads):
    (first, _second) = an_itinerary().stops
    stops = [
        replace(
            first,
            number=number,
            hand_out=tuple(
                HandOut(item_id=f"i{row}", quantity=1.0, kg=kg, m3=m3)
                for row, (kg, m3) in enumerate(goods)
            ),
        )
        for number, goods in enumerate(loads, start=1)
    ]
    order = loading_order(stops)
    assert [one.stop.number for one in order] == sorted(
        (one.stop.number for one in order), reverse=True
    )
    total = sum(kg for goods in loads for kg, _ in goods)
    on_board = order[-1].kg_before + order[-1].item.kg if order else 0.0
    assert on_board == pytest.approx(total)


def test_bars_end_at_the_share_that_is_loaded():
    sheet = sheet_of(an_itinerary(), told())
    assert sheet.loading[0].kg_from == 0.0
    assert sheet.loading[-1].kg_to == pytest.approx(810.5 / 1500)
    assert sheet.kg_share == pytest.approx(810.5 / 1500)
    assert sheet.m3_share == pytest.approx(3.0605 / 5)
    assert sheet_of(an_itinerary(), told(capacity={})).kg_share is None


def test_the_loading_list_and_the_waybills_read_back_as_tables():
    rows = rows_of(lists.render_loading(an_itinerary(), told()))
    assert [(row["order"], row["stop"], row["item"], row["kg"]) for row in rows] == [
        ("1", "2", "tents", "150"), ("2", "1", "water", "60.5"), ("3", "1", "tents", "600"),
    ]  # fmt: skip
    bills = list(
        csv.DictReader(io.StringIO(lists.render_waybills(an_itinerary(), told()).decode()))
    )
    assert [row["waybill"] for row in bills] == ["0a1b2c3d-001/1"] * 2 + ["0a1b2c3d-001/2"]
    assert {row["received"] for row in bills} == {""}
    assert all(row["notice"] == NOTICE for row in [*rows, *bills])


def test_a_formula_in_a_list_stays_text():
    name = HOSTILE["formula"]
    for render in (lists.render_loading, lists.render_waybills):
        (row, *_) = csv.DictReader(
            io.StringIO(render(an_itinerary(), hostile_wording(name)).decode())
        )
        assert row["place"] == "'" + name


# --- what a sheet says ------------------------------------------------------------------------


def test_a_stop_says_what_to_do_if_it_does_not_work_and_until_when():
    first, second = sheet_of(an_itinerary(), told()).stops
    assert (
        first.fallback[0]
        == "road blocked before here: turn back to Asni, 17.0 km at most, and report it"
    )
    assert second.fallback[0].startswith(
        "road blocked before here: turn back to Imlil إمليل, 1.5 km"
    )
    # The convoy is planned back at 08:43:20 UTC; it leaves the first stop at 07:24: 79 min before.
    # Dark at 17:30 UTC, so 16:10 UTC is the latest, which is 17:10 in Morocco.
    assert first.fallback[1] == "leave here by 17:10 to be back before dark (18:30)"


def test_where_it_is_dark_before_a_stop_or_nobody_minds_nothing_is_said_of_it():
    for dark in (None, DEPARTS):
        stop, *_ = sheet_of(an_itinerary(), told(dark_at=dark)).stops
        assert len(stop.fallback) == 1


def test_version_and_contacts_are_on_the_sheet_and_a_missing_one_leaves_room():
    sheet = sheet_of(an_itinerary(), told(replaces="plan:old"))
    assert sheet.version == "0a1b2c3d, made 2023-09-09 07:30, event 17, replaces old"
    assert sheet.contacts[0] == ("Crisis cell", "+212 5 24 00 00 00")
    assert {how for _, how in sheet.contacts[1:]} == {""}


# --- HTML -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_needs_nothing_but_itself(language):
    page = html.render(an_itinerary(), replace(told(), language=language))
    tree = lxml_html.document_fromstring(page)
    assert tree.get("lang") == language
    assert tree.get("dir") == ("rtl" if language == "ar" else "ltr")
    assert not tree.xpath("//script|//link|//img|//iframe|//object|//form")
    assert not tree.xpath("//@src|//@href|//@*[starts-with(name(), 'on')]")
    assert not re.search(rb"url\(|@import", page)
    text = tree.text_content()
    for part in ("timetable", "turns", "contacts", "loading_list", "waybill", "valid"):
        assert word(part, language) in text
    assert "Aremd" in text and "R203" in text and NOTICE in text
    # What scrolls sideways can be reached with the keyboard too.
    assert tree.xpath("//*[@class='wide']")
    assert not tree.xpath("//*[@class='wide'][not(@tabindex='0')]|//section[not(ancestor::main)]")


def test_html_shows_the_map_with_depot_stops_way_and_closure():
    tree = lxml_html.document_fromstring(html.render(an_itinerary(), told()))
    (svg,) = tree.xpath("//svg[.//text]")
    assert [one.text for one in svg.xpath(".//text")][-1] == "N"
    assert {"1", "2", "Asni", "Tahannaout"} <= {one.text for one in svg.xpath(".//text")}
    assert len(svg.xpath(".//path[@stroke='#b00020']")) == 2
    assert svg.xpath(".//path[@stroke='#0b5d8f']")
    bare = lxml_html.document_fromstring(html.render(an_itinerary(), told(ground=None)))
    assert not bare.xpath("//svg[.//text]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_codes_carry_the_messages_and_the_sheet_says_how_to_answer(language):
    said = replace(told(), language=language)
    texts = code_texts(an_itinerary(), said)
    assert "\n".join(texts) == "\n".join(text.messages(an_itinerary(), said))
    assert all(len(one.encode()) <= CODE_BYTES for one in texts)
    page = html.render(an_itinerary(), said).decode()
    for one in texts:
        assert code_svg(one) in page
    tree = lxml_html.document_fromstring(page)
    assert [row.text_content() for row in tree.xpath("//bdi[@dir='ltr']/b")][-5:] == [
        code for code, _ in html.ANSWERS
    ]
    assert word("answer_sos", language) in tree.text_content()
    (kept,) = tree.xpath("//p[@class='plan']")
    assert "0a1b2c3d" in kept.text_content()


def test_a_long_route_takes_several_codes_and_no_message_is_cut():
    long = an_itinerary()
    stop = long.stops[0]
    many = replace(long, stops=tuple(replace(stop, number=n) for n in range(1, 60)))
    texts = code_texts(many, told())
    assert len(texts) <= MOST_CODES
    messages = text.messages(many, told())
    assert [line for one in texts for line in one.split("\n")][:3] == "\n".join(messages).split(
        "\n"
    )[:3]
    assert all(len(one.encode()) <= CODE_BYTES for one in texts)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_stay_text_in_html_and_pdf(name):
    said = replace(
        hostile_wording(name),
        papers=papers(ground=a_ground(name=name), contacts={"cell": name}, replaces=name),
    )
    page = html.render(an_itinerary(vehicle_name=name), said)
    tree = lxml_html.document_fromstring(page)
    assert not tree.xpath("//script|//img|//@onerror")
    assert b"<script" not in page
    assert "\u202e" not in page.decode()
    # The map is well-formed by itself, for the reader that the PDF hands it to.
    etree.fromstring(sheet_of(an_itinerary(), said).road_map.encode())
    assert pdf.render(an_itinerary(vehicle_name=name), said).startswith(b"%PDF")


def test_a_map_of_a_whole_city_stays_small_and_keeps_the_way():
    crowded = html.render(an_itinerary(), told(ground=a_ground(n_small=20_000)))
    assert len(crowded) <= 300_000
    root = ElementTree.fromstring(road_map(an_itinerary(), a_ground(n_small=20_000), wording()))
    strokes = {one.get("stroke") for one in root.iter(f"{SVG}path")}
    assert {"#0b5d8f", "#b00020", "#888"} <= strokes
    assert "#ccc" not in strokes
    few = ElementTree.fromstring(road_map(an_itinerary(), a_ground(n_small=50), wording()))
    assert "#ccc" in {one.get("stroke") for one in few.iter(f"{SVG}path")}


@settings(max_examples=25, deadline=None)
@given(st.floats(-179, 179), st.floats(-84, 84), st.floats(0, 2), st.floats(0, 2))
def test_every_way_lies_inside_its_map(lon, lat, wide, high):
    line = shapely.LineString([(lon, lat), (lon + wide * 0.4, lat + high * 0.4)])
    made = an_itinerary()
    stops = tuple(replace(stop, position=line.coords[-1], walk=None) for stop in made.stops)
    legs = tuple(replace(leg, geometry=line) for leg in made.legs)
    root = ElementTree.fromstring(
        road_map(replace(made, legs=legs, stops=stops, start=line.coords[0]), a_ground(), wording())
    )
    _, _, width, height = map(float, root.get("viewBox").split())
    for mark in root.iter(f"{SVG}circle"):
        if mark.get("r") == "16":
            assert 0 <= float(mark.get("cx")) <= width
            assert 0 <= float(mark.get("cy")) <= height


# --- PDF --------------------------------------------------------------------------------------


def test_pdf_holds_the_sheet_the_lists_and_a_waybill_per_stop():
    document = pdf.render(an_itinerary(), told())
    text = text_of_pdf(document)
    for part in ("Convoy 0a1b2c3d-001", "Loading list", "Waybill 0a1b2c3d-001/2", "Aremd", NOTICE):
        assert part in text
    assert document == pdf.render(an_itinerary(), told())
    for one in sheet_of(an_itinerary(), told(), leg_maps=True).leg_maps:
        assert f"km {one.km}" in text


def test_a_map_of_each_leg_stands_on_paper_and_the_pocket_size_has_no_lists():
    itinerary, said = an_itinerary(), told()
    assert sheet_of(itinerary, said).leg_maps == ()
    maps = sheet_of(itinerary, said, leg_maps=True).leg_maps
    assert [one.ends for one in maps] == [
        f"{stop.number}. {said.name(stop.place_id)}" for stop in itinerary.stops
    ]
    whole = ElementTree.fromstring(sheet_of(itinerary, said).road_map)
    for one in maps:
        width, height = map(float, ElementTree.fromstring(one.drawing).get("viewBox").split()[2:])
        assert height <= 0.76 * width
        assert one.drawing != ElementTree.tostring(whole).decode()
    pocket = pypdfium2.PdfDocument(pdf.render_pocket(itinerary, said))
    assert {tuple(round(side / 72 * 25.4) for side in page.get_size()) for page in pocket} == {
        (105, 148)
    }
    text = text_of_pdf(pdf.render_pocket(itinerary, said))
    for part in (NOTICE, "2. Aremd", *(f"km {one.km}" for one in maps)):
        assert part in " ".join(text.split())
    assert "Waybill" not in text


def test_arabic_and_tifinagh_stay_text_that_can_be_searched():
    # Letters without dots: the font sets dots as glyphs of their own, and this reader counts both.
    names = {"place:imlil": "مسلم", "place:aremd": "ⴰⵔⵎⴷ"}
    said = replace(told(), language="ar", name_of=lambda one: names.get(one, one))
    document = pdf.render(an_itinerary(), said)
    text = text_of_pdf(document)
    assert "مسلم" in text
    assert "ⴰⵔⵎⴷ" in text
    assert b"NotoSansArabic" in document
    assert b"NotoSansTifinagh" in document


def test_a_position_is_read_from_left_to_right_on_an_arabic_page():
    document = pdf.render(an_itinerary(), replace(told(), language="ar"))
    page = pypdfium2.PdfDocument(document)[0].get_textpage()
    text = page.get_text_range()
    lat, lon = (page.get_charbox(text.index(part))[0] for part in ("31.13700", "-7.92000"))
    assert lat < lon
    html_page = html.render(an_itinerary(), replace(told(), language="ar")).decode()
    assert '<bdi dir="ltr">31.13700, -7.92000</bdi>' in html_page


def test_joined_arabic_is_narrower_than_its_letters_apart():
    """Without shaping every letter would stand in its isolated, wider form."""

    def width(name):
        said = replace(told(), language="ar", name_of=lambda _: name, notice="")
        page = pypdfium2.PdfDocument(pdf.render(an_itinerary(), said))[0]
        return page, page.get_textpage()

    joined, apart = (width(name)[1] for name in ("سسسسسس", "س\u200cس\u200cس\u200cس\u200cس\u200cس"))

    def widest(textpage):
        boxes = [
            textpage.get_charbox(index)
            for index in range(textpage.count_chars())
            if textpage.get_text_range(index, 1) in "سﺳﺴﺲﺱ"
        ]
        assert boxes
        return sum(right - left for left, _, right, _ in boxes) / len(boxes)

    assert widest(joined) < 0.9 * widest(apart)
