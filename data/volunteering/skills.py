"""What volunteers can do and which languages they speak: two controlled lists, read from words.

A list keeps matching honest: "infirmière" and "ممرضة" are one skill. What is in no list is kept as
it was written and matches only itself.
"""

from __future__ import annotations

from functools import lru_cache

from geo.names import plain

#: Skill → words for it in English, French, Arabic and Tamazight.
SKILLS: dict[str, str] = {
    "medical": """medical|doctor|nurse|paramedic|first aid|médical|médecin|infirmier|infirmière|
        secouriste|premiers secours|طبي|طبيب|طبيبة|ممرض|ممرضة|تمريض|اسعاف|اسعافات اولية|
        ⴰⵙⴰⴷⵊⵉ|ⵜⴰⵎⵓⵊⵊⵢⵜ""",
    "psychosocial": """psychosocial|psychologist|counsellor|counselor|listening|psychologue|
        soutien psychologique|écoute|دعم نفسي|نفسي|اخصائي نفسي|اخصائية نفسية|استماع|ⴰⵏⴼⵙⴰⵏ""",
    "driver_4x4": """driver_4x4|4x4 driver|driver 4x4|chauffeur 4x4|conducteur 4x4|سائق رباعي الدفع|
        سائق 4x4|ⴰⵎⵙⵜⵡⵓⵔⵉ 4x4""",
    "driver": """driver|truck driver|chauffeur|conducteur|سائق|سائق شاحنة|ⴰⵎⵙⵜⵡⵓⵔⵉ""",
    "mason": """mason|builder|bricklayer|maçon|maçonnerie|بناء|بناي|معلم بناء|ⴰⴱⵏⵏⴰⵢ""",
    "electrician": """electrician|électricien|électricienne|كهربائي|ⴰⴽⴰⵀⵔⴰⴱⴰⵢ""",
    "engineer": """engineer|structural engineer|ingénieur|ingénieure|مهندس|مهندسة|ⴰⵏⵊⵉⵏⵢⵓⵔ""",
    "translator": """translator|interpreter|traducteur|traductrice|interprète|مترجم|مترجمة|ترجمة|
        ⴰⵎⵙⵓⵖⵍ""",
    "mapper": """mapper|mapping|gis|cartographe|cartographie|sig|خرائط|رسم الخرائط|نظم المعلومات|
        ⵜⴰⴽⴰⵕⴹⴰ""",
    "logistics": """logistics|warehouse|loading|logistique|magasinier|manutention|لوجستيك|مخزن|
        تحميل|ⵜⴰⵍⵓⵊⵉⵙⵜⵉⴽⵜ""",
    "cook": """cook|kitchen|cuisinier|cuisinière|cuisine|طباخ|طباخة|طبخ|ⴰⵏⵡⴰⵍ""",
    "teacher": """teacher|educator|enseignant|enseignante|animateur|animatrice|معلم|معلمة|استاذ|
        استاذة|ⴰⵙⵍⵎⴰⴷ""",
    "guide": """guide|mountain guide|muleteer|guide de montagne|muletier|مرشد|مرشد جبلي|بغال|
        ⴰⵎⵎⴰⵍ""",
    "search_rescue": """search_rescue|search and rescue|rescuer|sauveteur|sauvetage|انقاذ|
        بحث وانقاذ|ⴰⵙⵏⵊⵎ""",
    "communication": """communication|social media|journalist|réseaux sociaux|journaliste|تواصل|
        صحافة|وسائل التواصل|ⴰⵎⵢⴰⵡⴰⴹ""",
    "data": """data|data entry|it|informatique|saisie|معلوميات|ادخال البيانات|ⵜⴰⵙⵏⵙⵏⴽⴰⴷⵜ""",
}
#: Language, by its ISO 639 code → words for it; Tachelhit is spoken where the drill plays.
LANGUAGES: dict[str, str] = {
    "shi": """shi|tachelhit|tashelhit|shilha|chleuh|تشلحيت|تاشلحيت|شلحة|ⵜⴰⵛⵍⵃⵉⵜ""",
    "zgh": """zgh|tamazight|amazigh|berbère|berber|امازيغية|الامازيغية|تمازيغت|ⵜⴰⵎⴰⵣⵉⵖⵜ""",
    "ary": """ary|darija|moroccan arabic|arabe marocain|دارجة|الدارجة|ⴷⴰⵔⵉⵊⴰ""",
    "ar": """ar|arabic|arabe|عربية|العربية|ⵜⴰⵄⵔⴰⴱⵜ""",
    "fr": """fr|french|français|francais|فرنسية|الفرنسية|ⵜⴰⴼⵔⴰⵏⵙⵉⵙⵜ""",
    "en": """en|english|anglais|انجليزية|الانجليزية|ⵜⴰⵏⴳⵍⵉⵣⵜ""",
    "es": """es|spanish|espagnol|اسبانية|الاسبانية|ⵜⴰⵙⴱⵍⵢⵓⵏⵉⵜ""",
    "sign": """sign|sign language|langue des signes|لغة الاشارة|ⵜⵓⵜⵍⴰⵢⵜ ⵏ ⵉⵙⵎⵎⴰⵍⵏ""",
}


def skill_of(text: str) -> str:
    """Give the skill that a word means, or the word itself in small letters."""
    return _known(tuple(SKILLS.items())).get(plain(text), text.strip().lower())


def language_of(text: str) -> str:
    """Give the code of the language that a word means, or the word itself in small letters."""
    return _known(tuple(LANGUAGES.items())).get(plain(text), text.strip().lower())


@lru_cache(maxsize=2)
def _known(lists: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {
        plain(word): name for name, words in lists for word in " ".join(words.split()).split("|")
    }
