"""How well tables are understood, and how fast they go in: one JSON line a figure.

    python benchmarks/intake.py [--quick]

- ``columns``       share of columns taken for what they are, over the sheets of `SHEETS`: four
                    languages and several styles, with places the situation does not know. None of
                    them was used to choose a word or a weight; what is wrong is listed.
- ``real columns``  the same over real sheets of the test data, judged by hand in `REAL`
- ``real files``    share of real files that are read, or refused with a reason
- ``register names``  rows of a relief register that have a place code, read by their names alone:
                    share decided, share of these that are right (each against its code), and how
                    many are taken for another place where their own is not in the list
- ``no code``       rows of the same register with a name and no code: share found in the list. Most
                    of the rest cannot be found there: municipalities founded later (Chandragiri,
                    Tokha, Kashikhanda), districts (Makawanpur) and quarters of towns (Kupondole)
- ``10,000 rows``   a workbook of 10,000 needs: seconds of processor time and peak memory, measured
                    in a process of its own, from the file to the report of a dry run

No other tool is at hand that does the same, so there is no peer.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from data.intake.known import Known, Question, known  # noqa: E402
from data.intake.sheet import read_sheets  # noqa: E402
from geo.errors import QafilaError  # noqa: E402

DATA = Path(os.environ.get("QAFILA_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
ROWS = 10_000
GOAL_COLUMNS, GOAL_SECONDS, GOAL_MIB = 0.95, 8.0, 400.0

#: Name → kind, what each column is ("" for none of ours), and the sheet itself.
SHEETS: dict[str, tuple[str, str, str]] = {
    "fr plain": (
        "needs",
        "place commune item quantity unit reported_at note",
        "Nom du douar;Commune rurale;Désignation du besoin;Qté demandée;Unité;Date de la demande;Observations\n"  # noqa: E501
        "Aghbar;Aghbar;tentes;12;pièce;10/09/2023;piste coupée\n",
    ),
    "fr typed on a phone": (
        "needs",
        "place item quantity phone",
        "douar ,besoins ,nbre ,tel\nTizgui,couverture,40,0661223344\nAnfgou,bache,15,0661223355\n",
    ),
    "fr with a slip": (
        "needs",
        "place item quantity weight",
        "Localitée;Artcle;Quantitée;Prioritée\nTizgui;tente;4;haute\n",
    ),
    "fr wide": (
        "needs",
        "place households quantity_of:tent quantity_of:blanket quantity_of:water_l",
        "Village;Nombre de ménages;Tentes;Couvertures;Eau potable\nTizgui;30;10;60;400\n",
    ),
    "ar plain": (
        "needs",
        "place commune item quantity reported_at note",
        "اسم الدوار,الجماعة,نوع المساعدة,الكمية المطلوبة,تاريخ الطلب,ملاحظات\nتزكي,أغبار,خيام,١٢,10/09/2023,مستعجل\n",  # noqa: E501
    ),
    "ar houses": (
        "damage",
        "place households destroyed damaged",
        "الدوار;عدد الأسر;المنازل المنهارة;المنازل المتضررة\nتزكي;30;12;9\n",
    ),
    "ar stock": (
        "stock",
        "depot item quantity unit",
        "المستودع;الصنف;الكمية المتوفرة;الوحدة\nأسني;بطانية;900;قطعة\n",
    ),
    "ar coordinates": (
        "needs",
        "place lat lon item quantity",
        "المكان,خط العرض,خط الطول,المادة,العدد\nتزكي,31.05,-8.12,خيام,5\n",
    ),
    "en plain": (
        "needs",
        "place commune item quantity unit weight",
        "Village name,Municipality,Item needed,How many,UoM,Urgency level\nTizgui,Aghbar,tents,5,piece,high\n",  # noqa: E501
    ),
    "en code style": (
        "needs",
        "place_id place item quantity reported_at",
        "adm4_pcode,adm4_name,item_name,qty_requested,report_date\nMA0410,Tizgui,tent,5,2023-09-10\n",
    ),
    "en fleet": (
        "vehicles",
        "vehicle class capacity_kg depot driver",
        "Number plate,Vehicle type,Payload kg,Warehouse,Driver name\n123-A-4,truck,10000,Asni,A. B.\n",  # noqa: E501
    ),
    "en roads": (
        "road-status",
        "road state lat lon reason reported_at",
        "Road number,Passability,Latitude,Longitude,Cause,Observed at\nR203,blocked,31.1,-8.1,rockfall,2023-09-10\n",  # noqa: E501
    ),
    "en volunteers": (
        "volunteers",
        "volunteer skills languages phone",
        "Volunteer code,Skills,Spoken languages,Mobile phone\nV-1,nurse,ar;fr,0661223344\n",
    ),
    "zgh plain": (
        "needs",
        "place commune item quantity note",
        "ⴰⴷⵡⵡⴰⵔ,ⵜⴰⵖⵉⵡⴰⵏⵜ,ⵜⴰⵖⴰⵡⵙⴰ,ⵓⵟⵟⵓⵏ,ⵜⴰⵣⵎⵉⵍⵜ\nⵜⵉⵣⴳⵉ,ⴰⵖⴱⴰⵔ,ⵉⵇⵉⴹⴰⵏ,12,x\n",
    ),
    "zgh in latin letters": (
        "needs",
        "place commune item quantity",
        "Adwar,Taghiwant,Taghawsa,Uttun\nTizgui,Aghbar,aqidun,12\n",
    ),
    "two languages": (
        "needs",
        "place item quantity note",
        "Douar / الدوار,Besoin / الحاجة,Quantité / الكمية,Note / ملاحظة\nTizgui,tente,5,x\n",
    ),
    "hxl": (
        "needs",
        "commune place item quantity reported_at",
        "A,B,C,D,E\n#adm3+name,#loc+name,#item+name,#item+num,#date\nAghbar,Tizgui,tent,5,2023-09-10\n",
    ),
    "kobo groups": (
        "needs",
        "reported_at place item quantity position",
        "grp_id/date_rapport,grp_lieu/nom_douar,grp_besoin/article,grp_besoin/quantite,_geolocation\n"
        "2023-09-10,Tizgui,tente,5,31.05 -8.12\n",
    ),
    "5W": (
        "needs",
        "organisation implementer sector activity province commune households",
        "Lead organisation,Implementing partner,Cluster,Activity,Province,Commune,No. of families\n"
        "IFRC,CRM,Shelter,Distribution,Al Haouz,Aghbar,40\n",
    ),
    "no header": (
        "needs",
        "position item quantity",
        '"31.05, -8.12",tente,5\n"31.06, -8.11",couverture,20\n"31.07, -8.10",bâche,9\n',
    ),
    "numbered questions": (
        "needs",
        "place item quantity households",
        "1. Nom du village;2. Type de besoin;3. Quantité;4. Nombre de ménages\nTizgui;tente;5;30\n",
    ),
    "title lines above": (
        "damage",
        "place commune destroyed damaged",
        "Province d'Al Haouz;;;\nÉtat au 10/09/2023;;;\nDouar;Commune;Maisons effondrées;Maisons fissurées\nTizgui;Aghbar;12;9\n",  # noqa: E501
    ),
}

#: Real file → title → field, judged by reading the file.
REAL: dict[str, dict[str, str]] = {
    "nepal/unhcr.csv": {
        "agency": "organisation", "partner": "implementer", "district": "province", "vdc": "place",
        "ward": "ward", "type": "item", "items": "quantity", "hhs": "households",
        "startdate": "start_at", "enddate": "end_at", "comments": "note", "phone": "phone",
    },
    "nepal/agency_relief_old2.csv": {
        "hlcit": "place_id", "impl_ag": "implementer", "src_ag": "funder", "vdc": "place",
        "action": "activity", "desc": "item", "no_actions": "quantity", "no_hh": "households",
    },
    "nepal/master_hlcit.csv": {"X": "lon", "Y": "lat", "VDC_NAME": "place", "HLCIT_CODE": "place_id"},  # noqa: E501
    "nepal/damage.csv": {"lon": "lon", "lat": "lat"},
    "stock/warehouse_stock.csv": {
        "Warehouse": "depot", "Category": "category", "Item Name": "item", "Quantity": "quantity",
        "Unit of Measure": "unit", "Comments": "note",
    },
    "stock/warehouse.csv": {
        "Name": "place", "Organisation": "organisation", "Country": "country", "Lat": "lat",
        "Lon": "lon", "Phone": "phone", "Email": "email", "Address": "address",
    },
    "stock/volunteers.csv": {
        "First Name": "first_name", "Last Name": "last_name", "Skills": "skills", "DOB": "birth",
        "Email": "email", "Mobile Phone": "phone",
    },
    "hxl/libhxl_files/test_io/input-valid.csv": {
        "Registro": "reference", "Sector/Cluster": "sector", "Organización": "organisation",
        "País": "country", "¿Cuándo?": "reported_at",
    },
}  # fmt: skip


def main() -> int:
    """Print the figures; 1 where one misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="2,000 rows in place of 10,000")
    parser.add_argument("--probe", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.probe:
        probe(arguments.probe)
        return 0
    good = [columns_figure("written sheets", *written_sheets())]
    if DATA.is_dir():
        good += [columns_figure("real sheets", *real_sheets()), real_files(), *register_names()]
    else:
        say("intake", "real", "columns right", None, "share", GOAL_COLUMNS, note=f"no {DATA}")
    good += speed(2_000 if arguments.quick else ROWS)
    return 0 if all(good) else 1


def written_sheets() -> tuple[int, int, list[str]]:
    """Count the right columns of `SHEETS`, and name the wrong ones."""
    right, n, wrong = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        for name, (kind, expected, text) in SHEETS.items():
            path = Path(folder) / "sheet.csv"
            path.write_text(text, encoding="utf-8")
            guesses = read_sheets(path, kind=kind)[1][0].guesses
            for guess, field in zip(guesses, expected.split(), strict=True):
                n += 1
                if guess.field == field and guess.confidence >= 0.5:
                    right += 1
                else:
                    wrong.append(f"{name}: {guess.title!r} is {field}, read {guess.field!r}")
    return right, n, wrong


def real_sheets() -> tuple[int, int, list[str]]:
    """Count the right columns of `REAL`, and name the wrong ones."""
    right, n, wrong = 0, 0, []
    for name, expected in REAL.items():
        found = {guess.title: guess.field for guess in read_sheets(DATA / name)[1][0].guesses}
        for title, field in expected.items():
            n += 1
            right += found[title] == field
            if found[title] != field:
                wrong.append(f"{name}: {title!r} is {field}, read {found[title]!r}")
    return right, n, wrong


def columns_figure(case: str, right: int, n: int, wrong: list[str]) -> bool:
    """Say how many columns were right."""
    share = right / n
    say("intake", case, "columns right", round(share, 4), "share", GOAL_COLUMNS, n=n, wrong=wrong)
    return share >= GOAL_COLUMNS


def real_files() -> bool:
    """Read every real file: a table, or a reason."""
    files = [
        *(DATA / "hxl").rglob("*.*"),
        *(DATA / "nepal").glob("*.csv"),
        *(DATA / "stock").glob("*.csv"),
    ]
    refused = []
    for path in files:
        try:
            read_sheets(path)
        except QafilaError as error:
            refused.append(str(error))
    # Another exception ends the benchmark: that is a file neither understood nor refused.
    say("intake", "real files", "understood or refused", 1.0, "share", 1.0, n=len(files),
        refused=refused)  # fmt: skip
    return True


def register_names() -> list[bool]:
    """Read the names of a relief register beside its codes, which are the truth."""
    register = _table("agency_relief_old1.csv", "utf-8")
    register["code"] = "place:" + register["hlcit"].str.split().str.join("-")
    register = register[register["vdc"].str.strip() != ""]
    tables = nepal_places()
    coded = register[register["code"].isin(tables.positions_of)]
    pairs = coded[["vdc", "code"]].drop_duplicates()
    names = [Question(name=name) for name in pairs["vdc"]]
    tables.look_up(names)
    found = [tables.answers[name].place_id for name in names]
    decided = sum(one is not None for one in found)
    wrong = [
        f"{name} ({code}) read {one}"
        for name, code, one in zip(pairs["vdc"], pairs["code"], found, strict=True)
        if one is not None and one != code
    ]
    say("intake", "register names", "decided", round(decided / len(pairs), 4), "share", 0.7,
        n=len(pairs))  # fmt: skip
    right = 1 - len(wrong) / max(1, decided)
    say("intake", "register names", "right of those decided", round(right, 4), "share", 0.99,
        wrong=wrong)  # fmt: skip
    rows = register[~register["code"].isin(tables.positions_of)]
    asked = [Question(name=name) for name in rows["vdc"]]
    tables.look_up(asked, told=set(pairs["code"]))
    taken = sum(tables.answers[one].place_id is not None for one in asked)
    share = taken / len(rows)
    say("intake", "no code", "rows found in the list", round(share, 4), "share", 0.9, n=len(rows))
    return [decided / len(pairs) >= 0.7, right >= 0.99, share >= 0.9]


def nepal_places() -> Known:
    """The municipalities of Nepal with both spellings that their list has."""
    table = _table("master_hlcit.csv", "cp1252")
    places = gpd.GeoDataFrame(
        {
            "place_id": "place:" + table["HLCIT_CODE"].str.split().str.join("-"),
            "name": table["VDC_NAME"],
            "name_fr": table["OCHA_VNAME"],
            "commune": "",
        },
        geometry=gpd.points_from_xy(table["X"].astype(float), table["Y"].astype(float)),
        crs="EPSG:4326",
    )
    return known(places, [], {}, now=datetime(2015, 6, 1, tzinfo=UTC))


def _table(name: str, encoding: str) -> pd.DataFrame:
    text = (DATA / "nepal" / name).read_text(encoding=encoding)
    return pd.read_csv(io.StringIO(text), dtype=str).fillna("")


def speed(rows: int) -> list[bool]:
    """Measure a dry run of a workbook in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "needs.xlsx"
        _write_workbook(path, rows)
        done = subprocess.run(
            [sys.executable, __file__, "--probe", str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
    found = json.loads(done.stdout.splitlines()[-1])
    case = f"{rows:,} rows of XLSX"
    seconds, mib = found["cpu_s"], found["peak_mib"]
    say("intake", case, "processor time", seconds, "s", GOAL_SECONDS, rows=found["rows"])
    say("intake", case, "peak memory", mib, "MiB", GOAL_MIB)
    return [seconds < GOAL_SECONDS, mib < GOAL_MIB]


def probe(path: Path) -> None:
    """Take a workbook in, as a dry run, in a situation of 400 places; say what it cost."""
    from dashboard.operations import uploads
    from dashboard.operations.situation import Situation

    with (
        tempfile.TemporaryDirectory() as folder,
        Situation.create(Path(folder) / "home", name="Benchmark") as situation,
    ):
        places = Path(folder) / "places.csv"
        lines = [f"Aït {_name(at)},{-8.5 + at % 20 * 0.03:.4f},{30.9 + at // 20 * 0.03:.4f}"
                 for at in range(400)]  # fmt: skip
        places.write_text("name,lon,lat\n" + "\n".join(lines), encoding="utf-8")
        uploads.upload(situation, "places", places, organisation="Cell", add_places=True)
        begun = time.process_time() + _children_s()
        report = uploads.upload(
            situation, "needs", path, organisation="NGO", dry_run=True,
            rejects=Path(folder) / "rejects.xlsx",
        )  # fmt: skip
        cpu_s = time.process_time() + _children_s() - begun
        peak = max(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
    sys.stdout.write(
        json.dumps(
            {"cpu_s": round(cpu_s, 2), "peak_mib": round(peak / 1024), "rows": len(report["rows"])}
        )
    )


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _name(at: int) -> str:
    syllables = ("ba", "ghi", "lou", "mze", "ti", "zga", "our", "ken")
    return "".join(syllables[(at // 8**power) % 8] for power in range(3)).capitalize()


def _write_workbook(path: Path, rows: int) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet("Besoins")
    page.append(["Douar", "Besoin", "Quantité", "Date", "Observations"])
    items = ("tentes", "couvertures", "eau potable", "bâches", "kits d'hygiène")
    for at in range(rows):
        amount: Any = at % 90 + 1 if at % 10 else "30-40"
        page.append([f"Ait {_name(at % 400)}", items[at % 5], amount, "", f"ligne {at}"])
    book.save(path)


def say(
    benchmark: str,
    case: str,
    figure: str,
    value: float | None,
    unit: str,
    goal: float,
    **more: Any,
) -> None:
    """Print a figure as a line of JSON."""
    below = unit in ("s", "MiB")
    ok = None if value is None else (value <= goal if below else value >= goal)
    line = {"benchmark": benchmark, "case": case, "figure": figure, "value": value, "unit": unit,
            "peer": None, "peer_value": None, "ratio": None, "goal": goal, "ok": ok}  # fmt: skip
    sys.stdout.write(json.dumps(line | more, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
