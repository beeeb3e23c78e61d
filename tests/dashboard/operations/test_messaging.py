"""Text messages: recorded once, answered in one message, and the sender's number in the vault."""

from __future__ import annotations

import pytest

from dashboard.languages import LANGUAGES, _, reading_in
from dashboard.operations import requesting, trusting
from dashboard.operations.message_answers import fitting, sent_size
from dashboard.operations.messaging import take_message
from dashboard.operations.situation import Situation
from data.intake.message import NeedMessage, parse_need
from geo.errors import InputError


def rows(situation: Situation) -> list[dict[str, object]]:
    found = trusting.list_needs(situation, organisation=requesting.PUBLIC)["needs"]
    return sorted(found, key=lambda one: str(one["item"]))


def test_a_message_becomes_needs_of_the_public(valley: Situation) -> None:
    told = take_message(valley, "BESOIN Tinmal tentes 20 eau 300 DE Ighil", sender="+212600112233")
    water, tents = sorted(rows(valley), key=lambda one: str(one["item"]), reverse=True)
    assert (tents["place"], tents["quantity"], tents["written_place"]) == ("Tinmel", 20, "Tinmal")
    assert (water["quantity"], water["reported_from_name"]) == (300, "Ighil")
    assert {tents["need_id"], water["need_id"]} == set(told["need_ids"])
    assert told["reference"] == requesting.reference_of(told["need_ids"][0])
    assert told["reference"] in told["answer"]
    assert told["language"] == "fr"


def test_the_number_is_in_the_vault_and_in_no_event(valley: Situation) -> None:
    told = take_message(valley, "NEED Tinmel tents 2", sender="+212600112233")
    assert "600112233" not in "".join(valley.store.lines())
    assert requesting.contact_of(valley, told["need_ids"][0]) == {"phone": "+212600112233"}


def test_the_same_message_is_recorded_once(valley: Situation) -> None:
    first, again = (
        take_message(valley, "NEED Tinmel tents 2", client_id="sms-1", sender="+2126")
        for _n in "12"
    )
    assert (first["new"], again["new"]) == (True, False)
    assert first["need_ids"] == again["need_ids"]
    assert len(rows(valley)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "BESOIN Tinmel tentes 20"),
        ("BESOIN", "BESOIN Tinmel tentes 20"),
        ("BESOIN Tinmel tante 20", "tente"),
        ("BESOIN Nullepart-sur-Oued tentes 20", "Nullepart-sur-Oued"),
        ("BESOIN Tinmel tentes", "tentes"),
        ("BESOIN Tinmel tentes 99999999999", "99999999999"),
        ("BESOIN Tinmel tentes 0,5", "0.5"),
        ("SOS deux blesses", "convoi"),
    ],
)
def test_what_was_not_understood_is_answered_and_not_recorded(
    valley: Situation, text: str, said: str
) -> None:
    seq = valley.store.seq()
    told = take_message(valley, text)
    assert not told["understood"]
    assert said in told["answer"]
    assert valley.store.seq() == seq


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_answer_fits_one_message(valley: Situation, language: str) -> None:
    with reading_in(language):
        example = _("NEED Tinmel tents 20")
    assert isinstance(parse_need(example), NeedMessage)
    code = example.split()[0]
    for rest in (
        "",
        " Tinmel",
        " Tinmel tentes 20",
        " Tinmel tentes 20 couvertures 30 eau 4000 l",
        " Tinmel tentes x",
        " Tinmel choses 20",
        " Ti tentes 20",
        " " + "Nullepart " * 9 + "tentes 20",
        " Tinmel tentes 0",
        " x" * 900,
    ):
        told = take_message(valley, code + rest)
        assert told["language"] == language
        assert told["length"] <= told["limit"], told["answer"]
        assert sent_size(told["answer"]) == (told["length"], told["limit"])
        assert "{" not in told["answer"]


def test_a_reply_of_a_convoy_needs_its_convoy(valley: Situation) -> None:
    told = take_message(valley, "OK 1 20 tents", convoy_id="convoy:none", language="en")
    assert not told["understood"]
    assert "convoy:none" in told["answer"]
    with pytest.raises(InputError, match="one of ar, zgh, fr, en"):
        take_message(valley, "NEED Tinmel tents 2", language="xx")


def test_hostile_text_stays_text(valley: Situation) -> None:
    told = take_message(valley, "NEED <script>\u202e\x00 tents 20", language="en")
    assert not told["understood"]
    assert "\u202e" not in told["answer"]
    assert "\x00" not in told["answer"]


def test_an_answer_is_cut_where_nothing_shorter_is_left() -> None:
    assert sent_size(fitting("ab" * 200))[0] <= 160
    assert sent_size(fitting("خيام" * 200))[0] <= 70
    assert fitting("Œuvre – ê") == "OEuvre - e"
