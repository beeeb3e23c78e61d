"""The papers of a convoy as one HTML file: no script, no address, readable on any phone, printable.

Everything between tags goes through `html.escape`. A content security policy in the file itself
forbids scripts and foreign hosts, should a name ever get past that.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from routing.exports.sheet.code import code_svg, code_texts
from routing.exports.sheet.papers import sheet_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from routing.exports.sheet.papers import Sheet, StopLine, Waybill
    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary

SUFFIX = ".html"
_STYLE = """
:root{color-scheme:light}
body{font:16px/1.45 "Noto Sans","Noto Sans Arabic","Noto Sans Tifinagh",system-ui,sans-serif;
margin:0 auto;max-width:60rem;padding:1rem;color:#111;background:#fff}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.2rem;margin:1.6rem 0 .4rem}
.notice{background:#fff3cd;border:1px solid #b38600;padding:.4rem .6rem;margin:0 0 .6rem}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.5rem 0}
.facts dt{color:#555}.facts dd{margin:0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{border:1px solid #999;padding:.3rem .45rem;text-align:start;vertical-align:top}
th{background:#eee}td.n{text-align:end;white-space:nowrap}
.stop{border:1px solid #999;border-radius:.4rem;padding:.5rem .7rem;margin:.5rem 0}
.stop b{font-size:1.1rem}.small{color:#444;font-size:.9rem}
.stop ul{margin:.1rem 0;padding-inline-start:1.2rem}.contacts th{width:14rem}
figure{margin:0}svg{display:block;width:100%;max-height:90vh;height:auto;border:1px solid #999}
footer{border-top:1px solid #999;margin-top:2rem;padding:.5rem 0}
.plan{position:sticky;bottom:0;margin:0;padding:.15rem 0;background:#fff;border-top:1px solid #999;
font-size:.8rem}
.codes{display:flex;flex-wrap:wrap;gap:1rem}.codes svg{width:min(20rem,88vw);border:0}
.bar{position:relative;height:.8rem;background:#e6e6e6;border:1px solid #777;min-width:5rem}
.bar i{position:absolute;top:0;bottom:0;background:#0b5d8f}
.bar i.had{background:#9db8c7}
.signs{display:grid;grid-template-columns:repeat(3,1fr);gap:.6rem;margin-top:.8rem}
.signs div{border:1px solid #777;min-height:6.5rem;padding:.3rem .4rem;font-size:.85rem}
@media (max-width:34rem){.signs{grid-template-columns:1fr}}
@media print{body{font-size:11pt;max-width:none;padding:0}.plan{position:static}
.bill,.load{break-before:page}
.stop,tr,.signs{break-inside:avoid}}
"""
#: What to send → the word that says what it means.
ANSWERS = (
    ("ARR 1", "answer_arrived"),
    ("OK 1 40 TENTES", "answer_delivered"),
    ("REF 1 TENTES", "answer_refused"),
    ("BLK 12.5", "answer_blocked"),
    ("SOS", "answer_sos"),
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give the papers of `itinerary` as one page."""
    return page(sheet_of(itinerary, wording), codes=code_texts(itinerary, wording)).encode()


def page(sheet: Sheet, *, codes: Sequence[str] = ()) -> str:
    """Give `sheet` as an HTML document; `codes` are texts that QR codes carry to the next phone."""
    direction = "rtl" if sheet.right_to_left else "ltr"
    before = "".join(part(sheet) for part in (_head, _map, _stops, _turns, _contacts))
    after = "".join(part(sheet) for part in (_loading, _bills, _foot))
    body = f"{before}{_answers(sheet)}{_codes(codes, sheet)}{after}"
    return (
        f'<!doctype html>\n<html lang="{sheet.language}" dir="{direction}"><head>'
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(sheet.title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _head(sheet: Sheet) -> str:
    words = sheet.words
    notice = f'<p class="notice" role="note">{_text(sheet.notice)}</p>' if sheet.notice else ""
    facts = (
        (words["vehicle"], sheet.vehicle),
        (words["depot"], sheet.depot),
        (words["version"], sheet.version),
    )
    measured = (
        (words["departs"], sheet.departs),
        (words["back"], sheet.back),
        (words["way"], sheet.length),
        (words["total"], sheet.load),
    )
    rows = "".join(
        [
            *(f"<dt>{escape(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts),
            *(f"<dt>{escape(name)}</dt><dd>{_figures(value)}</dd>" for name, value in measured),
        ]
    )
    return f'{notice}<h1>{_text(sheet.title)}</h1><dl class="facts">{rows}</dl>'


def _stops(sheet: Sheet) -> str:
    stops = "".join(_stop(stop, sheet) for stop in sheet.stops)
    return f"<section><h2>{escape(sheet.words['timetable'])}</h2>{stops}</section>"


def _map(sheet: Sheet) -> str:
    if not sheet.road_map:
        return ""
    words = sheet.words
    return (
        f"<section><h2>{escape(words['map'])}</h2>"
        f'<figure>{sheet.road_map}<figcaption class="small">{escape(words["legend"])}'
        "</figcaption></figure></section>"
    )


def _turns(sheet: Sheet) -> str:
    if not sheet.turns:
        return ""
    turns = "".join(f"<li>{_text(turn)}</li>" for turn in sheet.turns)
    return f"<section><h2>{escape(sheet.words['turns'])}</h2><ol>{turns}</ol></section>"


def _contacts(sheet: Sheet) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(role)}</th><td>{_text(how) if how else "&nbsp;"}</td></tr>'
        for role, how in sheet.contacts
    )
    heading = escape(sheet.words["contacts"])
    return f'<section><h2>{heading}</h2><table class="contacts">{rows}</table></section>'


def _answers(sheet: Sheet) -> str:
    """How to answer by text message, with the codes that `data.intake.reply` reads."""
    words = sheet.words
    rows = "".join(
        f'<tr><td><bdi dir="ltr"><b>{escape(code)}</b></bdi></td><td>{escape(words[key])}</td></tr>'
        for code, key in ANSWERS
    )
    return f"<section><h2>{escape(words['answer'])}</h2><table>{rows}</table></section>"


def _codes(codes: Sequence[str], sheet: Sheet) -> str:
    if not codes:
        return ""
    words = sheet.words
    drawn = "".join(
        f'<figure role="img" aria-label="{escape(words["code"])} {number}/{len(codes)}">'
        f"{code_svg(said)}<figcaption>{number}/{len(codes)}</figcaption></figure>"
        for number, said in enumerate(codes, start=1)
    )
    return f'<section><h2>{escape(words["code"])}</h2><div class="codes">{drawn}</div></section>'


def _foot(sheet: Sheet) -> str:
    words = sheet.words
    notice = f"{_text(sheet.notice)}<br>" if sheet.notice else ""
    return (
        f'<footer class="small">{notice}{escape(words["version"])} {_text(sheet.version)}. '
        f"{escape(words['valid'])}</footer>"
        # In sight wherever one reads: an old sheet is known as such.
        f'<p class="plan">{escape(words["version"])} {_text(sheet.version)}</p>'
    )


def _stop(stop: StopLine, sheet: Sheet) -> str:
    words = sheet.words
    lines = [
        f"<b>{stop.number}. {_text(stop.place)}</b>",
        f"{escape(words['arrives'])} <b>{_figures(stop.arrives)}</b> · {escape(words['leaves'])} "
        f"{_figures(stop.leaves)} · {_figures(f'km {stop.km}')}",
        _text(stop.hand_out),
    ]
    small = [_text(line) for line in (stop.roads, stop.last_stretch) if line]
    small.append(f"{escape(words['position'])}: {_figures(stop.position)}")
    if stop.why:
        small.append(f"{escape(words['why'])}: {_text(stop.why)}")
    said = "<br>".join(small)
    fallback = "".join(f"<li>{_text(line)}</li>" for line in stop.fallback)
    if fallback:
        said += f"<br>{escape(words['fallback'])}:<ul>{fallback}</ul>"
    return f'<div class="stop">{"<br>".join(lines)}<div class="small">{said}</div></div>'


def _loading(sheet: Sheet) -> str:
    words = sheet.words
    head = _row(
        "th",
        (words["order"], words["stop"], words["place"], words["item"], words["quantity"], "kg",
         words["of_kg"], "m³", words["of_m3"]),
    )  # fmt: skip
    rows = "".join(
        f'<tr><td class="n">{line.order}</td><td class="n">{line.stop}</td>'
        f"<td>{_text(line.place)}</td><td>{_text(line.goods.item)}</td>"
        f'<td class="n">{escape(line.goods.quantity)} {_text(line.goods.unit)}</td>'
        f'<td class="n">{escape(line.goods.kg)}</td><td>{_bar(line.kg_from, line.kg_to)}</td>'
        f'<td class="n">{escape(line.goods.m3)}</td><td>{_bar(line.m3_from, line.m3_to)}</td></tr>'
        for line in sheet.loading
    )
    total = "".join(
        f"<p>{escape(name)}: {share:.0%}</p>{_bar(0.0, share)}"
        for name, share in (
            (f"kg, {words['of_kg']}", sheet.kg_share),
            (f"m³, {words['of_m3']}", sheet.m3_share),
        )
        if share is not None
    )
    return (
        f'<section class="load"><h2>{escape(words["loading_list"])}</h2>'
        f"<p>{escape(words['loading_note'])}</p>"
        f'<div class="wide" tabindex="0"><table><thead>{head}</thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f"{total}</section>"
    )


def _bills(sheet: Sheet) -> str:
    return "".join(_bill(bill, sheet) for bill in sheet.waybills)


def _bill(bill: Waybill, sheet: Sheet) -> str:
    words = sheet.words
    head = _row(
        "th",
        (words["item"], words["quantity"], words["unit"], "kg", "m³", words["received"],
         words["remarks"]),
    )  # fmt: skip
    rows = "".join(
        f'<tr><td>{_text(goods.item)}</td><td class="n">{escape(goods.quantity)}</td>'
        f'<td>{_text(goods.unit)}</td><td class="n">{escape(goods.kg)}</td>'
        f'<td class="n">{escape(goods.m3)}</td><td></td><td></td></tr>'
        for goods in bill.goods
    )
    total = (
        f'<tr><th colspan="3">{escape(words["total"])}</th><td class="n">{escape(bill.kg)}</td>'
        f'<td class="n">{escape(bill.m3)}</td><td></td><td></td></tr>'
    )
    signs = "".join(
        f"<div>{escape(role)}<br><br>{escape(words['signature'])}<br><br>"
        f"{escape(words['date'])}</div>"
        for role in sheet.roles
    )
    facts = (
        (words["place"], f"{bill.stop.number}. {bill.stop.place}"),
        (words["depot"], sheet.depot),
        (words["vehicle"], sheet.vehicle),
        ("", bill.stop.last_stretch),
        (words["version"], sheet.version),
    )
    measured = ((words["position"], bill.stop.position), (words["arrives"], bill.stop.arrives))
    lines = "".join(
        [
            *(f"<dt>{escape(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts if value),
            *(f"<dt>{escape(name)}</dt><dd>{_figures(value)}</dd>" for name, value in measured),
        ]
    )
    notice = f'<p class="notice">{_text(sheet.notice)}</p>' if sheet.notice else ""
    return (
        f'<section class="bill">{notice}<h2>{escape(words["waybill"])} {escape(bill.number)}</h2>'
        f'<dl class="facts">{lines}</dl><div class="wide" tabindex="0"><table><thead>{head}</thead>'
        f"<tbody>{rows}{total}</tbody></table></div>"
        f'<div class="signs">{signs}</div></section>'
    )


def _bar(begin: float | None, end: float | None) -> str:
    """How full the vehicle is: before in light, with this in dark."""
    if begin is None or end is None:
        return ""
    return (
        f'<div class="bar" role="img" aria-label="{end:.0%}">'
        f'<i class="had" style="inset-inline-start:0;width:{begin:.1%}"></i>'
        f'<i style="inset-inline-start:{begin:.1%};width:{max(end - begin, 0.0):.1%}"></i></div>'
    )


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _text(text: str) -> str:
    """Text in its own direction, whatever stands around it."""
    return f"<bdi>{escape(text)}</bdi>"


def _figures(text: str) -> str:
    """Figures in their one order: a position must not be read from right to left."""
    return f'<bdi dir="ltr">{escape(text)}</bdi>'
