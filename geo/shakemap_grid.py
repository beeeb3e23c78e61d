"""The grid of a ShakeMap (`grid.xml` of the USGS): read as a stream, with its event and version.

The format is described in the ShakeMap manual (https://usgs.github.io/shakemap, "Products and
Formats"): attributes of `shakemap_grid` and `event`, a `grid_specification`, one `grid_field` a
column, and `grid_data` with a line a node.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import numpy as np

from geo.errors import SchemaError, TooLargeError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

# The largest grids that the USGS publishes are some 30 MB; a hostile file is stopped before memory.
MAX_BYTES = 128_000_000
MAX_NODES = 4_000_000
MAX_FIELDS = 40
TODO = "download grid.xml of the ShakeMap again"
PERCENT_G = ("%g", "pctg")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShakeMapInfo:
    """Which earthquake a ShakeMap is of, and which version of the map it is.

    `event_id` is `""` and the others None where the file does not say.
    """

    event_id: str = ""
    version: int | None = None
    made_at: datetime | None = None
    event_at: datetime | None = None
    magnitude: float | None = None
    depth_km: float | None = None
    lon: float | None = None
    lat: float | None = None
    description: str = ""

    @property
    def title(self) -> str:
        """Its name as a source: ``USGS ShakeMap us7000kufc, version 13``."""
        version = "" if self.version is None else f", version {self.version}"
        return f"ShakeMap {self.event_id}{version}" if self.event_id else ""

    def details(self) -> dict[str, Any]:
        """What is recorded with the layer; what is unknown is left out."""
        known = {
            "event_id": self.event_id or None,
            "version": self.version,
            "made_at": None if self.made_at is None else self.made_at.isoformat(),
            "event_at": None if self.event_at is None else self.event_at.isoformat(),
            "magnitude": self.magnitude,
            "depth_km": self.depth_km,
            "epicentre": None if self.lon is None or self.lat is None else [self.lon, self.lat],
            "description": self.description or None,
        }
        return {key: value for key, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShakeMapGrid:
    """Values at the nodes of a regular grid in EPSG:4326.

    Attributes
    ----------
    values
        By the name of the field in upper case (``MMI``, ``PGA`` …): (n_lat, n_lon), north first;
        NaN where the file has none.
    units
        By the same names, as written.
    lon, lat
        Of the nodes: (n_lon,) from west to east and (n_lat,) from north to south.
    """

    values: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    info: ShakeMapInfo


def read_grid(path: Path, *, max_bytes: int = MAX_BYTES) -> ShakeMapGrid:
    """Read `grid.xml` of a ShakeMap.

    Raises
    ------
    TooLargeError
        A file over `max_bytes`, or a grid of over four million nodes.
    UnreadableError
        No whole XML, XML that declares entities, or no ShakeMap grid.
    SchemaError
        Fields or a specification are missing or absurd, or the nodes do not fill the grid.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise TooLargeError(
            f"{path.name}: {size / 1e6:,.0f} MB",
            f"at most {max_bytes / 1e6:,.0f} MB are read",
            TODO,
        )
    reader = _Reader(path.name)
    try:
        with path.open("rb") as stream:
            reader.parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise UnreadableError(path.name, f"whole XML is needed: {error}", TODO) from error
    return reader.grid()


def moment_of(written: Any) -> datetime | None:
    """Read a time as ShakeMaps write it (``2023-09-08T22:11:01UTC``, ``…Z``, with a blank).

    None where there is none, or where it is in a zone that we do not know: no time is better than
    a wrong one.
    """
    if not isinstance(written, str):
        return None
    text = written.strip().removesuffix("UTC").removesuffix("GMT").removesuffix("Z").strip()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def number_of(written: Any) -> float | None:
    """Read a finite number, None where there is none."""
    try:
        value = float(written)
    except (TypeError, ValueError):
        return None
    return value if np.isfinite(value) else None


class _Reader:
    """The handlers of one expat parser; they fill what `grid` puts together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._refuse
        self._about: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._spec: dict[str, str] = {}
        self._fields: dict[int, tuple[str, str]] = {}
        self._is_grid = False
        self._inside = False
        self._rest = ""
        self._chunks: list[NDArray[np.float64]] = []
        self._n_values = 0

    def _refuse(self, *declared: Any) -> None:
        del declared
        raise UnreadableError(self.name, "XML that declares entities is not read", TODO)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(" ")[2]
        if kind == "shakemap_grid":
            self._is_grid, self._about = True, attributes
        elif kind == "event":
            self._event = attributes
        elif kind == "grid_specification":
            self._spec = attributes
        elif kind == "grid_field":
            self._add_field(attributes)
        elif kind == "grid_data":
            self._inside = True

    def _add_field(self, attributes: dict[str, str]) -> None:
        written = attributes.get("index", "")
        index = int(written) if written.isascii() and written.isdigit() else 0
        if not 1 <= index <= MAX_FIELDS or index in self._fields:
            raise SchemaError(
                f"{self.name}: grid_field with index {written!r}",
                f"each field needs an index of its own, from 1 to {MAX_FIELDS}",
                TODO,
            )
        name = attributes.get("name", "").strip().upper()
        self._fields[index] = (name, attributes.get("units", "").strip())

    def _text(self, text: str) -> None:
        if not self._inside:
            return
        text = self._rest + text
        cut = max(text.rfind(" "), text.rfind("\n"), text.rfind("\t"))
        self._rest = text[cut + 1 :]
        if len(self._rest) > 100:
            self._rest = self._rest[:40]
            self._numbers([self._rest])
        self._numbers(text[: cut + 1].split())

    def _end(self, tag: str) -> None:
        if tag.rpartition(" ")[2] == "grid_data":
            self._inside = False
            self._numbers(self._rest.split())
            self._rest = ""

    def _numbers(self, words: list[str]) -> None:
        if not words:
            return
        try:
            values = np.array(words, dtype=np.float64)
        except ValueError as error:
            raise SchemaError(
                f"{self.name}: grid_data: {error}"[:200], "numbers only are needed", TODO
            ) from error
        self._n_values += len(values)
        if self._n_values > MAX_NODES * max(len(self._fields), 1):
            raise TooLargeError(
                f"{self.name}: over {MAX_NODES:,} nodes", "a smaller grid is needed", TODO
            )
        self._chunks.append(values)

    def grid(self) -> ShakeMapGrid:
        """Put the nodes on the grid."""
        if not self._is_grid:
            raise UnreadableError(
                self.name,
                "XML of a ShakeMap grid (shakemap_grid) is needed",
                "take grid.xml, cont_mmi.json or mi.shp of the ShakeMap",
            )
        columns = {name: index - 1 for index, (name, _) in sorted(self._fields.items())}
        missing = [name for name in ("LON", "LAT") if name not in columns]
        if missing or sorted(self._fields) != list(range(1, len(self._fields) + 1)):
            raise SchemaError(
                f"{self.name}: fields {', '.join(columns) or 'none'}",
                "LON, LAT and an intensity, numbered from 1 on without gaps, are needed",
                TODO,
            )
        n_lon, n_lat = self._count("nlon"), self._count("nlat")
        if self._n_values != n_lon * n_lat * len(self._fields):
            raise SchemaError(
                f"{self.name}: {self._n_values:,} values of {len(self._fields)} fields",
                f"{n_lon} × {n_lat} nodes are announced, each with every field",
                "the file was cut short or altered: " + TODO,
            )
        table = np.concatenate(self._chunks).reshape(-1, len(self._fields))
        lon, column = self._axis(table[:, columns["LON"]], n_lon, "lon")
        lat, row = self._axis(table[:, columns["LAT"]], n_lat, "lat")
        place = (n_lat - 1 - row) * n_lon + column
        if len(np.unique(place)) != n_lon * n_lat:
            raise SchemaError(
                f"{self.name}: two lines for one node", "one line a node is needed", TODO
            )
        values = {}
        for name, index in columns.items():
            if name not in ("LON", "LAT"):
                field = np.empty(n_lon * n_lat)
                field[place] = table[:, index]
                values[name] = field.reshape(n_lat, n_lon)
        units = {name: unit.lower() for name, unit in self._fields.values()}
        return ShakeMapGrid(values=values, units=units, lon=lon, lat=lat[::-1], info=self._info())

    def _count(self, name: str) -> int:
        written = self._spec.get(name, "")
        count = int(written) if written.isascii() and written.isdigit() and len(written) < 8 else 0
        if not 2 <= count <= MAX_NODES:
            raise SchemaError(
                f"{self.name}: grid_specification with {name} {written!r}",
                "how many nodes there are, 2 or more, is needed",
                TODO,
            )
        return count

    def _axis(
        self, written: NDArray[np.float64], n_nodes: int, name: str
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Nodes of an axis from the lines themselves (the nominal spacing is rounded)."""
        limit = 180 if name == "lon" else 90
        low, high = float(np.min(written)), float(np.max(written))
        if not (np.isfinite(written).all() and -limit <= low < high <= limit):
            raise SchemaError(
                f"{self.name}: {name} from {low:g} to {high:g}",
                f"degrees within -{limit} to {limit} are needed",
                TODO,
            )
        step = (high - low) / (n_nodes - 1)
        index = np.rint((written - low) / step)
        # Coordinates are written with four decimals.
        if np.abs(written - (low + index * step)).max() > max(0.1 * step, 1e-4):
            raise SchemaError(
                f"{self.name}: {name} of some nodes lies between the {n_nodes} announced ones",
                "a regular grid is needed",
                TODO,
            )
        nodes: NDArray[np.float64] = low + np.arange(n_nodes, dtype=np.float64) * step
        return nodes, index.astype(np.int64)

    def _info(self) -> ShakeMapInfo:
        version = self._about.get("shakemap_version", "")
        return ShakeMapInfo(
            event_id=(self._about.get("event_id") or self._event.get("event_id", ""))[:100].strip(),
            version=int(version) if version.isascii() and version.isdigit() else None,
            made_at=moment_of(self._about.get("process_timestamp")),
            event_at=moment_of(self._event.get("event_timestamp")),
            magnitude=number_of(self._event.get("magnitude")),
            depth_km=number_of(self._event.get("depth")),
            lon=number_of(self._event.get("lon")),
            lat=number_of(self._event.get("lat")),
            description=self._event.get("event_description", "")[:200].strip(),
        )
