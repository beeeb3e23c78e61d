"""Rules: the links by which convoys answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import FieldLinkIssued, FieldLinkRevoked
from data.store.rules.registry import rule, unknown
from data.store.schema import FIELD_LINKS, PLANS
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(FieldLinkIssued)
def _link_issued(state: State, _fact: Fact, payload: FieldLinkIssued) -> None:
    if state.row(PLANS, payload.plan_id) is None:
        raise unknown(payload.plan_id, "plan")


@rule(FieldLinkRevoked)
def _link_revoked(state: State, _fact: Fact, payload: FieldLinkRevoked) -> None:
    row = state.live(FIELD_LINKS, payload.link_id)
    if row is None:
        raise unknown(payload.link_id, "link")
    if row["revoked_at"] is not None:
        raise RuleError(
            payload.link_id, f"the link was revoked at {row['revoked_at']}", "nothing is to be done"
        )
