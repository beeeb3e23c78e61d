"""Explanations as sentences: figures filled into words that a reader's language may replace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from routing.explain.facts import as_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo.model import Item
    from routing.explain.facts import Gain, Limits, NeedWhy, RelayTeams, StopWhy, Swap

# A difference of arrival below this is the same to those who wait.
SAME_S = 60.0


def as_written(text: str) -> str:
    """Words in English, as they stand here."""
    return text


def _utc_clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How things are called.

    Parameters
    ----------
    name_of
        Name of a depot, place or vehicle by its id.
    clock
        A moment as hours and minutes of the situation's zone.
    say
        A sentence in the reader's language (gettext), with the same names in braces.
    """

    name_of: Callable[[str], str] = as_written
    clock: Callable[[datetime], str] = _utc_clock
    say: Callable[[str], str] = as_written


# --- needs --------------------------------------------------------------------------------------


def binding(why: NeedWhy, item: Item, speech: Speech) -> str:
    """What binds: how far the vehicles get with one more portion, or the teams."""
    if why.relay is not None:
        return _teams(why.relay, speech)
    return _limits(why.limits, item, speech)


def _teams(relay: RelayTeams, speech: Speech) -> str:
    text = speech.say(
        "{taker} from {roadhead}: {needed} loads needed, {free} free of {possible} today; of "
        "{teams} teams {serving} carry there, {elsewhere} elsewhere, {far} cannot be there and "
        "back ({way} a way)"
    )
    if relay.idle:
        text += speech.say(", {idle} could, but vehicles bring more elsewhere than to them")
    return text.format(
        idle=relay.idle,
        taker=relay.taker,
        roadhead=relay.roadhead,
        needed=relay.loads_needed,
        free=relay.loads_free,
        possible=relay.loads_possible,
        teams=relay.teams,
        serving=relay.serving,
        elsewhere=relay.elsewhere,
        far=relay.too_far,
        way=duration(relay.way_s),
    )


def _limits(limits: Limits, item: Item, speech: Speech) -> str:
    if not limits.vehicles:
        return speech.say("the fleet has no vehicle that drives")
    say = speech.say
    texts = {
        "road": say("{n} have no road there and back"),
        "size": say("{n} are too small for one piece"),
        "window": say("{n} would come after closing"),
        "time": say("{n} have no time left"),
        "trips": say("{n} have driven all their trips"),
        "room": say("{n} pass fully loaded"),
        "stock": say("{n} start where the stock is given out"),
        "worth": say("{n} could, but would delay others by more than it is worth"),
        "free": say("{n} could: search for longer"),
    }
    parts = [texts[stage].format(n=count) for stage, count in limits.stopped.items()]
    head = say("of {n} vehicles").format(n=limits.vehicles)
    if limits.road and "road" in limits.stopped:
        parts[0] += f" ({limits.road})"
    text = f"{head} " + ", ".join(parts)
    if limits.lacks_s > 0:
        text += say(" (the nearest, {vehicle}, lacks {time})").format(
            vehicle=speech.name_of(limits.nearest), time=duration(limits.lacks_s)
        )
    if limits.held > 0 and limits.given >= limits.held - 1e-6:
        text += say("; stock of {item} ends at {amount}").format(
            item=item.name(), amount=number(limits.held)
        )
    return text


def gain(one: Gain, item: Item, speech: Speech) -> str:
    """What one change would bring."""
    say = speech.say
    brings = amount(one.quantity, item)
    depot = speech.name_of(one.depot_id) if one.depot_id else ""
    besides = {
        "stock": say(", with as much more stock there"),
        "vehicle": say(", with one more {kind} at {depot}").format(
            kind=one.vehicle_class, depot=depot
        ),
        "at_roadhead": say(", if they stand there in the morning"),
    }
    also = "".join(besides[name] for name in one.also)
    when = ""
    if one.arrives_at is not None:
        when = say(", from {time}").format(time=speech.clock(one.arrives_at))
    templates = {
        "road": say("open the road ({road}): {brings} more{also}{when}"),
        "stock": say("{amount} more in stock at {depot}: {brings} more{when}"),
        "vehicle": say("one more {kind} at {depot}: {brings} more{also}{when}"),
        "hours": say("{time} longer for {vehicle} ({ends}): {brings} more{when}"),
        "window": say("taken in {time} longer: {brings} more with {vehicle}{when}"),
        "whole": say("if it may be parted: {brings} more{when}"),
        "urgency": say("weight {weight} or more for one unit: {brings} more with {vehicle}{when}"),
        "teams": say("{n} more {kind} teams at {road}: {brings} more{also}"),
    }
    limits = {"shift": say("shift"), "dark": say("light"), "depot": say("hours of its depot")}
    return templates[one.kind].format(
        road=one.road or say("closed now"),
        brings=brings,
        also=also,
        when=when,
        amount=number(one.amount),
        depot=depot,
        kind=one.vehicle_class,
        time=duration(one.amount),
        vehicle=speech.name_of(one.vehicle_id) if one.vehicle_id else one.vehicle_class,
        ends=", ".join(limits[name] for name in one.ended_by),
        weight=f"{one.amount:.2g}",
        n=number(one.amount),
    )


# --- stops --------------------------------------------------------------------------------------


def stop(why: StopWhy, speech: Speech) -> str:
    """Why a stop comes when it does, in a few sentences."""
    say = speech.say
    if why.kept:
        return {
            "done": say("done when the plan was made anew"),
            "on_the_road": say("on the road when the plan was made anew"),
            "locked": say("locked: it stays as it was"),
        }[why.kept]
    parts = [
        say("stop {n} of {of}; weight × quantity {value}").format(
            n=why.number, of=why.of_stops, value=number(round(why.value, 1))
        )
    ]
    if why.earliest_at is not None:
        later_s = (why.arrives_at - why.earliest_at).total_seconds()
        if later_s <= SAME_S:
            parts.append(say("no vehicle could be here earlier"))
        else:
            parts.append(
                say("the first vehicle could be here at {time}, {later} earlier").format(
                    time=speech.clock(why.earliest_at), later=duration(later_s)
                )
            )
    if why.before is not None:
        parts.append(_swap(why.before, speech, first=True))
    elif why.after is not None:
        parts.append(_swap(why.after, speech, first=False))
    return "; ".join(parts)


def _swap(swap: Swap, speech: Speech, *, first: bool) -> str:
    say = speech.say
    order = say("before {other}") if first else say("after {other}")
    text = order.format(other=speech.name_of(swap.other)) + say(
        ": the other way round this place gets it {own}, {other} gets it {others}"
    ).format(
        own=_shift(swap.own_s, speech),
        other=speech.name_of(swap.other),
        others=_shift(swap.other_s, speech),
    )
    if not swap.holds:
        return text + say(", and the day no longer fits")
    if swap.worse > 0.5:
        return text + say(", in all {worse} weight × hours worse").format(
            worse=number(round(swap.worse))
        )
    if swap.longer_s > SAME_S:
        return text + say(", and the vehicle is out {time} longer").format(
            time=duration(swap.longer_s)
        )
    return text + say(", which is no better in all")


def _shift(seconds: float, speech: Speech) -> str:
    if abs(seconds) < SAME_S:
        return speech.say("at the same time")
    later, earlier = speech.say("{time} later"), speech.say("{time} earlier")
    return (later if seconds > 0 else earlier).format(time=duration(abs(seconds)))


# --- figures ------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """``25 min`` or ``2 h 05``, whole minutes, rounded up."""
    minutes = int(-(-seconds // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d}"


def amount(quantity: float, item: Item) -> str:
    """``40 Tent`` or ``600 l Water``."""
    unit = f" {item.unit}" if item.unit in {"l", "kg", "m3", "t"} else ""
    return f"{number(quantity)}{unit} {item.name()}"


def number(value: float) -> str:
    """Shortest form with thin groups: 1 200, 12.5."""
    return f"{value:,.3f}".rstrip("0").rstrip(".").replace(",", " ")


def row_of(why: NeedWhy, item: Item, speech: Speech) -> dict[str, Any]:
    """`limits` and `helps` of an unserved need, as they stand in the plan's JSON."""
    limits: dict[str, Any] = {
        "text": binding(why, item, speech),
        "vehicles": why.limits.vehicles,
        "stopped": dict(why.limits.stopped),
        "nearest": why.limits.nearest,
        "lacks_s": why.limits.lacks_s,
        "held": why.limits.held,
        "given": why.limits.given,
        "road": why.limits.road,
    }
    if why.relay is not None:
        relay = why.relay
        limits["relay"] = {
            "roadhead": relay.roadhead,
            "class": relay.taker,
            "loads_needed": relay.loads_needed,
            "loads_possible": relay.loads_possible,
            "loads_free": relay.loads_free,
            "teams": relay.teams,
            "serving": relay.serving,
            "elsewhere": relay.elsewhere,
            "too_far": relay.too_far,
            "idle": relay.idle,
            "travel_time_s": relay.way_s,
        }
    helps = [{**as_row(one), "text": gain(one, item, speech)} for one in why.gains]
    return {"limits": limits, "helps": helps}


def stop_row(why: StopWhy, speech: Speech) -> dict[str, Any]:
    """`why` of a stop, as it stands in the plan's JSON."""
    row: dict[str, Any] = {
        "text": stop(why, speech),
        "kept": why.kept,
        "value": round(why.value, 6),
        "value_share": round(why.value_share, 9),
        "weight": round(why.weight, 6),
        "number": why.number,
        "of_stops": why.of_stops,
    }
    if why.earliest_at is not None:
        row["earliest_at"] = why.earliest_at.isoformat()
    for name, swap in (("before", why.before), ("after", why.after)):
        if swap is not None:
            row[name] = {
                "place_id": swap.other,
                "trips": swap.trips,
                "own_s": swap.own_s,
                "other_s": swap.other_s,
                "worse": round(swap.worse, 6),
                "holds": swap.holds,
                "longer_s": swap.longer_s,
            }
    return row
