"""What a situation already knows, in the form that intake looks things up in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.names import match, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from data.events import DepotRegistered
    from geo.model import Depot, Item

#: A coordinate names a known place if it lies this near (m); farther away it is asked about.
PLACE_RADIUS_M = 500.0
_EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMatch:
    """Which place was meant, how sure, and the runners-up where it is not decided."""

    place_id: str | None
    score: float
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Places, depots and items as look-up tables.

    `depots` gives ids by plain name; `new_depots` holds those that a sheet brings and that no
    accepted row has registered yet.
    """

    place_ids: tuple[str, ...]
    place_names: tuple[str, ...]
    communes: tuple[str, ...]
    lon: np.ndarray
    lat: np.ndarray
    written: tuple[str, ...]
    owners: tuple[int, ...]
    depots: dict[str, str]
    new_depots: dict[str, DepotRegistered]
    items: Mapping[str, Item]

    def place_by_id(self, text: str) -> str | None:
        """Find a place by its id, with or without its prefix, or by its bare code."""
        wanted = text.strip()
        for form in (wanted, f"place:{wanted}", f"place:MA-{wanted}"):
            if form in self.place_ids:
                return form
        return None

    def place_by_name(self, name: str, commune: str = "") -> PlaceMatch:
        """Find a place by its written name, among those of the commune where one is given."""
        written, owners = self.written, self.owners
        if commune:
            wanted = plain(commune)
            inside = {i for i, name in enumerate(self.communes) if plain(name) == wanted}
            if inside:
                pairs = [(w, o) for w, o in zip(written, owners, strict=True) if o in inside]
                written = tuple(w for w, _ in pairs)
                owners = tuple(o for _, o in pairs)
        found = match(name, written, owners=owners)
        if not found:
            return PlaceMatch(place_id=None, score=0.0)
        best = found[0]
        return PlaceMatch(
            place_id=self.place_ids[best.index] if best.sure else None,
            score=round(best.score, 3),
            candidates=tuple(self._label(one.index) for one in found),
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
        )

    def _label(self, index: int) -> str:
        commune = f", {self.communes[index]}" if self.communes[index] else ""
        return f"{self.place_names[index]}{commune} ({self.place_ids[index]})"


def known(places: gpd.GeoDataFrame | None, depots: list[Depot], items: Mapping[str, Item]) -> Known:
    """Build the look-up tables from the places frame, the depots and the items.

    `places` may be None for sheets that name no place (stock, vehicles).
    """
    written, owners = _written_names(places)
    depot_names = {d.depot_id: d.depot_id for d in depots}
    depot_names |= {plain(d.name): d.depot_id for d in depots}
    return Known(
        place_ids=() if places is None else tuple(places["place_id"]),
        place_names=() if places is None else tuple(places["name"]),
        communes=() if places is None else tuple(places["commune"]),
        lon=np.empty(0) if places is None else places.geometry.x.to_numpy(),
        lat=np.empty(0) if places is None else places.geometry.y.to_numpy(),
        written=tuple(written),
        owners=tuple(owners),
        depots=depot_names,
        new_depots={},
        items=items,
    )


def _written_names(places: gpd.GeoDataFrame | None) -> tuple[list[str], list[int]]:
    """Give the plain form of every name of every place, and whose it is."""
    written: list[str] = []
    owners: list[int] = []
    if places is None:
        return written, owners
    for column in ("name", "name_fr", "name_ar", "name_zgh"):
        if column not in places:
            continue
        for owner, name in enumerate(places[column]):
            if form := plain(str(name or "")):
                written.append(form)
                owners.append(owner)
    return written, owners
