"""Words of tables that go back to organisations: their names, and titles of their columns."""

from __future__ import annotations

from dashboard.languages import _


def table_names() -> dict[str, str]:
    """What a person calls each table that is shared."""
    return {
        "needs": _("Needs and what became of them"),
        "deliveries": _("Deliveries"),
        "activities": _("Who does what where (5W)"),
        "places": _("Places with codes and damage"),
        "groups": _("People who need more, counted (small numbers withheld)"),
        "iati": _("Activities in the columns of IATI"),
    }


def titles() -> dict[str, str]:
    """Titles of columns; what `data.intake` reads too is called as it is read there."""
    return {
        "place_code": _("place code"),
        "place": _("place name"),
        "place_ar": _("name in Arabic"),
        "commune": _("commune"),
        "commune_code": _("commune code"),
        "province": _("province"),
        "lat": _("latitude"),
        "lon": _("longitude"),
        "item_code": _("item code"),
        "item": _("item"),
        "quantity": _("quantity"),
        "unit": _("unit of measure"),
        "urgency": _("urgency"),
        "status": _("state"),
        "delivered": _("delivered"),
        "missing": _("still missing"),
        "reporter": _("reported by"),
        "verified_by": _("verified by"),
        "reported_at": _("date of the report"),
        "expires_at": _("holds until"),
        "note": _("remark"),
        "source": _("source"),
        "id": _("id"),
        "expected": _("what was to come"),
        "convoy": _("convoy"),
        "for_needs": _("counts for the needs"),
        "organisation": _("organisation"),
        "funder": _("donor"),
        "sector": _("sector"),
        "activity": _("activity"),
        "starts_on": _("first day of the work"),
        "ends_on": _("last day of the work"),
        "reached": _("people reached"),
        "households": _("households"),
        "kind": _("kind of place"),
        "group": _("group"),
        "counted": _("people counted"),
        "referred": _("of them sent on to help"),
        "people": _("people"),
        "affected": _("people affected"),
        "destroyed": _("destroyed houses"),
        "damaged": _("damaged houses"),
        "assessed": _("looked at"),
        "access": _("access"),
    }
