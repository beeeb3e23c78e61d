"""The part of the desk for convoys on their way: who was heard when, where, and by which link."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation


class FieldDesk(ABC):
    """What the page *Convoys* and the map ask of those who are on the road."""

    @abstractmethod
    def situation(self) -> Situation:
        """Open the situation, or give the one that is open."""

    def convoys_heard(self) -> list[dict[str, Any]]:
        """When each convoy was heard last, and what it said."""
        from dashboard.operations.field_reports import last_heard

        return last_heard(self.situation())

    def positions(self, *, exact: bool) -> list[dict[str, Any]]:
        """Where vehicles and volunteers were last; the middle of a coarse cell unless `exact`."""
        from dashboard.operations.locating import show

        return show(self.situation(), exact=exact)

    def field_links(self) -> list[dict[str, Any]]:
        """The links that were given to convoys, the newest first; no token stands in them."""
        from dashboard.operations.answering import links

        return links(self.situation())

    def give_field_link(self, convoy_id: str, *, at: str) -> dict[str, Any]:
        """Give the link by which a convoy answers; the same one as long as it holds."""
        from dashboard.operations.answering import issue

        return issue(self.situation(), convoy_id, at=at)

    def revoke_field_links(self, convoy_id: str) -> dict[str, Any]:
        """Make the links of a convoy worth nothing at once."""
        from dashboard.operations.answering import revoke

        return revoke(self.situation(), convoy_id)
