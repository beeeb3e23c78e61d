"""Who does what where, laid side by side: work that overlaps, and need that nobody works on.

Pure computation over tables, so that anybody can check a figure from the rows behind it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Work that counts: what was called off does not.
CALLED_OFF = "cancelled"
#: Pairs of organisations at one place and item; more than this in one go would fill the memory.
MOST_PAIRS = 5_000_000

ACTIVITY_COLUMNS = (
    "activity_id",
    "place_id",
    "what",
    "actor",
    "status",
    "starts_at",
    "ends_at",
    "quantity",
    "people_reached",
)


def overlaps(activities: pd.DataFrame) -> pd.DataFrame:
    """Find where two organisations do the same at the same place in the same days.

    Parameters
    ----------
    activities
        `ACTIVITY_COLUMNS`; `what` is the item, or else the words for the work, folded; times are
        UTC or NaT.

    Returns
    -------
    pandas.DataFrame
        One row a place and item: `place_id`, `what`, `actors` (names, sorted), `n_actors`,
        `n_activities`, `quantity` (sum of what was said, NaN where nobody said), `certain`. It is
        certain where the days of two organisations are known to meet; where days are missing they
        may meet, and that is said, not left out. Days that are known to be apart are no overlap.
        Most organisations first, then by place and item.
    """
    work = activities[activities["status"] != CALLED_OFF]
    first = pd.to_datetime(work["starts_at"].where(work["starts_at"].notna(), work["ends_at"]))
    last = pd.to_datetime(work["ends_at"].where(work["ends_at"].notna(), work["starts_at"]))
    spans = pd.DataFrame(
        {
            "place_id": work["place_id"],
            "what": work["what"],
            "actor": work["actor"],
            "key": work["actor"].str.casefold().str.split().str.join(" "),
            "first": first.dt.floor("D"),
            "last": last.dt.floor("D"),
        }
    )
    groups = ["place_id", "what"]
    spans = spans.drop_duplicates([*groups, "key", "first", "last"])
    several = spans.groupby(groups)["key"].transform("nunique") > 1
    meeting = _meeting(spans[several])
    if meeting.empty:
        columns = [*groups, "actors", "n_actors", "n_activities", "quantity", "certain"]
        return pd.DataFrame(columns=columns)
    found = meeting.groupby(groups).agg(certain=("certain", "any")).reset_index()
    ends = [meeting[[*groups, f"key_{side}", f"actor_{side}"]] for side in "ab"]
    named = pd.concat([one.set_axis([*groups, "key", "actor"], axis=1) for one in ends])
    named = named.sort_values("actor").drop_duplicates([*groups, "key"])
    actors = named.groupby(groups)["actor"].agg(list).rename("actors")
    counted = work.groupby(groups).agg(
        n_activities=("activity_id", "size"),
        quantity=("quantity", lambda one: one.sum(min_count=1)),
    )
    found = found.join(actors, on=groups).join(counted, on=groups)
    found["n_actors"] = found["actors"].map(len)
    order = ["n_actors", "certain", *groups]
    return found.sort_values(order, ascending=[False, False, True, True]).reset_index(drop=True)


def _meeting(spans: pd.DataFrame) -> pd.DataFrame:
    """Pairs of different organisations at one place and item whose days meet, or may meet."""
    n_pairs = int((spans.groupby(["place_id", "what"]).size() ** 2).sum())
    if n_pairs > MOST_PAIRS:
        # What matters is who, not how often: one span an organisation, from first to last day.
        keys = ["place_id", "what", "key"]
        whole = spans.groupby(keys, as_index=False)
        spans = whole.agg({"actor": "first", "first": "min", "last": "max"})
    pairs = spans.merge(spans, on=["place_id", "what"], suffixes=("_a", "_b"))
    pairs = pairs[pairs["key_a"] < pairs["key_b"]]
    known = pairs[["first_a", "first_b"]].notna().all(axis=1)
    meet = (pairs["first_a"] <= pairs["last_b"]) & (pairs["first_b"] <= pairs["last_a"])
    pairs = pairs.assign(certain=known & meet)
    return pairs[pairs["certain"] | ~known]


def gaps(lacking: pd.DataFrame, activities: pd.DataFrame) -> pd.DataFrame:
    """Find what places lack and nobody works on, or not enough.

    Parameters
    ----------
    lacking
        `place_id`, `what` (item), `missing` (above 0, in the item's unit).
    activities
        `ACTIVITY_COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        The rows of `lacking` where no organisation plans or does the same there (`kind` ``no
        actor``), or where what is planned and under way is less than what is missing (``too
        little``), with `promised` and `actors`. Work that is done is not counted: it was taken off
        what is missing when it arrived. Work of unknown state counts as promised. Largest share
        missing first.
    """
    open_work = activities[~activities["status"].isin([CALLED_OFF, "done"])]
    groups = ["place_id", "what"]
    promised = open_work.groupby(groups).agg(
        promised=("quantity", lambda one: one.sum(min_count=1)),
        actors=("actor", lambda one: sorted(set(one))),
    )
    found = lacking.join(promised, on=groups)
    nobody = found["actors"].isna()
    found["actors"] = found["actors"].where(~nobody, other=pd.Series([[]] * len(found)))
    # Somebody works there and nobody said how much: that is no gap that can be reckoned.
    short = found["promised"] < found["missing"]
    found["kind"] = np.where(nobody, "no actor", "too little")
    found["promised"] = found["promised"].where(~nobody, 0.0)
    found["uncovered"] = found["missing"] - found["promised"].fillna(0.0)
    kept = found[nobody | short]
    return kept.sort_values(["uncovered", *groups], ascending=[False, True, True]).reset_index(
        drop=True
    )


def presence(activities: pd.DataFrame, communes: pd.Series) -> pd.DataFrame:
    """Count organisations, work and people reached in each commune.

    Parameters
    ----------
    communes
        Name of the commune by place id.

    Returns
    -------
    pandas.DataFrame
        `commune`, `n_actors`, `actors`, `n_activities`, `n_places`, `people_reached` (NaN where
        nobody said); most organisations first. Work that was called off does not count.
    """
    work = activities[activities["status"] != CALLED_OFF]
    work = work.assign(commune=work["place_id"].map(communes).fillna(""))
    found = work.groupby("commune").agg(
        n_actors=("actor", "nunique"),
        actors=("actor", lambda one: sorted(set(one))),
        n_activities=("activity_id", "size"),
        n_places=("place_id", "nunique"),
        people_reached=("people_reached", lambda one: one.sum(min_count=1)),
    )
    return found.reset_index().sort_values(
        ["n_actors", "commune"], ascending=[False, True], ignore_index=True
    )
