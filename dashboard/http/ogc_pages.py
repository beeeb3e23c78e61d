"""The documents of ``/ogc`` as plain pages: what people wrote is escaped, nothing is loaded."""

from __future__ import annotations

from html import escape
from typing import Any

STYLE = (
    'body{font:1rem/1.5 "Noto Sans","Noto Sans Arabic",sans-serif;max-width:80rem;margin:1rem auto;'
    "padding:0 1rem;color:#16242f}table{border-collapse:collapse;font-size:.9rem}"
    "th,td{border:1px solid #c9d3db;padding:.2rem .5rem;text-align:start}"
    ".wide{overflow-x:auto}a{color:#0a5c99}"
)


def as_page(content: dict[str, Any]) -> str:
    """Write a document as HTML: its links, its collections or features, its values."""
    title = escape(str(content.get("title") or content.get("id") or "Qafila"))
    parts = [f"<h1>{title}</h1>"]
    if content.get("description"):
        parts.append(f"<p>{_cell(content['description'])}</p>")
    for one in content.get("collections", ()):
        href = next(link["href"] for link in one["links"] if link["type"] == "text/html")
        name = escape(one["title"])
        parts.append(f'<p><a href="{escape(href)}">{name}</a>: {escape(one["description"])}</p>')
    if "features" in content:
        matched, shown = content["numberMatched"], content["numberReturned"]
        parts.append(f"<p>{shown} of {matched}</p>{_table(content['features'])}")
    rows = content.get("properties", {})
    if content.get("type") == "object":
        rows = {name: one.get("type", one.get("format", "")) for name, one in rows.items()}
    rows = {str(number): one for number, one in enumerate(content.get("conformsTo", ()))} or rows
    if rows:
        cells = "".join(
            f'<tr><th scope="row">{_cell(name)}</th><td>{_cell(value)}</td></tr>'
            for name, value in rows.items()
        )
        parts.append(f"<table>{cells}</table>")
    links = "".join(
        f'<li><a href="{escape(one["href"])}">{escape(one.get("title") or one["rel"])}</a>'
        f" ({escape(one['type'])})</li>"
        for one in content.get("links", ())
    )
    parts.append(f"<ul>{links}</ul>")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )


def _table(features: list[dict[str, Any]]) -> str:
    if not features:
        return ""
    names = list(features[0]["properties"])
    head = "".join(f'<th scope="col">{_cell(name)}</th>' for name in names)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_cell(one['properties'][name])}</td>" for name in names) + "</tr>"
        for one in features
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>{rows}</table></div>'


def _cell(value: Any) -> str:
    return "" if value is None else f"<bdi>{escape(str(value))}</bdi>"
