"""Who may come in: accounts, keys, organisations; what is kept of persons."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, Result, add_group, add_past, add_verb, open_situation
from data.access.roles import KEY_SCOPES, ROLES
from geo.errors import InputError, UnreadableError

if TYPE_CHECKING:
    import argparse

MAX_PASSWORD_FILE_BYTES = 2_000


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    _account(add_group(verbs, "account", "accounts: who may sign in, and what they may do"))
    _key(add_group(verbs, "key", "keys with which programs of an organisation may ask and send"))
    _organisation(
        add_group(verbs, "organisation", "organisations: who is recognised, pending or revoked")
    )
    _people(add_group(verbs, "people", "what is kept of persons: list, export, erase, forget"))


def _account(verbs: Any) -> None:
    add_one = add_verb(verbs, "add", _account_add, "make an account; the first is an admin's")
    add_one.add_argument("name", help="what it is called at sign-in")
    add_one.add_argument("--role", required=True, metavar="ROLE", help=", ".join(ROLES))
    add_one.add_argument("--org", help="the organisation it stands for (new ones are pending)")
    _password_options(add_one)
    add_one.add_argument("--oidc-issuer", help="address of the identity provider")
    add_one.add_argument("--oidc-subject", help="its subject there, instead of a password")

    add_past(add_verb(verbs, "list", _account_list, "show all accounts"))
    add_verb(verbs, "roles", _account_roles, "show what each role may do")

    role = add_verb(verbs, "role", _account_role, "give an account another role")
    role.add_argument("name")
    role.add_argument("role", metavar="ROLE", help=", ".join(ROLES))
    role.add_argument("--org", help="and another organisation")

    password = add_verb(verbs, "password", _account_password, "set another password")
    password.add_argument("name")
    _password_options(password)

    link = add_verb(verbs, "link", _account_link, "let an identity of a provider sign in")
    link.add_argument("name")
    link.add_argument("--oidc-issuer", required=True, help="address of the identity provider")
    link.add_argument("--oidc-subject", required=True, help="its subject there")

    for name, run, text in (
        ("disable", _account_disable, "end all sessions of an account and let it in no more"),
        ("enable", _account_enable, "let an account sign in again"),
    ):
        one = add_verb(verbs, name, run, text)
        one.add_argument("name")
        one.add_argument("--reason", default="")


def _key(verbs: Any) -> None:
    issue = add_verb(verbs, "issue", _key_issue, "issue a key; it is shown once")
    issue.add_argument("--org", required=True, help="the organisation it is for")
    issue.add_argument("--role", default="ngo", metavar="ROLE", help="default: ngo")
    issue.add_argument(
        "--scopes", default="see", help=f"some of {','.join(KEY_SCOPES)} (default: see)"
    )
    issue.add_argument("--days", type=int, default=30, help="how long it is valid (default: 30)")
    issue.add_argument("--label", default="", help="what it is for; no name of a person")
    add_past(add_verb(verbs, "list", _key_list, "show all keys, without their secrets"))
    revoke = add_verb(verbs, "revoke", _key_revoke, "make a key worth nothing, at once")
    revoke.add_argument("key_id", metavar="KEY")
    revoke.add_argument("--reason", default="")


def _organisation(verbs: Any) -> None:
    add_past(add_verb(verbs, "list", _organisation_list, "show all organisations"))
    status = add_verb(
        verbs, "set", _organisation_set, "recognise an organisation, or revoke its recognition"
    )
    status.add_argument("name", help="its name or id")
    status.add_argument("status", metavar="STATUS", help="recognised, pending or revoked")
    status.add_argument("--reason", default="", help="recorded with it, for auditors")


def _people(verbs: Any) -> None:
    add_verb(verbs, "list", _people_list, "show of whom something is kept, not what")
    for name, run, text in (
        ("export", _people_export, "show all that is kept of one person"),
        ("erase", _people_erase, "erase all that is kept of one person, for good"),
    ):
        one = add_verb(verbs, name, run, text)
        one.add_argument("person", metavar="PERSON", help="an id, or the name as it was written")
    add_verb(verbs, "forget", _people_forget, "erase what was kept for as long as it was needed")


def _password_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-file", type=Path, help="read it from the first line of a file (- is stdin)"
    )
    parser.add_argument("--new-password", action="store_true", help="make one up and show it once")


def _account_add(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import access

    subject = _subject(arguments)
    password, shown = (None, None) if subject else _password(arguments)
    with open_situation(arguments) as situation:
        made = access.add_account(
            situation,
            arguments.name,
            role=arguments.role,
            organisation=arguments.org,
            password=password,
            subject=subject,
        )
    return made | ({"password": shown} if shown else {}), FINE


def _account_list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import access

    with open_situation(arguments) as situation:
        return {"accounts": access.list_accounts(situation)}, FINE


def _account_roles(_arguments: argparse.Namespace) -> Result:
    from dashboard.operations import access

    return {"rights": access.roles_table()}, FINE


def _account_role(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import access

    with open_situation(arguments) as situation:
        return access.set_role(
            situation, arguments.name, role=arguments.role, organisation=arguments.org
        ), FINE


def _account_password(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import access

    password, shown = _password(arguments)
    with open_situation(arguments) as situation:
        made = access.set_password(situation, arguments.name, password)
    return made | ({"password": shown} if shown else {}), FINE


def _account_link(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import access

    subject = _subject(arguments)
    with open_situation(arguments) as situation:
        return access.link(situation, arguments.name, subject or ""), FINE


def _account_disable(arguments: argparse.Namespace) -> Result:
    return _set_active(arguments, active=False)


def _account_enable(arguments: argparse.Namespace) -> Result:
    return _set_active(arguments, active=True)


def _set_active(arguments: argparse.Namespace, *, active: bool) -> Result:
    from dashboard.operations import access

    with open_situation(arguments) as situation:
        return access.set_active(situation, arguments.name, active, reason=arguments.reason), FINE


def _key_issue(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import access

    scopes = [one.strip() for one in arguments.scopes.split(",") if one.strip()]
    with open_situation(arguments) as situation:
        return access.issue_key(
            situation,
            arguments.org,
            role=arguments.role,
            scopes=scopes,
            days=arguments.days,
            label=arguments.label,
        ), FINE


def _key_list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import access

    with open_situation(arguments) as situation:
        return {"keys": access.list_keys(situation)}, FINE


def _key_revoke(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import access

    with open_situation(arguments) as situation:
        return access.revoke_key(situation, arguments.key_id, reason=arguments.reason), FINE


def _organisation_list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import organisations

    with open_situation(arguments) as situation:
        return {"organisations": organisations.list_organisations(situation)}, FINE


def _organisation_set(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import organisations

    with open_situation(arguments) as situation:
        return organisations.set_organisation(
            situation, arguments.name, arguments.status, reason=arguments.reason
        ), FINE


def _people_list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import people

    with open_situation(arguments) as situation:
        return people.list_people(situation), FINE


def _people_export(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import people

    with open_situation(arguments) as situation:
        return people.export_person(situation, arguments.person), FINE


def _people_erase(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import people

    with open_situation(arguments) as situation:
        return people.erase_person(situation, arguments.person), FINE


def _people_forget(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import people

    with open_situation(arguments) as situation:
        return people.forget_expired(situation), FINE


def _subject(arguments: argparse.Namespace) -> str | None:
    from data.access.accounts import oidc_subject

    if not arguments.oidc_issuer and not arguments.oidc_subject:
        return None
    if not arguments.oidc_issuer or not arguments.oidc_subject:
        raise InputError(
            "an identity of a provider", "--oidc-issuer and --oidc-subject are needed", "give both"
        )
    return oidc_subject(arguments.oidc_issuer, arguments.oidc_subject)


def _password(arguments: argparse.Namespace) -> tuple[str, str | None]:
    """Give the password, and again where it was made up and must be shown."""
    from data.access.passwords import new_password

    if arguments.new_password:
        made = new_password()
        return made, made
    if arguments.password_file is not None:
        return _first_line(arguments.password_file), None
    if not sys.stdin.isatty():
        raise InputError(
            "a password",
            "it is asked for on a terminal, and this is none",
            "give --password-file FILE (- is stdin) or --new-password",
        )
    first = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != first:
        raise InputError("the password", "twice the same is needed", "run it again")
    return first, None


def _first_line(path: Path) -> str:
    try:
        if str(path) == "-":
            text = sys.stdin.read(MAX_PASSWORD_FILE_BYTES)
        else:
            with path.open(encoding="utf-8") as file:
                text = file.read(MAX_PASSWORD_FILE_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(
            str(path), "a readable file whose first line is the password", "check it"
        ) from error
    return text.partition("\n")[0].rstrip("\r")
