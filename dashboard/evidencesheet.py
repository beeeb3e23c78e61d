"""What is known of the damage, as people read it: by place, one place, and layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.languages import _
from dashboard.vocabulary import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.store.records import LayerRecord

Document = dict[str, Any]
GRADES = ("destroyed", "damaged", "possibly_damaged", "no_visible_damage")


def by_place(document: Document) -> pd.DataFrame:
    """Give one row a place, most urgent first.

    Columns: `place_id`, `name`, `commune`, `assessed_share`, the four grades (missing where nobody
    looked and nothing was seen: that is not 0), `prior`, `low`, `value`, `high` (share of homes
    destroyed or damaged, in percent, before and after evidence), `facilities`, `evidence`.
    """
    rows = sorted(document["places"], key=lambda one: -(one["priority"] or 0.0))
    return pd.DataFrame([_row(one) for one in rows])


def _row(place: dict[str, Any]) -> dict[str, Any]:
    counted = place["buildings"]
    seen = place["assessed"] or any(counted.values())
    damage = place.get("damage") or {}
    prior, posterior = damage.get("prior") or {}, damage.get("posterior") or {}
    hit = posterior.get("hit") or {}
    return {
        "place_id": place["place_id"],
        "name": place["name"],
        "commune": place.get("commune", ""),
        "assessed_share": 100.0 * float(place.get("assessed_share") or 0.0),
        **{grade: counted[grade] if seen else None for grade in GRADES},
        "prior": _percent((prior.get("hit") or {}).get("value")),
        "low": _percent(hit.get("low")),
        "value": _percent(hit.get("value")),
        "high": _percent(hit.get("high")),
        "facilities": len(place.get("facilities") or []),
        "evidence": told(place.get("evidence", "")),
    }


def one_place(document: Document, place_id: str) -> dict[str, Any] | None:
    """Give everything that the assessment holds of a place, or None where it holds nothing."""
    return next((one for one in document["places"] if one["place_id"] == place_id), None)


def beliefs(place: dict[str, Any]) -> pd.DataFrame:
    """Give what was expected and what is believed now, as percent of the homes with a range."""
    damage = place.get("damage") or {}
    rows = [
        {
            "when": when,
            "what": what,
            "low": _percent(share.get("low")),
            "value": _percent(share.get("value")),
            "high": _percent(share.get("high")),
        }
        for when in ("prior", "posterior")
        for what in ("destroyed", "hit")
        if (share := (damage.get(when) or {}).get(what))
    ]
    return pd.DataFrame(rows, columns=["when", "what", "low", "value", "high"])


def layers(records: Sequence[LayerRecord]) -> pd.DataFrame:
    """Give the layers of evidence, the newest last, with what was said of each."""
    return pd.DataFrame(
        [
            {
                "kind": one.kind.replace("_", " "),
                "name": one.name,
                "source": one.source.name,
                "at": one.source.at,
                "rows": one.rows,
                "unknown": ", ".join(
                    f"{label} ({count})"
                    for label, count in one.details.get("unknown_labels", {}).items()
                ),
                "notes": "; ".join(one.notes),
            }
            for one in records
        ],
        columns=["kind", "name", "source", "at", "rows", "unknown", "notes"],
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100.0 * share, 1)


def belief_basis(basis: str) -> str:
    """Say what the number of people affected rests on (`geo.affected`, `geo.place_damage`)."""
    texts = {
        "updated_by_field": _(
            "from what somebody counted there, and from the shaking if a map of it is loaded"
        ),
        "updated_by_images": _("from the shaking, and what pictures from above show"),
        "updated_by_raster": _("from the shaking, and what a damage raster says"),
        "counted": _("from the damage that was counted"),
        "from_raster": _("from a damage raster"),
        "expected_from_shaking": _("from the shaking alone: nobody looked"),
        "unknown": _("unknown"),
    }
    return texts.get(basis, basis)
