"""HXL hashtags as fields (Humanitarian Exchange Language 1.1, hxlstandard.org, read 2026)."""

from __future__ import annotations

import re

_TAG = re.compile(r"^#\s*[a-z][a-z0-9_]*(?:\s*\+\s*[a-z][a-z0-9_]*)*$", re.IGNORECASE)

#: Tag → field; a tag with attributes that all stand in the column's goes before the bare tag.
_FIELDS: tuple[tuple[str, str], ...] = (
    ("#loc+code", "place_id"),
    ("#loc+id", "place_id"),
    ("#loc+type", "kind"),
    ("#loc+name+i_ar", "name_ar"),
    ("#loc", "place"),
    ("#adm5", "place"),
    ("#adm4+code", "place_id"),
    ("#adm4", "place"),
    ("#adm3+code", "commune_code"),
    ("#adm3", "commune"),
    ("#adm2", "province"),
    ("#adm1", "region"),
    ("#region", "region"),
    ("#country", "country"),
    ("#geo+lat", "lat"),
    ("#geo+lon", "lon"),
    ("#geo+elevation", "altitude"),
    ("#geo+precision", "precision"),
    ("#geo+coord", "position"),
    ("#geo+coords", "position"),
    ("#geo", "position"),
    ("#item+num", "quantity"),
    ("#item+quantity", "quantity"),
    ("#item+qty", "quantity"),
    ("#item+unit", "unit"),
    ("#item+code", "item_code"),
    ("#item+type", "category"),
    ("#item", "item"),
    ("#need", "item"),
    ("#population+hh", "households"),
    ("#population", "people"),
    ("#affected+hh", "households"),
    ("#affected", "people"),
    ("#inneed+hh", "households"),
    ("#inneed", "people"),
    ("#targeted", "targeted"),
    ("#reached+hh", "households"),
    ("#reached", "reached"),
    ("#beneficiary", "target"),
    ("#org+impl", "implementer"),
    ("#org+partner", "implementer"),
    ("#org+funder", "funder"),
    ("#org+donor", "funder"),
    ("#org", "organisation"),
    ("#sector", "sector"),
    ("#subsector", "sector"),
    ("#activity", "activity"),
    ("#modality", "modality"),
    ("#status", "status"),
    ("#access", "state"),
    ("#date+start", "start_at"),
    ("#date+end", "end_at"),
    ("#date", "reported_at"),
    ("#contact+phone", "phone"),
    ("#contact+email", "email"),
    ("#contact", "contact"),
    ("#severity", "weight"),
    ("#priority", "weight"),
    ("#value", "cost"),
    ("#currency", "currency"),
    ("#description", "note"),
    ("#meta+id", "reference"),
    ("#meta+source", "source"),
    ("#meta", "note"),
    ("#cause", "reason"),
    ("#event", "note"),
)


def is_tag(cell: str) -> bool:
    """Say whether a cell is an HXL hashtag with its attributes.

    >>> is_tag("#loc +name"), is_tag("#1 priority"), is_tag("loc")
    (True, False, False)
    """
    return bool(_TAG.match(cell))


def field_of_tag(tag: str) -> str:
    """Give the field of a hashtag, "" where it is another matter.

    >>> field_of_tag("#adm3 +name +fr"), field_of_tag("#x_other")
    ('commune', '')
    """
    name, *attributes = (part.strip() for part in tag.casefold().lstrip("# ").split("+"))
    given = set(attributes)
    for known, field in _FIELDS:
        known_name, *needed = known[1:].split("+")
        if known_name == name and given.issuperset(needed):
            return field
    return ""
