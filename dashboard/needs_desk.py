"""The part of the desk for needs: who says so, who looked, what is told twice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation


class NeedsDesk(ABC):
    """What the page *Needs* asks of a real situation."""

    @abstractmethod
    def situation(self) -> Situation:
        """Open the situation, or give the one that is open."""

    def needs_book(self) -> dict[str, Any]:
        """All needs, what is told twice, what is in quarantine; made once an event and minute."""
        from dashboard.operations.needs_book import needs_book

        situation = self.situation()
        now = situation.now().replace(second=0, microsecond=0)
        key = ("needs_book", situation.store.seq(), now)
        return situation.remember(key, lambda: needs_book(situation))

    def need_history(self, need_id: str) -> dict[str, Any]:
        """Who said what of a need, and where it was read."""
        from dashboard.operations.need_history import need_history

        return need_history(self.situation(), need_id)

    def need_contact(self, need_id: str) -> dict[str, Any]:
        """Name, phone and position of who asked for a need, as far as they are kept."""
        from dashboard.operations.requesting import contact_of

        return contact_of(self.situation(), need_id)

    def group_counts(self, place_id: str) -> list[dict[str, Any]]:
        """The newest count of each group of people in a place, small numbers withheld."""
        return self._counts_of(place_id, exact=False)

    def exact_group_counts(self, place_id: str) -> list[dict[str, Any]]:
        """The same with the small numbers: for who may read contacts only."""
        return self._counts_of(place_id, exact=True)

    def _counts_of(self, place_id: str, *, exact: bool) -> list[dict[str, Any]]:
        from dashboard.operations.groups import group_counts

        situation = self.situation()
        wanted = situation.current_place(place_id)
        told = group_counts(situation, exact=exact)["places"]
        return [one for one in told if one["place_id"] == wanted]

    def count_group(
        self,
        *,
        place: str,
        group: str,
        count: int,
        referred: int,
        organisation: str,
        note: str = "",
    ) -> dict[str, Any]:
        """Record how many people of a group live in a place; a later count replaces it."""
        from dashboard.operations.groups import count_group
        from dashboard.operations.stockroom import Said

        said = Said(organisation=organisation, note=note)
        return count_group(self.situation(), place, group, count, referred=referred, said=said)

    def tell_need(
        self,
        *,
        place: str,
        item: str,
        quantity: str,
        organisation: str,
        reported_from: str = "",
        note: str = "",
    ) -> dict[str, Any]:
        """Record a need that somebody told."""
        from dashboard.operations.needs_book import tell_need

        return tell_need(
            self.situation(),
            place=place,
            item=item,
            quantity=quantity,
            organisation=organisation,
            reported_from=reported_from,
            note=note,
        )

    def withdraw_need(self, need_id: str) -> dict[str, Any]:
        """Take back a need that was told by hand."""
        from dashboard.operations.needs_book import withdraw_need

        return withdraw_need(self.situation(), need_id)

    def say_of_needs(
        self, need_ids: Sequence[str], status: str, *, by: str = "", note: str = ""
    ) -> dict[str, Any]:
        """Record what somebody found out of needs; ``reported`` takes it back."""
        from dashboard.operations.trusting import set_status

        return set_status(self.situation(), need_ids, status, by=by, note=note)

    def mark_rumour(
        self, need_ids: Sequence[str], *, rumour: bool, note: str = ""
    ) -> dict[str, Any]:
        """Mark needs as hearsay, or take the mark off."""
        from dashboard.operations.trusting import set_rumours

        return set_rumours(self.situation(), need_ids, rumour=rumour, note=note)

    def merge_needs(
        self, kept_id: str, need_ids: Sequence[str], *, reason: str = ""
    ) -> dict[str, Any]:
        """Let one report speak for others."""
        from dashboard.operations.duplicates import merge

        return merge(self.situation(), kept_id, need_ids, reason=reason)

    def merge_equal_needs(self) -> dict[str, Any]:
        """Let one report speak for those that are equal to it, by rule."""
        from dashboard.operations.duplicates import merge_equal

        return merge_equal(self.situation())

    def part_needs(self, merge_id: str) -> dict[str, Any]:
        """Let each report of a merge stand for itself again."""
        from dashboard.operations.duplicates import part

        return part(self.situation(), merge_id)

    def set_need_trust(self, *, unverified_share: float, pending: str) -> dict[str, Any]:
        """Set how much of what nobody verified may enter a plan."""
        from dashboard.operations.trusting import set_trust

        return set_trust(self.situation(), unverified_share=unverified_share, pending=pending)
