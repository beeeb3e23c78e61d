"""Items: which relief item somebody means, by what it is called in four languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from data.catalogue import items
from data.intake.wordlists import names
from geo.names import plain

#: Item id → what people call it, parted by bars. Ids themselves always match.
_WORDS: dict[str, str] = {
    "water_l": """water|eau|eau potable|drinking water|bottled water|eau minérale|
        bouteilles d'eau|eau en bouteille|potable water|water bottles|litres d'eau|citerne d'eau|
        ماء|الماء|مياه|مياه الشرب|الماء الصالح للشرب|قنينات الماء|ⴰⵎⴰⵏ|aman""",
    "food_kit": """food|food kit|food kits|food basket|food baskets|food parcel|food ration|
        food rations|panier alimentaire|paniers alimentaires|kit alimentaire|kits alimentaires|
        colis alimentaire|colis alimentaires|nourriture|vivres|denrées alimentaires|
        produits alimentaires|rations alimentaires|aide alimentaire|kit dignité alimentaire|
        قفة|قفف|قفة غذائية|مواد غذائية|المواد الغذائية|غذاء|طعام|سلة غذائية|سلال غذائية|مؤونة|
        ⵓⵜⵛⵉ|ⵜⵉⵔⵎⵜ|utchi|tiremt""",
    "tent": """tent|tents|tente|tentes|family tent|family tents|tente familiale|
        tentes familiales|khaima|خيمة|خيام|الخيام|خيمات|خيمة عائلية|ⴰⵇⵉⴹⵓⵏ|ⵉⵇⵉⴹⴰⵏ|ⵉⵇⵉⴹⵓⵏⵏ|
        aqidun|takhamt|ⵜⴰⵅⴰⵎⵜ""",
    "blanket": """blanket|blankets|couverture|couvertures|thermal blanket|couverture thermique|
        couvertures thermiques|quilt|quilts|couette|couettes|بطانية|بطانيات|أغطية|الأغطية|غطاء|
        مانطة|مانطات|ⵜⴰⴷⵓⵍⵉ|ⵜⴰⵎⵍⵙⴰ|ⵜⵉⴷⵓⵍⵉⵏ""",
    "hygiene_kit": """hygiene kit|hygiene kits|hygiene|hygiene parcel|kit d'hygiène|
        kits d'hygiène|kit hygiène|kits hygiène|produits d'hygiène|dignity kit|dignity kits|
        kit de dignité|hygiène|حقيبة نظافة|حقائب نظافة|لوازم النظافة|مواد النظافة|
        حقيبة النظافة|عدة النظافة|ⵜⴰⵣⴷⴳⵉ""",
    "jerrycan": """jerrycan|jerrycans|jerry can|jerry cans|jerican|jericans|bidon|bidons|
        water container|water containers|water cans|قنينة ماء فارغة|صفيحة|صفائح|بيدون|بيدونات|
        جركن|جركانات|ⴰⴱⵉⴷⵓⵏ|ⵉⴱⵉⴷⵓⵏⵏ""",
    "sleeping_mat": """sleeping mat|sleeping mats|mat|mats|mattress|mattresses|matelas|natte|
        nattes|tapis de sol|matelas mousse|foam mattress|bedding|حصيرة|حصائر|فراش|أفرشة|مفارش|
        مرتبة|مراتب|ⴰⴳⵔⵜⵉⵍ|agertil""",
    "tarpaulin": """tarpaulin|tarpaulins|tarp|tarps|plastic sheeting|plastic sheet|
        plastic sheets|bâche|bâches|bache|baches|bâche plastique|tarpaulin sheet|
        غطاء بلاستيكي|أغطية بلاستيكية|باش|باشات|شادر|شوادر|مشمع|ⵍⴱⴰⵛ""",
    "kitchen_set": """kitchen set|kitchen sets|cooking set|cooking sets|kitchen kit|
        kitchen utensils|cooking utensils|utensils|kit cuisine|kit de cuisine|kits de cuisine|
        ustensiles de cuisine|batterie de cuisine|ustensiles|عدة المطبخ|أواني|أواني المطبخ|
        لوازم الطبخ|طقم مطبخ|ⵉⵔⵓⴽⵓⵜⵏ|ⵉⵔⵓⴽⵓⵜⵏ ⵏ ⵓⵏⵡⴰⵍ""",
    "stove": """stove|stoves|heater|heaters|réchaud|réchauds|poêle|poêles|cooker|fourneau|
        chauffage|chauffages|موقد|مواقد|فرن|أفران|مدفأة|مدفآت|ⴰⴼⴰⵔⵏⵓ""",
    "medical_kit": """medical kit|medical kits|first aid kit|first aid kits|first aid|
        kit médical|kits médicaux|trousse médicale|trousses de secours|trousse de secours|
        premiers secours|médicaments|medicines|medicine|أدوية|دواء|حقيبة طبية|
        حقيبة إسعافات|لوازم طبية|ⴰⵙⴰⴼⴰⵔ|ⵉⵙⴰⴼⴰⵔⵏ""",
}

_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]?")
_PART = re.compile(r"[,;:/+–-]|\bavec\b|\bwith\b|\bsans\b|\bwithout\b|\bexcluding\b|\bhors\b")
_WORD = re.compile(r"\w+")
#: Longer text is a sentence, not the name of a thing.
_MAX_WORDS = 12


@dataclass(frozen=True, slots=True)
class ItemMatch:
    """An item that was meant: `exact` where the whole text is a name of it."""

    item_id: str
    exact: bool


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    listed = {
        plain(name): item_id for item_id, item in items().items() for name in item.names.values()
    }
    return listed | {
        plain(name): item
        for item, text in _WORDS.items()
        for name in (*names(text), item, item.replace("_", " "))
    }


@lru_cache(maxsize=4_096)
def find_item(written: str) -> ItemMatch | None:
    """Find the item that a text means: the whole text, else the longest name it begins with.

    >>> find_item("Couvertures"), find_item("Tarpaulins 4x6 m")
    (ItemMatch(item_id='blanket', exact=True), ItemMatch(item_id='tarpaulin', exact=False))
    >>> find_item("blue")
    """
    known = _names()
    folded = plain(written)
    if folded in known:
        return ItemMatch(known[folded], exact=True)
    # What stands in brackets or after "without" is not the thing.
    bare = _BRACKETS.sub(" ", written)
    for head in (_PART.split(bare)[0], bare):
        found = _within(plain(head), known)
        if found is not None:
            return ItemMatch(found, exact=False)
    return None


def item_of(written: str) -> str | None:
    """Give the item id for what somebody wrote, or None."""
    found = find_item(written)
    return None if found is None else found.item_id


def _within(folded: str, known: dict[str, str]) -> str | None:
    words = _WORD.findall(folded)
    if not words or len(words) > _MAX_WORDS:
        return None
    # "family tents", "thermal blankets": the longest name goes first, then the earliest.
    for length in range(min(4, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            name = " ".join(words[start : start + length])
            for form in (name, name.rstrip("s"), name.removeprefix("ال")):
                if form in known and len(form) > 2:
                    return known[form]
    return None


def names_like(written: str, *, limit: int = 2, least: float = 60.0) -> list[str]:
    """Give the names of items that look most like a word that is none, each of another item.

    >>> names_like("tante")[0]
    'tente'
    """
    from rapidfuzz import fuzz, process

    if len(written) > 60:
        return []
    asked = plain(written)
    spelled = {plain(name): name for text in _WORDS.values() for name in names(text) if plain(name)}
    ranked = process.extract(asked, list(spelled), scorer=fuzz.ratio, limit=20, score_cutoff=least)
    found: dict[str, str] = {}
    for form, _score, _at in ranked:
        found.setdefault(_names()[form], spelled[form])
    return list(found.values())[:limit]
