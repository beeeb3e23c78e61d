"""Chance that falls the same way every time: one seeded generator for each purpose."""

from __future__ import annotations

import zlib

import numpy as np

# The day of the earthquake. Another seed is another drill.
SEED = 20230908


def generator(purpose: str) -> np.random.Generator:
    """Random numbers of one purpose, the same in every run and on every machine.

    Each purpose has its own stream, so that a change in one part of the drill (a house more) does
    not redraw all the others.
    """
    return np.random.default_rng([SEED, zlib.crc32(purpose.encode())])
