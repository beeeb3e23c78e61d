"""The map as an HTML document of its own, described with folium, that loads nothing from elsewhere.

folium writes the document; every part of the map is a folium element that calls one function of
``static/map``. The document holds no state of the situation, only addresses: it is the same text
for everyone until a heavy layer changes, so a run of the page costs nothing.

`OfflineMap` replaces folium's scripts and styles by ours, and `map_document` refuses to hand out a
document that names a foreign host: a folium plugin added later with its usual addresses fails here,
in a test, and not in a crisis cell without internet.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Figure, MacroElement
from folium.template import Template

from dashboard.languages import N_, _, direction
from dashboard.map.assets import BRIDGE, BUNDLE, STYLES, asset_url
from dashboard.map.text import clean
from geo.errors import RuleError

if TYPE_CHECKING:
    from dashboard.operations.tiles import RasterLayer
    from dashboard.operations.vector_layers import VectorLayer

Bounds = tuple[float, float, float, float]

# From /map/LANGUAGE/ to the root of the server: relative, so that a reverse proxy may put us below
# a path.
ROOT = "../../"
API = f"{ROOT}api/v1/"
POLL_S = 3
POLL_TIMEOUT_S = 20
#: Phones send where they are every ten minutes.
POSITIONS_S = 30
MIN_LABEL_ZOOM = 9
BOTH_NAMES_ZOOM = 11

_FOREIGN = re.compile(
    r"""(?:\b(?:src|href|action|data|poster|srcset)\s*=\s*|url\(\s*|@import\s+|import\(\s*)["']?"""
    r"""(?:https?:|wss?:|ftp:)?//|["'](?:https?|wss?|ftp)://""",
    re.IGNORECASE,
)
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_INLINE_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFrame:
    """What the document is made from: no state of the situation, only what frames it.

    `layers` gives, by name (``areas``, ``hint``), the path of the layer file below ``/api/v1``; a
    layer that the situation lacks is not in it. Tiles show the `rasters` and the `vectors`.
    """

    situation_id: str
    title: str
    bounds: Bounds
    timezone: str = "UTC"
    notice: str = ""
    drill: bool = False
    sources: str = ""
    language: str = "en"
    layers: tuple[tuple[str, str], ...] = ()
    rasters: tuple[RasterLayer, ...] = ()
    vectors: tuple[VectorLayer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MapDocument:
    """The finished document with the policy that lets exactly its own inline parts run."""

    html: str
    policy: str
    etag: str


class OfflineMap(folium.Map):
    """A folium map whose scripts and styles come from this server."""

    default_js = [(path, asset_url(path, root=ROOT)) for path in (BRIDGE, BUNDLE)]  # noqa: RUF012 - folium's way
    default_css = [(path, asset_url(path, root=ROOT)) for path in STYLES]  # noqa: RUF012 - folium's way


class MapPart(MacroElement):
    """One part of the map: a call of ``qafila.<call>(map, options)``."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "qafila.{{ this.call }}({{ this._parent.get_name() }}, {{ this.options|tojson }});"
        "{% endmacro %}"
    )

    def __init__(self, call: str, **options: Any) -> None:
        super().__init__()
        self._name = "MapPart"
        self._id = call  # not random: the same map is the same text
        self.call = call
        self.options = options


def map_document(frame: MapFrame) -> MapDocument:
    """Write the map's document; raises `RuleError` if anything in it names a foreign host."""
    html = describe(frame).get_root().render()
    require_local(html)
    return MapDocument(
        html=html,
        policy=content_policy(html),
        etag='"' + hashlib.sha256(html.encode()).hexdigest()[:32] + '"',
    )


def describe(frame: MapFrame) -> OfflineMap:
    """Describe the map with folium, part by part, from the ground up."""
    west, south, east, north = frame.bounds
    figure = Figure(title=frame.title.replace("<", ""))
    situation_map = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=9,
        tiles=None,
        prefer_canvas=True,
        attributionControl=False,
        min_zoom=5,
        max_zoom=18,
        zoom_snap=0.25,
        zoom_delta=0.5,
        # The map's own observer does it: Leaflet's would take a frame that grows for a move.
        track_resize=False,
        # Blending in costs more than it gives where there is no graphics card.
        fade_animation=False,
        font_size="13px",
    )
    situation_map._id = "situation"
    figure.add_child(situation_map)
    layers = dict(frame.layers)
    parts = [
        MapPart(
            "start",
            bounds=[[south, west], [north, east]],
            situation=frame.situation_id,
            timezone=frame.timezone,
            language=frame.language,
            direction=direction(frame.language),
            strings=map_strings(),
        )
    ]
    if frame.rasters:
        parts.append(MapPart("rasters", layers=[raster_options(one) for one in frame.rasters]))
    if "hint" in layers:
        parts.append(MapPart("hint", url=API + layers["hint"]))
    if "areas" in layers:
        parts.append(MapPart("areas", url=API + layers["areas"]))
    if frame.vectors:
        parts.append(MapPart("vectors", layers=[vector_options(one) for one in frame.vectors]))
    if any(one.name == "roads" for one in frame.vectors):
        parts.append(MapPart("roads", api=API))
    parts += [
        MapPart("labels", min_zoom=MIN_LABEL_ZOOM, both_zoom=BOTH_NAMES_ZOOM),
        MapPart("notice", notice=frame.notice, sources=frame.sources),
        MapPart("live", url=API + "live", api=API, interval_s=POLL_S, timeout_s=POLL_TIMEOUT_S),
        MapPart("positions", url=API + "positions", interval_s=POSITIONS_S),
        MapPart("legend"),
    ]
    if frame.drill:
        parts.append(MapPart("watermark", text=_("DRILL")))
    parts.append(MapPart("exporter", name=frame.title, notice=frame.notice, sources=frame.sources))
    for part in parts:
        situation_map.add_child(part)
    return situation_map


def raster_options(layer: RasterLayer) -> dict[str, Any]:
    """Say to the map where the tiles of a raster are and how near they are of use."""
    west, south, east, north = layer.bounds
    return {
        "kind": layer.kind,
        "name": clean(layer.name),
        "url": f"{API}tiles/{layer.key}/{{z}}/{{x}}/{{y}}.png",
        "bounds": [[south, west], [north, east]],
        "min_zoom": layer.min_zoom,
        "native_zoom": layer.native_zoom,
    }


def vector_options(layer: VectorLayer) -> dict[str, Any]:
    """Say to the map where the vector tiles of a layer are and at which zooms they exist."""
    return {
        "name": layer.name,
        "url": API + layer.path,
        "min_zoom": layer.min_zoom,
        "data_zoom": layer.max_zoom,
    }


def require_local(html: str) -> None:
    """Raise `RuleError` if the document would fetch anything from another host."""
    found = _FOREIGN.search(html)
    if found:
        excerpt = html[max(0, found.start() - 20) : found.end() + 60].replace("\n", " ")
        raise RuleError(
            f"the map's document names a foreign host: {excerpt!r}",
            "every script, style, font and tile must come from this server",
            "vendor the file with tools/vendor.py and give its local address",
        )


def content_policy(html: str) -> str:
    """Content-Security-Policy under which only this document's own inline parts run."""
    scripts = " ".join(_hash_source(part) for part in _INLINE_SCRIPT.findall(html))
    styles = " ".join(_hash_source(part) for part in _INLINE_STYLE.findall(html))
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' {styles}; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    )


def _hash_source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def map_strings() -> dict[str, str]:
    """Give the words of the map's scripts in the language of this run, by their English form."""
    return {text: _(text) for text in MAP_TEXTS}


MAP_TEXTS = (
    # people at work
    N_("At work or looked for: {n}"),
    N_("somebody asks for help"),
    N_("somebody was not heard for 6 h"),
    N_("at work"),
    N_("a task lacks people"),
    # needs
    N_("Needs: {n}"),
    N_("need reported, nobody looked"),
    N_("need verified"),
    N_("need in the plan"),
    N_("need met"),
    N_("need expired"),
    N_("need refuted"),
    N_("a rumour among them"),
    N_("somebody says otherwise"),
    N_("quarantine: organisation not recognised yet"),
    N_("Convoys that pass here: {n}"),
    N_("and {n} more"),
    # vehicle classes
    N_("air"),
    N_("foot"),
    N_("light_truck"),
    N_("motorbike"),
    N_("mule"),
    N_("pickup"),
    N_("truck"),
    N_("A layer of the map could not be loaded."),
    N_("Left of the line: before. Right of it: after."),
    N_("after"),
    N_("before"),
    N_("A layer of the map is being drawn for the first time; this takes some seconds."),
    N_("boundaries"),
    N_("building damaged"),
    N_("building destroyed (from near)"),
    N_("building possibly damaged"),
    N_("building with no damage visible from above"),
    N_("graded buildings"),
    N_("roads"),
    N_("Commune"),
    N_("Save the map as a picture"),
    N_("Compare before and after"),
    N_("Confidence"),
    N_("Connection lost; as of {time}"),
    N_("Damaged"),
    N_("Destroyed"),
    N_("Event {seq} · computed {time}"),
    N_("Evidence"),
    N_("For"),
    N_("Home place"),
    N_("Legend"),
    N_("Map of the situation"),
    N_("Needs"),
    N_("No connection to the server yet; trying again"),
    N_("No stock recorded."),
    N_("People"),
    N_("People affected"),
    N_("Places by"),
    N_("Possibly damaged"),
    N_("Reach"),
    N_("Reason"),
    N_("Reopen this road …"),
    N_("Road"),
    N_("Road closed"),
    N_("Road restricted"),
    N_("Said to be open by"),
    N_("Says who"),
    N_("Show the whole area"),
    N_("Since"),
    N_("Sources"),
    N_("Until"),
    N_("Why"),
    N_("all vehicles"),
    N_("by relay"),
    N_("closures"),
    N_("convoys of the latest plan"),
    N_("Convoy"),
    N_("Class"),
    N_("Last seen"),
    N_("Exact to"),
    N_("about a kilometre: only the crisis cell sees it exactly"),
    N_("volunteer"),
    N_("{age} ago"),
    N_("{name}, {age} ago"),
    N_("{d} d {h} h"),
    N_("vehicles and volunteers, last seen"),
    N_("cut off"),
    N_("cut off: truck and pickup cannot reach it"),
    N_("damage"),
    N_("damage rasters"),
    N_("damage seen"),
    N_("damaged, none destroyed"),
    N_("depot {name}"),
    N_("depots"),
    N_("hint"),
    N_("hint: changed much between two pictures, not a grade"),
    N_("destroyed buildings seen"),
    N_("larger: more people affected"),
    N_("lighter ground: analysed from above"),
    N_("loading …"),
    N_("main road"),
    N_("more than 500 people"),
    N_("mule team or porters"),
    N_("names"),
    N_("no damage visible from above"),
    N_("no road near enough"),
    N_("no damage visible from above (not: undamaged)"),
    N_("none known"),
    N_("not active"),
    N_("not assessed: nobody looked"),
    N_("not computed"),
    N_("not on the road network"),
    N_("open end"),
    N_("people in need"),
    N_("pictures after"),
    N_("pictures before"),
    N_("pictures from above"),
    N_("pickup convoy"),
    N_("places"),
    N_("reachable"),
    N_("relief"),
    N_("road closed"),
    N_("road restricted"),
    N_("track"),
    N_("truck convoy"),
    N_("unknown"),
    N_("up to 100 people"),
    N_("100 to 500 people"),
    N_("volunteers, by home place"),
    N_("{h} h {m} min"),
    N_("{m} min"),
    N_("{n} volunteers"),
    N_("{n} volunteers in {name}"),
)
