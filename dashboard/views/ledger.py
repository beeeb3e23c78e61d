"""The ledger: check it, hand out its head, prove one event, take all of it away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.operations.witnessing import head_as
from dashboard.views import analysis, frame
from dashboard.views.figures import moment, number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.desk import Desk

CHECK = "verify_ledger"
HEAD = "ledger_head"
PROOF = "ledger_proof"
HEADS_LIMIT = 20_000
QR_WIDTH_PX = 300
#: The address of the whole ledger, one canonical JSON event a line.
EXPORT = "/api/v1/ledger/events.jsonl"


def page(served: state.Served) -> None:
    """Draw the page."""
    info = frame.headed(served)
    if info is None:
        return
    desk = served.desk
    st.caption(
        _(
            "Everything that was ever recorded stands in the ledger, each event tied to the one "
            "before it. Whoever holds a head from earlier can check that nothing was altered since."
        )
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _check(desk)
        _proof(desk)
    with right:
        _head(desk, info.timezone)
        _export()


def _check(desk: Desk) -> None:
    st.subheader(_("Check the ledger"), anchor=False)
    with st.form("check_ledger", border=False):
        written = st.text_area(
            _("Heads that were handed out earlier, one a line (may stay empty)"),
            max_chars=HEADS_LIMIT,
            key="heads",
            placeholder="qafila-head:2:…",
        )
        signer = st.text_input(_("Public key that must have signed them (may stay empty)"))
        asked = st.form_submit_button(_("Check"), icon=":material/verified:", type="primary")
    seq = desk.seq()
    if asked:
        heads, key = written.split(), signer.strip()
        analysis.ask(
            CHECK,
            _("Checking the ledger"),
            seq,
            lambda progress: desk.verify_ledger(heads=heads, signer=key, progress=progress),
        )
    found = analysis.answer(CHECK, seq)
    if found is None:
        return
    if found["ok"]:
        text = _("Intact: {n} events, each tied to the one before it; the tables of state fit.")
        st.success(text.format(n=number(found["events"])), icon=":material/verified:")
    else:
        st.error(_("The ledger is not what it was:"), icon=":material/gpp_bad:")
        st.markdown("\n".join(f"- {markdown(problem)}" for problem in found["problems"]))
    st.code(clean(found["head"]), language=None, wrap_lines=True)


def _head(desk: Desk, zone: str) -> None:
    st.subheader(_("Head to hand out"), anchor=False)
    st.caption(
        _(
            "One line that stands for all events up to now. Give it to every organisation at the "
            "end of a day: on paper, as a photograph, as a message."
        )
    )
    if st.button(_("Sign the head of now"), icon=":material/edit_document:", key="make_head"):
        try:
            state.put(HEAD, desk.ledger_head())
        except QafilaError as error:
            state.put(HEAD, None)
            st.error(markdown(error), icon=":material/error:")
    said: dict[str, Any] | None = state.get(HEAD)
    if said is None:
        return
    st.code(said["head"], language=None, wrap_lines=True)
    st.image(head_as(said, "svg").decode(), width=QR_WIDTH_PX)
    st.caption(
        _("Event {seq}, signed {time} with the key {fingerprint}").format(
            seq=said["seq"],
            time=moment(said["signed_at"], zone),
            fingerprint=said["fingerprint"],
        )
    )
    if said.get("note"):
        st.info(markdown(said["note"]), icon=":material/key:")
    shown = {name: value for name, value in said.items() if name != "key_file"}
    kinds = {"txt": "text/plain", "json": "application/json", "svg": "image/svg+xml"}
    for column, (kind, mime) in zip(st.columns(len(kinds)), kinds.items(), strict=True):
        column.download_button(
            f".{kind}",
            data=head_as(shown, kind),
            file_name=f"head-{said['seq']}.{kind}",
            mime=mime,
            icon=":material/download:",
            on_click="ignore",
        )


def _proof(desk: Desk) -> None:
    st.subheader(_("Prove one event"), anchor=False)
    st.caption(
        _(
            "A file with one event and the proof that it is in the ledger: a donor checks one gift "
            "without seeing the others."
        )
    )
    with st.form("prove_event", border=False):
        event = st.text_input(
            _("Number or id of an event, or of the thing that it is about"), max_chars=200
        )
        against = st.text_input(
            _("Signed head that the proof shall lead to (empty: one signed now)"), max_chars=2_000
        )
        asked = st.form_submit_button(_("Make the proof"), icon=":material/receipt_long:")
    if asked:
        try:
            proof = desk.prove_event(event.strip(), against=against.strip())
        except QafilaError as error:
            state.put(PROOF, None)
            st.error(markdown(error), icon=":material/error:")
        else:
            state.put(PROOF, proof)
    made: dict[str, Any] | None = state.get(PROOF)
    if made is None:
        return
    st.json(made["event"], expanded=1)
    st.download_button(
        _("Download the proof"),
        data=json.dumps(made, ensure_ascii=False, indent=1),
        file_name=f"proof-{made['event']['seq']}.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
    )


def _export() -> None:
    st.subheader(_("The whole ledger"), anchor=False)
    st.caption(
        _(
            "One event a line, no names of persons. An auditor checks the file anywhere with "
            "`verify_ledger.py`, which is one file without any of this program's code."
        )
    )
    label = _("Download the ledger")
    st.markdown(f":material/download: [{label}]({EXPORT})")
