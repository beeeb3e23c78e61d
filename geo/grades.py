"""Written damage grades of many products, brought to the five grades of this house.

Five grades: `destroyed`, `damaged`, `possibly_damaged`, `no_visible_damage`, `not_analysed`.
`no_visible_damage` is not "undamaged": a satellite sees roofs, not cracked walls. An unknown label
is counted and reported, never guessed. Analysts' scales have between two and six steps; what ours
keeps apart is what changes the help: homes that are gone, homes that are hit, homes to look at.

The table of all vocabularies is `docs/evidence.md`, written by `crosswalk_markdown`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Grade = Literal["destroyed", "damaged", "possibly_damaged", "no_visible_damage", "not_analysed"]
GRADES: tuple[Grade, ...] = get_args(Grade)
# Worst first: where two sightings tell otherwise the same, the worse one is believed.
SEVERITY: Mapping[str, int] = MappingProxyType(
    {grade: len(GRADES) - rank for rank, grade in enumerate(GRADES)}
)

# What a missing value looks like after a shapefile, a spreadsheet and a GeoJSON passed it on.
MISSING_TEXTS = frozenset({"", "nan", "none", "<na>", "nat"})
_CODE_PREFIX = re.compile(r"^\d+\s*-\s*(?=\D)")  # "997-Not Applicable" of Copernicus
_SEPARATORS = re.compile(r"[\s_\-/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The labels of one product line; `labels` maps a written label to our grade."""

    name: str
    title: str
    source: str
    labels: Mapping[str, Grade]
    # Labels that grade a thing which is no building (a crater in a road).
    not_buildings: frozenset[str] = frozenset()
    note: str = ""


_DESTROYED: Grade = "destroyed"
_DAMAGED: Grade = "damaged"
_POSSIBLY: Grade = "possibly_damaged"
_NONE_SEEN: Grade = "no_visible_damage"
_NOT_ANALYSED: Grade = "not_analysed"

VOCABULARIES: tuple[Vocabulary, ...] = (
    Vocabulary(
        name="copernicus",
        title="Copernicus EMS Rapid Mapping, since 2017 (`damage_gra`, `grading`)",
        source="Copernicus EMS Rapid Mapping portfolio, grading product; IWG-SEM Building Damage "
        "Assessment Guidelines 2018; read off the points of Al Haouz 2023 (EMSR695)",
        labels=MappingProxyType(
            {
                "Destroyed": _DESTROYED,
                "Damaged": _DAMAGED,
                "Possibly damaged": _POSSIBLY,
                "No visible damage": _NONE_SEEN,
                "Not Analysed": _NOT_ANALYSED,
                "Not Analyzed": _NOT_ANALYSED,
                "Not Applicable": _NOT_ANALYSED,
                "Null": _NOT_ANALYSED,
            }
        ),
    ),
    Vocabulary(
        name="copernicus_2016",
        title="Copernicus EMS Rapid Mapping, until 2016 (`grading`)",
        source="read off the packages of EMSR190 (Central Italy 2016)",
        labels=MappingProxyType(
            {
                "Completely Destroyed": _DESTROYED,
                "Highly Damaged": _DAMAGED,
                "Moderately Damaged": _DAMAGED,
                "Negligible to slight damage": _POSSIBLY,
                "Not Affected": _NONE_SEEN,
                "Not Applicable": _NOT_ANALYSED,
                "Null": _NOT_ANALYSED,
            }
        ),
        note="Slight damage seen from above is counted in the upper bound only.",
    ),
    Vocabulary(
        name="unosat",
        title="UNOSAT, as text (`Main_Dmg`, `Main_Damage_Site_Class`)",
        source="UNOSAT damage assessment geodatabases; read off EQ20230909MAR (Al Haouz 2023), "
        "which writes `Damage`, `Possible damage` and `Possible damaged`",
        labels=MappingProxyType(
            {
                "Destroyed": _DESTROYED,
                "Destroyed (Demolition Zone)": _DESTROYED,
                "Severe Damage": _DAMAGED,
                "Severely Damaged": _DAMAGED,
                "Moderate Damage": _DAMAGED,
                "Damage": _DAMAGED,
                "Damaged": _DAMAGED,
                "Possible damage": _POSSIBLY,
                "Possible damaged": _POSSIBLY,
                "Possibly damaged": _POSSIBLY,
                "Possible damage from adjacent impact, debris": _POSSIBLY,
                "Possible damage from adjacent impact, debris or rubble": _POSSIBLY,
                "No Visible Damage": _NONE_SEEN,
                "Impact Crater (Damage to Road)": _NOT_ANALYSED,
                "Impact Crater (Damage to Field)": _NOT_ANALYSED,
                "Road Damage from Tank Passage": _NOT_ANALYSED,
                "Lava Flow": _NOT_ANALYSED,
            }
        ),
        not_buildings=frozenset(
            {
                "Impact Crater (Damage to Road)",
                "Impact Crater (Damage to Field)",
                "Road Damage from Tank Passage",
                "Lava Flow",
            }
        ),
        note="Severe and moderate damage are one grade here.",
    ),
    Vocabulary(
        name="unosat_code",
        title="UNOSAT, as number (`Main_Damage_Site_Class`)",
        source="coded domain of the UNOSAT damage geodatabases (2022-2025 products)",
        labels=MappingProxyType(
            {
                "1": _DESTROYED,
                "2": _DAMAGED,
                "3": _DAMAGED,
                "4": _POSSIBLY,
                "5": _NOT_ANALYSED,
                "6": _NONE_SEEN,
                "7": _NOT_ANALYSED,
                "8": _DESTROYED,
                "10": _NOT_ANALYSED,
                "11": _POSSIBLY,
                "12": _NOT_ANALYSED,
                "13": _DAMAGED,
            }
        ),
        not_buildings=frozenset({"5", "7", "10", "12"}),
        note="Only where the column is named as UNOSAT names it: EMS-98 counts the other way. "
        "5, 7 and 10 are craters and tank tracks, 12 is lava: no buildings.",
    ),
    Vocabulary(
        name="xbd",
        title="xBD / xView2 (`subtype`)",
        source="Gupta et al. 2019, Creating xBD, CVPR Workshops, joint damage scale",
        labels=MappingProxyType(
            {
                "destroyed": _DESTROYED,
                "major-damage": _DAMAGED,
                "minor-damage": _POSSIBLY,
                "no-damage": _NONE_SEEN,
                "un-classified": _NOT_ANALYSED,
            }
        ),
        note="Minor damage is counted in the upper bound only.",
    ),
    Vocabulary(
        name="ems98",
        title="EMS-98, by name or as D0 … D5",
        source="Grünthal (ed.) 1998, European Macroseismic Scale, classification of damage",
        labels=MappingProxyType(
            {
                "Destruction": _DESTROYED,
                "Very heavy damage": _DESTROYED,
                "Substantial to heavy damage": _DAMAGED,
                "Moderate damage": _DAMAGED,
                "Negligible to slight damage": _POSSIBLY,
                "No damage": _NONE_SEEN,
                "D5": _DESTROYED,
                "D4": _DESTROYED,
                "D3": _DAMAGED,
                "D2": _DAMAGED,
                "D1": _POSSIBLY,
                "D0": _NONE_SEEN,
            }
        ),
        note="D1 is counted in the upper bound only.",
    ),
    Vocabulary(
        name="qafila",
        title="The five grades themselves",
        source="this project",
        labels=MappingProxyType({grade: grade for grade in GRADES}),
    ),
)


def grade_of(
    labels: pd.Series, vocabulary: str | Vocabulary | None = None
) -> tuple[pd.Series, Counter[str]]:
    """Bring written labels to the five grades.

    Parameters
    ----------
    labels
        Written labels; upper and lower case, spaces, hyphens, underscores and a leading number
        code (``997-Not Applicable``) make no difference.
    vocabulary
        One vocabulary or its name. None means all but the number codes, which are ambiguous
        without the name of their product.

    Returns
    -------
    tuple
        The grades on the index of `labels`, ``""`` where the label is missing or unknown, and the
        unknown labels as they were written with their counts. A missing label is not unknown.

    Raises
    ------
    UnknownIdError
        No vocabulary of that name.
    """
    table = label_table(vocabulary)
    codes, written = pd.factorize(
        labels.astype("str").fillna("").str.strip(), use_na_sentinel=False
    )
    counts = pd.Series(codes, dtype="int64").value_counts()
    unknown: Counter[str] = Counter()
    grades: list[str] = []
    for code, label in enumerate(written):
        key = normalise_label(label)
        grade = "" if key in MISSING_TEXTS else table.get(key, "")
        if not grade and key not in MISSING_TEXTS:
            unknown[str(label)] = int(counts[code])
        grades.append(grade)
    found = pd.Series(grades, dtype="str").take(codes) if len(codes) else pd.Series([], dtype="str")
    return found.set_axis(labels.index).rename("grade"), unknown


def label_table(vocabulary: str | Vocabulary | None = None) -> dict[str, Grade]:
    """Grades by normalised label, of one vocabulary or of all that are written in words."""
    if vocabulary is None:
        chosen: Iterable[Vocabulary] = (v for v in VOCABULARIES if v.name != "unosat_code")
    elif isinstance(vocabulary, Vocabulary):
        chosen = [vocabulary]
    else:
        chosen = [v for v in VOCABULARIES if v.name == vocabulary]
        if not chosen:
            raise UnknownIdError(
                f"grade vocabulary {vocabulary!r}",
                f"one of {', '.join(v.name for v in VOCABULARIES)} is needed",
                "correct the name",
            )
    return {normalise_label(label): grade for v in chosen for label, grade in v.labels.items()}


def labels_of_no_building() -> frozenset[str]:
    """Normalised labels in words that grade something other than a building."""
    return frozenset(
        normalise_label(label)
        for v in VOCABULARIES
        if v.name != "unosat_code"
        for label in v.not_buildings
    )


def codes_of_no_building() -> frozenset[str]:
    """Number codes of UNOSAT that grade something other than a building."""
    return frozenset(
        label for v in VOCABULARIES if v.name == "unosat_code" for label in v.not_buildings
    )


def normalise_label(label: Any) -> str:
    """The form in which labels are compared: lower case, one space, no number code in front."""
    text = _SEPARATORS.sub(" ", _CODE_PREFIX.sub("", str(label).strip())).casefold().strip()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def crosswalk_markdown() -> str:
    """Write the table of all vocabularies for `docs/evidence.md`."""
    lines = ["| product | written label | grade |", "|---|---|---|"]
    for vocabulary in VOCABULARIES:
        title = vocabulary.title
        for label, grade in vocabulary.labels.items():
            no_building = " (no building)" if label in vocabulary.not_buildings else ""
            lines.append(f"| {title} | {label} | `{grade}`{no_building} |")
            title = ""
    lines += ["", "Where each vocabulary comes from:", ""]
    for vocabulary in VOCABULARIES:
        note = f" {vocabulary.note}" if vocabulary.note else ""
        lines.append(f"- {vocabulary.title}: {vocabulary.source}.{note}")
    return "\n".join(lines) + "\n"
