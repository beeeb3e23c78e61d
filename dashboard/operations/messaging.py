"""Messages: what came by text, recorded or not, and the answer that goes back, one message long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.languages import LANGUAGES, _, reading_in
from dashboard.operations import goods, naming
from dashboard.operations.field_reports import Reporter, take_reply
from dashboard.operations.message_answers import fitting, sent_size
from dashboard.operations.requesting import PUBLIC, Contact, take_request
from data.intake.items import names_like
from data.intake.message import Misread, NeedMessage, exact_item, is_need, parse_need
from data.intake.reply import is_reply
from geo.errors import InputError, RuleError, UnknownIdError
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.operations.situation import Situation

#: Candidates that an answer names.
OFFERED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer with what came of the message."""

    kind: str
    answer: str
    found: dict[str, Any]


def take_message(
    situation: Situation,
    text: str,
    *,
    sender: str = "",
    organisation: str = "",
    convoy_id: str = "",
    client_id: str | None = None,
    language: str = "",
) -> dict[str, Any]:
    """Take in a text message: a need, or what a convoy says.

    Parameters
    ----------
    sender
        Number it came from; kept in the vault only, to call back.
    organisation
        Who passes it on; `PUBLIC` unless said.
    convoy_id
        The convoy that it comes from, for OK, ARR, REF, BLK and SOS.
    client_id
        The message's own id: taken in again, it records nothing.
    language
        To answer in; else that of the code, else that of the script.

    Returns
    -------
    dict
        ``{understood, kind, language, answer, length, limit, need_ids, reference, new}``; `kind` is
        ``need``, a reply's kind, or ``misread``; `answer` fits one message (160 characters of the
        GSM alphabet, 70 others).

    Raises
    ------
    InputError
        The language is none of ours.
    """
    if language and language not in LANGUAGES:
        raise InputError(
            f"language {language[:20]!r}", f"one of {', '.join(LANGUAGES)} is needed", "correct it"
        )
    read = parse_need(text, item_of=_item_of(situation))
    language = language or read.language
    with reading_in(language):
        if is_reply(text) and not is_need(text):
            said = _reply(situation, text, convoy_id, client_id)
        elif isinstance(read, Misread):
            said = Answered(kind="misread", answer=_misread(read), found={})
        else:
            contact = Contact(phone=sender)
            said = _need(situation, read, contact, organisation or PUBLIC, client_id, language)
    length, limit = sent_size(said.answer)
    return {
        "understood": said.kind != "misread",
        "kind": said.kind,
        "language": language,
        "answer": said.answer,
        "length": length,
        "limit": limit,
        "need_ids": [],
        "reference": "",
        "new": False,
    } | said.found


def _item_of(situation: Situation) -> Callable[[str], str | None]:
    """Names of items, those that people registered here too."""
    own = {
        plain(name): one.item_id
        for one in goods.stock_items(situation).values()
        for name in (one.item_id, one.name, *one.names)
        if name
    }
    return lambda words: exact_item(words) or own.get(plain(words))


def _need(
    situation: Situation,
    read: NeedMessage,
    contact: Contact,
    organisation: str,
    client_id: str | None,
    language: str,
) -> Answered:
    found = naming.match(situation, read.place)
    if not found["place_id"]:
        return Answered(kind="misread", answer=_which_place(read.place, found), found={})
    known = goods.stock_items(situation)
    for one in read.goods:
        try:
            known[one.item_id].read(one.quantity)
        except (InputError, RuleError):
            asked = Misread(part="quantity", given=one.quantity, language=read.language)
            return Answered(kind="misread", answer=_misread(asked), found={})
    here = read.reported_from and naming.match(situation, read.reported_from)["place_id"]
    told = take_request(
        situation,
        place=found["place_id"],
        goods=[(one.item_id, one.quantity) for one in read.goods],
        reported_from=here or "",
        note="" if here or not read.reported_from else f"reporter: {read.reported_from}"[:500],
        contact=contact,
        organisation=organisation,
        client_id=client_id,
        written_place=read.place,
    )
    name = _place_name(situation, told["place_id"], language)
    return Answered(kind="need", answer=_thanks(situation, read, name, told, language), found=told)


def _reply(situation: Situation, text: str, convoy_id: str, client_id: str | None) -> Answered:
    if not convoy_id:
        answer = fitting(_("Not recorded: which convoy says so? Send it to your crisis cell."))
        return Answered(kind="misread", answer=answer, found={})
    try:
        taken = take_reply(situation, convoy_id, text, by=Reporter(client_id=client_id))
    except (InputError, RuleError, UnknownIdError) as error:
        answer = fitting(
            _("Not recorded: {given}: {needed}").format(given=error.given, needed=error.needed),
            _("Not recorded: {given}").format(given=error.given),
        )
        return Answered(kind="misread", answer=answer, found={})
    answer = fitting(_("Received. Thank you."))
    return Answered(kind=str(taken["kind"]), answer=answer, found={"new": taken["new"]})


def _thanks(
    situation: Situation, read: NeedMessage, name: str, told: dict[str, Any], language: str
) -> str:
    items = goods.stock_items(situation)
    asked = ", ".join(
        f"{one.quantity} {_short(items[one.item_id], language)}" for one in read.goods
    )
    number = told["reference"]
    return fitting(
        _("Received: {place}, {goods}. No. {number}. Thank you.").format(
            place=name, goods=asked, number=number
        ),
        _("Received: {place}. No. {number}").format(place=name, number=number),
        _("Received. No. {number}").format(number=number),
    )


def _short(item: goods.StockItem, language: str) -> str:
    """Name of an item without what stands in brackets, in a language of ours."""
    from data.catalogue import items

    known = items().get(item.item_id)
    name = known.name(language) if known is not None else item.name or item.item_id
    return name.partition("(")[0].strip()


def _misread(read: Misread) -> str:
    example = _("NEED Tinmel tents 20")
    given = read.given[:30]
    if read.part == "code":
        return fitting(
            _("Not understood. To ask for help write: {example}").format(example=example), example
        )
    if read.part == "length":
        return fitting(_("Too long. Write: {example}").format(example=example), example)
    if read.part == "place":
        return fitting(
            _("Which village? Nothing was recorded. Write: {example}").format(example=example),
            _("Which village? Write: {example}").format(example=example),
        )
    if read.part == "item":
        like = ", ".join(names_like(read.given)) if given else ""
        texts = [
            _("Not recorded: {given} is not understood. Perhaps: {names}?").format(
                given=given, names=like
            )
        ]
        if not like:
            texts = [
                _("Not recorded: {given} is not understood. Write: {example}").format(
                    given=given or "…", example=example
                )
            ]
        return fitting(*texts, _("What is needed? Write: {example}").format(example=example))
    return fitting(
        _("Not recorded: {given}: how many? Write: {example}").format(given=given, example=example),
        _("How many? Write: {example}").format(example=example),
    )


def _which_place(written: str, found: dict[str, Any]) -> str:
    names = [
        f"{one['name']} ({one['commune']})" if one["commune"] else one["name"]
        for one in found["candidates"][:OFFERED]
    ]
    given = written[:30]
    if not names:
        return fitting(
            _("Not recorded: no village {given} here. Add its commune.").format(given=given),
            _("Not recorded: no village {given}").format(given=given),
        )
    texts = [
        _("Not recorded: {given}: is it {names}? Send again with that name.").format(
            given=given, names=", ".join(names[:count])
        )
        for count in range(len(names), 0, -1)
    ]
    bare = found["candidates"][0]["name"]
    return fitting(
        *texts,
        _("{given}: is it {names}? Send again.").format(given=given, names=bare),
        _("Which village? Write: {example}").format(example=_("NEED Tinmel tents 20")),
    )


def _place_name(situation: Situation, place_id: str, language: str) -> str:
    places = situation.places().set_index("place_id")
    row = places.loc[place_id]
    own = {"ar": row["name_ar"], "zgh": row["name_zgh"]}.get(language, "")
    return str(own or row["name"])
