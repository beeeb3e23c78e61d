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
    "sleeping_mat": """sleeping mat|sleeping mats|mat|mats|natte|nattes|tapis de sol|bedding|
        حصيرة|حصائر|مفارش|ⴰⴳⵔⵜⵉⵍ|agertil""",
    "mattress": """mattress|mattresses|matelas|matelas mousse|foam mattress|foam mattresses|
        فراش|أفرشة|مرتبة|مراتب|فراش إسفنجي""",
    "sleeping_bag": """sleeping bag|sleeping bags|sac de couchage|sacs de couchage|كيس نوم|
        أكياس نوم|أكياس النوم""",
    "camp_bed": """camp bed|camp beds|folding bed|folding beds|cot|cots|bed|beds|lit de camp|
        lits de camp|lit|lits|lit pliant|lits pliants|سرير|أسرة|سرير ميداني""",
    "mosquito_net": """mosquito net|mosquito nets|bed net|bed nets|llin|moustiquaire|
        moustiquaires|ناموسية|ناموسيات""",
    "shelter_kit": """shelter kit|shelter kits|shelterbox|shelter box|kit abri|kits abri|
        kits abris|عدة المأوى|حقيبة مأوى""",
    "shelter_toolkit": """shelter tool kit|shelter tool kits|tool kit|tool kits|toolkit|toolkits|
        tools|kit outils|kits outils|kit d'outils|outils|caisse à outils|عدة أدوات البناء|أدوات|
        ⵉⵎⴰⵙⵙⵏ""",
    "roof_sheet": """roofing sheet|roofing sheets|corrugated iron|corrugated iron sheet|
        corrugated sheets|cgi sheet|cgi sheets|cgi|zinc sheets|tin sheets|tôle|tôles|
        tôle ondulée|tôles ondulées|zinc|صفائح القصدير|صفيحة تسقيف|زنك""",
    "cement": """cement|ciment|sac de ciment|sacs de ciment|cement bags|bags of cement|إسمنت|
        الإسمنت|أكياس إسمنت|ⵙⵙⵉⵎⴰ""",
    "flour": """flour|wheat flour|farine|farine de blé|semoule|semolina|دقيق|الدقيق|طحين|سميد|
        ⴰⴳⴳⵓⵔⵏ|aggurn""",
    "rice": """rice|riz|rizen|أرز|الأرز|رز|ⵔⵔⵓⵣ""",
    "pasta": """pasta|spaghetti|macaroni|noodles|couscous|pâtes|pâtes alimentaires|vermicelles|
        معكرونة|شعرية|كسكس|كسكسو|ⵙⴽⵙⵓ""",
    "pulses": """pulses|lentils|beans|chickpeas|peas|lentilles|haricots|pois chiches|pois|
        légumes secs|légumineuses|fèves|عدس|حمص|فاصوليا|لوبيا|قطاني|فول|ⵜⵉⵏⵉⵍⵜ""",
    "oil_l": """oil|cooking oil|vegetable oil|huile|huile de table|huile végétale|
        huile d'olive|olive oil|زيت|الزيت|زيت الطعام|زيت المائدة|زيت الزيتون|ⵣⵣⵉⵜ""",
    "sugar": """sugar|sucre|pain de sucre|سكر|السكر|ⵙⵙⴽⴽⵕ""",
    "tea": """tea|thé|شاي|الشاي|أتاي|ⴰⵜⴰⵢ|atay""",
    "dates": """dates|dattes|تمر|التمر|تمور|ⵜⵉⵢⵏⵉ""",
    "bread": """bread|loaves|pain|pains|خبز|الخبز|ⴰⵖⵔⵓⵎ|aghrum""",
    "tinned_food": """tinned food|canned food|canned goods|tins|sardines|tuna|corned beef|
        conserves|conserve|boîtes de conserve|thon|معلبات|علب معلبات|سردين|طون|تون""",
    "milk_l": """milk|uht milk|lait|lait uht|حليب|الحليب|ⴰⴽⴼⴰⵢ""",
    "fresh_food": """vegetables|fruit|fruits|fresh food|légumes|légumes et fruits|
        fruits et légumes|produits frais|خضر|خضروات|فواكه|خضر وفواكه""",
    "ready_meal": """ready meal|ready meals|hot meal|hot meals|cooked meal|cooked meals|meal|
        meals|mre|repas|repas chaud|repas chauds|plats préparés|وجبة|وجبات|وجبات ساخنة|
        وجبات جاهزة|ⵉⵎⵏⵙⵉⵡⵏ""",
    "clothes": """clothes|clothing|clothing packs|warm clothes|winter clothes|used clothes|
        used clothing|jackets|coats|vêtement|vêtements|vêtements chauds|habits|manteaux|vestes|
        ملابس|الملابس|ثياب|ألبسة|ملابس شتوية|معاطف|ⵜⵉⵎⵍⵙⴰ|ⵜⵉⵎⵍⵙⵉⵜ|timelsa""",
    "shoes": """shoes|shoe|boots|footwear|chaussure|chaussures|bottes|أحذية|حذاء|الأحذية|
        ⵜⵉⵙⵉⵍⴰ|tisila""",
    "soap": """soap|soap bar|soap bars|bars of soap|savon|savons|savonnettes|صابون|الصابون|
        ⵚⵚⴰⴱⵓⵏ""",
    "detergent": """detergent|washing powder|laundry powder|laundry soap|lessive|détergent|
        savon en poudre|مسحوق الغسيل|مسحوق غسيل|تيد""",
    "diaper": """diaper|diapers|nappy|nappies|baby diapers|couches|couches bébé|couche|
        couches pour bébés|couches bébés|حفاض|حفاضات|حفاظات|حفاضات أطفال|ليكوش""",
    "adult_diaper": """adult diaper|adult diapers|adult nappies|couches adulte|couches adultes|
        couches pour adultes|حفاضات الكبار|حفاضات كبار""",
    "sanitary_pad": """sanitary pad|sanitary pads|sanitary napkins|sanitary towels|
        menstrual pads|serviettes hygiéniques|serviette hygiénique|serviettes périodiques|
        فوط صحية|الفوط الصحية|فوطة صحية""",
    "toilet_paper": """toilet paper|toilet rolls|papier toilette|papier hygiénique|
        ورق المرحاض|ورق الحمام""",
    "bucket": """bucket|buckets|pail|pails|seau|seaux|دلو|دلاء|سطل|سطول|ⴰⵙⵟⵍ""",
    "latrine": """latrine|latrines|toilet|toilets|mobile toilet|mobile toilets|
        portable toilets|toilettes|toilettes mobiles|wc|sanitaires|مرحاض|مراحيض|مراحيض متنقلة""",
    "water_tank": """water tank|water tanks|storage tank|réservoir d'eau|réservoirs d'eau|
        citerne|citernes|réservoir|خزان ماء|خزانات ماء|خزان|صهريج|صهاريج""",
    "water_tablet": """water purification tablet|water purification tablets|purification tablets|
        aquatabs|chlorine tablets|pastilles de purification|pastilles de chlore|
        comprimés de purification|أقراص تعقيم الماء|أقراص تنقية المياه""",
    "ors": """ors|oral rehydration salts|rehydration salts|sro|sels de réhydratation|
        sels de réhydratation orale|أملاح الإماهة|أملاح الإماهة الفموية""",
    "health_kit": """emergency health kit|emergency health kits|iehk|
        interagency emergency health kit|kit sanitaire d'urgence|kits sanitaires d'urgence|
        عدة الصحة الطارئة""",
    "bandages": """bandage|bandages|dressings|dressing|plasters|pansement|pansements|
        compresses|gaze|gauze|ضمادة|ضمادات""",
    "wheelchair": """wheelchair|wheelchairs|fauteuil roulant|fauteuils roulants|
        chaise roulante|chaises roulantes|كرسي متحرك|كراسي متحركة""",
    "crutches": """crutch|crutches|béquille|béquilles|cannes|عكاز|عكازات|عكاكيز""",
    "stretcher": """stretcher|stretchers|brancard|brancards|civière|civières|نقالة|نقالات""",
    "body_bag": """body bag|body bags|housse mortuaire|housses mortuaires|sacs mortuaires|
        linceul|linceuls|shroud|shrouds|أكياس الجثث|أكفان|كفن""",
    "infant_formula": """infant formula|baby formula|baby milk|formula milk|powdered baby milk|
        lait infantile|lait bébé|lait pour bébé|lait pour bébés|lait en poudre bébé|
        حليب الرضع|حليب أطفال|حليب الأطفال|حليب للرضع""",
    "baby_kit": """baby kit|baby kits|newborn kit|newborn kits|kit bébé|kits bébé|kits bébés|
        kit nouveau-né|حقيبة الرضيع|لوازم الرضع|مستلزمات الرضع""",
    "school_kit": """school kit|school kits|school bag|school bags|school supplies|
        stationery|kit scolaire|kits scolaires|cartable|cartables|fournitures scolaires|
        حقيبة مدرسية|حقائب مدرسية|لوازم مدرسية|محفظة|محافظ""",
    "toys": """toy|toys|jouet|jouets|لعب|ألعاب|ألعاب أطفال""",
    "lamp": """lamp|lamps|solar lamp|solar lamps|solar lantern|solar lanterns|lantern|lanterns|
        torch|torches|flashlight|flashlights|headlamp|headlamps|lampe|lampes|lampe solaire|
        lampes solaires|lampe torche|lampes torches|lampe de poche|lampes de poche|lampadaire|
        frontale|frontales|مصباح|مصابيح|مصابيح شمسية|إنارة|بيل""",
    "battery": """battery|batteries|pile|piles|بطارية|بطاريات|حجرات البيل""",
    "power_bank": """power bank|power banks|powerbank|powerbanks|batterie externe|
        batteries externes|شاحن متنقل|شواحن متنقلة|باور بانك""",
    "generator": """generator|generators|genset|gensets|groupe électrogène|
        groupes électrogènes|générateur|générateurs|مولد|مولدات|مولد كهرباء|مولد كهربائي""",
    "solar_panel": """solar panel|solar panels|panneau solaire|panneaux solaires|لوح شمسي|
        ألواح شمسية|الألواح الشمسية""",
    "gas_bottle": """gas bottle|gas bottles|gas cylinder|gas cylinders|butane|propane|
        bouteille de gaz|bouteilles de gaz|bonbonne de gaz|gaz|قنينة غاز|قنينات غاز|
        قنينات الغاز|بوطة|بوطاكاز|غاز""",
    "firewood": """firewood|wood|fire wood|bois|bois de chauffage|bois de chauffe|حطب|الحطب|
        خشب التدفئة|ⵉⴽⵛⵛⵓⴹⵏ|ikccudn""",
    "fuel_l": """fuel|diesel|petrol|gasoline|kerosene|carburant|gasoil|gazole|essence|pétrole|
        وقود|الوقود|كازوال|بنزين|مازوت""",
    "shovel": """shovel|shovels|spade|spades|pelle|pelles|مجرفة|مجارف|بالا|بالات""",
    "pickaxe": """pickaxe|pickaxes|pick axe|pioche|pioches|معول|معاول|فأس|فؤوس|ⴰⴳⵍⵣⵉⵎ""",
    "wheelbarrow": """wheelbarrow|wheelbarrows|brouette|brouettes|عربة يدوية|عربات يدوية|
        برويطة|برويطات""",
    "work_gloves": """gloves|work gloves|glove|gant|gants|gants de travail|قفاز|قفازات|
        قفازات عمل""",
    "mask": """mask|masks|face mask|face masks|dust mask|dust masks|masque|masques|كمامة|
        كمامات""",
    "rope": """rope|ropes|corde|cordes|حبل|حبال|ⵉⵣⵉⴽⵔ""",
    "animal_feed": """animal feed|livestock feed|fodder|feed|barley|aliment bétail|
        aliment pour bétail|aliments pour bétail|aliment de bétail|fourrage|orge|علف|أعلاف|
        شعير|الشعير|ⵜⵓⵎⵥⵉⵏ""",
    "hay": """hay|straw|foin|paille|bottes de paille|تبن|التبن|ⴰⵍⵉⵎ""",
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
