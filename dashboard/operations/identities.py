"""Identities of a provider: whom they let in, and as what.

An identity signs in to the account that it was linked to. Where groups of the provider have roles
here (`ProviderSettings.group_roles`), one that nobody linked gets an account of its own, and an
account without a password follows its groups at every sign-in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.operations.access import accounts, has_accounts
from data.access.accounts import SignInError, require_login
from geo.errors import InputError

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation
    from data.access.accounts import Accounts, SignedIn
    from data.access.identity_provider import Identity
    from data.access.provider_settings import GroupRole, ProviderSettings

#: As many names are tried for a new account before it is named after its identity.
MAX_SAME_NAME = 20


class UnknownIdentityError(SignInError):
    """Somebody proved who they are, and nobody gave them an account or a role here."""

    def __init__(self, subject: str) -> None:
        super().__init__()
        #: What an administrator links to an account; shown to nobody but its owner.
        self.subject = subject


def sign_in_by_identity(
    situation: Situation, identity: Identity, settings: ProviderSettings
) -> SignedIn:
    """Begin a session for who proved to be `identity`.

    Raises
    ------
    UnknownIdentityError
        No account is linked to it, or none of its groups has a role here.
    SignInError
        The account is disabled, or its organisation's recognition was revoked.
    RuleError
        Its groups would take the last administrator's role away.
    """
    made = accounts(situation)
    if made is None or not has_accounts(situation):
        raise SignInError
    found = made.by_subject(identity.subject)
    granted = settings.granted(identity.groups)
    if found is None:
        if granted is None:
            raise UnknownIdentityError(identity.subject)
        _add(situation, made, identity, settings, granted)
    elif settings.group_roles and not found[1]:
        if granted is None:
            raise UnknownIdentityError(identity.subject)
        _follow(situation, made, found[0].account_id, granted)
    return made.sign_in_by_subject(identity.subject)


def _add(
    situation: Situation,
    made: Accounts,
    identity: Identity,
    settings: ProviderSettings,
    granted: GroupRole,
) -> None:
    """Make an account for an identity, under a name that nobody has."""
    organisation_id, registering = _organisation(situation, granted)
    try:
        name = require_login(identity.name)[:60]
    except InputError:
        name = settings.name
    taken = {one.casefold() for one in made.names().values()}
    names = [name, *(f"{name} ({n})" for n in range(2, MAX_SAME_NAME + 1))]
    # Only to be told apart in the list of accounts: what it is called gives no right.
    free = next((one for one in names if one.casefold() not in taken), identity.subject[-100:])
    made.add(
        free,
        role=granted.role,
        organisation_id=organisation_id,
        subject=identity.subject,
        before=registering,
    )


def _follow(situation: Situation, made: Accounts, account_id: str, granted: GroupRole) -> None:
    """Give an account the role of its groups where it has another one."""
    record = made.find(account_id)
    organisation_id, registering = _organisation(situation, granted)
    if (record.role, record.organisation_id) == (granted.role, organisation_id):
        return
    if not record.active:
        raise SignInError
    made.set_role(account_id, granted.role, organisation_id=organisation_id, before=registering)


def _organisation(situation: Situation, granted: GroupRole) -> tuple[str | None, tuple]:
    if not granted.organisation:
        return None, ()
    organisation_id, registering = situation.organisation(granted.organisation)
    return organisation_id, tuple(registering)
