"""The donor's page as plain HTML: what became of one gift, and of all gifts together."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dashboard.languages import LANGUAGES, _, direction, language
from dashboard.map.assets import STATIC
from dashboard.map.text import clean
from dashboard.stocksheet import gift_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_STYLE = (STATIC / "gift" / "page.css").read_text(encoding="utf-8")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    # The address is the key to a gift: it goes to nobody else.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-cache, private",
}


def state_text(state: str) -> str:
    """What is to be said of a gift first."""
    return {
        "arrived": _("Your gift has arrived."),
        "partly": _("A part of your gift has arrived."),
        "waiting": _("Your gift was received and has not arrived yet."),
        "gone": _("Nothing of your gift is left with us."),
    }[state]


def gift_page(
    title: str, found: Mapping[str, Any], item: str, unit: str, zone: str, path: str
) -> str:
    """Write what became of one gift.

    Parameters
    ----------
    found
        As `operations.gifts.gift` gives it.
    item, unit
        What was given, in words.
    zone
        Time zone of the situation.
    path
        Of this page, without the language.
    """
    when = _times(zone)
    gift, number = _("Gift {reference}").format(reference=found["reference"]), _amount(unit)
    facts = [
        (name, number(found[stage]))
        for stage, name in gift_stages().items()
        if stage in ("given", "in_depots", "on_the_way", "arrived") or found[stage] != "0"
    ]
    what = _("{item}, received on {day}").format(item=item, day=when(found["received_at"]))
    parts = [
        f'<p class="state" role="status">{_text(state_text(found["state"]))}</p>',
        f"<p>{_text(what)}</p>{_list(facts)}",
    ]
    if found["communes"]:
        heads = (_("Commune"), _("Arrived"), _("Places"), _("Last on"), _("Events of the ledger"))
        rows = [
            (
                one["commune"] or _("several communes"),
                number(one["quantity"]),
                "" if one["places"] is None else str(one["places"]),
                when(one["last_at"]),
                ", ".join(map(str, one["events"][:20])) + (" …" if one["events"][20:] else ""),
            )
            for one in found["communes"]
        ]
        parts.append(_head(_("Where it arrived")) + _table(heads, rows))
    if found["depots"]:
        stays = [(one["name"], number(one["quantity"])) for one in found["depots"]]
        parts.append(_head(_("Where the rest is")))
        parts.append(_table((_("Depot or fund"), _("Quantity")), stays))
    parts.append(_receipt(found, path))
    return _page(gift, title, found, when, path, "".join(parts))


def overview_page(
    title: str,
    found: Mapping[str, Any],
    item: Callable[[str], str],
    zone: str,
    path: str,
) -> str:
    """Write what was given in all and where it is, as `operations.gifts.overview` gives it."""
    when, stages = _times(zone), gift_stages()
    goods = [
        (item(one["item"]), one["unit"], *(_digits(one[stage]) for stage in stages))
        for one in found["items"]
    ]
    arrived = [
        (one["commune"] or _("several communes"), item(one["item"]), _digits(one["quantity"]))
        for one in found["communes"]
    ]
    money = [
        (
            one["name"],
            one["currency"],
            *(_digits(one[name]) for name in ("pledged", "received", "set_aside", "paid")),
            _digits(one["returned"]),
            _few(one["households"]),
        )
        for one in found["funds"]
    ]
    empty = _text(_("Nothing here yet."))
    nothing = f"<p>{empty}</p>"
    heads = (_("Item"), _("Unit"), *stages.values())
    parts = [
        _head(_("Goods")),
        _table(heads, goods) if goods else nothing,
        _head(_("What arrived, by commune")),
        _table((_("Commune"), _("Item"), _("Quantity")), arrived) if arrived else nothing,
        _head(_("Money")),
        _table(
            (
                *(_("Fund"), _("Currency"), _("Pledged"), _("Received"), _("Set aside"), _("Paid")),
                *(_("Given back"), _("Households paid")),
            ),
            money,
        )
        if money
        else nothing,
    ]
    return _page(_("What became of the gifts"), title, found, when, path, "".join(parts))


def missing_page(title: str, path: str) -> str:
    """Write that no gift has this address."""
    words = _("No gift has this address. Check it, or ask who gave it to you.")
    return _page(_("Gift"), title, {}, str, path, f"<p>{_text(words)}</p>")


def _few(households: int) -> str:
    """Give a number of households, not told where it is so small that it points at somebody."""
    from dashboard.operations.gifts import MIN_HOUSEHOLDS

    small = 0 < households < MIN_HOUSEHOLDS
    return _("fewer than {n}").format(n=MIN_HOUSEHOLDS) if small else _digits(str(households))


def _receipt(found: Mapping[str, Any], path: str) -> str:
    title = _("Receipt")
    words = _(
        "The receipt proves that your gift stands in the ledger as event {event}, without showing "
        "the other events. It is checked off this system with tools/verify_ledger.py."
    ).format(event=found["event"])
    rule = _(
        "Goods of one kind in one depot are alike: what came first is counted as leaving first."
    )
    named = _text(_("Receipt with proof"))
    link = f'<a href="{_text(path)}/proof.json" download>{named}</a>'
    return f"{_head(title)}<p>{link}</p><p>{_text(words)}</p><p><small>{_text(rule)}</small></p>"


def _page(
    head: str,
    title: str,
    found: Mapping[str, Any],
    when: Callable[[str], str],
    path: str,
    body: str,
) -> str:
    links = "".join(
        f'<a href="{_text(path)}?lang={code}" lang="{code}" hreflang="{code}">{name}</a>'
        for code, name in LANGUAGES.items()
        if code != language()
    )
    languages = _text(_("Language"))
    notice = found.get("notice", "")
    drill = f'<p class="drill" dir="auto">{_text(notice)}</p>' if notice else ""
    source = ""
    if found:
        text = _("Source: ledger, event {event}, as of {time}").format(
            event=found["based_on_seq"], time=when(found["at"])
        )
        source = f"<footer><small>{_text(text)}</small></footer>"
    return (
        f'<!doctype html><html lang="{language()}" dir="{direction(language())}"><head>'
        f'<meta charset="utf-8"><title>{_text(head)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>"
        f'<nav aria-label="{languages}">{links}</nav><h1>{_text(head)}</h1>'
        f'<p><small dir="auto">{_text(title)}</small></p>{drill}{body}{source}'
        "</main></body></html>"
    )


def _head(text: str) -> str:
    return f"<h2>{_text(text)}</h2>"


def _list(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f'<dt>{_text(name)}</dt><dd dir="auto">{_text(told)}</dd>' for name, told in facts
    )
    return f"<dl>{rows}</dl>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_text(one)}</th>' for one in heads)
    body = "".join(
        "<tr>" + "".join(f'<td dir="auto">{_text(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _amount(unit: str) -> Callable[[str], str]:
    return lambda number: f"{_digits(number)} {unit}".strip()


def _digits(number: str) -> str:
    """Write an exact decimal with narrow gaps between thousands."""
    whole, point, rest = number.partition(".")
    return f"{int(whole):,}".replace(",", "\N{NARROW NO-BREAK SPACE}") + point + rest


def _times(zone: str) -> Callable[[str], str]:
    from datetime import datetime

    clock = ZoneInfo(zone)
    return lambda text: f"{datetime.fromisoformat(text).astimezone(clock):%Y-%m-%d %H:%M}"


def _text(text: str) -> str:
    return html.escape(clean(text, 600), quote=True)
