// A canvas over the map for what is drawn by hand: names, and the piece of road that is picked.
"use strict";

(() => {
  // Mercator on the unit square, so that one scale and one shift give pixels at any zoom.
  const unitX = (lon) => (lon + 180) / 360;
  const unitY = (lat) => {
    const s = Math.sin((lat * Math.PI) / 180);
    return 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
  };

  // A canvas is drawn somewhat larger than the map. While the map is moved within it, moving the canvas is
  // enough: it is drawn anew when the map rests, or, beyond its edge, a few times a second.
  const RESTS_MS = 160, MOST_OFTEN_MS = 120;
  const patient = (Renderer) => Renderer.extend({
    getEvents() {
      return Object.assign(Renderer.prototype.getEvents.call(this), { moveend: this._moved });
    },
    _moved() {
      clearTimeout(this._resting);
      if (!this._map || !this._bounds || this._map.getZoom() !== this._zoom) {
        this._drawNow();
        return;
      }
      const corner = this._map.containerPointToLayerPoint([0, 0]);
      const inside = this._bounds.contains(L.bounds(corner, corner.add(this._map.getSize())));
      const wait = inside ? RESTS_MS : MOST_OFTEN_MS - (performance.now() - (this._drawnAt || 0));
      if (wait <= 0) this._drawNow();
      else this._resting = setTimeout(() => { if (this._map) this._drawNow(); }, wait);
    },
    _drawNow() {
      this._drawnAt = performance.now();
      this._update();
    },
    onRemove(map) {
      clearTimeout(this._resting);
      return Renderer.prototype.onRemove.call(this, map);
    },
  });

  // Leaflet's own canvas, for what can be clicked.
  const Canvas = patient(L.Canvas);

  // A canvas that Leaflet moves and scales, and that asks `paint(context, scale, shift)` for its ink.
  const Sheet = patient(L.Renderer).extend({
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

  // The picked piece of road, wider than any convoy or closure that may lie on it.
  function paintPiece(line, context, { scale, left, top }) {
    if (!line) return;
    context.lineCap = context.lineJoin = "round";
    for (const [colour, width] of [["#1b1b1b", 19], ["#56b4e9", 16], ["#ffffff", 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      for (const [lon, lat] of line) context.lineTo(unitX(lon) * scale - left, unitY(lat) * scale - top);
      context.stroke();
    }
  }

  Object.assign(qafila, { Sheet, Canvas, paintPiece, unitX, unitY });
})();
