"""What a situation already knows, in the form that intake looks things up in."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.intake.columns.content import Context
from geo.model import Item
from geo.name_match import MIN_AROUND, NameIndex
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd

    from data.events import DepotRegistered, PlaceAdded
    from data.store.stock_records import OwnItem
    from geo.crs import Bounds
    from geo.model import Depot

#: Beyond the places by so much (degrees), a coordinate is still taken to lie in their area.
_AREA_MARGIN = 0.5
#: A coordinate names a known place if it lies this near (m); farther away it is asked about.
PLACE_RADIUS_M = 500.0
#: So many spellings of one place are looked up.
MAX_SPELLINGS = 24
#: So many answers are kept between the parts of a long file.
MAX_ANSWERS = 100_000
#: A code has a digit in it, and nothing that has a meaning elsewhere.
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9._-]{1,60}")
_EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place that may be meant: how like it is, by which method, how far ahead of the next.

    `method` is one of `geo.name_table.METHODS`, or ``coordinate``; `distance_m` is None where no
    coordinate was given.
    """

    place_id: str
    name: str
    commune: str
    score: float
    method: str
    gap: float
    distance_m: float | None = None

    @property
    def label(self) -> str:
        """The place as it is offered to people."""
        commune = f", {self.commune}" if self.commune else ""
        apart = "" if self.distance_m is None else f", {self.distance_m:.0f} m away"
        return f"{self.name}{commune} ({self.place_id}){apart}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMatch:
    """Which place was meant, how sure, and all that were like it, the best first."""

    place_id: str | None
    score: float
    ranked: tuple[Candidate, ...] = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        """The candidates as they are offered to people."""
        return tuple(one.label for one in self.ranked)

    @property
    def candidate_ids(self) -> tuple[str, ...]:
        """The ids of the candidates, in the same order."""
        return tuple(one.place_id for one in self.ranked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A written name with what else a row says of where it is ("" and None: nothing)."""

    name: str
    commune: str = ""
    province: str = ""
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Places, depots and items as look-up tables.

    `positions_of` gives the row of each id, those that were joined to another place included.
    `added_places` (by plain name) and `pending_places` (by id, not yet recorded) are those that a
    sheet brings, where `add_places` allows it. `depots` gives ids by plain name; `new_depots` holds
    those that a sheet brings and that no accepted row has registered yet; `lots` gives the last day
    of each lot by id; `item_names` the items that people registered by plain name, `packs` how many
    units the packs of an item hold; `answers` holds the names
    that were looked up together; `spellings` the plain names of places in other scripts.
    """

    place_ids: tuple[str, ...]
    positions_of: Mapping[str, int]
    place_names: tuple[str, ...]
    communes: tuple[str, ...]
    lon: np.ndarray
    lat: np.ndarray
    names: NameIndex
    depots: dict[str, str]
    new_depots: dict[str, DepotRegistered]
    items: Mapping[str, Item]
    answers: dict[Question, PlaceMatch]
    now: datetime
    zone: tzinfo
    depot_names: tuple[str, ...]
    add_places: bool
    added_places: dict[str, list[PlaceAdded]]
    pending_places: dict[str, PlaceAdded]
    spellings: frozenset[str] = frozenset()
    item_names: Mapping[str, str] = field(default_factory=dict)
    packs: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    lots: dict[str, date | None] = field(default_factory=dict)

    def place_by_id(self, text: str) -> str | None:
        """Find a place by its id, with or without its prefix, or by its bare code."""
        wanted = text.strip()
        for form in (wanted, f"place:{wanted}", f"place:MA-{wanted}", id_of_code(wanted)):
            if form in self.positions_of:
                return self.place_ids[self.positions_of[form]]
        return None

    def place_by_name(self, asked: Question) -> PlaceMatch:
        """Find a place by its written name; commune and coordinate help to tell namesakes."""
        if asked not in self.answers:
            self.look_up([asked])
        return self.answers[asked]

    def look_up(self, questions: Iterable[Question], *, told: Iterable[str] = ()) -> None:
        """Find the places of many written names at once, which takes a tenth of the time.

        Names that could be several are asked again beside the places that are clear, by their
        names or as `told` by ids: where somebody works, the namesake nearby is meant.
        """
        asked = list(dict.fromkeys(questions))
        self._ask(asked, None)
        clear = {self.answers[one].place_id for one in asked} | set(told)
        at = sorted(self.positions_of[one] for one in clear if one and one in self.positions_of)
        doubtful = [one for one in asked if self.answers[one].place_id is None]
        if doubtful and len(at) >= MIN_AROUND:
            self._ask(doubtful, np.column_stack([self.lon[at], self.lat[at]]))

    def _ask(self, asked: Sequence[Question], around: np.ndarray | None) -> None:
        table = self.names.match_many(
            [one.name for one in asked],
            commune=[one.commune for one in asked],
            province=[one.province for one in asked],
            lon=[np.nan if one.lon is None else one.lon for one in asked],
            lat=[np.nan if one.lat is None else one.lat for one in asked],
            around=around,
        )
        self.answers.update(dict.fromkeys(asked, PlaceMatch(place_id=None, score=0.0)))
        for query, found in table.groupby("query"):
            best = found.iloc[0]
            question = asked[int(str(query))]
            self.answers[question] = PlaceMatch(
                place_id=self.place_ids[best["place"]] if best["sure"] else None,
                score=round(float(best["score"]), 3),
                ranked=tuple(
                    self._candidate(question, int(row.place), row.score, row.method, row.gap)
                    for row in found.itertuples(index=False)
                ),
            )

    def forget(self) -> None:
        """Let go of names that were looked up, where they have become many."""
        if len(self.answers) > MAX_ANSWERS:
            self.answers.clear()

    def place_near(self, lon: float, lat: float) -> PlaceMatch:
        """Find the place at a coordinate: the nearest one, taken alone within 500 m."""
        around = self.places_around(lon, lat, math.inf)
        nearest = around.ranked[0] if around.ranked else None
        if nearest is None or (nearest.distance_m or 0) > PLACE_RADIUS_M:
            return around
        return replace(around, place_id=nearest.place_id)

    def places_around(self, lon: float, lat: float, radius_m: float) -> PlaceMatch:
        """Give the three places nearest to a point within a radius; none is taken."""
        if not self.place_ids:
            return PlaceMatch(place_id=None, score=0.0)
        distance_m = self.apart_m((self.lon, self.lat), (lon, lat))
        order = np.argsort(distance_m, kind="stable")[:3]
        order = order[distance_m[order] <= radius_m]
        scores = [round(max(0.0, 1 - distance_m[i] / (2 * PLACE_RADIUS_M)), 3) for i in order]
        ranked = tuple(
            Candidate(
                place_id=self.place_ids[i],
                name=self.place_names[i],
                commune=self.communes[i],
                score=score,
                method="coordinate",
                gap=round(score - (scores[at + 1] if at + 1 < len(scores) else 0.0), 3),
                distance_m=round(float(distance_m[i])),
            )
            for at, (i, score) in enumerate(zip(order, scores, strict=True))
        )
        return PlaceMatch(place_id=None, score=scores[0] if scores else 0.0, ranked=ranked)

    def position(self, place_id: str) -> tuple[float, float]:
        """Give longitude and latitude of a place, in degrees."""
        at = self.positions_of[place_id]
        return float(self.lon[at]), float(self.lat[at])

    def distance_m(self, place_id: str, lon: float, lat: float) -> float:
        """Give how far a place lies from a point, in metres."""
        return float(self.apart_m(self.position(place_id), (lon, lat)))

    @staticmethod
    def apart_m(one: tuple[Any, Any], other: tuple[float, float]) -> Any:
        """Metres between points (lon, lat), numbers or arrays."""
        # Equirectangular: exact enough to rank neighbours and to test 500 m.
        east = np.radians(one[0] - other[0]) * np.cos(np.radians(other[1]))
        north = np.radians(one[1] - other[1])
        return np.hypot(east, north) * _EARTH_RADIUS_M

    def context(self) -> Context:
        """What these tables can say of the cells of a column."""
        return Context(
            places=frozenset(map(plain, self.place_names)) | self.spellings,
            communes=frozenset(map(plain, filter(None, self.communes))),
            depots=frozenset(plain(name) for name in self.depot_names),
            area=self.area(),
        )

    def area(self) -> Bounds | None:
        """Where coordinates are expected: around the places, None where there are none."""
        if not self.place_ids:
            return None
        return (
            float(self.lon.min()) - _AREA_MARGIN,
            float(self.lat.min()) - _AREA_MARGIN,
            float(self.lon.max()) + _AREA_MARGIN,
            float(self.lat.max()) + _AREA_MARGIN,
        )

    def _candidate(
        self, asked: Question, at: int, score: float, method: str, gap: float
    ) -> Candidate:
        apart_m = None
        if asked.lon is not None and asked.lat is not None:
            here = (float(self.lon[at]), float(self.lat[at]))
            apart_m = round(float(self.apart_m(here, (asked.lon, asked.lat))))
        return Candidate(
            place_id=self.place_ids[at],
            name=self.place_names[at],
            commune=self.communes[at],
            score=round(float(score), 3),
            method=str(method),
            gap=round(float(gap), 3),
            distance_m=apart_m,
        )


def id_of_code(code: str) -> str:
    """Id of a place that a list knows by a code of its own; "" where it can be none.

    >>> id_of_code("524 2 05 29 5 013"), id_of_code("Tinmel")
    ('place:524-2-05-29-5-013', '')
    """
    bare = "-".join(code.removeprefix("place:").split())
    return f"place:{bare}" if _CODE.fullmatch(bare) else ""


def known(
    places: gpd.GeoDataFrame | None,
    depots: list[Depot],
    items: Mapping[str, Item],
    *,
    now: datetime,
    zone: tzinfo = UTC,
    aliases: Iterable[tuple[str, str]] = (),
    add_places: bool = False,
    own_items: Iterable[OwnItem] = (),
    lots: Mapping[str, date | None] | None = None,
) -> Known:
    """Build the look-up tables from the places frame, the depots and the items.

    `places` may be None for sheets that name no place (stock, vehicles). `now` and `zone` are those
    of the situation: reports age by the one, and times without a zone are in the other. `aliases`
    are written names that people confirmed, each with the id of its place. With `add_places`, a
    name that no list knows becomes a place where a coordinate stands beside it. `own_items` are
    those that people registered beside the catalogue, or packs of its items; `lots` gives the last
    day of each lot that is there, by id.
    """
    own = list(own_items)
    depot_names = {d.depot_id: d.depot_id for d in depots}
    depot_names |= {plain(d.name): d.depot_id for d in depots}
    positions = _positions(places)
    return Known(
        positions_of=positions,
        place_ids=() if places is None else tuple(places["place_id"]),
        place_names=() if places is None else tuple(places["name"]),
        communes=() if places is None else tuple(places["commune"]),
        lon=np.empty(0) if places is None else places.geometry.x.to_numpy(),
        lat=np.empty(0) if places is None else places.geometry.y.to_numpy(),
        names=_names(places, [(name, positions[one]) for name, one in aliases if one in positions]),
        depots=depot_names,
        new_depots={},
        items={**{one.item_id: _item(one) for one in own}, **items},
        answers={},
        now=now,
        zone=zone,
        depot_names=tuple(sorted(depot.name for depot in depots)),
        add_places=add_places,
        added_places={},
        pending_places={},
        spellings=_other_names(places),
        item_names={plain(one.name): one.item_id for one in own},
        packs={one.item_id: {k: Decimal(v) for k, v in one.packs.items()} for one in own},
        lots=dict(lots or {}),
    )


def _item(own: OwnItem) -> Item:
    """An item that people registered; 0 for what nobody knows of it: no weight is a guess then."""
    return Item(
        item_id=own.item_id,
        unit=own.unit,
        kg_per_unit=own.kg_per_unit or 0.0,
        m3_per_unit=own.m3_per_unit or 0.0,
        names={"en": own.name},
    )


def _positions(places: gpd.GeoDataFrame | None) -> dict[str, int]:
    """Row of each id; of an id that was joined to another place, the row of that one."""
    if places is None:
        return {}
    found: dict[str, int] = {}
    if "other_ids" in places:
        for at, text in enumerate(places["other_ids"]):
            found.update(dict.fromkeys(text.split(), at))
    found.update({place_id: at for at, place_id in enumerate(places["place_id"])})
    return found


def _names(places: gpd.GeoDataFrame | None, aliases: Sequence[tuple[str, int]]) -> NameIndex:
    """Index every name of every place, with its commune, province and coordinate."""
    if places is None:
        return NameIndex.build(pd.DataFrame())
    columns = ("name", "name_fr", "name_ar", "name_zgh")
    names = pd.DataFrame({column: places[column] for column in columns if column in places})
    return NameIndex.build(
        pd.concat([names, _spellings(places)], axis=1),
        commune=places["commune"].tolist(),
        province=places["province"].tolist() if "province" in places else None,
        lon=places.geometry.x.to_numpy(),
        lat=places.geometry.y.to_numpy(),
        aliases=aliases,
    )


def _other_names(places: gpd.GeoDataFrame | None) -> frozenset[str]:
    """Plain names of the places in French, Arabic and Tamazight."""
    if places is None:
        return frozenset()
    columns = [column for column in ("name_fr", "name_ar", "name_zgh") if column in places]
    return frozenset(plain(name) for column in columns for name in places[column] if name)


def _spellings(places: gpd.GeoDataFrame) -> pd.DataFrame:
    """The names of all sources, a column each."""
    if "aliases" not in places:
        return pd.DataFrame(index=places.index)
    lists = [[name for name, _ in json.loads(text)][:MAX_SPELLINGS] for text in places["aliases"]]
    width = max(map(len, lists), default=0)
    columns = {
        f"spelling_{at}": [names[at] if at < len(names) else "" for names in lists]
        for at in range(width)
    }
    return pd.DataFrame(columns, index=places.index)
