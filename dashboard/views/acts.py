"""Acts from forms: done, told at the next run of the page, taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.text import markdown
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was done last, in words; what takes it back; or why it could not be done."""

    title: str
    lines: tuple[str, ...] = ()
    undo: Callable[[Desk], Any] | None = None
    #: Shown once and never again.
    secret: str = ""
    #: A PDF to be taken away.
    paper: bytes | None = None
    error: QafilaError | None = None


def perform(
    slot: str,
    title: str,
    do: Callable[[], Any],
    told: Callable[[Any], dict[str, Any]] = lambda _done: {},
) -> None:
    """Do something, keep what became of it for the next run, and draw the page anew.

    Parameters
    ----------
    slot
        The key of the session under which `outcome` finds it: one for each page.
    told
        Gives the further fields of the `Act` from what `do` gave.
    """
    try:
        act = Act(title=title, **told(do()))
    except QafilaError as error:
        act = Act(title=title, error=error)
    state.put(slot, act)
    st.rerun()


def outcome(desk: Desk, slot: str) -> None:
    """Say what became of the last act of this page, and offer to take it back."""
    act: Act | None = state.get(slot)
    if act is None:
        return
    if act.error is not None:
        st.error(f"{markdown(act.title)}: {markdown(act.error)}", icon=":material/error:")
        return
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.success(
        "  \n".join(markdown(line) for line in (act.title, *act.lines)), icon=":material/check:"
    )
    if act.secret:
        left.warning(_("Write this down now: it is not shown again."), icon=":material/visibility:")
        left.code(act.secret, language=None)
        # The next run of the page no longer has it, whoever then sits before the screen.
        state.put(slot, replace(act, secret=""))
    if act.paper is not None:
        left.download_button(
            _("Download the paper (PDF)"),
            data=act.paper,
            file_name="qafila-certificate.pdf",
            mime="application/pdf",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
            key=f"paper_{slot}",
        )
    take_back = act.undo
    if take_back is not None and right.button(
        _("Undo"), icon=":material/undo:", key=f"undo_{slot}", width="stretch"
    ):
        title = _("Taken back: {what}").format(what=act.title)
        perform(slot, title, lambda: take_back(desk))
