"""Roles: the one table of what each may do. The page, the HTTP interface and the tests read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from geo.errors import InputError

Role = Literal["viewer", "field", "ngo", "cell", "auditor", "admin"]
Right = Literal[
    "see",
    "report",
    "upload",
    "upload_any",
    "stock",
    "roads",
    "plan",
    "needs",
    "volunteers",
    "load",
    "ledger",
    "contacts",
    "positions",
    "people",
    "accounts",
]

ROLES: tuple[Role, ...] = get_args(Role)

#: Right → what it allows, in words, and the roles that have it.
RIGHTS: dict[Right, tuple[str, frozenset[Role]]] = {
    "see": (
        "see the situation: map, figures, needs, roads, convoys",
        frozenset(ROLES),
    ),
    "report": (
        "report from the field: arrived, delivered, road blocked here",
        frozenset({"field", "ngo", "cell", "admin"}),
    ),
    "upload": (
        "upload tables in the name of the own organisation, and undo them",
        frozenset({"ngo", "cell", "admin"}),
    ),
    "upload_any": (
        "upload and undo in the name of any organisation",
        frozenset({"cell", "admin"}),
    ),
    "stock": (
        "book goods and money, count them, undo what was booked",
        frozenset({"cell", "admin"}),
    ),
    "roads": ("close and reopen roads", frozenset({"cell", "admin"})),
    "plan": ("assess, plan, re-plan, lock and export convoys", frozenset({"cell", "admin"})),
    "needs": (
        "say of needs what was found out: verified, refuted, hearsay, told twice",
        frozenset({"cell", "admin"}),
    ),
    "volunteers": (
        "register volunteers, post tasks, ask for them, enter and approve hours; an organisation "
        "its own only",
        frozenset({"ngo", "cell", "admin"}),
    ),
    "load": ("load and remove layers", frozenset({"cell", "admin"})),
    "ledger": (
        "read and verify the ledger, take its heads",
        frozenset({"cell", "auditor", "admin"}),
    ),
    "contacts": ("read names and phone numbers of volunteers", frozenset({"cell", "admin"})),
    "positions": (
        "see where people are exactly; all others see it coarsened",
        frozenset({"cell", "admin"}),
    ),
    "people": ("export and erase what is kept of a person", frozenset({"admin"})),
    "accounts": (
        "accounts, keys and the status of organisations",
        frozenset({"admin"}),
    ),
}

#: What a key may be limited to: a key never may more than its role and never more than its scopes.
KEY_SCOPES: tuple[Right, ...] = ("see", "report", "upload", "roads", "ledger")


def may(role: str, right: str) -> bool:
    """Whether a role has a right; a role or right that nobody knows has none."""
    found = RIGHTS.get(right)  # type: ignore[call-overload]
    return found is not None and role in found[1]


def require_role(role: str) -> Role:
    """Give the role; raises `InputError` for a word that is none."""
    if role not in ROLES:
        raise InputError(f"role {role!r}", f"one of {', '.join(ROLES)} is needed", "correct it")
    return role


def rights_of(role: str) -> frozenset[str]:
    """Give all rights of a role."""
    return frozenset(right for right in RIGHTS if may(role, right))


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks: an account, a key of an organisation, or whoever sits at this machine.

    `rights` are those that count for this request; `account_id` is an account's or a key's id,
    empty where the situation has no accounts.
    """

    account_id: str
    role: str
    organisation_id: str
    rights: frozenset[str]

    def may(self, right: str) -> bool:
        """Whether this visitor has a right."""
        return right in self.rights


#: Whoever reaches a situation without accounts: it is served on this machine only.
OWNER = Visitor(account_id="", role="admin", organisation_id="", rights=frozenset(RIGHTS))
