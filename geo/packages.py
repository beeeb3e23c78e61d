"""A package of layers as analysts deliver it: one zip, one product, one survey.

Copernicus EMS Rapid Mapping delivers a zip a product with some ten layers, and names and columns
differ from year to year. Here every layer is either recognised, by its columns first and its name
second, or reported as left alone with the reason; a package is read whole or not at all.

What becomes of what is told in `docs/evidence.md`.
"""

from __future__ import annotations

import logging
import re
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from geo._formats import require_file, require_format, spatial_layers
from geo._unzip import bytes_around, unpack_layers, zipped_layers
from geo.crs import STORAGE_CRS
from geo.damage import (
    GRADE_COLUMNS,
    UNOSAT_CLASS,
    damage_from_vector,
    empty_points,
)
from geo.damage_area import VOID_NAME, analysed_area, says_void
from geo.damage_columns import delivered
from geo.errors import EmptyInputError, SchemaError, UnreadableError
from geo.graded_roads import empty_roads, graded_roads
from geo.sensing_dates import date_in_text
from geo.vectors import MAX_BYTES, read_vector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from geo.damage_report import DamageReport

logger = logging.getLogger(__name__)

Role = Literal["graded", "roads", "area", "seen", "left_alone"]

# EMSR190_07TODIANO_GRADING_OVERVIEW-MONIT01_v1_vector.zip (until 2016, its layers
# EMSR190_07TODIANO_02GRADING_MONIT01_v1_12500_settlements_poly_grading) and
# EMSR695_AOI01_GRA_PRODUCT_builtUpP_v1 (since 2017).
PRODUCT_NAME = re.compile(
    r"(?P<activation>EMS[RN]\d{2,4})_(?P<area>[A-Za-z0-9]+)"
    r"_\d*(?P<kind>REFERENCE|DELINEATION|GRADING|REF|DEL|FEP|GRA)"
    r"(?=[_.\-]|$)(?P<rest>.*)",
    re.IGNORECASE,
)
MONITORING = re.compile(r"(?:^|[_\-])MONIT0*(\d+)", re.IGNORECASE)
VERSION = re.compile(r"(?:^|[_\-])v0*(\d+)(?=[_.\-]|$)", re.IGNORECASE)
# A map of a part of the area. OVERVIEW is the whole of it, as is a name that says nothing.
PART = re.compile(r"(?:^|[_\-])(DETAIL\d*)(?=[_.\-]|$)", re.IGNORECASE)

TRANSPORT_LAYER = re.compile(r"transport|road|street|highway", re.IGNORECASE)
AREA_LAYER = re.compile(r"area_?of_?interest|(?:^|_)aoi(?:_|$)|analy[sz]ed_?area", re.IGNORECASE)
IMAGE_LAYER = re.compile(r"image_?footprint|sensor|satellite_?footprint", re.IGNORECASE)
MIXED_LAYER = re.compile(r"general_?information", re.IGNORECASE)
DAMAGE_LAYER = re.compile(r"damage", re.IGNORECASE)

# Copernicus delivers one layer in several formats; the first of these is read.
FORMAT_ORDER = (".gpkg", ".shp", ".fgb", ".parquet", ".geojson", ".json", ".topojson", ".gml")
SETTLEMENT_OBJECT = re.compile(r"AL020|built.?up.?area|settlement", re.IGNORECASE)
MAX_NAMES_IN_NOTE = 20
# The errors of pyogrio and pyproj are RuntimeErrors and ValueErrors; the last is a slip of pyogrio
# 0.13, which it ends in where GDAL cannot write down the CRS of a damaged .prj.
_READ_ERRORS = (RuntimeError, ValueError, OSError, UnboundLocalError)
_PREFIX = re.compile(r"^[_\-]?(?:MONIT\d+_)?(?:v\d+_)?(?:\d+_)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Which product of Rapid Mapping a package is, read from the names of its files.

    `number` is 0 for the first survey of an area and n for its n-th re-survey (MONIT); `part` is
    the map of a part of the area (``DETAIL01``), ``""`` for the whole.
    """

    activation: str
    area: str
    part: str
    number: int
    version: int

    @property
    def survey_area(self) -> str:
        """The area that is surveyed again and again, for example ``EMSR190 07TODIANO``."""
        return f"{self.activation} {self.area}"

    @property
    def survey(self) -> str:
        """The survey without its version: of two with the same one only the newest counts."""
        number = f"MONIT{self.number:02d}" if self.number else ""
        return " ".join(filter(None, (self.survey_area, self.part, number)))

    @property
    def title(self) -> str:
        """The product as a person names it."""
        return f"{self.survey} v{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageLayer:
    """One layer of a package: what it was taken for, how many rows it holds, and why."""

    name: str
    role: Role
    rows: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DamagePackage:
    """What a package holds.

    Attributes
    ----------
    product
        None where the names of the files do not tell.
    points
        All graded objects that are no roads, as `geo.damage` gives them (may be empty).
    analysed_area
        Where analysts looked: the area of interest, within the footprints of the images where the
        package has them, less clouds and voids (holes). None where the package does not say.
    roads
        Graded roads and bridges, as `geo.graded_roads` gives them (may be empty).
    facilities
        Graded objects that are neither buildings nor roads, by object and grade.
    settlements
        How many of them are polygons of whole settlements; they count as no building.
    layers
        Every layer of the package.
    reports
        What was understood of the layers that were read, by name.

    With a product, all three tables have `survey_area`, `survey`, `survey_number` (0 for the first
    survey) and `survey_version`.
    """

    product: Product | None
    points: gpd.GeoDataFrame
    analysed_area: gpd.GeoDataFrame | None
    roads: gpd.GeoDataFrame
    facilities: dict[str, dict[str, int]]
    settlements: int
    layers: tuple[PackageLayer, ...]
    reports: dict[str, DamageReport]
    notes: tuple[str, ...]


def is_package(path: Path) -> bool:
    """Whether a zip or GeoPackage is to be read whole: several layers, or the name of a product.

    Raises
    ------
    UnreadableError, TooLargeError
        A zip that is damaged, hostile or over its limits.
    """
    suffix = path.suffix.lower()
    if suffix == ".zip":
        require_file(path, max_bytes=MAX_BYTES)
        names = zipped_layers(path)
        return len(names) > 1 or (bool(names) and product_of(path.name) is not None)
    if suffix == ".gpkg":
        require_file(path, max_bytes=MAX_BYTES)
        require_format(path, shown=path.name)
        return len(spatial_layers(path, path.name)) > 1
    return False


def product_of(name: str) -> Product | None:
    """Which product a file belongs to by its name; None if the name is not one of a product."""
    found = PRODUCT_NAME.search(name)
    if found is None:
        return None
    rest = found["rest"]
    number, version, part = MONITORING.search(rest), VERSION.search(rest), PART.search(rest)
    return Product(
        activation=found["activation"].upper(),
        area=found["area"].upper(),
        part=part[1].upper() if part else "",
        number=int(number[1]) if number else 0,
        version=int(version[1]) if version else 1,
    )


def read_package(
    path: Path | str,
    *,
    source: str | None = None,
    observed_at: datetime | None = None,
    event_window: tuple[datetime, datetime] | None = None,
) -> DamagePackage:
    """Read all layers of a package.

    Parameters
    ----------
    path
        A zip of shapefiles, GeoPackages or GeoJSON files, or a GeoPackage of several layers.
    source
        Who made it; None takes the product, or the name of the file.
    observed_at
        When it was seen, where the layers do not say so (aware).
    event_window
        As `geo.damage.damage_from_vector` takes it.

    Raises
    ------
    EmptyInputError
        No layer holds graded objects or an analysed area; the message lists what it holds.
    UnreadableError, TooLargeError, CrsError, SchemaError
        The package, or a layer of it that is needed, cannot be used; nothing is given of it.
    """
    file = Path(path)
    require_file(file, max_bytes=MAX_BYTES)
    with tempfile.TemporaryDirectory(prefix="qafila-") as folder:
        opened = _open(file, Path(folder))
        product, notes = _product(file, [one.name for one in opened.layers])
        notes = [*opened.notes, *notes]
        reading = _Reading(
            source=source or (f"Copernicus EMS {product.title}" if product else file.name),
            observed_at=observed_at or _date_in_names(file, opened.layers),
            event_window=event_window,
        )
        for layer in opened.layers:
            reading.take(layer, _inspected(layer))
    points, roads = _joined(reading.points, empty_points()), _joined(reading.roads, empty_roads())
    area = _looked_at(reading, points, roads, notes)
    if points.empty and roads.empty and area is None:
        raise EmptyInputError(
            file.name,
            "none of its layers holds grades or an analysed area: "
            + ", ".join(layer.name for layer in reading.layers[:MAX_NAMES_IN_NOTE]),
            "name the grade column damage_gra or grading, or load one layer with --layer",
        )
    facilities, settlements = _facilities(points)
    notes += _notes(reading, opened.other_files, product, area, settlements)
    for note in notes:
        logger.info("%s: %s", file.name, note)
    return DamagePackage(
        product=product,
        points=_stamped(points, product),
        analysed_area=None if area is None else _stamped(area, product),
        roads=_stamped(roads, product),
        facilities=facilities,
        settlements=settlements,
        layers=(*reading.layers, *opened.left_alone),
        reports=reading.reports,
        notes=tuple(notes),
    )


# --- what is in the package ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """A layer on disk: the file, the layer in it, and the name that a person knows it by."""

    file: Path
    layer: str | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    layers: list[_Layer]
    left_alone: list[PackageLayer]
    other_files: list[str]
    notes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inspected:
    columns: tuple[str, ...]
    rows: int
    geometry: str


def _open(file: Path, folder: Path) -> _Opened:
    """Unpack the package; of one layer in several formats the first is taken."""
    if file.suffix.lower() != ".zip":
        names = spatial_layers(file, file.name)
        whole = [_Layer(file=file, layer=name, name=name) for name in names]
        return _Opened(layers=whole, left_alone=[], other_files=[], notes=[])
    unpacked, others = unpack_layers(file, folder)
    if not unpacked:
        # Says what is wrong: nothing in it, or another archive.
        raise _nothing(file, others)
    before, after = bytes_around(file)
    notes = [
        f"{count} bytes {where} the zip in the file belong to no zip and were skipped"
        for count, where in ((before, "before"), (after, "after"))
        if count
    ]
    unpacked.sort(key=lambda one: (one.stem.lower(), _format_rank(one)))
    layers: list[_Layer] = []
    left: list[PackageLayer] = []
    taken: set[str] = set()
    for one in unpacked:
        if one.stem.lower() in taken:
            left.append(_left(one.name, 0, "a copy of a layer in another format"))
        elif one.suffix == ".json" and not _is_geojson(one):
            left.append(_left(one.name, 0, "no GeoJSON"))
        elif one.suffix == ".parquet":
            left.append(_left(one.name, 0, "GeoParquet is read from a file of its own"))
        else:
            taken.add(one.stem.lower())
            require_format(one, shown=one.name)
            inside = spatial_layers(one, one.name) if one.suffix == ".gpkg" else [None]
            for name in inside:
                shown = one.stem if name is None or len(inside) == 1 else name
                layers.append(_Layer(file=one, layer=name, name=shown))
    return _Opened(layers=layers, left_alone=left, other_files=others, notes=notes)


def _nothing(file: Path, others: Sequence[str]) -> EmptyInputError:
    nested = any(name.lower().endswith((".zip", ".kmz")) for name in others)
    if nested:
        return EmptyInputError(
            file.name,
            "it holds another archive, and those are not opened",
            "unpack it and load the zip inside",
        )
    return EmptyInputError(
        file.name, "the zip holds no shapefile or other vector layer", "check what was downloaded"
    )


def _format_rank(file: Path) -> int:
    suffix = file.suffix.lower()
    return FORMAT_ORDER.index(suffix) if suffix in FORMAT_ORDER else len(FORMAT_ORDER)


def _is_geojson(file: Path) -> bool:
    try:
        require_format(file, shown=file.name)
    except UnreadableError:
        return False
    return True


def _inspected(layer: _Layer) -> _Inspected:
    """Columns, rows and kind of geometry, without reading the rows."""
    chosen = {} if layer.layer is None else {"layer": layer.layer}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said when the layer is read
            told = pyogrio.read_info(layer.file, force_feature_count=True, **chosen)
    except _READ_ERRORS as error:
        raise UnreadableError(
            layer.name, "this layer of the package cannot be read", "copy or download it again"
        ) from error
    return _Inspected(
        columns=tuple(str(name).lower() for name in told["fields"]),
        rows=int(told["features"]),
        geometry=str(told["geometry_type"] or ""),
    )


# --- what each layer is -------------------------------------------------------------------------


class _Reading:
    """Takes layer after layer and keeps what they hold."""

    def __init__(
        self,
        *,
        source: str,
        observed_at: datetime | None,
        event_window: tuple[datetime, datetime] | None,
    ) -> None:
        self.source = source
        self.observed_at = observed_at
        self.event_window = event_window
        self.points: list[gpd.GeoDataFrame] = []
        self.roads: list[gpd.GeoDataFrame] = []
        self.areas: list[gpd.GeoDataFrame] = []
        self.seen: list[gpd.GeoDataFrame] = []
        self.layers: list[PackageLayer] = []
        self.reports: dict[str, DamageReport] = {}
        self.notes: dict[str, list[str]] = {}  # what was said, of which layers

    def take(self, layer: _Layer, found: _Inspected) -> None:
        """Read a layer for what it is, or write down that it was left alone."""
        role, why = _role(_theme(layer.name), found)
        if role != "left_alone" and found.rows == 0:
            role, why = "left_alone", "it holds no rows"
        if role == "left_alone":
            self.layers.append(_left(layer.name, found.rows, why))
            return
        try:
            frame = read_vector(layer.file, layer=layer.layer)
            own = f"{layer.file.name}: "
            notes = [str(note).removeprefix(own) for note in frame.attrs["notes"]]
            report = self._read(role, frame, _theme(layer.name))
        except EmptyInputError as error:
            self.layers.append(_left(layer.name, found.rows, error.needed))
            return
        except SchemaError as error:
            if role == "area" or _is_graded(found.columns):
                raise
            self.layers.append(_left(layer.name, found.rows, error.needed))
            return
        self.reports[layer.name] = report
        for note in (*notes, *report.notes):
            self.notes.setdefault(note, []).append(_short(layer.name))
        self.layers.append(PackageLayer(name=layer.name, role=role, rows=found.rows, why=why))

    def _read(self, role: Role, frame: gpd.GeoDataFrame, theme: str) -> DamageReport:
        told: dict[str, Any] = {
            "source": self.source,
            "observed_at": self.observed_at,
            "event_window": self.event_window,
        }
        if role == "roads":
            roads, report = graded_roads(frame, **told)
            self.roads.append(roads)
            return report
        if role in ("area", "seen"):
            areas, report = analysed_area(delivered(frame, **told), meaning=_meaning(theme))
            (self.areas if role == "area" else self.seen).append(areas)
            return report
        layer = damage_from_vector(frame, **told)
        if layer.analysed_area is not None:
            raise SchemaError("the layer", "no column of it holds grades", "")
        self.points.append(layer.points)
        return layer.report


def _role(theme: str, found: _Inspected) -> tuple[Role, str]:
    """What a layer is taken for: by its columns first, by its name second."""
    if not found.geometry:
        return "left_alone", "it holds no geometries"
    if AREA_LAYER.search(theme):
        return "area", "area of interest"
    if _is_graded(found.columns):
        if TRANSPORT_LAYER.search(theme):
            return "roads", "graded roads and bridges"
        return "graded", "graded objects"
    if any(named.search(theme) for named in (IMAGE_LAYER, VOID_NAME, MIXED_LAYER)):
        return "seen", "footprints of images, clouds and voids"
    if TRANSPORT_LAYER.search(theme):
        return "left_alone", "roads without grades"
    if DAMAGE_LAYER.search(theme):
        return "graded", "graded objects, by the name of the layer"
    return "left_alone", "no grades, and no analysed area"


def _meaning(theme: str) -> Literal["area", "void"] | None:
    if says_void(theme):
        return "void"
    return "area" if AREA_LAYER.search(theme) or IMAGE_LAYER.search(theme) else None


def _is_graded(columns: Sequence[str]) -> bool:
    return any(name in GRADE_COLUMNS or UNOSAT_CLASS.fullmatch(name) for name in columns)


def _theme(name: str) -> str:
    """The name of a layer without that of its product, which says "grading" for all of them."""
    found = PRODUCT_NAME.search(name)
    return name if found is None else found["rest"]


def _short(name: str) -> str:
    """The name of a layer as a person tells it from the others of its package."""
    return _PREFIX.sub("", _theme(name)) or name


def _left(name: str, rows: int, why: str) -> PackageLayer:
    return PackageLayer(name=name, role="left_alone", rows=rows, why=why)


# --- product and date ---------------------------------------------------------------------------


def _product(file: Path, names: Sequence[str]) -> tuple[Product | None, list[str]]:
    """The product by the name of the package, else by those of its layers."""
    outside = product_of(file.name)
    inside = next((found for name in names if (found := product_of(name))), None)
    if outside is None or inside is None:
        return outside or inside, []
    same = ("activation", "area", "number", "version")
    if all(getattr(outside, name) == getattr(inside, name) for name in same):
        return outside, []
    # Files are renamed by people, layers are not.
    return inside, [f"the file is named {outside.title}, its layers {inside.title}: the latter"]


def _date_in_names(file: Path, layers: Sequence[_Layer]) -> datetime | None:
    """A day written ``yyyymmdd`` in the name of the package or of its layers; None if none."""
    found = date_in_text(pd.Series([file.stem, *(layer.name for layer in layers)])).dropna()
    return found.iloc[0].to_pydatetime() if len(found) else None


def _stamped(frame: gpd.GeoDataFrame, product: Product | None) -> gpd.GeoDataFrame:
    """Say of every row which survey it comes from."""
    if product is None:
        return frame
    return frame.assign(
        survey_area=product.survey_area,
        survey=product.survey,
        survey_number=product.number,
        survey_version=product.version,
    )


# --- what was looked at -------------------------------------------------------------------------


def _looked_at(
    reading: _Reading, points: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, notes: list[str]
) -> gpd.GeoDataFrame | None:
    """Area of interest, within the footprints of the images, less clouds and voids.

    The holes are cut here, and not left to the assessment: a cloud of the first survey is no cloud
    of the second.
    """
    said = _joined([*reading.areas, *reading.seen], None)
    if said is None:
        return None
    interest = _joined(reading.areas, None)
    seen = _joined(reading.seen, None)
    void = shapely.union_all(said.geometry[said["is_void"]].to_numpy())
    inside = None
    if interest is not None:
        inside = shapely.union_all(interest.geometry[~interest["is_void"]].to_numpy())
    images = None if seen is None else seen[~seen["is_void"]]
    if images is not None and len(images):
        footprint = shapely.union_all(images.geometry.to_numpy())
        within = footprint if inside is None else shapely.intersection(inside, footprint)
        if within.area > 0:
            inside = within
        else:
            notes.append("the footprints of the images lie outside the area of interest: not used")
    if inside is None:
        notes.append("it says what was not seen but not what was: no analysed area")
        return None
    looked = _polygons(shapely.difference(inside, void))
    if looked.is_empty:
        notes.append("clouds and voids cover all of the area of interest: no analysed area")
        return None
    dates = pd.concat([frame["observed_at"] for frame in (said, points, roads)]).dropna()
    named = said.loc[said["name"] != "", "name"]
    sensors = [*(images["sensor"] if images is not None else ()), *points["sensor"]]
    known = Counter(sensor for sensor in sensors if sensor)
    return gpd.GeoDataFrame(
        {
            "name": [named.iloc[0] if len(named) else ""],
            "sensor": [known.most_common(1)[0][0] if known else ""],
            "observed_at": pd.Series(
                [dates.max() if len(dates) else pd.NaT], dtype="datetime64[us, UTC]"
            ),
            "source": [reading.source],
            "is_void": [False],
        },
        geometry=[looked],
        crs=STORAGE_CRS,
    )


def _polygons(shape: Any) -> Any:
    parts = shapely.get_parts(shape)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == 3])


# --- what a person is told ----------------------------------------------------------------------


def _facilities(points: gpd.GeoDataFrame) -> tuple[dict[str, dict[str, int]], int]:
    others = points[~points["is_building"].astype(bool)]
    found = others.groupby(["object", "grade"]).size()
    facilities: dict[str, dict[str, int]] = {}
    for (thing, grade), count in found.items():
        facilities.setdefault(str(thing), {})[str(grade)] = int(count)
    return facilities, int(others["object"].str.contains(SETTLEMENT_OBJECT).sum())


def _notes(
    reading: _Reading,
    other_files: Sequence[str],
    product: Product | None,
    area: gpd.GeoDataFrame | None,
    settlements: int,
) -> Iterator[str]:
    systems = [note for note in reading.notes if note.startswith("reprojected from ")]
    if len(systems) > 1:
        yield "its layers are in several coordinate systems; each was brought to one by its own"
    for note, names in reading.notes.items():
        yield f"{note}: {_listed(names)}"
    left: dict[str, list[str]] = {}
    for one in reading.layers:
        if one.role == "left_alone":
            left.setdefault(one.why, []).append(_short(one.name))
    for why, names in left.items():
        yield f"left alone, {why}: {_listed(names)}"
    archives = sum(name.lower().endswith((".zip", ".kmz")) for name in other_files)
    if archives:
        yield f"{archives} archives inside the package were not opened"
    if product is None:
        yield "the names of the files tell no product, so it replaces no earlier survey"
    if area is None:
        yield "it does not say which area was looked at: places around it stay not assessed"
    if settlements:
        yield f"{settlements} polygons grade whole settlements and count as no building"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES_IN_NOTE
    return ", ".join(names[:MAX_NAMES_IN_NOTE]) + (f" and {more} more" if more > 0 else "")


def _joined(frames: Sequence[gpd.GeoDataFrame], nothing: Any) -> Any:
    held = [frame for frame in frames if len(frame)]
    if not held:
        return nothing
    return held[0].copy() if len(held) == 1 else pd.concat(held, ignore_index=True)
