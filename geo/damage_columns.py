"""A damage layer as delivered: its rows, and what its columns are called this time.

Schemas differ by product, year and package; column names are looked up in lower case, best first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo.crs import to_storage
from geo.errors import EmptyInputError, InputError
from geo.grades import MISSING_TEXTS, normalise_label
from geo.sensing_dates import DATE_TYPE, date_in_text, parse_dates, swap_back
from geo.sightings import resolution_m

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import geopandas as gpd

OBJECT_COLUMNS = ("obj_type", "siteid", "feature_type", "subtype", "notation", "object", "type")
SENSOR_COLUMNS = ("sensorid", "sensor_id", "sensor", "sensor_name", "source_nam")
# Where the first of them names none ("Other"), Copernicus of 2016 has the sensor here.
SECOND_SENSOR_COLUMNS = ("src_info",)
DATE_COLUMNS = (
    "sensordate",
    "sensor_date",
    "sensor_dat",
    "src_date",
    "obs_date",
    "det_date",
    "acq_date",
    "image_date",
    "date",
)
LAYER_COLUMNS = ("layer", "path")
NAME_COLUMNS = ("name", "sitename", "site_name", "aoi_name", "loc_name", "nam")
# What a building or facility serves for, in the words of its product.
USE_COLUMNS = ("settl_type", "fac_type", "facility_type", "info", "simplified", "obj_desc", "txt")
USE_SEPARATOR = " · "
# What analysts write where they know nothing.
NOTHING_KNOWN = MISSING_TEXTS | {"unk", "unknown", "not applicable", "n a"}
NO_USE = frozenset({"other", "yes"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """When each row was seen (UTC, NaT = unknown), and what was done to the dates."""

    at: pd.Series
    column: Any
    n_swapped: int
    n_from_name: int
    n_unreadable: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delivered:
    """Rows with a geometry, in EPSG:4326; `names` maps names in lower case to the columns."""

    rows: gpd.GeoDataFrame
    names: Mapping[str, Any]
    source: str
    n_without_geometry: int
    observed_at: datetime | None
    event_window: tuple[datetime, datetime] | None

    def column(self, wanted: Sequence[str], *, but: Any = None) -> Any:
        """The first of the wanted columns that the layer has; None if it has none."""
        found = (self.names[name] for name in wanted if name in self.names)
        return next((column for column in found if column != but), None)

    def text(self, column: Any) -> pd.Series:
        """A column as text, ``""`` where missing or where there is no such column."""
        if column is None:
            return pd.Series("", index=self.rows.index, dtype="str")
        written = self.rows[column].astype("str").fillna("").str.strip()
        return written.replace({"None": "", "nan": "", "<NA>": ""})

    def known(self, column: Any) -> pd.Series:
        """A column as text, ``""`` also where it says that nothing is known."""
        written = self.text(column)
        nothing = {text: normalise_label(text) in NOTHING_KNOWN for text in written.unique()}
        return written.where(~written.map(nothing).astype(bool), "").astype("str")

    def uses(self, *, but: Any = None) -> pd.Series:
        """What each row serves for: what the columns of use say, joined; ``""`` = unknown."""
        joined = pd.Series("", index=self.rows.index, dtype="str")
        for name in USE_COLUMNS:
            if name in self.names and self.names[name] != but:
                said = self.known(self.names[name])
                said = said.where(~said.str.casefold().isin(NO_USE), "")
                between = np.where((joined != "") & (said != ""), USE_SEPARATOR, "")
                joined = joined + between + said
        return joined.astype("str")

    def layer_names(self) -> pd.Series:
        """The name of the layer each row came from, where several were put into one file."""
        return self.text(self.column(LAYER_COLUMNS))

    def sensors(self, suffix: str = "") -> tuple[pd.Series, Any]:
        """Sensor of each row in the survey `suffix`, as written, and the column it stands in.

        A row whose column of the sensor names none that we know takes a known one from the column
        of remarks on the source.
        """
        column = self.column((*(name + suffix for name in SENSOR_COLUMNS), *SENSOR_COLUMNS))
        written = self.text(column)
        second = self.text(self.column(SECOND_SENSOR_COLUMNS, but=column))
        known = {text: np.isfinite(resolution_m(text)) for text in {*written, *second}}
        better = ~written.map(known).astype(bool) & second.map(known).astype(bool)
        return written.where(~better, second), column

    def seen(self, suffix: str = "") -> Seen:
        """Dates of the survey `suffix`: as written, else from the layer's name, else as told."""
        column = self.column((*(name + suffix for name in DATE_COLUMNS), *DATE_COLUMNS))
        at, n_unreadable = pd.Series(pd.NaT, index=self.rows.index, dtype=DATE_TYPE), 0
        if column is not None:
            at, n_unreadable = parse_dates(self.rows[column])
        at, n_swapped = swap_back(at, window=self.event_window)
        in_name = date_in_text(self.layer_names())
        from_name = at.isna() & in_name.notna()
        at = at.where(~from_name, in_name)
        if self.observed_at is not None:
            at = at.fillna(pd.Timestamp(self.observed_at).tz_convert("UTC"))
        return Seen(
            at=at.astype(DATE_TYPE),
            column=column,
            n_swapped=n_swapped,
            n_from_name=int(from_name.sum()),
            n_unreadable=n_unreadable,
        )


def delivered(
    frame: gpd.GeoDataFrame,
    *,
    source: str,
    observed_at: datetime | None = None,
    event_window: tuple[datetime, datetime] | None = None,
) -> Delivered:
    """Take a layer in: in EPSG:4326, without the rows that have no geometry.

    Raises
    ------
    InputError
        No source, or times without a zone.
    EmptyInputError
        The layer holds no rows or no geometries.
    CrsError
        The layer has no CRS.
    """
    if not source.strip():
        raise InputError("damage layer", "a source is needed", "say who made it")
    if any(t is not None and t.tzinfo is None for t in (observed_at, *(event_window or ()))):
        raise InputError("time without a zone", "aware times are needed", "add the zone")
    if len(frame) == 0:
        raise EmptyInputError(
            f"damage layer of {source}", "it holds no rows", "check which layer was exported"
        )
    rows = to_storage(frame)
    rows = rows[~(rows.geometry.isna() | rows.geometry.is_empty)].reset_index(drop=True)
    if len(rows) == 0:
        raise EmptyInputError(
            f"damage layer of {source}",
            "none of its rows has a geometry",
            "export it again with its geometry",
        )
    return Delivered(
        rows=rows,
        # The first of two columns that differ in case only is the one that is meant.
        names={str(column).lower(): column for column in reversed(list(rows.columns))},
        source=source,
        n_without_geometry=len(frame) - len(rows),
        observed_at=observed_at,
        event_window=event_window,
    )
