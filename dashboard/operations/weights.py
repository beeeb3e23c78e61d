"""How much a place weighs where roads are weighed against each other: people in need of something.

The best figure that is known for each place: people whose need is unmet, else people affected,
else all who live there. A place of which nobody knows how many live there weighs nothing, and is
counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.operations import assessing, lacking
from data.catalogue import items
from data.needs import persons_per_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dashboard.operations.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Rows in the order of `Situation.places`: `people`, and by which figure in `basis`."""

    people: NDArray[np.float64]
    basis: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """Say how many places were weighed by what."""
        kinds = ("unmet need", "people affected", "people living there", "unknown: weighs 0")
        return {kind: self.basis.count(kind) for kind in kinds if kind in self.basis}


def weights_of(situation: Situation) -> Weights:
    """Weigh every place."""
    places = situation.places()
    now = situation.now()
    assessment = assessing.compute(situation, now=now)
    needs = lacking.needs_of_places(situation, assessment, now=now)
    unmet = _people_in_need(needs)
    frame = assessment.places.set_index("place_id")
    people, basis = [], []
    for place_id in places["place_id"].tolist():
        affected, living = frame.at[place_id, "affected"], frame.at[place_id, "people"]
        for value, says in (
            (unmet.get(place_id, 0.0), "unmet need"),
            (affected, "people affected"),
            (living, "people living there"),
        ):
            if np.isfinite(value) and value > 0:
                people.append(float(value))
                basis.append(says)
                break
        else:
            known = bool(np.isfinite(affected) or np.isfinite(living))
            people.append(0.0)
            basis.append("people affected" if known else "unknown: weighs 0")
    return Weights(people=np.array(people, dtype=np.float64), basis=tuple(basis))


def _people_in_need(needs: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """Count the people who lack the item that most lack; one person may lack several."""
    helps = persons_per_unit(sorted(items()))
    return {
        place_id: max(
            (row["missing"] * helps[row["item"]] for row in rows if row["item"] in helps),
            default=0.0,
        )
        for place_id, rows in needs.items()
    }
