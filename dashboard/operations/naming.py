"""Names: which place one means, and names that people confirm for a place."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from data.events import PlaceAliasConfirmed, PlaceAliasWithdrawn, PlaceWithdrawn
from geo.errors import InputError, UnknownIdError
from geo.model import new_id
from geo.names import plain

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation
    from data.intake.known import Known

#: The header of the sheet of one row that a question makes.
_HEADER = ("place", "commune", "position")


def known_places(situation: Situation, *, add_places: bool = False) -> Known:
    """Give the look-up tables of the places of a situation, with the names people confirmed."""
    from data.catalogue import items
    from data.intake.known import known

    return known(
        situation.places(),
        situation.store.depots(),
        items(),
        now=situation.now(),
        zone=ZoneInfo(situation.info().timezone),
        aliases=[(one.written, one.place_id) for one in situation.store.place_aliases()],
        add_places=add_places,
        own_items=situation.store.own_items(),
    )


def match(
    situation: Situation, written: str, *, commune: str = "", near: str = ""
) -> dict[str, Any]:
    """Say which place a written name means, as an upload would decide it.

    Parameters
    ----------
    written
        The name, with parents or neighbours if they are written: ``Imlil, commune Asni``, ``3 km
        north of Asni``.
    commune
        Its commune, if it is known besides.
    near
        A coordinate as people write it.

    Returns
    -------
    dict
        `place_id` (None where it is not decided), `status`, `candidates` (best first, each with
        place_id, name, commune, score, method, gap, distance_m), `notes` and `problems`.

    Raises
    ------
    InputError
        There are no places, or nothing is asked.
    """
    from data.intake.columns import understand
    from data.intake.known import Question
    from data.intake.placing import place_of
    from data.intake.row import Row
    from geo.name_context import read_place_text

    if not written.strip() and not near.strip():
        raise InputError("match", "a name or a coordinate is needed", "write the name")
    places = known_places(situation)
    if not places.place_ids:
        raise InputError(
            "match", "the places must be known first", "load them: `qafila load places FILE`"
        )
    row = Row(1, (written.strip(), commune.strip(), near.strip()), understand(_HEADER))
    place_id, score = place_of(row, places)
    report = row.report(place_id, score)
    candidates = row.candidates or (() if row.match is None else (row.match,))
    text = read_place_text(written)
    if place_id is not None and text.name:
        # The runners-up are shown beside what was decided.
        asked = Question(name=text.name, commune=commune or text.commune, province=text.province)
        rest = [one for one in places.place_by_name(asked).ranked if one.place_id != place_id]
        candidates = (*candidates, *rest)
    return {
        "written": written,
        "place_id": place_id,
        "score": score,
        "status": report.status,
        "candidates": [asdict(one) for one in candidates],
        "notes": list(report.notes),
        "problems": [
            {"column": one.column, "expected": one.expected, "suggestion": one.suggestion}
            for one in report.problems
        ],
    }


def confirm_alias(situation: Situation, place_id: str, written: str) -> dict[str, Any]:
    """Record that a written name means a place; uploads take it at once from now on.

    Raises
    ------
    UnknownIdError
        There is no such place.
    InputError
        The name is empty or far too long, or it is confirmed for this place already.
    """
    from geo.scripts import MAX_NAME, clean_name

    name = clean_name(written)
    if not plain(name) or len(written) > MAX_NAME:
        raise InputError(
            f"alias {written[:40]!r}", f"a name of 1 to {MAX_NAME} characters", "write the name"
        )
    places = situation.places().set_index("place_id")
    current_place = situation.current_places()
    now = current_place(place_id if ":" in place_id else f"place:{place_id}")
    if now not in places.index:
        raise UnknownIdError(
            place_id, "no such place here", 'find its id: `qafila match "NAME" --json`'
        )
    others = []
    for one in situation.store.place_aliases():
        if plain(one.written) == plain(name):
            if current_place(one.place_id) == now:
                raise InputError(
                    f"alias {name!r}", f"it is confirmed already ({one.alias_id})", "nothing to do"
                )
            others.append(one.place_id)
    event = PlaceAliasConfirmed(alias_id=new_id("alias"), place_id=now, written=name)
    situation.record([event])
    notes = []
    if others:
        notes.append(
            f"the name is confirmed for {', '.join(others)} too: it will be asked about, not taken"
        )
    return {
        "alias_id": event.alias_id,
        "place_id": now,
        "name": str(places.loc[now, "name"]),
        "written": name,
        "notes": notes,
    }


def undo_naming(situation: Situation, alias_or_place_id: str) -> None:
    """Take back one confirmed name or one added place."""
    if alias_or_place_id.startswith("alias:"):
        situation.record([PlaceAliasWithdrawn(alias_id=alias_or_place_id)])
    else:
        situation.record([PlaceWithdrawn(place_id=alias_or_place_id)])
