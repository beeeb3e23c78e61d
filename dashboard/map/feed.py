"""What changed on the map since a screen last asked.

A `cursor` is a mark that the server gives and the screen hands back without reading it. A mark of
another run of the server, or one too old, gets everything again: a screen is never left with a
picture that is silently out of date.
"""

from __future__ import annotations

import json
import secrets
import threading
from typing import TYPE_CHECKING, Any

from dashboard.map.features import Feature, live_features, next_expiry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dashboard.operations.picture import Picture

#: Removed ids are remembered for so many of them; a screen that missed more gets everything.
REMEMBERED_REMOVALS = 5_000


class LiveFeed:
    """Compares pictures and remembers at which turn each feature last changed; safe for threads."""

    def __init__(
        self,
        *,
        item_name: Callable[[str], str] = str,
        ways: Callable[[Picture], str] = lambda _picture: "",
    ) -> None:
        self._item_name = item_name
        self._ways = ways
        self._run = secrets.token_hex(4)
        self._turn = 0
        self._oldest_turn = 0
        self._texts: dict[str, str] = {}
        self._features: dict[str, Feature] = {}
        self._changed_at: dict[str, int] = {}
        self._removed_at: dict[str, int] = {}
        self._taken: tuple[int, datetime | None] | None = None
        self._expires: datetime | None = None
        self._lock = threading.Lock()

    def answer(self, picture: Picture, since: str, *, at: datetime, crs: str) -> dict[str, Any]:
        """Say what a screen with the mark `since` must add, alter and remove.

        `at` is now, `crs` the projected working CRS.

        Returns
        -------
        dict
            ``{cursor, seq, made_at, full, features, removed}``; with `full`, what is not in
            `features` is gone.
        """
        with self._lock:
            self._take(picture, at, crs)
            turn = self._turn_of(since)
            if turn is None:
                features = list(self._features.values())
                removed: list[str] = []
            else:
                features = [
                    feature
                    for name, feature in self._features.items()
                    if self._changed_at[name] > turn
                ]
                removed = [name for name, gone in self._removed_at.items() if gone > turn]
            return {
                "cursor": f"{self._run}.{self._turn}",
                "seq": picture.seq,
                "made_at": picture.made_at.isoformat(timespec="seconds"),
                "full": turn is None,
                "features": features,
                "removed": removed,
            }

    def _take(self, picture: Picture, at: datetime, crs: str) -> None:
        if self._taken is not None and picture.seq < self._taken[0]:
            return  # another thread was faster with a newer picture
        same = self._taken == (picture.seq, picture.made_at)
        if same and (self._expires is None or at < self._expires):
            return
        fresh = live_features(
            picture, at=at, crs=crs, item_name=self._item_name, ways=self._ways(picture)
        )
        texts = {
            name: json.dumps(feature, sort_keys=True, allow_nan=False)
            for name, feature in fresh.items()
        }
        changed = [name for name, text in texts.items() if self._texts.get(name) != text]
        removed = [name for name in self._texts if name not in texts]
        if changed or removed:
            self._turn += 1
        for name in changed:
            self._changed_at[name] = self._turn
            self._removed_at.pop(name, None)
        for name in removed:
            del self._changed_at[name]
            self._removed_at[name] = self._turn
        self._forget_old_removals()
        self._texts, self._features = texts, fresh
        self._taken = (picture.seq, picture.made_at)
        self._expires = next_expiry(picture, at=at)

    def _forget_old_removals(self) -> None:
        while len(self._removed_at) > REMEMBERED_REMOVALS:
            oldest = next(iter(self._removed_at))
            self._oldest_turn = self._removed_at.pop(oldest)

    def _turn_of(self, since: str) -> int | None:
        run, _, turn = since.partition(".")
        if run != self._run or not turn.isdecimal():
            return None
        known = self._oldest_turn <= int(turn) <= self._turn
        return int(turn) if known else None
