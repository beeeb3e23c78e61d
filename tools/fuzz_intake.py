"""Throw files at intake until it breaks: ``python tools/fuzz_intake.py --minutes 10``.

Every file must be read or refused with a reason (`QafilaError`); its rows become events or problems
and go back into a workbook that can be read again. Anything else is a crash: its file is kept in
``--keep``, made as small as it gets, and becomes a test in tests/data/intake/test_hostile_files.py.

Files are tables of messy cells in every text format, workbooks and JSON made of the same cells, and
damaged copies of good files of every format (``--seeds FOLDER`` adds real ones). Hypothesis makes
and shrinks them. ``--coverage`` uses atheris instead where it is installed (``pip install
atheris``): it looks for text files that reach lines not reached before.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import io
import itertools
import json
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from data.intake.known import Known, known
from data.intake.rejects import RejectedRows, write_rejects
from data.intake.rows import KINDS, missing_columns, take_lines
from data.intake.sheet import read_sheets
from geo.errors import QafilaError
from geo.model import Depot, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOW = datetime(2023, 9, 13, 6, 0, tzinfo=UTC)
#: Rows of a table that are taken; what breaks does so early.
ROWS = 40
#: Modules that atheris looks into.
_OURS = ("data.intake.", "geo.coordinates", "geo.name")
#: Examples of one round; between two the clock is looked at.
ROUND = 100

_TITLES = (
    "douar", "place", "اسم الدوار", "ⴰⴷⵡⵡⴰⵔ", "commune", "besoin", "item", "المادة", "quantité",
    "الكمية", "unité", "date", "lat", "lon", "position", "note", "urgence",
    "#adm3+name", "#item+num", "#geo",
    "depot", "vehicle", "class", "capacity_kg", "capacity_m3", "volunteer", "implementing agency",
    "activity", "households", "destroyed", "tentes", "couvertures", "id", "grp/_geolocation",
)  # fmt: skip
_CELLS = (
    "", "Tinmel", "إمليل", "Imlil; Ighil", "Imlil, commune Asni", "3 km north of Imlil", "tente",
    "بطانيات", "20 tentes et 300 couvertures", "2 000", "1.200", "٣٥", "~40", "30-40", "3,5 t",
    "carton de 12",
    "12 x 1.5 l", "-8.23", "31.05, -8.12", "31°3'N 8°7'W", "31.05 -8.12 1850.0 4.9", "0 0", "1e309",
    "nan", "inf", "-0", "09/12/2023", "12/09/23 14:05", "45182", "hier", "2023-09-12T14:00", "=1+1",
    "@SUM(A1)", "+cmd|' /C calc'!A0", "\u202egnp.exe", "truck", "oui", "لا", "urgent", "#N/A",
    "TOTAL",
    "9" * 400, "a" * 3_000, "٪", "½", "²", "१२", "1/0/0", "99/99/9999", "00:00", "\x00", "\ud800",
)  # fmt: skip

CELL = st.one_of(st.sampled_from(_CELLS), st.text(max_size=12))
TABLE = st.tuples(
    st.lists(st.one_of(st.sampled_from(_TITLES), st.text(max_size=8)), min_size=1, max_size=7),
    st.lists(st.lists(CELL, max_size=8), max_size=6),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz for so many minutes; 1 where a crash was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-crashes"), help="folder of crashes")
    parser.add_argument("--seeds", type=Path, help="folder of files to damage")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same files")
    parser.add_argument("--coverage", action="store_true", help="use atheris, on text files")
    told = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        if told.coverage:
            return cover(Path(folder), told.minutes * 60, told.keep)
        return fuzz(
            lambda content: take(content, Path(folder), situation()),
            files(seed_files(told.seeds)),
            seconds=told.minutes * 60,
            keep=told.keep,
            first_seed=told.seed,
        )


def fuzz(
    target: Callable[[bytes], str],
    contents: st.SearchStrategy[bytes],
    *,
    seconds: float,
    keep: Path,
    first_seed: int = 0,
) -> int:
    """Give files to a target until the time is over, keep those it breaks on, and sum up."""
    outcomes: Counter[str] = Counter()
    crashes: set[str] = set()
    until = time.monotonic() + seconds
    for number in itertools.count(first_seed):
        content = one_round(target, contents, number, outcomes, until)
        if content is not None:
            crashes.add(keep_crash(keep, content))
        if time.monotonic() >= until:
            break
    sys.stdout.write(json.dumps({"files": outcomes.total(), **outcomes, "crashes": len(crashes)}))
    sys.stdout.write("\n")
    return 1 if crashes else 0


def one_round(
    target: Callable[[bytes], str],
    contents: st.SearchStrategy[bytes],
    number: int,
    outcomes: Counter[str],
    until: float,
) -> bytes | None:
    """Try so many files; give the smallest that broke the target, None where none did."""
    broken: list[bytes] = []

    @seed(number)
    @settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(content=contents)
    def attempt(content: bytes) -> None:
        if not broken and time.monotonic() >= until:
            return
        try:
            outcomes[target(content)] += 1
        except Exception:
            broken.append(content)
            raise

    try:
        attempt()
    except Exception:  # noqa: BLE001  # whatever it is, it is what is looked for
        traceback.print_exc()
        return broken[-1]  # the last one that was tried is the smallest
    return None


def keep_crash(folder: Path, content: bytes) -> str:
    """Write a file that broke something; named by what is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(content).hexdigest()[:12]
    (folder / name).write_bytes(content)
    return name


def take(content: bytes, folder: Path, here: Known) -> str:
    """Take a file as far as rows and back: "taken", "read" (no row of ours) or "refused"."""
    path = folder / "sent.csv"
    path.write_bytes(content)
    try:
        _, sheets = read_sheets(path, context=here.context(), now=here.now)
    except QafilaError:
        return "refused"
    taken = False
    for sheet in sheets[:4]:
        lines = list(itertools.islice(sheet.rows(), ROWS))
        if any(len(cells) != len(sheet.titles) for _, cells in lines):
            raise AssertionError("a row is not as wide as the header")
        for kind in KINDS:
            if missing_columns(kind, sheet.fields):
                continue
            taken = True
            kept = RejectedRows(sheet)
            kept.add(lines, [row.report for row in take_lines(kind, sheet, lines, here)])
            give_back(folder / "back.xlsx", kept)
    return "taken" if taken else "read"


def give_back(path: Path, kept: RejectedRows) -> None:
    """Write the rows that go back as a workbook and as CSV, which hold as many."""
    if kept.rows:
        n_rows = write_rejects(path, [kept])
        if n_rows != len(kept.rows) or write_rejects(path.with_suffix(".csv"), [kept]) != n_rows:
            raise AssertionError("a row did not go back")


def situation() -> Known:
    """Three places, two with one name, a depot and two items."""
    places = gpd.GeoDataFrame(
        {
            "place_id": ["place:a", "place:b", "place:c"],
            "name": ["Tinmel", "Imlil", "Imlil"],
            "name_ar": ["تينمل", "إمليل", ""],
            "commune": ["Talat N'Yaaqoub", "Asni", "Aghbar"],
        },
        geometry=gpd.points_from_xy([-8.226, -7.921, -8.442], [30.985, 31.137, 30.898]),
        crs="EPSG:4326",
    )
    depot = Depot(depot_id="depot:asni", name="Asni", lon=-7.98, lat=31.25)
    items = {
        "tent": Item(item_id="tent", unit="piece", kg_per_unit=60, m3_per_unit=0.3),
        "water_l": Item(item_id="water_l", unit="l", kg_per_unit=1, m3_per_unit=0.001),
    }
    return known(places, [depot], items, now=NOW, add_places=True)


def files(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Files of all kinds: tables as text, workbook and JSON, bytes, and damaged good files."""
    text = st.builds(
        as_text,
        TABLE,
        st.sampled_from((",", ";", "\t", "|")),
        st.sampled_from(("\n", "\r\n", "\r")),
        st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1256", "cp1252", "mac_roman")),
    )
    damaged = st.builds(
        damage,
        st.sampled_from(seeds),
        st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=6)), max_size=6),
        st.one_of(st.none(), st.integers(0, 1 << 20)),
    )
    return st.one_of(
        text, text, TABLE.map(as_json), TABLE.map(as_workbook), st.binary(max_size=300), damaged
    )


def as_text(table: Any, delimiter: str, end: str, encoding: str) -> bytes:
    """A table as careless people export it: nothing is quoted."""
    titles, rows = table
    lines = [delimiter.join(cells) for cells in (titles, *rows)]
    return end.join(lines).encode(encoding, errors="replace")


def as_json(table: Any) -> bytes:
    """A table as records, with a group and a repeat in each."""
    titles, rows = table
    records = [
        dict(zip(titles, cells, strict=False))
        | {"grp": {"besoins": [{"item": cell, "quantity": cell} for cell in cells[:2]]}}
        for cells in rows
    ]
    return json.dumps({"results": records}).encode()


def as_workbook(table: Any) -> bytes:
    """A table as a workbook, its first title merged over two columns."""
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook()
    page = book.active
    for cells in (table[0], *table[1]):
        clean = (ILLEGAL_CHARACTERS_RE.sub("", cell) for cell in cells)
        page.append([cell.encode("utf-8", "replace").decode() for cell in clean])
    page.merge_cells("A1:B1")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def damage(content: bytes, changes: list[tuple[int, bytes]], cut: int | None) -> bytes:
    """A file with some bytes changed, and perhaps cut short."""
    bad = bytearray(content)
    for at, put in changes:
        at %= len(bad)
        bad[at : at + len(put)] = put
    return bytes(bad if cut is None else bad[: cut % len(bad)])


def seed_files(folder: Path | None) -> list[bytes]:
    """Good files of every format, those of a folder (up to 1 MB each) among them."""
    table = (["douar", "besoin", "quantité"], [["Tinmel", "tente", "4"], ["Imlil", "eau", "3,5 t"]])
    points = gpd.GeoDataFrame(
        {"douar": ["Tinmel"], "besoin": ["tente"]},
        geometry=gpd.points_from_xy([-8.226], [30.985]),
        crs="EPSG:4326",
    )
    chat = (
        "12/09/2023, 14:05 - Amina: location: https://maps.google.com/?q=31.05,-8.12\n"
        "12/09/2023, 14:06 - Amina: 20 tentes +212 661 22 33 44\n"
    )
    seeds = [as_text(table, ";", "\n", "utf-8"), as_workbook(table), as_json(table), chat.encode()]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("besoins.csv", seeds[0])
    seeds.append(packed.getvalue())
    with tempfile.TemporaryDirectory() as scratch:
        for suffix, driver in ((".gpkg", "GPKG"), (".kml", "KML"), (".geojson", "GeoJSON")):
            path = Path(scratch) / f"map{suffix}"
            points.to_file(path, driver=driver)
            seeds.append(path.read_bytes())
    real = [] if folder is None else sorted(folder.rglob("*.*"))
    small = [path for path in real if path.is_file() and 0 < path.stat().st_size < 1_000_000]
    return [*seeds, *(path.read_bytes() for path in small)]


def cover(folder: Path, seconds: float, keep: Path) -> int:
    """Let atheris look for text files that reach new lines; it ends the process itself."""
    import atheris

    here = situation()
    corpus = folder / "corpus"
    corpus.mkdir()
    for at, content in enumerate(seed_files(None)):
        (corpus / str(at)).write_bytes(content)
    keep.mkdir(parents=True, exist_ok=True)

    def target(content: bytes) -> None:
        # Workbooks are read by another process, which cannot be looked into.
        if content[:4] not in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
            take(content, folder, here)

    for one in gc.get_objects():
        ours = isinstance(one, FunctionType) and (one.__module__ or "").startswith(_OURS)
        if ours and not one.__name__.startswith("__"):
            atheris.instrument_func(one)
    options = [f"-max_total_time={seconds:.0f}", f"-artifact_prefix={keep}/", "-max_len=2000"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
