"""Vector files by format: told from their first bytes, and read as they are.

The first bytes decide because GDAL looks at them and not at the name: an OGR virtual file called
`.geojson` would be followed to whatever files and addresses it lists.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from pyproj.exceptions import ProjError
from shapely.errors import ShapelyError

from geo._dbf import dbf_encoding, mend_cut_letters
from geo.crs import STORAGE_CRS
from geo.errors import EmptyInputError, SchemaError, TooLargeError, UnreadableError

# What comes out of a compressed GeoParquet file.
MAX_PARQUET_BYTES = 2_000_000_000
HEAD_BYTES = 65_536

FORMATS = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".topojson": "GeoJSON",
    ".gpkg": "GeoPackage",
    ".shp": "Shapefile",
    ".fgb": "FlatGeobuf",
    ".kml": "KML",
    ".gml": "GML",
    ".xml": "GML",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".csv": "CSV",
}
ARCHIVES = frozenset({".zip", ".kmz"})
MAGIC = {
    "GeoPackage": b"SQLite format 3\0",
    "Shapefile": b"\x00\x00\x27\x0a",
    "FlatGeobuf": b"fgb\x03fgb",
    "GeoParquet": b"PAR1",
}
GEOJSON_TYPE = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|Topology|GeometryCollection'
    rb'|(Multi)?(Point|LineString|Polygon))"'
)
TOPOLOGY = re.compile(rb'"type"\s*:\s*"Topology"')
# Things that GDAL opens whatever the file is called, and follows to other files or addresses.
POINTERS = (
    b"gdal_streamed_alg",
    b"<OGRVRTDataSource",
    b"<OGRVRTLayer",
    b"<GDAL_WMS",
    b"<VRTDataset",
)
LON_NAMES = ("lon", "long", "longitude", "lng", "x", "_longitude")
LAT_NAMES = ("lat", "latitude", "y", "_latitude")

_READ_ERRORS = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    ShapelyError,
    ProjError,
    UnicodeError,
    OSError,
    ValueError,
)


def require_file(file: Path, *, max_bytes: int) -> None:
    """Raise unless `file` is there, holds something and is not over the limit."""
    if not file.is_file():
        raise UnreadableError(file.name, "there is no such file", "check the path")
    size = file.stat().st_size
    if size == 0:
        raise UnreadableError(file.name, "the file is empty", "copy or download it again")
    if size > max_bytes:
        raise TooLargeError(
            f"{file.name}: {size / 1e6:,.0f} MB",
            f"at most {max_bytes / 1e6:,.0f} MB are read",
            "cut it to the area first",
        )


def require_format(file: Path, *, shown: str) -> str:
    """Name the format of a file, from its ending and its first bytes; raise if they disagree."""
    kind = FORMATS.get(file.suffix.lower())
    if kind is None:
        raise UnreadableError(
            shown,
            f"{file.suffix or 'a file without an ending'} is no vector format that we read",
            "give GeoJSON, TopoJSON, GeoPackage, Shapefile, FlatGeobuf, KML, GML, Parquet or CSV",
        )
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    fits = head.startswith(MAGIC.get(kind, b""))
    if kind == "GeoJSON":
        fits = start.startswith(b"{") and GEOJSON_TYPE.search(head) is not None
    elif kind in {"KML", "GML"}:
        fits = start.startswith(b"<") and (b"<kml" in head) == (kind == "KML")
        _require_no_entities(file, shown)
    if not fits or any(pointer in head for pointer in POINTERS):
        raise UnreadableError(
            shown,
            f"the file is called {file.suffix} but does not hold {kind}",
            "give it the ending of its format, or copy it again",
        )
    return "TopoJSON" if kind == "GeoJSON" and TOPOLOGY.search(head) else kind


def _require_no_entities(file: Path, shown: str) -> None:
    """Refuse XML that declares entities: it can swell a thousandfold or read other files."""
    with file.open("rb") as stream:
        tail = b""
        while chunk := stream.read(1 << 20):
            text = (tail + chunk).replace(b"\0", b"").upper()  # without the zeros of UTF-16
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise UnreadableError(
                    shown,
                    "the XML declares a document type or entities, which are not read",
                    "save it again from QGIS or Google Earth, or convert it to GeoPackage",
                )
            tail = chunk[-16:]


def read_as_is(
    file: Path, kind: str, layer: str | None, *, shown: str, folder: Path
) -> tuple[Any, list[str]]:
    """Read a checked file as it is: any CRS, any geometry."""
    notes: list[str] = []
    if kind == "CSV":
        return _with_points(read_table(file, shown, notes), shown, notes), notes
    if kind == "GeoParquet":
        return _read_parquet(file, shown), notes
    options: dict[str, Any] = {}
    if kind == "Shapefile":
        options["encoding"] = _shapefile_encoding(file, shown, notes)
        file = _mended_shapefile(file, options["encoding"], shown, folder, notes)
    if kind == "GML":
        # GDAL leaves a .gfs file beside a GML, and would fetch the schema that it names.
        file = Path(shutil.copy(file, folder / "layer.gml"))
        options |= {"DOWNLOAD_SCHEMA": "NO", "XSD": "", "WRITE_GFS": "NO"}
    names = spatial_layers(file, shown)
    chosen = _chosen_layers(names, layer, kind, shown)
    frames = [_read_layer(file, name, options, shown, notes) for name in chosen]
    if len(frames) == 1:
        return frames[0], notes
    notes.append(f"{shown}: {len(chosen)} layers joined: {', '.join(chosen[:12])}")
    frames = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(frames, ignore_index=True), notes


def spatial_layers(file: Path, shown: str) -> list[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layers = pyogrio.list_layers(file)
    except _READ_ERRORS as error:
        raise _unreadable(shown, error) from error
    names = [str(name) for name, geometry_type in layers if geometry_type is not None]
    if not names:
        raise EmptyInputError(
            shown, "it holds no layer with geometries", "export the layer with its geometries"
        )
    return names


def _chosen_layers(names: list[str], layer: str | None, kind: str, shown: str) -> list[str]:
    if layer is not None and layer in names:
        return [layer]
    # The folders of a KML are its layers; people who draw in one do not think of them.
    if layer is None and (len(names) == 1 or kind == "KML"):
        return names
    raise SchemaError(
        shown if layer is None else f"{shown}: layer {layer!r}",
        f"it holds {len(names)} layer(s): {', '.join(names[:12])}",
        "name one of them as the layer",
    )


def _read_layer(
    file: Path, layer: str, options: dict[str, Any], shown: str, notes: list[str]
) -> Any:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            frame = pyogrio.read_dataframe(
                file, layer=layer, force_2d=True, on_invalid="fix", use_arrow=False, **options
            )
    except _READ_ERRORS as error:
        raise _unreadable(shown, error) from error
    messages = sorted({str(warning.message).split(".")[0][:200] for warning in caught})
    notes.extend(f"{shown}: {message}" for message in messages)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise EmptyInputError(
            shown, "it holds rows but no geometries", "export the layer with its geometries"
        )
    return frame


def _read_parquet(file: Path, shown: str) -> Any:
    # Imported here: 0.3 s that only this format needs.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            told = parquet.metadata
            size = sum(told.row_group(n).total_byte_size for n in range(told.num_row_groups))
        if size > MAX_PARQUET_BYTES:
            raise TooLargeError(
                f"{shown}: {size / 1e6:,.0f} MB unpacked",
                f"at most {MAX_PARQUET_BYTES / 1e6:,.0f} MB are read",
                "cut it to the area first",
            )
        frame = gpd.read_parquet(file)
    except TooLargeError:
        raise
    except (pa.ArrowException, LookupError, TypeError, AttributeError, *_READ_ERRORS) as error:
        # The last three: geopandas trusts the shape of the metadata that the file brings.
        raise _unreadable(shown, error) from error
    frame.geometry = shapely.force_2d(frame.geometry.to_numpy())
    return frame.reset_index(drop=True)


def _shapefile_encoding(file: Path, shown: str, notes: list[str]) -> str | None:
    parts = {part.suffix.lower(): part for part in file.parent.glob(f"{_escape(file.stem)}.*")}
    if ".shx" not in parts:
        raise UnreadableError(
            shown, "its index (.shx) is missing", "put .shp, .shx, .dbf and .prj beside each other"
        )
    if ".dbf" not in parts:
        notes.append(f"{shown}: no .dbf beside it, so its features have no columns")
        return None
    encoding, note = dbf_encoding(parts[".dbf"], parts.get(".cpg"))
    if note:
        notes.append(f"{shown}: {note}")
    return encoding


def _mended_shapefile(
    file: Path, encoding: str | None, shown: str, folder: Path, notes: list[str]
) -> Path:
    """Give a copy whose texts can be decoded, if the writer cut some inside a letter."""
    parts = {part.suffix.lower(): part for part in file.parent.glob(f"{_escape(file.stem)}.*")}
    mended = folder / "mended"
    mended.mkdir()
    if encoding != "utf-8" or ".dbf" not in parts:
        return file
    n_mended = mend_cut_letters(parts[".dbf"], mended / "layer.dbf")
    if not n_mended:
        return file
    notes.append(f"{shown}: {n_mended} texts were cut inside their last letter, which was left out")
    for suffix in (".shp", ".shx", ".prj"):
        if suffix in parts:
            shutil.copy(parts[suffix], mended / f"layer{suffix}")
    return mended / "layer.shp"


def _escape(stem: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", stem)


def read_table(file: Path, shown: str, notes: list[str]) -> pd.DataFrame:
    """Read a CSV as text, column by column, whatever parts its columns; the index is the line."""
    text = _decoded(file, shown, notes)
    try:
        header = text[:HEAD_BYTES].split("\n", 1)[0]
        separator = csv.Sniffer().sniff(header, delimiters=",;\t|").delimiter
    except csv.Error:
        separator = ","
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", pd.errors.ParserWarning)
            # Text throughout: a code such as 0410705201021 loses its zero as a number.
            table = pd.read_csv(
                io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, index_col=False
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error, ValueError) as error:
        raise _unreadable(shown, error) from error
    if caught:
        notes.append(f"{shown}: rows are longer than the header; what stands beyond is left out")
    if not len(table):
        raise EmptyInputError(shown, "it has a header and no rows", "give a table with rows")
    table.index += 2  # the line that a person sees, after the header
    return table


def _decoded(file: Path, shown: str, notes: list[str]) -> str:
    data = file.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.append(f"{shown}: not UTF-8, read as Windows-1252")
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            shown, "its text is in no encoding that we know", "save it again as CSV UTF-8"
        ) from error


def _with_points(table: pd.DataFrame, shown: str, notes: list[str]) -> Any:
    lon_name, lat_name = _column(table, LON_NAMES), _column(table, LAT_NAMES)
    if lon_name is None or lat_name is None:
        raise SchemaError(
            f"{shown}: columns {', '.join(map(str, table.columns[:20]))}",
            "no columns of longitude and latitude",
            "name them lon and lat, in degrees",
        )
    lon, lat = (
        pd.to_numeric(table[name].str.strip().str.replace(",", "."), errors="coerce")
        for name in (lon_name, lat_name)
    )
    placed = lon.notna() & lat.notna()
    if not placed.any():
        raise EmptyInputError(shown, "no row has coordinates", "fill in lon and lat, in degrees")
    if not placed.all():
        notes.append(f"{shown}: {int((~placed).sum())} of {len(table)} rows have no coordinates")
    points = gpd.points_from_xy(lon[placed], lat[placed], crs=STORAGE_CRS)
    return gpd.GeoDataFrame(
        table[placed], geometry=gpd.GeoSeries(points, index=table.index[placed])
    )


def _column(table: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    by_name = {str(column).strip().lower(): str(column) for column in reversed(table.columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def _unreadable(shown: str, error: Exception) -> UnreadableError:
    said = str(error).split(";")[-1].strip().split("\n")[0][:120]
    # GDAL names the file by its full path on this machine, which is nobody's business.
    said = re.sub(r"\S*/\S+", "the file", said)
    return UnreadableError(
        shown,
        f"it cannot be read; it is damaged, cut short or something else ({said})",
        "copy or download it again",
    )
