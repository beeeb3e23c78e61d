"""Places of a GeoNames dump: the country files of https://download.geonames.org/export/dump/.

The format, as its readme states it (read 2026-11): UTF-8, one object a line, 19 columns parted by
tabs, without header and without quotation marks. The column names below are the readme's.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import EmptyInputError, TooLargeError, UnreadableError
from geo.places import places_from_vector
from geo.scripts import clean_name, split_scripts

if TYPE_CHECKING:
    from pathlib import Path

    from geo.model import Source

COLUMNS = (
    "geonameid", "name", "asciiname", "alternatenames", "latitude", "longitude", "feature_class",
    "feature_code", "country_code", "cc2", "admin1_code", "admin2_code", "admin3_code",
    "admin4_code", "population", "elevation", "dem", "timezone", "modification_date",
)  # fmt: skip

#: Feature codes of class P (populated places) by what they are here; "" is of unknown size.
KINDS = {
    "PPL": "", "PPLC": "city", "PPLA": "city", "PPLA2": "town", "PPLA3": "town", "PPLA4": "",
    "PPLA5": "", "PPLL": "hamlet", "PPLF": "farm", "PPLS": "", "PPLG": "", "PPLR": "",
}  # fmt: skip
#: Class P, but nobody lives there any more, or it is part of another place.
LEFT_OUT = {
    "PPLX": "part of another place",
    "PPLQ": "abandoned",
    "PPLH": "historical",
    "PPLW": "destroyed",
    "PPLCH": "historical",
    "STLMT": "a settlement of class STLMT",
}
#: Larger files are refused: the dump of all countries has 1.7 GB, of Morocco 5 MB.
MAX_BYTES = 400_000_000
#: So many of a place's other names are kept, the first ones.
MAX_ALTERNATES = 12


def is_geonames(path: Path) -> bool:
    """Whether the beginning of a file is a line of a GeoNames dump."""
    with path.open("rb") as file:
        lines = file.read(65_536).split(b"\n")[:20]
    fields = [line.rstrip(b"\r").split(b"\t") for line in lines if line.strip()]
    alike = [len(one) == len(COLUMNS) and one[0].isdigit() for one in fields]
    return bool(alike) and sum(alike) * 2 > len(alike)


def read_geonames(path: Path, *, source: Source | str) -> gpd.GeoDataFrame:
    """Make a places table of the populated places of a GeoNames dump.

    Returns
    -------
    geopandas.GeoDataFrame
        As `geo.places.places_from_vector`, with `aliases`: the alternate names in Latin, Arabic and
        Tifinagh. `attrs["notes"]` counts every line that was left out, with the reason and the
        number of the first one.

    Raises
    ------
    TooLargeError, UnreadableError
        The file is larger than `MAX_BYTES`, or no line of it has 19 columns.
    EmptyInputError
        No populated place is in it.
    """
    if path.stat().st_size > MAX_BYTES:
        raise TooLargeError(
            f"{path.name}: {path.stat().st_size / 1e6:.0f} MB",
            f"at most {MAX_BYTES / 1e6:.0f} MB of GeoNames can be read",
            "take the file of one country, such as MA.txt",
        )
    out: dict[str, list[int]] = {}
    table = _lines(path, out)
    table = _populated(table, path, out)
    frame = gpd.GeoDataFrame(
        {
            "place_id": "place:geonames-" + table["geonameid"],
            "name": table["name"],
            "name_ar": [_first_arabic(text) for text in table["alternatenames"]],
            "kind": table["feature_code"].map(KINDS),
            # GeoNames writes 0 where it knows no number.
            "population": table["population"].where(table["population"] != "0", ""),
            "elevation_m": table["elevation"],
        },
        geometry=gpd.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326"),
    )
    frame.attrs = {"notes": _said(out), "row_numbers": tuple(table.index.tolist())}
    places = places_from_vector(frame, source=source)
    shown = places["source"].iloc[0]
    places["aliases"] = [
        json.dumps(
            sorted([name, shown] for name in {name, arabic, *_alternates(text)} if name),
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for name, arabic, text in zip(
            places["name"], places["name_ar"], table["alternatenames"], strict=True
        )
    ]
    return places


def _lines(path: Path, out: dict[str, list[int]]) -> pd.DataFrame:
    """The lines with 19 columns, as text, indexed by line number."""
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if b"\0" in raw[:4096]:
        raise UnreadableError(path.name, "GeoNames dumps are UTF-8 text", "unpack it first")
    text = raw.decode("utf-8", errors="replace")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    good, numbers = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if line.count("\t") != len(COLUMNS) - 1:
            out.setdefault("have not 19 columns", []).append(number)
        elif "\ufffd" in line:
            out.setdefault("are not UTF-8", []).append(number)
        else:
            good.append(line)
            numbers.append(number)
    if not good:
        raise UnreadableError(
            path.name,
            "a GeoNames dump has 19 columns parted by tabs, no line here does",
            "take MA.txt of https://download.geonames.org/export/dump/MA.zip",
        )
    table = pd.read_csv(
        io.StringIO("\n".join(good)), sep="\t", header=None, names=list(COLUMNS), dtype=str,
        keep_default_na=False, quoting=3, lineterminator="\n",
    )  # fmt: skip
    return table.set_axis(numbers)


def _populated(table: pd.DataFrame, path: Path, out: dict[str, list[int]]) -> pd.DataFrame:
    """Places where people live, each id once, with positions that can be."""
    places = table[table["feature_class"] == "P"]
    if places.empty:
        raise EmptyInputError(
            path.name, "it holds no populated place (feature class P)", "take another file"
        )
    lat, lon = (pd.to_numeric(places[one], errors="coerce") for one in ("latitude", "longitude"))
    ids = places["geonameid"]
    reasons = {
        "have no number as id": ~ids.str.fullmatch(r"\d{1,12}"),
        "have no position on Earth": ~(lat.between(-90, 90) & lon.between(-180, 180)),
        "lie at 0, 0": (lat == 0) & (lon == 0),
        "have no name": places["name"].map(clean_name) == "",
        "repeat an id": ids.duplicated(),
    }
    for code, what in LEFT_OUT.items():
        reasons[f"are {what} ({code})"] = places["feature_code"] == code
    reasons["have an unknown feature code"] = ~places["feature_code"].isin([*KINDS, *LEFT_OUT])
    left = np.zeros(len(places), dtype=bool)
    for reason, wrong in reasons.items():
        new = wrong.to_numpy() & ~left
        if new.any():
            out[reason] = places.index[new].tolist()
        left |= new
    apart = places[ids.duplicated(keep=False)].groupby("geonameid")[["latitude", "longitude"]]
    if moved := int((apart.nunique() > 1).any(axis=1).sum()):
        out.setdefault(f"repeat an id at another position ({moved} ids); the first counts", [])
    kept = places[~left].assign(lat=lat[~left], lon=lon[~left])
    if kept.empty:
        raise EmptyInputError(path.name, "; ".join(_said(out)), "take another file")
    return kept


def _said(out: dict[str, list[int]]) -> list[str]:
    return [
        f"{len(lines)} lines {reason}, the first is line {lines[0]}" if lines else f"lines {reason}"
        for reason, lines in out.items()
    ]


def _alternates(text: str) -> list[str]:
    """Other names in the scripts of Morocco; codes and addresses of web pages are none."""
    names: Counter[str] = Counter()
    for part in text.split(","):
        name = clean_name(part)
        if 3 <= len(name) <= 100 and "://" not in name and _known_script(name):
            names.setdefault(name, len(names))
    return list(names)[:MAX_ALTERNATES]


def _known_script(name: str) -> bool:
    return all(
        not letter.isalpha()
        or letter < "\u0250"
        or "\u0600" <= letter <= "\u06ff"
        or "\u0750" <= letter <= "\u077f"
        or "\u1e00" <= letter <= "\u1eff"
        or "\u2d30" <= letter <= "\u2d7f"
        for letter in name
    )


def _first_arabic(text: str) -> str:
    for part in text.split(","):
        if (arabic := split_scripts(clean_name(part)).arabic) and len(arabic) > 2:
            return arabic
    return ""
