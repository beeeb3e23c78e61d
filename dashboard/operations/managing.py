"""Managing by a form: accounts, keys, organisations and vehicle classes, each with its undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.operations import access, organisations, vehicle_catalogue
from dashboard.operations.forms import Done, submit
from data.access.passwords import new_password
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.operations.forms import Form
    from dashboard.operations.situation import Situation


def overview(situation: Situation) -> dict[str, Any]:
    """Give what the page of settings shows.

    Returns
    -------
    dict
        ``{accounts, keys, organisations, rights, vehicles}``: as `access.list_accounts`,
        `access.list_keys`, `organisations.list_organisations`, `access.roles_table` and
        `vehicle_catalogue.describe_vehicle_classes` give them.
    """
    return {
        "accounts": access.list_accounts(situation),
        "keys": access.list_keys(situation),
        "organisations": organisations.list_organisations(situation),
        "rights": access.roles_table(),
        "vehicles": vehicle_catalogue.describe_vehicle_classes(situation),
    }


def manage(situation: Situation, action: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Do one of `ACTIONS` with the fields of its form.

    Returns
    -------
    dict
        As `dashboard.operations.forms.submit`: a password or key that was made is its ``secret``.

    Raises
    ------
    InputError
        The action is unknown, a field is missing or too long, and what each act refuses.
    """
    return submit(situation, ACTIONS, action, fields)


def _add_account(situation: Situation, fields: Mapping[str, Any]) -> Done:
    password = str(fields.get("password") or "")
    if not password and not access.has_accounts(situation):
        raise InputError(
            "the first account",
            "a password that you choose is needed: from then on everybody must sign in",
            "type one of 15 characters or more",
        )
    made = access.add_account(
        situation,
        fields["name"],
        role=fields["role"],
        organisation=fields.get("organisation") or None,
        password=password or (given := new_password()),
    )
    undo = ("set_active", {"account": made["account_id"], "active": "no"})
    return Done(secret="" if password else given, undo=undo)


def _set_role(situation: Situation, fields: Mapping[str, Any]) -> Done:
    before = _account(situation, fields["account"])
    access.set_role(situation, fields["account"], role=fields["role"])
    return Done(undo=("set_role", {"account": fields["account"], "role": before["role"]}))


def _set_active(situation: Situation, fields: Mapping[str, Any]) -> Done:
    active = fields["active"] == "yes"
    _account(situation, fields["account"])
    access.set_active(situation, fields["account"], active, reason=fields.get("reason", ""))
    other = {"account": fields["account"], "active": "no" if active else "yes"}
    return Done(undo=("set_active", other))


def _new_password(situation: Situation, fields: Mapping[str, Any]) -> Done:
    secret = new_password()
    access.set_password(situation, fields["account"], secret)
    return Done(secret=secret)


def _issue_key(situation: Situation, fields: Mapping[str, Any]) -> Done:
    made = access.issue_key(
        situation,
        fields["organisation"],
        role=fields["role"],
        scopes=tuple(fields["scopes"]),
        days=int(fields["days"]),
        label=fields.get("label", ""),
    )
    return Done(secret=made["key"], undo=("revoke_key", {"key_id": made["key_id"]}))


def _revoke_key(situation: Situation, fields: Mapping[str, Any]) -> Done:
    access.revoke_key(situation, fields["key_id"], reason=fields.get("reason", ""))
    return Done()


def _set_organisation(situation: Situation, fields: Mapping[str, Any]) -> Done:
    before = organisations.find_organisation(situation, fields["organisation"])
    organisations.set_organisation(
        situation, fields["organisation"], fields["status"], reason=fields.get("reason", "")
    )
    back = {"organisation": before.organisation_id, "status": before.status}
    return Done(undo=("set_organisation", back))


def _set_vehicle(situation: Situation, fields: Mapping[str, Any]) -> Done:
    made = vehicle_catalogue.change_vehicle_classes(
        situation,
        values=(f"{fields['vehicle_class']}.{fields['field']}={fields['value']}",),
        source=fields.get("source", ""),
        reason=fields.get("reason", ""),
    )
    return Done(undo=("restore_vehicle", {"change_id": made["change_id"]}))


def _restore_vehicle(situation: Situation, fields: Mapping[str, Any]) -> Done:
    vehicle_catalogue.restore_vehicle_classes(situation, fields["change_id"])
    return Done()


def _account(situation: Situation, account_id: str) -> dict[str, Any]:
    for one in access.list_accounts(situation):
        if one["account_id"] == account_id:
            return one
    raise InputError(f"account {account_id[:60]!r}", "there is no such account", "choose one")


ACTIONS: dict[str, Form[Situation]] = {
    "add_account": (_add_account, ("name", "role")),
    "set_role": (_set_role, ("account", "role")),
    "set_active": (_set_active, ("account", "active")),
    "new_password": (_new_password, ("account",)),
    "issue_key": (_issue_key, ("organisation", "role", "scopes", "days")),
    "revoke_key": (_revoke_key, ("key_id",)),
    "set_organisation": (_set_organisation, ("organisation", "status")),
    "set_vehicle": (_set_vehicle, ("vehicle_class", "field", "value")),
    "restore_vehicle": (_restore_vehicle, ("change_id",)),
}
