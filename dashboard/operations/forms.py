"""Acts by a form: each has a name, the fields that it needs, and what takes it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from geo.errors import InputError

LONGEST_FIELD = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of an act.

    Parameters
    ----------
    undo
        Name and fields of the act that takes it back, None where nothing does.
    secret
        Shown now and never again, as a password or a key.
    paper
        A PDF to hand over.
    said
        A figure or an id to tell.
    """

    undo: tuple[str, dict[str, Any]] | None = None
    secret: str = ""
    paper: bytes | None = None
    said: str = ""


T = TypeVar("T")

#: What does an act on a subject (most are acts on a situation), and the fields that it needs.
Form = tuple[Callable[[T, Mapping[str, Any]], Done], tuple[str, ...]]


def check_form(forms: Mapping[str, Form[T]], action: str, fields: Mapping[str, Any]) -> None:
    """Raise `InputError` for an unknown act, or a field that is missing or too long."""
    if action not in forms:
        raise InputError(f"action {action[:40]!r}", f"one of {', '.join(forms)}", "correct it")
    for name in forms[action][1]:
        if not fields.get(name):
            raise InputError(action, f"the field {name!r} is needed", "fill it in")
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > LONGEST_FIELD:
            raise InputError(name, f"at most {LONGEST_FIELD} characters", "shorten it")


def submit(
    subject: T, forms: Mapping[str, Form[T]], action: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Do what a form asks for.

    Returns
    -------
    dict
        ``{action, undo: {action, fields} or None, secret, paper: bytes or None, said}``.

    Raises
    ------
    InputError
        As `check_form`; and what each act refuses.
    """
    check_form(forms, action, fields)
    done = forms[action][0](subject, fields)
    undo = None if done.undo is None else {"action": done.undo[0], "fields": done.undo[1]}
    return {
        "action": action,
        "undo": undo,
        "secret": done.secret,
        "paper": done.paper,
        "said": done.said,
    }
