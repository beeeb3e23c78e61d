"""Batches of devices that were away: which wait for what, and the end of a wait that is in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.verbs.parser import FINE, FOUND, Result, add_group, add_verb, open_situation

if TYPE_CHECKING:
    import argparse


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    batches = add_group(verbs, "batches", "batches of devices that came before their turn")
    add_verb(batches, "list", _list, "show what is held; status 1 if anything is")
    skip = add_verb(
        batches, "skip", _skip, "record what a device has waiting although some never came"
    )
    skip.add_argument("sender", help="the account or key, as `list` shows it")
    skip.add_argument("device", help="the device, as `list` shows it")


def _list(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import batching

    with open_situation(arguments) as situation:
        waiting = batching.held(situation)
    return {"held": waiting}, FOUND if waiting else FINE


def _skip(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import batching

    with open_situation(arguments) as situation:
        done = batching.skip_missing(situation, sender=arguments.sender, device=arguments.device)
    return {"recorded": done}, FINE
