"""Why a second plan gives a place more or less, earlier or later, than a first one.

Two plans are compared with the problems that they were made from. A cause is *direct* where
something that the place itself depends on differs: its need, a road to it, the stock that it was
given from, a vehicle that came, a convoy that is locked or came back. Other changes hang on a
direct one through a vehicle or through the stock of one item in one depot: the nearest is looked
for along these links. What hangs on none is what the search found another way.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from geo.model import StockLine, Vehicle, VehicleClassName
    from routing.plan import Convoy, Plan, Returned, Stop
    from routing.problem import Demand, Problem

CauseKind = Literal[
    "need",  # more or less is needed than before
    "urgency",  # the weight of a unit changed
    "road",  # a class that brought it gets there no more, later, again or earlier
    "relay",  # it comes through another roadhead, or no longer
    "stock",  # a depot that gave it holds more or less
    "vehicle",  # a vehicle that brought it is gone, is new, or has other hours or room
    "returned",  # the convoy that was to bring it came back
    "lock",  # a locked convoy brings it, or keeps the vehicle that brought it
    "hours",  # the place, the depot or the light has other hours
    "day",  # the plans are of different days
    "asked",  # another objective, fairness, or by night: the plan was asked for otherwise
    "knock_on",  # a direct cause elsewhere, through a vehicle or the stock of a depot
    "search",  # nothing that it depends on differs
]
ChangeKind = Literal["gains", "losses", "earlier", "later"]
Key = tuple[str, str]  # place id, item id
# Driving times that differ by less are the same way.
SAME_WAY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause of one change.

    Parameters
    ----------
    kind
        See `CauseKind`.
    before, after
        What differs: units needed or in stock, seconds of driving (None = no road), weight.
    place_id, item_id
        For "knock_on": the place and item with the direct cause, which is `root`.
    closures
        Ids of closures that decide, where the caller knows (`Causes.roads`).
    text
        Words that come with the cause: the reason of a convoy that came back, what was asked for.
    """

    kind: CauseKind
    before: float | None = None
    after: float | None = None
    depot_id: str = ""
    vehicle_id: str = ""
    vehicle_class: VehicleClassName | Literal[""] = ""
    convoy_id: str = ""
    place_id: str = ""
    item_id: str = ""
    closures: tuple[str, ...] = ()
    text: str = ""
    root: Cause | None = None


@dataclass(frozen=True)
class Side:
    """One of the two plans with its problem."""

    plan: Plan
    problem: Problem

    @cached_property
    def visits(self) -> Mapping[Key, Sequence[tuple[Convoy, Stop]]]:
        """Convoys and stops that bring an item to a place."""
        found: dict[Key, list[tuple[Convoy, Stop]]] = defaultdict(list)
        for convoy in self.plan.convoys:
            for stop in convoy.stops:
                for item in stop.deliver:
                    found[stop.place_id, item].append((convoy, stop))
        return found

    @cached_property
    def needs(self) -> Mapping[Key, Demand]:
        """Needs by place and item."""
        return {(need.place_id, need.item_id): need for need in self.problem.needs}

    @cached_property
    def stock(self) -> Mapping[tuple[str, str], StockLine]:
        """Stock lines by depot and item."""
        return {(line.depot_id, line.item_id): line for line in self.problem.stock}

    @cached_property
    def vehicles(self) -> Mapping[str, Vehicle]:
        """Vehicles by id."""
        return {one.vehicle_id: one for one in self.problem.vehicles}

    @cached_property
    def returned(self) -> Mapping[str, Returned]:
        """Convoys that came back, by their id."""
        return {one.convoy_id: one for one in self.plan.returned}

    @cached_property
    def _nearest_s(self) -> Mapping[VehicleClassName, NDArray[np.float64]]:
        n = len(self.problem.depots)
        return {
            name: np.where(np.isfinite(matrix.travel_time_s[n:, :n]).T,
                           matrix.travel_time_s[:n, n:], np.inf).min(axis=0, initial=np.inf)
            for name, matrix in self.problem.matrices.items()
        }  # fmt: skip

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {place: row for row, place in enumerate(self.problem.places)}

    def drive_s(self, place_id: str, name: VehicleClassName) -> float:
        """From the nearest depot with a way there and back; inf without one."""
        row = self._rows.get(place_id)
        if row is None or name not in self._nearest_s:
            return math.inf
        return float(self._nearest_s[name][row])

    def roadhead(self, place_id: str) -> str:
        """Where loads for the place change hands; "" where they do not."""
        return next((leg.roadhead for leg in self.problem.relays if leg.place_id == place_id), "")


@dataclass(frozen=True)
class Causes:
    """Causes of the changes from one plan to another.

    Parameters
    ----------
    roads
        By place: the closures that decide on the way, of the side on which it is closed.
    asked
        In words, what the second plan was asked for otherwise; "" where nothing.
    """

    before: Side
    after: Side
    changes: Mapping[Key, ChangeKind]
    roads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked: str = ""

    def all(self) -> dict[Key, tuple[Cause, ...]]:
        """Causes of every change, the most direct first; never empty."""
        direct = {key: tuple(self._direct(key, kind)) for key, kind in self.changes.items()}
        far = self._knock_on({key: causes for key, causes in direct.items() if causes})
        found: dict[Key, tuple[Cause, ...]] = {}
        for key, causes in direct.items():
            known = causes or far.get(key, ())
            if self.asked and not causes:
                known = (*known, Cause(kind="asked", text=self.asked))
            found[key] = known or (Cause(kind="search"),)
        return found

    # --- direct -----------------------------------------------------------------------------------

    def _direct(self, key: Key, kind: ChangeKind) -> Iterator[Cause]:
        # What worsens a place is looked for on its old side, what betters it on its new one.
        better = kind in ("gains", "earlier")
        yield from self._came_back(key, better=better)
        yield from self._needed(key, kind)
        yield from self._roads_of(key, better=better)
        yield from self._vehicles_of(key, better=better)
        yield from self._locks(key, better=better)
        yield from self._stock_of(key, better=better)
        yield from self._hours(key, better=better)

    def _came_back(self, key: Key, *, better: bool) -> Iterator[Cause]:
        if better:
            return
        for convoy, _stop in self.before.visits.get(key, ()):
            back = self.after.returned.get(convoy.convoy_id)
            if back is not None and back.load.get(key[1], 0.0) > 0:
                yield Cause(
                    kind="returned",
                    convoy_id=convoy.convoy_id,
                    vehicle_id=convoy.vehicle_id,
                    text=back.reason,
                    closures=self.roads.get(key[0], ()),
                )

    def _needed(self, key: Key, kind: ChangeKind) -> Iterator[Cause]:
        old, new = self.before.needs.get(key), self.after.needs.get(key)
        was = 0.0 if old is None else old.quantity
        now = 0.0 if new is None else new.quantity
        if (kind == "gains" and now > was + 1e-6) or (kind == "losses" and now < was - 1e-6):
            yield Cause(kind="need", before=was, after=now)
        if old is None or new is None:
            return
        heavier = new.weight - old.weight
        if abs(heavier) > 1e-6 * old.weight and (heavier > 0) == (kind in ("gains", "earlier")):
            yield Cause(kind="urgency", before=old.weight, after=new.weight)

    def _roads_of(self, key: Key, *, better: bool) -> Iterator[Cause]:
        place = key[0]
        had, has = self.before.roadhead(place), self.after.roadhead(place)
        if had != has:
            yield Cause(
                kind="relay", text=(has or had), before=float(bool(had)), after=float(bool(has)),
                closures=self.roads.get(place, ()),
            )  # fmt: skip
        side = self.after if better else self.before
        for name in dict.fromkeys(convoy.vehicle_class for convoy, _ in side.visits.get(key, ())):
            was, now = self.before.drive_s(place, name), self.after.drive_s(place, name)
            gone, come = math.isfinite(was) and not math.isfinite(now), not math.isfinite(was)
            slower = math.isfinite(was) and now > was + SAME_WAY_S
            faster = math.isfinite(now) and (come or now < was - SAME_WAY_S)
            if faster if better else gone or slower:
                yield Cause(
                    kind="road",
                    before=was if math.isfinite(was) else None,
                    after=now if math.isfinite(now) else None,
                    vehicle_class=name,
                    closures=self.roads.get(place, ()),
                )

    def _vehicles_of(self, key: Key, *, better: bool) -> Iterator[Cause]:
        side, other = (self.after, self.before) if better else (self.before, self.after)
        stays = {one.vehicle_id for one in self.after.plan.returned if one.stays}
        for vehicle_id in dict.fromkeys(one.vehicle_id for one, _ in side.visits.get(key, ())):
            own, theirs = side.vehicles.get(vehicle_id), other.vehicles.get(vehicle_id)
            if own is None:
                continue
            if theirs is None or (vehicle_id in stays and not better):
                yield Cause(
                    kind="vehicle",
                    vehicle_id=vehicle_id,
                    vehicle_class=own.vehicle_class,
                    before=float(not better),
                    after=float(better),
                )
            elif _worth(own) > _worth(theirs):
                # It has less room, a shorter day or less speed on the side where less is brought.
                yield Cause(kind="vehicle", vehicle_id=vehicle_id, before=1.0, after=1.0)

    def _locks(self, key: Key, *, better: bool) -> Iterator[Cause]:
        for convoy, _stop in self.after.visits.get(key, ()):
            if better and convoy.kept == "locked":
                yield Cause(kind="lock", convoy_id=convoy.convoy_id, vehicle_id=convoy.vehicle_id)
        if better:
            return
        mine = {convoy.vehicle_id for convoy, _stop in self.before.visits.get(key, ())}
        own = {convoy.convoy_id for convoy, _stop in self.before.visits.get(key, ())}
        for convoy in self.after.plan.convoys:
            held = convoy.kept == "locked" and convoy.locked
            if held and convoy.vehicle_id in mine and convoy.convoy_id not in own:
                yield Cause(kind="lock", convoy_id=convoy.convoy_id, vehicle_id=convoy.vehicle_id)

    def _stock_of(self, key: Key, *, better: bool) -> Iterator[Cause]:
        side = self.after if better else self.before
        for depot in dict.fromkeys(convoy.depot_id for convoy, _ in side.visits.get(key, ())):
            lines = (one.stock.get((depot, key[1])) for one in (self.before, self.after))
            was, now = (0.0 if line is None else line.quantity for line in lines)
            if abs(now - was) > 1e-6 and (now > was) == better:
                yield Cause(kind="stock", depot_id=depot, item_id=key[1], before=was, after=now)

    def _hours(self, key: Key, *, better: bool) -> Iterator[Cause]:
        old, new = self.before.problem, self.after.problem
        if old.departs_at != new.departs_at:
            yield Cause(kind="day", text=f"{old.departs_at:%Y-%m-%d} → {new.departs_at:%Y-%m-%d}")
            return
        side = self.after if better else self.before
        depots = {convoy.depot_id for convoy, _stop in side.visits.get(key, ())}
        if (
            old.windows.get(key[0]) != new.windows.get(key[0])
            or old.daylight != new.daylight
            or any(old.depot_hours.get(one) != new.depot_hours.get(one) for one in depots)
        ):
            yield Cause(kind="hours")

    # --- through others ---------------------------------------------------------------------------

    def _knock_on(self, direct: Mapping[Key, Sequence[Cause]]) -> dict[Key, tuple[Cause, ...]]:
        """For changes without a cause of their own, the nearest that has one."""
        links: dict[tuple[str, ...], list[Key]] = defaultdict(list)
        of_key: dict[Key, list[tuple[str, ...]]] = {}
        for key in self.changes:
            of_key[key] = list(self._links(key))
            for link in of_key[key]:
                links[link].append(key)
        found: dict[Key, tuple[Cause, ...]] = {}
        # Those that changed by most are asked first, so that they are named.
        queue = deque(sorted(direct, key=lambda one: (-self._moved(one), one)))
        root = {key: key for key in direct}
        used: set[tuple[str, ...]] = set()
        while queue:
            key = queue.popleft()
            for link in of_key[key]:
                if link in used:
                    continue
                used.add(link)
                for other in links[link]:
                    if other in root:
                        continue
                    root[other] = root[key]
                    found[other] = (self._through(link, root[key], direct[root[key]][0]),)
                    queue.append(other)
        return found

    def _links(self, key: Key) -> Iterator[tuple[str, ...]]:
        seen = dict.fromkeys(
            link
            for side in (self.before, self.after)
            for convoy, _stop in side.visits.get(key, ())
            for link in (("vehicle", convoy.vehicle_id), ("stock", convoy.depot_id, key[1]))
        )
        yield from seen

    def _moved(self, key: Key) -> float:
        def value(side: Side) -> float:
            need = side.needs.get(key)
            weight = 1.0 if need is None else need.weight
            return weight * sum(stop.deliver[key[1]] for _, stop in side.visits.get(key, ()))

        return abs(value(self.after) - value(self.before))

    @staticmethod
    def _through(link: tuple[str, ...], root: Key, cause: Cause) -> Cause:
        return Cause(
            kind="knock_on",
            vehicle_id=link[1] if link[0] == "vehicle" else "",
            depot_id=link[1] if link[0] == "stock" else "",
            place_id=root[0],
            item_id=root[1],
            root=cause,
        )


def _worth(vehicle: Vehicle) -> tuple[float | str, ...]:
    names = ("capacity_kg", "capacity_m3", "shift_s", "speed_factor", "crew", "together")
    return tuple(getattr(vehicle, name) for name in names)
