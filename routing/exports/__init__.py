"""Itineraries as files that open elsewhere: GPX, KML, GeoJSON, CSV and text messages.

Each module renders one itinerary to bytes and touches no file; `files.export` writes them. Names
come from people and are hostile until cleaned: control and direction characters go, XML and HTML
are escaped, spreadsheet formulas are made text.
"""

from routing.exports.files import FORMATS, export
from routing.exports.wording import LANGUAGES, Wording

__all__ = ["FORMATS", "LANGUAGES", "Wording", "export"]
