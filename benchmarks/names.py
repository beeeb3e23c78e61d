"""How well written names find their place: one JSON line a figure.

    python benchmarks/names.py [--quick] [--half tuned]

Places come from the test data beside the checkout (or ``QAFILA_TEST_DATA``): named inhabited OSM
nodes of Morocco, the douars of Al Haouz, the municipalities of Nepal. Each place belongs to one
half by a checksum of its id. Weights and thresholds in `geo` were tuned on the half *tuned*; what
is printed is the half *reported*; the index always holds both.

What is written, and where it comes from (`CASES`):

- ``latin``     a Latin name changed by 1-3 draws (35/45/20 %) from the rules of `spellings.py`; the
                index holds Latin names only
- ``arabic``    real: the Arabic name of the same OSM node or douar, looked up among Latin names
- ``tifinagh``  real: the Tifinagh name of the same OSM node, looked up among Latin names; some are
                translations, not transliterations, and count as they are
- ``arabizi``   the Arabic name typed as in a chat: each letter by one of its usual spellings (3 7 9
                5 … among them), a short vowel put between 40 % of neighbouring consonants; looked
                up among Latin names
- ``arabic spelling``  an Arabic name changed by 1-2 draws from the Arabic rules; the index holds
                all names
- ``nepal``     real: the spelling of OCHA's register, where it differs in more than case and
                blanks, looked up among those of the survey department
- ``absent``    a changed Latin name of a place that was left out of the index: taking any is wrong

Morocco's file holds no communes: each OSM place is given the nearest town as its commune (17 places
each on average), Al Haouz its communes, Nepal its districts (53 each). Same-named OSM nodes less
than 2 km apart are one place. The places for the speed figure are filled up to 35,000 with names
put together from the words of the real ones.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process, utils
from scipy.spatial import cKDTree

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from benchmarks.spellings import change_arabic, change_latin, type_arabizi  # noqa: E402
from geo.name_match import NameIndex  # noqa: E402
from geo.scripts import split_scripts  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEED = 2023
GOAL_TOP1, GOAL_TOP3, GOAL_TOP1_BARE, GOAL_WRONG, GOAL_SECONDS = 0.92, 0.98, 0.80, 0.01, 10.0
INHABITED = "city town village hamlet isolated_dwelling locality suburb neighbourhood quarter"
SAME_PLACE_M = 2_000.0
BULK_QUERIES, BULK_PLACES = 10_000, 35_000


@dataclass(frozen=True, slots=True)
class Case:
    """Written names with the position of the place meant (-1: none) in one table of places."""

    name: str
    places: pd.DataFrame
    columns: tuple[str, ...]
    written: list[str]
    meant: np.ndarray


def main() -> int:
    """Print the figures of one half; 1 if a goal was missed, 0 if not or if the data is absent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the variants")
    parser.add_argument("--half", choices=("reported", "tuned"), default="reported")
    given = parser.parse_args()
    data = Path(os.environ.get("QAFILA_TEST_DATA") or CHECKOUT.parent / "shared" / "data")
    needed = data / "places" / "osm_places_morocco_2019.sqlite"
    if not needed.exists():
        _line("all", "missing", None, needed.name)
        return 0
    morocco, nepal = morocco_places(data), nepal_places(data)
    share = 4 if given.quick else 1
    cases = [thin(case, share) for case in cases_of(morocco, nepal, half=given.half)]
    halves(morocco, nepal)
    good = [*accuracy(cases, peers=150 if given.quick else 600), speed(morocco)]
    return 0 if all(good) else 1


def halves(morocco: pd.DataFrame, nepal: pd.DataFrame) -> None:
    """Print how many places of each source lie in which half."""
    for source, places in (("Morocco", morocco), ("Nepal", nepal)):
        for half in ("tuned", "reported"):
            count = sum(in_half(identity, half) for identity in places["id"])
            _line(f"half {half}, {source}", "places", count, "places")


# --- figures ----------------------------------------------------------------------------------


def accuracy(cases: list[Case], *, peers: int) -> Iterator[bool]:
    """Print how often the right place is first or among three, alone decided, and wrongly so."""
    rows = []
    for case in cases:
        for with_commune in (True, False):
            if case.name == "absent" and with_commune:
                continue
            result = judge(case, with_commune=with_commune)
            if case.name != "absent":
                result |= peer(case, with_commune=with_commune, sample=peers)
            rows.append(result)
            _print_case(result)
    table = pd.DataFrame(rows)
    for with_commune, top1_goal in ((True, GOAL_TOP1), (False, GOAL_TOP1_BARE)):
        part = table[(table["commune"] == with_commune) & (table["case"] != "absent")]
        decided = table[table["commune"] == with_commune]
        label = "all, commune given" if with_commune else "all, without commune"
        total = part["variants"].sum()
        top1 = (part["top1"] * part["variants"]).sum() / total
        top3 = (part["top3"] * part["variants"]).sum() / total
        wratio = (part["peer_top1"] * part["variants"]).sum() / total
        _line(label, "variants", int(total), "names", goal=">= 1000", ok=bool(total >= 1_000))
        ok = top1 >= top1_goal
        _line(label, "top-1", top1, "share", peer=wratio, goal=f">= {top1_goal}", ok=bool(ok))
        yield bool(ok)
        ok = top3 >= GOAL_TOP3
        _line(
            label,
            "top-3",
            top3,
            "share",
            goal=f">= {GOAL_TOP3}" if with_commune else None,
            ok=bool(ok) if with_commune else None,
        )
        yield bool(ok) or not with_commune
        wrong = decided["wrong"].sum() / max(1, decided["decided"].sum())
        _line(label, "decided alone", decided["decided"].sum() / decided["variants"].sum(), "share")
        ok = bool(wrong <= GOAL_WRONG)
        _line(label, "wrong of those decided alone", wrong, "share", goal=f"<= {GOAL_WRONG}", ok=ok)
        yield bool(ok)


def judge(case: Case, *, with_commune: bool) -> dict[str, Any]:
    """Match all variants of a case and count."""
    places = case.places
    index = NameIndex.build(places[list(case.columns)], commune=places["commune"].tolist())
    communes = places["commune"].to_numpy()[case.meant].tolist() if with_commune else None
    found = index.match_many(case.written, commune=communes)
    right = found["place"].to_numpy() == case.meant[found["query"].to_numpy()]
    sure = found["sure"].to_numpy()
    count = len(case.written)
    return {
        "case": case.name,
        "commune": with_commune,
        "variants": count,
        "top1": float((right & (found["rank"] == 1)).sum() / count),
        "top3": float(right.sum() / count),
        "decided": int(sure.sum()),
        "wrong": int((sure & ~right).sum()),
    }


def peer(case: Case, *, with_commune: bool, sample: int) -> dict[str, Any]:
    """Top-1 of rapidfuzz WRatio with its own clean-up, over the names of the commune or all."""
    names = case.places[list(case.columns)].fillna("").agg(" ".join, axis=1)
    names = names.map(utils.default_process).to_numpy()
    group = case.places["commune"].to_numpy()
    chosen = random.Random(SEED).sample(range(len(case.written)), min(sample, len(case.written)))
    right = 0
    for at in chosen:
        inside = np.flatnonzero(group == group[case.meant[at]]) if with_commune else None
        known = names if inside is None else names[inside]
        query = utils.default_process(case.written[at])
        best = process.extractOne(query, known, scorer=fuzz.WRatio)
        position = None if best is None else (best[2] if inside is None else inside[best[2]])
        right += position == case.meant[at]
    return {"peer_top1": right / len(chosen)}


def speed(morocco: pd.DataFrame) -> bool:
    """Print the seconds for 10,000 names against 35,000 places, and say if the goal is reached."""
    chance = random.Random(SEED)
    names = [name for name in morocco["latin"] if name]
    words = sorted({word for name in names for word in name.split()})
    known = set(names)
    while len(names) < BULK_PLACES:
        name = " ".join(chance.choices(words, k=chance.choice((1, 2, 2, 3))))
        if name not in known:
            known.add(name)
            names.append(name)
    communes = [f"Commune {position // 23}" for position in range(len(names))]
    meant = chance.sample(range(len(names)), BULK_QUERIES)
    written = [change_latin(names[at], chance) for at in meant]
    began = time.perf_counter()
    index = NameIndex.build(pd.DataFrame({"name": names}), commune=communes)
    _line("35,000 places", "index built", time.perf_counter() - began, "s")
    fine = True
    for label, given in (("bare", None), ("commune given", [communes[at] for at in meant])):
        began = time.perf_counter()
        index.match_many(written, commune=given)
        seconds = time.perf_counter() - began
        ok = seconds < GOAL_SECONDS
        case = f"10,000 names x 35,000 places, {label}"
        _line(case, "seconds", seconds, "s", goal=f"< {GOAL_SECONDS:g}", ok=ok)
        fine &= ok
    return fine


def _print_case(result: dict[str, Any]) -> None:
    label = f"{result['case']}, {'commune given' if result['commune'] else 'without commune'}"
    _line(label, "variants", int(result["variants"]), "names")
    if result["case"] != "absent":
        _line(label, "top-1", result["top1"], "share", peer=result["peer_top1"])
        _line(label, "top-3", result["top3"], "share")
    _line(label, "decided alone", result["decided"] / result["variants"], "share")
    wrong = result["wrong"] / max(1, result["decided"])
    _line(label, "wrong of those decided alone", wrong, "share")


def _line(
    case: str,
    figure: str,
    value: float | None,
    unit: str,
    *,
    peer: float | None = None,
    goal: str | None = None,
    ok: bool | None = None,
) -> None:
    print(
        json.dumps(
            {
                "benchmark": "names",
                "case": case,
                "figure": figure,
                "value": value
                if value is None or isinstance(value, int)
                else round(float(value), 4),
                "unit": unit,
                "peer": None if peer is None else "rapidfuzz WRatio",
                "peer_value": None if peer is None else round(float(peer), 4),
                "ratio": round(value / peer, 3) if value is not None and peer else None,
                "goal": goal,
                "ok": ok,
            },
            ensure_ascii=False,
        ),
        flush=True,
    )


# --- places -----------------------------------------------------------------------------------


def morocco_places(data: Path) -> pd.DataFrame:
    """Named inhabited places: id, latin, arabic, tifinagh, commune, lon, lat."""
    douars = pd.read_csv(data / "alhaouz" / "alhaouz_core_douars.csv", dtype=str).fillna("")
    core = pd.DataFrame(
        {
            "id": douars["code"],
            "latin": douars["name_latin"],
            "arabic": douars["name_ar"],
            "tifinagh": "",
            "commune": douars["commune"],
            "kind": "village",
            "lon": pd.to_numeric(douars["lon"], errors="coerce"),
            "lat": pd.to_numeric(douars["lat"], errors="coerce"),
        }
    )
    with sqlite3.connect(data / "places" / "osm_places_morocco_2019.sqlite") as base:
        nodes = pd.read_sql(
            "select ID, NAME, VALUE, LON, LAT from NODE where TAG='place' and NAME is not null",
            base,
        )
    nodes = nodes[nodes["VALUE"].isin(INHABITED.split())]
    nodes = nodes[~("n" + nodes["ID"].astype(str)).isin(douars["source_id"])]
    parts = [split_scripts(name) for name in nodes["NAME"]]
    osm = pd.DataFrame(
        {
            "id": "n" + nodes["ID"].astype(str).to_numpy(),
            "latin": [part.latin.strip(" -–/") for part in parts],
            "arabic": [part.arabic for part in parts],
            "tifinagh": [part.tifinagh for part in parts],
            "commune": "",
            "kind": nodes["VALUE"].to_numpy(),
            "lon": nodes["LON"].to_numpy(),
            "lat": nodes["LAT"].to_numpy(),
        }
    )
    towns = osm[osm["kind"].isin(("town", "city")) & (osm["latin"] != "")]
    scale = np.array([np.cos(np.radians(31.5)), 1.0])
    _, nearest = cKDTree(towns[["lon", "lat"]] * scale).query(osm[["lon", "lat"]] * scale)
    osm["commune"] = towns["latin"].to_numpy()[nearest]
    return _without_repeats(pd.concat([core, osm], ignore_index=True))


def nepal_places(data: Path) -> pd.DataFrame:
    """Municipalities: id, latin (survey department), other (OCHA), commune (district), lon, lat."""
    table = pd.read_csv(data / "nepal" / "master_hlcit.csv", encoding="cp1252", dtype=str).fillna(
        ""
    )
    return pd.DataFrame(
        {
            "id": table["HLCIT_CODE"],
            "latin": table["VDC_NAME"].str.strip(),
            "other": table["OCHA_VNAME"].str.strip(),
            "commune": "District " + table["HLCIT_CODE"].str[9:11],
            "lon": pd.to_numeric(table["X"], errors="coerce"),
            "lat": pd.to_numeric(table["Y"], errors="coerce"),
        }
    )


def _without_repeats(places: pd.DataFrame) -> pd.DataFrame:
    """Drop the later of two places that bear one name less than 2 km apart."""
    kept: dict[str, list[tuple[float, float]]] = {}
    drop = []
    for row in places.itertuples():
        name = (row.latin or row.arabic or row.tifinagh).casefold()
        if name and row.lon == row.lon:
            near = [
                1
                for lon, lat in kept.get(name, [])
                if np.hypot((lon - row.lon) * 0.85, lat - row.lat) * 111_195 < SAME_PLACE_M
            ]
            if near:
                drop.append(row.Index)
            kept.setdefault(name, []).append((row.lon, row.lat))
    return places.drop(index=drop).reset_index(drop=True)


def in_half(identity: str, half: str) -> bool:
    """Which half a place belongs to, by a checksum of its id."""
    return (zlib.crc32(identity.encode()) % 2 == 0) == (half == "tuned")


# --- cases ------------------------------------------------------------------------------------


def cases_of(morocco: pd.DataFrame, nepal: pd.DataFrame, *, half: str) -> list[Case]:
    """Make the written names of all cases for one half."""
    latin = ("latin",)
    both = morocco[morocco["latin"] != ""].reset_index(drop=True)
    every = ("latin", "arabic", "tifinagh")
    survey = nepal["latin"].str.replace(r"\W", "", regex=True).str.casefold()
    ocha = nepal["other"].str.replace(r"\W", "", regex=True).str.casefold()
    spelled = nepal.assign(other=nepal["other"].where((survey != ocha) & (ocha != ""), ""))
    cases = [
        _case("latin", both, latin, "latin", change_latin, half),
        _case("arabic", both, latin, "arabic", None, half),
        _case("tifinagh", both, latin, "tifinagh", None, half),
        _case("arabizi", both, latin, "arabic", type_arabizi, half),
        _case("arabic spelling", morocco, every, "arabic", change_arabic, half),
        _case("nepal", spelled, latin, "other", None, half),
    ]
    return [*cases, _absent_case(both, half)]


def _case(
    name: str,
    places: pd.DataFrame,
    columns: tuple[str, ...],
    source: str,
    change: Callable[[str, random.Random], str] | None,
    half: str,
) -> Case:
    written, meant = [], []
    for at, (identity, text) in enumerate(zip(places["id"], places[source], strict=True)):
        if not text or not in_half(identity, half):
            continue
        chance = random.Random(f"{SEED}:{name}:{identity}")
        written.append(change(text, chance) if change else text)
        meant.append(at)
    return Case(name, places, columns, written, np.asarray(meant))


def _absent_case(places: pd.DataFrame, half: str) -> Case:
    """Leave every eighth place out (those of one name with another stay) and ask for it."""
    alone = ~places["latin"].str.casefold().duplicated(keep=False)
    out = np.array([random.Random(f"out {one}").random() < 1 / 8 for one in places["id"]]) & alone
    rest = places[~out].reset_index(drop=True)
    written = [
        change_latin(name, random.Random(f"{SEED}:absent:{identity}"))
        for identity, name in zip(places["id"][out], places["latin"][out], strict=True)
        if in_half(identity, half)
    ]
    return Case("absent", rest, ("latin",), written, np.full(len(written), -1))


def thin(case: Case, share: int) -> Case:
    """Keep one of `share` variants."""
    return Case(case.name, case.places, case.columns, case.written[::share], case.meant[::share])


if __name__ == "__main__":
    sys.exit(main())
