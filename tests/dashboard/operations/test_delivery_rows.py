"""Sheets of stock and of deliveries: row by row against the books, sent twice, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.operations import own_items, stock_balance, stock_report, stockroom, uploads
from dashboard.operations.situation import Situation

DELIVERIES = (
    "Dépôt;Douar;Article;Quantité livrée;Date de livraison\n"
    "Asni depot;Tinmel;tentes;15;\n"
    "Asni depot;Tinmel;tentes;30;\n"
    "Asni depot;Ighil;tentes;8;\n"
)


def send(situation: Situation, folder: Path, kind: str, text: str, **more: Any) -> dict[str, Any]:
    path = folder / f"{kind}-sent.csv"
    path.write_text(text, encoding="utf-8")
    return uploads.upload(situation, kind, path, organisation="NGO One", **more)


def statuses(report: dict[str, Any]) -> list[str]:
    return [row["status"] for row in report["rows"]]


def expected(report: dict[str, Any]) -> list[str]:
    return [problem["expected"] for row in report["rows"] for problem in row["problems"]]


def on_hand(situation: Situation, item: str) -> str:
    rows = stock_report.show(situation, item=item)["stock"]
    return rows[0]["on_hand"] if rows else "0"


def need(situation: Situation, place: str, item: str) -> tuple[str, float]:
    (one,) = [
        one
        for one in situation.store.needs(open_only=False)
        if one.item_id == item and one.written_place == place
    ]
    return one.status, one.delivered


def test_each_delivery_is_held_against_what_the_rows_before_it_left(
    valley: Situation, tmp_path: Path
) -> None:
    before = valley.seq()
    rejects = tmp_path / "rejects.xlsx"
    tried = send(valley, tmp_path, "deliveries", DELIVERIES, dry_run=True, rejects=rejects)
    assert (statuses(tried), valley.seq()) == (["accepted", "rejected", "accepted"], before)
    assert rejects.is_file()
    report = send(valley, tmp_path, "deliveries", DELIVERIES)
    assert statuses(report) == ["accepted", "rejected", "accepted"]
    assert "only 25 on hand" in expected(report)[0]
    assert on_hand(valley, "tent") == "17"
    assert need(valley, "Tinmel", "tent") == ("reported", 15)
    assert need(valley, "Ighil", "tent") == ("met", 8)
    assert stock_balance.balance(valley)["ok"]


def test_a_sheet_of_deliveries_sent_twice_counts_once_and_is_undone_whole(
    valley: Situation, tmp_path: Path
) -> None:
    first = send(valley, tmp_path, "deliveries", DELIVERIES)
    again = send(valley, tmp_path, "deliveries", DELIVERIES)
    assert statuses(again) == ["duplicate", "rejected", "duplicate"]
    assert (again["accepted"], again["upload_id"]) == (0, None)
    uploads.undo(valley, first["upload_id"])
    assert on_hand(valley, "tent") == "40"
    assert need(valley, "Ighil", "tent") == ("reported", 0)
    assert valley.store.verify(projections=True).ok
    # After an undo the same sheet may come again.
    assert statuses(send(valley, tmp_path, "deliveries", DELIVERIES))[0] == "accepted"


def test_who_brought_it_is_a_convoy_a_depot_a_donor_or_the_sender(
    valley: Situation, tmp_path: Path
) -> None:
    stockroom.move(valley, "Asni depot", "convoy:7", "blanket", "50")
    report = send(
        valley,
        tmp_path,
        "deliveries",
        "place,item,quantity,convoy,depot,donor,expected\n"
        "Tinmel,blanket,20,7,,,25\n"
        "Tinmel,blanket,5,,Asni depot,,\n"
        "Tinmel,blanket,6,,,Main Tendue,\n"
        "Tinmel,blanket,7,,,,\n"
        "Tinmel,tent,0,7,,,10\n"
        "Tinmel,tent,3,9,,,\n"
        "Tinmel,blanket,1,,Nowhere depot,,\n",
    )
    assert statuses(report) == [*["accepted"] * 5, "rejected", "rejected"]
    givers = {
        (str(one.quantity), one.from_account)
        for one in valley.store.movements()
        if one.to_account.startswith("place:")
    }
    assert {("20", "convoy:7"), ("6", "donor:Main-Tendue"), ("7", "donor:NGO-One")} <= givers
    outcomes = {(one.item_id, one.outcome) for one in valley.store.deliveries()}
    assert {("blanket", "partly"), ("blanket", "arrived"), ("tent", "refused")} == outcomes


def test_lots_donors_and_last_days_of_a_stock_list_are_kept(
    valley: Situation, tmp_path: Path
) -> None:
    report = send(
        valley,
        tmp_path,
        "stock",
        "depot,item,quantity,lot,expiry date,donor\n"
        "Asni depot,food_kit,30,L1,2099-05-01,WFP\n"
        "Asni depot,food_kit,20,L1,2099-05-01,WFP\n"
        "Asni depot,food_kit,5,L1,2098-01-01,WFP\n"
        "Asni depot,food_kit,7,,2099-06-01,\n"
        "Asni depot,food_kit,7,L2,soon,\n",
    )
    assert statuses(report) == ["accepted", "accepted", "rejected", "accepted", "rejected"]
    assert "known with 2099-05-01" in expected(report)[0]
    shown = stock_report.show(valley, item="food_kit", lots=True)["lots"]
    held = {(one["code"], one["expires_on"], one["on_hand"]) for one in shown}
    assert held == {("", None, "100"), ("L1", "2099-05-01", "50"), ("", "2099-06-01", "7")}
    donors = {one.from_account for one in valley.store.movements() if one.lot_id}
    assert donors == {"donor:WFP", "donor:uploaded"}


def test_own_items_and_their_packs_are_read_from_sheets(valley: Situation, tmp_path: Path) -> None:
    own_items.register_item(valley, "soap", name="Savon", unit="piece", packs=["box=48"])
    report = send(
        valley,
        tmp_path,
        "stock",
        "depot,item,quantity,unit\nAsni depot,Savon,3,box\nAsni depot,soap,2 boxes,\n"
        "Asni depot,soap,0.5,box of 7\n",
    )
    assert statuses(report) == ["repaired", "repaired", "rejected"]
    assert on_hand(valley, "soap") == "240"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Asni depot,tent,-3,piece", "above 0"),
        ("Asni depot,tent,1e309,piece", "the unit of Family tent"),
        ("Asni depot,tent,nan,piece", "above 0"),
        ("Asni depot,tent,3,l", "the unit of Family tent"),
        ("Asni depot,tent,0.5,piece", "cannot be parted"),
        ("Asni depot,water_l,9999999999999,l", "at most"),
        ("No such depot,tent,1,piece", "a depot of this situation"),
        ("Asni depot,Bath Towel,1,piece", "a relief item"),
    ],
)
def test_bad_stock_is_refused_with_what_is_needed(
    valley: Situation, tmp_path: Path, row: str, reason: str
) -> None:
    good = "Asni depot,blanket,4,piece\n" * 3
    report = send(valley, tmp_path, "stock", f"depot,item,quantity,unit\n{good}{row}\n")
    assert statuses(report)[:3] == ["accepted"] * 3
    assert statuses(report)[3] in ("rejected", "undecided")
    assert reason in expected(report)[0]
    assert on_hand(valley, "tent") == "40"
    assert on_hand(valley, "water_l") == "20000"
