"""Sheets of real responses: each is understood, or refused with a reason."""

from pathlib import Path

import pytest

from data.intake.sheet import read_sheets
from geo.errors import QafilaError

#: File → fields that its columns must be taken for, as title → field.
UNDERSTOOD: dict[str, dict[str, str]] = {
    "nepal/agency_relief_old1.csv": {"hlcit": "place_id", "vdc": "place", "no_hh": "households"},
    "nepal/unhcr.csv": {"type": "item", "items": "quantity", "vdc": "place", "hhs": "households"},
    "nepal/master_hlcit.csv": {"X": "lon", "Y": "lat", "VDC_NAME": "place"},
    "stock/warehouse_stock.csv": {
        "Warehouse": "depot",
        "Item Name": "item",
        "Quantity": "quantity",
    },
    "stock/volunteers.csv": {"Skills": "skills", "Mobile Phone": "phone"},
    "hxl/libhxl_files/test_io/input-valid.xls": {"Organización": "organisation"},
    "hxl/libhxl_files/test_io/input-valid-latin1.csv": {"País": "country"},
    "hxl/libhxl_files/test_io/input-merged.xlsx": {"Sector/Cluster": "sector"},
    "hxl/libhxl_files/test_io/input-zip-invalid.zip": {"País": "country"},
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_columns_of_real_sheets(real_data: Path, name: str) -> None:
    _, sheets = read_sheets(real_data / name)
    found = {guess.title: guess.field for guess in sheets[0].guesses}
    assert {title: found[title] for title in UNDERSTOOD[name]} == UNDERSTOOD[name]


def test_every_real_file_is_read_or_refused_with_a_reason(real_data: Path) -> None:
    files = [
        *(real_data / "hxl").rglob("*.*"),
        *(real_data / "nepal").glob("*.csv"),
        *(real_data / "stock").glob("*.csv"),
    ]
    refused = {}
    for path in files:
        try:
            _, sheets = read_sheets(path)
        except QafilaError as error:
            refused[path.name] = str(error)
            continue
        assert any(True for _ in sheets[0].rows()), path.name
    assert len(files) >= 40
    assert list(refused) == ["input-invalid.png"]
    assert "PNG picture" in refused["input-invalid.png"]
