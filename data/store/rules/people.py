"""Rules: organisations and how far they are recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import OrganisationStatusSet, UploadReceived
from data.store.rules.registry import rule, unknown
from data.store.schema import ORGANISATIONS
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(OrganisationStatusSet)
def _organisation_status_set(state: State, _fact: Fact, payload: OrganisationStatusSet) -> None:
    row = state.live(ORGANISATIONS, payload.organisation_id)
    if row is None:
        raise unknown(payload.organisation_id, "organisation")
    if row["status"] == payload.status:
        raise RuleError(
            payload.organisation_id, f"it is {payload.status} already", "nothing is to be done"
        )


@rule(UploadReceived)
def _upload_received(state: State, fact: Fact, payload: UploadReceived) -> None:
    if fact.organisation_id is not None:
        require_not_revoked(state, fact.organisation_id, f"upload {payload.upload_id}")


def require_not_revoked(state: State, organisation_id: str, what: str) -> None:
    """Refuse what an organisation does whose recognition was revoked."""
    row = state.live(ORGANISATIONS, organisation_id)
    if row is not None and row["status"] == "revoked":
        raise RuleError(
            f"{what} of {row['name']}",
            "the recognition of this organisation was revoked, nothing is taken from it",
            "ask the crisis cell",
        )
