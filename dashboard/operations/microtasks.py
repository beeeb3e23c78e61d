"""Small questions to people far away: ask, answer, weigh the answers, take them as evidence.

Nobody's answer is believed alone. Each question goes to several, some questions have a known answer
(gold), and what all answers together are worth is weighed by `data.volunteering.agreement`. What
comes out is evidence with a confidence: a person of the cell takes it, and it then counts as any
other source does.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods, stockroom
from dashboard.operations.roads import closure_event
from dashboard.operations.tiles import picture_around, picture_at
from dashboard.operations.volunteering import find_volunteer, place_names
from dashboard.operations.weighing_answers import people_of, standings
from data.events import (
    CANNOT_TELL,
    CHOICES,
    MICROTASK_KINDS,
    MicrotaskAnswered,
    MicrotaskClosed,
    MicrotaskPosted,
)
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import new_id, require_lon_lat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from dashboard.operations.stockroom import Said
    from data.events import Event, MicrotaskKind, RoadClosed
    from data.store.microtask_table import MicrotaskRecord

#: One question in so many that somebody is given has a known answer, while there are such.
GOLD_EVERY = 5
#: Side of the square that is shown of a building, in metres: it and its neighbours.
CHIP_M = 80.0
#: What volunteers saw on a picture is dated by it.
SOURCE = "volunteers from a distance"
GRADES = {
    "destroyed": "Destroyed",
    "damaged": "Damaged",
    "no_visible_damage": "No Visible Damage",
}
#: However many agree: they all looked at the same picture.
MOST_CONFIDENT = 0.99
MOST_TEXT = 1_000
MOST_CHOICE = 32


def ask(
    situation: Situation,
    kind: str,
    *,
    point: tuple[float, float] | None = None,
    about: Sequence[str] = (),
    text: str = "",
    language: str = "",
    answers: int = 3,
    gold: str = "",
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Post a question.

    Parameters
    ----------
    kind
        ``building`` (at `point`, longitude and latitude, where a picture from after is loaded),
        ``road`` (`about` one edge), ``same_place`` (`about` two places, ids or names) or
        ``translate`` (`text` into `language`).
    answers
        How many people are to answer, 2 to 25.
    gold
        The right answer where it is known: the question then tests who answers.

    Raises
    ------
    InputError, UnknownIdError, RuleError
        What is asked about is not there, or cannot be asked so.
    """
    known = _kind(kind)
    if not 2 <= answers <= 25:
        raise InputError(f"{answers} answers", "2 to 25 are needed", "3 are usual")
    lon = lat = None
    if known == "building":
        lon, lat = _pictured(situation, point)
    payload = MicrotaskPosted(
        microtask_id=new_id("microtask"),
        kind=known,
        about=_about(situation, known, about),
        lon=lon,
        lat=lat,
        text=text.strip()[:MOST_TEXT],
        language=language.strip()[:8],
        answers=answers,
        gold=gold.strip()[:MOST_CHOICE],
    )
    stockroom.append(situation, [payload], said)
    return {"microtask_id": payload.microtask_id, "kind": known, "answers": answers}


def next_question(situation: Situation, volunteer: str) -> dict[str, Any]:
    """Give the question that this volunteer should answer next, or that there is none.

    Of those that they have not answered, the one that lacks most answers, then those whose answers
    do not agree; one in `GOLD_EVERY` is one whose answer is known. Which ones these are is not
    told.
    """
    who = find_volunteer(situation, volunteer).volunteer_id
    questions, answers = situation.store.microtasks(), situation.store.microtask_answers()
    answered = {told.microtask_id for told in answers if told.volunteer_id == who}
    standing = standings(questions, answers)
    waiting = [
        one for one in questions if one.status == "open" and one.microtask_id not in answered
    ]
    mine = len(answered)
    plain_ones = [
        one
        for one in waiting
        if not one.gold and standing[one.microtask_id]["state"] in ("asked", "disputed")
    ]
    tests = [one for one in waiting if one.gold]
    test_turn = mine % GOLD_EVERY == _turn(who)
    chosen = tests if tests and (test_turn or not plain_ones) else plain_ones
    if not chosen:
        return {"question": None, "answered": mine}

    def order(question: MicrotaskRecord) -> tuple[int, bytes]:
        given = standing[question.microtask_id]["given"]
        lacks = 0 if question.gold else max(0, question.answers - given)
        # Another order for each person: else all look at the same one at the same time.
        mixed = hashlib.sha256(f"{who} {question.microtask_id}".encode()).digest()
        return -lacks, mixed

    return {"question": _told(situation, min(chosen, key=order)), "answered": mine}


def answer(
    situation: Situation,
    microtask_id: str,
    volunteer: str,
    choice: str = "",
    *,
    text: str = "",
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Record what a volunteer answers: a choice, or a text where a translation is asked for."""
    payload = MicrotaskAnswered(
        answer_id=new_id("answer"),
        microtask_id=microtask_id,
        volunteer_id=find_volunteer(situation, volunteer).volunteer_id,
        choice=choice.strip()[:MOST_CHOICE],
        text=text.strip()[:MOST_TEXT],
    )
    stockroom.append(situation, [payload], said)
    return {"answer_id": payload.answer_id, "microtask_id": microtask_id, "choice": payload.choice}


def results(situation: Situation) -> dict[str, Any]:
    """Weigh all answers.

    Returns
    -------
    dict
        `microtasks`: each with its question, `given` answers, `answer` (the most likely choice, or
        the text that most gave; "" while nobody answered), `belief` (0 to 1, None for texts),
        `state` (``asked``, ``disputed``: all answers are there and none is sure, ``decided``,
        ``taken``, ``cancelled``); `volunteers`: how many each answered, how often they were right
        (`right`, 0 to 1) and of how many known ones (`gold`).
    """
    questions = situation.store.microtasks()
    answers = situation.store.microtask_answers()
    standing = standings(questions, answers)
    found = [
        {
            **_told(situation, one),
            **standing[one.microtask_id],
            "gold": bool(one.gold),
            "at": one.recorded_at.isoformat(),
        }
        for one in questions
    ]
    return {
        "microtasks": found,
        "volunteers": people_of(questions, answers),
        "based_on_seq": situation.seq(),
        "at": situation.now().isoformat(),
    }


def take(
    situation: Situation, microtask_id: str, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Take the answer of a decided question as evidence, with its confidence.

    A building becomes a damage layer of one point, dated by the picture; a road a report by
    `SOURCE`; of the others the answer is kept with the question, and a person does what follows.

    Raises
    ------
    UnknownIdError
        There is no such question.
    RuleError
        It is not decided, or its answer was known beforehand.
    """
    one = _question(situation, microtask_id)
    known = {row["microtask_id"]: row for row in results(situation)["microtasks"]}[microtask_id]
    if one.gold:
        raise RuleError(microtask_id, "its answer was known: it only tests", "take another one")
    if known["state"] != "decided":
        raise RuleError(
            f"{microtask_id} is {known['state']}",
            "only an answer that enough people agree on is taken",
            "wait for more answers, or look yourself",
        )
    note = f"{known['answer']}, {known['given']} answers"
    if known["belief"] is not None:
        note += f", belief {known['belief']:.2f}"
    closing = MicrotaskClosed(microtask_id=microtask_id, status="taken", note=note)
    made: dict[str, Any] = {}
    evidence: list[Event] = []
    if one.lon is not None and one.lat is not None:
        made = _as_damage(situation, one, (one.lon, one.lat), known, note)
    elif one.kind == "road":
        report = _as_road_report(situation, one, known, note)
        made, evidence = {"closure_id": report.closure_id}, [report]
    stockroom.append(situation, [*evidence, closing], said)
    return {"microtask_id": microtask_id, "answer": known["answer"], "note": note, **made}


def cancel(
    situation: Situation, microtask_id: str, *, said: Said = stockroom.NOBODY
) -> dict[str, Any]:
    """Call a question off: nobody is asked it any more."""
    _question(situation, microtask_id)
    closing = MicrotaskClosed(
        microtask_id=microtask_id, status="cancelled", note=said.note[: stockroom.MAX_NOTE]
    )
    stockroom.append(situation, [closing], said)
    return {"microtask_id": microtask_id, "status": "cancelled"}


def pictures(situation: Situation, microtask_id: str) -> dict[str, bytes]:
    """Give the building from before and from after as PNG, as far as there are pictures."""
    one = _question(situation, microtask_id)
    if one.lon is None or one.lat is None:
        return {}
    found = {}
    for role in ("before", "after"):
        layer = picture_at(situation, role, one.lon, one.lat)
        if layer is not None:
            found[role] = picture_around(situation, layer, one.lon, one.lat, CHIP_M)
    return found


# --- asking -------------------------------------------------------------------------------------


def _kind(kind: str) -> MicrotaskKind:
    for known in MICROTASK_KINDS:
        if known == kind:
            return known
    raise InputError(
        f"question {kind[:40]!r}", f"one of {', '.join(MICROTASK_KINDS)}", "correct it"
    )


def _pictured(situation: Situation, point: tuple[float, float] | None) -> tuple[float, float]:
    if point is None:
        raise InputError("building", "where it is, is needed", "give its longitude and latitude")
    lon, lat = point
    require_lon_lat("building", lon, lat)
    if picture_at(situation, "after", lon, lat) is None:
        raise InputError(
            f"building at {lat:.5f}, {lon:.5f}",
            "a picture from after the disaster is needed there",
            "load one: `qafila load imagery FILE --after`",
        )
    return lon, lat


def _about(situation: Situation, kind: MicrotaskKind, about: Sequence[str]) -> tuple[str, ...]:
    if kind == "same_place":
        return tuple(goods.find_place(situation, one) for one in about)
    if kind == "road":
        edges = set(situation.roads().edges["edge_id"])
        for one in about:
            if one not in edges:
                raise UnknownIdError(one, "no such edge here", "pick it on the map, page Roads")
    return tuple(about)


def _turn(volunteer_id: str) -> int:
    return hashlib.sha256(volunteer_id.encode()).digest()[0] % GOLD_EVERY


def _question(situation: Situation, microtask_id: str) -> MicrotaskRecord:
    for one in situation.store.microtasks():
        if one.microtask_id == microtask_id:
            return one
    raise UnknownIdError(microtask_id, "no such question here", "see `qafila microtask list`")


def _told(situation: Situation, one: MicrotaskRecord) -> dict[str, Any]:
    """The question as it is shown to whoever answers: not whether its answer is known."""
    names = place_names(situation) if one.kind == "same_place" else {}
    return {
        "microtask_id": one.microtask_id,
        "kind": one.kind,
        "about": [{"id": thing, "name": names.get(thing, "")} for thing in one.about],
        "lon": one.lon,
        "lat": one.lat,
        "text": one.text,
        "language": one.language,
        "wanted": one.answers,
        "choices": [*CHOICES[one.kind], CANNOT_TELL],
    }


# --- taking -------------------------------------------------------------------------------------


def _as_damage(
    situation: Situation,
    one: MicrotaskRecord,
    point: tuple[float, float],
    known: dict[str, Any],
    note: str,
) -> dict[str, Any]:
    from dashboard.operations.loading import load

    after = picture_at(situation, "after", *point)
    seen = None if after is None else after.source.at
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [*point]},
        "properties": {
            "damage_gra": GRADES[known["answer"]],
            "sensordate": (seen or one.recorded_at).date().isoformat(),
            "confidence": min(known["belief"], MOST_CONFIDENT),
            "note": note,
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{one.microtask_id.replace(':', '-')}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        loaded = load(situation, "damage", [path], source=SOURCE, at=seen)
    return {"layer_id": loaded["layers"][0]["layer_id"]}


def _as_road_report(
    situation: Situation, one: MicrotaskRecord, known: dict[str, Any], note: str
) -> RoadClosed:
    return closure_event(
        situation,
        edges=one.about,
        state=known["answer"],
        source=SOURCE,
        reason=note,
        confidence=min(known["belief"], MOST_CONFIDENT),
    )
