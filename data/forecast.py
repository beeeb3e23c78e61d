"""What will be needed in the coming days, when a depot runs out, and what to order.

Plain arithmetic, no model of what nobody knows: places need what they lack now, and use up water,
food and hygiene day by day at the rates of the standard (`data.needs`). A forecast is as good as
the people and the reports it rests on; `error_of` holds one of yesterday against what came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LINE_COLUMNS = ("place_id", "depot_id", "item", "quantity", "missing", "left", "per_day")
MAX_DAYS = 30


def cumulative_need(lines: pd.DataFrame, days: Sequence[float]) -> NDArray[np.float64]:
    """Give what must have come after so many days so that nobody lacks, (n lines, n days).

    Parameters
    ----------
    lines
        `quantity` (needed for now), `missing` (of it), `left` (of earlier deliveries) and `per_day`
        (used up in a day, 0 for what lasts), in the item's unit.

    Notes
    -----
    What is missing now is needed on the first day. It lasts for ``quantity / per_day`` days; from
    then on `per_day` more is needed each day.
    """
    quantity, missing, left, per_day = (
        lines[name].to_numpy(dtype=np.float64)[:, None]
        for name in ("quantity", "missing", "left", "per_day")
    )
    day = np.asarray(days, dtype=np.float64)[None]
    needed: NDArray[np.float64] = np.maximum(missing, np.maximum(quantity, per_day * day) - left)
    return needed


def by_item(lines: pd.DataFrame, days: int) -> pd.DataFrame:
    """Sum up over places: columns `item`, `per_day`, then 1 … `days` (cumulative need)."""
    return _summed(lines, days, ["item"])


def by_depot(lines: pd.DataFrame, free: pd.DataFrame, days: int) -> pd.DataFrame:
    """Say when each depot runs out of each item that its places need.

    Parameters
    ----------
    free
        `depot_id`, `item`, `free`: what may leave, for whomever it is kept.

    Returns
    -------
    DataFrame
        `depot_id` ("" where no depot serves the place), `item`, `free`, `per_day`, `need` (by the
        end of the last day), `lasts_days` (whole days whose need it covers; nan if it lasts
        through all), `short` (what is missing by the end of the last day).
    """
    need = _summed(lines, days, ["depot_id", "item"])
    table = need.merge(free, on=["depot_id", "item"], how="left")
    have = table["free"].fillna(0.0).clip(lower=0.0)
    by_day = table[list(range(1, days + 1))].to_numpy(dtype=np.float64)
    covered = (by_day <= have.to_numpy()[:, None] + 1e-9).sum(axis=1)
    return pd.DataFrame(
        {
            "depot_id": table["depot_id"],
            "item": table["item"],
            "free": have,
            "per_day": table["per_day"],
            "need": by_day[:, -1],
            "lasts_days": np.where(covered < days, covered, np.nan),
            "short": np.maximum(by_day[:, -1] - have, 0.0),
        }
    )


def error_of(predicted: pd.Series, actual: pd.Series) -> pd.DataFrame:
    """Hold what was predicted for each item against what turned out to be needed.

    Returns
    -------
    DataFrame
        `item`, `predicted`, `actual`, `error_share`: predicted / actual - 1, nan where nothing was
        needed and nothing predicted, inf where something was predicted and nothing needed.
    """
    table = pd.DataFrame({"predicted": predicted, "actual": actual}).fillna(0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["error_share"] = table["predicted"] / table["actual"] - 1.0
    return table.rename_axis("item").reset_index()


def _summed(lines: pd.DataFrame, days: int, keys: list[str]) -> pd.DataFrame:
    columns = list(range(1, days + 1))
    table = pd.DataFrame(cumulative_need(lines, columns), columns=columns, index=lines.index)
    table["per_day"] = lines["per_day"]
    for key in keys:
        table[key] = lines[key].fillna("")
    return table.groupby(keys, as_index=False, sort=True)[["per_day", *columns]].sum()
