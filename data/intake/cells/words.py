"""Single words with a fixed meaning: yes and no, urgency, vehicle classes, road states, units."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from data.intake.wordlists import names
from geo.names import plain

if TYPE_CHECKING:
    from geo.model import VehicleClassName

_YES = "yes|y|true|1|oui|o|vrai|x|✓|نعم|اجل|ⵢⴰⵀ|ⵉⵀ|yah|ok|done|fait|si|sí"
_NO = "no|n|false|0|non|faux|لا|كلا|ⵓⵀⵓ|uhu|lla|none|aucun|aucune"

#: Word → weight of a need; 1 is the usual.
_URGENCY: dict[str, float] = {
    "critical|critique|très urgent|very urgent|extreme|vital|ⵉⵡⵄⵔ|حرج|مستعجل جدا|عاجل جدا": 5.0,
    "urgent|high|élevé|élevée|haute|haut|prioritaire|severe|"
    "مستعجل|عاجل|مرتفع|عالية|عالي|ⵉⵣⵡⵔⵏ": 3.0,
    "medium|moyen|moyenne|moderate|modéré|normal|normale|متوسط|متوسطة|عادي|ⴰⵏⴰⵎⵎⴰⵙ": 1.0,
    "low|faible|bas|basse|minor|non urgent|منخفض|منخفضة|ضعيف|ⵉⴷⵔⵙ": 0.5,
}
_CLASSES: dict[str, str] = {
    "truck": """truck|trucks|camion|camions|lorry|heavy truck|poids lourd|camion 10t|camion benne|
        semi remorque|شاحنة|شاحنات|كاميو|ⴰⴽⴰⵎⵢⵓ|ⴰⴽⴰⵎⵢⵓⵏ""",
    "pickup": """pickup|pick up|4x4|4 x 4|suv|jeep|van|fourgon|camionnette|land cruiser|utilitaire|
        light vehicle|véhicule léger|pick-up 4x4|سيارة دفع رباعي|ⵜⴰⴱⵉⴽⵓⴱⵜ 4x4|بيكوب|
        سيارة رباعية الدفع|سيارة|رباعية الدفع""",
    "mule": "mule|mules|mulet|mulets|donkey|âne|animal|muletier|بغل|بغال|دابة|دواب|ⴰⵙⵔⴷⵓⵏ|aserdun",
    "foot": "foot|on foot|à pied|pied|walking|porter|porteur|porteurs|piéton|"
    "مشيا|على الأقدام|راجلا|ⵙ ⵓⴹⴰⵔ",
    "air": "air|helicopter|hélicoptère|helico|drone|héliportage|voie aérienne|ⵙ ⵓⵊⵏⵏⴰ|جوا|"
    "مروحية|هليكوبتر|طائرة",
}
_STATES: dict[str, str] = {
    "closed": """closed|blocked|cut|cut off|impassable|fermé|fermée|coupé|coupée|bloqué|bloquée|
        impraticable|barrée|مغلقة|مغلق|مقطوعة|مقطوع|غير سالكة|غير سالك|مسدودة|ⵉⵇⵇⵏ|ⵉⵔⴳⵍ""",
    "restricted": """restricted|difficult|limited|one lane|partially open|passable with 4x4|
        restreint|restreinte|difficile|praticable 4x4|alternée|limité|limitée|
        ouverte partiellement|partiellement praticable|صعبة|سالكة بصعوبة|جزئيا|سالكة جزئيا|مقيَّدة|
        ⵙ ⵜⵡⵜⵜⴰ""",
    "open": """open|passable|clear|cleared|reopened|ouvert|ouverte|praticable|dégagée|rouverte|
        libre|مفتوحة|مفتوح|سالكة|سالك|ⵉⵕⵥⵎ""",
    "unknown": "unknown|not known|no information|inconnu|inconnue|غير معروف|غير معروفة|مجهول|"
    "ⵓⵔ ⵉⵜⵜⵢⴰⵙⵙⴰⵏ",
}

_WORK_STATES: dict[str, str] = {
    "planned": """planned|plan|pledged|announced|upcoming|pipeline|not started|prévu|prévue|
        planifié|planifiée|annoncé|à venir|projeté|مبرمج|مبرمجة|مخطط|مخطط له|معلن|قادم|ⵉⵖⵡⵙⵏ|
        ⵉⵜⵜⵓⵖⴰⵡⵙ""",
    "running": """running|ongoing|on going|in progress|started|active|current|implementing|
        en cours|en cours d'exécution|démarré|démarrée|جار|جارية|جاري|قيد التنفيذ|مستمر|مستمرة|
        جارٍ|ⵉⵜⵜⵉⴷⴷⵓ""",
    "done": """done|completed|complete|finished|closed|distributed|delivered|achevé|achevée|
        terminé|terminée|réalisé|réalisée|fini|distribué|livré|منجز|منجزة|مكتمل|مكتملة|منتهي|تم|
        تم التوزيع|انتهى|ⵉⵙⵎⴷ""",
    "cancelled": """cancelled|canceled|suspended|abandoned|annulé|annulée|suspendu|suspendue|
        ملغى|ملغاة|معلق|ⵉⵜⵜⵓⴽⴽⵙ""",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A measure that amounts are given in: `base` is ``l``, ``kg`` or ``piece``."""

    base: str
    factor: Decimal


#: Word → base and how many of it.
_UNITS: dict[str, tuple[str, str]] = {
    "l|litre|litres|liter|liters|lt|ltr|ل|لتر|لترات|ليتر": ("l", "1"),
    "ml|millilitre": ("l", "0.001"),
    "cl": ("l", "0.01"),
    "m3|m³|cubic metre|cubic meter|mètre cube|متر مكعب": ("l", "1000"),
    "kg|kgs|kilo|kilos|kilogramme|kilogrammes|kilogram|kilograms|كغ|كلغ|كيلو": ("kg", "1"),
    "g|gr|gramme|grammes|gram": ("kg", "0.001"),
    "t|to|tonne|tonnes|ton|tons|mt|طن|أطنان": ("kg", "1000"),
    "quintal|quintaux|qx|قنطار": ("kg", "100"),
    """piece|pieces|pcs|pc|pce|pièce|pièces|ea|each|unit|units|unité|unités|u|item|items|no|nos|
        kit|kits|set|sets|colis|panier|paniers|box|boxes|boîte|sheet|sheets|roll|rouleau|
        tent|tents|tente|tentes|couverture|couvertures|blanket|blankets|bag|bags|sac|sacs|
        carton|cartons|pack|packs|paquet|paquets|palette|pallet|pallets|ballot|ballots|bale|
        قطعة|قطع|وحدة|وحدات|حبة|علبة|كيس|أكياس|صندوق|قفة|خيمة|بطانية|ⵜⴰⵢⵓⵏⵜ""": ("piece", "1"),
}
#: Words for what holds several pieces: how many must be said.
PACKS = frozenset(
    plain(name)
    for name in names(
        """box|boxes|carton|cartons|pack|packs|paquet|paquets|palette|palettes|pallet|pallets|
        ballot|ballots|bale|bales|bag|bags|sac|sacs|caisse|caisses|fardeau|صندوق|صناديق|كرتون|
        علبة|علب"""
    )
)


def truth(text: str) -> bool | None:
    """Read a yes or a no in four languages, or None.

    >>> truth("نعم"), truth("Non"), truth("ⵓⵀⵓ"), truth("maybe")
    (True, False, False, None)
    """
    return _truths().get(plain(text) or text.strip())


def urgency(text: str) -> float | None:
    """Weight of a need from a word for its urgency, or None."""
    return _urgencies().get(plain(text))


def vehicle_class(text: str) -> VehicleClassName | None:
    """Vehicle class from what people call it, or None."""
    return _classes().get(plain(text).replace("_", " "))  # type: ignore[return-value]


def road_state(text: str) -> str | None:
    """Road state (closed, restricted, open, unknown) from what people call it, or None."""
    return _states().get(plain(text))


def work_state(text: str) -> str | None:
    """State of some work (planned, running, done, cancelled) from what people call it, or None."""
    return _work_states().get(plain(text))


def unit_word(text: str) -> Unit | None:
    """Read a unit of measure, or None.

    >>> unit_word("tonnes")
    Unit(base='kg', factor=Decimal('1000'))
    """
    return _units().get(plain(text.strip(". "))) if len(text) <= 40 else None


def _split(text: str) -> list[str]:
    return [plain(name) or name for name in names(text)]


@lru_cache(maxsize=1)
def _truths() -> dict[str, bool]:
    return dict.fromkeys(_split(_NO), False) | dict.fromkeys(_split(_YES), True)


@lru_cache(maxsize=1)
def _urgencies() -> dict[str, float]:
    return {word: weight for text, weight in _URGENCY.items() for word in _split(text)}


@lru_cache(maxsize=1)
def _classes() -> dict[str, str]:
    return {word: name for name, text in _CLASSES.items() for word in _split(text)}


@lru_cache(maxsize=1)
def _states() -> dict[str, str]:
    return {word: name for name, text in _STATES.items() for word in _split(text)}


@lru_cache(maxsize=1)
def _work_states() -> dict[str, str]:
    return {word: name for name, text in _WORK_STATES.items() for word in _split(text)}


@lru_cache(maxsize=1)
def _units() -> dict[str, Unit]:
    return {
        word: Unit(base, Decimal(factor))
        for text, (base, factor) in _UNITS.items()
        for word in _split(text)
    }
