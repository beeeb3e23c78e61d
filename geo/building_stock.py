"""Of what the houses of a commune are built: shares of building typologies, from census fields.

A table says it by wall material or by typology; the census layers of towns say it by type of
dwelling. Where nothing says it, `geo.vulnerability.RURAL_HIGH_ATLAS` is assumed. What each column
means, and which of it is an estimate, stands in `docs/evidence.md`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo._columns import columns_named, number_of, plain_code, raise_problems, text_of
from geo.errors import Problem, SchemaError
from geo.vulnerability import RURAL_HIGH_ATLAS, TYPOLOGIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

CODE_COLUMNS = ("commune_code", "code_commune", "code_commu", "unit_id", "code", "pcode",
                "adm3_pcode")  # fmt: skip
MAX_HOUSES = 10_000_000
# Shares are written rounded: 33 + 33 + 33 % are one.
ROUNDING = 0.02

# Material of outer walls, as tables name it, to the typology that is built of it.
MATERIALS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "earth": ("earth", "pise", "adobe", "terre", "mur_pise", "mur_terre", "brique_de_terre",
                  "briques_de_terre", "pise_terre", "طين"),
        "rubble_stone": ("rubble_stone", "pierre_terre", "pierres_terre", "pierre_seche",
                         "pierres_seches", "mur_pierre_terre"),
        "simple_stone": ("simple_stone", "pierre_mortier", "pierres_mortier", "pierre",
                         "mur_pierre_mortier"),
        "masonry": ("masonry", "brique", "briques", "parpaing", "blocks", "brick"),
        "masonry_rc_floor": ("masonry_rc_floor", "brique_mortier", "briques_mortier",
                             "parpaing_dalle", "mur_brique_mortier"),
        "confined_masonry": ("confined_masonry", "chainage"),
        "concrete": ("concrete", "reinforced_concrete", "beton", "beton_arme", "mur_beton"),
        "concrete_seismic": ("concrete_seismic", "beton_parasismique"),
    }
)  # fmt: skip
OTHER = ("other", "autre", "autres", "other_material")

# Types of dwelling of the census of 2014 (HCP; asked in towns only): how such dwellings are
# mostly built. Estimates of this project, no census figure.
_DWELLINGS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "villa_u": {"concrete": 1.0},
        "appa_u": {"concrete": 1.0},
        "mm_u": {"masonry_rc_floor": 0.6, "concrete": 0.4},
        "som_u": {"masonry": 1.0},
        "rural_u": RURAL_HIGH_ATLAS,
    }
)


def building_stock(
    frame: pd.DataFrame,
    *,
    source: str,
    unit_ids: Sequence[str] | None = None,
) -> pd.DataFrame | None:
    """Shares of building typologies of the communes of a table.

    Parameters
    ----------
    frame
        A row a commune. Shares, percent or numbers of houses by material of walls (or by
        typology); else the census's types of dwelling.
    source
        Who says so.
    unit_ids
        Codes of the communes; None takes them from `frame`.

    Returns
    -------
    pandas.DataFrame or None
        `unit_id`, a column for each of `TYPOLOGIES` (sum 1), `basis`; only communes of which
        something is known. None if no column says anything of buildings.

    Raises
    ------
    SchemaError
        Negative or unreadable numbers, rows that sum to neither 1 nor 100, no column of codes, a
        code twice.
    """
    materials = {name: words for name, words in MATERIALS.items() if columns_named(frame, words)}
    dwellings = {name: mix for name, mix in _DWELLINGS.items() if columns_named(frame, (name,))}
    if materials:
        shares, basis = _of_materials(frame, materials), f"{source}: material of walls"
    elif dwellings:
        shares = _of_dwellings(frame, dwellings)
        basis = f"{source}: types of dwelling (how they are built is our estimate)"
    else:
        return None
    table = shares.copy()
    table.insert(0, "unit_id", _codes(frame) if unit_ids is None else list(unit_ids))
    table["basis"] = basis
    table = table[shares.notna().all(axis=1)].reset_index(drop=True)
    twice = table["unit_id"][table["unit_id"].duplicated()]
    if len(twice):
        raise SchemaError(
            f"buildings of the commune {twice.iloc[0]}, twice",
            "one row a commune is needed",
            "leave one of them out",
        )
    return table if len(table) else None


def _codes(frame: pd.DataFrame) -> pd.Series:
    if not columns_named(frame, CODE_COLUMNS):
        raise SchemaError(
            f"buildings with the columns {', '.join(map(str, frame.columns))[:300]}",
            "a column with the code of the commune is needed",
            "name it commune_code",
        )
    return plain_code(text_of(frame, CODE_COLUMNS))


def _row_numbers(frame: pd.DataFrame) -> pd.Series:
    """What a person sees as the number of each row: lines of a CSV, features from 1."""
    numbers = frame.attrs.get("row_numbers") or ()
    seen = numbers if len(numbers) == len(frame) else range(1, len(frame) + 1)
    return pd.Series(list(seen), index=frame.index)


def _of_materials(frame: pd.DataFrame, materials: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    rows = _row_numbers(frame)
    written, problems = {}, []
    for name, words in (*materials.items(), ("other", OTHER)):
        written[name], wrong = number_of(frame, words, lowest=0, highest=MAX_HOUSES, rows=rows)
        problems += wrong
    raise_problems(problems, "buildings")
    values = pd.DataFrame(written)
    known = values.notna().any(axis=1)
    values = values.fillna(0.0)
    sums = values.sum(axis=1).to_numpy()
    _require_whole(values, sums, known.to_numpy(), rows)
    # What is built of something else is taken to be built as the rest.
    of_known = values[list(materials)]
    rest = of_known.sum(axis=1)
    shares = of_known.div(rest.where(rest > 0), axis=0)
    return shares.reindex(columns=list(TYPOLOGIES)).fillna(0.0).where(known & (rest > 0))


def _require_whole(
    values: pd.DataFrame,
    sums: NDArray[np.float64],
    known: NDArray[np.bool_],
    rows: pd.Series,
) -> None:
    """All rows must be shares, or percent, or all of them numbers of houses."""
    told = sums[known]
    counts = (values.to_numpy() % 1 == 0).all() and bool(len(told)) and told.max() > 200
    if (
        not len(told)
        or counts
        or any((np.abs(told - whole) <= ROUNDING * whole).all() for whole in (1.0, 100.0))
    ):
        return
    whole = 1.0 if np.median(told) <= 2 else 100.0
    wrong = known & (np.abs(sums - whole) > ROUNDING * whole)
    raise_problems(
        [
            Problem(
                row=str(rows.iloc[row]),
                column=", ".join(map(str, values.columns)),
                value=f"they sum to {sums[row]:g}",
                expected="shares that sum to 1, percent that sum to 100, or numbers of houses",
                suggestion="correct the row, or put the missing part into a column 'other'",
            )
            for row in np.flatnonzero(wrong)
        ],
        "buildings",
    )


def _of_dwellings(
    frame: pd.DataFrame, dwellings: Mapping[str, Mapping[str, float]]
) -> pd.DataFrame:
    rows = _row_numbers(frame)
    shares = pd.DataFrame(0.0, index=frame.index, columns=list(TYPOLOGIES))
    problems: list[Problem] = []
    for name, mix in dwellings.items():
        percent, wrong = number_of(frame, (name,), lowest=0, highest=100, rows=rows)
        problems += wrong
        for typology, part in mix.items():
            shares[typology] += percent.fillna(0.0) * part
    raise_problems(problems, "types of dwelling")
    total = shares.sum(axis=1)
    # In rural communes the question was not asked: all of its columns are 0.
    return shares.div(total.where(total > 0), axis=0)
