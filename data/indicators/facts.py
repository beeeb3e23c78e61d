"""The facts that indicators are made of: plain tables of one moment, whoever collected them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

#: Needs that still ask for something or were met; refuted, expired and withdrawn ones do not count.
COUNTED = frozenset({"reported", "verified", "planned", "met"})


SHIFT_COLUMNS = "shift_id volunteer_id organisation_id begun_at ended_at approved"
ACTIVITY_COLUMNS = "activity_id place_id actor funder status"
RECEIPT_COLUMNS = "delivery_id place_id told_at"


def _empty(columns: str) -> pd.DataFrame:
    return pd.DataFrame(columns=columns.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Tables of one moment; times are aware UTC, quantities are in the item's own unit.

    Parameters
    ----------
    places
        `place_id`, `name`, `commune`, `people`, `affected` (people, NaN = unknown), `assessed`,
        `reach_status` (of truck or pickup; ``unknown`` = not computed).
    needs
        `need_id`, `place_id`, `item_id`, `quantity`, `weight`, `status`, `told_at` (when it was
        reported, else recorded), `organisation_id`.
    movements
        `movement_id`, `item_id`, `quantity`, `from_account`, `to_account`, `moved_at`,
        `organisation_id`; without those taken back.
    volunteers
        `volunteer_id`, `available`, `organisation_id`.
    organisations
        `organisation_id`, `name`, `status`.
    closures
        `closure_id`, `state`, `told_at` of those in force.
    news
        `place_id`, `at`: everything that was said of a place, by whomever.
    shifts
        `shift_id`, `volunteer_id`, `organisation_id`, `begun_at`, `ended_at` (NaT while it lasts),
        `approved` (somebody else said that the hours were worked).
    activities
        `activity_id`, `place_id`, `actor`, `funder` (names, empty = not said), `status`; without
        those called off.
    receipts
        `delivery_id`, `place_id`, `told_at`: what was said of arrivals, refusals included.
    plan
        The newest plan as the contract's JSON, or None.
    """

    now: datetime
    seq: int
    places: pd.DataFrame
    needs: pd.DataFrame
    movements: pd.DataFrame
    volunteers: pd.DataFrame
    organisations: pd.DataFrame
    closures: pd.DataFrame
    news: pd.DataFrame
    shifts: pd.DataFrame = field(default_factory=partial(_empty, SHIFT_COLUMNS))
    activities: pd.DataFrame = field(default_factory=partial(_empty, ACTIVITY_COLUMNS))
    receipts: pd.DataFrame = field(default_factory=partial(_empty, RECEIPT_COLUMNS))
    plan: dict | None = None  # type: ignore[type-arg]
    # Not handed on by `dataclasses.replace`: other facts make other tables.
    _made: dict[str, pd.DataFrame] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def once(self, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Give a table made from these facts, made the first time; not to be changed."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def counted_needs(self) -> pd.DataFrame:
        """Needs that count, with the `commune` of their place."""
        return self.once("counted needs", self._counted_needs)

    def _counted_needs(self) -> pd.DataFrame:
        needs = self.needs[self.needs["status"].isin(COUNTED)].reset_index(drop=True)
        return needs.assign(commune=self.commune_of(needs["place_id"]))

    def commune_of(self, place_ids: pd.Series) -> pd.Series:
        """Give the commune of each place, as categories in their order; "" where none is known."""
        known = self.places.drop_duplicates("place_id").set_index("place_id")["commune"]
        places = place_ids.astype("category").cat
        named = known.reindex(places.categories).astype(object)
        named = named.where(named.notna(), "").to_numpy(dtype=object)
        communes = pd.Categorical(named)
        # A place that is not said has no code: it is in no commune.
        codes = np.append(communes.codes, -1)[places.codes]
        found = pd.Categorical.from_codes(codes, communes.categories)
        return pd.Series(found, index=place_ids.index)

    def deliveries(self) -> pd.DataFrame:
        """Movements that ended at a place: `place_id`, `item_id`, `quantity`, `moved_at`.

        What a place gave back is a delivery of less than nothing.
        """
        return self.once("deliveries", self._deliveries)

    def _deliveries(self) -> pd.DataFrame:
        columns = ["movement_id", "item_id", "quantity", "moved_at", "organisation_id"]
        parts = []
        for end, sign in (("to_account", 1.0), ("from_account", -1.0)):
            accounts = self.movements[end]
            places = [one for one in accounts.unique() if str(one).startswith("place:")]
            at_place = self.movements[accounts.isin(places)]
            part = at_place[columns].assign(place_id=at_place[end])
            part["quantity"] = part["quantity"].astype("float64") * sign
            parts.append(part)
        # An empty part would make texts of the other's categories.
        return pd.concat([one for one in parts if len(one)] or parts[:1], ignore_index=True)
