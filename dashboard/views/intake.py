"""Upload: a table goes in, its columns are shown and corrected, every row gets its answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import state
from dashboard.intakesheet import (
    choices,
    columns_table,
    corrections,
    kind_names,
    lacking,
    reasons_table,
    rows_table,
)
from dashboard.jobs import Job
from dashboard.languages import _, language, tell
from dashboard.map.text import clean, markdown
from dashboard.operations.register_dumps import REGISTER_KINDS
from dashboard.sharewords import table_names
from dashboard.views import frame, grid, sender
from dashboard.views.figures import moment, number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.desk import Desk, Progress
    from dashboard.operations.receiving import Received
    from dashboard.operations.templating import Form
    from dashboard.state import Served

LOOK_EVERY_S = 0.25
TABLE_HEIGHT_PX = 380
UPLOADS_SHOWN = 50
#: Forms in which tables go back, by the names that programs know them by.
SHARED_FORMS = {
    "csv": "CSV",
    "xlsx": "XLSX",
    "gpkg": "GeoPackage",
    "geojson": "GeoJSON",
    "fgb": "FlatGeobuf",
    "parquet": "GeoParquet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A file as somebody sent it: what it is said to hold, from whom."""

    kind: str
    name: str
    content: bytes
    organisation: str
    add_places: bool
    later_dump: bool | None

    @property
    def key(self) -> str:
        """The same for the same file, sender and kind."""
        told = (self.add_places, self.later_dump)
        words = (self.kind, self.name, self.organisation, *map(str, told))
        return hashlib.sha256("\x1f".join(words).encode() + self.content).hexdigest()[:20]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A reading of a sent file, under way or done; `final` once its rows were to be recorded."""

    key: str
    columns: dict[str, str]
    final: bool
    job: Job[Received]


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served, with_figures=False)
    if drawn is None:
        return
    if not served.desk.may("upload"):
        _uploads(served.desk, drawn.info.timezone)
        _given_back(served.desk)
        return
    sent = _form(served.desk)
    if sent is None:
        st.caption(
            _(
                "Workbooks, CSV, KoBo and ODK exports, HXL, map files and chats are read. Nothing "
                "is recorded before you have seen what was understood."
            )
        )
    else:
        reading: Reading | None = state.get(state.READING)
        if reading is None or reading.key != sent.key:
            reading = _read(served.desk, sent, {}, final=False)
        _answer(served.desk, sent, reading)
    _templates(served.desk)
    _uploads(served.desk, drawn.info.timezone)
    _given_back(served.desk)


def _given_back(desk: Desk) -> None:
    """Offer what goes back to organisations, as each of them can read it."""
    names, tongue = table_names(), language()
    st.subheader(_("What goes back to organisations"), anchor=False)
    st.caption(
        _("With codes of places, HXL hashtags, sources and times; without names of persons.")
    )
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    table = left.selectbox(
        _("Table"), list(names), format_func=lambda one: names[one], key="share_table"
    )
    with right.container(horizontal=True, gap="small"):
        for form, label in SHARED_FORMS.items():
            if table == "iati" and form not in ("csv", "xlsx"):
                continue
            st.download_button(
                label,
                data=partial(_shared, desk, str(table), form, tongue),
                file_name=f"qafila-{table}.{form}",
                icon=":material/download:",
                on_click="ignore",
                key=f"share_{form}",
            )


def _shared(desk: Desk, table: str, form: str, tongue: str) -> bytes:
    """Write a table when somebody asks for it."""
    return desk.shared_file(table, form, tongue=tongue)[1]


def _templates(desk: Desk) -> None:
    """Offer an empty sheet of the chosen kind, and the same as a form for phones."""
    kind, tongue = st.session_state.get("upload_kind"), language()
    if kind not in kind_names():
        return
    forms: dict[Form, tuple[str, str]] = {
        "xlsx": (_("Empty sheet to fill in"), ":material/table:"),
        "xlsform": (_("Form for KoBo and ODK"), ":material/phone_android:"),
    }
    with st.container(horizontal=True, gap="small"):
        for form, (label, icon) in forms.items():
            ending = "-form" if form == "xlsform" else ""
            st.download_button(
                label,
                data=partial(_template, desk, kind, form, tongue),
                file_name=f"qafila-{kind}{ending}-{tongue}.xlsx",
                mime=grid.XLSX,
                icon=icon,
                on_click="ignore",
                type="tertiary",
                help=_("With the places, depots and items of this situation to choose from"),
                key=f"upload_template_{form}",
            )


def _template(desk: Desk, kind: str, form: Form, tongue: str) -> bytes:
    """Write a template when somebody asks for it."""
    return desk.sheet_template(kind, form, tongue=tongue)[1]


def _form(desk: Desk) -> Sent | None:
    """Ask for the file, what it holds and who sends it; None until all three are there."""
    names = kind_names()
    left, right = st.columns([1, 1], gap="medium")
    with left:
        kind = st.selectbox(
            _("What does the table hold?"),
            list(names),
            format_func=lambda one: names[one],
            key="upload_kind",
        )
        organisation = sender.ask(desk, _("Organisation that sends it"), key="upload_organisation")
        add_places = st.checkbox(
            _("Add places that no list knows, where a coordinate stands beside the name"),
            key="upload_add_places",
        )
        later_dump = _later_dump() if kind in REGISTER_KINDS else None
    with right:
        file = st.file_uploader(_("The file"), key="upload_file")
    if file is None or not kind:
        return None
    if not organisation.strip():
        st.info(_("Say which organisation sends the table."), icon=":material/help:")
        return None
    return Sent(
        kind=kind,
        name=file.name,
        content=file.getvalue(),
        organisation=organisation.strip(),
        add_places=add_places,
        later_dump=later_dump,
    )


def _later_dump() -> bool | None:
    """Ask whether the table is a newer state of one that came before; None is not known."""
    names = {
        None: _("told by its rows"),
        True: _("yes: what it says otherwise replaces what was said"),
        False: _("no: all rows are new"),
    }
    return st.selectbox(
        _("A newer state of a list sent before?"),
        list(names),
        format_func=lambda one: names[one],
        key="upload_later_dump",
    )


def _read(desk: Desk, sent: Sent, columns: dict[str, str], *, final: bool) -> Reading:
    """Begin to read a file beside the page; only a final reading records anything."""

    def work(progress: Progress) -> Received:
        return desk.upload(
            sent.kind,
            sent.name,
            sent.content,
            organisation=sent.organisation,
            dry_run=not final,
            add_places=sent.add_places,
            columns=columns,
            later_dump=sent.later_dump,
            progress=progress,
        )

    reading = Reading(key=sent.key, columns=columns, final=final, job=Job(_("Reading"), work))
    state.put(state.READING, reading)
    return reading


def _answer(desk: Desk, sent: Sent, reading: Reading) -> None:
    if not reading.job.done:
        with st.container(key="reading"):
            bar = st.progress(0.0, text=_("Reading the table"))
            while not reading.job.wait(LOOK_EVERY_S):
                bar.progress(reading.job.share, text=_("Reading the table"))
        st.rerun()
    if reading.job.error is not None:
        st.error(markdown(reading.job.error), icon=":material/error:")
        return
    received = reading.job.result
    if received is None:
        return
    report = received.report
    _counts(report)
    _downloads(sent, received)
    if reading.final:
        _recorded(desk, report)
    else:
        _columns(desk, sent, reading, report)
        _take_in(desk, sent, reading, report)
    _reasons(report)
    _rows(report)


def _counts(report: dict[str, Any]) -> None:
    facts = (
        (_("Rows taken"), report["accepted"]),
        (_("of these read with care"), report["repaired"]),
        (_("You must decide"), report["undecided"]),
        (_("Not taken"), report["rejected"] - report["undecided"]),
        (_("Were here before"), report["duplicates"]),
    )
    for column, (label, value) in zip(st.columns(len(facts)), facts, strict=True):
        column.metric(label, number(value))
    if report["later_dump"]:
        st.info(
            _(
                "A newer state of a list sent before: {revised} rows say anew what was told before,"
                " {left} are no longer in it and stay as they are."
            ).format(revised=number(report["revised"]), left=number(report["no_longer_in_it"])),
            icon=":material/update:",
        )
    if report["notes"]:
        st.caption(" · ".join(markdown(tell(note)) for note in report["notes"][:8]))


def _downloads(sent: Sent, received: Received) -> None:
    if not received.report["rejected"]:
        return
    st.download_button(
        _("Rows that were not taken, as a workbook to correct"),
        received.rejects,
        file_name=f"{sent.name.rpartition('.')[0][:60] or 'rows'}-rejects.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        icon=":material/download:",
        key="upload_rejects",
    )


def _columns(desk: Desk, sent: Sent, reading: Reading, report: dict[str, Any]) -> None:
    """Show how the columns of each sheet were understood, and let a person correct it."""
    st.subheader(_("How the columns were understood"), anchor=False)
    column = st.column_config
    told = dict(reading.columns)
    for at, sheet in enumerate(report["sheets"]):
        if sheet["sheet"]:
            st.markdown(f"**{markdown(sheet['sheet'])}**")
        if sheet["missing"]:
            missing = ", ".join(map(lacking, sheet["missing"]))
            st.warning(
                _("Left out: it has no column for {columns}.").format(columns=markdown(missing)),
                icon=":material/block:",
            )
        edited = st.data_editor(
            columns_table(sheet),
            hide_index=True,
            width="stretch",
            disabled=["title", "confidence", "samples"],
            column_config={
                "title": column.TextColumn(_("Column")),
                "field": column.SelectboxColumn(
                    _("Taken for"), options=list(choices(sheet)), required=True
                ),
                "confidence": column.ProgressColumn(
                    _("How sure"), min_value=0.0, max_value=1.0, format="percent"
                ),
                "samples": column.TextColumn(_("Cells of it"), width="large"),
            },
            key=f"columns_{reading.key}_{at}_{len(reading.columns)}",
        )
        told |= corrections(sheet, edited["field"].tolist())
    changed = told != reading.columns
    if changed and st.button(
        _("Read again with these columns"), icon=":material/refresh:", key="upload_again"
    ):
        _read(desk, sent, told, final=False)
        st.rerun()


def _take_in(desk: Desk, sent: Sent, reading: Reading, report: dict[str, Any]) -> None:
    if not report["accepted"]:
        st.info(_("No row would be taken yet."), icon=":material/help:")
        return
    label = _("Take in {n} rows").format(n=number(report["accepted"]))
    if st.button(label, type="primary", icon=":material/upload:", key="upload_now"):
        _read(desk, sent, reading.columns, final=True)
        st.rerun()


def _recorded(desk: Desk, report: dict[str, Any]) -> None:
    if report["upload_id"] is None:
        st.info(_("Nothing was recorded: every row was here before."), icon=":material/help:")
        return
    st.success(
        _("{n} rows were recorded.").format(n=number(report["accepted"])),
        icon=":material/check:",
    )
    if st.button(_("Undo this upload"), icon=":material/undo:", key="upload_undo"):
        _undo(desk, report["upload_id"])


def _undo(desk: Desk, upload_id: str) -> None:
    try:
        desk.undo(upload_id)
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    state.put(state.READING, None)
    st.toast(_("The upload was undone."))
    st.rerun()


def _reasons(report: dict[str, Any]) -> None:
    """Sum up why rows were not taken: a column of wrong dates is one matter, not a thousand."""
    if not report["reasons"]:
        return
    st.subheader(_("Why rows were not taken"), anchor=False)
    column = st.column_config
    grid.show(
        reasons_table(report),
        hide_index=True,
        column_config={
            "rows": column.NumberColumn(_("Rows"), format="%d"),
            "field": column.TextColumn(_("Column")),
            "expected": column.TextColumn(_("Needed"), width="large"),
            "first": column.NumberColumn(_("First in row"), format="%d"),
        },
        key="upload_reasons",
        alt=_("Why rows were not taken, the commonest reason first"),
        name="reasons",
    )


def _rows(report: dict[str, Any]) -> None:
    st.subheader(_("Row by row"), anchor=False)
    column = st.column_config
    grid.show(
        rows_table(report),
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        column_config={
            "status": column.TextColumn(_("What became of it")),
            "sheet": column.TextColumn(_("Sheet")),
            "row": column.NumberColumn(_("Row"), format="%d"),
            "cell": column.TextColumn(_("Cell")),
            "value": column.TextColumn(_("Written")),
            "expected": column.TextColumn(_("Needed, or how it was read"), width="large"),
            "suggestion": column.TextColumn(_("Perhaps"), width="large"),
        },
        key="upload_rows",
        alt=_("Rows of the table, those that need you first"),
        name="rows",
    )


def _uploads(desk: Desk, zone: str) -> None:
    """List what came, the newest first, each to be undone as a whole."""
    uploads = desk.uploads()[::-1][:UPLOADS_SHOWN]
    if not uploads:
        return
    st.subheader(_("Tables that came"), anchor=False)
    live = {one.upload_id: one for one in uploads if not one.undone}
    names = kind_names()

    def label(upload_id: str) -> str:
        one = live[upload_id]
        rows = _("{n} rows").format(n=number(one.accepted))
        kind = names.get(one.kind, one.kind)
        when = moment(one.recorded_at, zone)
        return f"{clean(one.file, 60)} · {kind} · {rows} · {when}"

    if not desk.may("undo"):
        st.markdown("\n".join(f"- {markdown(label(one))}" for one in live))
        return
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        _("Undo an upload as a whole"),
        list(live),
        index=None,
        format_func=label,
        placeholder=_("choose one"),
        key="upload_chosen",
    )
    if (
        right.button(
            _("Undo"), icon=":material/undo:", disabled=chosen is None, key="upload_undo_chosen"
        )
        and chosen
    ):
        _undo(desk, chosen)
