// A canvas over the map for what is drawn by hand: names, and the piece of road that is picked.
"use strict";

(() => {
  // Mercator on the unit square, so that one scale and one shift give pixels at any zoom.
  const unitX = (lon) => (lon + 180) / 360;
  const unitY = (lat) => {
    const s = Math.sin((lat * Math.PI) / 180);
    return 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
  };

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

  Object.assign(qafila, { Sheet, paintPiece, unitX, unitY });
})();
