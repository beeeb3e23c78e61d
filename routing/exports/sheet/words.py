"""The words of a convoy's papers in English, French, Arabic and, where known, Tamazight.

Tamazight words are those that the page has too; a missing one is said in French.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.exports.wording import Language

_WORDS: dict[str, tuple[str, ...]] = {
    "sheet": ("Convoy sheet", "Feuille de convoi", "ورقة القافلة"),
    "timetable": ("Stops", "Arrêts", "المحطات", "ⵉⴱⴷⴷⵉⵜⵏ"),
    "loading_list": ("Loading list", "Liste de chargement", "قائمة التحميل"),
    "loading_note": (
        "Load from the top of this list down: what comes out last goes in first.",
        "Charger dans l’ordre de la liste : ce qui sort en dernier entre en premier.",
        "يتم التحميل من أعلى القائمة إلى أسفلها: ما ينزل أخيرا يحمل أولا.",
    ),
    "waybill": ("Waybill", "Bordereau de livraison", "وثيقة التسليم"),
    "number": ("No.", "N°", "رقم"),
    "order": ("Order", "Ordre", "الترتيب"),
    "stop": ("Stop", "Arrêt", "المحطة"),
    "place": ("Place", "Lieu", "المكان", "ⴰⴷⵖⴰⵔ"),
    "position": ("Position", "Position", "الموقع"),
    "item": ("Item", "Article", "المادة", "ⵜⴰⵖⴰⵡⵙⴰ"),
    "quantity": ("Quantity", "Quantité", "الكمية", "ⵜⴰⵙⵎⴽⵜⴰ"),
    "unit": ("Unit", "Unité", "الوحدة"),
    "received": ("Received", "Reçu", "المستلم"),
    "remarks": ("Remarks", "Remarques", "ملاحظات"),
    "total": ("Total", "Total", "المجموع"),
    "of_kg": ("of its kg", "de sa charge en kg", "من حمولتها بالكيلوغرام"),
    "of_m3": ("of its m³", "de son volume en m³", "من حجمها بالمتر المكعب"),
    "vehicle": ("Vehicle", "Véhicule", "المركبة", "ⵜⴰⵎⵙⵙⵓⴷⵓⵜ"),
    "depot": ("Depot", "Dépôt", "المستودع", "ⴰⵃⴰⵏⵓ"),
    "departs": ("Departs", "Départ", "الانطلاق"),
    "arrives": ("Arrives", "Arrivée", "الوصول"),
    "leaves": ("Leaves", "Repart", "المغادرة"),
    "back": ("Back", "Retour", "العودة"),
    "way": ("Way", "Trajet", "الطريق"),
    "why": ("Why now", "Pourquoi à cette heure", "سبب هذا التوقيت"),
    "version": ("Plan", "Plan", "الخطة"),
    "made": ("made", "établi le", "أعدت في"),
    "event": ("event", "événement", "الحدث"),
    "replaces": ("replaces", "remplace", "تحل محل"),
    "signature": ("Signature", "Signature", "التوقيع"),
    "date": ("Date, time", "Date, heure", "التاريخ والساعة"),
    "storekeeper": (
        "Handed out at the depot (storekeeper)",
        "Remis au dépôt (magasinier)",
        "سلم في المستودع (أمين المخزن)",
    ),
    "leader": (
        "Carried (convoy leader)",
        "Transporté (chef de convoi)",
        "نقل (رئيس القافلة)",
    ),
    "receiver": (
        "Received (for the place)",
        "Reçu (pour le lieu)",
        "استلم (عن المكان)",
    ),
    "page": ("page", "page", "صفحة"),
    "map": ("Map", "Carte", "الخريطة"),
    "legend": (
        "Square: depot; numbered circles: stops in their order; blue: the way; green dots: on "
        "foot or by relay, a straight line; red crosses: closed when the plan was made.",
        "Carré : dépôt ; cercles numérotés : arrêts dans l’ordre ; bleu : le trajet ; points "
        "verts : à pied ou par relais, en ligne droite ; croix rouges : fermé à l’établissement du "
        "plan.",
        "المربع: المستودع؛ الدوائر المرقمة: المحطات بترتيبها؛ الأزرق: الطريق؛ النقاط الخضراء: "
        "سيرا أو بالنقل المتتابع في خط مستقيم؛ الصلبان الحمراء: مغلق عند إعداد الخطة.",
    ),
    "turns": ("Turns", "Changements de route", "تغيير الطريق"),
    "fallback": ("If it does not work", "En cas d’obstacle", "إذا تعذر المرور"),
    "turn_back": (
        "road blocked before here: turn back to {place}, {km} km at most, and report it",
        "route coupée avant cet arrêt : retourner à {place}, {km} km au plus, et le signaler",
        "الطريق مقطوع قبل هذه المحطة: ارجع إلى {place}، {km} كلم على الأكثر، وأبلغ عن ذلك",
    ),
    "no_team": (
        "no team at the roadhead: take the load back to {place}, leave nothing by the road",
        "pas d’équipe au point de relais : ramener la charge à {place}, ne rien laisser au bord "
        "de la route",
        "لا فريق في نقطة النقل: أعد الحمولة إلى {place} ولا تترك شيئا على جانب الطريق",
    ),
    "last_hour": (
        "leave here by {latest} to be back before dark ({dark})",
        "repartir avant {latest} pour rentrer avant la nuit ({dark})",
        "غادر قبل {latest} للعودة قبل الظلام ({dark})",
    ),
    "contacts": ("Contacts", "Contacts", "جهات الاتصال"),
    "cell": ("Crisis cell", "Cellule de crise", "خلية الأزمة"),
    "contact_depot": ("Depot", "Dépôt", "المستودع", "ⴰⵃⴰⵏⵓ"),
    "contact_leader": ("Convoy leader", "Chef de convoi", "رئيس القافلة"),
    "contact_road": ("Road authority", "Service des routes", "مصلحة الطرق"),
    "contact_medical": ("Medical help", "Secours médical", "الإسعاف الطبي"),
    "answer": ("Answer by text message", "Répondre par SMS", "الرد برسالة قصيرة"),
    "answer_arrived": ("arrived at stop 1", "arrivé à l’arrêt 1", "وصلنا إلى المحطة 1"),
    "answer_delivered": (
        "handed out at stop 1: quantity and item, several in a row",
        "remis à l’arrêt 1 : quantité et article, plusieurs à la suite",
        "سلم في المحطة 1: الكمية والمادة، ويمكن ذكر عدة مواد",
    ),
    "answer_refused": (
        "not taken at stop 1",
        "refusé à l’arrêt 1",
        "رفض في المحطة 1",
    ),
    "answer_blocked": (
        "road blocked at km 12.5; add T if only for trucks",
        "route coupée au km 12,5 ; ajouter T si pour les camions seulement",
        "الطريق مقطوع عند الكيلومتر 12.5؛ أضف T إذا كان ذلك للشاحنات فقط",
    ),
    "answer_sos": ("help is needed", "besoin de secours", "نحتاج إلى نجدة"),
    "code": (
        "The route as a code: the camera of another phone reads it",
        "Le trajet en code : l’appareil photo d’un autre téléphone le lit",
        "الطريق في رمز: تقرؤه كاميرا هاتف آخر",
    ),
    "valid": (
        "Holds until a newer plan replaces it; check the number with the crisis cell.",
        "Valable jusqu’à ce qu’un plan plus récent le remplace ; vérifier le numéro auprès de la "
        "cellule de crise.",
        "صالحة إلى أن تحل محلها خطة أحدث؛ تأكد من الرقم لدى خلية الأزمة.",
    ),
}


def word(key: str, language: Language) -> str:
    """Give the word for `key`; ``zgh`` takes the French one where it has none."""
    row = _WORDS[key]
    column = {"en": 0, "fr": 1, "ar": 2, "zgh": 3}[language]
    return row[column] if column < len(row) else row[1]


def words(language: Language) -> dict[str, str]:
    """Give all words of `language` by their keys."""
    return {key: word(key, language) for key in _WORDS}
