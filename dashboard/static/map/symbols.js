// Symbols: how places and the middle of a closure look. The legend draws its samples with the same code.
//
// Colours are those of Okabe and Ito (2008), told apart with any kind of colour vision; every state
// also has a form of its own, so that nothing hangs on colour.
"use strict";

(() => {
  const INK = "#1b1b1b";
  const NEED_STEPS = ["#ffffff", "#b9d7ea", "#5a9bc9", "#08457e"];
  let hatching = null;

  function hatch(context) {
    if (!hatching) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = 5;
      const c = tile.getContext("2d");
      c.fillStyle = "#ffffff"; c.fillRect(0, 0, 5, 5);
      c.strokeStyle = "#6f6f6f"; c.lineWidth = 1.1;
      c.beginPath();
      c.moveTo(-1, 6); c.lineTo(6, -1); c.moveTo(-1, 1); c.lineTo(1, -1); c.moveTo(4, 6); c.lineTo(6, 4);
      c.stroke();
      hatching = tile;
    }
    return context.createPattern(hatching, "repeat");
  }

  function radius(place, zoom) {
    const affected = place.affected === null ? 0 : place.affected;
    const base = 4.5 + Math.min(9, Math.sqrt(affected) / 5);
    return base * (zoom < 9 ? 0.5 : zoom < 10 ? 0.62 : zoom < 11 ? 0.8 : 1);
  }

  function disc(context, x, y, r) {
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
  }

  function place(context, x, y, r, properties, mode) {
    context.save();
    context.setLineDash([]);
    context.lineWidth = 1.2;
    context.strokeStyle = INK;
    if (mode === "need") need(context, x, y, r, properties);
    else damage(context, x, y, r, properties);
    access(context, x, y, r, properties.reach);
    context.restore();
  }

  function damage(context, x, y, r, properties) {
    if (properties.evidence === "damage_seen") {
      disc(context, x, y, r);
      context.fillStyle = properties.destroyed > 0 ? "#d55e00" : "#f0b429";
      context.fill(); context.stroke();
      if (properties.destroyed > 0) {
        disc(context, x, y, Math.max(1.6, r * 0.36));
        context.fillStyle = INK; context.fill();
      }
    } else if (properties.evidence === "no_visible_damage") {
      disc(context, x, y, r);
      context.fillStyle = "#ffffff"; context.fill();
      context.strokeStyle = "#0072b2"; context.lineWidth = 1.8; context.stroke();
    } else {
      disc(context, x, y, r);
      context.fillStyle = hatch(context); context.fill();
      context.strokeStyle = "#5a5a5a"; context.lineWidth = 1.4;
      context.setLineDash([3, 2.4]); context.stroke();
    }
  }

  function need(context, x, y, r, properties) {
    disc(context, x, y, r);
    if (properties.need_level < 0) {
      context.fillStyle = hatch(context); context.fill();
      context.strokeStyle = "#5a5a5a"; context.setLineDash([3, 2.4]); context.stroke();
      return;
    }
    context.fillStyle = NEED_STEPS[properties.need_level];
    context.fill(); context.stroke();
  }

  // Cut off: a heavy square frame. By relay: a dotted ring. Not on the network: an open frame.
  function access(context, x, y, r, reach) {
    context.setLineDash([]);
    context.strokeStyle = INK;
    if (reach === "cut_off") {
      const bold = Math.min(1, r / 6), d = r + 3.2 * bold;
      context.lineWidth = 4.6 * bold; context.strokeStyle = "#ffffff";
      context.strokeRect(x - d, y - d, 2 * d, 2 * d);
      context.lineWidth = 2.6 * bold; context.strokeStyle = INK;
      context.strokeRect(x - d, y - d, 2 * d, 2 * d);
    } else if (reach === "by_relay") {
      disc(context, x, y, r + 3);
      context.lineWidth = 1.8; context.setLineDash([2, 3]); context.stroke();
    } else if (reach === "not_on_network") {
      const d = r + 3;
      context.lineWidth = 1.8; context.setLineDash([4, 2 * d - 8 > 2 ? 2 * d - 8 : 2]);
      context.lineDashOffset = 2;
      context.strokeRect(x - d, y - d, 2 * d, 2 * d);
    }
  }

  // Thousands of places look alike: each look is drawn once and then copied, pixel on pixel.
  const looks = new Map();
  const MOST_LOOKS = 500;

  function stamp(context, x, y, r, properties, mode) {
    const size = Math.round(2 * r) / 2, ratio = L.Browser.retina ? 2 : 1;
    const { evidence, destroyed, need_level, reach } = properties;
    const key = [mode, size, evidence, destroyed > 0, need_level, reach, ratio].join();
    const half = Math.ceil(size + 8);
    let look = looks.get(key);
    if (!look) {
      if (looks.size >= MOST_LOOKS) looks.clear();
      look = document.createElement("canvas");
      look.width = look.height = 2 * half * ratio;
      const own = look.getContext("2d");
      own.scale(ratio, ratio);
      place(own, half, half, size, properties, mode);
      looks.set(key, look);
    }
    context.drawImage(look, Math.round(x) - half, Math.round(y) - half, 2 * half, 2 * half);
  }

  function cross(context, x, y, state) {
    context.save();
    context.setLineDash([]);
    disc(context, x, y, 9);
    context.fillStyle = state === "restricted" ? "#ffffff" : "#f0e442"; context.fill();
    context.strokeStyle = INK; context.lineWidth = 2; context.stroke();
    context.lineWidth = 2.6;
    context.beginPath();
    if (state === "restricted") {
      context.moveTo(x - 5, y); context.lineTo(x + 5, y);
    } else {
      context.moveTo(x - 4, y - 4); context.lineTo(x + 4, y + 4);
      context.moveTo(x + 4, y - 4); context.lineTo(x - 4, y + 4);
    }
    context.stroke();
    context.restore();
  }

  // A point of the live layer that draws itself on Leaflet's canvas.
  L.Canvas.include({
    _updateQafilaSymbol(layer) {
      if (this._drawing && !layer._empty()) layer.options.draw(this._ctx, layer._point.x, layer._point.y);
    },
  });
  const Symbol = L.CircleMarker.extend({
    _updatePath() { this._renderer._updateQafilaSymbol(this); },
    _updateBounds() {
      const reach = this._radius + 8;
      this._pxBounds = new L.Bounds(
        this._point.subtract([reach, reach]), this._point.add([reach, reach]));
    },
  });

  const LINES = {
    truck: ["#0072b2", null], light_truck: ["#0072b2", "14 4"], pickup: ["#a8327e", "9 5"],
    motorbike: ["#a8327e", "2 5"], mule: ["#00785a", "2 6"], foot: ["#00785a", "1 6"],
    air: ["#56b4e9", "16 8"],
  };

  qafila.symbols = { place, stamp, cross, radius, hatch, NEED_STEPS, INK, LINES };
  qafila.Symbol = Symbol;
})();
