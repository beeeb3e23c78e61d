"""Who says so: the field for the organisation, filled in for whoever signed in for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from dashboard.desk import Desk

MAX_LENGTH = 200


def ask(desk: Desk, label: str, *, key: str, within: Any = st) -> str:
    """Ask which organisation says so.

    The visitor's own is there already; who may speak for no other cannot change it.
    """
    own = desk.own_organisation()
    said: str = within.text_input(
        label, value=own.name, disabled=own.fixed, max_chars=MAX_LENGTH, key=key
    )
    return own.name if own.fixed else said
