"""What may be kept of a person: each field with its purpose and how long it is needed for it.

A field that is not in this table cannot be kept. Times count from when the field was last written;
`docs/privacy.md` explains each choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from geo.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonField:
    """A field of a person; `retention` is None where it lives as long as the account it is for."""

    name: str
    purpose: str
    retention: timedelta | None
    max_length: int
    #: The right without which nobody reads it.
    right: str


FIELDS: dict[str, PersonField] = {
    one.name: one
    for one in (
        PersonField(
            name="login",
            purpose="to sign in, and to know in the list of accounts whose it is",
            retention=None,
            max_length=100,
            right="accounts",
        ),
        PersonField(
            name="name",
            purpose="to call by name a volunteer for a task, or who asked for help",
            retention=timedelta(days=90),
            max_length=200,
            right="contacts",
        ),
        PersonField(
            name="phone",
            purpose="to reach a volunteer for a task or in danger, or who asked for help",
            retention=timedelta(days=90),
            max_length=60,
            right="contacts",
        ),
        PersonField(
            name="position",
            purpose="to bring help to a household or a team where it is (lon lat, EPSG:4326)",
            retention=timedelta(days=30),
            max_length=60,
            right="positions",
        ),
        PersonField(
            name="signature",
            purpose="to prove that a delivery was taken over, where somebody doubts it",
            retention=timedelta(days=180),
            max_length=6_000,
            right="contacts",
        ),
    )
}


def field_named(name: str) -> PersonField:
    """Give a field; raises `InputError` for one that this program keeps for no purpose."""
    found = FIELDS.get(name)
    if found is None:
        raise InputError(
            f"field {name!r} of a person",
            f"one of {', '.join(FIELDS)} is needed",
            "what has no purpose is not kept",
        )
    return found
