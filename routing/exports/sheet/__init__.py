"""Papers of one convoy: its sheet, what is loaded in which order, a waybill for every stop.

`papers` makes pure values of an itinerary; the renderers (`html`, `pdf`, `lists`) turn them into
files and know no route. Whoever adds a page to the sheet adds a value there and shows it here.
"""

from routing.exports.sheet.ground import Ground, road_ranks
from routing.exports.sheet.papers import CONTACTS, Papers, Sheet, sheet_of

__all__ = ["CONTACTS", "Ground", "Papers", "Sheet", "road_ranks", "sheet_of"]
