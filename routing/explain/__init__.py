"""Explanations of a plan, worked out from its problem: why now, why not, and what would help.

Nothing here shares code with the search beyond the clock of a day (`routing.schedule`): the
problem and the finished plan are looked at anew. For every need that stays unserved all places in
the day are found where one more halt could go (`gaps`), and each limit is taken away by itself to
see how much would then be brought (`needs`, `relay_needs`). Every stop is compared with the order
in which it would change places with its neighbour (`stops`). `words` says all that in sentences.
"""

from routing.explain.facts import Gain, Limits, NeedWhy, StopWhy, Swap
from routing.explain.needs import OpenRoads, explain_needs
from routing.explain.stops import explain_stops

__all__ = [
    "Gain",
    "Limits",
    "NeedWhy",
    "OpenRoads",
    "StopWhy",
    "Swap",
    "explain_needs",
    "explain_stops",
]
