"""The papers of a convoy as values: no markup, no files, everything cleaned and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import shapely

from routing.exports.sheet.loading import Loaded, loading_order
from routing.exports.sheet.road_map import road_map
from routing.exports.sheet.words import word, words
from routing.exports.wording import clean, number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from routing.exports.sheet.ground import Ground
    from routing.exports.wording import Wording
    from routing.itinerary import HandOut, Itinerary, RoadStop

ROLES = ("storekeeper", "leader", "receiver")
#: Whom a convoy may have to call, by role; never by the name of a person.
CONTACTS = ("cell", "depot", "leader", "road", "medical")
LONGEST_WHY = 400
LARGEST_LEG_BYTES = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What papers say beyond the itinerary.

    Parameters
    ----------
    capacity
        Kilograms and cubic metres of every vehicle, by its id; a missing one gets no bars.
    made_at, event, replaces
        Version of the plan: when it was made, of which event of the ledger it knew, and the id of
        the plan that it took the place of.
    dark_at
        When it gets dark on that day; None where convoys may drive by night.
    contacts
        How each of `CONTACTS` is reached; a missing one gets a line to write on.
    ground
        What the map shows around the way; None gives sheets without a map.
    """

    capacity: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    made_at: datetime | None = None
    event: int | None = None
    replaces: str = ""
    dark_at: datetime | None = None
    contacts: Mapping[str, str] = field(default_factory=dict)
    ground: Ground | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """A quantity of one item in words, with what it weighs and fills."""

    item_id: str
    item: str
    quantity: str
    unit: str
    kg: str
    m3: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLine:
    """One line of the loading list; shares are of the vehicle's room, 0 to 1, None = unknown."""

    order: int
    stop: int
    place_id: str
    place: str
    goods: Goods
    kg_from: float | None
    kg_to: float | None
    m3_from: float | None
    m3_to: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLine:
    """One stop of the timetable."""

    number: int
    place_id: str
    place: str
    km: str
    arrives: str
    leaves: str
    position: str
    roads: str
    last_stretch: str
    hand_out: str
    why: str
    fallback: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waybill:
    """What one stop is handed, to be signed by role."""

    number: str
    stop: StopLine
    goods: tuple[Goods, ...]
    kg: str
    m3: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMap:
    """The map of the way from one stop to the next; `drawing` is SVG."""

    begins: str
    ends: str
    km: str
    drawing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All papers of one convoy."""

    language: str
    right_to_left: bool
    words: Mapping[str, str]
    title: str
    convoy_id: str
    notice: str
    vehicle: str
    depot: str
    departs: str
    back: str
    length: str
    load: str
    kg_share: float | None
    m3_share: float | None
    version: str
    turns: tuple[str, ...]
    stops: tuple[StopLine, ...]
    loading: tuple[LoadLine, ...]
    waybills: tuple[Waybill, ...]
    roles: tuple[str, ...]
    contacts: tuple[tuple[str, str], ...]
    road_map: str
    leg_maps: tuple[LegMap, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The sheet as JSON."""
        return asdict(self)


def sheet_of(itinerary: Itinerary, wording: Wording, *, leg_maps: bool = False) -> Sheet:
    """Write the papers of `itinerary` in the words of `wording`.

    `leg_maps` draws each leg by itself too, where there is more than one stop: on paper nobody can
    zoom.
    """
    convoy, papers = itinerary.convoy, wording.papers or Papers()
    lead = f"{convoy.vehicle_id} and company" if convoy.company else convoy.vehicle_id
    room = papers.capacity.get(lead)
    stops = tuple(_stop(itinerary, stop, wording) for stop in itinerary.stops)
    loaded = loading_order(itinerary.stops)
    kg = sum(one.item.kg for one in loaded)
    m3 = sum(one.item.m3 for one in loaded)
    return Sheet(
        language=wording.language,
        right_to_left=wording.language == "ar",
        words=words(wording.language),
        title=wording.title(itinerary),
        convoy_id=clean(convoy.convoy_id),
        notice=clean(wording.notice),
        vehicle=wording.vehicle(itinerary),
        depot=wording.name(convoy.depot_id),
        departs=wording.local(convoy.departs_at),
        back=wording.local(convoy.returns_at),
        length=f"{itinerary.length_km:.1f} km",
        load=f"{_kg(kg)} kg, {_m3(m3)} m³",
        kg_share=None if room is None else kg / room[0],
        m3_share=None if room is None else m3 / room[1],
        version=version_text(itinerary, wording),
        turns=tuple(wording.turns(itinerary)),
        stops=stops,
        loading=tuple(_line(one, room, wording) for one in loaded),
        waybills=tuple(
            _waybill(itinerary, stop, line, wording)
            for stop, line in zip(itinerary.stops, stops, strict=True)
        ),
        roles=tuple(word(role, wording.language) for role in ROLES),
        contacts=tuple(
            (_contact_word(role, wording), clean(papers.contacts.get(role, "")))
            for role in CONTACTS
        ),
        road_map="" if papers.ground is None else road_map(itinerary, papers.ground, wording),
        leg_maps=_leg_maps(itinerary, wording) if leg_maps else (),
    )


def _leg_maps(itinerary: Itinerary, wording: Wording) -> tuple[LegMap, ...]:
    """Draw each leg to a stop; the way home is the way there, or on the map of the whole."""
    ground = None if wording.papers is None else wording.papers.ground
    if ground is None or len(itinerary.stops) < 2:
        return ()
    walks = {stop.number: stop.walk for stop in itinerary.stops}
    drawn = []
    for leg in itinerary.legs:
        if not leg.to_stop:
            continue
        walk = walks[leg.to_stop]
        lines = [leg.geometry, *([] if walk is None else [walk.geometry])]
        west, south, east, north = shapely.total_bounds(lines).tolist()
        drawn.append(
            LegMap(
                begins=wording.name(leg.from_id),
                ends=f"{leg.to_stop}. {wording.name(leg.to_id)}",
                km=f"{leg.from_km:.1f} – {leg.from_km + leg.length_m / 1000:.1f}",
                drawing=road_map(
                    itinerary,
                    ground,
                    wording,
                    bounds=(west, south, east, north),
                    largest_bytes=LARGEST_LEG_BYTES,
                ),
            )
        )
    return tuple(drawn)


def _contact_word(role: str, wording: Wording) -> str:
    return word(role if role == "cell" else f"contact_{role}", wording.language)


def waybill_number(itinerary: Itinerary, stop: RoadStop) -> str:
    """Give the number of a waybill: the convoy's id and the stop's number."""
    return f"{clean(itinerary.convoy.convoy_id).removeprefix('convoy:')}/{stop.number}"


def version_text(itinerary: Itinerary, wording: Wording) -> str:
    """Say which plan the papers are of, so that old ones are known as such."""
    papers = wording.papers or Papers()
    parts = [clean(itinerary.plan_id).removeprefix("plan:")]
    if papers.made_at is not None:
        parts.append(f"{word('made', wording.language)} {wording.local(papers.made_at)}")
    if papers.event is not None:
        parts.append(f"{word('event', wording.language)} {papers.event}")
    if papers.replaces:
        old = clean(papers.replaces).removeprefix("plan:")
        parts.append(f"{word('replaces', wording.language)} {old}")
    return ", ".join(parts)


def _stop(itinerary: Itinerary, stop: RoadStop, wording: Wording) -> StopLine:
    lon, lat = stop.position
    leg = next((one for one in itinerary.legs if one.to_stop == stop.number), None)
    last = ""
    if stop.relay is not None:
        last = wording.relay(stop.relay)
    elif stop.walk is not None:
        last = f"{wording.word('walk')} {stop.walk.length_m:.0f} m ({wording.word('straight')})"
    return StopLine(
        number=stop.number,
        place_id=clean(stop.place_id),
        place=wording.name(stop.place_id),
        km=f"{stop.km:.1f}",
        arrives=wording.local(stop.arrives_at),
        leaves=wording.local(stop.leaves_at),
        position=f"{lat:.5f}, {lon:.5f}",
        roads=", ".join(clean(road) for road in leg.roads) if leg is not None else "",
        last_stretch=last,
        hand_out=wording.hand_out(stop),
        why=clean(stop.why, longest=LONGEST_WHY),
        fallback=_fallback(itinerary, stop, wording),
    )


def _fallback(itinerary: Itinerary, stop: RoadStop, wording: Wording) -> tuple[str, ...]:
    """What to do if the way to a stop or its relay fails, and until when it is safe to stay."""
    papers, language = wording.papers or Papers(), wording.language
    leg = next((one for one in itinerary.legs if one.to_stop == stop.number), None)
    lines = []
    if leg is not None:
        back = wording.name(leg.from_id)
        km = f"{leg.length_m / 1000:.1f}"
        lines.append(word("turn_back", language).format(place=back, km=km))
        if stop.relay is not None:
            depot = wording.name(itinerary.convoy.depot_id)
            lines.append(word("no_team", language).format(place=depot))
    dark = papers.dark_at
    if dark is not None:
        # What is still to be driven and handed out after this stop, at the pace of the plan.
        latest = dark - (itinerary.convoy.returns_at - stop.leaves_at)
        if latest >= stop.arrives_at:
            times = {"latest": wording.clock(latest), "dark": wording.clock(dark)}
            lines.append(word("last_hour", language).format(**times))
    return tuple(lines)


def _line(one: Loaded[RoadStop], room: tuple[float, float] | None, wording: Wording) -> LoadLine:
    kg_room, m3_room = room or (None, None)
    return LoadLine(
        order=one.order,
        stop=one.stop.number,
        place_id=clean(one.stop.place_id),
        place=wording.name(one.stop.place_id),
        goods=_goods(one.item, wording),
        kg_from=_share(one.kg_before, kg_room),
        kg_to=_share(one.kg_before + one.item.kg, kg_room),
        m3_from=_share(one.m3_before, m3_room),
        m3_to=_share(one.m3_before + one.item.m3, m3_room),
    )


def _waybill(itinerary: Itinerary, stop: RoadStop, line: StopLine, wording: Wording) -> Waybill:
    return Waybill(
        number=waybill_number(itinerary, stop),
        stop=line,
        goods=tuple(_goods(item, wording) for item in stop.hand_out),
        kg=_kg(sum(item.kg for item in stop.hand_out)),
        m3=_m3(sum(item.m3 for item in stop.hand_out)),
    )


def _goods(item: HandOut, wording: Wording) -> Goods:
    return Goods(
        item_id=clean(item.item_id),
        item=wording.name(item.item_id),
        quantity=number(item.quantity),
        unit=clean(item.unit),
        kg=_kg(item.kg),
        m3=_m3(item.m3),
    )


def _kg(kg: float) -> str:
    return number(round(kg, 1))


def _m3(m3: float) -> str:
    return number(round(m3, 2))


def _share(amount: float, room: float | None) -> float | None:
    """Share of a vehicle's room, never beyond it: rounding must not draw over the edge."""
    return None if room is None else min(amount / room, 1.0)
