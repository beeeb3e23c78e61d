"""Columns: which column of a sheet means what, by its header in four languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Field → headers that mean it. English, French, Arabic; HXL tags where there is one.
HEADERS: dict[str, tuple[str, ...]] = {
    "place_id": ("place_id", "place id", "code", "hcp code", "pcode", "p-code", "#loc+code"),
    "place": (
        "place",
        "douar",
        "village",
        "name",
        "nom",
        "location",
        "site",
        "localité",
        "lieu",
        "nom du douar",
        "settlement",
        "دوار",
        "الدوار",
        "المكان",
        "القرية",
        "#loc+name",
        "#loc",
    ),
    "commune": ("commune", "municipality", "جماعة", "الجماعة", "#adm3+name"),
    "province": (
        "province",
        "préfecture",
        "prefecture",
        "district",
        "إقليم",
        "الإقليم",
        "#adm2+name",
    ),
    "name_ar": ("name_ar", "nom arabe", "nom_ar", "الاسم", "#loc+name+i_ar"),
    "kind": ("kind", "place_type", "type de lieu", "#loc+type"),
    "people": ("people", "population", "habitants", "عدد السكان", "#population"),
    "lon": ("lon", "lng", "long", "longitude", "x", "خط الطول", "#geo+lon"),
    "lat": ("lat", "latitude", "y", "خط العرض", "#geo+lat"),
    "position": (
        "position",
        "coordinates",
        "coordinate",
        "coordonnées",
        "coordonnées gps",
        "gps",
        "point gps",
        "lat lon",
        "lat/lon",
        "plus code",
        "lien maps",
        "الإحداثيات",
        "إحداثيات",
        "#geo+coord",
    ),
    "item": (
        "item",
        "article",
        "besoin",
        "need",
        "produit",
        "المادة",
        "الحاجة",
        "#item",
        "#item+name",
    ),
    "quantity": (
        "quantity",
        "quantité",
        "qté",
        "qty",
        "nombre",
        "count",
        "العدد",
        "الكمية",
        "#item+num",
    ),
    "unit": ("unit", "unité", "الوحدة", "#item+unit"),
    "weight": ("weight", "urgency", "urgence", "priority", "priorité", "الأولوية"),
    "destroyed": (
        "destroyed",
        "houses destroyed",
        "détruits",
        "maisons détruites",
        "maisons effondrées",
        "المنازل المهدمة",
        "المنازل المنهارة",
    ),
    "damaged": (
        "damaged",
        "houses damaged",
        "endommagés",
        "maisons endommagées",
        "المنازل المتضررة",
    ),
    "total": (
        "total",
        "houses",
        "total houses",
        "maisons",
        "total maisons",
        "nombre de maisons",
        "عدد المنازل",
    ),
    "reported_at": (
        "reported_at",
        "date",
        "time",
        "reported at",
        "date du rapport",
        "التاريخ",
        "#date",
    ),
    "note": ("note", "notes", "remark", "remarque", "comment", "commentaire", "ملاحظة"),
    "depot": ("depot", "dépôt", "warehouse", "entrepôt", "المستودع"),
    "vehicle": ("vehicle", "vehicle_id", "véhicule", "immatriculation", "plate", "المركبة"),
    "class": ("class", "vehicle_class", "classe", "type", "النوع"),
    "capacity_kg": ("capacity_kg", "capacité kg", "kg", "payload_kg"),
    "capacity_m3": ("capacity_m3", "capacité m3", "m3", "volume_m3"),
    "volunteer": ("volunteer", "volunteer_id", "bénévole", "المتطوع"),
    "skills": ("skills", "compétences", "المهارات"),
    "languages": ("languages", "langues", "اللغات"),
    "edge": ("edge", "edge_id", "tronçon"),
    "road": ("road", "route", "ref", "الطريق"),
    "state": ("state", "état", "status", "statut", "الحالة"),
    "reason": ("reason", "raison", "cause", "السبب"),
    "classes": ("classes", "vehicle classes", "véhicules concernés"),
    "until": ("until", "jusqu'au", "fin", "إلى غاية"),
}

#: Item id → what people call it. Ids themselves always match.
ITEM_WORDS: dict[str, tuple[str, ...]] = {
    "water_l": ("water", "eau", "eau potable", "drinking water", "ماء", "الماء", "مياه"),
    "food_kit": (
        "food",
        "food kit",
        "food basket",
        "panier alimentaire",
        "kit alimentaire",
        "nourriture",
        "قفة",
        "مواد غذائية",
        "غذاء",
    ),
    "tent": ("tent", "tents", "tente", "tentes", "family tent", "خيمة", "خيام"),
    "blanket": ("blanket", "blankets", "couverture", "couvertures", "بطانية", "بطانيات", "أغطية"),
    "hygiene_kit": (
        "hygiene kit",
        "hygiene kits",
        "kit d'hygiène",
        "kits d'hygiène",
        "حقيبة نظافة",
        "لوازم النظافة",
    ),
}

_FIELD_OF = {plain(word): field for field, words in HEADERS.items() for word in words}
_ITEM_OF = {plain(word): item for item, words in ITEM_WORDS.items() for word in (*words, item)}


def understand(header: Sequence[str]) -> dict[str, int]:
    """Give field → column position; the first column wins where two say the same."""
    fields: dict[str, int] = {}
    for position, title in enumerate(header):
        field = _FIELD_OF.get(plain(title))
        if field is not None:
            fields.setdefault(field, position)
    return fields


def item_of(written: str) -> str | None:
    """Give the item id for what somebody wrote, or None."""
    return _ITEM_OF.get(plain(written))
