"""The page of stock, with a real situation: seen, booked, counted, undone, taken away."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from dashboard import cache, state, stocksheet
from dashboard.map.layers import LayerFiles
from dashboard.operations import funding, stock_balance, stockroom, uploads
from dashboard.operations.booking import HANDLINGS, book, stock_and_money
from dashboard.operations.situation import Situation
from dashboard.operations.spreadsheet import workbook_bytes
from dashboard.role_desk import desk_for
from dashboard.situation_desk import SituationDesk
from dashboard.views.handling import field_labels, handling_names
from data.access.roles import Visitor, rights_of
from geo.errors import InputError, RuleError

PLACES = "name,lon,lat\nTinmel,-8.228,30.985\nIghil,-8.287,30.984\n"
STOCK = "depot,lon,lat,item,quantity\nAsni depot,-8.0,31.0,tent,40\nAsni depot,,,food_kit,100\n"


def _page() -> None:
    from dashboard import state
    from dashboard.views import stock

    stock.page(state.get_served())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SituationDesk]:
    home = tmp_path / "home"
    with Situation.create(home, name="Valley", timezone="Africa/Casablanca") as situation:
        for kind, text in (("places", PLACES), ("stock", STOCK)):
            path = tmp_path / f"{kind}.csv"
            path.write_text(text, encoding="utf-8")
            uploads.upload(situation, kind, path, organisation="Cell", add_places=kind == "places")
        for day in ("2100-01-01", "2099-01-01"):
            stockroom.receive(
                situation, "Asni depot", "food_kit", "10", donor="Main Tendue", lot=day[:4],
                expires=day,
            )  # fmt: skip
    desk = SituationDesk(home)
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    yield desk
    desk.close()


def _shown(part: str = "on_hand") -> AppTest:
    page = AppTest.from_function(_page, default_timeout=30)
    page.session_state["stock_part"] = part
    page.run()
    assert not page.exception
    return page


def _booked(page: AppTest, handling: str, **fields: str) -> AppTest:
    page.selectbox(key="handling").select(handling).run()
    for name, text in fields.items():
        key = f"{handling}_{name}"
        if key in {one.key for one in page.text_input}:
            page.text_input(key=key).input(text)
        else:
            page.selectbox(key=key).set_value(text)
    next(one for one in page.button if one.label == "Book").click().run()
    assert not page.exception
    return page


def test_lots_stand_in_the_order_in_which_they_leave(desk: SituationDesk) -> None:
    table = _shown("lots").dataframe[0].value
    kits = table[table["Item"].str.startswith("Food kit")]
    assert kits["Lot"].tolist() == ["2099", "2100", "without a lot"]
    assert kits["Leaves as number"].tolist() == [1, 2, 3]
    assert kits["On hand"].tolist() == [10, 10, 100]


def test_in_and_out_are_held_against_each_other(desk: SituationDesk) -> None:
    situation = desk.situation()
    depot = "Asni depot"
    stockroom.move(situation, depot, "convoy:1", "tent", "12")
    stockroom.lose(situation, "convoy:1", "tent", "2", cause="damaged")
    book(situation, "deliver", {"source": "convoy:1", "place": "Tinmel", "item": "tent",
                                "quantity": "7"}, stockroom.NOBODY)  # fmt: skip
    stockroom.give_back(situation, "Tinmel", depot, "tent", "1")
    stockroom.give_back(situation, depot, "donor:x", "tent", "3")
    stockroom.count(situation, depot, "tent", "24")
    found = stock_balance.balance(situation)
    (tents,) = [one for one in found["items"] if one["item"] == "tent"]
    names = ("came_in", "counted", "given_back", "delivered", "lost", "on_the_road", "on_hand")
    assert [tents[name] for name in names] == ["40", "-2", "3", "6", "2", "3", "24"]
    assert tents["difference"] == "0"
    assert found["ok"]
    page = _shown("balance")
    assert "on hand, for all 2 items" in page.success[0].value
    assert page.dataframe[0].value["Difference"].tolist() == [0, 0]


def test_a_difference_is_said_in_red(desk: SituationDesk) -> None:
    found = stock_and_money(desk.situation())
    found["balance"]["items"][0]["difference"] = "2"
    words = stocksheet.Words(item=str, account=str, moment=str)
    fine, text = stocksheet.check_line(found, words)
    assert not fine
    assert "do not add up for food_kit" in text


def test_a_form_books_and_its_undo_takes_back(desk: SituationDesk) -> None:
    (depot,) = [one.depot_id for one in desk.situation().store.depots()]
    page = _booked(_shown(), "count", depot=depot, item="tent", quantity="38", organisation="NGO")
    assert r"the difference is \-2" in page.success[-1].value
    counts = _shown("counts").dataframe[0].value
    assert counts[["Counted", "In the books", "Difference"]].values.tolist() == [[38, 40, -2]]
    assert counts["Who says so"].tolist() == ["NGO"]
    page.button(key="undo_booked").click().run()
    assert desk.situation().store.counts() == []


def test_what_a_form_lacks_or_cannot_be_is_one_line(desk: SituationDesk) -> None:
    (depot,) = [one.depot_id for one in desk.situation().store.depots()]
    before = desk.seq()
    page = _booked(_shown(), "loss", account=depot, item="tent", quantity="41", cause="lost")
    assert "only 40 on hand" in page.error[-1].value
    page = _booked(_shown(), "loss", account=depot, item="tent", quantity="1e309", cause="lost")
    assert "1e309" in page.error[-1].value
    page = _booked(_shown(), "loss", account=depot, quantity="1", cause="lost")
    assert "item is empty" in page.error[-1].value
    assert desk.seq() == before


def test_readers_see_no_form_and_are_refused(desk: SituationDesk) -> None:
    def served(role: str) -> state.Served:
        visitor = Visitor(
            account_id="account:1", role=role, organisation_id="", rights=rights_of(role)
        )
        seen = state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks())
        return replace(seen, desk=desk_for(desk, visitor))

    state.put_served(served("viewer"))
    page = _shown()
    assert not page.selectbox
    assert not page.button
    with pytest.raises(RuleError, match="the right 'stock' is needed"):
        state.get_served().desk.book_stock("count", {}, organisation="", at="", note="")
    with pytest.raises(RuleError, match="the right 'report' is needed"):
        state.get_served().desk.report_delivery({}, organisation="", at="", note="")
    state.put_served(served("field"))
    page = _shown()
    assert page.selectbox(key="handling").options == ["Goods arrived at a place"]
    assert "undo_slip" not in {one.key for one in page.selectbox}


def test_money_is_shown_as_counts(desk: SituationDesk) -> None:
    situation = desk.situation()
    funding.open_fund(situation, "Fund 126", "MAD")
    funding.pledge(situation, "Fund 126", "Bank", "1000")
    funding.receive(situation, "Fund 126", "Bank", "600")
    funding.give_back(situation, "Fund 126", "Bank", "50")
    funding.allocate(situation, "Fund 126", "Tents", "300")
    said = stockroom.NOBODY
    fields = {"allocation": "Tents", "place": "Tinmel", "households": "4", "per_household": "25"}
    book(situation, "fund_pay", fields, said)
    row = _shown("money").dataframe[0].value.iloc[0].tolist()
    assert row == ["Fund 126", 1000, 600, 50, 250, 200, 100, 4, "MAD"]
    with pytest.raises(InputError, match="a whole number such as 40"):
        book(situation, "fund_pay", fields | {"households": "4.5"}, said)
    with pytest.raises(RuleError, match="only 250"):
        funding.give_back(situation, "Fund 126", "Bank", "251")


def test_a_table_goes_out_with_formulas_as_text(desk: SituationDesk) -> None:
    rows = pd.DataFrame({"=A1": ["=1+1", "a\x00b"], "n": [-8.23, float("nan")]})
    sheet = load_workbook(io.BytesIO(workbook_bytes(rows, "a/b[c]"))).active
    assert [cell.value for cell in sheet[1]] == ["'=A1", "n"]
    assert [cell.value for cell in sheet[2]] == ["'=1+1", -8.23]
    assert [cell.value for cell in sheet[3]] == ["ab", None]
    page = _shown("movements")
    assert page.dataframe[0].value["Quantity"].tolist()


def test_every_handling_and_field_has_words() -> None:
    assert handling_names().keys() == HANDLINGS.keys()
    fields = {name for _use, names in HANDLINGS.values() for name in names.split() if name != "|"}
    assert fields == field_labels().keys()
    with pytest.raises(InputError, match="one of receive, move"):
        book(None, "steal", {}, stockroom.NOBODY)  # type: ignore[arg-type]
