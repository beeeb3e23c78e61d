"""A mapping file: what the columns and labels of a damage layer mean that no vocabulary knows.

The next product will write its grades in other words. A person who knows them writes a small TOML
file once, and the layer is read by it. Nothing is guessed: a label that the file does not name is
counted, reported and stays `not_analysed`.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from geo.damage_columns import DATE_COLUMNS, OBJECT_COLUMNS, SENSOR_COLUMNS
from geo.errors import SchemaError, TooLargeError, UnreadableError
from geo.grades import GRADES, MISSING_TEXTS, Vocabulary, grade_of, normalise_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from geo.damage_columns import Delivered

MAX_MAPPING_BYTES = 1_000_000
#: Of each section the keys that it may hold; the first section and its first key are needed.
SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "columns": ("grade", "date", "sensor", "object", "name", "use"),
        "source": ("name", "licence", "url"),
        "objects": ("buildings", "not_buildings"),
    }
)
# The name under which `geo.damage` looks for each column.
CANONICAL: Mapping[str, str] = MappingProxyType(
    {
        "grade": "damage_gra",
        "date": "date",
        "sensor": "sensor",
        "object": "obj_type",
        "name": "name",
        "use": "info",
    }
)
MAX_LABELS_IN_TEMPLATE = 60
# A column of so many different values holds names or numbers and no grades.
MAX_LABELS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageMapping:
    """What a mapping file says.

    Attributes
    ----------
    shown
        The name of the file, for messages.
    columns
        Use (``grade``, ``date``, ``sensor``, ``object``, ``name``, ``use``) to column.
    vocabulary
        Written label to grade.
    buildings, not_buildings
        Normalised objects that are buildings, and that are none. With `buildings` given, every
        other object is none.
    source, licence, url
        Who made it; ``""`` where the file does not say.
    """

    shown: str
    columns: Mapping[str, str]
    vocabulary: Vocabulary
    buildings: frozenset[str] | None
    not_buildings: frozenset[str]
    source: str = ""
    licence: str = ""
    url: str = ""

    def applied(self, layer: Delivered) -> Delivered:
        """Give the layer with its columns under the names by which `geo.damage` knows them.

        Raises
        ------
        SchemaError
            The layer lacks a column that the file names.
        """
        by_name = {str(column): column for column in layer.rows.columns}
        lacking = [name for name in self.columns.values() if name not in by_name]
        if lacking:
            held = [name for name in by_name if name != layer.rows.geometry.name]
            raise SchemaError(
                f"{self.shown}: column {lacking[0]!r}",
                f"the layer has no such column; it has {', '.join(held[:40]) or 'none'}",
                "correct [columns]",
            )
        names = {CANONICAL[use]: by_name[column] for use, column in self.columns.items()}
        return replace(layer, names=MappingProxyType(names))

    def object_says(self, text: str) -> str:
        """Whether an object is a building: ``yes``, ``no``, or ``""`` where the file is silent."""
        key = normalise_label(text)
        if key in self.not_buildings:
            return "no"
        if self.buildings is None:
            return ""
        return "yes" if key in self.buildings else "no"


def read_mapping(path: Path | str) -> DamageMapping:
    """Read a mapping file.

    Raises
    ------
    UnreadableError
        No such file, or no TOML.
    TooLargeError
        Over 1 MB.
    SchemaError
        What it says is not understood; all problems are named at once.
    """
    file = Path(path)
    if not file.is_file():
        raise UnreadableError(file.name, "there is no such mapping file", "check the path")
    if file.stat().st_size > MAX_MAPPING_BYTES:
        raise TooLargeError(file.name, "a mapping file is at most 1 MB", "check which file it is")
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(
            file.name,
            f"it is no TOML in UTF-8 ({str(error)[:120]})",
            "begin with `qafila load damage FILE --mapping-template mapping.toml`",
        ) from error
    problems = _problems(told)
    if problems:
        raise SchemaError(
            f"{file.name}: {'; '.join(problems[:8])}",
            "a mapping has [columns] with grade, and [grades] with label = grade of "
            + ", ".join(GRADES),
            "correct it, or begin with `qafila load damage FILE --mapping-template mapping.toml`",
        )
    source, objects = told.get("source", {}), told.get("objects", {})
    buildings = objects.get("buildings")
    return DamageMapping(
        shown=file.name,
        columns=MappingProxyType(dict(told["columns"])),
        vocabulary=Vocabulary(
            name=file.name,
            title=file.name,
            source=source.get("name", file.name),
            labels=MappingProxyType(dict(told["grades"])),
        ),
        buildings=None if buildings is None else frozenset(map(normalise_label, buildings)),
        not_buildings=frozenset(map(normalise_label, objects.get("not_buildings", ()))),
        source=source.get("name", ""),
        licence=source.get("licence", ""),
        url=source.get("url", ""),
    )


def mapping_template(frame: gpd.GeoDataFrame, *, shown: str) -> str:
    """Write a mapping file for a layer, with its columns and labels, to be filled in by a person.

    Labels that a vocabulary knows have their grade already, the others ``""``: a template is
    refused until every label that is named has a grade.
    """
    columns = [str(name) for name in frame.columns if name != frame.geometry.name]
    labels = {name: _labels(frame[name]) for name in columns}
    few = {name: found for name, found in labels.items() if 0 < len(found) <= MAX_LABELS}
    # Most words that are known, else the column that tells rows apart in the fewest words.
    grade = max(
        few,
        key=lambda name: (_n_known(frame[name]), len(few[name]) > 1, -len(few[name])),
        default="",
    )
    lowered = {name.lower(): name for name in reversed(columns)}
    lines = [
        f'# How {shown} is to be read. Fill in what stands as ""; leave out what does not apply.',
        f"# Its columns: {', '.join(columns)}",
        "",
        "[source]",
        'name = ""      # who made it',
        'licence = ""',
        "",
        "[columns]",
        f"grade = {_quoted(grade)}",
    ]
    for use, wanted in (
        ("date", DATE_COLUMNS),
        ("sensor", SENSOR_COLUMNS),
        ("object", OBJECT_COLUMNS),
    ):
        found = next((lowered[name] for name in wanted if name in lowered), None)
        if found is not None and found != grade:
            lines.append(f"{use} = {_quoted(found)}")
    lines += ["", f"[grades]    # one of {', '.join(GRADES)}"]
    guess, _ = grade_of(frame[grade]) if grade else (None, None)
    for label, count in labels.get(grade, Counter()).most_common(MAX_LABELS_IN_TEMPLATE):
        known = ""
        if guess is not None:
            mine = frame[grade].astype("str").str.strip() == label
            known = str(guess[mine].iloc[0])
        lines.append(f"{_quoted(label)} = {_quoted(known)}    # {count} rows")
    lines += [
        "",
        "# [objects]    # which objects are buildings; without it their words tell",
        '# buildings = ["house"]',
        '# not_buildings = ["bridge"]',
        "",
    ]
    return "\n".join(lines)


def _problems(told: dict[str, Any]) -> list[str]:
    """Say all that is wrong with a mapping, in the order of the file."""
    problems = [
        f"unknown section [{name}]" for name in told if name not in SECTIONS and name != "grades"
    ]
    for section, keys in SECTIONS.items():
        held = told.get(section, {})
        if not isinstance(held, dict):
            problems.append(f"{section} is no section")
            continue
        problems += [f"unknown key {key!r} in [{section}]" for key in held if key not in keys]
        for key, value in held.items():
            fits = _is_texts(value) if section == "objects" else isinstance(value, str)
            if key in keys and not fits:
                problems.append(
                    f"{section}.{key} is no {'list of texts' if section == 'objects' else 'text'}"
                )
    columns = told.get("columns")
    if not isinstance(columns, dict) or not columns.get("grade"):
        problems.append("[columns] does not say which column is the grade")
    return problems + _grade_problems(told.get("grades"))


def _grade_problems(grades: Any) -> list[str]:
    if not isinstance(grades, dict) or not grades:
        return ["[grades] names no label"]
    problems = [
        f"label {label!r} has no grade"
        if grade == ""
        else f"label {label!r} has the unknown grade {grade!r}"
        for label, grade in grades.items()
        if grade not in GRADES
    ]
    same: dict[str, str] = {}
    for label, grade in grades.items():
        other = same.setdefault(normalise_label(label), label)
        if grades[other] != grade:
            problems.append(f"labels {other!r} and {label!r} are one label with two grades")
    return problems


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _labels(values: pd.Series) -> Counter[str]:
    written = values.dropna().astype("str").str.strip()
    return Counter(written[~written.map(normalise_label).isin(MISSING_TEXTS)])


def _n_known(values: pd.Series) -> int:
    return int((grade_of(values)[0] != "").sum())


def _quoted(text: str) -> str:
    # A basic string of TOML is a string of JSON, but for the escape of the character DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
