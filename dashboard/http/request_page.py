"""The form for who needs help as plain HTML: small, no file beside it, usable without script."""

from __future__ import annotations

import base64
import hashlib
import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dashboard.http.gate import REQUEST_PATH
from dashboard.languages import LANGUAGES, _, direction, language
from dashboard.map.assets import STATIC
from dashboard.map.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COUNTS = (5, 10, 20, 50, 100)
#: Longest of each field that is taken.
LENGTHS = {"place": 100, "from": 100, "many": 12, "name": 100, "phone": 40, "note": 300}

_STYLE = (STATIC / "request" / "form.css").read_text(encoding="utf-8")
_SCRIPT = (STATIC / "request" / "form.js").read_text(encoding="utf-8")
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; script-src 'sha256-{_SCRIPT_HASH}'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the form is drawn from.

    `items` are id and name, `more` those under a heading that opens; `places` are the names that
    are offered while writing, `candidates` id and name of the places that may be meant; `values`
    what was filled in before.
    """

    title: str
    notice: str
    items: Sequence[tuple[str, str]]
    more: Sequence[tuple[str, str]]
    places: Sequence[str]
    mark: str
    wrong: str = ""
    candidates: Sequence[tuple[str, str]] = ()
    values: Mapping[str, str] = field(default_factory=dict)


def form_page(form: Form) -> str:
    """Write the form."""
    said, send = form.values, _text(_("Send"))
    parts = [
        f'<p class="wrong" role="alert">{_text(form.wrong)}</p>' if form.wrong else "",
        f'<form method="post" action="{_address()}">',
        _hidden("form", form.mark),
        _hidden("lat", said.get("lat", "")),
        _hidden("lon", said.get("lon", "")),
        _where(form),
        _what(form),
        _many(said),
        _who(said),
        f"<button>{send}</button></form><script>{_SCRIPT}</script>",
    ]
    return _page(form.title, form.notice, "".join(parts))


def done_page(title: str, notice: str, reference: str) -> str:
    """Write the thanks, with the number by which the sender may ask."""
    thanks, number = _text(_("Your request was received. Thank you.")), _text(_("Your number:"))
    then = _text(_("It is looked at before goods leave. Keep the number to ask about it."))
    more = _text(_("Ask for something else"))
    body = (
        f'<div class="done" role="status"><p>{thanks}</p>'
        f'<p>{number} <b dir="ltr">{_text(reference)}</b></p><p>{then}</p></div>'
        f'<p><a href="{_address()}">{more}</a></p>'
    )
    return _page(title, notice, body)


def _page(title: str, notice: str, body: str) -> str:
    links = "".join(
        f'<a href="{_address(code)}" lang="{code}" hreflang="{code}">{name}</a>'
        for code, name in LANGUAGES.items()
        if code != language()
    )
    drill = f'<p class="drill" dir="auto">{_text(notice)}</p>' if notice else ""
    head, languages = _text(_("Ask for help")), _text(_("Language"))
    return (
        f'<!doctype html><html lang="{language()}" dir="{direction(language())}"><head>'
        f'<meta charset="utf-8"><title>{head}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style>{_STYLE}</style></head><body><main><nav aria-label="{languages}">{links}</nav>'
        f'<h1>{head}</h1><p><small dir="auto">{_text(title)}</small></p>'
        f"{drill}{body}</main></body></html>"
    )


def _where(form: Form) -> str:
    said = form.values
    known = "".join(f'<option value="{_text(name)}">' for name in form.places)
    legend, village = (
        _("Where is help needed?"),
        _("Village, with its commune if there are several"),
    )
    taken, failed = _("Position taken"), _("No position: write the village")
    use, you = _("Use the position of this phone"), _("Where are you?")
    elsewhere = _("If elsewhere: where? (may stay empty)")
    there = [("there", _("I am there")), ("elsewhere", _("I am elsewhere"))]
    return (
        f"<fieldset><legend>1. {_text(legend)}</legend>{_candidates(form)}"
        f"{_field('place', village, said, extra='list=places')}"
        f'<datalist id="places">{known}</datalist>'
        f'<button type="button" id="here" class="second" hidden data-ok="{_text(taken)}" '
        f'data-no="{_text(failed)}">{_text(use)}</button>'
        f"{_line('where', you, there, said.get('where', 'there'))}"
        f"{_field('from', elsewhere, said)}</fieldset>"
    )


def _candidates(form: Form) -> str:
    """Places that may be meant, to be tapped."""
    if not form.candidates:
        return ""
    none, which = _("none of these"), _("Which of these?")
    return _line("place_id", which, [*form.candidates, ("", none)], "-")


def _what(form: Form) -> str:
    chosen, legend = form.values.get("item", ""), _text(_("What is needed?"))
    something_else = _text(_("Something else"))
    tiles, others = (
        "".join(_choice("item", item_id, name, chosen) for item_id, name in offered)
        for offered in (form.items, form.more)
    )
    is_open = " open" if any(item_id == chosen for item_id, _name in form.more) else ""
    return (
        f'<fieldset><legend>2. {legend}</legend><div class="tiles">{tiles}</div>'
        f"<details{is_open}><summary>{something_else}</summary>"
        f'<div class="tiles">{others}</div></details></fieldset>'
    )


def _many(said: Mapping[str, str]) -> str:
    legend, other = _text(_("How many?")), _("or another number")
    tiles = "".join(_choice("count", str(one), str(one), said.get("count", "")) for one in COUNTS)
    return (
        f'<fieldset><legend>3. {legend}</legend><div class="tiles few">{tiles}</div>'
        f"{_field('many', other, said, extra='inputmode=decimal')}</fieldset>"
    )


def _who(said: Mapping[str, str]) -> str:
    is_open = " open" if any(said.get(one) for one in ("name", "phone", "note")) else ""
    title = _text(_("Name, phone, remark (you need not say)"))
    name, phone = _("Name"), _("Phone")
    note = _("Remark; no name and no number of a person")
    kept = _text(
        _(
            "Name and phone are kept apart, only the crisis cell can read them, and they are "
            "erased after 90 days."
        )
    )
    return (
        f"<details{is_open}><summary>{title}</summary><p><small>{kept}</small></p>"
        f"{_field('name', name, said)}{_field('phone', phone, said, kind='tel')}"
        f"{_field('note', note, said)}</details>"
    )


def _line(name: str, title: str, choices: Sequence[tuple[str, str]], chosen: str) -> str:
    rows = "".join(_choice(name, value, text, chosen) for value, text in choices)
    return (
        f'<p id="{name}-of">{_text(title)}</p>'
        f'<div class="line" role="radiogroup" aria-labelledby="{name}-of">{rows}</div>'
    )


def _choice(name: str, value: str, text: str, chosen: str) -> str:
    checked = " checked" if value == chosen else ""
    return (
        f'<label><input type="radio" name="{name}" value="{_text(value)}"{checked}>'
        f'<span dir="auto">{_text(text)}</span></label>'
    )


def _field(
    name: str, label: str, said: Mapping[str, str], *, kind: str = "text", extra: str = ""
) -> str:
    return (
        f'<label for="{name}">{_text(label)}</label>'
        f'<input type="{kind}" id="{name}" name="{name}" maxlength="{LENGTHS[name]}" dir="auto" '
        f'autocomplete="off" value="{_text(said.get(name, ""))}" {extra}>'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{_text(value)}">'


def _address(code: str = "") -> str:
    return f"{REQUEST_PATH}?lang={code or language()}"


def _text(text: str) -> str:
    return html.escape(clean(text, 600), quote=True)
