"""Handlings of goods and money: a form each, what was booked, and its undo."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import state, stocksheet
from dashboard.languages import _
from dashboard.map.text import clean
from dashboard.operations.booking import HANDLINGS
from dashboard.operations.stockroom import LOSS_CAUSES
from dashboard.views import sender
from dashboard.views.acts import outcome, perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.desk import Desk
    from dashboard.stocksheet import Words
    from dashboard.views.frame import Frame

#: Which may be filled in by whoever may only report from the field.
FIELD_HANDLINGS = ("deliver",)
#: Fields that may be chosen, or written where it is somebody or something new.
WRITTEN_TOO = ("donor", "source", "goal", "account", "purpose")


def panel(drawn: Frame, found: dict[str, Any], words: Words) -> None:
    """Let a handling be chosen, filled in and undone; readers are shown none of it."""
    desk = drawn.served.desk
    st.subheader(_("Book"), anchor=False)
    outcome(desk, state.BOOKED)
    titles = handling_names()
    offered = [*HANDLINGS] if desk.may("book_stock") else [*FIELD_HANDLINGS]
    chosen = st.selectbox(
        _("What happened?"),
        offered,
        format_func=lambda one: titles[one],
        key="handling",
    )
    form(drawn, found, words, chosen or offered[0])
    if desk.may("undo_stock"):
        undo_list(desk, found, words)


def handling_names() -> dict[str, str]:
    """What a person calls each handling."""
    return {
        "receive": _("Goods came in"),
        "move": _("Goods were moved or loaded"),
        "deliver": _("Goods arrived at a place"),
        "count": _("A depot was counted"),
        "loss": _("Goods were damaged, lost, stolen or expired"),
        "return": _("Goods came back, or went back to their donor"),
        "keep": _("Goods are to be kept for somebody"),
        "release": _("Goods need no longer be kept"),
        "item": _("An item that is not in the list, or that was weighed"),
        "fund_open": _("Open a fund"),
        "fund_pledge": _("Money was promised"),
        "fund_receive": _("Money came in"),
        "fund_return": _("Money went back to its donor"),
        "fund_allocate": _("Money is set aside for something"),
        "fund_pay": _("Households were paid"),
    }


def field_labels() -> dict[str, str]:
    """What a person calls each field of a form."""
    return {
        "depot": _("Depot"),
        "item": _("Item"),
        "quantity": _("Quantity, with its unit or pack if it has one (40, 12 box)"),
        "donor": _("Donor"),
        "lot": _("Lot, as on the boxes (may stay empty)"),
        "expires": _("Last day, such as 2023-10-31 (may stay empty)"),
        "source": _("From"),
        "goal": _("To"),
        "account": _("From"),
        "place": _("Place"),
        "expected": _("How much was to come (may stay empty)"),
        "reservation": _("Of what is kept (may stay empty)"),
        "reservation_id": _("What is kept"),
        "cause": _("Cause"),
        "kept_for": _("For whom; no name of a person"),
        "name": _("Name"),
        "unit": _("What it is counted in, such as piece, kg or l"),
        "kg": _("Weight of one, in kg"),
        "m3": _("Volume of one, in m³"),
        "pack": _("Pack, such as box=48 (may stay empty)"),
        "currency": _("Currency, such as MAD"),
        "fund": _("Fund"),
        "amount": _("Amount"),
        "purpose": _("For what"),
        "allocation": _("Set aside for"),
        "households": _("How many households"),
        "per_household": _("Amount for each household"),
    }


def form(drawn: Frame, found: dict[str, Any], words: Words, handling: str) -> None:
    """Ask for the fields of a handling, then book it."""
    needed, _bar, more = HANDLINGS[handling][1].partition("|")
    names = (*needed.split(), *more.split())
    with st.form(f"book_{handling}", border=True):
        columns = st.columns(2, vertical_alignment="bottom")
        fields = {}
        for position, name in enumerate(names):
            with columns[position % 2]:
                choices = choices_of(name, handling, drawn, found, words)
                fields[name] = ask(name, f"{handling}_{name}", choices)
        said = {
            "organisation": sender.ask(
                drawn.served.desk,
                _("Which organisation says so"),
                key=f"{handling}_organisation",
            ),
            "at": st.text_input(
                _("When it happened, such as 2023-09-09 14:00 (empty: now)"),
                max_chars=40,
                key=f"{handling}_at",
            ),
            "note": st.text_input(_("Remark"), max_chars=500, key=f"{handling}_note"),
        }
        asked = st.form_submit_button(_("Book"), type="primary", icon=":material/inventory:")
    if asked:
        plain = {name: text.strip() for name, text in said.items()}
        send(drawn.served.desk, handling, fields, plain, words)


def ask(name: str, key: str, choices: Mapping[str, str] | None) -> str:
    """Ask for one field: from a list where there is one; "" where nothing was given."""
    label = field_labels()[name]
    if choices is None:
        return st.text_input(label, max_chars=200, key=key)
    picked = st.selectbox(
        label,
        list(choices),
        index=None,
        format_func=partial(_label, choices),
        placeholder=_("choose one"),
        accept_new_options=name in WRITTEN_TOO,
        key=key,
    )
    return picked or ""


def _label(choices: Mapping[str, str], one: str) -> str:
    return choices.get(one, one)


def choices_of(
    name: str, handling: str, drawn: Frame, found: dict[str, Any], words: Words
) -> dict[str, str] | None:
    """Give id → label of what a field may be; None where people write."""
    depots = {depot_id: clean(text) for depot_id, text in found["depots"].items()}
    if name == "depot":
        return depots
    if name == "item":
        return {
            one["item"]: f"{words.item(one['item'])} ({', '.join([one['unit'], *one['packs']])})"
            for one in sorted(found["items"], key=lambda one: words.item(one["item"]))
        }
    if name == "cause":
        return cause_names()
    if name in ("reservation", "reservation_id"):
        return {
            row["reservation_id"]: f"{words.item(row['item'])} · {clean(row['kept_for'], 60)}"
            for row in found["reservations"]
            if not row["convoy_id"]
        }
    if name == "donor":
        donors = {row["from"] for row in found.get("movements", ())}
        return {one: words.account(one) for one in sorted(donors) if one.startswith("donor:")}
    if name == "fund":
        return {one["fund_id"]: clean(one["name"]) for one in found["funds"]}
    if name in ("allocation", "purpose"):
        return {
            part["allocation_id"]: f"{clean(one['name'])} · {clean(part['name'])}"
            for one in found["funds"]
            for part in one["allocations"]
        }
    if name == "place":
        return place_names(drawn)
    if name in ("source", "goal", "account"):
        choices = depots | convoy_names(drawn, found, words)
        return choices | (place_names(drawn) if (handling, name) == ("return", "source") else {})
    return None


def cause_names() -> dict[str, str]:
    """What a person calls each cause of a loss."""
    names = {
        "damaged": _("damaged"),
        "lost": _("lost"),
        "stolen": _("stolen"),
        "expired": _("expired"),
    }
    return {cause: names[cause] for cause in LOSS_CAUSES}


def convoy_names(drawn: Frame, found: dict[str, Any], words: Words) -> dict[str, str]:
    """Give the convoys that hold goods, then those of the newest plan."""
    holding = [row["convoy_id"] for row in found["on_the_road"]]
    planned = [one["convoy_id"] for one in (drawn.picture.plan or {}).get("convoys", ())]
    return {one: words.account(one) for one in dict.fromkeys([*holding, *planned])}


def place_names(drawn: Frame) -> dict[str, str]:
    """Give the places with their commune, by name."""
    places = drawn.picture.places.sort_values("name")
    return {
        place_id: " · ".join(part for part in (clean(name), clean(commune)) if part)
        for place_id, name, commune in zip(
            places["place_id"], places["name"], places["commune"], strict=True
        )
    }


def send(
    desk: Desk, handling: str, fields: Mapping[str, str], said: Mapping[str, str], words: Words
) -> None:
    """Book a handling, keep what became of it, and draw the page anew."""

    def book() -> dict[str, Any]:
        if handling in FIELD_HANDLINGS:
            return desk.report_delivery(fields, **said)
        return desk.book_stock(handling, fields, **said)

    def told(result: dict[str, Any]) -> dict[str, Any]:
        slip_id = result.get("slip_id")
        undoable = slip_id and desk.may("undo_stock")
        undo = (lambda seen: seen.undo_stock(slip_id)) if undoable else None
        return {"lines": tuple(booked_lines(result, words)), "undo": undo}

    perform(state.BOOKED, handling_names()[handling], book, told)


def booked_lines(result: Mapping[str, Any], words: Words) -> list[str]:
    """Say what was moved, counted and met by a handling."""
    lines = [
        f"{one['quantity']} {one['unit']} · {words.item(one['item'])}: "
        f"{words.account(one['from'])} → {words.account(one['to'])}"
        for one in result.get("movements", ())
    ]
    if "difference" in result:
        lines.append(
            _("The books said {booked}; the difference is {difference}.").format(
                booked=result["booked"], difference=result["difference"]
            )
        )
    n_needs = sum(len(one["needs"]) for one in result.get("deliveries", ()))
    if n_needs:
        lines.append(_("It counts for {n} needs of the place.").format(n=n_needs))
    return lines


def undo_list(desk: Desk, found: dict[str, Any], words: Words) -> None:
    """Let one of the newest handlings be taken back."""
    labels = stocksheet.slips(found, words)
    if not labels:
        return
    chosen = st.selectbox(
        _("Undo a handling as a whole"),
        list(labels),
        index=None,
        format_func=lambda one: labels.get(one, one),
        placeholder=_("choose one"),
        key="undo_slip",
    )
    if (
        st.button(_("Undo"), icon=":material/undo:", key="undo_chosen", disabled=chosen is None)
        and chosen
    ):
        perform(state.BOOKED, _("A handling was undone"), lambda: desk.undo_stock(chosen))
