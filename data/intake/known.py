"""What a situation already knows, in the form that intake looks things up in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo.name_match import NameIndex
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from data.events import DepotRegistered
    from geo.crs import Bounds
    from geo.model import Depot, Item

#: Beyond the places by so much (degrees), a coordinate is still taken to lie in their area.
_AREA_MARGIN = 0.5
#: A coordinate names a known place if it lies this near (m); farther away it is asked about.
PLACE_RADIUS_M = 500.0
_EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMatch:
    """Which place was meant, how sure, and the runners-up where it is not decided.

    `candidates` are shown to people; `candidate_ids` are their places in the same order.
    """

    place_id: str | None
    score: float
    candidates: tuple[str, ...] = ()
    candidate_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A written name with what else a row says of where it is ("" and None: nothing)."""

    name: str
    commune: str = ""
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Places, depots and items as look-up tables.

    `depots` gives ids by plain name; `new_depots` holds those that a sheet brings and that no
    accepted row has registered yet; `answers` holds the names that were looked up together.
    """

    place_ids: tuple[str, ...]
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

    def place_by_id(self, text: str) -> str | None:
        """Find a place by its id, with or without its prefix, or by its bare code."""
        wanted = text.strip()
        for form in (wanted, f"place:{wanted}", f"place:MA-{wanted}"):
            if form in self.place_ids:
                return form
        return None

    def place_by_name(self, asked: Question) -> PlaceMatch:
        """Find a place by its written name; commune and coordinate help to tell namesakes."""
        if asked not in self.answers:
            self.look_up([asked])
        return self.answers[asked]

    def look_up(self, questions: Iterable[Question]) -> None:
        """Find the places of many written names at once, which takes a tenth of the time."""
        asked = list(dict.fromkeys(questions))
        table = self.names.match_many(
            [one.name for one in asked],
            commune=[one.commune for one in asked],
            lon=[np.nan if one.lon is None else one.lon for one in asked],
            lat=[np.nan if one.lat is None else one.lat for one in asked],
        )
        self.answers.update(dict.fromkeys(asked, PlaceMatch(place_id=None, score=0.0)))
        for query, found in table.groupby("query"):
            best = found.iloc[0]
            self.answers[asked[int(str(query))]] = PlaceMatch(
                place_id=self.place_ids[best["place"]] if best["sure"] else None,
                score=round(float(best["score"]), 3),
                candidates=tuple(self._label(index) for index in found["place"]),
                candidate_ids=tuple(self.place_ids[index] for index in found["place"]),
            )

    def place_near(self, lon: float, lat: float) -> PlaceMatch:
        """Find the place at a coordinate: the nearest one, taken alone within 500 m."""
        if not self.place_ids:
            return PlaceMatch(place_id=None, score=0.0)
        # Equirectangular: exact enough to rank neighbours and to test 500 m.
        east = np.radians(self.lon - lon) * np.cos(np.radians(lat))
        north = np.radians(self.lat - lat)
        distance_m = np.hypot(east, north) * _EARTH_RADIUS_M
        order = np.argsort(distance_m, kind="stable")[:3]
        nearest = float(distance_m[order[0]])
        return PlaceMatch(
            place_id=self.place_ids[order[0]] if nearest <= PLACE_RADIUS_M else None,
            score=round(max(0.0, 1 - nearest / (2 * PLACE_RADIUS_M)), 3),
            candidates=tuple(f"{self._label(i)}, {distance_m[i]:.0f} m away" for i in order),
            candidate_ids=tuple(self.place_ids[i] for i in order),
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

    def _label(self, index: int) -> str:
        commune = f", {self.communes[index]}" if self.communes[index] else ""
        return f"{self.place_names[index]}{commune} ({self.place_ids[index]})"


def known(
    places: gpd.GeoDataFrame | None,
    depots: list[Depot],
    items: Mapping[str, Item],
    *,
    now: datetime,
    zone: tzinfo = UTC,
) -> Known:
    """Build the look-up tables from the places frame, the depots and the items.

    `places` may be None for sheets that name no place (stock, vehicles). `now` and `zone` are those
    of the situation: reports age by the one, and times without a zone are in the other.
    """
    depot_names = {d.depot_id: d.depot_id for d in depots}
    depot_names |= {plain(d.name): d.depot_id for d in depots}
    return Known(
        place_ids=() if places is None else tuple(places["place_id"]),
        place_names=() if places is None else tuple(places["name"]),
        communes=() if places is None else tuple(places["commune"]),
        lon=np.empty(0) if places is None else places.geometry.x.to_numpy(),
        lat=np.empty(0) if places is None else places.geometry.y.to_numpy(),
        names=_names(places),
        depots=depot_names,
        new_depots={},
        items=items,
        answers={},
        now=now,
        zone=zone,
        depot_names=tuple(sorted(depot.name for depot in depots)),
    )


def _names(places: gpd.GeoDataFrame | None) -> NameIndex:
    """Index every name of every place, with its commune and coordinate."""
    if places is None:
        return NameIndex.build(pd.DataFrame())
    columns = ("name", "name_fr", "name_ar", "name_zgh")
    return NameIndex.build(
        pd.DataFrame({column: places[column] for column in columns if column in places}),
        commune=places["commune"].tolist(),
        lon=places.geometry.x.to_numpy(),
        lat=places.geometry.y.to_numpy(),
    )
