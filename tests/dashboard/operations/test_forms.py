"""Acts by a form: the checks that all of them share, and what is told of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dashboard.operations.forms import LONGEST_FIELD, Done, Form, submit
from geo.errors import InputError


def _open(gates: list[str], fields: Mapping[str, Any]) -> Done:
    gates.append(fields["gate"])
    return Done(undo=("shut", {"gate": fields["gate"]}), said=str(len(gates)))


def _shut(gates: list[str], fields: Mapping[str, Any]) -> Done:
    gates.remove(fields["gate"])
    return Done()


FORMS: dict[str, Form[list[str]]] = {"open": (_open, ("gate",)), "shut": (_shut, ("gate",))}


def test_what_was_done_is_told_with_what_takes_it_back() -> None:
    gates: list[str] = []
    told = submit(gates, FORMS, "open", {"gate": "north", "note": ""})
    assert told == {
        "action": "open",
        "undo": {"action": "shut", "fields": {"gate": "north"}},
        "secret": "",
        "paper": None,
        "said": "1",
    }
    assert gates == ["north"]
    undo = told["undo"]
    assert submit(gates, FORMS, undo["action"], undo["fields"])["undo"] is None
    assert gates == []


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("burn", {"gate": "north"}, "action 'burn': one of open, shut"),
        ("open", {}, "the field 'gate' is needed"),
        ("open", {"gate": ""}, "the field 'gate' is needed"),
        ("open", {"gate": "n", "note": "x" * (LONGEST_FIELD + 1)}, "note: at most 4000 characters"),
    ],
)
def test_a_form_that_is_not_whole_does_nothing(
    action: str, fields: dict[str, str], said: str
) -> None:
    gates = ["south"]
    with pytest.raises(InputError, match=said):
        submit(gates, FORMS, action, fields)
    assert gates == ["south"]
