"""Settings: accounts, roles, organisations, keys, vehicle classes. For administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views import frame, invite
from dashboard.views.acts import outcome, perform
from dashboard.views.figures import moment
from data.access.roles import KEY_SCOPES, ROLES
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dashboard.desk import Desk

PART = "settings_part"
TABLE_HEIGHT_PX = 380
ROWS_THAT_FIT = 9
DEFAULT_KEY_DAYS = 30
MAX_KEY_DAYS = 366
NAME_LIMIT = 200


def page(served: state.Served) -> None:
    """Draw the page."""
    info = frame.headed(served)
    if info is None:
        return
    desk, zone = served.desk, info.timezone
    try:
        found = desk.access_overview()
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    outcome(desk, state.MANAGED)
    titles = {
        "accounts": _("Accounts"),
        "organisations": _("Organisations"),
        "keys": _("Keys of programs"),
        "vehicles": _("Vehicle classes"),
        "roles": _("What each role may do"),
        "requests": _("Requests by phone"),
    }
    chosen = st.segmented_control(
        _("Part of the settings"),
        list(titles),
        format_func=lambda part: titles[part],
        default="accounts",
        key=PART,
        required=True,
        label_visibility="collapsed",
    )
    parts: dict[str, Callable[[Desk, dict[str, Any], str], None]] = {
        "accounts": _accounts,
        "organisations": _organisations,
        "keys": _keys,
        "vehicles": _vehicles,
        "roles": _roles,
        "requests": lambda _desk, _found, _zone: invite.panel(),
    }
    parts[chosen or "accounts"](desk, found, zone)


# --- parts --------------------------------------------------------------------------------------


def _accounts(desk: Desk, found: dict[str, Any], zone: str) -> None:
    accounts = found["accounts"]
    names = {one["account_id"]: clean(one["name"]) or one["account_id"] for one in accounts}
    if accounts:
        _table(
            {
                _("Name"): [names[one["account_id"]] for one in accounts],
                _("Role"): [role_names()[one["role"]] for one in accounts],
                _("Organisation"): [clean(one["organisation"]) for one in accounts],
                _("May sign in"): [_yes(one["active"]) for one in accounts],
                _("Last signed in"): [_time(one["signed_in_at"], zone) for one in accounts],
            }
        )
    else:
        st.info(
            _(
                "Nobody has an account: whoever sits at this machine may do everything. The first "
                "account is an administrator's; from then on everybody must sign in."
            ),
            icon=":material/lock_open:",
        )
    left, right = st.columns(2, gap="medium")
    with left, st.form("add_account", clear_on_submit=True):
        _heading(_("Add an account"))
        fields = {
            "name": st.text_input(_("Name at sign-in"), max_chars=NAME_LIMIT),
            "role": _role(list(ROLES) if accounts else ["admin"]),
            "organisation": st.text_input(_("Organisation (may stay empty)"), max_chars=NAME_LIMIT),
            "password": st.text_input(
                _("Password of 15 characters or more (empty: one is made up and shown once)"),
                type="password",
                max_chars=NAME_LIMIT,
            ),
        }
        if st.form_submit_button(_("Add"), icon=":material/person_add:"):
            _do(desk, _("Account added: {name}").format(name=fields["name"]), "add_account", fields)
    if not accounts:
        return
    with right, st.container(border=True):
        _heading(_("Change an account"))
        account = st.selectbox(
            _("Account"), list(names), format_func=lambda one: names[one], key="account_chosen"
        )
        one = next(row for row in accounts if row["account_id"] == account)
        role = st.selectbox(
            _("New role"),
            list(ROLES),
            index=list(ROLES).index(one["role"]),
            format_func=lambda name: role_names()[name],
            key=f"role_of_{account}",
        )
        said = {"name": names[one["account_id"]]}
        if st.button(_("Give this role"), icon=":material/badge:", disabled=role == one["role"]):
            title = _("New role of {name}: {role}").format(role=role_names()[role], **said)
            _do(desk, title, "set_role", {"account": account, "role": role})
        _switch(desk, one, said)
        if st.button(_("Make a new password"), icon=":material/password:"):
            title = _("New password of {name}").format(**said)
            _do(desk, title, "new_password", {"account": account})


def _switch(desk: Desk, one: dict[str, Any], said: dict[str, str]) -> None:
    """Offer to let an account in, or no longer."""
    fields = {"account": one["account_id"], "active": "no" if one["active"] else "yes"}
    if one["active"]:
        if st.button(_("Disable: ends its sessions"), icon=":material/person_off:"):
            _do(desk, _("Disabled: {name}").format(**said), "set_active", fields)
    elif st.button(_("Enable"), icon=":material/person:"):
        _do(desk, _("Enabled: {name}").format(**said), "set_active", fields)


def _organisations(desk: Desk, found: dict[str, Any], _zone: str) -> None:
    rows = found["organisations"]
    if not rows:
        st.info(_("No organisation is registered yet: the first upload or account of one does so."))
        return
    names = {one["organisation_id"]: clean(one["name"]) for one in rows}
    _table(
        {
            _("Name"): [names[one["organisation_id"]] for one in rows],
            _("Status"): [status_names()[one["status"]] for one in rows],
        }
    )
    with st.form("set_organisation"):
        _heading(_("Change the status of an organisation"))
        st.caption(
            _(
                "From a revoked organisation nothing is taken any more: its accounts and keys are "
                "refused, its vehicles are not planned with."
            )
        )
        organisation = st.selectbox(
            _("Organisation"), list(names), format_func=lambda one: names[one]
        )
        status = st.selectbox(
            _("New status"), list(status_names()), format_func=lambda one: status_names()[one]
        )
        reason = st.text_input(_("Reason, for auditors"), max_chars=500)
        if st.form_submit_button(_("Set"), icon=":material/verified_user:"):
            title = f"{names[organisation]}: {status_names()[status]}"
            fields = {"organisation": organisation, "status": status, "reason": reason}
            _do(desk, title, "set_organisation", fields)


def _keys(desk: Desk, found: dict[str, Any], zone: str) -> None:
    keys = found["keys"]
    states = {"valid": _("valid"), "revoked": _("revoked"), "expired": _("expired")}
    if keys:
        _table(
            {
                _("Key"): [one["key_id"] for one in keys],
                _("Organisation"): [clean(one["organisation"]) for one in keys],
                _("For"): [clean(one["label"]) for one in keys],
                _("Role"): [role_names()[one["role"]] for one in keys],
                _("Limited to"): [", ".join(one["scopes"]) for one in keys],
                _("Status"): [states[one["status"]] for one in keys],
                _("Valid until"): [_time(one["expires_at"], zone) for one in keys],
            }
        )
    else:
        st.info(_("No key was issued yet. Programs of an organisation ask and send with one."))
    organisations = {one["organisation_id"]: clean(one["name"]) for one in found["organisations"]}
    left, right = st.columns(2, gap="medium")
    if organisations:
        with left, st.form("issue_key"):
            _heading(_("Issue a key"))
            fields: dict[str, Any] = {
                "organisation": st.selectbox(
                    _("Organisation"),
                    list(organisations),
                    format_func=lambda one: organisations[one],
                ),
                "role": _role(list(ROLES)),
                "scopes": st.multiselect(_("Limited to"), list(KEY_SCOPES), default=["see"]),
                "days": st.number_input(
                    _("Valid for days"), 1, MAX_KEY_DAYS, DEFAULT_KEY_DAYS, step=1
                ),
                "label": st.text_input(_("For what (no name of a person)"), max_chars=NAME_LIMIT),
            }
            if st.form_submit_button(_("Issue"), icon=":material/key:"):
                _do(desk, _("Key issued"), "issue_key", fields)
    valid = [one["key_id"] for one in keys if one["status"] == "valid"]
    if valid:
        with right, st.form("revoke_key"):
            _heading(_("Revoke a key"))
            st.caption(_("At once and for good: issue another one if it was a mistake."))
            key_id = st.selectbox(_("Key"), valid)
            sure = st.checkbox(_("Yes, make it worth nothing"))
            if st.form_submit_button(_("Revoke"), icon=":material/key_off:") and sure:
                _do(desk, _("Key revoked"), "revoke_key", {"key_id": key_id})


def _vehicles(desk: Desk, found: dict[str, Any], zone: str) -> None:
    vehicles = found["vehicles"]
    classes = {one["name"]: one for one in vehicles["classes"]}
    changed = set(vehicles["changed"])
    fields = sorted(
        {
            name
            for one in vehicles["classes"]
            for name, value in one.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }
    )
    _table(
        {_("Class"): list(classes)}
        | {
            field: [
                _marked(one.get(field), f"{name}.{field}" in changed)
                for name, one in classes.items()
            ]
            for field in fields
        }
    )
    st.caption(_("A star marks what is other than in the catalogue of this program."))
    left, right = st.columns(2, gap="medium")
    with left, st.form("set_vehicle"):
        _heading(_("Change a value"))
        new_value = _("New value")
        chosen = {
            "vehicle_class": st.selectbox(_("Class"), list(classes)),
            "field": st.selectbox(_("Value"), fields),
            "value": f"{st.number_input(new_value, 0.0, 1e6, 1.0):g}",
            "source": st.text_input(_("Who says so"), max_chars=500),
        }
        if st.form_submit_button(_("Change"), icon=":material/local_shipping:"):
            title = "{vehicle_class}: {field} = {value}".format(**chosen)
            _do(desk, title, "set_vehicle", chosen)
    changes = {one["change_id"]: one for one in vehicles["changes"]}
    if changes:
        with right, st.form("restore_vehicle"):
            _heading(_("Take a change back"))
            change = st.selectbox(
                _("Change"),
                list(changes),
                format_func=lambda one: _change_text(changes[one], zone),
            )
            if st.form_submit_button(_("Take back"), icon=":material/undo:"):
                _do(desk, _("Change taken back"), "restore_vehicle", {"change_id": change})


def _roles(_desk: Desk, found: dict[str, Any], _zone: str) -> None:
    rights = found["rights"]
    _table(
        {_("Right"): [right_names().get(one["right"], one["allows"]) for one in rights]}
        | {
            role_names()[role]: ["✓" if role in one["roles"] else "" for one in rights]
            for role in ROLES
        }
    )


# --- what parts share ---------------------------------------------------------------------------


def _do(desk: Desk, title: str, action: str, fields: Mapping[str, Any]) -> None:
    """Change something of accounts, keys, organisations or vehicle classes."""

    def told(done: dict[str, Any]) -> dict[str, Any]:
        back = done["undo"]
        undo = back and (lambda seen: seen.manage_access(back["action"], back["fields"]))
        return {"secret": done["secret"], "undo": undo}

    perform(state.MANAGED, title, lambda: desk.manage_access(action, fields), told)


def role_names() -> dict[str, str]:
    """Give the roles as people read them."""
    return {
        "viewer": _("viewer"),
        "field": _("field team"),
        "ngo": _("organisation"),
        "cell": _("crisis cell"),
        "auditor": _("auditor"),
        "admin": _("administrator"),
    }


def status_names() -> dict[str, str]:
    """Give the statuses of organisations as people read them."""
    return {
        "recognised": _("recognised"),
        "pending": _("recognition pending"),
        "revoked": _("recognition revoked"),
    }


def right_names() -> dict[str, str]:
    """Give the rights as people read them."""
    return {
        "see": _("see the situation: map, figures, needs, roads, convoys"),
        "report": _("report from the field: arrived, delivered, road blocked here"),
        "upload": _("upload tables in the name of the own organisation, and undo them"),
        "upload_any": _("upload and undo in the name of any organisation"),
        "roads": _("close and reopen roads"),
        "plan": _("assess, plan, re-plan, lock and export convoys"),
        "needs": _("say of needs what was found out: verified, refuted, hearsay, told twice"),
        "volunteers": _(
            "register volunteers, post tasks, ask for them, enter and approve hours; an "
            "organisation its own only"
        ),
        "stock": _("book goods and money, count them, undo what was booked"),
        "load": _("load and remove layers"),
        "ledger": _("read and verify the ledger, take its heads"),
        "contacts": _("read names and phone numbers of volunteers"),
        "positions": _("see where people are exactly; all others see it coarsened"),
        "people": _("export and erase what is kept of a person"),
        "accounts": _("accounts, keys and the status of organisations"),
    }


def _role(offered: list[str]) -> str:
    return str(st.selectbox(_("Role"), offered, format_func=lambda name: role_names()[name]))


def _table(columns: Mapping[str, Iterable[Any]]) -> None:
    rows = pd.DataFrame({name: list(values) for name, values in columns.items()})
    if len(rows) > ROWS_THAT_FIT:
        st.dataframe(rows, hide_index=True, width="stretch", height=TABLE_HEIGHT_PX)
    else:
        st.dataframe(rows, hide_index=True, width="stretch")


def _heading(text: str) -> None:
    st.markdown(f"**{text}**")


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")


def _time(value: str | None, zone: str) -> str:
    return moment(value, zone) if value else "–"


def _marked(value: Any, changed: bool) -> str:
    if value is None:
        return "–"
    return f"{value:g}{' *' if changed else ''}"


def _change_text(one: dict[str, Any], zone: str) -> str:
    what = ", ".join(
        f"{name}.{field} = {value}"
        for name, fields in one["changes"].items()
        for field, value in fields.items()
    )
    return clean(f"{what} · {one['source']} · {moment(one['at'], zone)}")
