"""Shared tables as files: CSV and workbook with hashtags, layers for programs that draw maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.languages import LANGUAGES, _, reading_in
from dashboard.operations.sharing.layers import LAYER_TYPES, SharedFile, layer_bytes
from dashboard.operations.sharing.tables import SharedTable, shared_table
from dashboard.sharewords import titles
from geo.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from dashboard.operations.situation import Situation

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    **LAYER_TYPES,
}


def share(
    situation: Situation,
    name: str,
    form: str,
    *,
    language: str = "en",
    commune: str = "",
    organisation: str = "",
    since: datetime | None = None,
) -> SharedFile:
    """Write a table as a file.

    Parameters
    ----------
    form
        One of `MEDIA_TYPES`; ``iati`` has no positions of its own and is CSV or workbook.
    language
        Of the titles and the names of items; hashtags and codes are the same in all.

    Raises
    ------
    InputError, UnknownIdError
        As `tables.shared_table`, or the form or language is none of ours.
    """
    if form not in MEDIA_TYPES:
        raise InputError(f"form {form}", f"{', '.join(MEDIA_TYPES)} are written", "name one")
    if language not in LANGUAGES:
        raise InputError(f"language {language}", f"{', '.join(LANGUAGES)} are known", "name one")
    if name == "iati" and form in LAYER_TYPES:
        raise InputError(f"iati as {form}", "csv or xlsx", "name one of these")
    with reading_in(language):
        table = shared_table(
            situation, name, commune=commune, organisation=organisation, since=since
        )
        write = _layer if form in LAYER_TYPES else _workbook if form == "xlsx" else _csv
        return SharedFile(
            name=f"qafila-{name}-{table.at:%Y%m%dT%H%M}.{form}",
            content=write(table, form),
            media_type=MEDIA_TYPES[form],
            rows=len(table.frame),
            at=table.at,
            seq=table.seq,
        )


def _heads(table: SharedTable) -> tuple[list[str], list[str]]:
    """Give titles and hashtags of a table's columns."""
    if not table.tags:
        return list(table.frame.columns), []
    said = titles()
    return [said[one] for one in table.frame], [table.tags[one] for one in table.frame]


def _bare(frame: pd.DataFrame) -> pd.DataFrame:
    """Give cells as plain values, None where nobody knows."""
    return frame.astype(object).where(frame.notna(), None)


def _csv(table: SharedTable, _form: str) -> bytes:
    """Titles, hashtags, rows; what must be said of the situation stands in a last column."""
    from dashboard.operations.spreadsheet import csv_text

    heads, tags = _heads(table)
    frame = _bare(table.frame).set_axis(heads, axis="columns")
    if table.notice:
        frame = frame.assign(**{_("Notice"): table.notice})
        tags = [*tags, "#meta+notice"] if tags else tags
    first, end, rest = csv_text(frame).partition("\r\n")
    lines = [first, ",".join(tags)] if tags else [first]
    # The mark makes spreadsheets read accents; readers of HXL skip it.
    return (end.join(lines) + end + rest).encode("utf-8-sig")


def _workbook(table: SharedTable, _form: str) -> bytes:
    from dashboard.operations.spreadsheet import workbook_bytes

    heads, tags = _heads(table)
    about = {
        _("Situation"): table.situation,
        _("As of"): table.at.isoformat(timespec="seconds"),
        _("Event of the ledger"): str(table.seq),
    }
    if table.notice:
        about[_("Notice")] = table.notice
    frame = _bare(table.frame).set_axis(heads, axis="columns")
    return workbook_bytes(frame, table.name, tags=tags, about=about)


def _layer(table: SharedTable, form: str) -> bytes:
    """Write rows as points, under the names of their columns; without a place there is none."""
    import geopandas as gpd

    frame = table.frame
    points = gpd.points_from_xy(frame["lon"].astype(float), frame["lat"].astype(float))
    layer = gpd.GeoDataFrame(frame.assign(notice=table.notice), geometry=points, crs="EPSG:4326")
    layer.loc[frame["lon"].isna() | frame["lat"].isna(), "geometry"] = None
    return layer_bytes(layer, table.name, form)
