"""Trust: how much of a reported need counts for a plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.store.need_records import NeedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What counts: what somebody verified in full, hearsay not at all, the rest by its share.

    `quarantined` are organisations whose recognition is pending, where their reports do not count.
    """

    unverified_share: float = 1.0
    quarantined: frozenset[str] = frozenset()

    def share(self, need: NeedRecord) -> float:
        """Share of a need's quantity that a plan may reckon with, 0 to 1."""
        if need.status == "verified":
            return 1.0
        if need.rumour or (need.organisation_id or "") in self.quarantined:
            return 0.0
        return self.unverified_share

    def amount(self, need: NeedRecord) -> float:
        """Quantity that a plan may reckon with; of a part whole units, and never above the share.

        >>> math.floor(8 * 0.4 + 1e-9)
        3
        """
        share = self.share(need)
        if share == 1:
            return float(need.quantity)
        # A hair more, so that 0.1 × 30 is 3 and not 2.
        return float(math.floor(float(need.quantity) * share + 1e-9))


#: Everything counts as it was said.
FULL_TRUST = Trust()
