"""A situation: one home folder with its ledger, its archive and what was derived from them.

`Situation` is the one resource with a lifetime that the use cases share. Whatever it derives (the
places frame, the road graph …) is remembered under the hashes of what it was made from, so a
remembered value can never be stale: a new layer has another hash.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from zoneinfo import ZoneInfo

from dashboard.operations.one_moment import once
from data.archive import Archive
from data.events import (
    Event,
    NewEvent,
    OrganisationRegistered,
    Provenance,
    SituationAreaSet,
    SituationCreated,
)
from data.events.access import ACCESS_EVENTS
from data.events.field import LINK_EVENTS
from data.events.reports import REPORT_EVENTS
from data.store import Store
from geo.crs import working_crs
from geo.errors import InputError, NoSituationError, UnknownIdError, UnreadableError
from geo.model import new_id

if TYPE_CHECKING:
    from types import TracebackType

    import geopandas as gpd
    import pandas as pd

    from data.events import RecordedEvent
    from data.store.records import LayerRecord, RoadJoint
    from geo.model import VehicleClassName
    from geo.network import RoadTables
    from routing.engine import Engine
    from routing.graph import Graph
    from routing.vehicles import Catalogue, VehicleClass

logger = logging.getLogger(__name__)

Bounds = tuple[float, float, float, float]
Progress = Callable[[float, str], None]
Value = TypeVar("Value")

#: How far outside its area (degrees, about 11 km) a situation still takes places.
AREA_MARGIN_DEG = 0.1

REMEMBERED_VALUES = 24
#: Names the database of a situation whose ledger is on a server.
DATABASE_VARIABLE = "QAFILA_DATABASE_URL"


def silent(_share: float, _text: str) -> None:
    """Take progress and show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SituationInfo:
    """What every page and export says of the situation."""

    situation_id: str
    name: str
    notice: str
    drill: bool
    bounds: Bounds | None
    working_crs: str
    timezone: str
    plays_at: datetime | None


class Situation:
    """An open situation; close it, or use it in a ``with`` block."""

    def __init__(self, home: Path, store: Store) -> None:
        self.home = home
        self.store = store
        self.archive = Archive(home / "archive")
        self._remembered: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._lock = threading.RLock()

    @classmethod
    def create(
        cls,
        home: Path,
        *,
        name: str,
        bounds: Bounds | None = None,
        timezone: str = "UTC",
        notice: str = "",
        drill: bool = False,
        plays_at: datetime | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> Self:
        """Begin a new situation in `home`; raises `InputError` if there is one already."""
        if database_address() is None and (home / "situation.sqlite").exists():
            raise InputError(
                str(home), "a folder without a situation is needed", "choose another --home"
            )
        _require_timezone(timezone)
        home.mkdir(parents=True, exist_ok=True)
        created = SituationCreated(
            situation_id=new_id("situation"),
            name=name,
            bounds=bounds,
            working_crs=working_crs(bounds) if bounds else "",
            timezone=timezone,
            notice=notice,
            drill=drill,
            plays_at=plays_at,
        )
        return cls(home, Store.create(_store_url(home), created, clock=clock or utc_now))

    @classmethod
    def open(cls, home: Path) -> Self:
        """Open the situation in `home`; raises `NoSituationError` if there is none."""
        if database_address() is None and not (home / "situation.sqlite").exists():
            raise NoSituationError(
                str(home),
                "there is no situation here",
                "begin one with `qafila init --home …`, or see the drill with `qafila demo`",
            )
        return cls(home, Store.open(_store_url(home)))

    def close(self) -> None:
        """Release the store; the situation cannot be used afterwards."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- what it says of itself ---

    def seq(self) -> int:
        """Give the number of the last event: the version of everything."""
        return self.store.seq()

    def picture_seq(self) -> int:
        """Give the last event that a map or a plan shows anything of: not that somebody came in."""
        return self.store.seq_besides(ACCESS_EVENTS | LINK_EVENTS | REPORT_EVENTS)

    def info(self) -> SituationInfo:
        """Say what every page and export shows."""
        row = once(self, "info", self.store.situation)
        return SituationInfo(
            situation_id=row.situation_id,
            name=row.name,
            notice=row.notice,
            drill=row.drill,
            bounds=row.bounds,
            working_crs=row.working_crs,
            timezone=row.timezone,
            plays_at=row.plays_at,
        )

    def now(self) -> datetime:
        """Give the moment that counts as now: the one a drill plays at, else the clock's."""
        return self.info().plays_at or utc_now()

    def aware(self, moment: datetime | None) -> datetime | None:
        """Give a moment in UTC; one without a zone is in the situation's own."""
        if moment is None:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.info().timezone))
        return moment.astimezone(UTC)

    def crs(self) -> str:
        """Give the projected working CRS; raises `InputError` while no layer told the area."""
        if crs := self.info().working_crs:
            return crs
        raise InputError(
            "this situation", "an area is needed", "load places or roads first (`qafila load`)"
        )

    def record(
        self,
        payloads: Sequence[Event],
        *,
        organisation_id: str | None = None,
        provenance: Sequence[Provenance | None] | None = None,
        reported_at: Sequence[datetime | None] | None = None,
    ) -> list[RecordedEvent]:
        """Append events in one transaction."""
        origins = provenance or [None] * len(payloads)
        moments = reported_at or [None] * len(payloads)
        return self.store.append(
            [
                NewEvent(
                    payload=payload,
                    organisation_id=organisation_id,
                    provenance=origin,
                    reported_at=moment,
                )
                for payload, origin, moment in zip(payloads, origins, moments, strict=True)
            ]
        )

    def area_event(self, bounds: Bounds) -> list[Event]:
        """Give the event by which a layer tells the area or widens it, or none if it does neither.

        The working CRS is chosen once: figures made earlier stay comparable.
        """
        info = self.info()
        if info.bounds is None:
            return [SituationAreaSet(bounds=bounds, working_crs=working_crs(bounds))]
        west, south, east, north = info.bounds
        wider = (
            min(west, bounds[0]),
            min(south, bounds[1]),
            max(east, bounds[2]),
            max(north, bounds[3]),
        )
        if wider == tuple(info.bounds):
            return []
        return [SituationAreaSet(bounds=wider, working_crs=info.working_crs)]

    def organisation(self, name_or_id: str) -> tuple[str, list[Event]]:
        """Find an organisation by id or name; an unknown one is registered as pending."""
        wanted = name_or_id.strip()
        if not wanted:
            raise InputError("--org", "the name of an organisation is needed", "give it")
        for known in self.store.organisations():
            if wanted in (known.organisation_id, known.name):
                return known.organisation_id, []
        if wanted.startswith("organisation:"):
            raise UnknownIdError(wanted, "no such organisation here", "give its name instead")
        fresh = OrganisationRegistered(organisation_id=new_id("organisation"), name=wanted)
        return fresh.organisation_id, [fresh]

    # --- vehicle classes ---

    def vehicle_classes(self) -> dict[VehicleClassName, VehicleClass]:
        """Give the classes that travel on roads, with what this situation's cell knows better."""
        return self.vehicle_catalogue().ground

    def vehicle_catalogue(self) -> Catalogue:
        """Give all vehicle classes, what flies too, as this situation's cell knows them."""
        from routing.vehicles import catalogue

        changes = self.store.vehicle_changes()
        return self.remember(
            ("vehicle classes",), lambda: catalogue(changes=[one.changes for one in changes])
        )

    def _vehicles_stamp(self) -> tuple[str, ...]:
        changes = once(self, "vehicle changes", self.store.vehicle_changes)
        return tuple(one.change_id for one in changes)

    # --- what is derived ---

    def remember(self, key: tuple[object, ...], make: Callable[[], Value]) -> Value:
        """Give the value made earlier under `key`, or make and keep it.

        Nothing is given that was made with vehicle classes other than those of now.
        """
        key = (self._vehicles_stamp(), *key)
        with self._lock:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                value: Value = self._remembered[key]
                return value
            value = make()
            self._remembered[key] = value
            while len(self._remembered) > REMEMBERED_VALUES:
                self._remembered.popitem(last=False)
            return value

    def places(self) -> gpd.GeoDataFrame:
        """Give all places of all layers, each once (`dashboard.operations.register`).

        An empty frame with the documented columns where none were loaded. Read-only: callers copy.
        """
        from dashboard.operations.register import register

        return register(self).places

    def place_layers(self) -> list[gpd.GeoDataFrame]:
        """Give the places of each layer as it was loaded, the oldest first."""
        import geopandas as gpd

        return [
            gpd.read_parquet(self.archive.path(layer.files["places"]))
            for layer in self.store.layers("places")
        ]

    def places_key(self) -> str:
        """Give a text that changes with what the register of places is made from."""

        def read() -> str:
            added = ",".join(f"{one.place_id}@{one.seq}" for one in self.store.added_places())
            return f"{self.layer_key('places')}/{self.layer_key('boundaries')}/{added}"

        return once(self, "places", read)

    def current_place(self, place_id: str) -> str:
        """Give the id that a place has now: another than before, where two lists turned out one."""
        return self.current_places()(place_id)

    def current_places(self) -> Callable[[str], str]:
        """Give what `current_place` asks, for many places: the register is looked up once."""
        from dashboard.operations.register import register

        current = register(self).current
        return lambda place_id: current.get(place_id, place_id)

    def former_places(self, place_ids: Collection[str]) -> list[str]:
        """Give the ids that places have now and those that they had, as what is told names them."""
        from dashboard.operations.register import register

        current = register(self).current
        wanted = {current.get(one, one) for one in place_ids}
        return sorted(wanted | {old for old, new in current.items() if new in wanted})

    def building_shares(self) -> pd.DataFrame | None:
        """Give the shares of building typologies, a row a place in the order of `places`.

        From tables that came with places and from those of communes, the newest that speaks of a
        place; NaN where none does, None where none speaks of any: the documented default is used
        then. `basis` says who says so.
        """
        import pandas as pd

        from geo.vulnerability import TYPOLOGIES

        by_place = [one for one in self.store.layers("places") if "building_shares" in one.files]
        by_commune = self.store.layers("building_stock")
        layers = sorted([*by_place, *by_commune], key=lambda layer: layer.seq)
        if not layers:
            return None

        def make() -> pd.DataFrame:
            places = self.places()
            columns = [*TYPOLOGIES, "basis"]
            shares = pd.DataFrame(index=places.index, columns=columns).astype(
                {name: "float64" for name in TYPOLOGIES}
            )
            for layer in layers:
                mine = "building_shares" if layer.kind == "places" else "stock"
                table = pd.read_parquet(self.archive.path(layer.files[mine]))
                key = (
                    ("place_id", "place_id")
                    if layer.kind == "places"
                    else ("commune_code", "unit_id")
                )
                if layer.kind == "places":
                    now = table["place_id"].map(self.current_places())
                    table = table.assign(place_id=now).drop_duplicates("place_id")
                found = table.set_index(key[1]).reindex(places[key[0]]).set_axis(places.index)
                told = found.notna().all(axis=1)
                # A table that names some typologies has none of the others.
                found = found.reindex(columns=list(TYPOLOGIES)).fillna(0.0)
                found["basis"] = layer.source.name
                if "basis" in table:
                    found["basis"] = table["basis"].iloc[0]
                shares.loc[told, columns] = found.loc[told, columns]
            return shares

        shares = self.remember(
            (
                "building shares",
                self.places_key(),
                *(one.layer_id for one in layers),
            ),
            make,
        )
        return None if shares["basis"].isna().all() else shares

    def boundaries(self) -> gpd.GeoDataFrame:
        """Give the units of all boundary layers; an empty frame where none were loaded."""
        from geo.boundaries import empty_boundaries

        return self._frames("boundaries", "boundaries", empty_boundaries)

    def damage_points(self) -> gpd.GeoDataFrame:
        """Give all graded points of all layers, unmerged; an empty frame where none."""
        from geo.damage import empty_points

        return self._frames("damage_points", "points", empty_points)

    def analysed_areas(self) -> gpd.GeoDataFrame | None:
        """Give the areas that analysts looked at, or None where no such layer is loaded."""
        from geo.damage import empty_points
        from geo.sightings import in_force

        found = in_force(self._frames("analysed_area", "areas", empty_points))
        return None if found.empty else found

    def graded_roads(self) -> gpd.GeoDataFrame:
        """Give each road that analysts graded once, with the word of its latest survey.

        `proposal` says which of them to close or to check; an empty frame where none are loaded.
        """
        from geo.graded_roads import empty_roads, roads_in_force

        return roads_in_force(self._frames("graded_roads", "roads", empty_roads))

    def shakemap(self) -> gpd.GeoDataFrame | None:
        """Give the bands of the shakemaps in force (`shakemaps_in_force`), or None."""
        import geopandas as gpd
        import pandas as pd

        layers = shakemaps_in_force(self.store.layers("shakemap"))
        if not layers:
            return None

        def make() -> gpd.GeoDataFrame:
            frames = [gpd.read_parquet(self.archive.path(one.files["shakemap"])) for one in layers]
            return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)

        return self.remember(("shakemap", *(one.layer_id for one in layers)), make)

    def elevation(self) -> Path | None:
        """Give the newest elevation raster, or None."""
        layers = self.store.layers("elevation")
        return self.archive.path(layers[-1].files["elevation"]) if layers else None

    def population(self) -> Path | None:
        """Give the newest raster of people per cell, or None."""
        layers = self.store.layers("population")
        return self.archive.path(layers[-1].files["population"]) if layers else None

    def footprints(self) -> gpd.GeoDataFrame:
        """Give the outlines of buildings of all layers; an empty frame where none are loaded."""
        from geo.damage import empty_points

        return self._frames("footprints", "footprints", empty_points)

    def hint_layer(self) -> LayerRecord | None:
        """Give the newest hint of which no picture and no footprint was taken back, or None."""
        held = {layer.layer_id for layer in self.store.layers()}
        layers = [
            layer
            for layer in self.store.layers("hint")
            if held.issuperset(layer.details.get("made_from", ()))
        ]
        return layers[-1] if layers else None

    def hints(self) -> gpd.GeoDataFrame | None:
        """Give the newest hint, a row a compared footprint, or None."""
        import geopandas as gpd

        newest = self.hint_layer()
        if newest is None:
            return None
        return self.remember(
            ("hint", newest.layer_id),
            lambda: gpd.read_parquet(self.archive.path(newest.files["hint"])),
        )

    def roads(self) -> RoadTables:
        """Give the newest road tables, draped over the elevation where there is one.

        Kept on disk in a form that another process opens without reading it.
        """
        from geo.network import drape, read_road_tables
        from geo.road_store import FORMAT, open_mapped_roads, write_mapped_roads

        layers = self.store.layers("roads")
        if not layers:
            raise InputError(
                "this situation", "a road network is needed", "load one: `qafila load roads FILE`"
            )
        elevations = self.store.layers("elevation")
        joints = [one for one in self.store.road_joints() if one.layer_id == layers[-1].layer_id]
        key = self.roads_key()

        def write(folder: Path) -> None:
            drawn = folder / "drawn"
            drawn.mkdir()
            self._joined(layers[-1].files, joints)(drawn)
            tables = read_road_tables(drawn)
            shutil.rmtree(drawn)
            if elevations:
                tables = drape(tables, self.archive.path(elevations[-1].files["elevation"]))
            write_mapped_roads(tables, folder)

        def make() -> RoadTables:
            name = f"roads-{key}-{FORMAT}"
            try:
                return open_mapped_roads(self.kept(name, write))
            except UnreadableError as error:
                logger.warning("%s; it is made anew", error)
                shutil.rmtree(self.home / "cache" / name, ignore_errors=True)
            return open_mapped_roads(self.kept(name, write))

        return self.remember(("roads", key), make)

    def graph(self) -> Graph:
        """Give the routing graph of `roads`; it is kept on disk, so another process opens it."""
        from routing.graph import build_graph
        from routing.graph_store import read_graph, write_graph

        key = self.roads_key()

        def make() -> Graph:
            kept = self.home / "cache" / f"graph-{key}"
            if kept.exists():
                try:
                    return read_graph(kept, key=key)
                except UnreadableError as error:
                    logger.warning("%s; it is made anew", error)
            graph = build_graph(self.roads())
            try:
                write_graph(graph, kept, key=key)
            except OSError as error:
                logger.warning("the graph is not kept for the next start: %s", error)
            return graph

        if not self.store.layers("roads"):
            self.roads()  # says what to do
        return self.remember(("graph", key), make)

    def engine(self, say: Callable[[str], None] | None = None) -> Engine:
        """Give what finds ways in `graph`, prepared once for each network and kept in the home.

        Parameters
        ----------
        say
            Called with one line before work that takes long; else the log gets it as a warning.
        """
        from routing.engine import ENGINE_VARIABLE, engine_named, make_engine

        name, graph = engine_named(os.environ.get(ENGINE_VARIABLE, "")), self.graph()
        kept = self.home / "cache" / "hierarchy"
        return self.remember(
            ("engine", self.roads_key(), name),
            lambda: make_engine(graph, kept, name=name, say=say or logger.warning),
        )

    def roads_key(self) -> str:
        """Give a short text that changes whenever the draped roads change."""
        roads = self.store.layers("roads")
        elevations = self.store.layers("elevation")
        layer_id = roads[-1].layer_id if roads else ""
        joints = [one for one in self.store.road_joints() if one.layer_id == layer_id]
        drawn = _drawn_key(roads[-1].files, joints) if roads else "none"
        draped = elevations[-1].files["elevation"][:16] if elevations else "flat"
        return f"{drawn}-{draped}"

    def _frames(
        self, kind: str, file: str, empty: Callable[[], gpd.GeoDataFrame]
    ) -> gpd.GeoDataFrame:
        import geopandas as gpd
        import pandas as pd

        layers = self.store.layers(kind)

        def make() -> gpd.GeoDataFrame:
            if not layers:
                return empty()
            frames = [gpd.read_parquet(self.archive.path(layer.files[file])) for layer in layers]
            for frame, layer in zip(frames, layers, strict=True):
                frame["layer_id"] = layer.layer_id
            return gpd.GeoDataFrame(
                pd.concat(frames, ignore_index=True), geometry="geometry", crs="EPSG:4326"
            )

        return self.remember((kind, *(layer.layer_id for layer in layers)), make)

    def _unpack(self, files: dict[str, str]) -> Callable[[Path], None]:
        def write(folder: Path) -> None:
            for name, ref in files.items():
                shutil.copyfile(self.archive.path(ref), folder / f"{name}.parquet")

        return write

    def _joined(self, files: dict[str, str], joints: Sequence[RoadJoint]) -> Callable[[Path], None]:
        """Give what writes a road network with the gaps joined that somebody joined."""
        unpack = self._unpack(files)
        if not joints:
            return unpack

        def write(folder: Path) -> None:
            from dashboard.operations.road_gaps import with_joints
            from geo.network import read_road_tables, write_road_tables

            unpack(folder)
            joined = with_joints(read_road_tables(folder), joints, crs=self.crs())
            for file in folder.iterdir():
                file.unlink()
            write_road_tables(joined, folder)

        return write

    def kept(self, name: str, write: Callable[[Path], None]) -> Path:
        """Give a folder of derived files, written once; another process may write it meanwhile."""
        kept = self.home / "cache" / name
        if kept.exists():
            return kept
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as unfinished:
            made = Path(unfinished) / "made"
            made.mkdir()
            write(made)
            try:
                made.rename(kept)
            except OSError:
                # The other process was first, with the same content: its folder serves.
                if not kept.exists():
                    raise
        return kept

    def layer_key(self, kind: str) -> str:
        """Give a text that changes with the layers of a kind."""
        return ",".join(layer.layer_id for layer in self.store.layers(kind))


def shakemaps_in_force(layers: Sequence[LayerRecord]) -> list[LayerRecord]:
    """Give the shakemaps that count: of every earthquake the highest version, loaded last.

    An older version that is loaded later changes nothing; an aftershock adds to the main shock. A
    map that does not say of which earthquake it is counts alone, and only as long as it is the
    newest of all: it may be of the same one.
    """
    if not layers:
        return []
    if not layers[-1].details.get("event_id"):
        return [layers[-1]]
    best: dict[str, LayerRecord] = {}
    for layer in layers:
        event = str(layer.details.get("event_id") or "")
        if event and (event not in best or _version(layer) >= _version(best[event])):
            best[event] = layer
    return sorted(best.values(), key=lambda layer: layer.seq)


def _version(layer: LayerRecord) -> int:
    version = layer.details.get("version")
    return version if isinstance(version, int) else 0


def _drawn_key(files: dict[str, str], joints: Sequence[RoadJoint]) -> str:
    """Give a short text for a road network: two may differ in their turns or joints only."""
    turns = files.get("turns", "")
    key = files["edges"][:16] + (f"-{turns[:8]}" if turns else "")
    if not joints:
        return key
    said = "\n".join(one.joint_id for one in joints)
    return f"{key}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def utc_now() -> datetime:
    """Give the present moment, aware, in UTC."""
    return datetime.now(UTC)


def database_address() -> str | None:
    """Give the address in QAFILA_DATABASE_URL; None where the ledger lies in the home's file.

    It may hold a password: never show it.
    """
    return os.environ.get(DATABASE_VARIABLE, "").strip() or None


def file_address(home: Path) -> str:
    """Give the address of the home's own file."""
    return f"sqlite:///{home / 'situation.sqlite'}"


def _store_url(home: Path) -> str:
    return database_address() or file_address(home)


def _require_timezone(name: str) -> None:
    from zoneinfo import ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(
            f"--timezone {name!r}", "a zone such as Africa/Casablanca is needed", "correct it"
        ) from error
