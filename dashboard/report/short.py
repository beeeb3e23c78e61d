"""The situation report for a slow link: no drawing, first rows only.

It does not load itself again: who has it read aloud would be sent back to its beginning.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from dashboard.languages import _, direction, language
from dashboard.map.text import NOTE_LIMIT, clean
from dashboard.report.page import words
from dashboard.report.sections import heading, sections
from dashboard.vocabulary import told

if TYPE_CHECKING:
    from jinja2 import Template

    from dashboard.report.page import ReportPage

_HTML = """<!DOCTYPE html>
<html lang="{{ language }}" dir="{{ direction }}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>main{font-family:"Noto Sans","Noto Sans Arabic","Noto Sans Tifinagh",system-ui,sans-serif;\
margin:0 auto;padding:.6rem;max-width:50rem;line-height:1.35;color:#1b1b1b;background:#fff}\
h1{font-size:1.2rem;margin:0}h2{font-size:1rem;margin:1rem 0 .3rem}\
table{border-collapse:collapse;font-size:.85rem}td,th{border:1px solid #888;padding:.15rem .35rem;\
text-align:start;unicode-bidi:plaintext;vertical-align:top}.w{overflow-x:auto}\
.d{background:#f0e442;padding:.2rem .5rem;font-weight:700}small{color:#45423c}\
body{margin:0}</style></head><body><main>
<h1>{{ title }}</h1>{% if notice %}<p class="d" role="note">{{ notice }}</p>{% endif %}
<p><small>{{ when }} · <a href="">{{ again }}</a></small></p>
{% for one in sections %}{% if one.lines or one.rows %}<h2>{{ one.title }}</h2>
{% if one.lines %}<ul>{% for line in one.lines %}<li>{{ line }}</li>{% endfor %}</ul>{% endif %}
{% if one.rows %}<div class="w" tabindex="0" role="region" aria-label="{{ one.title }}"><table>
<thead><tr>{% for name in one.columns %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in one.rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>{% endif %}
{% if one.note %}<p><small>{{ one.note }}</small></p>{% endif %}
{% endif %}{% endfor %}<p><small>{{ made }}</small></p></main></body></html>
"""


def short_html(page: ReportPage) -> str:
    """Write the short report in the language of this run."""
    title, when = heading(page)
    return _template().render(
        language=language(),
        direction=direction(language()),
        title=title,
        notice=clean(told(page.notice), NOTE_LIMIT),
        when=when,
        sections=[one.shortened() for one in sections(page)],
        again=_("Look again"),
        made=words()["made"],
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_HTML)
