"""Questions that take seconds: asked with a button, answered beside the page, then kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import state
from dashboard.jobs import Job
from dashboard.languages import _
from dashboard.map.text import markdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.desk import Progress

LOOK_EVERY_S = 0.25
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question under way or answered, and the event that it was asked at."""

    name: str
    seq: int
    job: Job[Answer]


def ask(name: str, label: str, seq: int, work: Callable[[Progress], Answer]) -> None:
    """Begin to answer a question; one that is under way is left to end first."""
    known: Asked | None = state.get(state.ANALYSIS)
    if known is None or known.job.done:
        state.put(state.ANALYSIS, Asked(name=name, seq=seq, job=Job(label, work)))
    st.rerun()


def answer(name: str, seq: int) -> Answer | None:
    """Give the answer to a question, with a bar while it is under way; None if it was not asked.

    An answer from before the latest event is shown with a word on its age.
    """
    asked: Asked | None = state.get(state.ANALYSIS)
    if asked is None or asked.name != name:
        return None
    if not asked.job.done:
        _watch(asked.job)
        st.rerun()
    if asked.job.error is not None:
        st.error(markdown(asked.job.error), icon=":material/error:")
        return None
    if asked.seq != seq:
        st.warning(_("This is older than the latest event: ask again."), icon=":material/history:")
    return asked.job.result


def wait(name: str) -> None:
    """Wait for the end of a question with a bar, and show its error if it has one."""
    asked: Asked | None = state.get(state.ANALYSIS)
    if asked is None or asked.name != name:
        return
    _watch(asked.job)
    if asked.job.error is not None:
        st.error(markdown(asked.job.error), icon=":material/error:")
        st.stop()


def _watch(job: Job[Answer]) -> None:
    with st.status(markdown(job.label), expanded=True, state="running"):
        bar = st.progress(0.0)
        while not job.wait(LOOK_EVERY_S):
            bar.progress(job.share, text=markdown(job.text) or None)
