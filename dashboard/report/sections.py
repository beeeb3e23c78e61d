"""The situation report as sections of words: what a PDF and the short page are set from.

Every cell is text in the language of this run, cleaned of what is invisible, not yet escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.indicatorsheet import written
from dashboard.map.text import NOTE_LIMIT, clean
from dashboard.report.page import moment, number, words
from dashboard.vocabulary import told

if TYPE_CHECKING:
    from dashboard.report.page import ReportPage

#: Rows of a section of the short page.
SHORT_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, what stands below it, and a table.

    `figures` are the columns that hold numbers or times, `wide` is the one with most words;
    `drawing` is an SVG of ours, `legend` says what it shows.
    """

    title: str
    lines: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    figures: frozenset[int] = frozenset()
    wide: int | None = None
    note: str = ""
    drawing: str = ""
    legend: str = ""

    def shortened(self, rows: int = SHORT_ROWS) -> Section:
        """Give it with its first rows and without its drawing."""
        return Section(
            title=self.title,
            lines=self.lines,
            columns=self.columns,
            rows=self.rows[:rows],
            figures=self.figures,
            note=self.note,
        )

    def as_json(self) -> dict[str, Any]:
        """Write it as the template of the PDF reads it."""
        return {
            "title": self.title,
            "lines": list(self.lines),
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "figures": sorted(self.figures),
            "wide": self.wide,
            "note": self.note,
            "drawing": self.drawing,
            "legend": self.legend,
        }


def sections(page: ReportPage) -> list[Section]:
    """Give the sections of a report in their order, in the language of this run."""
    w = words()
    zone = page.timezone
    more = w["more"].format
    return [
        _summary(page, w),
        Section(
            title=w["changes"],
            lines=tuple(f"{number(n)} {w[key]}" for key, n in page.changed.items() if n),
            columns=(w["time"], w["kind"], w["place"], w["quantity"]),
            rows=tuple(
                (
                    moment(one["at"], zone),
                    w.get(one["what"], one["what"]),
                    clean(one["where"], NOTE_LIMIT),
                    ""
                    if one["quantity"] is None
                    else f"{number(one['quantity'])} {clean(one['item'])}",
                )
                for one in page.told
            ),
            figures=frozenset({0}),
        ),
        Section(title=w["map"], drawing=page.drawing, legend=w["legend"]),
        Section(
            title=w["cut_off"],
            lines=() if page.cut_off else (w["none_cut"],),
            columns=(w["place"], w["commune"], w["people"], w["affected"], w["reach"], w["why"]),
            rows=tuple(
                (
                    clean(one["name"]),
                    clean(one["commune"]),
                    number(one["people"]),
                    number(one["affected"]),
                    w["cut_off_word"]
                    if one["reach_status"] == "cut_off"
                    else w.get(one["reach_status"], one["reach_status"]),
                    clean(one["reach_reason"], NOTE_LIMIT),
                )
                for one in page.cut_off
            ),
            figures=frozenset({2, 3}),
            wide=5,
        ),
        Section(
            title=w["gaps"],
            lines=() if page.gaps else (w["no_gaps"],),
            columns=(w["place"], w["affected"], w["item"], w["quantity"], w["reason"]),
            rows=tuple(
                (
                    clean(one["place"]),
                    number(one["affected"]),
                    clean(one["item"]),
                    number(one["quantity"]),
                    clean(one["reason"], NOTE_LIMIT),
                )
                for one in page.gaps
            ),
            figures=frozenset({1, 3}),
            wide=4,
            note=more(n=number(page.n_gaps)) if page.n_gaps > len(page.gaps) else "",
        ),
        Section(
            title=w["convoys"],
            lines=(
                *((w["old_plan"],) if page.plan_is_old else ()),
                *(() if page.convoys else (w["no_plan"],)),
            ),
            columns=(w["leaves"], w["vehicle"], w["depot"], w["stops"], "km", "kg"),
            rows=tuple(
                (
                    moment(one["departs_at"], zone),
                    clean(one["vehicle_class"]),
                    clean(one["depot"]),
                    clean(one["stops"], NOTE_LIMIT).replace("→", "›"),
                    number(one["km"], 1),
                    number(one["kg"]),
                )
                for one in page.convoys
            ),
            figures=frozenset({0, 4, 5}),
            wide=3,
            note=more(n=number(page.n_convoys)) if page.n_convoys > len(page.convoys) else "",
        ),
        Section(
            title=w["stock"],
            lines=() if page.stock else (w["no_stock"],),
            columns=(w["item"], w["quantity"], w["depots"]),
            rows=tuple(
                (
                    clean(one["item"]),
                    f"{number(one['quantity'])} {clean(one['unit'])}",
                    str(one["depots"]),
                )
                for one in page.stock
            ),
            figures=frozenset({1, 2}),
        ),
        Section(
            title=w["indicators"],
            columns=(w["indicator"], w["value"], w["before"], w["target"], w["source"]),
            rows=tuple(
                (
                    clean(one["title"])
                    + (f" ({clean(one['reason'], NOTE_LIMIT)})" if one["reason"] else ""),
                    written(one["value"], one["unit"]),
                    written(one["value_day_before"], one["unit"]),
                    written(one["target"], one["unit"]),
                    clean(one["source"], NOTE_LIMIT),
                )
                for one in page.indicators
            ),
            figures=frozenset({1, 2, 3}),
        ),
        Section(
            title=w["sources"],
            columns=(w["source"], w["kind"], w["time"]),
            rows=tuple(
                (clean(one["name"]), clean(one["kind"]), moment(one["at"], zone))
                for one in page.sources
            ),
            figures=frozenset({2}),
        ),
    ]


def heading(page: ReportPage) -> tuple[str, str]:
    """Give the title, and the line that says as of when it speaks and from where on it is new."""
    w = words()
    since = (
        f"{w['event']} {page.since_seq}"
        if page.since_seq
        else w["all_new"]
    )  # fmt: skip
    if page.since_at is not None:
        since = f"{moment(page.since_at, page.timezone)}, {since}"
    return (
        f"{clean(told(page.title))}: {w['report']}",
        f"{w['as_of']} {moment(page.made_at, page.timezone)} ({page.timezone}), "
        f"{w['event']} {page.seq} · {w['since']}: {since}",
    )


def _summary(page: ReportPage, w: dict[str, str]) -> Section:
    keys = (
        ("places", "places"),
        ("people_affected", "affected"),
        ("not_assessed", "not_assessed"),
        ("cut_off_truck", "cut_truck"),
        ("cut_off_pickup", "cut_pickup"),
        ("unserved", "unserved"),
    )
    return Section(
        title=w["summary"],
        columns=tuple(w[word] for _, word in keys),
        rows=(tuple(number(page.totals.get(key)) for key, _ in keys),),
        figures=frozenset(range(len(keys))),
    )
