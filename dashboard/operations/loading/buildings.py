"""Of what the houses of communes are built, from a table or from the fields of their boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.operations.loading.layer import Prepared, prepare_table
from geo.errors import InputError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from dashboard.operations.situation import Bounds, Situation
    from geo.model import Source


def stock_of_table(situation: Situation, path: Path, made_by: Source) -> Prepared:
    """Read a table of building shares by commune, for communes that are known."""
    from geo.building_stock import MATERIALS, building_stock
    from geo.vectors import read_attributes

    stock = building_stock(read_attributes(path), source=made_by.name)
    if stock is None:
        raise SchemaError(
            f"{path.name}: a table without boundaries and without shares of buildings",
            f"columns such as {', '.join(MATERIALS)} are needed beside commune_code",
            "name them so, or give the boundaries as polygons",
        )
    known = {*situation.boundaries()["unit_id"], *situation.places()["commune_code"]} - {""}
    unknown = stock.loc[~stock["unit_id"].isin(known), "unit_id"].tolist()
    if len(unknown) == len(stock):
        raise InputError(
            f"{path.name}: none of its {len(stock)} communes is known, the first is {unknown[0]}",
            "codes of communes of this situation are needed",
            "load boundaries or places first" if not known else f"codes look like {min(known)}",
        )
    notes = [f"{len(unknown)} of its communes are unknown here: {', '.join(unknown[:5])}"]
    bounds = situation.info().bounds
    if bounds is None:
        raise InputError(
            path.name, "the area must be known first", "load boundaries or places before it"
        )
    return prepare_stock(
        situation, stock, path, made_by, bounds=bounds, notes=notes if unknown else []
    )


def prepare_stock(
    situation: Situation,
    stock: pd.DataFrame,
    path: Path,
    made_by: Source,
    *,
    bounds: Bounds,
    notes: Sequence[str] = (),
) -> Prepared:
    """Put the shares into the archive as a layer of their own."""
    return prepare_table(
        situation, "building_stock", "stock", stock, path.name, made_by, bounds=bounds, notes=notes
    )
