"""A small valley for tests of the page, and a desk that holds it in memory.

::

    Imlil --e4-- Asni(depot) --e1-- Ouirgane --e2-- Ijoukak --e3-- Tinmel
                                        \\--t1 (track)-- Azgour

Every edge takes 600 s. A place is reached if the way to it is open, so everything here can be
checked by hand: closing e2 cuts off Ijoukak and Tinmel and nothing else.
"""

from __future__ import annotations

import copy
import itertools
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.transform import from_bounds
from shapely.geometry import LineString, MultiLineString, Point, box

from dashboard.desk import Layer, OwnOrganisation, Progress
from dashboard.operations.advising import Advice
from dashboard.operations.past import Known
from dashboard.operations.picture import Picture
from dashboard.operations.receiving import Received
from dashboard.operations.road_picking import road_near, road_piece
from dashboard.operations.roads import HINDERING, contradictions
from dashboard.operations.situation import SituationInfo
from dashboard.operations.tiles import RasterLayer
from dashboard.operations.vector_layers import FAR_ZOOM, VectorLayer, VectorSource, road_sources
from data.store.records import LayerRecord, UploadRecord
from data.who_does_what import ACTIVITY_COLUMNS, gaps, overlaps, presence
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import Closure, Depot, Source, StockLine, Vehicle
from geo.network import RoadTables
from geo.raster_tiles import Paint, tile_png
from tests.geo.raster_files import write_tif

NOON = datetime(2023, 9, 10, 12, 0, tzinfo=UTC)
BOUNDS = (-8.30, 30.95, -7.85, 31.32)
RELIEF_KEY = "5" * 64
CRS = "EPSG:32629"
NOTICE = "drill: places real; roads schematic; damage, needs, stock and people simulated"
HOSTILE = '<img src=x onerror="window.broken=1"> [x](javascript:alert(1)) \u202eevil'

# name, Arabic, lon, lat, evidence, destroyed, damaged, people, affected, needs, way from the depot
PLACES: tuple[tuple[Any, ...], ...] = (
    ("Asni", "أسني", -7.980, 31.250, "damage_seen", 0, 40, 1900.0, 420.0, {"tent": 80}, ()),
    ("Imlil", "إمليل", -7.918, 31.136, "no_visible_damage", 0, 0, 800.0, 0.0, {}, ("e4",)),
    (
        "Ouirgane",
        "ويركان",
        -8.079,
        31.173,
        "damage_seen",
        12,
        60,
        1100.0,
        700.0,
        {"tent": 120, "blanket": 500},
        ("e1",),
    ),
    (
        "Ijoukak",
        "إيجوكاك",
        -8.164,
        30.996,
        "damage_seen",
        30,
        25,
        600.0,
        590.0,
        {"tent": 90},
        ("e1", "e2"),
    ),
    (
        "Tinmel",
        "تينمل",
        -8.228,
        30.985,
        "damage_seen",
        55,
        10,
        240.0,
        240.0,
        {"tent": 40},
        ("e1", "e2", "e3"),
    ),
    ("Azgour", "أزكور", -8.290, 31.160, "not_assessed", 0, 0, np.nan, np.nan, {}, ("e1", "t1")),
    (HOSTILE, "", -8.010, 31.060, "not_assessed", 0, 0, 60.0, np.nan, {}, ("nowhere",)),
)
AMAZIGH = {"Imlil": "ⵉⵎⵍⵉⵍ", "Asni": "ⴰⵙⵏⵉ"}

EDGES: tuple[tuple[Any, ...], ...] = (
    ("e1", "R203", "secondary", "asphalt", [(-7.980, 31.250), (-8.020, 31.225), (-8.079, 31.173)]),
    ("e2", "R203", "secondary", "asphalt", [(-8.079, 31.173), (-8.110, 31.080), (-8.164, 30.996)]),
    ("e3", "R203", "secondary", "asphalt", [(-8.164, 30.996), (-8.200, 30.992), (-8.228, 30.985)]),
    ("e4", "P2005", "tertiary", "asphalt", [(-7.980, 31.250), (-7.935, 31.190), (-7.918, 31.136)]),
    ("t1", "", "track", "gravel", [(-8.079, 31.173), (-8.180, 31.185), (-8.290, 31.160)]),
    ("f1", "", "path", "", [(-7.918, 31.136), (-7.900, 31.100)]),
)
EDGE_TIME_S = 600.0


def place_id(name: str) -> str:
    """Id of a place of the valley."""
    return f"place:{'hostile' if name == HOSTILE else name.lower()}"


def make_edges() -> gpd.GeoDataFrame:
    """Road edges with the columns that the page reads."""
    frame = gpd.GeoDataFrame(
        {
            "edge_id": [f"drill:{edge[0]}" for edge in EDGES],
            "name": ["" for _ in EDGES],
            "ref": [edge[1] for edge in EDGES],
            "highway": [edge[2] for edge in EDGES],
            "surface": [edge[3] for edge in EDGES],
        },
        geometry=[LineString(edge[4]) for edge in EDGES],
        crs="EPSG:4326",
    )
    frame["length_m"] = frame.to_crs(CRS).length
    return frame


def make_info(**changes: Any) -> SituationInfo:
    """Who the valley is."""
    values: dict[str, Any] = {
        "situation_id": "situation:valley",
        "name": "Valley of Nfis",
        "notice": NOTICE,
        "drill": True,
        "bounds": BOUNDS,
        "working_crs": CRS,
        "timezone": "Africa/Casablanca",
        "plays_at": NOON,
    }
    return SituationInfo(**(values | changes))


def make_vehicles() -> list[Vehicle]:
    """One truck, at home at the one depot."""
    return [
        Vehicle(
            vehicle_id="vehicle:T-1",
            vehicle_class="truck",
            depot_id="depot:asni",
            capacity_kg=10_000.0,
            capacity_m3=36.0,
        )
    ]


def make_picture(
    *,
    seq: int = 10,
    closures: Sequence[Closure] = (),
    plan: dict[str, Any] | None = None,
    at: datetime = NOON,
    names: dict[str, str] | None = None,
) -> Picture:
    """The valley as a picture; `names` renames places by their first name."""
    told = closures
    closures = [one for one in told if one.state in HINDERING]
    shut = {edge for closure in closures if closure.holds_at(at) for edge in closure.edges}
    rows = []
    for (
        name,
        arabic,
        lon,
        lat,
        evidence,
        destroyed,
        damaged,
        people,
        affected,
        needs,
        way,
    ) in PLACES:
        known_way = "nowhere" not in way
        blocked = [edge for edge in way if f"drill:{edge}" in shut]
        reached = known_way and not blocked
        rows.append(
            {
                "place_id": place_id(name),
                "name": (names or {}).get(name, name),
                "name_ar": arabic,
                "name_zgh": AMAZIGH.get(name, ""),
                "commune": "Asni" if lat > 31.1 else "Ijoukak",
                "people": people,
                "destroyed": destroyed,
                "damaged": damaged,
                "possibly_damaged": 0,
                "no_visible_damage": 20 if evidence == "no_visible_damage" else 0,
                "assessed": evidence != "not_assessed",
                "people_affected": affected,
                "affected": affected,
                "priority": 0.0 if np.isnan(affected) else affected,
                "needs": needs,
                "sources": "" if evidence == "not_assessed" else "UNOSAT (2023-09-12)",
                "evidence_state": evidence,
                "reach_status": "reachable"
                if reached
                else "cut_off"
                if known_way
                else "not_on_network",
                "reach_reason": f"road closed: drill:{blocked[0]}" if blocked else "",
                "travel_time_s": EDGE_TIME_S * len(way) if reached else np.nan,
                "geometry": Point(lon, lat),
            }
        )
    places = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    places["reach_truck"] = places["reach_pickup"] = places["reach_status"]
    cut_off = int((places["reach_status"] == "cut_off").sum())
    return Picture(
        seq=seq,
        made_at=at,
        notice=NOTICE,
        places=places,
        depots=[Depot(depot_id="depot:asni", name="Asni souk", lon=-7.977, lat=31.247)],
        stock=[StockLine(depot_id="depot:asni", item_id="tent", quantity=500.0)],
        vehicles=make_vehicles(),
        volunteers_by_place={place_id("Ouirgane"): 7, place_id("Imlil"): 3},
        closures=list(closures),
        road_reports=[one for one in told if one.state not in HINDERING],
        contradicted=contradictions(told, at=at),
        closure_lines=closure_lines(closures),
        plan=plan,
        plan_is_old=False,
        convoy_lines=convoy_lines(plan),
        sources=[
            {"name": "UNOSAT, graded damage points", "at": datetime(2023, 9, 12, tzinfo=UTC)},
            {"name": "Drill road net", "at": None},
        ],
        totals={
            "places": len(places),
            "not_assessed": int((places["evidence_state"] == "not_assessed").sum()),
            "people_affected": float(places["affected"].sum()),
            "places_affected_unknown": int(places["affected"].isna().sum()),
            "cut_off_truck": cut_off,
            "cut_off_pickup": cut_off,
            **({"unserved": len(plan["unserved"])} if plan else {}),
        },
    )


def closure_lines(closures: Sequence[Closure]) -> gpd.GeoDataFrame:
    """Lines of closures as `operations` gives them."""
    edges = make_edges().set_index("edge_id")
    rows = [
        {
            "closure_id": closure.closure_id,
            "state": closure.state,
            "classes": list(closure.classes),
            "road": ", ".join(sorted(set(edges.loc[list(closure.edges), "ref"]) - {""})),
            "source": closure.source,
            "reason": closure.reason,
            "since": closure.since,
            "until": closure.until,
            "confidence": closure.confidence,
            "geometry": MultiLineString(list(edges.loc[list(closure.edges)].geometry)),
        }
        for closure in closures
    ]
    columns = [
        "closure_id", "state", "classes", "road", "source", "reason", "since", "until",
        "confidence", "geometry",
    ]  # fmt: skip
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs="EPSG:4326")


def make_plan(picture: Picture, *, plan_id: str = "plan:1") -> dict[str, Any]:
    """One truck to each place that needs something and is reached; the rest is unserved."""
    convoys, unserved = [], []
    for row in picture.places.to_dict("records"):
        if not row["needs"]:
            continue
        if row["reach_status"] != "reachable":
            unserved += [
                {"place_id": row["place_id"], "item": item, "quantity": quantity, "code": "no_road",
                 "reason": "cut off: " + row["reach_reason"],
                 "limits": {"text": "of 1 vehicles 1 have no road there and back"},
                 "helps": [{"text": "open the road: 90 more"}]}
                for item, quantity in row["needs"].items()
            ]  # fmt: skip
            continue
        convoys.append(
            {
                "convoy_id": f"convoy:{row['place_id'].partition(':')[2]}",
                "vehicle_id": "vehicle:T-1",
                "vehicle_name": "Lorry 1",
                "trip": len(convoys) + 1,
                "vehicle_class": "truck" if "tent" in row["needs"] else "pickup",
                "depot_id": "depot:asni",
                "departs_at": "2023-09-10T13:00:00+00:00",
                "returns_at": "2023-09-10T15:30:00+00:00",
                "load_kg": 2_500.0,
                "load_m3": 9.0,
                "stops": [
                    {"place_id": row["place_id"], "arrives_at": "2023-09-10T14:00:00+00:00",
                     "deliver": dict(row["needs"]), "why": {"text": "first of all: most in need"}}
                ],
                "length_m": 12_000.0,
                "duration_s": 2 * row["travel_time_s"],
            }
        )  # fmt: skip
    return {
        "plan_id": plan_id,
        "seed": 1,
        "convoys": convoys,
        "unserved": unserved,
        "score": {"weighted_arrival": 1.0, "served_share": 0.9, "worst_commune_share": 0.5},
        "commune_shares": {"Asni": 1.0, "Ijoukak": 0.25},
    }


def make_assessment(picture: Picture) -> dict[str, Any]:
    """What the picture shows, as the JSON of `assess`."""
    places = []
    for row in picture.places.to_dict("records"):
        seen = row["evidence_state"] != "not_assessed"
        posterior = {"low": 0.4, "value": 0.5, "high": 0.6} if seen else None
        places.append(
            {
                "place_id": row["place_id"],
                "name": row["name"],
                "commune": row["commune"],
                "priority": row["priority"],
                "buildings": {
                    grade: row[grade]
                    for grade in ("destroyed", "damaged", "possibly_damaged", "no_visible_damage")
                },
                "assessed": seen,
                "assessed_share": 0.8 if seen else 0.0,
                "covered_by": [{"source": "UNOSAT area", "share": 0.8, "at": NOON.isoformat()}]
                if seen
                else [],
                "facilities": [{"object": "Mosque", "grade": "destroyed", "source": "UNOSAT"}]
                if row["name"] == "Tinmel"
                else [],
                "damage": {
                    "prior": {"hit": {"low": 0.1, "value": 0.3, "high": 0.7}},
                    "posterior": {"hit": posterior} if posterior else {},
                },
                "hint": None,
                "evidence": "looked at by analysts, damage seen" if seen else "not looked at",
                "sources": [{"name": "UNOSAT", "at": NOON.isoformat()}],
            }
        )
    return {
        "made_at": NOON.isoformat(),
        "places": places,
        "totals": {
            "sightings": 120, "buildings_merged": 100, "disagreeing": 3, "destroyed": 97,
            "damaged": 135, "possibly_damaged": 0, "affected": 1950.0, "affected_low": 1500.0,
            "affected_high": 2200.0, "places_not_assessed": 2,
        },
    }  # fmt: skip


def convoy_lines(plan: dict[str, Any] | None) -> gpd.GeoDataFrame:
    """Lines of convoys as `operations` gives them."""
    edges = make_edges().set_index("edge_id").geometry
    ways = {place_id(place[0]): place[-1] for place in PLACES}
    rows = []
    for number, convoy in enumerate((plan or {}).get("convoys", []), start=1):
        way = ways[convoy["stops"][0]["place_id"]]
        lines = [edges[f"drill:{edge}"] for edge in way]
        rows.append(
            {
                "convoy_id": convoy["convoy_id"],
                "vehicle_class": convoy["vehicle_class"],
                "label": f"Convoy {number}",
                "geometry": MultiLineString(lines) if lines else None,
            }
        )
    columns = ["convoy_id", "vehicle_class", "label", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs="EPSG:4326")


@lru_cache(maxsize=1)
def relief_file() -> Path:
    """A relief of the valley: grey that grows lighter to the east."""
    path = Path(tempfile.mkdtemp()) / "relief.tif"
    values = np.tile(np.arange(100, 200, dtype=np.uint8), (100, 1))
    west, south, east, north = BOUNDS
    return write_tif(
        path, values, transform=from_bounds(west, south, east, north, 100, 100), nodata=0
    )


@lru_cache(maxsize=1)
def tile_folder() -> Path:
    """Where the tiles of the valley lie."""
    return Path(tempfile.mkdtemp())


class ValleyDesk:
    """The desk of the valley: closures and plans in memory, the rest from the tables above."""

    def __init__(
        self,
        *,
        info: SituationInfo | None = None,
        plan_takes_s: float = 0.0,
        more_edges: int = 0,
    ) -> None:
        self._edges = make_edges()
        if more_edges:
            fan = many_edges(more_edges)
            self._edges = gpd.GeoDataFrame(
                pd.concat([self._edges, fan], ignore_index=True), crs="EPSG:4326"
            )
        self._tables = RoadTables(
            nodes=pd.DataFrame(), edges=self._edges, source=Source(name="valley")
        )
        self._info = info or make_info()
        self._closures: list[Closure] = []
        self._plan: dict[str, Any] | None = None
        self._plans: list[dict[str, Any]] = []
        self.asked: dict[str, Any] = {}
        self.given: list[tuple[str, str]] = []
        self.past: Known | None = None
        self.assessed = True
        self.locked: set[str] = set()
        self.heard: list[dict[str, Any]] = []
        self.linked: set[str] = set()
        self.open: set[str] = set()
        self.forbidden: set[str] = set()
        self.broken: set[str] = set()
        self.joints: list[dict[str, Any]] = []
        self.activities: list[tuple[Any, ...]] = []
        self._seq = 10
        self._ids = itertools.count(1)
        self._plan_takes_s = plan_takes_s
        self._lock = threading.RLock()
        self._drawn: tuple[int, Picture] | None = None
        self._names: dict[str, str] = {}
        self.clock = NOON

    def upload(self, kind: str, name: str, content: bytes, **options: Any) -> Received:
        """The valley keeps no tables: the page of uploads is tested with a real situation."""
        raise RuleError(name, f"a situation that keeps tables of {kind}", "use a real one")

    def stock_and_money(self) -> dict[str, Any]:
        """The valley keeps no stock: the page of stock is tested with a real situation."""
        raise RuleError("stock of the valley", "a situation that keeps stock", "use a real one")

    def book_stock(self, handling: str, fields: Any, **_options: Any) -> dict[str, Any]:
        return self.stock_and_money()

    def report_delivery(self, fields: Any, **_options: Any) -> dict[str, Any]:
        return self.stock_and_money()

    def undo_stock(self, slip_id: str) -> dict[str, Any]:
        return self.stock_and_money()

    def ledger_head(self) -> dict[str, Any]:
        """The valley keeps no ledger: its page is tested with a real situation."""
        raise RuleError("ledger of the valley", "a situation that keeps one", "use a real one")

    def verify_ledger(self, **_options: Any) -> dict[str, Any]:
        return self.ledger_head()

    def prove_event(self, event: str, *, against: str = "") -> dict[str, Any]:
        return self.ledger_head()

    def access_overview(self) -> dict[str, Any]:
        """The valley has no accounts: their page is tested with a real situation."""
        raise RuleError("accounts of the valley", "a situation that has some", "use a real one")

    def manage_access(self, action: str, fields: Any) -> dict[str, Any]:
        return self.access_overview()

    def sheet_template(self, kind: str, form: str, *, tongue: str) -> tuple[str, bytes]:
        """The valley gives no templates: they are tested with a real situation."""
        raise RuleError("templates of the valley", "a situation that has some", "use a real one")

    def shared_file(self, table: str, form: str, *, tongue: str) -> tuple[str, bytes]:
        return self.sheet_template(table, form, tongue=tongue)

    def group_counts(self, place_id: str) -> list[dict[str, Any]]:
        """Nobody counted groups of people."""
        return []

    def exact_group_counts(self, place_id: str) -> list[dict[str, Any]]:
        """Nobody counted groups of people."""
        return []

    def count_group(self, **_said: Any) -> dict[str, Any]:
        """The valley keeps no counts: they are tested with a real situation."""
        return self.needs_book()

    def needs_book(self) -> dict[str, Any]:
        """The valley keeps no needs: their page is tested with a real situation."""
        raise RuleError("needs of the valley", "a situation that keeps some", "use a real one")

    def need_history(self, need_id: str) -> dict[str, Any]:
        return self.needs_book()

    def need_contact(self, need_id: str) -> dict[str, Any]:
        return self.needs_book()

    def tell_need(self, **_fields: str) -> dict[str, Any]:
        return self.needs_book()

    def withdraw_need(self, need_id: str) -> dict[str, Any]:
        return self.needs_book()

    def say_of_needs(self, need_ids: Any, status: str, **_said: str) -> dict[str, Any]:
        return self.needs_book()

    def mark_rumour(self, need_ids: Any, **_said: Any) -> dict[str, Any]:
        return self.needs_book()

    def merge_needs(self, kept_id: str, need_ids: Any, **_said: str) -> dict[str, Any]:
        return self.needs_book()

    def merge_equal_needs(self) -> dict[str, Any]:
        return self.needs_book()

    def part_needs(self, merge_id: str) -> dict[str, Any]:
        return self.needs_book()

    def set_need_trust(self, **_said: Any) -> dict[str, Any]:
        return self.needs_book()

    def tasks_book(self) -> dict[str, Any]:
        """The valley has no volunteers: their page is tested with a real situation."""
        raise RuleError("volunteers of the valley", "a situation that has some", "use a real one")

    def volunteers_book(self) -> dict[str, Any]:
        return self.tasks_book()

    def suggest_volunteers(self, task: str, *, progress: Progress | None = None) -> dict[str, Any]:
        return self.tasks_book()

    def volunteer_contact(self, volunteer_id: str) -> dict[str, Any]:
        return self.tasks_book()

    def manage_volunteers(
        self, action: str, fields: Any, *, only: str | None = None
    ) -> dict[str, Any]:
        return self.tasks_book()

    def small_questions(self) -> dict[str, Any]:
        return self.tasks_book()

    def next_question(self, volunteer_id: str) -> dict[str, Any]:
        return self.tasks_book()

    def check_certificate(self, code: str) -> dict[str, Any]:
        return self.tasks_book()

    def own_organisation(self) -> OwnOrganisation:
        """Whoever looks speaks for nobody."""
        return OwnOrganisation()

    def organisation_name(self, organisation_id: str) -> str:
        """The id, for there is no list of them here."""
        return organisation_id.partition(":")[2]

    def uploads(self) -> list[UploadRecord]:
        """No tables came."""
        return []

    def undo(self, upload_id: str) -> dict[str, Any]:
        """No tables came, so none can be undone."""
        raise UnknownIdError(upload_id, "the id of an upload", "the valley has none")

    def reset(self) -> None:
        """As at the start: no closures, true names, a plan; the version still goes up."""
        with self._lock:
            self._closures = []
            self._names = {}
            self._seq += 1
        self.make_plan()

    def rename(self, place: str, name: str) -> None:
        with self._lock:
            self._names[place] = name
            self._seq += 1

    def convoys_heard(self) -> list[dict[str, Any]]:
        return self.heard

    def positions(self, *, exact: bool) -> list[dict[str, Any]]:
        lon, lat = (-8.0791, 31.1733) if exact else (-8.075, 31.175)
        return [
            {"id": "vehicle:T-1", "name": HOSTILE, "vehicle_class": "truck", "convoy_id": None,
             "lon": lon, "lat": lat, "at": (NOON - timedelta(minutes=50)).isoformat(),
             "accuracy_m": 12.0 if exact else None, "coarse": not exact},
        ]  # fmt: skip

    def field_links(self) -> list[dict[str, Any]]:
        return [
            {"convoy_id": one, "expires_at": "2023-09-13T12:00:00+00:00", "holds": one in self.open}
            for one in self.linked
        ]

    def give_field_link(self, convoy_id: str, *, at: str) -> dict[str, Any]:
        if "give_field_link" in self.broken:
            raise UnknownIdError(convoy_id, "no such convoy", "make a plan")
        self.linked.add(convoy_id)
        self.open.add(convoy_id)
        return {"convoy_id": convoy_id, "url": f"{at}/field/token/"}

    def revoke_field_links(self, convoy_id: str) -> dict[str, Any]:
        self.open.discard(convoy_id)
        return {"revoked": [convoy_id]}

    def may(self, method: str) -> bool:
        return method not in self.forbidden

    def known(self) -> Known | None:
        return self.past

    def as_of(self, moment: str) -> ValleyDesk:
        if not moment.isdecimal():
            raise InputError(f"as-of {moment!r}", "a number is needed in the valley", "")
        past = copy.copy(self)
        past.past = Known(seq=int(moment), moment=self.now(), later=self._seq - int(moment))
        return past

    def seq(self) -> int:
        return self._seq

    def info(self) -> SituationInfo:
        return self._info

    def now(self) -> datetime:
        return self.clock

    def picture(self) -> Picture:
        with self._lock:
            if self._drawn is None or self._drawn[0] != self._seq:
                picture = make_picture(
                    seq=self._seq, closures=self._closures, plan=self._plan, names=self._names
                )
                ready = [one for one in picture.vehicles if one.vehicle_id not in self.broken]
                self._drawn = (self._seq, replace(picture, vehicles=ready))
            return self._drawn[1]

    def roads_layer(self) -> Layer | None:
        return f"valley-roads-{len(self._edges)}", self._edges

    def areas_layer(self) -> Layer | None:
        frame = gpd.GeoDataFrame(
            {"name": ["AOI 1"]}, geometry=[box(-8.26, 30.97, -7.88, 31.28)], crs="EPSG:4326"
        )
        return "valley-areas", frame

    def boundaries_layer(self) -> Layer | None:
        frame = gpd.GeoDataFrame(
            {"name": ["Asni", "Ijoukak"]},
            geometry=[box(-8.30, 31.1, -7.85, 31.32), box(-8.30, 30.95, -7.85, 31.1)],
            crs="EPSG:4326",
        )
        return "valley-boundaries", frame

    def hint_layer(self) -> Layer | None:
        return None

    def raster_layers(self) -> tuple[RasterLayer, ...]:
        return (
            RasterLayer(
                key=RELIEF_KEY,
                kind="relief",
                name="relief",
                bounds=BOUNDS,
                min_zoom=0,
                native_zoom=12,
            ),
        )

    def raster_tile(self, key: str, z: int, x: int, y: int) -> bytes:
        if key != RELIEF_KEY:
            raise UnknownIdError(key, "no such raster is served", "")
        return tile_png(relief_file(), z, x, y, Paint(kind="shadow"))

    def suppose_closed(
        self,
        edges: Sequence[str],
        *,
        classes: Sequence[str],
        state: str,
        max_weight_t: float | None = None,
    ) -> dict[str, Any]:
        """As closing would cut off: the places whose way from the depot has the edge."""
        self.asked = {"supposed": list(edges), "state": state, "max_weight_t": max_weight_t}
        closure = Closure(closure_id="closure:supposed", edges=tuple(edges), since=NOON)
        then = make_picture(seq=self._seq, closures=[*self._closures, closure], plan=None)
        now = self.picture()
        lost = then.places[
            (then.places["reach_status"] == "cut_off") & (now.places["reach_status"] != "cut_off")
        ]
        change = {
            "kind": "cut_off", "status_a": "reachable", "status_b": "cut_off",
            "travel_time_a_s": 1200.0, "travel_time_b_s": None, "lost_s": None,
        }  # fmt: skip
        none = {"places": 0, "people": 0, "places_uncounted": 0, "most_lost_s": None}
        some = {**none, "places": len(lost), "people": int(lost["people"].sum())}
        totals = {"cut_off": some, "regained": none, "slower": none, "faster": none}
        return {
            "totals": {"truck": totals},
            "places": [
                {"place_id": row["place_id"], "name": row["name"], "people": int(row["people"]),
                 "changes": {"truck": change}}
                for _, row in lost.iterrows()
            ],
        }  # fmt: skip

    def isochrones(
        self, vehicle_class: str, minutes: Sequence[float], *, progress: Progress | None = None
    ) -> dict[str, Any]:
        self.asked = {"class": vehicle_class, "minutes": list(minutes)}
        rows = [
            {"minutes": one, "roads": roads, "area_km2": one, "road_km": 2 * one, "people": 100,
             "places": 2, "places_uncounted": 0, "people_sources": ["register"]}
            for one in minutes
            for roads in ("now", "open")
        ]  # fmt: skip
        shape = {
            "type": "Polygon",
            "coordinates": [list(box(-8.1, 31.1, -8.0, 31.2).exterior.coords)],
        }
        features = [{"type": "Feature", "properties": row, "geometry": shape} for row in rows]
        return {
            "isochrones": rows,
            "lost": [{"minutes": minutes[0], "people": 600, "places_uncounted": 0,
                      "places": [{"place_id": "place:1", "name": "Ijoukak"}]}],
            "shapes": {"type": "FeatureCollection", "features": features},
        }  # fmt: skip

    def network(self) -> dict[str, Any]:
        held = {gap for joint in self.joints for gap in joint["gaps"]}
        gaps = [
            {"gap_id": f"gap:{n}", "lon": -8.0, "lat": 31.1, "distance_m": 1.5 * n,
             "edges": ["drill:e1", "drill:t1"]}
            for n in (1, 2)
        ]  # fmt: skip
        return {
            "edges": len(self._edges), "length_km": 88.0, "n_pieces": 3 - len(held), "dead_ends": 4,
            "gaps": [gap for gap in gaps if gap["gap_id"] not in held], "n_gaps": 2 - len(held),
            "joints": self.joints, "notes": ["1 way without nodes was left out"],
        }  # fmt: skip

    def join_gaps(self, gaps: Sequence[str], *, source: str) -> dict[str, Any]:
        if source == "nobody":
            raise RuleError(source, "somebody must say so", "give a name")
        joint = {
            "joint_id": f"joint:{len(self.joints)}", "gaps": list(gaps), "source": source,
            "reason": "", "at": "2023-09-10T12:00:00+00:00",
        }  # fmt: skip
        self.joints.append(joint)
        self._seq += 1
        return joint

    def part_gaps(self, joint_id: str) -> None:
        self.joints = [one for one in self.joints if one["joint_id"] != joint_id]
        self._seq += 1

    def place_sheet(self, place_id: str) -> dict[str, Any]:
        """The valley keeps no sheets: the page of a place is tested with a real situation."""
        raise UnknownIdError(place_id, "the valley keeps no sheets", "use a real situation")

    def situation_report(self, form: str, *, tongue: str) -> bytes:
        return f"{form} in {tongue}".encode()

    def give_report(self, form: str, *, tongue: str) -> bytes:
        self.given.append((form, tongue))
        return self.situation_report(form, tongue=tongue)

    def outlook(self, *, climate: str = "temperate") -> tuple[list[Advice], dict[str, Any]]:
        factor = 2 if climate == "cold" else 1
        advice = [
            Advice(kind="plan", people=None, arithmetic="3", values={"old": True}),
            Advice(
                kind="verify",
                people=40.0 * factor,
                arithmetic="(8 − 0) tent × 5",
                values={"need_id": "need:1", "item": "tent", "place": HOSTILE},
            ),
        ]
        row = {
            "item": "tent", "unit": "tent", "missing_now": 8.0, "per_day": 0.0,
            "by_day": [8.0 * factor] * 7, "free": 5.0, "runs_out_in_days": 1,
            "order": 8 * factor - 5, "order_packs": {},
        }  # fmt: skip
        depot = {
            "depot_id": None, "depot": "", "item": "tent", "unit": "tent", "free": 0.0,
            "per_day": 0.0, "need": 8.0, "runs_out_on": "2023-09-14", "short": 8.0,
        }  # fmt: skip
        error = {"item": "tent", "predicted": 6.0, "actual": 8.0, "error_share": -0.25}
        return advice, {
            "items": [row], "depots": [depot], "error": [error], "days": ["2023-09-14"] * 7,
            "error_since": "2023-09-12T06:00:00+00:00",
        }  # fmt: skip

    def who_does_what(self) -> dict[str, pd.DataFrame]:
        places = self.picture().places
        columns = [*ACTIVITY_COLUMNS, "sector", "activity", "funder", "unit"]
        work = pd.DataFrame(self.activities, columns=columns)
        for name in ("starts_at", "ends_at"):
            work[name] = pd.to_datetime(work[name], utc=True)
        work = work.astype({"quantity": "float64", "people_reached": "float64"})
        lacking = pd.DataFrame(
            [
                (row["place_id"], item, float(quantity))
                for _, row in places.iterrows()
                for item, quantity in row["needs"].items()
            ],
            columns=["place_id", "what", "missing"],
        )
        nobody = places[~places["place_id"].isin(work["place_id"])]
        return {
            "activities": work,
            "overlaps": overlaps(work),
            "gaps": gaps(lacking, work),
            "communes": presence(work, places.set_index("place_id")["commune"]),
            "places_without_actor": nobody[["place_id", "name", "commune", "people"]],
        }

    def vector_layers(self) -> tuple[VectorLayer, ...]:
        return tuple(source.layer for source in self._vectors())

    def vector_file(self, key: str) -> Path:
        for source in self._vectors():
            if source.layer.key == key:
                path = tile_folder() / f"{source.layer.name}-{key[:12]}.pmtiles"
                with self._lock:
                    if not path.exists():
                        source.write(path)
                return path
        raise UnknownIdError(key, "no such layer is served", "")

    def _vectors(self) -> list[VectorSource]:
        layer = self.boundaries_layer()
        assert layer is not None
        units = VectorLayer(name="boundaries", key="b" * 64, min_zoom=FAR_ZOOM)
        return [
            VectorSource(layer=units, table=lambda: layer[1]),
            *road_sources(self._edges, f"valley-roads-{len(self._edges)}"),
        ]

    def road_near(
        self, lon: float, lat: float, *, reach_m: float, zoom: float
    ) -> dict[str, Any] | None:
        return road_near(self._tables, lon, lat, crs=CRS, reach_m=reach_m, zoom=zoom)

    def road_piece(self, edge_id: str) -> dict[str, Any]:
        return road_piece(self._tables, edge_id)

    def item_name(self, item_id: str) -> str:
        return {"tent": "family tent", "blanket": "blanket"}.get(item_id, item_id)

    def item_ids(self) -> list[str]:
        return ["tent", "blanket", "water_l"]

    def close_road(
        self,
        *,
        edges: Sequence[str],
        classes: Sequence[str],
        state: str,
        until: datetime | None,
        source: str,
        reason: str,
        confidence: float = 1.0,
        max_weight_t: float | None = None,
    ) -> dict[str, Any]:
        held = set(make_edges()["edge_id"])
        if unknown := [edge for edge in edges if edge not in held]:
            raise UnknownIdError(f"edge {unknown[0]}", "no such edge", "pick it on the map")
        with self._lock:
            closure = Closure(
                closure_id=f"closure:{next(self._ids)}",
                edges=tuple(edges),
                state=state,  # type: ignore[arg-type]
                classes=tuple(classes),  # type: ignore[arg-type]
                since=self.clock - timedelta(minutes=1),
                until=until,
                source=source,
                reason=reason,
                confidence=confidence,
                max_weight_t=max_weight_t,
            )
            self._closures.append(closure)
            self._seq += 1
        return {"closure_id": closure.closure_id, "edges": list(edges), "classes": list(classes)}

    def reopen_road(self, closure_id: str, *, source: str) -> dict[str, Any]:
        with self._lock:
            kept = [one for one in self._closures if one.closure_id != closure_id]
            if len(kept) == len(self._closures):
                raise UnknownIdError(closure_id, "no such closure is in force", "look at the list")
            self._closures = kept
            self._seq += 1
        return {"closure_id": closure_id, "reopened": True}

    def make_plan(
        self,
        *,
        seconds: float | None = None,
        fairness: float = 0.5,
        terms: Mapping[str, Sequence[str]] | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        self.asked = {"seconds": seconds, "fairness": fairness}
        if terms and any(terms.values()):
            self.asked["terms"] = {name: given for name, given in terms.items() if given}
        steps = 10
        for step in range(steps):
            if progress is not None:
                progress(step / steps, "planning")
            time.sleep(self._plan_takes_s / steps)
        with self._lock:
            self._plan = make_plan(self.picture(), plan_id=f"plan:{self._seq}")
            self._plans.append(self._plan)
            self._seq += 1
            return self._plan

    def replan(
        self, *, seconds: float | None = None, progress: Progress | None = None
    ) -> dict[str, Any]:
        plan = self.make_plan(seconds=seconds, progress=progress)
        self.asked = {"replan": seconds}
        for convoy in plan["convoys"]:
            convoy["kept"] = convoy["convoy_id"] in self.locked
        return {**plan, "returned": []}

    def set_lock(self, convoy_id: str, *, locked: bool) -> dict[str, Any]:
        with self._lock:
            plan = self._plan or {"convoys": []}
            known = [one for one in plan["convoys"] if one["convoy_id"] == convoy_id]
            if not known or (convoy_id in self.locked) == locked:
                raise RuleError(convoy_id, "it cannot be locked or unlocked", "look at the list")
            self.locked ^= {convoy_id}
            known[0]["locked"] = locked
            self._seq += 1
        return {"convoy_id": convoy_id, "locked": locked}

    def zipped_plan(
        self,
        plan_id: str,
        *,
        convoys: Sequence[str],
        formats: Sequence[str],
        language: str,
        contacts: Mapping[str, str],
        progress: Progress | None = None,
    ) -> bytes:
        self.asked = {
            "plan": plan_id, "convoys": list(convoys), "formats": list(formats),
            "language": language, "contacts": dict(contacts),
        }  # fmt: skip
        if progress is not None:
            progress(0.5, "writing")
        return b"PK zip"

    def assessment(self) -> dict[str, Any] | None:
        return make_assessment(self.picture()) if self.assessed else None

    def assess(self, *, progress: Progress | None = None) -> dict[str, Any]:
        if progress is not None:
            progress(0.5, "needs per place")
        self.assessed = True
        with self._lock:
            self._seq += 1
        return make_assessment(self.picture())

    def last_event_at(self) -> datetime:
        return self.clock

    def indicators(self) -> dict[str, Any]:
        shares = {"unit": "share", "better": "higher", "source": "reports of X", "sdg": ["1.5"]}
        known = {
            "id": "need_met_share",
            "name": "Share of need met",
            "value": 0.4,
            "value_day_before": 0.1,
            "target": 1.0,
            "reason": "",
            "definition": "How much has arrived.",
            "formula": "Σ met / Σ needed",
            "n_rows": 1,
            "parts": [{"key": "<b>Ijoukak</b>", "value": 0.4, "n": 1}],
        }
        unknown = {
            "id": "people_reached_share",
            "value": None,
            "value_day_before": None,
            "target": 1.0,
            "reason": "nobody is known to be affected: assess first",
            "definition": "Who was reached.",
            "formula": "Σ reached / Σ affected",
            "n_rows": 0,
            "parts": [],
        }
        at = self.clock.isoformat()
        return {
            "indicators": [shares | known | {"at": at}, shares | unknown | {"at": at}],
            "at": at,
            "based_on_seq": self._seq,
        }

    def indicator_rows(self, indicator_id: str) -> pd.DataFrame:
        known = indicator_id == "need_met_share"
        rows = [{"place_id": "place:a", "note": "=1+1", "share": 0.4}]
        return pd.DataFrame(rows if known else [])

    def layers(self) -> list[LayerRecord]:
        return [
            LayerRecord(
                layer_id="layer:1", kind="damage_points", name="unosat.geojson", files={},
                rows=4920, bounds=BOUNDS, source=Source(name="UNOSAT", at=NOON), notes=(HOSTILE,),
                details={"unknown_labels": {"Maybe": 3}}, organisation_id=None,
                recorded_at=NOON, seq=1,
            )
        ]  # fmt: skip

    def graded_closures(self, *, dry_run: bool) -> dict[str, Any]:
        recorded = any(one.source == "Copernicus EMS" for one in self._closures)
        if not dry_run and not recorded:
            self.close_road(edges=["drill:e3"], classes=(), state="closed", until=None,
                            source="Copernicus EMS", reason="graded")  # fmt: skip
        proposal = {
            "edges": ["drill:e3"], "roads": ["R203"], "name": "", "grade_written": "Destroyed",
            "state": "closed", "confidence": 0.8, "recorded_before": recorded,
            "source": "Copernicus EMS", "observed_at": "2023-09-11T00:00:00+00:00",
        }  # fmt: skip
        return {"graded": 4, "proposals": [proposal], "not_in_network": [{}],
                "recorded": int(not dry_run and not recorded), "dry_run": dry_run}  # fmt: skip

    def clear_first(
        self,
        *,
        vehicle_class: str,
        crews: int,
        hours: float,
        by: str,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        self.asked = {"class": vehicle_class, "crews": crews, "hours": hours, "by": by}
        if progress is not None:
            progress(0.5, "opening one site after the other")
        sites = [
            {"site_id": f"site:{one.closure_id}", "label": one.reason or one.closure_id}
            for one in self._closures
        ]
        order = [
            {"rank": n, "sites": [site["site_id"]], "roads": [site["label"]], "gain": 830.0,
             "crew_hours": 10.0, "gain_per_crew_hour": 83.0, "total": 830.0 * n,
             "reconnects": [{"place_id": "place:tinmel", "name": "Tinmel", "people": 240.0}]}
            for n, site in enumerate(sites, start=1)
        ]  # fmt: skip
        return {
            "crews": crews, "hours": hours, "unit": "people", "sites": sites, "order": order,
            "totals": {"sites": len(sites), "crew_hours": 10.0 * len(sites),
                       "regained": 830.0, "regained_at_most": 900.0},
            "schedule": [{"crew": 1, "site_id": site["site_id"], "gain": 830.0,
                          "leaves_at": "2023-09-10T12:00:00+00:00",
                          "begins_at": "2023-09-10T13:00:00+00:00",
                          "ends_at": "2023-09-10T23:00:00+00:00"} for site in sites[:1]],
            "left": [{"site_id": site["site_id"], "reason": "no crew has the time for it"}
                     for site in sites[1:]],
            "notes": [HOSTILE], "sources": [{"name": "closure reported by the cell", "at": None}],
        }  # fmt: skip

    def risk(
        self, *, vehicle_class: str, hours: float, worlds: int, progress: Progress | None = None
    ) -> dict[str, Any]:
        self.asked = {"class": vehicle_class, "hours": hours, "worlds": worlds}
        if progress is not None:
            progress(0.5, "sampling")
        if hours > 48:
            raise RuleError(f"{hours:g} hours", "at most 48 are sampled here", "ask for fewer")
        odds = {"Asni": 1.0, "Ijoukak": 0.6, "Tinmel": 0.4, "Azgour": 0.0}
        return {
            "hours": hours, "worlds": worlds,
            "totals": {vehicle_class: {"places_surely_reached": 1, "places_uncertain": 2,
                                       "places_hardly_reached": 1, "people_reached": 2356.0,
                                       "people": 2740.0}},
            "places": [
                {"name": name, "people": 100.0 * n, "by_class": {vehicle_class: {
                    "probability": chance, "low": max(0.0, chance - 0.1), "high": chance}}}
                for n, (name, chance) in enumerate(odds.items(), start=1)
            ],
            "deciding": [{"label": "R203", "probability_closed": 0.4, "people": 840.0,
                          "places": [{"name": "Ijoukak"}, {"name": "Tinmel"}]}],
            "notes": [], "sources": [],
        }  # fmt: skip

    def plans(self) -> list[tuple[str, datetime]]:
        return [(plan["plan_id"], self.clock) for plan in reversed(self._plans)]

    def diff(self, plan_a: str, plan_b: str) -> dict[str, Any]:
        known = {plan["plan_id"]: plan for plan in self._plans}
        served = [
            {(stop["place_id"], item): quantity for convoy in known[one]["convoys"]
             for stop in convoy["stops"] for item, quantity in stop["deliver"].items()}
            for one in (plan_a, plan_b)
        ]  # fmt: skip
        losses = [
            {"place_id": place, "place_name": place.partition(":")[2], "item": item,
             "quantity_a": quantity, "quantity_b": 0.0, "arrives_a": "2023-09-10T14:00:00+00:00",
             "arrives_b": None, "reason": HOSTILE,
             "causes": [{"kind": "road", "text": "no truck road any more (drill:e2)"}]}
            for (place, item), quantity in served[0].items()
            if (place, item) not in served[1]
        ]  # fmt: skip
        return {"plan_a": plan_a, "plan_b": plan_b, "losses": losses, "gains": [], "earlier": [],
                "later": [], "score": {}}  # fmt: skip

    def vehicles_out(self) -> list[Vehicle]:
        return [one for one in make_vehicles() if one.vehicle_id in self.broken]

    def set_vehicle_available(self, vehicle_id: str, *, available: bool) -> dict[str, Any]:
        (self.broken.discard if available else self.broken.add)(vehicle_id)
        self._seq += 1
        return {"vehicle_id": vehicle_id, "name": "", "available": available}

    def loading_list(self, plan_id: str, convoy_id: str) -> list[dict[str, Any]]:
        plan = next(one for one in self._plans if one["plan_id"] == plan_id)
        convoy = next(one for one in plan["convoys"] if one["convoy_id"] == convoy_id)
        rows: list[dict[str, Any]] = []
        kg = m3 = 0.0
        for n, stop in reversed([*enumerate(convoy["stops"], start=1)]):
            for item, quantity in stop["deliver"].items():
                kg, m3 = kg + 50 * quantity, m3 + 0.2 * quantity
                rows.append(
                    {"order": len(rows) + 1, "item": item, "quantity": quantity, "unit": "tent",
                     "kg": 50 * quantity, "m3": 0.2 * quantity, "stop": n,
                     "place_id": stop["place_id"], "kg_after": kg, "m3_after": m3}
                )  # fmt: skip
        return rows


def many_edges(n: int, *, minor_share: float = 0.3) -> gpd.GeoDataFrame:
    """A fan of `n` edges, a share of them footways, for tests of large networks."""
    rng = np.random.default_rng(1)
    starts = np.column_stack([rng.uniform(-8.3, -7.9, n), rng.uniform(30.95, 31.3, n)])
    steps = rng.uniform(-0.01, 0.01, (n, 2))
    lines = shapely.linestrings(np.stack([starts, starts + steps], axis=1))
    kinds = np.where(np.arange(n) < minor_share * n, "footway", "residential")
    return gpd.GeoDataFrame(
        pd.DataFrame(
            {
                "edge_id": [f"w{i}" for i in range(n)],
                "name": "",
                "ref": "",
                "highway": kinds,
                "surface": "",
                "length_m": 1_000.0,
            }
        ),
        geometry=lines,
        crs="EPSG:4326",
    )
