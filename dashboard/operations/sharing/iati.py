"""Activities as the columns of an IATI activity (iatistandard.org, 2.03), one a row.

A table to be pasted into a publisher's tool, not a published file: who publishes has an identifier
of its own, which is left to it.
"""

from __future__ import annotations

import hashlib

import pandas as pd

#: Codelist ActivityStatus: 1 pipeline, 2 implementation, 4 closed, 5 cancelled.
_STATUS = {"planned": "1", "running": "2", "done": "4", "cancelled": "5"}
#: DAC 5 digit sectors: 72010 material relief, 72040 emergency food assistance.
MATERIAL_RELIEF, FOOD = "72010", "72040"
COUNTRY = "MA"
#: Codelist OrganisationRole: 1 funding, 4 implementing.
COLUMNS = (
    *("iati-identifier", "reporting-org/narrative", "title/narrative", "description/narrative"),
    *("participating-org[role=1]/narrative", "participating-org[role=4]/narrative"),
    *(
        "activity-status/@code",
        "activity-date[type=1]/@iso-date",
        "activity-date[type=2]/@iso-date",
    ),
    *("activity-date[type=3]/@iso-date", "activity-date[type=4]/@iso-date"),
    *("recipient-country/@code", "location/name/narrative", "location/point/pos"),
    *("sector[vocabulary=1]/@code", "humanitarian", "last-updated-datetime"),
)


def iati_frame(activities: pd.DataFrame, situation: str) -> pd.DataFrame:
    """Give activities (columns of `sharing.tables`) in the columns of IATI.

    Dates are planned (1 start, 3 end) while the work is planned, else actual (2 start, 4 end).
    """
    planned = activities["status"] == "planned"
    closed = activities["status"] == "done"
    title = activities["activity"].where(activities["activity"] != "", activities["item"])
    where = activities["place"].str.cat(activities["commune"], sep=", ").str.strip(", ")
    known = activities["lat"].notna() & activities["lon"].notna()
    position = activities["lat"].astype(str) + " " + activities["lon"].astype(str)
    columns = (
        # The publisher's own identifier goes before it.
        [_stable(situation, one) for one in activities["id"]],
        activities["reporter"],
        title.str.cat(activities["place"], sep=" · "),
        activities["note"],
        activities["funder"],
        activities["organisation"],
        activities["status"].map(_STATUS).fillna(""),
        activities["starts_on"].where(planned, ""),
        activities["starts_on"].where(~planned, ""),
        activities["ends_on"].where(~closed, ""),
        activities["ends_on"].where(closed, ""),
        COUNTRY,
        where,
        position.where(known, ""),
        [
            FOOD if one == "food_kit" else MATERIAL_RELIEF if one else ""
            for one in activities["item_code"]
        ],
        "1",
        activities["reported_at"],
    )
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), index=activities.index)


def _stable(situation: str, activity_id: str) -> str:
    """The same for the same activity, whatever situation's copy it is read from."""
    digest = hashlib.sha256(f"{situation}/{activity_id}".encode()).hexdigest()
    return f"qafila-{digest[:16]}"
