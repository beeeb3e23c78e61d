// Roads: one canvas for the whole network, drawn from flat arrays.
//
// Leaflet's own polylines cost an object and a hit test per road and mouse move; 15,000 of them are
// felt on a weak laptop. Here a redraw is one loop, and a click asks for the nearest road once.
"use strict";

(() => {
  // By OpenStreetMap `highway`: [rank, width in px, colour, dash]. Low ranks are drawn when zoomed out.
  const STYLES = {
    motorway: [0, 4, "#6b5b4b"], trunk: [0, 4, "#6b5b4b"], primary: [0, 3.6, "#6b5b4b"],
    secondary: [1, 3, "#85776a"], tertiary: [2, 2.4, "#948a80"],
    unclassified: [3, 1.8, "#a39a92"], residential: [4, 1.4, "#b5aea8"], road: [3, 1.8, "#a39a92"],
    track: [3, 1.6, "#9a7b52", [7, 4]], service: [5, 1, "#c4beb8"],
  };
  const PATH_STYLE = [5, 1.1, "#9a7b52", [2, 3]];
  // Lowest zoom at which each rank is drawn in a large network.
  const MIN_ZOOM = [0, 0, 8, 10, 12, 13];
  const LARGE = 5000;

  const styleOf = (highway) => STYLES[String(highway).replace(/_link$/, "")] || PATH_STYLE;

  // Mercator on the unit square, so that one scale and one shift give pixels at any zoom.
  const unitX = (lon) => (lon + 180) / 360;
  const unitY = (lat) => {
    const s = Math.sin((lat * Math.PI) / 180);
    return 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
  };

  class Network {
    constructor() {
      this.roads = [];
      this.byId = new Map();
    }

    add(collection) {
      for (const feature of collection.features) {
        if (!feature.geometry || feature.geometry.type !== "LineString") continue;
        const line = feature.geometry.coordinates;
        const x = new Float64Array(line.length);
        const y = new Float64Array(line.length);
        const box = [Infinity, Infinity, -Infinity, -Infinity];
        line.forEach(([lon, lat], i) => {
          x[i] = unitX(lon);
          y[i] = unitY(lat);
          box[0] = Math.min(box[0], x[i]); box[1] = Math.min(box[1], y[i]);
          box[2] = Math.max(box[2], x[i]); box[3] = Math.max(box[3], y[i]);
        });
        const style = styleOf(feature.properties.highway);
        const road = { id: feature.id, properties: feature.properties, line, x, y, box, style };
        this.roads.push(road);
        this.byId.set(road.id, road);
      }
      // Main roads last, so that they lie on top.
      this.roads.sort((a, b) => b.style[0] - a.style[0]);
    }

    visibleAt(road, zoom) {
      return this.roads.length < LARGE || zoom >= MIN_ZOOM[road.style[0]];
    }

    // The road drawn nearest to a point, or null beyond `reach_px`.
    nearest(latlng, zoom, reach_px) {
      const scale = 256 * 2 ** zoom;
      const px = unitX(latlng.lng), py = unitY(latlng.lat), reach = reach_px / scale;
      let best = null, bestSquare = reach * reach;
      for (const road of this.roads) {
        const b = road.box;
        if (px < b[0] - reach || px > b[2] + reach || py < b[1] - reach || py > b[3] + reach) continue;
        if (!this.visibleAt(road, zoom)) continue;
        for (let i = 1; i < road.x.length; i++) {
          const square = segmentSquare(px, py, road.x[i - 1], road.y[i - 1], road.x[i], road.y[i]);
          if (square < bestSquare) { bestSquare = square; best = road; }
        }
      }
      return best;
    }
  }

  function segmentSquare(px, py, ax, ay, bx, by) {
    const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
    const t = length ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length)) : 0;
    const ex = px - ax - t * dx, ey = py - ay - t * dy;
    return ex * ex + ey * ey;
  }

  // A canvas that Leaflet moves and scales, and that asks `paint(context, scale, shift)` for its ink.
  const Sheet = L.Renderer.extend({
    options: { padding: 0.15, pane: "qafila-roads", interactive: false },
    initialize(paint, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._paint = paint;
    },
    _initContainer() {
      this._container = document.createElement("canvas");
      this._ctx = this._container.getContext("2d");
    },
    _destroyContainer() {
      this._container.remove();
      this._container = this._ctx = null;
    },
    _updatePaths() {},
    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize(), ratio = window.devicePixelRatio || 1;
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = ratio * size.x;
      this._container.height = ratio * size.y;
      this._container.style.width = size.x + "px";
      this._container.style.height = size.y + "px";
      const origin = this._map.getPixelOrigin();
      this._ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      this._ctx.clearRect(0, 0, size.x, size.y);
      this._paint(this._ctx, {
        zoom: this._map.getZoom(),
        scale: 256 * 2 ** this._map.getZoom(),
        left: origin.x + this._bounds.min.x,
        top: origin.y + this._bounds.min.y,
        size,
      });
      this.painted = true;
    },
    repaint() { if (this._map) this._update(); },
  });

  function paintRoads(network, state, context, view) {
    const { scale, left, top, size, zoom } = view;
    const west = left / scale, north = top / scale;
    const east = (left + size.x) / scale, south = (top + size.y) / scale;
    const thin = zoom < 9 ? 0.6 : zoom < 11 ? 0.8 : zoom >= 14 ? 1.6 : 1;
    context.lineCap = context.lineJoin = "round";
    const trace = (road) => {
      context.beginPath();
      for (let i = 0; i < road.x.length; i++) {
        context.lineTo(road.x[i] * scale - left, road.y[i] * scale - top);
      }
      context.stroke();
    };
    for (const road of network.roads) {
      const b = road.box;
      if (b[2] < west || b[0] > east || b[3] < north || b[1] > south) continue;
      if (!network.visibleAt(road, zoom)) continue;
      const [, width, colour, dash] = road.style;
      context.lineWidth = width * thin;
      context.strokeStyle = colour;
      context.setLineDash(dash && zoom >= 9 ? dash : []);
      trace(road);
    }
    context.setLineDash([]);
    const picked = network.byId.get(state.selected);
    if (picked) {
      // Wider than any convoy or closure that may lie on it.
      context.strokeStyle = "#1b1b1b"; context.lineWidth = 19; trace(picked);
      context.strokeStyle = "#56b4e9"; context.lineWidth = 16; trace(picked);
      context.strokeStyle = "#ffffff"; context.lineWidth = 2.5; trace(picked);
    }
  }

  qafila.Sheet = Sheet;
  qafila.Network = Network;
  qafila.paintRoads = paintRoads;
  qafila.unitX = unitX;
  qafila.unitY = unitY;
})();
