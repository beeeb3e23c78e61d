"""Rules: what places lack, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import NeedStatusChanged
from data.store.rules.registry import rule, unknown
from data.store.schema import NEEDS

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(NeedStatusChanged)
def _need_status_changed(state: State, _fact: Fact, payload: NeedStatusChanged) -> None:
    if state.live(NEEDS, payload.need_id) is None:
        raise unknown(payload.need_id, "need")
