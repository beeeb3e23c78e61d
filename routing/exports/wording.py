"""What all exports say alike: names, times, amounts and the few words around them.

Languages: ``en``, ``fr``, ``ar``; ``zgh`` takes the French words around Tifinagh names until
somebody who speaks Tamazight has written them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from routing.exports.sheet.papers import Papers
    from routing.itinerary import HandOut, Itinerary, RoadStop
    from routing.plan import StopRelay

Language = Literal["en", "fr", "ar", "zgh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

# What XML 1.0 cannot hold, and characters that turn or hide the text around them: C0 and C1
# controls, direction marks, embeddings, overrides and isolates, zero-width and interlinear
# characters, byte order marks, surrogates and non-characters.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
LONGEST_NAME = 200
# Counted, not measured: "40 tents" says it all.
_COUNTED = frozenset({"", "tent", "piece", "pieces", "unit", "units", "kit", "kits", "pcs"})

_WORDS: dict[str, tuple[str, str, str]] = {
    "convoy": ("Convoy", "Convoi", "قافلة"),
    "vehicle": ("Vehicle", "Véhicule", "مركبة"),
    "depot": ("Depot", "Dépôt", "مستودع"),
    "departs": ("departs", "départ", "الانطلاق"),
    "arrives": ("arrives", "arrivée", "الوصول"),
    "leaves": ("leaves", "repart", "المغادرة"),
    "back": ("back", "retour", "العودة"),
    "stop": ("Stop", "Arrêt", "توقف"),
    "hand_out": ("hand out", "remettre", "تسليم"),
    "relay": ("relay from", "relais depuis", "نقل متتابع من"),
    "walk": ("walk", "à pied", "مشيا"),
    "via": ("via", "par", "عبر"),
    "leg": ("Leg", "Étape", "مرحلة"),
    "way_home": ("Way back", "Retour", "طريق العودة"),
    "turns": ("Turns", "Changements de route", "تغيير الطريق"),
    "leave_for": ("leave {leave} for {enter}", "quitter {leave} pour {enter}",
                  "اترك {leave} إلى {enter}"),
    "nameless": ("unnamed road", "route sans nom", "طريق بلا اسم"),
    "straight": ("straight line, not a path", "ligne droite, pas un sentier",
                 "خط مستقيم وليس مسارا"),
    "local_time": ("local time", "heure locale", "التوقيت المحلي"),
    "truck": ("truck", "camion", "شاحنة"),
    "light_truck": ("light truck", "camionnette", "شاحنة خفيفة"),
    "pickup": ("4x4 pickup", "pick-up 4x4", "سيارة رباعية الدفع"),
    "motorbike": ("motorbike", "moto", "دراجة نارية"),
    "mule": ("mule", "mulet", "بغل"),
    "foot": ("on foot", "à pied", "سيرا على الأقدام"),
    "air": ("air", "voie aérienne", "جوا"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How names and times are written.

    Parameters
    ----------
    notice
        Goes into every file (for a drill, or what the figures rest on).
    name_of
        Name of a place, depot or item by its id.
    zone
        In which local times are shown; formats with a time of their own keep UTC beside it.
    bom
        CSV begins with a byte order mark, which Excel needs to show Arabic.
    papers
        What sheets, loading lists and waybills say beside the itinerary.
    """

    notice: str = ""
    language: Language = "en"
    name_of: Callable[[str], str] = field(default=str)
    zone: tzinfo = UTC
    bom: bool = False
    papers: Papers | None = None

    def word(self, key: str) -> str:
        """Give the word for `key`."""
        column = {"en": 0, "fr": 1, "zgh": 1, "ar": 2}[self.language]
        return _WORDS[key][column]

    def name(self, identifier: str) -> str:
        """Cleaned name of what `identifier` names, else the id itself."""
        return clean(self.name_of(identifier)) or clean(identifier)

    def local(self, moment: datetime) -> str:
        """``2023-09-09 07:05`` in the situation's zone."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def clock(self, moment: datetime) -> str:
        """``07:05`` in the situation's zone."""
        return f"{moment.astimezone(self.zone):%H:%M}"

    def amount(self, row: HandOut) -> str:
        """``40 tent`` or ``600 l water``."""
        unit = "" if row.unit.strip().lower() in _COUNTED else f" {clean(row.unit)}"
        return f"{number(row.quantity)}{unit} {self.name(row.item_id)}"

    def hand_out(self, stop: RoadStop) -> str:
        """Everything that a stop gets, in one line."""
        return ", ".join(self.amount(row) for row in stop.hand_out)

    def turns(self, itinerary: Itinerary) -> list[str]:
        """``km 12.4 leave N9 for R203`` for every change of road."""
        nameless = self.word("nameless")
        return [
            f"km {turn.km:.1f} "
            + self.word("leave_for").format(
                leave=clean(turn.leave) or nameless, enter=clean(turn.enter) or nameless
            )
            for turn in itinerary.turns
        ]

    def vehicle(self, itinerary: Itinerary) -> str:
        """Name of the vehicle and its class; where several travel together, what each carries."""
        convoy = itinerary.convoy
        name = clean(convoy.vehicle_name) or clean(convoy.vehicle_id)
        named = f"{name} ({self.word(convoy.vehicle_class)})"
        each = [
            f"{clean(one.vehicle_name) or clean(one.vehicle_id)}: "
            + ", ".join(
                [
                    *(f"{number(n)} {self.name(item)}" for item, n in sorted(one.load.items())),
                    f"{number(round(one.load_kg, 1))} kg, {number(round(one.load_m3, 2))} m³",
                ]
            )
            for one in convoy.company
        ]
        return f"{named}: {'; '.join(each)}" if each else named

    def title(self, itinerary: Itinerary) -> str:
        """``Convoy 0a1b2c3d-001``."""
        return f"{self.word('convoy')} {clean(itinerary.convoy.convoy_id).removeprefix('convoy:')}"

    def summary(self, itinerary: Itinerary) -> list[str]:
        """The notice, then who drives, when, and how far."""
        convoy = itinerary.convoy
        lines = [clean(self.notice)] if self.notice.strip() else []
        return [
            *lines,
            f"{self.word('vehicle')}: {self.vehicle(itinerary)}",
            f"{self.word('depot')}: {self.name(convoy.depot_id)}",
            f"{self.word('departs')} {self.local(convoy.departs_at)}, "
            f"{self.word('back')} {self.local(convoy.returns_at)} ({self.word('local_time')})",
            f"{itinerary.length_km:.1f} km, {number(round(convoy.load_kg, 1))} kg, "
            f"{number(round(convoy.load_m3, 2))} m³",
        ]

    def relay(self, relay: StopRelay) -> str:
        """Who carries on from the roadhead, and how long a way takes."""
        minutes = round(relay.travel_time_s / 60)
        teams = ", ".join(clean(team) for team in relay.teams)
        return (
            f"{self.word('relay')} {clean(relay.roadhead)}: {self.word(relay.vehicle_class)} "
            f"{len(relay.teams)} × {relay.carries} ({teams}), "
            f"{minutes // 60} h {minutes % 60:02d} min, {relay.length_m / 1000:.1f} km"
        )

    def about(self, stop: RoadStop) -> list[str]:
        """When the convoy is at a stop, what it hands out, and the last walk."""
        lines = [
            f"{self.word('arrives')} {self.local(stop.arrives_at)}, "
            f"{self.word('leaves')} {self.local(stop.leaves_at)} ({self.word('local_time')})",
            f"{self.word('hand_out')}: {self.hand_out(stop)}",
            f"km {stop.km:.1f}",
        ]
        if stop.relay is not None:
            lines.append(self.relay(stop.relay))
        elif stop.walk is not None:
            lines.append(
                f"{self.word('walk')} {stop.walk.length_m:.0f} m ({self.word('straight')})"
            )
        return [*lines, clean(stop.why, longest=400)] if stop.why else lines


def clean(text: str, *, longest: int = LONGEST_NAME) -> str:
    """One line without control, direction or hidden characters, cut at `longest`."""
    one_line = " ".join(_UNWANTED.sub("", unicodedata.normalize("NFC", text)).split())
    return one_line if len(one_line) <= longest else one_line[: longest - 1].rstrip() + "…"


def number(value: float) -> str:
    """Shortest form: 40, 12.5."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def utc(moment: datetime) -> str:
    """``2023-09-09T06:05:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def lines(texts: Iterable[str]) -> str:
    """Join with line feeds, leaving out what is empty."""
    return "\n".join(text for text in texts if text)
