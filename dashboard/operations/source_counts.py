"""Sources of many places in few words: how many places each has, without the codes of each."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A code of one place: anything with five digits in a row, and the ids of OSM.
_CODE = re.compile(r"\b(?:[nwr]\d+|\S*\d{5,}\S*)")
#: More sources than this are counted together.
MOST_SOURCES = 10


def counted_sources(sources: Iterable[object]) -> list[str]:
    """Give each source once with the number of its places, the commonest first.

    >>> counted_sources(["HCP douar 0410705201021 (people)", "HCP douar 0410705201022 (people)"])
    ['HCP douar (people): 2 places']
    """
    named = Counter(" ".join(_CODE.sub("", str(one)).split()) for one in sources if one)
    ordered = sorted(named.items(), key=lambda one: (-one[1], one[0]))
    said = [f"{name}: {count} places" for name, count in ordered[:MOST_SOURCES]]
    if rest := sum(count for _name, count in ordered[MOST_SOURCES:]):
        said.append(f"{len(ordered) - MOST_SOURCES} other sources: {rest} places")
    return said
